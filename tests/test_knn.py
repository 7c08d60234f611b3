"""KNNDetector: distances by hand, its own neighbour left out, scikit-learn as the
oracle, messages.
"""

import numpy as np
import pytest
from sklearn.neighbors import NearestNeighbors

from metaad.detectors import KNNDetector, anomaly_score

LINE = np.array([[0.0], [1.0], [3.0], [7.0]])


@pytest.mark.parametrize(
    "method, on_training_rows, at_five",
    [
        ("largest", [7, 6, 4, 7], 4),  # at 5: the rows 3, 7, 1, 0 are 2, 2, 4, 5 away
        ("mean", [11 / 3, 3, 3, 17 / 3], 8 / 3),
        ("median", [3, 2, 3, 6], 2),
    ],
)
def test_by_hand_on_a_line(method, on_training_rows, at_five):
    detector = KNNDetector(n_neighbors=3, method=method).fit(LINE)
    np.testing.assert_allclose(
        anomaly_score(detector, LINE), on_training_rows, rtol=1e-15
    )
    np.testing.assert_allclose(anomaly_score(detector, [[5.0]]), at_five, rtol=1e-15)


def test_a_training_row_is_not_its_own_neighbour_but_its_twin_is():
    detector = KNNDetector(n_neighbors=1).fit([[0.0], [2.0], [2.0], [9.0]])
    np.testing.assert_array_equal(
        anomaly_score(detector, [[0.0], [2.0], [9.0], [1.0]]), [2.0, 0.0, 7.0, 1.0]
    )


@pytest.mark.parametrize("d", [3, 40])
def test_agrees_with_scikit_learn_on_its_own_and_on_new_rows(d):
    rng = np.random.default_rng(0)
    X, new = rng.normal(size=(200, d)), rng.normal(size=(50, d))
    search = NearestNeighbors(n_neighbors=7).fit(X)
    detector = KNNDetector(n_neighbors=7, method="mean").fit(X)
    np.testing.assert_allclose(
        anomaly_score(detector, X), search.kneighbors()[0].mean(axis=1), rtol=1e-10
    )
    np.testing.assert_allclose(
        anomaly_score(detector, new), search.kneighbors(new)[0].mean(axis=1), rtol=1e-10
    )


def test_distances_keep_their_digits_far_from_the_origin():
    X = np.random.default_rng(0).normal(size=(100, 30))
    near, far = KNNDetector().fit(X), KNNDetector().fit(X + 1e6)
    np.testing.assert_allclose(
        anomaly_score(far, X + 1e6), anomaly_score(near, X), rtol=1e-7
    )


def test_a_group_of_k_anomalies_hides_itself_and_one_neighbour_more_finds_it():
    rng = np.random.default_rng(0)
    X = np.r_[rng.normal(size=(100, 2)), 20 + 0.01 * rng.normal(size=(5, 2))]
    hidden, found = (
        anomaly_score(KNNDetector(n_neighbors=k).fit(X), X) for k in (4, 5)
    )
    assert (
        hidden[100:].max() < hidden[:100].min() < 1
        and found[100:].min() > found[:100].max()
    )


def test_more_neighbours_than_other_rows_are_cut_down_with_a_warning():
    with pytest.warns(
        UserWarning, match=r"n_neighbors \(5\) is more than the other rows \(3\)"
    ):
        detector = KNNDetector().fit(LINE)
    assert detector.n_neighbors_ == 3
    np.testing.assert_array_equal(anomaly_score(detector, LINE), [7, 6, 4, 7])


@pytest.mark.parametrize(
    "parameters, message",
    [
        ({"n_neighbors": 0}, "whole number ≥ 1, got 0"),
        ({"n_neighbors": 2.5}, "whole number ≥ 1, got 2.5"),
        ({"n_neighbors": True}, "whole number ≥ 1, got True"),
        ({"method": "smallest"}, "'largest', 'mean', 'median', got 'smallest'"),
    ],
)
def test_bad_parameters(parameters, message):
    with pytest.raises(ValueError, match=message):
        KNNDetector(**parameters).fit(LINE)
