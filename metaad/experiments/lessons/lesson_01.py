"""What lesson 01 measures: kinds of anomaly and detectors, one k for two tables, labels
of one anomaly, masking, shares of anomalies, and scarce test sets.

Each function draws from generators of its own: the seed and the numbers named in the
call decide everything.
"""

import numpy as np
from scipy.stats import norm
from sklearn.covariance import EllipticEnvelope, EmpiricalCovariance, MinCovDet
from sklearn.neighbors import LocalOutlierFactor

from metaad import data, metrics
from metaad.data import drawn
from metaad.detectors import (
    IsolationForest,
    KMeansDetector,
    KNNDetector,
    anomaly_score,
)

VIEWS = {"value alone": 0, "with neighbours": 4}  # time steps on either side
DETECTORS = {
    "k-means, 8 centres": lambda r: KMeansDetector(
        n_clusters=8, n_init=2, random_state=r
    ),
    "Gaussian": lambda r: EllipticEnvelope(support_fraction=1.0, random_state=r),
    "Isolation Forest": lambda r: IsolationForest(random_state=r),
    "LOF, k = 10": lambda r: LocalOutlierFactor(n_neighbors=10, novelty=True),
    "LOF, k = 60": lambda r: LocalOutlierFactor(n_neighbors=60, novelty=True),
}
NEIGHBOURS = (2, 3, 5, 8, 12, 18, 25, 35, 50, 70, 100, 150)  # numbers k to try
METHODS = ("kNN", "LOF")
CHI2 = -2 * np.log(0.01)  # squared radius that 1 % of Gaussian rows exceed, two columns


def what_a_series_shows(seed, repeats):
    """Measure k-means on a series seen value by value and with neighbours.

    Returns a dict (view, kind) -> AUROC of each of `repeats` pairs of series, one to
    fit, without anomalies, and one to score.
    """
    found = {(view, kind): [] for view in VIEWS for kind in drawn.KINDS}
    for r in range(repeats):
        normal, _ = drawn.measurements("none", [seed, 2, r])
        for (view, kind), values in found.items():
            x, y = drawn.measurements(kind, [seed, 3, r])
            fit, new = (drawn.windows(s, VIEWS[view]) for s in (normal, x))
            detector = KMeansDetector(n_clusters=12, n_init=2, random_state=r).fit(fit)
            values.append(metrics.auroc(y, anomaly_score(detector, new)))
    return found


def kinds_and_detectors(seed, repeats):
    """Measure five detectors on four kinds of anomaly: dict (detector, kind) -> AUROC of
    each of `repeats` pairs of tables, one to fit, one to score.
    """
    found = {(name, kind): [] for name in DETECTORS for kind in drawn.PLACES}
    for r in range(repeats):
        for i, kind in enumerate(drawn.PLACES):
            X, _ = drawn.groups(kind, [seed, 4, r, i])
            X_new, y = drawn.groups(kind, [seed, 4, r, i, 1])
            for name, make in DETECTORS.items():
                score = anomaly_score(make(r).fit(X), X_new)
                found[name, kind].append(metrics.auroc(y, score))
    return found


def neighbours_over_k(X, grid=NEIGHBOURS):
    """Score the rows of a table by their neighbours in it, for many k at once.

    X : array (n, d); grid : numbers k, each below n.

    Returns an array (2, len(grid), n), larger = more anomalous: first the distance to
    the k-th neighbour (kNN), then the Local Outlier Factor (LOF). A row is not its own
    neighbour. What all k share, the distances and their order, is computed once.
    """
    X = np.asarray(X, dtype=np.float64)
    apart = np.linalg.norm(X[:, None] - X, axis=2)  # (n, n)
    np.fill_diagonal(apart, np.inf)
    near = np.argsort(apart, axis=1, kind="stable")[:, : max(grid)]
    distance = np.take_along_axis(apart, near, axis=1)  # (n, k), ascending
    lof = []
    for k in grid:
        others = near[:, :k]
        # a neighbour counts as no nearer than its own k-th neighbour
        reach = np.maximum(distance[:, :k], distance[others, k - 1])
        density = 1.0 / (reach.mean(axis=1) + 1e-10)
        lof.append(density[others].mean(axis=1) / density)
    return np.stack([distance[:, np.array(grid) - 1].T, np.array(lof)])


def over_k(seed, draws, grid=NEIGHBOURS):
    """Measure kNN and LOF with every k on two kinds of table: AUROC, an array
    (draws, 2 tables, 2 methods, len(grid)). Fitted and scored on the same rows.
    """
    found = np.empty((draws, len(drawn.SMALL), len(METHODS), len(grid)))
    for r in range(draws):
        for i, kind in enumerate(drawn.SMALL):
            X, y = drawn.small_groups(kind, [seed, 14, r, i])
            found[r, i] = metrics.auroc(y, neighbours_over_k(X, grid))
    return found


