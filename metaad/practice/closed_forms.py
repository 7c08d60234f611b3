"""Parts of a score by column that need no replacing: an Isolation Forest's, by its paths;
the Mahalanobis distance's, by its precision matrix.

References
----------
[1] Saabas, Interpreting random forests, 2014: what each node on a path changes.
[2] Carletti, Terzi and Susto, Interpretable anomaly detection with DIFFI, Engineering
    Applications of Artificial Intelligence 119, 2023: depth-based importance in an
    Isolation Forest.
[3] Lundberg, Erion and Lee, Consistent individualized feature attribution for tree
    ensembles, 2018: what paths share out differently from Shapley values."""

import numpy as np
from scipy.linalg import solve_triangular

BLOCK = 2**20  # rows times trees walked at a time


def path_gains(forest, X):
    """Return how many cuts each column saves on the way to isolating each row: X (n, d)
    -> float64 array (n, d), in cuts per tree.

    Every node stands for the mean path length of the training rows that pass it. Each
    cut of a row's path changes that mean, and the change is credited to the column that
    the node cuts [1]. The sum over columns is exact: the mean path of the training rows
    (of the trees' samples) minus that of the row."""
    found = np.zeros(X.shape)
    step = max(1, BLOCK // len(forest.feature_))
    for start in range(0, len(X), step):
        rows = slice(start, start + step)
        found[rows] = _gains(forest, X[rows])
    return found


def _gains(forest, X):
    (n, d), trees = X.shape, len(forest.feature_)
    at, row = np.arange(n), np.arange(trees)[:, None]
    found, place = np.zeros(n * d), np.zeros((trees, n), dtype=np.intp)
    means = node_means(forest)
    for level, (here, below) in enumerate(zip(means, means[1:], strict=False)):
        node = 2**level - 1 + place
        feature = forest.feature_[row, node]
        child = 2 * place + (X[at, feature] > forest.threshold_[row, node])
        gain = here[row, place] - below[row, child]  # (trees, n)
        place = child
        where = (d * at + feature).ravel()
        found += np.bincount(where, gain.ravel(), minlength=n * d)
    return found.reshape(n, d) / trees


def node_means(forest):
    """Return the mean path length of the training rows in each node, level by level:
    list of float64 arrays (n_trees, 2**level), 0 where no row comes.
    """
    size = forest.leaf_size_.astype(np.float64)
    total, trees = size * forest.leaf_path_, len(size)
    found = []
    for level in range(size.shape[1].bit_length()):
        shape = trees, 2**level, -1
        rows = size.reshape(shape).sum(axis=2)
        found.append(total.reshape(shape).sum(axis=2) / np.maximum(rows, 1))
    return found


def conditional_distances(detector, X, groups):
    """Return what the Mahalanobis distance of each row loses when a column takes the
    value that fits the rest of the row best: X (n, d) -> float64 array (n, C).

    With P the inverse of the covariance and z the centred row, the squared distance
    zᵀPz falls by (Pz)_Gᵀ (P_GG)⁻¹ (Pz)_G when the numbers G are free: for one number by
    (Pz)_j² / P_jj, the square of its deviation from its regression on the others.

    groups : list of int arrays, the numbers of each column."""
    d = X.shape[1]
    inverse = solve_triangular(detector.factor_, np.eye(d), lower=True)
    precision = inverse.T @ inverse
    centred = X - detector.mean_
    pulls = centred @ precision  # (n, d)
    squared = (centred * pulls).sum(axis=1)
    found = np.zeros((len(X), len(groups)))
    for c, group in enumerate(groups):
        if len(group):
            block = precision[np.ix_(group, group)]
            falls = (pulls[:, group] * np.linalg.solve(block, pulls[:, group].T).T).sum(
                axis=1
            )
            left = np.maximum(squared - falls, 0)
            found[:, c] = np.sqrt(np.maximum(squared, 0)) - np.sqrt(left)
    return found
