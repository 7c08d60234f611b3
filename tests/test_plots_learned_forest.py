"""Figures of the learned forest show the numbers they were given."""

from matplotlib import pyplot as plt

from metaad import metrics
from metaad.plots import learned_forest as forest_policy


def test_gains_are_sorted_and_the_interval_is_a_band():
    interval = metrics.Interval(0.01, -0.01, 0.03, 3)
    figure = forest_policy.gains({"a": -0.02, "b": 0.05, "c": 0.0}, interval)
    (ax,) = figure.axes
    assert [t.get_text() for t in ax.get_yticklabels()] == ["b", "c", "a"]
    band, *bars = ax.patches
    assert [bar.get_width() for bar in bars] == [0.05, 0.0, -0.02]
    assert band.get_x() == -0.01 and abs(band.get_width() - 0.04) < 1e-12
    plt.close(figure)


def test_first_cuts_are_a_bar_for_each_column_beside_the_fair_share():
    shares = {"plain": [0.2, 0.8], "learned": [0.7, 0.3]}
    figure = forest_policy.first_cuts(shares, 0.5, ["a", "b"])
    for axis, (title, values) in zip(figure.axes, shares.items(), strict=True):
        assert [bar.get_width() for bar in axis.patches] == values
        assert title in (axis.get_title(), axis.get_title(loc="left"))
        assert list(axis.lines[-1].get_xdata()) == [0.5, 0.5]
    plt.close(figure)


def test_a_leafs_curves_are_moved_to_mean_0_and_measured_in_the_firsts_deviations():
    knots = {"path": (1.0, 2.0, 3.0), "parted": (0.0, 1.0)}
    curves = {"plain": {"path": [-1.0, -2.0, -3.0], "parted": [5.0, 5.0]}}
    labels = {"path": "path length", "parted": "parted off"}
    figure = forest_policy.leaf_curves(curves, knots, labels)
    first, second = figure.axes
    deviation = (2 / 3) ** 0.5
    wanted = [1 / deviation, 0.0, -1 / deviation]
    assert [round(v, 9) for v in first.lines[0].get_ydata()] == [
        round(v, 9) for v in wanted
    ]
    assert list(second.lines[0].get_ydata()) == [0.0, 0.0]
    assert first.get_xlabel() == "path length"
    plt.close(figure)


def test_gains_by_the_number_of_tables_stand_beside_what_learned_from_none():
    found = {n: metrics.Interval(n / 1e4, 0.0, 0.05, 9) for n in (14, 56, 297)}
    figure = forest_policy.by_tables({"leaves": found}, {"by hand": 0.015})
    (ax,) = figure.axes
    assert list(ax.lines[0].get_xdata()) == [14, 56, 297]
    assert list(ax.lines[0].get_ydata()) == [0.0014, 0.0056, 0.0297]
    assert list(ax.lines[1].get_ydata()) == [0.015, 0.015]
    assert [t.get_text() for t in ax.get_xticklabels()] == ["14", "56", "297"]
    plt.close(figure)
