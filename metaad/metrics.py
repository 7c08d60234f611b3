"""Numbers that say how well scores rank, and how sure one can be of a difference."""

from typing import NamedTuple

import numpy as np


class Interval(NamedTuple):
    """An estimate with its interval. `n` counts the independent units (tables,
    classes, seeds), not rows.
    """

    value: float
    low: float
    high: float
    n: int

    def __str__(self):
        return f"{self.value:.3f} [{self.low:.3f}, {self.high:.3f}]"


def significant(values, bits=33):
    """Values without their last digits: to `bits` binary digits, ten decimal ones where
    there are 33.

    A sum of a few hundred terms is right to fourteen or fifteen digits, and what comes
    after them depends on the order in which a CPU's instructions add. Rounded, equal is
    equal again on every CPU. Powers of two scale exactly, so the result is the same
    whatever the unit.

    Parameters
    ----------
    values : array of any shape; bits : int, 1 to 53.

    Returns
    -------
    float64 array of the same shape; 0, NaN and infinities stay as they are.
    """
    mantissa, exponent = np.frexp(np.asarray(values, dtype=np.float64))
    return np.ldexp(np.round(np.ldexp(mantissa, bits)), exponent - bits)


def auroc(y, scores):
    """Area under the ROC curve: the chance that an anomaly outscores a normal row, a
    tie counting one half [1].

    Scores that agree to ten significant digits are a tie. Where the mathematics gives
    two rows one score (LOF whose neighbours are all of the training rows), the digits
    after those are rounding noise, and an order made of noise is worth one half. A
    detector whose scores saturate, 1 - 1e-12 against 1 - 2e-12, has to be judged by a
    score that does not: the logit, the logarithm.

    Parameters
    ----------
    y : array (n,), 1 for an anomaly and 0 for a normal row.
    scores : array (n,), larger = more anomalous (`anomaly_score`, not `score_samples`).

    Returns
    -------
    float in [0, 1]; 0.5 is chance, below 0.5 the scores point the wrong way.

    Raises
    ------
    ValueError
        if only one class is there, if the lengths differ, if a score is NaN or inf.

    References
    ----------
    [1] Hanley and McNeil, The meaning and use of the area under a ROC curve, Radiology
    143, 1982."""
    from sklearn.metrics import roc_auc_score

    y, scores = _checked("auroc", y, scores)
    return float(roc_auc_score(y, significant(scores)))


def average_precision(y, scores):
    """Mean precision over the anomalies, each taken at the threshold that just lets it
    in [1]. No interpolation.

    Parameters
    ----------
    y : array (n,), 1 for an anomaly and 0 for a normal row.
    scores : array (n,), larger = more anomalous. Rows of equal score, as in `auroc`,
        pass a threshold together.

    Returns
    -------
    float in (0, 1]; chance is the share of anomalies, so values of different tables
    don't compare.

    Raises
    ------
    ValueError
        if only one class is there, if the lengths differ, if a score is NaN or inf.

    References
    ----------
    [1] Davis and Goadrich, The relationship between precision-recall and ROC curves,
    ICML 2006."""
    from sklearn.metrics import average_precision_score

    y, scores = _checked("average_precision", y, scores)
    return float(average_precision_score(y, significant(scores)))


def balanced_accuracy(y, predictions):
    """Mean of two shares: of the anomalies that were flagged, and of the normal rows
    that were not [1].

    Parameters
    ----------
    y : array (n,), 1 for an anomaly and 0 for a normal row.
    predictions : array (n,) as `predict` gives them: -1 for an anomaly, +1 for a normal
        row.

    Returns
    -------
    float in [0, 1]; 0.5 is what any constant answer gets.

    Raises
    ------
    ValueError
        if only one class is there, if the lengths differ, if a prediction is neither -1
        nor +1.

    References
    ----------
    [1] Brodersen, Ong, Stephan and Buhmann, The balanced accuracy and its posterior
    distribution, ICPR 2010."""
    from sklearn.metrics import balanced_accuracy_score

    y, predictions = _checked("balanced_accuracy", y, predictions)
    if not np.isin(predictions, (-1, 1)).all():
        raise ValueError(
            f"balanced_accuracy needs predictions of -1 (anomaly) and +1 (normal), "
            f"got {_some(predictions)}; "
            f"pass detector.predict(X), not scores or 0/1 labels."
        )
    return float(balanced_accuracy_score(y, predictions == -1))


