"""What strategies choose for tables that they did not see, what it gets, and whom it
harms."""

from dataclasses import dataclass, field

import numpy as np
from scipy.stats import norm

from metaad import metrics
from metaad.experiments.tables import many_table_tuning_matrix as tables
from metaad.search.space import space
from metaad.search.tuning.strategies import (
    BestMean,
    BestRank,
    BestShrunk,
    BestSmoothed,
    Default,
    Evidence,
    Factorisation,
    NearestTable,
    Regression,
)
from metaad.tasks.parts import PARTS, oddbench_part, read_and_judged
from metaad.tasks.tables import adbench_names

FEWEST = 5  # anomalies, and normal rows, to judge by
LOSS = 0.05
# one setting for all tables; these can ship with the package
FIXED = {
    "best by mean": BestMean(),
    "best by rank": BestRank(),
    "best by smoothed mean": BestSmoothed(),
    "best by shrunk gain": BestShrunk(),
}


class Together:
    """Settings that do best *together*: one after the other the setting is added that
    raises the mean AUROC of the averaged ranks most on the tables learned from; a
    setting may come twice [1].

    most : how many settings. rows : how many judged rows of a table are used.

    Attributes
    ----------
    chosen_ : int array (most,).

    [1] Caruana, Niculescu-Mizil, Crew and Ksikes, Ensemble selection from libraries of
    models, ICML 2004."""

    def __init__(self, most=5, rows=400):
        self.most, self.rows = most, rows

    def learn(self, world, tables):
        """Choose by some tables of a World. Returns itself."""
        some, chosen = [self._some(world, t) for t in tables], []
        for _ in range(self.most):
            reached = sum(
                metrics.auroc(y, ranks[chosen].sum(axis=0) + ranks) for ranks, y in some
            )
            chosen.append(int(metrics.best_first(reached)[0]))
        self.chosen_ = np.array(chosen)
        return self

    def _some(self, world, t):
        """The ranks and the truth of some judged rows of a table, of both kinds."""
        y = world.truth[t]
        at = np.random.default_rng(t).permutation(len(y))[: self.rows]
        if len(np.unique(y[at])) < 2:
            at = np.arange(len(y))
        return world.ranks[t][:, at].astype(np.float64), y[at]

    def choose(self, features):
        """Return the same settings for every table."""
        return self.chosen_


LEARNED = FIXED | {
    "nearest table": NearestTable(),
    "ten nearest tables": NearestTable(10),
    "matrix factorisation": Factorisation(trees=50),
    "regression": Regression(trees=50),
    "five best by mean, averaged": BestMean(top=5),
    "five best together, averaged": Together(),
}
# they learn nothing from other tables
CONTROLS = {"default": Default(), "whole grid, averaged": BestMean(top=None)}


@dataclass
class World:
    """What one detector's settings get on many tables, in one setting of the rows.

    names : of the n tables. parts : (n,), "learn", "validate", "test" or "adbench".
    auroc, ap : float64 (n, n_settings). features : (n, p). codes : (n_settings, q).
    ranks : n arrays (n_settings, m). truth : n arrays (m,). seconds : of CPU, to make
    all this."""

    names: list
    parts: np.ndarray
    auroc: np.ndarray
    ap: np.ndarray
    features: np.ndarray
    codes: np.ndarray
    ranks: list
    truth: list
    seconds: float = 0.0
    known: dict = field(default_factory=dict)

    def at(self, *parts):
        """Return the numbers of the tables of some parts."""
        return np.flatnonzero(np.isin(self.parts, parts))

    def got(self, t, columns):
        """Return AUROC and average precision of a choice on table t; of several
        columns the ranks are averaged.
        """
        if len(columns) == 1:
            return self.auroc[t, columns[0]], self.ap[t, columns[0]]
        key = t, tuple(sorted(columns))
        if key not in self.known:
            mean = self.ranks[t][list(columns)].mean(axis=0)
            y = self.truth[t]
            self.known[key] = metrics.auroc(y, mean), metrics.average_precision(y, mean)
        return self.known[key]

    def results(self, strategy, learn, judge):
        """Return AUROC and average precision of a strategy that learned from some
        tables on others, (n_judge, 2), and its choices, a list of n_judge arrays.
        """
        if isinstance(strategy, Together):
            strategy.learn(self, learn)
        else:
            evidence = self.auroc[learn], self.features[learn], self.codes
            strategy.fit(Evidence(*evidence))
        chosen = [strategy.choose(self.features[t]) for t in judge]
        found = [self.got(t, c) for t, c in zip(judge, chosen, strict=True)]
        return np.array(found), chosen


