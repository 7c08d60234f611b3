"""LabelContrast: is a row nearer to a labelled anomaly or to a labelled normal row?

References
----------
[1] Cover and Hart, Nearest Neighbor Pattern Classification, IEEE Trans. Inf. Theory 13,
1967."""

import numpy as np

from metaad.detectors import Detector
from metaad.meta.stack.labels import checked_labels
from metaad.meta.stack.row_features import Spaces, distances


class LabelContrast(Detector):
    """The nearest labelled row of either kind [1], as a score that ranks:

        score(x) = log(distance to the nearest labelled normal row)
                 - log(distance to the nearest labelled anomaly)

    It uses the labelled rows alone; from the others it takes the scale of each column
    (median and quartiles). The simplest thing to hold against FewLabelEnsemble.

        detector = LabelContrast().fit(X, y)    # y: 1 anomaly, 0 normal, -1 no label
        worst_first = np.argsort(detector.score_samples(X))

    Parameters
    ----------
    contamination : share of anomalies expected among the rows of `fit`, in (0, 0.5].
    random_state is not used: nothing is drawn.

    Attributes
    ----------
    anomalies_, normal_ : arrays (a, d), (b, d), the labelled rows, scaled. middle_,
    scale_ : arrays (d,), what was subtracted and what divided by; 0 leaves a column out.
    floor_ : float, a thousandth of the median distance between labelled normal rows and
    anomalies: what is nearer counts as equally near."""

    _squares = True

    def __init__(self, contamination=0.1, random_state=None):
        self.contamination = contamination
        self.random_state = random_state

    def fit(self, X, y):
        """Learn from the labelled rows of the table X (n, d). y : array (n,), 1 for an
        anomaly, 0 for a normal row, -1 for no label. Returns the detector.

        Raises ValueError unless both kinds are labelled, and for NaN or infinity in X.
        """
        X = self._allowed(X)
        y = checked_labels(y, len(X), "LabelContrast")
        spaces = Spaces(X)
        self.middle_, self.scale_ = np.zeros(X.shape[1]), np.zeros(X.shape[1])
        self.middle_[spaces.kept] = spaces.middle
        self.scale_[spaces.kept] = spaces.scale
        self.anomalies_, self.normal_ = (
            self._scaled(X[y == label]) for label in (1, 0)
        )
        between = distances(self.normal_, self.anomalies_)
        self.floor_ = float(1e-3 * np.median(between) + 1e-12)
        self._learn_offset(X)
        return self

    def _scaled(self, X):
        """Robust z of rows X (m, d), cut off at ±10: array (m, d)."""
        scale = np.where(self.scale_ > 0, self.scale_, np.inf)
        return np.clip((X - self.middle_) / scale, -10.0, 10.0)

    def _anomaly(self, X):
        z = self._scaled(X)
        to_normal, to_anomaly = (
            distances(z, rows).min(axis=1) + self.floor_
            for rows in (self.normal_, self.anomalies_)
        )
        return np.log(to_normal) - np.log(to_anomaly)
