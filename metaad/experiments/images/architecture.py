"""Architecture search as a table: every network is trained, short and long, and every
search replays the table.

    python -m metaad.experiments architecture train --parts DIR --steps 200
        every architecture x digit of MNIST x seed, 14 x 14 pixels; --steps 800 too
    python -m metaad.experiments architecture train --parts DIR --world fashion-mnist
            --steps 800 --names none-40 128-40
        what the searches chose, on pictures that no search has seen
    python -m metaad.experiments architecture train --parts DIR --rows 2400 --steps 800
            --names 128x64x32-10
        more images at the same number of steps
    python -m metaad.experiments architecture tables --parts DIR
        architectures of a smaller space x OddBench table
    python -m metaad.experiments architecture report --parts DIR
        replay the searches, write data/results

A task: one digit is normal. Networks learn from 600 training images of it. A search may
see eight digits: its reward is the AUROC after 200 steps on 100 more training images of
the normal digit against 100 of each of the other seven. What it chose is trained again
on the two digits that it never saw, from other first weights, for 800 steps, as every
rival is, and judged once: 200 test images of each digit, the normal one against all nine
others. Each file holds what one architecture and seed did, and is computed again only if
code, data or settings changed.
"""

import time
from pathlib import Path

import numpy as np
import torch
from sklearn.decomposition import PCA

from metaad import data
from metaad.experiments.images.architecture_report import report
from metaad.experiments.images.architecture_table import (
    DIGITS,
    GARMENTS,
    LONG,
    ROWS,
    SEEDS,
    SPACE,
    TEST,
    VALIDATION,
    kind,
    label,
    named,
    training,
)
from metaad.experiments.images.architecture_tables import by_table, last_training
from metaad.experiments.record import parser_of
from metaad.repro import cache
from metaad.search.architecture import architectures, distinct
from metaad.search.architecture.batched import train_together


def images(world, rows=ROWS):
    """Return images by class, blocks of 2 x 2 pixels averaged: rows to learn from,
    validate and test on, arrays (10, r, 196).
    """
    table = data.load(world)
    X = data.pooled(table.X, 2).reshape(len(table.X), -1)
    learn = [np.flatnonzero((table.y == c) & table.train) for c in range(10)]
    test = [np.flatnonzero((table.y == c) & ~table.train)[:TEST] for c in range(10)]
    train = np.stack([X[i[:rows]] for i in learn])
    validation = np.stack([X[i[len(i) - VALIDATION :]] for i in learn])
    return train, validation, np.stack([X[i] for i in test])


def judge(path, key, errors, seconds):
    """Keep, under a key, the errors of ten networks, one per class, on the validation and
    test rows of each class.
    """
    cut = 10 * VALIDATION
    validation, test = (
        e.reshape(10, 10, -1).astype(np.float32)
        for e in (errors[:, :cut], errors[:, cut:])
    )
    cache.keep(path, key, validation=validation, test=test, seconds=seconds)
    print(path.stem, f"{seconds:.2f} s", flush=True)


def by_class(parts, world, names, seeds, rows, steps):
    """Train every network with every seed on every class, and PCA beside them."""
    learn, validation, test = images(world, rows)
    # (10 (100 + 200), d)
    queries = np.concatenate([np.concatenate(validation), np.concatenate(test)])
    made_of = cache.key(rows=learn, queries=queries)
    settings = training(rows, steps)
    for seed in seeds:
        for name in names:
            path = parts / f"{kind(world, rows, steps)}-{label(name)}-{seed}.npz"
            of = {"name": name, "seed": seed, "settings": settings}
            key = cache.key(code=[train_together], data=made_of, **of)
            if cache.stored(path, key) is None:
                began = time.process_time()
                networks = train_together(learn, *name, seeds=seed, **settings)
                seconds = time.process_time() - began
                judge(path, key, networks.errors(queries), seconds)
    for k in SPACE["code_sizes"]:
        path = parts / f"{world}-{rows}-pca-{k}-0.npz"
        key = cache.key(code=[PCA], data=made_of, k=k)
        if cache.stored(path, key) is None:
            began = time.process_time()
            fits = [PCA(k, svd_solver="covariance_eigh").fit(r) for r in learn]
            seconds = time.process_time() - began
            rebuilt = [p.inverse_transform(p.transform(queries)) for p in fits]
            errors = ((queries - np.stack(rebuilt)) ** 2).mean(axis=2)
            judge(path, key, errors, seconds)


def parser():
    """Return the parser of this experiment's steps and options."""
    found = parser_of("architecture", __doc__)
    found.add_argument("do", choices=("train", "tables", "report"))
    found.add_argument("--parts", type=Path, required=True)
    found.add_argument("--world", choices=(DIGITS, GARMENTS), default=DIGITS)
    found.add_argument("--seeds", type=int, nargs="+", default=list(SEEDS))
    about = "training images of each class"
    found.add_argument("--rows", type=int, default=ROWS, help=about)
    about = "gradient steps of each network"
    found.add_argument("--steps", type=int, default=LONG, help=about)
    about = "networks such as none-40, 128x64-20; all of the space without it"
    found.add_argument("--names", nargs="+", default=None, help=about)
    return found


def main(argv=None):
    """Run one step, see the module's first lines."""
    asked = parser().parse_args(argv)
    torch.set_num_threads(1)
    asked.parts.mkdir(parents=True, exist_ok=True)
    if asked.do == "report":
        report(asked.parts)
    elif asked.do == "tables":
        by_table(asked.parts, "short")
        last_training(asked.parts)
    else:
        every = distinct(architectures(**SPACE))
        names = [named(n) for n in asked.names] if asked.names else every
        by_class(asked.parts, asked.world, names, asked.seeds, asked.rows, asked.steps)


if __name__ == "__main__":
    main()
