"""Mahalanobis distance and the residual of principal components: closed forms, SciPy
and scikit-learn as oracles, what each of the two sees, messages.
"""

import numpy as np
import pytest
from scipy.spatial.distance import mahalanobis
from sklearn.decomposition import PCA

from metaad.detectors import MahalanobisDetector, PCADetector, anomaly_score

# mean 0, variances 4 and 1 (n in the denominator), no covariance
CROSS = np.array([[2.0, 1.0], [2.0, -1.0], [-2.0, 1.0], [-2.0, -1.0]])


def test_mahalanobis_by_hand_on_a_cross():
    """Variances 4 and 1, their mean 2.5: a ridge of 0.4 adds 1 to each."""
    detector = MahalanobisDetector(ridge=0.4).fit(CROSS)
    np.testing.assert_allclose(detector.factor_ @ detector.factor_.T, [[5, 0], [0, 2]])
    at = [[0.0, 0.0], [5.0, 0.0], [0.0, 4.0], [5.0, 4.0]]
    expected = np.sqrt([0, 25 / 5, 16 / 2, 25 / 5 + 16 / 2])
    np.testing.assert_allclose(anomaly_score(detector, at), expected, rtol=1e-14)


@pytest.mark.parametrize("d", [1, 3, 40])
def test_mahalanobis_agrees_with_scipy(d):
    rng = np.random.default_rng(d)
    X = rng.normal(size=(200, d)) @ rng.normal(size=(d, d)) + 7
    new = rng.normal(size=(20, d)) * 3
    covariance = np.cov(X, rowvar=False, bias=True).reshape(d, d)
    ridge = 0.2 * np.trace(covariance) / d * np.eye(d)
    inverse = np.linalg.inv(covariance + ridge)
    expected = [mahalanobis(row, X.mean(axis=0), inverse) for row in new]
    detector = MahalanobisDetector(ridge=0.2).fit(X)
    np.testing.assert_allclose(anomaly_score(detector, new), expected, rtol=1e-9)


def test_squared_distances_of_the_training_rows_have_mean_d_without_a_ridge():
    X = np.random.default_rng(0).normal(size=(300, 6)) * [1, 2, 3, 4, 5, 60]
    squares = anomaly_score(MahalanobisDetector(ridge=1e-12).fit(X), X) ** 2
    assert squares.mean() == pytest.approx(6.0, rel=1e-8)
    assert (anomaly_score(MahalanobisDetector(0.5).fit(X), X) ** 2).mean() < 6.0


def test_a_large_ridge_gives_the_euclidean_distance_up_to_a_factor():
    X = np.random.default_rng(0).normal(size=(100, 5)) * [1, 2, 3, 4, 5]
    scores = anomaly_score(MahalanobisDetector(ridge=1e9).fit(X), X)
    distance = np.linalg.norm(X - X.mean(axis=0), axis=1)
    np.testing.assert_allclose(scores / scores[0], distance / distance[0], rtol=1e-7)


def test_neither_changes_its_ranking_with_the_unit_of_all_columns_or_the_origin():
    X = np.random.default_rng(0).normal(size=(100, 5)) * [1, 2, 3, 4, 5]
    for make, power in ((MahalanobisDetector, 0), (PCADetector, 1)):
        plain = anomaly_score(make().fit(X), X)
        moved = X * 1000.0 + 1e6
        scores = anomaly_score(make().fit(moved), moved)
        np.testing.assert_allclose(scores, plain * 1000.0**power, rtol=1e-6)


def test_more_columns_than_rows_and_constant_columns_are_no_trouble():
    rng = np.random.default_rng(0)
    X = np.hstack([rng.normal(size=(30, 200)), np.ones((30, 5))])
    new = X + 0.0
    new[:, -1] = 9.0  # a column that never changed has changed
    for detector in (MahalanobisDetector(), PCADetector()):
        detector.fit(X)
        assert (anomaly_score(detector, new) > anomaly_score(detector, X)).all()
    same = np.full((10, 3), 4.0)
    for detector in (MahalanobisDetector(), PCADetector()):
        assert anomaly_score(detector.fit(same), same).tolist() == [0.0] * 10
        assert anomaly_score(detector, [[4.0, 4.0, 5.0]])[0] > 0


