"""Figures of tables show the values of the rows they are given, under their names."""

import numpy as np
import pytest
from matplotlib import pyplot as plt

from metaad import plots
from metaad.plots import tables


@pytest.fixture(autouse=True)
def the_courses_style():
    plots.style()
    yield
    plt.close("all")


def test_table_rows_standardises_columns_names_them_and_puts_anomalies_last():
    # the second column is constant: drawn as the mean
    X = np.array([[1.0, 5.0], [2.0, 5.0], [3.0, 5.0]])
    figure = tables.table_rows(X, np.array([1, 0, 0]), ["area", "texture"])
    axis = figure.axes[0]
    drawn = axis.images[0].get_array()
    wanted = np.array([[0, 1.5, -1.5], [0, 0, 0]]) / np.sqrt(1.5)
    np.testing.assert_allclose(drawn, wanted, atol=1e-12)
    assert [t.get_text() for t in axis.get_yticklabels()] == ["area", "texture"]


def test_an_opened_row_shows_its_largest_deviations_with_sign_and_the_usual_range():
    deviations = np.zeros((41, 3))
    deviations[:, 0] = np.linspace(-1, 1, 41)
    deviations[7] = [0.5, -30.0, 4.0]
    figure = tables.opened({"row": 7}, deviations, ["a", "b", "c"], most=2)
    axis = figure.axes[0]
    assert [t.get_text() for t in axis.get_yticklabels()] == ["b", "c"]
    assert [t.get_text() for t in axis.texts] == ["-30.0", "+4.0"]
    marks = [line for line in axis.lines if line.get_marker() == "D"]
    assert [m.get_xdata()[0] for m in marks] == [-tables.ENDS, 4.0]
