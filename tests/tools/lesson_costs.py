"""Measure what each lesson costs a machine: seconds of one core, and memory.

python tests/tools/lesson_costs.py [02 05]
        one lesson at a time, quick; -> data/results/lesson_costs.json

The seconds count user and system time of the lesson's processes, so that other work on
the machine changes little; the memory is the most that its kernel held at once.
"""

import argparse
import json
import os
import resource
import sys
import tempfile
from pathlib import Path

import lesson_runs
import run_notebooks

ROOT = Path(__file__).resolve().parents[2]
RECORD = ROOT / "data" / "results" / "lesson_costs.json"
COMMAND = "python tests/tools/lesson_costs.py"


def cost(path):
    """Run a lesson in a child process: (seconds of CPU, memory in MB).

    Raises SystemExit if the lesson does not come to its end."""
    child = os.fork()
    if child == 0:
        with tempfile.TemporaryDirectory() as folder:
            outcome = lesson_runs.execute(path, Path(folder) / "o.ipynb", {})
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        said = [outcome.state, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024]
        _told().write_text(json.dumps(said))
        os._exit(0)
    os.waitpid(child, 0)
    state, seconds, memory = json.loads(_told().read_text())
    _told().unlink()
    if state != "ok":
        sys.exit(f"{path.name} did not come to its end: {state}")
    return round(seconds, 1), round(memory)


def _told():
    return Path(tempfile.gettempdir()) / f"metaad-cost-{os.getpgrp()}.json"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("lessons", nargs="*", help="numbers; all if none is given")
    wanted = parser.parse_args().lessons
    lesson_runs.environment(threads_fixed=True)
    kept = json.loads(RECORD.read_text(encoding="utf-8")) if RECORD.exists() else {}
    found = kept.get("lessons", {})
    for path in run_notebooks.lessons(wanted):
        seconds, memory = cost(path)
        found[path.stem] = {"cpu_seconds": seconds, "memory_mb": memory}
        print(f"{path.stem:35} {seconds:6.1f} s of one core {memory:6d} MB", flush=True)
        from metaad import repro

        content = {"command": COMMAND, "lessons": dict(sorted(found.items()))}
        repro.write_json(RECORD, content)
    return 0


if __name__ == "__main__":
    sys.exit(main())
