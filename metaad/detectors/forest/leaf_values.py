"""What a leaf says: a learned score for a forest of two kinds of trees, some plain,
some grown by a split policy.

Three readings of a forest are brought to mean 0 and deviation 1 over the table's own
rows, larger = more anomalous:

- "plain": minus the mean path length in the plain trees;
- "path": minus the mean path length in the trees that the policy grew;
- "company": for a row, the mean over those trees of what the rows in its node on level
  2 have for "path". Many rows say together what one says with much noise.

Two numbers are known of the table:

- "apart": how little the columns agree about which rows to isolate. Agreement is the
  mean over columns of the correlation between what one column adds to the isolation of
  each row and what all the others add;
- "scarce": how few rows there are for a column.

Both are 0 where columns agree and rows abound, and grow from there. The score is plain
+ Σ_k w_k · reading_k, with weights for "path" and "company" and for their products with
a number of the table, as in {"path": 0.5, "company*scarce": 0.2}. Every reading is a
mean over trees of something that a leaf has, so the score is one too: it is written
into the leaves, and rows are scored by the same walk as before. Weights of 0 are the
plain trees alone. The weights are learned in `metaad.search.forest.leaves`."""

import numpy as np

READINGS, TABLE_NUMBERS = ("path", "company"), ("apart", "scarce")
LEVEL = 2  # of the nodes whose rows keep each other company
MOST_ROWS = 2048  # rows of the table that the readings are measured with


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


def isolation_by_column(where, feature, d):
    """Return what each column adds to the isolation of each row: float64 array (n, d),
    in bits.

    A cut that leaves a row with a share p of its node's rows adds log2(1 / p); mean
    over trees. where : as `places` returns it, of the rows that are counted. feature :
    intp array (n_trees, 2**L - 1)."""
    n_trees, n = where[0].shape
    bits, rows = np.zeros(n * d), np.arange(n) * d
    for level, (above, below) in enumerate(zip(where, where[1:], strict=False)):
        inside, kept = np.bincount(above.ravel()), np.bincount(below.ravel())
        column = feature[:, 2**level - 1 : 2 ** (level + 1) - 1].ravel()[above]
        # 0 where the node is not cut: all rows go left
        gain = np.log2(inside[above] / kept[below])
        bits += np.bincount(
            (rows + column).ravel(), weights=gain.ravel(), minlength=n * d
        )
    return bits.reshape(n, d) / n_trees


def agreement(bits):
    """Return the mean over columns of the correlation of a column of `bits` (n, d) with
    the sum of the others, in [-1, 1].

    A column that adds the same to every row counts as 0; a single column agrees with
    itself, 1."""
    if bits.shape[1] == 1:
        return 1.0
    one = bits - bits.mean(axis=0)
    others = one.sum(axis=1, keepdims=True) - one
    unit = one.std(axis=0) * others.std(axis=0)
    known = (one.std(axis=0) > 1e-9) & (unit > 1e-18)
    return float(
        np.where(
            known, (one * others).mean(axis=0) / np.where(known, unit, 1.0), 0.0
        ).mean()
    )


