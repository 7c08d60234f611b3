"""`metaad report`: what the lessons found on this machine, against the record.

The record is what the checkout's notebooks store: the table of claims of each lesson, as
it was printed when the lesson was recorded. This machine's findings are what its own
runs wrote, see `metaad.repro.Claims`.
"""

import json
from dataclasses import dataclass, field

from metaad.cli.lessons import find, folder, numbered
from metaad.repro.records import folders

SAME, DIFFERS, BROKEN, NEW = (
    "same",
    "other digits",
    "does not hold",
    "not in the record",
)


@dataclass
class Lesson:
    """One lesson: what is recorded, and what this machine found.

    recorded : dict claim -> text of what was measured. quick, full : list of claims as
    `Claims` writes them, None where no run of that profile is at hand. machine : dict,
    the fingerprint of the quick run, or of the full one. seconds : of the recorded quick
    run."""

    name: str
    recorded: dict = field(default_factory=dict)
    quick: list | None = None
    full: list | None = None
    machine: dict = field(default_factory=dict)
    seconds: float | None = None


def read(wanted=()):
    """Return what is known of the lessons: list of Lesson, in their order.

    wanted : numbers or names, all lessons if empty. Raises CommandError for a lesson
    that there is not."""
    paths = [find(name) for name in wanted] if wanted else numbered(folder())
    names = {p.stem: p for p in paths}
    if not names:  # from a wheel: what was run here, without a record
        names = dict.fromkeys(sorted(_run_here()))
    seconds = _content("lessons") or {}
    return [_lesson(name, path, seconds.get(name)) for name, path in names.items()]


def _lesson(name, path, seconds):
    quick, full = _content(f"quick/{name}.claims"), _content(f"{name}.claims")
    run = (quick or full or {}).get("run", {})
    recorded = _table(path) if path else {}
    found = [_claims(r) for r in (quick, full)]
    return Lesson(name, recorded, *found, machine=run, seconds=seconds)


def _content(name):
    """A result's JSON from the first folder that holds it, None if there is none that
    can be read."""
    for place in folders():
        try:
            found = json.loads((place / f"{name}.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue
        if isinstance(found, dict):
            return found
    return None


def _claims(content):
    """The claims of a result, None where it has none that can be read."""
    rows = (content or {}).get("claims")
    wanted = {"claim", "shown", "wanted", "holds"}
    right = isinstance(rows, list) and all(
        isinstance(row, dict) and wanted <= set(row) for row in rows
    )
    return rows if right else None


def _run_here():
    places = (f / "quick" for f in folders())
    found = (p for f in places if f.is_dir() for p in f.glob("*.claims.json"))
    return {p.name.removesuffix(".claims.json") for p in found}


def _table(path):
    """The claims that a notebook stores: dict claim -> what was measured."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    found = {}
    for cell in cells:
        if "claims.table()" not in "".join(cell["source"]):
            continue
        for output in cell.get("outputs", []):
            text = "".join(output.get("data", {}).get("text/markdown", []))
            for line in text.splitlines():
                parts = line.strip("| ").split(" | ")
                if len(parts) == 4 and parts[0] != "claim":
                    found[parts[0]] = parts[1]
    return found


def state(lesson, row):
    """Return how a claim of this machine's quick run compares with the record."""
    if not row["holds"]:
        return BROKEN
    stored = lesson.recorded.get(row["claim"])
    if stored is None:
        return NEW
    return SAME if stored == row["shown"] else DIFFERS


def broken(found):
    """Return the claims that were judged on this machine and do not hold: list of
    (lesson's name, claim's row)."""
    runs = ((f.name, row) for f in found for r in (f.quick, f.full) for row in r or ())
    return [(n, row) for n, row in runs if not row["holds"]]


def summary(lesson):
    """Return one lesson in four cells: name, quick, full, seconds here and recorded."""
    quick = "not run here"
    if lesson.quick is not None:
        holds = sum(row["holds"] for row in lesson.quick)
        same = sum(state(lesson, row) == SAME for row in lesson.quick)
        quick = f"{holds} of {len(lesson.quick)} hold, {same} with the same digits"
    full = "-"
    if lesson.full is not None:
        full = f"{sum(r['holds'] for r in lesson.full)} of {len(lesson.full)} hold"
    here = lesson.machine.get("seconds")
    times = [f"{s:.0f} s" if s else "-" for s in (here, lesson.seconds)]
    return lesson.name, quick, full, " / ".join(times)


HEADER = ("lesson", "quick, on this machine", "full, here", "seconds here / recorded")


def lines(found, every=False):
    """Return the report as lines of text. every : all claims, not only those that
    differ from the record."""
    rows = [HEADER, *(summary(lesson) for lesson in found)]
    wide = [max(len(row[i]) for row in rows) for i in range(len(HEADER))]
    text = [
        "  ".join(c.ljust(w) for c, w in zip(r, wide, strict=True)).rstrip()
        for r in rows
    ]
    for lesson in found:
        claims = [(row, state(lesson, row)) for row in lesson.quick or ()]
        shown = [(row, said) for row, said in claims if every or said != SAME]
        text += ["", lesson.name] if shown else []
        for row, said in shown:
            was = lesson.recorded.get(row["claim"], "-")
            text += [f"  {said}: {row['claim']}"]
            text += [f"      here {row['shown']}; record {was}; wanted {row['wanted']}"]
    return [*text, "", verdict(found)]


def verdict(found):
    """Return the report's last sentence."""
    claims = [(lesson, row) for lesson in found for row in lesson.quick or ()]
    if not claims:
        return "No lesson has been run here yet; `metaad run 02` runs one of them."
    missing = sum(lesson.quick is None for lesson in found)
    holds = sum(row["holds"] for _, row in claims)
    same = sum(state(*each) == SAME for each in claims)
    said = (
        f"{holds} of {len(claims)} findings hold here, {same} with the record's digits."
    )
    return f"{said} {missing} lessons have not been run here." if missing else said
