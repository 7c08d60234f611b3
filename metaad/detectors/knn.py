"""The k nearest neighbours as an anomaly detector: how far does a row have to go to
meet k others?
"""

import numbers
import warnings

import numpy as np
from sklearn.neighbors import NearestNeighbors

from metaad.detectors.base import Detector
from metaad.detectors.neighbours import without_twin

COMBINE = {
    "largest": lambda d: d[:, -1],
    "mean": lambda d: d.mean(axis=1),
    "median": lambda d: np.median(d, axis=1),
}


class KNNDetector(Detector):
    """Distance to the k nearest training rows: the largest of the k [1], their mean [2]
    or their median.

    A row that was trained on is not its own neighbour: where a training row lies
    exactly on the row that is scored, one such row is left out. So a row has the same
    score whether it was among the training rows or not. Columns count as they are:
    bring them to a common scale first.

    Parameters
    ----------
    n_neighbors : int ≥ 1, k. Typically 5 to 50. k anomalies or more that lie close
        together hide one another, so it should exceed the largest such group; a table
        of n rows has n - 1 neighbours, and more are cut to that with a warning.
    method : "largest", "mean" or "median".
    contamination : float in (0, 0.5], share of anomalies expected in the training rows;
        it sets the threshold.
    random_state : not used, nothing is random here. It is there so that every detector
        takes one.

    Attributes
    ----------
    n_neighbors_ : int, the k in use.
    offset_ : float, threshold on `score_samples`.

    Raises
    ------
    ValueError
        in `fit`, if `n_neighbors` is not a whole number ≥ 1 or the method is unknown.

    References
    ----------
    [1] Ramaswamy, Rastogi, Shim: Efficient algorithms for mining outliers from large
        data sets. SIGMOD 2000.
    [2] Angiulli, Pizzuti: Fast outlier detection in high dimensional spaces. PKDD 2002.
    """

    _squares = True

    def __init__(
        self, n_neighbors=5, method="largest", contamination=0.1, random_state=None
    ):
        self.n_neighbors = n_neighbors
        self.method = method
        self.contamination = contamination
        self.random_state = random_state

    def _fit(self, X):
        k = self.n_neighbors
        if not isinstance(k, numbers.Integral) or isinstance(k, bool) or k < 1:
            raise ValueError(f"n_neighbors must be a whole number ≥ 1, got {k!r}.")
        if self.method not in COMBINE:
            raise ValueError(
                f"method must be one of {', '.join(map(repr, COMBINE))}, got {self.method!r}."
            )
        if k > len(X) - 1:
            warnings.warn(
                f"n_neighbors ({k}) is more than the other rows ({len(X) - 1}); "
                f"{len(X) - 1} are used.",
                stacklevel=3,
            )
        self.n_neighbors_ = min(int(k), len(X) - 1)
        # the search multiplies rows out, which loses digits far from the origin
        self._centre = X.mean(axis=0)
        self._rows = X - self._centre  # (n, d)
        self._index()

    def _index(self):
        k = self.n_neighbors_ + 1
        self._search = NearestNeighbors(n_neighbors=k).fit(self._rows)

    def _restored(self):
        """What a file does not hold, and whether the rest fits together."""
        if self.method not in COMBINE or self.n_neighbors_ >= len(self._rows):
            raise ValueError(
                f"kNN needs a known method and fewer neighbours than rows, got "
                f"{self.method!r} and {self.n_neighbors_} of {len(self._rows)}"
            )
        self._index()

    def _anomaly(self, X):
        return COMBINE[self.method](self._distances(X - self._centre))

    def _distances(self, X):
        """Distances to the k nearest training rows, ascending: centred rows (m, d)
        -> (m, k).
        """
        nearest = self._search.kneighbors(X, return_distance=False)  # (m, k + 1)
        # by differences, one neighbour at a time: exact, and 0 for a row that was
        # trained on
        distances = np.stack(
            [np.linalg.norm(X - self._rows[j], axis=1) for j in nearest.T], axis=1
        )
        distances.sort(axis=1)
        return without_twin(distances)
