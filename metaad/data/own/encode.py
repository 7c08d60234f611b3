"""One column as numbers, and the plain data that does it again on other rows.

Every kind has a function that learns from a training column and one that uses what was
learned. What is learned is numbers, words and lists of them: it can be written as JSON.
"""

from dataclasses import dataclass, field

import numpy as np

from metaad.data.own.filled import filled, named
from metaad.data.own.kinds import MANY
from metaad.data.own.words import (
    learn_category,
    learn_rarity,
    learn_text,
    use_category,
    use_rarity,
    use_text,
)
from metaad.metrics import spearman

DAY = np.timedelta64(1, "D")
EPOCH = np.datetime64("1970-01-05T00:00:00", "us")  # a Monday


@dataclass(frozen=True)
class Part:
    """What one column of the reader's table becomes."""

    name: str  # the column
    kind: str  # "number", "date", "category", "rarity" or "text"
    columns: list  # of str: the names of its numbers
    known: dict = field(default_factory=dict)  # what was learned


def learn(name, kind, values, about):
    """Return the `Part` of a training column, and notes on it.

    Raises
    ------
    Nothing
        if there is nothing to learn from it.
    """
    columns, known, notes = LEARN[kind](name, values)
    return Part(name, kind, columns, about | known), notes


def encoded(part, values):
    """Return the numbers of a column, float64 (n, k), without a gap."""
    numbers = USE[part.kind](part.known, values)
    return np.column_stack(numbers) if len(numbers) > 1 else numbers[0][:, None]


# --- numbers


def _learn_number(name, values):
    columns, known, notes, keep = named(name, [name], [values], np.isnan(values))
    return columns, known | {"kept": keep[0]}, notes


def _use_number(known, values):
    return filled(known, [values] * known["kept"], np.isnan(values))


# --- dates


def _learn_date(name, values):
    there = values[~np.isnat(values)]
    first = there.min()
    known = {"first": int((first - EPOCH) // np.timedelta64(1, "us"))}
    parts, empty = _of_date(known, values), np.isnat(values)
    wanted, notes = ["elapsed", "hour", "weekday"], []
    if (there.max() - first) < 2 * DAY and first.astype("datetime64[Y]").astype(
        int
    ) < 0:
        wanted = ["hour"]  # of a clock, whose day is 1 January 1900
    elif _runs(there):
        wanted = ["hour", "weekday"]
        notes.append(
            f"{name!r} runs with the rows: its hour and weekday are kept, not how late it "
            f"is, which is new in every new row; what rows say together is seen in windows of "
            f"them (lesson 01)"
        )
    called = {
        "elapsed": f"{name}: days since {str(first)[:10]}",
        "hour": f"{name}: hour",
        "weekday": f"{name}: weekday (Monday 0)",
    }
    result = [parts[w] for w in wanted]
    columns, more, said, keep = named(name, [called[w] for w in wanted], result, empty)
    known["wanted"] = [w for w, k in zip(wanted, keep, strict=True) if k]
    if known["wanted"]:
        notes.append(f"{name!r} is a date, encoded as {', '.join(known['wanted'])}")
    return columns, known | more, notes + said


def _runs(there):
    """Whether dates go up, or down, with the rows."""
    if len(there) < MANY:
        return False
    times = there.astype("datetime64[ns]").astype(np.int64)
    return abs(spearman(times, np.arange(len(there)))) > 0.95


def _of_date(known, values):
    """Days since the first, hour of the day, and day of the week."""
    empty = np.isnat(values)
    since = np.where(empty, EPOCH, values) - EPOCH
    days = since / DAY
    whole = np.floor(days)
    start = known["first"] / 86_400e6
    found = {
        "elapsed": days - start,
        "hour": np.round((days - whole) * 24, 9),
        "weekday": whole % 7,
    }
    return {k: np.where(empty, np.nan, v) for k, v in found.items()}


def _use_date(known, values):
    parts = _of_date(known, values)
    return filled(known, [parts[w] for w in known["wanted"]], np.isnat(values))


LEARN = {
    "number": _learn_number,
    "date": _learn_date,
    "category": learn_category,
    "rarity": learn_rarity,
    "text": learn_text,
}
USE = {
    "number": _use_number,
    "date": _use_date,
    "category": use_category,
    "rarity": use_rarity,
    "text": use_text,
}
