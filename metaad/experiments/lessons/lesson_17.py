"""What lesson 17 measures: false alarms over many windows, alarms on digits, the clinic's
table under another microscope, and detectors made of a few rows of a new digit.
"""

import numpy as np

from metaad import data, metrics
from metaad.detectors import KNNDetector, anomaly_score
from metaad.experiments.streams import (
    drift_alarms,
    drift_curves,
    drift_methods,
    drift_tables,
)
from metaad.experiments.streams.drift_loop import Judge, watch
from metaad.scores import mmd_p
from metaad.tasks import Stream, class_stream
from metaad.tasks.streams import Truth

HALVES = ((0, 1, 2, 3, 4), (5, 6, 7, 8, 9))
QUICK_NET = {"epochs": 30}  # of the autoencoder
# more and smaller steps than a long study takes: a short one learns more by them
QUICK_STUDY, STUDY = {"iterations": 60, "n_tasks": 12}, {"iterations": 300}
ALARMS = [n for n in drift_alarms.ALARMS if n not in drift_alarms.SLOW][1:]


def pooled(images, side):
    """Average squares of pixels: (n, 28, 28) -> (n, side, side), side 14 or 7."""
    return data.pooled(images, 28 // side)


def p_of_windows(stream, window, least, seed=0):
    """Return the MMD p-value of each window of a stream: array (looks,).

    least : p-values down to half of it can be told apart."""
    B, looks = int(np.ceil(2 / least)) - 1, len(stream.rows) // window
    parts = np.split(stream.rows[: looks * window], looks)
    return np.array(
        [mmd_p(stream.past, part, B, seed + i) for i, part in enumerate(parts)]
    )


def without_drift(count, window, looks, level, seed):
    """Return p-values of streams of made-up rows that do not drift: (count, looks)."""
    streams = drift_alarms.gaussian_streams(count, length=window * looks, seed=seed)
    return np.array(
        [
            p_of_windows(stream, window, level / looks, 1000 * i)
            for i, stream in enumerate(streams)
        ]
    )


def rung_by(p, threshold):
    """Return the share of streams that have rung by each window: (streams, looks) ->
    (looks,).
    """
    return np.maximum.accumulate(p <= threshold, axis=1).mean(axis=0)


def chance_of(count, streams, level):
    """Return the chance of `count` false alarms or more in so many streams if each has
    one with probability `level`.
    """
    from scipy.stats import binom

    return float(binom.sf(count - 1, streams, level))


def alarms_on_digits(X, y, count, level, seed, window=drift_alarms.WINDOW):
    """Measure the alarms on streams of digits.

    X : array (n, d), small images. y : digits.

    Returns
    -------
    {case: {alarm: rows from the change to the alarm (count,), inf where it is silent}}.
    Without drift the rows are counted from the beginning.
    """
    how = {"seed": seed, "normals": 60, "past": 100}
    options = {"level": level, "window": window}
    plain = drift_alarms.digit_streams(X, y, count, length=225, **how)
    new = drift_alarms.digit_streams(X, y, count, change=100, **how)
    inside = one_stops(X, y, count, seed)
    found = {
        "no drift": drift_alarms.rings(ALARMS, plain, **options),
        "another digit": drift_alarms.rings(ALARMS, new, **options),
        "one of two digits stops": drift_alarms.rings(ALARMS, inside, **options),
    }
    found["another digit"] = {
        name: drift_alarms.delays(rows, 100)
        for name, rows in found["another digit"].items()
    }
    found["one of two digits stops"] = {
        name: rows - 100 for name, rows in found["one of two digits stops"].items()
    }
    return found


def a_change(X, y, seed, share=1.0, first=1, then=7, at=110, length=310):
    """Make a stream in which from a row on a share of the rows is of another digit, and
    the rest as before: a Stream.
    """
    rng = np.random.default_rng(seed)
    how = {"each": length, "normals": 20, "random_state": rng}
    stream = class_stream(X, y, (first,), **how)
    new = at + np.flatnonzero(rng.random(length - at) < share)
    other = rng.permutation(np.flatnonzero(y == then))[: len(new)]
    stream.rows[new] = X[other]
    return Stream(stream.rows, stream.truth._replace(changes=(at,)), stream.past, X[:0])


def by_window(X, y, count, windows, shares, seed, at=110):
    """Measure when MMD alarms of several windows ring after a weak or a clear change.

    Returns
    -------
    {share: {window: rows from the change to the alarm (count,), inf if it never rings or
    rang before}}.
    """
    name = ALARMS[0]
    found = {share: {w: [] for w in windows} for share in shares}
    for share, by in found.items():
        for i in range(count):
            first = i % 10
            digits = {"first": first, "then": (first + 1 + i // 10) % 10}
            stream = a_change(X, y, 1000 * seed + i, share, **digits, at=at)
            for window, rows in by.items():
                rang = drift_alarms.first_alarm(name, stream, window=window, seed=i)
                rows.append(rang - at if rang > at else np.inf)
    return {s: {w: np.array(r) for w, r in by.items()} for s, by in found.items()}


def one_stops(X, y, count, seed):
    """Make streams whose normal rows are two digits, and one of them stops coming after
    100 rows: yields Streams. The detector knows both, so it misses nothing.
    """
    rng = np.random.default_rng(seed)
    for i in range(count):
        a, b = i % 10, (i + 1 + i // 10) % 10
        if a == b:
            b = (b + 1) % 10
        two = rng.permutation(np.flatnonzero((y == a) | (y == b)))
        both, rest = two[:260], two[260:]
        one = rest[y[rest] == a][:100]
        normals, past, before = np.split(X[both], [60, 160])
        rows = np.concatenate([before, X[one]])
        zero = np.zeros(len(rows), int)
        truth = Truth(zero, np.arange(len(rows)) >= 100, (100,))
        yield Stream(rows, truth, past, normals, drift_alarms.WINDOW)


def bursts_and_drifts(X, y, count, seed, share=0.9):
    """Say what alarms were about, in streams with a burst of other digits in one window
    and in streams whose digit changes: {"burst": [...], "drift": [...]}, each "burst",
    "drift" or None.
    """
    rng = np.random.default_rng(seed)
    how = {"past": 100, "normals": 20, "random_state": rng}
    found = {"burst": [], "drift": []}
    for i in range(count):
        burst = class_stream(X, y, [i % 10], each=200, bursts=[(100, 25, share)], **how)
        drift = class_stream(X, y, [i % 10, (i + 1 + i % 9) % 10], each=100, **how)
        found["burst"].append(drift_alarms.after_alarm(burst, seed=seed + i))
        found["drift"].append(drift_alarms.after_alarm(drift, seed=seed + i))
    return found


def studied(images, y, half, **how):
    """Train on the digits of one half: (learners, trunk). how : seed, iterations, n_tasks,
    device and dtype, see `drift_methods.meta_learned`.
    """
    at = np.isin(y, HALVES[half])
    learners = drift_methods.meta_learned(images[at], y[at], **how)
    return learners, drift_methods.classifier(images[at], y[at], **how)


def after_a_few_rows(images, y, half, made, *, seed, numbers, draws, tests=40):
    """Measure methods on the digits that were not studied: see
    `drift_curves.curves_together`.
    """
    rng = np.random.default_rng(seed)
    new = HALVES[1 - half]
    learn, judge = drift_curves.split(images, y, new, tests, rng)
    how = {"numbers": numbers, "draws": draws, "seed": seed, "autoencoder": QUICK_NET}
    return drift_curves.curves_together(learn, judge, made, **how)


def over_stream(images, y, order, made, *, seed, each=175, tests=60):
    """Run the loop over one stream of digits for each method: (stream, {name: Course}).

    made : {name: function of rows}; None never adapts after its first detector, which is
    that of the first method.
    """
    rng = np.random.default_rng(seed)
    X = images.reshape(len(images), -1)
    tested = np.concatenate(
        [rng.permutation(np.flatnonzero(y == c))[:tests] for c in np.unique(y)]
    )
    rest = np.setdiff1d(np.arange(len(y)), tested)
    judge = Judge(X[tested], y[tested])
    stream = class_stream(
        X[rest], y[rest], order, each=each, past=100, normals=100, random_state=rng
    )
    starts = {n: make(stream.normals) for n, make in made.items() if make}
    first = next(iter(starts.values()))
    runs = {
        name: watch(stream, judge, starts.get(name, first), make, seed=seed)
        for name, make in made.items()
    }
    return stream, runs


def clinic_alerts(table, by, seed, n=10, contamination=0.05):
    """Measure what a new microscope does to a detector, and what n new benign rows undo.

    Returns
    -------
    {method: (AUROC, share of benign rows that are called anomalous)}. The threshold is
    that of the old microscope; what is refitted takes its own from the n rows.
    """
    rng = np.random.default_rng(seed)
    benign, malignant = (rng.permutation(np.flatnonzero(table.y == k)) for k in (0, 1))
    old, new, known, test = np.split(benign, [150, 150 + n, 250 + n])
    mean, sd = table.X[old].mean(axis=0), table.X[old].std(axis=0)
    power = drift_tables.powers(table.columns)
    shifted = table.X * by**power
    detector = KNNDetector(5).fit((table.X[old] - mean) / sd)

    def score(X):
        return anomaly_score(detector, (X - mean) / sd)

    limit = np.quantile(score(table.X[known]), 1 - contamination)
    rows = np.r_[test, malignant]
    label = np.repeat([0, 1], [len(test), len(malignant)])
    fresh = (shifted[new] - mean) / sd
    refit = KNNDetector(min(5, n - 1)).fit(fresh)
    own = -refit.score_samples(fresh).min()
    ratio = shifted[new].mean(axis=0) / mean  # (d,)
    z = np.abs(ratio - 1) * mean / (sd / np.sqrt(n))
    clear = np.where(z > drift_tables.universal(len(z)), ratio, 1.0)
    grown = power > 0
    one = np.median(ratio[grown] ** (1 / power[grown])) ** power
    scores = {
        "before": (score(table.X[rows]), limit),
        "do nothing": (score(shifted[rows]), limit),
        "refit": (anomaly_score(refit, (shifted[rows] - mean) / sd), own),
        "30 factors": (score(shifted[rows] / ratio), limit),
        "factors that are clear": (score(shifted[rows] / clear), limit),
        "one factor": (score(shifted[rows] / one), limit),
    }
    return {
        name: (metrics.auroc(label, s), float((s[label == 0] > bound).mean()))
        for name, (s, bound) in scores.items()
    }
