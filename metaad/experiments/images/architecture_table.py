"""What the networks of the architecture experiment did, read back from their files."""

import numpy as np

from metaad import metrics
from metaad.search.architecture import architectures, distinct
from metaad.search.architecture.tabular import Benchmark

SPACE = {
    "depths": (0, 1, 2, 3),
    "widths": (32, 128),
    "tapers": (1.0, 0.5),
    "code_sizes": (5, 10, 20, 40),
}
ARTICLE = ((128, 64, 32), 10)
ROWS, VALIDATION, TEST = 600, 100, 200  # of each class
BATCH, RATE = 30, 2e-3
BUDGETS = (5, 10, 20)
SHORT, LONG = 200, 800  # gradient steps: in a search, and before a network is judged
# as many as the default and a whole search of 20 trainings for its class take
LONGEST = LONG + max(BUDGETS) * SHORT
SEEDS = (0, 1, 2)
DIGITS, GARMENTS = "mnist", "fashion-mnist"
# of each class: images and steps, one more of either at a time
MORE_ROWS = 2400
LADDER_STEPS = ((ROWS, SHORT), (ROWS, LONG), (MORE_ROWS, LONG), (ROWS, LONGEST))
LADDER_SEEDS = {SHORT: SEEDS, LONG: SEEDS[:2], LONGEST: SEEDS[:1]}
LADDER = (ARTICLE, ((128,), 40))


def label(name):
    """Return a network as part of a file's name: 128x64x32-10."""
    hidden, code_size = name
    return f"{'x'.join(map(str, hidden)) or 'none'}-{code_size}"


def named(text):
    """Return the network that `label` wrote: (hidden, code_size)."""
    hidden, _, code_size = text.rpartition("-")
    widths = tuple(int(w) for w in hidden.split("x") if w != "none")
    return widths, int(code_size)


def training(rows, steps):
    """Return the settings of `train_together` that take so many gradient steps.

    Raises
    ------
    ValueError
        if so many steps are no whole number of passes over so many rows."""
    passes, rest = divmod(steps * BATCH, rows)
    if rest or not passes:
        raise ValueError(
            f"{steps} steps of {BATCH} rows must be whole passes over {rows} rows, got "
            f"{steps * BATCH / rows:.2f}; take {max(passes, 1) * rows // BATCH} steps."
        )
    return {"epochs": passes, "batch_size": BATCH, "learning_rate": RATE}


def kind(world, rows, steps):
    """Return how the files of one kind of training begin."""
    return f"{world}-{rows}x{steps}"


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


def loaded(path):
    """Return (pairs of validation rows, test AUROC of each class, validation error of
    each class, seconds) of one file.
    """
    with np.load(path) as f:
        validation, test = f["validation"], f["test"]
        error = validation[np.arange(10), np.arange(10)].mean(axis=1)
        judged = pairs(test).sum(axis=1) / 9 - 0.5 / 9
        return pairs(validation), judged, error, float(f["seconds"])


def benchmark(parts, world, steps, names=None, seeds=SEEDS, rows=ROWS):
    """Return what architectures did after so many steps: Benchmark."""
    names = distinct(architectures(**SPACE)) if names is None else names
    begin = kind(world, rows, steps)
    found = [
        [loaded(parts / f"{begin}-{label(n)}-{s}.npz") for s in seeds] for n in names
    ]
    columns = (np.array([[r[k] for r in row] for row in found]) for k in range(4))
    return Benchmark(names, *columns)


def seeds_of(parts, world, steps=LONG):
    """Return the seeds with which each network of the space was trained: {network: list},
    without those that were not.
    """
    begin, found = kind(world, ROWS, steps), {}
    files = {path.stem for path in parts.glob(f"{begin}-*.npz")}
    for name in distinct(architectures(**SPACE)):
        there = [s for s in SEEDS if f"{begin}-{label(name)}-{s}" in files]
        if there:
            found[name] = there
    return found


def last_training(parts, world, seeds, steps=LONG):
    """Return the test AUROC of each class, mean over seeds: {network: array (10,)}.

    seeds : {network: list}."""
    return {
        name: benchmark(parts, world, steps, [name], of).test[0].mean(axis=0)
        for name, of in seeds.items()
    }


def of_pca(parts, world, rows=ROWS):
    """Return what PCA did with as many components as the codes have numbers: Benchmark,
    the number of components in the place of the code's size.
    """
    codes = SPACE["code_sizes"]
    found = [loaded(parts / f"{world}-{rows}-pca-{k}-0.npz") for k in codes]
    columns = (np.array([[row[i]] for row in found]) for i in range(4))
    return Benchmark([((), k) for k in codes], *columns)


def cost(parts):
    """Return CPU seconds of training every network whose file is there."""
    total = 0.0
    for path in parts.glob("*.npz"):
        with np.load(path) as f:
            total += float(f["seconds"].sum())
    return round(total, 1)
