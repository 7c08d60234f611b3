"""How a node of an isolation tree gets its cut: at random, as in the paper [1].
`split_policy` has a learned way.

References
----------
[1] Liu, Ting and Zhou, Isolation Forest, ICDM 2008.
[2] Geurts, Ernst and Wehenkel, Extremely randomized trees, Machine Learning 63, 2006.
"""

import numpy as np


def draw_cuts(X, row, size, level, rng):
    """Return a cut for each node: a feature (see `draw_features`), and a threshold
    drawn evenly over the node's range of it.

    Parameters
    ----------
    X : float64 array (N, d).
    row : intp array (m,), rows of X, those of a node side by side.
    size : intp array (k,), how many of them are in each of the k nodes.
    level : int, cuts above these nodes; not used here.
    rng : numpy.random.Generator.

    Returns
    -------
    feature : intp array (k,).
    cut : float64 array (k,), in [low, high), so that both sides keep a row; +inf where
    all rows are alike."""
    feature, low, high = draw_features(X, row, size, rng)
    return feature, draw_thresholds(low, high, rng)


def draw_thresholds(low, high, rng):
    """Return thresholds (k,) drawn evenly from [low, high), both (k,); +inf where the
    two are equal.
    """
    u = rng.random(len(low))
    cut = np.maximum(low, (1 - u) * low + u * high)
    # rounding must not empty a side
    return np.where(cut < high, cut, np.where(low < high, low, np.inf))


def draw_features(X, row, size, rng, tries=16):
    """Return a feature for each node: every one that varies among the node's rows with
    the same chance [2].

    Any feature is drawn, and once more where it does not vary. What is open after some
    tries is looked at in full: that costs d times as much as a try, and is needed where
    few features vary or all rows are alike.

    Parameters
    ----------
    X : float64 array (N, d).
    row : intp array (m,), rows of X, those of a node side by side.
    size : intp array (k,), how many of them are in each of the k nodes.
    rng : numpy.random.Generator.
    tries : int, single draws before the look at all features.

    Returns
    -------
    feature : intp array (k,).
    low, high : float64 arrays (k,), its least and greatest value in the node; equal
    where all rows are alike."""
    # todo: the nodes that have no feature yet
    d, todo = X.shape[1], np.arange(len(size))
    feature, low, high = (
        np.zeros(len(size), dtype=np.intp),
        np.zeros(len(size)),
        np.zeros(len(size)),
    )
    for attempt in range(min(tries, d) + 1):
        wanting = (size > 1) & (low[todo] == high[todo])
        row, todo, size = row[np.repeat(wanting, size)], todo[wanting], size[wanting]
        if len(todo) == 0:
            break
        first = np.cumsum(size) - size
        if attempt < min(tries, d):
            f = rng.integers(d, size=len(todo))
            x = X[row, np.repeat(f, size)]
            low[todo], high[todo] = (
                np.minimum.reduceat(x, first),
                np.maximum.reduceat(x, first),
            )
        else:
            x = X[row]
            # (len(todo), d)
            least, most = np.minimum.reduceat(x, first), np.maximum.reduceat(x, first)
            varies = (least < most).cumsum(axis=1)
            f = (varies > rng.random(len(todo))[:, None] * varies[:, -1:]).argmax(
                axis=1
            )
            low[todo], high[todo] = (
                least[np.arange(len(f)), f],
                most[np.arange(len(f)), f],
            )
        feature[todo] = f
    return feature, low, high
