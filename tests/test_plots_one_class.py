"""The figure of one-class MNIST shows the numbers it is given."""

import matplotlib

matplotlib.use("Agg")

import pytest
from matplotlib import pyplot as plt

from metaad.metrics import Interval
from metaad.plots import legible
from metaad.plots.base import style
from metaad.plots.one_class import one_class_table

ROWS = {
    "kNN": {"view": "raw", "mean": Interval(0.95, 0.93, 0.97, 10)._asdict()},
    "forest": {"view": "raw", "mean": Interval(0.85, 0.8, 0.9, 10)._asdict()},
    "GAN, critic": {"view": "raw", "mean": Interval(0.4, 0.3, 0.6, 10)._asdict()},
    "GAN, rebuilt": {"view": "raw", "mean": Interval(0.8, 0.7, 0.9, 10)._asdict()},
    "kNN, HOG": {"view": "HOG", "mean": [0.99, 0.985, 1.002, 10]},
}


@pytest.fixture(autouse=True)
def plain():
    style()
    yield
    plt.close("all")


def names(axis):
    return [label.get_text() for label in axis.get_yticklabels()]


def test_one_panel_for_each_view_the_worst_method_on_top():
    figure = one_class_table(ROWS, {"Deep X": {"auroc": 0.948}})
    assert [axis.get_title(loc="left") for axis in figure.axes] == [
        "raw pixels",
        "edges (HOG) of the upright images",
        "published, deep nets",
    ]
    assert [names(axis) for axis in figure.axes] == [
        ["GAN, critic", "GAN, rebuilt", "forest", "kNN"],
        ["kNN"],
        ["Deep X"],
    ]
    assert [t.get_text() for t in figure.axes[0].texts] == [
        ".400",
        ".800",
        ".850",
        ".950",
    ]


def test_dots_and_intervals_stand_at_one_minus_auroc_and_better_is_to_the_right():
    figure = one_class_table(ROWS)
    raw, hog = figure.axes
    forest_span, forest, knn_span, _ = raw.lines[4:]
    assert raw.get_xlim()[0] > 0.7, "the worst interval is inside"
    assert forest.get_xdata() == pytest.approx([0.15])
    assert sorted(forest_span.get_xdata()) == pytest.approx([0.1, 0.2])
    assert sorted(knn_span.get_xdata()) == pytest.approx([0.03, 0.07])
    assert min(hog.lines[0].get_xdata()) == pytest.approx(1e-4), "above 1: cut off"
    assert raw.get_xscale() == "log" and raw.get_xlim()[0] > raw.get_xlim()[1]
    at = list(hog.get_xticks()).index(pytest.approx(0.02))
    assert hog.get_xticklabels()[at].get_text() == ".98"


def test_it_can_be_read_on_a_phone():
    figure = one_class_table(ROWS, {"Deep X": {"auroc": 0.948}})
    figure.draw_without_rendering()
    assert not legible.faults(figure)
