"""Figures of the lesson on learning a start show what they are given."""

import matplotlib

matplotlib.use("Agg")

import numpy as np
import pytest
from matplotlib import pyplot as plt

from metaad.metrics import Interval
from metaad.plots import learning


@pytest.fixture(autouse=True)
def close():
    yield
    plt.close("all")


def lines(axis, label):
    return [line for line in axis.lines if line.get_label() == label]


def test_gradient_paths_draw_every_path_in_its_valley_and_the_losses_beside():
    centres = np.array([[0.0, 1.0], [2.0, 0.0]])
    curvatures = np.stack([np.diag([1.0, 4.0]), np.diag([3.0, 1.0])])
    path = np.arange(12.0).reshape(2, 3, 2) / 6
    figure = learning.gradient_paths(
        centres, curvatures, {"A": path}, {"A": np.array([4.0, 2.0, 1.0])}
    )
    assert len(figure.axes) == 3
    for axis, points in zip(figure.axes[:2], path, strict=True):
        np.testing.assert_array_equal(lines(axis, "A")[0].get_xydata(), points)
    drawn = figure.axes[2].lines[0]
    np.testing.assert_array_equal(drawn.get_ydata(), [4.0, 2.0, 1.0])
    assert figure.axes[2].get_yscale() == "log"


def test_pulls_share_one_scale_that_shows_negative_weights():
    u = np.linspace(0, 2, 5)
    figure = learning.pulls(
        u, {"one": {"FOMAML": u * (1 - u)}, "two": {"FOMAML": u * (1 - u) ** 2}}
    )
    assert [a.get_title(loc="left") or a.get_title() for a in figure.axes] == [
        "one",
        "two",
    ]
    np.testing.assert_allclose(
        lines(figure.axes[0], "FOMAML")[0].get_ydata(), u * (1 - u)
    )
    assert figure.axes[0].get_ylim()[0] < -0.9


def test_attention_shows_each_support_point_by_a_row():
    x, keys = np.linspace(-1, 1, 6), np.array([-0.5, 0.5])
    kernel = np.arange(12.0).reshape(2, 6) - 5
    figure = learning.attention(x, keys, kernel, 0 * x, kernel.sum(axis=0), x, keys)
    shown = figure.axes[0].collections[0].get_array()
    np.testing.assert_array_equal(np.asarray(shown).reshape(2, 6), kernel)
    np.testing.assert_array_equal(
        lines(figure.axes[1], "after one step")[0].get_ydata(), kernel.sum(axis=0)
    )


def test_adaptation_has_a_panel_for_each_method_and_hides_the_empty_ones():
    x = np.linspace(-5, 5, 9)
    curves = {f"method {i}": {"before": 0 * x, "after": x + i} for i in range(5)}
    figure = learning.adaptation(
        x, np.sin(x), (np.array([0.0]), np.array([0.0])), curves
    )
    drawn = [a for a in figure.axes if a.axison]
    assert [a.get_title(loc="left") or a.get_title() for a in drawn] == list(curves)
    np.testing.assert_array_equal(lines(drawn[3], "after")[0].get_ydata(), x + 3)


def test_errors_leave_out_what_diverged_and_keep_the_rest_in_its_row():
    results = {
        "good": {
            "1 step": Interval(0.5, 0.4, 0.7, 9),
            "5 steps": Interval(0.2, 0.1, 0.3, 9),
        },
        "bad": {"1 step": Interval(1.0, 0.9, 1.2, 9), "5 steps": None},
    }
    figure = learning.errors_by_method(results, {"floor": 3.0})
    axis = figure.axes[0]
    assert [t.get_text() for t in axis.get_yticklabels()] == ["good", "bad"]
    one, five = axis.containers
    np.testing.assert_array_equal(one.lines[0].get_xdata(), [0.5, 1.0])
    np.testing.assert_array_equal(five.lines[0].get_xdata(), [0.2])
    assert lines(axis, "floor")[0].get_xdata()[0] == 3.0


def test_a_start_that_runs_away_leaves_its_panel():
    figure = learning.starts(
        {"pair": {"MAML": np.array([0.0, 0.5]), "FOMAML": np.array([0.0, -500.0])}}
    )
    (axis,) = figure.axes
    np.testing.assert_array_equal(lines(axis, "MAML")[0].get_ydata(), [0.0, 0.5])
    assert lines(axis, "FOMAML")[0].get_ydata()[-1] < axis.get_ylim()[0]


def test_cosines_stand_over_their_rates():
    figure = learning.cosines({"first": [0.9, 0.1]}, (0.01, 0.1))
    (axis,) = figure.axes
    np.testing.assert_array_equal(lines(axis, "first")[0].get_ydata(), [0.9, 0.1])
    assert [t.get_text() for t in axis.get_xticklabels()] == ["0.01", "0.1"]


def test_training_shows_the_error_before_above_and_after_one_step_below():
    found = np.array([[3.0, 2.9], [3.1, 1.0], [3.2, 0.5]])
    figure = learning.training((1, 10, 100), {"MAML": found}, {"kernel": 0.2})
    above, below = figure.axes
    np.testing.assert_array_equal(lines(above, "MAML")[0].get_ydata(), found[:, 0])
    np.testing.assert_array_equal(
        lines(below, "MAML")[0].get_xydata(), np.c_[[1, 10, 100], found[:, 1]]
    )
    assert lines(below, "kernel")[0].get_ydata()[0] == 0.2
    assert not lines(above, "kernel")


def test_outer_steps_begin_at_zero():
    figure = learning.outer_steps({"after": np.array([4.0, 2.0, 1.0])})
    drawn = lines(figure.axes[0], "after")[0]
    np.testing.assert_array_equal(drawn.get_xydata(), [[0, 4], [1, 2], [2, 1]])
