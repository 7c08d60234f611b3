"""The figures about contexts show the numbers that they were given."""

import numpy as np
import pytest
from matplotlib import pyplot as plt

from metaad.plots import base, context


@pytest.fixture(autouse=True)
def styled():
    base.style()
    yield
    plt.close("all")


def test_the_share_of_rows_at_or_below_a_level_is_counted():
    figure = context.p_value_shares({"a": [0.1, 0.5, 0.5, 1.0], "b": [0.2, 0.2]})
    wanted = [0, 0.25, 0.75, 1], [0, 1, 1, 1]
    for axis, shares in zip(figure.axes, wanted, strict=True):
        diagonal, curve = axis.lines
        assert np.array_equal(diagonal.get_xdata(), diagonal.get_ydata())
        at = np.searchsorted(curve.get_xdata(), [0.05, 0.2, 0.5, 1.0])
        assert curve.get_ydata()[at].tolist() == shares


def test_weights_stand_in_their_order_from_the_top():
    figure = context.weights(["a", "b"], np.array([1.5, -0.5]))
    axis = figure.axes[0]
    assert [bar.get_width() for bar in axis.patches] == [1.5, -0.5]
    assert [t.get_text() for t in axis.get_yticklabels()] == ["a", "b"]


def test_curves_stand_at_the_shares_that_were_read():
    figure = context.spoilt({"t": {"a": [0.9, 0.8], "b": [0.7, 0.7]}}, (0.0, 0.1))
    axis = figure.axes[0]
    assert [line.get_ydata().tolist() for line in axis.lines] == [
        [0.9, 0.8],
        [0.7, 0.7],
    ]
    assert [t.get_text() for t in axis.get_xticklabels()] == ["0%", "10%"]
    assert len({line.get_marker() for line in axis.lines}) == 2


def test_each_kind_of_rows_adds_up_to_one_over_the_ranks():
    y = np.repeat([0, 1], [8, 2])
    figure = context.told_apart({"a": np.arange(10.0)}, y, 0.05)
    heights = [bar.get_height() for bar in figure.axes[0].patches]
    assert sum(heights[:10]) == pytest.approx(1) and sum(heights[10:]) == pytest.approx(
        1
    )
    assert heights[10:] == pytest.approx([0] * 8 + [0.5, 0.5])
