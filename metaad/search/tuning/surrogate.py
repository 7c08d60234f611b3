"""MAML on detectors without gradients: what adapts is a network that predicts how well
a configuration will do.

A table is a task. Its support are configurations that were tried on it, with the AUROC
that a few labelled rows give them; its query are other configurations, with the AUROC
that all labels give. The network gets a configuration's code and the table's
meta-features, adapts to the support, and the configuration with the best prediction is
fitted anew."""

from dataclasses import dataclass, replace

import numpy as np
import sklearn.ensemble
import torch
from sklearn.neighbors import LocalOutlierFactor
from sklearn.svm import OneClassSVM

from metaad import metrics
from metaad.detectors import (
    AutoencoderDetector,
    DenoisingAutoencoder,
    IsolationForest,
    KMeansDetector,
    KNNDetector,
    MahalanobisDetector,
    PCADetector,
)
from metaad.meta.autoencoder import weights
from metaad.meta.base import Learnable, learnable, squared_error
from metaad.meta.one_table import as_set, unlabelled
from metaad.search.space import Space, configured, space
from metaad.search.tuning.matrix import own_scores
from metaad.search.tuning.meta_features import meta_features
from metaad.search.tuning.no_labels import (
    NO_LABEL,
    Gain,
    best_by_mean,
    default_scores,
    fit_choice,
    learned_or_safe,
    safe,
)
from metaad.search.tuning.surrogate_tasks import (
    SurrogateTasks,
    Units,
    predicted,
    surrogate_net,
)
from metaad.tasks.labels import draw_labels
from metaad.tasks.tables import TableTasks

CONFIGS = 16  # configurations tried on each table
DRAWS = 8  # draws of labelled rows from each training table
LABELLED = (5, 50)  # anomalies and normal rows in a draw


def hyperparameters(estimator, tasks):
    """Return the Learnable of a detector's hyperparameters: a network that is told how
    configurations did on other tables.

    tasks : TableTasks. From anything else nothing is learned: without labels there is
    no telling which configuration is good. Then labels decide alone, see `ByLabels`.
    """
    rng = np.random.default_rng(int(torch.randint(2**31, (1,))))
    options = space(estimator)
    configs = options.sample(CONFIGS, rng)
    own = {name: estimator.get_params()[name] for name in options}
    configs = [own, *configs[1:]] if options.contains(own) else configs
    if not isinstance(tasks, TableTasks):
        return ByLabels(configs).learnable(surrogate_net(1))
    features, scores, observed, default = [], [], [], []
    for table in tasks:
        raw = tried(estimator, configs, table.X, rng)  # (n_configs, n)
        features.append(meta_features(table.X))
        scores.append(metrics.auroc(table.y, raw))
        rows = [draw_labels(table.y, *LABELLED, rng) for _ in range(DRAWS)]
        observed.append([metrics.auroc(table.y[r], raw[:, r]) for r in rows])
        default.append(
            scores[-1][0]
            if configs[0] == own
            else metrics.auroc(table.y, default_scores(estimator, table.X))
        )
    codes = np.stack([options.encode(c) for c in configs])
    learned_from = SurrogateTasks(codes, features, scores, observed)
    column, gain = best_by_mean(scores, default, tasks.families)
    known = FromTables(options, configs, configs[column], gain, learned_from.units)
    made = known.learnable(surrogate_net(learned_from.n_features))
    return replace(made, tasks=learned_from)


@dataclass
class FromTables:
    """What labelled tables told about a detector's configurations.

    options : Space. configs : list of dicts, those that were tried on every table.
    best : the best of them by its mean over the tables. gain : the Gain of choosing in
    this way, None if it could not be measured. units : Units of the surrogate."""

    options: Space
    configs: list
    best: dict
    gain: Gain | None
    units: Units

    def learnable(self, module):
        """Return the Learnable of a surrogate network."""
        return _surrogate(self, module)

    def without_labels(self, learner, detector, X):
        """Return the best configuration by its mean over the tables, if choosing in
        this way helped on families that were held out; else the detector as it is set.
        """
        seed = learner.random_state
        return learned_or_safe(detector, self.best, X, self.gain, seed)

    def finish(self, learner, X, y):
        """Try the configurations on X, adapt the surrogate to what they got, fit the
        one it expects most of.

        Only configurations that were tried can be chosen. Of untried ones far from all
        it has seen the surrogate is too hopeful, and they come out worse than the
        default."""
        if unlabelled(y):
            return self.without_labels(learner, learner.estimator, X)[0]
        rng = np.random.default_rng(learner.random_state)
        seen = trial(learner.estimator, self.configs, X, y, rng)  # (n_configs,)
        codes = self._codes(len(X))
        expected = predicted(learner, self.units, codes, meta_features(X), codes, seen)
        return fit_choice(learner.estimator, self.configs[int(expected.argmax())], X)

    def _codes(self, n_rows):
        """The configurations as numbers, as n_rows rows allow them: (n_configs, m)."""
        allowed = [self.options.fit_to(c, n_rows) for c in self.configs]
        return np.stack([self.options.encode(c) for c in allowed])

    def check(self, learner):
        """Raise ValueError unless configurations, units and network fit together."""
        _check(self.configs, self.options)
        _check([self.best], self.options)
        width = self._codes(2).shape[1] + len(self.units.mean)
        _check_width(learner, width)


