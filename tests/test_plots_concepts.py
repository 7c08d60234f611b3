"""The figures of the first two lessons show the numbers they are given."""

import numpy as np
import pytest
from matplotlib import pyplot as plt

from metaad import metrics, plots
from metaad.plots import concepts
from metaad.plots.concept_map import ARROWS, BOXES, concept_map


@pytest.fixture(autouse=True)
def the_courses_style():
    plots.style()
    yield
    plt.close("all")


def texts(figure):
    return [t.get_text() for axis in figure.axes for t in axis.texts]


def test_contact_sheet_frames_the_marked_images_and_only_those():
    images = np.random.default_rng(0).random((5, 4, 4))
    marked = np.array([True, False, False, True, False])
    figure = concepts.contact_sheet(images, list("abcde"), marked, columns=3)
    framed = [a.spines["top"].get_linewidth() > 2 for a in figure.axes]
    assert framed == list(marked)
    assert [a.get_xlabel() for a in figure.axes] == list("abcde")
    np.testing.assert_array_equal(figure.axes[1].images[0].get_array(), images[1])


def test_pairs_and_roc_counts_the_pairs_that_the_auroc_counts():
    y, scores = np.array([1, 1, 0, 0, 0]), np.array([0.9, 0.3, 0.5, 0.2, 0.1])
    figure = concepts.pairs_and_roc(y, scores)
    assert "wins 5 of 6" in figure.axes[0].get_title(loc="left")
    false, found = figure.axes[1].lines[0].get_data()
    assert (
        np.trapezoid(found, false) == pytest.approx(5 / 6) == metrics.auroc(y, scores)
    )


def test_the_border_of_the_won_pairs_is_the_roc_curve():
    rng = np.random.default_rng(3)
    y, scores = np.repeat([1, 0], [6, 14]), rng.permutation(20).astype(float)
    pairs, roc = concepts.pairs_and_roc(y, scores).axes
    won = pairs.collections[0].get_array().reshape(6, 14) > 0  # row 0 at the bottom
    assert pairs.get_ylim()[0] < pairs.get_ylim()[1]
    false, found = roc.lines[0].get_data()
    for row, wins in enumerate(won):
        height = (row + 0.5) / 6  # between two steps of the curve
        step = np.flatnonzero((found[:-1] < height) & (height < found[1:]))[0]
        assert false[step] == pytest.approx(1 - wins.mean())
    names = [float(t.get_text()) for t in pairs.get_yticklabels()]
    assert names == sorted(names, reverse=True), "found first, drawn lowest"


def test_pairs_and_roc_gives_half_the_area_to_a_tie():
    y, scores = np.array([1, 0]), np.array([0.4, 0.4])
    false, found = concepts.pairs_and_roc(y, scores).axes[1].lines[0].get_data()
    assert np.trapezoid(found, false) == pytest.approx(0.5)


def test_interval_grid_writes_each_interval_into_its_cell():
    i = metrics.Interval(0.9, 0.85, 0.95, 10)
    figure = concepts.interval_grid(["a"], ["x", "y"], [[i, i._replace(value=0.5)]])
    assert texts(figure) == ["0.90\n[0.85, 0.95]", "0.50\n[0.85, 0.95]"]


def test_few_anomalies_writes_the_width_of_the_95_percent_range():
    values = np.linspace(0.5, 0.9, 401)[None, :]
    assert "0.38 wide" in texts(concepts.few_anomalies([5], values, 0.7))


def test_concept_map_boxes_do_not_overlap_and_arrows_begin_and_end_at_one():
    figure = concept_map()
    assert {box[5] for box in BOXES.values()} <= set(texts(figure))
    rectangles = [box[:4] for box in BOXES.values()]
    for i, (x, y, width, height) in enumerate(rectangles):
        for u, v, other_width, other_height in rectangles[i + 1 :]:
            assert (
                x + width <= u
                or u + other_width <= x
                or y + height <= v
                or v + other_height <= y
            )
    for start, end, *_ in ARROWS:
        for px, py in (start, end):
            assert any(
                x <= px <= x + w and y <= py <= y + h for x, y, w, h in rectangles
            ), (px, py)


def test_series_marks_the_anomalous_steps_whether_labels_are_bool_or_int():
    values = np.arange(5.0)
    for labels in (
        np.array([0, 0, 1, 1, 0]),
        np.array([False, False, True, True, False]),
    ):
        marks = (
            concepts.series([("a", values, labels), ("b", values, labels)])
            .axes[0]
            .lines[1]
        )
        np.testing.assert_array_equal(marks.get_xdata(), [2, 3])
