"""What the sections on a reader's own table share: rows in units of those learned from,
the columns that numbers come from, intervals over the rows of one table.
"""

import numpy as np
from scipy import stats
from sklearn.preprocessing import StandardScaler

from metaad import repro
from metaad.metrics import Interval, share_below

ALARMS = 0.1  # share of normal rows that a threshold promises to flag
FAR = 6.0  # deviations; what lies farther counts as that far


def scaled(train, *others):
    """Return rows in units of the training rows (n, d), and others (m, d) in the same;
    a column that is constant there is only shifted. What is more than `FAR` deviations
    from the mean counts as that far, or a word that hardly occurs would decide alone.
    """
    unit = StandardScaler().fit(train)
    return [np.clip(unit.transform(X), -FAR, FAR) for X in (train, *others)]


def sources(table):
    """Return the reader's column that each number of a Table comes from: list of d."""
    if table.preparation is not None:
        return [str(name) for name in table.preparation.source_]
    names = table.columns or [f"column {j}" for j in range(table.X.shape[1])]
    return [str(name) for name in names]


def by_column(values, source):
    """Add up values (..., d) of the numbers of each column of the reader's: array
    (..., C), and the C names in their order.
    """
    names = list(dict.fromkeys(source))
    of = np.array([names.index(s) for s in source])
    parts = [values[..., of == j].sum(axis=-1) for j in range(len(names))]
    return np.stack(parts, axis=-1), names


def share(flags):
    """Return the share of rows that are flagged, bool (n,), with Wilson's interval."""
    flags = np.asarray(flags, dtype=bool)
    count = int(flags.sum())
    low, high = stats.binomtest(count, len(flags)).proportion_ci(method="wilson")
    return Interval(count / len(flags), float(low), float(high), len(flags))


def auroc(y, scores, minus=None, level=0.95):
    """Return the AUROC of scores on the rows of one table, or by how much it is larger
    than that of the scores `minus`, with the interval of DeLong and others [1].

    y : int array (n,), 1 for an anomaly, 0 for a normal row, two of each at least.
    scores, minus : arrays (n,), large = anomalous. The interval's `n` is the number of
    rows of the rarer kind, whose t distribution is taken.

    [1] E. DeLong, D. DeLong, D. Clarke-Pearson: Comparing the areas under two or more
    correlated receiver operating characteristic curves. Biometrics 44, 1988."""
    parts = _places(y, scores)
    if minus is not None:
        parts = [a - b for a, b in zip(parts, _places(y, minus), strict=True)]
    rarer = min(map(len, parts))
    if rarer < 2:
        raise ValueError(
            f"an interval needs two rows of each kind; got {len(parts[0])} anomalies and "
            f"{len(parts[1])} normal rows."
        )
    value = float(parts[0].mean())
    error = np.sqrt(sum(p.var(ddof=1) / len(p) for p in parts))
    half = stats.t.ppf(0.5 + level / 2, rarer - 1) * error
    low, high = value - half, value + half
    if minus is None:
        low, high = max(low, 0.0), min(high, 1.0)
    return Interval(value, float(low), float(high), rarer)


def _places(y, scores):
    """How each anomaly ranks among the normal rows, and each normal row among the
    anomalies: shares in [0, 1], whose means both are the AUROC.
    """
    y, scores = np.asarray(y), np.asarray(scores, dtype=np.float64)
    odd, normal = scores[y == 1], scores[y == 0]
    return [share_below(normal, odd), 1 - share_below(odd, normal)]


def gained(name, results):
    """Return a Markdown table of what ways of choosing settings reach on the reader's
    table, the last one of those that were measured (lesson 10).

    results : {detector: {way: result with `auroc` (n_tables,)}}, "default" among ways."""
    first = next(iter(results.values()))
    lines = [[w, *(f"{of[w].auroc[-1]:.3f}" for of in results.values())] for w in first]
    return repro.number_table([f"{name}, AUROC", *results], lines)
