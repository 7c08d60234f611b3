"""Runs of lessons: one run, whether it has been done, which runs a night should hold."""

import ast
import hashlib
import json
import os
import re
import time
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = ROOT / "notebooks"
PATIENCE = 120  # seconds that a kernel on a busy machine may be late with its output
# else every kernel warns that it talks to this machine without encryption
QUIET = ["--IPKernelApp.log_level=CRITICAL"]
NUMBER = r"-?\d[\d,]*(?:\.\d+)?(?:e-?\d+)?"
CHECKED_ELSEWHERE = ("seed", "profile", "device")


class Outcome(NamedTuple):
    """How a run ended. state : "ok", "claim failed" or "error"."""

    name: str
    state: str
    seconds: float
    message: str = ""


def execute(path, output, parameters, name=None):
    """Run one lesson with papermill. A lesson that fails leaves its notebook, up to the
    cell that failed.
    """
    import papermill

    name, started = name or path.stem, time.perf_counter()
    # from here on the notebook is not finished, whatever an earlier run left
    _note(output).unlink(missing_ok=True)
    try:
        papermill.execute_notebook(
            str(path),
            str(output),
            parameters=parameters,
            kernel_name="python3",
            cwd=str(NOTEBOOKS),
            progress_bar=False,
            iopub_timeout=PATIENCE,
            extra_arguments=QUIET,
        )
    except Exception as error:  # reported by name, and the exit status is 1
        claim = getattr(error, "ename", "") == "ClaimError"
        state = "claim failed" if claim else "error"
        said = f"{type(error).__name__}: {error}".strip()
        return Outcome(name, state, time.perf_counter() - started, said)
    seconds = time.perf_counter() - started
    write_finished(path, output, parameters, seconds)
    return Outcome(name, "ok", seconds)


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


# ---- what is finished need not run again


def write_finished(path, output, parameters, seconds):
    """Note beside a notebook that it ran to its end, and what it was made from."""
    from metaad import repro

    note = {"made from": made_from(path, parameters), "seconds": round(seconds, 1)}
    repro.write_json(_note(output), note)


def finished(path, output, parameters):
    """Seconds that a notebook took which was made from the same lesson, parameters and
    package; None if there is none.
    """
    try:
        kept = json.loads(_note(output).read_text(encoding="utf-8"))
        same = kept["made from"] == made_from(path, parameters)
        return float(kept["seconds"]) if same and Path(output).is_file() else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def made_from(path, parameters):
    """Return what numbers depend on: the lesson's code, the parameters, the package."""
    from metaad import __version__
    from metaad.repro.run import package_version

    cells = json.loads(Path(path).read_text(encoding="utf-8"))["cells"]
    code = ["".join(c["source"]) for c in cells if c["cell_type"] == "code"]
    return {
        "lesson": hashlib.sha256(json.dumps(code).encode()).hexdigest(),
        "parameters": parameters,
        "metaad": __version__,
        "package": package_version(ROOT / "metaad"),
    }


def _note(output):
    return Path(output).with_suffix(".finished.json")


# ---- a night: other seeds, and every parameter at both ends


def seeds(text):
    """The seeds that "2:21" or "7" names: 2, 3, … 21, or 7 alone."""
    found = re.fullmatch(r"(\d+)(?::(\d+))?", text)
    if not found or int(found[2] or found[1]) < int(found[1]):
        raise ValueError(f"--seeds takes 7 or 2:21 (both ends included), got {text!r}.")
    return range(int(found[1]), int(found[2] or found[1]) + 1)


def bounds(path):
    """Both ends of each parameter that states them as `digit: int = 0  # 0 to 9; ...`.

    Returns
    -------
    dict from a parameter's name to (low, high), in the parameter's type.
    """
    found = {}
    for name, kind, comment in parameters_of(path):
        range_said = re.search(rf"({NUMBER}) to ({NUMBER})", comment)
        if kind in ("int", "float") and range_said and name not in CHECKED_ELSEWHERE:
            number = int if kind == "int" else float
            ends = (float(e.replace(",", "")) for e in range_said.groups())
            found[name] = tuple(number(e) for e in ends)
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


def last_line(message):
    """The sentence at the end of a traceback, without the machine's colours."""
    lines = re.sub(r"\x1b\[[0-9;]*m", "", message).strip().splitlines()
    return lines[-1][:300]


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
    if threads_fixed:
        names = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
        os.environ.update(dict.fromkeys(names, "1"))
    os.environ["PYDEVD_DISABLE_FILE_VALIDATION"] = "1"
    os.environ["METAAD_WIDGETS"] = "0"  # figures are stored, sliders are not
