"""What an exercise is, and the check that answers it.

A new exercise, number 3 of lesson 04:

1. In metaad/exercises/lesson_04.py add `Exercise("04.3", solution, inputs, wrong,
   praise)` to EXERCISES. The reader's function has the name of `solution`.
2. `inputs(rng)` draws one tuple of arguments, small enough to be shown; `wrong` lists
   plausible wrong functions, each with the sentence it deserves.
3. In the lesson, right after the concept: a stub cell that defines the function, its
   body between `### BEGIN SOLUTION` and `### END SOLUTION`.
4. Then a check cell: `from metaad.exercises import check`, and `check("04.3")`.
5. Run `pytest tests/test_exercises.py`: it feeds the solution, None and every wrong
   answer. Many right answers? Give `judge`, and see exercise 01.3.
"""

import importlib
import random
import re
import sys
import textwrap
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np

from metaad.exercises import replies
from metaad.exercises.calls import Answer, call, close, draw

RESTART = "after a restart: Run > Run All Above Selected Cell"


@dataclass(frozen=True)
class Wrong:
    """A plausible wrong answer.

    function : computes it, with the same arguments as the solution.
    reply : the sentence or two that a reader with this answer needs.
    """

    function: Callable
    reply: str


@dataclass(frozen=True)
class Exercise:
    """One exercise: a function that the reader writes, and how it is judged.

    number : "01.2", the lesson and the place in it.
    solution : a right function; the reader's has the same name and arguments.
    inputs : draws one tuple of arguments from a NumPy generator.
    wrong : wrong answers with their replies.
    praise : what is said after "Correct.": a sentence with the insight.
    hint : a sentence for answers that are wrong in no known way.
    edges : tuples of arguments that are always tried besides the random ones.
    draws : random inputs of a check, at least 3.
    tolerance : relative, and absolute for values below 1.
    judge : for exercises with many right answers: `judge(answer, args, rng)` gives
        None for a right one, else the sentence that says what is wrong with it.
    """

    number: str
    solution: Callable
    inputs: Callable
    wrong: tuple
    praise: str
    hint: str = ""
    edges: tuple = ()
    draws: int = 4
    tolerance: float = 1e-6
    judge: Callable | None = None

    def __post_init__(self):
        if not re.fullmatch(r"\d\d\.\d", self.number):
            raise ValueError(f'number must read like "01.2", got {self.number!r}.')
        if self.draws < 3:
            raise ValueError(f"an exercise needs 3 draws or more, got {self.draws}.")

    @property
    def name(self):
        """Name of the function that the reader writes."""
        return self.solution.__name__

    def answer(self, function):
        """Return the reply to a function: (right, one or two sentences)."""
        cases = draw(self)
        answers = [call(function, args) for args, _ in cases]
        wanted = [call(self.solution, args) for args, _ in cases]
        problem = replies.unusable(self, answers, cases)
        verdicts = [self._verdict(*v) for v in zip(answers, wanted, cases, strict=True)]
        if not problem and not any(verdicts):
            return True, f"Correct. {self.praise}"
        known = next((w for w in self.wrong if self._same(answers, w, cases)), None)
        if known and not any(a.value is None and not a.error for a in answers):
            return False, f"Not yet. {known.reply}"
        problem = problem or replies.generic(self, function, answers, verdicts, cases)
        return False, f"Not yet. {problem}"

    def _verdict(self, answer, wanted, case):
        """None if the answer is right, else a sentence about it, or an empty one."""
        if answer.error or answer.value is None:
            return replies.WRONG
        if self.judge:
            args, seed = case
            try:
                return self.judge(answer.value, args, np.random.default_rng(seed))
            except Exception:  # a value that no judge can read
                kind = type(answer.value).__name__
                return f"A value of type {kind} is not what is asked for here."
        same = close(answer.value, wanted.value, self.tolerance)
        return None if same else replies.describe(answer.value, wanted.value, self)

    def _same(self, answers, wrong, cases):
        """Whether the answers are those of a wrong function on all inputs."""
        return all(
            _alike(a, call(wrong.function, args), self.tolerance)
            for a, (args, _) in zip(answers, cases, strict=True)
        )


def _alike(a: Answer, b: Answer, tolerance):
    if a.error or b.error:
        return type(a.error) is type(b.error)
    return close(a.value, b.value, tolerance)


def find(number):
    """Return the exercise of a number such as "01.2".

    Raises
    ------
    ValueError
        if there is none; the message lists those of the lesson.
    """
    try:
        module = importlib.import_module(f"metaad.exercises.lesson_{number[:2]}")
    except ModuleNotFoundError:
        raise ValueError(f"no lesson has the exercise {number!r}.") from None
    found = {e.number: e for e in module.EXERCISES}
    if number not in found:
        raise ValueError(f"no exercise {number!r}; there are {', '.join(found)}.")
    return found[number]


def check(number):
    """Answer an exercise at once.

    Looks for the reader's function among the caller's globals, calls it on random
    inputs and prints "Correct." or "Not yet." with one or two sentences. What the
    reader's function raises is told, not raised.

    number : "01.2", the lesson and the place of the exercise in it.
    """
    reply = _answer(number, sys._getframe(1).f_globals)[1]
    # a front end breaks a long line in the middle of a word
    print("\n".join(map(textwrap.fill, reply.splitlines())))


def passed(number):
    """Say whether an exercise is solved; if it is not, say that the cell waits for it.

    A cell that goes on with the reader's own function begins with `if passed("01.2"):`.
    """
    right, _ = _answer(number, sys._getframe(1).f_globals)
    if not right:
        print(f"This cell waits for exercise {number[-1]}.")
    return right


def _answer(number, namespace):
    exercise = find(number)
    function = namespace.get(exercise.name)
    if function is None:
        return False, f"Not yet. Run the cell above first ({RESTART})."
    if not callable(function):
        kind = type(function).__name__
        return False, (
            f"Not yet. {exercise.name} is now a value of type {kind}, not a function: "
            f"run the cell above again."
        )
    if str(getattr(function, "__module__", "")).startswith("metaad.exercises"):
        return False, "Not yet. That one is the course's own; write yours."
    with _random_states_kept():
        return exercise.answer(function)


@contextmanager
def _random_states_kept():
    """Leave the generators of Python, NumPy and, where it is loaded, PyTorch as they
    were: a check changes nothing about what comes after it.
    """
    torch = sys.modules.get("torch")
    python, state = random.getstate(), np.random.get_state()
    of_torch = torch.get_rng_state() if torch else None
    try:
        yield
    finally:
        random.setstate(python)
        np.random.set_state(state)
        if torch:
            torch.set_rng_state(of_torch)
