"""What the searches are compared with, and the record of the architecture experiment."""

import time

import numpy as np

from metaad import metrics
from metaad.experiments import record
from metaad.experiments.architecture_replay import (
    CONTROLLERS,
    closed_form,
    searches,
    settings,
)
from metaad.experiments.architecture_table import (
    ARTICLE,
    BUDGETS,
    FULL_SIZE,
    REPEATS,
    SETTINGS,
    SMALLER,
    benchmark,
    cost,
    folds,
    label,
    loaded,
    named,
    seeds_of,
    tables,
)
from metaad.search.architecture import n_parameters
from metaad.search.architecture.tabular import Benchmark

TABLE, PCA = "whole table", "PCA, components chosen"
OUTSIDE = ("none-120", "none-196", "128-196")
COMPARED = [
    *((c, b) for c in CONTROLLERS for b in ("article", PCA)),
    *((c, "random") for c in CONTROLLERS if c != "random"),
    ("reinforce", "frozen"),
    ("trpo", "frozen"),
    ("label-free", "article"),
    (TABLE, "random"),
    (TABLE, "article"),
    ("PCA, 10 components", "article"),
    (TABLE, PCA),
    ("label-free", TABLE),
]


def fixed(parts, table):
    """Return the test AUROC of each digit without a search over 5 x 20 networks (lists
    of 10), and what was chosen.
    """
    n_seeds, codes = table.test.shape[1], sorted({k for _, k in table.names})
    pca = {k: loaded(parts, "digits", f"pca-{k}", 0) for k in codes}
    grids = np.array([pca[k][0] for k in codes])[:, None]  # (codes, 1, 10, 10)
    as_table = Benchmark([((), k) for k in codes], grids, None, None, None)
    out = {
        "article": table.test[table.names.index(ARTICLE)].mean(axis=0),
        "PCA, 10 components": pca[10][1],
        "PCA, smallest error": pca[codes[-1]][1],
    }
    out |= {name: np.zeros(10) for name in (PCA, TABLE, "label-free")}
    chosen = []
    for fold, held, seen in folds():
        k = codes[int(as_table.rewards(seen).mean(axis=1).argmax())]
        out[PCA][held] = pca[k][1][held]
        for s in range(n_seeds):
            best = int(table.rewards(seen, s).mean(axis=1).argmax())
            chosen.append([fold, s, label(table.names[best]), k])
            out[TABLE][held] += table.test[best, (s + 1) % n_seeds, held] / n_seeds
    for s in range(n_seeds):
        least = table.error[:, s].argmin(axis=0)
        judged = table.test[least, (s + 1) % n_seeds, np.arange(10)]
        out["label-free"] += judged / n_seeds
    best = table.test.mean(axis=1).max(axis=0)
    out["best for each digit, by its test labels"] = best
    return {k: v.round(5).tolist() for k, v in out.items()}, chosen


