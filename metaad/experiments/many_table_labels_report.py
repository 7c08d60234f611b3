"""Combinations learned over tables, chosen on some, judged on others: the record of the
experiment many_table_labels.
"""

import numpy as np

from metaad import data, metrics
from metaad.experiments.many_table_labels_choice import Choice
from metaad.experiments.many_table_labels_describe import COUNTS
from metaad.experiments.many_table_labels_heads import (
    average,
    boosted,
    by_trees,
    judged,
    linear,
    load,
    tails,
    unlearned,
)
from metaad.meta import Stack
from metaad.repro import cache
from metaad.tasks.parts import oddbench_part
from metaad.tasks.tables import adbench_names

SIZES = (14, 28, 56, 112, 237, 297)
DRAWS = {14: 3, 28: 3, 56: 3, 112: 2}
RIDGES = (0.03, 0.1, 0.3, 1.0, 3.0)
MEASURES = ("auroc", "average_precision")
FIVE, LINEAR, TREES = "average of five", "stack, linear", "boosted trees"
BLEND = "average of five + boosted trees"
SHARES = (0.1, 0.25, 0.5, 1.0)  # of the trees' score that the blend adds


def of_part(folder, names):
    """Return the Described of all tables that were described and hold anomalies."""
    there = [(n, cache.path(folder, n, 0)) for n in names]
    found = [load(n, path) for n, path in there if path.exists()]
    return [table for table in found if table is not None]


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


def of_one(tables, score):
    """Return AUROC and average precision of one function of x: (n_tables, 4, 2)."""
    return values(tables, lambda t, k: {"": score(t.x[k])})[""]


def by_head(stack):
    """Return the score of a stack's linear head: function of x (m, 79)."""
    return lambda x: tails(x) @ stack.weights_


def blended(score, share):
    """Return the average of five plus a share of another score: function of x."""
    return lambda x: average(x) + share * score(x)


def candidates(learn):
    """Return every combination that is offered to the validation tables: dict name ->
    function of x.
    """
    found = {(LINEAR, r): by_head(linear(learn, r)) for r in RIDGES}
    trees = by_trees(boosted(learn))
    found[TREES, 1.0] = trees
    return found | {(BLEND, s): blended(trees, s) for s in SHARES}


def chosen(validate, offered):
    """Return the setting of each combination with the largest mean AUROC on validation
    tables, and the means: two dicts.
    """
    found = values(validate, lambda t, k: {n: f(t.x[k]) for n, f in offered.items()})
    means = {n: v[..., 0].mean() for n, v in found.items()}
    kinds = dict.fromkeys(kind for kind, _ in offered)
    best = {
        kind: max((n for n in means if n[0] == kind), key=means.get)[1]
        for kind in kinds
    }
    return best, {f"{kind} {s:g}": round(float(m), 4) for (kind, s), m in means.items()}


def learned(tables, best):
    """Return the combinations as they were chosen, learned on tables: dict name ->
    function of x.
    """
    trees = by_trees(boosted(tables))
    return {
        LINEAR: by_head(linear(tables, best[LINEAR])),
        TREES: trees,
        BLEND: blended(trees, best[BLEND]),
    }


def nested(tables, size, draw):
    """Return the first tables of a random order; smaller sizes are part of larger."""
    order = np.random.default_rng([draw, 11]).permutation(len(tables))
    return [tables[i] for i in order[:size]]


def curve(taught, judges, best):
    """Return what each combination gains over the average of five when it is learned on
    so many tables: dict part -> name -> size -> array (n_tables, 2), means over draws
    and numbers of labels.
    """
    found = {part: {} for part in judges}
    for size in [s for s in SIZES if s < len(taught)] + [len(taught)]:
        of_draws = [
            learned(nested(taught, size, draw), best)
            for draw in range(DRAWS.get(size, 1))
        ]
        for part, tables in judges.items():
            base = of_one(tables, average)
            for name in of_draws[0]:
                reached = [of_one(tables, ways[name]) for ways in of_draws]
                of_name = found[part].setdefault(name, {})
                of_name[size] = (np.mean(reached, axis=0) - base).mean(axis=1)
    return found


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
            if not name.endswith(", no label")
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
    best, means = chosen(tables["validate"], candidates(tables["learn"]))
    single = values(tables["validate"], unlearned)
    single = {n: v[..., 0].mean() for n, v in single.items() if n.endswith("no label")}
    single = max(single, key=single.get)
    print(best, means, single, flush=True)
    taught = tables["learn"] + tables["validate"]
    judges = {"oddbench": tables["test"], "adbench": tables["adbench"]}
    gains = curve(taught, judges, best)
    last, choice = learned(taught, best), Choice(taught)
    shipped = Stack.load("adbench-v1")
    parts = {}
    for part, of in judges.items():
        ways = (
            last | {"stack of the 28": by_head(shipped)} if part != "adbench" else last
        )
        found = values(
            of,
            lambda t, k, ways=ways: (
                unlearned(t, k)
                | choice.scores(t, k)
                | {n: f(t.x[k]) for n, f in ways.items()}
            ),
        )
        groups = [data.family(t.name) for t in of]
        parts[part] = summary(found, pairs(found, single), gains[part], groups)
        parts[part] |= {"tables": [t.name for t in of], "families": groups}
        parts[part]["full"] = [
            int(sum(t.a[k] == c for t in of)) for k, c in enumerate(COUNTS)
        ]
    seconds = [float(np.load(p)["seconds"]) for p in folder.glob("*.npz")]
    content = {
        "counts": list(COUNTS),
        "normal": 50,
        "taught": {part: len(tables[part]) for part in ("learn", "validate")},
        "best single": single,
        "chosen": best,
        "validation": means,
        "looks": {"validate": 2, "test": 1, "adbench": 1},
        "weight": dict(
            zip(map(str, COUNTS), choice.weight.round(3).tolist(), strict=True)
        ),
        **parts,
    }
    return content, sum(seconds)


def pairs(found, single):
    """Return which methods are compared: list of (a, b)."""
    rivals = [
        single,
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
