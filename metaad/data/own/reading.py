"""Frames out of text and parquet files, whole or piece by piece.

Cells are read as they are written: numbers to the last bit, "NA" as a word where words
stand and as a gap where numbers do.
"""

import codecs
import contextlib
import csv
import io
import re
import warnings

import numpy as np

from metaad.data.own.cells import as_text, numbers
from metaad.data.own.dialect import WINDOWS, dialect, undecoded, unreadable
from metaad.data.own.opening import BROKEN, must_be_there, opened
from metaad.data.records import DataError
from metaad.lazy import optional

# what pandas calls a column without a name; twice, if it was saved like that
UNNAMED = re.compile(r"Unnamed: \d+(\.\d+)?|")


def text_frames(path, rows, how, as_words=()):
    """Yield frames of up to `rows` rows of a text file read as the dialect `how` says,
    in order; `as_words` : names of columns that stay text.
    """

    import pandas as pd

    options = {
        "sep": how.sep,
        "decimal": how.decimal,
        "skiprows": how.skip,
        "encoding": how.encoding,
        "dtype": {name: str for name in as_words if name in how.names},
        "chunksize": rows,
        # index_col=False: else pandas takes surplus cells for an index in silence
        "index_col": False,
        "keep_default_na": False,
        "na_values": [""],
        "low_memory": False,
    }
    if tuple(map(int, pd.__version__.split(".")[:2])) < (3, 1):  # later: always so
        options["float_precision"] = "round_trip"
    with _said(path, how), opened(path) as file:
        reader = _pieces(file, options)
        while (frame := next(reader, None)) is not None:
            frame.columns = [str(c).strip() for c in frame.columns]
            yield _numbers_in_words(frame, as_words)


def _pieces(file, options):
    """What pandas reads, with surplus cells as errors; the filter is not left on while
    the caller works.
    """
    import pandas as pd

    reader = None
    while True:
        with warnings.catch_warnings(action="error", category=pd.errors.ParserWarning):
            reader = reader or pd.read_csv(file, **options)
            frame = next(reader, None)
        if frame is None:
            return
        yield frame


@contextlib.contextmanager
def _said(path, how):
    """Errors of pandas and of unpacking in the package's own words."""
    import pandas as pd

    try:
        yield
    except DataError:
        raise
    except pd.errors.ParserWarning:
        raise DataError(
            f"{path.name} has rows with more cells than its header has names; every "
            f"column needs a name, and nothing may stand above the names."
        ) from None
    except UnicodeDecodeError as error:
        raise undecoded(path, how.encoding, error) from error
    # pandas' parser errors are ValueErrors
    except (ValueError, *BROKEN, csv.Error) as error:
        raise unreadable(path, error) from None


def _numbers_in_words(frame, as_words):
    """Columns that hold numbers beside words for gaps, or truth beside gaps."""
    for place, name in enumerate(frame.columns):
        cells = frame.iloc[:, place]
        if name in as_words or cells.dtype.kind in "biufM":
            continue
        texts = as_text(cells)
        values, style, words, _ = numbers(texts)
        if style == "plain" and not words and _exact(cells):
            frame.isetitem(place, values)
        elif cells.dtype == object:
            frame.isetitem(place, texts)
    return frame


def _exact(cells):
    """Whether no cell is a number only for us: one with a unit, or too long a one."""
    some = cells.dropna().astype(str).str.strip()
    return not some.str.contains(r"[$€£¥%']|\d{16}", regex=True).any()


def text_dialect(path, label, **given):
    """Return the dialect of a text file, whose names are all different."""
    how = dialect(path, **given)
    refuse_twins(path, label, how.names)
    twice = sorted({n for n in how.names if n and how.names.count(n) > 1})
    if twice:
        count = how.names.count(twice[0])
        raise DataError(
            f"{path.name} has {count} columns of the name {twice[0]!r}; give every "
            f"column a name of its own."
        )
    return how


def refuse_twins(path, label, names):
    """Refuse two columns of labels: the second would be among the features."""
    if label is None or label not in names:
        return
    twin = re.compile(re.escape(label) + r"(\.\d+)?")
    twins = [n for n in names if twin.fullmatch(n)]
    if len(twins) > 1:
        raise DataError(
            f"{path.name} has more than one column of the label {label!r} "
            f"({', '.join(twins)}); the labels would be among the features. Delete or "
            f"rename all but one."
        )


