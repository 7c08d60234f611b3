"""Architecture search as a tabular benchmark: every network of a space is trained once,
every search replays the table.

    python -m metaad.experiments architecture digits --parts DIR --seeds 0 1
        every architecture x digit, 14 x 14 pixels
    python -m metaad.experiments architecture tables --parts DIR --seeds 0
        architectures of a smaller space x ADBench table
    python -m metaad.experiments architecture confirm --parts DIR --seeds 0 1 2
        a few architectures x digit, 28 x 28 pixels
    python -m metaad.experiments architecture outside --parts DIR
        the article's net trained longer; very wide codes
    python -m metaad.experiments architecture report --parts DIR
        replay the searches, write data/results

A task: one digit of MNIST is normal. Networks learn from 600 training images of it. The
search may see eight digits: its reward is the AUROC on 100 more training images of the
normal digit against 100 of each of the other seven. The two digits that it never sees
are the test: 200 test images per digit, the normal one against all nine others. Each file
holds what one architecture and seed did, and is computed again only if code, data or
settings changed.
"""

import time
from pathlib import Path

import numpy as np
import torch
from sklearn.decomposition import PCA

from metaad import data
from metaad.experiments.architecture_report import report
from metaad.experiments.architecture_table import (
    ARTICLE,
    FULL_SIZE,
    SETTINGS,
    SMALLER,
    label,
    named,
)
from metaad.experiments.record import parser_of
from metaad.repro import cache
from metaad.search.architecture import architectures, distinct
from metaad.search.architecture.batched import train_together
from metaad.tasks.tables import TableTasks, adbench_names

TRAIN, VALIDATION, TEST = 600, 100, 200  # rows per digit


def digits(pool=2, train_rows=TRAIN):
    """Return MNIST by digit, blocks of pool x pool pixels averaged: rows to learn from,
    validate and test on (10, r, d).
    """
    table = data.load("mnist")
    X = data.pooled(table.X, pool).reshape(len(table.X), -1)
    learn = [np.flatnonzero((table.y == c) & table.train) for c in range(10)]
    test = [np.flatnonzero((table.y == c) & ~table.train)[:TEST] for c in range(10)]
    train = np.stack([X[i[:train_rows]] for i in learn])
    validation = np.stack([X[i[len(i) - VALIDATION :]] for i in learn])
    return train, validation, np.stack([X[i] for i in test])


def judge(path, key, errors, seconds):
    """Keep, under a key, the errors of ten networks, one per digit, on the validation and test rows
    of each digit.
    """
    cut = 10 * VALIDATION
    validation, test = (
        e.reshape(10, 10, -1).astype(np.float32)
        for e in (errors[:, :cut], errors[:, cut:])
    )
    cache.keep(path, key, validation=validation, test=test, seconds=seconds)
    print(path.stem, f"{seconds:.2f} s", flush=True)


def by_digit(parts, kind, names, seeds, settings, pool=2, train_rows=TRAIN):
    rows, validation, test = digits(pool, train_rows)
    # (10 (100 + 200), d)
    queries = np.concatenate([np.concatenate(validation), np.concatenate(test)])
    made_of = cache.key(rows=rows, queries=queries)
    for seed in seeds:
        for name in names:
            path = parts / f"{kind}-{label(name)}-{seed}.npz"
            of = {"name": name, "seed": seed, "settings": settings}
            key = cache.key(code=[train_together], data=made_of, **of)
            if cache.stored(path, key) is None:
                began = time.process_time()
                networks = train_together(rows, *name, seeds=seed, **settings)
                errors = networks.errors(queries)
                judge(path, key, errors, time.process_time() - began)
    # as many principal components as the code has numbers
    for k in sorted({k for _, k in names}):
        path = parts / f"{kind}-pca-{k}-0.npz"
        key = cache.key(code=[PCA], data=made_of, k=k)
        if cache.stored(path, key) is None:
            began = time.process_time()
            fits = [PCA(k, svd_solver="covariance_eigh").fit(r) for r in rows]
            seconds = time.process_time() - began
            rebuilt = np.stack(
                [p.inverse_transform(p.transform(queries)) for p in fits]
            )
            judge(path, key, ((queries - rebuilt) ** 2).mean(axis=2), seconds)


