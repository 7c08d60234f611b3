"""Rows of any table in one form: where a row stands by a bank of unsupervised scores.

Tables differ in their columns, so nothing learned about the columns of one helps with
the next. Ranks do compare: "in the top percent by distance to the neighbours" means the
same everywhere. Every score is turned into the share of the table's rows that it
exceeds, whatever its unit. What labels add stands in metaad/meta/stack/label_features.py.

References
----------
[1] Liu, Ting and Zhou, Isolation Forest, ICDM 2008.
[2] Ramaswamy, Rastogi and Shim, Efficient Algorithms for Mining Outliers from Large
    Data Sets, SIGMOD 2000.
[3] Breunig, Kriegel, Ng and Sander, LOF: Identifying Density-Based Local Outliers,
    SIGMOD 2000.
[4] Li, Zhao, Hu, Botta, Ionescu and Chen, ECOD: Unsupervised Outlier Detection Using
Empirical CDFs, TKDE 2022."""

import numpy as np
from sklearn.cluster import KMeans
from sklearn.ensemble import IsolationForest
from sklearn.svm import OneClassSVM

from metaad.detectors.neighbours import density, smallest
from metaad.metrics import share_below

SPACES = ("z", "rank", "pca")
BANK = (
    "isolation",
    "near z",
    "near rank",
    "near pca",
    "far z",
    "lof 10",
    "lof 40",
    "tails",
    "worst tail",
    "length pca",
    "residual",
    "k-means",
    "svm",
)


BLOCK = 50  # rows whose distances to the whole table are held at once


def shares(reference, values):
    """Return `metrics.share_below` for each column of `reference` (n, m) and `values`
    (q, m): array (q, m).
    """
    return np.stack(
        [share_below(r, v) for r, v in zip(reference.T, values.T, strict=True)], axis=1
    )


def distances(A, B):
    """Return the Euclidean distances of rows A (m, d) and B (n, d): array (m, n)."""
    return np.sqrt(_squared(A, B, (B**2).sum(axis=1)))


def _squared(A, B, lengths):
    """Squared distances, array (m, n), in place: lengths (n,) are Σ B², the same for
    every A.
    """
    D = (2.0 * A) @ B.T
    np.subtract((A**2).sum(axis=1)[:, None] + lengths, D, out=D)
    return np.maximum(D, 0.0, out=D)


class Spaces:
    """A table's columns (n, d) in three scales: robust z, the share of rows below,
    whitened principal components.

    z is (x - median) / (interquartile range / 1.349), cut off at ±10; where the
    quartiles coincide, the standard deviation is the scale. Columns that do not vary
    are left out."""

    def __init__(self, X, n_components=30):
        self.kept = X.std(axis=0) > 0
        if not self.kept.any():
            raise ValueError(
                "all rows of the table are equal; a detector needs a column that varies."
            )
        X = X[:, self.kept]
        low, self.middle, high = np.percentile(X, (25, 50, 75), axis=0)
        self.scale = np.where(high > low, (high - low) / 1.349, X.std(axis=0))
        self.columns = X
        z = self._z(X)
        self.mean = z.mean(axis=0)
        _, values, vectors = np.linalg.svd(z - self.mean, full_matrices=False)
        spread = values / np.sqrt(len(X))
        q = min(n_components, int((spread > 0.03 * spread[0]).sum()))
        self.axes, self.spread = vectors[:q], spread[:q]
        self.residual_axes = vectors[
            max(1, int((np.cumsum(spread**2) < 0.7 * (spread**2).sum()).sum())) :
        ]

    def _z(self, X):
        return np.clip((X - self.middle) / self.scale, -10.0, 10.0)

    def __call__(self, X):
        """Return rows (n, d) as dict: z (n, d'), rank (n, d'), pca (n, q), residual (n,
        r), beyond 70 % of the variance.
        """
        X = X[:, self.kept]
        z = self._z(X)
        return {
            "z": z,
            "rank": shares(self.columns, X),
            "pca": (z - self.mean) @ self.axes.T / self.spread,
            "residual": (z - self.mean) @ self.residual_axes.T,
        }


