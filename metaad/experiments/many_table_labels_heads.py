"""Combinations of scores for the experiment many_table_labels: read, learned over
tables, and judged.
"""

from typing import NamedTuple

import numpy as np
import torch
from sklearn.ensemble import HistGradientBoostingClassifier
from torch import nn
from torch.nn.functional import softplus

from metaad import metrics
from metaad.experiments.many_table_labels_describe import COLUMNS, COUNTS
from metaad.meta import Stack
from metaad.meta.stack.episodes import Episode
from metaad.meta.stack.inputs import inputs
from metaad.meta.stack.label_features import FEATURES
from metaad.meta.stack.row_features import BANK

AT = {name: i for i, name in enumerate(COLUMNS)}
PAIRS = 150


class Described(NamedTuple):
    """One table under one draw of labels, as `describe` wrote it."""

    name: str
    y: np.ndarray  # (m,), 1 for an anomaly
    x: np.ndarray  # (c, m, 79), for each count
    plain: np.ndarray  # (c, 2, m), contrast and logistic regression
    a: np.ndarray  # (c,), anomalies that got a label
    counts: np.ndarray  # (c,), how many were asked for


def load(name, path):
    """Return the Described of a file, None where no anomaly could be labelled."""
    with np.load(path, allow_pickle=False) as part:
        if "x" not in part.files:
            return None
        return Described(name, *(part[n] for n in ("y", "x", "plain", "a", "counts")))


def tails(x):
    """Return what the linear head of a stack sees of rows x (m, 79): array (m, 65)."""
    n, a = (
        round(10.0 ** x[0, AT[f"log10 {c}"]]) for c in ("rows", "labelled anomalies")
    )
    return inputs(x[:, : len(FEATURES)].astype(np.float64), n, a)


def average(x):
    """Return the average of five of rows x (m, 79): array (m,)."""
    return tails(x)[:, 0]


def unlearned(table, k):
    """Return the scores (m,) of every method that learns nothing across tables, by
    name, for the k-th number of labels.
    """
    x = table.x[k]
    t = tails(x)[:, 1:33]
    bank = t[:, : len(BANK)]
    return {
        "average of five": average(x),
        "average of three": t[:, [FEATURES.index(n) for n in THREE]].mean(axis=1),
        "ExtraTrees on the labels": x[:, AT["raw trees"]],
        "logistic regression on the labels": table.plain[k, 1],
        "contrast": table.plain[k, 0],
        "contrast, mean of four": t[:, FEATURES.index("contrast mean")],
        "mean of the bank, no label": bank.mean(axis=1),
        **{f"{b}, no label": t[:, i] for i, b in enumerate(BANK)},
    }


THREE = ("forest", "trees on scores", "contrast mean")


def judged(y, scores):
    """Return (AUROC, average precision)."""
    return metrics.auroc(y, scores), metrics.average_precision(y, scores)


def episodes(tables, seed=0):
    """Return what a linear stack learns from: list of Episode."""
    found = []
    for table in tables:
        rng = np.random.default_rng([seed, len(table.y)])
        one, other = (rng.choice(np.flatnonzero(table.y == c), PAIRS) for c in (1, 0))
        for x in table.x:
            t = tails(x)
            pairs = t[one] - t[other]
            found.append(Episode(pairs, np.empty((0, 0)), np.empty(0), table.name))
    return found


def linear(tables, ridge, seed=0):
    """Return a Stack with its linear head, learned on tables."""
    return Stack(ridge=ridge).fit_episodes(episodes(tables, seed))


class Net(nn.Module):
    """The average of five, corrected: score = g · average + a small network.

    The network's last layer starts at zero: before it has learned, the score is the
    average."""

    def __init__(self, mean, spread, hidden, dropout):
        super().__init__()
        width = len(mean)
        self.register_buffer("mean", mean)
        self.register_buffer("spread", spread)
        self.gain = nn.Parameter(torch.ones(()))
        self.layers = nn.Sequential(
            nn.Linear(width, hidden),
            nn.SiLU(),
            nn.Dropout(dropout),
            nn.Linear(hidden, hidden),
            nn.SiLU(),
            nn.Dropout(dropout),
            nn.Linear(hidden, 1),
        )
        nn.init.zeros_(self.layers[-1].weight)
        nn.init.zeros_(self.layers[-1].bias)

    def forward(self, x, average):
        """Scores (..., m) of columns x (..., m, 79) and averages (..., m)."""
        z = ((x - self.mean) / self.spread).clamp(-4, 4)
        return self.gain * average + self.layers(z).squeeze(-1)