def read(X, n, trees, learned):
    """Return the readings of a forest and the numbers of the table.

    Parameters
    ----------
    X : float64 array (m, d), rows to measure with. n : int, rows of the whole table.
    trees : feature, threshold and leaf paths as `IsolationForest` keeps them; the
        learned trees come first.
    learned : int, how many those are; at least one tree of each kind.

    Returns
    -------
    leaves : dict from "plain" and READINGS to float64 arrays (trees of the kind,
        leaves).
    rows : dict from the same to float64 arrays (m,), the means over trees; mean 0,
        deviation 1.
    numbers : dict from TABLE_NUMBERS to float, see `table_numbers`.
    center, unit : float, mean and deviation of the rows' mean path length in the plain
    trees."""
    feature, threshold, path = trees
    plain = places(X, feature[learned:], threshold[learned:])
    grown = places(X, feature[:learned], threshold[:learned])
    leaves, rows = {}, {}
    leaves["plain"], rows["plain"], center, unit = _standard(-path[learned:], plain[-1])
    leaves["path"], rows["path"], *_ = _standard(-path[:learned], grown[-1])
    level = min(LEVEL, len(grown) - 1)
    node = grown[level].ravel()
    inside = np.bincount(node, minlength=learned * 2**level)
    total = np.bincount(
        node, weights=np.tile(rows["path"], learned), minlength=learned * 2**level
    )
    company = (total / np.maximum(inside, 1)).reshape(learned, -1)
    # from nodes to the leaves below
    company = np.repeat(company, path.shape[1] // company.shape[1], axis=1)
    leaves["company"], rows["company"], *_ = _standard(company, grown[-1])
    agreed = agreement(isolation_by_column(plain, feature[learned:], X.shape[1]))
    return leaves, rows, table_numbers(agreed, n / X.shape[1]), -center, unit


def table_numbers(agreed, rows_a_column):
    """Return the numbers of a table: "apart" is 0 from an agreement of .25 on and 1.25
    at 0, its most is 1.5; "scarce" is 0 from e^4.5 = 90 rows per column on, 1 at 20, and
    at most 2, from 4.5 down.
    """
    return {
        "apart": float(np.clip((0.25 - agreed) / 0.2, 0.0, 1.5)),
        "scarce": float(np.clip((4.5 - np.log(rows_a_column)) / 1.5, 0.0, 2.0)),
    }


def term(name, values, numbers):
    """Return what a weight of this name multiplies: a reading of `values`, or its
    product with a number of the table.
    """
    reading, *number = name.split("*")
    return values[reading] * (numbers[number[0]] if number else 1.0)


def learned_paths(X, n, trees, learned, score):
    """Return the leaf paths that carry the learned score: float64 array (n_trees,
    leaves), in cuts.

    Their mean over trees falls as the score rises, and has over the rows X the mean and
    deviation of the path length in the plain trees. Parameters as in `read`; score :
    dict from a name to its weight."""
    leaves, rows, numbers, center, unit = read(X, n, trees, learned)
    n_trees = len(trees[0])
    plain, grown = leaves["plain"], np.zeros_like(leaves["path"])
    total = rows["plain"].copy()
    for name, weight in score.items():
        grown = grown + weight * term(name, leaves, numbers)
        total += weight * term(name, rows, numbers)
    spread = total.std()
    unit = unit / spread if spread > 1e-12 else 0.0
    grown = center - unit * (n_trees / learned) * grown
    plain = center - unit * (n_trees / (n_trees - learned)) * plain
    return np.concatenate([grown, plain])


def check(score, share):
    """Raise ValueError for a score that names what is not there, has no finite weights,
    or lacks plain trees.
    """
    for name in score:
        reading, *number = name.split("*")
        if (
            reading not in READINGS
            or len(number) > 1
            or set(number) - set(TABLE_NUMBERS)
        ):
            raise ValueError(
                f"a learned score has weights for {', '.join(READINGS)}, or for the "
                f"product of one with "
                f"{' or '.join(TABLE_NUMBERS)}, such as 'company*scarce'; got {name!r}."
            )
    if not np.isfinite(list(score.values())).all():
        raise ValueError(
            f"the weights of a learned score must be finite numbers, got {score}."
        )
    if score and not share < 1:
        raise ValueError(
            f"a learned score needs some plain trees: share must be below 1, got {share}."
        )


def _standard(values, leaf):
    """Leaf values with mean 0 and deviation 1 over rows that end in `leaf` (n_trees,
    m), the rows' own, both units.
    """
    row = values.ravel()[leaf].mean(axis=0)
    center, unit = row.mean(), row.std()
    unit = unit if unit > 1e-12 else 1.0
    return (values - center) / unit, (row - center) / unit, center, unit
