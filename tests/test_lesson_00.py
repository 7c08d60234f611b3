"""What lesson 00 says of rounding holds for every seed: the lesson's own functions."""

import ast
import json
from pathlib import Path

import numpy as np
import pytest

LESSON = Path(__file__).resolve().parents[1] / "notebooks" / "00_start_here.ipynb"


def defined(name):
    """The source of a function of the lesson."""
    for cell in json.loads(LESSON.read_text(encoding="utf-8"))["cells"]:
        if cell["cell_type"] == "code":
            for node in ast.parse("".join(cell["source"])).body:
                if isinstance(node, ast.FunctionDef) and node.name == name:
                    return ast.unparse(node)
    raise AssertionError(f"lesson 00 defines no {name}")


@pytest.fixture(scope="module")
def lesson():
    names = {"np": np}
    for name in ("add_up", "descend", "parted"):
        exec(defined(name), names)  # the lesson's own cell
    return names


@pytest.mark.parametrize("seed", range(21))
def test_steps_multiply_a_difference_in_the_last_digit_or_let_it_vanish(lesson, seed):
    lesson["rng"] = np.random.default_rng(seed)
    single, double = (lesson["parted"](d, 1.9) for d in (np.float32, np.float64))
    assert single[:50].max() > 0.1, "large steps part two float32 runs"
    assert double[:20].max() < 1e-4, "20 large steps leave two float64 runs together"
    assert double.max() > 0.1, "but not for ever"
    assert lesson["parted"](np.float32, 0.2).max() < 1e-5, "small steps"


def test_the_order_of_additions_changes_the_last_digits(lesson):
    rng = np.random.default_rng(0)
    values = rng.uniform(100, 2500, 569)
    for dtype, least, most in ((np.float32, 1e-9, 1e-5), (np.float64, 0, 1e-13)):
        column, add_up = values.astype(dtype), lesson["add_up"]
        shuffled = [add_up(rng.permutation(column)) for _ in range(20)]
        apart = np.mean(np.abs(np.array(shuffled) / add_up(column) - 1))
        assert least < apart < most
