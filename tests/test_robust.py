"""Robust deviations: values by hand, what anomalies can't move, and odd columns."""

import numpy as np
import pytest

from metaad import data


def test_a_value_by_hand():
    # median 3, distances 2 1 0 1 97: their median is 1
    X = np.array([[1.0], [2.0], [3.0], [4.0], [100.0]])
    wanted = np.array([-2, -1, 0, 1, 97]) / 1.4826
    np.testing.assert_allclose(data.deviations(X)[:, 0], wanted)


def test_normal_columns_get_the_deviations_of_their_own_scale():
    X = np.random.default_rng(0).normal([5.0, -2.0], [3.0, 0.1], (20_000, 2))
    np.testing.assert_allclose(
        data.deviations(X), (X - [5.0, -2.0]) / [3.0, 0.1], atol=0.15
    )


def test_unit_and_origin_of_a_column_change_nothing():
    X = np.random.default_rng(1).normal(size=(50, 3))
    moved = X * [2.0, 1e-3, 1e4] + [1.0, -5.0, 7.0]
    np.testing.assert_allclose(data.deviations(moved), data.deviations(X), rtol=1e-9)


def test_anomalies_of_a_tenth_move_others_by_little_and_standard_deviations_by_much():
    X = np.random.default_rng(2).normal(size=(200, 1))
    spoiled = np.concatenate([X, np.full((20, 1), 1e6)])
    assert np.abs(data.deviations(X, spoiled) - data.deviations(X)).max() < 1.0
    assert np.abs((X - spoiled.mean()) / spoiled.std()).max() < 0.4


def test_the_reference_rows_say_what_is_usual():
    reference = np.array([[0.0], [1.0], [2.0]])
    np.testing.assert_allclose(data.deviations([[4.0]], reference), [[3.0 / 1.4826]])


def test_a_column_half_equal_takes_the_mean_distance_and_a_constant_one_is_zero():
    X = np.array([[0.0, 7.0], [0.0, 7.0], [0.0, 7.0], [4.0, 7.0]])
    found = data.deviations(X)
    np.testing.assert_allclose(found[:, 0], [0, 0, 0, 4 / 1.2533])
    np.testing.assert_array_equal(found[:, 1], 0.0)
    assert data.deviations([[0.0, 8.0]], X)[0, 1] == np.inf


def test_stands_out_names_the_largest_first_whatever_their_sign():
    found = data.stands_out([0.5, -4.0, 3.0], ("a", "b", "c"), most=2)
    assert found == [("b", -4.0), ("c", 3.0)]


@pytest.mark.parametrize(
    ("X", "reference"),
    [(np.ones(3), None), (np.ones((2, 3)), np.ones((2, 2))), ([[np.nan]], None)],
)
def test_rows_that_do_not_fit_are_refused(X, reference):
    with pytest.raises(data.DataError, match="deviations needs"):
        data.deviations(X, reference)


def test_names_that_do_not_fit_are_refused():
    with pytest.raises(data.DataError, match="3 columns"):
        data.stands_out([1.0, 2.0], ("a", "b", "c"))
