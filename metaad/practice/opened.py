"""The reader's table in memory, and rows drawn from it."""

import os
from pathlib import Path

import numpy as np
import pandas as pd

from metaad.data import DataError, read_frame
from metaad.data.own.labels import labelled, like_labels

BEGINNING = 1_000_000  # bytes from which the number of rows is estimated
UNLABELLED = 200_000  # rows read of a file without labels; see choose.MOST


def opened(table, label, anomaly):
    """Return the features of a file or DataFrame (n, c), the labels (n,) or None, and
    notes, a list of str."""
    frame, y, notes = _opened(table, label, anomaly)
    return frame, y, [*notes, *like_labels(frame)]


def path_of(table):
    """Return the path that a reader gave in the place of a DataFrame.

    Raises TypeError for anything else."""
    if isinstance(table, (str, os.PathLike)):
        return Path(table)
    raise TypeError(
        f"a table is the path of a file, or a DataFrame whose columns have names; got "
        f"{type(table).__name__}. Of an array: pandas.DataFrame(X, columns=[...])."
    )


def rows_about(path):
    """Estimate how many rows a file has from its beginning: int; 0 where that can't be
    done, as for a packed one.
    """
    path = path_of(path)
    try:
        if path.suffix.lower() == ".parquet":
            import pyarrow.parquet

            return pyarrow.parquet.ParquetFile(path).metadata.num_rows
        if path.suffix.lower() not in (".csv", ".tsv"):
            return 0
        with open(path, "rb") as file:
            start = file.read(BEGINNING)
        return round(start.count(b"\n") * path.stat().st_size / max(1, len(start)))
    except (OSError, ValueError):  # whoever reads the rows says what is wrong
        return 0


def _opened(table, label, anomaly):
    if not isinstance(table, pd.DataFrame):
        path = path_of(table)
        # with labels as many as can be read: no labelled row should be lost
        most = {"most": UNLABELLED} if label is None else {}
        own = read_frame(path, label=label, anomaly=anomaly, **most)
        return own.frame, own.y, list(own.notes)
    if label is None:
        return table, None, []
    if label not in table.columns:
        raise DataError(
            f"the table has no column {label!r}; it has {', '.join(map(str, table))}."
        )
    notes = []
    y, _ = labelled("the table", label, table[label], anomaly, notes)
    return table.drop(columns=label), y, notes


def thinned(rows, kinds, most, rng):
    """Return at most so many of the rows: labelled ones first, at most a third of each kind
    where there are others, then a random rest.
    """
    order = rng.permutation(len(rows))
    first = [order[kinds[order] == kind][: most // 3] for kind in (1, 0)]
    first = np.concatenate(first)
    rest = order[~np.isin(order, first)]
    # what is left of the anomalies is not mixed in among the rest
    rest = rest[kinds[rest] != 1]
    return rows[np.concatenate([first, rest])[:most]]
