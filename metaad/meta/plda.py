"""PLDA: a likelihood ratio between the support's class and all classes together."""

import math

import torch
from torch.nn.functional import softplus

from metaad.meta.metric import MetricLearner, normal_mean


class PLDA(MetricLearner):
    """Likelihood ratio under a learned diagonal PLDA [1], [2]: is x from the support's
    class, or from the background?

    In the embedding z = f(x) every coordinate is Gaussian: a class has a mean u ~ N(μ,
    B), its rows are z ~ N(u, W). After k normal rows with mean z̄ the class mean is u ~
    N(μ + g (z̄ - μ), B - g B) with g = k B / (k B + W), so

        normal:      z ~ N(μ + g (z̄ - μ), W + B - g B)
        background:  z ~ N(μ, W + B)

    The score is the sum over coordinates of log background - log normal, times a
    learned scale, plus a learned constant: the logit of "anomaly". It knows how many
    rows the support had: with k = 1 it trusts z̄ less than with k = 20.

    Parameters
    ----------
    estimator : nn.Module from rows (n, d) to embeddings (n, m). A copy is trained, with
        μ, B, W beside it.
    iterations, n_tasks, learning_rate, schedule, average, clip, device, random_state,
        progress, shots, checkpoint, dtype : see MetricLearner.

    References
    ----------
    [1] Ioffe, Probabilistic Linear Discriminant Analysis, ECCV 2006.
    [2] Prince and Elder, Probabilistic Linear Discriminant Analysis for Inferences
        About Identity, ICCV 2007.
    """

    def _head(self, width):
        return {
            "mean": torch.zeros(width),
            "between": torch.zeros(width),
            "within": torch.zeros(width),
            # starts as the mean over coordinates: a score that is too sure of itself
            # memorises the seen classes
            "log_scale": -math.log(width),
            "threshold": 0.0,
        }

    def _score(self, support, y, query):
        head = self.module_["head"]
        mean = head["mean"]  # (m,), μ
        B, W = softplus(head["between"]), softplus(head["within"])  # (m,)
        # number of normal rows
        k = support.shape[1] if y is None else (1 - y).sum(dim=1)[:, None, None]
        g = k * B / (k * B + W)
        # (n_tasks, 1, m)
        center = mean + g * (normal_mean(support, y)[:, None] - mean)
        normal = log_density(query, center, W + B * (1 - g))
        background = log_density(query, mean, W + B)
        ratio = (background - normal).sum(dim=-1)  # (n_tasks, q)
        return head["log_scale"].exp() * ratio + head["threshold"]


def log_density(z, mean, variance):
    """Compute log N(z; mean, variance) per coordinate, but for the constant."""
    return -0.5 * ((z - mean).square() / variance + variance.log())
