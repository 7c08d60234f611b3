"""Figures of the lesson on classical detectors show the numbers they are given."""

import matplotlib

matplotlib.use("Agg")

import numpy as np
import pytest
from matplotlib import pyplot as plt

from metaad.metrics import Interval
from metaad.plots import detectors as draw


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def test_mesh_covers_the_rows_with_a_margin_and_orders_points_as_the_axes():
    xs, ys, points = draw.mesh(np.array([[0.0, 0.0], [2.0, 1.0]]), steps=5, margin=0.5)
    assert (xs[0], xs[-1], ys[0], ys[-1]) == (-1.0, 3.0, -1.0, 2.0)
    assert points.shape == (25, 2)
    assert np.array_equal(points[:, 0].reshape(5, 5)[0], xs) and np.array_equal(
        points[:, 1].reshape(5, 5)[:, 0], ys
    )


def test_the_line_of_score_contours_is_where_95_percent_of_the_normal_rows_score_lower():
    angle = np.linspace(0, 2 * np.pi, 400, endpoint=False)
    radius = np.linspace(0.01, 2.0, 400)
    normal = radius[:, None] * np.stack([np.cos(7 * angle), np.sin(7 * angle)], axis=1)
    panel = dict(
        title="distance to 0", score=lambda p: np.linalg.norm(p, axis=1), normal=normal
    )
    axis = draw.score_contours([[panel]], steps=201).axes[0]
    line = axis.collections[1].get_paths()[0].vertices
    assert np.allclose(
        np.linalg.norm(line, axis=1), np.quantile(radius, 0.95), atol=0.03
    )


def test_planted_rows_are_filled_where_caught_and_hollow_where_missed():
    normal = np.random.default_rng(0).normal(size=(50, 2))
    planted = np.array([[4.0, 4.0], [0.0, 0.1], [0.1, 0.0]])
    caught = np.array([True, False, False])
    panel = dict(
        title="",
        score=lambda p: np.linalg.norm(p, axis=1),
        normal=normal,
        planted=planted,
        caught=caught,
    )
    filled, hollow = draw.score_contours([[panel]], steps=20).axes[0].collections[-2:]
    assert np.array_equal(filled.get_offsets(), planted[:1]) and np.array_equal(
        hollow.get_offsets(), planted[1:]
    )
    assert not np.array_equal(filled.get_facecolor(), hollow.get_facecolor())


def test_sweeps_mark_the_best_setting_of_each_task():
    values = np.array([[0.5, 0.9], [0.7, 0.6], [0.6, 0.8]])  # (settings, tasks)
    axis = draw.sweeps({"k": ((1, 2, 4), values)}).axes[0]
    x, y = axis.lines[-1].get_data()
    assert list(x) == [1, 0] and list(y) == [0.7, 0.9]
    parts = draw.sweeps({"two": (["a\n1", "a\n2", "b\n1"], values)}).axes[0].lines
    # a, a, b, b and the marks
    assert [len(line.get_xdata()) for line in parts] == [2, 2, 1, 1, 2]


def test_intervals_draw_each_method_from_low_to_high_with_its_name():
    groups = {
        "digits": {
            "LOF": Interval(0.9, 0.8, 0.95, 10),
            "other": Interval(0.7, 0.6, 0.75, 10),
        }
    }
    axis = draw.intervals(groups, "AUROC", zero=0.5).axes[0]
    assert [t.get_text() for t in axis.get_yticklabels()] == ["LOF", "other"]
    assert list(axis.lines[0].get_xdata()) == [0.8, 0.95] and list(
        axis.lines[3].get_xdata()
    ) == [0.7]


def test_setting_ranges_sort_the_tables_by_the_first_detector():
    spans = {
        n: dict(low=[0.1, 0.2, 0.3], default=[0.9, 0.5, 0.7], high=[1, 1, 1])
        for n in ("k-means", "LOF")
    }
    figure = draw.setting_ranges(["a", "b", "c"], spans)
    assert [t.get_text() for t in figure.axes[0].get_yticklabels()] == ["b", "c", "a"]
    assert list(figure.axes[1].lines[0].get_xdata()) == [0.5, 0.7, 0.9]


def test_nu_property_shows_shares_minus_nu():
    nu = np.array([0.2, 0.6])
    axis = draw.nu_property(
        nu, np.array([[0.1], [0.6]]), np.array([[0.3], [0.7]])
    ).axes[0]
    shown = [line.get_ydata() for line in axis.lines if len(line.get_ydata()) == 2][1:]
    assert np.allclose(shown, [[0.1, 0.1], [-0.1, 0.0]])


def test_the_other_figures_draw_one_panel_or_histogram_for_each_name():
    assert (
        len(
            draw.before_after(
                {n: np.ones((3, 4)) for n in draw.LOOK}, ("a", "b", "c")
            ).axes
        )
        == 4
    )
    axis = draw.path_lengths(
        [np.array([1.0, 2.0]), np.array([3.0, 3.0])], ["near", "far"]
    ).axes[0]
    assert [t.get_text() for t in axis.get_legend().get_texts()] == ["near", "far"]
    X = np.random.default_rng(0).normal(size=(30, 2))
    left, right = draw.neighbourhoods(
        X, [0, 1], np.ones(30), np.linspace(1, 2, 30)
    ).axes
    assert len(left.patches) == 2 and [t.get_text() for t in right.texts] == [
        "A: 1.00",
        "B: 1.03",
    ]
