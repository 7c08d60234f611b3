"""One labelled table: loaded, checked, cut down and scaled."""

import zlib
from typing import NamedTuple

import numpy as np

from metaad import data

# kept when a table is cut down to fewer rows: an AUROC over two anomalies says nothing
LEAST_ANOMALIES = 30


class LabelledTable(NamedTuple):
    """Hold one table.

    X : float64 (n, d).
    y : int64 (n,), 1 for an anomaly and 0 for a normal row.
    name, family : str; tables of one family come from one source and are held out
        together.
    """

    X: np.ndarray
    y: np.ndarray
    name: str
    family: str


def loaded(table):
    """Load a LabelledTable by its name; check one that is given."""
    if isinstance(table, str):
        record = data.load(table)
        if not isinstance(record, data.Table) or record.task != "anomalies":
            raise ValueError(
                f"{table!r} does not say which rows are anomalies; for classes there "
                "is class_tables."
            )
        return LabelledTable(record.X, record.y, record.name, data.family(table))
    if not isinstance(table, LabelledTable):
        raise ValueError(
            "a table is a name for data.load or a LabelledTable; got "
            f"{type(table).__name__}."
        )
    X, y = np.asarray(table.X, dtype=np.float64), np.asarray(table.y)
    if X.ndim != 2 or 0 in X.shape or y.shape != (len(X),):
        raise ValueError(
            f"table {table.name!r} needs X (n, d) and y (n,); got shapes {X.shape} "
            f"and {y.shape}."
        )
    if not np.isfinite(X).all():
        raise ValueError(
            f"table {table.name!r} holds NaN or infinity; drop or fill those rows "
            "first."
        )
    if set(np.unique(y).tolist()) != {0, 1}:
        raise ValueError(
            f"table {table.name!r} needs both labels, 0 normal and 1 anomaly; got "
            f"{np.unique(y)[:5]}."
        )
    return LabelledTable(X, y.astype(np.int64), table.name, table.family)


def prepared(table, max_rows, seed, scale):
    """Cut a table down to max_rows and scale its columns, see TableTasks."""
    X, y = table.X, table.y
    if max_rows is not None and len(X) > max_rows:
        rng = np.random.default_rng([seed, zlib.crc32(table.name.encode())])
        rows = some_rows(y, max_rows, rng)
        X, y = X[rows], y[rows]
    if scale == "standard":
        deviation = X.std(axis=0)
        # constant, but for rounding
        flat = deviation <= 1e-12 * np.abs(X).max(axis=0, initial=0.0)
        X = (X - X.mean(axis=0)) / np.where(flat, 1.0, deviation)
    return table._replace(X=np.ascontiguousarray(X), y=y)


def some_rows(y, most, rng):
    """Draw numbers of rows that keep the share of anomalies, in order: int array.

    At least LEAST_ANOMALIES of them stay, or all, if there are fewer.
    """
    anomalies, normal = np.flatnonzero(y == 1), np.flatnonzero(y == 0)
    share = round(most * len(anomalies) / len(y))
    wanted = max(share, min(LEAST_ANOMALIES, most // 2))
    n_anomalies = min(wanted, len(anomalies))
    n_normal = min(most - n_anomalies, len(normal))
    rows = [rng.choice(anomalies, n_anomalies, replace=False)]
    rows.append(rng.choice(normal, n_normal, replace=False))
    return np.sort(np.concatenate(rows))


def fresh_seed():
    """Draw a seed that is another one each time."""
    return int(np.random.default_rng().integers(2**31))
