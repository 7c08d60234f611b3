"""Metric learners: an embedding is learned, and one formula in it says how normal a row is, given the support.

Nothing is adapted by gradient: the support enters through its mean.
"""

import copy
import math

import torch
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits, softplus

from metaad.meta.base import MetaLearner, both_through


class ProtoNet(MetaLearner):
    """One-way prototypical network [1], [2]: the squared distance to the mean of the embedded support.

        score(x) = e^s (‖f(x) - c‖² / m - b),   c = mean of f over the support,   m = width of the embedding

    with f, the scale s and the threshold b learned so that the score is the logit of "anomaly".

    Parameters
    ----------
    estimator : nn.Module from rows (n, d) to embeddings (n, m). A copy of it is trained.
    iterations, n_tasks, learning_rate, schedule, average, clip, device, random_state, progress : see MetaLearner.

    References
    ----------
    [1] Snell, Swersky and Zemel, Prototypical Networks for Few-shot Learning, NeurIPS 2017.
    [2] Kruspe, One-Way Prototypical Networks, 2019.
    """

    def _build(self, net, tasks):
        head = nn.ParameterDict({"log_scale": torch.zeros(()), "threshold": torch.ones(())})
        return nn.ModuleDict({"net": net, "head": head})

    def _scorer(self, support, y):
        return embedded_scorer(self, support, y)

    def _loss(self, task):
        return loss_embedded_at_once(self, task)

    def _score(self, support, y, query):
        """Scores (n_tasks, q) of the embedded query (n_tasks or 1, q, m), given the embedded support."""
        center = normal_mean(support, y)[:, None]  # (n_tasks, 1, m)
        squared = (query - center).square().mean(dim=-1)  # (n_tasks, q)
        head = self.module_["head"]
        return head["log_scale"].exp() * (squared - head["threshold"])


class PLDA(MetaLearner):
    """Likelihood ratio under a learned diagonal PLDA [1], [2]: is x from the support's class, or from the background?

    In the embedding z = f(x) every coordinate is Gaussian: a class has a mean u ~ N(μ, B), its rows are z ~ N(u, W).
    After k normal rows with mean z̄ the class mean is u ~ N(μ + g (z̄ - μ), B - g B) with g = k B / (k B + W), so

        normal:      z ~ N(μ + g (z̄ - μ), W + B - g B)
        background:  z ~ N(μ, W + B)

    The score is the sum over coordinates of log background - log normal, plus a learned constant: the logit of
    "anomaly". It knows how many rows the support had: with k = 1 it trusts z̄ less than with k = 20.

    Parameters
    ----------
    estimator : nn.Module from rows (n, d) to embeddings (n, m). A copy of it is trained, with μ, B, W beside it.
    iterations, n_tasks, learning_rate, schedule, average, clip, device, random_state, progress : see MetaLearner.

    References
    ----------
    [1] Ioffe, Probabilistic Linear Discriminant Analysis, ECCV 2006.
    [2] Prince and Elder, Probabilistic Linear Discriminant Analysis for Inferences About Identity, ICCV 2007.
    """

    def _build(self, net, tasks):
        with torch.no_grad():
            width = copy.deepcopy(net).eval()(tasks.sample(1, 0).support[0].cpu()).shape[-1]
        head = {"mean": torch.zeros(width), "between": torch.zeros(width), "within": torch.zeros(width)}
        # starts as the mean over coordinates: a score that is too sure of itself learns the seen classes by heart
        head |= {"log_scale": torch.tensor(-math.log(width), dtype=torch.float64), "threshold": torch.zeros(())}
        return nn.ModuleDict({"net": net, "head": nn.ParameterDict(head)})

    def _scorer(self, support, y):
        return embedded_scorer(self, support, y)

    def _loss(self, task):
        return loss_embedded_at_once(self, task)

    def _score(self, z, y, query):
        """Scores (n_tasks, q) of the embedded query (n_tasks or 1, q, m), given the embedded support z."""
        head = self.module_["head"]
        between, within = softplus(head["between"]), softplus(head["within"])  # (m,), B and W
        k = z.shape[1] if y is None else (1 - y).sum(dim=1)[:, None, None]  # normal rows of each support
        gain = k * between / (k * between + within)  # g: how far to go from the background to the support's mean
        center = head["mean"] + gain * (normal_mean(z, y)[:, None] - head["mean"])  # (n_tasks, 1, m)
        spread = within + between * (1 - gain)
        normal = -0.5 * ((query - center).square() / spread + spread.log())
        background = -0.5 * ((query - head["mean"]).square() / (within + between) + (within + between).log())
        ratio = (background - normal).sum(dim=-1)  # (n_tasks, q)
        return head["log_scale"].exp() * ratio + head["threshold"]


def embedded_scorer(learner, support, y):
    """The `_scorer` of a metric learner: embed the support now and each query when it comes."""
    net = learner.module_["net"]
    z = embed(net, support)
    return lambda query: learner._score(z, y, embed(net, query))


def loss_embedded_at_once(learner, task):
    """The outer loss with support and query embedded as one batch, so that batch normalisation sees all of it."""
    support, query = both_through(learner.module_["net"], task.support, task.query)
    return binary_cross_entropy_with_logits(learner._score(support, task.support_y, query), task.y, task.weight)


def embed(net, x):
    """Embeddings (n_tasks, n, m) of the rows x (n_tasks, n, d)."""
    return net(x.flatten(0, 1)).unflatten(0, x.shape[:2])


def normal_mean(z, y):
    """Mean (n_tasks, m) of the support's normal rows: z (n_tasks, k, m), y (n_tasks, k) with 1 for an anomaly."""
    if y is None:
        return z.mean(dim=1)
    weight = (1 - y)[..., None]  # (n_tasks, k, 1)
    return (weight * z).sum(dim=1) / weight.sum(dim=1)
