"""Exercises of lesson 10 about one table and about many: the best number of neighbours,
from how many tables on tuning pays, whom a setting harms."""

import numpy as np
from scipy.stats import norm

from metaad import metrics
from metaad.detectors import KNNDetector, anomaly_score
from metaad.exercises.core import Exercise, Wrong


def knn_auroc(X, Q, y, k):
    """Return the AUROC of kNN with k neighbours that has read X (n, d), on Q (m, d)."""
    return metrics.auroc(y, anomaly_score(KNNDetector(k).fit(X), Q))


def best_k(X, Q, y, ks):
    """Return the one of ks with which kNN that has read X gets the best AUROC on the
    rows Q with labels y; of equals the smallest.
    """
    return max(sorted(ks), key=lambda k: knn_auroc(X, Q, y, k))


def read_and_judged(rng):
    """Draw rows to read, with or without a clump of anomalies among them, rows to judge,
    their labels, and numbers of neighbours in any order.
    """
    clump = int(rng.choice([0, 0, 6, 12]))
    X = np.r_[_two_kinds(60, 10, rng), 3 + 0.7 * rng.normal(size=(clump, 2))]
    far = 3 + 0.9 * rng.normal(size=(15, 2))
    Q, y = np.r_[_two_kinds(32, 8, rng), far], np.repeat([0, 1], [40, 15])
    return X, Q, y, tuple(rng.permutation((1, 2, 4, 8, 16, 30)).tolist())


def _two_kinds(many, few, rng):
    """Normal rows of two kinds, one of them rare: (many + few, 2)."""
    rare = [-5.0, 0.0] + 0.5 * rng.normal(size=(few, 2))
    return np.r_[rng.normal(size=(many, 2)), rare]


def _worst_k(X, Q, y, ks):
    return min(sorted(ks), key=lambda k: knn_auroc(X, Q, y, k))


def _fitted_to_judged(X, Q, y, ks):
    return best_k(Q, Q, y, ks)


def _of_both(X, Q, y, ks):
    return best_k(np.r_[X, Q], Q, y, ks)


def _place(X, Q, y, ks):
    return int(np.argmax([knn_auroc(X, Q, y, k) for k in ks]))


def pays_from(sizes, lows):
    """Return the smallest number of tables from which on every interval lies above zero.

    sizes : ascending. lows : the lower end of each interval; the last is above zero."""
    below = [i for i, low in enumerate(lows) if low <= 0]
    return sizes[below[-1] + 1 if below else 0]


def curve(rng):
    """Draw numbers of tables and lower ends of intervals: they rise, with dips."""
    sizes = np.cumsum(rng.integers(5, 60, 8)).tolist()
    lows = np.sort(rng.normal(0, 0.02, 8))[rng.permutation(8)] + np.linspace(
        -0.02, 0.02, 8
    )
    lows[-1] = abs(lows[-1]) + 0.001
    return sizes, np.round(lows, 4).tolist()


def _first(sizes, lows):
    return next(s for s, low in zip(sizes, lows, strict=True) if low > 0)


def _last_below(sizes, lows):
    below = [s for s, low in zip(sizes, lows, strict=True) if low <= 0]
    return below[-1] if below else sizes[0]


def _place_of(sizes, lows):
    return sizes.index(pays_from(sizes, lows))


def harmed(gains, errors, loss=0.05):
    """Return how many of n tables lose more than `loss` beyond chance.

    gains : (n,), change of AUROC. errors : (n,), its standard error over rows. Beyond
    chance: gain + z · error < -loss, z the normal quantile of 1 - 0.05 / n."""
    gains, errors = np.asarray(gains), np.asarray(errors)
    z = norm.ppf(1 - 0.05 / len(gains))
    return int((gains + z * errors < -loss).sum())


def changes(rng):
    """Draw changes of AUROC on 40 to 120 tables, and their errors."""
    n = int(rng.integers(40, 121))
    errors = rng.choice([0.003, 0.01, 0.02, 0.04], n)
    return np.round(rng.normal(0.01, 0.1, n), 4), errors


def _by_z(z, loss=None, sign=1.0):
    def count(gains, errors, loss_=0.05):
        bound = -loss_ if loss is None else loss
        return int((np.asarray(gains) + sign * z * np.asarray(errors) < bound).sum())

    return count


