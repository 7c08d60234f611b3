"""Which network for a table: every architecture of a smaller space on OddBench's tables.

Tables with as many columns train at the same time. Each network reads at most 320 normal
rows of its table (fewer are repeated), so that every network takes as many steps. Tables
of more than 16 columns are left out: few are as wide as another.
"""

import time
from collections import defaultdict

import numpy as np
from sklearn.decomposition import PCA

from metaad.experiments.images.architecture_table import ARTICLE, RATE, label
from metaad.metrics import auroc
from metaad.repro import cache
from metaad.search.architecture.batched import train_together
from metaad.tasks.parts import PARTS, oddbench_part, read_and_judged

HIDDEN, CODES = ((), (32,), (32, 16)), (1, 2, 4, 8)
NETWORKS = [*((hidden, k) for hidden in HIDDEN for k in CODES), ARTICLE]
READ, JUDGED, TOGETHER, BATCH, WIDEST = 320, 1000, 32, 32, 16
STEPS = {"short": 200, "long": 800}  # in a search, and before a network is judged


def one_class(table):
    """Return rows to learn from (320, d), rows to judge by, both scaled, and labels."""
    X, Q, y, _ = read_and_judged(table, "clean", READ, JUDGED)
    mean, scale = X.mean(axis=0), X.std(axis=0)
    scale = np.where(scale > 0, scale, 1.0)
    X, Q = (np.clip((rows - mean) / scale, -20, 20) for rows in (X, Q))
    return np.resize(X, (READ, X.shape[1])), Q, y


def groups(parts=PARTS):
    """Yield at most 32 tables of OddBench at a time, all as wide: lists of (name, rows,
    queries, labels).
    """
    by_width = defaultdict(list)
    for name in (n for part in parts for n in oddbench_part(part)):
        rows, queries, y = one_class(name)
        if 0 < y.sum() < len(y) and rows.shape[1] <= WIDEST:
            by_width[rows.shape[1]].append((name, rows, queries, y))
    for _, tables in sorted(by_width.items()):
        for start in range(0, len(tables), TOGETHER):
            yield tables[start : start + TOGETHER]


def judged(together, tables):
    """Return the AUROC (n,) of one network on each table, and its error on normal rows
    (n,).
    """
    most = max(len(t[3]) for t in tables)
    queries = np.stack([np.resize(t[2], (most, t[2].shape[1])) for t in tables])
    pairs = zip(together.errors(queries), (t[3] for t in tables), strict=True)
    pairs = [(y, errors[: len(y)]) for errors, y in pairs]
    return [auroc(y, e) for y, e in pairs], [e[y == 0].mean() for y, e in pairs]


def by_pca(rows, queries, y):
    """Return the AUROC of PCA with 1, 2, 4, 8 components, but fewer than columns."""
    found = []
    for k in CODES:
        p = PCA(max(1, min(k, rows.shape[1] - 1)), svd_solver="full").fit(rows)
        rest = queries - p.inverse_transform(p.transform(queries))
        found.append(auroc(y, (rest**2).mean(axis=1)))
    return found


