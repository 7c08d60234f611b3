"""Learn how a forest should cut: REINFORCE [1] for the split policy of
`metaad.detectors.forest.split_policy`.

A tree is grown by many random choices, one per node. How good was one of them? Let s be
the scores of labelled rows, minus their mean path lengths, and R(s) a smooth AUROC. To
first order R changes by Σ_i g_i s_i with g_i = ∂R/∂s_i, and a row's path is what lies
above a node plus what comes below it. A node's choice can change only the second part,
and only for the rows that come to the node, so its credit is

    Q(node) = -Σ_{i at node} g_i (h_i - level),

and the policy gradient is the mean over trees of Σ_nodes (Q - b) ∂ log π / ∂w. The
baseline b puts for h_i - level what random cuts would lead to expect, c(size of the
node): it depends on no choice at the node, so it takes away noise and adds no bias [1].
For the linear reward Σ g_i s_i the estimate is unbiased; that g is taken at scores
which depend on the same trees is the one approximation, and it goes away as 1 /
n_trees.

References
----------
[1] Williams, Simple statistical gradient-following algorithms for connectionist
    reinforcement learning, Machine Learning 8, 1992.
[2] Kingma and Ba, Adam: a method for stochastic optimization, ICLR 2015.
"""

from dataclasses import replace

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils import check_random_state

from metaad.detectors.forest.isolation_forest import average_path_length, grow
from metaad.detectors.forest.leaf_values import places
from metaad.detectors.forest.split_policy import SplitPolicy, column_statistics
from metaad.metrics import auroc


def smooth_auroc_gradient(y, scores, width=0.3):
    """Return the gradient of a smooth AUROC by the scores: array (n,), positive for
    anomalies, negative for normal rows.

    The smooth AUROC is the mean of sigmoid((s_a - s_b) / (width * σ)) over the pairs of
    an anomaly a and a normal row b; σ, the scores' standard deviation, is taken as a
    constant. width near 0 is the AUROC itself, whose gradient is 0 almost everywhere; a
    large one looks at the difference of the means only.

    Parameters
    ----------
    y : array (n,), 1 for an anomaly. scores : float64 array (n,), larger = more
    anomalous."""
    unit = width * max(scores.std(), 1e-12)
    a, b = np.flatnonzero(y == 1), np.flatnonzero(y == 0)
    # the sigmoid, without overflow
    rank = 0.5 + 0.5 * np.tanh(0.5 * (scores[a][:, None] - scores[b]) / unit)
    slope = rank * (1 - rank) / (unit * len(a) * len(b))
    gradient = np.zeros(len(scores))
    gradient[a], gradient[b] = slope.sum(axis=1), -slope.sum(axis=0)
    return gradient


def policy_gradient(choices, trees, X, g):
    """Return the gradient, by REINFORCE with credit by node, of Σ_i g_i s_i by the
    policy's weights, s_i = -mean path length.

    Parameters
    ----------
    choices : list over levels of float64 arrays (k, p), ∂ log π / ∂w of the choice made
        in each node that `grow` came to, as `SplitPolicy.drawer` logs it.
    trees : what `grow` returned.
    X : float64 array (n, d), rows that carry a reward. g : float64 array (n,), or a
        function that makes it of the scores s.

    Returns
    -------
    gradient : float64 array (p,).
    scores : float64 array (n,), s.
    """
    feature, threshold, size, depth = trees
    n_trees = len(feature)
    where = places(X, feature, threshold)
    path = (depth + average_path_length(size)).ravel()[where[-1]]  # (n_trees, n)
    scores = -path.mean(axis=0)
    g = g(scores) if callable(g) else g
    counts = [size.ravel()]  # training rows in each place, from the lowest level up
    while len(counts[0]) > n_trees:
        counts.insert(0, counts[0].reshape(-1, 2).sum(axis=1))
    gradient, open_nodes = np.zeros(choices[0].shape[1]), np.arange(n_trees)
    for level, chosen in enumerate(choices):
        at, n_places = where[level].ravel(), n_trees * 2**level
        weight = np.broadcast_to(g, path.shape).ravel()
        # Σ g_i over the rows at the node
        total = np.bincount(at, weights=weight, minlength=n_places)[open_nodes]
        paths = np.bincount(at, weights=weight * path.ravel(), minlength=n_places)[
            open_nodes
        ]
        usual = level + average_path_length(counts[level][open_nodes])
        gradient -= (paths - total * usual) @ chosen
        cut = np.isfinite(threshold[:, 2**level - 1 : 2 ** (level + 1) - 1].ravel())
        open_nodes = np.flatnonzero(np.repeat(cut, 2))
    return gradient / n_trees, scores


