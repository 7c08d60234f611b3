"""What lesson 03 measures beside its own cells: trees by hand against the package's,
masking, ghosts, one wrong cell, the published table.

References
----------
[1] Liu, Ting and Zhou, Isolation Forest, ICDM 2008, tables 2 and 3.
"""

import numpy as np
from sklearn.ensemble import IsolationForest as TheirForest

from metaad import data, metrics
from metaad.detectors import IsolationForest, KNNDetector, anomaly_score
from metaad.progress import progress

RECORD = "03_isolation_forest_maths"
# the AUROC of each table in [1]: 100 trees of 256 rows, mean of ten runs
PAPER = {
    "http": 1.00,
    "cover": 0.88,
    "mulcross": 0.97,
    "smtp": 0.88,
    "shuttle": 1.00,
    "mammography": 0.86,
    "annthyroid": 0.82,
    "satellite": 0.71,
    "pima": 0.67,
    "breastw": 0.99,
    "arrhythmia": 0.80,
    "ionosphere": 0.85,
}
ROUNDING = 0.005  # the paper prints two digits
NOT_IN_ADBENCH = ("mulcross", "arrhythmia")


def rms_z(grow, path_length, X, dart, rng, n_trees=400, psi=64):
    """Return how far trees grown one by one are from the package's: the root mean
    square of z over rows, near 1 if both grow the same trees.

    z is the difference of a row's two mean path lengths over its standard error.

    grow, path_length : functions (rows, generator) -> tree and (row, tree) -> cuts.
    X : float64 array (n, d). dart : what `grow` draws its cuts with. rng : draws the
    samples. n_trees, psi : int, trees of each kind and rows in each.
    """
    samples = (X[rng.choice(len(X), psi, replace=False)] for _ in range(n_trees))
    trees = [grow(sample, dart) for sample in samples]
    some = X[:: max(1, len(X) // 40)]  # (m, d)
    ours = np.array([[path_length(row, tree) for row in some] for tree in trees])
    forest = IsolationForest(n_trees, max_samples=psi, random_state=0).fit(X)
    theirs = forest.path_lengths(some)
    error = np.sqrt((ours.var(axis=0) + theirs.var(axis=0)) / n_trees)
    return float(np.sqrt(np.mean(((ours - theirs).mean(axis=0) / error) ** 2)))


def clump(seed):
    """Draw 4,000 normal rows and a tight clump of 200 anomalies beside them: X (4200,
    2), y (4200,).
    """
    rng = np.random.default_rng(seed)
    X = np.vstack([rng.normal(size=(4000, 2)), rng.normal(2.5, 0.1, (200, 2))])
    return X, np.repeat([0, 1], [4000, 200])


def scattered(seed):
    """Draw 4,000 normal rows and 200 anomalies scattered around them: X (4200, 2), y
    (4200,).
    """
    rng = np.random.default_rng(seed)
    angle, radius = rng.uniform(0, 2 * np.pi, 200), rng.uniform(3.2, 4.0, 200)
    ring = np.c_[radius * np.cos(angle), radius * np.sin(angle)]
    return np.vstack([rng.normal(size=(4000, 2)), ring]), np.repeat([0, 1], [4000, 200])


def sample_sizes(sizes, repeats, seed, n_trees=50):
    """Measure forests whose trees see more and more rows, on clumped and on scattered
    anomalies.

    Returns
    -------
    auroc : dict, "a clump" and "scattered" -> {size: array (repeats,)}.
    swamped : {size: array (repeats,)}, share of the normal rows within 1.5 of the
        clump's centre that score above its median anomaly; large is bad.
    """
    auroc = {kind: {s: [] for s in sizes} for kind in ("a clump", "scattered")}
    swamped = {s: [] for s in sizes}
    for r in range(repeats):
        for kind, draw in zip(auroc, (clump, scattered), strict=True):
            X, y = draw([seed, r])
            for size in sizes:
                forest = IsolationForest(n_trees, max_samples=size, random_state=r)
                score = anomaly_score(forest.fit(X), X)
                auroc[kind][size].append(metrics.auroc(y, score))
                if draw is clump:
                    near = (y == 0) & (np.linalg.norm(X - 2.5, axis=1) < 1.5)
                    above = score[near] > np.median(score[y == 1])
                    swamped[size].append(above.mean())
    return auroc, swamped


def two_clusters(seed):
    """Draw two clusters on a falling diagonal, around (0, 10) and (10, 0): X (1000,
    2).
    """
    rng = np.random.default_rng(seed)
    return np.vstack(
        [rng.normal([0, 10], 1, (500, 2)), rng.normal([10, 0], 1, (500, 2))]
    )


CORNERS = np.array([[0.0, 0.0], [10.0, 10.0]])
# as far from the nearest centre as the corners are: 10
AWAY = 10 / np.sqrt(2)
OUTWARD = np.array([[-AWAY, 10.0 + AWAY], [10.0 + AWAY, -AWAY]])


def ghost_gaps(repeats, seed, turned=False, psi=256):
    """Return how much higher the points outward score than the empty corners: array
    (repeats,).

    turned : each of 20 forests of 20 trees looks at the table from its own random
    angle; otherwise all look along the axes.
    """
    gaps = np.zeros(repeats)
    places = np.vstack([OUTWARD, CORNERS])
    for r in range(repeats):
        rng, X = np.random.default_rng([seed, r, 1]), two_clusters([seed, r])
        for k in range(20):
            a = rng.uniform(0, 2 * np.pi) if turned else 0.0
            turn = np.array([[np.cos(a), -np.sin(a)], [np.sin(a), np.cos(a)]])
            forest = IsolationForest(20, max_samples=psi, random_state=k).fit(X @ turn)
            score = anomaly_score(forest, places @ turn)
            gaps[r] += (score[:2].mean() - score[2:].mean()) / 20
    return gaps


def wrong_cell(table, widths, repeats, seed, n_trees=100):
    """Spoil one cell of a normal row, 100 times its column's largest value, and see how
    high the row comes.

    Measured is the share of all other rows that score above it, 0 where it is found
    first. A width keeps the spoiled column and others drawn at random.

    Parameters
    ----------
    table : Table. widths : increasing numbers of columns, the last one all of them.
    repeats : int, cells spoiled, one at a time. seed, n_trees : int.

    Returns
    -------
    {"forest": {width: array (repeats,)}, "kNN": the same, "ten times the trees": array
    (repeats,), "all rows in each tree": array (repeats,)}, the last two at full width.
    """
    rivals = ("ten times the trees", "all rows in each tree")
    found = {kind: {w: [] for w in widths} for kind in ("forest", "kNN")}
    found |= {rival: [] for rival in rivals}
    for r in range(repeats):
        rng, X = np.random.default_rng([seed, r]), table.X.copy()
        row, order = (
            rng.choice(np.flatnonzero(table.y == 0)),
            rng.permutation(X.shape[1]),
        )
        X[row, order[0]] = 100 * X[:, order[0]].max()
        for width in widths:
            part = X[:, order[:width]]
            even = (part - part.mean(axis=0)) / part.std(axis=0)
            forest = IsolationForest(n_trees, random_state=r)
            found["forest"][width].append(_share_above(forest, part, row))
            found["kNN"][width].append(_share_above(KNNDetector(5), even, row))
        kinds = (IsolationForest(10 * n_trees, random_state=r),)
        kinds += (IsolationForest(n_trees, max_samples=len(X), random_state=r),)
        for rival, forest in zip(rivals, kinds, strict=True):
            found[rival].append(_share_above(forest, X, row))
    return found


def _share_above(detector, X, row):
    score = anomaly_score(detector.fit(X), X)
    return float((score > score[row]).sum() / (len(X) - 1))


def measure(table, n_trees, psi, repeats, seed, few=3):
    """Measure both forests on one table over seeds, for the record.

    Returns a dict: rows, features, anomalies; AUROC of ours, sklearn and log_depth (the
    mean of the logarithms of the path lengths) with its log_depth_rank_correlation to
    the mean path; psi: AUROC for other ψ, on tables under 100,000 rows.
    """
    X, y, n = table.X, table.y, len(table.X)
    names = ("ours", "sklearn", "log_depth", "log_depth_rank_correlation")
    result = {"rows": n, "features": X.shape[1], "anomalies": int(y.sum())}
    result |= {name: [] for name in names} | {"psi": {}}
    for s in range(seed, seed + repeats):
        options = {"max_samples": min(psi, n), "random_state": s}
        forest = IsolationForest(n_trees, **options).fit(X)
        theirs = TheirForest(n_estimators=n_trees, **options).fit(X)
        mean, log_mean = _mean_paths(forest, X)
        measured = [-mean, anomaly_score(theirs, X), -log_mean]
        for name, score in zip(names, measured, strict=False):
            result[name].append(metrics.auroc(y, score))
        result[names[-1]].append(float(metrics.spearman(mean, log_mean)))
    for size in (16, 64, 1024) if n < 100_000 else ():
        forests = [
            IsolationForest(n_trees, max_samples=min(size, n), random_state=s)
            for s in range(seed, seed + few)
        ]
        scores = (anomaly_score(f.fit(X), X) for f in forests)
        result["psi"][str(size)] = [metrics.auroc(y, s) for s in scores]
    return result


def _mean_paths(forest, X, block=2**15):
    """Mean path length and mean log path length of the rows of X (n, d): (n,) each."""
    parts = [forest.path_lengths(X[i : i + block]) for i in range(0, len(X), block)]
    pairs = [(p.mean(axis=0), np.log(p).mean(axis=0)) for p in parts]
    return [np.concatenate(part) for part in zip(*pairs, strict=True)]


def measure_tables(**settings):
    """Measure every table of ADBench that is at hand: (dict name -> `measure`, names
    left out). settings : of `measure`.
    """
    measured, left_out = {}, []
    names = [n for n in data.names() if n.startswith("adbench:")]
    for name in progress(names, label="tables"):
        short = name.removeprefix("adbench:")
        try:
            measured[short] = measure(data.load(name), **settings)
        except data.DataError:  # not on this machine, and no network
            left_out.append(short)
    return measured, left_out


def against_paper(tables):
    """Compare the record with [1]: dict table -> (AUROC in the paper, {"our forest":
    Interval, "scikit-learn's": Interval}), empty where the table was not measured.

    Intervals are over the seeds of the forest, and hold for all tables together."""
    there = [name for name in PAPER if name in tables]
    forests = {"our forest": "ours", "scikit-learn's": "sklearn"}
    both = {
        label: metrics.simultaneous({name: tables[name][key] for name in there})
        for label, key in forests.items()
    }
    return {
        name: (paper, {label: i[name] for label, i in both.items() if name in there})
        for name, paper in PAPER.items()
    }


def agrees(paper, interval):
    """Say whether a figure printed with two digits may lie in an interval."""
    return interval.low - ROUNDING <= paper <= interval.high + ROUNDING


def families(tables):
    """Return the family of each table of a record, in its order."""
    return [data.family(f"adbench:{name}") for name in tables]
