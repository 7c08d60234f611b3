"""Labels of a reader's own file as 1 (anomaly), 0 (normal) and -1 (not known)."""

import difflib
import numbers
import re

import numpy as np

from metaad.data.own.cells import as_text
from metaad.data.records import DataError

SINGLE = (str, numbers.Number, np.bool_)


def labelled(name, label, cells, anomaly, notes):
    """Return y (n,) int64 and what counts as an anomaly, in words.

    Parameters
    ----------
    name : str, the file's. label : str, the column's. cells : Series (n,).
    anomaly : the value, or a list of the values, that mark an anomaly; the others are
        normal, empty cells not known. None: the labels are 0 and 1, or true and false.
    notes : list that notes are added to.

    Raises
    ------
    DataError
        if the values are others than 0 and 1 and `anomaly` is not said, or is not among
        them.
    """
    texts = as_text(cells)
    empty = np.array([t is None or not t.strip() for t in texts], bool)
    texts = np.where(empty, "", texts).astype(object)
    values = sorted({t for t in texts[~empty]})
    if not values:
        raise DataError(
            f"{label!r} in {name} has no label in its {len(texts)} rows; read the file "
            f"with label=None."
        )
    if anomaly is None:
        return _zero_one(name, label, texts, empty, values, notes)
    odd = [_found(name, label, a, values) for a in _several(label, anomaly)]
    if set(odd) == set(values) and not empty.any():
        raise DataError(
            f"{label!r} in {name} must hold two values, normal and anomaly; got only "
            f"{_some(values)}. With one class only nothing can be measured."
        )
    y = np.isin(texts, odd).astype(np.int64)
    y[empty] = -1
    _say(label, empty, notes)
    rest = [v for v in values if v not in odd]
    if len(values) > 2:
        notes.append(f"{label} {_some(odd)} are anomalies, {_some(rest)} normal")
    return y, f"rows whose {label} is {' or '.join(odd)}"


def _zero_one(name, label, texts, empty, values, notes):
    """Labels that say it by themselves."""
    known = {v.lower(): v for v in values}
    if set(known) == {"-1", "0", "1"}:  # as the package itself writes labels
        empty = empty | (texts == "-1")
        known.pop("-1")
    number = {"0": 0, "1": 1, "false": 0, "true": 1}
    if not set(known) <= set(number) or len({number[v] for v in known}) < len(known):
        raise DataError(
            f"{label!r} in {name} must hold 0 (normal) and 1 (anomaly); got "
            f"{_some(values)}. Say which is the anomaly with anomaly="
            + (
                f", or several: anomaly=[{_shown(values[0])}, …]."
                if len(values) > 2
                else "."
            )
        )
    y = np.full(len(texts), -1)
    for small, word in known.items():
        y[(texts == word) & ~empty] = number[small]
    _say(label, empty, notes)
    return y.astype(np.int64), f"rows whose {label} is {next(_ones(known), 1)}"


def _ones(known):
    return (w for small, w in known.items() if small in ("1", "true"))


def both_there(name, label, y):
    """Refuse labels of one class, where every row has one."""
    if (y == -1).any() or len(np.unique(y)) == 2:
        return
    raise DataError(
        f"{label!r} in {name} must hold two values, normal and anomaly; got 1: "
        f"{y[0] if len(y) else 'none'}. With one class only nothing can be measured; "
        f"load the rows with label=None."
    )


def _several(label, anomaly):
    """The anomalies as a list."""
    several = anomaly if isinstance(anomaly, (list, tuple)) else [anomaly]
    if not several or not all(isinstance(a, SINGLE) for a in several):
        raise DataError(
            f"anomaly must be one value of {label!r}, or a list of some, got {anomaly!r}."
        )
    return several


def _found(name, label, anomaly, values):
    """The value that is meant: 1, 1.0, "1" and True beside True are the same."""
    word = str(anomaly.item() if isinstance(anomaly, np.generic) else anomaly)
    if isinstance(anomaly, float) and anomaly.is_integer():
        word = str(int(anomaly))
    if word in values:
        return word
    same = [v for v in values if _same(v, word)]
    if len(same) == 1:
        return same[0]
    near = difflib.get_close_matches(word, values, 1)
    raise DataError(
        f"anomaly={anomaly!r} is not a value of {label!r} in {name}, which holds "
        f"{_some(values)}." + (f" The nearest is {near[0]!r}." if near else "")
    )


def _same(value, word):
    if {value.lower(), word.lower()} in ({"true", "1"}, {"false", "0"}):
        return True
    try:
        return float(value) == float(word)
    except ValueError:
        return value.strip().lower() == word.strip().lower()


def _say(label, empty, notes):
    if empty.any():
        notes.append(
            f"{label!r} is not known in {empty.sum():,} of {len(empty):,} rows (-1)"
        )


def _some(values):
    return ", ".join(map(_shown, values[:6])) + (", …" if len(values) > 6 else "")


def _shown(value):
    return value if re.fullmatch(r"-?\d+(\.\d+)?", value) else repr(value)
