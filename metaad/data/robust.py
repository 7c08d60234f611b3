"""How far a value lies from what is usual in its column: a row of a table, opened."""

import numpy as np

from metaad.data.records import DataError

NORMAL = 1.4826  # makes the median deviation of a normal distribution its standard one
MEAN = 1.2533  # the same for the mean deviation: the square root of π / 2


def deviations(X, reference=None):
    """Return how many robust standard deviations each value lies from the median of its
    column [1].

    The median and the median distance from it (MAD) ignore what up to half of the rows
    do, so that anomalies hardly change the scale that they are measured with. Where
    half of a column's values are equal, the mean distance from the median is the scale;
    a column of one value gives 0 for that value and infinity for any other.

    Parameters
    ----------
    X : array (n, d), without NaN.
    reference : array (m, d), the rows that say what is usual; X itself if None.

    Returns
    -------
    float64 array (n, d): 0 at the median, positive above it, negative below. Beyond ±3
    lie 0.3 % of a normal distribution, and more where a distribution has a long tail.

    Raises
    ------
    DataError
        if the shapes do not fit, or a value is NaN.

    References
    ----------
    [1] Rousseeuw and Hubert: Robust statistics for outlier detection, 2011, section 2.
    """
    X = np.asarray(X, dtype=np.float64)
    R = X if reference is None else np.asarray(reference, dtype=np.float64)
    if X.ndim != 2 or R.ndim != 2 or X.shape[1] != R.shape[1] or not len(R):
        raise DataError(
            f"deviations needs rows (n, d) and reference rows (m, d), m ≥ 1, of the "
            f"same columns; got shapes {X.shape} and {R.shape}."
        )
    if np.isnan(X).any() or np.isnan(R).any():
        raise DataError("deviations needs values in every column; got NaN. Fill them.")
    middle = np.median(R, axis=0)  # (d,)
    away = np.abs(R - middle)
    scale = NORMAL * np.median(away, axis=0)
    scale = np.where(scale > 0, scale, MEAN * away.mean(axis=0))
    above = X - middle
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(above == 0, 0.0, above / scale)


def stands_out(deviation, columns, most=5):
    """Return the columns in which a row deviates most: (name, deviation) pairs, the
    largest absolute deviation first.

    deviation : array (d,), a row of `deviations`. columns : d names. most : how many.
    """
    deviation = np.asarray(deviation, dtype=np.float64)
    if deviation.shape != (len(columns),):
        raise DataError(
            f"stands_out needs one row, a deviation for each of {len(columns)} columns; "
            f"got shape {deviation.shape}."
        )
    order = np.argsort(-np.round(np.abs(deviation), 9), kind="stable")[:most]
    return [(str(columns[j]), float(deviation[j])) for j in order]
