"""What metric learners share: a learned embedding, and in it one formula for how normal
a row is, given the support.

Nothing is adapted by gradient: the support enters through its mean, and with some
through its spread."""

import copy

import torch
from torch.nn.functional import binary_cross_entropy_with_logits

from metaad.meta.inner_loop import both_through


def embedded_scorer(learner, support, y):
    """The `_scorer` of a metric learner: embed the support now and each query when
    it comes.
    """
    net = learner.module_["net"]
    z = embed(net, support)
    return lambda query: learner._score(z, y, embed(net, query))


def loss_embedded_at_once(learner, task):
    """The outer loss with support and query embedded as one batch, so that batch
    normalisation sees all of it.

    Where the learner has `shots`, e.g. (2, 5, 10), the loss is the mean over them: all
    is embedded once, and judged with the first 2, 5 and 10 rows of each support. So one
    training serves supports of all these sizes."""
    support, query = both_through(learner.module_["net"], task.support, task.query)
    y, most, losses = task.support_y, support.shape[1], []
    shots = (most,) if learner.shots is None else tuple(learner.shots)
    if not shots or min(shots) < 1 or max(shots) > most:
        raise ValueError(
            f"shots must hold numbers of support rows between 1 and the tasks' own k "
            f"= {most}; got {learner.shots!r}. "
            "Lower them, or draw tasks with a larger k."
        )
    for k in shots:
        score = learner._score(support[:, :k], None if y is None else y[:, :k], query)
        losses.append(binary_cross_entropy_with_logits(score, task.y, task.weight))
    return torch.stack(losses).mean()


def embedding_width(net, tasks):
    """Width m of the embedding, from one task put through a copy of the network."""
    with torch.no_grad():
        return copy.deepcopy(net).eval()(tasks.sample(1, 0).support[0].cpu()).shape[-1]


def embed(net, x):
    """Embeddings (n_tasks, n, m) of the rows x (n_tasks, n, d)."""
    return net(x.flatten(0, 1)).unflatten(0, x.shape[:2])


def normal_mean(z, y):
    """Mean (n_tasks, m) of the support's normal rows: z (n_tasks, k, m), y (n_tasks,
    k) with 1 for an anomaly.
    """
    if y is None:
        return z.mean(dim=1)
    weight = (1 - y)[..., None]  # (n_tasks, k, 1)
    return (weight * z).sum(dim=1) / weight.sum(dim=1)
