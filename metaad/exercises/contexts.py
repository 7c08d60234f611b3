"""Exercises about contexts: what more tables bring, which detector to take, another
table.
"""

import numpy as np

from metaad.detectors import anomaly_score
from metaad.detectors.forest.isolation_forest import IsolationForest
from metaad.exercises.core import Exercise, Wrong
from metaad.meta.context.detector import ContextDetector
from metaad.metrics import auroc, average_precision


def per_doubling(sizes, gains):
    """Return what each doubling of the number of tables adds to the gain: the slope of
    the line of least squares through the gains against log2 of the sizes.
    """
    return _slope(np.log2(sizes), gains)


def _slope(x, y):
    return float(np.polyfit(np.asarray(x, float), np.asarray(y, float), 1)[0])


def _ends(sizes, gains):
    return (gains[-1] - gains[0]) / np.log2(sizes[-1] / sizes[0])


def _mean_step(sizes, gains):
    return float(np.mean(np.diff(gains)))


def _through_zero(sizes, gains):
    x = np.log2(sizes)
    return float((x * gains).sum() / (x * x).sum())


def a_curve(rng):
    """Draw sizes, not all of them doublings, and gains that rise and are not on a line."""
    sizes = np.array([14, 28, 56, 112, 224, 297])
    gains = 0.02 * np.log2(sizes / 40) + rng.normal(size=len(sizes)) * 0.02
    return sizes, np.round(gains, 3)


DOUBLING = Exercise(
    "12.4",
    per_doubling,
    a_curve,
    wrong=(
        Wrong(
            lambda sizes, gains: _slope(sizes, gains),
            "That is the gain for each further table. Between 14 and 28 tables it is not "
            "the same as between 224 and 238: take log2 of the sizes first.",
        ),
        Wrong(
            lambda sizes, gains: _slope(np.log(sizes), gains),
            "With the natural logarithm this is the gain for 2.7 times as many tables. "
            "Take log2.",
        ),
        Wrong(
            lambda sizes, gains: _slope(np.log10(sizes), gains),
            "With log10 this is the gain for ten times as many tables. Take log2.",
        ),
        Wrong(
            _ends,
            "This looks at the first and the last point alone, and both are noisy. Draw "
            "the line through all of them.",
        ),
        Wrong(
            _mean_step,
            "The last step, from 224 to 297, is no doubling: steps are of unequal "
            "length. Use log2 of the sizes.",
        ),
        Wrong(
            _through_zero,
            "Your line goes through zero gain at one table. Nothing says that it must: "
            "let it have an intercept.",
        ),
        Wrong(
            lambda sizes, gains: float(np.polyfit(np.log2(sizes), gains, 1)[1]),
            "That is the intercept. np.polyfit gives the slope first.",
        ),
        Wrong(
            lambda sizes, gains: _slope(gains, np.log2(sizes)),
            "You exchanged the axes: this is how many doublings a gain of 1 takes.",
        ),
    ),
    praise=(
        "A straight line over a logarithm is the price tag: each further step costs as "
        "many tables as all before it."
    ),
    hint="np.polyfit(np.log2(sizes), gains, 1)[0].",
)


def take(auroc, simple):
    """Return the column of the detector with the best mean, or `simple`.

    auroc : array (n_tables, n_detectors). The simple one stays unless the best leads it
    by more than two standard errors of the mean difference, table by table."""
    return _take(auroc, simple, _paired_error)


def _paired_error(ours, its):
    return (ours - its).std(ddof=1) / len(ours) ** 0.5


def _unpaired_error(ours, its):
    return (ours.var(ddof=1) / len(ours) + its.var(ddof=1) / len(its)) ** 0.5


def _spread(ours, its):
    return (ours - its).std(ddof=1)


def _take(auroc, simple, error):
    best = int(auroc.mean(axis=0).argmax())
    ours, its = auroc[:, best], auroc[:, simple]
    return best if ours.mean() - its.mean() > 2 * error(ours, its) else simple


def _most_wins(auroc, simple):
    wins = np.bincount(auroc.argmax(axis=1), minlength=auroc.shape[1])
    return int(wins.argmax())


def _over_second(auroc, simple):
    order = np.argsort(-auroc.mean(axis=0))
    ours, its = auroc[:, order[0]], auroc[:, order[1]]
    leads = (ours - its).mean() > 2 * _paired_error(ours, its)
    return int(order[0]) if leads else simple


def _made(simple, differences, more=None):
    """A case: the simple one's AUROC, ours by differences, and a third detector."""
    simple = np.array(simple)
    third = simple - 0.05 if more is None else simple + np.array(more)
    return np.round(np.stack([simple, simple + np.array(differences), third], 1), 3), 0


def some_tables(rng):
    """Draw the AUROC of three detectors on eight tables: the lead is clear on average,
    and small beside how much tables differ.
    """
    simple = rng.uniform(0.5, 0.9, 8)
    lead = rng.choice([0.04, 0.0]) + rng.normal(size=8) * 0.015
    auroc, _ = _made(simple, lead, lead - 0.005)
    order = rng.permutation(3)
    return auroc[:, order], int(np.flatnonzero(order == 0)[0])


