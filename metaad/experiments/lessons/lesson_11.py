"""What lesson 11 measures with: labels of a table, rows described by scores, what
methods reach that learn nothing elsewhere, and a stack that learns from other tables.
"""

from typing import NamedTuple

import numpy as np

from metaad import data, metrics, repro
from metaad.meta.stack import Stack
from metaad.meta.stack.episodes import Episode
from metaad.meta.stack.inputs import inputs
from metaad.meta.stack.label_features import FEATURES, THREE, LabelFeatures
from metaad.meta.stack.row_features import TableFeatures
from metaad.tasks.labelled import LabelledTable
from metaad.tasks.labels import draw_labels
from metaad.tasks.tables import TableTasks, adbench_names, class_tables

COUNTS, N_NORMAL, N_TREES = (1, 2, 5, 10), 50, 20
FIVE, STACK = "average of five", "stack"
FOREST, TREES, CONTRAST = (
    "Isolation Forest, no label",
    "trees on the labels",
    "contrast",
)
# what takes part in the average of five, and what each may be called
COLUMN = {
    FOREST: FEATURES.index("isolation"),
    TREES: FEATURES.index("forest"),
    "trees on labels and scores": FEATURES.index("trees on scores"),
    CONTRAST: FEATURES.index("contrast mean"),
    "student, top 5 %": FEATURES.index("student 5 %"),
    "student, top 10 %": FEATURES.index("student 10 %"),
}


def labels(y, count, normal=N_NORMAL):
    """Return labels (n,) of the first `count` anomalies and `normal` normal rows of y
    (n,): 1, 0, and -1 for rows that nobody has looked at.
    """
    found = np.full(len(y), -1)
    found[np.flatnonzero(y == 1)[:count]] = 1
    found[np.flatnonzero(y == 0)[:normal]] = 0
    return found


def tables(quick, rows, seed, own=None):
    """Return the tables of a profile, TableTasks: one for each digit, the clinic's and
    the wines; or ADBench's. own : a reader's Table, instead of the clinic's, or beside
    ADBench's.
    """
    mine = [] if own is None else [LabelledTable(own.X, own.y, own.name, own.name)]
    if not quick:
        names = adbench_names() or adbench_names(download=True)
        return TableTasks([*names, *mine], max_rows=rows, random_state=seed)
    digits = class_tables("digits", n_normal=160, pool=2, random_state=seed)
    clinic = data.rarer(data.load("breast-cancer"), 0.1, seed)
    clinic = mine or [LabelledTable(clinic.X, clinic.y, "clinic", "clinic")]
    return TableTasks([*digits, *clinic, "wine"], max_rows=rows, random_state=seed)


def one_label(reached, names, own=None):
    """Say what methods reach with one label, on average over tables, and what on the
    reader's own: str.

    reached : {method: AUROC (n_tables, 4)}. names : of the tables. own : the reader's
    among them, None for none."""
    methods = (*COLUMN, "average of three", FIVE)
    mean = ", ".join(f"{n} {reached[n][:, 0].mean():.3f}" for n in methods)
    told = f"One label: {mean}."
    if own is None:
        return told
    at = list(names).index(own)
    lines = [[n, *(f"{v:.3f}" for v in reached[n][at])] for n in methods]
    head = [f"{own}, AUROC", *(f"{c} label{'s' * (c > 1)}" for c in COUNTS)]
    return f"{told}\n\n{repro.number_table(head, lines)}"


class Draw(NamedTuple):
    """One table under one draw of labels: rows without a label, described."""

    table: str
    family: str
    count: int
    y: np.ndarray  # (m,), 1 for an anomaly
    x: np.ndarray  # (m, 65), what the head of a stack sees
    episode: Episode  # what a stack learns from it


def described(tables, draws, seed):
    """Return a Draw for each table, draw and number of labels, in this order."""
    stack, found = Stack(n_trees=N_TREES, pairs=100, random_state=seed), []
    for table in tables:
        rows = TableFeatures(table.X, N_TREES, seed)
        for draw in range(draws):
            for count in COUNTS:
                # fewer labels are the first of more labels
                rng = np.random.default_rng([seed, draw])
                where = draw_labels(table.y, count, N_NORMAL, rng)
                found.append(_draw(stack, table, rows, where, count, rng))
    return found


def _draw(stack, table, rows, where, count, rng):
    shares = LabelFeatures(rows, where, table.y[where]).shares
    rest, used = np.setdiff1d(np.arange(len(table.y)), where), table.y[where].sum()
    x = inputs(shares[rest], len(table.y), used)
    episode = stack.episode(shares, table, where, rng, np.empty((0, 0)))
    return Draw(table.name, table.family, count, table.y[rest], x, episode)


def unlearned(x):
    """Return scores (m,) of rows x (m, 65) by every method that learns nothing on other
    tables: dict name -> array.
    """
    found = {name: x[:, 1 + j] for name, j in COLUMN.items()}
    three = x[:, [1 + j for j in THREE]].mean(axis=1)
    return found | {"average of three": three, FIVE: x[:, 0]}


def held_out(draws):
    """Return a stack's weights (65,) for each table, learned on draws of all others but
    its family; digits are left out two at a time.
    """
    groups = {d.table: _group(d) for d in draws}
    weights = {}
    for group in dict.fromkeys(groups.values()):
        seen = [d.episode for d in draws if _group(d) != group]
        weights[group] = Stack(n_trees=N_TREES).fit_episodes(seen).weights_
    return {table: weights[group] for table, group in groups.items()}


def _group(draw):
    of_digit = draw.table.startswith("digits:")
    return int(draw.table[-1]) // 2 if of_digit else draw.family


def reached(draws):
    """Return the AUROC of every method, and of a stack learned on other tables: dict
    name -> array (n_tables, 4), means over draws.
    """
    weights, found = held_out(draws), {}
    for d in draws:
        scores = unlearned(d.x) | {STACK: d.x @ weights[d.table]}
        for name, s in scores.items():
            of_name = found.setdefault(name, {})
            of_name.setdefault((d.table, d.count), []).append(metrics.auroc(d.y, s))
    names = list(dict.fromkeys(d.table for d in draws))
    return {
        name: np.array([[np.mean(of[t, c]) for c in COUNTS] for t in names])
        for name, of in found.items()
    }
