"""Heads of the few-labels experiment: what is read from the tables, trained, chosen and
judged.
"""

from collections import defaultdict

import numpy as np

from metaad import metrics
from metaad.meta.stack.inputs import inputs
from metaad.meta.stack.label_features import FEATURES, THREE
from metaad.meta.stack.row_features import BANK
from metaad.meta.stack.stack import Episode, Stack

COUNTS, DRAWS, N_NORMAL, PAIRS = (1, 2, 5, 10), 5, 50, 100
RIDGES = (0.1, 0.3, 1.0)
CANDIDATES = [(ridge, made_up) for ridge in RIDGES for made_up in (False, True)]
# column of a score's tail among the inputs
AT = {name: 1 + i for i, name in enumerate(FEATURES)}
TEACHER = [1 + i for i in THREE]
OTHER_THREE = [AT[name] for name in ("trees", "bank mean", "contrast mean")]
# a score of the inputs x (m, p) for each method that learns nothing across tables
UNLEARNED = {
    "IsolationForest": lambda x: x[:, AT["isolation"]],
    "ExtraTrees": lambda x: x[:, AT["trees"]],
    "ExtraTrees on scores too": lambda x: x[:, AT["trees on scores"]],
    "contrast of distances": lambda x: x[:, AT["contrast mean"]],
    "self-trained forest": lambda x: x[:, AT["student 5 %"]],
    "average of trees, bank, contrast": lambda x: x[:, OTHER_THREE].mean(axis=1),
    "average of three": lambda x: x[:, TEACHER].mean(axis=1),
    "average of five": lambda x: x[:, 0],
}


def load(paths):
    """Return everything that the heads need of each table and draw: list of dicts."""
    found = []
    for path in paths:
        with np.load(path) as part:
            of = [(d, c) for d in range(DRAWS) for c in COUNTS]
            there = [(d, c) for d, c in of if f"where{d}_{c}" in part.files]
            found += [_drawn(part, path.stem, d, c) for d, c in there]
    return found


def _drawn(part, table, draw, count):
    """Return one draw of labels from one table's file."""
    where, y = part[f"where{draw}_{count}"], part["y"].copy()
    n, a, labels = len(y), int(y[where].sum()), y[where]
    shares = part[f"shares{draw}_{count}"].astype(np.float64)
    x = inputs(shares, n, a).astype(np.float32)
    y[where] = -1
    rng = np.random.default_rng([draw, count])
    one, other = (rng.choice(np.flatnonzero(y == c), PAIRS) for c in (1, 0))
    pairs = (x[one] - x[other]).astype(np.float64)
    support = (x[where] * blind()).astype(np.float64)
    return {
        "x": x[y >= 0],
        "y": y[y >= 0],
        "episode": Episode(pairs, support, labels, table),
        "count": count,
        "draw": draw,
        "family": str(part["family"]),
    }


def blind():
    """Return 1 for the inputs of the bank, 0 for those that a label of the row itself
    may have entered: array (p,).
    """
    bank = np.arange(len(FEATURES)) < len(BANK)
    return np.concatenate([[False], bank, bank])


def train(rows, ridge, **options):
    """Return a Stack fitted to the episodes of some rows of `load`."""
    return Stack(ridge=ridge, **options).fit_episodes([r["episode"] for r in rows])


def ordered(rows, weights):
    """Return the share of pairs that the head orders rightly, a mean over tables: what
    the ridge is chosen by.
    """
    by_table = defaultdict(list)
    for r in rows:
        right = r["episode"].pairs @ weights > 0
        by_table[r["episode"].table].append(np.mean(right))
    return np.mean([np.mean(v) for v in by_table.values()])


def choose(rows, made_up):
    """Return the candidate that orders held-out families best, three folds of the
    families in `rows`.
    """
    families = sorted({r["family"] for r in rows})
    reached = dict.fromkeys(CANDIDATES, 0.0)
    for i in range(3):
        out = families[i::3]
        test = [r for r in rows if r["family"] in out]
        seen = [r for r in rows if r["family"] not in out]
        for ridge, more in CANDIDATES:
            head = train(seen + (made_up if more else []), ridge)
            reached[ridge, more] += ordered(test, head.weights_)
    return max(reached, key=reached.get)


def results(rows, score):
    """Return AUROC and average precision, dict count -> array (n_tables, 2), means over
    draws. score : function of a row of `load`.
    """
    found = defaultdict(list)
    for r in rows:
        s = score(r)
        value = metrics.auroc(r["y"], s), metrics.average_precision(r["y"], s)
        found[r["count"], r["episode"].table].append(value)
    means = {key: np.mean(v, axis=0) for key, v in found.items()}
    return {c: np.array([m for (n, _), m in means.items() if n == c]) for c in COUNTS}


def means(found):
    """Return means over tables at each count: dict metric -> list."""
    return {
        metric: [round(float(found[c][:, i].mean()), 4) for c in COUNTS]
        for i, metric in enumerate(("auroc", "average_precision"))
    }


def against(a, b, families):
    """Return paired differences a - b at each count and over all counts: dict metric ->
    dict count -> [value, low, high].
    """
    found = {}
    for i, metric in enumerate(("auroc", "average_precision")):
        differences = {str(c): a[c][:, i] - b[c][:, i] for c in COUNTS}
        differences["all"] = np.mean(list(differences.values()), axis=0)
        found[metric] = {
            c: [round(v, 5) for v in metrics.bootstrap(d, groups=families)[:3]]
            for c, d in differences.items()
        }
    return found
