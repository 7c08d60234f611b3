"""How sure one can be of a mean or a difference: bootstrap-t intervals [1], over values
or over groups of them, alone or several at once.

The bootstrap-t divides each resampled mean by the standard error of its own resample,
and reads quantiles off the resamples; data/results/coverage.json says what it covers.

References
----------
[1] Efron and Tibshirani, An Introduction to the Bootstrap, 1993, sections 12.5, 16.4.
[2] Romano and Wolf, Exact and Approximate Stepdown Methods for Multiple Hypothesis
    Testing, JASA 100, 2005.
[3] Liang and Zeger, Longitudinal data analysis using generalized linear models,
    Biometrika 73, 1986.
[4] Schuirmann, A comparison of the two one-sided tests procedure, Journal of
    Pharmacokinetics and Biopharmaceutics 15, 1987."""

import numbers
from typing import NamedTuple

import numpy as np

FEW = 20  # with fewer units than this a table of claims says so
FLOOR = 0.1  # least standard error of a resample, in those of the sample
CHUNK = 2_000_000  # most numbers of one block of resamples


class _Parts(NamedTuple):
    value: float
    low: float
    high: float
    n: int


class Interval(_Parts):
    """An estimate with its interval. `n` counts the independent units (tables,
    classes, seeds), not rows.

    inner : (low, high) of the 90 % interval, which a claim of equivalence needs [4]; None
        where an interval was read from a record. It is no field: an interval unpacks
        into four numbers."""

    inner = None

    def __new__(cls, value, low, high, n, inner=None):
        made = super().__new__(cls, value, low, high, n)
        made.inner = inner
        return made

    def __str__(self):
        return f"{self.value:.3f} [{self.low:.3f}, {self.high:.3f}]"


def bootstrap(values, *, groups=None, level=0.95, resamples=10_000, seed=0):
    """Return the mean of `values` with its bootstrap-t interval [1].

    Parameters
    ----------
    values : array (n,), one number for each independent unit (a table, a class, a
        seed).
    groups : array (n,), optional: the group of each value, e.g. the family of a table
        (`data.family`). Values of one group are not independent, so whole groups are
        drawn with replacement; a group drawn twice counts twice. The estimate stays the
        mean over values, its standard error is the one robust to clusters [3].
    level : share of cases in which the interval holds the truth.
    resamples : int, how often to draw. seed : of the draws.

    Returns
    -------
    Interval(value, low, high, n), n the number of values, or of groups where there are
    groups. Where all values are equal it has no width, which says nothing of how sure
    one can be. It may reach beyond 1 for a mean of shares.

    Raises
    ------
    ValueError
        for fewer than two values or groups, NaN or inf, another number of groups than
        of values, a level outside (0, 1), or no resamples.
    """
    values = _flat(values)
    return _intervals(values[:, None], groups, level, resamples, seed)[0]


def paired(a, b, **options):
    """Return the mean of a - b with its bootstrap-t interval: both arrays (n,),
    measured on the same n units.

    The options are those of `bootstrap`. Units that are easy for both methods cancel,
    so this interval is the one to read; two overlapping intervals of the means decide
    nothing."""
    a, b = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    if a.shape != b.shape:
        raise ValueError(
            f"paired needs both methods measured on the same units; got {a.shape} and "
            f"{b.shape}."
        )
    return bootstrap(a - b, **options)


def simultaneous(
    columns, *, groups=None, level=0.95, resamples=10_000, seed=0, corrected=True
):
    """Return means of several columns at once: with probability `level` *all* intervals
    hold their truth (max-t [2]).

    All columns share the resamples. The quantile is that of the largest (smallest) t
    over the columns, so columns that go together cost little. One column gives what
    `bootstrap` gives.

    Parameters
    ----------
    columns : dict name -> array (n,), e.g. differences, all over the same n units.
    groups, level, resamples, seed : as in `bootstrap`.
    corrected : False gives each column the interval that it would have alone.

    Returns
    -------
    dict name -> Interval. Raises ValueError if there is no column, if their lengths
    differ, and as `bootstrap` does.
    """
    arrays = _same_units("simultaneous", columns, "column")
    together = np.stack([_flat(a) for a in arrays.values()], axis=1)
    found = _intervals(together, groups, level, resamples, seed, corrected)
    return dict(zip(arrays, found, strict=True))


def compare(results, baseline=None, *, corrected=True, **options):
    """Compare methods side by side, each with its interval, and its paired difference
    from a baseline.

    Parameters
    ----------
    results : dict method -> array (n,), every method measured on the same n units in
        the same order.
    baseline : str, optional, one of the methods.
    corrected : True widens the intervals of the differences for the number of methods
        that are compared with the baseline, see `simultaneous`.
    options : of `bootstrap` (groups, level, resamples, seed).

    Returns
    -------
    pandas.DataFrame, a row per method in the order given: mean, low, high; with a
    baseline also difference, difference low, difference high (method minus baseline, 0
    for the baseline itself); n, as in `Interval`. The intervals of the means are those
    of each method alone: read the differences.

    Raises
    ------
    ValueError
        if there is no method, if the baseline is not one, if the methods were not
        measured on the same units.
    """
    import pandas as pd

    arrays = _same_units("compare", results, "method")
    if baseline is not None and baseline not in arrays:
        raise ValueError(
            f"baseline {baseline!r} is not among the methods: "
            f"{', '.join(map(str, arrays))}."
        )
    names = ("mean", "low", "high")
    alone = simultaneous(arrays, corrected=False, **options)
    table = pd.DataFrame(
        [dict(zip(names, i, strict=False)) for i in alone.values()],
        index=pd.Index(arrays, name="method"),
    )
    if baseline is not None:
        base = arrays[baseline]
        gains = {method: values - base for method, values in arrays.items()}
        gains = simultaneous(gains, corrected=corrected, **options)
        for at, name in enumerate(("difference", "difference low", "difference high")):
            table[name] = [gain[at] for gain in gains.values()]
    return table.assign(n=[i.n for i in alone.values()])


