"""Whether the parameters of a stack mean something, asked of a file before it is used."""

import math
from numbers import Integral, Real

# name: least and most. Beyond them a table would take days, or more memory than there is
WHOLE = {
    "n_normal": (1, 10**6),
    "draws": (1, 10**4),
    "n_trees": (1, 10**4),
    "pairs": (1, 10**6),
    "steps": (0, 1000),
    "max_rows": (4, 50_000),
    "random_state": (0, 2**32 - 1),
}
NUMBERS = {"ridge": (0.0, 1e6), "inner_rate": (1e-12, 1e6)}


def check_parameters(stack):
    """Raise ValueError in one sentence for a parameter of a Stack that is out of range
    or of another type.
    """
    for kind, ranges in ((Integral, WHOLE), (Real, NUMBERS)):
        for name, (least, most) in ranges.items():
            value = getattr(stack, name)
            right = isinstance(value, kind) and not isinstance(value, bool)
            if not right or not math.isfinite(value) or not least <= value <= most:
                what = "whole number" if kind is Integral else "number"
                raise ValueError(
                    f"{name} must be a {what} from {least:g} to {most:g}, got {value!r}"
                )
    counts = stack.counts
    right = isinstance(counts, (tuple, list)) and len(counts)
    if not right or not all(isinstance(c, Integral) and c >= 1 for c in counts):
        raise ValueError(f"counts must be whole numbers ≥ 1, got {counts!r:.80}")
    if not isinstance(stack.cross_fit, bool):
        raise ValueError(f"cross_fit must be true or false, got {stack.cross_fit!r}")


def check_tables(tasks):
    """Raise TypeError for tasks that are not labelled tables: what to do with labels is
    learned from tables that have some.
    """
    if hasattr(tasks, "columns") or not all(hasattr(t, "y") for t in tasks):
        raise TypeError(
            "a stack learns from labelled tables, TableTasks([...]) or a list of "
            f"LabelledTable; got {type(tasks).__name__}. One table with a few labels is "
            'for `adapt`, e.g. Stack.load("adbench-v1").adapt(X, y).'
        )


def shaping(stack):
    """Return the parameters of a stack that shape its scores: all but the bar."""
    return {n: v for n, v in stack.get_params().items() if n != "progress"}
