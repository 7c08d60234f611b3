"""Numbers that say how well scores rank, and how sure one can be of a difference."""

from typing import NamedTuple

import numpy as np


class Interval(NamedTuple):
    """An estimate with its interval. `n` counts the independent units (tables, classes, seeds), not rows."""

    value: float
    low: float
    high: float
    n: int

    def __str__(self):
        return f"{self.value:.3f} [{self.low:.3f}, {self.high:.3f}]"


def bootstrap(values, *, level=0.95, resamples=10_000, seed=0):
    """Mean of `values` with a percentile-bootstrap interval [1].

    Parameters
    ----------
    values : array (n,), one number for each independent unit (a table, a class, a seed).
    level : share of resampled means inside the interval.

    Returns
    -------
    Interval(value, low, high, n)

    References
    ----------
    [1] Efron and Tibshirani, An Introduction to the Bootstrap, 1993, chapter 13.
    """
    values = np.asarray(values, dtype=np.float64)
    if values.ndim != 1 or len(values) < 2:
        raise ValueError(
            f"bootstrap needs a flat array of at least 2 values, one for each independent unit; got shape "
            f"{values.shape}. Repeat over more tables, classes or seeds."
        )
    if not np.isfinite(values).all():
        raise ValueError("bootstrap needs finite values; drop or explain the units that gave NaN or inf first.")
    rng = np.random.default_rng(seed)
    means = values[rng.integers(0, len(values), (resamples, len(values)))].mean(axis=1)
    tail = 100.0 * (1.0 - level) / 2.0
    low, high = np.percentile(means, [tail, 100.0 - tail])
    return Interval(float(values.mean()), float(low), float(high), len(values))


def paired(a, b, **options):
    """Mean of a - b with its bootstrap interval: both arrays (n,), measured on the same n units."""
    a, b = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    if a.shape != b.shape:
        raise ValueError(f"paired needs both methods measured on the same units; got {a.shape} and {b.shape}.")
    return bootstrap(a - b, **options)
