"""The performance matrix: how well each of many configurations does on each of many
tables.

It is what every strategy of `metaad.search.tuning.hold_out` learns from. A detector is
fitted on a table's rows without labels and scores the same rows (the unsupervised
setting); the labels only judge the scores. Each detector with something random in it is
fitted again with other seeds: a configuration that came out best with one seed may have
been lucky."""

import hashlib
import os
import warnings
from functools import singledispatch
from pathlib import Path
from time import process_time
from typing import NamedTuple

import numpy as np
from joblib import Parallel, delayed
from sklearn.base import clone
from sklearn.neighbors import LocalOutlierFactor

from metaad import metrics, repro
from metaad.detectors import KNNDetector, anomaly_score
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
    """Return raw scores of every candidate on every table and seed, one .npz file a
    table and seed.

    A file that is there and was made from the same rows and candidates is kept, so a
    run that was killed goes on; a new one is written under a temporary name and
    renamed. Detectors with nothing random are fitted once.

    Parameters
    ----------
    tasks : TableTasks. found : list of Candidate. folder : path, made if it is missing.
    n_seeds : seeds 0, 1, … of the random detectors. n_jobs : processes, as joblib
        counts them.

    Files
    -----
    <table>.<seed>.npz : scores float64 (n_candidates, n), y int64 (n,), seconds float64
    (n_candidates,) of CPU time,
        key, what it was made from. candidates.json : the labels, kinds and
        configurations, in the order of the scores.
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
    if _read(table, found, folder, seed) is not None:
        return
    first = _read(table, found, folder, 0) if seed else None
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
    path = _path(table, folder, seed)
    temporary = path.with_name(f".{path.stem}.{os.getpid()}.npz")
    np.savez(
        temporary, scores=scores, y=table.y, seconds=seconds, key=_key(table, found)
    )
    os.replace(temporary, path)


def _path(table, folder, seed):
    return Path(folder) / f"{table.name.replace(':', '_')}.{seed}.npz"


def _key(table, found):
    labels = "\n".join(c.label for c in found)
    return hashlib.sha256(
        f"{repro.digest(table.X)}{repro.digest(table.y)}{labels}".encode()
    ).hexdigest()


def _read(table, found, folder, seed):
    """The stored arrays, or None if there are none of these rows and candidates."""
    path = _path(table, folder, seed)
    if not path.exists():
        return None
    with np.load(path, allow_pickle=False) as stored:
        return dict(stored) if str(stored["key"]) == _key(table, found) else None


def reader(tasks, found, folder, at=None):
    """Return a function (table number, seed) -> (scores (n, m), y (m,)) over what
    `compute` stored, as `hold_out` takes it.

    at : numbers of the n candidates that are wanted, None for all.
    """
    at = slice(None) if at is None else np.asarray(at)
    known = {}

    def scores(t, seed):
        if (t, seed) not in known:
            stored = _read(tasks[t], found, folder, seed)
            known[t, seed] = stored["scores"][at], stored["y"]
        return known[t, seed]

    return scores


class Matrix(NamedTuple):
    """What the candidates got on the tables.

    auroc, ap : float64 (n_tables, n_candidates, n_seeds). labels, kinds, configs : of
        the candidates.
    names, families : of the tables. seconds : float64 (n_tables, n_candidates), of one
    fit and its scores."""

    auroc: np.ndarray
    ap: np.ndarray
    labels: list
    kinds: list
    configs: list
    names: list
    families: list
    seconds: np.ndarray

    def of(self, *kinds):
        """Return the matrix of some detectors alone."""
        unknown = set(kinds) - set(self.kinds)
        if unknown or not kinds:
            raise ValueError(
                f"the matrix has {', '.join(dict.fromkeys(self.kinds))}; got {', '.join(unknown)}."
            )
        at = np.flatnonzero(np.isin(self.kinds, kinds))
        columns = {
            n: [getattr(self, n)[i] for i in at] for n in ("labels", "kinds", "configs")
        }
        return self._replace(
            auroc=self.auroc[:, at],
            ap=self.ap[:, at],
            seconds=self.seconds[:, at],
            **columns,
        )

    def default(self, kind):
        """Return column of the first configuration of a detector, its library's
        default.
        """
        return self.kinds.index(kind)

    def compact(self, digits=5):
        """Return the matrix as JSON takes it, values rounded."""
        rounded = {
            n: np.round(getattr(self, n), digits).tolist() for n in ("auroc", "ap")
        }
        return {
            **self._asdict(),
            **rounded,
            "seconds": np.round(self.seconds, 2).tolist(),
        }

    @classmethod
    def restored(cls, stored):
        """Return a matrix from what `compact` made."""
        arrays = {
            n: np.array(stored[n], dtype=np.float64) for n in ("auroc", "ap", "seconds")
        }
        return cls(**{**{n: stored[n] for n in cls._fields}, **arrays})


def matrix(tasks, found, folder, n_seeds=3, n_jobs=1):
    """Compute what is missing in the folder, and judge the scores: Matrix."""
    compute(tasks, found, folder, n_seeds, n_jobs)
    stored = [
        [_read(table, found, folder, seed) for seed in range(n_seeds)]
        for table in tasks
    ]
    auroc, ap = (
        np.array(
            [
                [[metric(s["y"], row) for row in s["scores"]] for s in table]
                for table in stored
            ]
        ).swapaxes(1, 2)
        for metric in (metrics.auroc, metrics.average_precision)
    )
    seconds = np.array([table[0]["seconds"] for table in stored])
    labels, kinds, configs = (
        [getattr(c, n) for c in found] for n in ("label", "kind", "config")
    )
    return Matrix(
        auroc, ap, labels, kinds, configs, tasks.names, tasks.families, seconds
    )
