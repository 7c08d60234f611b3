"""Figures about scores and distances: what is drawn is what was given."""

import numpy as np
from matplotlib import pyplot as plt

from metaad.metrics import Interval
from metaad.plots import distances
from metaad.scores import Permutation


def test_row_strips_mark_anomalies_and_draw_the_bar():
    s, y = np.array([1.0, 2.0, 9.0]), np.array([0, 0, 1])
    figure = distances.row_strips({"one": (s, y, "p = 0.3"), "two": (s, y, "")}, 5.0)
    axis = figure.axes[0]
    assert axis.lines[0].get_xdata().tolist() == [1, 2]
    assert axis.lines[1].get_xdata().tolist() == [9]
    assert axis.lines[4].get_xdata()[0] == 5
    assert [t.get_text() for t in axis.get_yticklabels()] == ["one", "two"]
    assert "p = 0.3" in [t.get_text() for t in axis.texts]
    plt.close(figure)


def test_nulls_draw_a_line_at_the_value_that_was_seen():
    test = Permutation(3.0, 0.1, np.arange(20.0) / 10)
    figure = distances.nulls({"a": test, "b": test._replace(value=-1.0)})
    assert [a.lines[0].get_xdata()[0] for a in figure.axes] == [3, -1]
    assert sum(p.get_height() for p in figure.axes[0].patches) == 20
    plt.close(figure)


def test_shifted_divides_each_distance_by_its_largest():
    figure = distances.shifted(np.arange(9.0), 2, {"d": ([0, 2, 4], [0.0, 5.0, 10.0])})
    above, below = figure.axes
    assert below.lines[0].get_ydata().tolist() == [0, 0.5, 1]
    assert below.lines[1].get_xdata()[0] == 2
    assert above.get_legend_handles_labels()[1][1] == "the same, shifted by 2"
    plt.close(figure)


def test_the_map_has_a_line_for_each_sign_and_a_column_for_each_change():
    figure = distances.seen_map(
        {"none": {"a": 0.1, "b": 0.2}, "far row": {"a": 1, "b": 0}}
    )
    axis = figure.axes[0]
    np.testing.assert_array_equal(axis.images[0].get_array(), [[0.1, 1], [0.2, 0]])
    assert [t.get_text() for t in axis.get_xticklabels()] == ["none", "far\nrow"]
    plt.close(figure)


def test_estimates_draw_the_truth_and_bars_their_values():
    found = [Interval(0.1, 0.0, 0.2, 9), Interval(0.3, 0.2, 0.4, 9)]
    figure = distances.estimates((50, 100), {"one way": (0.25, found)})
    axis = figure.axes[0]
    assert axis.lines[0].get_ydata().tolist() == [0.1, 0.3]
    assert axis.lines[1].get_ydata()[0] == 0.25
    plt.close(figure)
    figure = distances.f1_bars({"a": 0.5, "b": 0.25})
    assert [p.get_width() for p in figure.axes[0].patches] == [0.5, 0.25]
    assert [t.get_text() for t in figure.axes[0].texts] == ["0.500", "0.250"]
    plt.close(figure)
