"""Lists of alerts for one table: its past and what is judged, and what each method puts
in front.
"""

import zlib
from typing import NamedTuple

import numpy as np
from sklearn.ensemble import IsolationForest, RandomForestClassifier
from sklearn.preprocessing import StandardScaler

from metaad import data
from metaad.data.simulated import road_traffic, supply_chain
from metaad.detectors import KNNDetector, anomaly_score
from metaad.meta import ContextDetector, FewLabelEnsemble
from metaad.tasks.labels import draw_labels

NORMAL, RARE, JUDGED = 940, 0.05, 1900  # past normal rows; most anomalies; judged ones
LABELS, LOOKED_AT = 10, 50  # anomalies and normal rows with a label
PLAIN, KNN = "forest, as it comes", "kNN"
FOREST_NORMAL, KNN_NORMAL = "forest, normal rows", "kNN, normal rows"
CONTEXT, FEW = "context, normal rows", "few labels"
CLASSIFIER = "classifier, same labels"
METHODS = (PLAIN, KNN, FOREST_NORMAL, KNN_NORMAL, CONTEXT, FEW, CLASSIFIER)


class Rows(NamedTuple):
    """A table divided: `past` (n, d) with its truth `known` (n,), and the rows that are
    judged, X (m, d) with y (m,). kinds : int (m,), of a simulated table."""

    past: np.ndarray
    known: np.ndarray
    X: np.ndarray
    y: np.ndarray
    kinds: np.ndarray | None = None


def divided(name, seed=0, normal=NORMAL, judged=JUDGED):
    """Divide a table by lot into its past and the rows that judge: `Rows`.

    Half of the anomalies belong to each. At most one row in twenty is one, in either
    part. A table's own training rows belong to the past.

    name : of a table, or a `data.Table`. normal, judged : normal rows of each, at most.
    """
    table = data.load(name) if isinstance(name, str) else name
    rng = np.random.default_rng([seed, zlib.crc32(table.name.lower().encode())])
    order, y = rng.permutation(len(table.y)), table.y
    trained = np.zeros(len(y), bool) if table.train is None else table.train
    normals, odd = (order[(y[order] == k) & ~trained[order]] for k in (0, 1))
    half, first = len(normals) // 2, len(odd) // 2
    past = rng.permutation(np.r_[order[trained[order]], normals[:half]])[:normal]
    later = normals[half:][:judged]
    parts = [
        rng.permutation(np.r_[rows, found[: max(1, int(RARE * len(rows)))]])
        for rows, found in ((past, odd[:first]), (later, odd[first:]))
    ]
    return Rows(*(a for p in parts for a in (table.X[p], y[p])))


def by_time(name, seed=0, normal=NORMAL):
    """Simulate a world and divide it by time: `Rows`. The first half of the warehouse's
    days are the past, and the first two of the motorway's three weeks.
    """
    module = {m.NAME: m for m in (supply_chain, road_traffic)}[name]
    world = module.simulate(seed=seed)
    table, kinds = world.table(), world.kind.ravel()
    first = world.days < {supply_chain.NAME: 91, road_traffic.NAME: 14}[name]
    rng = np.random.default_rng(seed)
    rows = rng.permutation(np.flatnonzero(first))
    odd, plain = rows[table.y[rows] == 1], rows[table.y[rows] == 0][:normal]
    past = rng.permutation(np.r_[plain, odd[: int(RARE * len(plain))]])
    later = ~first
    return Rows(
        table.X[past], table.y[past], table.X[later], table.y[later], kinds[later]
    )


def labelled(known, seed=0):
    """Return the labels (n,) that a method sees: ten anomalies and fifty normal rows,
    at most half of each; -1 elsewhere.
    """
    where = draw_labels(known, LABELS, LOOKED_AT, np.random.default_rng(seed))
    labels = np.full(len(known), -1)
    labels[where] = known[where]
    return labels


def lists(rows, seed=0, methods=METHODS):
    """Return the scores of the judged rows by each method, large = odd: dict name -> (m,).

    All see the same past, and keep their defaults. "normal rows": the past without its
    anomalies. kNN sees standardised columns. The two with labels see those of
    `labelled`; "classifier" is a random forest on them alone."""
    labels = labelled(rows.known, seed)
    clean = rows.past[rows.known == 0]
    made = {
        PLAIN: lambda: _forest(rows.past, rows.X, seed),
        KNN: lambda: _knn(rows.past, rows.X),
        FOREST_NORMAL: lambda: _forest(clean, rows.X, seed),
        KNN_NORMAL: lambda: _knn(clean, rows.X),
        CONTEXT: lambda: _context(clean, rows.X, seed),
        FEW: lambda: _few(rows.past, labels, rows.X, seed),
        CLASSIFIER: lambda: _classifier(rows.past, labels, rows.X, seed),
    }
    return {name: made[name]() for name in methods}


def _forest(past, X, seed):
    return anomaly_score(IsolationForest(random_state=seed).fit(past), X)


def _knn(past, X):
    scaler = StandardScaler().fit(past)
    detector = KNNDetector().fit(scaler.transform(past))
    return anomaly_score(detector, scaler.transform(X))


def _context(past, X, seed):
    return anomaly_score(ContextDetector(random_state=seed).fit(past), X)


def _few(past, labels, X, seed):
    detector = FewLabelEnsemble(random_state=seed, progress=False)
    return anomaly_score(detector.fit(past, labels), X)


def _classifier(past, labels, X, seed):
    seen = labels >= 0
    forest = RandomForestClassifier(200, class_weight="balanced", random_state=seed)
    return forest.fit(past[seen], labels[seen]).predict_proba(X)[:, 1]
