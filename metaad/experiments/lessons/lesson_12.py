"""What lesson 12 measures with: the simplest detector in context, tables to learn it
from, and what rivals reach on the same rows.
"""

from typing import NamedTuple

import numpy as np
from sklearn.linear_model import LogisticRegression

from metaad import data, metrics, repro
from metaad.detectors import IsolationForest, KNNDetector, anomaly_score
from metaad.meta.context.detector import ContextDetector
from metaad.meta.context.neighbours import squares
from metaad.meta.context.rows import surprise
from metaad.tasks.tables import TableTasks, adbench_names, class_tables

WAYS = (
    "nearest row",
    "fifth nearest row",
    "density ratio",
    "leverage",
    "farthest column",
    "mean of columns",
)
LEARNED, AVERAGE = "learned weights", "average, no weights"
CLEAN, MIXED = "tables-v1, clean", "tables-v1, mixed"
FOREST, NEAREST, FAR = "Isolation Forest", "kNN, 1 neighbour", "kNN, 20 neighbours"
SHARES = (0.0, 0.02, 0.05, 0.1, 0.2)  # of anomalies among the rows that are read
LEAST = 8  # rows that a context needs


def laid_out(X, rows):
    """Scale rows (m, d) by the mean and the deviation of the context X (n, d)."""
    return (rows - X.mean(axis=0)) / (X.std(axis=0) + 1e-9)


def ways(A, rows=None):
    """Six ways of being unusual in the context A (n, d): array (m, 6), large = unusual.

    rows : array (m, d), scaled as A is; None judges A's own rows, each without itself."""
    own, B = rows is None, A if rows is None else rows
    among, D = np.sqrt(squares(A, A)), np.sqrt(squares(B, A))
    for own_distances in (among, D) if own else (among,):
        np.fill_diagonal(own_distances, np.inf)  # no row is its own neighbour
    near, fifth = np.argsort(D, axis=1, kind="stable")[:, :5], np.sort(D, axis=1)[:, 4]
    theirs = np.sort(among, axis=1)[:, 4][near].mean(axis=1)
    inverse = np.linalg.inv(A.T @ A + A.shape[1] * np.eye(A.shape[1]))
    leverage = ((B @ inverse) * B).sum(axis=1)
    if own:
        leverage = leverage / (1.0 - leverage)  # as if the row were not in A
    out = np.abs(B)
    found = D.min(axis=1), fifth, fifth / (theirs + 1e-9), leverage, out.max(axis=1)
    return np.stack([*found, out.mean(axis=1)], axis=1)


def described(X, rows):
    """Read the context X (n, d) and describe rows (m, d): array (m, 6) of surprises."""
    A, B = laid_out(X, X), laid_out(X, rows)
    return surprise(np.sort(ways(A), axis=0), ways(A, B))


def learn(tables):
    """Learn one weight for each way, from (S, y) of many tables: array (6,).

    S : array (m, 6) of surprises, y : array (m,), 1 for an anomaly. Tables weigh alike,
    and so do the two kinds of rows in each."""
    S, y = (np.concatenate(parts) for parts in zip(*tables, strict=True))
    alike = [np.where(t == 1, 0.5 / t.sum(), 0.5 / (1 - t).sum()) for _, t in tables]
    weight = np.concatenate(alike) * len(y) / len(tables)
    return LogisticRegression().fit(S, y, sample_weight=weight).coef_[0]


class Read(NamedTuple):
    """A table in two parts: rows that a detector reads, and rows that judge it."""

    name: str
    family: str
    X: np.ndarray  # (n, d), read
    rows: np.ndarray  # (m, d), to judge by
    y: np.ndarray  # (m,), 1 for an anomaly

    @property
    def surprises(self):
        """The rows that judge, described in the context: array (m, 6)."""
        return described(self.X, self.rows)


