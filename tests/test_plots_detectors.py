"""Figures of the lesson on classical detectors show the numbers they are given."""

import matplotlib

matplotlib.use("Agg")

import numpy as np
import pytest
from matplotlib import pyplot as plt

from metaad.metrics import Interval
from metaad.plots import charts
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


def test_neighbourhoods_draw_a_circle_and_name_a_factor_for_each_chosen_row():
    X = np.random.default_rng(0).normal(size=(30, 2))
    reach = np.full(30, 0.5)
    figure = draw.neighbourhoods(X, [0, 1], reach, np.linspace(1, 2, 30))
    above, below = figure.axes
    for i, line in enumerate(above.lines):
        away = np.linalg.norm(line.get_xydata() - X[i], axis=1)
        np.testing.assert_allclose(away, 0.5)
    assert len(above.lines) == 2 and [t.get_text() for t in above.texts] == ["A", "B"]
    # the course's style puts titles on the left
    title = below.get_title(loc="left") or below.get_title()
    assert title.endswith("A 1.00, B 1.03")


def test_every_detector_has_a_look_of_its_own():
    looks = {str(charts.look(0, name)) for name in charts.NAMED}
    assert len(looks) == len(charts.NAMED) == 7
