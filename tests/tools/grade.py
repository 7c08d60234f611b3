"""Grade students' notebooks: points as a table, and the reason for each wrong answer.

python tests/tools/grade.py SUBMITTED
        SUBMITTED/NAME/…/02_classical_detectors.ipynb, one folder per student
        -> build/grades/points.csv and build/grades/feedback/NAME.md

Each exercise is judged as in the lesson, on other random inputs, in a process of its own
with limits of time and memory, without network and without files (tests/tools/
sandbox.py). Half-done notebooks count: what is missing has no point.
"""

import argparse
import csv
import io
import json
import os
import re
import sys
import textwrap
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path

import graded_code
import sandbox

ROOT = Path(__file__).resolve().parents[2]
MOST_BYTES = 50_000_000  # of one notebook
STATES = {
    "time": "Your function did not end within {seconds:g} seconds. Is there a loop "
    "without an end?",
    "memory": "Your function asked for more than {memory:,} MB of memory.",
    "died": "Your function, or the code that it stands on, ended the process that "
    "tried it: {value}",
}


def exercises(lessons):
    """Return the exercises of lessons: list of Exercise, in order."""
    import importlib

    found = []
    for path in sorted((ROOT / "metaad" / "exercises").glob("lesson_[0-9][0-9].py")):
        if not lessons or path.stem[-2:] in lessons:
            found += importlib.import_module(f"metaad.exercises.{path.stem}").EXERCISES
    return found


def students(submitted):
    """Return {student: {"02": path of the notebook}} of a folder of folders.

    Raises SystemExit, one sentence, where there is nothing to grade."""
    submitted = Path(submitted)
    if not submitted.is_dir():
        sys.exit(f"there is no folder {submitted}; it holds one folder per student.")
    found = {}
    for folder in sorted(p for p in submitted.iterdir() if p.is_dir()):
        paths = sorted(folder.rglob("[0-9][0-9]_*.ipynb"))
        paths = [p for p in paths if ".ipynb_checkpoints" not in p.parts]
        found[folder.name] = {p.name[:2]: p for p in paths}
    if not any(found.values()):
        sys.exit(
            f"{submitted} holds no notebooks. Expected {submitted}/STUDENT/"
            f"02_classical_detectors.ipynb, one folder per student."
        )
    return found


def code_cells(path):
    """Return the sources of a notebook's code cells: list of str.

    Raises graded_code.Missing for a file that is no notebook."""
    try:
        if path.stat().st_size > MOST_BYTES:
            raise graded_code.Missing(f"{path.name} is larger than 50 MB.")
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        code = [c["source"] for c in cells if c["cell_type"] == "code"]
        return [s if isinstance(s, str) else "".join(s) for s in code]
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        kind = type(error).__name__
        raise graded_code.Missing(f"{path.name} is no notebook ({kind}).") from None


def judged(exercise, code, given):
    """Run a student's code and judge the function: [right, reply]. Runs in the sandbox.

    given : dict of functions that the code may stand on."""
    import warnings

    import matplotlib

    matplotlib.use("agg")
    warnings.simplefilter("ignore")
    namespace = {"__name__": "__main__", **given}
    try:
        for piece in code:
            exec(compile(piece, "<the notebook>", "exec"), namespace)
    except Exception as error:
        why = f"{type(error).__name__}: {error}"
        return [False, f"The code that your function stands on stops: {why[:300]}"]
    from metaad.exercises.core import _answer

    right, reply = _answer(exercise.number, namespace)
    return [bool(right), str(reply)]


def grade_one(exercise, path, seconds, memory):
    """Grade one exercise of one student: (points, reply)."""
    if path is None:
        return 0, "Not handed in."
    try:
        # the other exercises count for themselves: here their solutions stand in
        others = exercises([exercise.number[:2]])
        given = {e.name: e.solution for e in others if e.name != exercise.name}
        cells = code_cells(path)
        code = graded_code.needed(cells, exercise.name, exercise.number, given)
    except graded_code.Missing as error:
        return 0, str(error)
    outcome = sandbox.run(
        lambda folder: judged(exercise, code, given),
        seconds=seconds,
        memory=memory,
        readable=readable(),
    )
    if outcome.state != "ok":
        limits = {"seconds": seconds, "memory": memory}
        value = outcome.value or "without a word."
        return 0, STATES[outcome.state].format(value=value, **limits)
    right, reply = outcome.value
    return int(right), reply


