"""`python -m metaad.experiments [NAME ...]`: list the experiments, or run one."""

import ast
import importlib
import sys
from importlib.util import find_spec
from pathlib import Path

from metaad import repro
from metaad.experiments import RECORDS, module


def summary(name):
    """Return the first paragraph of an experiment's docstring, in one line.

    The file is parsed and not imported, so that a list costs no second."""
    file = Path(find_spec(module(name)).origin)
    tree = ast.parse(file.read_text(encoding="utf-8"))
    return " ".join(ast.get_docstring(tree).split("\n\n")[0].split())


def minutes(record):
    """Return the recorded duration as text, "" where none is known."""
    try:
        seconds = repro.recorded(record).get("run", {}).get("seconds")
    except FileNotFoundError:
        return ""
    return f", {max(1, round(seconds / 60))} min" if seconds else ""


def listing():
    """Return the list of experiments, three lines each."""
    lines = ["python -m metaad.experiments NAME [options], where NAME is one of", ""]
    for name, record in RECORDS.items():
        about = f"data/results/{record}.json{minutes(record)}"
        lines += [name, f"    {summary(name)}", f"    {about}"]
    return "\n".join(lines)


def main(argv=None):
    """List the experiments, or run the one that the first argument names."""
    argv = sys.argv[1:] if argv is None else list(argv)
    if not argv or argv[0] in ("-h", "--help"):
        print(listing())
        return
    name, *options = argv
    if name not in RECORDS:
        known = ", ".join(RECORDS)
        raise SystemExit(f"no experiment is called {name!r}; there are {known}.")
    importlib.import_module(module(name)).main(options)


if __name__ == "__main__":
    main()
