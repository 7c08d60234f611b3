"""Combinations learned over tables, chosen on some, judged on others: the record of the
experiment many_table_labels.
"""

import numpy as np

from metaad import data, metrics
from metaad.experiments.tables.many_table_labels_choice import Choice
from metaad.experiments.tables.many_table_labels_describe import (
    COUNTS,
    MOST_JUDGED,
    MOST_READ,
    N_NORMAL,
)
from metaad.experiments.tables.many_table_labels_heads import (
    boosted,
    judged,
    linear,
    load,
    unlearned,
)
from metaad.meta import Stack
from metaad.repro import cache
from metaad.tasks.parts import oddbench_part
from metaad.tasks.tables import adbench_names

SIZES = (14, 28, 56, 112, 237, 297)
DRAWS = {14: 3, 28: 3, 56: 3, 112: 2}
RIDGES = (0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0)
MEASURES = ("auroc", "average_precision")
FIVE, LINEAR, TREES = "average of five", "stack, linear", "boosted trees"
BLEND = "stack + boosted trees"
SHARES = (0.25, 0.5, 1.0)  # of the trees' score that the blend adds
COUNT = list(enumerate(COUNTS))
# validation AUROC minus that of the average of five: what was looked at before
TRIED = {
    "network, 52 tables": -0.071,
    "boosted trees, 52 tables": -0.009,
    "seven unlearned averages of six to eight, the best": 0.003,
    "boosted trees of three other sizes, 205 tables, the best": 0.000,
    "average of five + such trees, the best": 0.003,
}


def of_part(folder, names):
    """Return the Described of all tables that were described and hold anomalies."""
    found = [load(n, cache.path(folder, n, 0)) for n in names if paths(folder, [n])]
    return [table for table in found if table is not None]


def paths(folder, names):
    """Return the files of tables that were described."""
    there = set(folder.glob("*.npz"))
    return [p for p in (cache.path(folder, n, 0) for n in names) if p in there]


def values(tables, ways):
    """Return AUROC and average precision of every method: dict name -> array
    (n_tables, 4, 2).

    ways : function of a table and k, gives {name: scores (m,)}."""
    found = {}
    for table in tables:
        of_table = {}
        for k in range(len(COUNTS)):
            for name, scores in ways(table, k).items():
                of_table.setdefault(name, []).append(judged(table.y, scores))
        for name, row in of_table.items():
            found.setdefault(name, []).append(row)
    return {name: np.array(rows) for name, rows in found.items()}


def linear_and_trees(tables, best):
    """Return what the three combinations are made of, learned on tables: the weights of
    the linear head and the boosted trees.
    """
    return linear(tables, best[LINEAR]), boosted(tables)


def scores(models, best, table, k):
    """Return the scores (m,) of the three combinations by name."""
    weights, trees = models
    t = table.tails[k]
    by_trees = trees.decision_function(table.wide[k])
    return {
        LINEAR: t @ weights,
        TREES: by_trees,
        BLEND: t @ weights + best[BLEND] * by_trees,
    }


def chosen(learn, validate):
    """Return the setting of each combination with the largest mean AUROC on validation
    tables, and the means: two dicts.
    """
    heads = {(LINEAR, ridge): linear(learn, ridge) for ridge in RIDGES}
    trees = boosted(learn)

    def ways(table, k):
        t, by_trees = table.tails[k], trees.decision_function(table.wide[k])
        found = {name: t @ w for name, w in heads.items()}
        return found | {(TREES, 1.0): by_trees, (FIVE, 1.0): t[:, 0]}

    found = {name: v[..., 0].mean() for name, v in values(validate, ways).items()}
    ridge = max((n for n in found if n[0] == LINEAR), key=found.get)

    def blends(table, k):
        line = table.tails[k] @ heads[ridge]
        by_trees = trees.decision_function(table.wide[k])
        return {(BLEND, s): line + s * by_trees for s in SHARES}

    blended = {name: v[..., 0].mean() for name, v in values(validate, blends).items()}
    best = {LINEAR: ridge[1], TREES: 1.0, BLEND: max(blended, key=blended.get)[1]}
    found |= blended
    return best, {f"{kind} {s:g}": round(float(m), 4) for (kind, s), m in found.items()}


def nested(tables, size, draw):
    """Return the first tables of a random order; smaller sizes are part of larger."""
    order = np.random.default_rng([draw, 11]).permutation(len(tables))
    return [tables[i] for i in order[:size]]


def curve(taught, judges, best):
    """Return what each combination gains over the average of five when it is learned on
    so many tables: dict part -> name -> size -> array (n_tables, 2), means over draws
    and numbers of labels; and the models of all tables.
    """
    found = {part: {} for part in judges}
    for size in [*(s for s in SIZES if s < len(taught)), len(taught)]:
        draws = range(DRAWS.get(size, 1))
        models = [linear_and_trees(nested(taught, size, d), best) for d in draws]
        for part, tables in judges.items():
            for name, gain in gained(models, best, tables).items():
                found[part].setdefault(name, {})[size] = gain
        print(size, flush=True)
    return found, models[0]


