"""Conformal p-values: thresholds whose false-alarm rate is what was asked for.

A detector's score has no unit, and a quantile of the scores of the rows that it was
fitted on is too low a threshold: it knows these rows. Here the scores of rows that were
kept out of the fit say what is usual, and the p-value of a new row is its place among
them.

References
----------
[1] Vovk, Gammerman and Shafer, Algorithmic Learning in a Random World, Springer 2005,
    chapter 2 (p-values, smoothed ties), chapter 4 (a part kept for calibration).
[2] Laxhammar and Falkman, Conformal prediction for distribution-independent anomaly
    detection in streaming vessel data, StreamKDD 2010.
[3] Vovk, Conditional validity of inductive conformal predictors, ACML 2012.
[4] Vovk, Cross-conformal predictors, Annals of Mathematics and Artificial Intelligence
    74, 2015. There a new row is compared with each fold by that fold's own detector:
    with forests on twenty columns that gave half of the alerts that were asked for.
[5] Barber, Candès, Ramdas and Tibshirani, Predictive inference with the jackknife+,
    Annals of Statistics 49, 2021.
[6] Bates, Candès, Lei, Romano and Sesia, Testing for outliers with conformal p-values,
    Annals of Statistics 51, 2023."""

import numpy as np
from sklearn.base import BaseEstimator, clone
from sklearn.utils import _safe_indexing
from sklearn.utils.validation import check_is_fitted

from metaad.detectors import anomaly_score
from metaad.metrics import share_below
from metaad.practice.calibration import folds, kept_out, kinds_of
from metaad.practice.rates import allowed_rate, odd_at, promise

FOLDS = 10  # of "cross"
ASKED = 'a share of the rows in (0, 1), "cross" or "fitted"'


def p_values(calibration, scores, u=None):
    """Return the p-value of each score: its place among calibration scores, counted from
    the oddest [1].

        p = (1 + number of calibration scores ≥ score) / (m + 1)

    Scores that agree to ten significant digits are equal, as everywhere in this package,
    and an equal one counts whole: with ties p is too large rather than too small.

    Parameters
    ----------
    calibration : array (m,), scores of rows that the detector was not fitted on; large
        = odd. scores : array (n,).
    u : array (n,) in (0, 1), or None. With u equal scores, and the row itself, count u
        instead of 1: uniform draws make p exactly uniform, ties or not [1].

    Returns
    -------
    float64 array (n,), in (0, 1], small = odd."""
    odder, equal = counts(calibration, scores)
    return _p(odder, equal, len(calibration), u)


def counts(calibration, scores):
    """Return how many calibration scores (m,) are above each score (n,), and how many
    are equal to it: two float64 arrays (n,) of whole numbers.
    """
    m = len(calibration)
    below, upto = (
        np.rint(m * share_below(calibration, scores, ties=t)) for t in (0, 1)
    )
    return m - upto, upto - below


def _p(odder, equal, m, u=None):
    return (odder + (1 if u is None else u) * (equal + 1)) / (m + 1)


