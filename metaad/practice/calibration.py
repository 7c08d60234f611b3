"""Which rows fit a detector and which calibrate it: drawn at random, known anomalies
never calibrate, and rows with and without a label are divided in equal shares.
"""

import numpy as np
from sklearn.utils.validation import _num_samples

MEANT = "1 for a known anomaly, 0 for a known normal row, -1 for a row without a label"


def kinds_of(X, y):
    """Return the label of each row of X (n, d): int64 array (n,), -1 where y is None.

    Raises ValueError for labels other than 1, 0 and -1, or another number of them."""
    n = _num_samples(X)
    if y is None:
        return np.full(n, -1, dtype=np.int64)
    y = np.asarray(y)
    if y.shape != (n,):
        raise ValueError(f"y must hold one label per row, {n}; got shape {y.shape}.")
    if not np.isin(y, (-1, 0, 1)).all():
        strange = np.unique(y[~np.isin(y, (-1, 0, 1))].astype(str))
        raise ValueError(f"labels must be {MEANT}; got {', '.join(strange[:4])}.")
    return y.astype(np.int64)


def kept_out(kinds, share, random_state):
    """Keep a share of the rows out of the fit: int64 array (n,), 0 for a row that
    calibrates and -1 for one that fits.

    kinds : array (n,), see `kinds_of`. Raises ValueError where no row would be left for
    one of the two."""
    parts = np.full(len(kinds), -1)
    for rows in _strata(kinds, random_state):
        parts[rows[: round(share * len(rows))]] = 0
    calibrate = int((parts == 0).sum())
    if not calibrate or calibrate > len(kinds) - 2:
        raise ValueError(
            f"of {len(kinds)} rows, {(kinds == 1).sum()} of them known anomalies, a "
            f"share of {share} leaves {calibrate} to calibrate and "
            f"{len(kinds) - calibrate} to fit; give more rows, or take "
            f'calibration="cross".'
        )
    return parts


def folds(kinds, count, random_state):
    """Divide the rows into folds of equal size: int64 array (n,), the number of each
    row's fold, and -1 for known anomalies, which always fit.

    count : int, folds; one per row where there are fewer rows. Raises ValueError for
    fewer than 4 rows that are not known anomalies."""
    parts = np.full(len(kinds), -1)
    order = np.concatenate(_strata(kinds, random_state))
    if len(order) < 4:
        raise ValueError(
            f"a threshold needs at least 4 rows that are not labelled anomalies, to be set "
            f"on; of these {len(kinds)} rows there are {len(order)}."
        )
    parts[order] = np.arange(len(order)) % min(count, len(order))
    return parts


def _strata(kinds, random_state):
    """Rows of known normal ones, and of those without a label, each in random order."""
    rng = np.random.default_rng(random_state)
    return [rng.permutation(np.flatnonzero(kinds == kind)) for kind in (0, -1)]
