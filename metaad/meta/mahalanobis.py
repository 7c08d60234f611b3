"""Mahalanobis network: a distance in units of how much the support itself varies."""

import torch

from metaad.meta.metric import MetricLearner, normal_mean


class Mahalanobis(MetricLearner):
    """One-way Mahalanobis network [1]: the squared distance to the support's mean, in
    units of a class's own variance.

    In the embedding z = f(x), m numbers wide, the support's k normal rows have the mean
    μ and, in each coordinate, the sum of squares r around it. A few rows say little
    about a variance, so it is drawn towards one that all classes share, as if κ more
    rows had been seen:

        v = (κ v₀ + r) / (κ + k - 1) · (1 + ρ / k)

    the last factor because μ is a guess as well. The score is the logit of "anomaly",

        score(x) = γ (mean over coordinates of (z - μ)² / v - τ) + λ · mean over
        coordinates of log v

    with f, v₀, κ, ρ, γ, τ and λ learned, those that must be positive as logarithms.
    ProtoNet is what is left if κ is infinite, v₀ the same in all coordinates, and λ 0.

    Parameters
    ----------
    estimator : nn.Module from rows (n, d) to embeddings (n, m). A copy is trained.
    iterations, n_tasks, learning_rate, schedule, average, clip, device, random_state,
        progress, shots, checkpoint, dtype : see MetricLearner.

    References
    ----------
    [1] Bateni, Goyal, Masrani, Wood and Sigal, Improved Few-Shot Visual Classification,
        CVPR 2020 (class covariances, drawn towards a shared one; here they are diagonal
        and how far is learned).
    """

    def _head(self, width):
        return {
            "log_scale": 0.0,
            "threshold": 1.0,
            "log_prior_rows": 2.3,
            "log_guess": 0.0,
            "spread": 0.0,
            "log_variance": torch.zeros(width),
        }

    def _score(self, support, y, query):
        head = self.module_["head"]
        v = self.variances(support, y)[:, None]  # (n_tasks, 1, m)
        center = normal_mean(support, y)[:, None]
        squared = ((query - center).square() / v).mean(dim=-1)  # (n_tasks, q)
        distance = head["log_scale"].exp() * (squared - head["threshold"])
        return distance + head["spread"] * v.log().mean(dim=-1)

    def variances(self, z, y=None):
        """Compute v from the support's own rows and the shared v₀: tensor (n_tasks, m).

        z : embedded support (n_tasks, k, m). y : (n_tasks, k), 1 for an anomaly; None
        if all rows are normal.
        """
        head = self.module_["head"]
        # (n_tasks, k, 1)
        normal = torch.ones_like(z[..., :1]) if y is None else (1 - y)[..., None]
        k = normal.sum(dim=1)  # (n_tasks, 1)
        around = (z - normal_mean(z, y)[:, None]).square()
        squares = (normal * around).sum(dim=1)  # (n_tasks, m), r
        prior = head["log_prior_rows"].exp()  # κ
        drawn = (prior * head["log_variance"].exp() + squares) / (prior + k - 1)
        return drawn * (1 + head["log_guess"].exp() / k)
