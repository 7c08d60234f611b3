"""What a few labels say about the rows of a table: trees, distances to labelled rows,
directions, agreement.

Every score is the share of the table's rows that a row exceeds, as in
metaad/meta/stack/row_features.py, so that a combination learned on one table has a meaning on
the next.

References
----------
[1] Geurts, Ernst and Wehenkel, Extremely Randomized Trees, Machine Learning 63, 2006.
[2] Zhao and Hryniewicki, XGBOD: Improving Supervised Outlier Detection with
    Unsupervised Representations, IJCNN 2018.
[3] Zhou, Bousquet, Lal, Weston and Schölkopf, Learning with Local and Global
    Consistency, NeurIPS 2003.
[4] Scudder, Probability of Error of Some Adaptive Pattern-Recognition Machines, IEEE
Trans. Inf. Theory 11, 1965."""

import numpy as np
from sklearn.ensemble import ExtraTreesClassifier, RandomForestClassifier
from sklearn.model_selection import StratifiedKFold

from metaad.meta.stack.row_features import BANK, SPACES, distances, shares
from metaad.metrics import auroc, best_first, share_below

LABELLED = (
    "trees",
    "forest",
    "trees on scores",
    "contrast z",
    "contrast rank",
    "contrast pca",
    "contrast leaves",
    "close z",
    "close rank",
    "close pca",
    "direction z",
    "direction rank",
    "direction pca",
    "spread",
    "bank by labels",
)
FEATURES = (
    *BANK,
    *LABELLED,
    "bank mean",
    "contrast mean",
    "student 5 %",
    "student 10 %",
)
CONTRASTS = [
    i
    for i, name in enumerate(FEATURES)
    if name.startswith("contrast ") and name in LABELLED
]
# the students' teacher
THREE = [
    FEATURES.index(name) for name in ("forest", "trees on scores", "contrast mean")
]
TAUGHT = (0.05, 0.1)  # shares of the unlabelled rows that a student takes for anomalies


