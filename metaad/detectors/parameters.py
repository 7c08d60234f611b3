"""Checks of a detector's parameters: each says what was expected and what came."""

import numbers

import numpy as np


def check_whole(name, value, least=1):
    """Raise ValueError unless a value is a whole number ≥ `least`."""
    whole = isinstance(value, numbers.Integral) and not isinstance(value, bool)
    if not whole or value < least:
        raise ValueError(f"{name} must be a whole number ≥ {least}, got {value!r}.")


def check_number(name, value, *, above=False):
    """Raise ValueError unless a value is a finite number ≥ 0, or > 0 with `above`."""
    number = isinstance(value, numbers.Real) and not isinstance(value, bool)
    if not number or not np.isfinite(value) or value < 0 or (above and value == 0):
        raise ValueError(
            f"{name} must be a number {'>' if above else '≥'} 0, got {value!r}."
        )


def check_choice(name, value, allowed):
    """Raise ValueError unless a value is one of those allowed."""
    if value not in allowed:
        wanted = ", ".join(map(repr, allowed))
        raise ValueError(f"{name} must be one of {wanted}, got {value!r}.")


def check_widths(hidden):
    """Raise ValueError unless `hidden` is a sequence of at least one whole number ≥ 1."""
    if not isinstance(hidden, (tuple, list, np.ndarray)) or len(hidden) == 0:
        raise ValueError(
            f"hidden must be a sequence of at least one width, such as (128, 64), got "
            f"{hidden!r}."
        )
    for width in hidden:
        check_whole("every width in hidden", width)
