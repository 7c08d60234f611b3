"""A prototype with a spread: a distance in units of how much the support itself
varies.
"""

import torch
from torch import nn

from metaad.meta.base import MetaLearner
from metaad.meta.metric import (
    embedded_scorer,
    embedding_width,
    loss_embedded_at_once,
    normal_mean,
)


class Mahalanobis(MetaLearner):
    """One-way Mahalanobis network [1]: the squared distance to the support's mean, in
    units of a class's own spread.

    In the embedding z = f(x), m numbers wide, the support's k normal rows have the mean
    c and, in each coordinate, the sum of squares s around it. A few rows say little
    about a variance, so it is drawn towards one that all classes share, as if κ more
    rows had been seen:

        v = (κ v₀ + s) / (κ + k - 1) · (1 + e^t / k)

    the last factor for c being a guess as well. The score is the logit of "anomaly",

        score(x) = e^s (mean over coordinates of (z - c)² / v - b) + a · mean over
        coordinates of log v

    with f, v₀, κ, t, s, b and a learned. ProtoNet is what is left if κ is infinite and
    v₀ is 1 everywhere.

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
    [1] Bateni, Goyal, Masrani, Wood and Sigal, Improved Few-Shot Visual Classification,
        CVPR 2020 (class covariances, drawn towards a shared one; here they are diagonal
        and how far is learned)."""

    def _build(self, net, tasks):
        width = embedding_width(net, tasks)
        head = {
            "log_scale": 0.0,
            "threshold": 1.0,
            "log_prior_rows": 2.3,
            "log_guess": 0.0,
            "spread": 0.0,
            "log_variance": torch.zeros(width),
        }
        head = {name: torch.as_tensor(value) for name, value in head.items()}
        return nn.ModuleDict({"net": net, "head": nn.ParameterDict(head)})

    def _scorer(self, support, y):
        return embedded_scorer(self, support, y)

    def _loss(self, task):
        return loss_embedded_at_once(self, task)

    def variances(self, z, y=None):
        """The variances v that the support's own rows and the shared ones lead to:
        tensor (n_tasks, m).

        z : embedded support (n_tasks, k, m). y : (n_tasks, k), 1 for an anomaly; None
        if all are normal."""
        head = self.module_["head"]
        # (n_tasks, k, 1)
        normal = torch.ones_like(z[..., :1]) if y is None else (1 - y)[..., None]
        k = normal.sum(dim=1)  # (n_tasks, 1)
        # (n_tasks, m), s
        squares = (normal * (z - normal_mean(z, y)[:, None]).square()).sum(dim=1)
        rows = head["log_prior_rows"].exp()  # κ
        drawn = (rows * head["log_variance"].exp() + squares) / (rows + k - 1)
        return drawn * (1 + head["log_guess"].exp() / k)

    def _score(self, z, y, query):
        """Scores (n_tasks, q) of the embedded query (n_tasks or 1, q, m), given the
        embedded support z.
        """
        head = self.module_["head"]
        v = self.variances(z, y)[:, None]  # (n_tasks, 1, m)
        # (n_tasks, q)
        squared = ((query - normal_mean(z, y)[:, None]).square() / v).mean(dim=-1)
        return head["log_scale"].exp() * (squared - head["threshold"]) + head[
            "spread"
        ] * v.log().mean(dim=-1)