def agreement(table):
    """Return rank correlations over architectures with the test AUROC, one per digit,
    means over seeds; the error counts with a minus.
    """
    seeds, digits = range(table.test.shape[1]), range(10)
    sizes = np.array([k for _, k in table.names])
    groups = [np.flatnonzero(sizes == k) for k in sorted(set(sizes.tolist()))]
    error, test = -table.error, table.test
    whole = [
        [metrics.spearman(error[:, s, c], test[:, s, c]) for c in digits] for s in seeds
    ]
    same = [
        [metrics.spearman(error[rows, s, c], test[rows, s, c]) for rows in groups]
        for s in seeds
        for c in digits
    ]
    labelled = []
    for s in seeds:
        own, other = table.rewards(digits, s), test[:, (s + 1) % len(seeds)]
        labelled.append([metrics.spearman(own[:, c], other[:, c]) for c in digits])
    transfer = []
    for c in digits:
        seen = [d for d in digits if d // 2 != c // 2]
        reward = table.rewards(seen, 0).mean(axis=1)
        transfer.append(metrics.spearman(reward, test[:, -1, c]))
    found = {
        "error": np.mean(whole, axis=0),
        "error, one code size at a time": np.mean(same, axis=0),
        "validation AUROC of the same digit": np.mean(labelled, axis=0),
        "validation AUROC of the other digits": np.array(transfer),
    }
    return {name: rho.round(4).tolist() for name, rho in found.items()}


def on_tables(names, found):
    """Hold out a family, choose on the others: AUROC of each table."""
    article = names.index(label(ARTICLE))
    short = np.array([i for i in range(len(names)) if i != article])
    A, family = found["auroc"], found["family"]
    meta, pca, chosen = np.zeros(len(A)), np.zeros(len(A)), {}
    for f in sorted(set(family)):
        out = family == f
        best = int(short[A[~out][:, short].mean(axis=0).argmax()])
        chosen[f] = names[best]
        meta[out] = A[out][:, best]
        pca[out] = found["pca"][out][:, found["pca"][~out].mean(axis=0).argmax()]
    least = short[found["error"][:, short].argmin(axis=1)]
    values = {
        "article": A[:, article],
        "chosen on other families": meta,
        "label-free": A[np.arange(len(A)), least],
        PCA: pca,
        "mean over the space": A[:, short].mean(axis=1),
        "best for each table, by its labels": A[:, short].max(axis=1),
    }
    return {
        "names": found["name"].tolist(),
        "families": family.tolist(),
        "auroc": {k: v.round(4).tolist() for k, v in values.items()},
        "mean_of_each_architecture": dict(
            zip(names, A.mean(axis=0).round(4).tolist(), strict=True)
        ),
        "rank_correlation_of_error": _rho(found["error"][:, short], A[:, short]),
        "chosen": chosen,
        "differences": _differences(values, family),
        "seconds": round(float(found["seconds"].sum()), 1),
    }


def _rho(errors, aurocs):
    """Return one rank correlation per table, None where one side is constant."""
    rho = [metrics.spearman(-e, a) for e, a in zip(errors, aurocs, strict=True)]
    return [None if np.isnan(r) else round(float(r), 4) for r in rho]


def _differences(values, family):
    pairs = [(a, "article") for a in values if a != "article"]
    pairs.append(("chosen on other families", PCA))
    return {
        f"{a} - {b}": metrics.paired(values[a], values[b], groups=family)._asdict()
        for a, b in pairs
    }


def confirmed(parts, kind):
    """Return the test AUROC of each digit on full-size images, mean over seeds."""
    out = {}
    for path in sorted(parts.glob(f"{kind}-*-0.npz")):
        name = path.stem[len(kind) + 1 : -2]
        there = parts.glob(f"{kind}-{name}-[0-9].npz")
        seeds = sorted(int(p.stem.rpartition("-")[2]) for p in there)
        rows = [loaded(parts, kind, name, s) for s in seeds]
        tests, seconds = [r[1] for r in rows], [r[3] for r in rows]
        net = not name.startswith("pca")
        out[name] = {
            "by_digit": np.mean(tests, axis=0).round(5).tolist(),
            "seeds": seeds,
            "parameters": n_parameters(784, *named(name)) if net else None,
            "by_seed": np.mean(tests, axis=1).round(5).tolist(),
            "seconds": round(float(np.mean(seconds)) / 10, 3),
        }
    return out


def outside(parts):
    """Return what the article's net did when trained longer, and very wide codes."""
    out = {}
    for kind, name in [("longer", label(ARTICLE)), *(("outside", n) for n in OUTSIDE)]:
        _, test, error, seconds = loaded(parts, kind, name, 0)
        out[name] = {
            "test_by_digit": test.round(5).tolist(),
            "error": round(float(error.mean()), 6),
            "seconds": round(seconds / 10, 3),
        }
    return out


def commands(parts, content):
    """Return the command lines that make the record from nothing."""
    to = record.options(parts=parts)

    def step(do, **options):
        return record.command("architecture", do, *to, *record.options(**options))

    found = [step("digits", seeds=content["settings"]["seeds"]), step("tables")]
    for rows, of in content["confirmed"].items():
        nets = {n: v["seeds"] for n, v in of.items() if not n.startswith("pca")}
        for seeds in dict.fromkeys(tuple(s) for s in nets.values()):
            names = [n for n, s in nets.items() if tuple(s) == seeds]
            found.append(step("confirm", rows=rows, names=names, seeds=seeds))
    return [*found, step("outside"), step("report")]


def report(parts):
    """Replay the searches, write data/results/15_architecture_search.json."""
    began = time.process_time()
    seeds = seeds_of(parts)
    table = benchmark(parts, seeds)
    names, found = tables(parts)
    chosen, tried = settings(names, found)
    results = searches(table, chosen)
    plain, picks = fixed(parts, table)
    twenty = BUDGETS.index(20)
    tests = {c: np.array(r["test_by_digit"][twenty]) for c, r in results.items()}
    tests |= plain
    content = {
        "settings": {
            "digits": SETTINGS,
            "full_size": FULL_SIZE,
            "tables": SMALLER,
            "seeds": seeds,
            "repeats": REPEATS,
            "budgets": BUDGETS,
            "chosen": chosen,
            "tried": tried,
        },
        "searches": results,
        "random_in_closed_form": closed_form(table),
        "plain": plain,
        "picks": picks,
        "differences": {
            f"{a} - {b}": metrics.paired(tests[a], tests[b])._asdict()
            for a, b in COMPARED
        },
        "agreement": agreement(table),
        "tables": on_tables(names, found),
        "confirmed": {
            "1000": confirmed(parts, "confirm"),
            "5300": confirmed(parts, "confirm5300"),
        },
        "outside": outside(parts),
        "benchmark": table.record(),
        "replay_seconds": round(time.process_time() - began, 1),
    }
    lines = commands(parts, content)
    record.write("15_architecture_search", content, lines, seconds=cost(parts))
    for c, r in results.items():
        test = np.mean(r["test_by_digit"], axis=1).round(4)
        print(c, "regret", r["regret"], "test", test)
    print({k: round(float(np.mean(v)), 4) for k, v in plain.items()})
