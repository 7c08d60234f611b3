"""One-class subspace network: the distance to the flat through the support, in features
trained for it.
"""

from metaad.meta.metric import MetricLearner
from metaad.meta.support_heads import gram, shrunk, unit


class Subspace(MetricLearner):
    """One-class subspace network [1]: how far a query lies from the support's flat.

    Features f(x) have length one. With μ the mean of the support's k rows, u = f(x) - μ
    and R the centred rows, the score is the logit of "anomaly",

        score(x) = γ (‖u‖² - (R u)ᵀ (κ I + R Rᵀ)⁻¹ (R u) - τ)

    with f, γ, κ and τ learned; κ → 0 is the PCA residual of the support, κ → ∞ the
    squared distance to its mean. This is the head that a plain classifier's features are
    judged with (`metaad.meta.classifier`), here trained through, in episodes.

    Parameters
    ----------
    estimator : nn.Module from rows (n, d) to features (n, m). A copy is trained.
    iterations, n_tasks, learning_rate, schedule, average, clip, device, random_state,
        progress, shots, checkpoint : see MetricLearner.

    References
    ----------
    [1] Simon, Koniusz, Nock and Harandi, Adaptive Subspaces for Few-Shot Learning, CVPR
        2020.
    """

    def _head(self, width):
        return {"log_scale": 2.0, "threshold": 0.5, "log_prior_rows": -2.0}

    def _score(self, support, y, query):
        if y is not None and (y == 1).any():
            raise ValueError(
                "the flat is laid through normal rows alone; leave the anomalies out of "
                "the support."
            )
        head = self.module_["head"]
        products = gram(unit(support), unit(query))
        left = shrunk(*products, prior=head["log_prior_rows"].exp())
        return head["log_scale"].exp() * (left.to(query.dtype) - head["threshold"])
