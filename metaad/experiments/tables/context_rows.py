"""Rows of hundreds of tables as numbers, kept in a folder: what context detectors learn
from.
"""

import time
import zlib

import numpy as np
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.neighbors import LocalOutlierFactor

from metaad import data, metrics
from metaad.detectors import (
    IsolationForest,
    KNNDetector,
    MahalanobisDetector,
    anomaly_score,
)
from metaad.meta.context.rows import Context
from metaad.meta.context.spaces import Spaces
from metaad.repro import cache
from metaad.tasks.held_out_columns import held_out_columns
from metaad.tasks.parts import read_and_judged
from metaad.tasks.synthetic_tables import synthetic_table

RIVALS = ("knn1", "knn5", "rank-knn1", "rank-knn5", "lof", "forest", "mahalanobis")
HELD_OUT, SUBSETS = 5, 2  # more tasks of each table
EASY = 0.68  # AUROC of a classifier; a task below it has nothing to find
LEARNED = 300  # rows of a kind that a table teaches with


def rivals(X, Q):
    """Score rows Q (m, d) by seven detectors that have read X (n, d): dict name -> (m,),
    large = anomalous.

    kNN on standardised columns and on normal scores, LOF of 20 neighbours, Isolation
    Forest and Mahalanobis on standardised columns."""
    spread = X.std(axis=0)
    spread = np.where(spread > 0, spread, 1.0)
    A, B = ((rows - X.mean(axis=0)) / spread for rows in (X, Q))
    spaces = Spaces(X)
    ranks = [spaces(rows)["rank"] for rows in (X, Q)]
    scores = {
        f"{name}{k}": anomaly_score(KNNDetector(k).fit(rows[0]), rows[1])
        for k in (1, 5)
        for name, rows in (("knn", (A, B)), ("rank-knn", ranks))
    }
    lof = LocalOutlierFactor(min(20, len(A) - 1), novelty=True).fit(A)
    forest = IsolationForest(random_state=0).fit(A)
    gauss = MahalanobisDetector().fit(A)
    found = {"lof": lof, "forest": forest, "mahalanobis": gauss}
    return scores | {name: anomaly_score(d, B) for name, d in found.items()}


def table_rows(name, setting, judged=2000):
    """Return one table's rows as numbers: dict of "F" (m, NUMBERS), "y" (m,) and the
    rivals' scores; None if all judged rows are of one kind.
    """
    X, Q, y, _ = read_and_judged(name, setting, most_judged=judged)
    if y.min() == y.max():
        return None
    scores = rivals(X, Q)
    return {"F": Context(X)(Q).astype(np.float32), "y": y} | scores


def more_tasks(name):
    """Yield more tasks of one table: dicts of "F" and "y".

    Five times a column is held out and becomes the answer, twice the table itself with
    some of its columns and fewer rows."""
    rng = np.random.default_rng(zlib.crc32(name.encode()))
    table, found = data.load(name), 0
    for task in held_out_columns(table.X[table.y == 0], rng):
        rows, Q, y = _read_and_judged(task.normal, task.anomalies, rng)
        if found < HELD_OUT and _can_be_told(Q, y):
            found += 1
            yield {"F": Context(rows)(Q).astype(np.float32), "y": y}
    for _ in range(SUBSETS):
        seed = int(rng.integers(1, 10**6))
        X, Q, y, _ = read_and_judged(table, seed=seed)
        d = X.shape[1]
        columns = rng.choice(d, int(rng.integers(min(3, d), d + 1)), replace=False)
        n = int(np.exp(rng.uniform(np.log(100), np.log(1000))))
        some = np.r_[np.flatnonzero(y == 1)[:250], np.flatnonzero(y == 0)[:350]]
        if 8 <= y[some].sum() < len(some):
            numbers = Context(X[:n, columns])(Q[some][:, columns])
            yield {"F": numbers.astype(np.float32), "y": y[some]}


def synthetic_tasks(seed, n_tasks=20):
    """Return tasks of synthetic tables: list of dicts of "F" and "y"."""
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(n_tasks):
        X, Q, y = _read_and_judged(*synthetic_table(rng), rng)
        found.append({"F": Context(X)(Q).astype(np.float32), "y": y})
    return found


def _read_and_judged(normal, anomalies, rng):
    normal, anomalies = rng.permutation(normal), rng.permutation(anomalies)
    n = min(len(normal) // 2, int(np.exp(rng.uniform(np.log(150), np.log(1000)))))
    judged, odd = normal[n : n + 350], anomalies[:250]
    y = np.repeat([0, 1], [len(judged), len(odd)])
    return normal[:n], np.r_[judged, odd], y


def _can_be_told(Q, y):
    """Whether a classifier with the labels finds anything to tell the kinds by."""
    trees = ExtraTreesClassifier(
        30, min_samples_leaf=2, bootstrap=True, oob_score=True, random_state=0,
        class_weight="balanced",
    ).fit(Q, y)  # fmt: skip
    return metrics.auroc(y, np.nan_to_num(trees.oob_decision_function_[:, 1])) >= EASY


SYNTHETIC = 10  # files of 20 tables each


def fill_synthetic(folder):
    """Make the synthetic tables' rows, 20 tables a file, what is not there yet."""
    for seed in range(SYNTHETIC):
        made = path_of(folder, "synthetic", seed)
        words = synthetic_tasks, seed
        _once(made, words, lambda s=seed: synthetic_tasks(s))


def fill(folder, names, settings=("clean", "mixed"), more=True):
    """Make what is not there yet; a run that was killed goes on.

    Returns the CPU seconds of all that was made, now or before."""
    for i, name in enumerate(names):
        for s in settings:
            path, words = path_of(folder, s, name), (name, s)
            _once(path, (table_rows, *words), lambda w=words: [table_rows(*w)])
        if more:
            made = path_of(folder, "more", name)
            _once(made, (more_tasks, name), lambda n=name: list(more_tasks(n)))
        if i % 20 == 0:
            print(f"{i + 1} of {len(names)} tables", flush=True)


def _once(path, of, make):
    """Keep what `make` makes, unless the file holds it already under the same key.

    of : the function that makes it, and what it is told."""
    key = cache.key(code=[of[0], Context], of=list(of[1:]))
    if cache.stored(path, key) is not None:
        return
    began = time.process_time()
    tasks = [task for task in make() if task is not None]
    arrays = {f"{i}.{name}": v for i, t in enumerate(tasks) for name, v in t.items()}
    path.parent.mkdir(parents=True, exist_ok=True)
    cache.keep(path, key, seconds=time.process_time() - began, **arrays)


def tasks_of(path):
    """Return the tasks of a file that `fill` made: list of dict."""
    found = {}
    try:
        with np.load(path, allow_pickle=False) as file:
            for key in file.files:
                number, dot, name = key.partition(".")
                if dot:
                    found.setdefault(int(number), {})[name] = file[key]
    except FileNotFoundError:
        return []
    return [found[i] for i in sorted(found)]


def seconds_of(path):
    """Return the CPU seconds that a file of `fill` took."""
    with np.load(path, allow_pickle=False) as file:
        return float(file["seconds"])


def path_of(folder, kind, name):
    """Return the file of a table's rows: kind is "clean", "mixed" or "more"; of
    synthetic ones "synthetic", with a number as the name.
    """
    return folder / kind / f"{str(name).replace(':', '_')}.npz"
