"""Is a distance larger than chance? Exchange the rows of two batches, and look [1].

If both batches come from one distribution, which row came in which batch means nothing:
the distance that was seen is one of many equally likely ones. The p-value is the share
of them that are as large. It is exact for any distance and any number of rows.

[1] Pitman, Significance tests which may be applied to samples from any populations,
Supplement to the Journal of the Royal Statistical Society 4, 1937.
[2] Phipson and Smyth, Permutation p-values should never be zero, Statistical
Applications in Genetics and Molecular Biology 9, 2010."""

from typing import NamedTuple

import numpy as np

from metaad.metrics import significant
from metaad.scores.batches import two_batches
from metaad.scores.mmd import checked_bandwidth, gaussian_kernel


class Permutation(NamedTuple):
    """What a permutation test found.

    value : float, the distance of the batches as they are.
    p : float in [1 / (B + 1), 1]; small = rows exchanged between the batches seldom give
        a distance as large.
    null : float64 array (B,), the distances after each exchange.
    """

    value: float
    p: float
    null: np.ndarray


def permutation_test(distance, x, y, permutations=199, random_state=0):
    """Test whether two batches come from one distribution, by any distance.

    p = (1 + number of exchanges whose distance is as large) / (1 + B): the batches as
    they came are one of the B + 1 equally likely ways, so p is never 0 [2]. Distances
    that agree to ten digits count as equal. The cost is that of B + 1 distances.

    Parameters
    ----------
    distance : function of two batches that gives a number; larger = they differ more.
    x, y : batches (n, d) and (m, d), rows independent of each other.
    permutations : int ≥ 1, B. Below 19 no p-value can reach .05.
    random_state : int, seeds the exchanges.

    Returns
    -------
    Permutation (value, p, null)

    Raises
    ------
    ValueError
        for bad batches, fewer than one exchange, or a distance that is NaN."""
    x, y = two_batches(x, y)
    pooled = np.concatenate([x, y])
    null = np.array(
        [
            distance(pooled[at[: len(x)]], pooled[at[len(x) :]])
            for at in _exchanges(len(pooled), permutations, random_state)
        ]
    )
    return _judged(float(distance(x, y)), null)


def mmd_test(x, y, bandwidth=None, permutations=199, random_state=0):
    """Test by the unbiased squared MMD: `permutation_test(mmd_unbiased, ...)` with the
    same p-value, but the kernel is computed once, and the bandwidth stays.

    Its cost is (n + m)² (d + B).

    Parameters
    ----------
    x, y : batches (n, d) and (m, d). bandwidth : float > 0; None for the median distance
        of the pooled rows, which no exchange moves.
    permutations, random_state : as in `permutation_test`.

    Returns
    -------
    Permutation (value, p, null)

    Raises
    ------
    ValueError
        for bad batches, a bandwidth that is not above 0, fewer than one exchange."""
    x, y = two_batches(x, y)
    bandwidth = checked_bandwidth(x, y, bandwidth)
    pooled = np.concatenate([x, y])
    kernel = gaussian_kernel(pooled, pooled, bandwidth)
    np.fill_diagonal(kernel, 0.0)
    n, total = len(x), len(pooled)
    ways = [np.arange(total), *_exchanges(total, permutations, random_state)]
    values = np.array([_unbiased(kernel, at[:n], at[n:]) for at in ways])
    return _judged(float(values[0]), values[1:])


def _unbiased(kernel, x, y):
    """Squared MMD of the rows numbered x and y, from a kernel whose diagonal is 0."""
    n, m = len(x), len(y)
    of_x, of_y = kernel[x], kernel[y]
    within = of_x[:, x].sum() / (n * (n - 1)) + of_y[:, y].sum() / (m * (m - 1))
    return within - 2 * of_x[:, y].mean()


def _exchanges(total, permutations, random_state):
    """Orders of all rows, one for each exchange."""
    if int(permutations) != permutations or permutations < 1:
        raise ValueError(
            f"permutations must be a whole number from 1 on, got {permutations!r}; 199 "
            f"is usual, and 999 where p near .01 matters."
        )
    rng = np.random.default_rng(random_state)
    return (rng.permutation(total) for _ in range(int(permutations)))


def _judged(value, null):
    if np.isnan(value) or np.isnan(null).any():
        raise ValueError(
            "the distance gives NaN for these batches or for an exchange of their rows; "
            "choose one that is defined for all of them."
        )
    as_large = int((significant(null) >= significant(value)).sum())
    return Permutation(value, (1 + as_large) / (1 + len(null)), null)
