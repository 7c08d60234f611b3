"""What a leaf says: a learned number in the place of the path length.

The paper [1] lets a leaf say how many cuts lead to it. Why this number? A tree has done
its work when it is grown; what its leaves say is a second choice, and it can be learned.
A leaf is described by two numbers that mean the same on every table:

- "path": its path length, cuts + c(rows it still holds);
- "parted": how few rows were parted off at once. A cut that leaves one child with a
  share p of its node's rows makes log2(1 / p) bits for it; "parted" is the most bits of
  all cuts on the way.

A learned score is two curves, given by their values at KNOTS and straight in between:

    value(leaf) = v(path) + u(parted),

and the score of a row is the mean of its leaves' values over the trees, larger = more
anomalous. With v(path) = -path and u = 0 that is the plain forest. The values are
written into the leaves, so new rows are scored by the same walk as before. They are
learned in `metaad.search.forest.leaves`.

References
----------
[1] Liu, Ting and Zhou, Isolation Forest, ICDM 2008.
"""

from numbers import Real

import numpy as np

# where the curves have a value of their own: path in cuts, parted in bits
KNOTS = {
    "path": (1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.5, 11.0, 13.0, 15.5, 18.0),
    "parted": (0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0),
}
# the plain forest's, and one by hand: a leaf that is one cut nearer says twice as much;
# the policy "halved" of the package
PLAIN = {"path": [-k for k in KNOTS["path"]], "parted": [0.0] * 9}
HALVED = {"path": [2.0**-k for k in KNOTS["path"]], "parted": [0.0] * 9}
MOST_ROWS = 2048  # rows of the table that the values are measured with


def places(X, feature, threshold):
    """Return where each row is on each level of each tree: list over levels 0..L of
    intp arrays (n_trees, n).

    Place g of level l counts the places of all trees from left to right, 2**l a tree. X
    : (n, d)."""
    node = np.repeat(np.arange(len(feature))[:, None], len(X), axis=1)
    found, level, rows = [node], 0, np.arange(len(X))
    while 2 ** (level + 1) - 1 <= feature.shape[1]:
        on_level = slice(2**level - 1, 2 ** (level + 1) - 1)
        f, cut = (
            feature[:, on_level].ravel()[node],
            threshold[:, on_level].ravel()[node],
        )
        node = 2 * node + (X[rows, f] > cut)
        found.append(node)
        level += 1
    return found


def parted(size):
    """Return the most bits of one cut on the way to each leaf: float64 array (n_trees,
    leaves).

    size : intp array (n_trees, leaves), rows of the tree's sample in each place of the
        lowest level, as `grow` returns it; 0 where there is no leaf, which gets 0 bits
        from the cuts that nothing went through."""
    inside = [np.asarray(size)]  # rows in each place, from the lowest level up
    while inside[0].shape[1] > 1:
        inside.insert(0, inside[0].reshape(len(size), -1, 2).sum(axis=2))
    most = np.zeros((len(size), 1))
    for above, below in zip(inside, inside[1:], strict=False):
        share = np.maximum(below, 1) / np.maximum(np.repeat(above, 2, axis=1), 1)
        bits = np.where(below > 0, -np.log2(share), 0.0)
        most = np.maximum(np.repeat(most, 2, axis=1), bits)
    return most


def hats(values, knots):
    """Return what each knot's value counts at each of `values`: float64 array (...,
    n_knots), rows sum to 1.

    Between two knots both count, the nearer one more; beyond the ends the last one
    alone. A curve is then hats @ (its values at the knots).
    """
    each = [np.interp(values, knots, alone) for alone in np.eye(len(knots))]
    return np.stack(each, axis=-1)


def leaf_values(path, size, score):
    """Return what each leaf says: float64 array (n_trees, leaves), larger = more
    anomalous.

    path : float64 array (n_trees, leaves), path lengths. size : as in `parted`.
    score : dict from "path" and "parted" to the values at their KNOTS."""
    by_path = np.interp(path, KNOTS["path"], score["path"])
    return by_path + np.interp(parted(size), KNOTS["parted"], score["parted"])


def mean_over_trees(leaves, leaf):
    """Return each row's mean over trees: array (m, ...) of leaves (n_trees, leaves,
    ...).

    leaf : intp array (n_trees, m), the last of `places`."""
    flat = leaves.reshape(-1, *leaves.shape[2:])
    return sum(flat[tree] for tree in leaf) / len(leaf)


def learned_paths(X, trees, size, score):
    """Return leaf paths that carry the learned score: float64 array (n_trees, leaves),
    in cuts.

    Their mean over trees falls as the score rises, and has over the rows X (m, d) the
    mean and the deviation of the path length, so that thresholds keep their meaning.

    trees : feature, threshold and leaf path, as `IsolationForest` keeps them. size,
        score : as in `leaf_values`."""
    feature, threshold, path = trees
    leaf = places(X, feature, threshold)[-1]
    values = leaf_values(path, size, score)
    plain, said = mean_over_trees(path, leaf), mean_over_trees(values, leaf)
    spread = said.std()
    unit = plain.std() / spread if spread > 1e-12 else 0.0
    return plain.mean() - unit * (values - said.mean())


def check(score):
    """Raise ValueError for a score that lacks a curve, or whose values are not finite
    numbers, one for each knot.
    """
    if not score:
        return
    if set(score) != set(KNOTS):
        raise ValueError(
            f"a learned score has the curves {' and '.join(KNOTS)}, got "
            f"{', '.join(map(str, score))}."
        )
    for name, values in score.items():
        many = len(KNOTS[name])
        if not isinstance(values, (list, tuple)) or len(values) != many:
            raise ValueError(
                f"{name!r} of a learned score is a list of {many} numbers, one for each "
                f"of KNOTS; got {values!r:.200}."
            )
        numbers = all(isinstance(v, Real) and not isinstance(v, bool) for v in values)
        if not numbers or not np.isfinite(values).all():
            raise ValueError(
                f"{name!r} of a learned score must hold finite numbers, got "
                f"{values!r:.200}."
            )
