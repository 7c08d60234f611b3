"""What kind of table it is, in sixteen numbers."""

import numpy as np

TABLE = (
    "log rows",
    "log columns",
    "log distinct values / log rows",
    "binary columns",
    "columns of ten values at most",
    "columns of mostly distinct values",
    "mean skewness",
    "largest skewness",
    "mean kurtosis",
    "largest kurtosis",
    "mean correlation",
    "largest correlation",
    "log effective columns",
    "effective columns",
    "rows that occur twice",
    "log distance of the farthest to the nearest neighbour",
)


def table_numbers(X, spaces, ranks, near):
    """Describe a table by the rows that were read: float64 array (16,), no unit.

    X : array (n, d). spaces, near : its `Spaces` and the `Neighbours` of its normal
    scores `ranks` (n, d).
    """
    n, d = X.shape
    distinct = np.array([len(np.unique(x)) for x in X.T])
    z = np.clip((X - spaces.mean) / spaces.spread, -10, 10)
    skewness = np.log1p(np.abs((z**3).mean(axis=0)))
    kurtosis = np.log1p((z**4).mean(axis=0))
    correlation, effective = _correlations(ranks)
    D = near.own_distances
    stretch = np.log((D[:, -1] + 1e-6) / (D[:, 0] + 1e-3))
    numbers = [
        np.log(n),
        np.log(d),
        np.log(distinct).mean() / np.log(n),
        (distinct == 2).mean(),
        (distinct <= 10).mean(),
        (distinct > 0.5 * n).mean(),
        skewness.mean(),
        skewness.max(),
        kurtosis.mean(),
        kurtosis.max(),
        correlation.mean(),
        correlation.max(),
        np.log(effective),
        np.log(effective) / np.log(d + 1),
        (D[:, 0] < 1e-9).mean(),
        np.median(stretch),
    ]
    return np.round(numbers, 6)


def _correlations(ranks):
    """Absolute correlations of different columns, and how many columns they are worth:
    the exponential of the entropy of the correlation matrix's spectrum.
    """
    d = ranks.shape[1]
    if d == 1:
        return np.zeros(1), 1.0
    with np.errstate(invalid="ignore", divide="ignore"):
        C = np.nan_to_num(np.abs(np.corrcoef(ranks.T)))
    share = np.maximum(np.linalg.eigvalsh(C), 1e-9)
    share /= share.sum()
    return C[~np.eye(d, dtype=bool)], np.exp(-(share * np.log(share)).sum())
