"""The record of lessons that were run in JupyterLab: what is kept of a run, which runs
need not be made again.
"""

import json

import lesson_runs

from metaad import repro

RECORD = lesson_runs.ROOT / "data" / "results" / "jupyterlab.json"
EDITIONS = ("normal", "student")


def read(path=RECORD):
    """Return the lessons on record: dict lesson -> edition -> row; {} if there is none."""
    if not path.exists():
        return {}
    return json.loads(path.read_text(encoding="utf-8"))["lessons"]


def version(path):
    """Return what a run depends on: digests of a lesson's code and of the package, short."""
    made = lesson_runs.made_from(path, {})
    return f"{made['lesson'][:12]} {made['package'][:12]}"


def finished(kept, lesson, edition, made):
    """Tell whether a run without a fault is on record, of the same code."""
    row = kept.get(lesson, {}).get(edition)
    return bool(row) and row["made_from"] == made and not row["faults"]


def write(kept, lesson, edition, row, command, path=RECORD):
    """Put a run on record, at once; runs of other lessons and editions stay."""
    kept.setdefault(lesson, {})[edition] = {**row, "commit": lesson_runs.commit()}
    rows = [r for editions in kept.values() for r in editions.values()]
    counted = ("code_cells", "errors", "sliders", "redrawn")
    totals = {name: sum(r.get(name, 0) for r in rows) for name in counted}
    totals = {"runs": len(rows), **totals, "with_faults": sum(map(faulty, rows))}
    lessons = {n: dict(sorted(kept[n].items())) for n in sorted(kept)}
    repro.write_json(path, {"command": command, "totals": totals, "lessons": lessons})


def faulty(row):
    return bool(row["faults"])


def is_whole(path):
    """Tell whether a notebook can be read; one that is being written can't."""
    try:
        return "cells" in json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        return False


def counted(path, edition):
    """Count what a saved lesson holds.

    Returns
    -------
    dict : code_cells, errors (cells that show one), not_yet (checks that ask for an
        answer); faults, list of str: errors, cells that did not run in order, and in the
        students' edition checks that say anything else than "Not yet".
    """
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    code = [c for c in cells if c["cell_type"] == "code"]
    shown = [o for c in code for o in c["outputs"] if o["output_type"] == "error"]
    faults = [f"{o['ename']}: {o['evalue'][:120]}" for o in shown]
    if [c["execution_count"] for c in code] != list(range(1, len(code) + 1)):
        faults.append("not all cells ran in order")
    said = [text for c in code for text in _texts(c)]
    if edition == "student" and (wrong := lesson_runs.not_yet(path)):
        faults.append(wrong)
    found = {"code_cells": len(code), "errors": len(shown)}
    waiting = sum(text.startswith("Not yet.") for text in said)
    return {**found, "not_yet": waiting, "faults": faults}


def _texts(cell):
    return ["".join(o["text"]) for o in cell["outputs"] if o["output_type"] == "stream"]
