"""What an attribute must look like: asked when it is saved, and again when it is loaded.

A field is called with the attribute's name, its value and `sizes`, a dict in which the
sizes of an object are noted by letter: an array (k, d) and another (d,) must agree
about d. It raises ValueError in one sentence.
"""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Array:
    """A NumPy array of one type, with named or fixed sizes, and no NaN.

    dtype : "float64", "int64" or "bool". sizes : letters or numbers. infinite : allow +inf.
    """

    dtype: str
    sizes: tuple
    infinite: bool = False
    optional: bool = False

    def __call__(self, name, value, known):
        if not isinstance(value, np.ndarray) or value.dtype != self.dtype:
            got = getattr(value, "dtype", type(value).__name__)
            raise ValueError(f"{name} must be an array of {self.dtype}, got {got}")
        agree(name, value.shape, self.sizes, known)
        allowed = np.isfinite(value) | (self.infinite & (value == np.inf))
        if not allowed.all():
            raise ValueError(f"{name} holds NaN or infinity")


def agree(name, shape, sizes, known):
    """Note the sizes of an array; raise ValueError if they contradict those known."""
    if len(shape) != len(sizes):
        raise ValueError(f"{name} must have {len(sizes)} axes, got shape {shape}")
    for letter, size in zip(sizes, shape, strict=True):
        wanted = known.setdefault(letter, size) if isinstance(letter, str) else letter
        if wanted != size:
            raise ValueError(f"{name} must have {letter} = {wanted}, got shape {shape}")


@dataclass(frozen=True)
class Whole:
    """A whole number from `least` on; noted as a size if it has a letter."""

    least: int = 0
    letter: str = ""
    optional: bool = False
    none: bool = False  # None is allowed

    def __call__(self, name, value, known):
        if value is None and self.none:
            return
        if not isinstance(value, (int, np.integer)) or isinstance(value, bool):
            raise ValueError(f"{name} must be a whole number, got {value!r:.80}")
        if value < self.least:
            raise ValueError(f"{name} must be {self.least} or more, got {value}")
        if self.letter and known.setdefault(self.letter, value) != value:
            raise ValueError(
                f"{name} must be {known[self.letter]} as in the arrays, got {value}"
            )


@dataclass(frozen=True)
class Number:
    """A finite number."""

    optional: bool = False

    def __call__(self, name, value, known):
        is_number = isinstance(value, (int, float, np.number))
        if not is_number or isinstance(value, bool) or not np.isfinite(value):
            raise ValueError(f"{name} must be a finite number, got {value!r:.80}")


@dataclass(frozen=True)
class Names:
    """Column names, d of them."""

    optional: bool = True

    def __call__(self, name, value, known):
        right = isinstance(value, np.ndarray) and value.dtype == object
        if not right or not all(isinstance(v, str) for v in value.flat):
            raise ValueError(f"{name} must be an array of names, got {value!r:.80}")
        agree(name, value.shape, ("d",), known)


@dataclass(frozen=True)
class Of:
    """An object of one of some classes, given by name: "list", "Autoencoder", ..."""

    classes: tuple
    optional: bool = False

    def __call__(self, name, value, known):
        if type(value).__name__ not in self.classes:
            raise ValueError(
                f"{name} must be {' or '.join(self.classes)}, got {type(value).__name__}"
            )


@dataclass(frozen=True)
class Scorer:
    """A detector, of whatever class."""

    optional: bool = False

    def __call__(self, name, value, known):
        if not hasattr(value, "score_samples"):
            raise ValueError(
                f"{name} must be a detector that scores rows, got {type(value).__name__}"
            )
