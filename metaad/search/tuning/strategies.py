"""Ways to choose a configuration for a new table, behind one contract.

    # what the configurations got on other tables
    strategy.fit(evidence)
    # columns of the matrix for the new table, best first
    strategy.choose(features, observed=None)

`observed` is what a few labels say about each configuration, where there are labels.
More than one column in the answer means: average the ranks of their scores."""

from typing import NamedTuple

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.ensemble import ExtraTreesRegressor

from metaad import metrics


class Evidence(NamedTuple):
    """What a strategy learns from.

    values : float64 (n_tables, n_configs), larger = better, e.g. AUROC.
    features : float64 (n_tables, p), meta-features of the tables, on any scale.
    codes : float64 (n_configs, m), the configurations as numbers (`Space.encode`).
    default : int, the column of the default configuration.
    noisy : float64 (n_tables, n_draws, n_configs), values seen through a few labels, or
    None."""

    values: np.ndarray
    features: np.ndarray
    codes: np.ndarray
    default: int = 0
    noisy: np.ndarray | None = None


class Observed(NamedTuple):
    """What some labelled rows say. values : float64 (n_configs,), the AUROC on them.
    anomalies, normal : how many.
    """

    values: np.ndarray
    anomalies: int
    normal: int


class Strategy(BaseEstimator):
    """Base of the strategies: a subclass writes `_fit(evidence)` and `_merit(features,
    observed)`, (n_configs,).

    top : how many of the best configurations `choose` returns.
    needs_labels : True if it can't choose without `observed`.
    """

    needs_labels = False
    top = 1

    def fit(self, evidence):
        """Learn from the training tables. Returns the strategy."""
        values, features, codes = (
            np.asarray(a, dtype=np.float64) for a in evidence[:3]
        )
        if (
            values.ndim != 2
            or len(values) < 2
            or len(features) != len(values)
            or len(codes) != values.shape[1]
        ):
            raise ValueError(
                "evidence needs values (n_tables, n_configs) of at least 2 tables, a "
                "row of features per table and a row of codes per configuration; got "
                f"{values.shape}, {features.shape} and {codes.shape}."
            )
        self.center_, self.spread_ = features.mean(axis=0), features.std(axis=0) + 1e-9
        self._fit(
            evidence._replace(
                values=values,
                features=(features - self.center_) / self.spread_,
                codes=codes,
            )
        )
        return self

    def choose(self, features, observed=None):
        """Return columns for a table with these meta-features (p,): int array (top,),
        best first.

        observed : Observed, or None where no row is labelled.
        """
        if self.needs_labels and observed is None:
            raise ValueError(
                f"{type(self).__name__} chooses by labelled rows; pass `observed`."
            )
        merit = self._merit(
            (np.asarray(features) - self.center_) / self.spread_, observed
        )
        return metrics.best_first(merit)[: self.top]

    def _fit(self, evidence):
        self.evidence_ = evidence


class Default(Strategy):
    """Whatever the library ships; with `column` another fixed configuration,
    whatever the data say.
    """

    def __init__(self, column=None):
        self.column = column

    def _merit(self, features, observed):
        column = self.evidence_.default if self.column is None else self.column
        return (np.arange(len(self.evidence_.codes)) == column).astype(float)


class BestMean(Strategy):
    """The configuration with the best mean over the training tables; with top=10 the
    ten best, to be averaged.
    """

    def __init__(self, top=1):
        self.top = top

    def _merit(self, features, observed):
        return self.evidence_.values.mean(axis=0)


class BestRank(Strategy):
    """The best mean rank: every table counts the same, however far apart its values
    lie.
    """

    def _merit(self, features, observed):
        return metrics.ranks(self.evidence_.values).mean(axis=0)