class ForestPolicy(BaseEstimator):
    """Learn a split policy from labelled tables by gradient ascent on their mean smooth
    AUROC.

    One iteration grows `n_trees` trees on every table and goes one step along the mean
    over *families* of the tables' gradients, less `shrinkage` times the weights.
    Weights of 0 are the plain forest, so shrinkage and a small number of iterations
    both keep the policy near it. Steps are measured in the spread that a number φ has
    within nodes.

    Parameters
    ----------
    features : tuple of names in `split_policy.FEATURES`, or products of two.
    proposals, smallest, share : as in SplitPolicy.
    iterations, learning_rate, shrinkage : of the ascent.
    n_trees : int, trees grown on a table in an iteration. max_samples : int, rows of a
        tree.
    rows : (int, int), most anomalies and normal rows of a table that carry the reward.
    width : float, of the smooth AUROC.
    random_state : int, RandomState or None.

    Attributes
    ----------
    policy_ : SplitPolicy, with the mean weights of the second half of the iterations.
    history_ : list of dict, one per iteration: auroc, mean over tables of the policy
    before the step; weights."""

    def __init__(
        self,
        features=("gap*distinct", "sparse", "reach"),
        *,
        proposals=8,
        smallest=8,
        share=1.0,
        iterations=14,
        learning_rate=3.0,
        shrinkage=0.02,
        n_trees=20,
        max_samples=256,
        rows=(150, 350),
        width=0.3,
        random_state=None,
    ):
        self.features = features
        self.proposals = proposals
        self.smallest = smallest
        self.share = share
        self.iterations = iterations
        self.learning_rate = learning_rate
        self.shrinkage = shrinkage
        self.n_trees = n_trees
        self.max_samples = max_samples
        self.rows = rows
        self.width = width
        self.random_state = random_state

    def fit(self, tasks):
        """Learn from labelled tables, things with X (m, d), y (m,), family, and
        optionally read (n, d), the rows that trees are grown on; else X is. Returns
        self.
        """
        tasks = list(tasks)
        rng = np.random.default_rng(
            check_random_state(self.random_state).randint(2**31, size=4)
        )
        policy = SplitPolicy(
            dict.fromkeys(self.features, 0.0),
            "own",
            self.proposals,
            self.smallest,
            self.share,
        )
        rewarded = [some_rows(t.y, self.rows, rng) for t in tasks]
        columns = [column_statistics(rows_read(t), rng) for t in tasks]
        share = family_shares(tasks)
        weights, spread, self.history_ = np.zeros(len(self.features)), None, []
        for _ in range(self.iterations):
            found = [
                self._gradient(policy, *known, rng)
                for known in zip(tasks, columns, rewarded, strict=True)
            ]
            gradients, spreads, aurocs = (np.array(f) for f in zip(*found, strict=True))
            if spread is None:
                spread = np.sqrt(share @ spreads) + 1e-3
            scaled = weights * spread
            scaled = scaled + self.learning_rate * (
                share @ gradients / spread - self.shrinkage * scaled
            )
            self.history_.append(
                {"auroc": float(aurocs.mean()), "weights": weights.tolist()}
            )
            weights = scaled / spread
            policy = replace(
                policy, weights=dict(zip(self.features, weights.tolist(), strict=True))
            )
        late = [h["weights"] for h in self.history_[1 + self.iterations // 2 :]] + [
            weights.tolist()
        ]
        # the last steps circle about the answer: their mean is nearer to it
        mean = np.mean(late, axis=0).tolist()
        self.policy_ = replace(
            policy, weights=dict(zip(self.features, mean, strict=True))
        )
        return self

    def _gradient(self, policy, table, column, rewarded, rng):
        """Of one table: gradient (p,), mean square of φ within nodes (p,), AUROC of
        the scores.
        """
        choices, X, y = [], table.X, table.y
        read = rows_read(table)
        psi = min(self.max_samples, len(read))
        draw = policy.drawer(column, choices)
        samples = np.stack(
            [
                rng.choice(len(read), psi, replace=False, shuffle=False)
                for _ in range(self.n_trees)
            ]
        )
        trees = grow(read[samples], rng, draw)
        y = y[rewarded]
        gradient, scores = policy_gradient(
            choices,
            trees,
            X[rewarded],
            lambda s: smooth_auroc_gradient(y, s, self.width),
        )
        made = np.concatenate(choices)
        made = made[made.any(axis=1)]
        return gradient, (made**2).sum(axis=0) / max(len(made), 1), auroc(y, scores)


def rows_read(table):
    """Return the rows that a table's forest is fitted on, (n, d): its `read` if it has
    any, else its labelled rows X.
    """
    read = getattr(table, "read", None)
    return np.asarray(table.X if read is None else read, dtype=np.float64)


def some_rows(y, most, rng):
    """Return indices of at most so many anomalies and normal rows."""
    kinds = np.flatnonzero(y == 1), np.flatnonzero(y == 0)
    return np.concatenate(
        [
            rng.choice(k, min(m, len(k)), replace=False)
            for k, m in zip(kinds, most, strict=True)
        ]
    )


def family_shares(tasks):
    """Return how much each table counts so that every family counts once: array
    (n_tables,), sums to 1.
    """
    families = np.unique([t.family for t in tasks], return_inverse=True)[1]
    return 1.0 / np.bincount(families)[families] / (families.max() + 1)
