"""Figures of the learned forest show the numbers they were given."""

from matplotlib import pyplot as plt

from metaad import metrics
from metaad.plots import learned_forest as forest_policy


def test_weights_are_bars_with_their_names_and_words_and_ticks_for_the_others():
    words = {"gap": "a wide gap", "few": "few rows"}
    spread = {"gap": [0.4, 0.6], "few": [-0.3, -0.1]}
    figure = forest_policy.weights({"gap": 0.5, "few": -0.2}, words, spread)
    (ax,) = figure.axes
    assert [bar.get_width() for bar in ax.patches] == [0.5, -0.2]
    assert ax.patches[0].get_facecolor() != ax.patches[1].get_facecolor()
    assert [t.get_text() for t in ax.get_yticklabels()] == [
        "gap\na wide gap",
        "few\nfew rows",
    ]
    assert list(ax.lines[1].get_xdata()) == [0.4, 0.6]
    plt.close(figure)


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
