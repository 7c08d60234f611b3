"""Numbers that say how well scores rank: one function each, one rule for ties.

Scores that agree to ten significant digits tie (`significant`), here and in everything
that is built on ranks: use `ranks`, `best_first` and `spearman`, not SciPy's or NumPy's
own, which let the last bit decide. Intervals stand in metaad/intervals.py; their names
work from here too."""

import numpy as np

from metaad.intervals import FEW, Interval, bootstrap, compare, paired, simultaneous

__all__ = [
    "FEW",
    "Interval",
    "auroc",
    "average_precision",
    "balanced_accuracy",
    "best_first",
    "bootstrap",
    "chance_precision",
    "compare",
    "paired",
    "ranks",
    "share_below",
    "significant",
    "simultaneous",
    "spearman",
]


def significant(values, bits=33):
    """Return values without their last digits: to `bits` binary digits, ten decimal
    ones where there are 33.

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


def ranks(values):
    """Rank along the last axis, 1 for the smallest; values that tie share their mean
    rank: array of any shape (..., n) -> float64 of the same shape.
    """
    from scipy.stats import rankdata

    return rankdata(significant(values), axis=-1)


def best_first(values):
    """Return the positions along the last axis from the largest value to the smallest;
    of values that tie the earlier one comes first: array (..., n) -> int array of the
    same shape.
    """
    return np.argsort(-significant(values), axis=-1, kind="stable")


def spearman(a, b):
    """Return the rank correlation of a and b along the last axis: arrays (..., n) that broadcast
    -> float, or array (...), in [-1, 1]; NaN where all entries of one of them tie.
    """
    x, y = (r - r.mean(axis=-1, keepdims=True) for r in (ranks(a), ranks(b)))
    norm = np.sqrt(np.square(x).sum(axis=-1) * np.square(y).sum(axis=-1))
    with np.errstate(invalid="ignore"):
        return _plain((x * y).sum(axis=-1) / norm)


def share_below(reference, values, ties=0.5):
    """Return the share of the reference scores that each value exceeds.

    Parameters
    ----------
    reference : array (n,). values : array of any shape.
    ties : what an equal reference score counts, 0.5 as in `auroc`; 0 for "strictly
        below".

    Returns
    -------
    float64 array like `values`, in [0, 1]."""
    reference, values = np.sort(significant(reference)), significant(values)
    low = np.searchsorted(reference, values, side="left")
    if not ties:
        return low / len(reference)
    high = np.searchsorted(reference, values, side="right")
    return (low + ties * (high - low)) / len(reference)


def auroc(y, scores):
    """Return the area under the ROC curve: the chance that an anomaly outscores a
    normal row, a tie counting one half [1].

    Scores that agree to ten significant digits are a tie. Where the mathematics gives
    two rows one score (LOF whose neighbours are all of the training rows), the digits
    after those are rounding noise, and an order made of noise is worth one half. A
    detector whose scores saturate, 1 - 1e-12 against 1 - 2e-12, has to be judged by a
    score that does not: the logit, the logarithm.

    Parameters
    ----------
    y : array (n,), or (..., n) with labels for each batch, 1 for an anomaly and 0 for a
        normal row.
    scores : array (n,) or (..., n), larger = more anomalous (`anomaly_score`, not
        `score_samples`).

    Returns
    -------
    float, or array (...) for a batch, in [0, 1]; 0.5 is chance, below 0.5 the scores
    point the wrong way.

    Raises
    ------
    ValueError
        if only one class is there, if the lengths differ, if a score is NaN or inf.

    References
    ----------
    [1] Hanley and McNeil, The meaning and use of the area under a ROC curve, Radiology
    143, 1982."""
    y, scores = _checked("auroc", y, scores)
    anomalies = y.sum(axis=-1)
    # Mann and Whitney's U: pairs won, from the sum of the anomalies' ranks
    won = (ranks(scores) * y).sum(axis=-1) - anomalies * (anomalies + 1) / 2
    return _plain(won / (anomalies * (y.shape[-1] - anomalies)))


def average_precision(y, scores):
    """Return the mean precision over the anomalies, each taken at the threshold that
    just lets it in [1]. No interpolation.

    Parameters
    ----------
    y : array (n,) or (..., n), 1 for an anomaly and 0 for a normal row.
    scores : array (n,) or (..., n), larger = more anomalous. Rows of equal score, as in
        `auroc`, pass a threshold together.

    Returns
    -------
    float, or array (...) for a batch, in (0, 1]; chance is a little above the share of
    anomalies (`chance_precision`), so values of different tables don't compare.

    Raises
    ------
    ValueError
        if only one class is there, if the lengths differ, if a score is NaN or inf.

    References
    ----------
    [1] Davis and Goadrich, The relationship between precision-recall and ROC curves,
    ICML 2006."""
    y, scores = _checked("average_precision", y, scores)
    order = best_first(scores)
    y = np.take_along_axis(y, order, axis=-1)
    s = np.take_along_axis(significant(scores), order, axis=-1)
    # the last row of those that pass a threshold together
    last = np.ones(y.shape, dtype=bool)
    last[..., :-1] = s[..., 1:] != s[..., :-1]
    n = y.shape[-1]
    ends = np.where(last, np.arange(n), n)
    ends = np.minimum.accumulate(ends[..., ::-1], axis=-1)[..., ::-1]
    hits = np.take_along_axis(y.cumsum(axis=-1), ends, axis=-1)
    return _plain((y * hits / (ends + 1)).sum(axis=-1) / y.sum(axis=-1))


def chance_precision(n_anomalies, n):
    """Return the average precision that rows in random order have on average [1].

    Of the row in place k an anomaly is what we ask about; each of the k - 1 rows before
    it is one with probability p = (a - 1) / (n - 1). So the mean over k of
    (1 + p (k - 1)) / k is p + (1 - p) H / n, with H = 1 + 1/2 + … + 1/n.

    n_anomalies : int a, 1 to n; n : int, rows.

    References
    ----------
    [1] Bestgen, Exact expected average precision of the random baseline for system
    evaluation, Prague Bulletin of Mathematical Linguistics 103, 2015."""
    if not 1 <= n_anomalies <= n:
        raise ValueError(
            f"chance_precision needs 1 to n anomalies of n rows; got {n_anomalies} of {n}."
        )
    p = (n_anomalies - 1) / max(n - 1, 1)
    return float(p + (1 - p) * np.mean(1 / np.arange(1, n + 1)))


def balanced_accuracy(y, predictions):
    """Return the mean of two shares: of the anomalies that were flagged, and of the
    normal rows that were not [1].

    Parameters
    ----------
    y : array (n,) or (..., n), 1 for an anomaly and 0 for a normal row.
    predictions : array (n,) or (..., n) as `predict` gives them: -1 for an anomaly, +1
        for a normal row.

    Returns
    -------
    float, or array (...) for a batch, in [0, 1]; 0.5 is what any constant answer gets.

    Raises
    ------
    ValueError
        if only one class is there, if the lengths differ, if a prediction is neither -1
        nor +1.

    References
    ----------
    [1] Brodersen, Ong, Stephan and Buhmann, The balanced accuracy and its posterior
    distribution, ICPR 2010."""
    y, predictions = _checked("balanced_accuracy", y, predictions)
    if not (np.abs(predictions) == 1).all():
        raise ValueError(
            f"balanced_accuracy needs predictions of -1 (anomaly) and +1 (normal), "
            f"got {_some(predictions)}; "
            f"pass detector.predict(X), not scores or 0/1 labels."
        )
    flagged, anomalies = predictions < 0, y.sum(axis=-1)
    found = (flagged & (y == 1)).sum(axis=-1) / anomalies
    left = (~flagged & (y == 0)).sum(axis=-1) / (y.shape[-1] - anomalies)
    return _plain((found + left) / 2)


def _plain(values):
    """A float instead of an array without axes."""
    return float(values) if np.ndim(values) == 0 else values


def _checked(metric, y, scores):
    """Labels as int64 with both classes in each batch, scores as finite float64, both
    of the shape that the two broadcast to, (..., n).
    """
    y, scores = np.asarray(y), np.asarray(scores, dtype=np.float64)
    alike = y.ndim and scores.ndim and y.shape[-1] == scores.shape[-1]
    if not alike or y.ndim > 1 and y.shape != scores.shape:
        raise ValueError(
            f"{metric} needs one label and one score for each row, flat or in batches "
            f"(..., n); got shapes {y.shape} and {scores.shape}."
        )
    if not np.isin(y, (0, 1)).all():
        raise ValueError(
            f"{metric} needs labels of 0 (normal) and 1 (anomaly), got {_some(y)}; "
            f"convert them first."
        )
    y = y.astype(np.int64)
    anomalies = y.sum(axis=-1)
    if ((anomalies == 0) | (anomalies == y.shape[-1])).any():
        raise ValueError(
            f"{metric} needs normal rows and anomalies, got {y.shape[-1]} labels of one "
            f"class only; add rows of the other."
        )
    if not np.isfinite(scores).all():
        bad = int((~np.isfinite(scores)).sum())
        raise ValueError(
            f"{metric} needs finite scores, got NaN or inf in {bad} of {scores.size}; "
            f"fix the detector."
        )
    return np.broadcast_to(y, scores.shape), scores


def _some(values):
    found = np.unique(values)
    return ", ".join(
        f"{v:g}" if isinstance(v, np.floating) else str(v) for v in found[:4]
    ) + (", …" if len(found) > 4 else "")
