"""What was learned of a column, checked when it comes out of a file."""

import numpy as np

from metaad.data.own.cells import FORMATS, STYLES

FILLED = {"middles": list, "gaps": bool}
READ = {"words": list}
FIELDS = {
    "number": FILLED | READ | {"style": str, "kept": bool},
    "date": FILLED | READ | {"form": str, "first": int, "wanted": list},
    "category": {"values": list, "all": list, "other": bool},
    "rarity": {"values": list, "bits": np.ndarray, "unseen": float},
    "text": FILLED | {"surprise": np.ndarray, "wanted": list},
}
DATE = {"elapsed", "hour", "weekday"}
TEXT = {"length", "digits", "capitals", "signs", "odd letters (bits)"}
LETTERS = 129


def checked_part(part):
    """Return a `Part` if it fits together.

    Raises
    ------
    ValueError
        in one sentence, if it does not.
    """
    if part.kind not in FIELDS or not isinstance(part.name, str):
        raise ValueError(f"it holds a column of kind {part.kind!r:.40}")
    fields = FIELDS[part.kind]
    known = part.known
    right = isinstance(known, dict) and set(known) == set(fields)
    right = right and isinstance(part.columns, list) and _words(part.columns)
    right = right and all(isinstance(known[k], t) for k, t in fields.items())
    if not right or not _fits(part.kind, known) or _count(part) != len(part.columns):
        raise ValueError(f"what it knows of the column {part.name!r:.40} does not fit")
    return part


def _fits(kind, known):
    """Whether numbers are finite, words are words, and sizes agree."""
    if not _words(known.get("words", [])) or not _numbers(known.get("middles", [])):
        return False
    if kind == "number":
        return known["style"] in STYLES and len(known["middles"]) == known["kept"]
    if kind == "date":
        inside = known["form"] in FORMATS and set(known["wanted"]) <= DATE
        return inside and len(known["middles"]) == len(known["wanted"])
    if kind == "category":
        return _words(known["values"]) and _words(known["all"])
    if kind == "rarity":
        same = known["bits"].shape == (len(known["values"]),)
        return same and _words(known["values"]) and _finite(known["bits"])
    right = known["surprise"].shape == (LETTERS,) and _finite(known["surprise"])
    inside = set(known["wanted"]) <= TEXT
    return right and inside and len(known["middles"]) == len(known["wanted"])


def _count(part):
    """How many numbers the column becomes."""
    known = part.known
    if part.kind == "category":
        return len(known["values"]) + known["other"]
    if part.kind == "rarity":
        return 1
    return len(known["middles"]) + known["gaps"]


def _words(values):
    return all(v is None or isinstance(v, str) for v in values)


def _numbers(values):
    return all(isinstance(v, float) and np.isfinite(v) for v in values)


def _finite(values):
    return values.dtype == np.float64 and bool(np.isfinite(values).all())
