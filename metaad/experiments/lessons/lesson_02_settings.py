"""Lesson 02: the same tables with clean and with mixed training rows, and on them what
settings and seeds move.
"""

import warnings
from functools import partial

import numpy as np
import threadpoolctl

from metaad import data, metrics
from metaad.detectors import anomaly_score
from metaad.experiments.lessons.lesson_02 import (
    GRID,
    NAMES,
    Task,
    flattery,
    grid_scores,
    halves,
    make,
    standardise,
)

# relatives share a family: http and smtp come from one network trace
TABLES = """
    annthyroid breastw campaign cardio Cardiotocography celeba cover fault Hepatitis
    http InternetAds Lymphography mnist optdigits PageBlocks pendigits Pima shuttle
    skin smtp SpamBase thyroid vertebral WBC WDBC wine WPBC yeast
"""
TABLES = tuple(TABLES.split())
SPLITS = 3  # of each table
SHARE = 0.1  # of anomalies, at most, in a table


def digit_settings(seed):
    """Return AUROC on the ten classes of digits with three kinds of training rows: dict
    name -> array (3, 10): clean; a tenth are images of one other digit; a tenth are
    images of the nine others. The rows judged are the same.
    """
    digits = data.load("digits")
    images = digits.X.reshape(len(digits.X), -1)  # (1797, 64)
    found = {name: np.zeros((3, 10)) for name in NAMES}
    for c in range(10):
        rng = np.random.default_rng([seed, c])
        normal = rng.permutation(images[digits.y == c])
        one = rng.permutation(images[digits.y == (c + 1) % 10])
        nine = rng.permutation(images[digits.y != c])
        half, hidden = len(normal) // 2, len(normal) // 18  # a tenth of what is mixed
        test = np.concatenate([normal[half:], one[hidden:]])
        y = np.repeat([0, 1], [len(normal) - half, len(one) - hidden])
        clean = normal[:half]
        mixed = [np.concatenate([clean, rare[:hidden]]) for rare in (one, nine)]
        for name in NAMES:
            found[name][:, c] = [
                _auroc(name, X, test, y, seed) for X in (clean, *mixed)
            ]
    return found


def seeds_against_settings(tasks, seed, sizes=(8, 32, 256), refits=3):
    """Return how far the forest's AUROC moves on each task: over settings with one
    seed, and over as many seeds with one setting: two arrays (tasks,), each largest
    minus smallest.
    """
    spans = []
    for t in tasks:
        by_size = [
            _auroc("Isolation Forest", *t[2:], seed, max_samples=m) for m in sizes
        ]
        by_seed = [
            _auroc("Isolation Forest", *t[2:], seed + 1000 + k) for k in range(refits)
        ]
        spans.append([np.ptp(by_size), np.ptp(by_seed)])
    return np.transpose(spans)


def table_settings(name, max_rows, seed):
    """Measure one ADBench table, thinned to at most a tenth of anomalies and max_rows
    rows: what the lesson's record holds of it.

    Half of the normal rows are learned from, alone (clean) or with half of the
    anomalies (mixed); the rest is judged. AUROC at the defaults over SPLITS splits; on
    the first split the whole grid with mixed rows, and the forest at other seeds."""
    table = data.rarer(data.load(f"adbench:{name}"), SHARE, seed)
    rng = np.random.default_rng(seed)
    X, y = _drawn(table, max_rows, rng)
    auroc = {setting: {n: [] for n in NAMES} for setting in ("clean", "mixed")}
    first = None
    for _ in range(SPLITS):
        clean, mixed = _both(name, X, y, rng)
        first = first or mixed
        for setting, task in (("clean", clean), ("mixed", mixed)):
            for n in NAMES:
                auroc[setting][n].append(_round(_auroc(n, *task[2:], seed)))
    scores = grid_scores(first, seed)
    told = flattery(np.concatenate(list(scores.values())), first.y, rng)
    spans = seeds_against_settings([first], seed)
    return {
        "table": name,
        "family": data.family(f"adbench:{name}"),
        "rows": len(y),
        "columns": X.shape[1],
        "anomalies": int(y.sum()),
        **auroc,
        "grid": {n: _round(metrics.auroc(first.y, s)) for n, s in scores.items()},
        "gain": _own_gain(scores, first.y, rng),
        "forest span": [_round(v) for v in spans[:, 0]],
        "flattery": [_round(v) for v in told],
    }


def all_tables(max_rows, seed, progress=iter):
    """Return the records of all TABLES: a list of dicts, see `table_settings`."""
    measure = partial(table_settings, max_rows=max_rows, seed=seed)
    # the tables are small: a second thread waits more than it works
    with threadpoolctl.threadpool_limits(1), warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # LOF warns of duplicate rows
        return [measure(name) for name in progress(TABLES)]


def own_gains(tables):
    """Return what own labels gain over the setting that is best on the tables of other
    families: dict name -> (tables,), from the records of `table_settings`.
    """
    families = np.array([t["family"] for t in tables])
    found = {}
    for n in GRID:
        whole = np.array([t["grid"][n] for t in tables])  # (tables, settings)
        gains = []
        for t, record in enumerate(tables):
            theirs = whole[families != families[t]].mean(axis=0).argmax()
            own = record["gain"][n]
            gains.append(own["chosen"] - own["each"][theirs])
        found[n] = np.array(gains)
    return found


def _own_gain(scores, y, rng, repeats=20):
    """By halves of the rows judged: what the setting chosen on one half has on the
    other, and what each setting has there.
    """
    found = {n: {"chosen": [], "each": []} for n in scores}
    for _ in range(repeats):
        A = halves(y, rng)
        for n, s in scores.items():
            on_B = metrics.auroc(y[~A], s[:, ~A])
            found[n]["chosen"].append(on_B[metrics.auroc(y[A], s[:, A]).argmax()])
            found[n]["each"].append(on_B)
    return {
        n: {k: _round(np.mean(v, axis=0)) for k, v in f.items()}
        for n, f in found.items()
    }


def _drawn(table, most, rng):
    """At most `most` rows, anomalies in their share but ten of them if there are."""
    X, y = table.X, table.y
    normal, rare = (rng.permutation(np.flatnonzero(y == v)) for v in (0, 1))
    if len(y) > most:
        kept = min(len(rare), max(10, round(most * len(rare) / len(y))))
        normal, rare = normal[: most - kept], rare[:kept]
    rows = np.sort(np.concatenate([normal, rare]))
    return X[rows], y[rows]


def _both(name, X, y, rng):
    """The clean and the mixed task of one split; the rows judged are the same."""
    normal, rare = (rng.permutation(np.flatnonzero(y == v)) for v in (0, 1))
    half, hidden = len(normal) // 2, len(rare) // 2
    judged = np.concatenate([normal[half:], rare[hidden:]])
    learned = normal[:half], np.concatenate([normal[:half], rare[:hidden]])
    return [
        Task(name, name, *standardise(X[rows], X[judged]), y[judged])
        for rows in learned
    ]


def _auroc(name, train, test, y, seed, **setting):
    detector = make(name, train, seed, **setting).fit(train)
    return metrics.auroc(y, metrics.significant(anomaly_score(detector, test)))


def _round(values):
    return np.round(values, 5).tolist()
