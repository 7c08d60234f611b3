"""The figures about a few labels show the numbers that they were given."""

import numpy as np
import pytest
from matplotlib import pyplot as plt

from metaad.metrics import Interval
from metaad.plots import base, few_labels


@pytest.fixture(autouse=True)
def styled():
    base.style()
    yield
    plt.close("all")


def test_curves_show_every_method_of_every_panel_at_its_counts():
    methods = {"a": [0.7, 0.8], "b": [0.9, 0.6]}
    figure = few_labels.label_curves(
        {"left": ([1, 10], methods), "right": ([1, 10], methods)}
    )
    assert [ax.get_title(loc="left") for ax in figure.axes] == ["left", "right"]
    for ax in figure.axes:
        assert [line.get_ydata().tolist() for line in ax.lines] == list(
            methods.values()
        )
        assert [t.get_text() for t in ax.get_xticklabels()] == ["1", "10"]
        assert len({line.get_marker() for line in ax.lines}) == 2  # not by colour alone
    assert [t.get_text() for t in figure.legends[0].get_texts()] == ["a", "b"]


def test_gains_by_tables_show_each_interval_at_its_size_and_where_zero_is():
    gains = [Interval(v, v - 0.02, v + 0.02, 9) for v in (-0.03, 0.0, 0.05)]
    figure = few_labels.gains_by_tables({"AUROC": {"stack": ((14, 56, 237), gains)}})
    zero, line = figure.axes[0].lines
    assert set(zero.get_ydata()) == {0.0}
    assert line.get_xdata().tolist() == [0, 1, 2]
    assert line.get_ydata().tolist() == [-0.03, 0.0, 0.05]
    ends = [s[:, 1].tolist() for s in figure.axes[0].collections[0].get_segments()]
    assert np.allclose(ends, [[i.low, i.high] for i in gains])
    labels = [t.get_text() for t in figure.axes[0].get_xticklabels()]
    assert labels == ["14", "56", "237"]
