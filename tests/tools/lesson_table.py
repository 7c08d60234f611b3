"""Write what the two READMEs take from the lessons: tables, minutes, the figure.

python tests/tools/lesson_table.py
"""

import json
import re
import sys
from pathlib import Path

from editions import lesson_paths

from metaad.plots.base import shown

ROOT = Path(__file__).resolve().parents[2]
BEGIN, END = "<!-- lessons -->\n", "<!-- /lessons -->"
FIGURES = ROOT / "notebooks" / "figures"


def cells(lesson):
    return json.loads(
        (ROOT / "notebooks" / f"{lesson}.ipynb").read_text(encoding="utf-8")
    )["cells"]


def title(lesson):
    """The title of a lesson, as its first cell has it."""
    return "".join(cells(lesson)[0]["source"]).splitlines()[0].lstrip("# ")


def minutes(lesson):
    """Minutes to read and do, as the lesson's first cell says."""
    first = "".join(cells(lesson)[0]["source"])
    return re.search(r"\*\*(\d+) minutes\*\* to read and do\.", first)[1]


def lesson_map():
    """The map of the course, notebooks/README.md, with each lesson's own minutes."""
    text = (ROOT / "notebooks" / "README.md").read_text(encoding="utf-8")
    row = r"(?m)^(\| \[.*\]\((\d\d_\w+)\.ipynb\) .*\|)[^|]*\|$"
    return re.sub(row, lambda m: f"{m[1]} {minutes(m[2])} |", text)


def table():
    """The table as Markdown lines, one row for each lesson there is."""
    kept = json.loads(
        (ROOT / "data" / "results" / "lessons.json").read_text(encoding="utf-8")
    )
    rows = ["| lesson | to read and do | quick | full |", "|:--|--:|--:|--:|"]
    for path in lesson_paths():
        quick = f"{kept[path.stem]:.0f} s" if path.stem in kept else "–"
        record = ROOT / "data" / "results" / f"{path.stem}.json"
        seconds = (
            json.loads(record.read_text(encoding="utf-8"))["run"]["seconds"]
            if record.exists()
            else None
        )
        full = f"{seconds / 60:.0f} min" if seconds else "no record"
        link = f"[{title(path.stem)}](notebooks/{path.name})"
        rows.append(f"| {link} | {minutes(path.stem)} min | {quick} | {full} |")
    return "\n".join(rows) + "\n"


def costs():
    """The instructors' table: minutes, seconds of one core and memory per lesson."""
    path = ROOT / "data" / "results" / "lesson_costs.json"
    kept = (
        json.loads(path.read_text(encoding="utf-8"))["lessons"] if path.exists() else {}
    )
    rows = ["| lesson | to read and do | one core | memory |", "|:--|--:|--:|--:|"]
    for path in lesson_paths():
        found = kept.get(path.stem)
        seconds = f"{found['cpu_seconds']:.0f} s" if found else "–"
        memory = f"{found['memory_mb'] / 1024:.1f} GiB" if found else "–"
        link = f"[{title(path.stem)}]({path.name})"
        rows.append(f"| {link} | {minutes(path.stem)} min | {seconds} | {memory} |")
    return "\n".join(rows) + "\n"


def filled(page, fresh):
    """The text of a page with the given table in its place."""
    head, rest = page.read_text(encoding="utf-8").split(BEGIN)
    return head + BEGIN + fresh + END + rest.split(END)[1]


def instructors():
    """The instructors' page with its table."""
    return filled(ROOT / "notebooks" / "INSTRUCTORS.md", costs())


def readme(fresh):
    """The README with the given table in its place."""
    return filled(ROOT / "README.md", fresh)


def figure(lesson, about=""):
    """The first figure that a lesson stores whose words hold `about`, as PNG bytes."""
    outputs = (o for c in cells(lesson) for o in c.get("outputs", []))
    found = (shown(o) for o in outputs)
    return next(f[0] for f in found if f and about in f[1])


if __name__ == "__main__":
    (ROOT / "README.md").write_text(readme(table()), encoding="utf-8")
    (ROOT / "notebooks" / "README.md").write_text(lesson_map(), encoding="utf-8")
    page = ROOT / "notebooks" / "INSTRUCTORS.md"
    page.write_text(instructors(), encoding="utf-8")
    FIGURES.mkdir(exist_ok=True)
    (FIGURES / "contours.png").write_bytes(figure("02_classical_detectors"))
    curve = figure("12_detecting_in_context", "number of tables learned")
    (FIGURES / "scale.png").write_bytes(curve)
    sys.exit(0)
