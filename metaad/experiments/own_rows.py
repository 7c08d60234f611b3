"""What lessons 05 and 17 ask of a reader's own table (`-p data my.csv`): does a network
that copies its rows find the anomalies, and do its rows drift along the file?
"""

import numpy as np
from sklearn.preprocessing import StandardScaler

from metaad import metrics, repro
from metaad.detectors import (
    IsolationForest,
    KNNDetector,
    MahalanobisDetector,
    PCADetector,
    anomaly_score,
)
from metaad.scores import WindowAlarm

ALARMS = 0.1  # share of normal rows that a threshold promises to flag
LOOKS = 20  # windows of the file that are looked at, at most


def scaled(train, *others):
    """Return rows in units of the training rows (n, d), and others (m, d) in the same;
    a column that is constant there is only shifted.
    """
    unit = StandardScaler().fit(train)
    return [unit.transform(X) for X in (train, *others)]


def autoencoder(table, code_size, seed):
    """Return a Markdown table: an autoencoder and its rivals on a reader's Table.

    Half of the normal rows are learned from; the others and all anomalies are judged. A
    threshold is the 90 % quantile of the rows learned from, and of a quarter of the
    normal rows that were not, which are not judged then.
    """
    from metaad.detectors import AutoencoderDetector

    rng = np.random.default_rng(seed)
    normal = rng.permutation(np.flatnonzero(table.y == 0))
    learn, keep, judge = np.split(normal, [len(normal) // 2, len(normal) * 3 // 4])
    judged = np.concatenate([judge, np.flatnonzero(table.y == 1)])
    train, held, test = scaled(*(table.X[rows] for rows in (learn, keep, judged)))
    code = min(code_size, max(1, train.shape[1] // 2))
    net = {"hidden": (64, 32), "code_size": code, "epochs": 60, "dtype": "float64"}
    detectors = {
        "autoencoder": AutoencoderDetector(**net, device="cpu", random_state=seed),
        "PCA": PCADetector(0.9),
        "Mahalanobis": MahalanobisDetector(),
        "kNN": KNNDetector(),
        "Isolation Forest": IsolationForest(random_state=seed),
    }
    lines = []
    for name, detector in detectors.items():
        detector.fit(train)
        scores = [anomaly_score(detector, X) for X in (train, held, test)]
        lines.append([name, *_judged(table.y[judged], *scores)])
    head = ["rows not learned from", "AUROC", "average precision"]
    head += [f"alarms, {ALARMS:.0%} promised on training rows", "on held-out rows"]
    return f"The same on {table.name}:\n\n" + repro.number_table(head, lines)


def _judged(y, known, held, new):
    """AUROC, average precision, and the false alarms of two thresholds, as text."""
    found = [metrics.auroc(y, new), metrics.average_precision(y, new)]
    for rows in (known, held):
        found.append(np.mean(new[y == 0] > np.quantile(rows, 1 - ALARMS)))
    return [f"{v:.3f}" for v in found]


def along_the_file(table, window, level, seed):
    """Return sentences on whether the normal rows of a reader's Table drift, from the
    first row of the file to the last.

    The first half is the past: half of it teaches a kNN detector. An alarm (MMD) looks at
    windows of the second half. The control: the same rows in a random order.
    """
    normal = np.flatnonzero(table.y == 0)
    odd = table.X[table.y == 1]
    rng = np.random.default_rng(seed)
    told = []
    for order, rows in (
        ("as they stand", normal),
        ("shuffled", rng.permutation(normal)),
    ):
        found = _stream(table.X[rows], odd, window, level, seed)
        told.append([order, *found])
    head = ["normal rows of the file", "alarm rings after row", "smallest p"]
    head += [
        "AUROC, second half",
        f"its rows flagged ({ALARMS:.0%} promised)",
        "after a refit",
    ]
    return (
        f"**Do the rows of {table.name} drift?** The first half is the past, windows of "
        f"{window} rows of the second half are compared with it, by levels of {level:g} "
        f"shared out.\n\n" + repro.number_table(head, told)
    )


def _stream(X, odd, window, level, seed):
    """One order of the rows: when it rings, the smallest p, AUROC, alerts."""
    past, stream = np.split(X, [len(X) // 2])
    past, stream, odd = scaled(past, stream, odd)
    learn, known = past[::2], past[1::2]
    looks = min(LOOKS, max(1, len(stream) // window))
    step = len(stream) // looks
    seen = [stream[i * step : i * step + window] for i in range(looks)]
    alarm = WindowAlarm(learn[-200:], window, looks, level=level, random_state=seed)
    told = alarm.update(np.concatenate([part for part in seen if len(part) == window]))
    rang = [i * step + window for i, look in enumerate(told) if look.alarm]
    found = {"old": (learn, known), "new": (stream[0::3], stream[1::3])}
    shares = {}
    for name, (fitted, limit) in found.items():
        detector = KNNDetector().fit(fitted)
        bound = np.quantile(anomaly_score(detector, limit), 1 - ALARMS)
        last = anomaly_score(detector, stream[2::3])
        shares[name] = np.mean(last > bound)
        if name == "old":
            y = np.repeat([0, 1], [len(last), len(odd)])
            auroc = metrics.auroc(y, np.r_[last, anomaly_score(detector, odd)])
    smallest = min((look.p for look in told), default=1.0)
    first = f"{rang[0]:,}" if rang else "never"
    return [first, f"{smallest:.4f}", *(f"{v:.3f}" for v in (auroc, *shares.values()))]