class BestSmoothed(Strategy):
    """The best mean, after each configuration's mean is averaged with those of similar
    configurations.

    A peak that its neighbours don't share is luck. width : of the Gaussian weights, in
    the units of the codes."""

    def __init__(self, width=0.15):
        self.width = width

    def _fit(self, evidence):
        # (n_configs, n_configs)
        distance = np.square(evidence.codes[:, None] - evidence.codes[None]).sum(
            axis=-1
        )
        weights = np.exp(-distance / (2 * self.width**2))
        self.merit_ = weights @ evidence.values.mean(axis=0) / weights.sum(axis=1)

    def _merit(self, features, observed):
        return self.merit_


class BestShrunk(Strategy):
    """The best mean gain over the default, after each gain is shrunk towards none by
    how unsure it is [1].

    A setting unlike the default gains much on some tables and loses much on others, so
    its mean is known less well. With s² the squared standard error of a setting's mean
    gain and τ² the variance of true gains between settings, a gain g counts as
    g · τ² / (τ² + s²).

    Attributes
    ----------
    merit_ : (n_configs,), 0 for the default.

    [1] Efron and Morris, Data analysis using Stein's estimator and its
    generalizations, JASA 70, 1975."""

    def _fit(self, evidence):
        default = evidence.values[:, [evidence.default]]
        gains = evidence.values - default  # (n_tables, n_configs)
        mean, error = gains.mean(axis=0), gains.var(axis=0, ddof=1) / len(gains)
        between = max(float((mean**2 - error).mean()), 0.0)
        total = between + error
        weight = np.divide(between, total, out=np.zeros_like(total), where=total > 0)
        self.merit_ = weight * mean

    def _merit(self, features, observed):
        return self.merit_


class NearestTable(Strategy):
    """What was best on the training table with the most similar meta-features;
    `neighbours` > 1 averages several.
    """

    def __init__(self, neighbours=1):
        self.neighbours = neighbours

    def _merit(self, features, observed):
        distance = np.linalg.norm(self.evidence_.features - features, axis=1)
        return self.evidence_.values[
            metrics.best_first(-distance)[: self.neighbours]
        ].mean(axis=0)


class Factorisation(Strategy):
    """In the manner of MetaOD [1]: tables and configurations get a few numbers each
    whose products are the values.

    The numbers of a table are predicted from its meta-features by a forest. MetaOD
    maximises a smoothed ranking measure; this one takes the best squared error of the
    values, centred on the configurations' means (an SVD).

    rank : how many numbers. trees : of the forest.

    [1] Zhao, Rossi and Akoglu, Automatic Unsupervised Outlier Model Selection, NeurIPS
    2021."""

    def __init__(self, rank=3, trees=100):
        self.rank = rank
        self.trees = trees

    def _fit(self, evidence):
        self.mean_ = evidence.values.mean(axis=0)
        u, s, v = np.linalg.svd(evidence.values - self.mean_, full_matrices=False)
        self.directions_ = v[: self.rank]  # (rank, n_configs)
        tables = u[:, : self.rank] * s[: self.rank]  # (n_tables, rank)
        self.forest_ = ExtraTreesRegressor(
            self.trees, min_samples_leaf=2, random_state=0
        )
        self.forest_.fit(evidence.features, tables)

    def _merit(self, features, observed):
        return (
            self.mean_
            + self.forest_.predict(features[None]).reshape(-1) @ self.directions_
        )


class Regression(Strategy):
    """A forest predicts the value from meta-features and configuration together; the
    best prediction wins.

    It learns deviations from each table's own mean, since only differences between
    configurations matter."""

    def __init__(self, trees=100):
        self.trees = trees

    def _fit(self, evidence):
        values, self.codes_ = evidence.values, evidence.codes
        t, c = np.indices(values.shape).reshape(2, -1)
        rows = np.c_[evidence.features[t], self.codes_[c]]
        self.forest_ = ExtraTreesRegressor(
            self.trees, min_samples_leaf=3, max_features=0.5, random_state=0
        )
        self.forest_.fit(rows, (values - values.mean(axis=1, keepdims=True)).ravel())

    def _merit(self, features, observed):
        return self.forest_.predict(
            np.c_[np.tile(features, (len(self.codes_), 1)), self.codes_]
        )
