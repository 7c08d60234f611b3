"""Columns of numbers with gaps: the median instead, and a column that says where."""

import numpy as np

from metaad.data.own.kinds import Nothing

FILLED = "filled with the median, and a column says where"


def filled(known, numbers, empty):
    """Return numbers with gaps filled, and the column that says where they were."""
    found = [
        np.where(np.isnan(n), middle, n)
        for n, middle in zip(numbers, known["middles"], strict=True)
    ]
    return found + [empty.astype(float)] * known["gaps"]


def named(name, called, numbers, empty):
    """Return names, what is learned, notes, and which of some numbers have two values
    or more: the others are left out.
    """
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
            f"{name!r} is empty in {empty.sum():,} of {len(empty):,} rows: {FILLED}"
        )
    return columns, known, notes, keep
