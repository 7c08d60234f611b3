"""A lesson as a run: with parameters, in a process of its own, noted when it is finished.

`execute` is papermill with a note beside the notebook; `apart` is `execute` in another
process, which may be killed without harm to the rest. Used by the command line, by
sweeps and by the tests' runner."""

import hashlib
import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import NamedTuple

PACKAGE = Path(__file__).parents[1]
PATIENCE = 120  # seconds that a kernel on a busy machine may be late with its output
# else every kernel warns that it talks to this machine without encryption
QUIET = ["--IPKernelApp.log_level=CRITICAL"]
STATES = ("ok", "claim failed", "error", "killed")
ONE_THREAD = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")


class Outcome(NamedTuple):
    """How a run ended. state : "ok", "claim failed", "error" or "killed"."""

    name: str
    state: str
    seconds: float
    message: str = ""


def execute(path, output, parameters, name=None):
    """Run one lesson with papermill. A lesson that fails leaves its notebook, up to the
    cell that failed.

    Parameters
    ----------
    path, output : paths of the lesson and of the notebook that is written.
    parameters : dict, what papermill passes.
    name : str for the outcome; by default the lesson's.

    Returns
    -------
    Outcome; nothing is raised: a sweep goes on after a run that failed.
    """
    path, output = Path(path), Path(output)
    name, started = name or path.stem, time.perf_counter()
    # from here on the notebook is not finished, whatever an earlier run left
    note(output).unlink(missing_ok=True)
    try:
        papermill(path, output, parameters)
    except Exception as error:  # reported by name, and the exit status is 1
        claim = getattr(error, "ename", "") == "ClaimError"
        state = "claim failed" if claim else "error"
        said = f"{type(error).__name__}: {error}".strip()
        return Outcome(name, state, time.perf_counter() - started, said)
    seconds = time.perf_counter() - started
    write_finished(path, output, parameters, seconds)
    return Outcome(name, "ok", seconds)


def papermill(path, output, parameters, progress_bar=False):
    """Execute a notebook in its own folder; what stops it is raised.

    path, output : Path. progress_bar : False, or what papermill takes for one."""
    from metaad.lazy import optional

    optional("papermill").execute_notebook(
        str(path),
        str(output),
        parameters=parameters,
        kernel_name="python3",
        cwd=str(path.parent),
        progress_bar=progress_bar,
        iopub_timeout=PATIENCE,
        extra_arguments=QUIET,
    )


def variables(quick):
    """Return what a kernel inherits: figures without sliders, no debugger's warning; in
    quick one thread. dict of str.
    """
    found = {"METAAD_WIDGETS": "0", "PYDEVD_DISABLE_FILE_VALIDATION": "1"}
    return found | (dict.fromkeys(ONE_THREAD, "1") if quick else {})


# ---- what is finished need not run again


def note(output):
    """Return the path of the note that stands beside a finished notebook."""
    return Path(output).with_suffix(".finished.json")


def write_finished(path, output, parameters, seconds):
    """Note beside a notebook that it ran to its end, and what it was made from."""
    from metaad import repro

    content = {"made from": made_from(path, parameters), "seconds": round(seconds, 1)}
    repro.write_json(note(output), content)


def finished(path, output, parameters):
    """Return the seconds that a notebook took which was made from the same lesson,
    parameters and package; None if there is none.
    """
    try:
        kept = json.loads(note(output).read_text(encoding="utf-8"))
        same = kept["made from"] == made_from(path, parameters)
        return float(kept["seconds"]) if same and Path(output).is_file() else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def made_from(path, parameters):
    """Return what numbers depend on: the lesson's code, the parameters, the package,
    the reader's own file if a parameter names one.
    """
    from metaad import __version__
    from metaad.repro.run import package_version

    cells = json.loads(Path(path).read_text(encoding="utf-8"))["cells"]
    code = ["".join(c["source"]) for c in cells if c["cell_type"] == "code"]
    made = {
        "lesson": hashlib.sha256(json.dumps(code).encode()).hexdigest(),
        "parameters": parameters,
        "metaad": __version__,
        "package": package_version(PACKAGE),
    }
    texts = {n: v for n, v in parameters.items() if isinstance(v, str)}
    files = {n: Path(path).parent / v for n, v in texts.items() if v}
    files = {n: _digest(p) for n, p in files.items() if is_file(p)}
    return {**made, "files": files} if files else made


def is_file(path, folder=False):
    """Say whether a text that became a Path names a file, or a folder with `folder`."""
    try:
        return path.is_dir() if folder else path.is_file()
    except (OSError, ValueError):  # too long for a name; a null byte
        return False


def _digest(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


# ---- one run in a process of its own


def apart(path, output, parameters, name=None, results=None, tries=2):
    """Run one lesson as `execute` does, in a process of its own.

    Parameters
    ----------
    results : folder for the JSON that the lesson records; by default metaad's own.
    tries : int, how often a run is begun whose process is killed.

    Returns
    -------
    Outcome. "killed" if the process ended without a word, each time.
    """
    job = {"path": str(path), "output": str(output), "parameters": parameters}
    job["name"] = name or Path(path).stem
    quick = parameters.get("profile", "quick") == "quick"
    inherited = os.environ | variables(quick)
    if results:
        inherited["METAAD_RESULTS"] = str(results)
    started = time.perf_counter()
    for _ in range(tries):
        said = _in_a_process(job, inherited)
        if said:
            return Outcome(*said)
    message = f"its process was killed {tries} times; is there enough memory?"
    return Outcome(job["name"], "killed", time.perf_counter() - started, message)


def _in_a_process(job, inherited):
    """The outcome that a process of its own writes as its last line; None if it ends
    without one.
    """
    command = [sys.executable, "-m", "metaad.practice.runs"]
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=inherited,
        text=True,
    ) as process:
        # stays open: its end tells the process that nobody waits any more
        process.stdin.write(json.dumps(job) + "\n")
        process.stdin.flush()
        lines = process.stdout.read().strip().splitlines()
    try:
        return json.loads(lines[-1]) if process.returncode == 0 else None
    except (IndexError, ValueError):
        return None


def main():
    """Run the job that stands on the first line of the input; write its outcome."""
    job = json.loads(sys.stdin.readline())
    threading.Thread(target=_end_with_the_input, daemon=True).start()
    stdout = os.dup(1)
    os.dup2(2, 1)  # whatever the libraries print is not the outcome
    outcome = execute(**job)
    os.write(stdout, json.dumps(outcome).encode() + b"\n")


def _end_with_the_input():
    """Wait for the end of the input: who asked for this run is gone. The kernel watches
    this process and ends too.
    """
    sys.stdin.read()
    os._exit(1)


if __name__ == "__main__":
    main()
