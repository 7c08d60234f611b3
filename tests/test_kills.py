"""Processes that are killed: what they leave is whole or absent, and the next run comes
to the same bytes.
"""

import contextlib
import multiprocessing
import os
import signal
import subprocess
import sys
from pathlib import Path

import nbformat
import numpy as np
import psutil
import pytest

from metaad import saving
from metaad.detectors import AutoencoderDetector, IsolationForest, KNNDetector
from metaad.repro import cache, whole, write_json
from metaad.search.tuning.grids import candidates
from metaad.search.tuning.matrix import compute, matrix
from metaad.search.tuning.matrix_cache import stored
from metaad.tasks.tables import LabelledTable, TableTasks

TOOLS = Path(__file__).parent / "tools"
pytestmark = pytest.mark.skipif(
    "fork" not in multiprocessing.get_all_start_methods() or sys.platform == "darwin",
    reason="needs processes that fork",
)


def killed(work, call, at):
    """Run work() in a process that is killed (SIGKILL) at the at-th os.`call`: true if
    it came so far.
    """
    real, calls = getattr(os, call), []

    def counted(*arguments):
        calls.append(arguments)
        if len(calls) == at:
            os.kill(os.getpid(), signal.SIGKILL)
        return real(*arguments)

    def child():
        setattr(os, call, counted)
        work()

    process = multiprocessing.get_context("fork").Process(target=child)
    process.start()
    process.join()
    assert process.exitcode in (0, -signal.SIGKILL)
    return process.exitcode == -signal.SIGKILL


def leftovers(folder):
    return [p.name for p in Path(folder).iterdir() if p.name.startswith(".")]


X = np.random.default_rng(0).normal(size=(60, 4))


def train(folder, epochs=4):
    detector = AutoencoderDetector(
        (8,), 2, epochs, device="cpu", random_state=0, checkpoint=folder / "checkpoint"
    ).fit(X)
    saving.save(folder / "detector", detector)


@pytest.mark.parametrize(
    ("call", "at"),
    [("fsync", 1), ("replace", 1), ("replace", 2), ("fsync", 4), ("fsync", 5)],
)
def test_a_killed_autoencoder_goes_on_to_the_same_bytes(call, at, tmp_path):
    for name in ("whole", "killed"):
        (tmp_path / name).mkdir()
    train(tmp_path / "whole")
    assert killed(lambda: train(tmp_path / "killed"), call, at)
    assert not (tmp_path / "killed" / "detector").exists()
    train(tmp_path / "killed")
    for name in ("checkpoint", "detector"):
        one, two = ((tmp_path / n / name).read_bytes() for n in ("whole", "killed"))
        assert one == two
    assert not leftovers(tmp_path / "killed")


def tables():
    rng, y = np.random.default_rng(1), np.repeat([0, 1], [30, 5])
    rows = (rng.normal(size=(35, 3)) + 2 * y[:, None] for _ in range(2))
    return TableTasks(
        [LabelledTable(x, y, n, n) for x, n in zip(rows, "ab", strict=True)]
    )


def test_a_killed_matrix_goes_on_to_the_same_scores(tmp_path):
    tasks = tables()
    found = candidates(
        {
            "kNN": (KNNDetector(), [{"n_neighbors": 5, "method": "mean"}]),
            "forest": (IsolationForest(), [{"n_estimators": 5, "max_samples": 16}]),
        }
    )
    first = matrix(tasks, found, tmp_path / "whole", n_seeds=2)
    kills = [("fsync", at) for at in range(1, 6)] + [
        ("replace", at) for at in range(1, 6)
    ]
    for i, (call, at) in enumerate(kills):
        folder = tmp_path / str(i)
        assert killed(lambda to=folder: compute(tasks, found, to, n_seeds=2), call, at)
        # candidates.json comes first; then every table that is there is whole
        kept = [stored(t, found, folder, s) for s in range(2) for t in tasks]
        assert sum(k is not None for k in kept) == max(0, at - 2)
        again = matrix(tasks, found, folder, n_seeds=2)
        assert np.array_equal(again.auroc, first.auroc)
        assert np.array_equal(again.ap, first.ap)
        assert not leftovers(folder)


