"""The recipes in the docstrings, followed word for word: a new dataset, a new
detector, a new lesson. That of a new meta-learner is followed beside the meta-learners.
"""

import importlib.util
import re
import sys
import textwrap

import nbformat
import numpy as np
import pytest
from papermill.exceptions import PapermillExecutionError
from papermill.execute import execute_notebook
from sklearn.utils.estimator_checks import check_estimator

from metaad import data, repro
from metaad.data import loaders
from metaad.detectors import anomaly_score, base
from metaad.tasks import TableTasks


def recipe(module, first):
    """The indented lines of a module's docstring that begin with `first`."""
    blocks = re.findall(r"(?:^(?:    .*)?\n)+", module.__doc__ + "\n", re.M)
    (found,) = (b for b in map(textwrap.dedent, blocks) if b.strip().startswith(first))
    return found.strip() + "\n"


def written(folder, monkeypatch, head, lines):
    """A module of its own that holds these lines, imported."""
    path = folder / "followed.py"
    path.write_text(f"{head}\n\n{lines}", encoding="utf-8")
    spec = importlib.util.spec_from_file_location("followed", path)
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "followed", module)  # pickling looks there
    spec.loader.exec_module(module)
    return module


def test_a_new_dataset_loads_by_its_name(tmp_path, monkeypatch):
    monkeypatch.setattr(loaders, "LOADERS", dict(loaders.LOADERS))
    monkeypatch.setattr("metaad.data.named.LOADERS", loaders.LOADERS)
    lines = recipe(loaders, "def _two_moons")
    assert len([line for line in lines.splitlines() if line.strip()]) == 5
    head = "from sklearn.datasets import make_moons\n"
    head += "from metaad.data.loaders import LOADERS, as_table"
    written(tmp_path, monkeypatch, head, lines)
    table = data.load("Two-Moons")
    assert table.X.shape == (400, 2) and table.y.sum() == 200
    assert "two-moons" in data.names() and data.family("two-moons") == "two-moons"
    assert TableTasks(["two-moons", "wine"]).names == ["two-moons", "wine"]


def test_a_new_detector_passes_scikit_learns_checks(tmp_path, monkeypatch):
    lines = recipe(base, "class DistanceToMean")
    head = "import numpy as np\nfrom metaad.detectors import Detector"
    detector = written(tmp_path, monkeypatch, head, lines).DistanceToMean
    check_estimator(detector())
    X = np.array([[0.0, 0.0], [2.0, 0.0], [4.0, 0.0]])
    fitted = detector().fit(X)
    assert anomaly_score(fitted, X).tolist() == [2.0, 0.0, 2.0]
    assert anomaly_score(fitted, [[2.0, 7.0]]).tolist() == [7.0]


@pytest.mark.notebook
def test_a_new_lesson_runs_checks_its_parameters_and_shows_its_findings(tmp_path):
    """Its parameters cell is the line that the recipe shows, and the three of all."""
    own = re.search(r"`(rows: int = .*?)`", repro.__doc__.replace("\n", " "))[1]
    common = (
        'profile: str = "quick"  # one of quick, full; how large\nseed: int = 0  # any'
    )
    parameters = f'{common}\ndevice: str = "auto"  # auto, cpu\n{own}'
    imports = "import numpy as np\nfrom metaad import metrics, repro"
    lines = recipe(repro, "run = repro.start")
    assert len(lines.splitlines()) == 5
    cells = [nbformat.v4.new_code_cell(c) for c in (parameters, imports, lines)]
    cells[0].metadata["tags"] = ["parameters"]
    path, out = tmp_path / "21_a_new_lesson.ipynb", tmp_path / "out.ipynb"
    about = {
        "kernelspec": {"name": "python3", "language": "python", "display_name": "P"}
    }
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=about), path)
    how = {"kernel_name": "python3", "progress_bar": False}
    done = execute_notebook(str(path), str(out), parameters={"seed": 3}, **how)
    assert "half of 1 is above" in str(done.cells[-1].outputs)
    with pytest.raises(
        PapermillExecutionError, match="rows must be a whole number, 10 to 5000; got 5"
    ):
        execute_notebook(str(path), str(out), parameters={"rows": 5}, **how)
