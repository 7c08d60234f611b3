"""Sentences about an answer: what came, for which input, in which direction it is off.

No sentence names the right value.
"""

import inspect

import numpy as np

from metaad.exercises.calls import call, close, numbers

WRONG = "wrong"  # an answer that `unusable` has a sentence for
LONGEST = 140  # characters of a list or set that is written out
PLAIN = (str, bool, int, float, np.generic)
MOST_SHOWN = 12  # entries of an array that a sentence can hold


def unusable(exercise, answers, cases):
    """Return a sentence about answers that can't be judged (None, an exception, a
    changed argument, another shape, NaN), or None.
    """
    name = exercise.name
    if any(a.value is None and not a.error for a in answers):
        return f"{name} returns None: write its body, and end with `return`."
    for answer, (args, _) in zip(answers, cases, strict=True):
        if answer.error:
            return raised(exercise, answer.error, args)
        if answer.changed is not None:
            changed = argument_names(exercise)[answer.changed]
            return (
                f"{name} changes its argument `{changed}`, which belongs to the caller: "
                f"work on a copy, `{changed}.copy()`."
            )
    return None


def raised(exercise, error, args):
    """Return what the reader's function raised, for which arguments."""
    try:
        said = " ".join(str(error).split())[:160]
    except Exception:  # an exception class of the reader's own
        said = ""
    text = f"{written(exercise, args)} raises {type(error).__name__}"
    text += f": {said.rstrip('.')}." if said else "."
    if isinstance(error, NameError):
        return text + " (After a restart: Run > Run All Above Selected Cell.)"
    return f"{text} {exercise.hint}".rstrip()


def describe(value, wanted, exercise):
    """Return what came, and how it is off."""
    if isinstance(wanted, tuple) and isinstance(value, (tuple, list)):
        if len(value) != len(wanted):
            return f"gives {len(value)} values; {len(wanted)} are asked for"
        pairs = enumerate(zip(value, wanted, strict=True), 1)
        parts = [
            (i, a, b) for i, (a, b) in pairs if not close(a, b, exercise.tolerance)
        ]
        if parts:
            i, a, b = parts[0]
            return f"the value number {i}: {describe(a, b, exercise)}"
    a, b = numbers(value), numbers(wanted)
    if b is None:
        return f"gives {short(value)}, which is not it"
    if a is None:
        return f"gives a value of type {type(value).__name__}; {form(b)} is asked for"
    if a.shape != b.shape:
        return f"gives {form(a)}; {form(b)} is asked for"
    if np.isnan(a).any() and not np.isnan(b).any():
        return f"gives NaN{'' if a.ndim == 0 else f' in {np.isnan(a).sum()} entries'}"
    off = ~np.isclose(a, b, exercise.tolerance, exercise.tolerance * 1e-2, True)
    if a.ndim == 0:
        return f"gives {short(float(a))}, which is too {'large' if a > b else 'small'}"
    first = tuple(int(i) for i in np.argwhere(off)[0])
    side = "large" if a[first] > b[first] else "small"
    place = ", ".join(map(str, first))
    return (
        f"gives {off.sum()} of {a.size} entries that are off: the one at [{place}], "
        f"{short(float(a[first]))}, is too {side}"
    )


def generic(exercise, function, answers, verdicts, cases):
    """Return a sentence for an answer that is wrong in no known way."""
    bad = [i for i, verdict in enumerate(verdicts) if verdict]
    smallest = min(bad, key=lambda i: sum(size(a) for a in cases[i][0]))
    said, args = verdicts[smallest], cases[smallest][0]
    if exercise.judge:
        return said
    parts = [f"{written(exercise, args)} {said}."]
    ignored = next(iter(ignores(exercise, function, cases)), None)
    if ignored:
        parts.append(f"Its answer does not change when `{ignored}` does.")
    elif exercise.hint:
        parts.append(exercise.hint)
    return " ".join(parts)


def size(argument):
    """Return how many values an argument holds; 1 if it is no collection."""
    if isinstance(argument, (list, set, dict)):
        return len(argument)
    return int(np.prod(np.shape(argument))) if hasattr(argument, "shape") else 1


def ignores(exercise, function, cases):
    """Return the names of the plain arguments that should change the answer, and don't."""
    (first, _), (second, _) = cases[:2]
    for i, name in enumerate(argument_names(exercise)[: len(first)]):
        if np.ndim(first[i]) or first[i] == second[i]:
            continue
        other = (*first[:i], second[i], *first[i + 1 :])
        pairs = [
            [call(f, a) for a in (first, other)] for f in (exercise.solution, function)
        ]
        if any(answer.error for pair in pairs for answer in pair):
            continue
        moves, stays = (not close(a.value, b.value, 1e-9) for a, b in pairs)
        if moves and not stays:
            yield name


def argument_names(exercise):
    """Return the names of the arguments, in order."""
    return list(inspect.signature(exercise.solution).parameters)


def written(exercise, args):
    """Return a call as one would write it, large arrays by their shape."""
    names = argument_names(exercise)
    inside = ", ".join(f"{n}={short(a)}" for n, a in zip(names, args, strict=False))
    return f"{exercise.name}({inside})"


def form(array):
    """Return what kind of value an array is, in words."""
    return "one number" if array.ndim == 0 else f"an array of shape {array.shape}"


def short(value):
    """Return a value in few characters."""
    if hasattr(value, "detach"):  # a tensor
        value = value.detach().cpu().numpy()
    if isinstance(value, np.ndarray) and value.size > MOST_SHOWN:
        return f"<shape {value.shape}>"
    if isinstance(value, np.ndarray):
        text = np.array2string(
            value, precision=3, separator=", ", suppress_small=True, max_line_width=999
        )
        return " ".join(text.split())
    if isinstance(value, (float, np.floating)):
        return f"{float(value):.4g}"
    if isinstance(value, (bool, int, str, np.generic)):
        return repr(value.item() if isinstance(value, np.generic) else value)[:60]
    if isinstance(value, (list, tuple, set, dict)):
        return _collection(value)
    return f"<{type(value).__name__}>"


def _collection(value):
    """A list, tuple, set or dict of plain values written out, a long one as its size."""
    held = value.items() if isinstance(value, dict) else value
    parts = [p for v in held for p in (v if isinstance(v, tuple) else (v,))]
    if all(isinstance(p, PLAIN) for p in parts):
        text = repr(value)
        if isinstance(value, set) and value:
            text = f"{{{', '.join(sorted(map(repr, value)))}}}"
        if len(text) <= LONGEST:
            return text
    return f"<{type(value).__name__} of {len(value)}>"
