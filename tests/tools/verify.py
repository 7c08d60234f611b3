"""Check the course's findings on this machine, in one command, and write one page.

python tests/tools/verify.py
        every lesson in the quick profile, its findings held against the stored ones:
        build/verify/report.html and findings.csv
python tests/tools/verify.py --full
        the full profile too, which takes hours
python tests/tools/verify.py --list
        every finding with its command, the value expected and the minutes, nothing run
python tests/tools/verify.py --manifest
        write codecheck.yml, which names what a referee can make again
"""

import argparse
import csv
import io
import json
import os
import subprocess
import sys
from pathlib import Path

from metaad.cli import findings, page
from metaad.repro.whole import whole

ROOT = Path(__file__).resolve().parents[2]
RUNNER = ROOT / "tests" / "tools" / "run_notebooks.py"
RESULTS = ROOT / "data" / "results"
COLUMNS = ("lesson", "finding", "command", "expected", "here", "verdict", "minutes")
HEAD = """\
# What a referee can make again; written by tests/tools/verify.py --manifest.
# https://codecheck.org.uk
version: https://codecheck.org.uk/spec/config/1.0/
paper:
  title: "metaad: a course and reproducibility kit on meta-learning for anomaly detection"
  authors:
    - name: the metaad authors
manifest:
"""


def rows(found):
    """Return the table of findings: list of tuples, see COLUMNS.

    found : as `findings.read` returns it."""
    made = []
    for lesson in found:
        here = {row["claim"]: row for row in lesson.quick or ()}
        command = f"metaad run {lesson.name[:2]}"
        minutes = f"{lesson.seconds / 60:.1f}" if lesson.seconds else ""
        for claim, expected in lesson.recorded.items():
            row = here.get(claim)
            shown = row["shown"] if row else ""
            said = findings.state(lesson, row) if row else "not run"
            made.append((lesson.name, claim, command, expected, shown, said, minutes))
    return made


def table(made):
    """Return the rows as CSV text."""
    text = io.StringIO()
    out = csv.writer(text, lineterminator="\n")
    out.writerows([COLUMNS, *made])
    return text.getvalue()


def records():
    """Return what full runs recorded: list of (file's name, commands)."""
    found = []
    for path in sorted(RESULTS.glob("*.json")):
        content = json.loads(path.read_text(encoding="utf-8"))
        said = content.get("command") if isinstance(content, dict) else None
        command = [said] if isinstance(said, str) else said
        if not command and path.name[:2].isdigit():
            command = [
                f"python tests/tools/run_notebooks.py --profile full {path.name[:2]}"
            ]
        if command:
            found.append((path.name, command))
    return found


def manifest():
    """Return codecheck.yml as text."""
    quoted = json.dumps  # a JSON string is a YAML string
    lines = [
        "  - file: build/verify/report.html",
        f"    comment: {quoted('make verify: the findings of every lesson, quick')}",
    ]
    for name, command in records():
        lines += [
            f"  - file: data/results/{name}",
            f"    comment: {quoted('; '.join(command))}",
        ]
    return HEAD + "\n".join(lines) + "\n"


def run(out, wanted, jobs, full=False):
    """Run lessons into a folder; return whether all came to their end."""
    command = [sys.executable, str(RUNNER), *wanted, "--out", str(out / "runs")]
    command += ["--jobs", str(jobs)] if not full else ["--profile", "full", "--resume"]
    variables = dict(os.environ, METAAD_RESULTS=str(out / "results"))
    return subprocess.run(command, env=variables, check=False).returncode == 0


def verdict(made):
    """Return the last line, and whether every finding was run and holds."""
    said = [row[COLUMNS.index("verdict")] for row in made]
    held = sum(s not in (findings.BROKEN, "not run") for s in said)
    same = sum(s == findings.SAME for s in said)
    line = f"{held} of {len(made)} findings hold here, {same} with the stored digits."
    return line, held == len(made)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("lessons", nargs="*", help="numbers; all if none is given")
    add("--full", action="store_true", help="the full profile too")
    add("--list", action="store_true", help="run nothing, list the findings")
    add("--manifest", action="store_true", help="write codecheck.yml")
    add("--jobs", type=int, default=2)
    add("--out", type=Path, default=ROOT / "build" / "verify")
    options = parser.parse_args()
    if options.manifest:
        (ROOT / "codecheck.yml").write_text(manifest(), encoding="utf-8")
        return 0
    if options.list:
        print(table(rows(findings.read(options.lessons))), end="")
        return 0
    options.out = options.out.resolve()
    options.out.mkdir(parents=True, exist_ok=True)
    finished = run(options.out, options.lessons, options.jobs)
    if options.full:
        finished &= run(options.out, options.lessons, 1, full=True)
    os.environ["METAAD_RESULTS"] = str(options.out / "results")
    found = findings.read(options.lessons)
    made = rows(found)
    page.write(options.out / "report.html", found)
    with whole(options.out / "findings.csv") as file:
        file.write(table(made).encode())
    line, held = verdict(made)
    print("\n".join(findings.lines(found)))
    print(f"{line}\n{os.path.relpath(options.out / 'report.html')}")
    return 0 if held and finished else 1


if __name__ == "__main__":
    sys.exit(main())