@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_a_file_is_the_old_one_until_it_is_the_new_one(call, tmp_path):
    old, new = np.zeros(1000), np.ones(1000)
    writers = {
        "json": lambda p, a: write_json(p, a.tolist()),
        "arrays": lambda p, a: cache.keep(p, "key", a=a),
        "tree": lambda p, a: saving.write_tree(p, {"a": a}),
    }
    for name, write in writers.items():
        path = tmp_path / name
        write(path, old)
        before = path.read_bytes()
        assert killed(lambda p=path, w=write: w(p, new), call, 1)
        assert path.read_bytes() == before and len(leftovers(tmp_path)) == 1
        write(path, new)
        assert path.read_bytes() != before and not leftovers(tmp_path)


def test_a_disk_that_is_full_leaves_nothing_behind(tmp_path, monkeypatch):
    def full(descriptor):
        raise OSError(28, "No space left on device")

    write_json(tmp_path / "a", [1])
    monkeypatch.setattr(whole.os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write_json(tmp_path / "a", [2])
    assert (tmp_path / "a").read_text() == "[\n 1\n]\n" and not leftovers(tmp_path)


LESSON = """
import os
from pathlib import Path
Path("{folder}/kernel").write_text(f"{{os.getpid()}} {{os.getppid()}}")
import threading
threading.Event().wait()
"""

RUNNER = """
import sys
sys.path.insert(0, "{tools}")
from pathlib import Path
import lesson_runs, run_notebooks
run_notebooks.NOTEBOOKS = lesson_runs.NOTEBOOKS = Path("{folder}")
sys.argv = ["run_notebooks.py", "--jobs", "1", "--out", "{folder}/out"]
sys.exit(run_notebooks.main())
"""


def start_runner(folder):
    """The runner on a lesson that waits for ever."""
    notebook = nbformat.v4.new_notebook()
    cell = nbformat.v4.new_code_cell(
        'profile: str = "quick"  # quick', metadata={"tags": ["parameters"]}
    )
    notebook.cells = [cell, nbformat.v4.new_code_cell(LESSON.format(folder=folder))]
    notebook.metadata["language_info"] = {"name": "python"}
    nbformat.write(notebook, folder / "00_waits.ipynb")
    command = [sys.executable, "-c", RUNNER.format(tools=TOOLS, folder=folder)]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def wait_for_kernel(runner, folder):
    """The worker of a runner and the worker's kernel, once the lesson waits."""
    while not (folder / "kernel").is_file() or not (folder / "kernel").read_text():
        assert runner.poll() is None, runner.stderr.read()
    kernel, worker = map(int, (folder / "kernel").read_text().split())
    return [psutil.Process(worker), psutil.Process(kernel)]


def test_a_runner_that_is_killed_leaves_no_worker_and_no_kernel(tmp_path):
    """Three at once: it is their start that takes time."""
    started = {}
    for name in ("SIGKILL", "SIGTERM", "SIGINT"):
        (tmp_path / name).mkdir()
        started[name] = start_runner(tmp_path / name)
    others = []
    try:
        for name, runner in started.items():
            others += wait_for_kernel(runner, tmp_path / name)
            runner.send_signal(getattr(signal, name))
        for name, runner in started.items():
            said, errors = runner.communicate(timeout=60)
            if name != "SIGKILL":
                assert runner.returncode == 130 and "Traceback" not in said + errors
                last = "stopped: 0 of 1 runs are finished, the rest is not."
                assert said.splitlines()[-1] == last
        _, alive = psutil.wait_procs(others, timeout=30)
        assert len(others) == 6 and not alive
    finally:
        for process in (*started.values(), *others):
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
