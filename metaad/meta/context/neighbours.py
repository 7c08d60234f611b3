"""How far the nearest context rows are, and how far theirs are."""

import numpy as np

from metaad.detectors.neighbours import smallest

NEAREST = (1, 2, 5, 10, 30)
RATIOS = (5, 20)


def squares(A, B):
    """Return the squared Euclidean distances of rows (m, d) and (n, d): (m, n).

    What is left of a difference of equal rows counts as 0."""
    a, b = (A**2).sum(axis=1)[:, None], (B**2).sum(axis=1)
    D = a + b - 2.0 * A @ B.T
    return np.where(1e-11 * (a + b) + 1e-12 > D, 0.0, D)


class Neighbours:
    """The nearest context rows of a row, in one space.

    Context rows are judged without themselves, so that a new normal row and a row of
    the context are drawn from the same distribution.

    context : array (n, d)."""

    def __init__(self, context):
        self.context = context
        D = squares(context, context)
        np.fill_diagonal(D, np.inf)
        self.own_squares = D
        self.own_distances, self.own_nearest = nearest(D)

    def own(self):
        """Return the numbers of each context row itself: dict name -> (n,)."""
        return self._numbers(self.own_distances, self.own_nearest)

    def of(self, rows):
        """Return the numbers of rows (m, d), dict name -> (m,), the places of their
        nearest context rows (m, k), and all squared distances (m, n).
        """
        D = squares(rows, self.context)
        distances, index = nearest(D)
        return self._numbers(distances, index), index, D

    def _numbers(self, distances, index):
        last = distances.shape[1]
        numbers = [distances[:, min(k, last) - 1] for k in NEAREST]
        for k in (min(k, last) for k in RATIOS):
            theirs = self.own_distances[index[:, :k], k - 1].mean(axis=1)
            numbers.append(distances[:, k - 1] / (theirs + 1e-9))
        return dict(zip(NAMES, numbers, strict=True))


NAMES = tuple(f"near {k}" for k in NEAREST) + tuple(f"ratio {k}" for k in RATIOS)


def nearest(D, most=30):
    """Return the distances and the places of the nearest, ascending: squared distances
    (m, n) -> two arrays (m, k), k at most 30 and below n.
    """
    squared, index = smallest(D, min(most, D.shape[1] - 1))
    return np.sqrt(squared), index
