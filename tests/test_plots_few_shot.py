"""The figures of few-shot detection show the numbers that they were given."""

import numpy as np
import pytest
from matplotlib import colors
from matplotlib import pyplot as plt

from metaad.metrics import Interval
from metaad.plots import few_shot
from metaad.plots.base import COLOURS


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


def test_strips_keep_their_order_and_frame_anomalies_apart_by_colour_and_cross():
    images = np.linspace(0, 1, 6)[:, None, None] * np.ones((6, 4, 4))
    odd = np.array([False, True, False, False, True, True])
    figure = few_shot.ranked(images[:3], {"before": (images, odd)})
    shown = figure.axes[few_shot.ACROSS :][:6]
    assert [ax.images[0].get_array()[0, 0] for ax in shown] == pytest.approx(
        list(images[:, 0, 0])
    )
    frames = [ax.spines["left"] for ax in shown]
    assert [
        colors.to_hex(f.get_edgecolor()).upper() == COLOURS["anomaly"] for f in frames
    ] == list(odd)
    assert [ax.get_title(loc="center") == "×" for ax in shown] == list(odd)


def test_classes_stand_side_by_side_with_a_gap_between():
    # two lines, two classes, three images each
    images = np.arange(12).reshape(2, 2, 3, 1, 1) / 12 * np.ones((4, 4))
    figure = few_shot.classes({"a": images[0], "b": images[1]})
    shown = [
        [
            ax.images[0].get_array()[0, 0] if ax.images else None
            for ax in figure.axes[i : i + 7]
        ]
        for i in (0, 7)
    ]
    assert shown[0] == pytest.approx([0, 1 / 12, 2 / 12, None, 3 / 12, 4 / 12, 5 / 12])
    assert shown[1] == pytest.approx(
        [6 / 12, 7 / 12, 8 / 12, None, 9 / 12, 10 / 12, 11 / 12]
    )
    assert [figure.axes[i].get_ylabel() for i in (0, 7)] == ["a", "b"]


def test_methods_are_drawn_at_their_means():
    results = {
        "a": (Interval(0.9, 0.8, 0.95, 3), [0.8, 0.9, 1.0]),
        "b": (Interval(0.6, 0.5, 0.7, 3), [0.5, 0.6, 0.7]),
    }
    ax = few_shot.methods(results, highlight=("a",)).axes[0]
    markers = {
        line.get_marker(): line.get_xdata()[0]
        for line in ax.lines
        if line.get_marker() in "Do"
    }
    assert markers == {"D": 0.9, "o": 0.6}
    assert [t.get_text() for t in ax.get_yticklabels()] == ["a", "b"]


def test_pairs_write_out_what_is_hard_and_nothing_else():
    values = np.full((3, 3), 0.99)
    np.fill_diagonal(values, np.nan)
    values[1, 2] = 0.704
    ax = few_shot.pairs({"one": values, "two": values}).axes[0]
    assert [(t.get_text(), t.get_position()) for t in ax.texts] == [("70", (2, 1))]


def test_confusions_show_errors_on_and_off_the_diagonal():
    # two normal digits, images of three
    called_normal = np.array([[0.8, 0.0, 0.31], [0.02, 0.99, 0.0]])
    ax = few_shot.confusions({"one": called_normal}).axes[0]
    np.testing.assert_allclose(
        ax.images[0].get_array(), [[0.2, 0.0, 0.31], [0.02, 0.01, 0.0]], atol=1e-12
    )
    assert [(t.get_text(), t.get_position()) for t in ax.texts] == [
        ("20", (0, 0)),
        ("31", (2, 0)),
    ]
    middles = [p.get_center().tolist() for p in ax.patches]
    np.testing.assert_allclose(middles, [[0, 0], [1, 1]], atol=1e-12)


