"""What lesson 02 measures with: seven detectors by name, three data sets in the plane,
one-class tasks, grids of settings, and what a choice by labels promises too much.
"""

from functools import partial
from typing import NamedTuple

import numpy as np
from sklearn.neighbors import LocalOutlierFactor
from sklearn.svm import OneClassSVM

from metaad import data, metrics
from metaad.detectors import (
    IsolationForest,
    KMeansDetector,
    KNNDetector,
    MahalanobisDetector,
    PCADetector,
    anomaly_score,
)

NAMES = (
    "k-means",
    "kNN",
    "LOF",
    "One-Class SVM",
    "Mahalanobis",
    "PCA",
    "Isolation Forest",
)
# the first of each is the default
GRID = {
    "k-means": [{"n_clusters": m} for m in (8, 1, 2, 4, 16, 32)],
    "kNN": [{"n_neighbors": k} for k in (5, 1, 20, 50)],
    "LOF": [{"n_neighbors": k} for k in (20, 5, 10, 50, 100)],
    "One-Class SVM": [
        {"nu": v, "factor": f} for v in (0.5, 0.05) for f in (1.0, 0.1, 10.0)
    ],
    "Mahalanobis": [{"ridge": r} for r in (0.01, 0.0001, 0.1, 1.0)],
    "PCA": [{"n_components": s} for s in (0.9, 0.5, 0.7, 0.97)],
    "Isolation Forest": [{"max_samples": m} for m in (256, 8, 32)],
}
DEFAULT = {name: settings[0] for name, settings in GRID.items()}
KINDS = ("clump", "beside the tight blob", "centre of the ring", "just inside the ring")


def make(name, X, seed=0, **setting):
    """Return the named detector, not yet fitted.

    X : array (n, d), what it will see: numbers of rows are cut to what n allows.
    setting : as in GRID; what is left out is the default's.
    """
    n, d = X.shape
    chosen = DEFAULT[name] | setting
    if name == "k-means":
        m = min(chosen["n_clusters"], n)
        return KMeansDetector(m, n_init=3, random_state=seed)
    if name in ("kNN", "LOF"):
        k = min(chosen["n_neighbors"], n - 1)
        return KNNDetector(k) if name == "kNN" else LocalOutlierFactor(k, novelty=True)
    if name == "One-Class SVM":
        # factor 1 is scikit-learn's "scale"
        gamma = chosen["factor"] / (d * (X.var() or 1.0))
        return OneClassSVM(nu=chosen["nu"], gamma=gamma)
    if name == "Mahalanobis":
        return MahalanobisDetector(chosen["ridge"])
    if name == "PCA":
        return PCADetector(chosen["n_components"])
    return IsolationForest(max_samples=min(chosen["max_samples"], n), random_state=seed)


def training_scores(detector, X):
    """Return the anomaly scores (n,) of the rows X (n, d) that a detector was fitted on.

    scikit-learn's LOF takes what it scores for new rows, so that each row of X would be
    its own neighbour; it keeps the right scores of its own rows itself.
    """
    if isinstance(detector, LocalOutlierFactor):
        return -detector.negative_outlier_factor_
    return anomaly_score(detector, X)


def shapes(rng, clump=25):
    """Draw three data sets in the plane: dict name -> (normal rows (300, 2), dict of
    planted anomalies, name -> (p, 2)).

    clump : how many anomalies lie together beside the one blob.
    """
    angle = rng.uniform(0, 2 * np.pi, 300)
    circle = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    ring = 2.5 * circle + rng.normal(0, 0.15, (300, 2))
    tight, wide = rng.normal(-2.5, 0.15, (150, 2)), rng.normal(2.5, 1.2, (150, 2))
    blob, together = rng.normal(0, 1, (300, 2)), rng.normal(4.5, 0.1, (clump, 2))
    beside, centre, inside = (np.array([p]) for p in ((-1.9, -1.9), (0, 0), (1.9, 0)))
    return {
        "one blob": (blob, {KINDS[0]: together}),
        "two blobs": (np.concatenate([tight, wide]), {KINDS[1]: beside}),
        "ring": (ring, {KINDS[2]: centre * 1.0, KINDS[3]: inside}),
    }


def caught(detector, normal, planted):
    """Tell which planted rows score above 95 % of the normal rows, all of them having
    been fitted: bool (p,).
    """
    scores = training_scores(detector, np.concatenate([normal, planted]))
    return scores[len(normal) :] > np.quantile(scores[: len(normal)], 0.95)


def panel(title, detector, normal, planted, **more):
    """Return what one panel of `plots.detectors.score_contours` shows."""
    panel = {"title": title, "normal": normal, "planted": planted, **more}
    panel["score"] = partial(anomaly_score, detector)
    return panel | {"caught": caught(detector, normal, planted)}


def share_caught(name, seed, *, clump=25, draws=10, **setting):
    """Return the share of each kind of planted anomaly that a detector catches:
    array (draws, 4), in the order of KINDS.
    """
    found = np.zeros((draws, len(KINDS)))
    for draw in range(draws):
        hits = []
        for normal, kinds in shapes(
            np.random.default_rng([seed, draw]), clump
        ).values():
            planted = np.concatenate(list(kinds.values()))
            X = np.concatenate([normal, planted])
            hit = caught(make(name, X, seed, **setting).fit(X), normal, planted)
            ends = np.cumsum([len(p) for p in kinds.values()])[:-1]
            hits += [part.mean() for part in np.split(hit, ends)]
        found[draw] = hits
    return found


