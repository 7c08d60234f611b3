"""KMeansDetector: distances by hand, planted clusters, messages."""

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score
from sklearn.utils.estimator_checks import check_estimator

from metaad.detectors import KMeansDetector, anomaly_score


def test_passes_every_check_of_scikit_learn():
    check_estimator(KMeansDetector(), on_skip=None)


def test_with_one_centre_the_score_is_the_distance_to_the_mean():
    X = np.array([[0.0, 0.0], [4.0, 0.0], [0.0, 3.0], [4.0, 3.0]])
    detector = KMeansDetector(n_clusters=1).fit(X)
    np.testing.assert_allclose(detector.cluster_centers_, [[2.0, 1.5]])
    np.testing.assert_allclose(anomaly_score(detector, X), 2.5, rtol=1e-15)
    np.testing.assert_allclose(
        anomaly_score(detector, [[2.0, 1.5], [5.0, 5.5], [2.0, -8.5]]),
        [0, 5, 10],
        atol=1e-15,
    )


def test_planted_clusters_by_hand():
    """Squares of side 2 around (0, 0) and (20, 0): centres are the middles, every
    corner is √2 away.
    """
    square = np.array([[-1.0, -1.0], [-1.0, 1.0], [1.0, -1.0], [1.0, 1.0]])
    X = np.vstack([square, square + [20.0, 0.0]])
    detector = KMeansDetector(n_clusters=2, random_state=0).fit(X)
    centres = detector.cluster_centers_[np.argsort(detector.cluster_centers_[:, 0])]
    np.testing.assert_allclose(centres, [[0, 0], [20, 0]], atol=1e-14)
    np.testing.assert_allclose(anomaly_score(detector, X), np.sqrt(2.0))
    # half-way is 10 from either; (23, 4) is 5 from the right one
    np.testing.assert_allclose(
        anomaly_score(detector, [[10.0, 0.0], [23.0, 4.0]]), [10.0, 5.0]
    )


def test_distances_keep_their_digits_far_from_the_origin():
    X = np.array([[1e9, 0.0], [1e9 + 2.0, 0.0]])
    detector = KMeansDetector(n_clusters=1).fit(X)
    np.testing.assert_allclose(anomaly_score(detector, X), [1.0, 1.0], rtol=1e-12)


def test_a_gross_outlier_outscores_every_inlier():
    X = np.random.default_rng(0).normal(size=(300, 5))
    detector = KMeansDetector(random_state=0).fit(X)
    outlier = np.full((1, 5), 50.0)
    assert anomaly_score(detector, outlier)[0] > anomaly_score(detector, X).max()
    assert detector.predict(outlier)[0] == -1
    assert (detector.predict(X) == -1).sum() == 30  # contamination is 0.1


def test_finds_planted_anomalies_between_two_clusters():
    rng = np.random.default_rng(1)
    normal = np.vstack([rng.normal(0, 1, (200, 3)), rng.normal(12, 1, (200, 3))])
    detector = KMeansDetector(n_clusters=2, random_state=0).fit(normal)
    # the mean of everything, and far from both clusters
    X = np.vstack([normal, rng.normal(6, 1, (40, 3))])
    assert (
        roc_auc_score(np.r_[np.zeros(400), np.ones(40)], anomaly_score(detector, X))
        > 0.999
    )


def test_the_same_seed_gives_the_same_centres_and_numpys_generator_is_left_alone():
    X = np.random.default_rng(2).normal(size=(200, 4))
    np.random.seed(3)
    state = np.random.get_state()[1].copy()
    a, b, c = (KMeansDetector(random_state=s).fit(X) for s in (0, 0, 1))
    assert np.array_equal(a.cluster_centers_, b.cluster_centers_)
    assert not np.array_equal(a.cluster_centers_, c.cluster_centers_)
    assert np.array_equal(np.random.get_state()[1], state)


@pytest.mark.parametrize(
    ("X", "message"),
    [
        (
            np.ones((5, 2)),
            r"as many rows as centres, n_samples=5 and n_clusters=8 were given; lower n_clusters",
        ),
        (np.ones((1, 2)), r"1 sample.*minimum of 2 is required"),
        (np.ones((0, 2)), r"0 sample.*minimum of 2 is required"),
        (np.array([[0.0, np.nan]] * 9), r"contains NaN"),
        (np.array([[0.0, np.inf]] * 9), r"contains infinity"),
        (np.ones(9), r"Expected 2D array, got 1D array"),
    ],
)
def test_bad_rows_get_a_clear_message(X, message):
    with pytest.raises(ValueError, match=message):
        KMeansDetector().fit(X)


def test_wrong_width_bad_share_and_unfitted():
    X = np.random.default_rng(0).normal(size=(20, 3))
    with pytest.raises(
        ValueError, match="X has 2 features, but KMeansDetector is expecting 3"
    ):
        KMeansDetector().fit(X).score_samples(X[:, :2])
    for share in (0.0, 0.7, "auto"):
        with pytest.raises(ValueError, match="contamination must"):
            KMeansDetector(contamination=share).fit(X)
    for k in (0, -1, 2.5):
        with pytest.raises(ValueError, match="n_clusters must be a whole number ≥ 1"):
            KMeansDetector(n_clusters=k).fit(X)


def test_two_rows_are_enough():
    X = np.array([[0.0], [6.0]])
    detector = KMeansDetector(n_clusters=1).fit(X)
    np.testing.assert_allclose(anomaly_score(detector, [[0.0], [10.0]]), [3.0, 7.0])
