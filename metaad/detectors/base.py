"""What every detector of this package shares: input checks, the threshold, and the
sign of a score.
"""

import numpy as np
from sklearn.base import BaseEstimator, OutlierMixin
from sklearn.utils.validation import check_is_fitted, validate_data


def anomaly_score(detector, X):
    """Anomaly score of each row: large means anomalous.

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
    - `_anomaly(X)`: float64 array (n,), larger = more anomalous.
    """

    _min_samples = 2
    _auto_offset = None

    def fit(self, X, y=None):
        """Learn what normal looks like from X, array (n, d); y is ignored. Returns
        the detector.
        """
        X = validate_data(
            self, X, dtype=np.float64, ensure_min_samples=self._min_samples
        )
        self._check_contamination()
        self._fit(X)
        if self.contamination == "auto":
            self.offset_ = self._auto_offset
        else:
            self.offset_ = float(
                np.percentile(-self._anomaly(X), 100.0 * self.contamination)
            )
        return self

    def score_samples(self, X):
        """Normality of each row of X (n, d): float64 array (n,), larger = more
        *normal*. See `anomaly_score`.
        """
        check_is_fitted(self)
        X = validate_data(self, X, dtype=np.float64, reset=False)
        return -np.asarray(self._anomaly(X), dtype=np.float64)

    def decision_function(self, X):
        """`score_samples(X) - offset_`: array (n,), negative for the rows called
        anomalies.
        """
        return self.score_samples(X) - self.offset_

    def predict(self, X):
        """-1 for an anomaly, +1 for a normal row: int array (n,)."""
        return np.where(self.decision_function(X) < 0, -1, 1)

    def _check_contamination(self):
        c = self.contamination
        if isinstance(c, str):
            if c == "auto" and self._auto_offset is not None:
                return
            allowed = "a number in (0, 0.5]" + (
                ' or "auto"' if self._auto_offset is not None else ""
            )
            raise ValueError(f"contamination must be {allowed}, got {c!r}.")
        if not 0.0 < c <= 0.5:
            raise ValueError(
                f"contamination must lie in (0, 0.5], got {c!r}. It is the share of "
                f"anomalies expected in the "
                "training rows; if they are all normal, use a small value such as 0.01."
            )
