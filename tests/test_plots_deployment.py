"""The figures about detectors at work show the numbers they are given."""

import numpy as np
import pytest
from matplotlib import pyplot as plt

from metaad import plots
from metaad.metrics import Interval
from metaad.plots import deployment


@pytest.fixture(autouse=True)
def the_courses_style():
    plots.style()
    yield
    plt.close("all")


def test_promises_show_both_thresholds_of_each_detector_and_the_rate():
    found = {
        "A": {
            "own rows": Interval(0.2, 0.1, 0.3, 9),
            "conformal": Interval(0.05, 0, 0.1, 9),
        }
    }
    axis = deployment.promises(found, 0.05).axes[0]
    assert [t.get_text() for t in axis.get_yticklabels()] == [
        "A, own rows",
        "A, conformal",
    ]
    points = [line.get_xdata()[0] for line in axis.lines if len(line.get_xdata()) == 1]
    assert points == [0.2, 0.05]
    assert list(axis.lines[0].get_xdata()) == [0.05, 0.05]


def test_capital_stands_under_the_line_at_which_it_rings():
    axis = deployment.capital({"a": np.array([1.0, 1e12])}, 0.05, 1).axes[0]
    lines = {line.get_label(): line.get_data() for line in axis.lines}
    assert list(lines["it rings"][1]) == [20, 20]
    assert list(lines["a"][0]) == [1, 2] and list(lines["a"][1]) == [1, 1e9]
