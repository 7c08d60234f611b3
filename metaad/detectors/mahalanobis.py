"""The Mahalanobis distance: how many standard deviations is a row from the mean, measured
along the directions in which the normal rows vary?
"""

from numbers import Real

import numpy as np
from scipy.linalg import cholesky, solve_triangular

from metaad.detectors.base import Detector


def ridged_factor(centred, ridge):
    """Return the lower triangular L (d, d) with L Lᵀ = S + ridge · trace(S) / d · I.

    centred : array (n, d), rows minus their mean; S is their covariance, n in the
    denominator. Raises numpy.linalg.LinAlgError where the ridge is below rounding."""
    S = centred.T @ centred / len(centred)  # (d, d)
    mean_variance = np.trace(S) / len(S) or 1.0  # rows all alike: any unit will do
    S.flat[:: len(S) + 1] += ridge * mean_variance
    return np.ascontiguousarray(cholesky(S, lower=True))


def whitened_length(centred, factor):
    """Return the length of L⁻¹ x for each row x of centred (n, d): array (n,)."""
    return np.linalg.norm(solve_triangular(factor, centred.T, lower=True), axis=0)


class MahalanobisDetector(Detector):
    """Mahalanobis distance from the mean of the training rows [1], with a ridge [2].

    The normal rows are taken for one Gaussian with mean μ and covariance S (n in the
    denominator). The score is the square root of

        (x - μ)ᵀ (S + r·v·I)⁻¹ (x - μ),   v = trace(S) / d, r = `ridge`.

    v is the mean variance of a column, so the ridge is a share of what the data vary
    by and has no unit. It keeps directions in which the training rows hardly differ
    from deciding alone, and makes the inverse exist where there are more columns than
    rows, or constant ones. With a ridge the units of single columns count: bring a
    table's columns to a common scale first. Pixels, which share one, stay as they are.

    Parameters
    ----------
    ridge : float > 0. A hundredth (the default) suits tables and images of a few
        hundred pixels; towards 0 the score no longer depends on any column's unit, and
        the rarest direction decides; a large one gives the Euclidean distance, up to a
        factor.
    contamination : float in (0, 0.5], share of anomalies expected in the training rows;
        it sets the threshold.
    random_state : not used, nothing is random here. It is there so that every detector
        takes one.

    Attributes
    ----------
    mean_ : float64 (d,).
    factor_ : float64 (d, d), lower triangular L with L Lᵀ = S + r·v·I.
    offset_ : float, threshold on `score_samples`.

    Notes
    -----
    Scores lie in [0, ∞), larger = more anomalous; their squares have mean at most d
    over the training rows. Fitting costs O(n d² + d³), scoring O(d²) per row.

    Raises
    ------
    ValueError
        in `fit`, if `ridge` is not a number > 0, or so small that S can't be inverted.

    References
    ----------
    [1] Mahalanobis: On the generalised distance in statistics. Proceedings of the
        National Institute of Sciences of India 2, 1936.
    [2] Ledoit, Wolf: A well-conditioned estimator for large-dimensional covariance
        matrices. Journal of Multivariate Analysis 88, 2004 (the same form, its weight
        estimated)."""

    _squares = True

    def __init__(self, ridge=0.01, contamination=0.1, random_state=None):
        self.ridge = ridge
        self.contamination = contamination
        self.random_state = random_state

    def _fit(self, X):
        r = self.ridge
        if not isinstance(r, Real) or isinstance(r, bool) or not 0 < r < np.inf:
            raise ValueError(f"ridge must be a number > 0, got {r!r}.")
        self.mean_ = X.mean(axis=0)  # (d,)
        try:
            self.factor_ = ridged_factor(X - self.mean_, r)
        except np.linalg.LinAlgError:
            raise ValueError(
                f"ridge={r!r} is too small for these {len(X)} rows of {X.shape[1]} "
                f"columns: their covariance has no inverse; 1e-6 or more has one."
            ) from None

    def _anomaly(self, X):
        return whitened_length(X - self.mean_, self.factor_)
