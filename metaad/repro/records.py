"""Recorded results: where they lie, how they are written and read."""

import hashlib
import json
import os
from pathlib import Path

import numpy as np

from metaad.data.download import checkout
from metaad.repro.whole import whole


def folders():
    """Return where results may lie, the first choice first: $METAAD_RESULTS,
    data/results in the checkout, the user's cache folder.
    """
    from platformdirs import user_cache_path

    found = [Path(asked)] if (asked := os.environ.get("METAAD_RESULTS")) else []
    if checkout():
        found.append(checkout() / "data" / "results")
    return [*found, user_cache_path("metaad", appauthor=False) / "results"]


def results_dir():
    """Return where results are written: the first of `folders` that can be written."""
    return next((f for f in folders() if writable(f)), folders()[0])


def writable(folder):
    """Tell whether a folder, or the nearest one above it that exists, can be written."""
    there = next((f for f in (folder, *folder.parents) if f.exists()), folder)
    return there.is_dir() and os.access(there, os.W_OK | os.X_OK)


def keep(name, content):
    """Write results as <name>.json where they can be written; return the path, or None.

    A folder that can't be written (a course folder that is shared) is no error: one
    sentence says where the results are, or that they are nowhere."""
    wanted = folders()[0] / f"{name}.json"
    for folder in folders():
        path = folder / f"{name}.json"
        try:
            write_json(path, content)
        except OSError:
            continue
        if path != wanted:
            print(f"{wanted.parent} can't be written; the results are in {path}.")
        return path
    print(
        f"The results were not kept: {wanted.parent} can't be written. Set "
        f"METAAD_RESULTS to a folder of your own."
    )
    return None


def recorded(name):
    """Return results of a full run: the dict in <name>.json, from the first of
    `folders` that holds it.

    Under "command" stands what made them, see `source`. Records named after a lesson
    are written by its full run (make full), but 13_policy_gradients and
    15_architecture_search, and all others, by `python -m metaad.experiments`. Raises
    FileNotFoundError where there is none."""
    for folder in folders():
        path = folder / f"{name}.json"
        if path.is_file():
            return json.loads(path.read_text(encoding="utf-8"))
    raise FileNotFoundError(
        f"no recorded results {name}.json in {' or '.join(map(str, folders()))}. The "
        f"checkout of metaad keeps them in data/results: run from there, or set "
        f"METAAD_RESULTS to such a folder. A lesson's own are written by its full run "
        f"(make full), the others by an experiment (python -m metaad.experiments lists "
        f"them)."
    )


def write_json(path, content):
    """Write JSON to a temporary file, onto the disk, and rename it: a reader never sees
    half a file, and a failure leaves nothing behind.
    """
    text = json.dumps(content, indent=1, sort_keys=False) + "\n"
    with whole(path) as file:
        file.write(text.encode())


def digest(array):
    """Return the SHA-256 of an array's bytes, shape and type: 64 hex digits."""
    array = np.ascontiguousarray(array)
    head = f"{array.dtype.str}{array.shape}".encode()
    return hashlib.sha256(head + array.tobytes()).hexdigest()
