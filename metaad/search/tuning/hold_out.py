"""Judge strategies: choose for tables of a family that was held out, then fit the choice
anew.

For each held-out table a strategy sees the other families' results, the table's
meta-features and, where there are labels, what they say about each configuration. Its
choice is judged twice: on the very scores it was made by (`same`), and on those of the
same configuration fitted with another seed (`refit`). Only the second is what a reader
will get."""

from typing import NamedTuple

import numpy as np

from metaad import metrics
from metaad.search.tuning.strategies import Evidence, Observed
from metaad.tasks.labels import draw_labels


class Result(NamedTuple):
    """How a strategy did on each held-out table, means over seeds and draws of labels.

    auroc, ap : float64 (n_tables,), the choice fitted anew with another seed.
    auroc_same, ap_same : on the scores that the choice was made by. chosen : list of
    n_tables labels, the configuration chosen most often."""

    auroc: np.ndarray
    ap: np.ndarray
    auroc_same: np.ndarray
    ap_same: np.ndarray
    chosen: list


def hold_out(strategies, problem, *, labels=None, guess=False, draws=5, seed=0):
    """Judge strategies on every table, with all tables of its family held out.

    Parameters
    ----------
    strategies : dict name -> Strategy. problem : Problem.
    labels : (anomalies, normal), how many rows of each kind are labelled, at most half
        of those that the table has; the rest is judged. None: nothing is labelled, and
        all rows are judged.
    guess : the problem's `stand_in` takes the place of missing labels.
    draws : how often labelled rows are drawn. seed : of these draws.

    Returns
    -------
    dict name -> Result
    """
    shown = _Shown(problem, labels, guess, draws, seed)
    judge = _Judge(problem.scores)
    return {
        name: _result(strategy, problem, shown, judge)
        for name, strategy in strategies.items()
    }


def _result(strategy, problem, shown, judge):
    """Return the Result of one strategy."""
    whole = problem.matrix
    n_tables, _, n_seeds = whole.auroc.shape
    families = np.array(whole.families)
    values = whole.auroc.mean(axis=2)  # (n_tables, n_candidates)
    cells, chosen = np.full((4, n_tables), np.nan), [None] * n_tables
    for family in dict.fromkeys(whole.families):
        train = np.flatnonzero(families != family)
        about = values[train], problem.features[train], problem.codes, problem.default
        strategy.fit(Evidence(*about, shown.noisy(train)))
        for t in np.flatnonzero(families == family):
            tried = _Tried(t, n_seeds, judge)
            for s, r, observed, left_out in shown.of(t):
                tried.add(
                    strategy.choose(problem.features[t], observed), s, r, left_out
                )
            cells[:, t] = tried.means()
            chosen[t] = whole.labels[tried.most_often()]
    return Result(*cells, chosen)


class _Tried:
    """The choices for one table, judged with the seed they were made by and with the
    others.
    """

    def __init__(self, table, n_seeds, judge):
        self.table, self.n_seeds, self.judge = table, n_seeds, judge
        self.same, self.refit, self.picked = [], [], []

    def add(self, choice, seed, draw, left_out):
        columns = tuple(choice)
        self.picked.append(columns[0])
        for s in range(self.n_seeds):
            found = self.judge(self.table, s, columns, draw, left_out)
            (self.same if s == seed else self.refit).append(found)

    def means(self):
        """Return AUROC and average precision after a refit, and the same without."""
        refit = np.mean(self.refit or self.same, axis=0)
        return np.concatenate([refit, np.mean(self.same, axis=0)])

    def most_often(self):
        return np.bincount(self.picked).argmax()


class _Shown:
    """What strategies get to see of each table, by seed and draw of labels."""

    def __init__(self, problem, labels, guess, draws, seed):
        n_tables, _, self.n_seeds = problem.matrix.auroc.shape
        self.draws, tables = draws if labels else 1, range(n_tables)
        self.rows = self.seen = None
        if labels:
            of = problem.scores, self.draws, labels, seed
            self.rows = [_labelled(t, *of) for t in tables]
            self.seen = [self._observed(problem.scores, t) for t in tables]
        elif guess:
            stand_in = problem.stand_in
            seen = [[Observed(values, 30, 270)] for values in stand_in]
            self.seen = [[one] * self.n_seeds for one in seen]

    def _observed(self, scores, t):
        """Observed of [seed][draw] for one table."""
        return [
            [_told(*scores(t, s), rows) for rows in self.rows[t]]
            for s in range(self.n_seeds)
        ]

    def noisy(self, tables):
        """Return what the labels say of some tables: (n_tables, seeds x draws,
        n_configs).
        """
        if self.seen is None:
            return None
        return np.array([[o.values for s in self.seen[t] for o in s] for t in tables])

    def of(self, t):
        """Yield seed, draw, Observed, and the labelled rows of a table; None for what
        there isn't.
        """
        for s in range(self.n_seeds):
            for r in range(self.draws):
                observed = None if self.seen is None else self.seen[t][s][r]
                yield s, r, observed, None if self.rows is None else self.rows[t][r]


class _Judge:
    """AUROC and average precision of a choice, each computed once."""

    def __init__(self, scores):
        self.scores, self.known = scores, {}

    def __call__(self, table, seed, columns, draw, left_out):
        key = table, seed, columns, draw
        if key not in self.known:
            scores, y = self.scores(table, seed)
            combined = average_of_ranks(scores[list(columns)])
            keep = np.ones(len(y), dtype=bool)
            keep[left_out if left_out is not None else []] = False
            self.known[key] = (
                metrics.auroc(y[keep], combined[keep]),
                metrics.average_precision(y[keep], combined[keep]),
            )
        return self.known[key]


def average_of_ranks(scores):
    """Return scores (m, n) of m detectors as one (n,): the mean of their ranks. One
    detector's scores stay as they are.
    """
    return scores[0] if len(scores) == 1 else metrics.ranks(scores).mean(axis=0)


# the name under which lesson 11 builds it: y (n,), scores (m, n) -> (m,)
aurocs = metrics.auroc


def _labelled(t, scores, n_draws, labels, seed):
    """Return the numbers of the labelled rows for each draw, the same for every
    strategy and seed of the detectors.
    """
    rng, y = np.random.default_rng([seed, t]), scores(t, 0)[1]
    return [draw_labels(y, *labels, rng) for _ in range(n_draws)]


def _told(scores, y, rows):
    """Return what labelled rows say of each candidate: Observed."""
    anomalies = int(y[rows].sum())
    values = metrics.auroc(y[rows], scores[:, rows])
    return Observed(values, anomalies, len(rows) - anomalies)