def _quantile(level):
    def count(gains, errors, loss=0.05):
        z = norm.ppf(1 - level / len(gains))
        return int((np.asarray(gains) - z * np.asarray(errors) < -loss).sum())

    return count


BEST_K = Exercise(
    "10.2",
    best_k,
    read_and_judged,
    wrong=(
        Wrong(
            lambda X, Q, y, ks: min(ks),
            "The smallest of `ks` is not always best: see what the rows read hold.",
        ),
        Wrong(
            lambda X, Q, y, ks: max(ks),
            "The largest of `ks` is not always best: see what the rows read hold.",
        ),
        Wrong(
            lambda X, Q, y, ks: 5,
            "5 is the library's default. It is not even among `ks` here: try them.",
        ),
        Wrong(
            _worst_k,
            "That is the worst of `ks`: your comparison, or the sign of your scores, is "
            "turned. `anomaly_score` is large for anomalies.",
        ),
        Wrong(
            _fitted_to_judged,
            "You fitted to `Q`. The detector reads `X`; `Q` is scored.",
        ),
        Wrong(
            _of_both,
            "You fitted to `X` and `Q` together. The detector reads `X` alone.",
        ),
        Wrong(_place, "That is the place in `ks`. Return the number of neighbours."),
        Wrong(
            lambda X, Q, y, ks: max(knn_auroc(X, Q, y, k) for k in ks),
            "That is the best AUROC. Return the number of neighbours that reached it.",
        ),
    ),
    praise=(
        "With clean rows few neighbours see most; with anomalies among the rows read, k "
        "must outnumber them."
    ),
    hint="For each k in sorted(ks): fit KNNDetector(k) to X, score Q, take the AUROC.",
    draws=7,
)
PAYS = Exercise(
    "10.4",
    pays_from,
    curve,
    wrong=(
        Wrong(
            _first,
            "That is the first size with an interval above zero. A later one may fall "
            "back: from where on do all of them stay above?",
        ),
        Wrong(
            _last_below,
            "That is the last size that does *not* pay. One step further.",
        ),
        Wrong(_place_of, "That is the place in `sizes`. Return the number of tables."),
        Wrong(
            lambda sizes, lows: sizes[-1],
            "The largest size pays, but a smaller one may do.",
        ),
        Wrong(
            lambda sizes, lows: sizes[0],
            "The smallest size pays only if every interval lies above zero.",
        ),
        Wrong(
            lambda sizes, lows: sizes[int(np.argmax(lows))],
            "That is where the lower end is highest. Where does it get above zero for "
            "good?",
        ),
    ),
    praise="One interval above zero among several may be luck. From there on all are.",
    hint="Find the last size whose lower end is not above zero; the answer is the next.",
    draws=8,
    edges=(([14, 28], [0.01, 0.02]), ([14, 28, 56], [0.01, -0.01, 0.02])),
)
HARMED = Exercise(
    "10.5",
    harmed,
    changes,
    wrong=(
        Wrong(
            _by_z(0.0),
            "You counted every table that lost more than `loss`. Some lost it by the "
            "draw of its rows: add z times the error first.",
        ),
        Wrong(
            _by_z(0.0, loss=0.0),
            "You counted every table that lost anything.",
        ),
        Wrong(
            _by_z(norm.ppf(0.95)),
            "1.64 is right for one table. Of a hundred tables five would be called "
            "harmed by chance: divide 0.05 by their number.",
        ),
        Wrong(
            _by_z(norm.ppf(0.975)),
            "1.96 is right for one table, from both sides. Divide 0.05 by the number of "
            "tables.",
        ),
        Wrong(
            _quantile(0.05),
            "You took the lower end of the interval. A loss is sure where even the upper "
            "end lies below -loss.",
        ),
        Wrong(
            lambda gains, errors, loss=0.05: float(
                harmed(gains, errors, loss) / len(gains)
            ),
            "That is a share. Return how many.",
        ),
        Wrong(
            lambda gains, errors, loss=0.05: harmed(-np.asarray(gains), errors, loss),
            "Those are the tables that *gain* more than `loss` for sure.",
        ),
    ),
    praise="A mean gain says nothing about the tables that pay for it. Count them.",
    hint="z = norm.ppf(1 - 0.05 / n); count gains + z * errors < -loss.",
    draws=5,
)
