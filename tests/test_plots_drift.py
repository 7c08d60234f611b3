"""The figures about streams show the numbers they are given."""

import numpy as np
import pytest
from matplotlib import pyplot as plt

from metaad import plots
from metaad.metrics import Interval
from metaad.plots import drift


@pytest.fixture(autouse=True)
def the_courses_style():
    plots.style()
    yield
    plt.close("all")


def named(axis):
    return {line.get_label(): line.get_data() for line in axis.lines}


def test_courses_show_the_auroc_the_changes_and_when_a_detector_was_made_anew():
    axis = drift.courses([25, 50], {"a": [0.9, 0.5]}, (30,), (50,)).axes[0]
    lines = named(axis)
    assert [list(v) for v in lines["a"]] == [[25, 50], [0.9, 0.5]]
    assert list(axis.lines[0].get_xdata()) == [30, 30]
    assert list(lines["made anew"][0]) == [50]


def test_false_alarms_stand_beside_the_level():
    lines = named(drift.false_alarms([1, 2], {"each": [0.1, 0.2]}, 0.05).axes[0])
    assert list(lines["each"][1]) == [0.1, 0.2]
    assert list(lines["the level, 0.05"][1]) == [0.05, 0.05]


def test_windows_that_ring_are_those_at_the_threshold_or_below():
    figure = drift.p_values({"a": ([1, 2, 3], [0.5, 0.01, 0.02], 0.01, (2, 3))})
    lines = named(figure.axes[0])
    assert list(lines["rings"][0]) == [2] and list(lines["quiet"][0]) == [1, 3]
    assert len(figure.axes[0].patches) == 1


def test_a_method_has_a_line_over_the_numbers_of_rows():
    rows = {"a": [Interval(v, v - 0.1, v + 0.1, 5) for v in (0.7, 0.8)]}
    lines = named(drift.after_rows((10, 50), rows, 0.9).axes[0])
    np.testing.assert_allclose(lines["a"][1], [0.7, 0.8])
    assert list(lines["before the change"][1]) == [0.9, 0.9]
