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
from sklearn.svm import OneClassSVM

from metaad import metrics, repro
from metaad.detectors import (
    AutoencoderDetector,
    IsolationForest,
    KMeansDetector,
    KNNDetector,
    anomaly_score,
)
from metaad.search.space import configured


class Candidate(NamedTuple):
    """One configuration of one detector. kind : the detector's name, as tables and
    figures show it.
    """

    kind: str
    detector: object
    config: dict

    @property
    def label(self):
        """Kind and configuration in one line, different for every candidate."""
        return " ".join([self.kind, *(f"{n}={v}" for n, v in self.config.items())])


# Every detector's grid. The first configuration is the default of its library (LOF's
# and the SVM's are scikit-learn's); the forests of 1,000 trees are the control "same
# detector, ten times the trees".
GRIDS = {
    "k-means": (KMeansDetector(), [{"n_clusters": k} for k in (8, 1, 2, 4, 16, 32)]),
    "Isolation Forest": (
        IsolationForest(),
        [
            {"n_estimators": t, "max_samples": m}
            for t, m in [
                (100, 256),
                *((100, m) for m in (8, 16, 32, 64, 128, 512, 1024)),
                (25, 256),
                (300, 256),
            ]
            + [(1000, 256), (1000, 64)]
        ],
    ),
    "LOF": (
        LocalOutlierFactor(),
        [
            {"n_neighbors": k, "metric": m}
            for m in ("euclidean", "manhattan", "chebyshev")
            for k in (20, 5, 10, 40, 80, 120, 160)
        ],
    ),
    "kNN": (
        KNNDetector(),
        [
            {"n_neighbors": k, "method": m}
            for m in ("largest", "mean", "median")
            for k in (5, 2, 10, 20, 40, 80)
        ],
    ),
    "One-Class SVM": (
        OneClassSVM(),
        [
            {"nu": nu, "gamma": g}
            for g in ("scale", 0.001, 0.01, 0.1, 1.0)
            for nu in (0.5, 0.01, 0.05, 0.1, 0.2)
        ],
    ),
    "autoencoder": (
        AutoencoderDetector(device="cpu"),
        [
            {"hidden": hidden, "code_size": size, "epochs": 20, "learning_rate": 1e-3}
            for hidden, size in [
                ((128, 64, 32), 10),
                ((64, 32), 2),
                ((64, 32), 4),
                ((32,), 2),
            ]
        ]
        + [{"hidden": (32,), "code_size": 4, "epochs": 5, "learning_rate": 1e-3}],
    ),
}


def candidates(grids=None):
    """All configurations of `grids`, by default GRIDS: list of Candidate, those of
    one detector side by side.
    """
    grids = GRIDS if grids is None else grids
    return [
        Candidate(kind, detector, config)
        for kind, (detector, configs) in grids.items()
        for config in configs
    ]


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
    """True if another seed gives other scores."""
    return "random_state" in detector.get_params() and not isinstance(
        detector, KNNDetector
    )


def compute(tasks, found, folder, n_seeds=3, n_jobs=1):
    """Raw scores of every candidate on every table and seed, one .npz file a table and
    seed.

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
    """A function (table number, seed) -> (scores (n, m), y (m,)) over what `compute`
    stored, as `hold_out` takes it.

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
        """The matrix of some detectors alone."""
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
        """Column of the first configuration of a detector, its library's default."""
        return self.kinds.index(kind)

    def compact(self, digits=5):
        """As JSON takes it, values rounded."""
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
        """A matrix from what `compact` made."""
        arrays = {
            n: np.array(stored[n], dtype=np.float64) for n in ("auroc", "ap", "seconds")
        }
        return cls(**{**{n: stored[n] for n in cls._fields}, **arrays})


def matrix(tasks, found, folder, n_seeds=3, n_jobs=1):
    """`compute` what is missing in the folder, and judge the scores: Matrix."""
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
