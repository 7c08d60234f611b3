"""Maximum mean discrepancy: how far the means of a function over two batches lie apart,
for the worst function that a kernel calls smooth. A distance of a batch, not of a row.

Its square is E k(x, x') + E k(y, y') - 2 E k(x, y): rows of one batch among themselves
against rows of different batches. With a Gaussian kernel it is 0 only for equal
distributions. All functions here give the square, as in [1]; they cost (n + m)² d.

[1] Gretton, Borgwardt, Rasch, Schölkopf and Smola, A kernel two-sample test, Journal of
Machine Learning Research 13, 2012."""

from functools import lru_cache

import numpy as np

from metaad.scores.batches import two_batches


def gaussian_kernel(x, y, bandwidth):
    """Return exp(-‖x - y‖² / (2 bandwidth²)) for each pair of rows: (n, d) and (m, d)
    -> (n, m), in (0, 1]; 1 for equal rows.
    """
    from scipy.spatial.distance import cdist

    return np.exp(cdist(x, y, "sqeuclidean") / (-2.0 * bandwidth**2))


def median_bandwidth(x, y):
    """Return the median distance between two different rows of both batches together
    [1, section 8]: a bandwidth that suits the unit of the columns.

    It looks at the pooled rows alone, so a permutation test may use it.

    x, y : batches (n, d) and (m, d). Returns a float > 0.

    Raises
    ------
    ValueError
        for bad batches, or where half of the pairs are equal rows.
    """
    from scipy.spatial.distance import pdist

    x, y = two_batches(x, y)
    return _median(pdist(np.concatenate([x, y])))


def _median(distances):
    median = float(np.median(distances))
    if median == 0.0:
        raise ValueError(
            "the median distance is 0: at least half of the pairs of rows are equal. "
            "Give a bandwidth of your own, or drop repeated rows."
        )
    return median


def pooled_kernel(x, y, bandwidth=None):
    """Return the Gaussian kernel between all rows of two batches put together, those of
    x first; the distances are computed once, for bandwidth and kernel alike.

    x, y : float64 batches (n, d) and (m, d), as `two_batches` gives them.
    bandwidth : float > 0; None for `median_bandwidth`.

    Returns
    -------
    array (n + m, n + m), in (0, 1], symmetric; 1 on the diagonal. Raises ValueError for a
    bandwidth that is not above 0.
    """
    from scipy.spatial.distance import cdist

    pooled = np.concatenate([x, y])
    squared = cdist(pooled, pooled, "sqeuclidean")
    if bandwidth is None:
        bandwidth = _median(np.sqrt(squared.ravel()[_pairs(len(pooled))]))
    else:
        bandwidth = checked_bandwidth(x, y, bandwidth)
    squared /= -2.0 * bandwidth**2
    return np.exp(squared, out=squared)


@lru_cache(maxsize=8)
def _pairs(n):
    """Where the pairs i < j lie in a flattened (n, n) array: (n (n - 1) / 2,)."""
    i, j = np.triu_indices(n, 1)
    return i * n + j


def mmd_unbiased(x, y, bandwidth=None):
    """Return the unbiased estimate of the squared MMD [1, lemma 6]: no row is compared
    with itself.

    Parameters
    ----------
    x, y : batches (n, d) and (m, d), two rows or more in each.
    bandwidth : float > 0 in the unit of the distances; None for `median_bandwidth`.

    Returns
    -------
    float; larger = the batches differ more. For batches of one distribution its mean is
    0, so about half of the values lie below 0. Symmetric.

    Raises
    ------
    ValueError
        for bad batches, or a bandwidth that is not above 0."""
    x, y = two_batches(x, y)
    bandwidth = checked_bandwidth(x, y, bandwidth)
    n, m = len(x), len(y)
    # each row's kernel with itself is 1: n of them among the n² of x
    within_x = (gaussian_kernel(x, x, bandwidth).sum() - n) / (n * (n - 1))
    within_y = (gaussian_kernel(y, y, bandwidth).sum() - m) / (m * (m - 1))
    return float(within_x + within_y - 2 * gaussian_kernel(x, y, bandwidth).mean())


def mmd_biased(x, y, bandwidth=None):
    """Return the biased estimate of the squared MMD [1, equation 5]: the squared MMD of
    the two samples themselves, each row compared with itself too.

    Parameters
    ----------
    x, y : batches (n, d) and (m, d).
    bandwidth : float > 0; None for `median_bandwidth`.

    Returns
    -------
    float ≥ 0, 0 for equal batches; larger = the batches differ more. For batches of one
    distribution its mean is (1/n + 1/m) (1 - E k(x, x')), above 0. Symmetric.

    Raises
    ------
    ValueError
        for bad batches, or a bandwidth that is not above 0."""
    x, y = two_batches(x, y)
    bandwidth = checked_bandwidth(x, y, bandwidth)
    parts = [
        gaussian_kernel(a, b, bandwidth).mean() for a, b in ((x, x), (y, y), (x, y))
    ]
    return max(0.0, float(parts[0] + parts[1] - 2 * parts[2]))


def checked_bandwidth(x, y, bandwidth):
    """Return a bandwidth that is above 0: the one given, or the median distance."""
    if bandwidth is None:
        return median_bandwidth(x, y)
    if not (np.ndim(bandwidth) == 0 and 0 < bandwidth < np.inf):
        raise ValueError(
            f"bandwidth must be a finite number above 0, got {bandwidth!r}; None takes "
            f"the median distance."
        )
    return float(bandwidth)
