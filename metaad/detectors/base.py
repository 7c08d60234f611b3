"""What every detector of this package shares: input checks, the threshold, and the
sign of a score.

A new detector is one class with `__init__`, `_fit` and `_anomaly`:

    class DistanceToMean(Detector):
        def __init__(self, contamination=0.1, random_state=None):
            self.contamination, self.random_state = contamination, random_state

        def _fit(self, X):
            self.mean_ = X.mean(axis=0)

        def _anomaly(self, X):
            return np.linalg.norm(X - self.mean_, axis=1)

It then has `fit`, `score_samples`, `decision_function`, `predict` and `offset_`, and
passes scikit-learn's `check_estimator`. In this package: one file beside this one, its
name in detectors/__init__.py, an instance in tests/test_estimators.py.
"""

from numbers import Real

import numpy as np
from sklearn.base import BaseEstimator, OutlierMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from metaad import metrics

# squares of values beyond these overflow, or vanish, in float64
LARGEST, SMALLEST = 1e140, 1e-140
SCALE = (
    "Scale the columns first, for instance with sklearn.preprocessing.MaxAbsScaler, or "
    "drop what can't be a measurement."
)


def anomaly_score(detector, X):
    """Return the anomaly score of each row: large means anomalous.

    scikit-learn's `score_samples` is large for *normal* rows; papers and plots want the
    other direction. This is the one place where the sign is turned.

    Parameters
    ----------
    detector : any fitted scikit-learn outlier detector, ours or scikit-learn's.
    X : array (n, d).

    Returns
    -------
    scores : float64 array (n,), unbounded unless the detector says otherwise; larger =
    more anomalous."""
    return -np.asarray(detector.score_samples(X), dtype=np.float64)


def auroc_scorer(detector, X, y):
    """Return the AUROC of a fitted detector, for scikit-learn's model selection:
    `cross_val_score(detector, X, y, scoring=auroc_scorer, cv=StratifiedKFold(5))`,
    `GridSearchCV` likewise. The folds must be stratified, or one may hold no anomaly.

    scikit-learn's own scoring="roc_auc" takes `decision_function`, which is large for
    *normal* rows, and so gives 1 - AUROC where y is 1 for an anomaly.

    Parameters
    ----------
    detector : any fitted scikit-learn outlier detector, ours or scikit-learn's.
    X : array (n, d).
    y : array (n,), 1 for an anomaly and 0 for a normal row; both must occur.

    Returns
    -------
    float in [0, 1], larger = better; 0.5 is chance."""
    return metrics.auroc(y, anomaly_score(detector, X))


def average_precision_scorer(detector, X, y):
    """Return the average precision of a fitted detector: float in (0, 1], larger = better; the
    share of anomalies is chance. Otherwise as `auroc_scorer`.
    """
    return metrics.average_precision(y, anomaly_score(detector, X))


class Detector(OutlierMixin, BaseEstimator):
    """Base of the detectors: a subclass writes `_fit` and `_anomaly`, and lists its
    parameters in `__init__`.

    A subclass has the parameters `contamination` and `random_state`. `contamination` is
    the share of anomalies expected among the training rows, in (0, 0.5]; the threshold
    `offset_` is set so that this share of the training rows scores below it. A subclass
    with a threshold of its own answers it from `_auto_offset`, and
    `contamination="auto"` then means that one.

    Methods a subclass provides:

    - `_fit(X)`: learn from a checked float64 array (n, d); attributes learned end in an
      underscore.
    - `_anomaly(X)`: float64 array (n,), finite, larger = more anomalous.

    A subclass that squares values sets `_squares = True`: a table whose squares overflow
    or vanish is then refused before anything is computed.

    X reaches both in rows (C order), whatever it came in: the same numbers give the
    same bytes.
    """

    _min_samples = 2
    _auto_offset = None
    _squares = False

    def fit(self, X, y=None):
        """Learn what normal looks like from X, array (n, d); y is ignored. Returns
        the detector.

        Raises
        ------
        ValueError
            for NaN or infinity in X, a parameter out of range, or values so large or so
            small that the scores are no longer numbers.
        """
        X = self._allowed(X)
        self._fit(X)
        self._learn_offset(X)
        return self

    def _allowed(self, X):
        """X as `_fit` takes it, if it and `contamination` are such that it can."""
        X = self._checked(X, ensure_min_samples=self._min_samples)
        self._check_contamination()
        self._check_size(X)
        return X

    def _learn_offset(self, X):
        """Learn the threshold from the training rows, once `_fit` is done."""
        if self.contamination == "auto":
            self.offset_ = self._auto_offset
        else:
            share = 100.0 * self.contamination
            self.offset_ = float(np.percentile(-self._scores(X), share))

    def score_samples(self, X):
        """Return the normality of each row of X (n, d): float64 array (n,), larger =
        more *normal*. See `anomaly_score`.

        Raises
        ------
        ValueError
            for NaN or infinity in X, and where a score is not a finite number.
        """
        check_is_fitted(self)
        return -self._scores(self._checked(X, reset=False))

    def decision_function(self, X):
        """Return `score_samples(X) - offset_`: array (n,), negative for the rows called
        anomalies.
        """
        return self.score_samples(X) - self.offset_

    def predict(self, X):
        """Return -1 for an anomaly, +1 for a normal row: int array (n,)."""
        return np.where(self.decision_function(X) < 0, -1, 1)

    def _checked(self, X, **options):
        """X as a float64 array (n, d), row after row in memory."""
        return validate_data(self, X, dtype=np.float64, order="C", **options)

    def _scores(self, X):
        """`_anomaly`, and a sentence where it is NaN or infinite."""
        with np.errstate(over="ignore", invalid="ignore"):
            scores = np.asarray(self._anomaly(X), dtype=np.float64)
        bad = ~np.isfinite(scores)
        if bad.any():
            raise ValueError(
                f"{type(self).__name__} gives {scores[bad][0]} instead of a score for "
                f"{bad.sum()} of {len(X)} rows, first row {bad.argmax()} (counted from "
                f"0); the values in X go up to {np.abs(X).max():.3g}. {SCALE}"
            )
        return scores

    def _check_size(self, X):
        largest = np.abs(X).max()
        if self._squares and not (largest == 0 or SMALLEST <= largest <= LARGEST):
            raise ValueError(
                f"{type(self).__name__} squares values, and those in X go up to "
                f"{largest:.3g}: their squares are not numbers any more. {SCALE}"
            )

    def _check_contamination(self):
        c = self.contamination
        auto = self._auto_offset is not None
        if isinstance(c, str) and c == "auto" and auto:
            return
        if isinstance(c, bool) or not isinstance(c, Real):
            allowed = "a number in (0, 0.5]" + (' or "auto"' if auto else "")
            raise ValueError(f"contamination must be {allowed}, got {c!r}.")
        if not 0.0 < c <= 0.5:
            raise ValueError(
                f"contamination must lie in (0, 0.5], got {c!r}. It is the share of "
                f"anomalies expected in the "
                "training rows; if they are all normal, use a small value such as 0.01."
            )
