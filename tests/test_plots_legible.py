"""Every figure can be read: nothing is cut, nothing collides, on a phone as well; and
the checker sees what is wrong."""

import importlib
import io
import pkgutil

import numpy as np
import pytest
from figure_examples import FIGURES, example
from matplotlib import pyplot as plt

from metaad import plots
from metaad.plots import charts, legible
from metaad.plots.base import differing, whole_pixels
from metaad.plots.labels import label_points

# what figures are made of and looked at with
SUPPORT = {"base", "charts", "labels", "legible", "score_maps", "sliders"}
SPECIAL = {"frame", "share_below", "mesh", "look"}  # no figures


@pytest.fixture(autouse=True)
def the_courses_style():
    plots.style()
    yield
    plt.close("all")


@pytest.mark.parametrize("name", FIGURES)
def test_nothing_in_a_figure_is_cut_collides_or_is_too_small_for_a_phone(name):
    figure = example(name)
    whole_pixels(figure)
    assert legible.faults(figure) == []
    assert legible.smallest_text(figure) >= 7
    edges = [a.get_position().get_points() * figure.bbox.size for a in figure.axes]
    np.testing.assert_allclose(edges, np.round(edges), atol=1e-6)


def test_every_function_that_draws_a_figure_is_looked_at():
    found = {m.name for m in pkgutil.iter_modules(plots.__path__)} - SUPPORT
    modules = [importlib.import_module(f"metaad.plots.{name}") for name in found]
    looked_at = {word for name in FIGURES for word in name.split()}
    looked_at |= {"masking", "agreement", "curves"}
    for module in modules:
        own = {
            n
            for n, f in vars(module).items()
            if getattr(f, "__module__", "") == module.__name__
        }
        drawn = {n for n in own if callable(getattr(module, n)) and n[0] != "_"}
        assert drawn - SPECIAL <= looked_at, module.__name__


def one(draw):
    figure, axis = charts.one_panel()
    draw(axis)
    return legible.faults(figure)


def test_text_that_leaves_the_figure_is_found():
    assert one(lambda a: a.set_xlabel("long words " * 12)) == [
        "'long words long words long wor' is cut off"
    ]


def test_tick_labels_that_collide_are_found():
    assert one(lambda a: a.set_xticks([0, 0.01], ["twenty", "thirty"])) == [
        "'twenty' and 'thirty' collide"
    ]


def test_a_legend_over_data_is_found():
    def draw(axis):
        axis.bar(range(9), np.ones(9), label="bars")
        axis.legend(loc="center")

    assert one(draw) == ["the legend lies over data"]


def test_a_label_over_a_marker_is_found_and_label_points_avoids_it():
    points = np.c_[np.linspace(0, 1, 40), np.full(40, 0.5)]

    def draw(axis, **place):
        axis.plot(*points.T, "o")
        axis.set(ylim=(0, 1))
        if place:
            axis.text(0.3, 0.5, "a label", va="center")
        else:
            label_points(axis, points[:2], ["first", "second"], avoid=points)

    assert one(lambda a: draw(a, over=True)) == ["'a label' lies over a marker"]
    assert one(draw) == []


def test_what_is_kept_beside_a_saved_figure_is_what_drawing_it_again_finds():
    figure, axis = charts.one_panel()
    axis.plot([0.0, 1.0])
    axis.text(0.5, 0.5, "one")
    axis.text(0.5, 0.5, "two", fontsize=6)
    whole_pixels(figure)
    figure.savefig(io.BytesIO(), format="png")
    kept = legible.notes(figure)
    assert kept["faults"] == legible.faults(figure) == ["'one' and 'two' collide"]
    smallest = round(legible.smallest_text(figure), 1)
    assert kept["smallest text on a phone, pixels"] == smallest == 5.0


def test_small_text_and_wide_figures_are_small_on_a_phone():
    figure, axis = charts.one_panel()
    assert legible.smallest_text(figure) == pytest.approx(9 / 72 * 390 / 6.5)
    axis.set_title("tiny", fontsize=6)
    assert legible.smallest_text(figure) == pytest.approx(6 / 72 * 390 / 6.5)
    figure.set_figwidth(13)
    assert legible.smallest_text(figure) == pytest.approx(6 / 72 * 390 / 13)


def test_a_last_bit_in_the_size_of_an_axis_moves_no_pixel():
    figures = []
    for shift in (1e-9, -1e-12):
        figure = plt.figure(figsize=(4, 3), layout="none")
        figure.add_axes((50.2 / 440 + shift, 40.3 / 330 - shift, 0.6, 0.7))
        whole_pixels(figure)
        figure.savefig(png := io.BytesIO(), format="png")
        figures.append(png.getvalue())
    assert differing(*figures) == (0, 0)
