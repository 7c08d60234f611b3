"""The reader's own table: rows and labels out of .csv, .tsv, .parquet or .npz."""

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from metaad.data.counted import counted
from metaad.data.own.arrays import read_arrays
from metaad.data.own.labels import labelled
from metaad.data.own.opening import PACKED, READS, TEXT, is_text
from metaad.data.own.reading import (
    on_windows,
    parquet_frames,
    refuse_twins,
    shape_of,
    short_rows,
    some,
    text_dialect,
    text_frames,
    thinned,
    whole_file_is_utf8,
    without_unnamed,
)
from metaad.data.records import DataError

ENDINGS = (*TEXT, ".zip", ".npz", ".parquet")  # of a reader's own table
MOST = 500_000  # rows of a longer file are thinned out to fewer than these
# other files that people have, and what to do with them
OTHER = {
    ".npy": "save rows and labels together: numpy.savez(path, X=X, y=y)",
    ".txt": "rename it to .tsv if tabs stand between its cells, else to .csv",
    ".xls": "save it as CSV UTF-8",
    ".xlsx": "save it as CSV UTF-8",
    ".ods": "save it as CSV UTF-8",
}
OTHER |= dict.fromkeys((*PACKED, ".zst", ".7z", ".tar"), "unpack it first")
OTHER |= dict.fromkeys(
    (".dat", ".data", ".json", ".jsonl", ".feather", ".h5", ".mat", ".arff", ".db"),
    "write it as .csv first",
)
OTHER |= dict.fromkeys(
    (".pkl", ".pickle", ".joblib", ".pt"),
    "it can run code when it is read, so metaad never reads it; write .npz or .csv",
)


@dataclass(frozen=True, eq=False)
class OwnTable:
    """The rows of one file, as they are written there."""

    # (n, c): features with their names and types; the index counts the file's rows
    frame: "pandas.DataFrame"  # noqa: F821
    # int64 (n,): 1 for an anomaly, 0 for a normal row, -1 where it is not known; None
    # without labels
    y: np.ndarray | None
    label: str | None  # the labels' column
    notes: list  # of str: what was dropped, or read in another way than usual
    anomalies: str = "not known"  # what counts as an anomaly

    def __repr__(self):
        rows, columns = self.frame.shape
        size = f"{counted(rows, 'row')}, {counted(columns, 'column')}"
        return f"OwnTable({size}; {'; '.join(self.notes)})"


class Default(str):
    """The label's name where none is said: not the same as one that is."""


Y = Default("y")


def read_frame(path, *, label=None, anomaly=None, as_words=(), most=MOST, **how):
    """Read a reader's own table as it is written.

    Parameters
    ----------
    path : str or Path that ends in .csv, .tsv (also .gz, .bz2, .xz, .zip), .parquet, or
        .npz (array X (n, d), and the labels; `columns`, an array of names, if it has one).
    label : str, the column of labels; None: there is none.
    anomaly : the label, or the list of labels, that marks an anomaly, where the labels
        are others than 0 and 1. The rest is normal; an empty cell is -1, not known.
    as_words : names of columns that are text whatever stands there ("007").
    most : whole number. Of a file with more rows every second, fourth, ... is kept, so
        that it never fills the memory; a note says it.
    sep, decimal, encoding : how a text file is written, where it isn't recognised.

    Returns
    -------
    OwnTable

    Raises
    ------
    DataError
        if there is no such file or label, or no table in it.
    """
    path, notes = _checked(path, label), []
    if path.suffix.lower() == ".npz":
        frame, labels = _arrays(path, label)
    else:
        frame = thinned(_frames(path, most, label, as_words, notes, how), most, notes)
        frame = without_unnamed(path, frame, notes)
        frame, labels = _split(path, frame, label)
    if 0 in frame.shape:
        raise DataError(
            f"{path.name} must hold rows of cells, (n, d) with n and d at least 1; got "
            f"shape {shape_of(frame)}"
            + (f" beside the label {label!r}." if label is not None else ".")
        )
    if label is None:
        return OwnTable(frame, None, None, notes)
    y, words = labelled(path.name, label, labels, anomaly, notes)
    return OwnTable(frame, y, str(label), notes, words)


