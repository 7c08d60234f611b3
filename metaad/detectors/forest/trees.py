"""The trees of an Isolation Forest: all grown together, level by level, and walked the
same way.

The trees are stored without pointers. Level l of a tree has 2**l places, and the
children of place p on level l are the places 2p (left) and 2p + 1 (right) of level l +
1. All trees lie side by side: node g = tree * 2**l + p, and its children are again
nodes 2g and 2g + 1. A node that is not cut has the threshold +inf, which sends every
row left, so each row takes the same number of steps and nothing has to ask whether it
has reached a leaf.

References
----------
[1] Liu, Ting and Zhou, Isolation Forest, ICDM 2008.
[2] Liu, Ting and Zhou, Isolation-based anomaly detection, ACM TKDD 6(1), 2012.
"""

import numpy as np

from metaad.detectors.forest.cuts import draw_cuts


def average_path_length(n):
    """Return c(n): mean path length in a random isolation tree grown on n distinct
    rows, equation 1 of [1].

    It is also the mean length of an unsuccessful search in a binary search tree, 2 H(n
    - 1) - 2 (n - 1) / n. The paper puts ln(n - 1) + γ for the harmonic number H(n - 1),
    and so does scikit-learn; we follow, to have the same scores. The true value is
    larger by about 1 / (n - 1): 0.077 (5 %) at n = 10, 0.004 (0.04 %) at n = 256.

    Parameters
    ----------
    n : array of any shape, numbers of rows, 0 and up.

    Returns
    -------
    c : float64 array of the same shape, in cuts; 0 for n below 2, exactly 1 for n = 2.
    """
    n = np.asarray(n, dtype=np.float64)
    m = np.maximum(n, 3.0) - 1.0
    c = 2.0 * (np.log(m) + np.euler_gamma) - 2.0 * m / (m + 1.0)
    return np.where(n < 2, 0.0, np.where(n == 2, 1.0, c))


def grow(X, rng, draw=draw_cuts):
    """Grow one isolation tree on each sample, all trees together, one level at a time
    (algorithm 2 of [1]).

    A node cuts one feature at a threshold drawn uniformly between the least and the
    greatest value among its rows. Rows above the threshold go right. A node whose rows
    are all alike is not cut.

    Parameters
    ----------
    X : float64 array (n_trees, psi, d), the rows each tree is grown on.
    rng : numpy.random.Generator.
    draw : how nodes get their cuts: `cuts.draw_cuts`, or what `SplitPolicy.drawer`
        returns.

    Returns
    -------
    feature : intp array (n_trees, 2**levels - 1), node by node, root first; levels =
        ceil(log2(psi)).
    threshold : float64 array (n_trees, 2**levels - 1); +inf where a node is not cut.
    size : intp array (n_trees, 2**levels), rows in each place of the lowest level; 0
        where there is no leaf.
    depth : intp array (n_trees, 2**levels), cuts on the way to each of these places.
    """
    n_trees, psi, d = X.shape
    levels = int(np.ceil(np.log2(max(psi, 2))))
    feature = np.zeros((n_trees, 2**levels - 1), dtype=np.intp)
    threshold = np.full((n_trees, 2**levels - 1), np.inf)
    X = X.reshape(-1, d)  # (n_trees * psi, d)
    # (n_trees * psi,), the node each row has come to
    node = np.repeat(np.arange(n_trees), psi)
    cuts = np.zeros(len(X), dtype=np.intp)  # (n_trees * psi,), cuts on its way
    # (m,), the rows that may still be parted, those of a node side by side
    row = np.arange(len(X))
    for level in range(levels):
        # (k,), where the rows of each of the k nodes begin
        first = np.flatnonzero(np.diff(node[row], prepend=-1))
        size = np.diff(first, append=len(row))  # (k,)
        f, cut = draw(X, row, size, level, rng)  # (k,) each
        tree, place = np.divmod(node[row[first]], 2**level)
        feature[tree, 2**level - 1 + place], threshold[tree, 2**level - 1 + place] = (
            f,
            cut,
        )
        # (m,) each, from nodes to their rows
        f, cut = np.repeat(f, size), np.repeat(cut, size)
        node *= 2
        node[row] += X[row, f] > cut
        row = row[np.isfinite(cut)]
        cuts[row] += 1
        row = row[np.argsort(node[row], kind="stable")]
    depth = np.zeros(n_trees * 2**levels, dtype=np.intp)
    depth[node] = cuts
    size = np.bincount(node, minlength=n_trees * 2**levels)
    return feature, threshold, size.reshape(n_trees, -1), depth.reshape(n_trees, -1)


def walk(X, feature, threshold, leaf_path):
    """Return the path lengths of all rows in all trees, level by level: one gather of
    features, values and thresholds per level.

    Parameters
    ----------
    X : float64 array (n, d).
    feature, threshold : for each level l, arrays (n_trees * 2**l,) of intp and float64.
    leaf_path : float64 array (n_trees, 2**levels).

    Returns
    -------
    h : float64 array (n_trees, n).
    """
    n, d = X.shape
    # row i is values[start[i] :][:d]
    values, start = np.ascontiguousarray(X).ravel(), d * np.arange(n)
    node = np.repeat(np.arange(len(leaf_path)), n).reshape(-1, n)  # (n_trees, n)
    for f, cut in zip(feature, threshold, strict=True):
        at = f.take(node, mode="clip")
        at += start
        right = values.take(at, mode="clip") > cut.take(node, mode="clip")
        node += node  # in place: node = 2 * node + right
        node += right
    return leaf_path.ravel().take(node, mode="clip")
