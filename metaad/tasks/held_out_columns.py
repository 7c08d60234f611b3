"""More tasks from one table: a column is taken away, and its value says which rows are
anomalies. So is OddBench itself made from tables.
"""

from typing import NamedTuple

import numpy as np

FEW_VALUES = 60  # a column of more is cut at its tail
MOST_ROWS = 20_000
LEAST = 30  # rows of the anomalous kind
GIVEN_AWAY = 0.995  # a column that correlates so with the answer is taken away too


class HeldOut(NamedTuple):
    """Rows of two kinds, and which column told them apart."""

    normal: np.ndarray  # (n, d')
    anomalies: np.ndarray  # (m, d')
    column: int


def held_out_columns(X, rng, most_columns=20):
    """Make tasks from normal rows alone, one for each column that will do.

    A column of few values: its most frequent value is normal, another one, drawn, is an
    anomaly. A column of many: rows below (or above) a quartile are normal, rows beyond
    the 90th, 95th or 99th percentile on the other side are anomalies. The column itself
    is taken away.

    Parameters
    ----------
    X : array (n, d), normal rows; of more than 20,000 so many are drawn. rng : NumPy
        Generator. most_columns : columns tried, in a drawn order.

    Yields
    ------
    HeldOut, at least 200 normal rows, 30 anomalies and 3 columns.
    """
    if len(X) > MOST_ROWS:
        X = X[rng.choice(len(X), MOST_ROWS, replace=False)]
    if X.shape[1] < 4:
        return
    for column in rng.permutation(X.shape[1])[:most_columns]:
        kinds = _kinds(X[:, column], rng)
        if kinds is None:
            continue
        normal, anomalous = kinds
        both = normal | anomalous
        kept = np.arange(X.shape[1]) != column
        kept[kept] = ~_gives_away(X[both][:, kept], anomalous[both])
        if kept.sum() >= 3:
            yield HeldOut(X[normal][:, kept], X[anomalous][:, kept], int(column))


def _kinds(x, rng):
    """Which rows are normal and which anomalous, two bool arrays; None if it can't be."""
    values, counts = np.unique(x, return_counts=True)
    if len(values) < 2:
        return None
    if len(values) <= FEW_VALUES or counts.max() > 0.3 * len(x):
        usual = values[counts.argmax()]
        others = values[(counts >= LEAST) & (values != usual)]
        if counts.max() < 200 or not len(others):
            return None
        return x == usual, x == rng.choice(others)
    side = x * rng.choice([-1.0, 1.0])
    normal = side < np.quantile(side, 0.75)
    anomalous = side > np.quantile(side, rng.choice([0.9, 0.95, 0.99]))
    enough = normal.sum() >= 200 and anomalous.sum() >= LEAST
    return (normal, anomalous) if enough else None


def _gives_away(X, y):
    """Which columns alone tell the kinds apart: bool (d,)."""
    with np.errstate(invalid="ignore", divide="ignore"):
        C = np.corrcoef(np.column_stack([X, y]).T)[-1, :-1]
    return np.abs(np.nan_to_num(C)) >= GIVEN_AWAY
