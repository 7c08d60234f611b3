"""What metric learners share: a learned embedding, and in it one formula for how
anomalous a row is, given the support.

Nothing is adapted by gradient: the support enters through its mean, and with some
through its variances.
"""

import copy

import torch
from torch import nn

from metaad.meta.base import MetaLearner
from metaad.meta.inner_loop import both_through


class MetricLearner(MetaLearner):
    """Base of the metric learners: a method is its formula, and the numbers in it.

    Parameters
    ----------
    estimator : nn.Module from rows (n, d) to embeddings (n, m). A copy is trained.
    shots : numbers of support rows to judge each batch with, e.g. (2, 5, 10); None
        takes the supports as they come. All is embedded once, and the loss is the mean
        over supports of the first 2, 5 and 10 rows: one training serves all sizes.
    iterations, n_tasks, learning_rate, schedule, average, clip, device, random_state,
        progress, checkpoint, dtype : see MetaLearner.

    A subclass writes

    - `_head(width)`: the formula's learned numbers, a dict from a name to where it
      starts; m = width.
    - `_score(support, y, query)`: logits of "anomaly" (n_tasks, q), from the embedded
      support (n_tasks, k, m), its labels (n_tasks, k) or None, and the embedded query
      (n_tasks or 1, q, m). The numbers are in `self.module_["head"]`.
    """

    def __init__(
        self,
        estimator,
        iterations=300,
        n_tasks=8,
        learning_rate=3e-3,
        schedule="constant",
        average=0.0,
        clip=10.0,
        device="auto",
        random_state=None,
        progress=False,
        shots=None,
        checkpoint=None,
        dtype=None,
    ):
        super().__init__(
            estimator,
            iterations,
            n_tasks,
            learning_rate,
            schedule,
            average,
            clip,
            device,
            random_state,
            progress,
            checkpoint,
            dtype,
        )
        self.shots = shots

    def loss(self, task, embedded=None):
        """Compute the outer loss, support and query embedded as one batch.

        Batch normalisation sees all of it, as it must. embedded : support and query,
        where a subclass needs them too; None embeds them here.
        """
        net, y, losses = self.module_["net"], task.support_y, []
        support, query = embedded or both_through(net, task.support, task.query)
        for k in self._shots(support.shape[1]):
            labels = None if y is None else y[:, :k]
            scores = self._score(support[:, :k], labels, query)  # (n_tasks, q)
            losses.append(self.outer_loss(scores[..., None], task))
        return torch.stack(losses).mean()

    def adapted(self, support, y=None):
        """Embed supports (n_tasks, k, d): a function from queries to logits."""
        net = self.module_["net"]
        z = embed(net, support)
        return lambda query: self._score(z, y, embed(net, query))[..., None]

    def _build(self, net, tasks):
        head = self._head(embedding_width(net, tasks))
        head = {n: torch.as_tensor(v, dtype=torch.float64) for n, v in head.items()}
        return nn.ModuleDict({"net": net, "head": nn.ParameterDict(head)})

    def _shots(self, most):
        shots = (most,) if self.shots is None else tuple(self.shots)
        if not shots or min(shots) < 1 or max(shots) > most:
            raise ValueError(
                "shots must hold numbers of support rows between 1 and the tasks' own "
                f"k = {most}; got {self.shots!r}. Lower them, or draw tasks with a "
                "larger k."
            )
        return shots


def embedding_width(net, tasks):
    """Find the width m of the embedding by embedding one task's support."""
    rows = tasks.sample(1, 0).support[0].cpu()
    rows = rows.to(next(net.parameters(), rows))
    with torch.no_grad():
        return copy.deepcopy(net).eval()(rows).shape[-1]


def embed(net, x):
    """Embed the rows x (n_tasks, n, d): tensor (n_tasks, n, m)."""
    return net(x.flatten(0, 1)).unflatten(0, x.shape[:2])


def normal_mean(z, y):
    """Average the normal rows of each support: tensor (n_tasks, m).

    z : tensor (n_tasks, k, m). y : (n_tasks, k), 1 for an anomaly; None if all rows
    are normal.
    """
    if y is None:
        return z.mean(dim=1)
    weight = (1 - y)[..., None]  # (n_tasks, k, 1)
    return (weight * z).sum(dim=1) / weight.sum(dim=1)
