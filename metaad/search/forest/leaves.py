"""Learn what the leaves of a forest say, from labelled tables: the curves of
`metaad.detectors.forest.leaf_values`.

Growing a tree is a chain of random choices, and learning to make them needs policy
gradients (`cuts`). A grown forest's score is another matter. It is linear in the values
at the knots: s = D w, where D says for each row in what share of the trees its leaf lies
at each knot. So w can be learned without any sampling, from pairs: an anomaly a should
score above a normal row b of the same table, and

    loss(w) = mean over families, tables and pairs of log(1 + exp(s_b - s_a))

is convex in w [1]: one minimum, whatever the start.

References
----------
[1] Burges et al., Learning to rank using gradient descent, ICML 2005."""

from dataclasses import replace

import numpy as np
from scipy.linalg import block_diag
from sklearn.base import BaseEstimator
from sklearn.utils import check_random_state

from metaad.detectors.forest.isolation_forest import IsolationForest
from metaad.detectors.forest.leaf_values import (
    KNOTS,
    PLAIN,
    hats,
    mean_over_trees,
    parted,
    places,
)
from metaad.detectors.forest.split_policy import SplitPolicy
from metaad.metrics import auroc
from metaad.search.forest.cuts import family_shares, rows_read, some_rows

MOST_STEPS = 50  # of Newton; about ten are needed


def design(table, policy=None, n_trees=100, seed=0):
    """Return what a forest's leaves say of labelled rows, knot by knot.

    Parameters
    ----------
    table : thing with X (m, d), the labelled rows, y (m,), and optionally read (n, d),
        the rows that the forest is fitted on; else X is.
    policy : SplitPolicy or None, how the forest cuts. n_trees, seed : of the forest.

    Returns
    -------
    D : float64 array (m, 22), the share of trees at each knot of KNOTS, "path" first;
        scores are D @ (values at the knots).
    y : int array (m,).
    """
    bare = None if policy is None else replace(policy, score={})
    forest = IsolationForest(n_trees, policy=bare, random_state=seed)
    forest.fit(rows_read(table))
    X = np.asarray(table.X, dtype=np.float64)
    leaf = places(X, forest.feature_, forest.threshold_)[-1]
    told = {"path": forest.leaf_path_, "parted": parted(forest.leaf_size_)}
    known = [hats(told[name], KNOTS[name]) for name in KNOTS]
    return mean_over_trees(np.concatenate(known, axis=-1), leaf), table.y


def pair_loss(w, D, y):
    """Return the loss of one table and its gradient by w (p,): mean over pairs of an
    anomaly a and a normal row b of log(1 + exp(s_b - s_a)), s = D w.

    D : float64 array (m, p). y : array (m,), 1 for an anomaly."""
    s, D_a, D_b = D @ w, D[y == 1], D[y == 0]
    behind = s[y == 0] - s[y == 1][:, None]  # (anomalies, normal rows)
    loss = np.logaddexp(0.0, behind).mean()
    # the sigmoid, without overflow
    slope = (0.5 + 0.5 * np.tanh(0.5 * behind)) / behind.size
    return loss, D_b.T @ slope.sum(axis=0) - D_a.T @ slope.sum(axis=1)


def pair_curvature(w, D, y):
    """Return the second derivatives of `pair_loss` by w: float64 array (p, p)."""
    s, D_a, D_b = D @ w, D[y == 1], D[y == 0]
    half = np.tanh(0.5 * (s[y == 0] - s[y == 1][:, None]))
    each = 0.25 * (1.0 - half**2) / half.size  # (anomalies, normal rows)
    mixed = D_a.T @ each @ D_b
    own = (D_a.T * each.sum(axis=1)) @ D_a + (D_b.T * each.sum(axis=0)) @ D_b
    return own - mixed - mixed.T


def as_score(w):
    """Return the dict of a learned score from the values w (22,) at all knots."""
    first = len(KNOTS["path"])
    values = [float(v) for v in w]
    return {"path": values[:first], "parted": values[first:]}


def as_weights(score):
    """Return the values at all knots, (22,), from the dict of a learned score."""
    return np.concatenate([score[name] for name in KNOTS])


