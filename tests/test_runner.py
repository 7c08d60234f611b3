"""The runner of lessons: what is finished, which runs a night holds, a course folder
that can't be written.
"""

import json
import os
import shutil
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

import lesson_runs
import nbformat
import pytest
import run_notebooks
from lesson_runs import Outcome

from metaad.practice import runs

ROOT = Path(__file__).resolve().parents[1]
PARAMETERS = """profile: str = "quick"  # quick or full
seed: int = 0  # seeds every random choice, 0 to 9
digit: int = 7  # 0 to 9; the digit that counts as normal
share: float = 0.01  # share of anomalies, 0.001 to 0.1
rows: int = 1000  # 50 to 5,000
shift: float = 0.0  # -1.5 to 1e3
price: float = 2.0  # above 0 to 10; 0 itself would be refused
free: int = 3  # any number
"""


def lesson(path, *cells):
    notebook = nbformat.v4.new_notebook()
    notebook.metadata["language_info"] = {"name": "python"}
    first = nbformat.v4.new_code_cell(PARAMETERS, metadata={"tags": ["parameters"]})
    notebook.cells = [first, *map(nbformat.v4.new_code_cell, cells)]
    nbformat.write(notebook, path)
    return path


def test_seeds_are_named_with_both_ends():
    assert list(lesson_runs.seeds("2:21")) == list(range(2, 22))
    assert list(lesson_runs.seeds("7")) == [7]
    for wrong in ("", "a", "3:", "5:2", "1:2:3", "-1"):
        with pytest.raises(ValueError, match="both ends included"):
            lesson_runs.seeds(wrong)


def test_bounds_are_read_from_the_comments_of_the_parameters(tmp_path):
    found = lesson_runs.bounds(lesson(tmp_path / "00_a.ipynb"))
    assert found == {
        "digit": (0, 9),
        "share": (0.001, 0.1),
        "rows": (50, 5000),
        "shift": (-1.5, 1000.0),
        "price": (1e-9, 10.0),
    }
    assert [type(v) for v in (*found["digit"], *found["share"])] == [int] * 2 + [
        float
    ] * 2


def test_a_night_holds_every_seed_and_both_ends_of_every_parameter(tmp_path):
    path = lesson(tmp_path / "00_a.ipynb")
    runs = list(lesson_runs.night([path], range(2, 4), True))
    assert [v for _, v, _ in runs[:4]] == ["seed 2", "seed 3", "digit = 0", "digit = 9"]
    assert len(runs) == 2 + 2 * 5 and runs[2][2] == {"digit": 0}


def test_a_nights_record_tells_failed_claims_from_errors():
    outcomes = [
        ("00_a", "seed 2", Outcome("00_a seed 2", "ok", 1.25)),
        (
            "00_a",
            "seed 3",
            Outcome("", "claim failed", 2, "Trace\n\x1b[31mone claim\x1b[0m"),
        ),
        ("01_b", "digit = 9", Outcome("", "error", 0.1, "ValueError: no")),
    ]
    found = lesson_runs.summary(outcomes, "the command")
    assert found["counts"] == {"ok": 1, "claim failed": 1, "error": 1}
    assert found["command"] == ["the command"]
    commit = lesson_runs.commit()
    failed = {"state": "claim failed", "seconds": 2, "message": "one claim"}
    assert found["lessons"]["00_a"] == {
        "seed 2": {"state": "ok", "seconds": 1.2, "commit": commit},
        "seed 3": {**failed, "commit": commit},
    }


def test_another_night_leaves_the_runs_it_did_not_make():
    def night(command, before, *runs):
        outcomes = [(name, v, Outcome("", state, 1.0)) for name, v, state in runs]
        return lesson_runs.summary(outcomes, command, before)

    runs = ("a", "seed 2", "ok"), ("a", "seed 3", "claim failed"), ("b", "seed 2", "ok")
    first = night("first", None, *runs)
    second = night("second", first, ("a", "seed 3", "ok"), ("c", "seed 2", "error"))
    assert second["command"] == ["first", "second"]
    assert second["counts"] == {"ok": 3, "claim failed": 0, "error": 1}
    assert set(second["lessons"]) == {"a", "b", "c"}
    assert first["counts"]["claim failed"] == 1  # the record before is not changed
    assert night("second", second)["command"] == ["first", "second"]


def test_a_finished_run_counts_until_lesson_parameters_or_package_change(
    tmp_path, monkeypatch
):
    path, output = lesson(tmp_path / "00_a.ipynb", "1 + 1"), tmp_path / "out.ipynb"
    assert lesson_runs.finished(path, output, {"seed": 0}) is None
    shutil.copy(path, output)
    lesson_runs.write_finished(path, output, {"seed": 0}, 1.5)
    assert lesson_runs.finished(path, output, {"seed": 0}) == 1.5
    assert lesson_runs.finished(path, output, {"seed": 1}) is None
    lesson(path, "1 + 2")
    assert lesson_runs.finished(path, output, {"seed": 0}) is None
    lesson(path, "1 + 1")
    assert lesson_runs.finished(path, output, {"seed": 0}) == 1.5
    monkeypatch.setattr("metaad.__version__", "9.9")
    assert lesson_runs.finished(path, output, {"seed": 0}) is None
    monkeypatch.undo()
    note = output.with_suffix(".finished.json")
    for damaged in ("", "{}", "null", note.read_text()[:-9]):
        note.write_text(damaged)
        assert lesson_runs.finished(path, output, {"seed": 0}) is None