@pytest.mark.parametrize("kept", [1, 3, 7])
def test_the_residual_is_that_of_scikit_learns_pca(kept):
    rng = np.random.default_rng(kept)
    X = rng.normal(size=(120, 8)) * np.arange(1, 9) + 3
    new = rng.normal(size=(30, 8)) * 9
    theirs = PCA(kept).fit(X)
    expected = np.linalg.norm(
        new - theirs.inverse_transform(theirs.transform(new)), axis=1
    )
    detector = PCADetector(kept).fit(X)
    np.testing.assert_allclose(anomaly_score(detector, new), expected, rtol=1e-10)
    V = detector.components_
    assert V.shape == (kept, 8)
    np.testing.assert_allclose(V @ V.T, np.eye(kept), atol=1e-12)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.8, 0.95])
def test_a_share_keeps_as_many_directions_as_scikit_learns_pca(share):
    X = np.random.default_rng(1).normal(size=(150, 9)) * np.arange(1, 10)
    kept = PCA(share, svd_solver="full").fit(X).n_components_
    assert len(PCADetector(share).fit(X).components_) == kept


def test_residual_by_hand_and_what_it_can_not_see():
    """The first direction of the cross is the first axis: only the second coordinate is
    left, however large the first.
    """
    detector = PCADetector(1).fit(CROSS)
    at = [[0.0, 3.0], [1000.0, 3.0], [1000.0, 0.0]]
    np.testing.assert_allclose(anomaly_score(detector, at), [3, 3, 0], atol=1e-9)
    assert anomaly_score(MahalanobisDetector().fit(CROSS), at)[2] > 100


def test_the_squared_distance_is_the_sum_over_all_directions():
    """The Mahalanobis distance weighs each direction by its variance; the residual
    takes the last ones, all at weight 1.
    """
    X = np.random.default_rng(2).normal(size=(80, 4)) * [5, 3, 2, 1]
    U = PCA(4).fit(X)
    along = U.transform(X)  # (80, 4)
    variance = U.explained_variance_ * 79 / 80
    squares = (along**2 / (variance + 0.3 * variance.mean())).sum(axis=1)
    scores = anomaly_score(MahalanobisDetector(0.3).fit(X), X)
    np.testing.assert_allclose(scores**2, squares, rtol=1e-9)
    left = anomaly_score(PCADetector(2).fit(X), X)
    np.testing.assert_allclose(left**2, (along[:, 2:] ** 2).sum(axis=1), rtol=1e-9)


def test_a_whole_number_that_leaves_nothing_over_is_cut_with_a_warning():
    X = np.random.default_rng(0).normal(size=(50, 4))
    with pytest.warns(
        UserWarning, match=r"n_components \(9\) leaves nothing over.*3 a"
    ):
        detector = PCADetector(9).fit(X)
    assert len(detector.components_) == 3 and anomaly_score(detector, X).max() > 0.1
    # a share is not a number that somebody counted: no warning, and a rest stays
    assert len(PCADetector(0.9999).fit(X).components_) == 3
    one = PCADetector().fit(X[:, :1])
    distance = np.abs(X[:, 0] - X[:, 0].mean())
    np.testing.assert_allclose(anomaly_score(one, X[:, :1]), distance)


@pytest.mark.parametrize("k", [0, -1, 1.0, 1.5, 0.0, True, "all", None, np.nan])
def test_components_out_of_range(k):
    with pytest.raises(
        ValueError, match="whole number ≥ 1, or a share of the variance"
    ):
        PCADetector(k).fit(CROSS)


@pytest.mark.parametrize("ridge", [0, -1.0, np.nan, np.inf, True, "small", None])
def test_ridge_out_of_range(ridge):
    with pytest.raises(ValueError, match="ridge must be a number > 0, got"):
        MahalanobisDetector(ridge).fit(CROSS)


def test_a_ridge_below_rounding_is_refused_with_the_remedy():
    X = np.random.default_rng(0).normal(size=(10, 40))
    with pytest.raises(ValueError, match="10 rows of 40 columns.*1e-6 or more"):
        MahalanobisDetector(ridge=1e-300).fit(X)
    assert np.isfinite(anomaly_score(MahalanobisDetector(1e-6).fit(X), X)).all()
