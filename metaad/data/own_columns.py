"""The reader's own table with named columns: .csv, .tsv (also .gz) or .parquet.

Nothing is guessed in silence: what is dropped or read in another way than the ending
says is a note of the record.
"""

import csv
import gzip
import re
import warnings
import zlib

import numpy as np

from metaad.data.records import DataError
from metaad.lazy import optional

TEXT = (".csv", ".tsv", ".csv.gz", ".tsv.gz")
# what pandas calls a column without a name; twice, if it was saved like that
UNNAMED = re.compile(r"Unnamed: \d+(\.\d+)?|")
MANY = 20  # rows from which on a column that counts them is no accident


def read_columns(path, label):
    """Read rows, labels, names and notes of one table.

    Returns
    -------
    X : float64 (n, d), NaN where a cell is empty. labels : array (n,). columns : tuple
    of str (d,). notes : list of str.

    Raises
    ------
    DataError
        if the file can't be read, has no column of the label or two of them, or holds
        something other than numbers beside it.
    """
    if path.name.lower().endswith(TEXT):
        frame, notes = _text(path, label)
    else:
        frame, notes = _parquet(path)
    frame.columns = [str(c) for c in frame.columns]
    if label not in frame.columns:
        raise DataError(
            f"{path.name} has no column {label!r}; it has {_some(frame.columns)}. Name "
            f"the labels' column with label=; a table without labels goes straight into "
            f"a detector: detector.fit({_reader(path)})."
        )
    twin = re.compile(re.escape(label) + r"\.\d+")
    twins = [c for c in frame.columns if twin.fullmatch(c)]
    if twins:
        _refuse_twins(path, label, twins)
    features, dropped = _named(path, frame.drop(columns=label))
    _numeric(path, features)
    X = features.to_numpy(np.float64, na_value=np.nan) if len(frame) else None
    if X is None:  # columns without a cell have no useful type
        X = np.empty(features.shape)
    notes += dropped + _counters(features, X)
    return X, frame[label].to_numpy(), tuple(features.columns), notes


def _refuse_twins(path, label, twins):
    raise DataError(
        f"{path.name} has more than one column of the label {label!r} (read as "
        f"{', '.join(twins)}); the labels would be among the features. Delete or rename "
        f"all but one."
    )


def _text(path, label):
    """A .csv or .tsv file as a frame, and notes on how it was read."""
    import pandas as pd

    sep, decimal, names, notes = _dialect(path)
    if names.count(label) > 1:
        _refuse_twins(path, label, [label] * names.count(label))
    try:
        with warnings.catch_warnings(action="error", category=pd.errors.ParserWarning):
            # index_col=False: else pandas takes surplus cells for an index in silence
            frame = pd.read_csv(
                path, sep=sep, decimal=decimal, index_col=False, encoding="utf-8"
            )
    except pd.errors.ParserWarning:
        raise DataError(
            f"{path.name} has rows with more cells than its header has names; every "
            f"column needs a name."
        ) from None
    except UnicodeDecodeError as error:
        raise _not_utf8(path, error) from None
    # pandas' parser errors are ValueErrors
    except (ValueError, OSError, EOFError, zlib.error) as error:
        raise _unreadable(path, error) from None
    return frame, notes


def _dialect(path):
    """Separator, decimal sign, names in the header, and notes, of a text file."""
    name = path.name.lower()
    sep = "\t" if name.endswith((".tsv", ".tsv.gz")) else ","
    unpack = gzip.open if name.endswith(".gz") else open
    try:
        with unpack(path, "rt", encoding="utf-8-sig", newline="") as file:
            lines = [next(file, "") for _ in range(3)]
    except UnicodeDecodeError as error:
        raise _not_utf8(path, error) from None
    except (OSError, EOFError, zlib.error) as error:
        raise _unreadable(path, error) from None
    head, *body = lines
    notes, decimal = [], "."
    if sep == "," and ";" in head and "," not in head:
        sep = ";"
        if any("," in line for line in body):
            decimal = ","
        words = {".": "points", ",": "commas"}[decimal]
        notes = [f"read with ; between cells and decimal {words}"]
    return sep, decimal, next(csv.reader([head], delimiter=sep), []), notes


