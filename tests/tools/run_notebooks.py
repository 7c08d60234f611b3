"""Execute lessons from the command line, several at once, one thread each.

python tests/tools/run_notebooks.py
        every lesson, quick, into data/runs/
python tests/tools/run_notebooks.py --refresh 03 05
        execute in place: an unchanged lesson gives an unchanged file
python tests/tools/run_notebooks.py --profile full --resume
        the full runs, one after the other, all cores; what is finished is skipped
python tests/tools/run_notebooks.py --edition student
        without solutions: each lesson reaches its end, each exercise says "Not yet"
python tests/tools/run_notebooks.py --seeds 2:21 --parameter-bounds
        a night: every lesson at other seeds and with each parameter at both ends,
        recorded in data/results/seeds.json
"""

import argparse
import json
import os
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path

import editions
import lesson_processes
import lesson_runs
from lesson_runs import PATIENCE, QUIET, Outcome, execute, execute_student, not_yet

from metaad.repro.whole import whole

__all__ = ["lessons", "main", "not_yet", "refresh"]

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = ROOT / "notebooks"


def lessons(wanted=()):
    """Paths of the lessons whose names begin with one of the numbers wanted, or all
    of them.
    """
    found = sorted(NOTEBOOKS.glob("[0-9][0-9]_*.ipynb"))
    unknown = [w for w in wanted if not any(p.name.startswith(w) for p in found)]
    if unknown:
        sys.exit(
            f"no lesson begins with {', '.join(unknown)}; there are "
            f"{', '.join(p.stem for p in found)}."
        )
    return [p for p in found if not wanted or any(p.name.startswith(w) for w in wanted)]


def cut_off():
    """Only bundled data, and no address beyond this machine: kernels started from
    here inherit it.
    """
    os.environ["METAAD_DATA"] = tempfile.mkdtemp(prefix="metaad-no-data-")
    here = str(ROOT / "tests" / "tools" / "offline")
    os.environ["PYTHONPATH"] = os.pathsep.join(
        p for p in (here, os.environ.get("PYTHONPATH")) if p
    )


def refresh(path, failed):
    """Execute a lesson in place. Outputs are the only thing that may change in the
    file; a lesson that fails stays as it is, and `failed` shows how far it came.
    """
    import nbformat
    from nbclient import NotebookClient

    started = time.perf_counter()
    notebook = nbformat.read(path, as_version=4)
    try:
        for cell in notebook.cells:
            cell.metadata.pop("execution", None)
        where = {"metadata": {"path": str(NOTEBOOKS)}}
        NotebookClient(
            notebook,
            timeout=900,
            iopub_timeout=PATIENCE,
            kernel_name="python3",
            record_timing=False,
            resources=where,
            extra_arguments=QUIET,
        ).execute()
        tidy(notebook)
        with whole(path) as file:
            file.write(nbformat.writes(notebook).rstrip("\n").encode() + b"\n")
        return Outcome(path.stem, "ok", time.perf_counter() - started)
    except Exception as error:  # reported by name, and the exit status is 1
        tidy(notebook)
        failed.parent.mkdir(parents=True, exist_ok=True)
        nbformat.write(notebook, failed)
        said = f"{type(error).__name__}: {error}".strip()
        return Outcome(path.stem, "error", time.perf_counter() - started, said)


def tidy(notebook):
    """Keep only what describes the lesson: no kernel build, no emptied progress
    bars, streams in one piece.
    """
    notebook.metadata = {
        "kernelspec": {
            "display_name": "Python 3",
            "language": "python",
            "name": "python3",
        },
        "language_info": {"name": "python"},
    }
    for cell in (c for c in notebook.cells if c.cell_type == "code"):
        whole = []
        for output in cell.outputs:
            output.pop("transient", None)
            before = whole[-1] if whole else {}
            if output.output_type == "stream" and before.get("name") == output.name:
                # on a busy machine a line and its end may come apart
                before["text"] += output.text
            else:
                whole.append(output)
        cell.outputs = whole


def keep_seconds(seconds):
    """Update data/results/lessons.json, from which the README's table is made; full
    runs record theirs themselves.
    """
    from metaad import repro

    path = ROOT / "data" / "results" / "lessons.json"
    kept = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    repro.write_json(path, dict(sorted({**kept, **seconds}.items())))


