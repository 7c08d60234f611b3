"""MAML on detectors without gradients: what adapts is a network that predicts how well
a configuration will do.

A table is a task. Its support are configurations that were tried on it, with the AUROC
that a few labelled rows give them; its query are other configurations, with the AUROC
that all labels give. The network gets a configuration's code and the table's
meta-features, adapts to the support, and the configuration with the best prediction is
fitted anew."""

import numpy as np
import sklearn.ensemble
import torch
from sklearn.neighbors import LocalOutlierFactor
from sklearn.svm import OneClassSVM

from metaad import metrics
from metaad.detectors import (
    AutoencoderDetector,
    IsolationForest,
    KMeansDetector,
    KNNDetector,
)
from metaad.meta.autoencoder import weights
from metaad.meta.base import Learnable, learnable, squared_error
from metaad.nets import MLP
from metaad.search.space import configured, space
from metaad.search.tuning.matrix import own_scores
from metaad.search.tuning.meta_features import meta_features
from metaad.tasks import Task
from metaad.tasks.labels import draw_labels
from metaad.tasks.tables import TableTasks

CONFIGS = 16  # configurations tried on each table
DRAWS = 8  # draws of labelled rows from each training table
RESAMPLED = 4  # tables drawn from one array, where one array is all there is
LABELLED = (5, 50)  # anomalies and normal rows in a draw


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

    Targets are centred on the mean of the support's scores and divided by `scale`, the
    spread of the scores within a table: what is learned is which configuration is
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
        self.mean, self.deviation = features.mean(axis=0), features.std(axis=0)
        # with one table, or with all alike, features say nothing
        self.deviation[self.deviation < 1e-9] = 1.0
        self.features = self.scaled(features)
        self.scale = max(float(self.scores.std(axis=1).mean()), 1e-3)

    @property
    def n_features(self):
        """Width of an input: m + p."""
        return self.codes.shape[1] + self.features.shape[1]

    def scaled(self, features):
        """Meta-features in units of the training tables' spread, at most 3 of them
        away from their mean.
        """
        return np.clip((np.asarray(features) - self.mean) / self.deviation, -3, 3)

    def rows(self, codes, features):
        """Inputs of the network: codes (n, m) beside scaled features (p,) -> (n, m +
        p).
        """
        return np.c_[codes, np.tile(features, (len(codes), 1))]

    def sample(self, n_tasks, random_state=None):
        """Draw a batch: support (n_tasks, k, m + p), query (n_tasks, n_configs - k,
        m + p), targets (…, 1).
        """
        rng = np.random.default_rng(random_state)
        parts = []
        for t in rng.integers(len(self.scores), size=n_tasks):
            order = rng.permutation(len(self.codes))
            seen = self.observed[t, rng.integers(self.observed.shape[1])]
            x = self.rows(self.codes[order], self.features[t])
            support_y = (
                seen[order[: self.k]] - seen[order[: self.k]].mean()
            ) / self.scale
            y = (
                self.scores[t, order[self.k :]] - self.scores[t, order[: self.k]].mean()
            ) / self.scale
            parts.append((x[: self.k], x[self.k :], y[:, None], support_y[:, None]))
        return Task(
            *(
                torch.as_tensor(np.stack(p), dtype=torch.get_default_dtype())
                for p in zip(*parts, strict=True)
            )
        )


def surrogate_net(n_inputs):
    """The network that adapts: two hidden layers of 32."""
    return MLP((n_inputs, 32, 32, 1), activation=torch.nn.Tanh)


def predicted(learner, tasks, codes, features, tried, observed):
    """Scores that the adapted surrogate expects: float64 (n,), on any scale, larger =
    better.

    learner : a fitted MAML over `tasks`, a SurrogateTasks. codes : (n, m). features :
        (p,), unscaled.
    tried : (k, m), the codes of the configurations that were tried, with `observed`
    (k,), what they got."""
    features = tasks.scaled(features)
    support = learner.batch(tasks.rows(tried, features))
    target = learner.batch(
        (np.asarray(observed) - np.mean(observed))[:, None] / tasks.scale
    )
    adapted = learner.adapted(support, target)
    return (
        adapted(learner.batch(tasks.rows(codes, features)))[0, :, 0]
        .detach()
        .double()
        .cpu()
        .numpy()
    )


def hyperparameters(estimator, tasks):
    """The Learnable of a detector's hyperparameters: a network that is told how
    configurations did on other tables.

    tasks : TableTasks; or tasks with an array X (n, d), from whose rows tables with
    made-up anomalies are resampled."""
    rng = np.random.default_rng(int(torch.randint(2**31, (1,))))
    if not isinstance(tasks, TableTasks):
        tasks = TableTasks.resampled(tasks.X.double().cpu().numpy(), RESAMPLED, rng)
    options = space(estimator)
    configs = options.sample(CONFIGS, rng)
    own = {name: estimator.get_params()[name] for name in options}
    configs = [own, *configs[1:]] if options.contains(own) else configs
    features, scores, observed = [], [], []
    for table in tasks:
        raw = tried(estimator, configs, table.X, rng)  # (n_configs, n)
        features.append(meta_features(table.X))
        scores.append(metrics.auroc(table.y, raw))
        rows = [draw_labels(table.y, *LABELLED, rng) for _ in range(DRAWS)]
        observed.append([metrics.auroc(table.y[r], raw[:, r]) for r in rows])
    codes = np.stack([options.encode(c) for c in configs])
    learned_from = SurrogateTasks(codes, features, scores, observed)

    def finish(learner, X, y):
        """Try the configurations on X, adapt the surrogate to what they got, fit the
        one it expects most of.

        Only configurations that were tried can be chosen. Let loose on untried ones,
        the surrogate is too hopeful about those far from all it has seen, and they come
        out worse than the default."""
        rng = np.random.default_rng(learner.random_state)
        seen = trial(estimator, configs, X, y, rng)  # (n_configs,)
        codes_here = np.stack(
            [options.encode(options.fit_to(c, len(X))) for c in configs]
        )
        expected = predicted(
            learner, learned_from, codes_here, meta_features(X), codes_here, seen
        )
        return configured(
            learner.estimator, configs[int(expected.argmax())], len(X)
        ).fit(X)

    module = surrogate_net(learned_from.n_features)
    return Learnable(
        module,
        squared_error,
        squared_error,
        finish=finish,
        tasks=learned_from,
        unlabelled=True,
    )


def tried(estimator, configs, X, rng):
    """Anomaly scores of X (n, d) under each configuration, fitted on X with seeds of
    its own: (n_configs, n).
    """
    found = []
    for config in configs:
        detector = configured(estimator, config, len(X))
        if "random_state" in detector.get_params():
            detector.set_params(random_state=int(rng.integers(2**31)))
        found.append(own_scores(detector, X))
    return np.array(found)


def trial(estimator, configs, X, y, rng):
    """What the configurations get on new rows X: float64 (n_configs,), larger = better.

    y : (n,), 1 for an anomaly, 0 for a normal row, -1 for an unlabelled one: all rows
    are fitted, and the labelled ones give the AUROC. None: no label at all, and made-up
    anomalies stand in for the missing ones, see `TableTasks.resampled`. That is a
    guess: lesson 10 measures how far it can be trusted."""
    if y is None:
        tables = TableTasks.resampled(X, n_tables=2, random_state=rng)
        return np.mean(
            [metrics.auroc(t.y, tried(estimator, configs, t.X, rng)) for t in tables],
            axis=0,
        )
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
