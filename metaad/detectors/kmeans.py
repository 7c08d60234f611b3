"""K-means as an anomaly detector: how far is a row from the nearest centre?"""

import numbers

from scipy.spatial.distance import cdist
from sklearn.cluster import KMeans
from sklearn.utils import check_random_state

from metaad.detectors.base import Detector


class KMeansDetector(Detector):
    """Distance to the nearest of k centres [1].

    The centres come from scikit-learn's k-means (k-means++ starts [2], then Lloyd's
    algorithm [3]), which is faster and better tested than a course's own would be; the
    detector is the one line in `_anomaly`. Columns count as they are: bring them to a
    common scale first, or the widest decides alone.

    Parameters
    ----------
    n_clusters : int ≥ 1, centres; with 1 the score is the distance to the mean.
        Typically 5 to 20. Too many, and anomalies among the training rows get a centre
        of their own and score 0.
    n_init : int ≥ 1, starts; the one with the smallest inertia is kept.
    contamination : float in (0, 0.5], share of anomalies expected in the training rows;
        it sets the threshold.
    random_state : int, RandomState or None; seeds the starts.

    Attributes
    ----------
    cluster_centers_ : float64 (n_clusters, d).
    offset_ : float, threshold on `score_samples`.

    Raises
    ------
    ValueError
        in `fit`, if `n_clusters` is not a whole number ≥ 1 or larger than the number of
        rows.

    References
    ----------
    [1] Chandola, Banerjee, Kumar: Anomaly detection: a survey. ACM Computing Surveys
        41(3), 2009, section 6.
    [2] Arthur, Vassilvitskii: k-means++: the advantages of careful seeding. SODA 2007.
    [3] Lloyd: Least squares quantization in PCM. IEEE Transactions on Information
    Theory 28, 1982."""

    _squares = True

    def __init__(self, n_clusters=8, n_init=10, contamination=0.1, random_state=None):
        self.n_clusters = n_clusters
        self.n_init = n_init
        self.contamination = contamination
        self.random_state = random_state

    def _fit(self, X):
        if not isinstance(self.n_clusters, numbers.Integral) or self.n_clusters < 1:
            raise ValueError(
                f"n_clusters must be a whole number ≥ 1, got {self.n_clusters!r}."
            )
        if len(X) < self.n_clusters:
            raise ValueError(
                f"k-means needs at least as many rows as centres, n_samples={len(X)} "
                f"and n_clusters={self.n_clusters} "
                "were given; lower n_clusters or bring more rows."
            )
        seeds = check_random_state(self.random_state)
        kmeans = KMeans(self.n_clusters, n_init=self.n_init, random_state=seeds).fit(X)
        self.cluster_centers_ = kmeans.cluster_centers_  # (n_clusters, d)

    def _anomaly(self, X):
        # differences, not ‖x‖² − 2x·c + ‖c‖²: that form loses all digits far from the
        # origin
        return cdist(X, self.cluster_centers_).min(axis=1)  # (n,)
