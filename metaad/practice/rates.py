"""False-alarm rates: from alerts per day to a rate, what a number of calibration rows
can promise, and how far the realised rate may lie from it.

References
----------
[1] Vovk, Conditional validity of inductive conformal predictors, ACML 2012, section 3:
    the Beta distribution of the realised rate."""

from numbers import Real

import numpy as np

from metaad.metrics import Interval

SLACK = 1 + 1e-12  # so that rounding can't lose a row


def rate_for(alerts_per_day, rows_per_day):
    """Return the rate at which so many normal rows per day raise an alert: float.

    alerts_per_day : number > 0, false alarms that a reader has time for; true anomalies
        come on top. rows_per_day : number of rows scored per day, more than that.

    Raises ValueError where the rate would not lie in (0, 1)."""
    for name, value in (
        ("alerts_per_day", alerts_per_day),
        ("rows_per_day", rows_per_day),
    ):
        if not is_number(value) or value <= 0:
            raise ValueError(f"{name} must be a number > 0, got {value!r}.")
    if alerts_per_day >= rows_per_day:
        raise ValueError(
            f"{alerts_per_day} alerts of {rows_per_day} rows per day is every row: no "
            f"threshold is needed; ask for fewer alerts."
        )
    return float(alerts_per_day / rows_per_day)


def allowed_rate(rate, m):
    """Return the rate, if m calibration rows can tell it from 0; raise ValueError with
    what to do if not, or if it does not lie in (0, 1).
    """
    if not is_number(rate) or not 0 < rate < 1:
        raise ValueError(
            f"rate is the share of normal rows called odd, a number in (0, 1); got "
            f"{rate!r}. For a number of alerts per day take rate_for."
        )
    if _beyond(rate, m) == 0:
        raise ValueError(_too_small(rate, m))
    return float(rate)


def odd_at(p, rate):
    """Return whether p-values are called odd at a rate: bool array, p ≤ rate."""
    return p <= rate * SLACK


def realised(rate, m, level=0.95):
    """Return where the true false-alarm rate of one calibrated detector lies: Interval
    of its mean over draws of the m calibration rows, and the ends between which it lies
    with chance `level`.

    With k = ⌊rate · (m + 1)⌋ the realised rate follows Beta(k, m + 1 - k) if scores
    don't tie [1]; its mean is k / (m + 1) ≤ rate, its spread about √(rate / m): of 100
    calibration rows a rate of .05 may well be .1, of 10,000 rows it is .046 to .054.

    Raises ValueError for a rate below 1 / (m + 1)."""
    from scipy.stats import beta

    allowed_rate(rate, m)
    k = _beyond(rate, m)
    low, high = beta.ppf([(1 - level) / 2, (1 + level) / 2], k, m + 1 - k)
    return Interval(k / (m + 1), float(low), float(high), m)


def promise(rate, m, cross=False):
    """Return in one sentence what a rate means with m calibration rows."""
    if _beyond(rate, m) == 0:
        return _too_small(rate, m)
    value, low, high, _ = realised(rate, m)
    said = f"Of normal rows {_percent(value)} are called odd on average"
    if cross:
        return f"{said}, measured on each of {m:,} rows by a detector that had not seen it."
    return (
        f"{said}; with these {m:,} calibration rows it is {_percent(low)} to "
        f"{_percent(high)} (95 of 100 times)."
    )


def _beyond(rate, m):
    """How many of m + 1 rows a rate calls odd."""
    return int(np.floor(rate * (m + 1) * SLACK))


def _too_small(rate, m):
    wanted = int(np.ceil(1 / rate * (1 - 1e-12))) - 1
    return (
        f"A rate of {rate:.6g} needs {wanted:,} calibration rows or more and there are "
        f"{m:,}, with which no p-value is below {1 / (m + 1):.3g}: ask for that rate or "
        f'a larger one, give more rows, or take calibration="cross", which calibrates '
        f"with all of them."
    )


def _percent(share):
    return f"{100 * share:.2g} %"


def is_number(value):
    """Say whether a value is a finite number, no bool."""
    real = isinstance(value, Real) and not isinstance(value, bool)
    return real and bool(np.isfinite(value))
