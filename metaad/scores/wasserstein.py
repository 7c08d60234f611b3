"""Wasserstein's distance: how far the mass of one batch has to be moved to become the
other, in the unit of the columns. A distance of a batch, not of a row.

In one column the best plan moves the smallest value to the smallest, and so on; along a
direction any batch has one column. For the plan itself in several columns see
`transport.py`."""

import numpy as np

from metaad.scores.batches import two_batches


def wasserstein_1d(x, y, p=1):
    """Return W_p of one column, exactly [1, section 2.6]: W_p^p is the mean of
    |x's quantile - y's quantile|^p over all levels from 0 to 1.

    Parameters
    ----------
    x, y : arrays (n,) and (m,), of any two lengths.
    p : float ≥ 1. p = 1 is the mean way that mass moves; a larger p counts long ways
        more.

    Returns
    -------
    float ≥ 0 in the unit of the values, 0 for equal batches; larger = the batches
    differ more. Symmetric, and it satisfies the triangle inequality. The cost is that
    of sorting.

    Raises
    ------
    ValueError
        for bad batches, more than one column, or p below 1.

    References
    ----------
    [1] Peyré and Cuturi, Computational Optimal Transport, Foundations and Trends in
    Machine Learning 11, 2019."""
    x, y = two_batches(x, y, least=1)
    if x.shape[1] != 1:
        raise ValueError(
            f"wasserstein_1d is for one column, got {x.shape[1]}: call it column by "
            f"column, or take sliced_wasserstein or sinkhorn_divergence."
        )
    return float(_power(x, y, _checked_p(p))[0] ** (1.0 / p))


def sliced_wasserstein(x, y, p=1, directions=100, random_state=0):
    """Return the sliced W_p: that of the rows' shadows on random lines, W_p^p averaged
    over the lines [1], then its p-th root.

    Parameters
    ----------
    x, y : batches (n, d) and (m, d).
    p : float ≥ 1. directions : int ≥ 1, lines drawn. random_state : int, seeds them.

    Returns
    -------
    float ≥ 0 in the unit of the columns, 0 for equal batches; larger = the batches
    differ more. Symmetric. For p = 2 and a batch shifted by c it is about ‖c‖ / √d: the
    more columns, the less of a shift a random line sees. The cost is
    L (n + m) (d + log(n + m)) for L lines.

    Raises
    ------
    ValueError
        for bad batches, p below 1, or no direction.

    References
    ----------
    [1] Bonneel, Rabin, Peyré and Pfister, Sliced and Radon Wasserstein barycenters of
    measures, Journal of Mathematical Imaging and Vision 51, 2015."""
    x, y = two_batches(x, y, least=1)
    p = _checked_p(p)
    if int(directions) != directions or directions < 1:
        raise ValueError(
            f"directions must be a whole number from 1 on, got {directions!r}."
        )
    rng = np.random.default_rng(random_state)
    lines = rng.normal(size=(x.shape[1], int(directions)))
    lines /= np.linalg.norm(lines, axis=0)
    return float(_power(x @ lines, y @ lines, p).mean() ** (1.0 / p))


def _power(x, y, p):
    """W_p^p of each column of x (n, c) and y (m, c): (c,)."""
    n, m = len(x), len(y)
    x, y = np.sort(x, axis=0), np.sort(y, axis=0)
    # levels i / n and j / m as whole numbers of 1 / (n m): no rounding decides a step
    ends = np.union1d(np.arange(1, n + 1) * m, np.arange(1, m + 1) * n)
    width = np.diff(ends, prepend=0) / (n * m)
    gaps = np.abs(x[(ends - 1) // m] - y[(ends - 1) // n])
    return width @ gaps**p


def _checked_p(p):
    if not (np.ndim(p) == 0 and 1 <= p < np.inf):
        raise ValueError(f"p must be a finite number from 1 on, got {p!r}.")
    return p
