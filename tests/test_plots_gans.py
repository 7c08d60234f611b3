"""The figures of the game show the numbers they are given."""

import numpy as np
import pytest
from matplotlib import pyplot as plt

from metaad import plots
from metaad.metrics import Interval
from metaad.plots import gans


@pytest.fixture(autouse=True)
def the_courses_style():
    plots.style()
    yield
    plt.close("all")


def test_a_critic_on_a_line_is_drawn_beside_the_best_and_its_rows():
    x = np.linspace(-1, 1, 5)
    axis = gans.critic_on_a_line(x, 2 * x, x**2, [0.1, 0.2], [0.5]).axes[0]
    lines = {line.get_label(): line.get_data() for line in axis.lines}
    np.testing.assert_array_equal(lines["learned"][1], 2 * x)
    np.testing.assert_array_equal(lines["best: log p/q"][1], x**2)
    assert list(lines["real rows"][0]) == [0.1, 0.2]
    assert list(lines["generated rows"][0]) == [0.5]


def test_drawn_rows_stand_in_the_panel_of_their_game_and_time():
    rows = np.arange(2 * 3 * 4 * 2.0).reshape(2, 3, 4, 2)
    centres = np.array([[1.0, 0.0], [0.0, 1.0]])
    figure = gans.drawn({"a": rows[0], "b": rows[1]}, [10, 20, 30], centres)
    assert [a.get_title() for a in figure.axes[:3]] == ["step 10", "step 20", "step 30"]
    assert [figure.axes[i].get_ylabel() for i in (0, 3)] == ["a", "b"]
    np.testing.assert_array_equal(figure.axes[4].lines[1].get_xydata(), rows[1, 1])
    np.testing.assert_array_equal(figure.axes[4].lines[0].get_xydata(), centres)


def test_courses_have_a_line_for_each_seed_and_a_panel_for_each_game():
    values = {"a": np.eye(3), "b": 2 * np.eye(3)}
    figure = gans.courses(values, [1, 2, 3], "slope", target=1.0)
    assert [a.get_title(loc="left") for a in figure.axes] == ["a", "b"]
    assert figure.axes[0].get_ylabel() == "slope"
    np.testing.assert_array_equal(figure.axes[1].lines[2].get_ydata(), [0, 0, 2])
    assert len(figure.axes[1].lines) == 4  # and the target


def test_a_walk_shows_the_values_and_marks_the_row():
    intervals = [Interval(v, v - 1, v + 1, 10) for v in (0.0, 2.0, 5.0)]
    axis = gans.walk([0.0, 1.0, 2.0], {"critic": intervals}, "output").axes[0]
    assert list(axis.lines[0].get_ydata()) == [0.0, 2.0, 5.0]
    assert list(axis.lines[1].get_xdata()) == [1.0, 1.0]
