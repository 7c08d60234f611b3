"""Runs of lessons: one run, whether it has been done, which runs a night should hold."""

import ast
import json
import os
import re
from pathlib import Path

from metaad.practice.runs import (
    PATIENCE,
    QUIET,
    Outcome,
    execute,
    finished,
    made_from,
    variables,
    write_finished,
)
from metaad.practice.sweep import last_line

__all__ = ["PATIENCE", "QUIET", "Outcome", "finished", "made_from", "write_finished"]

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = ROOT / "notebooks"
NUMBER = r"-?\d[\d,]*(?:\.\d+)?(?:e-?\d+)?"
BARELY = 1e-9  # beyond an open end of a range
CHECKED_ELSEWHERE = ("seed", "profile", "device")


def execute_student(path, output, parameters, name=None):
    """Run a lesson of the students' edition: as `execute`; an exercise that does not
    say "Not yet" is an error.
    """
    outcome = execute(path, output, parameters, name)
    wrong = not_yet(output) if outcome.state == "ok" else None
    return outcome._replace(state="error", message=wrong) if wrong else outcome


def not_yet(path):
    """None if every check of an executed students' lesson says "Not yet", else the
    checks that don't.
    """
    cells = json.loads(Path(path).read_text(encoding="utf-8"))["cells"]
    wrong = []
    for cell in (c for c in cells if c["cell_type"] == "code"):
        code = "".join(cell["source"])
        said = "".join("".join(o.get("text", "")) for o in cell["outputs"])
        if "\ncheck(" in code and not said.startswith("Not yet."):
            wrong.append(f"{code.splitlines()[-1]} says {said[:80]!r}")
    return "; ".join(wrong) or None


# ---- a night: other seeds, and every parameter at both ends


def seeds(text):
    """The seeds that "2:21" or "7" names: 2, 3, … 21, or 7 alone."""
    found = re.fullmatch(r"(\d+)(?::(\d+))?", text)
    if not found or int(found[2] or found[1]) < int(found[1]):
        raise ValueError(f"--seeds takes 7 or 2:21 (both ends included), got {text!r}.")
    return range(int(found[1]), int(found[2] or found[1]) + 1)


def bounds(path):
    """Both ends of each parameter that states them as `digit: int = 0  # 0 to 9; ...`.
    An end that does not belong ("above 0 to 5") stands for the number just beyond it.

    Returns
    -------
    dict from a parameter's name to (low, high), in the parameter's type.
    """
    found = {}
    for name, kind, comment in parameters_of(path):
        range_said = re.search(rf"(above )?({NUMBER}) to ({NUMBER})", comment)
        if kind in ("int", "float") and range_said and name not in CHECKED_ELSEWHERE:
            number = int if kind == "int" else float
            least = {"int": 1, "float": BARELY}[kind] if range_said[1] else 0
            low, high = (float(e.replace(",", "")) for e in range_said.groups()[1:])
            found[name] = number(low + least), number(high)
    return found


def parameters_of(path):
    """Name, type and comment of each parameter of a lesson."""
    cells = json.loads(Path(path).read_text(encoding="utf-8"))["cells"]
    cell = next(c for c in cells if "parameters" in c["metadata"].get("tags", []))
    lines = "".join(cell["source"]).splitlines()
    for node in ast.parse("\n".join(lines)).body:
        if isinstance(node, ast.AnnAssign):
            comment = lines[node.end_lineno - 1].partition("#")[2]
            yield node.target.id, ast.unparse(node.annotation), comment.strip()


def night(paths, seeds_wanted=(), with_bounds=False):
    """The runs of a night: (lesson's path, name of the variation, parameters)."""
    for path in paths:
        for seed in seeds_wanted:
            yield path, f"seed {seed}", {"seed": seed}
        for name, ends in bounds(path).items() if with_bounds else ():
            for value in ends:
                yield path, f"{name} = {value}", {name: value}


def summary(outcomes, command, before=None):
    """Return the record of a night: dict lesson -> variation -> state, seconds, commit.

    before : the record so far, or None. Runs of other lessons and variations stay, each
        with the commit that it was made from.
    """
    at = commit()
    lessons = {n: dict(v) for n, v in (before or {}).get("lessons", {}).items()}
    for lesson, variation, outcome in outcomes:
        row = {"state": outcome.state, "seconds": round(outcome.seconds, 1)}
        if outcome.message:
            row["message"] = last_line(outcome.message)
        lessons.setdefault(lesson, {})[variation] = {**row, "commit": at}
    runs = [row for variations in lessons.values() for row in variations.values()]
    states = ("ok", "claim failed", "error")
    commands = [c for c in (before or {}).get("command", []) if c != command]
    return {
        "command": [*commands, command],
        "counts": {s: sum(r["state"] == s for r in runs) for s in states},
        "lessons": dict(sorted(lessons.items())),
    }


def commit():
    """The commit of the code, with "+" if files differ from it; None outside of git."""
    import subprocess

    def git(*words):
        done = subprocess.run(
            ["git", *words], cwd=ROOT, capture_output=True, text=True, check=False
        )
        return done.stdout.strip() if done.returncode == 0 else None

    head = git("rev-parse", "HEAD")
    return head and head + (
        "+" if git("status", "--porcelain", "metaad", "notebooks") else ""
    )


def environment(threads_fixed, data_dir=ROOT.parent / "shared" / "data"):
    """Change what kernels inherit: the data at hand, one thread in quick."""
    if not os.environ.get("METAAD_DATA") and data_dir.is_dir():
        os.environ["METAAD_DATA"] = str(data_dir)
    os.environ.update(variables(threads_fixed))
