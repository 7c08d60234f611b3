"""What `gpu.py` runs: trainings on a device and on this CPU, and one lesson.

python tests/tools/gpu_runs.py LESSON FOLDER PROFILE DEVICE
        run one lesson, its records into FOLDER
"""

import json
import os
import re
import sys
import time
from pathlib import Path

import numpy as np
import torch

from metaad import auroc, data
from metaad.detectors import anomaly_score, fit_many
from metaad.meta import evaluate
from metaad.meta.few_shot import TRAINING, FewShot, few_shot
from metaad.tasks import OneClassTasks

MINI = {"quick": ("digits", 4), "full": ("mnist", 200)}


def oc_anil(device, dry):
    """Train OC-ANIL by the recipe: tasks per second, and AUROC on two digits that it
    never saw.
    """
    name, steps = MINI["quick" if dry else "full"]
    table = data.load(name)
    seen = table.y < 8
    tasks = FewShot("OC-ANIL").tasks(table.X[seen][:20000], table.y[seen][:20000])
    side, n_tasks = table.X.shape[1], 12 if dry else 48
    options = {"n_tasks": n_tasks, "side": side, "device": device, "random_state": 0}
    few_shot("OC-ANIL", iterations=3, **options).fit(tasks)  # the device wakes up
    began = time.perf_counter()
    learner = few_shot("OC-ANIL", iterations=steps, **options).fit(tasks)
    seconds = time.perf_counter() - began
    test = OneClassTasks(
        table.X,
        table.y,
        k=TRAINING["k"],
        n_query=40,
        normal=(8, 9),
        dtype=torch.float32,
    )
    episodes = evaluate(learner, test, 4 if dry else 100)
    speed = steps * n_tasks / seconds
    return {"tasks_per_second": speed, "auroc": float(episodes.auroc.mean())}


def autoencoders(device, dry):
    """Train ten autoencoders as one: rows per second, and their mean AUROC."""
    table = data.load("digits" if dry else "mnist")
    X, epochs = table.X.reshape(len(table.X), -1), 1 if dry else 4
    half = np.arange(len(X)) % 2 == 0
    arrays = [X[half & (table.y == c)] for c in range(10)]
    options = {"epochs": epochs, "device": device, "random_state": 0}
    options |= {"thresholds": False, "dtype": "float32"}
    fit_many([a[:200] for a in arrays], **options)
    began = time.perf_counter()
    detectors = fit_many(arrays, **options)
    seconds = time.perf_counter() - began
    rest = ~half
    scores = [
        auroc((table.y[rest] != c).astype(int), anomaly_score(detectors[c], X[rest]))
        for c in (0, 4)
    ]
    speed = epochs * int(half.sum()) / seconds
    return {"rows_per_second": speed, "auroc": float(np.mean(scores))}


TRAININGS = {"OC-ANIL": oc_anil, "ten autoencoders": autoencoders}


def compared(run, device, dry):
    """Run a training on a device and on this CPU: both, and how many times as fast."""
    there, here = run(device, dry), run("cpu", dry)
    speed = next(n for n in there if n.endswith("per_second"))
    return {"device": there, "cpu": here, "ratio": there[speed] / here[speed]}


def counts(said):
    """The numbers in pytest's last line: dict such as {"passed": 3, "skipped": 1}."""
    found = re.findall(r"(\d+) (passed|failed|skipped|error)", said)
    return {what: int(number) for number, what in found}


def results(folder, stem):
    """The mean AUROC in the record that a full run left, {} where there is none."""
    path = folder / f"{stem}.json"
    if not path.is_file():
        return {}
    found = list(aurocs(json.loads(path.read_text(encoding="utf-8"))))
    return {"auroc": float(np.mean(found))} if found else {}


def aurocs(tree, inside=False):
    """Yield the numbers that stand under a key `auroc` in a record."""
    if isinstance(tree, dict):
        for name, value in tree.items():
            yield from aurocs(value, inside or name == "auroc")
    elif isinstance(tree, list):
        for value in tree:
            yield from aurocs(value, inside)
    elif inside and isinstance(tree, float):
        yield tree


def against_cpu(stem, found):
    """How many times as fast as the record of a CPU, {} where there is none."""
    from metaad import repro

    try:
        run = repro.recorded(stem).get("run", {})
    except FileNotFoundError:
        return {}
    if run.get("device") != "cpu" or not run.get("seconds") or found["state"] != "ok":
        return {}
    return {"cpu_seconds": run["seconds"], "ratio": run["seconds"] / found["seconds"]}


def tiny_lesson(folder):
    """Write a notebook of two cells that trains, for a dry run: its path."""
    import nbformat
    from nbformat import v4

    cell = v4.new_code_cell(
        'profile: str = "quick"\nseed: int = 0\ndevice: str = "auto"',
        metadata={"tags": ["parameters"]},
    )
    code = (
        "from metaad import AutoencoderDetector, data\n"
        'X = data.load("digits").X[:64].reshape(64, -1)\n'
        "AutoencoderDetector(hidden=(4,), epochs=1, device=device).fit(X)"
    )
    path = folder / "00_tiny.ipynb"
    about = {"language_info": {"name": "python"}}
    cells = [cell, v4.new_code_cell(code)]
    nbformat.write(v4.new_notebook(cells=cells, metadata=about), path)
    return path


def main():
    path, folder, profile, device = sys.argv[1:]
    import lesson_runs

    os.environ["METAAD_RESULTS"] = folder
    parameters = {"profile": profile, "seed": 0, "device": device}
    out = Path(folder) / f"{Path(path).stem}.run.ipynb"
    outcome = lesson_runs.execute(Path(path), out, parameters)
    print(lesson_runs.last_line(outcome.message) if outcome.message else "")
    return 0 if outcome.state == "ok" else 1


if __name__ == "__main__":
    sys.exit(main())