def test_a_run_that_starts_again_is_not_finished_before_its_end(tmp_path, monkeypatch):
    import papermill

    path, output = lesson(tmp_path / "00_a.ipynb", "1 + 1"), tmp_path / "out.ipynb"
    shutil.copy(path, output)
    lesson_runs.write_finished(path, output, {}, 1.5)

    def killed(*args, **kwargs):
        assert lesson_runs.finished(path, output, {}) is None
        raise KeyboardInterrupt

    monkeypatch.setattr(papermill, "execute_notebook", killed)
    with pytest.raises(KeyboardInterrupt):
        lesson_runs.execute(path, output, {})
    assert lesson_runs.finished(path, output, {}) is None


@pytest.mark.parametrize("name", ["a.py", "meta/stacks/a.json", "data/registry.txt"])
def test_what_a_run_is_made_from_holds_weights_and_settings_too(
    name, tmp_path, monkeypatch
):
    path = lesson(tmp_path / "00_a.ipynb", "1 + 1")
    monkeypatch.setattr(runs, "PACKAGE", tmp_path / "metaad")
    file = tmp_path / "metaad" / name
    file.parent.mkdir(parents=True)
    made = []
    for content in ("1", "2"):
        file.write_text(content)
        made.append(lesson_runs.made_from(path, {}))
    assert made[0] != made[1]


def test_a_lesson_that_fails_leaves_its_notebook_and_is_not_finished(tmp_path):
    claim = (
        "class ClaimError(AssertionError): pass\nraise ClaimError('one does not hold')"
    )
    for cell, state in ((claim, "claim failed"), ("print(1)\n1/0", "error")):
        path, out = lesson(tmp_path / "00_a.ipynb", cell), tmp_path / "out.ipynb"
        outcome = lesson_runs.execute(path, out, {})
        assert outcome.state == state and not out.with_suffix(".finished.json").exists()
        outputs = [o for c in nbformat.read(out, 4).cells for o in c.get("outputs", [])]
        assert any(o.output_type == "error" for o in outputs)
    before, failed = path.read_bytes(), tmp_path / "x" / "00_a.failed.ipynb"
    assert run_notebooks.refresh(path, failed).state == "error"
    assert failed.is_file() and path.read_bytes() == before


def test_a_refresh_that_is_stopped_while_it_writes_leaves_nothing_beside_the_lesson(
    tmp_path, monkeypatch
):
    path = lesson(tmp_path / "00_a.ipynb", "print(1)")
    before, replace = path.read_bytes(), os.replace
    seen = []

    def stopped(source, target):
        seen.append(Path(source))
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "replace", stopped)
    with pytest.raises(KeyboardInterrupt):
        run_notebooks.refresh(path, tmp_path / "failed.ipynb")
    assert [p.name for p in tmp_path.iterdir()] == [path.name]
    assert path.read_bytes() == before
    # killed, it leaves a hidden file, which the next refresh takes away
    gone = seen[0].with_name(f"{seen[0].name.rpartition('.')[0]}.999999999")
    gone.write_text("half")
    monkeypatch.setattr(os, "replace", replace)
    assert run_notebooks.refresh(path, tmp_path / "failed.ipynb").state == "ok"
    assert [p.name for p in tmp_path.iterdir()] == [path.name]
    assert path.read_bytes().endswith(b"}\n") and gone.name.startswith(".")


READER = """
import sys
import nbformat
from nbclient import NotebookClient
notebook = nbformat.read("00_start_here.ipynb", as_version=4)
NotebookClient(notebook, kernel_name="python3", timeout=300).execute()
shown = [o for c in notebook.cells for o in c.get("outputs", [])]
print("cells:", max(c.get("execution_count") or 0 for c in notebook.cells))
"""


def unprivileged():
    """How to run a command as a user who may not write everywhere, or None."""
    if not hasattr(os, "geteuid"):
        return None
    if os.geteuid():
        return []
    # root keeps its name and loses the right to write what it may not
    words = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"]
    tried = shutil.which("setpriv") and subprocess.run([*words, "true"], check=False)
    return words if tried and tried.returncode == 0 else None


@pytest.mark.skipif(unprivileged() is None, reason="needs a user who may not write")
def test_a_lesson_reaches_its_end_in_a_course_folder_that_cannot_be_written():
    base = Path(tempfile.mkdtemp(prefix="metaad-course-"))
    course, home = base / "course", base / "home"
    try:
        for part in ("notebooks", "metaad", "data"):
            skip = shutil.ignore_patterns(
                "__pycache__", "runs", "MNIST", "adbench", "quick"
            )
            shutil.copytree(ROOT / part, course / part, ignore=skip)
        for name in ("pyproject.toml", "README.md"):
            shutil.copy(ROOT / name, course)
        home.mkdir()
        for path in (course, *course.rglob("*")):
            path.chmod(stat.S_IMODE(path.stat().st_mode) & ~0o222 | 0o444)
        words = {
            "PATH": os.environ["PATH"],
            "HOME": str(home),
            "PYTHONPATH": str(course),
        }
        words |= {"PYTHONDONTWRITEBYTECODE": "1", "OMP_NUM_THREADS": "1"}
        command = [*unprivileged(), sys.executable, "-c", READER]
        done = subprocess.run(
            command,
            cwd=course / "notebooks",
            env=words,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr[-2000:]
        cells = json.loads((ROOT / "notebooks/00_start_here.ipynb").read_text())[
            "cells"
        ]
        code = sum(c["cell_type"] == "code" for c in cells)
        assert done.stdout.strip() == f"cells: {code}"
    finally:
        for path in (course, *(p for p in course.rglob("*") if p.is_dir())):
            path.chmod(0o755)
        shutil.rmtree(base)