def test_the_chosen_threshold_and_the_own_one_stand_in_the_curves():
    at = np.linspace(-1, 1, 5)
    rising, falling = np.linspace(0.8, 0.9, 5), np.linspace(0.95, 0.85, 5)
    figure = few_shot.accuracy_by_threshold(
        at,
        {"one": {"a": rising, "b": falling}, "two": {"a": falling}},
        {"one": 0.5, "two": -1.0},
    )
    for ax, curves, chosen in zip(
        figure.axes, ([rising, falling], [falling]), (0.5, -1.0), strict=True
    ):
        *drawn, own, line = ax.lines
        for curve, expected in zip(drawn, curves, strict=True):
            np.testing.assert_array_equal(
                curve.get_xydata(), np.stack([at, expected], axis=1)
            )
        assert own.get_xdata()[0] == 0.0 and line.get_xdata()[0] == chosen
    names = [t.get_text() for t in figure.legends[0].get_texts()]
    assert names[2:] == ["the detector's own threshold", "chosen threshold"]


def test_a_long_strip_goes_on_in_the_next_line():
    images, odd = (
        np.linspace(0, 1, 11)[:, None, None] * np.ones((11, 4, 4)),
        [False] * 11,
    )
    figure = few_shot.ranked(images[:2], {"after": (images, odd)})
    shown = [ax.images[0].get_array()[0, 0] for ax in figure.axes if ax.images]
    assert shown == pytest.approx([0.0, 0.1, *images[:, 0, 0]])
    rows = [ax for ax in figure.axes if ax.get_ylabel()]
    assert [ax.get_ylabel() for ax in rows] == ["support", "after"]


def test_the_outline_lies_on_the_ink_of_its_own_image():
    image = np.zeros((8, 8))
    image[0:2, 5:8] = 1.0  # upper right: a mirrored outline lies elsewhere
    figure = few_shot.looks(image[None], {"m": np.zeros((1, 4, 4))}, ["a"])
    axis = figure.axes[1]
    shown, outline = axis.images[0], axis.collections[0]
    path = np.concatenate([p.vertices for p in outline.get_paths()])
    assert path[:, 0].min() > 4 and path[:, 1].max() < 3
    # row 0 of the map is on top, as row 0 of the outline is
    left, right, bottom, top = shown.get_extent()
    assert (left, right, bottom, top) == (0, 8, 8, 0) and shown.origin == "upper"
    assert axis.get_ylim() == (8, 0)


def test_maps_share_one_scale_a_row_and_zero_is_white():
    images, maps = (
        np.eye(4)[None].repeat(2, 0),
        np.stack([np.zeros((3, 3)), np.full((3, 3), -2.0)]),
    )
    figure = few_shot.looks(images, {"after": maps}, ["x", "y"])
    flat, deep = (ax.images[0] for ax in figure.axes[2:])
    assert flat.get_clim() == deep.get_clim() == (-2.0, 2.0)
    assert flat.cmap(flat.norm(0.0))[:3] == pytest.approx((1, 1, 1), abs=0.01)
    assert colors.to_hex(deep.cmap(deep.norm(-2.0))).upper() == COLOURS["normal"]


def test_outer_loops_show_each_loss_smoothed_and_each_curvature_where_it_was_measured():
    losses = {"full": np.linspace(0.7, 0.3, 30), "first order": np.full(30, 0.69)}
    runs = {
        name: {"loss": loss, "at": [1, 15, 30], "curvature": [0.2, 0.5, i + 1.0]}
        for i, (name, loss) in enumerate(losses.items())
    }
    upper, lower = few_shot.outer_loops(runs).axes[:2]
    for i, (name, loss) in enumerate(losses.items()):
        line, points = upper.lines[i], lower.lines[i]
        assert line.get_label() == name and line.get_xdata()[0] == 10
        assert line.get_ydata()[0] == pytest.approx(loss[:10].mean())
        assert len(line.get_xdata()) == 21
        assert list(points.get_ydata()) == [0.2, 0.5, i + 1.0]
    levels = [axis.lines[2].get_ydata()[0] for axis in (upper, lower)]
    assert levels == pytest.approx([np.log(2), 2.0])
