"""What lesson 20 measures: thresholds that keep their promise and some that don't, a
column that float32 can't hold, and alarms over streams that never change.
"""

import numpy as np

from metaad import data
from metaad.detectors import (
    IsolationForest,
    KNNDetector,
    MahalanobisDetector,
    PCADetector,
    anomaly_score,
)
from metaad.metrics import auroc
from metaad.practice import Conformal, DriftAlarm, onnx_scores, to_onnx
from metaad.scores import ks_p
from metaad.scores.drift import RankCusum

DETECTORS = {
    "Mahalanobis": MahalanobisDetector(),
    "PCA": PCADetector(),
    "Isolation Forest": IsolationForest(30, random_state=0),
    "kNN": KNNDetector(),
}
PAST, WINDOW = 300, 50  # scores before a stream, and rows of a daily test
ALARMS = ("a test per day", "CUSUM", "DriftAlarm")


def normal_tables():
    """Return 20 tables of one kind of row each: the ten digits of two collections, as
    arrays (n, 49) and (n, 64).
    """
    small, mnist = data.load("digits"), data.load("mnist-5k")
    pooled = data.pooled(mnist.X, 4).reshape(len(mnist.X), -1)
    pairs = ((pooled, mnist.y), (small.X.reshape(len(small.X), -1), small.y))
    return [X[y == c] for X, y in pairs for c in range(10)]


def split(n, rate, rng):
    """Draw rows to learn from and rows to judge by: two int arrays, and the share of
    the first that calibrates, such that rate · (m + 1) is a whole number, or as little
    above one as can be.
    """
    learn, judge = np.split(rng.permutation(n), [3 * n // 4])
    m = np.ceil(max(1, int(len(learn) / 3 * rate)) / rate - 1e-9) - 1
    return learn, judge, m / len(learn)


def false_alarms(rate, draws, seed):
    """Measure how many new normal rows are called odd: {detector: {"quantile of its own
    rows", "conformal": array (20,), a mean over draws for each table}}.

    Both get the same rows: the detector with a quantile learns from all of them, the
    other from two thirds."""
    found = {name: {"own rows": [], "conformal": []} for name in DETECTORS}
    for i, X in enumerate(normal_tables()):
        rng = np.random.default_rng([seed, i])
        parts = [split(len(X), rate, rng) for _ in range(draws)]
        for name, detector in DETECTORS.items():
            shares = np.mean([_shares(detector, X, p, rate) for p in parts], axis=0)
            for kind, share in zip(found[name], shares, strict=True):
                found[name][kind].append(share)
    return {n: {k: np.array(v) for k, v in f.items()} for n, f in found.items()}


def _shares(detector, X, part, rate):
    learn, judge, share = part
    own = detector.fit(X[learn])
    limit = np.quantile(anomaly_score(own, X[learn]), 1 - rate)
    beyond = (anomaly_score(own, X[judge]) > limit).mean()
    odd = Conformal(detector, share).fit(X[learn])
    return beyond, odd.alerts(X[judge], rate).mean()


def machine_log(seed, rows=400):
    """Make up one minute of a robot arm: array (rows, 2) of seconds since 1970 and the
    angle, which follows them, and y: in one row of ten the arm hangs behind.
    """
    rng = np.random.default_rng(seed)
    seconds = 60 * rng.random(rows)
    y = (np.arange(rows) < rows // 10).astype(int)
    angle = seconds - 3 * y + rng.normal(size=rows)
    return np.stack([1.7e9 + seconds, angle], axis=1), y


def digits_lost(count, folder, seed):
    """Measure the AUROC of one detector in Python and in files of ONNX on logs of
    `machine_log`: {way: array (count,)}.
    """
    ways = {"float64": (0, "float64"), "float32": (0, "float32")}
    ways["float32, start subtracted"] = 1.7e9, "float32"
    found = {"Python": [], **{w: [] for w in ways}}
    for i in range(count):
        X, y = machine_log([seed, i])
        model = MahalanobisDetector(ridge=1e-6).fit(X[y == 0])
        found["Python"].append(auroc(y, anomaly_score(model, X)))
        for way, (start, dtype) in ways.items():
            moved = X - [start, 0]
            model = MahalanobisDetector(ridge=1e-6).fit(moved[y == 0])
            path = to_onnx(model, folder / "log.onnx", dtype)
            found[way].append(auroc(y, -onnx_scores(path, moved)))
    return {way: np.array(values) for way, values in found.items()}


def stream(seed, rows, after=None, shift=1.0):
    """Make up scores before a stream (PAST,), and of a stream (rows,) that rise by
    `shift` standard deviations behind row `after`.
    """
    scores = np.random.default_rng(seed).normal(size=PAST + rows)
    if after is not None:
        scores[PAST + after :] += shift
    return scores[:PAST], scores[PAST:]


def rang(past, scores, level, seed=0):
    """Return the row at which each of ALARMS rang first, inf where it did not: tuple."""
    days = np.split(scores, range(WINDOW, len(scores), WINDOW))
    tested = [ks_p(past, day) <= level for day in days]
    daily = WINDOW * (1 + np.argmax(tested)) if any(tested) else np.inf
    page = RankCusum(past, len(scores), level).update(scores)
    alarm = DriftAlarm(level, seed).fit(past)
    alarm.update(scores)
    return tuple(np.inf if r is None else r for r in (daily, page, alarm.rang_at_))


def watched(count, rows, level, seed, after=None):
    """Return when the alarms rang on so many streams: {alarm: array (count,)}."""
    found = [
        rang(*stream([seed, i], rows, after), level, 1000 * seed + i)
        for i in range(count)
    ]
    return dict(zip(ALARMS, np.array(found, dtype=float).T, strict=True))


def chance_of(count, streams, level):
    """Return the chance of `count` false alarms or more in so many streams if each has
    one with probability `level`: float.
    """
    from scipy.stats import binom

    return float(binom.sf(count - 1, streams, level))


def differences(kinds, rows, new, folder):
    """Fit detectors to rows, write them as ONNX, and compare the scores of new rows:
    list of [name, largest relative difference in float64, in float32], in words.
    """
    lines = []
    for name, kind in kinds.items():
        wanted, cells = kind.fit(rows).score_samples(new), [name]
        for dtype in ("float64", "float32"):
            path = to_onnx(kind, folder / f"{name}.onnx", dtype)
            gap = np.abs(onnx_scores(path, new) / wanted - 1).max()
            bound = next((b for b in (1e-9, 1e-5, 1e-3) if gap <= b), None)
            cells.append(f"≤ {bound:.0e}" if bound else f"{gap:.0e}")
        lines.append(cells)
    return lines


def alarms_told(quiet, changed, at):
    """Return what alarms did, as rows of a table: list of [name, share of quiet streams
    that rang, share of the others that rang after row `at`, and median rows from it].
    """
    lines = []
    for name in ALARMS:
        after = changed[name][changed[name] > at] - at  # inf: never
        seen, rung = np.isfinite(after).mean(), np.isfinite(quiet[name]).mean()
        lines.append([name, f"{rung:.3f}", f"{seen:.2f}", f"{np.median(after):.0f}"])
    return lines
