"""Principal components as an anomaly detector: how much of a row is left when it is
redrawn from the few directions in which the normal rows vary most?
"""

import warnings
from numbers import Integral, Real

import numpy as np

from metaad.detectors.base import Detector


class PCADetector(Detector):
    """Length of what a projection on the first principal components leaves over [1, 2].

    With μ the mean of the training rows and V (d, k) their first k principal
    directions, the score of x is ‖(x - μ) - V Vᵀ (x - μ)‖: 0 where x is redrawn
    without error, large where it leaves the plane of the normal rows. A row far away
    *within* that plane is not seen; `MahalanobisDetector` sees both. An autoencoder
    with linear layers learns the same plane. Columns count as they are: bring a table's
    columns to a common scale first.

    Parameters
    ----------
    n_components : int ≥ 1, directions kept; or float in (0, 1), and as many are kept as
        explain this share of the variance. At most min(n, d) - 1 (and one where that
        is 0) are kept, or nothing would be left over from any training row; an int
        beyond that is cut with a warning.
    contamination : float in (0, 0.5], share of anomalies expected in the training rows;
        it sets the threshold.
    random_state : not used, nothing is random here. It is there so that every detector
        takes one.

    Attributes
    ----------
    mean_ : float64 (d,).
    components_ : float64 (k, d), the directions kept: unit length, orthogonal, the one
        with most variance first. None (k = 0) where there is one column.
    offset_ : float, threshold on `score_samples`.

    Notes
    -----
    Scores lie in [0, ∞), in the unit of the columns; larger = more anomalous. Fitting
    costs O(n d min(n, d)), scoring O(d k) per row.

    Raises
    ------
    ValueError
        in `fit`, if `n_components` is neither a whole number ≥ 1 nor a share in (0, 1).

    References
    ----------
    [1] Jackson, Mudholkar: Control procedures for residuals associated with principal
        component analysis. Technometrics 21, 1979.
    [2] Shyu, Chen, Sarinnapakorn, Chang: A novel anomaly detection scheme based on
        principal component classifier. ICDM workshops 2003."""

    _squares = True

    def __init__(self, n_components=0.9, contamination=0.1, random_state=None):
        self.n_components = n_components
        self.contamination = contamination
        self.random_state = random_state

    def _fit(self, X):
        wanted = self._wanted()
        self.mean_ = X.mean(axis=0)  # (d,)
        _, lengths, directions = np.linalg.svd(X - self.mean_, full_matrices=False)
        most = min(X.shape) - 1
        if isinstance(wanted, int):
            if wanted > most:
                warnings.warn(
                    f"n_components ({wanted}) leaves nothing over from {X.shape[0]} rows "
                    f"of {X.shape[1]} columns; {most} are used.",
                    stacklevel=3,
                )
            kept = min(wanted, most)
        else:
            variance = np.cumsum(lengths**2)  # (min(n, d),)
            # as many as reach the share
            kept = min(int((variance < wanted * variance[-1]).sum()) + 1, most)
        self.components_ = np.ascontiguousarray(directions[:kept])  # (k, d)

    def _wanted(self):
        """n_components as an int ≥ 1 or a float in (0, 1)."""
        k = self.n_components
        if isinstance(k, Integral) and not isinstance(k, bool) and k >= 1:
            return int(k)
        if isinstance(k, Real) and not isinstance(k, Integral) and 0 < k < 1:
            return float(k)
        raise ValueError(
            f"n_components must be a whole number ≥ 1, or a share of the variance "
            f"between 0 and 1, got {k!r}."
        )

    def _anomaly(self, X):
        centred = X - self.mean_
        left = centred - (centred @ self.components_.T) @ self.components_  # (n, d)
        return np.linalg.norm(left, axis=1)  # (n,)
