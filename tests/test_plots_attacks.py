"""The figures of attacks show the numbers they are given."""

import numpy as np
import pytest
from matplotlib import pyplot as plt

from metaad import plots
from metaad.metrics import Interval
from metaad.plots import attacks


@pytest.fixture(autouse=True)
def the_courses_style():
    plots.style()
    yield
    plt.close("all")


def intervals(*values):
    return [Interval(v, v - 0.1, v + 0.1, 10) for v in values]


def test_a_line_for_each_detector_stands_in_the_panel_of_its_attack():
    panels = {"one": {"a": intervals(0.9, 0.5), "b": intervals(0.8, 0.7)},
              "two": {"a": intervals(0.6, 0.1), "b": intervals(0.5, 0.2)}}  # fmt: skip
    figure = attacks.over_epsilon((0.0, 0.1), panels)
    assert [axis.get_title(loc="left") for axis in figure.axes] == ["one", "two"]
    lines = figure.axes[1].lines
    assert list(lines[0].get_xdata()) == [0.0, 0.1]
    assert [list(line.get_ydata()) for line in lines[:2]] == [[0.6, 0.1], [0.5, 0.2]]
    assert [t.get_text() for t in figure.axes[0].get_xticklabels()] == ["0", ".1"]


def test_images_stand_over_what_an_attack_made_of_them_and_what_it_added():
    rng = np.random.default_rng(0)
    images, moved = rng.random((2, 3, 4, 4))
    shown = attacks.moved_images(
        images,
        moved,
        np.arange(3.0),
        np.arange(3.0) + 7,
        np.array([False, False, True]),
    )
    axes = shown.axes
    np.testing.assert_array_equal(axes[1].images[0].get_array(), images[1])
    np.testing.assert_array_equal(axes[4].images[0].get_array(), moved[1])
    added = np.asarray(axes[7].images[0].get_array())
    largest = np.abs(moved - images).max()
    np.testing.assert_allclose(added * largest, moved[1] - images[1])
    assert [a.get_xlabel() for a in axes[:6]] == ["0", "1", "2", "7", "8", "9"]


def test_each_attack_has_a_row_with_its_value():
    of = dict(zip(("FGSM", "PGD"), intervals(0.9, 0.2), strict=True))
    figure = attacks.by_attack({"a net": of, "another": of})
    assert [a.get_title(loc="left") for a in figure.axes] == ["a net", "another"]
    assert [t.get_text() for t in figure.axes[0].texts] == ["0.90", "0.20"]
