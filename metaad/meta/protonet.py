"""One-way prototypical network: how far is a row from the mean of the support?"""

import torch
from torch import nn

from metaad.meta.base import MetaLearner
from metaad.meta.metric import embedded_scorer, loss_embedded_at_once, normal_mean


class ProtoNet(MetaLearner):
    """One-way prototypical network [1], [2]: the squared distance to the mean of the
    embedded support.

        score(x) = e^s (‖f(x) - c‖² / m - b)

    with c the mean of f over the support, m the width of the embedding,

    with f, the scale s and the threshold b learned so that the score is the logit of
    "anomaly".

    Parameters
    ----------
    estimator : nn.Module from rows (n, d) to embeddings (n, m). A copy of it is
        trained.
    iterations, n_tasks, learning_rate, schedule, average, clip, device, random_state,
        progress : see MetaLearner.
    shots : numbers of support rows to judge every batch with, e.g. (2, 5, 10); None
        takes the supports as they come.

    References
    ----------
    [1] Snell, Swersky and Zemel, Prototypical Networks for Few-shot Learning, NeurIPS
        2017.
    [2] Kruspe, One-Way Prototypical Networks, 2019.
    """

    def _build(self, net, tasks):
        head = nn.ParameterDict(
            {"log_scale": torch.zeros(()), "threshold": torch.ones(())}
        )
        return nn.ModuleDict({"net": net, "head": head})

    def _scorer(self, support, y):
        return embedded_scorer(self, support, y)

    def _loss(self, task):
        return loss_embedded_at_once(self, task)

    def _score(self, support, y, query):
        """Scores (n_tasks, q) of the embedded query (n_tasks or 1, q, m), given the
        embedded support.
        """
        center = normal_mean(support, y)[:, None]  # (n_tasks, 1, m)
        squared = (query - center).square().mean(dim=-1)  # (n_tasks, q)
        head = self.module_["head"]
        return head["log_scale"].exp() * (squared - head["threshold"])