def names_of(part):
    """Return the names of a part of OddBench, or of ADBench's tables."""
    return oddbench_part(part) if part in PARTS else adbench_names()


def usable(part, setting):
    """Return the tables of a part with FEWEST rows of each kind to judge by."""
    counts = (
        (n, np.bincount(read_and_judged(n, setting, seed=tables.SEED)[2], minlength=2))
        for n in names_of(part)
    )
    return [n for n, count in counts if count.min() >= FEWEST]


def world(kind, setting, names, folder):
    """Return the World of a detector. names : dict part -> list of tables."""
    parts = np.repeat(list(names), [len(n) for n in names.values()])
    every = [n for some in names.values() for n in some]
    found = [tables.judged(n, setting, kind, folder) for n in every]
    detector, configs = tables.GRID[kind]
    return World(
        every,
        parts,
        *(np.array([getattr(f, n) for f in found]) for n in ("auroc", "ap")),
        np.array([f.features for f in found]),
        np.array([space(detector).encode(c) for c in configs]),
        [f.ranks for f in found],
        [f.y for f in found],
        float(sum(f.seconds for f in found)),
    )


def closest_to_the_rest(ranks):
    """Return the setting whose scores agree most with all others', by Spearman's
    correlation; no label and no other table is asked. Among UOMS's internal strategies
    it is called model centrality [1]. ranks : (n_settings, m). Returns its number.

    [1] Ma, Zhao, Zhang and Akoglu, A Large-scale Study on Unsupervised Outlier Model
    Selection, 2021."""
    centred = ranks - ranks.mean(axis=1, keepdims=True, dtype=np.float64)
    norms = np.sqrt((centred**2).sum(axis=1))
    unit = centred / np.where(norms > 0, norms, 1.0)[:, None]
    return int(metrics.best_first((unit @ unit.T).mean(axis=0))[0])


def auroc_difference(y, a, b):
    """Return AUROC of a minus that of b, and its standard error over rows [1].

    y : (m,), 1 for an anomaly. a, b : scores (m,), larger = more anomalous.

    [1] DeLong, DeLong and Clarke-Pearson, Comparing the areas under two or more
    correlated receiver operating characteristic curves, Biometrics 44, 1988."""
    places = [_placements(y, s) for s in (a, b)]
    anomalies, normal = (p - q for p, q in zip(*places, strict=True))
    variance = sum(p.var(ddof=1) / len(p) for p in (anomalies, normal))
    return float(anomalies.mean()), float(np.sqrt(variance))


def _placements(y, scores):
    """Of each anomaly the share of normal rows below it, of each normal row the share of
    anomalies above it; a tie counts one half.
    """
    scores = np.asarray(scores, dtype=np.float64)
    whole, n1, n0 = metrics.ranks(scores), (y == 1).sum(), (y == 0).sum()
    below = (whole[y == 1] - metrics.ranks(scores[y == 1])) / n0
    above = 1 - (whole[y == 0] - metrics.ranks(scores[y == 0])) / n1
    return below, above


def harm(world, judge, columns, default=0):
    """Return whom a choice harms: how many tables lose more than LOSS, how many of
    them beyond chance, and the worst.

    columns : of one setting, or of several that are averaged. Beyond chance: the upper
    end of the change's one-sided interval over rows lies below -LOSS, at 5 % for all
    tables together (Bonferroni)."""
    z = norm.ppf(1 - 0.05 / len(judge))
    change = []
    for t in judge:
        ranks, y = world.ranks[t], world.truth[t]
        own = ranks[list(columns)].mean(axis=0)
        change.append(auroc_difference(y, own, ranks[default]))
    value, error = np.array(change).T
    worst = int(value.argmin())
    return {
        "tables": len(judge),
        "lose": int((value < -LOSS).sum()),
        "gain": int((value > LOSS).sum()),
        "lose beyond chance": int((value + z * error < -LOSS).sum()),
        "gain beyond chance": int((value - z * error > LOSS).sum()),
        "worst": round(float(value[worst]), 4),
        "worst table": world.names[judge[worst]],
    }