class Conformal(BaseEstimator):
    """Give any detector p-values, and alerts at a rate that is asked for [1, 2].

        odd = Conformal(IsolationForest(random_state=0)).fit(X)
        odd.p_values(X_new)              # small = odd
        odd.alerts(X_new, rate=0.01)     # True for 1 of 100 normal rows, on average

    **What is promised.** The chance that a new normal row has p ≤ rate is at most the
    rate, on average over the rows that happened to calibrate, if the new row is
    exchangeable with them: drawn from the same source, in any order. Nothing is promised
    where the source drifts, and nothing about anomalies. Of one fitted Conformal, whose
    m calibration rows are what they are, the true rate follows a Beta distribution
    around that [3]: see `metaad.practice.realised`, and `promise` for the sentence.
    Anomalies among the calibration rows have large scores, so p is too large then: fewer
    alerts than asked for [6]. Measured on 144 tables: data/results/conformal_rates.json.

    Parameters
    ----------
    detector : any outlier detector with `fit` and `score_samples`, ours or
        scikit-learn's, a Pipeline too; it is cloned.
    calibration : float in (0, 1), the share of the rows kept out of the fit, drawn at
        random. Or "cross", for small tables: the rows are divided into ten folds, and
        each is scored by a detector fitted on the other nine [4]; all rows then
        calibrate, for ten fits, and the first of the ten detectors, which knows nine
        tenths of the rows, is the one that scores new rows. A new row's score then
        follows the same distribution as each calibration score, but they are not
        exchangeable together: that the rate is right is measured, not proven [5]. Or
        "fitted": the detector is fitted already, and all rows given to `fit`, which it
        must not have seen, calibrate.
    random_state : int, which rows calibrate.

    Attributes
    ----------
    detector_ : the fitted detector.
    calibration_ : float64 array (m,), scores of the calibration rows, large = odd.

    Raises
    ------
    ValueError
        from `fit`, if the parameters or labels are wrong, or too few rows come.
    TypeError
        from `fit`, if the detector has no `score_samples`."""

    def __init__(self, detector, calibration=0.25, random_state=0):
        self.detector = detector
        self.calibration = calibration
        self.random_state = random_state

    def fit(self, X, y=None):
        """Fit the detector on one part of the rows and calibrate on the other.

        Parameters
        ----------
        X : array or DataFrame (n, d).
        y : array (n,), 1 for a known anomaly, 0 for a known normal row, -1 for a row
            that nobody has looked at; or None. The detector gets the labels of its
            rows. Known anomalies fit and never calibrate; the others calibrate in equal
            shares.

        Returns the Conformal."""
        self._check()
        kinds = kinds_of(X, y)
        if self.calibration == "fitted":
            check_is_fitted(self.detector)
            parts = np.where(kinds == 1, -1, 0)
        elif self.calibration == "cross":
            parts = folds(kinds, FOLDS, self.random_state)
        else:
            parts = kept_out(kinds, self.calibration, self.random_state)
        seen = [self._part(X, y, parts, k) for k in range(parts.max() + 1)]
        self.detector_ = seen[0][0]
        self.calibration_ = np.concatenate([scores for _, scores in seen])
        return self

    def _part(self, X, y, parts, k):
        """Fit on all rows but part k: the detector, and its scores of that part."""
        fit, calibrate = np.flatnonzero(parts != k), np.flatnonzero(parts == k)
        detector = self.detector
        if self.calibration != "fitted":
            given = () if y is None else (np.asarray(y)[fit],)
            detector = clone(detector).fit(_safe_indexing(X, fit), *given)
        return detector, _scores(detector, _safe_indexing(X, calibrate))

    def score_samples(self, X):
        """Return the detector's own score: float64 array (n,), larger = more *normal*.
        See `anomaly_score`.
        """
        check_is_fitted(self)
        return np.asarray(self.detector_.score_samples(X), dtype=np.float64)

    def p_values(self, X, random_state=None):
        """Return the p-value of each row of X (n, d): float64 array (n,) in (0, 1],
        small = odd; see the function `p_values`.

        random_state : int, or None. With a number ties are broken at random, by draws
            that depend on it and on the row's place in X; None counts them whole, which
            asks for no chance and gives too few alerts where scores tie."""
        check_is_fitted(self)
        odder, equal = counts(self.calibration_, _scores(self.detector_, X))
        u = None
        if random_state is not None:
            u = 1 - np.random.default_rng(random_state).random(len(odder))
        return _p(odder, equal, self.n_calibration, u)

    def alerts(self, X, rate=0.01):
        """Return whether each row is called odd, p ≤ rate: bool array (n,).

        rate : share of normal rows that may be called odd, in (0, 1); see `rate_for`.

        Raises ValueError for a rate that so few calibration rows can't tell from 0."""
        allowed_rate(rate, self.n_calibration)
        return odd_at(self.p_values(X), rate)

    def promise(self, rate=0.01):
        """Return what holds at a rate, in one sentence; the same where there are too few
        calibration rows for it.
        """
        return promise(rate, self.n_calibration, self.calibration == "cross")

    @property
    def n_calibration(self):
        """m, how many rows calibrate; no p-value is below 1 / (m + 1)."""
        check_is_fitted(self)
        return len(self.calibration_)

    def _check(self):
        c, detector = self.calibration, self.detector
        if not isinstance(detector, BaseEstimator) or not hasattr(
            detector, "score_samples"
        ):
            raise TypeError(
                f"Conformal needs an outlier detector with fit and score_samples, got "
                f"{detector!r:.200}. Of a meta-learner take what `adapt` returns, with "
                f'calibration="fitted"; scikit-learn\'s LocalOutlierFactor needs '
                f"novelty=True."
            )
        share = isinstance(c, (int, float, np.number)) and not isinstance(c, bool)
        if c not in ("cross", "fitted") and not (share and 0 < c < 1):
            raise ValueError(f"calibration must be {ASKED}, got {c!r}.")

    def _restored(self):
        """Whether what a file holds fits together."""
        if not len(self.calibration_):
            raise ValueError("no row calibrates")


def _scores(detector, X):
    scores = anomaly_score(detector, X)
    if not np.isfinite(scores).all():
        raise ValueError(
            f"{type(detector).__name__} gives NaN or infinity instead of a score for "
            f"{(~np.isfinite(scores)).sum()} of {len(scores)} rows; scale the columns, "
            f"or take another detector."
        )
    return scores
