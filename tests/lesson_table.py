"""Write the README's table of lessons from their titles and the recorded seconds: python tests/lesson_table.py."""

import json
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BEGIN, END = "<!-- lessons -->\n", "<!-- /lessons -->"


def table():
    """The table as Markdown lines, one row for each lesson there is."""
    kept = json.loads((ROOT / "data" / "results" / "lessons.json").read_text(encoding="utf-8"))
    rows = ["| lesson | what you learn | quick | full |", "|:--|:--|--:|--:|"]
    for path in sorted((ROOT / "notebooks").glob("[0-9][0-9]_*.ipynb")):
        title = "".join(json.loads(path.read_text(encoding="utf-8"))["cells"][0]["source"]).splitlines()[0]
        seconds = kept.get(path.stem, {})
        quick = f"{seconds['quick_seconds']:.0f} s" if "quick_seconds" in seconds else "–"
        full = f"{seconds['full_seconds'] / 60:.1f} min" if "full_seconds" in seconds else "–"
        rows.append(f"| [{path.stem}](notebooks/{path.name}) | {title.lstrip('# ')} | {quick} | {full} |")
    return "\n".join(rows) + "\n"


def readme(fresh):
    """The README with the given table in its place."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    head, rest = text.split(BEGIN)
    return head + BEGIN + fresh + END + rest.split(END)[1]


if __name__ == "__main__":
    (ROOT / "README.md").write_text(readme(table()), encoding="utf-8")
    sys.exit(0)
