"""A column's values replaced by usual ones, for any detector, many rows at a time."""

import numpy as np

from metaad.meta.context.spaces import Spaces

NEAREST, DRAWS = 5, 10  # values that stand in for one
BLOCK = 50_000  # rows scored at a time


class Replaced:
    """What rows' scores lose when one column after the other gets usual values.

    background : float64 array (b, d). groups : list of int arrays, the numbers of each
    column. method : "neighbours" or "draws", see `metaad.practice.explain`."""

    def __init__(self, background, groups, method="neighbours", random_state=0):
        self.background, self.groups = background, groups
        self.method, self.random_state = method, random_state
        # distances in normal scores: a value far outside counts like the largest one
        self.spaces = Spaces(background) if method == "neighbours" else None

    def __call__(self, score, X):
        """Return the mean loss of each row (n, d) for each column: array (n, C).

        score : function, array (m, d) -> (m,), large = odd."""
        found = np.zeros((len(X), len(self.groups)))
        count = NEAREST if self.spaces else DRAWS
        block = max(1, BLOCK // (count * len(self.groups)))
        for start in range(0, len(X), block):
            rows = X[start : start + block]
            found[start : start + block] = self._losses(score, rows, start)
        return found

    def _losses(self, score, X, start):
        used = [g for g in self.groups if len(g)]
        donors = self._donors(X, used, start)  # (C, n, k)
        made = np.broadcast_to(X[:, None], (len(used), *donors.shape[1:], X.shape[1]))
        made = made.copy()  # (C, n, k, d)
        for c, group in enumerate(used):
            made[c][..., group] = self.background[donors[c]][..., group]
        after = score(made.reshape(-1, X.shape[1])).reshape(donors.shape)
        lost = np.zeros((len(X), len(self.groups)))
        filled = [c for c, g in enumerate(self.groups) if len(g)]
        lost[:, filled] = score(X)[:, None] - after.mean(axis=2).T
        return lost

    def _donors(self, X, groups, start):
        """Which background rows lend their values: int array (C, n, k)."""
        b = len(self.background)
        if self.spaces is None:
            rng = np.random.default_rng([self.random_state, start])
            return rng.integers(b, size=(len(groups), len(X), DRAWS))
        A, B = (self.spaces(rows)["rank"] for rows in (X, self.background))
        apart = np.zeros((len(X), b))
        by_group = []
        for group in groups:
            own = sum((A[:, j, None] - B[None, :, j]) ** 2 for j in group)
            by_group.append(own)
            apart += own
        k = min(NEAREST, b)
        found = []
        for own in by_group:
            # the row itself lends nothing
            rest = np.where(apart > 0, apart - own, np.inf)
            found.append(np.argpartition(rest, k - 1, axis=1)[:, :k])
        return np.stack(found)
