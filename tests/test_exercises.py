"""Every exercise says "Correct." to its solution alone: not to None, not to any wrong
answer that we could think of, and never with a traceback.
"""

import ast
import contextlib
import importlib
import json
import random
import re
from pathlib import Path

import numpy as np
import pytest
import torch

from metaad import exercises
from metaad.exercises import Exercise, Wrong, check, passed, replies
from metaad.exercises.calls import draw
from metaad.exercises.core import find

ROOT = Path(__file__).resolve().parents[1]
MODULES = sorted((ROOT / "metaad" / "exercises").glob("lesson_*.py"))
LESSONS = sorted((ROOT / "notebooks").glob("[0-9][0-9]_*.ipynb"))
EVERY = [
    e
    for path in MODULES
    for e in importlib.import_module(f"metaad.exercises.{path.stem}").EXERCISES
]
BEGIN, END = "### BEGIN SOLUTION", "### END SOLUTION"

each = pytest.mark.parametrize("exercise", EVERY, ids=lambda e: e.number)


def cells(path):
    return json.loads(path.read_text(encoding="utf-8"))["cells"]


def source(cell):
    return "".join(cell["source"])


def checked(path):
    """Numbers checked in a lesson, each with the place of its check cell."""
    found = []
    for i, cell in enumerate(cells(path)):
        if cell["cell_type"] == "code":
            numbers = re.findall(r'^check\("([^"]+)"\)', source(cell), re.M)
            found += [(number, i) for number in numbers]
    return found


def definitions(path, end):
    """Return what a reader who ran the cells above has: imports and functions."""
    needed = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.ClassDef)
    body = []
    for cell in cells(path)[:end]:
        if cell["cell_type"] == "code":
            tree = ast.parse(source(cell))
            body += [node for node in tree.body if isinstance(node, needed)]
    namespace = {}
    for node in body:
        with contextlib.suppress(NameError):  # a default value made in a cell
            exec(compile(ast.Module([node], []), path.stem, "exec"), namespace)
    return namespace


IN_LESSONS = [(path, *found) for path in LESSONS for found in checked(path)]


@pytest.mark.parametrize(
    ("path", "number", "place"), IN_LESSONS, ids=[number for _, number, _ in IN_LESSONS]
)
def test_the_lessons_own_solution_is_correct_and_its_stub_is_not_yet(
    path, number, place
):
    exercise = find(number)
    namespace = definitions(path, place)
    assert exercise.answer(namespace[exercise.name]) == (
        True,
        f"Correct. {exercise.praise}",
    )
    stub = source(cells(path)[place - 1])
    assert f"def {exercise.name}(" in stub, "the check stands right after its stub"
    start, end = stub.index(BEGIN), stub.index(END)
    exec(stub[:start] + "return None\n" + stub[end:], namespace)
    right, text = exercise.answer(namespace[exercise.name])
    assert not right and text.startswith("Not yet.") and "None" in text


def test_every_exercise_has_its_place_in_the_lesson_of_its_number():
    for path in LESSONS:
        numbers = [number for number, _ in checked(path)]
        known = [e.number for e in EVERY if e.number[:2] == path.stem[:2]]
        assert numbers == known, path.stem


def test_a_lesson_checks_its_exercises_in_the_cell_after_the_stub_and_nothing_else():
    for path, _, place in IN_LESSONS:
        lines = [line for line in source(cells(path)[place]).splitlines() if line]
        assert lines[0] == "from metaad.exercises import check"
        assert len(lines) == 2, "a check needs nothing from the notebook"


@each
def test_the_solution_is_correct_and_none_is_not_yet(exercise):
    assert exercise.answer(exercise.solution) == (True, f"Correct. {exercise.praise}")
    right, text = exercise.answer(lambda *args: None)
    assert not right and "returns None" in text


@each
def test_every_wrong_answer_gets_its_own_reply(exercise):
    wrong = [w.reply for w in exercise.wrong]
    assert len(set(wrong)) == len(wrong) >= 5
    for w in exercise.wrong:
        assert exercise.answer(w.function) == (False, f"Not yet. {w.reply}")


def raises(*args):
    raise KeyError("a\nb")


def leaves(*args):
    raise SystemExit(3)


def raises_without_text(*args):
    class Silent(Exception):
        def __str__(self):
            raise RuntimeError("no")

    raise Silent


