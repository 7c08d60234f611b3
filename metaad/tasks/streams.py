"""Streams whose normal changes: rows in the order in which they arrive, what was there
before them, and the truth, which only a judge may read.

    stream = class_stream(X, y, order=(5, 6, 7), each=100, random_state=0)
    for rows in stream:          # (size, d), no labels
        ...
    stream.truth.changes         # (100, 200), for the judge
"""

from typing import NamedTuple

import numpy as np

from metaad.tasks.base import check_rows


class Truth(NamedTuple):
    """What a detector in service does not know.

    y : int array (L,), 1 for an anomaly. concept : float array (L,), what is normal when
    the row arrives: the class, or how far a shift has come, 0 to 1. changes : tuple of
    int, numbers of the first rows that follow a change.
    """

    y: np.ndarray
    concept: np.ndarray
    changes: tuple


class Stream:
    """Hand over rows batch by batch.

    Parameters
    ----------
    rows : array (L, d), in their order.
    truth : Truth of those rows.
    past : array (n, d), rows that came before the first change, as they came: with the
        usual share of anomalies and no labels. What an alarm compares with.
    normals : array (m, d), rows known to be normal, of the first concept. What the first
        detector learns from.
    size : int, rows in a batch; rows left over at the end are not shown.

    Iterating gives arrays (size, d).
    """

    def __init__(self, rows, truth, past, normals, size=25):
        for part in (rows, past):
            check_rows(np.asarray(part))
        if not 1 <= size <= len(rows):
            raise ValueError(
                f"size must be a number of rows from 1 to {len(rows)}, the length of the "
                f"stream; got {size!r}."
            )
        self.rows, self.truth, self.size = np.asarray(rows), truth, int(size)
        self.past, self.normals = np.asarray(past), np.asarray(normals)

    def __len__(self):
        return len(self.rows) // self.size

    def __iter__(self):
        for start in range(0, len(self) * self.size, self.size):
            yield self.rows[start : start + self.size]


def anomalies_at(length, share, bursts=(), random_state=0):
    """Draw which rows of a stream are anomalies: bool array (length,).

    share : chance of each row, 0 to below 1. bursts : (first row, number of rows, share)
    each, where another share holds.
    """
    rng = np.random.default_rng(random_state)
    chance = np.full(length, float(share))
    for first, number, other in bursts:
        chance[first : first + number] = other
    if not ((chance >= 0) & (chance < 1)).all():
        raise ValueError(
            f"a share of anomalies lies in [0, 1), got {share!r} and bursts {bursts!r}."
        )
    return rng.random(length) < chance


def class_stream(
    X,
    y,
    order,
    *,
    each=100,
    share=0.05,
    blend=0,
    bursts=(),
    past=100,
    normals=100,
    size=25,
    random_state=0,
):
    """Make a stream whose normal class goes through `order`.

    Anomalies are rows of all other classes, those that were normal before included. No
    row comes twice.

    Parameters
    ----------
    X : array (n, d). y : int array (n,), the class of each row.
    order : classes that are normal in turn; one class alone makes a stream without
        drift, and `past` and `each` are then rows of one distribution.
    each : int, rows for each class.
    share, bursts : of anomalies, see `anomalies_at`.
    blend : int, rows over which the old class fades out after a change: its chance falls
        from 1 to 0 in equal steps. 0 is a sudden change.
    past, normals, size : numbers of rows, see Stream.
    random_state : int or Generator; which rows, in which order.

    Raises
    ------
    ValueError
        if a class has too few rows, or two neighbours in `order` are the same.
    """
    rng = np.random.default_rng(random_state)
    order = [int(c) for c in order]
    if any(a == b for a, b in zip(order, order[1:], strict=False)):
        raise ValueError(f"a class can't follow itself, got order={order}.")
    concept = np.repeat(order, each)
    faded = concept.copy()
    for i in range(1, len(order)):
        begin, left = i * each, each
        old = rng.random(left) < 1 - (np.arange(left) + 1) / (blend + 1)
        faded[begin : begin + left][old] = order[i - 1]
    odd = anomalies_at(len(concept), share, bursts, rng)
    odd_past = anomalies_at(past, share, (), rng)
    drawer = _Drawer(X, y, rng)
    first = np.full(past, order[0])
    return Stream(
        drawer.rows(faded, odd, concept),
        Truth(odd.astype(np.int64), concept.astype(float), _changes(each, order)),
        drawer.rows(first, odd_past, first),
        drawer.rows(np.full(normals, order[0]), np.zeros(normals, bool), None),
        size,
    )


