"""What the networks of the architecture experiment did, read back from their files."""

import numpy as np

from metaad import metrics
from metaad.metrics import auroc
from metaad.search.architecture import architectures, distinct
from metaad.search.architecture.tabular import Benchmark

SETTINGS = {"epochs": 25, "batch_size": 32, "learning_rate": 2e-3}
# the detector's own rate and number of epochs
FULL_SIZE = {"epochs": 20, "batch_size": 64, "learning_rate": 1e-3}
# for tables
SMALLER = {
    "depths": (0, 1, 2),
    "widths": (16, 64),
    "tapers": (1.0, 0.5),
    "code_sizes": (2, 4, 8, 16),
}
BUDGETS = (5, 10, 20, 40)
REPEATS = 20
ARTICLE = ((128, 64, 32), 10)


def label(name):
    """Return a network as part of a file's name: 128x64x32-10."""
    hidden, code_size = name
    return f"{'x'.join(map(str, hidden)) or 'none'}-{code_size}"


def named(text):
    """Return the network that `label` wrote: (hidden, code_size)."""
    hidden, _, code_size = text.rpartition("-")
    widths = tuple(int(w) for w in hidden.split("x") if w != "none")
    return widths, int(code_size)


def folds():
    """Yield the five folds of a search: number, two digits held out, eight seen."""
    for fold in range(5):
        held = [2 * fold, 2 * fold + 1]
        yield fold, held, [d for d in range(10) if d not in held]


def pairs(errors):
    """Return the AUROC of rows of i against rows of j by the network of i: errors (10, 10,
    r) -> (10, 10).
    """
    grid = np.empty((10, 10))
    for i in range(10):
        grid[i] = metrics.share_below(errors[i, i], errors[i]).mean(axis=1)
    return grid


def loaded(parts, kind, name, seed):
    """Return (pairs of validation rows, test AUROC of each digit, validation error of
    each digit, seconds) of one file.
    """
    with np.load(parts / f"{kind}-{name}-{seed}.npz") as f:
        validation, test = f["validation"], f["test"]
        error = validation[np.arange(10), np.arange(10)].mean(axis=1)
        return (
            pairs(validation),
            pairs(test).sum(axis=1) / 9 - 0.5 / 9,
            error,
            float(f["seconds"]),
        )


def benchmark(parts, seeds):
    """Return what every architecture did on the digits: Benchmark."""
    names = distinct(architectures())
    rows = [[loaded(parts, "digits", label(n), s) for s in seeds] for n in names]
    columns = (np.array([[r[k] for r in row] for row in rows]) for k in range(4))
    return Benchmark(names, *columns)


def tables(parts, seed=0):
    """Return the architectures' labels, and what they and PCA did on the tables.

    The second is a dict of arrays, one entry per table: name, family, auroc (n_tables,
    n_names), error on normal rows (n_tables, n_names), pca (n_tables, n_codes),
    seconds."""
    rows = []
    for path in sorted(parts.glob(f"table-*-{seed}.npz")):
        with np.load(path) as f:
            names = f["names"].tolist()
            rows.append(_of_table(f, path.stem[len("table-adbench_") : -2]))
    return names, {k: np.array([r[k] for r in rows]) for k in rows[0]}


def _of_table(f, name):
    y, errors = f["y"], f["errors"]
    return {
        "name": name,
        "family": str(f["family"]),
        "auroc": [auroc(y, e) for e in errors],
        "error": [float(e[y == 0].mean()) for e in errors],
        "pca": [auroc(y, e) for e in f["pca"]],
        "seconds": float(f["seconds"].sum()),
    }


def seeds_of(parts):
    """Return the seeds, of 0 to 2, for which every architecture was trained."""
    wanted = len(distinct(architectures()))
    found = {s: list(parts.glob(f"digits-*-{s}.npz")) for s in range(3)}
    nets = {s: [p for p in ps if "pca" not in p.name] for s, ps in found.items()}
    return [s for s, ps in nets.items() if len(ps) == wanted]


def cost(parts):
    """Return CPU seconds of training every network whose file is there."""
    total = 0.0
    for path in parts.glob("*.npz"):
        with np.load(path) as f:
            total += float(f["seconds"].sum())
    return round(total, 1)
