"""The tables of `many_table_forest`, and what can be said of a forest's leaves on them
without growing it again.
"""

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from metaad import data, metrics
from metaad.detectors.forest.leaf_values import PLAIN
from metaad.detectors.forest.split_policy import SplitPolicy
from metaad.search.forest.cuts import some_rows
from metaad.search.forest.leaves import ForestScore, as_weights, design
from metaad.tasks.parts import read_and_judged

MOST_READ = {"most_read": 500, "most_judged": 1000}
LEAST_READ = 20  # a table with fewer rows to read is left out


class ReadTable(NamedTuple):
    """A table with rows to fit on, read (n, d), and others that are judged, X (m, d)
    with labels y (m,).
    """

    X: np.ndarray
    y: np.ndarray
    name: str
    family: str
    read: np.ndarray


class Design(NamedTuple):
    """What a plain forest's leaves say of a table's judged rows: D (m, 22), y (m,)."""

    D: np.ndarray
    y: np.ndarray
    name: str
    family: str


def tables(names, setting="clean"):
    """Return ReadTables of these names: list. Those with rows of one class alone to
    judge by, or almost none to read, are left out.
    """
    return list(_tables(tuple(names), setting))


@lru_cache(maxsize=16)
def _tables(names, setting):
    found = []
    for name in names:
        read, X, y, _ = read_and_judged(name, setting, **MOST_READ)
        if 0 < y.sum() < len(y) and len(read) >= LEAST_READ:
            found.append(ReadTable(X, y, name, data.family(name), read))
    return found


def designs(names, policy=None, seed=0, setting="clean", n_trees=100):
    """Return the Designs of these tables: list. policy : SplitPolicy or None, how the
    forests cut.
    """
    return [
        Design(*design(t, policy, n_trees, seed), t.name, t.family)
        for t in tables(names, setting)
    ]


def taught(asked, rows=(50, 100)):
    """Return what leaves are learned from: for each Design (D, y) of at most so many
    anomalies and normal rows, the same ones each time.
    """
    found = []
    for d in asked:
        kept = some_rows(d.y, rows, np.random.default_rng(0))
        found.append((d.D[kept], d.y[kept]))
    return found


def measured(asked, w=None):
    """Return AUROC and average precision on each Design: array (n_tables, 2).

    w : values (22,) at the knots, or None for path lengths."""
    w = as_weights(PLAIN) if w is None else w
    each = [(d.y, d.D @ w) for d in asked]
    return np.array([(metrics.auroc(*e), metrics.average_precision(*e)) for e in each])


def reached(names, policy, score, seeds=(0,), setting="clean", n_trees=100):
    """Return AUROC and average precision of forests on these tables, mean over seeds:
    array (n_tables, 2).

    policy : SplitPolicy or None, how they cut. score : dict, what their leaves say."""
    w = as_weights(score)
    return np.mean(
        [
            measured(_designs(tuple(names), policy_key(policy), s, setting, n_trees), w)
            for s in seeds
        ],
        axis=0,
    )


def policy_key(policy):
    """Return a policy's weights in a form that a cache can hold, or None."""
    return None if policy is None else tuple(policy.weights.items())


@lru_cache(maxsize=8)
def _designs(names, weights, seed, setting, n_trees):
    policy = None if weights is None else SplitPolicy(dict(weights))
    return designs(names, policy, seed, setting, n_trees)


def mean_gains(gains):
    """Return the mean gains as a dict. gains : array (n_tables, 2)."""
    return {
        name: round(float(v), 5)
        for name, v in zip(("auroc", "ap"), gains.mean(axis=0), strict=True)
    }


def family_gains(names, leaves):
    """Return what leaves learned from the *other* families of these tables gain on each
    family, mean over its tables: {family: [AUROC, AP]}.
    """
    known = designs(names)
    found = {}
    for family in dict.fromkeys(d.family for d in known):
        others = [d for d in known if d.family != family]
        count = {
            f: sum(d.family == f for d in others) for f in {d.family for d in others}
        }
        share = np.array([1 / count[d.family] for d in others]) / len(count)
        w = ForestScore(**leaves).descend(taught(others), share)
        own = [d for d in known if d.family == family]
        gains = measured(own, w) - measured(own)
        found[family] = gains.mean(axis=0).round(4).tolist()
    return found
