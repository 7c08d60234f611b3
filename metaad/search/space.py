"""Search spaces: which hyperparameters of a detector may be chosen, and from what."""

import itertools
import numbers
from functools import singledispatch

import numpy as np
import sklearn.ensemble
from sklearn.base import clone
from sklearn.neighbors import LocalOutlierFactor
from sklearn.svm import OneClassSVM

from metaad.detectors import (
    AutoencoderDetector,
    DenoisingAutoencoder,
    IsolationForest,
    KMeansDetector,
    KNNDetector,
    MahalanobisDetector,
    PCADetector,
)
from metaad.search.dimensions import Choice, Integer, Real

__all__ = ["Choice", "Integer", "Real", "Space", "configured", "space"]


class Space:
    """Named dimensions. A configuration is a dict with a value for each name, ready for
    `set_params`.

    dimensions : dict from a parameter's name to a Real, an Integer, a Choice, or an
    object with their methods."""

    def __init__(self, dimensions):
        if not dimensions:
            raise ValueError(
                "a Space needs at least one dimension: a dict such as {'n_neighbors': "
                "Integer(5, 50)}."
            )
        self.dimensions = dict(dimensions)

    def __repr__(self):
        return f"Space({self.dimensions!r})"

    def __iter__(self):
        return iter(self.dimensions)

    def __len__(self):
        return len(self.dimensions)

    def __getitem__(self, name):
        return self.dimensions[name]

    def sample(self, n, random_state=None):
        """Return n configurations at random: list of dicts. random_state : int or numpy
        Generator.
        """
        rng = np.random.default_rng(random_state)
        return [
            {name: d.sample(rng) for name, d in self.dimensions.items()}
            for _ in range(n)
        ]

    def levels(self, n):
        """Return n evenly spread values of each dimension (all options of a Choice):
        dict from name to list.
        """
        return {name: d.levels(n) for name, d in self.dimensions.items()}

    def grid(self, levels):
        """Return every combination of the levels: list of dicts. levels : as in
        `levels(n)`, or a dict from name to values.
        """
        values = self.levels(levels) if isinstance(levels, numbers.Integral) else levels
        return [
            dict(zip(values, combination, strict=True))
            for combination in itertools.product(*values.values())
        ]

    def encode(self, config):
        """Return a configuration as numbers from 0 to 1: float64 array (m,), in the
        order of the dimensions.
        """
        self._check_names(config)
        return np.concatenate(
            [d.encode(config[name]) for name, d in self.dimensions.items()]
        )

    def contains(self, config):
        """Return True if every dimension has a value, and one that it allows, and there
        is nothing else.
        """
        return set(config) == set(self.dimensions) and all(
            d.contains(config[n]) for n, d in self.dimensions.items()
        )

    def fit_to(self, config, n_rows):
        """Return the configuration as a table of n_rows rows allows it: numbers of rows
        are at most n_rows - 1.
        """
        self._check_names(config)
        rows = {
            n for n, d in self.dimensions.items() if getattr(d, "below_rows", False)
        }
        return {
            n: min(v, max(n_rows - 1, 1)) if n in rows else v for n, v in config.items()
        }

    def _check_names(self, config):
        if set(config) != set(self.dimensions):
            raise ValueError(
                f"a configuration names {', '.join(self.dimensions)}; got {', '.join(config)}."
            )


@singledispatch
def space(estimator):
    """Return the Space of a detector's hyperparameters. Register one for a detector of
    your own, or another for ours:

        @space.register
        def _(estimator: MyDetector):
            return Space({"width": Real(0.1, 10.0, log=True)})

    Raises
    ------
    TypeError
        for a type that nobody has registered.
    """
    known = ", ".join(sorted({t.__name__ for t in space.registry if t is not object}))
    raise TypeError(
        f"nobody has said which hyperparameters of {type(estimator).__name__} may be "
        f"chosen; expected one of {known}, "
        "or a type registered with metaad.search.space.register."
    )


@space.register
def _(estimator: KMeansDetector):
    return Space({"n_clusters": Integer(1, 64, log=True, below_rows=True)})


@space.register
def _(estimator: IsolationForest):
    return Space(
        {
            "n_estimators": Integer(25, 400, log=True),
            "max_samples": Integer(8, 1024, True, below_rows=True),
        }
    )


@space.register
def _(estimator: sklearn.ensemble.IsolationForest):
    return Space(
        {
            "n_estimators": Integer(25, 400, log=True),
            "max_samples": Integer(8, 1024, True, below_rows=True),
        }
    )


@space.register
def _(estimator: LocalOutlierFactor):
    metric = Choice("euclidean", "manhattan", "chebyshev")
    return Space(
        {"n_neighbors": Integer(3, 200, log=True, below_rows=True), "metric": metric}
    )


@space.register
def _(estimator: OneClassSVM):
    return Space(
        {
            "nu": Real(0.01, 0.5, log=True),
            "gamma": Choice("scale", 0.001, 0.01, 0.1, 1.0),
        }
    )


@space.register
def _(estimator: KNNDetector):
    method = Choice("largest", "mean", "median")
    return Space(
        {"n_neighbors": Integer(2, 200, log=True, below_rows=True), "method": method}
    )


@space.register
def _(estimator: MahalanobisDetector):
    return Space({"ridge": Real(1e-4, 10.0, log=True)})


@space.register
def _(estimator: PCADetector):
    return Space({"n_components": Real(0.3, 0.99)})


@space.register
def _(estimator: AutoencoderDetector):
    return Space(
        {
            "hidden": Choice((32,), (64, 32), (128, 64, 32)),
            "code_size": Integer(1, 16, log=True),
            "epochs": Integer(5, 100, log=True),
            "learning_rate": Real(3e-4, 1e-2, log=True),
        }
    )


@space.register
def _(estimator: DenoisingAutoencoder):
    return Space(
        {
            "hidden": Choice((128, 128), (512, 512)),
            "noise": Real(0.1, 1.0, log=True),
            "epochs": Integer(5, 100, log=True),
            "learning_rate": Real(3e-4, 1e-2, log=True),
        }
    )


@singledispatch
def configured(estimator, config, n_rows):
    """Return a new, unfitted copy of the detector with the configuration set, as n_rows
    rows to fit allow it.

    Whatever is not in the configuration stays as the detector has it. Register a
    function for a type that needs more."""
    return clone(estimator).set_params(**space(estimator).fit_to(config, n_rows))


@configured.register
def _(estimator: LocalOutlierFactor, config, n_rows):
    """scikit-learn's LOF scores rows that it was not fitted on only with
    novelty=True.
    """
    return clone(estimator).set_params(
        novelty=True, **space(estimator).fit_to(config, n_rows)
    )