def whole_file_is_utf8(path):
    """Say whether all bytes of a file are UTF-8; read piece by piece."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        with opened(path) as file:
            while block := file.read(1 << 20):
                decoder.decode(block)
            decoder.decode(b"", True)
    except UnicodeDecodeError:
        return False
    except BROKEN as error:
        raise unreadable(path, error) from None
    return True


def on_windows(how):
    """Return the same dialect in cp1252, and a note."""
    from dataclasses import replace

    return replace(how, encoding="cp1252", notes=(*how.notes, WINDOWS))


def parquet_frames(path, rows, notes, columns=None):
    """Yield frames of up to `rows` rows of a parquet file, in order."""
    import pandas as pd

    pyarrow = optional("pyarrow")
    parquet = optional("pyarrow.parquet")
    must_be_there(path)
    try:
        with parquet.ParquetFile(path) as file:
            for batch in file.iter_batches(rows):
                frame = pyarrow.Table.from_batches([batch]).to_pandas()
                if not isinstance(frame.index, pd.RangeIndex):
                    name = frame.index.name
                    said = "" if name is None else f" {str(name)!r}"
                    note = f"left out the index{said}: it names rows"
                    notes += [] if note in notes else [note]
                frame = frame.reset_index(drop=True)
                frame.columns = [str(c) for c in frame.columns]
                yield frame
            if not file.metadata.num_rows:
                yield file.schema_arrow.empty_table().to_pandas()
    # pyarrow's errors are of these
    except (ValueError, OSError, KeyError, NotImplementedError, MemoryError) as error:
        if isinstance(error, DataError):
            raise
        raise unreadable(path, error) from None


def without_unnamed(path, frame, notes):
    """Return the columns that have a name; add notes on those that were dropped."""
    keep = []
    for place, name in enumerate(frame.columns):
        keep.append(not UNNAMED.fullmatch(name))
        if keep[-1]:
            continue
        cells = frame.iloc[:, place]
        values = cells.to_numpy()
        if cells.isna().all():
            why = "without a name or a cell, as after a comma at the end of each line"
        elif values.dtype.kind in "iu" and len(set(values)) == len(values):
            why = "whole numbers without a name, all different, as row numbers are"
        else:
            raise DataError(
                f"{path.name} has a column without a name, {name!r}, which holds "
                f"{shown(cells)}. Name it in the header, or delete it."
            )
        notes.append(f"dropped {name!r}: {why}")
    return frame.loc[:, keep]


def short_rows(path, how):
    """Return how many rows have fewer cells than the header, and the first's line (from 1)."""
    count = first = 0
    with opened(path) as file:
        text = io.TextIOWrapper(file, encoding=how.encoding, newline="")
        reader = csv.reader(text, delimiter=how.sep)
        try:
            for number, row in enumerate(reader):
                if number >= how.skip and row and len(row) < len(how.names):
                    count, first = count + 1, first or reader.line_num
        except csv.Error:
            pass
    return count, first


def thinned(frames, most, notes):
    """Return one frame of frames in order, whose index counts the rows. Where there are more
    than `most` rows, every second, fourth, ... is kept, and a note says it.
    """
    kept, step, total = [], 1, 0
    for frame in frames:
        frame.index = range(total, total + len(frame))
        total += len(frame)
        kept.append(frame[frame.index % step == 0] if step > 1 else frame)
        while sum(map(len, kept)) > most:
            step *= 2
            kept = [f[f.index % step == 0] for f in kept]
    if step > 1:
        count = sum(map(len, kept))
        notes.append(f"kept 1 row in {step}, {count:,} of {total:,}, to fit the memory")
    return joined(kept)


def joined(frames):
    """Return frames of one file below each other; a column that some took for numbers and some
    for words is text.
    """
    import pandas as pd

    if len(frames) == 1:
        return frames[0]
    frames = [f.copy(deep=False) for f in frames]
    for place in range(frames[0].shape[1]):
        kinds = {
            f.iloc[:, place].dtype.kind
            for f in frames
            if f.iloc[:, place].notna().any()
        }
        if len(kinds) > 1 and not kinds <= set("iuf"):
            for frame in frames:
                frame.isetitem(place, as_text(frame.iloc[:, place]))
    return pd.concat(frames)


def some(names):
    """Return the first names of many, in words."""
    return ", ".join(map(str, names[:8])) + (", …" if len(names) > 8 else "")


def shown(cells):
    """Return the first different values of a column, in words."""
    values = [str(v)[:30] for v in cells.dropna().unique()[:3]]
    return ", ".join(map(repr, values)) or "no cell"


def shape_of(frame):
    """Return (rows, columns) of a frame as NumPy has it."""
    return tuple(np.shape(frame))