def _parquet(path):
    import pandas as pd

    optional("pyarrow")
    try:
        frame = pd.read_parquet(path)
    # pyarrow's errors are both of these
    except (ValueError, OSError) as error:
        raise _unreadable(path, error) from None
    if isinstance(frame.index, pd.RangeIndex):
        return frame, []
    name = "" if frame.index.name is None else f" {str(frame.index.name)!r}"
    return frame, [f"left out the index{name}: it names rows"]


def _not_utf8(path, error):
    what = f"byte {error.object[error.start]:#04x}" if error.object else "a byte"
    if error.object[:2] in (b"\xff\xfe", b"\xfe\xff"):
        what = "UTF-16"
    return DataError(
        f"{path.name} is not UTF-8 text ({what}); save it again as UTF-8, which "
        f"spreadsheets call CSV UTF-8."
    )


def _unreadable(path, error):
    reason = str(error).strip().split("\n")[-1]
    return DataError(
        f"{path.name} can't be read as a table ({reason}); every row needs the same "
        f"columns."
    )


def _named(path, features):
    """The columns that have a name; notes on those that were dropped."""
    notes = []
    for place, c in enumerate(features.columns):
        if not UNNAMED.fullmatch(c):
            continue
        cells = features.iloc[:, place]
        values = cells.to_numpy()
        if cells.isna().all():
            why = "without a name or a cell, as after a comma at the end of each line"
        elif values.dtype.kind in "iu" and len(set(values)) == len(values):
            why = "whole numbers without a name, all different, as row numbers are"
        else:
            raise DataError(
                f"{path.name} has a column without a name, {c!r}, which holds "
                f"{_shown(cells)}. Name it in the header, or delete it."
            )
        notes.append(f"dropped {c!r}: {why}")
    keep = [not UNNAMED.fullmatch(c) for c in features.columns]
    return features.loc[:, keep], notes


def _counters(features, X):
    """Notes on columns that count the rows, which tell nothing of a new row."""
    if len(X) < MANY:
        return []
    counts = (np.diff(X, axis=0) == 1.0).all(axis=0)
    named = [c for c, counting in zip(features, counts, strict=True) if counting]
    return [f"{c!r} counts the rows; drop it unless it means something" for c in named]


def _numeric(path, features):
    """Refuse columns that are not numbers, with the line that makes numbers of the
    first one.
    """
    import pandas as pd

    words = [c for c in features if not pd.api.types.is_numeric_dtype(features[c])]
    if not words or not len(features):
        return
    first = features[words[0]]
    raise DataError(
        f"{path.name} must hold numbers beside its label; not numbers: {_some(words)}. "
        f"Drop or encode them: {words[0]} holds {_shown(first)}, and "
        f"{_encoded(words[0], first)} makes numbers of it (frame = {_reader(path)})."
    )


def _reader(path):
    """The call of pandas that reads the file."""
    name = path.name.lower()
    kind = "parquet" if name.endswith(".parquet") else "csv"
    tab = ", sep='\\t'" if name.endswith((".tsv", ".tsv.gz")) else ""
    return f"pandas.read_{kind}(path{tab})"


def _encoded(name, cells):
    """The line of pandas that turns a column of dates, of numbers with decimal commas,
    or of words into numbers.
    """
    import pandas as pd

    column = f"frame[{name!r}]"
    some = cells.dropna().astype(str).head(100)
    if pd.to_numeric(some.str.replace(",", "."), errors="coerce").notna().all():
        return f"{column} = {column}.str.replace(',', '.').astype(float)"
    with warnings.catch_warnings(action="ignore"):  # a format that it can't infer
        dates = pd.to_datetime(some, errors="coerce").notna().all()
    if len(some) and dates:
        return f"{column} = pandas.to_datetime({column}).dt.hour (or .dt.dayofweek)"
    return f"frame = pandas.get_dummies(frame, columns=[{name!r}])"


def _some(names):
    return ", ".join(map(str, names[:8])) + (", …" if len(names) > 8 else "")


def _shown(cells):
    """The first different values of a column, in words."""
    values = [str(v)[:30] for v in cells.dropna().unique()[:3]]
    return ", ".join(map(repr, values)) or "no cell"
