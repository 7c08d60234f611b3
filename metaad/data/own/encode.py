"""One column as numbers, and the plain data that does it again on other rows.

Every kind has a function that learns from a training column and one that uses what was
learned. What is learned is numbers, words and lists of them: it can be written as JSON.
"""

from dataclasses import dataclass, field

import numpy as np

from metaad.data.own.kinds import MANY, Nothing

DAY = np.timedelta64(1, "D")
EPOCH = np.datetime64("1970-01-05T00:00:00", "us")  # a Monday
COMMON = 50_000  # values of a column whose frequency is kept
ASCII = 128


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


def _filled(known, numbers, empty):
    """Columns of numbers with gaps filled, and the column that says where they were."""
    found = [
        np.where(np.isnan(n), middle, n)
        for n, middle in zip(numbers, known["middles"], strict=True)
    ]
    return found + [empty.astype(float)] * known["gaps"]


def _numbers(name, called, numbers, empty):
    """Names, and what is learned, of columns of numbers: those with two values."""
    keep = [bool(np.ptp(n[~np.isnan(n)]) > 0) for n in numbers]
    gaps = bool(empty.any())
    if not any(keep) and not gaps:
        raise Nothing("it says the same of every row")
    columns = [c for c, k in zip(called, keep, strict=True) if k]
    middles = [
        float(np.median(n[~np.isnan(n)]))
        for n, k in zip(numbers, keep, strict=True)
        if k
    ]
    known = {"middles": middles, "gaps": gaps}
    notes = []
    if gaps:
        columns.append(f"{name} is empty")
        notes.append(
            f"{name!r} is empty in {empty.sum():,} of {len(empty):,} rows: filled with "
            f"the median, and a column says where"
        )
    return columns, known, notes, keep


# --- numbers


def _learn_number(name, values):
    columns, known, notes, keep = _numbers(name, [name], [values], np.isnan(values))
    return columns, known | {"kept": keep[0]}, notes


def _use_number(known, values):
    return _filled(known, [values] * known["kept"], np.isnan(values))


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
            f"is, which is new in every new row"
        )
    called = {
        "elapsed": f"{name}: days since {str(first)[:10]}",
        "hour": f"{name}: hour",
        "weekday": f"{name}: weekday (Monday 0)",
    }
    result = [parts[w] for w in wanted]
    columns, more, said, keep = _numbers(
        name, [called[w] for w in wanted], result, empty
    )
    known["wanted"] = [w for w, k in zip(wanted, keep, strict=True) if k]
    if known["wanted"]:
        notes.append(f"{name!r} is a date, encoded as {', '.join(known['wanted'])}")
    return columns, known | more, notes + said


def _runs(there):
    """Whether dates go up, or down, with the rows."""
    steps = np.sign(np.diff(there).astype(np.int64))
    moving = np.abs(steps).sum()
    return len(there) >= MANY and moving > 0 and abs(steps.sum()) >= 0.98 * moving


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
    return _filled(known, [parts[w] for w in known["wanted"]], np.isnat(values))


# --- categories