def readable():
    """Return what a student's code may read: Python, its packages, this package."""
    import metaad

    shared = [p for p in sys.path if p and os.path.isdir(p) and "site-packages" in p]
    system = [
        "/usr",
        "/lib",
        "/lib64",
        "/etc/ld.so.cache",
        "/etc/fonts",
        "/dev/urandom",
    ]
    of_processes = [
        "/proc/self",
        "/proc/cpuinfo",
        "/proc/meminfo",
        "/sys/devices/system",
    ]
    package = Path(metaad.__file__).parent
    return [sys.prefix, sys.base_prefix, package, *shared, *system, *of_processes]


def grade_student(name, notebooks, numbers, seconds, memory):
    """Grade one student: (name, [(exercise's number, points, reply), ...])."""
    from metaad.exercises.core import find

    rows = []
    for number in numbers:
        path = notebooks.get(number[:2])
        rows.append((number, *grade_one(find(number), path, seconds, memory)))
    return name, rows


def feedback(name, rows):
    """Return one student's page: Markdown, with the reason for each wrong answer."""
    total = sum(points for _, points, _ in rows)
    lines = [f"# {name}: {total} of {len(rows)} points", ""]
    for number, points, reply in rows:
        # a reply is shown as it stands, whatever it holds
        shown = "\n".join(textwrap.indent(line, "    ") for line in reply.splitlines())
        lines += [f"## {number}: {points} of 1", "", shown, ""]
    return "\n".join(lines)


def table(graded, numbers):
    """Return the points of all as CSV text: student, one column each, total."""
    text = io.StringIO()
    out = csv.writer(text, lineterminator="\n")
    out.writerow(["student", *numbers, "points", "of"])
    for name, rows in graded:
        points = [p for _, p, _ in rows]
        # a name that a spreadsheet would take for a formula stays a name
        safe = "'" + name if name[:1] in "=+-@" else name
        out.writerow([safe, *points, sum(points), len(points)])
    return text.getvalue()


def grade(submitted, out, lessons=(), seconds=10.0, memory=1_000, workers=2):
    """Grade every student in a folder, write points and feedback; return the rows.

    Raises SystemExit where nothing can be graded, sandbox.SandboxError where this
    machine can't shut a process in."""
    from metaad.progress import progress

    found, wanted = students(submitted), exercises(lessons)
    if not lessons:  # what nobody handed in was not asked for
        handed_in = {number for notebooks in found.values() for number in notebooks}
        wanted = [e for e in wanted if e.number[:2] in handed_in]
    if not wanted:
        sys.exit("no exercises: give numbers of lessons, for example --lessons 02 03.")
    warm(wanted)
    numbers = [e.number for e in wanted]
    work = {"numbers": numbers, "seconds": seconds, "memory": memory}
    # forked: what was warmed is there in each
    pool = ProcessPoolExecutor(workers, get_context("fork"), sandbox.die_with_parent)
    with pool:
        futures = [pool.submit(grade_student, *each, **work) for each in found.items()]
        done = progress(as_completed(futures), total=len(found), label="students")
        graded = dict(future.result() for future in done)
    graded = {name: graded[name] for name in found}
    _write(Path(out), graded, numbers)
    return list(graded.items())


def warm(wanted):
    """Import what exercises use before the processes part, and open what they read."""
    import matplotlib.pyplot  # noqa: F401
    import numpy as np
    import torch

    torch.set_num_threads(1)
    for exercise in wanted:
        exercise.inputs(np.random.default_rng(0))


def _write(out, graded, numbers):
    from metaad.repro.whole import whole

    (out / "feedback").mkdir(parents=True, exist_ok=True)
    with whole(out / "points.csv") as file:
        file.write(table(graded.items(), numbers).encode())
    for name, rows in graded.items():
        plain = re.sub(r"[^\w. -]", "_", name)
        with whole(out / "feedback" / f"{plain}.md") as file:
            file.write(feedback(name, rows).encode(errors="replace"))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("submitted", help="folder with one folder per student")
    add("--lessons", nargs="*", default=[], help="numbers; by default those handed in")
    add("--out", type=Path, default=ROOT / "build" / "grades")
    add("--seconds", type=float, default=10.0, help="for one exercise")
    add("--memory", type=int, default=1_000, help="MB for one exercise")
    add("--workers", type=int, default=2)
    options = parser.parse_args()
    try:
        graded = grade(
            options.submitted,
            options.out,
            options.lessons,
            options.seconds,
            options.memory,
            options.workers,
        )
    except sandbox.SandboxError as error:
        sys.exit(
            f"students' code can't be shut in here: {error}. Grade on Linux with user "
            f"namespaces and Landlock (kernel 5.13 or newer)."
        )
    total = sum(points for _, rows in graded for _, points, _ in rows)
    most = sum(len(rows) for _, rows in graded)
    print(
        f"{len(graded)} students, {total} of {most} points: "
        f"{os.path.relpath(options.out / 'points.csv')}, feedback/ beside it."
    )


if __name__ == "__main__":
    main()
