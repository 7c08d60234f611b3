"""One detector with several settings, their scores averaged: what to do where no setting
is good on every table."""

import warnings

import numpy as np
from sklearn.base import clone
from sklearn.neighbors import LocalOutlierFactor

from metaad.detectors import anomaly_score
from metaad.detectors.base import Detector
from metaad.search.space import configured, space

LEVELS = 5  # of each number where no settings are given


class AveragedDetector(Detector):
    """A detector fitted once for each of several settings; a row's score is the mean of
    what they say [1].

    Scores of different settings have different units. Each is compared with the scores
    that the training rows have under the same setting: with their median m and the
    distance s between their quartiles, a score a becomes z = (a - m) / s, and then
    sign(z) · log(1 + |z|), so that no setting shouts the others down. Nothing is
    learned from labels or from other tables, and rows are scored one by one.

    Parameters
    ----------
    estimator : a detector with a registered `metaad.search.space`; LocalOutlierFactor
        by default.
    settings : list of dicts, as the space allows them; more neighbours than rows are
        cut to what there is. None: a grid with five levels of each number.
    contamination : float in (0, 0.5], share of anomalies expected in the training rows;
        it sets the threshold.
    random_state : int, RandomState or None; seeds every member that takes a seed.

    Attributes
    ----------
    members_ : the fitted detectors. median_, spread_ : float64 (n_settings,), of the
        training rows' scores.
    offset_ : float, threshold on `score_samples`.

    Raises
    ------
    TypeError
        in `fit`, if nobody has said what may be chosen in the estimator.
    ValueError
        in `fit`, for no settings, or one that the space does not allow.

    References
    ----------
    [1] Aggarwal and Sathe, Theoretical foundations and algorithms for outlier
        ensembles. SIGKDD Explorations 17(1), 2015."""

    _squares = True

    def __init__(
        self, estimator=None, settings=None, contamination=0.1, random_state=None
    ):
        self.estimator = estimator
        self.settings = settings
        self.contamination = contamination
        self.random_state = random_state

    def _fit(self, X):
        estimator = self.estimator
        estimator = LocalOutlierFactor() if estimator is None else clone(estimator)
        if "random_state" in estimator.get_params():
            estimator.set_params(random_state=self.random_state)
        settings = self._settings(space(estimator))
        with warnings.catch_warnings():
            # small k, many twins: that is what the other settings are for
            warnings.filterwarnings("ignore", "Duplicate values are leading to")
            self.members_ = [configured(estimator, c, len(X)).fit(X) for c in settings]
        own = np.array([_training_scores(m, X) for m in self.members_])
        low, self.median_, high = np.percentile(own, [25, 50, 75], axis=1)
        wide = np.where(high > low, high - low, own.std(axis=1))
        self.spread_ = np.where(wide > 0, wide, 1.0)
        self._own = self._mean(own)

    def _settings(self, options):
        settings = self.settings
        if settings is None:
            settings = options.grid(LEVELS)
        if not len(settings):
            raise ValueError("AveragedDetector needs at least one setting, got none.")
        wrong = [c for c in settings if not _allowed(options, c)]
        if wrong:
            raise ValueError(f"settings must be of {options!r:.200}, got {wrong[0]}.")
        return settings

    def _learn_offset(self, X):
        """A row of the training set is not its own neighbour."""
        self.offset_ = float(np.percentile(-self._own, 100.0 * self.contamination))

    def _anomaly(self, X):
        return self._mean(np.array([anomaly_score(m, X) for m in self.members_]))

    def _mean(self, scores):
        """Scores (n_settings, m) on one scale, and their mean: (m,)."""
        z = (scores - self.median_[:, None]) / self.spread_[:, None]
        return (np.sign(z) * np.log1p(np.abs(z))).mean(axis=0)


def _allowed(options, config):
    """Whether the dimensions know the names; numbers may lie beyond their ends."""
    return set(config) == set(options)


def _training_scores(detector, X):
    """Anomaly scores of the rows that a detector was fitted to: (n,)."""
    own = getattr(detector, "negative_outlier_factor_", None)
    return anomaly_score(detector, X) if own is None else -own