def gained(models, best, tables):
    """Return the gain over the average of five of each combination, a mean over models
    and numbers of labels: dict name -> array (n_tables, 2).
    """

    def ways(model):
        return lambda t, k: scores(model, best, t, k) | {FIVE: t.tails[k][:, 0]}

    reached = [values(tables, ways(model)) for model in models]
    return {
        name: np.mean([r[name] - r[FIVE] for r in reached], axis=0).mean(axis=1)
        for name in (LINEAR, TREES, BLEND)
    }


def intervals(columns, groups):
    """Return simultaneous intervals of columns (n_tables,) by name: lists."""
    found = metrics.simultaneous(columns, groups=groups)
    return {name: [round(v, 4) for v in i[:3]] for name, i in found.items()}


def against(found, pairs, groups):
    """Return differences of pairs of methods, at each count and over all: dict measure
    -> "a - b" -> count -> [value, low, high]; one correction for all of a measure.
    """
    result = {}
    for i, measure in enumerate(MEASURES):
        columns = {}
        for a, b in pairs:
            gap = found[a][..., i] - found[b][..., i]
            columns |= {(a, b, str(c)): gap[:, k] for k, c in enumerate(COUNTS)}
            columns[a, b, "all"] = gap.mean(axis=1)
        of_measure = result.setdefault(measure, {})
        for (a, b, c), interval in intervals(columns, groups).items():
            of_measure.setdefault(f"{a} - {b}", {})[c] = interval
    return result


def summary(found, pairs, gains, groups):
    """Return what the record says of one part's tables: JSON."""
    per_table = {name: v.mean(axis=1).round(4) for name, v in found.items()}
    return {
        "mean": {
            name: {
                m: v[..., i].mean(axis=0).round(4).tolist()
                for i, m in enumerate(MEASURES)
            }
            for name, v in found.items()
        },
        "per_table": {
            name: {m: v[:, i].tolist() for i, m in enumerate(MEASURES)}
            for name, v in per_table.items()
            if not name.endswith(", no label") or name.startswith("mean")
        },
        "differences": against(found, pairs, groups),
        "curve": {
            m: {
                name: intervals({str(s): v[:, i] for s, v in of.items()}, groups)
                for name, of in gains.items()
            }
            for i, m in enumerate(MEASURES)
        },
    }


def report(folder):
    """Return the content of the record, and the CPU seconds of the descriptions."""
    names = {part: oddbench_part(part) for part in ("learn", "validate", "test")}
    names["adbench"] = adbench_names()
    tables = {part: of_part(folder, of) for part, of in names.items()}
    best, means = chosen(tables["learn"], tables["validate"])
    single = best_single(tables["validate"])
    print(best, means, single, flush=True)
    taught = tables["learn"] + tables["validate"]
    judges = {"oddbench": tables["test"], "adbench": tables["adbench"]}
    judges = {part: of for part, of in judges.items() if of}
    gains, last = curve(taught, judges, best)
    choice = Choice(taught)
    heads = {"stack of the 28": Stack.load("adbench-v1").weights_}
    parts = {}
    for part, of in judges.items():
        more = heads if part == "oddbench" else {}  # the 28 have taught this one

        def ways(table, k, more=more):
            found = unlearned(table, k) | choice.scores(table, k)
            found |= scores(last, best, table, k)
            return found | {n: table.tails[k] @ w for n, w in more.items()}

        found = values(of, ways)
        groups = [data.family(t.name) for t in of]
        parts[part] = {
            "tables": [t.name for t in of],
            "families": groups,
            "with all labels": [sum(int(t.a[k]) == c for t in of) for k, c in COUNT],
            **summary(found, pairs(found, single), gains[part], groups),
        }
    content = {
        "counts": list(COUNTS),
        "normal": N_NORMAL,
        "rows": {"read": MOST_READ, "judged": MOST_JUDGED},
        "taught": {part: len(tables[part]) for part in ("learn", "validate")},
        "best single": single,
        "chosen": best,
        "validation": means,
        "tried before": TRIED,
        "looks": {"validate": 5, "test": 2, "adbench": 2},
        "second look": "one rival more, the mean of 13, no label; nothing else changed",
        "weight": {str(c): round(float(choice.weight[k]), 3) for k, c in COUNT},
        **parts,
    }
    described = {path for of in names.values() for path in paths(folder, of)}
    return content, sum(float(np.load(p)["seconds"]) for p in described)


def best_single(validate):
    """Return the one of 13 detectors without labels with the best mean AUROC."""
    found = values(validate, unlearned)
    found = {n: v[..., 0].mean() for n, v in found.items() if n.endswith(", no label")}
    return max((n for n in found if not n.startswith("mean")), key=found.get)


def pairs(found, single):
    """Return which methods are compared: list of (a, b)."""
    rivals = [
        single,
        "mean of 13, no label",
        "ExtraTrees on the labels",
        "logistic regression on the labels",
        "contrast",
        "average of three",
        "one of 13, chosen by labels",
        "five of 13, chosen by labels",
    ]
    learnt = [n for n in (LINEAR, TREES, BLEND, "stack of the 28") if n in found]
    return (
        [(FIVE, rival) for rival in rivals]
        + [(name, FIVE) for name in learnt]
        + [
            (f"{n} of 13, chosen by shrinkage", f"{n} of 13, chosen by labels")
            for n in ("one", "five")
        ]
    )
