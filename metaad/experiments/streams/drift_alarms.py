"""How often do alarms of drift ring for nothing, how soon for a reason, and can they tell
a burst of anomalies from a new normal?
"""

import numpy as np

from metaad.detectors import KNNDetector, anomaly_score
from metaad.scores import RankCusum, WindowAlarm, ks_p, mmd_p
from metaad.tasks import class_stream

LEVEL, WINDOW = 0.05, 25
NEVER = np.inf
# name: (test, what it looks at, whether its level is shared out over the looks)
ALARMS = {
    "MMD, each window at .05": (mmd_p, "rows", False),
    "MMD, level shared": (mmd_p, "rows", True),
    "columns (KS), level shared": (ks_p, "rows", True),
    "scores (KS), level shared": (ks_p, "scores", True),
    "scores (CUSUM)": (None, "scores", True),
}
SLOW = ("columns (KS), level shared",)


def first_alarm(name, stream, scores=None, *, window=WINDOW, level=LEVEL, seed=0):
    """Return the number of rows of a stream after which an alarm rings; inf if never.

    name : of ALARMS. scores : (of the past, of the rows), anomaly scores of the detector
    in service; made here by a nearest-neighbour detector if None.
    """
    test, looks_at, corrected = ALARMS[name]
    if looks_at == "scores":
        past, rows = detector_scores(stream) if scores is None else scores
        if test is None:
            found = RankCusum(past, len(rows), level).update(rows)
            return NEVER if found is None else found
    else:
        past, rows = stream.past, stream.rows
    alarm = WindowAlarm(
        past,
        window,
        max(1, len(rows) // window),
        level,
        test,
        corrected,
        random_state=seed,
    )
    for start in range(0, len(rows), window):
        for look in alarm.update(rows[start : start + window]):
            if look.alarm:
                return look.row
    return NEVER


def detector_scores(stream):
    """Return the anomaly scores of past and stream by what learned from its normals."""
    detector = KNNDetector(1).fit(stream.normals)
    return anomaly_score(detector, stream.past), anomaly_score(detector, stream.rows)


def rings(names, streams, **options):
    """Return {alarm: rows until it rang (streams,), inf where it did not}."""
    found = {name: [] for name in names}
    for i, stream in enumerate(streams):
        scores = detector_scores(stream)
        for name in names:
            found[name].append(
                first_alarm(name, stream, scores, seed=1000 * i, **options)
            )
    return {name: np.array(rows, dtype=float) for name, rows in found.items()}


def gaussian_streams(count, *, length, past=100, columns=5, share=0.05, seed=0):
    """Make streams without drift, of made-up rows: yields Streams. Normal rows are
    standard normal, anomalies three times as wide.
    """
    from metaad.tasks.streams import Stream, Truth

    rng = np.random.default_rng(seed)
    for _ in range(count):
        odd = rng.random(2 * past + length) < share
        odd[:past] = False
        rows = rng.normal(size=(len(odd), columns)) * np.where(odd, 3, 1)[:, None]
        normals, before, stream = np.split(rows, [past, 2 * past])
        y = odd[2 * past :].astype(int)
        yield Stream(stream, Truth(y, np.zeros(length), ()), before, normals, WINDOW)


def change_at(change, i):
    """Return where the i-th stream changes: somewhere in the window that begins at
    `change`, each place as often.
    """
    return change + 7 * i % WINDOW


def delays(rows, change):
    """Return the rows from the change to the alarm: inf where it never rang, negative
    where it rang before. rows : array (streams,) of `rings`.
    """
    return np.asarray(rows) - [change_at(change, i) for i in range(len(rows))]


def digit_streams(X, y, count, *, seed, change=None, length=200, **options):
    """Make streams of digits, the i-th beginning with digit i mod 10: yields Streams.

    change : None for no drift; else another digit, which is drawn, is normal from row
    `change_at(change, i)` on."""
    rng = np.random.default_rng(seed)
    for i in range(count):
        first = i % 10
        order, each = [first], length
        if change is not None:
            order = [first, int((first + rng.integers(1, 10)) % 10)]
            each = change_at(change, i)
        yield class_stream(X, y, order, each=each, random_state=rng, **options)


def mixed_window(past, other, share, window, rng):
    """Draw a window in which a share of the rows comes from `other`: (window, d)."""
    new = rng.random(window) < share
    rows = past[rng.choice(len(past), window, replace=False)]
    rows[new] = other[rng.choice(len(other), int(new.sum()), replace=False)]
    return rows


def power(X, y, windows, shares, *, draws, threshold, seed, past=100):
    """Measure how often one window is seen, for the number of rows in it and the share of
    a new digit among them: {share: array (windows,)}.

    threshold : of the p-value. Each draw takes two digits and new rows of them.
    """
    rng = np.random.default_rng(seed)
    B = int(np.ceil(2 / threshold)) - 1
    seen = {share: np.zeros((draws, len(windows))) for share in shares}
    for i in range(draws):
        a, b = rng.choice(10, 2, replace=False)
        own = X[rng.permutation(np.flatnonzero(y == a))]
        other = X[rng.permutation(np.flatnonzero(y == b))]
        for share, found in seen.items():
            for j, window in enumerate(windows):
                rows = mixed_window(own[past:], other, share, window, rng)
                found[i, j] = (
                    mmd_p(own[:past], rows, B, int(rng.integers(2**31))) <= threshold
                )
    return {share: found.mean(axis=0) for share, found in seen.items()}


def after_alarm(stream, window=WINDOW, level=LEVEL, seed=0):
    """Say what an MMD alarm was about: "drift", "burst", or None if it never rang.

    The window after the alarm is tested at `level`, on its own: if it looks like the past
    again, it was a burst.
    """
    row = first_alarm(
        "MMD, level shared", stream, window=window, level=level, seed=seed
    )
    if not np.isfinite(row) or row + window > len(stream.rows):
        return None
    after = stream.rows[int(row) : int(row) + window]
    return "drift" if mmd_p(stream.past, after, 199, seed) <= level else "burst"
