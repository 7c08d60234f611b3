"""Figures about alerts under a budget."""

import figure_examples
import numpy as np
import pytest
from matplotlib import pyplot as plt

from metaad.metrics import Interval
from metaad.plots import budgets


@pytest.fixture(autouse=True)
def close():
    yield
    plt.close("all")


def test_savings_are_per_thousand_rows_and_end_where_they_are_cut():
    curve = np.arange(201.0)  # one unit per alert, 200 rows
    figure = budgets.saving_curves({"a table": ({"ours": curve}, 0.05, "€")}, most=0.1)
    line = next(ln for ln in figure.axes[0].lines if ln.get_label() == "ours")
    np.testing.assert_allclose(line.get_xdata()[[0, -1]], [0, 10])
    np.testing.assert_allclose(line.get_ydata()[[0, -1]], [0, 100])


def test_a_method_that_a_field_lacks_leaves_its_place_empty():
    at = Interval(1.0, 0.0, 2.0, 5)
    figure = budgets.field_gains({"a": {"x": at}, "b": {"x": at, "y": at}}, "gain")
    labels = [t.get_text() for t in figure.legends[0].get_texts()]
    assert labels == ["x", "y"]


def test_runs_of_an_anomaly_are_shaded_from_first_to_last():
    assert budgets._runs(np.array([0, 1, 1, 0, 1]) == 1) == [(1, 2), (4, 4)]
    figure = figure_examples.example("world")
    assert len(figure.axes) == 2 and len(figure.legends[0].get_texts()) == 5
