"""A labelled table with fewer of its anomalies, so that they are as rare as in use."""

from dataclasses import replace

import numpy as np

from metaad.data.records import DataError


def rarer(table, share=0.1, random_state=0):
    """Return a table that keeps every normal row and so few anomalies that they are at
    most `share` of its rows; which ones stay is drawn, the order of the rows stays.

    Where most rows are anomalies, average precision is near 1 for any order; thinned
    tables may be compared with one another.

    Parameters
    ----------
    table : Table whose y is 0 or 1.
    share : float in (0, 1), the largest share of anomalies. A table that has fewer is
        returned as it is.
    random_state : int, seeds which anomalies stay.

    Returns
    -------
    Table; `notes` says how many anomalies were left out.

    Raises
    ------
    DataError
        for a table of classes, a share out of range, or one that leaves no anomaly.
    """
    if getattr(table, "task", None) != "anomalies":
        raise DataError(
            f"rarer needs a table that says which rows are anomalies, got {table!r}. "
            "For classes, let a task call one of them normal first."
        )
    if not 0.0 < share < 1.0:
        raise DataError(f"share must lie in (0, 1), got {share!r}; 0.1 is a tenth.")
    anomalies = np.flatnonzero(table.y == 1)
    n_normal = len(table.y) - len(anomalies)
    # a / (a + n) <= share, with a hair for the division's rounding
    most = int(share / (1.0 - share) * n_normal + 1e-9)
    if most >= len(anomalies):
        return table
    if most == 0:
        raise DataError(
            f"a share of {share} leaves no anomaly beside {n_normal} normal rows; take "
            f"at least {1 / (n_normal + 1):.2g}."
        )
    kept = np.random.default_rng(random_state).choice(anomalies, most, replace=False)
    rows = np.sort(np.concatenate([np.flatnonzero(table.y == 0), kept]))
    return replace(
        table,
        X=table.X[rows],
        y=table.y[rows],
        train=None if table.train is None else table.train[rows],
        notes=(*table.notes, f"{len(anomalies) - most} anomalies left out"),
    )