def one_class(table, seed):
    """Return half of the normal rows, 320 at most, to learn from; the rest and all
    anomalies to judge by; both scaled.
    """
    rng = np.random.default_rng(seed)
    normal = rng.permutation(np.flatnonzero(table.y == 0))
    train = normal[: min(len(normal) // 2, 320)]
    rest = np.concatenate([normal[len(train) :], np.flatnonzero(table.y == 1)])
    mean, scale = table.X[train].mean(axis=0), table.X[train].std(axis=0)
    X = np.clip((table.X - mean) / np.where(scale > 0, scale, 1.0), -20, 20)
    return X[train], X[rest], table.y[rest]


def by_table(parts, seeds):
    tasks = TableTasks(adbench_names(), max_rows=1000)
    names = [*distinct(architectures(**SMALLER)), ARTICLE]
    for seed in seeds:
        for table in tasks:
            path = parts / f"table-{table.name.replace(':', '_')}-{seed}.npz"
            train, rest, y = one_class(table, seed)
            of = {"train": train, "rest": rest, "y": y, "family": table.family}
            of |= {"names": names, "seed": seed, "settings": SETTINGS}
            key = cache.key(code=[train_together, PCA], **of)
            if cache.stored(path, key) is not None:
                continue
            errors, seconds = [], []
            for name in names:
                began = time.process_time()
                errors.append(
                    train_together(train[None], *name, seeds=seed, **SETTINGS).errors(
                        rest
                    )[0]
                )
                seconds.append(time.process_time() - began)
            pca = []
            for k in SMALLER["code_sizes"]:
                p = PCA(min(k, *train.shape), svd_solver="full").fit(train)
                pca.append(
                    ((rest - p.inverse_transform(p.transform(rest))) ** 2).mean(axis=1)
                )
            cache.keep(
                path,
                key,
                errors=np.array(errors, np.float32),
                pca=np.array(pca, np.float32),
                y=y,
                seconds=seconds,
                names=[label(n) for n in names],
                d=train.shape[1],
                rows=len(train),
                family=table.family,
            )
            print(path.stem, train.shape, f"{sum(seconds):.1f} s", flush=True)


def parser():
    """Return the parser of this experiment's steps and options."""
    found = parser_of("architecture", __doc__)
    found.add_argument(
        "do", choices=("digits", "tables", "confirm", "outside", "report")
    )
    found.add_argument("--parts", type=Path, required=True)
    found.add_argument("--seeds", type=int, nargs="+", default=[0])
    about = "of confirm: training images per digit, at most 5321"
    found.add_argument("--rows", type=int, default=1000, help=about)
    about = "of confirm: none-40, 128x64-20 …"
    found.add_argument("--names", nargs="+", default=["128x64x32-10"], help=about)
    return found


def confirm(parts, names, seeds, rows):
    """Train some architectures on images of full size."""
    kind = "confirm" if rows == 1000 else f"confirm{rows}"
    chosen = [named(n) for n in names]
    by_digit(parts, kind, chosen, seeds, FULL_SIZE, pool=1, train_rows=rows)


def outside(parts):
    """Train very wide codes, and the article's network four times as long."""
    wide = [((), 120), ((), 196), ((128,), 196)]
    by_digit(parts, "outside", wide, [0], SETTINGS)
    longer = {**SETTINGS, "epochs": 4 * SETTINGS["epochs"]}
    by_digit(parts, "longer", [ARTICLE], [0], longer)


def main(argv=None):
    """Run one step, see the module's first lines."""
    asked = parser().parse_args(argv)
    torch.set_num_threads(1)
    parts = asked.parts
    parts.mkdir(parents=True, exist_ok=True)
    steps = {
        "digits": lambda: by_digit(
            parts, "digits", distinct(architectures()), asked.seeds, SETTINGS
        ),
        "tables": lambda: by_table(parts, asked.seeds),
        "confirm": lambda: confirm(parts, asked.names, asked.seeds, asked.rows),
        "outside": lambda: outside(parts),
        "report": lambda: report(parts),
    }
    steps[asked.do]()


if __name__ == "__main__":
    main()