def options_of(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add(
        "lessons",
        nargs="*",
        help="numbers of lessons, e.g. 03 05; all if none is given",
    )
    add("--refresh", action="store_true", help="execute in place")
    add("--profile", default="quick", choices=("quick", "full"))
    add("--seed", type=int, default=0)
    add("--device", default="auto")
    add("--record", action="store_true", help="quick: keep the seconds in lessons.json")
    add("--offline", action="store_true", help="no network and no data but the bundled")
    add("--resume", action="store_true", help="skip lessons that are finished")
    add("--seeds", type=lesson_runs.seeds, default=(), help="e.g. 2:21, both included")
    add("--parameter-bounds", action="store_true", help="each parameter at both ends")
    add("--edition", choices=("student",), help="run this edition, not the lessons")
    add("--out", type=Path, default=ROOT / "data" / "runs")
    add("--jobs", type=int, help="lessons at once; default: the cores, 1 in full")
    return parser.parse_args(arguments)


def planned(options):
    """The runs that are asked for: (lesson's path, variation, output, parameters)."""
    # slowest first would need their times; the later lessons are the longer ones
    paths = lessons(options.lessons)[::-1]
    if options.edition:
        folder = editions.build(options.edition)
        paths = [folder / p.name for p in paths]
    common = {n: getattr(options, n) for n in ("profile", "seed", "device")}
    if not options.seeds and not options.parameter_bounds:
        return [(p, "", options.out / p.name, common) for p in paths]
    found = lesson_runs.night(paths, options.seeds, options.parameter_bounds)
    return [
        (
            p,
            v,
            options.out / f"{p.stem}-{v.replace(' ', '')}.ipynb",
            {**common, **changed},
        )
        for p, v, changed in found
    ]


def run_all(runs, options, jobs):
    """Run them, several at once; a list of (lesson, variation, Outcome)."""
    outcomes = []
    started = lesson_processes.one_line_when_stopped(lambda: len(outcomes), len(runs))
    pool = ProcessPoolExecutor(jobs, initializer=lesson_processes.become_worker)
    # the inner one first: the pool would wait for its workers
    with pool, started:
        futures = {}
        for path, variation, output, parameters in runs:
            work = (refresh, path, output.with_suffix(".failed.ipynb"))
            if not options.refresh:
                name = f"{path.stem} {variation}".strip()
                run = execute_student if options.edition else execute
                work = (run, path, output, parameters, name)
            futures[pool.submit(*work)] = path.stem, variation
        for future in as_completed(futures):
            outcome = future.result()
            outcomes.append((*futures[future], outcome))
            shown = "ok  " if outcome.state == "ok" else "FAIL"
            print(f"  {shown} {outcome.seconds:6.1f} s  {outcome.name}", flush=True)
            if outcome.message:
                print(outcome.message, flush=True)
    return outcomes


def main():
    options = options_of()
    quick = options.profile == "quick"
    lesson_processes.stop_on_signals()
    lesson_runs.environment(threads_fixed=quick)
    if options.offline:
        cut_off()
    jobs = options.jobs or (os.cpu_count() if quick else 1)
    options.out.mkdir(parents=True, exist_ok=True)
    runs, done = planned(options), []
    if options.resume and not options.refresh:
        finished = [(r, lesson_runs.finished(r[0], r[2], r[3])) for r in runs]
        runs = [r for r, seconds in finished if seconds is None]
        done = [
            (r[0].stem, r[1], Outcome(r[0].stem, "ok", seconds))
            for r, seconds in finished
            if seconds is not None
        ]
        print(f"{len(done)} are finished and skipped", flush=True)
    print(f"{len(runs)} runs, {options.profile} profile, {jobs} at once", flush=True)
    started = time.perf_counter()
    outcomes = run_all(runs, options, jobs)
    failed = [o for *_, o in outcomes if o.state != "ok"]
    where = "in place" if options.refresh else f"in {os.path.relpath(options.out)}"
    print(
        f"{len(runs) - len(failed)} of {len(runs)} ran in "
        f"{time.perf_counter() - started:.0f} s, {where}"
    )
    if options.seeds or options.parameter_bounds:
        keep_night(done + outcomes)
    if options.record and quick:
        keep_seconds(
            {o.name: round(o.seconds, 1) for *_, o in outcomes if o.state == "ok"}
        )
    return 1 if failed else 0


def keep_night(outcomes):
    """Write data/results/seeds.json: how every run of the night ended, beside those of
    other nights.
    """
    from metaad import repro

    path = ROOT / "data" / "results" / "seeds.json"
    command = "python tests/tools/run_notebooks.py " + " ".join(sys.argv[1:])
    before = json.loads(path.read_text(encoding="utf-8")) if path.exists() else None
    repro.write_json(path, lesson_runs.summary(outcomes, command, before))


if __name__ == "__main__":
    sys.exit(main())