class ForestScore(BaseEstimator):
    """Learn the leaf values of a forest from labelled tables, by pairs of rows.

    Parameters
    ----------
    policy : SplitPolicy or None, how the forest cuts; None: by chance.
    curves : tuple of "path" and "parted", or one of them: what the values depend on.
    stiffness : times the sum of squared bends of the curves is added to the loss. A
        bend is v(before) - 2 v(knot) + v(after); where rows are few, a curve goes
        straight on.
    n_trees : int, trees of a forest.
    rows : (int, int), most anomalies and normal rows of a table that make pairs.
    random_state : int, RandomState or None.

    Attributes
    ----------
    policy_ : SplitPolicy, the one given, with the learned score.
    history_ : list of two dict, of plain leaves and of the learned ones: leaves, auroc
        (mean over the tables learned from)."""

    def __init__(
        self,
        policy=None,
        *,
        curves=("path", "parted"),
        stiffness=0.001,
        n_trees=100,
        rows=(50, 100),
        random_state=None,
    ):
        self.policy = policy
        self.curves = curves
        self.stiffness = stiffness
        self.n_trees = n_trees
        self.rows = rows
        self.random_state = random_state

    def fit(self, tasks):
        """Learn from labelled tables, things with X (m, d), y (m,), family, and
        optionally read (n, d), the rows that forests are fitted on. Returns self.

        A table whose rows at hand are of one class teaches nothing and is left out."""
        tasks = [t for t in tasks if 0 < t.y.sum() < len(t.y)]
        rng = np.random.default_rng(
            check_random_state(self.random_state).randint(2**31, size=4)
        )
        designs = []
        for table in tasks:
            D, y = design(table, self.policy, self.n_trees, int(rng.integers(2**31)))
            kept = some_rows(y, self.rows, rng)
            designs.append((D[kept], y[kept]))
        w = self.descend(designs, family_shares(tasks))
        told = {"plain": as_weights(PLAIN), "learned": w}
        self.history_ = [
            {
                "leaves": name,
                "auroc": float(np.mean([auroc(y, D @ v) for D, y in designs])),
            }
            for name, v in told.items()
        ]
        score = as_score(w)
        self.policy_ = (
            SplitPolicy({}, score=score)
            if self.policy is None
            else replace(self.policy, score=score)
        )
        return self

    def descend(self, designs, share):
        """Return the values (22,) at the least loss, by Newton's steps from 0.

        designs : list of (D, y) of tables. share : array (n_tables,), what each table
        counts; sums to 1."""
        used = np.concatenate([np.full(len(KNOTS[n]), n in self.curves) for n in KNOTS])
        known = [(p, D[:, used], y) for p, (D, y) in zip(share, designs, strict=True)]
        penalty = self.stiffness * bends()[used][:, used]
        w = np.zeros(len(penalty))

        def total(w):
            each = [(p, *pair_loss(w, D, y)) for p, D, y in known]
            loss = sum(p * one for p, one, _ in each) + w @ penalty @ w
            return loss, sum(p * g for p, _, g in each) + 2 * penalty @ w

        loss, slope = total(w)
        for _ in range(MOST_STEPS):
            bent = sum(p * pair_curvature(w, D, y) for p, D, y in known) + 2 * penalty
            step = np.linalg.solve(bent, slope)
            part = 1.0
            # halved until the loss falls as a straight line would have it, in part
            while part > 1e-6 and total(w - part * step)[0] > loss - 1e-4 * part * (
                slope @ step
            ):
                part /= 2
            w = w - part * step
            loss, slope = total(w)
            if np.abs(part * step).max() < 1e-9:
                break
        found = np.zeros(len(used))
        found[used] = w
        return found


def bends():
    """Return the matrix B (22, 22) of w @ B @ w, the sum of squared bends of both
    curves; a thousandth of the squares of all values beside it settles their level.
    """
    found = np.zeros((0, 0))
    for name in KNOTS:
        second = np.diff(np.eye(len(KNOTS[name])), n=2, axis=0)
        found = block_diag(found, second.T @ second)
    return found + 1e-3 * np.eye(len(found))
