"""The editions: students see no output and no solution and reach the last cell, the
reader's copy is never overwritten, and a kernel without the package says what to do.
"""

import ast
import hashlib
import importlib
import json
import os
import subprocess
import sys
from pathlib import Path

import editions
import nbformat
import pytest
from nbclient import NotebookClient
from run_notebooks import not_yet

ROOT = Path(__file__).resolve().parents[1]
LESSONS = editions.lesson_paths()
lesson = pytest.mark.parametrize("path", LESSONS, ids=lambda p: p.stem)


def code_cells(notebook):
    return [c for c in notebook["cells"] if c["cell_type"] == "code"]


@lesson
def test_the_students_edition_has_no_output_and_no_solution(path):
    original = editions.read(path)
    made = editions.student(original)
    assert [c["id"] for c in made["cells"]] == [c["id"] for c in original["cells"]]
    nbformat.validate(nbformat.from_dict(made))
    for cell, before in zip(code_cells(made), code_cells(original), strict=True):
        assert cell["outputs"] == [] and cell["execution_count"] is None
        code, old = editions.source(cell), editions.source(before)
        assert editions.BEGIN not in code and editions.END not in code
        if editions.BEGIN not in old:
            assert code == old
            continue
        ast.parse(code)
        solution = old.split(editions.BEGIN)[1].split(editions.END)[0]
        for line in filter(str.strip, solution.splitlines()):
            assert line.strip() not in code


def test_a_stub_returns_none_at_the_place_of_the_solution():
    code = (
        "def f(x):\n    total = 0\n    for k in x:\n        ### BEGIN SOLUTION\n"
        "        total += k\n        ### END SOLUTION\n    return total\n"
    )
    namespace = {}
    exec(editions.without_solution(code), namespace)
    assert namespace["f"]([1, 2]) is None and namespace["f"]([]) == 0


@pytest.mark.parametrize(
    "code", ["    ### BEGIN SOLUTION\n", "### END SOLUTION\n", "a\n### BEGIN SOLUTION"]
)
def test_a_marker_without_its_partner_is_refused(code):
    with pytest.raises(ValueError, match="without its partner"):
        editions.without_solution(code)


@lesson
def test_the_teachers_edition_adds_notes_and_changes_nothing_else(path):
    original = editions.read(path)
    made = editions.teacher(original)
    nbformat.validate(nbformat.from_dict(made))
    known = {c["id"] for c in original["cells"]}
    assert [c for c in made["cells"] if c["id"] in known] == original["cells"]
    notes = [c for c in made["cells"] if c["id"] not in known]
    checks = [c for c in code_cells(original) if "\ncheck(" in editions.source(c)]
    assert len(notes) == len(checks)


def test_a_note_lists_every_wrong_answer_with_its_reply():
    from metaad.exercises.core import find

    text = editions.source(editions.note("00.1"))
    assert all(f"*{w.reply}*" in text for w in find("00.1").wrong)
    assert text.count("```python\nlambda") == len(find("00.1").wrong)


def test_every_exercise_has_a_note_with_the_code_of_each_wrong_answer():
    for path in sorted((ROOT / "metaad" / "exercises").glob("lesson_*.py")):
        module = importlib.import_module(f"metaad.exercises.{path.stem}")
        for exercise in module.EXERCISES:
            code = editions.wrong_code(exercise.number)
            assert len(code) == len(exercise.wrong), exercise.number
            assert all(ast.parse(c) for c in code)
    pushed = editions.wrong_code(push_off_number())
    assert "nearest - radius * (row - nearest) / gap" in pushed[4]


def push_off_number():
    """The number that lesson 06 gives to an exercise of another file."""
    found = importlib.import_module("metaad.exercises.lesson_06").EXERCISES
    return next(e.number for e in found if e.name == "push_off")


def test_editions_are_built_whole_and_links_between_lessons_stay(tmp_path):
    folder = editions.build("student", tmp_path / "student")
    assert [p.name for p in editions.lesson_paths(folder)] == [p.name for p in LESSONS]
    assert (folder / "README.md").exists() and (folder / "figures").is_dir()


def test_the_readers_copy_is_made_once_and_never_overwritten(tmp_path):
    work = tmp_path / "work"
    (first,) = editions.own_copy(work)
    assert first.startswith("New in work/: lessons 00, 01")
    mine = work / LESSONS[0].name
    mine.write_text("my own work", encoding="utf-8")
    assert editions.own_copy(work) == []
    assert mine.read_text(encoding="utf-8") == "my own work"
    (work / LESSONS[1].name).unlink()
    assert editions.own_copy(work) == ["New in work/: lessons 01."]


def test_map_and_figures_are_renewed_unless_the_reader_changed_them(tmp_path):
    work = tmp_path / "work"
    editions.own_copy(work)
    kept = work / editions.KEPT
    course = (work / "README.md").read_bytes()
    (work / "README.md").write_text("of another day")
    now = {"README.md": hashlib.sha256(b"of another day").hexdigest()}
    kept.write_text(json.dumps({**json.loads(kept.read_text()), **now}))
    assert editions.own_copy(work) == []
    assert (work / "README.md").read_bytes() == course
    (work / "README.md").write_text("my notes")
    editions.own_copy(work)
    assert (work / "README.md").read_text() == "my notes"