class LabelFeatures:
    """Rows by the bank of a table and by what the table's labelled rows say.

    Parameters
    ----------
    table : TableFeatures. where : int array (k,), the labelled rows of the table. y :
        array (k,), 1 for an anomaly and 0 for a normal row, at least one of each.
        n_trees : trees of every forest; None takes the table's number.

    Attributes
    ----------
    shares : array (n, 32), for every score of FEATURES the share of the table's rows
        that a row exceeds. A labelled row is not its own neighbour, but the trees have
        seen it: see `cross_fitted`.
    auc : array (13,), how well each score of BANK ranks the labelled anomalies above
        the labelled normal rows, drawn towards one half by as much as there are few
        anomalies a: ½ + (AUROC - ½) a / (a + 1)."""

    def __init__(self, table, where, y, n_trees=None):
        self.table, self.where, self.y = table, np.asarray(where), np.asarray(y)
        self.n_trees = n_trees or table.n_trees
        self._fit_trees()
        self._spread_labels()
        bank, a = table.bank[self.where], int((self.y == 1).sum())
        self.auc = 0.5 + (auroc(self.y, bank.T) - 0.5) * a / (a + 1.0)
        weights = np.exp(8.0 * self.auc)
        self.bank_weights = weights / weights.sum()
        self.floor = {space: self._floor(table.rows[space]) for space in SPACES}
        own = np.arange(len(table.X))
        near = table.near(table.rows, own)
        self.raw = self._scores(table.rows, table.X, table.bank, own, near)
        found = with_means(
            _rounded(np.concatenate([table.bank, shares(self.raw, self.raw)], axis=1))
        )
        wide = _widened(table.X, table.bank, table.rows["pca"])
        teacher = tails(found[:, THREE], len(table.X)).mean(axis=1)
        self.students = self_trained(
            wide, self.where, self.y, teacher, self.n_trees, table.random_state
        )
        self.taught = np.stack([_probability(f, wide) for f in self.students], axis=1)
        self.shares = np.concatenate([found, shares(self.taught, self.taught)], axis=1)

    @classmethod
    def of(cls, table, labels):
        """Return the features of a table with labels (n,): 1, 0, or -1 for none."""
        where = np.flatnonzero(labels != -1)
        return cls(table, where, labels[where])

    def __call__(self, X):
        """Return shares of any rows X (m, d), of the table or new: array (m, 32)."""
        own = self.table.own(X)
        found, new = self.shares[own], own < 0
        if new.any():
            found[new] = self.new(X[new])[0]
        return found

    def new(self, X):
        """Return shares of rows X (m, d) that the table does not hold, and their scores
        of LABELLED as they come: arrays (m, 32), (m, 15).
        """
        rows, own = self.table.spaces(X), np.full(len(X), -1)
        near = self.table.near(rows, own)
        bank = shares(self.table.raw, self.table.scores(rows, X, own, near))
        raw = self._scores(rows, X, bank, own, near)
        found = _rounded(np.concatenate([bank, shares(self.raw, raw)], axis=1))
        wide = _widened(X, bank, rows["pca"])
        taught = np.stack([_probability(f, wide) for f in self.students], axis=1)
        found = [with_means(found, self.shares), shares(self.taught, taught)]
        return np.concatenate(found, axis=1), raw

    def cross_fitted(self, n_trees=30, folds=3):
        """Return shares of the labelled rows (k, 32), each from labels of the other
        folds only; None for a single anomaly.
        """
        folds = min(folds, int((self.y == 1).sum()), int((self.y == 0).sum()))
        if folds < 2:
            return None
        found = np.empty((len(self.where), len(FEATURES)))
        split = StratifiedKFold(
            folds, shuffle=True, random_state=self.table.random_state
        )
        for seen, left_out in split.split(self.where, self.y):
            other = LabelFeatures(self.table, self.where[seen], self.y[seen], n_trees)
            found[left_out] = other.shares[self.where[left_out]]
        return found

    def _floor(self, rows):
        """A thousandth of the median distance to a labelled normal row: what is
        nearer counts as equally near.
        """
        normal = self.where[self.y == 0]
        D = distances(rows, rows[normal])
        D[normal, np.arange(len(normal))] = np.inf
        return 1e-3 * np.median(D[np.isfinite(D)]) + 1e-12

    def _fit_trees(self):
        t, where, y = self.table, self.where, self.y
        options = {"random_state": t.random_state, "class_weight": "balanced"}
        # [1]
        self.trees = ExtraTreesClassifier(self.n_trees, **options).fit(t.X[where], y)
        self.forest = RandomForestClassifier(max(1, self.n_trees // 2), **options).fit(
            t.X[where], y
        )
        wide = _widened(t.X, t.bank, t.rows["pca"])[where]
        # [2]
        self.on_scores = ExtraTreesClassifier(self.n_trees, **options).fit(wide, y)

    def _spread_labels(self):
        """Label propagation [3]: a row takes 0.9 of its neighbours' mean; labels
        feed it again and again.
        """
        start = np.zeros(len(self.table.X))
        start[self.where] = np.where(
            self.y == 1, 1.0 / (self.y == 1).sum(), -1.0 / (self.y == 0).sum()
        )
        _, at = self.table.neighbours["rank"]
        self.potential = np.zeros(len(start))
        for _ in range(15):
            self.potential = start + 0.9 * self.potential[at[:, :10]].mean(axis=1)

    def _scores(self, rows, X, bank, own, near):
        """The scores of LABELLED as they come, array (m, 15), larger = more
        anomalous.
        """
        t, anomalies, normal = (
            self.table,
            self.where[self.y == 1],
            self.where[self.y == 0],
        )
        trees = [_probability(self.trees, X), _probability(self.forest, X)]
        trees.append(_probability(self.on_scores, _widened(X, bank, rows["pca"])))
        contrast, close, direction = [], [], []
        for space in SPACES:
            A, N = t.rows[space][anomalies], t.rows[space][normal]
            to_a, to_n = distances(rows[space], A), distances(rows[space], N)
            to_a[own[:, None] == anomalies] = np.inf
            to_n[own[:, None] == normal] = np.inf
            to_normal, to_anomaly = (
                np.minimum(D.min(axis=1), 1e9) + self.floor[space] for D in (to_n, to_a)
            )
            contrast.append(np.log(to_normal) - np.log(to_anomaly))
            # (n, a): how far a row lies from an anomaly, as rows of the table go
            among = distances(t.rows[space], A)
            close.append(
                -np.min(
                    [share_below(among[:, j], to_a[:, j]) for j in range(len(A))],
                    axis=0,
                )
            )
            direction.append(rows[space] @ (A.mean(axis=0) - N.mean(axis=0)))
        leaves = t.leaves(X, own)
        same = [
            (leaves[:, None] == t.own_leaves[i][None]).mean(axis=2).mean(axis=1)
            for i in (anomalies, normal)
        ]
        contrast.append(np.log(same[0] + 0.02) - np.log(same[1] + 0.02))
        _, at = near["rank"]
        spread = self.potential[at[:, :10]].mean(axis=1)
        return np.stack(
            [*trees, *contrast, *close, *direction, spread, bank @ self.bank_weights],
            axis=1,
        )


def tails(found, n):
    """Return the surprise of a share in a table of n rows, -log(1 - share + 1 / 2n): so
    few rows lie above. Any shape.
    """
    return -np.log(1.0 - found + 0.5 / n)


def self_trained(wide, where, y, teacher, n_trees, random_state):
    """Return forests that learn from the labels and from what a teacher is surest of
    [4]: one for each of TAUGHT.

    The top 5 or 10 % of the unlabelled rows by the teacher's score count as anomalies,
    each half as much as a labelled one; up to 200 rows from the lower half count as
    normal. Both classes weigh the same in total.

    wide : array (n, d'). where : int array (k,), labelled rows. y : array (k,). teacher
    : array (n,)."""
    rest = np.setdiff1d(np.arange(len(wide)), where)
    order = rest[best_first(teacher[rest])]
    low = order[len(order) // 2 :]
    normal = np.random.default_rng(random_state).choice(
        low, min(200, len(low)), replace=False
    )
    forests = []
    for share in TAUGHT:
        top = order[: max(int((y == 1).sum()), int(share * len(order)))]
        rows = np.concatenate([where, top, normal])
        labels = np.concatenate(
            [y, np.ones(len(top), dtype=int), np.zeros(len(normal), dtype=int)]
        )
        weights = np.repeat([1.0, 0.5, 1.0], [len(where), len(top), len(normal)])
        for label in (0, 1):
            weights[labels == label] *= len(rows) / weights[labels == label].sum()
        forest = RandomForestClassifier(max(1, n_trees // 2), random_state=random_state)
        forests.append(forest.fit(wide[rows], labels, sample_weight=weights))
    return forests


def with_means(found, table=None):
    """Return two columns more: the share exceeded by a row's mean over the bank, and by
    its mean over the contrasts.

    found : array (m, 28). table : the shares of all rows of the table, whose means
    count; None takes `found`."""
    table = found if table is None else table
    means = [
        (a[:, : len(BANK)].mean(axis=1), a[:, CONTRASTS].mean(axis=1))
        for a in (table, found)
    ]
    return np.concatenate(
        [
            found,
            np.stack([share_below(t, f) for t, f in zip(*means, strict=True)], axis=1),
        ],
        axis=1,
    )


def _rounded(found):
    """To single precision and back: what differs by rounding alone is a tie, on
    every machine.
    """
    return found.astype(np.float32).astype(np.float64)


def _widened(X, bank, pca):
    """Columns, the bank's shares and the first ten principal components side by
    side.
    """
    return np.concatenate([X, bank, pca[:, :10]], axis=1)


def _probability(forest, X):
    return forest.predict_proba(X)[:, 1]
