"""The reader's own table: rows and labels out of .csv, .tsv, .parquet or .npz."""

import numbers
import re
from pathlib import Path

import numpy as np

from metaad.data.own_arrays import read_arrays
from metaad.data.own_columns import TEXT, read_columns
from metaad.data.records import DataError, Table

ENDINGS = (*TEXT, ".npz", ".parquet")  # of a reader's own table
READS = ".csv or .tsv (also .gz), .parquet or .npz"
# other files that people have, and what to do with them
OTHER = {
    ".npy": "save rows and labels together: numpy.savez(path, X=X, y=y)",
    ".txt": "rename it to .csv or .tsv, whichever stands between its cells",
    ".xls": "save it as CSV UTF-8",
    ".xlsx": "save it as CSV UTF-8",
    ".ods": "save it as CSV UTF-8",
    ".zip": "unpack it first",
    ".bz2": "unpack it first",
    ".xz": "unpack it first",
    ".zst": "unpack it first",
    ".7z": "unpack it first",
    ".tar": "unpack it first",
    ".gz": "unpack it first",
}
OTHER |= dict.fromkeys(
    (".dat", ".data", ".json", ".jsonl", ".feather", ".h5", ".mat", ".arff", ".db"),
    "write it as .csv first",
)
OTHER |= dict.fromkeys(
    (".pkl", ".pickle", ".joblib", ".pt"),
    "it can run code when it is read, so metaad never reads it; write .npz or .csv",
)


def own_table(text, label, anomaly):
    """Return the `Table` in the reader's own file, or None if `text` is no path of one.

    Raises
    ------
    DataError
        for an address instead of a file, for a kind of file that is not read, and as
        `read_own` does.
    """
    # a Path turns https://x into https:/x; one letter is a drive
    if re.match(r"[A-Za-z][A-Za-z0-9+.-]+:/", text):
        raise DataError(
            f"{text!r} is an address, and load reads files; download it first, then load "
            f"the file."
        )
    path = Path(text).expanduser()
    if text.lower().endswith(ENDINGS):
        X, y, marks, columns, notes = read_own(path, label, anomaly)
        stem = re.sub(r"\.[ct]sv$", "", path.stem, flags=re.IGNORECASE)
        rest = (marks, "anomalies", None, columns, tuple(notes))
        return Table(X, y, stem, text, "the owner's", *rest)
    ending = path.suffix.lower()
    if ending in OTHER or path.is_file() or len(path.parts) > 1:
        remedy = OTHER.get(ending, "write it as one of these")
        raise DataError(
            f"{path.name or text} is not a file that load reads, which are {READS}: "
            f"{remedy}."
        )
    return None


def read_own(path, label, anomaly=None):
    """Read the rows and labels of a reader's own file.

    Parameters
    ----------
    path : Path that ends in .csv, .tsv, .parquet (every column but the label is a
        feature) or .npz (array X, and the labels).
    label : str, the column or array of labels.
    anomaly : the label that marks an anomaly, where the labels are two values other
        than 0 and 1.

    Returns
    -------
    X : float64 (n, d); from .npz also (n, height, width)
    y : int64 (n,), 1 for an anomaly
    marks : str, what counts as an anomaly
    columns : tuple of str, the features' names; None from .npz
    notes : list of str, what was dropped or read in another way than the ending says

    Raises
    ------
    DataError
        if there is no such file or label, if a value is not a finite number, if only
        one class is there.
    """
    if not path.is_file():
        raise DataError(
            f"there is no file {path}; check the path (it counts from the current folder)."
        )
    if not isinstance(label, str):
        raise DataError(f"label must be the name of a column or array, got {label!r}.")
    columns, notes = None, []
    if path.suffix.lower() == ".npz":
        X, labels = read_arrays(path, label)
    else:
        X, labels, columns, notes = read_columns(path, label)
    if X.ndim < 2 or 0 in X.shape:
        raise DataError(
            f"{path.name} must hold rows of numbers, (n, d) with n and d at least 1; "
            f"got shape {X.shape}."
        )
    if labels.shape != X.shape[:1]:
        raise DataError(
            f"{path.name} must hold one label for each of its {len(X)} rows; got "
            f"shape {labels.shape}."
        )
    _finite(path, X, columns)
    return X, *_labels(path, label, labels, anomaly), columns, notes


def _finite(path, X, columns):
    """Refuse NaN, infinity and empty cells; name the first one's row and column."""
    bad = ~np.isfinite(X.reshape(len(X), -1))
    if not bad.any():
        return
    rows, first = bad.any(axis=1), bad.any(axis=1).argmax()
    place = bad[first].argmax()
    where = f"column {columns[place]!r}" if columns else f"place {place} of the row"
    raise DataError(
        f"{path.name} holds NaN, inf or empty cells in {rows.sum()} of {len(X)} rows, "
        f"first in row {first} (counted from 0), {where}. Fill or drop them first."
    )


def _labels(path, label, labels, anomaly):
    """Labels as 0 and 1, and the words for it."""
    import pandas as pd

    if anomaly is not None and not isinstance(anomaly, (str, numbers.Number, np.bool_)):
        raise DataError(f"anomaly must be one value of {label!r}, got {anomaly!r}.")
    empty = pd.isna(labels)
    if empty.any():
        raise DataError(
            f"{label!r} in {path.name} has empty cells in {empty.sum()} of {len(labels)} "
            f"rows, first in row {empty.argmax()}; every row needs a label. Fill or drop "
            f"them first; for a few labels, read the file with pandas and give "
            f"Stack.adapt -1 where there is none."
        )
    values = sorted(
        {v.item() if isinstance(v, np.generic) else v for v in labels}, key=str
    )
    shown = ", ".join(map(repr, values[:6])) + (", …" if len(values) > 6 else "")
    if len(values) != 2:
        raise DataError(
            f"{label!r} in {path.name} must hold two values, normal and anomaly; got "
            f"{len(values)}: {shown}. "
            + (
                "With one class only nothing can be measured."
                if len(values) < 2
                else "Make it 0 and 1 first."
            )
        )
    if anomaly is None:
        if set(values) != {0, 1}:
            raise DataError(
                f"{label!r} in {path.name} must hold 0 (normal) and 1 (anomaly); got "
                f"{shown}. Say which is the anomaly "
                f"with anomaly=."
            )
        anomaly = 1
    if anomaly not in values:
        raise DataError(
            f"anomaly={anomaly!r} is not a value of {label!r} in {path.name}, which holds {shown}."
        )
    return (labels == anomaly).astype(np.int64), f"rows whose {label} is {anomaly}"
