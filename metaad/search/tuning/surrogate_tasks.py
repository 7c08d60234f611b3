"""What a surrogate learns from, and how it is asked: configurations and tables as
numbers, scores as targets.
"""

from dataclasses import dataclass

import numpy as np
import torch

from metaad.nets import MLP
from metaad.tasks import Task


@dataclass(eq=False)
class Units:
    """Units of what a surrogate is given and of what it answers.

    mean, deviation : float64 (p,), of the training tables' meta-features.
    spread : of the scores within a table, a mean over tables.
    """

    mean: np.ndarray
    deviation: np.ndarray
    spread: float

    @classmethod
    def of(cls, features, scores):
        """Learn them from features (n_tables, p) and scores (n_tables, n_configs)."""
        deviation = features.std(axis=0)
        # with one table, or with all alike, features say nothing
        deviation[deviation < 1e-9] = 1.0
        spread = max(float(scores.std(axis=1).mean()), 1e-3)
        return cls(features.mean(axis=0), deviation, spread)

    def features(self, features):
        """Return meta-features in units of the training tables' spread, at most 3 of
        them away from their mean.
        """
        return np.clip((np.asarray(features) - self.mean) / self.deviation, -3, 3)

    def scores(self, scores, seen):
        """Return scores relative to the mean of those seen, in units of the spread."""
        return (np.asarray(scores) - np.mean(seen)) / self.spread


def rows(codes, features):
    """Return the inputs of the network: codes (n, m) beside scaled features (p,) -> (n,
    m + p).
    """
    return np.c_[codes, np.tile(features, (len(codes), 1))]


class SurrogateTasks:
    """Tasks for a surrogate: predict a table's scores from those seen for some
    configurations.

    Parameters
    ----------
    codes : (n_configs, m), configurations as numbers. features : (n_tables, p),
        meta-features.
    scores : (n_tables, n_configs), larger = better, from all labels: the query's
        targets.
    observed : (n_tables, n_draws, n_configs), the same from a few labels: the support;
        None takes `scores`.
    k : configurations in the support; None takes half of them.

    Targets are centred on the mean of the support's scores and divided by the spread of
    the scores within a table, see `units`: what is learned is which configuration is
    better, not which table is easier."""

    def __init__(self, codes, features, scores, observed=None, k=None):
        self.codes, features, self.scores = (
            np.asarray(a, dtype=np.float64) for a in (codes, features, scores)
        )
        self.observed = (
            self.scores[:, None]
            if observed is None
            else np.asarray(observed, dtype=np.float64)
        )
        self.k = len(self.codes) // 2 if k is None else k
        if not 1 <= self.k < len(self.codes):
            raise ValueError(
                f"k must leave a configuration for the query: 1 to "
                f"{len(self.codes) - 1}, got {self.k}."
            )
        self.units = Units.of(features, self.scores)
        self.features = self.units.features(features)

    @property
    def n_features(self):
        """Width of an input: m + p."""
        return self.codes.shape[1] + self.features.shape[1]

    def sample(self, n_tasks, random_state=None):
        """Draw a batch: support (n_tasks, k, m + p), query (n_tasks, n_configs - k,
        m + p), targets (…, 1).
        """
        rng = np.random.default_rng(random_state)
        parts = []
        for t in rng.integers(len(self.scores), size=n_tasks):
            order = rng.permutation(len(self.codes))
            seen = self.observed[t, rng.integers(self.observed.shape[1])]
            x = rows(self.codes[order], self.features[t])
            first, rest = order[: self.k], order[self.k :]
            support_y = self.units.scores(seen[first], seen[first])
            y = self.units.scores(self.scores[t, rest], self.scores[t, first])
            parts.append((x[: self.k], x[self.k :], y[:, None], support_y[:, None]))
        return Task(
            *(
                torch.as_tensor(np.stack(p), dtype=torch.get_default_dtype())
                for p in zip(*parts, strict=True)
            )
        )


def surrogate_net(n_inputs):
    """Return the network that adapts: two hidden layers of 32."""
    return MLP((n_inputs, 32, 32, 1), activation=torch.nn.Tanh)


def predicted(learner, units, codes, features, tried, observed):
    """Return scores that the adapted surrogate expects: float64 (n,), on any scale,
    larger = better.

    learner : a fitted MAML over SurrogateTasks. units : theirs. codes : (n, m).
    features : (p,), unscaled. tried : (k, m), the codes of the configurations that were
    tried, with `observed` (k,), what they got."""
    features = units.features(features)
    support = learner.batch(rows(tried, features))
    target = learner.batch(units.scores(observed, observed)[:, None])
    adapted = learner.adapted(support, target)
    expected = adapted(learner.batch(rows(codes, features)))[0, :, 0]
    return expected.detach().double().cpu().numpy()
