"""Neighbours that were searched once: the smallest of a row, twins left out, LOF."""

import numpy as np
import pytest
from scipy.spatial.distance import cdist
from sklearn.neighbors import LocalOutlierFactor

from metaad.detectors import neighbours

RNG = np.random.default_rng(0)
X, Q = RNG.normal(size=(80, 3)), RNG.normal(size=(30, 3))


@pytest.mark.parametrize("k", [1, 5, 6, 9])
def test_the_smallest_stand_in_order_with_their_places(k):
    D = RNG.normal(size=(20, 6))
    values, places = neighbours.smallest(D, k)
    np.testing.assert_array_equal(values, np.sort(D, axis=1)[:, :k])
    np.testing.assert_array_equal(np.take_along_axis(D, places, axis=1), values)


def test_one_twin_is_left_out_or_else_the_last():
    found = neighbours.without_twin(np.array([[0.0, 0.0, 2.0], [1.0, 2.0, 3.0]]))
    assert found.tolist() == [[0.0, 2.0], [1.0, 2.0]]


@pytest.mark.parametrize("k", [1, 7, 20])
def test_lof_is_that_of_scikit_learn_for_any_k_of_one_search(k):
    among = cdist(X, X)
    np.fill_diagonal(among, np.inf)
    own, asked = neighbours.smallest(among, 20), neighbours.smallest(cdist(Q, X), 20)
    expected = -LocalOutlierFactor(k, novelty=True).fit(X).score_samples(Q)
    found = neighbours.local_outlier_factor(own, asked, k)
    np.testing.assert_allclose(found, expected, rtol=1e-9)
