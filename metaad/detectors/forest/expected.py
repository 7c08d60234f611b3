"""How many random cuts isolate a row, in expectation: on a line, and among many columns.

`trees.average_path_length` is the third of the kind, for a row that is like all others.
"""

import numpy as np


def expected_cuts(x):
    """Return the expected cuts until each point on a line is alone, when every cut falls
    anywhere between the ends of what is left with the same chance.

    Another point adds its gap over its distance: the chance that the first cut between
    the two falls in the gap in front of the other one.

    Parameters
    ----------
    x : float64 array (n,), in strictly increasing order.

    Returns
    -------
    float64 array (n,), in cuts; small for a point that stands apart.
    """
    n, gaps = len(x), np.diff(x)
    left = [sum(gaps[j] / (x[i] - x[j]) for j in range(i)) for i in range(n)]
    right = [
        sum(gaps[j - 1] / (x[j] - x[i]) for j in range(i + 1, n)) for i in range(n)
    ]
    return np.array(left) + np.array(right)


def diluted_path(n, p):
    """Return the expected cuts until a row is alone among n, when each cut isolates it
    at once with the chance p and otherwise treats it like any other row.

    A row infinitely far away in k of d columns, and an ordinary one in the others, has
    p = k / d. The sum is (1 - (1 - 2p/2) (1 - 2p/3) ... (1 - 2p/n)) / p, about
    (1 - exp(-p c(n))) / p; for p = 0 it is c(n) itself, without the approximation of
    `average_path_length`.

    Parameters
    ----------
    n : int, 1 and up.
    p : float, or array of any shape, in [0, 1].

    Returns
    -------
    float64, in the shape of p; small for a row that is isolated early.
    """
    h = 0.0 * p
    for m in range(2, n + 1):
        h = h + 2 / m * (1 - p * h)
    return h
