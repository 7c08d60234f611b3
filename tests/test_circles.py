"""No file of the package imports, directly or through others, itself."""

import ast
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


def module_of(path):
    """Return the dotted name of a file: metaad.meta.context for its __init__.py."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def taken(text, modules):
    """Return the modules that a file imports, inside functions too: a set of names."""
    found = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            found |= {a.name for a in node.names}
        elif isinstance(node, ast.ImportFrom):
            inner = {f"{node.module}.{a.name}" for a in node.names}
            found |= {i if i in modules else node.module for i in inner}
    return found & modules


def test_no_circle_of_imports_among_the_files_of_the_package():
    files = {module_of(p): p for p in (ROOT / "metaad").rglob("*.py")}
    # the version alone is taken from the package's face, which imports lazily
    graph = {
        name: taken(path.read_text(encoding="utf-8"), set(files)) - {"metaad", name}
        for name, path in files.items()
    }
    assert len(graph) > 300
    list(TopologicalSorter(graph).static_order())  # CycleError names the circle


def test_a_circle_is_noticed_wherever_the_import_stands():
    modules = {"metaad.a", "metaad.b", "metaad.c"}
    late = "def f():\n    from metaad import a\n"
    graph = {
        "metaad.a": taken("from metaad.b import g\n", modules),
        "metaad.b": taken(late, modules),
        "metaad.c": taken("import metaad.a\n", modules),
    }
    assert graph == {
        "metaad.a": {"metaad.b"},
        "metaad.b": {"metaad.a"},
        "metaad.c": {"metaad.a"},
    }
    with pytest.raises(CycleError):
        list(TopologicalSorter(graph).static_order())
