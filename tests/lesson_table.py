"""Write what the README takes from the lessons, the table and the figure: python tests/lesson_table.py."""

import base64
import json
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BEGIN, END = "<!-- lessons -->\n", "<!-- /lessons -->"
FIGURE = ROOT / "notebooks" / "figures" / "contours.png"


def cells(lesson):
    return json.loads((ROOT / "notebooks" / f"{lesson}.ipynb").read_text(encoding="utf-8"))["cells"]


def table():
    """The table as Markdown lines, one row for each lesson there is."""
    kept = json.loads((ROOT / "data" / "results" / "lessons.json").read_text(encoding="utf-8"))
    rows = ["| lesson | quick | full |", "|:--|--:|--:|"]
    for path in sorted((ROOT / "notebooks").glob("[0-9][0-9]_*.ipynb")):
        title = "".join(cells(path.stem)[0]["source"]).splitlines()[0].lstrip("# ")
        seconds = kept.get(path.stem, {})
        quick = f"{seconds['quick_seconds']:.0f} s" if "quick_seconds" in seconds else "–"
        full = f"{seconds['full_seconds'] / 60:.1f} min" if "full_seconds" in seconds else "–"
        rows.append(f"| [{title}](notebooks/{path.name}) | {quick} | {full} |")
    return "\n".join(rows) + "\n"


def readme(fresh):
    """The README with the given table in its place."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    head, rest = text.split(BEGIN)
    return head + BEGIN + fresh + END + rest.split(END)[1]


def contours():
    """The first figure of the lesson on classical detectors, as PNG bytes."""
    outputs = (o for c in cells("02_classical_detectors") for o in c.get("outputs", []))
    return base64.b64decode(next(o["data"]["image/png"] for o in outputs if "image/png" in o.get("data", {})))


if __name__ == "__main__":
    (ROOT / "README.md").write_text(readme(table()), encoding="utf-8")
    FIGURE.parent.mkdir(exist_ok=True)
    FIGURE.write_bytes(contours())
    sys.exit(0)
