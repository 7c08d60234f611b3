"""Grading: each known kind of answer gets its points, a hostile one harms nothing, and
what an exercise's function stands on is found.
"""

import csv
import sys

import pytest

if sys.platform != "linux":
    pytest.skip("students' code is shut in on Linux only", allow_module_level=True)

import grade
import graded_code
import made_submissions
import sandbox


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    """A class of eighteen, two of each kind of wrong answer, in lesson 02."""
    folder = tmp_path_factory.mktemp("class")
    (folder / "secret").write_text("the teacher's")
    harmful = {"outside": str(folder / "harm"), "secret": str(folder / "secret")}
    harmful["port"] = 9
    due = made_submissions.write(folder / "submitted", 18, harmful, ["02"])
    try:
        rows = grade.grade(
            folder / "submitted", folder / "grades", seconds=5.0, memory=500, workers=2
        )
    except sandbox.SandboxError as error:
        pytest.skip(str(error))
    return folder, due, rows


def test_every_student_has_the_points_that_are_due(graded):
    _, due, rows = graded
    assert made_submissions.differences(rows, due) == []
    kinds = {name[3:] for name, _ in rows}
    assert kinds == {"right", "none", "wrong", *made_submissions.HOSTILE}


def test_a_hostile_answer_does_no_harm_and_is_named(graded):
    folder, _, rows = graded
    assert not (folder / "harm").exists()
    said = {name[3:]: replies[0][2] for name, replies in rows}
    for kind, words in {
        "loop": "did not end within 5 seconds",
        "memory": "MemoryError",
        "processes": "PermissionError",
        "writes": "PermissionError",
        "reads": "PermissionError",
        "exit": "ended the process",
        "syntax": "is no Python: line",
        "none": "None",
    }.items():
        assert words in said[kind], (kind, said[kind])
    everything = "".join(r for _, replies in rows for *_, r in replies)
    assert "the teacher's" not in everything


def test_the_table_and_the_pages_say_the_same(graded):
    folder, due, rows = graded
    with open(folder / "grades" / "points.csv", encoding="utf-8", newline="") as file:
        table = {row["student"]: row for row in csv.DictReader(file)}
    assert list(table) == list(due)
    for name, replies in rows:
        total = sum(points for _, points, _ in replies)
        assert table[name]["points"] == str(total) and table[name]["of"] == "5"
        page = (folder / "grades" / "feedback" / f"{name}.md").read_text()
        assert page.startswith(f"# {name}: {total} of 5 points")
        assert all(reply.split("\n")[0] in page for *_, reply in replies)


def test_a_name_is_no_formula_for_a_spreadsheet():
    text = grade.table(
        [("=cmd()", [("02.1", 1, "")]), ("a,b", [("02.1", 0, "")])], ["02.1"]
    )
    rows = list(csv.reader(text.splitlines()))
    assert rows[1] == ["'=cmd()", "1", "1", "1"] and rows[2][0] == "a,b"


def test_nothing_to_grade_is_said_in_a_sentence(tmp_path):
    with pytest.raises(SystemExit, match="there is no folder"):
        grade.students(tmp_path / "no")
    (tmp_path / "ann").mkdir()
    with pytest.raises(SystemExit, match="holds no notebooks. Expected"):
        grade.students(tmp_path)
    (tmp_path / "ann" / "02_x.ipynb").write_text("no json")
    assert list(grade.students(tmp_path)["ann"]) == ["02"]
    with pytest.raises(graded_code.Missing, match="is no notebook"):
        grade.code_cells(tmp_path / "ann" / "02_x.ipynb")


CELLS = [
    "%matplotlib inline\nimport numpy as np\nfrom math import sqrt as root",
    "slow = np.ones(10**9)\nscale = 2",
    "def helper(x):\n    return later(x) * scale",
    "def later(x):\n    return root(x)",
    "def f(x, slow=1):\n    total = [helper(y) for y in x]\n    return total",
    'from metaad.exercises import check\ncheck("02.1")',
    "def f(x):\n    return 'after the check'",
]


def run(pieces):
    namespace = {}
    for piece in pieces:
        exec(piece, namespace)
    return namespace


def test_what_a_function_stands_on_is_taken_and_nothing_else():
    pieces = graded_code.needed(CELLS, "f", "02.1")
    assert not any("ones" in p or "after the check" in p for p in pieces)
    assert run(pieces)["f"]([4.0, 9.0]) == [4.0, 6.0]


def test_the_last_definition_above_the_check_counts_and_shadows_no_import():
    cells = ["x = 1", "def f():\n    return x", "x = 2", "def g():\n    return f()"]
    assert run(graded_code.needed(cells, "g", "02.1"))["g"]() in (1, 2)
    twice = ["def f():\n    return 1", "def f():\n    return 2"]
    assert run(graded_code.needed(twice, "f", "02.1"))["f"]() == 2
    recursive = ["def f(n):\n    return 1 if n == 0 else n * f(n - 1)"]
    assert run(graded_code.needed(recursive, "f", "02.1"))["f"](4) == 24
    wrapped = ["import functools", "@functools.cache\ndef f():\n    return 3"]
    assert run(graded_code.needed(wrapped, "f", "02.1"))["f"]() == 3


def test_a_name_with_two_meanings_is_read_as_the_lesson_would_have():
    cells = ["x = 1", "y = x + 1", "x = 10", "def f():\n    return x, y"]
    assert run(graded_code.needed(cells, "f", "02.1"))["f"]() == (10, 2)


def test_a_missing_or_broken_cell_is_named():
    with pytest.raises(graded_code.Missing, match="No cell defines f"):
        graded_code.needed(["x = 1"], "f", "02.1")
    with pytest.raises(graded_code.Missing, match="defines f is no Python: line 2"):
        graded_code.needed(["def f():\n  return ("], "f", "02.1")
    broken = ["import math\ndef f(:\n    pass", "def g():\n    return math.pi"]
    assert run(graded_code.needed(broken, "g", "02.1"))["g"]() > 3


def test_an_answer_that_stands_on_a_wrong_one_is_judged_for_itself():
    cells = ["def a():\n    return 'wrong'", "def b():\n    return a()"]
    pieces = graded_code.needed(cells, "b", "02.1", {"a"})
    namespace = {"a": lambda: "right"}
    for piece in pieces:
        exec(piece, namespace)
    assert namespace["b"]() == "right"
