"""The figures of architecture search show the numbers that they were given."""

import numpy as np
import pytest
from matplotlib import pyplot as plt

from metaad.metrics import Interval
from metaad.plots import architectures as draw


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


def test_grids_write_every_number_and_frame_the_marked_cell():
    a = np.array([[0.5, 0.9], [0.7, np.nan]])
    figure = draw.grids(
        ["0", "1"],
        [2, 5],
        {"AUROC": (a, ".2f"), "error": (a / 10, ".3f")},
        {"AUROC": (0, 1)},
    )
    first, second = figure.axes
    assert [t.get_text() for t in first.texts] == ["0.50", "0.90", "0.70"]
    assert [t.get_text() for t in second.texts] == ["0.050", "0.090", "0.070"]
    assert len(first.patches) == 1 and not second.patches
    box = first.patches[0]
    middle = box.get_x() + box.get_width() / 2, box.get_y() + box.get_height() / 2
    assert middle == pytest.approx((1, 0))


def test_curves_pass_through_the_means_and_bars_run_from_low_to_high():
    mean, low, high = np.array([3.0, 2.0]), np.array([2.0, 1.0]), np.array([4.0, 3.0])
    ax = draw.curves(
        [5, 10], {"a": (mean, low, high)}, ("closed form", [2.5, 1.5])
    ).axes[0]
    assert list(ax.lines[0].get_ydata()) == [3.0, 2.0] and list(
        ax.lines[1].get_ydata()
    ) == [2.5, 1.5]
    bars = [path.vertices.tolist() for path in ax.collections[0].get_paths()]
    assert bars == [[[0.0, 2.0], [0.0, 4.0]], [[1.0, 1.0], [1.0, 3.0]]]
    assert [t.get_text() for t in ax.get_xticklabels()] == ["5", "10"]
    both = {name: (mean, low, high) for name in "ab"}
    one, two = draw.curves([5, 10], both).axes[0].collections
    places = [c.get_paths()[0].vertices[0, 0] for c in (one, two)]
    assert places[0] < 0 < places[1], "no bar hides another"


def test_cost_and_gain_stand_where_they_were_measured():
    ax = draw.cost_and_gain({"a": (10.0, Interval(0.02, 0.01, 0.03, 10))}).axes[0]
    assert (
        list(ax.lines[1].get_xdata()) == [0.01, 0.03]
        and ax.lines[2].get_xdata()[0] == 0.02
    )
    assert [t.get_text() for t in ax.get_yticklabels()] == ["a · 10 s"]