def read_chunks(path, rows=100_000, *, as_words=(), **how):
    """Yield the rows of a file in order, without holding all of it: DataFrames of up to
    `rows` rows, whose index counts the file's rows from 0.

    Every column is there, a column of labels too. as_words, sep, decimal, encoding : as
    in `read_frame`. Not for .npz, which is read whole.

    Raises
    ------
    DataError
        as `read_frame` does, when the piece is reached in which something is wrong.
    """
    path, start = _checked(path, None), 0
    if path.suffix.lower() == ".npz":
        frames = [_arrays(path, None)[0]]
    else:
        frames = _frames(path, rows, None, as_words, None, how)
    for frame in frames:
        frame = without_unnamed(path, frame, [])
        frame.index = range(start, start + len(frame))
        start += len(frame)
        if len(frame):
            yield frame


def _checked(path, label):
    """The path of one file of a known kind."""
    try:
        path = Path(path).expanduser()
    except TypeError:
        raise DataError(
            f"expected the path of a file, got {type(path).__name__}."
        ) from None
    if label is not None and not isinstance(label, str):
        raise DataError(f"label must be the name of a column or array, got {label!r}.")
    if not path.name.lower().endswith(ENDINGS):
        raise not_read(path)
    return path


def not_read(path):
    """Return the error for a kind of file that is not read."""
    remedy = OTHER.get(path.suffix.lower(), "write it as one of these")
    return DataError(
        f"{path.name or path} is not a file that load reads, which are {READS}: {remedy}."
    )


def _frames(path, rows, label, as_words, notes, how):
    """Frames of a text or parquet file, in order. notes : a list that is added to, or
    None where nobody reads it: short rows are then not looked for, in a second pass.
    """
    if not is_text(path):
        yield from parquet_frames(path, rows, [] if notes is None else notes)
        return
    style = text_dialect(path, label, **how)
    if style.encoding == "utf-8" and how.get("encoding") is None:
        style = style if whole_file_is_utf8(path) else on_windows(style)
    if notes is None:
        yield from text_frames(path, rows, style, as_words)
        return
    notes += style.notes
    gap_at_the_end = False
    for frame in text_frames(path, rows, style, as_words):
        gap_at_the_end |= len(frame) > 0 and frame.iloc[:, -1].isna().any()
        yield frame
    # a row cut short leaves its last cell empty
    count, line = short_rows(path, style) if gap_at_the_end else (0, 0)
    if count:
        notes.append(
            f"{counted(count, 'row has', 'rows have')} fewer cells than the header, first in "
            f"line {line}; the cells that are missing are empty"
        )


def _arrays(path, label):
    """The rows of an .npz archive as a frame, and the labels."""
    import pandas as pd

    X, labels, names = read_arrays(path, label)
    if X.ndim != 2:
        raise DataError(
            f"{path.name} must hold rows of numbers, X of shape (n, d); got shape {X.shape}."
        )
    frame = pd.DataFrame(X, columns=names or list(map(str, range(X.shape[1]))))
    return frame, None if labels is None else pd.Series(labels)


def _split(path, frame, label):
    """Features and labels."""
    twice = frame.columns[frame.columns.duplicated()]
    if len(twice):
        raise DataError(
            f"{path.name} has more than one column of the name {twice[0]!r}; give every "
            f"column a name of its own."
        )
    if label is None:
        return frame, None
    if label not in frame.columns:
        raise DataError(
            f"{path.name} has no column {label!r}; it has {some(frame.columns)}. Name "
            f"the labels' column with label=; label=None loads a table without labels."
        )
    twin = re.compile(re.escape(label) + r"\.\d+")
    if twins := [c for c in frame.columns if twin.fullmatch(c)]:
        refuse_twins(path, label, [label, *twins])
    return frame.drop(columns=label), frame[label]
