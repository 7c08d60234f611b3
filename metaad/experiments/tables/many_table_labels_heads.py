"""Combinations of scores for the experiment many_table_labels: read, learned over
tables, and judged.
"""

from typing import NamedTuple

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier

from metaad import metrics
from metaad.experiments.tables.many_table_labels_describe import ABOUT, COLUMNS
from metaad.meta.stack.episodes import Episode
from metaad.meta.stack.inputs import inputs
from metaad.meta.stack.label_features import FEATURES, THREE
from metaad.meta.stack.row_features import BANK
from metaad.meta.stack.stack import Stack

AT = {name: i for i, name in enumerate(COLUMNS)}
FAVOUR = [AT[f"labels favour {name}"] for name in BANK]
PAIRS = 150
# columns beside the tails that mean the same on every table
KEPT = [
    AT[name]
    for name in COLUMNS[len(FEATURES) :]
    if name.startswith(("deviation", "raw trees", "raw forest", "raw contrast"))
    or name in ABOUT
]


class Described(NamedTuple):
    """One table under c numbers of labels, as `describe` wrote it.

    y : (m,), 1 for an anomaly. tails : (c, m, 65), what the linear head of a stack
    sees. wide : (c, m, 55), what trees see: the tails of all scores; probabilities,
    contrasts and deviations as they are; two sizes; the average of five. plain : (c, 2,
    m), scores of the contrast and of a logistic regression. trees : (c, m), the
    probability of ExtraTrees on the labels. favour : (c, 13), what the labels say of
    the bank. a : (c,), anomalies that got a label. counts : (c,), how many were asked
    for."""

    name: str
    y: np.ndarray
    tails: np.ndarray
    wide: np.ndarray
    plain: np.ndarray
    trees: np.ndarray
    favour: np.ndarray
    a: np.ndarray
    counts: np.ndarray


def load(name, path):
    """Return the Described of a file, None where no anomaly could be labelled."""
    with np.load(path, allow_pickle=False) as part:
        if "x" not in part.files:
            return None
        x, y, plain, a, counts = (part[n] for n in ("x", "y", "plain", "a", "counts"))
    return Described(
        name,
        y,
        np.float32([_tails(v) for v in x]),
        np.float32([_wide(v) for v in x]),
        plain,
        x[:, :, AT["raw trees"]],
        x[:, 0, FAVOUR],
        a,
        counts,
    )


def _tails(x):
    sizes = (x[0, AT[f"log10 {c}"]] for c in ("rows", "labelled anomalies"))
    n, a = (round(float(10.0**v)) for v in sizes)
    return inputs(x[:, : len(FEATURES)].astype(np.float64), n, a)


def _wide(x):
    t = _tails(x)[:, : 1 + len(FEATURES)]
    return np.concatenate([t[:, 1:], x[:, KEPT], t[:, :1]], axis=1)


def unlearned(table, k):
    """Return the scores (m,) of every method that learns nothing across tables, by
    name, for the k-th number of labels.
    """
    t = table.tails[k]
    by_name = {name: t[:, 1 + i] for i, name in enumerate(FEATURES)}
    three = t[:, [1 + i for i in THREE]].mean(axis=1)
    return {
        "average of five": t[:, 0],
        "average of three": three,
        "ExtraTrees on the labels": table.trees[k],
        "logistic regression on the labels": table.plain[k, 1],
        "contrast": table.plain[k, 0],
        "contrast, mean of four": by_name["contrast mean"],
        "mean of 13, no label": t[:, 1 : 1 + len(BANK)].mean(axis=1),
        **{f"{b}, no label": by_name[b] for b in BANK},
    }


def judged(y, scores):
    """Return (AUROC, average precision)."""
    return metrics.auroc(y, scores), metrics.average_precision(y, scores)


def episodes(tables, seed=0):
    """Return what a linear stack learns from: list of Episode."""
    found = []
    for table in tables:
        rng = np.random.default_rng([seed, len(table.y)])
        one, other = (rng.choice(np.flatnonzero(table.y == c), PAIRS) for c in (1, 0))
        for t in table.tails.astype(np.float64):
            pairs = t[one] - t[other]
            found.append(Episode(pairs, np.empty((0, 0)), np.empty(0), table.name))
    return found


def linear(tables, ridge, seed=0):
    """Return the weights (65,) of a Stack's linear head, learned on tables."""
    return Stack(ridge=ridge).fit_episodes(episodes(tables, seed)).weights_


def boosted(tables, *, leaves=8, trees=100, rate=0.08, least=100, rows=200, seed=0):
    """Return gradient-boosted trees on the wide columns, learned from at most so many
    rows of either kind; every table weighs as much as any other, and both classes the
    same within it.
    """
    x, y, weights = [], [], []
    for table in tables:
        rng = np.random.default_rng([seed, len(table.y), 2])
        drawn = [rng.permutation(np.flatnonzero(table.y == c))[:rows] for c in (0, 1)]
        weight = np.concatenate([np.full(len(d), 1.0 / len(d)) for d in drawn])
        for v in table.wide:
            x.append(v[np.concatenate(drawn)])
            y.append(np.repeat([0, 1], [len(d) for d in drawn]))
            weights.append(weight / len(table.wide))
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
