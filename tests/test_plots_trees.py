"""Figures of the isolation-forest lesson show what they are given."""

import io

import matplotlib

matplotlib.use("Agg")

import numpy as np
import pytest
from matplotlib import pyplot as plt

from metaad.metrics import Interval
from metaad.plots import style, trees
from metaad.plots.base import pixel_fingerprint


@pytest.fixture(autouse=True)
def the_courses_style():
    style()
    yield
    plt.close("all")


def test_isolation_path_shades_the_side_that_keeps_the_point():
    X = np.array([[0.0, 0.0], [1.0, 1.0], [4.0, 2.0]])
    all_rows, last_two = np.array([True, True, True]), np.array([False, True, True])
    figure = trees.isolation_paths(
        X, {"far": (2, [(0, 0.5, all_rows), (0, 3.0, last_two)])}, columns=3
    )
    drawn = [a for a in figure.axes if a.axison]
    assert [a.get_title(loc="left") or a.get_title() for a in drawn] == [
        "cut 1: 3 → 2",
        "cut 2: 2 → 1",
    ]
    assert drawn[0].get_ylabel() == "far\n2 cuts"
    for axis, cut in zip(drawn, (0.5, 3.0), strict=True):
        shaded = axis.patches[1]
        assert shaded.get_x() == cut and shaded.get_x() + shaded.get_width() > 4.0


def test_a_long_path_shows_its_first_cuts_and_its_last():
    X = np.arange(12.0)[:, None] * [1.0, 1.0]
    steps = [(0, k + 0.5, np.arange(12) >= k) for k in range(11)]
    figure = trees.isolation_paths(X, {"end": (11, steps)}, columns=4)
    titles = [a.get_title(loc="left") for a in figure.axes if a.axison]
    assert [t.split(":")[0] for t in titles] == ["cut 1", "cut 2", "cut 3", "cut 11"]
    assert titles[-1] == "cut 11: 2 → 1"


def test_counts_are_shares_with_their_mean():
    figure = trees.cut_counts({"far": np.array([1, 1, 2, 4])})
    bars = {
        round(b.get_x() + b.get_width() / 2): b.get_height()
        for b in figure.axes[0].patches
    }
    assert bars == {0: 0.0, 1: 0.5, 2: 0.25, 3: 0.0, 4: 0.25}
    assert figure.axes[0].lines[0].get_xdata()[0] == 2.0


def test_a_single_cut_is_drawn_with_the_rows_before_and_after_it():
    X = np.array([[0.0, 0.0], [1.0, 1.0], [4.0, 2.0]])
    steps = [(0, 0.5, np.array([1, 1, 1], bool)), (0, 3.0, np.array([0, 1, 1], bool))]
    for step, title in ((1, "cut 1 of 2: 3 → 2"), (2, "cut 2 of 2: 2 → 1")):
        axis = trees.next_cut(X, 2, steps, step).axes[0]
        assert axis.get_title(loc="left") == title
        assert axis.patches[1].get_x() == steps[step - 1][1], "the far side is shaded"


def test_dilution_has_a_line_for_each_kind_of_row_and_one_for_ordinary_ones():
    paths = {1: np.array([1.0, 3.0, 6.0]), 3: np.array([np.nan, 1.0, 4.0])}
    figure = trees.dilution(np.array([1, 3, 10]), paths, {1: ([1, 10], [1, 6])}, 9.0)
    ordinary, one, three = figure.axes[0].lines
    assert set(ordinary.get_ydata()) == {9.0}
    np.testing.assert_array_equal(one.get_ydata(), paths[1])
    np.testing.assert_array_equal(three.get_ydata(), paths[3])
    words = [t.get_text() for t in figure.legends[0].get_texts()]
    assert words == ["an ordinary row", "far in 1 column", "far in 3 columns", "games"]


def test_published_puts_every_method_on_its_tables_line():
    rows = [
        (
            "a",
            0.9,
            {
                "ours": Interval(0.91, 0.9, 0.92, 10),
                "theirs": Interval(0.89, 0.88, 0.9, 10),
            },
        )
    ] * 2
    figure = trees.published(rows)
    axis = figure.axes[0]
    assert [t.get_text() for t in axis.get_yticklabels()] == ["a", "a"]
    assert {t.get_text() for t in figure.legends[0].get_texts()} == {
        "paper, 2008",
        "ours",
        "theirs",
    }


@pytest.mark.parametrize("share", [True, False])
def test_maps_lines_and_scatters_have_a_panel_for_each(share):
    X, y, grid = (
        np.random.default_rng(0).normal(size=(9, 2)),
        np.repeat([0, 1], [6, 3]),
        np.eye(5),
    )
    maps = trees.score_maps(
        {"one": grid, "two": (2 * grid, X, y)}, (-1, 1, -1, 1), X, y, share=share
    )
    assert sum(len(a.images) for a in maps.axes) == 2 and len(maps.axes) == (
        3 if share else 4
    )
    one = [Interval(0.5, 0.4, 0.6, 3)] * 3
    lines = trees.curves((0, 2, 8), {"f": one, "g": one}, "k", "v")
    assert [t.get_text() for t in lines.axes[0].get_xticklabels()] == ["0", "2", "8"]
    assert (
        trees.ghosts(grid, (-1, 1, -1, 1), X, X[:2], X[2:4]).axes[0].texts[0].get_text()
        == "corner"
    )
    assert len(trees.line_depths(X[:, 0], X[:, 0], X[:, 1]).axes) == 1
    n = np.array([3, 10])
    assert len(trees.harmonic(n, n / 2, n / 3, {4: 2.0}).axes) == 2


def test_noise_in_the_last_digit_of_a_score_map_moves_no_pixel():
    rng = np.random.default_rng(0)
    depth = np.zeros((50, 50))
    for left, right, bottom, top in np.sort(
        rng.integers(0, 51, (60, 2, 2)), axis=-1
    ).reshape(-1, 4):
        depth[bottom:top, left:right] += 1  # plateaus, as a forest's scores have
    score, seen = 2.0 ** (-depth / 9.7), set()  # no plateau lies on a contour
    style()
    for size in (0.0, 1e-16, 1e-15, 1e-13):
        noisy = score * (1 + size * rng.choice([-1, 0, 1], score.shape))
        figure = trees.score_maps(
            {"a": noisy}, (0, 1, 0, 1), np.array([[0.3, 0.4]]), np.array([1])
        )
        figure.savefig(png := io.BytesIO(), format="png")
        seen.add(pixel_fingerprint(png.getvalue()))
    assert len(seen) == 1
