"""Run the tests in random order: between files, and within each file.

    ORDER_SEED=7 python -m pytest -p tests.tools.random_order tests

The same seed gives the same order, with any number of workers. A file's tests stay
together, so that fixtures of a module are made once; parameters of one test are
shuffled too."""

import os
import random


def shuffled(items, seed):
    """Return items in random order, those with the same `fspath` side by side."""
    rng = random.Random(seed)
    files = {}
    for item in items:
        files.setdefault(str(item.fspath), []).append(item)
    names = sorted(files)
    rng.shuffle(names)
    found = []
    for name in names:
        inside = sorted(files[name], key=lambda item: item.nodeid)
        rng.shuffle(inside)
        found += inside
    return found


def seed():
    """Return the seed of the order, $ORDER_SEED or 0."""
    return int(os.environ.get("ORDER_SEED", "0"))


def pytest_collection_modifyitems(items):
    items[:] = shuffled(items, seed())


def pytest_report_header():
    return f"random order, ORDER_SEED={seed()}"