class TableFeatures:
    """A table's rows by a bank of unsupervised scores, fitted to the table itself.

    Parameters
    ----------
    X : array (n, d), the table. n_trees : trees of every forest. random_state : int,
        seed of forests and k-means.

    Attributes
    ----------
    rows : dict space -> array (n, ...), the table in each of SPACES.
    bank : array (n, 13), for every score of BANK the share of the table's rows that a
    row exceeds."""

    def __init__(self, X, n_trees=100, random_state=0):
        self.X, self.n_trees, self.random_state = X, n_trees, random_state
        self.known = {row.tobytes(): i for i, row in enumerate(X)}
        self.spaces = Spaces(X)
        self.rows = self.spaces(X)
        self._fit_bank()
        self.raw = self.scores(self.rows, X, np.arange(len(X)))
        self.bank = shares(self.raw, self.raw)
        self.own_leaves = self._leaves(X)

    def __call__(self, X):
        """Return shares by the bank of any rows X (m, d), of the table or new: array
        (m, 13).
        """
        own = self.own(X)
        found, new = self.bank[own], own < 0
        if new.any():
            rows = self.spaces(X[new])
            found[new] = shares(self.raw, self.scores(rows, X[new], own[new]))
        return found

    def own(self, X):
        """Return the number of each row of X (m, d) in the table, -1 where it is not
        there: int array (m,).
        """
        return np.array(
            [self.known.get(row.tobytes(), -1) for row in X], dtype=np.int64
        )

    def _fit_bank(self):
        seed, z, n = self.random_state, self.rows["z"], len(self.X)
        self.isolation = IsolationForest(
            n_estimators=self.n_trees, random_state=seed
        ).fit(self.X)
        self.kmeans = KMeans(min(10, n), n_init=1, random_state=seed).fit(z)
        some = np.random.default_rng(seed).permutation(n)[:500]
        self.svm = OneClassSVM(nu=0.5).fit(self.rows["rank"][some])
        k, everyone = min(100, n - 1), np.arange(n)
        self.neighbours = {
            space: nearest(self.rows[space], self.rows[space], everyone, k)
            for space in SPACES
        }
        D, at = self.neighbours["z"]
        self.density = {k: self._density(D, at, k) for k in (10, 40)}

    def scores(self, rows, X, own, near=None):
        """Return the bank's scores as they come, array (m, 13), larger = more
        anomalous.

        X : array (m, d). rows : the same in every space. own : number of each row in
        the table, -1 for a new row; a row of the table is not its own neighbour.
        near : dict space -> what `near` returns; None looks for them."""
        near = near or self.near(rows, own)
        D, at = near["z"]
        lof = [
            self.density[k][at[:, :k]].mean(axis=1) / self._density(D, at, k)
            for k in self.density
        ]
        tail = -np.log(np.minimum(rows["rank"], 1 - rows["rank"]) + 0.5 / len(self.X))
        columns = [
            -self.isolation.score_samples(X),  # [1]
            # [2], mean distance of ten neighbours
            *(near[s][0][:, :10].mean(axis=1) for s in SPACES),
            D.mean(axis=1),
            *lof,  # [3]
            tail.mean(axis=1),  # [4], every column's tail probability by itself
            tail.max(axis=1),
            (rows["pca"] ** 2).sum(axis=1),
            (rows["residual"] ** 2).sum(axis=1),
            self.kmeans.transform(rows["z"]).min(axis=1),
            -self.svm.score_samples(rows["rank"]),
        ]
        return np.stack(columns, axis=1)

    def _density(self, D, at, k):
        """Density [3] by the k nearest rows of the table, D and `at` (m, ≥ k): (m,)."""
        k = min(k, len(self.X) - 1)
        reach = self.neighbours["z"][0][:, k - 1]
        return density(D[:, :k], at[:, :k], reach)

    def near(self, rows, own):
        """Return distances and numbers of the nearest rows of the table, the row itself
        left out: dict space -> both (m, ≤ 100).
        """
        if (own >= 0).all():
            return {s: tuple(a[own] for a in self.neighbours[s]) for s in SPACES}
        k = self.neighbours["z"][0].shape[1]
        return {s: nearest(rows[s], self.rows[s], own, k) for s in SPACES}

    def leaves(self, X, own):
        """Return the leaf of each row in each tree of the isolation forest: int array
        (m, n_trees).
        """
        return self.own_leaves[own] if (own >= 0).all() else self._leaves(X)

    def _leaves(self, X):
        X = np.ascontiguousarray(X, dtype=np.float32)
        trees = self.isolation.estimators_  # each tree's own apply checks X again
        return np.stack([t.tree_.apply(X) for t in trees], axis=1)


def nearest(A, B, own, k):
    """Return distances and numbers of the k rows of B (n, d) nearest to each row of A
    (m, d), nearest first: both (m, k).

    own : int array (m,), the row of B that a row of A is, and that does not count; -1
    for none. A block of rows at a time, so that its distances stay in the cache."""
    lengths = (B**2).sum(axis=1)
    D, at = np.empty((len(A), k)), np.empty((len(A), k), dtype=np.int64)
    for start in range(0, len(A), BLOCK):
        block = slice(start, start + BLOCK)
        squared = _squared(A[block], B, lengths)
        known = np.flatnonzero(own[block] >= 0)
        squared[known, own[block][known]] = np.inf
        found = np.argpartition(squared, k - 1, axis=1)[:, :k]
        # roots, before they are sorted: roots tie where squares differ in a last bit
        far = np.sqrt(np.take_along_axis(squared, found, axis=1))
        D[block], places = smallest(far, k)
        at[block] = np.take_along_axis(found, places, axis=1)
    return D, at
