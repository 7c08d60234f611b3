"""The comparison of stored with fresh outputs catches what it must: a changed
figure, a changed number, a typo.
"""

import base64
import copy
import io
import os
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import numpy as np
import pytest
from nbval_figures import for_comparison, is_close
from PIL import Image

from metaad.plots.base import picture, pixels, shown

ROOT = Path(__file__).resolve().parents[1]
LESSON = ROOT / "notebooks" / "03_isolation_forest_maths.ipynb"


def code_cells(notebook):
    return [c for c in notebook.cells if c.cell_type == "code"]


def has_figure(cell):
    return any(shown(o) for o in cell.outputs)


def compared(notebook, folder):
    """Cells that pass and cells that fail under pytest --nbval, as two counts."""
    path = folder / "planted.ipynb"
    nbformat.write(notebook, path)
    options = ["-q", "-p", "no:cacheprovider", "-p", "nbval_figures"]
    options += ["--rootdir", str(folder)]
    here = [str(ROOT / "tests" / "tools"), str(ROOT), os.environ.get("PYTHONPATH")]
    paths = {"PYTHONPATH": os.pathsep.join(p for p in here if p)}
    command = [sys.executable, "-m", "pytest", "--nbval", str(path), *options]
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        cwd=folder,
        check=False,
        env={**os.environ, **paths},
    )
    count = {
        word: int(number)
        for number, word in re.findall(r"(\d+) (passed|failed)", done.stdout)
    }
    return count.get("passed", 0), count.get("failed", 0)


@pytest.fixture(scope="module")
def opening():
    """The lesson up to its first figure: enough to plant something, and quick to
    execute.
    """
    notebook = nbformat.read(LESSON, as_version=4)
    last = next(
        i
        for i, c in enumerate(notebook.cells)
        if c.cell_type == "code" and has_figure(c)
    )
    notebook.cells = notebook.cells[: last + 1]
    return notebook


def test_an_untouched_lesson_passes(opening, tmp_path):
    assert compared(opening, tmp_path) == (len(code_cells(opening)), 0)


def test_a_changed_figure_is_caught(opening, tmp_path):
    planted = copy.deepcopy(opening)
    code_cells(planted)[
        1
    ].source += "\nimport matplotlib\nmatplotlib.rcParams['axes.linewidth'] = 1.2"
    assert compared(planted, tmp_path) == (len(code_cells(opening)) - 1, 1)


def touched(png, n, levels):
    """The same picture with n pixels darker by so many levels."""
    image = pixels(png).copy()
    bright = np.argwhere(image[:, :, 0] >= levels)[:n]
    image[bright[:, 0], bright[:, 1], 0] -= levels
    Image.fromarray(image).save(buffer := io.BytesIO(), format="png")
    return buffer.getvalue()


def first_figure(notebook):
    outputs = (o for c in code_cells(notebook) for o in c.outputs)
    return next(o for o in outputs if shown(o))


@pytest.mark.parametrize(
    ("n", "levels", "close"),
    [(0, 0, True), (20, 16, True), (21, 1, False), (1, 17, False), (400, 3, False)],
)
def test_a_few_faint_pixels_are_no_change_and_more_or_darker_ones_are(
    opening, n, levels, close
):
    png, alt = shown(first_figure(opening))
    other = touched(png, n, levels)
    assert is_close(other, png) == close
    fresh, stored = ([{"data": picture(p, alt)}] for p in (other, png))
    one, two = for_comparison(fresh, stored)
    assert (one == two) == close


def test_a_figure_with_other_words_or_of_another_size_is_a_change(opening):
    png, alt = shown(first_figure(opening))
    fresh, stored = ([{"data": picture(png, a)}] for a in (alt, alt + " Or not."))
    one, two = for_comparison(fresh, stored)
    assert one != two
    Image.fromarray(pixels(png)[:-1]).save(buffer := io.BytesIO(), format="png")
    assert not is_close(buffer.getvalue(), png)


def test_a_lesson_passes_with_faint_pixels_changed_and_fails_with_a_line_more(
    opening, tmp_path
):
    cells = len(code_cells(opening))
    for n, levels, passed in ((12, 8, cells), (60, 120, cells - 1)):
        planted = copy.deepcopy(opening)
        figure = first_figure(planted)
        png, alt = shown(figure)
        figure["data"].update(picture(touched(png, n, levels), alt))
        assert compared(planted, tmp_path) == (passed, cells - passed)


def test_alternative_text_reaches_html_and_a_screen_reader(tmp_path):
    from bs4 import BeautifulSoup
    from nbconvert import HTMLExporter

    Image.new("RGBA", (2, 2)).save(buffer := io.BytesIO(), format="png")
    alt = 'A "quoted" curve: a < b & c > d.'
    output = nbformat.v4.new_output("display_data", picture(buffer.getvalue(), alt))
    cell = nbformat.v4.new_code_cell("", outputs=[output], execution_count=1)
    notebook = nbformat.v4.new_notebook(cells=[cell])
    for template in ("lab", "classic", "basic"):
        page, _ = HTMLExporter(template_name=template).from_notebook_node(notebook)
        (image,) = BeautifulSoup(page, "html.parser").select("img")
        assert image["alt"] == alt
        _, _, data = image["src"].partition("base64,")
        assert base64.b64decode(data) == buffer.getvalue()


def test_a_changed_number_is_caught(opening, tmp_path):
    planted = copy.deepcopy(opening)
    cell = nbformat.v4.new_code_cell(
        "print(f'{0.8712:.3f}')", execution_count=len(code_cells(planted)) + 1
    )
    cell.outputs = [nbformat.v4.new_output("stream", name="stdout", text="0.872\n")]
    planted.cells.append(cell)
    assert compared(planted, tmp_path) == (len(code_cells(opening)), 1)
    cell.outputs[0]["text"] = "0.871\n"
    assert compared(planted, tmp_path) == (len(code_cells(planted)), 0)


def test_papermill_with_a_misspelt_parameter_stops_at_once_and_says_which_there_are(
    tmp_path,
):
    from papermill.exceptions import PapermillExecutionError
    from papermill.execute import execute_notebook

    out = tmp_path / "out.ipynb"
    with pytest.raises(
        PapermillExecutionError,
        match="has no parameter sede. Its parameters are profile: str",
    ):
        execute_notebook(
            str(LESSON),
            str(out),
            parameters={"sede": 3},
            kernel_name="python3",
            progress_bar=False,
        )
    ran = [
        c
        for c in code_cells(nbformat.read(out, as_version=4))
        if c.execution_count is not None
    ]
    assert len(ran) <= 4, "it must stop in the first cell after the parameters"
