"""One row of any table as numbers that mean the same on every table."""

import numpy as np
from scipy.stats import mode

from metaad.detectors.forest.isolation_forest import IsolationForest
from metaad.meta.context.columns import TOKENS, Pairs, pooled, tokens
from metaad.meta.context.kernel import SCALES, Leverage
from metaad.meta.context.neighbours import NAMES, Neighbours
from metaad.meta.context.spaces import SPACES, Spaces
from metaad.meta.context.table import TABLE, table_numbers

TREES = 50
LIKE = 10  # nearest rows that a row's values are compared with
BASE = (
    *(f"{space} {name}" for space in SPACES for name in NAMES),
    *(f"{space} variance {scale}" for space in SPACES for scale in SCALES),
    *(f"{pool} {token}" for pool in ("mean", "largest", "top") for token in TOKENS),
    *(f"pairs {name}" for name in Pairs.NAMES),
    "length",
    "unusual values",
    "unseen values",
    "forest",
)
NUMBERS = (*(f"p {name}" for name in BASE), *(f"z {name}" for name in BASE), *TABLE)
DIGITS = 6  # what lies behind differs between CPUs, and would part equal rows


class Context:
    """A table's rows, read once; any row of the table is then described by them.

    Parameters
    ----------
    X : array (n, d), n ≥ 8, the rows to read.
    seed : int, of the forest's cuts and of the pairs of columns looked at.

    Attributes
    ----------
    own : float64 array (n, BASE), the numbers of each row that was read, judged without
        itself: what is usual here. Rows stand in an order of their own.
    table : float64 array (TABLE,), what kind of table it is.
    """

    def __init__(self, X, seed=0):
        rng = np.random.default_rng(seed)
        # one order of columns and rows, whatever order they come in: chance, which
        # cuts the forest, then falls alike
        self.order = np.lexsort(np.sort(X, axis=0)[::-1])
        X = X[:, self.order]
        X = X[np.lexsort(X.T[::-1])]
        self.spaces = Spaces(X)
        laid = self.spaces(X)
        self.ranks = laid["rank"]
        self.near = {space: Neighbours(laid[space]) for space in SPACES}
        self.variance = {s: Leverage(self.near[s].own_squares) for s in SPACES}
        self.pairs = Pairs(X, rng)
        self.modes = mode(X, axis=0).mode  # the smallest of several
        halves = rng.permutation(len(X)) % 2
        self.forests = [
            IsolationForest(TREES, random_state=seed).fit(self.ranks[halves == half])
            for half in (0, 1)
        ]
        self.table = table_numbers(X, self.spaces, self.ranks, self.near["rank"])
        self.single = _single(X)
        self.own = self._own(X, laid, halves)
        self.sorted = np.sort(self.own, axis=0)
        low, self.middle, high = np.percentile(self.own, (25, 50, 75), axis=0)
        spread = 0.1 * self.own.std(axis=0) + 1e-9
        self.spread = np.maximum((high - low) / 1.349, spread)
        for near in self.near.values():  # (n, n), of no more use
            near.own_squares = None

    def __call__(self, X):
        """Describe rows (m, d): float64 array (m, NUMBERS), see `compared`.

        A row that was read, and read once only, is judged without itself."""
        X = np.ascontiguousarray(X[:, self.order])
        base = self._base_of(X)
        read = np.array([self.single.get(row.tobytes(), -1) for row in X])
        base[read >= 0] = self.own[read[read >= 0]]
        return self.compared(base)

    def compared(self, base):
        """Compare numbers (m, BASE) with those of the rows that were read.

        Returns float64 array (m, NUMBERS): -log of the share of read rows with so large
        a number, which is a p-value; arcsinh of the robust z-score; the table's own
        numbers, the same for every row. Large means unusual, except among the last."""
        p = surprise(self.sorted, base)
        z = np.arcsinh((base - self.middle) / self.spread)
        table = np.broadcast_to(self.table, (len(base), len(TABLE)))
        return np.concatenate([p, z, table], axis=1)

    def _own(self, X, laid, halves):
        near = {space: self.near[space].own() for space in SPACES}
        variance = [self.variance[space].own() for space in SPACES]
        nearest = self.near["rank"].own_nearest[:, :LIKE]
        columns = tokens(self.spaces, X, laid, nearest, self.ranks, own=True)
        scores = [-forest.score_samples(self.ranks) for forest in self.forests]
        # each half is judged by the other half's forest
        forest = np.where(halves == 0, scores[1], scores[0])
        parts = near, variance, columns, self.pairs.numbers(), forest
        return self._together(X, laid, 1, *parts)

    def _base_of(self, X):
        laid = self.spaces(X)
        near, variance = {}, []
        for space in SPACES:
            near[space], index, D = self.near[space].of(laid[space])
            variance.append(self.variance[space].of(D))
            if space == "rank":
                nearest = index[:, :LIKE]
        columns = tokens(self.spaces, X, laid, nearest, self.ranks, own=False)
        scores = [-forest.score_samples(laid["rank"]) for forest in self.forests]
        parts = near, variance, columns, self.pairs.numbers(X), np.mean(scores, axis=0)
        return self._together(X, laid, 0, *parts)

    def _together(self, X, laid, own, near, variance, columns, pairs, forest):
        """All numbers of rows side by side: float64 array (m, BASE), rounded."""
        distances = [np.stack([near[s][n] for n in NAMES], axis=1) for s in SPACES]
        length = np.linalg.norm(laid["white"], axis=1)
        unusual = -(self.modes == X).mean(axis=1)
        unseen = (laid["upto"] - laid["below"] == own).mean(axis=1)
        last = np.stack([length, unusual, unseen, forest], axis=1)
        parts = *distances, *variance, pooled(columns), pairs, last
        return np.round(np.concatenate(parts, axis=1), DIGITS)


def surprise(own, values):
    """Return -log of a p-value for each number: (n, k), (m, k) -> (m, k).

    own : numbers of the n rows that were read, each judged without itself; every column
        in rising order. values : numbers of m rows to judge.

    The p-value is the share, of the rows that were read and the row itself, with so
    large a number. For a new normal row it is at or below any α with probability α at
    most [1].

    [1] Vovk, Gammerman and Shafer: Algorithmic learning in a random world, 2005."""
    n = len(own)
    pairs = list(zip(own.T, values.T, strict=True))
    below = np.stack([np.searchsorted(s, v, "left") for s, v in pairs], axis=1)
    return -np.log((1.0 + n - below) / (n + 1.0))


def _single(X):
    """Where each row stands that occurs once: dict, its bytes -> its place."""
    places, again = {}, set()
    for i, row in enumerate(np.ascontiguousarray(X)):
        key = row.tobytes()
        again.update([key] if key in places else [])
        places[key] = i
    return {key: i for key, i in places.items() if key not in again}
