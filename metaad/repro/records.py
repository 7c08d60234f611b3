"""Recorded results: where they lie, how they are written and read."""

import hashlib
import json
import os
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parents[2]


def results_dir():
    """Where results are written: $METAAD_RESULTS, or data/results in the checkout."""
    return Path(os.environ.get("METAAD_RESULTS") or ROOT / "data" / "results")


def recorded(name):
    """Return results of a full run, as the repository keeps them: the dict in
    data/results/<name>.json.

    Under "command" stands what made them, see `source`. Records named after a lesson
    are written by its full run (make full), but 13_policy_gradients and
    15_architecture_search, and all others, by `python -m metaad.experiments`."""
    path = ROOT / "data" / "results" / f"{name}.json"
    if not path.exists():
        raise FileNotFoundError(
            f"no recorded results {path.name}; a lesson's own are written by its full run "
            "(make full), the others by an experiment (python -m metaad.experiments "
            "lists them)."
        )
    return json.loads(path.read_text(encoding="utf-8"))


def write_json(path, content):
    """Write JSON to a temporary file and rename it: a reader never sees half a file."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.write_text(
        json.dumps(content, indent=1, sort_keys=False) + "\n", encoding="utf-8"
    )
    os.replace(temporary, path)


def digest(array):
    """SHA-256 of an array's bytes, shape and type: 64 hex digits."""
    array = np.ascontiguousarray(array)
    head = f"{array.dtype.str}{array.shape}".encode()
    return hashlib.sha256(head + array.tobytes()).hexdigest()
