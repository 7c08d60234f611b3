"""Tables in their own units: exercises 02.3 and 02.4, and the judge of the second."""

from functools import cache

import numpy as np

from metaad import data, metrics
from metaad.detectors import KNNDetector, anomaly_score

ASH = 2  # the column of the wine table that comes in another unit
GOOD = 0.8  # AUROC on every split; with the units as they come it is about 0.5


def in_training_units(train, test):
    """Return test (m, d) in units of train (n, d): minus its mean, divided by its
    standard deviation, column by column; a column that is constant in train is only
    shifted.
    """
    deviation = train.std(axis=0)
    return (test - train.mean(axis=0)) / np.where(deviation > 0, deviation, 1.0)


def two_tables(rng):
    """Draw a small table to learn from, with a constant column, and one to judge."""
    n, m = int(rng.integers(4, 7)), int(rng.integers(2, 4))
    scale = np.array([1.0, 20.0, 0.0])
    train, test = (rng.normal(size=(size, 3)) * scale + 5 for size in (n, m))
    test[:, 2] += 0.4 + 1.1 * np.arange(m)
    return np.round(train, 1), np.round(test, 1)


def score_wine(train, test):
    """Return an anomaly score for each row of test (m, 13), learned from train (n, 13)."""
    detector = KNNDetector().fit(in_training_units(train, train))
    return anomaly_score(detector, in_training_units(train, test))


@cache
def _wine():
    """The wines, ash in a unit a million times smaller, and their labels."""
    wine = data.load("wine")
    return wine.X * np.where(np.arange(wine.X.shape[1]) == ASH, 1e6, 1.0), wine.y


def wines(rng):
    """Draw half of the normal wines to learn from; the rest in random order."""
    X, y = _wine()
    normal = rng.permutation(np.flatnonzero(y == 0))
    half = len(normal) // 2
    test = rng.permutation([*normal[half:], *np.flatnonzero(y == 1)])
    return X[normal[:half]], X[test]


def ranks_wines(scores, args, rng):
    """Return None if the scores rank the rare wines high, else what is wrong."""
    (X, y), test = _wine(), args[1]
    scores = np.asarray(scores, dtype=np.float64)
    if scores.shape != (len(test),):
        return (
            f"One score for each of the {len(test)} rows of test is asked for; this has "
            f"shape {scores.shape}."
        )
    if not np.isfinite(scores).all():
        return "A score is NaN or infinite: does a column have no spread?"
    if len(np.unique(scores)) < 5:
        return "These are verdicts, not scores: a ranking needs more than two values."
    labels = y[np.abs(test[:, None] - X).sum(axis=2).argmin(axis=1)]
    found = metrics.auroc(labels, scores)
    if found < 0.3:
        return f"AUROC {found:.2f}: well below a coin. Is the sign of the score right?"
    if found < GOOD:
        return (
            f"AUROC {found:.2f} on one of the splits, {GOOD} is asked for. Print the "
            f"standard deviation of each column: which of them decides a distance?"
        )
    return None
