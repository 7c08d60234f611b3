"""Why a row is odd, in the words of the reader's own table.

amount 9,400: above 99.8 % of the rows read; country BR: in 0.2 % of them
"""

import numpy as np
import pandas as pd

from metaad.metrics import best_first, share_below
from metaad.practice.explain import explain
from metaad.practice.facts import number, text
from metaad.practice.pairs import Pairs

RARE = 0.05  # a value is unusual by itself beyond this share of the rows read
LEAST = 0.25  # a column is named if it has this much of the largest part
NOTHING = "no single column: all of them together"


def reasons(detector, frame, X, facts, *, most=3, method="auto", parts=None):
    """Return for each row why it is odd: list of n texts.

    Parameters
    ----------
    detector : fitted outlier detector, or a Conformal. frame : DataFrame (n, columns),
        the rows as the reader knows them; None for X itself. X : array (n, p), the same
        rows as numbers. facts : `Facts` of the rows that were read.
    most : int ≥ 1, columns named per row, the oddest first.
    method : of `explain`. parts : what `explain` gave already, array (n, columns)."""
    frame = facts.rows(X if frame is None else frame)
    X = np.asarray(X, dtype=np.float64)
    if parts is None:
        parts = explain(
            detector, X, background=facts.background_, columns=facts.columns_,
            source=facts.source_, method=method, values=facts.values,
        )  # fmt: skip
    pairs = Pairs(facts)
    return [_reason(facts, frame, X, i, parts[i], most, pairs) for i in range(len(X))]


def _reason(facts, frame, X, i, parts, most, pairs):
    """What is unusual about row i: the clauses of its columns, or that there is none."""
    named = named_columns(parts, most)
    said = [sentence(facts, frame, X, i, j, pairs) for j in named]
    if any(said):
        return "; ".join(s for s in said if s)
    if not named:
        return NOTHING
    value = f"{facts.columns_[named[0]]} {text(frame.iloc[i, named[0]])}"
    return f"{value}: unusual together with the others"


def named_columns(parts, most=3):
    """Return which columns are worth naming, the oddest first: list of int.

    parts : float64 array (C,), one row of `explain`."""
    order = best_first(parts)[:most]
    return [int(j) for j in order if parts[j] > 0 and parts[j] >= LEAST * parts.max()]


def sentence(facts, frame, X, i, j, pairs=None):
    """Return what is unusual about column j of row i, in one clause; "" if nothing is,
    by itself or together with one other column.

    pairs : `Pairs` of the facts, or None to look at the column alone."""
    value = frame.iloc[i, j]
    said = "" if _never_late(facts, j, value) else place(facts, j, value)
    said = said or _of_its_numbers(facts, X[i], j)
    if not said and pairs is not None:
        said = pairs(frame, X, i, j)
    return f"{facts.columns_[j]} {text(value)}: {said}" if said else ""


def _never_late(facts, j, value):
    """Whether a date's numbers are its hour and weekday alone: that it is later than
    those read is then nothing that a score knows.
    """
    if facts.kinds_[j] != "date" or pd.isna(value):
        return False
    parts = facts.parts(j)
    return bool(parts) and not any(p.startswith("days since") for p in parts)


def _of_its_numbers(facts, row, j):
    """Whether one of the numbers made of a column is unusual: a date's hour."""
    own = facts.groups()[j]
    kept, best = facts.background_, (RARE, "")
    for k in own if len(own) > 1 or facts.kinds_[j] == "date" else ():
        if np.isin(kept[:, k], (0, 1)).all():
            continue
        many = "those" if len(kept) == facts.n_rows_ else f"{len(kept):,} rows"
        name = facts.names_[k].removeprefix(f"{facts.columns_[j]}: ")
        for side, share in (
            ("above", np.mean(kept[:, k] >= row[k])),
            ("below", np.mean(kept[:, k] <= row[k])),
        ):
            if share < best[0]:
                best = (
                    share,
                    f"its {name}, {text(row[k])}, is {side} "
                    + (
                        f"{_percent(1 - share)} of {many} read"
                        if share
                        else f"all {'those' if many == 'those' else f'of {many}'} read"
                    ),
                )
    return best[1]


def place(facts, j, value):
    """Return how unusual a value of column j is by itself; "" where it is not.

    "above 99.8 % of the rows read", "in 3 of 4,000 rows read", "no row read lies
    between 40 and 60"."""
    n, knots, counts = facts.n_rows_, facts.quantiles_[j], facts.counts_[j]
    if pd.isna(value):
        share = facts.missing_[j] / n
        return f"as in {_rows(share, n)}" if share <= RARE else ""
    if facts.kinds_[j] == "words":
        share = counts.get(text(value), 0) / n
        if share > RARE or _mostly_different(counts, n):
            return ""
        return f"in {_rows(share, n)}"
    found = number(value)
    if found is None or not len(knots):
        return ""
    above, below = ("later than", "earlier than") if facts.kinds_[j] == "date" else (
        "above", "below")  # fmt: skip
    return _ends(found, knots, n, above, below) or _gap(found, knots, n)


def _ends(value, knots, n, above, below):
    if value > knots[-1] or value < knots[0]:
        return f"{above if value > knots[-1] else below} all {n:,} rows read"
    under, upto = (float(share_below(knots, value, ties=t)) for t in (0, 1))
    if 1 - under <= RARE and upto > RARE:
        return f"{above} {_percent(under)} of the rows read"
    if upto <= RARE and 1 - under > RARE:
        return f"{below} {_percent(1 - upto)} of the rows read"
    return ""


def _gap(value, knots, n):
    """Whether a value lies where no row, or hardly one, was read."""
    upto = round(float(share_below(knots, value, ties=1)) * len(knots))
    low, high = knots[max(upto - 1, 0)], knots[min(upto, len(knots) - 1)]
    wide = high - low
    middle = np.diff(np.quantile(knots, [0.05, 0.95]))[0]
    steps = np.diff(knots)
    usual = np.median(steps[steps > 0]) if (steps > 0).any() else np.inf
    if not low < value < high or wide < 0.05 * middle or wide < 10 * usual:
        return ""
    some = "no row read lies" if n <= len(knots) else "hardly a row read lies"
    return f"{some} between {text(low)} and {text(high)}"


def _mostly_different(counts, n):
    """Whether nearly every row has words of its own: names, remarks."""
    return len(counts) > 0.5 * min(n, 1000)


def _rows(share, n):
    count = round(share * n)
    if not count:
        return f"none of the {n:,} rows read"
    return f"{count:,} of the {n:,} rows read" if count < 10 else (
        f"{_percent(share)} of the rows read")  # fmt: skip


def _percent(share):
    """A share as text, never rounded up to all of them."""
    if share < 0.01:
        return f"{100 * share:.2g} %"
    digits = 1 if share < 0.9995 else 2
    return f"{np.floor(share * 10 ** (2 + digits)) / 10**digits:g} %"
