"""The comparison of stored with fresh outputs catches what it must: a changed
figure, a changed number, a typo.
"""

import copy
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).resolve().parents[1]
LESSON = ROOT / "notebooks" / "03_isolation_forest_maths.ipynb"


def code_cells(notebook):
    return [c for c in notebook.cells if c.cell_type == "code"]


def has_figure(cell):
    return any("image/png" in o.get("data", {}) for o in cell.outputs)


def compared(notebook, folder):
    """Cells that pass and cells that fail under pytest --nbval, as two counts."""
    path = folder / "planted.ipynb"
    nbformat.write(notebook, path)
    options = ["-q", "-p", "no:cacheprovider", "--rootdir", str(folder)]
    command = [sys.executable, "-m", "pytest", "--nbval", str(path), *options]
    done = subprocess.run(
        command, capture_output=True, text=True, cwd=folder, check=False
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
