"""How little the context says about a row: the variance of a Gaussian process."""

import numpy as np

SCALES = (0.25, 0.7)  # of the median distance
NOISE = 0.02


class Leverage:
    """The posterior variance of a Gaussian process that has seen the context: 1 where it
    has seen nothing alike, near 0 amid its rows [1]. Two lengths: a quarter and seven
    tenths of the median distance.

    own_squares : squared distances of the context (n, n), infinite on the diagonal.

    [1] Rasmussen and Williams: Gaussian processes for machine learning, 2006, eq. 2.26;
    leave-one-out by eq. 5.12."""

    def __init__(self, own_squares):
        typical = np.median(own_squares[np.isfinite(own_squares)])
        self.typical = typical if typical > 0 else 1.0
        n = len(own_squares)
        self.inverses = []
        for scale in SCALES:
            K = self._kernel(own_squares, scale)  # 0 on the diagonal
            K[np.diag_indices(n)] = 1.0 + NOISE
            self.inverses.append(np.linalg.inv(K))

    def own(self):
        """Return the variances of the context rows, each without itself: (n, SCALES)."""
        return np.stack([1.0 / np.diag(V) - NOISE for V in self.inverses], axis=1)

    def of(self, squares):
        """Return the variances of rows: squared distances (m, n) -> (m, SCALES)."""
        found = []
        for scale, V in zip(SCALES, self.inverses, strict=True):
            k = self._kernel(squares, scale)
            found.append(1.0 - np.einsum("mn,mn->m", k @ V, k))
        return np.stack(found, axis=1)

    def _kernel(self, squares, scale):
        return np.exp(-squares / (2.0 * scale**2 * self.typical))