class Unreadable:
    def __array__(self, *args, **kwargs):
        raise RuntimeError("no")


NONSENSE = {
    "infinite": lambda *args: float("inf"),
    "huge": lambda *args: 10**400,
    "nothing in it": lambda *args: [None],
    "unreadable": lambda *args: Unreadable(),
    "set": lambda *args: {1, 2},
    "yes": lambda *args: True,
    "nan": lambda *args: float("nan"),
    "text": lambda *args: "0.5",
    "far": lambda *args: 1e9,
    "nested": lambda *args: [[1, 2], [3]],
    "empty": lambda *args: np.array([]),
    "array": lambda *args: np.ones((3, 5, 2)),
    "itself": lambda *args: raises,
    "complex": lambda *args: 1j,
    "dict of arrays": lambda *args: {"a": np.ones(3)},
    "raises": raises,
    "raises without text": raises_without_text,
    "leaves": leaves,
    "signature": lambda: 0.0,
    "too many": lambda a, b, c, d, e, f: 0.0,
}


@each
@pytest.mark.parametrize("kind", NONSENSE)
def test_nonsense_gets_a_sentence_and_no_traceback(exercise, kind):
    right, text = exercise.answer(NONSENSE[kind])
    assert not right and text.startswith("Not yet. ")
    assert "\n" not in text and "Traceback" not in text and len(text) < 500
    assert text.endswith((".", "?", ".)", "`.")), text


def near(answer):
    """Answers close to a right one: a bit more, a bit less, the other sign, turned."""
    value = np.asarray(answer, dtype=float)
    yield from (value * 1.1 + 0.1, value * 0.9 - 0.1, -value - 0.05, value + 1e-3)
    if value.ndim:
        yield from (value[::-1].copy() + 0.1, value[:-1], value[None], value.sum())


@each
def test_an_answer_that_is_slightly_off_is_not_yet(exercise):
    if exercise.judge:
        pytest.skip("many answers are right")
    for i in range(len(list(near(exercise.solution(*draw(exercise)[0][0]))))):
        if i == 3 and exercise.tolerance > 1e-3:
            continue
        right, text = exercise.answer(
            lambda *a, i=i: list(near(exercise.solution(*a)))[i]
        )
        assert not right, f"variant {i}: {text}"


@each
def test_an_answer_by_heart_is_not_yet(exercise):
    if exercise.judge:
        pytest.skip("many answers are right")
    cases = draw(exercise)
    assert len(cases) >= 3
    for args, _ in cases:
        value = exercise.solution(*args)
        assert not exercise.answer(lambda *a, value=value: value)[0]


@each
def test_a_reply_does_not_give_the_solution_away(exercise):
    if exercise.judge:
        pytest.skip("the answer is one number of many")
    _, text = exercise.answer(lambda *args: 123.0)
    for args, _ in draw(exercise):
        for value in np.ravel(exercise.solution(*args)):
            came = re.sub(r"\(.*?=.*\) gives|of shape \(.*?\)", "", text)
            assert f"{value:.4g}" not in re.findall(r"\d+\.?\d*", came)


@each
def test_a_changed_argument_is_told(exercise):
    def greedy(*args):
        answer = exercise.solution(*args)
        for a in args:
            if isinstance(a, np.ndarray):
                a[...] = 0
        return answer

    right, text = exercise.answer(greedy)
    arrays = any(isinstance(a, np.ndarray) for a in draw(exercise)[0][0])
    assert right is not arrays
    assert not arrays or "changes its argument" in text


def drawn(*args):
    """Draw from every generator that a reader may use."""
    return np.random.rand() + random.random() + float(torch.rand(1))


def states():
    numpy = np.random.get_state()
    return (
        torch.get_rng_state().tolist(),
        random.getstate(),
        numpy[1].tolist(),
        numpy[2],
    )