def _intervals(values, groups, level, resamples, seed, corrected=False):
    """Interval of each column of values (n, m): a list of m."""
    if not 0 < level < 1:
        raise ValueError(
            f"level is a share between 0 and 1, got {level}; 0.95 is usual."
        )
    if not isinstance(resamples, numbers.Integral) or resamples < 1:
        said = f"resamples must be a whole number ≥ 1, got {resamples!r}"
        raise ValueError(f"{said}; 10,000 is usual.")
    sums, counts = _by_group(values, groups)
    mean, error, t = _studentised(sums, counts, resamples, seed)
    moving = error > 1e-13 * np.abs(values).max(axis=0)
    error = np.where(moving, error, 0.0)
    inner = _bounds(mean, error, t, 0.9, corrected, moving)
    ends = _bounds(mean, error, t, level, corrected, moving)
    return [
        Interval(float(v), float(low), float(high), len(sums), (float(a), float(b)))
        for v, low, high, a, b in zip(mean, *ends, *inner, strict=True)
    ]


def _bounds(mean, error, t, level, corrected, moving):
    """Lower and upper ends, both (m,), from t (resamples, m). moving : bool (m,), the
    columns that have an error at all.

    low = mean - error · upper quantile of t, and the other way round [1]."""
    tails = (1.0 + level) / 2.0, (1.0 - level) / 2.0
    if corrected and moving.any():
        extremes = t[:, moving].max(axis=1), t[:, moving].min(axis=1)
    else:
        extremes = t, t
    up, down = (np.quantile(e, q, axis=0) for e, q in zip(extremes, tails, strict=True))
    return mean - error * np.maximum(up, 0.0), mean - error * np.minimum(down, 0.0)


def _studentised(sums, counts, resamples, seed):
    """Means (m,), their standard errors (m,) and (mean* - mean) / error* of each
    resample (resamples, m).

    sums : (g, m), sum of the values of each unit drawn. counts : (g,), how many values
    it holds. With u = sums - mean · counts the mean moves by Σu / Σcounts, and its
    squared error is g / (g - 1) · Σu² / (Σcounts)² [3], for single values s² / n. The
    error of a resample is at least FLOOR times the sample's: one that drew the same
    unit throughout has none."""
    g = len(sums)
    mean = sums.sum(axis=0) / counts.sum()
    u = sums - mean * counts[:, None]
    scale = np.abs(u).max(axis=0)
    u = u / np.where(scale > 0, scale, 1.0)
    squares, cross = np.square(u), u * counts[:, None]
    factor = np.sqrt(g / (g - 1.0))
    error = factor * np.sqrt(squares.sum(axis=0)) / counts.sum()
    least = np.where(error > 0, FLOOR * error, 1.0)
    t = []
    for drawn in _draws(g, resamples, seed):
        total = (drawn @ counts)[:, None]
        moved = drawn @ u / total
        spread = drawn @ squares - 2.0 * moved * (drawn @ cross)
        spread += np.square(moved) * (drawn @ np.square(counts))[:, None]
        own = factor * np.sqrt(np.maximum(spread, 0.0)) / total
        t.append(moved / np.maximum(own, least))
    return mean, error * scale, np.concatenate(t)


def _draws(g, resamples, seed):
    """Blocks (b, g) of how often each of g units is drawn, `resamples` rows in all."""
    rng = np.random.default_rng(seed)
    block = max(1, min(resamples, CHUNK // g))
    for start in range(0, resamples, block):
        rows = min(block, resamples - start)
        drawn = rng.integers(0, g, (rows, g)) + g * np.arange(rows)[:, None]
        times = np.bincount(drawn.ravel(), minlength=rows * g)
        yield times.reshape(rows, g).astype(np.float64)


def _by_group(values, groups):
    """Sums (g, m) and number of values (g,) of each group; values (n, m)."""
    if groups is None:
        return values, np.ones(len(values))
    groups = np.asarray(groups)
    if groups.shape != values.shape[:1]:
        raise ValueError(
            f"bootstrap needs a group for each of {len(values)} values; got shape "
            f"{groups.shape}."
        )
    labels, inverse = np.unique(groups, return_inverse=True)
    if len(labels) < 2:
        raise ValueError(
            "bootstrap needs at least 2 groups to draw from, got 1; add units of other "
            "groups."
        )
    sums = np.zeros((len(labels), values.shape[1]))
    np.add.at(sums, inverse, values)
    return sums, np.bincount(inverse).astype(np.float64)


def _flat(values):
    values = np.asarray(values, dtype=np.float64)
    if values.ndim != 1 or len(values) < 2:
        raise ValueError(
            f"bootstrap needs a flat array of at least 2 values, one for each "
            f"independent unit; got shape {values.shape}. Repeat over more tables, "
            f"classes or seeds."
        )
    if not np.isfinite(values).all():
        raise ValueError(
            "bootstrap needs finite values; drop or explain the units that gave NaN or "
            "inf first."
        )
    return values


def _same_units(function, columns, what):
    arrays = {k: np.asarray(v, dtype=np.float64) for k, v in columns.items()}
    if not arrays:
        raise ValueError(
            f"{function} needs at least one {what}: a dict {what} -> array over units; "
            "got an empty one."
        )
    shapes = {k: a.shape for k, a in arrays.items()}
    if len(set(shapes.values())) > 1:
        raise ValueError(
            f"{function} needs all {what}s measured on the same units; got shapes "
            f"{shapes}."
        )
    return arrays