def _changes(each, order):
    return tuple(each * i for i in range(1, len(order)))


class _Drawer:
    """Rows of classes, each at most once."""

    def __init__(self, X, y, rng):
        self.X, self.y, self.rng = np.asarray(X), np.asarray(y), rng
        self.X = self.X.reshape(len(self.X), -1)
        self.left = {
            int(c): list(rng.permutation(np.flatnonzero(self.y == c)))
            for c in np.unique(self.y)
        }

    def rows(self, classes, odd, normal):
        """Rows of `classes` (n,); where odd (n,) a class other than these, and than
        `normal` (n,), is drawn.
        """
        found = []
        for i, c in enumerate(classes):
            if odd[i]:
                not_these = {int(c), int(normal[i])}
                others = [a for a in self.left if a not in not_these and self.left[a]]
                if not others:
                    raise ValueError("no class is left that anomalies could come from.")
                c = others[self.rng.integers(len(others))]
            if not self.left.get(int(c)):
                raise ValueError(
                    f"class {c} has too few rows for this stream: {(self.y == c).sum()}. "
                    f"Ask for fewer rows (each, past, normals)."
                )
            found.append(self.left[int(c)].pop())
        return self.X[np.array(found, dtype=int)]


def shift_stream(
    X,
    y,
    shift,
    *,
    length=100,
    at=50,
    over=0,
    share=0.05,
    bursts=(),
    past=100,
    normals=100,
    size=25,
    random_state=0,
):
    """Make a stream of a table whose columns shift.

    Parameters
    ----------
    X : array (n, d). y : int array (n,), 1 for an anomaly.
    shift : function of rows (m, d) and of how far it has come, array (m,) in [0, 1],
        that gives the shifted rows (m, d); anomalies are shifted too.
    length : int, rows of the stream. at : int, the first row that is shifted.
    over : int, rows over which the shift grows in equal steps; 0 is sudden.
    share, bursts : of anomalies. past, normals, size : see Stream. No row comes twice.
    random_state : int or Generator.

    Raises
    ------
    ValueError
        if the table has too few rows.
    """
    rng = np.random.default_rng(random_state)
    X, y = np.asarray(X, dtype=np.float64), np.asarray(y)
    pools = [list(rng.permutation(np.flatnonzero(y == label))) for label in (0, 1)]
    odd = anomalies_at(
        length + past, share, [(past + b[0], *b[1:]) for b in bursts], rng
    )
    wanted = int(normals + (~odd).sum()), int(odd.sum())
    for pool, number, kind in zip(
        pools, wanted, ("normal rows", "anomalies"), strict=True
    ):
        if len(pool) < number:
            raise ValueError(
                f"this stream needs {number} {kind}, the table has {len(pool)}. Ask for "
                f"fewer rows (length, past, normals)."
            )
    known = X[[pools[0].pop() for _ in range(normals)]].reshape(normals, X.shape[1])
    came = X[[pools[int(o)].pop() for o in odd]]
    far = np.clip((np.arange(length) - at + 1) / (over + 1), 0, 1)
    rows = np.asarray(shift(came[past:], far), dtype=np.float64)
    changes = (at,) if at < length else ()
    truth = Truth(odd[past:].astype(np.int64), far, changes)
    return Stream(rows, truth, came[:past], known, size)
