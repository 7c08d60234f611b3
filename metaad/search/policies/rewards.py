"""What a configuration earns on a table: the rewards of the policies that choose
configurations.
"""

import numpy as np

from metaad import metrics
from metaad.scores import outlierness
from metaad.search.space import configured
from metaad.search.tuning.matrix import own_scores
from metaad.search.tuning.no_labels import default_scores
from metaad.tasks.tables import TableTasks


class Payoff:
    """The reward of a detector's configurations: each is fitted and judged once, and
    remembered.

    Parameters
    ----------
    estimator : detector. levels : dict, parameter -> list of values, from
        `Space.levels`.
    tables : list of arrays (n, d); a configuration is fitted to each and scores the
        same rows. Rewards are averaged.
    judge : function (scores (n,), number of the table) -> float, larger = better.
    random_state : int, given to a detector that has the parameter and no seed.

    As a function: int64 (n, m) actions, one level a parameter -> float64 (n,). `len` is
    the number of configurations tried so far: what a search has spent. `seen` : dict,
    action (a tuple) -> reward."""

    def __init__(self, estimator, levels, tables, judge, random_state=0):
        self.estimator, self.levels, self.tables, self.judge = (
            estimator,
            levels,
            tables,
            judge,
        )
        self.random_state = random_state
        self.seen = {}

    def __call__(self, actions):
        return np.array([self._reward(tuple(int(i) for i in a)) for a in actions])

    def __len__(self):
        return len(self.seen)

    def config(self, action):
        """Return the configuration that an action names: dict."""
        return {
            name: values[int(i)]
            for (name, values), i in zip(self.levels.items(), action, strict=True)
        }

    def detector(self, action, n_rows):
        """Return a new detector with that configuration, unfitted, seeded if it can be."""
        found = configured(self.estimator, self.config(action), n_rows)
        if found.get_params().get("random_state", 0) is None:
            found.set_params(random_state=self.random_state)
        return found

    def as_set(self):
        """Return the reward of the detector as it is set, whatever the levels are:
        float.
        """
        own = [default_scores(self.estimator, X) for X in self.tables]
        return float(np.mean([self.judge(s, i) for i, s in enumerate(own)]))

    def best(self):
        """Return the action that earned most so far; the earlier one of two equals."""
        return max(self.seen, key=self.seen.get)

    def _reward(self, action):
        if action not in self.seen:
            judged = [
                self.judge(own_scores(self.detector(action, len(X)), X), i)
                for i, X in enumerate(self.tables)
            ]
            self.seen[action] = float(np.mean(judged))
        return self.seen[action]


def by_labels(estimator, levels, X, y, random_state=0):
    """Return the AUROC on the rows of X whose label is known. y : (n,), 1 anomaly, 0
    normal, -1 unknown.
    """
    y = np.asarray(y)
    if (
        y.shape != (len(X),)
        or not np.isin(y, (-1, 0, 1)).all()
        or not {0, 1} <= set(np.unique(y).tolist())
    ):
        raise ValueError(
            f"y must hold 1 (anomaly), 0 (normal) or -1 (unknown) for each of the "
            f"{len(X)} rows, and both of the first "
            f"two at least once; got shape {y.shape} with values {np.unique(y)[:5]}."
        )
    known = y >= 0
    return Payoff(
        estimator,
        levels,
        [X],
        lambda s, _: metrics.auroc(y[known], s[known]),
        random_state,
    )


def by_made_up_anomalies(estimator, levels, X, random_state=0, n_tables=2):
    """Return the mean AUROC on tables of half the rows of X and made-up anomalies, see
    `TableTasks.resampled`.
    """
    tables = list(TableTasks.resampled(X, n_tables, random_state))
    return Payoff(
        estimator,
        levels,
        [t.X for t in tables],
        lambda s, i: metrics.auroc(tables[i].y, s),
        random_state,
    )


def by_outlierness(estimator, levels, X, random_state=0, how="logistic"):
    """Return minus the outlierness of X's own scores, `metaad.scores.outlierness`:
    minimising it needs no labels.

    A configuration that scores all rows alike has none; it earns -10 nats, which no
    "logistic" outlierness reaches."""

    def judge(scores, _):
        return -outlierness(scores, how) if np.ptp(scores) > 0 else -10.0

    return Payoff(estimator, levels, [X], judge, random_state)