KEPT = [
    AT[name]
    for name in COLUMNS[len(FEATURES) :]
    if name.startswith(("deviation", "raw trees", "raw forest", "raw contrast"))
    or name in ("log10 labelled anomalies", "log10 rows")
]


def widened(x):
    """Columns that mean the same on every table, for trees and nets: the tails of all
    32 scores, probabilities, contrasts and deviations as they are, and two sizes.
    """
    return np.concatenate([tails(x)[:, 1:33], x[:, KEPT]], axis=1)


def sampled(tables, rows, seed=0):
    """Return for each table and count `rows` anomalies and as many normal rows, drawn
    with replacement where there are fewer: x (t, c, 2, rows, 79), average (t, c, 2,
    rows), float32. A table of fewer counts repeats them.
    """
    x, five = [], []
    for table in tables:
        rng = np.random.default_rng([seed, len(table.y), 1])
        drawn = []
        for c in (1, 0):
            there = rng.permutation(np.flatnonzero(table.y == c))
            drawn.append(np.resize(there, rows))
        of = np.resize(np.arange(len(table.x)), len(COUNTS))
        x.append([[widened(table.x[k][d]) for d in drawn] for k in of])
        five.append([[average(table.x[k][d]) for d in drawn] for k in of])
    return torch.tensor(np.float32(x)), torch.tensor(np.float32(five))


def net(data, *, hidden=32, dropout=0.1, decay=1e-2, steps=1500, rate=2e-3, seed=0):
    """Return a Net that minimises the mean pairwise loss over tables and counts.

    data : of `sampled`. Every step sees 32 tables, each under one count."""
    x, five = data
    torch.manual_seed(seed)
    flat = x.flatten(0, 3)
    spread = flat.std(0).clamp_min(1e-3)
    model = Net(flat.mean(0), spread, hidden, dropout)
    optimizer = torch.optim.AdamW(model.parameters(), lr=rate, weight_decay=decay)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, rate, total_steps=steps)
    generator = torch.Generator().manual_seed(seed)
    for _ in range(steps):
        t = torch.randint(len(x), (32,), generator=generator)
        k = torch.randint(len(COUNTS), (32,), generator=generator)
        s = model(x[t, k], five[t, k])  # (32, 2, rows)
        gap = s[:, 0, :, None] - s[:, 1, None, :]
        loss = softplus(-gap).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    return model.eval()


def by_nets(models):
    """Return a function of rows x (m, 79): the mean score of several nets, (m,)."""

    def score(x):
        seen = torch.tensor(np.float32(widened(x)))
        five = torch.tensor(np.float32(average(x)))
        with torch.no_grad():
            return np.mean([m(seen, five).numpy() for m in models], axis=0)

    return score


def boosted(tables, *, leaves=8, trees=100, rate=0.08, least=100, rows=80, seed=0):
    """Return gradient-boosted trees on the columns, learned from at most so many rows
    of either kind; every table weighs as much as any other, and both classes the same
    within it.
    """
    x, y, weights = [], [], []
    for table in tables:
        rng = np.random.default_rng([seed, len(table.y), 2])
        drawn = [rng.permutation(np.flatnonzero(table.y == c))[:rows] for c in (0, 1)]
        label = np.repeat([0, 1], [len(d) for d in drawn])
        weight = np.concatenate([np.full(len(d), 1.0 / len(d)) for d in drawn])
        for v in table.x:
            v = v[np.concatenate(drawn)]
            x.append(np.column_stack([widened(v), average(v)]))
            y.append(label)
            weights.append(weight / len(table.x))
    weights = np.concatenate(weights)
    model = HistGradientBoostingClassifier(
        learning_rate=rate,
        max_iter=trees,
        max_leaf_nodes=leaves,
        min_samples_leaf=least,
        l2_regularization=1.0,
        early_stopping=False,
        random_state=seed,
    )
    weights *= len(weights) / weights.sum()
    return model.fit(np.concatenate(x), np.concatenate(y), sample_weight=weights)


def by_trees(model):
    """Return a function of rows x (m, 79): the score of boosted trees, (m,)."""
    return lambda x: model.decision_function(np.column_stack([widened(x), average(x)]))
