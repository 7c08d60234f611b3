"""What a column is, and whether there is something to learn from it.

| kind | is |
| --- | --- |
| number | numbers, also in text with units, thousands or decimal commas |
| date | dates, times, or both |
| category | up to twelve different values, or true and false |
| rarity | more values, which come again |
| text | words of which most come once |
| nothing | empty, one value only, a count of rows, names of rows |
"""

import re

import numpy as np

from metaad.data.counted import counted
from metaad.data.own.cells import as_text, dates, either_way, numbers
from metaad.data.records import DataError

MANY = 20  # rows from which on a column that counts them is no accident
CATEGORIES = 12  # different values, at most, that get a number each
ONCE = 0.5  # share of different values from which on text is described, not counted
LONG = 60  # letters, on average, from which on too
UUID = re.compile(r"\{?[0-9a-fA-F]{8}(-?[0-9a-fA-F]{4}){3}-?[0-9a-fA-F]{12}\}?")
ID_NAME = re.compile(
    r"(.*[^a-z])?(id|uuid|guid|key|index|no|nr|number)|.*[a-z](Id|ID|UUID)"
)


class Nothing(Exception):
    """A column without anything to learn from; says why."""


def kind_of(name, cells, categories=CATEGORIES):
    """Return what one column of a training table is.

    Returns
    -------
    kind : "number", "date", "category", "rarity" or "text"
    values : float64 (n,) of a number, datetime64 (n,) of a date, else object (n,) of
        str and None
    about : dict of plain data: how text is read as numbers or dates
    notes : list of str

    Raises
    ------
    Nothing
        if it tells nothing of a new row.
    DataError
        if it holds something that is no cell of a table.
    """
    kind = cells.dtype.kind
    if not len(cells) or cells.isna().all():
        raise Nothing("it has no value")
    if kind in "iuf":
        values = cells.to_numpy(np.float64, na_value=np.nan)
        _finite(name, values)
        counts(values, name)
        return (
            "number",
            values,
            {"style": "plain", "words": []},
            _large(name, values, kind),
        )
    if kind == "m":
        values = seconds(cells)
        return (
            "number",
            values,
            {"style": "plain", "words": []},
            [f"{name!r} is in seconds"],
        )
    if kind == "M":
        values = moments(cells)
        return "date", values, {"form": "ISO8601", "words": []}, []
    _cells(name, cells)
    texts = as_text(cells)
    if str(cells.dtype) == "category":  # said by who wrote it
        return _of_values(name, texts, categories)
    return _of_words(name, texts, categories)


def seconds(cells):
    """Durations as float64 (n,) in seconds, NaN where there is none."""
    return cells.dt.total_seconds().to_numpy(np.float64)


def moments(cells):
    """Dates as datetime64[us] (n,), the clock as it is written."""
    if getattr(cells.dt, "tz", None) is not None:
        cells = cells.dt.tz_localize(None)
    return cells.to_numpy("datetime64[us]")


def _of_words(name, texts, categories):
    """The kind of a column of text."""
    values, style, words, _ = numbers(texts)
    if values is not None:
        _finite(name, values)
        counts(values, name)
        about = {"style": style, "words": words}
        return "number", values, about, _said(name, texts, style, words, "number")
    values, form, words, _ = dates(texts)
    if values is not None:
        notes = _said(name, texts, "plain", words, "date")
        if either_way(form, texts):
            first = "day" if form.startswith("%d") else "month"
            notes.append(
                f"{name!r} is read with the {first} first, which the dates don't show"
            )
        return "date", values, {"form": form, "words": words}, notes
    return _of_values(name, texts, categories)


def _of_values(name, texts, categories):
    """The kind of a column of words that are no numbers and no dates."""
    there = [t for t in texts if t is not None]
    different = set(there)
    if len(different) == 1 and len(there) == len(texts):
        raise Nothing(f"it is {there[0][:30]!r} in every row")
    _no_names(name, there, different)
    if len(different) <= categories:
        return "category", texts, {}, []
    mean = sum(map(len, different)) / len(different)
    if len(different) <= ONCE * len(there) and mean <= LONG:
        return "rarity", texts, {}, []
    return "text", texts, {}, []


def _said(name, texts, style, words, what):
    """Notes on cells that were read in another way than they look."""
    notes = []
    if style != "plain":
        notes.append(f"{name!r} is read as numbers like {style}")
    if words:
        count = int(np.isin(texts.astype(str), words).sum())
        some = ", ".join(map(repr, words))
        notes.append(
            f"{name!r} holds {some} in {counted(count, 'row')}, no {what}; read as empty"
        )
    return notes


def _finite(name, values):
    """Refuse infinity; name its row."""
    bad = np.isinf(values)
    if bad.any():
        raise DataError(
            f"column {name!r} holds infinity in {bad.sum():,} of {len(bad):,} rows, first "
            f"in row {bad.argmax()} (counted from 0); empty these cells, or write a number."
        )


def counts(values, name=""):
    """Raise `Nothing` for one number only, and for numbers that only count the rows or
    name them.
    """
    there = values[~np.isnan(values)]
    if len(there) == len(values) and (there == there[:1]).all() and len(there) > 1:
        raise Nothing(f"it is {there[0]:.6g} in every row")
    if len(there) < max(MANY, len(values)):
        return
    with np.errstate(all="ignore"):
        steps = np.diff(values)
    if steps[0] and np.allclose(steps, steps[0], rtol=1e-9, atol=0.0):
        raise Nothing(f"it counts the rows, in steps of {steps[0]:g}")
    whole = (values == np.floor(values)).all()
    if whole and ID_NAME.fullmatch(name) and len(np.unique(values)) == len(values):
        raise Nothing("it names the rows, each with a number of its own")


def _large(name, values, kind):
    """A note on whole numbers that float64 does not hold."""
    if kind in "iu" and np.nanmax(np.abs(values)) > 2**53:
        return [f"{name!r} holds whole numbers above 2**53, which are rounded"]
    return []


def _no_names(name, there, different):
    """Raise `Nothing` for words that name the rows: a new row has another."""
    if len(there) < MANY or len(different) < 0.95 * len(there):
        return
    some = there[:1000]
    uuid = all(UUID.fullmatch(t) for t in some)
    sizes = [len(t) for t in some]
    codes = not any(" " in t for t in some) and max(sizes) - min(sizes) <= 2
    codes = codes and all(any(c.isdigit() for c in t) for t in some)
    named = bool(ID_NAME.fullmatch(name)) and not any(" " in t for t in some)
    if uuid or codes or named:
        raise Nothing(
            f"it names the rows, each with its own code like {there[0][:36]!r}"
        )


def _cells(name, cells):
    """Refuse cells that are tables, bytes or complex numbers themselves."""
    import pandas as pd

    if cells.dtype.kind == "c":
        bad = "complex numbers"
    elif isinstance(cells.dtype, pd.CategoricalDtype) or cells.dtype.kind == "b":
        return
    else:
        odd = {type(v).__name__ for v in cells.dropna().head(1000)}
        odd &= {"list", "dict", "tuple", "set", "ndarray", "bytes", "bytearray"}
        bad = " and ".join(sorted(odd))
    if bad:
        raise DataError(
            f"column {name!r} holds {bad}, which are no cells of a table; write its parts "
            f"as columns, or leave it out."
        )
