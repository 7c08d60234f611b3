"""Raw scores of every candidate on every table, kept on the disk: what the performance
matrix is made from.

A file is used again only if it was made from the same rows and labels, by the same
configurations (class and every parameter) and the same code; see `metaad.repro.cache`.
"""

import warnings
from functools import singledispatch
from pathlib import Path
from time import process_time

import numpy as np
from joblib import Parallel, delayed
from sklearn.base import clone
from sklearn.neighbors import LocalOutlierFactor

from metaad import repro
from metaad.detectors import KNNDetector, anomaly_score
from metaad.repro import cache
from metaad.search.space import configured


@singledispatch
def own_scores(detector, X):
    """Fit a detector on the rows X (n, d) and score the same rows: float64 (n,),
    larger = more anomalous.
    """
    return anomaly_score(detector.fit(X), X)


@own_scores.register
def _(detector: LocalOutlierFactor, X):
    """As LOF is defined: a row is not its own neighbour. `score_samples` would count
    it.
    """
    with warnings.catch_warnings():
        # small k, many twins: a choice
        warnings.filterwarnings("ignore", "Duplicate values are leading to incorrect")
        return (
            -clone(detector).set_params(novelty=False).fit(X).negative_outlier_factor_
        )


def is_random(detector):
    """Return True if another seed gives other scores."""
    return "random_state" in detector.get_params() and not isinstance(
        detector, KNNDetector
    )


def compute(tasks, found, folder, n_seeds=3, n_jobs=1):
    """Return raw scores of every candidate on every table and seed, one .npz file for
    each table and seed.

    A file that is there and was made from the same is kept, so a run that was killed
    goes on; a file that is damaged or was made from anything else is made again.
    Detectors with nothing random are fitted once.

    Parameters
    ----------
    tasks : TableTasks. found : list of Candidate. folder : path, made if it is missing.
    n_seeds : seeds 0, 1, … of the random detectors. n_jobs : processes, as joblib
        counts them.

    Files
    -----
    <table>-<seed>-<checksum of both>.npz : scores float64 (n_candidates, n), y int64
        (n,), seconds float64 (n_candidates,) of CPU time, and two checksums: of what it
        was made from, and of its content.
    candidates.json : the labels, kinds and configurations, in the order of the scores.
    """
    folder = Path(folder)
    repro.write_json(
        folder / "candidates.json",
        [{"label": c.label, **c._asdict(), "detector": None} for c in found],
    )
    # one seed of all tables first: the matrix is usable early
    for seed in range(n_seeds):
        Parallel(n_jobs=n_jobs)(
            delayed(_compute_one)(table, found, folder, seed) for table in tasks
        )


def _compute_one(table, found, folder, seed):
    if stored(table, found, folder, seed) is not None:
        return
    first = stored(table, found, folder, 0) if seed else None
    scores, seconds = np.empty((len(found), len(table.X))), np.zeros(len(found))
    for i, candidate in enumerate(found):
        if first is not None and not is_random(candidate.detector):
            scores[i] = first["scores"][i]
            continue
        detector = configured(candidate.detector, candidate.config, len(table.X))
        if is_random(detector):
            detector.set_params(random_state=seed)
        start = process_time()
        scores[i] = own_scores(detector, table.X)
        seconds[i] = process_time() - start
    path, key = _place(table, found, folder, seed)
    cache.keep(path, key, scores=scores, y=table.y, seconds=seconds)


def _place(table, found, folder, seed):
    """Where the scores of a table and seed are kept, and the key that they must have."""
    made_by = [(c.kind, c.detector, c.config) for c in found]
    parts = {"X": table.X, "y": table.y, "candidates": made_by, "seed": seed}
    path = cache.path(folder, table.name, seed)
    return path, cache.key(code=[own_scores], **parts)


def stored(table, found, folder, seed):
    """Return the arrays that `compute` stored, or None if there are none of these rows,
    candidates and this code.
    """
    return cache.stored(*_place(table, found, folder, seed))


def reader(tasks, found, folder, at=None):
    """Return a function (table number, seed) -> (scores (n, m), y (m,)) over what
    `compute` stored, as `hold_out` takes it.

    at : numbers of the n candidates that are wanted, None for all.
    """
    at = slice(None) if at is None else np.asarray(at)
    known = {}

    def scores(t, seed):
        if (t, seed) not in known:
            kept = stored(tasks[t], found, folder, seed)
            known[t, seed] = kept["scores"][at], kept["y"]
        return known[t, seed]

    return scores