@dataclass
class ByLabels:
    """Where there was no labelled table nothing is known: labels choose among the
    configurations and the detector as it is set, which wins ties.

    configs : list of dicts."""

    configs: list

    def learnable(self, module):
        """Return the Learnable; its network is never asked."""
        return replace(_surrogate(self, module), idle=True)

    def without_labels(self, learner, detector, X):
        """Return the detector as it is set, or what ships with the package."""
        return safe(detector, X, f"{NO_LABEL}, and fit one table without labels.")

    def finish(self, learner, X, y):
        """Try the configurations on X, fit the one that is best on the labels."""
        if unlabelled(y):
            return self.without_labels(learner, learner.estimator, X)[0]
        rng = np.random.default_rng(learner.random_state)
        seen = trial(learner.estimator, self.configs, X, y, rng)  # (n_configs,)
        known = np.flatnonzero(y >= 0)
        own = metrics.auroc(y[known], default_scores(learner.estimator, X)[known])
        if own >= seen.max():
            return as_set(learner.estimator, X)
        return fit_choice(learner.estimator, self.configs[int(seen.argmax())], X)

    def check(self, learner):
        """Raise ValueError for a configuration that the detector can't have."""
        _check(self.configs, space(learner.estimator))
        _check_width(learner, 1)


def _surrogate(known, module):
    return Learnable(
        module,
        squared_error,
        squared_error,
        finish=known.finish,
        unlabelled=True,
        without_labels=known.without_labels,
        known=known,
    )


def _check(configs, options):
    wrong = [c for c in configs if not options.contains(c)]
    if wrong or not configs:
        raise ValueError(f"its configurations must be of {options!r:.200}, got {wrong}")


def _check_width(learner, width):
    first = learner.module_["net"].get_submodule("0")
    if first.in_features != width:
        raise ValueError(
            f"its network must take {width} numbers, and it takes {first.in_features}"
        )


def tried(estimator, configs, X, rng):
    """Return the anomaly scores of X (n, d) under each configuration, fitted on X with
    seeds of its own: (n_configs, n).
    """
    found = []
    for config in configs:
        detector = configured(estimator, config, len(X))
        if "random_state" in detector.get_params():
            detector.set_params(random_state=int(rng.integers(2**31)))
        found.append(own_scores(detector, X))
    return np.array(found)


def trial(estimator, configs, X, y, rng):
    """Return what the configurations get on new rows X: float64 (n_configs,), larger =
    better.

    y : (n,), 1 for an anomaly, 0 for a normal row, -1 for an unlabelled one: all rows
    are fitted, and the labelled ones give the AUROC."""
    known = np.flatnonzero(y >= 0)
    if not (y == 1).any() or not (y == 0).any():
        raise ValueError(
            f"labels can only tell configurations apart if at least one row is an "
            f"anomaly (1) and one normal (0); got "
            f"{int((y == 1).sum())} and {int((y == 0).sum())} of {len(y)} rows. "
            f"Without labels leave y out."
        )
    return metrics.auroc(y[known], tried(estimator, configs, X, rng)[:, known])


for detector_type in (
    KMeansDetector,
    IsolationForest,
    sklearn.ensemble.IsolationForest,
    LocalOutlierFactor,
    OneClassSVM,
    KNNDetector,
    MahalanobisDetector,
    PCADetector,
    DenoisingAutoencoder,
):
    learnable.register(detector_type, hyperparameters)


@learnable.register
def _(estimator: AutoencoderDetector, tasks):
    """Its weights where all tasks have one width; tables of different widths share
    hyperparameters only.
    """
    return (
        hyperparameters(estimator, tasks)
        if tasks.n_features is None
        else weights(estimator, tasks)
    )
