"""Execute lessons from the command line, several at once, one thread each.

python tests/tools/run_notebooks.py
        every lesson, quick, into data/runs/
python tests/tools/run_notebooks.py --refresh 03 05
        execute in place: an unchanged lesson gives an unchanged file
python tests/tools/run_notebooks.py --profile full
        the full runs, one after the other, all cores
python tests/tools/run_notebooks.py --edition student
        without solutions: each lesson reaches its end, each exercise says "Not yet"
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

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = ROOT / "notebooks"
ONE_THREAD = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
# else every kernel warns that it talks to this machine without encryption
QUIET = ["--IPKernelApp.log_level=ERROR"]


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


def prepare_environment(threads_fixed):
    """What a kernel inherits: the data at hand, one thread in quick, this Python's
    kernel.
    """
    shared = ROOT.parent / "shared" / "data"
    if not os.environ.get("METAAD_DATA") and shared.is_dir():
        os.environ["METAAD_DATA"] = str(shared)
    if threads_fixed:
        os.environ.update(dict.fromkeys(ONE_THREAD, "1"))
    os.environ["PYDEVD_DISABLE_FILE_VALIDATION"] = "1"


def cut_off():
    """Only bundled data, and no address beyond this machine: kernels started from
    here inherit it.
    """
    os.environ["METAAD_DATA"] = tempfile.mkdtemp(prefix="metaad-no-data-")
    here = str(ROOT / "tests" / "tools" / "offline")
    os.environ["PYTHONPATH"] = os.pathsep.join(
        p for p in (here, os.environ.get("PYTHONPATH")) if p
    )


def execute(path, output, parameters):
    """Run one lesson with papermill; return (name, seconds, error or None)."""
    import papermill

    started = time.perf_counter()
    try:
        papermill.execute_notebook(
            str(path),
            str(output),
            parameters=parameters,
            kernel_name="python3",
            cwd=str(NOTEBOOKS),
            progress_bar=False,
            extra_arguments=QUIET,
        )
        return path.stem, time.perf_counter() - started, None
    except Exception as error:  # reported by name, and the exit status is 1
        return (
            path.stem,
            time.perf_counter() - started,
            f"{type(error).__name__}: {error}",
        )


def execute_student(path, output, parameters):
    """Run a lesson of the students' edition: as `execute`; an exercise that does not
    say "Not yet" is an error.
    """
    name, seconds, error = execute(path, output, parameters)
    return name, seconds, error or not_yet(output)


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


def refresh(path):
    """Execute a lesson in place. Outputs are the only thing that may change in the
    file.
    """
    import nbformat
    from nbclient import NotebookClient

    started = time.perf_counter()
    try:
        notebook = nbformat.read(path, as_version=4)
        for cell in notebook.cells:
            cell.metadata.pop("execution", None)
        where = {"metadata": {"path": str(NOTEBOOKS)}}
        NotebookClient(
            notebook,
            timeout=900,
            kernel_name="python3",
            record_timing=False,
            resources=where,
            extra_arguments=QUIET,
        ).execute()
        tidy(notebook)
        temporary = path.with_suffix(".tmp")
        nbformat.write(notebook, temporary)
        os.replace(temporary, path)
        return path.stem, time.perf_counter() - started, None
    except Exception as error:  # reported by name, and the exit status is 1
        return (
            path.stem,
            time.perf_counter() - started,
            f"{type(error).__name__}: {error}",
        )


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


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "lessons",
        nargs="*",
        help="numbers of lessons, e.g. 03 05; all if none is given",
    )
    parser.add_argument("--refresh", action="store_true", help="execute in place")
    parser.add_argument("--profile", default="quick", choices=("quick", "full"))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--device", default="auto")
    parser.add_argument(
        "--record",
        action="store_true",
        help="quick: keep the seconds in data/results/lessons.json",
    )
    parser.add_argument(
        "--offline", action="store_true", help="no network and no data but the bundled"
    )
    parser.add_argument(
        "--edition", choices=("student",), help="run this edition, not the lessons"
    )
    parser.add_argument("--out", type=Path, default=ROOT / "data" / "runs")
    parser.add_argument(
        "--jobs",
        type=int,
        default=None,
        help="lessons at once; default: the cores, 1 in full",
    )
    options = parser.parse_args()
    quick = options.profile == "quick"
    prepare_environment(threads_fixed=quick)
    if options.offline:
        cut_off()
    jobs = options.jobs or (os.cpu_count() if quick else 1)
    options.out.mkdir(parents=True, exist_ok=True)
    parameters = {
        "profile": options.profile,
        "seed": options.seed,
        "device": options.device,
    }
    failed, seconds_taken, started = [], {}, time.perf_counter()
    # slowest first would need their times; the later lessons are the longer ones
    paths = lessons(options.lessons)[::-1]
    run = execute
    if options.edition:
        folder = editions.build(options.edition)
        paths, run = [folder / p.name for p in paths], execute_student
    print(
        f"{len(paths)} lessons, {options.profile} profile, {jobs} at once", flush=True
    )
    with ProcessPoolExecutor(jobs) as pool:
        if options.refresh:
            futures = [pool.submit(refresh, p) for p in paths]
        else:
            futures = [
                pool.submit(run, p, options.out / p.name, parameters) for p in paths
            ]
        for future in as_completed(futures):
            name, seconds, error = future.result()
            if not error:
                seconds_taken[name] = round(seconds, 1)
            print(
                f"  {'ok  ' if error is None else 'FAIL'} {seconds:6.1f} s  {name}",
                flush=True,
            )
            if error:
                failed.append(name)
                print(error, flush=True)
    where = "in place" if options.refresh else f"in {os.path.relpath(options.out)}"
    print(
        f"{len(paths) - len(failed)} of {len(paths)} ran in "
        f"{time.perf_counter() - started:.0f} s, {where}"
    )
    if options.record and quick:
        keep_seconds(seconds_taken)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
