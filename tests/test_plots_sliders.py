"""Sliders: the static figure is all that is stored, the callback draws at both ends,
and only a live page gets widgets.
"""

import sys

import matplotlib

matplotlib.use("Agg")

import nbformat
import pytest
from matplotlib import pyplot as plt
from nbclient import NotebookClient

from metaad.plots import sliders
from metaad.plots.base import shown
from metaad.plots.sliders import live, slider

ALT = "A line whose slope the slider sets"


def line(slope):
    figure, axis = plt.subplots()
    axis.plot([0, 1], [0, slope])
    axis.set_ylim(-20, 20)
    return figure


@pytest.fixture
def displayed(monkeypatch):
    """What is displayed, in order, instead of a page."""
    found = []
    monkeypatch.setattr("IPython.display.display", lambda o, **how: found.append(o))
    return found


@pytest.fixture(autouse=True)
def no_page(monkeypatch):
    plt.close("all")  # what tests of other files left open
    for name in ("METAAD_WIDGETS", "JPY_SESSION_NAME"):
        monkeypatch.delenv(name, raising=False)


def test_without_a_page_the_figure_at_the_start_is_all_there_is(displayed):
    slider(line, ALT, start=-3, slope=(-3, 0, 5))
    slider(line, ALT, slope=(-9, -3, 5))  # the middle one
    slider(line, ALT, figure=line(-3), slope=(0, 5))
    assert len(displayed) == 3
    one, two, three = (shown({"data": data}) for data in displayed)
    assert one == two == three and one[1] == ALT


@pytest.mark.parametrize("value", [-9, 5])
def test_the_callback_draws_at_both_ends_of_the_range(displayed, value):
    box = sliders._box(line, {"slope": [-9, 0, 5]}, {"slope": 0})
    knob, place = box.children
    assert "Move the slider" in place.value
    knob.value = value
    slider(line, ALT, start=value, slope=(-9, 0, 5))
    stored, _ = shown({"data": displayed[0]})
    again, alt = shown({"data": {"text/html": place.value}})
    assert sliders_pixels(again) == sliders_pixels(stored)
    assert alt == f"The figure again, with slope = {value}"
    assert not plt.get_fignums()


def sliders_pixels(png):
    from metaad.plots.base import pixel_fingerprint

    return pixel_fingerprint(png)


def test_two_sliders_draw_with_both_values():
    seen = []

    def draw(nu, how):
        seen.append((nu, how))
        return line(1)

    box = sliders._box(
        draw, {"nu": [0.1, 0.5], "how": ["a", "b"]}, {"nu": 0.1, "how": "b"}
    )
    box.children[0].value = 0.5
    box.children[1].value = "a"
    assert seen == [(0.5, "b"), (0.5, "a")]


def test_an_error_in_the_callback_is_said_where_the_figure_would_be():
    def draw(k):
        raise ValueError("k is too large")

    box = sliders._box(draw, {"k": [1, 2]}, {"k": 1})
    box.children[0].value = 2
    assert box.children[1].value == "<p>ValueError: k is too large</p>"


def test_a_page_gets_the_same_figure_and_then_the_widgets(displayed, monkeypatch):
    slider(line, ALT, slope=(0, 5))
    monkeypatch.setenv("JPY_SESSION_NAME", "lesson.ipynb")
    slider(line, ALT, slope=(0, 5))
    alone, with_page, box = displayed
    assert alone == with_page and type(box).__name__ == "VBox"


def test_what_counts_as_a_page(monkeypatch):
    assert not live()
    monkeypatch.setenv("JPY_SESSION_NAME", "lesson.ipynb")
    assert live()
    monkeypatch.setenv("METAAD_WIDGETS", "0")
    assert not live()
    monkeypatch.delenv("JPY_SESSION_NAME")
    monkeypatch.setenv("METAAD_WIDGETS", "1")
    assert live()
    monkeypatch.setitem(sys.modules, "ipywidgets", None)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert not live()


@pytest.mark.parametrize(
    "arguments, message",
    [
        ({}, "needs a range such as"),
        ({"slope": [1]}, "two values or more; got one for 'slope'"),
        ({"slope": [1, 2], "start": 3}, "start slope=3 is not one of 1, 2"),
        ({"slope": [1, 2], "start": {"k": 1}}, "start names 'k', which has no range"),
    ],
)
def test_ranges_that_make_no_slider(arguments, message):
    with pytest.raises(ValueError, match=message):
        slider(line, ALT, **arguments)


CELL = """
from metaad import plots
from metaad.plots.sliders import slider
from matplotlib import pyplot as plt

def draw(k):
    figure, axis = plt.subplots()
    axis.plot([0, k])
    return figure

slider(draw, "A line that ends at k, from 1 to 5", k=range(1, 6))
"""


def executed(monkeypatch):
    """One cell run by nbclient, as nbval and a refresh run it."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(CELL)])
    NotebookClient(notebook, timeout=300, kernel_name="python3").execute()
    return notebook


def test_a_notebook_that_is_executed_stores_the_figure_and_no_widget(monkeypatch):
    notebook = executed(monkeypatch)
    (output,) = notebook.cells[0].outputs
    assert set(output.data) == {"text/html", "text/plain"} and shown(output)
    assert "widgets" not in notebook.metadata


def test_the_runners_say_no_even_inside_a_session(monkeypatch):
    import lesson_runs

    monkeypatch.setenv("JPY_SESSION_NAME", "lesson.ipynb")
    monkeypatch.setenv("METAAD_WIDGETS", "1")
    lesson_runs.environment(False, lesson_runs.ROOT / "nowhere")
    assert not live()
    conftest = lesson_runs.NOTEBOOKS / "conftest.py"
    assert 'os.environ["METAAD_WIDGETS"] = "0"' in conftest.read_text(encoding="utf-8")
