"""Drawn data whose anomalies are of a known kind: series, groups in the plane, and
small groups that are normal in one table and anomalous in another.
"""

import numpy as np

from metaad.data.records import DataError

KINDS = ("point", "contextual", "collective")
PLACES = ("global", "local", "cluster", "dependency")
SMALL = ("small groups of anomalies", "small groups of normal rows")
NARROW = np.array([-1.6, 0.0])  # centre of the narrow group


def _known(kind, kinds):
    if kind not in kinds:
        raise DataError(f"kind must be one of {', '.join(kinds)}; got {kind!r}.")


def measurements(kind, random_state=None, n=300, period=30):
    """Draw a seasonal series with one kind of anomaly, or "none": values (n,) and
    labels (n,), 1 where it is anomalous.

    kind : "point" (values that never occur), "contextual" (ordinary values at the time
    of a peak), "collective" (a stretch of ordinary values that stay level) or "none".
    """
    _known(kind, (*KINDS, "none"))
    rng = np.random.default_rng(random_state)
    x = np.sin(2 * np.pi * np.arange(n) / period) + 0.08 * rng.normal(size=n)
    y = np.zeros(n, int)
    if kind == "none":
        return x, y
    if kind == "point":
        at = rng.choice(np.arange(20, n - 20), 5, replace=False)
        x[at] = rng.choice([-1, 1], 5) * rng.uniform(1.6, 1.9, 5)
    elif kind == "contextual":
        turns = rng.choice(np.arange(1, n // period - 1), 5, replace=False)
        at = period // 4 + period * turns + rng.integers(-2, 3, 5)
        x[at] = rng.uniform(-0.4, 0.2, 5)
    else:
        first = rng.integers(40, n - 60)
        at = np.arange(first, first + 20)
        x[at] = 0.5 + 0.08 * rng.normal(size=20)
    y[at] = 1
    return x, y


def windows(x, radius):
    """Return each value with its neighbours, the ends repeated: (n,) -> (n, 2 radius + 1)."""
    padded = np.pad(x, radius, mode="edge")
    return np.lib.stride_tricks.sliding_window_view(padded, 2 * radius + 1)


def groups(kind, random_state=None, n=400, bad=20):
    """Draw a narrow group, a wide tilted group, and anomalies of one kind: X
    (n + bad, 2) and y (n + bad,).

    kind : "global" (far from all), "local" (just outside the narrow group), "cluster"
    (all in one place) or "dependency" (beside the line of the wide group).
    """
    _known(kind, PLACES)
    rng = np.random.default_rng(random_state)
    t, u = rng.normal(size=(2, n // 2))
    wide = np.stack([1.8 + 0.9 * t, 0.9 * t + 0.12 * u], axis=1)
    X = np.concatenate([rng.normal(NARROW, 0.25, (n // 2, 2)), wide])
    if kind == "global":
        Z = rng.uniform(-5, 5, (12 * bad, 2))
        Z = Z[_apart(Z, X) > 1.2]
    elif kind == "local":
        Z = rng.normal(NARROW, 0.9, (12 * bad, 2))
        Z = Z[np.linalg.norm(Z - NARROW, axis=1) > 0.75]
    elif kind == "cluster":
        Z = rng.normal([-1.5, 3.2], 0.08, (bad, 2))
    else:
        Z = rng.normal([1.8, 0.0], 0.9, (12 * bad, 2))
        Z = Z[np.abs(Z[:, 0] - 1.8 - Z[:, 1]) > 0.6]
    return np.concatenate([X, Z[:bad]]), np.repeat([0, 1], [n, bad])


def small_groups(kind, random_state=None, n=400, bad=40, size=10):
    """Draw a table in which a small group means one thing or the other: X (n + bad, 2)
    and y (n + bad,).

    kind : "small groups of anomalies": one wide normal group, and all anomalies in one
    place beside it. "small groups of normal rows": n / size normal groups of `size`
    rows each, and anomalies that lie alone between them.
    """
    _known(kind, SMALL)
    rng = np.random.default_rng(random_state)
    if kind == SMALL[0]:
        X = rng.normal(size=(n, 2))
        Z = rng.normal(4.0, 0.15, (bad, 2))
    else:
        centres = rng.uniform(-10, 10, (n // size, 1, 2))
        X = (centres + rng.normal(0, 0.1, (n // size, size, 2))).reshape(-1, 2)
        Z = rng.uniform(-10, 10, (20 * bad, 2))
        Z = Z[_apart(Z, X) > 0.8][:bad]
    return np.concatenate([X, Z]), np.repeat([0, 1], [len(X), len(Z)])


def tilted(random_state=None, n=160, bad=40):
    """Draw a wide group and anomalies in one place: X (n + bad, 2), y (n + bad,)."""
    rng = np.random.default_rng(random_state)
    X = rng.normal(size=(n, 2)) * [1.0, 0.35]
    Z = rng.normal([3.5, 4.5], 0.25, (bad, 2))
    return np.concatenate([X, Z]), np.repeat([0, 1], [n, bad])


def _apart(Z, X):
    """Distance from each of Z (m, 2) to the nearest of X (n, 2): (m,)."""
    return np.linalg.norm(Z[:, None] - X, axis=2).min(axis=1)