def bootstrap(values, *, groups=None, level=0.95, resamples=10_000, seed=0):
    """Mean of `values` with a percentile-bootstrap interval [1].

    Parameters
    ----------
    values : array (n,), one number for each independent unit (a table, a class, a
        seed).
    groups : array (n,), optional: the group of each value, e.g. the family of a table
        (`data.family`). Values of one group are not independent, so whole groups are
        drawn with replacement; a group drawn twice counts twice. The estimate stays the
        mean over values. With few groups the interval is too narrow: below about ten,
        say so.
    level : share of resampled means inside the interval.
    resamples : int, how often to draw. seed : of the draws.

    Returns
    -------
    Interval(value, low, high, n), n the number of values, or of groups where there are
    groups

    Raises
    ------
    ValueError
        for fewer than two values or groups, NaN or inf, or another number of groups
        than of values.

    References
    ----------
    [1] Efron and Tibshirani, An Introduction to the Bootstrap, 1993, chapter 13.
    """
    values = np.asarray(values, dtype=np.float64)
    if values.ndim != 1 or len(values) < 2:
        raise ValueError(
            f"bootstrap needs a flat array of at least 2 values, one for each "
            f"independent unit; got shape "
            f"{values.shape}. Repeat over more tables, classes or seeds."
        )
    if not np.isfinite(values).all():
        raise ValueError(
            "bootstrap needs finite values; drop or explain the units that gave NaN or inf first."
        )
    if not 0 < level < 1:
        raise ValueError(
            f"level is a share between 0 and 1, got {level}; 0.95 is usual."
        )
    rng = np.random.default_rng(seed)
    if groups is None:
        n = len(values)
        means = values[rng.integers(0, n, (resamples, n))].mean(axis=1)
    else:
        sums, counts = _by_group(values, groups)
        n = len(sums)
        drawn = rng.integers(0, n, (resamples, n))
        means = sums[drawn].sum(axis=1) / counts[drawn].sum(axis=1)
    tail = 100.0 * (1.0 - level) / 2.0
    low, high = np.percentile(means, [tail, 100.0 - tail])
    return Interval(float(values.mean()), float(low), float(high), n)


def paired(a, b, **options):
    """Mean of a - b with its bootstrap interval: both arrays (n,), measured on the same
    n units.

    The options are those of `bootstrap`. Units that are easy for both methods cancel,
    so this interval is the one to read; two overlapping intervals of the means decide
    nothing."""
    a, b = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    if a.shape != b.shape:
        raise ValueError(
            f"paired needs both methods measured on the same units; got {a.shape} and {b.shape}."
        )
    return bootstrap(a - b, **options)


def compare(results, baseline=None, **options):
    """Methods side by side, each with its interval, and its paired difference from a
    baseline.

    Parameters
    ----------
    results : dict method -> array (n,), every method measured on the same n units in
        the same order.
    baseline : str, optional, one of the methods.
    options : of `bootstrap` (groups, level, resamples, seed).

    Returns
    -------
    pandas.DataFrame, one row a method in the order given: mean, low, high; with a
    baseline also difference, difference low, difference high (method minus baseline, 0
    for the baseline itself); n, as in `Interval`. The intervals are not corrected for
    the number of methods.

    Raises
    ------
    ValueError
        if there is no method, if the baseline is not one, if the methods were not
        measured on the same units.
    """
    import pandas as pd

    arrays = {
        method: np.asarray(values, dtype=np.float64)
        for method, values in results.items()
    }
    if not arrays:
        raise ValueError(
            "compare needs at least one method: a dict method -> array over units; "
            "got an empty one."
        )
    if baseline is not None and baseline not in arrays:
        raise ValueError(
            f"baseline {baseline!r} is not among the methods: {', '.join(map(str, arrays))}."
        )
    shapes = {method: a.shape for method, a in arrays.items()}
    if len(set(shapes.values())) > 1:
        raise ValueError(
            f"compare needs all methods measured on the same units; got shapes {shapes}."
        )
    rows = []
    for values in arrays.values():
        mean = bootstrap(values, **options)
        row = {"mean": mean.value, "low": mean.low, "high": mean.high}
        if baseline is not None:
            gain = paired(values, arrays[baseline], **options)
            row |= {
                "difference": gain.value,
                "difference low": gain.low,
                "difference high": gain.high,
            }
        rows.append(row | {"n": mean.n})
    return pd.DataFrame(rows, index=pd.Index(arrays, name="method"))


def _by_group(values, groups):
    """Sum of values and number of values of each group, both (n_groups,)."""
    groups = np.asarray(groups)
    if groups.shape != values.shape:
        raise ValueError(
            f"bootstrap needs a group for each of {len(values)} values; got shape {groups.shape}."
        )
    labels, inverse = np.unique(groups, return_inverse=True)
    if len(labels) < 2:
        raise ValueError(
            "bootstrap needs at least 2 groups to draw from, got 1; add units of other groups."
        )
    return np.bincount(inverse, weights=values), np.bincount(inverse)


def _checked(metric, y, scores):
    """Labels as int64 (n,) of both classes, scores as finite float64 (n,)."""
    y, scores = np.asarray(y), np.asarray(scores, dtype=np.float64)
    if y.ndim != 1 or y.shape != scores.shape:
        raise ValueError(
            f"{metric} needs one label and one score a row, both flat; got shapes "
            f"{y.shape} and {scores.shape}."
        )
    if not np.isin(y, (0, 1)).all():
        raise ValueError(
            f"{metric} needs labels of 0 (normal) and 1 (anomaly), got {_some(y)}; "
            f"convert them first."
        )
    if len(np.unique(y)) < 2:
        raise ValueError(
            f"{metric} needs normal rows and anomalies, got {len(y)} labels of one "
            f"class only; add rows of the other."
        )
    if not np.isfinite(scores).all():
        bad = int((~np.isfinite(scores)).sum())
        raise ValueError(
            f"{metric} needs finite scores, got NaN or inf in {bad} of {len(scores)}; "
            f"mend the detector."
        )
    return y.astype(np.int64), scores


def _some(values):
    found = np.unique(values)
    return ", ".join(
        f"{v:g}" if isinstance(v, np.floating) else str(v) for v in found[:4]
    ) + (", …" if len(found) > 4 else "")