def _learn_category(name, values):
    there, counts = _counted(values)
    least = max(1, len(values) // 1000)
    rare = [w for w, c in zip(there, counts, strict=True) if c <= least]
    if len(there) - len(rare) < 2:
        rare = []
    common = [w for w in there if w not in rare]
    notes = []
    if set(common) == {"True", "False"} and not rare:
        common = ["True"]
    elif len(common) == 2 and not rare and None not in common:
        common = [common[int(counts[1] < counts[0])]]
    columns = [f"{name} is empty" if w is None else f"{name}={w}" for w in common]
    if rare:
        columns.append(f"{name}=other")
        shown = ", ".join(repr(w or "empty") for w in rare[:4]) + (
            ", …" if len(rare) > 4 else ""
        )
        notes.append(f"{name!r}: rare values ({shown}) and new ones are one, 'other'")
    known = {"values": common, "all": list(there), "other": bool(rare)}
    notes.insert(
        0, f"{name!r} is a category, one column for each of {len(common)} values"
    )
    return columns, known, notes


def _counted(values):
    """Different values, in order and gaps last, and how often each comes."""
    there, counts = np.unique(
        values[[v is not None for v in values]], return_counts=True
    )
    there, counts = there.tolist(), counts.tolist()
    gaps = len(values) - sum(counts)
    return (there + [None], counts + [gaps]) if gaps else (there, counts)


def _use_category(known, values):
    if known["values"] == ["True"]:
        values = np.array([v if v is None else v.capitalize() for v in values], object)
    found = [_equal(values, w) for w in known["values"]]
    if known["other"]:
        found.append(1.0 - np.sum(found, axis=0))
    elif len(found) == 1:  # of two values: a third is neither, and further off
        found[0] += 2.0 * ~np.any([_equal(values, w) > 0 for w in known["all"]], axis=0)
    return found


def _equal(values, word):
    return np.array(
        [v is None for v in values] if word is None else values == word, float
    )


# --- values that come again


def _learn_rarity(name, values):
    there, counts = _counted(values)
    total = sum(counts) + 1
    order = np.argsort(-np.array(counts), kind="stable")[:COMMON]
    bits = -np.log2(np.array(counts)[order] / total)
    known = {
        "values": [there[i] for i in order],
        "bits": bits,
        "unseen": float(np.log2(total)),
    }
    note = f"{name!r} has {len(there):,} values, encoded by how rare each is (bits)"
    if len(set(counts)) == 1:
        raise Nothing("all its values come equally often")
    return [f"{name}: rarity"], known, [note]


def _use_rarity(known, values):
    import pandas as pd

    bits = dict(zip(known["values"], known["bits"].tolist(), strict=True))
    codes, different = pd.factorize(values)
    found = [bits.get(v, known["unseen"]) for v in different]
    return [np.array([*found, bits.get(None, known["unseen"])])[codes]]


# --- text


def _learn_text(name, values):
    letters = np.ones(ASCII + 1)
    there = [v for v in values if v is not None]
    letters += np.bincount(_signs("".join(there)), minlength=ASCII + 1)
    known = {"surprise": -np.log2(letters / letters.sum())}
    parts = _of_text(known, values)
    empty = np.array([v is None for v in values])
    called = [f"{name}: {part}" for part in parts]
    columns, more, notes, keep = _numbers(name, called, list(parts.values()), empty)
    known["wanted"] = [p for p, k in zip(parts, keep, strict=True) if k]
    notes.insert(0, f"{name!r} is text, encoded as {', '.join(known['wanted'])}")
    return columns, known | more, notes


def _signs(text):
    """Letters as numbers, 128 for all beyond ASCII."""
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)
    return np.minimum(codes, ASCII)


def _of_text(known, values):
    """Length, shares of digits, capitals and signs, and how odd its letters are."""
    texts = ["" if v is None else v for v in values]
    length = np.array([len(t) for t in texts], float)
    signs, ends = _signs("".join(texts)), np.cumsum(length).astype(int)
    classes = {
        "digits": (signs >= 48) & (signs < 58),
        "capitals": (signs >= 65) & (signs < 91),
        "signs": _SIGNS[signs],
        "odd letters (bits)": known["surprise"][signs],
    }
    found = {"length": length}
    for called, weight in classes.items():
        sums = np.append(0.0, np.cumsum(weight))
        whole = sums[ends] - sums[ends - length.astype(int)]
        found[called] = np.round(whole / np.maximum(length, 1), 9)
    empty = np.array([v is None for v in values], bool)
    return {k: np.where(empty, np.nan, v) for k, v in found.items()}


_SIGNS = np.array([not chr(c).isalnum() and c != 32 for c in range(ASCII)] + [False])


def _use_text(known, values):
    parts = _of_text(known, values)
    empty = np.array([v is None for v in values], bool)
    return _filled(known, [parts[w] for w in known["wanted"]], empty)


LEARN = {
    "number": _learn_number,
    "date": _learn_date,
    "category": _learn_category,
    "rarity": _learn_rarity,
    "text": _learn_text,
}
USE = {
    "number": _use_number,
    "date": _use_date,
    "category": _use_category,
    "rarity": _use_rarity,
    "text": _use_text,
}
