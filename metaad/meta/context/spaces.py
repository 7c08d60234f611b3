"""Three ways to lay out a table's columns, so that distances mean something."""

import numpy as np
from scipy.special import ndtri

SPACES = ("standard", "rank", "white")
CUT = 10.0  # standard deviations, beyond which a value is as far as it can be


class Spaces:
    """The context's columns (n, d) standardised, as normal scores, and whitened.

    - standard: (x - mean) / standard deviation, cut off at ±10.
    - rank: Φ⁻¹ of the share of context values below x, ties counted half [1].
    - white: normal scores turned and scaled so that the context has no correlation
      left. The covariance is shrunk towards its diagonal by d / (d + n), so that any
      number of columns will do.

    A column that does not vary stays: a row that differs there is far from the context.

    [1] Conover: Practical nonparametric statistics, 1999, section 5.10."""

    def __init__(self, X):
        n, d = X.shape
        self.sorted = np.sort(X, axis=0)
        self.mean, spread = X.mean(axis=0), X.std(axis=0)
        tiny = 1e-9 + 1e-3 * np.abs(self.mean)
        self.spread = np.where(spread > 1e-12 * (1 + np.abs(self.mean)), spread, tiny)
        ranks = self._rank(*self.counts(X))
        shrink = d / (d + n)
        covariance = np.cov(ranks.T).reshape(d, d)
        covariance = (1 - shrink) * covariance
        covariance[np.diag_indices(d)] /= 1 - shrink
        covariance[np.diag_indices(d)] += 1e-3
        values, vectors = np.linalg.eigh(covariance)
        values = np.maximum(values, 1e-3)
        self.turn = vectors / np.sqrt(values)  # (d, d)
        # row j of the precision matrix tells column j from the others (Schur)
        self.precision = (vectors / values) @ vectors.T

    def __call__(self, X):
        """Lay out rows (m, d): dict space -> float64 array (m, d); "below" and "upto"
        hold their `counts`.
        """
        below, upto = self.counts(X)
        rank = self._rank(below, upto)
        standard = np.clip((X - self.mean) / self.spread, -CUT, CUT)
        found = {"standard": standard, "rank": rank, "white": rank @ self.turn}
        return found | {"below": below, "upto": upto}

    def residuals(self, rank):
        """Return how far each normal score lies from its linear regression on the other
        columns, in standard deviations of that regression: (m, d) -> (m, d).
        """
        scale = np.sqrt(np.diag(self.precision))
        return rank @ self.precision / scale

    def _rank(self, below, upto):
        return ndtri((0.5 * (below + upto) + 0.5) / (len(self.sorted) + 1))

    def counts(self, X):
        """Return how many context values lie below, and at or below, each value of rows
        (m, d): two int arrays (m, d).
        """
        pairs = list(zip(self.sorted.T, X.T, strict=True))
        below = np.stack([np.searchsorted(s, x, "left") for s, x in pairs], axis=1)
        upto = np.stack([np.searchsorted(s, x, "right") for s, x in pairs], axis=1)
        return below, upto
