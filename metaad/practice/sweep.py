"""Many runs of one lesson: a grid of parameters, several runs at once, here or on a
cluster; what is finished is skipped, what fails is named and leaves its notebook.

joblib hands the runs out: to threads here, or, unchanged, to Dask's workers
(`Client` of dask.distributed). Each run is a process of its own, so that one that is
killed takes nothing with it. Workers on other machines need this package and see the
same folder."""

import csv
import hashlib
import io
import itertools
import json
import math
import re
from pathlib import Path

from metaad.practice import runs
from metaad.progress import progress

MOST = 10_000  # runs of one sweep


class SweepError(ValueError):
    """A sweep that can't be begun."""


def grid(choices):
    """Return every combination of the choices.

    choices : dict from a parameter's name to the list of its values.

    Returns
    -------
    list of dict, the last parameter changing fastest.

    >>> grid({"shots": [2, 5], "seed": [0, 1]})[1]
    {'shots': 2, 'seed': 1}
    """
    empty = [name for name, values in choices.items() if not list(values)]
    if empty:
        raise SweepError(f"{', '.join(empty)} has no values; name at least one.")
    lists = {name: list(dict.fromkeys(values)) for name, values in choices.items()}
    n = math.prod(map(len, lists.values()))
    if n > MOST:
        raise SweepError(f"a sweep holds at most {MOST:,} runs; this one has {n:,}.")
    return [
        dict(zip(lists, values, strict=True))
        for values in itertools.product(*lists.values())
    ]


def variation(parameters):
    """Return the name of a run, which is also the name of its folder.

    >>> variation({"shots": 2, "seed": 1})
    'shots=2 seed=1'
    """
    text = " ".join(f"{name}={value}" for name, value in parameters.items())
    plain = re.sub(r"[^\w.=, +-]", "_", text)
    if plain == text and 0 < len(text) <= 100:
        return text
    # two texts that look alike without their signs are two runs
    return f"{plain[:80]}-{hashlib.sha256(text.encode()).hexdigest()[:8]}"


def sweep(lesson, choices, out, common=None, jobs=2, client=None):
    """Run a lesson at every combination of the choices.

    Parameters
    ----------
    lesson : path of the notebook.
    choices : dict from a parameter's name to the list of its values.
    out : folder; each run has one inside with `notebook.ipynb` and `results/`.
    common : dict of parameters that all runs share.
    jobs : int, runs at once here.
    client : `dask.distributed.Client` whose workers run them instead; None for here.

    Returns
    -------
    list of dict, one per run in the order of the grid: the parameters, `state` (see
    `runs.STATES`), `seconds`, `held` ("5 of 5" findings), `message`, `notebook`. The
    same table is written to `out`/sweep.csv.

    Raises
    ------
    SweepError
        if a parameter has no values, or the grid has too many runs.
    """
    lesson, out = Path(lesson).resolve(), Path(out).resolve()
    points = [{**(common or {}), **point} for point in grid(choices)]
    shown = [variation({n: point[n] for n in choices}) for point in points]
    folders = [out / name for name in shown]
    rows, missing = [None] * len(points), []
    for i, (folder, point) in enumerate(zip(folders, points, strict=True)):
        seconds = runs.finished(lesson, folder / "notebook.ipynb", point)
        if seconds is None:
            missing.append(i)
        else:
            outcome = runs.Outcome(shown[i], "ok", seconds)
            rows[i] = _row(outcome, points[i], choices, folder)
    work = ((i, lesson, folders[i], points[i], shown[i]) for i in missing)
    for i, outcome in progress(
        _handed_out(work, jobs, client), total=len(missing), label=lesson.stem
    ):
        rows[i] = _row(runs.Outcome(*outcome), points[i], choices, folders[i])
    out.mkdir(parents=True, exist_ok=True)
    _write(out / "sweep.csv", rows)
    return rows


def one(i, lesson, folder, parameters, name):
    """Run one point of a sweep in its own folder; return (i, outcome)."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    output, results = folder / "notebook.ipynb", folder / "results"
    return i, tuple(runs.apart(lesson, output, parameters, name, results))


def _handed_out(work, jobs, client):
    """Outcomes as they come, from threads here or from Dask's workers."""
    import joblib

    # threads only wait here: each run is a process of its own
    backend = {"backend": "threading", "n_jobs": jobs}
    if client is not None:
        backend = {"backend": "dask", "client": client, "n_jobs": -1}
    with joblib.parallel_config(**backend):
        parallel = joblib.Parallel(return_as="generator_unordered", batch_size=1)
        yield from parallel(joblib.delayed(one)(*item) for item in work)


def _row(outcome, parameters, choices, folder):
    held, asked = findings(folder / "results")
    return {
        **{name: parameters[name] for name in choices},
        "state": outcome.state,
        "seconds": round(outcome.seconds, 1),
        "held": f"{held} of {asked}" if asked else "",
        "message": last_line(outcome.message),
        "notebook": str(folder / "notebook.ipynb"),
    }


def findings(results):
    """Return how many findings of a run hold, and how many it has: two int."""
    held = asked = 0
    for path in sorted(Path(results).rglob("*.claims*.json")):
        rows = json.loads(path.read_text(encoding="utf-8"))["claims"]
        held, asked = held + sum(r["holds"] for r in rows), asked + len(rows)
    return held, asked


def last_line(message):
    """Return the sentence at the end of a traceback, without the machine's colours."""
    lines = re.sub(r"\x1b\[[0-9;]*m", "", message).strip().splitlines()
    return lines[-1][:300] if lines else ""


def _write(path, rows):
    """Write the table whole, so that a reader never sees half of it."""
    from metaad.repro.whole import whole

    text = io.StringIO()
    table = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    table.writeheader()
    table.writerows(rows)
    with whole(path) as file:
        file.write(text.getvalue().encode())
