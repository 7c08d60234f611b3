"""Learn what the leaves of a forest say: weights of
`metaad.detectors.forest.leaf_values` by ordinary gradient ascent.

Growing a tree is a chain of random choices, and learning to make them needs policy
gradients (`forest_policy`). A grown forest's score is another matter: s = plain + D w,
linear in the weights w, so the gradient of a smooth AUROC R is

    ∂R/∂w = Dᵀ ∂R/∂s,

with no noise from sampling. D has a column for each weight: a reading of the forest, or
its product with a number of the table, which is how a table decides about the weights
it is scored with."""

from dataclasses import replace

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils import check_random_state

from metaad.detectors.forest.isolation_forest import IsolationForest
from metaad.detectors.forest.leaf_values import (
    MOST_ROWS,
    READINGS,
    TABLE_NUMBERS,
    read,
    term,
)
from metaad.metrics import auroc
from metaad.search.forest.cuts import family_shares, smooth_auroc_gradient, some_rows

NAMES = (
    *READINGS,
    *(f"{reading}*{number}" for reading in READINGS for number in TABLE_NUMBERS),
)


def design(table, policy, names, n_trees, seed):
    """Return one forest's readings of a labelled table: plain (m,), D (m, p) and y
    (m,), of at most MOST_ROWS rows.
    """
    bare = replace(policy, score={})
    forest = IsolationForest(n_trees, policy=bare, random_state=seed).fit(table.X)
    rows = np.arange(len(table.X))
    if len(rows) > MOST_ROWS:
        rows = np.random.default_rng(seed).choice(len(rows), MOST_ROWS, replace=False)
    trees = forest.feature_, forest.threshold_, forest.leaf_path_
    _, values, numbers, *_ = read(
        table.X[rows], len(table.X), trees, policy.learned_trees(n_trees)
    )
    return (
        values["plain"],
        np.stack([term(n, values, numbers) for n in names], axis=1),
        table.y[rows],
    )


def teaches(taught):
    """Return whether a table's designs, a list of (plain, D, y), can teach anything:
    each has rows of both classes.
    """
    return all(0 < y.sum() < len(y) for *_, y in taught)


class ForestScore(BaseEstimator):
    """Learn the score of a forest that a split policy grows, from labelled tables.

    Gradient ascent with momentum on the smooth AUROC, mean over families of tables,
    less `shrinkage` times the weights. Weights of 0 are the plain trees of the forest.

    Parameters
    ----------
    policy : SplitPolicy, with a share below 1.
    names : tuple of "path", "company", and their products with "apart" or "scarce".
    iterations, learning_rate, momentum, shrinkage : of the ascent.
    n_trees : int, trees of a forest. forests : int, forests of a table; the iterations
        take turns with them.
    rows : (int, int), most anomalies and normal rows of a table that carry the reward.
    width : float, of the smooth AUROC.
    random_state : int, RandomState or None.

    Attributes
    ----------
    policy_ : SplitPolicy, the one given, with the learned score.
    history_ : list of dict, one per iteration: auroc, mean over tables before the step;
    weights."""

    def __init__(
        self,
        policy,
        names=NAMES,
        *,
        iterations=60,
        learning_rate=2.0,
        momentum=0.7,
        shrinkage=0.02,
        n_trees=200,
        forests=2,
        rows=(100, 200),
        width=0.3,
        random_state=None,
    ):
        self.policy = policy
        self.names = names
        self.iterations = iterations
        self.learning_rate = learning_rate
        self.momentum = momentum
        self.shrinkage = shrinkage
        self.n_trees = n_trees
        self.forests = forests
        self.rows = rows
        self.width = width
        self.random_state = random_state

    def fit(self, tasks):
        """Learn from labelled tables, things with X (n, d), y (n,), and family. Returns
        self.

        A table whose rows at hand are of one class teaches nothing and is left out.
        """
        tasks = list(tasks)
        known, self.history_ = [taught for _, taught in self.readings(tasks)], []
        good = [teaches(taught) for taught in known]
        known, tasks = (
            [v for v, kept in zip(of, good, strict=True) if kept]
            for of in (known, tasks)
        )

        def watch(turn, scores, weights):
            mean = np.mean(
                [auroc(y, s) for s, (*_, y) in zip(scores, turn, strict=True)]
            )
            self.history_.append({"auroc": float(mean), "weights": weights.tolist()})

        weights = self.ascend(known, family_shares(tasks), watch)
        self.policy_ = replace(
            self.policy, score=dict(zip(self.names, weights.tolist(), strict=True))
        )
        return self

    def readings(self, tasks):
        """Return what `fit` learns from: for each table its designs, one per forest,
        whole and of the rows that carry a reward.

        Returns
        -------
        list of n_tables pairs (whole, taught), each a list of `forests` triples (plain,
        D, y) as `design` returns them."""
        rng = np.random.default_rng(
            check_random_state(self.random_state).randint(2**31, size=4)
        )
        found = []
        for table in tasks:
            whole, taught = [], []
            for _ in range(self.forests):
                whole.append(self._design(table, rng))
                taught.append(self._some(*whole[-1], rng))
            found.append((whole, taught))
        return found

    def ascend(self, known, share, watch=None):
        """Return weights (p,) from designs: the ascent alone. Columns of D may be left
        out; then p is what is left.

        known : list over tables of lists over forests of (plain, D, y). share :
            (n_tables,), what each counts.
        watch : function of (designs whose turn it is, their scores, weights), called
        before each step."""
        weights = step = np.zeros(known[0][0][1].shape[1])
        for i in range(self.iterations):
            turn = [of[i % len(of)] for of in known]
            scores = [plain + D @ weights for plain, D, _ in turn]
            gradient = sum(
                part * (D.T @ smooth_auroc_gradient(y, s, self.width))
                for part, s, (_, D, y) in zip(share, scores, turn, strict=True)
            )
            if watch:
                watch(turn, scores, weights)
            step = self.momentum * step + (1 - self.momentum) * (
                gradient - self.shrinkage * weights
            )
            weights = weights + self.learning_rate * step
        return weights

    def _design(self, table, rng):
        return design(
            table, self.policy, self.names, self.n_trees, int(rng.integers(2**31))
        )

    def _some(self, plain, D, y, rng):
        """At most `rows` anomalies and normal rows of a design."""
        kept = some_rows(y, self.rows, rng)
        return plain[kept], D[kept], y[kept]