WIDE = [0.5, 0.9, 0.6, 0.85, 0.55, 0.95, 0.7, 0.8]
CLEAR = [0.03, 0.04, 0.02, 0.05, 0.03, 0.01, 0.04, 0.03]
ALIKE = [0.6, 0.61, 0.62, 0.6, 0.61, 0.62, 0.6, 0.61]
EDGES = (
    _made(WIDE, [0.02] * 6 + [-0.3, -0.2]),  # many wins, two heavy losses
    _made(ALIKE, [0.2, 0.21, 0.2, 0.19, 0.2, 0.21, 0.2, 0.19]),
    _made(ALIKE, [0.35, 0.05, 0.35, 0.05, 0.3, 0.1, 0.3, 0.1]),
    _made(WIDE, CLEAR),  # a clear lead
    _made(WIDE, [0.2, -0.1, 0.1, -0.1, 0.1, -0.1, 0.0, 0.0]),  # no clear lead
    _made(WIDE, CLEAR, [0.02, 0.03, 0.03, 0.04, 0.04, 0.0, 0.03, 0.02]),
    _made(WIDE, [0.3, -0.02, 0.3, -0.02, 0.3, -0.02, -0.02, -0.02]),
    _made(WIDE, [-0.02] * 8, [-0.03] * 8),
)
DECISION = Exercise(
    "12.5",
    take,
    some_tables,
    wrong=(
        Wrong(
            lambda auroc, simple: int(auroc.mean(axis=0).argmax()),
            "The best mean may be luck: ask whether its lead over the simple one is more "
            "than two standard errors.",
        ),
        Wrong(
            lambda auroc, simple: simple,
            "You always stay with the simple one. A lead of more than two standard "
            "errors is worth taking.",
        ),
        Wrong(
            lambda auroc, simple: _take(auroc, simple, _unpaired_error),
            "Tables differ much more than detectors do, and that cancels table by table. "
            "Take the standard error of the differences.",
        ),
        Wrong(
            lambda auroc, simple: _take(auroc, simple, _spread),
            "That is how much the difference varies from table to table. For the error "
            "of its mean divide by the root of the number of tables.",
        ),
        Wrong(
            _most_wins,
            "Counting wins forgets by how much: many small wins can hide a few large "
            "losses, and no error is asked about.",
        ),
        Wrong(
            _over_second,
            "You compared the best with the second best. What it must beat is the simple "
            "one, the one you would take without this table.",
        ),
    ),
    praise="What is simple needs no proof; what is new has to show it, table by table.",
    hint="Find the best mean, and d, its column minus the simple one's. The standard error "
    "of d's mean is its deviation over the root of the number of tables.",
    edges=EDGES,
    draws=6,
)


def gain(X, rows, y):
    """Return by how much the AUROC on rows (m, d) of a ContextDetector that has read X
    (n, d) exceeds that of IsolationForest(random_state=0) that was fitted to X.
    """
    return _auroc(_context(), X, rows, y) - _auroc(_forest(), X, rows, y)


def _context(**options):
    return ContextDetector(**options)


def _forest():
    return IsolationForest(random_state=0)


def _auroc(detector, X, rows, y, measure=auroc):
    return measure(y, anomaly_score(detector.fit(X), rows))


def _ap_gain(X, rows, y):
    found = (_auroc(d, X, rows, y, average_precision) for d in (_context(), _forest()))
    return next(found) - next(found)


def a_small_table(rng):
    """Draw a context of 24 rows, and 16 rows to judge, six of them anomalies."""
    mix = rng.normal(size=(3, 3))
    X, rows = (np.round(rng.normal(size=(n, 3)) @ mix, 2) for n in (24, 16))
    y = np.repeat([0, 1], [10, 6])
    rows[y == 1] = np.round(rng.normal(size=(6, 3)) * 1.8, 2)
    return X, rows, y


OTHER_TABLE = Exercise(
    "12.6",
    gain,
    a_small_table,
    wrong=(
        Wrong(
            lambda X, rows, y: _auroc(_context(), X, rows, y),
            "That is the context's AUROC. Subtract the forest's.",
        ),
        Wrong(
            lambda X, rows, y: -gain(X, rows, y),
            "The sign is turned. The context's AUROC comes first, and anomaly_score is "
            "large for an anomaly, which score_samples is not.",
        ),
        Wrong(
            lambda X, rows, y: gain(rows, rows, y),
            "Your detectors read the rows that they judge. They must read X.",
        ),
        Wrong(
            lambda X, rows, y: gain(np.r_[X, rows], rows, y),
            "Rows to judge got into the context, anomalies too. Read X alone.",
        ),
        Wrong(
            lambda X, rows, y: (
                _auroc(_context(context="mixed"), X, rows, y)
                - _auroc(_forest(), X, rows, y)
            ),
            'All rows of X are normal, so the context is "clean", the default.',
        ),
        Wrong(
            _ap_gain,
            "You took average precision. AUROC is asked for.",
        ),
    ),
    praise="Two lines for any table. Look at several before you believe one.",
    hint="metrics.auroc(y, anomaly_score(detector.fit(X), rows)) for both, then the "
    "difference.",
    draws=3,
)
