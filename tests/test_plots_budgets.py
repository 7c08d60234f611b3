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


def test_each_table_has_a_mark_and_all_of_them_an_interval():
    fields = {"a": {"x": np.array([1.0, 3.0])}, "b": {"y": np.array([2.0, 2.0])}}
    together = {"all": {"x": Interval(2.0, 1.0, 3.0, 4)}}
    figure = budgets.field_gains(fields, together, "gain")
    labels = [t.get_text() for t in figure.legends[0].get_texts()]
    assert labels == ["x", "y"]
    (axis,) = figure.axes
    assert [t.get_text() for t in axis.get_yticklabels()] == ["a", "b", "all"]
    drawn = [np.asarray(ln.get_xdata()).tolist() for ln in axis.lines]
    assert [1.0, 3.0] in drawn and [2.0] in drawn  # tables, their mean


def test_runs_of_an_anomaly_are_shaded_from_first_to_last():
    assert budgets._runs(np.array([0, 1, 1, 0, 1]) == 1) == [(1, 2), (4, 4)]
    figure = figure_examples.example("world")
    assert len(figure.axes) == 2 and len(figure.legends[0].get_texts()) == 5
