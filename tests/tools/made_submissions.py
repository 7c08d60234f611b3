"""A class of made students: right, wrong in each known way, None, and hostile.

python tests/tools/made_submissions.py FOLDER --students 40
        write their notebooks, grade them, compare with the points that are due
"""

import argparse
import sys
import time
from pathlib import Path

import editions
import grade

NONE = "def {name}(*arguments):\n    return None\n"
WRONG = (
    "from metaad.exercises.core import find\n"
    "def {name}(*arguments):\n"
    "    return find({number!r}).wrong[{i}].function(*arguments)\n"
)
HOSTILE = {
    "loop": "def {name}(*arguments):\n    while True:\n        pass\n",
    "memory": "def {name}(*arguments):\n    return len(bytearray(20 * 10**9))\n",
    "processes": (
        "import os\ndef {name}(*arguments):\n    while True:\n        os.fork()\n"
    ),
    "writes": (
        "from pathlib import Path\ndef {name}(*arguments):\n"
        "    Path({outside!r}).write_text('harm')\n"
    ),
    "reads": (
        "from pathlib import Path\ndef {name}(*arguments):\n"
        "    raise ValueError(Path({secret!r}).read_text())\n"
    ),
    "network": (
        "import socket\ndef {name}(*arguments):\n"
        "    socket.create_connection(('127.0.0.1', {port}), 2).send(b'x')\n"
    ),
    "exit": "import os\ndef {name}(*arguments):\n    os._exit(0)\n",
    "syntax": "def {name}(*arguments:\n    return 1\n",
    "raises": "def {name}(*arguments):\n    raise KeyboardInterrupt\n",
}


def notebooks(kind, turn, harmful=None, lessons=()):
    """Yield (file name, notebook, {exercise: points due}) of one student.

    kind : "right", "none", "wrong", or a key of HOSTILE, which is then the answer to the
        first exercise of each lesson, the others being right. turn : int, which of the
        wrong answers. harmful : dict with outside, secret and port for HOSTILE.
    """
    for path in editions.lesson_paths():
        if lessons and path.name[:2] not in lessons:
            continue
        wanted = grade.exercises([path.name[:2]])
        notebook, due = editions.student(editions.read(path)), {}
        solved = editions.read(path)
        for place, exercise in enumerate(wanted):
            code = answer(kind, exercise, turn, place == 0, harmful or {})
            due[exercise.number] = int(code is None)
            put(notebook, solved, exercise, code)
        yield path.name, notebook, due


def answer(kind, exercise, turn, first, harmful):
    """The code of an answer; None for the solution."""
    values = {"name": exercise.name, "number": exercise.number, **harmful}
    if kind == "none":
        return NONE.format(**values)
    if kind == "wrong":
        return WRONG.format(i=turn % len(exercise.wrong), **values)
    if kind in HOSTILE and first:
        return HOSTILE[kind].format(**values)
    return None


def put(notebook, solved, exercise, code):
    """Write an answer into the cell that defines the exercise's function."""
    start = f"def {exercise.name}("
    for cell, right in zip(notebook["cells"], solved["cells"], strict=True):
        text = editions.source(right)
        if cell["cell_type"] == "code" and start in text and editions.BEGIN in text:
            # a student writes the function; what the cell imports stays
            above = [s for s in text.splitlines() if s.startswith(("import ", "from "))]
            cell["source"] = text if code is None else "\n".join([*above, code])
            return
    raise ValueError(f"no cell of the lesson defines {exercise.name}.")


def write(folder, students, harmful, lessons=()):
    """Write a class; return {student: {exercise: points due}}."""
    kinds = ["right", "none", *HOSTILE]
    kinds += ["wrong"] * max(0, students - len(kinds))
    due = {}
    for i, kind in enumerate(kinds[:students]):
        name = f"{i:02d} {kind}"
        (Path(folder) / name).mkdir(parents=True)
        due[name] = {}
        for file, notebook, points in notebooks(kind, i, harmful, lessons):
            path = Path(folder) / name / file
            path.write_text(editions.text_of(notebook), encoding="utf-8")
            due[name] |= points
    return due


def differences(graded, due):
    """Return the exercises that were given other points than due: list of str."""
    return [
        f"{name} {number}: {points}, due {due[name][number]}: {reply}"
        for name, rows in graded
        for number, points, reply in rows
        if points != due[name][number]
    ]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--students", type=int, default=40)
    options = parser.parse_args()
    outside, secret = options.folder / "harm", options.folder / "secret"
    options.folder.mkdir(parents=True)
    secret.write_text("secret")
    harmful = {"outside": str(outside), "secret": str(secret), "port": 9}
    due = write(options.folder / "submitted", options.students, harmful)
    started = time.perf_counter()
    graded = grade.grade(options.folder / "submitted", options.folder / "grades")
    seconds = time.perf_counter() - started
    wrong = differences(graded, due)
    print("\n".join(wrong) or "every point is as due")
    print(f"{len(due)} students in {seconds:.0f} s; harm done: {outside.exists()}")
    return 1 if wrong or outside.exists() else 0


if __name__ == "__main__":
    sys.exit(main())
