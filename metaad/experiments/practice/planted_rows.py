"""Normal rows into which an anomaly was planted, so that it is known which column it is."""

from typing import NamedTuple

import numpy as np

from metaad import data
from metaad.meta.context.spaces import Spaces

KINDS = ("far", "combination", "gap", "several")
READ, PLANTED, MOST_COLUMNS, LEAST_COLUMNS = 500, 20, 30, 4
DISTINCT = 10  # a column of more different values than this may be changed
TOLD, STILL_TOLD = 0.8, 0.6  # shares of variance that other columns explain
FAR_OFF = 1.5  # normal scores between a swapped value and the row's own
GAP, SIDE = 0.2, 0.1  # of the range; share of rows on the smaller side


class Planted(NamedTuple):
    """Rows of one kind, as they were and as they are, both (n, d), and for each the
    columns changed (n, k).
    """

    before: np.ndarray
    rows: np.ndarray
    changed: np.ndarray


def planted(name, seed=0):
    """Return (usual rows (b, d), {kind: Planted}) of a table, its normal rows alone.

    Columns are standardised by the usual rows; more than 30 are drawn. None where the
    table has too few rows or columns that can be changed. A kind is absent where no
    column allows it.

    - far: one value moves beyond the largest or smallest that was read, by half of the
      range of the middle 90 %.
    - combination: one value is that of another row, in a column that the others tell
      (four fifths of its variance in normal scores, and three fifths without the best of
      them, so that it is clear which of two is wrong).
    - gap: one value moves to the middle of its column's widest gap between modes.
    - several: three columns each take their 2 % or 98 % quantile.
    """
    table = data.load(name)
    rng = np.random.default_rng(seed)
    normal = table.X[rng.permutation(np.flatnonzero(table.y == 0))]
    if len(normal) < READ // 2 + PLANTED or normal.shape[1] < LEAST_COLUMNS:
        return None
    b = min(READ, len(normal) - PLANTED)
    if normal.shape[1] > MOST_COLUMNS:
        keep = rng.choice(normal.shape[1], MOST_COLUMNS, replace=False)
        normal = normal[:, np.sort(keep)]
    normal = normal[:, normal[:b].std(axis=0) > 0]
    usual, rest = normal[:b], normal[b : b + PLANTED]
    may = [j for j, x in enumerate(usual.T) if len(np.unique(x)) > DISTINCT]
    if len(may) < LEAST_COLUMNS:
        return None
    mean, spread = usual.mean(axis=0), usual.std(axis=0)
    usual, rest = (usual - mean) / spread, (rest - mean) / spread
    makers = dict(zip(KINDS, (_far, _combination, _gap, _several), strict=True))
    made = {kind: make(usual, rest, may, rng) for kind, make in makers.items()}
    return usual, {kind: p for kind, p in made.items() if p is not None}


def _far(usual, rest, may, rng):
    at = rng.choice(may, len(rest))
    low, high = np.quantile(usual, [0.05, 0.95], axis=0)
    beyond = 0.5 * np.maximum(high - low, usual.std(axis=0))
    up = rng.random(len(rest)) < 0.5
    ends = usual.max(axis=0) + beyond, usual.min(axis=0) - beyond
    return _with(rest, at, np.where(up, ends[0][at], ends[1][at]))


def _combination(usual, rest, may, rng):
    spaces = Spaces(usual)
    ranks, own = spaces(usual)["rank"], spaces(rest)["rank"]
    told = [j for j in may if _told(ranks, j)]
    if not told:
        return None
    rows, at, values = [], [], []
    for i in range(len(rest)):
        j = int(rng.choice(told))
        donors = np.flatnonzero(np.abs(ranks[:, j] - own[i, j]) >= FAR_OFF)
        if len(donors):
            rows.append(i)
            at.append(j)
            values.append(usual[rng.choice(donors), j])
    return _with(rest[rows], np.array(at), np.array(values)) if rows else None


def _told(ranks, j):
    """Whether other columns tell column j, without the best of them too."""
    others = np.delete(np.arange(ranks.shape[1]), j)
    if _explained(ranks, others, j) < TOLD:
        return False
    near = [abs(np.corrcoef(ranks[:, o], ranks[:, j])[0, 1]) for o in others]
    return _explained(ranks, np.delete(others, np.argmax(near)), j) >= STILL_TOLD


def _explained(ranks, others, j):
    half = len(ranks) // 2
    weights = _weights(ranks[:half][:, others], ranks[:half, j])
    left = ranks[half:, j] - ranks[half:][:, others] @ weights
    return 1 - np.mean(left**2) / np.maximum(np.mean(ranks[half:, j] ** 2), 1e-9)


def _weights(A, b):
    return np.linalg.solve(A.T @ A + 0.01 * len(A) * np.eye(A.shape[1]), A.T @ b)


def _gap(usual, rest, may, rng):
    found = {}
    for j in may:
        x = np.sort(usual[:, j])
        steps, n = np.diff(x), len(x)
        inside = steps[int(SIDE * n) : n - int(SIDE * n)]
        k = int(SIDE * n) + int(inside.argmax())
        wide = np.subtract(*np.quantile(x, [0.99, 0.01]))
        if steps[k] >= GAP * wide:
            found[j] = (x[k] + x[k + 1]) / 2
    if not found:
        return None
    at = rng.choice(list(found), len(rest))
    return _with(rest, at, np.array([found[j] for j in at]))


def _several(usual, rest, may, rng):
    at = np.stack([rng.choice(may, 3, replace=False) for _ in rest])
    ends = np.quantile(usual, [0.02, 0.98], axis=0)
    made = rest.copy()
    for i, columns in enumerate(at):
        made[i, columns] = ends[rng.integers(2, size=3), columns]
    return Planted(rest, made, at)


def _with(rows, at, values):
    made = rows.copy()
    made[np.arange(len(rows)), at] = values
    return Planted(rows, made, at[:, None])
