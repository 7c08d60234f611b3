"""How many neighbours to ask: exercise 02.2 and its judge."""

import numpy as np
from sklearn.neighbors import LocalOutlierFactor

CLUMP = 25  # anomalies in the clump


def my_neighbours():
    """Return a number of neighbours for LOF."""
    return 50


def clump(rng):
    """Draw one blob and a tight clump of 25 anomalies well away from it: (325, 2)."""
    return np.concatenate(
        [rng.normal(0, 1, (300, 2)), rng.normal(4.5, 0.1, (CLUMP, 2))]
    )


def beside(rng):
    """Draw a tight and a wide blob, and one anomaly beside the tight one: (301, 2)."""
    tight, wide = rng.normal(-2.5, 0.15, (150, 2)), rng.normal(2.5, 1.2, (150, 2))
    return np.concatenate([tight, wide, [[-1.9, -1.9]]])


def share_caught(X, k):
    """Return the share of the rows from 300 on that score above 95 % of the first 300."""
    lof = LocalOutlierFactor(n_neighbors=min(k, len(X) - 1)).fit(X)
    scores = -lof.negative_outlier_factor_
    return np.mean(scores[300:] > np.quantile(scores[:300], 0.95))


def catches_both(k, args, rng):
    """Return None if LOF with k neighbours catches the whole clump and the anomaly
    beside the tight blob, on tables drawn by rng; else what it misses.
    """
    if isinstance(k, (bool, np.bool_)) or int(k) != k or not 1 <= k < 300:
        return "Return one whole number from 1 to 299: there are 300 normal rows."
    k = int(k)
    for _ in range(3):
        share = share_caught(clump(rng), k)
        if share < 1:
            return (
                f"With {k} neighbours LOF catches {share:.0%} of the clump in one of "
                f"the draws. Must every row of it ask the blob?"
            )
        if share_caught(beside(rng), k) < 1:
            return (
                f"With {k} neighbours LOF misses the anomaly beside the tight blob: "
                f"these are too many, the blob no longer sets the scale."
            )
    return None
