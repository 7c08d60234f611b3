"""Calling a reader's function safely, and comparing what comes back."""

import copy
import warnings
import zlib
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Answer:
    """What a function gave for one input.

    value : what it returned.
    error : the exception it raised, or None.
    changed : place of the argument that it changed, or None.
    """

    value: Any = None
    error: BaseException | None = None
    changed: int | None = None


def draw(exercise):
    """Return the inputs of a check: pairs (arguments, seed), the same in every run.

    The seed is for a judge that draws data of its own."""
    seed = zlib.crc32(f"{exercise.number} {exercise.name}".encode())
    cases = []
    for i in range(exercise.draws):
        rng = np.random.default_rng([seed, i])
        cases.append((tuple(exercise.inputs(rng)), [seed, i, 1]))
    return cases + [(tuple(e), [seed, i, 2]) for i, e in enumerate(exercise.edges)]


def call(function, args):
    """Call a function on copies of the arguments: an `Answer`, whatever happens."""
    given = copy.deepcopy(args)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            value = function(*given)
    except (Exception, SystemExit) as error:
        return Answer(error=error)
    pairs = enumerate(zip(given, args, strict=True))
    changed = next((i for i, (a, b) in pairs if not unchanged(a, b)), None)
    return Answer(value, changed=changed)


def unchanged(a, b):
    """Say whether an argument is as it was, NaN included."""
    if isinstance(b, np.ndarray):
        if not isinstance(a, np.ndarray) or a.shape != b.shape:
            return False
        return np.array_equal(a, b, equal_nan=b.dtype.kind in "fc")
    if hasattr(b, "detach"):  # a tensor
        return a.shape == b.shape and np.array_equal(numbers(a), numbers(b), True)
    if isinstance(b, (list, tuple)):
        return len(a) == len(b) and all(map(unchanged, a, b))
    if isinstance(b, dict):
        return list(a) == list(b) and all(unchanged(a[k], b[k]) for k in b)
    # an object without contents of its own to compare, such as a function
    plain = isinstance(b, (int, float, str, bool, np.generic))
    return not plain or bool(a == b) or a != a


def numbers(value):
    """Return a value as a float64 array, or None if it is not made of numbers."""
    if isinstance(value, (str, bytes, dict, set, complex)):
        return None
    try:
        if hasattr(value, "detach"):
            value = value.detach().cpu()
        return np.asarray(value, dtype=np.float64)
    except Exception:  # whatever the reader's object does when it is read
        return None


def close(a, b, tolerance):
    """Say whether two answers agree: numbers and arrays to the tolerance and in shape,
    tuples of them part by part, anything else in type and value.
    """
    try:
        return bool(_close(a, b, tolerance))
    except Exception:  # an object that can't be compared
        return False


def _close(a, b, tolerance):
    if isinstance(b, tuple):
        alike = isinstance(a, (tuple, list, np.ndarray)) and len(a) == len(b)
        return alike and all(close(x, y, tolerance) for x, y in zip(a, b, strict=True))
    if isinstance(b, (str, dict, set)):
        return type(a) is type(b) and a == b
    x, y = numbers(a), numbers(b)
    if x is None or y is None:
        return a is b
    return x.shape == y.shape and np.allclose(x, y, tolerance, tolerance * 1e-2, True)
