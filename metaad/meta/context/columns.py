"""What each column says of a row: how far out, how rare, how unlike what the other
columns and the nearest rows make of it.
"""

import numpy as np

TOKENS = ("tail", "left", "right", "rare", "gap", "residual", "unlike")


def tokens(spaces, X, laid, neighbours, context_ranks, own):
    """Return seven numbers of every row and column: float64 array (m, d, 7).

    Parameters
    ----------
    spaces : the context's `Spaces`.
    X : array (m, d), as they are.
    laid : dict, what `spaces(X)` returned.
    neighbours : int array (m, k), places of the nearest context rows.
    context_ranks : array (n, d).
    own : bool, X is the context itself: every row is counted out of its own counts.

    Large means unusual in all but "left" and "right", which are -log of one tail each.
    """
    n, ranks = len(context_ranks) - own, laid["rank"]
    below, upto = laid["below"], laid["upto"]
    left = (upto - own + 1.0) / (n + 1)  # share at or below, (m, d)
    right = (n - below + 1.0) / (n + 1)
    same = (upto - below - own + 1.0) / (n + 1)
    tail = -np.log(np.minimum(1.0, 2.0 * np.minimum(left, right)))
    unlike = np.abs(ranks - context_ranks[neighbours].mean(axis=1))
    residual = np.abs(spaces.residuals(ranks))
    gap = _gap(spaces, X, own)
    parts = (tail, -np.log(left), -np.log(right), -np.log(same), gap, residual, unlike)
    return np.stack(parts, axis=2)


def _gap(spaces, X, own):
    """log(1 + distance to the nearest other context value, in standard deviations)."""
    found = np.empty(X.shape)
    for j, (s, x) in enumerate(zip(spaces.sorted.T, X.T, strict=True)):
        at = np.searchsorted(s, x, "left")
        padded = np.r_[-np.inf, s, np.inf]
        low, high = padded[at], padded[at + 1]
        if own:  # the value itself stands at `at`
            high = padded[at + 2]
        found[:, j] = np.minimum(np.abs(x - low), np.abs(high - x))
    return np.log1p(found / spaces.spread)


def pooled(tokens):
    """Return mean, largest and mean of the three largest over columns: (m, d, t) ->
    (m, 3 t).
    """
    top = -np.partition(-tokens, min(2, tokens.shape[1] - 1), axis=1)[:, :3]
    parts = tokens.mean(axis=1), tokens.max(axis=1), top.mean(axis=1)
    return np.concatenate(parts, axis=1)


class Pairs:
    """How rare a row's values are together, two columns at a time.

    Values are put into at most six bins of equal counts; at most 64 pairs of columns
    are looked at."""

    NAMES = ("mean rare", "largest rare", "mean odd", "largest odd", "unseen")

    def __init__(self, X, rng, bins=6, most=64):
        n, d = X.shape
        cuts = np.linspace(0, 1, bins + 1)[1:-1]
        self.edges = [np.unique(np.quantile(x, cuts, method="nearest")) for x in X.T]
        first, second = np.triu_indices(d, 1)
        if len(first) > most:
            chosen = np.sort(rng.choice(len(first), most, replace=False))
            first, second = first[chosen], second[chosen]
        self.first, self.second, self.width, self.n = first, second, bins + 1, n
        codes = self._codes(X)
        self.single = np.stack(
            [np.bincount(c, minlength=self.width) for c in codes.T]
        )  # (d, width)
        cells = self._cells(codes)
        joint = [np.bincount(c, minlength=self.width**2) for c in cells.T]
        self.joint = np.reshape(joint, (len(first), self.width**2))
        self.own_codes = codes

    def numbers(self, X=None):
        """Return five numbers of rows (m, d), or of the context itself: (m, 5)."""
        own = X is None
        codes = self.own_codes if own else self._codes(X)
        if not len(self.first):
            return np.zeros((len(codes), 5))
        n, one = self.n - own, float(own)
        joint = self.joint[np.arange(len(self.first)), self._cells(codes)] - one
        single = self.single[np.arange(codes.shape[1]), codes] - one
        expected = (single[:, self.first] + 0.5) * (single[:, self.second] + 0.5) / n
        rare = -np.log((joint + 0.5) / (n + 1))
        odd = np.log((expected + 0.5) / (joint + 0.5))  # rarer than by chance
        parts = [
            rare.mean(axis=1),
            rare.max(axis=1),
            odd.mean(axis=1),
            odd.max(axis=1),
            (joint == 0).mean(axis=1),
        ]
        return np.stack(parts, axis=1)

    def _codes(self, X):
        return np.stack(
            [
                np.searchsorted(e, x, "left")
                for e, x in zip(self.edges, X.T, strict=True)
            ],
            axis=1,
        )

    def _cells(self, codes):
        return codes[:, self.first] * self.width + codes[:, self.second]
