"""PLDA: a likelihood ratio between the support's class and all classes together."""

import math

import torch
from torch import nn
from torch.nn.functional import softplus

from metaad.meta.base import MetaLearner
from metaad.meta.metric import (
    embedded_scorer,
    embedding_width,
    loss_embedded_at_once,
    normal_mean,
)


class PLDA(MetaLearner):
    """Likelihood ratio under a learned diagonal PLDA [1], [2]: is x from the support's
    class, or from the background?

    In the embedding z = f(x) every coordinate is Gaussian: a class has a mean u ~ N(μ,
    B), its rows are z ~ N(u, W). After k normal rows with mean z̄ the class mean is u ~
    N(μ + g (z̄ - μ), B - g B) with g = k B / (k B + W), so

        normal:      z ~ N(μ + g (z̄ - μ), W + B - g B)
        background:  z ~ N(μ, W + B)

    The score is the sum over coordinates of log background - log normal, plus a learned
    constant: the logit of "anomaly". It knows how many rows the support had: with k = 1
    it trusts z̄ less than with k = 20.

    Parameters
    ----------
    estimator : nn.Module from rows (n, d) to embeddings (n, m). A copy of it is
        trained, with μ, B, W beside it.
    iterations, n_tasks, learning_rate, schedule, average, clip, device, random_state,
        progress : see MetaLearner.
    shots : numbers of support rows to judge every batch with, e.g. (2, 5, 10); None
        takes the supports as they come.

    References
    ----------
    [1] Ioffe, Probabilistic Linear Discriminant Analysis, ECCV 2006.
    [2] Prince and Elder, Probabilistic Linear Discriminant Analysis for Inferences
    About Identity, ICCV 2007."""

    def _build(self, net, tasks):
        width = embedding_width(net, tasks)
        head = {
            "mean": torch.zeros(width),
            "between": torch.zeros(width),
            "within": torch.zeros(width),
        }
        # starts as the mean over coordinates: a score that is too sure of itself learns
        # the seen classes by heart
        head |= {
            "log_scale": torch.tensor(-math.log(width), dtype=torch.float64),
            "threshold": torch.zeros(()),
        }
        return nn.ModuleDict({"net": net, "head": nn.ParameterDict(head)})

    def _scorer(self, support, y):
        return embedded_scorer(self, support, y)

    def _loss(self, task):
        return loss_embedded_at_once(self, task)

    def _score(self, z, y, query):
        """Scores (n_tasks, q) of the embedded query (n_tasks or 1, q, m), given the
        embedded support z.
        """
        head = self.module_["head"]
        # (m,), B and W
        between, within = softplus(head["between"]), softplus(head["within"])
        # normal rows of each support
        k = z.shape[1] if y is None else (1 - y).sum(dim=1)[:, None, None]
        # g: how far to go from the background to the support's mean
        gain = k * between / (k * between + within)
        # (n_tasks, 1, m)
        center = head["mean"] + gain * (normal_mean(z, y)[:, None] - head["mean"])
        spread = within + between * (1 - gain)
        normal = -0.5 * ((query - center).square() / spread + spread.log())
        background = -0.5 * (
            (query - head["mean"]).square() / (within + between)
            + (within + between).log()
        )
        ratio = (background - normal).sum(dim=-1)  # (n_tasks, q)
        return head["log_scale"].exp() * ratio + head["threshold"]
