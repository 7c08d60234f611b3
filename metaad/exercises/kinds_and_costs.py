"""What lesson 01's exercises draw and judge: neighbours that see every kind, rows opened
under a budget, a test set with anomalies enough.
"""

import numpy as np
from scipy.stats import norm
from sklearn.neighbors import LocalOutlierFactor

from metaad import metrics
from metaad.data.drawn import groups

KINDS = ("local", "cluster", "dependency")  # the fourth, "global", is easy for any k


def rows_to_open(y, scores, miss, budget):
    """Return how many rows to open, 0 to budget, from the highest score down, so that
    vain openings, 1 each, and misses, `miss` each, cost least.
    """
    return int(np.argmin(costs(y, scores, miss)[: budget + 1]))


def costs(y, scores, miss):
    """Cost after 0, 1, 2, … rows, (n + 1,)."""
    hits = np.concatenate([[0], np.cumsum(y[np.argsort(-scores)])])
    return np.arange(len(hits)) - hits + miss * (y.sum() - hits)


def anomalies_needed():
    """Return the smallest number of anomalies that makes the range narrow enough."""
    return 50


def narrow_enough(answer, args, rng):
    """Return None for the smallest of the figure's counts whose 95 % range of measured
    AUROCs is narrower than 0.1, else a sentence with the range.
    """
    counts = (5, 10, 20, 50, 200)
    if isinstance(answer, (bool, np.bool_)) or answer not in counts:
        return (
            "Return one of the numbers under the figure: "
            + ", ".join(map(str, counts[:-1]))
            + " or 200."
        )
    shift, width = np.sqrt(2) * norm.ppf(0.9), {}
    for k in counts:
        y = np.repeat([0, 1], [500, k])
        drawn = rng.normal(size=(400, 500 + k)) + shift * y
        measured = metrics.auroc(np.broadcast_to(y, drawn.shape), drawn)
        width[k] = np.subtract(*np.percentile(measured, [97.5, 2.5]))
    wanted = next(k for k in counts if width[k] < 0.1)
    if answer == wanted:
        return None
    return f"With {answer} anomalies the range is {width[answer]:.2f} wide."


def opening(rng):
    """Draw labels (40,), scores (40,), the cost of a miss, and a budget."""
    y = rng.permutation(np.arange(40) < rng.integers(8, 14)).astype(int)
    scores = rng.normal(size=40) + 1.2 * y
    miss = round(float(rng.uniform(0.6, 3.0)), 2)
    return y, scores, miss, int(rng.integers(4, 20))


def sees_all(k, args, rng):
    """Return None if LOF with k neighbours ranks each kind of anomaly well on tables
    drawn by rng, else which kind it ranks badly.
    """
    if isinstance(k, (bool, np.bool_)) or int(k) != k or not 1 <= k < 420:
        return "Return one whole number from 1 to 419: the table has 420 rows."
    for kind in KINDS:
        (X, _), (X_new, y) = groups(kind, rng), groups(kind, rng)
        lof = LocalOutlierFactor(n_neighbors=int(k), novelty=True).fit(X)
        auroc = metrics.auroc(y, -lof.score_samples(X_new))
        if auroc <= 0.9:
            many = "too few" if k < 20 or kind == "cluster" else "too many"
            said = f"With k = {int(k)} the AUROC on {kind} anomalies is {auroc:.2f}: "
            return said + f"these are {many} neighbours for it."
    return None


def labelled_scores(rng):
    """Draw labels (n,) and scores (n,) without ties, anomalies higher on average."""
    n = int(rng.integers(8, 12))
    y = rng.permutation(np.arange(n) < rng.integers(2, 5)).astype(int)
    return y, np.round(rng.permutation(n) * 0.31 + rng.uniform(0, 0.2) + 0.9 * y, 2)


def shares(rng):
    """Draw shares of anomalies, of anomalies found, of normal rows flagged."""
    low, high = (0.002, 0.5, 0.01), (0.3, 0.9, 0.2)
    return tuple(np.round(rng.uniform(low, high), 3).tolist())