def test_a_lesson_that_changed_since_it_was_copied_is_named_and_kept(tmp_path):
    work = tmp_path / "work"
    editions.own_copy(work)
    kept = work / editions.KEPT
    copied = {**json.loads(kept.read_text()), LESSONS[0].name: "of another day"}
    kept.write_text(json.dumps(copied))
    before = (work / LESSONS[0].name).read_bytes()
    (line,) = editions.own_copy(work)
    assert LESSONS[0].name in line and "rename yours" in line
    assert (work / LESSONS[0].name).read_bytes() == before


@pytest.mark.parametrize("damage", ["", "{", "[1]", '{"a": ' * 100_000, "\udcff"])
def test_a_damaged_note_of_what_was_copied_is_made_again(damage, tmp_path):
    work = tmp_path / "work"
    editions.own_copy(work)
    kept = work / editions.KEPT
    whole = json.loads(kept.read_text(encoding="utf-8"))
    mine = work / LESSONS[0].name
    mine.write_text("my own work", encoding="utf-8")
    (work / "README.md").write_text("my notes", encoding="utf-8")
    kept.write_bytes(damage.encode("utf-8", "surrogateescape"))
    (line,) = editions.own_copy(work)
    # of what no longer is as it was copied, nobody knows why
    assert LESSONS[0].name in line and LESSONS[1].name not in line
    assert mine.read_text(encoding="utf-8") == "my own work"
    assert (work / "README.md").read_text(encoding="utf-8") == "my notes"
    again = json.loads(kept.read_text(encoding="utf-8"))
    gone = {mine.name, *(p for p in whole if not p.endswith(".ipynb"))}
    assert {n: d for n, d in whole.items() if n not in gone} == {
        n: d for n, d in again.items() if n not in gone
    }


def test_work_is_ignored_by_git():
    command = ["git", "check-ignore", "-q", "work/00_start_here.ipynb"]
    done = subprocess.run(command, cwd=ROOT, check=False)
    assert done.returncode in (0, 128), "128: not a git checkout"


def test_the_labs_settings_are_its_own(tmp_path):
    environment = editions.settings(tmp_path)
    mine = {k: v for k, v in environment.items() if v.startswith(str(tmp_path))}
    assert {"JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTERLAB_SETTINGS_DIR"} <= set(
        mine
    )
    listed = subprocess.run(
        [sys.executable, "-m", "jupyter", "labextension", "list"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    lines = (listed.stdout + listed.stderr).splitlines()
    assert any("nbgrader" in line and "disabled" in line for line in lines), lines


def test_root_may_open_the_lab_and_nobody_else_is_offered_it(monkeypatch):
    for user, allowed in ((0, True), (1000, False)):
        monkeypatch.setattr(os, "geteuid", lambda user=user: user, raising=False)
        assert ("--allow-root" in editions.lab_command("work")) is allowed


def execute(notebook, **options):
    client = NotebookClient(
        notebook,
        timeout=300,
        iopub_timeout=120,  # a busy machine may be late
        kernel_name="python3",
        extra_arguments=["--IPKernelApp.log_level=ERROR"],
        resources={"metadata": {"path": str(ROOT / "notebooks")}},
        **options,
    )
    client.execute()


def test_run_all_in_the_students_edition_reaches_the_last_cell(tmp_path):
    text = editions.text_of(editions.student(editions.read(LESSONS[0])))
    made = nbformat.reads(text, as_version=4)
    execute(made)
    path = tmp_path / LESSONS[0].name
    nbformat.write(made, path)
    assert not_yet(path) is None
    code = code_cells(made)
    assert [c.execution_count for c in code] == list(range(1, len(code) + 1))
    said = [o.text for c in code for o in c.outputs if o.output_type == "stream"]
    checks = sum("check(" in editions.source(c) for c in code)
    assert sum(text.startswith("Not yet.") for text in said) == checks > 0


def test_a_students_lesson_that_says_correct_is_noticed(tmp_path):
    path = tmp_path / "solved.ipynb"
    path.write_text(
        (ROOT / "notebooks" / "00_start_here.ipynb").read_text("utf-8"), "utf-8"
    )
    assert 'check("00.1") says \'Correct.' in not_yet(path)


def test_a_kernel_without_the_package_says_one_sentence_and_stops():
    cells = [c for c in editions.read(LESSONS[0])["cells"] if c["cell_type"] == "code"]
    blocker = "import sys\nsys.modules['metaad'] = None  # as if it were not installed"
    sources = [blocker, editions.source(cells[0]), editions.source(cells[1]), "1 + 1"]
    made = nbformat.v4.new_notebook(cells=list(map(nbformat.v4.new_code_cell, sources)))
    with pytest.raises(Exception, match="make lab"):
        execute(made)
    (output,) = made.cells[2].outputs
    assert output.output_type == "error" and output.ename == "ModuleNotFoundError"
    (line,) = output.traceback
    assert "`make lab`" in line and "%pip install" in line and "\n" not in line
    assert made.cells[3].execution_count is None, "Run All stops"
