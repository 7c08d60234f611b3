"""Tables whose columns shift: the clinic's table under another microscope, and tables of
ADBench of which some sensors were replaced.
"""

import numpy as np

from metaad import data, metrics
from metaad.detectors import KNNDetector, anomaly_score

TAUS = (0.0, 1.0, 1.5, 2.0, 2.5, 3.0, 4.0)
NUMBERS = (10, 50, 200)
LEAST = {"normal": 700, "anomalies": 40}  # rows that a table must have
GROWS = {"radius": 1, "perimeter": 1, "area": 2}  # by which power of the magnification


def magnified(columns, by):
    """Return a shift for `shift_stream`: a microscope that enlarges by a factor.

    columns : names such as "mean radius". by : float > 0, the factor at the end."""
    power = powers(columns)

    def shift(rows, far):
        return rows * (1 + (by - 1) * np.asarray(far)[:, None]) ** power

    return shift


def powers(columns):
    """Return by which power of a magnification each column grows: float array (d,)."""
    words = [set(name.split()) for name in columns]
    return np.array(
        [float(sum(p for w, p in GROWS.items() if w in name)) for name in words]
    )


def sensors(rng, d, size=2.0, share=1 / 3):
    """Draw a shift of standardised columns: a share of them, at least one, moves by
    ±size and is stretched by a factor from .7 to 1.4. Returns (offset, factor), (d,).
    """
    hit = rng.permutation(d) < max(1, round(share * d))
    offset = np.where(hit, size * rng.choice([-1.0, 1.0], d), 0.0)
    return offset, np.where(hit, rng.uniform(0.7, 1.4, d), 1.0)


def recentred(detector, mean, sd, rows, tau=0.0):
    """Return a function that scores rows with an old detector, after moving back those
    columns whose mean has clearly moved.

    detector : fitted. mean, sd : (d,), of its training rows. rows : (n, d), new normals.
    tau : a column counts as moved if its mean differs by more than tau standard errors;
    0 moves all, infinity none.
    """
    moved = rows.mean(axis=0) - mean
    z = np.abs(moved) / (sd * np.sqrt(1 / len(rows)))
    moved = np.where(z > tau, moved, 0.0)
    return lambda X: anomaly_score(detector, X - moved)


def universal(d):
    """Return √(2 log d), which the largest of d chance deviations seldom exceeds."""
    return float(np.sqrt(2 * np.log(max(d, 2))))


def usable(names):
    """Return the tables with enough rows: {name: Table}."""
    tables = {name: data.load(name) for name in names}
    return {
        name: t
        for name, t in tables.items()
        if (t.y == 0).sum() >= LEAST["normal"] and t.y.sum() >= LEAST["anomalies"]
    }


def one_table(X, y, seed, numbers=NUMBERS):
    """Measure detectors after a shift, given so many new normal rows.

    Returns
    -------
    {method: {number: AUROC}}; "before" has one value, before the shift. Recentring is
    there for each of TAUS, under its number as text, and for the universal one.
    """
    rng = np.random.default_rng(seed)
    normal = rng.permutation(np.flatnonzero(y == 0))
    odd = rng.permutation(np.flatnonzero(y == 1))[:300]
    old, new, test = np.split(normal[:700], [300, 500])
    mean, sd = X[old].mean(axis=0), X[old].std(axis=0)
    varies = sd > 1e-9
    Z = ((X - mean) / np.where(varies, sd, 1.0))[:, varies]
    Z = np.clip(Z, -10, 10)
    offset, factor = sensors(rng, Z.shape[1])
    after = Z * factor + offset
    label = np.repeat([0, 1], [len(test), len(odd)])
    at = np.r_[test, odd]
    detector = KNNDetector(5).fit(Z[old])
    auroc = lambda score: metrics.auroc(label, score(after[at]))  # noqa: E731
    found = {
        "before": {"": metrics.auroc(label, anomaly_score(detector, Z[at]))},
        "do nothing": {"": auroc(lambda rows: anomaly_score(detector, rows))},
    }
    ones = np.ones(Z.shape[1])
    taus = {f"recentre: {tau}": tau for tau in TAUS}
    taus["recentre: universal"] = universal(Z.shape[1])
    for n in numbers:
        rows = after[new[:n]]
        refit = KNNDetector(min(5, n - 1)).fit(rows)
        made = {"refit: kNN": lambda X, d=refit: anomaly_score(d, X)}
        for name, tau in taus.items():
            made[name] = recentred(detector, 0 * ones, ones, rows, tau)
        for name, score in made.items():
            found.setdefault(name, {})[str(n)] = auroc(score)
    return found


def learned_tau(by_table, families, number="10"):
    """Choose tau for each table on the tables of other families: {table: "recentre: …"}.

    by_table : {table: {method: {number: AUROC}}}, means over seeds.
    """
    names = [f"recentre: {tau}" for tau in TAUS]
    chosen = {}
    for table in by_table:
        others = [t for t in by_table if families[t] != families[table]]
        means = [np.mean([by_table[t][n][number] for t in others]) for n in names]
        chosen[table] = names[int(np.argmax(means))]
    return chosen
