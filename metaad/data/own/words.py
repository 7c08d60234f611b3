"""Words as numbers: categories, values that come again, and text."""

import numpy as np

from metaad.data.own.filled import filled, named
from metaad.data.own.kinds import Nothing

COMMON = 50_000  # values of a column whose frequency is kept
ASCII = 128


# --- categories


def learn_category(name, values):
    """Return names, what was learned, and notes: one number per common value."""
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
    shown = ", ".join(columns[:4]) + (", …" if len(columns) > 4 else "")
    notes.insert(0, f"{name!r} is a category, encoded as {shown}")
    return columns, known, notes


def _counted(values):
    """Different values, in order and gaps last, and how often each comes."""
    there, counts = np.unique(
        values[[v is not None for v in values]], return_counts=True
    )
    there, counts = there.tolist(), counts.tolist()
    gaps = len(values) - sum(counts)
    return (there + [None], counts + [gaps]) if gaps else (there, counts)


def use_category(known, values):
    """Return the numbers of a category."""
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


def new_words(known, values):
    """Return in words which values (n,) of a category the fitted table did not hold;
    "" where it held them all.
    """
    held = {w.lower() for w in known["all"] if w is not None}
    new = [v for v in values if v is not None and v.lower() not in held]
    if not new:
        return ""
    some = ", ".join(sorted(set(new))[:4]) + (", …" if len(set(new)) > 4 else "")
    read = "'other'" if known["other"] else "none of those known"
    return (
        f"{some} in {len(new):,} of {len(values):,} rows, which the fitted table never "
        f"held; read as {read}"
    )


# --- values that come again


def learn_rarity(name, values):
    """Return name, what was learned, and notes: bits of surprise per value."""
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


def use_rarity(known, values):
    """Return how rare each value is, in bits."""
    import pandas as pd

    bits = dict(zip(known["values"], known["bits"].tolist(), strict=True))
    codes, different = pd.factorize(values)
    found = [bits.get(v, known["unseen"]) for v in different]
    return [np.array([*found, bits.get(None, known["unseen"])])[codes]]


# --- text


def learn_text(name, values):
    """Return names, what was learned, and notes: what text is made of."""
    letters = np.ones(ASCII + 1)
    there = [v for v in values if v is not None]
    letters += np.bincount(_signs("".join(there)), minlength=ASCII + 1)
    known = {"surprise": -np.log2(letters / letters.sum())}
    parts = _of_text(known, values)
    empty = np.array([v is None for v in values])
    called = [f"{name}: {part}" for part in parts]
    columns, more, notes, keep = named(name, called, list(parts.values()), empty)
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


def use_text(known, values):
    """Return what text is made of."""
    parts = _of_text(known, values)
    empty = np.array([v is None for v in values], bool)
    return filled(known, [parts[w] for w in known["wanted"]], empty)