def divided(table, seed, share=0.0, most=None):
    """Divide a table: half of its normal rows may be read, all other rows judge.

    table : anything with X, y and a name. share : of the rows that are read, so many
    are anomalies, and take the place of normal ones; they judge no more. most : rows
    read at most. With another share the normal rows that judge are the same."""
    rng = np.random.default_rng([seed, len(table.y)])
    normal = rng.permutation(np.flatnonzero(table.y == 0))
    odd = rng.permutation(np.flatnonzero(table.y == 1))
    half = len(normal) // 2
    n = max(LEAST, min(half, most or half, int(2.5 * len(odd))))
    bad = int(share * n)
    read, judged = np.r_[normal[: n - bad], odd[:bad]], np.r_[normal[half:], odd[bad:]]
    family = getattr(table, "family", table.name)
    parts = table.X[read], table.X[judged], table.y[judged]
    return Read(table.name, family, *parts)


def followed(run):
    """Load the table that the lesson follows, a Table: the clinic's, or the reader's."""
    needs = {"anomalies": LEAST, "normal": 2 * LEAST}
    return repro.own_table(run, lambda: data.load("breast-cancer"), **needs)


def teachers(quick, seed, others="all"):
    """Return tables that teach: the classes of two sets of digits, one normal each; in
    full the tables of ADBench too.

    others : as `class_tables` takes it."""
    sizes = (170, 200) if quick else (None, 400)
    how = {"rate": 0.2, "random_state": seed, "others": others}
    tables = class_tables("digits", n_normal=sizes[0], pool=2, **how)
    tables += class_tables("mnist-5k", n_normal=sizes[1], pool=4, **how)
    names = [] if quick else adbench_names() or adbench_names(download=True)
    return [*tables, *TableTasks(names, max_rows=1000, scale=None)] if names else tables


def reached(reads):
    """Return the AUROC of learned weights, of the plain average and of each way alone:
    dict name -> array (n_tables,).

    reads : list of Read. Weights are learned on all tables but those of the family that
    they are judged on."""
    described_rows = [(r.surprises, r.y) for r in reads]
    found = {name: [] for name in (LEARNED, AVERAGE, *WAYS)}
    for read, (S, y) in zip(reads, described_rows, strict=True):
        others = zip(reads, described_rows, strict=True)
        weights = learn([d for r, d in others if r.family != read.family])
        scores = [S @ weights, S.mean(axis=1), *S.T]
        for name, score in zip(found, scores, strict=True):
            found[name].append(metrics.auroc(y, score))
    return {name: np.array(values) for name, values in found.items()}


def scores(read):
    """Score the rows that judge by the shipped detector, in both its settings, and by
    what needs no other table: dict name -> array (m,), large = anomalous.
    """
    A, B = laid_out(read.X, read.X), laid_out(read.X, read.rows)
    settings = {CLEAN: ContextDetector(), MIXED: ContextDetector(context="mixed")}
    found = {n: anomaly_score(d.fit(read.X), read.rows) for n, d in settings.items()}
    for name, k in ((NEAREST, 1), (FAR, 20)):
        k = min(k, len(A) - 1)
        found[name] = anomaly_score(KNNDetector(k).fit(A), B)
    forest = IsolationForest(random_state=0).fit(read.X)
    return found | {FOREST: anomaly_score(forest, read.rows)}


def judged(reads):
    """Return the AUROC of each of `scores` on each table: dict name -> array
    (n_tables,).
    """
    rows = [{n: metrics.auroc(r.y, s) for n, s in scores(r).items()} for r in reads]
    return {name: np.array([row[name] for row in rows]) for name in rows[0]}


def spoilt(tables, seed, shares=SHARES, most=None):
    """Return the AUROC on each table with each share of anomalies among the rows that
    are read: dict name -> array (n_shares, n_tables).
    """
    each = [judged([divided(t, seed, s, most) for t in tables]) for s in shares]
    return {name: np.stack([of[name] for of in each]) for name in each[0]}
