"""The figures of policy gradients show the numbers that they were given."""

import numpy as np
import pytest
from matplotlib import colors
from matplotlib import pyplot as plt

from metaad.metrics import Interval
from metaad.plots import policies
from metaad.plots.base import COLOURS


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


def test_gradient_estimates_their_mean_and_the_exact_one():
    points = np.array([[0.0, 1.0], [2.0, 3.0]])
    ax = policies.gradient_samples(
        {"none": points}, np.array([1.1, 2.2]), ("a", "b")
    ).axes[0]
    drawn = {line.get_marker(): np.c_[line.get_data()] for line in ax.lines}
    np.testing.assert_array_equal(drawn["."], points)
    np.testing.assert_array_equal(drawn["D"], [[1.0, 2.0]])
    np.testing.assert_array_equal(drawn["x"], [[1.1, 2.2]])


def test_several_sizes_are_drawn_by_their_means_and_one_by_each_search_too():
    gain = np.array([[0.2, 0.4, 0.9], [0.2, 0.2, 0.7]])
    figure = policies.climbs({"A": {"0.1": gain, "1": gain / 2}, "B": {"1": gain}}, 1.0)
    several, one = figure.axes
    np.testing.assert_allclose(several.lines[1].get_ydata(), [0.1, 0.15, 0.4])
    assert len(several.lines) == 3  # two means and the dotted line
    drawn = [line.get_ydata() for line in one.lines[:3]]
    np.testing.assert_allclose(drawn, [*gain, gain.mean(axis=0)])
    assert one.lines[3].get_ydata()[0] == 1.0


def test_what_was_found_is_drawn_as_a_mean_over_searches_from_the_first_try():
    found = np.array([[0.5, 0.7], [0.7, 0.9]])
    axis = policies.best_found({"small": {"random search": found}}).axes[0]
    np.testing.assert_allclose(axis.lines[0].get_data(), [[1, 2], [0.6, 0.8]])


def test_reward_and_goal_stand_one_above_the_other_with_their_means():
    low, high = np.array([[0.8, 0.7], [0.9, 0.6]]), np.array([[0.5, 0.5], [0.6, 0.3]])
    figure = policies.reward_hacking({"reward": (low, high)})
    for ax, values in zip(figure.axes, (low, high), strict=True):
        np.testing.assert_allclose(ax.lines[-1].get_ydata(), values.mean(axis=0))
        assert len(ax.lines) == 3


def test_colour_says_on_which_side_of_zero_the_whole_interval_lies():
    rows = {
        "agrees": (Interval(0.3, 0.1, 0.5, 4), [0.1, 0.5]),
        "opposed": (Interval(-0.3, -0.5, -0.1, 4), [-0.1, -0.5]),
        "open": (Interval(0.1, -0.1, 0.3, 4), [-0.1, 0.3]),
    }
    ax = policies.agreement(rows).axes[0]
    means = [line for line in ax.lines if line.get_marker() in ("o", "s", "D")]
    assert len({line.get_marker() for line in means}) == 3  # not by colour alone
    assert [line.get_xdata()[0] for line in means] == [0.3, -0.3, 0.1]
    expected = [COLOURS[c] for c in ("normal", "anomaly", "black")]
    assert [colors.to_hex(line.get_color()).upper() for line in means] == expected
    assert [t.get_text() for t in ax.get_yticklabels()] == list(rows)


def test_grids_write_out_their_cells():
    p, a = np.array([[0.25, 0.75]]), np.array([[0.9, 0.95]])
    figure = policies.level_policy(
        {"policy": p}, {"AUROC": a}, ("k", [5], "metric", ["l1", "l2"])
    )
    assert [[t.get_text() for t in ax.texts] for ax in figure.axes] == [
        ["0.25", "0.75"],
        ["0.900", "0.950"],
    ]
    assert [t.get_text() for t in figure.axes[1].get_xticklabels()] == ["l1", "l2"]
