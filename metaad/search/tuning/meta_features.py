"""Meta-features: a table as a few numbers, from its rows alone, so that tables can be
compared [1], [2].

References
----------
[1] Vanschoren, Meta-Learning, in: Automated Machine Learning, 2019, section 2.3.
[2] Zhao, Rossi and Akoglu, Automatic Unsupervised Outlier Model Selection, NeurIPS 2021
(some 200 of them)."""

import numpy as np
from sklearn.neighbors import NearestNeighbors

NAMES = (
    "log rows",
    "log columns",
    "few values",  # share of columns with at most ten different values
    "skewness",  # median over columns of |third standardised moment|, log(1 + ·)
    "tails",  # median over columns of the fourth standardised moment, log(1 + ·)
    "heaviest tail",  # its largest value, log(1 + ·)
    # share of rows with a value more than six robust deviations from the median
    "far values",
    "correlation",  # root mean square of the correlations between columns
    # participation ratio of the covariance's eigenvalues, as a share of the columns
    "effective columns",
    # log of the ratio of median distances, to the 20th and to the 5th neighbour
    "clumps",
    # log of the ratio of distances to the 5th neighbour, 95th percentile to median
    "far rows",
)
MOST_ROWS = 500  # for the distances between rows


def meta_features(X):
    """Return the meta-features of a table, in the order of NAMES. Columns are
    standardised first, so units don't matter.

    Parameters
    ----------
    X : float array (n, d), n ≥ 3, finite.

    Returns
    -------
    float64 array (11,), finite. The same rows give the same numbers; nothing is random.
    """
    X = np.asarray(X, dtype=np.float64)
    if X.ndim != 2 or len(X) < 3 or not np.isfinite(X).all():
        raise ValueError(
            f"meta-features need a finite array (n, d) of at least 3 rows, got shape {X.shape}."
        )
    n, d = X.shape
    few = np.mean([len(np.unique(column)) <= 10 for column in X.T])
    centre, deviation = X.mean(axis=0), X.std(axis=0)
    varies = deviation > 1e-12 * (np.abs(X).max(axis=0) + 1e-300)
    Z = (X - centre)[:, varies] / deviation[varies]  # (n, d')
    if Z.shape[1] == 0:
        Z = np.zeros((n, 1))
    skewness, tails = np.abs((Z**3).mean(axis=0)), (Z**4).mean(axis=0)
    middle = np.median(Z, axis=0)
    spread = 1.4826 * np.median(np.abs(Z - middle), axis=0)
    far = (
        (np.abs(Z - middle) > 6 * np.where(spread > 0, spread, np.inf))
        .any(axis=1)
        .mean()
    )
    correlation = Z.T @ Z / n  # (d', d')
    off = correlation - np.diag(np.diag(correlation))
    rms = np.sqrt((off**2).sum() / max(off.size - len(off), 1))
    participation = (
        np.trace(correlation) ** 2 / max((correlation**2).sum(), 1e-300) / Z.shape[1]
    )
    fifth, twentieth = _distances(Z)
    typical = max(np.median(fifth), 1e-9)
    clumps = np.log(max(np.median(twentieth), 1e-9) / typical)
    outlying = np.log(max(np.percentile(fifth, 95), 1e-9) / typical)
    logs = [
        np.log1p(np.median(skewness)),
        np.log1p(np.median(tails)),
        np.log1p(tails.max()),
    ]
    return np.array(
        [np.log(n), np.log(d), few, *logs, far, rms, participation, clumps, outlying]
    )


def _distances(Z):
    """Distances to the 5th and to the 20th neighbour of up to MOST_ROWS rows, evenly
    picked: two arrays.
    """
    rows = Z[np.unique(np.linspace(0, len(Z) - 1, MOST_ROWS).astype(int))] / np.sqrt(
        Z.shape[1]
    )
    k = min(20, len(rows) - 1)
    distances = NearestNeighbors(n_neighbors=k).fit(rows).kneighbors()[0]
    return distances[:, min(4, k - 1)], distances[:, -1]