def by_table(folder, length, parts=PARTS, nets=NETWORKS):
    """Train every network on every table of some parts of OddBench, and PCA beside."""
    how = {"batch_size": BATCH, "epochs": STEPS[length] * BATCH // READ}
    how["learning_rate"] = RATE
    for number, tables in enumerate(groups(parts)):
        path = folder / f"tables-{length}-{number}.npz"
        rows = np.stack([t[1] for t in tables])
        of = {"names": nets, "how": how, "rows": rows}
        of["queries"] = [np.c_[t[2], t[3]] for t in tables]
        key = cache.key(code=[train_together, PCA], **of)
        if cache.stored(path, key) is not None:
            continue
        began = time.process_time()
        found = [judged(train_together(rows, *n, **how), tables) for n in nets]
        seconds = time.process_time() - began
        aurocs, errors = np.array(found).transpose(1, 2, 0)  # (tables, nets)
        cache.keep(
            path,
            key,
            tables=[t[0] for t in tables],
            nets=[label(n) for n in nets],
            auroc=aurocs,
            error=errors,
            pca=np.array([by_pca(*t[1:]) for t in tables]),
            seconds=seconds,
        )
        print(path.stem, rows.shape, f"{seconds:.1f} s", flush=True)


SIZES, DRAWS = (1, 4, 14, 28, 56, 112), 20


def read_back(folder, length):
    """Return what was kept: dict of tables (n,), nets (m,), auroc and error (n, m), pca
    (n, codes), seconds (one number).
    """
    found = []
    for path in sorted(folder.glob(f"tables-{length}-*.npz")):
        with np.load(path) as f:
            found.append(dict(f))
    joined = {
        k: np.concatenate([f[k] for f in found])
        for k in ("tables", "auroc", "error", "pca")
    }
    seconds = sum(float(f["seconds"]) for f in found)
    return {**joined, "nets": found[0]["nets"].tolist(), "seconds": round(seconds, 1)}


def choice(aurocs):
    """Return the place of the network with the best mean: aurocs (tables, networks)."""
    return int(aurocs.mean(axis=0).argmax())


def last_training(folder):
    """Train the default, and the best other network on the tables that teach, for long on
    the tables that judge.
    """
    teaching, _ = divided(read_back(folder, "short"))
    other = NETWORKS[choice(teaching["auroc"][:, :-1])]
    by_table(folder, "long", ("test",), [other, ARTICLE])


def divided(found):
    """Return what `read_back` gave, of the tables that teach and of those that judge."""
    test = set(oddbench_part("test"))
    judges = np.array([n in test for n in found["tables"].tolist()])
    arrays = [k for k, v in found.items() if isinstance(v, np.ndarray)]
    return [{k: found[k][rows] for k in arrays} for rows in (~judges, judges)]


def by_number(teaching, judging):
    """Return {number of tables: (mean AUROC of each table that judges, networks chosen)},
    from draws of so many tables to choose on.

    teaching, judging : arrays (tables, networks) of AUROC."""
    found, rng = {}, np.random.default_rng(0)
    for n in (*SIZES, len(teaching)):
        repeats = 1 if n == len(teaching) else DRAWS
        drawn = [rng.permutation(len(teaching))[:n] for _ in range(repeats)]
        at = [choice(teaching[rows]) for rows in drawn]
        found[n] = judging[:, at].mean(axis=1), at
    return found


def on_tables(folder):
    """Return what choosing on many tables was worth on tables that chose nothing."""
    short, long = read_back(folder, "short"), read_back(folder, "long")
    teaching, judging = divided(short)
    aurocs, names = judging["auroc"], judging["tables"].tolist()
    scale = by_number(teaching["auroc"], aurocs)
    k = int(teaching["pca"].mean(axis=0).argmax())
    least = judging["error"].argmin(axis=1)
    other = choice(teaching["auroc"][:, :-1])
    order = [long["tables"].tolist().index(n) for n in names]
    means = {"teaching": teaching["auroc"], "judging": aurocs}
    return {
        "tables": names,
        "chosen_on": max(scale),
        "chosen": short["nets"][scale[max(scale)][1][0]],
        "other": long["nets"][0],
        "default": _tidy(aurocs[:, -1]),
        "by_number": {str(n): _tidy(a) for n, (a, _) in scale.items()},
        "other_short": _tidy(aurocs[:, other]),
        "other_long": _tidy(long["auroc"][order, 0]),
        "default_long": _tidy(long["auroc"][order, 1]),
        "pca": _tidy(judging["pca"][:, k]),
        "components": CODES[k],
        "label_free": _tidy(aurocs[np.arange(len(aurocs)), least]),
        "drawn_at_random": _tidy(aurocs.mean(axis=1)),
        "best_of_each_by_its_labels": _tidy(aurocs.max(axis=1)),
        "mean_of_each_network": {
            n: dict(zip(short["nets"], _tidy(a.mean(axis=0)), strict=True))
            for n, a in means.items()
        },
        "seconds": short["seconds"] + long["seconds"],
    }


def _tidy(values):
    return np.round(values, 4).tolist()
