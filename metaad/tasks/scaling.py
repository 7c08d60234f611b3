"""Columns in one unit: standardised by the rows that were read."""

import numpy as np

FLOOR = 1e-12  # a column that varies less is constant, but for rounding


def standardised(X, *others):
    """Return each array minus the mean of X's columns, divided by their deviations.

    Parameters
    ----------
    X : array (n, d), the rows that were read. others : arrays (m, d), rows that were
        not; they change nothing about the unit.

    Returns
    -------
    list of float64 arrays, of X and of each of the others. A column of X that does not
    vary (deviation at most 1e-12) is centred and keeps its unit.
    """
    mean, spread = X.mean(axis=0), X.std(axis=0)
    spread = np.where(spread > FLOOR, spread, 1.0)
    return [(rows - mean) / spread for rows in (X, *others)]
