"""What lesson 10 measures with: small tables divided into rows to read and rows to
judge, what settings get on them, and what a strategy that learned elsewhere gets."""

import warnings
from typing import NamedTuple

import numpy as np
from sklearn.neighbors import LocalOutlierFactor

from metaad import data, metrics
from metaad.detectors import KNNDetector, anomaly_score
from metaad.search.space import configured, space
from metaad.search.tuning.meta_features import meta_features
from metaad.search.tuning.strategies import Evidence
from metaad.tasks.tables import TableTasks, class_tables

K = (5, 1, 2, 10, 20, 40, 80)
GRID = {
    "kNN": (KNNDetector(), [{"n_neighbors": k, "method": "largest"} for k in K]),
    "LOF": (
        LocalOutlierFactor(),
        [
            {"n_neighbors": k, "metric": m}
            for m in ("euclidean", "manhattan")
            for k in (20, 5, 10, 40, 80)
        ],
    ),
}
WAYS = ("clean", "mixed")


class Rows(NamedTuple):
    """A table in two parts. X : rows read, (n, d). Q, y : rows judged, (m, d) and (m,),
    1 for an anomaly. family : of the table."""

    X: np.ndarray
    Q: np.ndarray
    y: np.ndarray
    family: str


def small_tables(seed, rows=250):
    """Return the tables that come with the package, as TableTasks: of each digit of two
    data sets with one other digit as anomalies, and two tables of its own kind.
    """
    options = {"n_normal": 150, "rate": 0.15, "others": "one", "random_state": seed}
    digits = class_tables("digits", pool=2, **options)
    tables = [*digits, *class_tables("mnist-5k", pool=4, **options)]
    return TableTasks([*tables, "breast-cancer", "wine"], rows, seed)


def halves(X, y, way, seed=0):
    """Divide a table into rows to read and rows to judge: X, Q, y of Q.

    way : "clean", half of the normal rows are read; "mixed", half of all rows. Columns
    are scaled by the rows read."""
    if way not in WAYS:
        raise ValueError(f'way must be "clean" or "mixed", got {way!r}.')
    order = np.random.default_rng(seed).permutation(len(y))
    pool = order[y[order] == 0] if way == "clean" else order
    read = pool[: len(pool) // 2]
    judged = np.setdiff1d(order, read)
    mean, spread = X[read].mean(axis=0), X[read].std(axis=0)
    spread = np.where(spread > 1e-12, spread, 1.0)
    return (X[read] - mean) / spread, (X[judged] - mean) / spread, y[judged]


def divided(tables, way, seed=0):
    """Return labelled tables in two parts each: list of Rows."""
    return [Rows(*halves(t.X, t.y, way, seed), t.family) for t in tables]


def clinic(way, seed=0):
    """Return the clinic's table, 357 benign tumours and 39 malignant ones, in two parts:
    X, Q, y.
    """
    table = data.rarer(data.load("breast-cancer"), 0.1, seed)
    return halves(table.X, table.y, way, seed)


def performance(tables, detector, settings):
    """Return the AUROC of every setting on every table: (n_tables, n_settings).

    tables : list of Rows; labels judge, and nothing else."""
    values = np.empty((len(tables), len(settings)))
    for t, table in enumerate(tables):
        for c, setting in enumerate(settings):
            made = configured(detector, setting, len(table.X)).fit(table.X)
            values[t, c] = metrics.auroc(table.y, anomaly_score(made, table.Q))
    return values


def elsewhere(strategy, values, features, codes, families):
    """Return what a strategy gets on each table, (n_tables,), when it may learn from the
    tables of other families alone.
    """
    reached = np.empty(len(values))
    for family in dict.fromkeys(families):
        out = np.array(families) == family
        strategy.fit(Evidence(values[~out], features[~out], codes))
        for t in np.flatnonzero(out):
            chosen = strategy.choose(features[t])[0]
            reached[t] = values[t, chosen]
    return reached


def grid_average(tables, detector, settings):
    """Return the AUROC of the mean rank of all settings: (n_tables,). It learns nothing."""
    found = np.empty(len(tables))
    for t, (X, Q, y, _) in enumerate(tables):
        made = [configured(detector, s, len(X)).fit(X) for s in settings]
        ranks = metrics.ranks(np.array([anomaly_score(m, Q) for m in made]))
        found[t] = metrics.auroc(y, ranks.mean(axis=0))
    return found


def described(tables, detector, settings):
    """Return meta-features of the rows read, (n_tables, p), and the settings as numbers,
    (n_settings, q).
    """
    codes = [space(detector).encode(s) for s in settings]
    return np.array([meta_features(t.X) for t in tables]), np.array(codes)


def quietly():
    """Leave out scikit-learn's warning of twins among few neighbours."""
    warnings.filterwarnings("ignore", "Duplicate values are leading to incorrect")