@each
def test_a_check_says_the_same_every_time_and_leaves_all_generators_alone(
    exercise, capsys
):
    lesson = {exercise.name: drawn, "check": check}
    before = states()
    for _ in range(2):
        exec(f'check("{exercise.number}")', lesson)
    out = capsys.readouterr().out
    first, second = out[: len(out) // 2], out[len(out) // 2 :]
    assert first == second and first.startswith("Not yet.")
    assert states() == before


def test_the_wrong_answers_are_many(record_property):
    count = {e.number: len(e.wrong) for e in EVERY}
    print(count, "in all", sum(count.values()))
    record_property("wrong answers", sum(count.values()))
    assert min(count.values()) >= 5
    assert sum(count.values()) >= 6.5 * len(count)


def double(x):
    return 2 * x


DOUBLE = Exercise(
    "99.1",
    double,
    lambda rng: (round(float(rng.uniform(1, 9)), 2),),
    wrong=(Wrong(lambda x: x + 2, "That adds 2."),),
    praise="Twice.",
)


@pytest.fixture
def one(monkeypatch):
    monkeypatch.setattr(exercises.core, "find", lambda number: DOUBLE)


def said(namespace, capsys, call='check("99.1")'):
    exec(call, {"check": check, "passed": passed, **namespace})
    return " ".join(capsys.readouterr().out.split())


def test_a_bare_check_after_a_restart_says_what_to_run(one, capsys):
    text = said({}, capsys)
    assert text.startswith("Not yet. Run the cell above first (after a restart: Run > ")


def test_a_name_that_is_no_function_is_told(one, capsys):
    assert "now a value of type int" in said({"double": 3}, capsys)


def test_check_answers_for_the_callers_function(one, capsys):
    assert said({"double": double}, capsys) == "Correct. Twice."
    assert said({"double": lambda x: x + 2}, capsys) == "Not yet. That adds 2."
    text = said({"double": lambda x: 0.5 * x}, capsys)
    assert re.fullmatch(
        r"Not yet\. double\(x=[\d.]+\) gives [\d.]+, which is too small\.", text
    )


def test_a_missing_name_of_an_earlier_cell_is_told(one, capsys):
    text = said({"double": lambda x: x * nowhere}, capsys)  # noqa: F821
    assert "raises NameError" in text and "Run All Above Selected Cell" in text


def test_no_line_of_a_reply_is_so_long_that_a_page_breaks_a_word(one, capsys):
    check_cell = compile('check("99.1")', "cell", "exec")
    for answer in (lambda x: 1.0, lambda x: x + 2, lambda x: x * nowhere):  # noqa: F821
        exec(check_cell, {"double": answer, "check": check})
    assert max(map(len, capsys.readouterr().out.splitlines())) <= 70


def test_the_courses_own_solution_is_not_the_readers(capsys):
    exercise = find("00.1")
    text = said({exercise.name: exercise.solution}, capsys, 'check("00.1")')
    assert text == "Not yet. That one is the course's own; write yours."


def test_an_ignored_argument_is_named(one, capsys):
    assert "does not change when `x` does" in said({"double": lambda x: 1.0}, capsys)


def test_a_cell_that_goes_on_waits_for_its_exercise(one, capsys):
    call = "print(passed('99.1'))"
    waits = "This cell waits for exercise 1. False"
    assert said({"double": lambda x: None}, capsys, call) == waits
    assert said({"double": double}, capsys, call) == "True"


def test_an_unknown_number_lists_those_there_are():
    with pytest.raises(ValueError, match=r"no exercise '00.9'; there are 00.1"):
        find("00.9")
    with pytest.raises(ValueError, match="no lesson has the exercise '98.1'"):
        find("98.1")


def test_an_exercise_with_too_few_draws_is_refused():
    with pytest.raises(ValueError, match="needs 3 draws or more, got 2"):
        Exercise("99.1", double, lambda rng: (1,), (), "Twice.", draws=2)


def test_inputs_that_are_short_collections_are_shown_and_long_ones_counted():
    tags = ["I-PER", "O"]
    assert replies.short(tags) == "['I-PER', 'O']"
    assert replies.short({(3, 4, "b"), (0, 2, "a")}) == "{(0, 2, 'a'), (3, 4, 'b')}"
    assert replies.short({"a": 1.5}) == "{'a': 1.5}" and replies.short(set()) == "set()"
    assert replies.short(tags * 99) == "<list of 198>"
    assert replies.short([np.zeros(3)]) == "<list of 1>"


def test_an_exception_comes_with_the_hint():
    exercise = find("19.2")
    _, text = exercise.answer(lambda true, given: len(true - given) / 0)
    assert "ZeroDivisionError" in text and exercise.hint in text
