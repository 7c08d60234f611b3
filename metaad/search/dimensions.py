"""Dimensions of a search space: a number, a whole number, one of a few options."""

import numbers
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Real:
    """A number between low and high; with `log` its logarithm is what is spread
    evenly (low > 0).
    """

    low: float
    high: float
    log: bool = False

    def __post_init__(self):
        _check_range(self)

    def sample(self, rng):
        """Return one value, drawn evenly on the scale of the dimension."""
        return self._at(rng.random())

    def levels(self, n):
        """Return n values, evenly spread, both ends included; the middle for n = 1."""
        return [self._at(u) for u in (np.linspace(0, 1, n) if n > 1 else [0.5])]

    def encode(self, value):
        """Return the place of a value on the scale of the dimension: one number, from 0 at
        low to 1 at high.
        """
        low, high, value = (
            np.log(v) if self.log else v for v in (self.low, self.high, value)
        )
        return [float((value - low) / (high - low)) if high > low else 0.0]

    def contains(self, value):
        """Return True if the value is a number between low and high."""
        return (
            isinstance(value, numbers.Real)
            and not isinstance(value, bool)
            and self.low <= value <= self.high
        )

    def _at(self, u):
        low, high = np.log([self.low, self.high]) if self.log else (self.low, self.high)
        value = low + u * (high - low)
        return float(np.clip(np.exp(value) if self.log else value, self.low, self.high))


@dataclass(frozen=True)
class Integer:
    """A whole number from low to high; `log` as in Real.

    below_rows : the value counts rows (neighbours, centres, rows of a sample);
        `Space.fit_to` brings it down to n - 1 on a table of n rows."""

    low: int
    high: int
    log: bool = False
    below_rows: bool = False

    def __post_init__(self):
        _check_range(self)
        if not all(isinstance(v, numbers.Integral) for v in (self.low, self.high)):
            raise ValueError(
                f"Integer needs whole numbers for low and high, got {self.low!r} and {self.high!r}."
            )

    def sample(self, rng):
        """Return one value, drawn evenly on the scale of the dimension, each end with
        its full share.
        """
        edge = Real(self.low - 0.5, self.high + 0.5, self.log)
        return self._whole(edge.sample(rng))

    def levels(self, n):
        """Return at most n values, evenly spread, both ends included: rounding may make
        some of them one.
        """
        return list(
            dict.fromkeys(
                self._whole(v) for v in Real(self.low, self.high, self.log).levels(n)
            )
        )

    def encode(self, value):
        """Return the place of a value on the scale of the dimension: one number, from 0 at
        low to 1 at high.
        """
        return Real(self.low, self.high, self.log).encode(value)

    def contains(self, value):
        """Return True if the value is a whole number from low to high."""
        return (
            isinstance(value, numbers.Integral)
            and not isinstance(value, bool)
            and self.low <= value <= self.high
        )

    def _whole(self, value):
        return int(np.clip(round(value), self.low, self.high))


class Choice:
    """One of a few options, of any kind and in no order."""

    def __init__(self, *options):
        if len(options) < 2:
            raise ValueError(f"Choice needs at least 2 options, got {options!r}.")
        self.options = options

    def __repr__(self):
        return f"Choice({', '.join(map(repr, self.options))})"

    def __eq__(self, other):
        return isinstance(other, Choice) and self.options == other.options

    def __hash__(self):
        return hash(self.options)

    def _state(self):
        return {"options": self.options}

    @classmethod
    def _from_state(cls, state):
        return cls(*state["options"])

    def sample(self, rng):
        """Return one option, each with the same chance."""
        return self.options[rng.integers(len(self.options))]

    def levels(self, n):
        """Return all options, whatever n is: there is no order to thin them out by."""
        return list(self.options)

    def encode(self, value):
        """Return 1 for the option that is the value and 0 for the others: as many
        numbers as options.
        """
        return [float(_same(value, o)) for o in self.options]

    def contains(self, value):
        """Return True if the value is one of the options."""
        return any(_same(value, o) for o in self.options)


def _same(a, b):
    """Equal, and not just because True == 1; lists count as the tuples they came
    from (JSON has none).
    """
    a, b = (tuple(v) if isinstance(v, list) else v for v in (a, b))
    return (
        isinstance(a, bool) == isinstance(b, bool) and type(a == b) is bool and a == b
    )


def _check_range(dimension):
    if not dimension.low <= dimension.high:
        raise ValueError(
            f"low must not exceed high, got {dimension.low!r} and {dimension.high!r}."
        )
    if dimension.log and dimension.low <= 0:
        raise ValueError(f"log needs low > 0, got {dimension.low!r}.")
