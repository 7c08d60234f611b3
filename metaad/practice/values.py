"""How unusual each value of a row is among usual rows: alone, and given the others."""

import numpy as np

from metaad.meta.context.spaces import Spaces
from metaad.metrics import share_below

NEAREST = 5  # rows that a value must have near by
BLOCK = 2000  # rows looked at together


class Values:
    """Compare single values with those of usual rows.

    background : float64 array (b, d). groups : list of int arrays, the numbers of each
    column."""

    def __init__(self, background, groups):
        self.background, self.groups = background, groups
        self.spaces = Spaces(background)
        self.near = min(NEAREST, len(background) - 1)
        # a row of the background is its own nearest one
        self.own_far = self._far(background, self.near)
        self.own_left = self._left(background)

    def __call__(self, X):
        """Return -log p of each column of rows (n, d): float64 array (n, C), ≥ 0, large
        = unusual; up to log(b + 1).

        p is the smaller of two places among the background: of the value's distance to
        its fifth nearest value of the column, which is large beyond the ends and in
        gaps; and of its distance to what a linear regression on the other columns, all
        as normal scores, leads to expect. Among values as unusual as can be, the second
        distance decides."""
        found = np.zeros((len(X), len(self.groups)))
        for start in range(0, len(X), BLOCK):
            rows = slice(start, start + BLOCK)
            far, left = self._far(X[rows], self.near - 1), self._left(X[rows])
            p = np.minimum(_places(self.own_far, far), _places(self.own_left, left))
            numbers = 1e-3 * np.tanh(left / 10) - np.log(p)
            for c, group in enumerate(self.groups):
                if len(group):
                    found[rows, c] = numbers[:, group].max(axis=1)
        return found

    def _far(self, X, k):
        """Distance of each value to the one k places away from the nearest: (n, d)."""
        found = np.empty(X.shape)
        for j, (x, usual) in enumerate(zip(X.T, self.background.T, strict=True)):
            apart = np.abs(x[:, None] - usual)
            found[:, j] = np.partition(apart, max(k, 0), axis=1)[:, max(k, 0)]
        return found

    def _left(self, X):
        return np.abs(self.spaces.residuals(self.spaces(X)["rank"]))


def _places(own, found):
    """Conformal p-values, column by column: (b, d), (n, d) -> (n, d)."""
    b = len(own)
    below = [share_below(o, f, ties=0) for o, f in zip(own.T, found.T, strict=True)]
    return (1 + b * (1 - np.stack(below, axis=1))) / (b + 1)