def loss_of_one_k(auroc):
    """Return what each k loses on the table that suits it less.

    auroc : array (draws, tables, methods, k), as `over_k` gives it. The first half of
    the draws chooses: each table's own best k, and for each k the table on which it
    loses most. The second half judges, so that no maximum over noise is counted.

    Returns an array (draws / 2, methods, k): the own best k's AUROC minus that of k.
    """
    half = len(auroc) // 2
    choose, judge = auroc[:half].mean(axis=0), auroc[half:]  # (t, m, k), (half, ...)
    own = choose.argmax(axis=2)[None, :, :, None]  # (1, t, m, 1)
    loss = np.take_along_axis(judge, own, axis=3) - judge  # (half, t, m, k)
    hoped = choose.max(axis=2, keepdims=True) - choose
    worst = hoped.argmax(axis=0)[None, None]  # (1, 1, m, k)
    return np.take_along_axis(loss, worst, axis=1)[:, 0]


GAUSSIANS = {
    "all rows": lambda r: EmpiricalCovariance(),
    "the closest 60 %": lambda r: MinCovDet(support_fraction=0.6, random_state=r),
}


def flags(X, gaussian):
    """Fit a Gaussian: its mean (2,), covariance (2, 2), and which rows lie outside the
    ellipse that 1 % of its rows would leave, (n,).
    """
    fitted = gaussian.fit(X)
    return fitted.location_, fitted.covariance_, fitted.mahalanobis(X) > CHI2


def scores_of(n, n_bad, shift, rng):
    """Draw labels (n,) and scores (n,): normal rows N(0, 1), anomalies N(shift, 1)."""
    y = np.repeat([0, 1], [n - n_bad, n_bad])
    return y, rng.normal(size=n) + shift * y


def thinned(y, scores, shares, seed, repeats):
    """Measure the same scores with fewer and fewer of the anomalies among them.

    y, scores : arrays (n,). shares : shares of anomalies to reach, in (0, 1). Every
    normal row stays, and which anomalies stay is drawn `repeats` times.

    Returns {"AUROC": array (repeats, m), "average precision": the same}, and the
    numbers of anomalies (m,).
    """
    bad, good = np.flatnonzero(y == 1), np.flatnonzero(y == 0)
    shares = np.asarray(shares)
    counts = np.round(shares / (1 - shares) * len(good)).astype(int)
    auroc, precision = np.empty((2, repeats, len(counts)))
    for r in range(repeats):
        order = np.random.default_rng([seed, 10, r]).permutation(bad)
        for i, count in enumerate(counts):
            rows = np.concatenate([good, order[:count]])
            auroc[r, i] = metrics.auroc(y[rows], scores[rows])
            precision[r, i] = metrics.average_precision(y[rows], scores[rows])
    return {"AUROC": auroc, "average precision": precision}, counts


def fitted_to_shares(table, shares, seed, repeats):
    """Measure the fifth neighbour's distance where the rows that it is fitted to hold
    more and more anomalies: AUROC on those rows, array (repeats, len(shares)).

    table : a Table with anomalies enough for the largest share. Every normal row stays,
    and which anomalies stay is drawn.
    """
    bad, good = np.flatnonzero(table.y == 1), np.flatnonzero(table.y == 0)
    found = np.empty((repeats, len(shares)))
    for r in range(repeats):
        order = np.random.default_rng([seed, 15, r]).permutation(bad)
        for i, share in enumerate(shares):
            count = int(share / (1 - share) * len(good))
            rows = np.concatenate([good, order[:count]])
            Z = data.deviations(table.X[rows])
            score = anomaly_score(KNNDetector().fit(Z), Z)
            found[r, i] = metrics.auroc(table.y[rows], score)
    return found


def silence(share, seed, repeats, n=20_000):
    """Measure a detector that flags three times as many rows as there are anomalies,
    beside one that never raises an alarm: array (repeats, 4) of accuracy, accuracy of
    silence, share of anomalies found, share of alarms that are right.
    """
    found = []
    for r in range(repeats):
        rng = np.random.default_rng([seed, 11, r])
        y, scores = scores_of(n, max(2, int(n * share)), 2.0, rng)
        flagged = scores > np.quantile(scores, 1 - 3 * share)
        right, quiet = (flagged == y).mean(), (y == 0).mean()
        found.append([right, quiet, flagged[y == 1].mean(), y[flagged].mean()])
    return np.array(found)


def measured_aurocs(counts, truth, seed, repeats, normal=500):
    """Draw many test sets of a detector whose true AUROC is `truth`: measured AUROC,
    array (len(counts), repeats), with so many anomalies beside `normal` normal rows.
    """
    shift = np.sqrt(2) * norm.ppf(truth)  # AUROC = Φ(shift / √2)
    found = np.empty((len(counts), repeats))
    for i, k in enumerate(counts):
        for r in range(repeats):
            rng = np.random.default_rng([seed, 12, k, r])
            found[i, r] = metrics.auroc(*scores_of(normal + k, k, shift, rng))
    return found


def worse_wins(k, seed, repeats, truths=(0.90, 0.85), normal=500):
    """Say for each of many test sets with k anomalies whether the worse of two detectors
    looks at least as good: array (repeats,) of 0 and 1. Their scores on the same rows
    correlate with ρ = ½.
    """
    found = []
    for r in range(repeats):
        rng = np.random.default_rng([seed, 13, k, r])
        y, common = np.repeat([0, 1], [normal, k]), rng.normal(size=normal + k)
        better, worse = (
            np.sqrt(0.5) * (common + rng.normal(size=normal + k))
            + np.sqrt(2) * norm.ppf(truth) * y
            for truth in truths
        )
        found.append(float(metrics.auroc(y, worse) >= metrics.auroc(y, better)))
    return np.array(found)