class Task(NamedTuple):
    """One-class task: rows to learn from (n, d), rows to judge by (m, d), y (m,)."""

    group: str
    name: str
    train: np.ndarray
    test: np.ndarray
    y: np.ndarray


def standardise(train, *others):
    """Return every array in units of the training rows: minus their mean, divided by
    their standard deviation, column by column; a constant column stays constant.
    """
    mean, deviation = train.mean(axis=0), train.std(axis=0)
    deviation = np.where(deviation > 0, deviation, 1.0)
    return [(X - mean) / deviation for X in (train, *others)]


GROUPS = ("breast-cancer", "wine", "digits", "mnist-5k")


def tasks(seed, groups=GROUPS, most=450):
    """Return one-class tasks: half of the normal rows to learn from, the other half and
    at most `most` anomalies to judge by. Tables are standardised, images are not; of
    image sets each class is normal in turn.

    groups : names of data sets, or Tables.
    """
    rng, found = np.random.default_rng(seed), []
    for group in groups:
        table = data.load(group) if isinstance(group, str) else group
        group = table.name
        X = table.X.reshape(len(table.X), -1)
        classes = range(10) if table.task == "classes" else [None]
        for c in classes:
            y = table.y if c is None else (table.y != c).astype(int)
            normal, rare = (rng.permutation(np.flatnonzero(y == v)) for v in (0, 1))
            half = len(normal) // 2
            judged = np.concatenate([normal[half:], rare[:most]])
            train, test = X[normal[:half]], X[judged]
            if c is None:
                train, test = standardise(train, test)
            name = group if c is None else f"{group} {c}"
            found.append(Task(group, name, train, test, y[judged]))
    return found


def grid_scores(task, seed, grid=GRID):
    """Return the scores of every setting on one task: dict name -> (settings, m).

    They are rounded to ten digits, so that noise of the last bit breaks no tie.
    """
    return {
        name: metrics.significant(
            [
                anomaly_score(
                    make(name, task.train, seed, **s).fit(task.train), task.test
                )
                for s in settings
            ]
        )
        for name, settings in grid.items()
    }


def rare_precision(y, scores, rng, *, share=0.1, draws=20):
    """Return average precision (settings,) where anomalies are as rare as `share`: the
    mean over draws of which anomalies stay among the rows judged. Chance is `share`.

    y : (m,). scores : (settings, m).
    """
    normal, rare = np.flatnonzero(y == 0), np.flatnonzero(y == 1)
    kept = min(len(rare), max(1, round(share / (1 - share) * len(normal))))
    found = []
    for _ in range(draws):
        rows = np.concatenate([normal, rng.choice(rare, kept, replace=False)])
        found.append(metrics.average_precision(y[rows], scores[:, rows]))
    return np.mean(found, axis=0)


def halves(y, rng):
    """Return half of the normal rows and half of the anomalies: bool (m,)."""
    first = np.zeros(len(y), dtype=bool)
    for kind in (0, 1):
        rows = rng.permutation(np.flatnonzero(y == kind))
        first[rows[: len(rows) // 2]] = True
    return first


def own_against_others(scores, ys, rng, repeats=20):
    """Return what a task's own labels gain over the other tasks' best setting: (tasks,).

    On each task the setting that is best on half of the rows judged, against the one
    that is best on the mean of the other tasks; both are measured on the other half.

    scores : list of (settings, m), one for each task. ys : list of (m,)."""
    whole = np.array([metrics.auroc(y, s) for y, s in zip(ys, scores, strict=True)])
    gains = []
    for t, (y, s) in enumerate(zip(ys, scores, strict=True)):
        theirs, found = np.delete(whole, t, axis=0).mean(axis=0).argmax(), []
        for _ in range(repeats):
            A = halves(y, rng)
            own = metrics.auroc(y[A], s[:, A]).argmax()
            on_B = metrics.auroc(y[~A], s[:, ~A])
            found.append(on_B[own] - on_B[theirs])
        gains.append(np.mean(found))
    return np.array(gains)


def two_parts(scores, y, rng, *, repeats=40, anomalies=10, normals=50):
    """Return AUROC of every candidate on two parts that share no row: arrays
    (repeats, candidates) on A and on B.

    scores : (candidates, m). anomalies, normals : the most that each part holds.
    """
    where = [np.flatnonzero(y == kind) for kind in (0, 1)]
    sizes = [
        min(most, len(r) // 2)
        for most, r in zip((normals, anomalies), where, strict=True)
    ]
    found = []
    for _ in range(repeats):
        dealt = [rng.permutation(rows) for rows in where]
        parts = [
            np.concatenate(
                [d[h * s : (h + 1) * s] for d, s in zip(dealt, sizes, strict=True)]
            )
            for h in (0, 1)
        ]
        found.append([metrics.auroc(y[p], scores[:, p]) for p in parts])
    return np.array(found).transpose(1, 0, 2)


def flattery(scores, y, rng, **options):
    """Choose by the labels of part A. Mean over repeats of: the chosen one's AUROC on A,
    its AUROC on B, the mean candidate's on B. Options as in `two_parts`.
    """
    on_a, on_b = two_parts(scores, y, rng, **options)
    best, rows = on_a.argmax(axis=1), np.arange(len(on_a))
    return on_a[rows, best].mean(), on_b[rows, best].mean(), on_b.mean()
