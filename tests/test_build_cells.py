"""What a reader builds in a lesson is what the package runs: the same code,
docstrings aside.
"""

import ast
import importlib
import inspect
import json
import re
import textwrap
from pathlib import Path

import numpy as np
import pytest

from metaad import metrics

LESSONS = sorted(
    (Path(__file__).resolve().parents[1] / "notebooks").glob("[0-9][0-9]_*.ipynb")
)


def build_cells():
    for path in LESSONS:
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
            tags = cell["metadata"].get("tags", [])
            if "build" in tags:
                yield pytest.param(
                    "".join(cell["source"]),
                    "slower" in tags,
                    id=f"{path.stem}:{cell['id']}",
                )


def bare(tree):
    """The syntax tree without docstrings and without annotations, as text."""
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.ClassDef, ast.Module)):
            first = node.body[0] if node.body else None
            if isinstance(first, ast.Expr) and isinstance(
                getattr(first, "value", None), ast.Constant
            ):
                node.body = node.body[1:] or [ast.Pass()]
    return ast.dump(tree)


def definitions(source):
    """Top-level functions and classes of a cell by name."""
    return {
        n.name: n
        for n in ast.parse(source).body
        if isinstance(n, (ast.FunctionDef, ast.ClassDef))
    }


def parameters(node):
    """Names of a function's parameters, or of those that make an object of a class."""
    if isinstance(node, ast.FunctionDef):
        return [a.arg for a in node.args.args]
    made = next(n for n in node.body if getattr(n, "name", "") == "__init__")
    return parameters(made)[1:]


@pytest.mark.parametrize(("source", "slower"), list(build_cells()))
def test_build_cell_is_the_packages_code(source, slower):
    first = source.splitlines()[0]
    named = re.search(r"metaad(?:\.\w+)+", first)
    assert first.startswith("#") and named, (
        f"the first line must name the module: {first!r}"
    )
    module = importlib.import_module(named.group())
    built = definitions(source)
    assert built, "a build cell defines something"
    for name, node in built.items():
        assert hasattr(module, name), f"{named.group()} has no {name}"
        theirs = getattr(module, name)
        # a teaching form: same name and parameters; equal numbers are tested beside
        # this file
        if slower:
            ours = parameters(node)
            assert ours == list(inspect.signature(theirs).parameters)[: len(ours)], (
                f"{name}: other parameters"
            )
        else:
            package = ast.parse(textwrap.dedent(inspect.getsource(theirs)))
            assert bare(ast.Module([node], [])) == bare(package), (
                f"{name} differs from {named.group()}.{name}"
            )


def test_a_changed_build_cell_is_noticed():
    same = 'def f(x):\n    """One."""\n    return x + 1\n'
    assert bare(ast.parse(same)) == bare(ast.parse("def f(x):\n    return x + 1\n"))
    assert bare(ast.parse(same)) != bare(ast.parse("def f(x):\n    return x + 2\n"))


def built(lesson, name):
    """A function as the build cell of a lesson defines it."""
    path = next(p for p in LESSONS if p.name.startswith(lesson))
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        source = "".join(cell["source"])
        if "build" in cell["metadata"].get("tags", []) and name in definitions(source):
            scope = {"np": np}
            exec(source, scope)  # the lesson's own cell
            return scope[name]
    raise AssertionError(f"{lesson} builds no {name}")


def test_measures_that_lessons_build_give_the_packages_numbers():
    rng = np.random.default_rng(0)
    y, scores = np.tile([0, 0, 0, 1, 1], (7, 1)), rng.integers(0, 4, (7, 5)) / 3
    expected = metrics.auroc(y, scores)
    np.testing.assert_allclose(built("08", "auroc_of_tasks")(y, scores), expected)
    values = rng.integers(0, 9, 20) / 3
    np.testing.assert_allclose(
        built("11", "share_below")(scores[0], values),
        metrics.share_below(scores[0], values),
    )
