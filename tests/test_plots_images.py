"""Figures of images and of the networks that rebuild them: what is drawn is what was
handed over.
"""

import numpy as np
import pytest
from matplotlib import colors
from matplotlib import pyplot as plt

from metaad import metrics, plots
from metaad.plots import images as draw


@pytest.fixture(autouse=True)
def close_figures():
    plots.style()
    yield
    plt.close("all")


def test_rebuilt_shows_input_copy_and_signed_difference():
    shown, copies = np.zeros((2, 4, 4)), np.zeros((2, 4, 4))
    copies[0, 0, 0] = 1.0  # ink added
    shown[1, 0, 0] = 1.0  # ink lacking
    figure = draw.rebuilt(
        shown, copies, ["a", "b"], below=["0.1", "0.2"], anomalous=[False, True]
    )
    drawn = [ax.images[0] for ax in figure.axes]
    assert len(drawn) == 6
    for picture, expected in zip(
        drawn, [*shown, *copies, *(copies - shown)], strict=True
    ):
        np.testing.assert_array_equal(picture.get_array(), expected)
    added, lacking = (np.array(p.cmap(p.norm(p.get_array()))[0, 0]) for p in drawn[4:])
    np.testing.assert_allclose(
        added, colors.to_rgba(plots.COLOURS["anomaly"]), atol=0.01
    )
    np.testing.assert_allclose(
        lacking, colors.to_rgba(plots.COLOURS["normal"]), atol=0.01
    )
    assert [ax.get_xlabel() for ax in figure.axes[4:]] == ["0.1", "0.2"]


def test_gallery_has_a_place_for_each_image_and_no_empty_frame():
    figure = draw.gallery(np.zeros((5, 3, 3)), list("abcde"), columns=3)
    assert [len(ax.images) for ax in figure.axes] == [1] * 5
    assert figure.axes[4].get_title(loc="center") == "e"


def test_architecture_marks_the_code_and_writes_every_width():
    widths = [64, 16, 4, 16, 64]
    figure = draw.architecture(widths)
    texts = [t.get_text() for t in figure.axes[0].texts]
    assert texts[:5] == [str(w) for w in widths]
    bars = [c[0] for c in figure.axes[0].containers]
    marked = [
        i
        for i, b in enumerate(bars)
        if b.get_facecolor() == colors.to_rgba(plots.COLOURS["anomaly"])
    ]
    assert marked == [2]
    heights = [b.get_height() for b in bars]
    assert heights == sorted(heights[:3], reverse=True) + sorted(heights[3:])


def test_curves_start_at_the_first_epoch():
    ax = draw.curves({"a": [3.0, 2.0, 1.0], "b": [4.0, 3.0, 3.0]}, ylabel="loss").axes[
        0
    ]
    np.testing.assert_array_equal(ax.lines[0].get_xdata(), [1, 2, 3])
    # not told apart by colour alone
    assert len({line.get_linestyle() for line in ax.lines}) == 2


def test_scores_are_shares_of_their_group_and_none_falls_off():
    normal, anomalous = np.linspace(0, 1, 10), np.linspace(0, 9, 300)
    ax = draw.scores(normal, anomalous, threshold=1.0).axes[0]
    filled = [c for c in ax.containers if len(c) == 40]
    assert len(filled) == 2
    for bars in filled:
        assert sum(b.get_height() for b in bars) == pytest.approx(1.0)


def test_by_class_puts_every_method_into_the_column_of_its_class():
    values = {"one": np.array([0.5, 0.6, 0.7]), "two": np.array([0.8, 0.9, 1.0])}
    ax = draw.by_class(values).axes[0]
    for line, column in zip(ax.lines[:2], values.values(), strict=True):
        np.testing.assert_array_equal(line.get_ydata(), column)
        np.testing.assert_array_equal(np.round(line.get_xdata()), [0, 1, 2])
    assert ax.lines[0].get_marker() != ax.lines[1].get_marker()


def test_sweeps_draw_means_inside_their_bands_at_sizes_of_their_own():
    measured = [metrics.Interval(v, v - 0.1, v + 0.1, 10) for v in (0.6, 0.7)]
    panels = {
        "epochs": {"a": ([1, 10], measured), "b": ([2, 20], measured)},
        "components": {"b": ([5, 50], measured)},
    }
    left, right = draw.sweeps(panels, level=(0.1, "promised")).axes
    np.testing.assert_array_equal(left.lines[1].get_xdata(), [2, 20])
    np.testing.assert_allclose(left.lines[0].get_ydata(), [0.6, 0.7])
    assert [t.get_text() for t in left.get_xticklabels()] == ["1", "2", "10", "20"]
    band = left.collections[0].get_paths()[0].vertices[:, 1]
    assert band.min() == pytest.approx(0.5) and band.max() == pytest.approx(0.8)
    one, two = (line.get_color() for line in left.lines[:2])
    assert right.lines[0].get_color() == two != one
    assert set(left.lines[2].get_ydata()) == {0.1}
    assert (left.get_xlabel(), right.get_xlabel()) == ("epochs", "components")
    assert not draw.sweeps(panels, bands=False).axes[0].collections
