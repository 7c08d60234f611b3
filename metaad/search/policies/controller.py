"""Policies that choose a detector's configuration: learned over tables, then carried
on to a new one.
"""

import copy
import numbers

import numpy as np
import torch
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from metaad.progress import progress as show_progress
from metaad.search.policies.policy import CategoricalPolicy, search
from metaad.search.policies.rewards import (
    by_labels,
    by_made_up_anomalies,
    by_outlierness,
)
from metaad.search.space import space
from metaad.search.tuning.meta_features import NAMES, meta_features
from metaad.tasks.tables import TableTasks

REWARDS = {"made-up": by_made_up_anomalies, "outlierness": by_outlierness, "none": None}


class Controller(BaseEstimator):
    """Base of Reinforce and TRPO: a policy over the levels of `space(estimator)`. A
    subclass writes `_options`.

    `fit` meta-learns the policy: its reward is the AUROC that a configuration reaches
    on a labelled table. `optimize` starts from that policy on a new table and goes on
    with the reward that is to be had there."""

    def __init__(
        self,
        estimator,
        levels=5,
        iterations=60,
        n_tasks=8,
        batch=4,
        steps=5,
        reward="none",
        context=(),
        baseline="leave-one-out",
        random_state=None,
        progress=False,
    ):
        self.estimator = estimator
        self.levels = levels
        self.iterations = iterations
        self.n_tasks = n_tasks
        self.batch = batch
        self.steps = steps
        self.reward = reward
        self.context = context
        self.baseline = baseline
        self.random_state = random_state
        self.progress = progress

    def fit(self, tasks, y=None):
        """Learn which configurations score well over tables.

        tasks : TableTasks, or one array (n, d): then tables with made-up anomalies are
            drawn from it, see `TableTasks.resampled`. y is ignored.

        Returns the controller, with `policy_`; `levels_`, dict from a parameter to its
        values; `history_`, a Record for each iteration; `n_evaluations_`,
        configurations fitted."""
        self._check()
        if not isinstance(tasks, TableTasks):
            tasks = TableTasks.resampled(np.asarray(tasks), random_state=self._seed())
        self.levels_ = space(self.estimator).levels(self.levels)
        payoffs = [
            by_labels(self.estimator, self.levels_, t.X, t.y, self._seed())
            for t in tasks
        ]
        contexts = None
        if self.context:
            features = np.stack([self._features(t.X) for t in tasks])  # (n_tasks, c)
            self.center_, spread = features.mean(axis=0), features.std(axis=0)
            self.spread_ = np.where(spread > 1e-12, spread, 1.0)
            contexts = torch.as_tensor((features - self.center_) / self.spread_)
        self.policy_ = CategoricalPolicy(
            [len(v) for v in self.levels_.values()], len(self.context)
        )
        n_tasks = min(self.n_tasks, len(tasks))
        records = search(
            self.policy_,
            payoffs,
            self.iterations,
            self.batch,
            random_state=self._seed(),
            context=contexts,
            n_tasks=n_tasks,
            **self._options(),
        )
        bar = (
            show_progress(records, total=self.iterations, label="iterations")
            if self.progress
            else records
        )
        self.history_ = list(bar)
        self.n_evaluations_ = sum(map(len, payoffs))
        return self

    def optimize(self, detector, X, y=None):
        """The framework's last step: a configuration for new data X (n, d), as a fitted
        copy of `detector`.

        y : (n,), 1 anomaly, 0 normal, -1 unknown; None if no row has a label. With
            labels the policy goes on with the AUROC on them, and the best configuration
            tried is taken. Without, it goes on with `reward`, and the likeliest
            configuration of the policy is taken: the reward is a stand-in, and what the
            policy has learned on other tables should have a say.

        Returns the fitted detector; its parameters lie in `space(detector)`. Afterwards
        `payoff_` holds what was tried (None if nothing was) and `records_` the steps.
        """
        check_is_fitted(self, "policy_")
        self._check()
        if type(detector) is not type(self.estimator):
            raise TypeError(
                f"this {type(self).__name__} has learned about "
                f"{type(self.estimator).__name__}, and was asked to "
                f"optimize {type(detector).__name__}; make one for it: "
                f"{type(self).__name__}(detector).fit(tasks)."
            )
        X = np.asarray(X, dtype=np.float64)
        context = None
        if self.context:
            context = torch.as_tensor((self._features(X) - self.center_) / self.spread_)
        make = by_labels if y is not None else REWARDS[self.reward]
        policy, self.payoff_, self.records_ = copy.deepcopy(self.policy_), None, []
        if make is not None:
            rows = (X,) if y is None else (X, y)
            self.payoff_ = make(
                detector, self.levels_, *rows, random_state=self._seed()
            )
            self.records_ = list(
                search(
                    policy,
                    self.payoff_,
                    self.steps,
                    self.batch,
                    random_state=self._seed(),
                    context=context,
                    **self._options(),
                )
            )
        # it fits nothing
        tried = (
            self.payoff_
            if make
            else by_outlierness(detector, self.levels_, X, self._seed())
        )
        action = tried.best() if y is not None and self.steps else policy.mode(context)
        return tried.detector(action, len(X)).fit(X)

    def _features(self, X):
        return meta_features(X)[[NAMES.index(n) for n in self.context]]

    def _seed(self):
        if self.random_state is not None:
            return self.random_state
        return int(np.random.randint(2**31))

    def _check(self):
        for name, least in (
            ("levels", 2),
            ("iterations", 1),
            ("batch", 2),
            ("n_tasks", 1),
            ("steps", 0),
        ):
            value = getattr(self, name)
            if not isinstance(value, numbers.Integral) or value < least:
                raise ValueError(
                    f"{name} must be a whole number ≥ {least}, got {value!r}."
                )
        if self.reward not in REWARDS:
            raise ValueError(
                f"reward must be one of {', '.join(map(repr, REWARDS))}; got {self.reward!r}."
            )
        unknown = set(self.context) - set(NAMES)
        if unknown or isinstance(self.context, str):
            raise ValueError(
                f"context must name meta-features ({', '.join(NAMES)}); got {self.context!r}."
            )


class Reinforce(Controller):
    """Choose a detector's configuration with a policy trained by REINFORCE, see
    `metaad.search.policies.reinforce`.

    Parameters
    ----------
    estimator : detector with a `metaad.search.space`.
    levels : values a numeric parameter may take; a Choice keeps all its options. 3 to
        8.
    iterations, n_tasks, batch : of `fit`: steps, tables drawn a step, configurations
        drawn a step and table.
    steps : of `optimize`; each tries up to `batch` configurations. 0 takes the policy
        as it was learned.
    reward : of `optimize` without labels: "none" takes the policy as it was learned;
        "made-up" goes on with the AUROC against made-up anomalies, "outlierness" with
        minus the mean of -log P(normal). Lesson 13 measures the last two: for LOF and
        kNN both point the wrong way, so "none" is the default.
    context : names of meta-features that the policy sees, of
        metaad.search.tuning.meta_features.NAMES; () for none.
    learning_rate : of Adam; 0.02 to 0.3. baseline : "leave-one-out", "running mean" or
        "none".
    entropy : weight of the bonus for staying undecided, 0 to 0.05.
    random_state : int, seeds tables, configurations and detectors without a seed of
        their own; None: each call draws a seed from NumPy's global generator.
    progress : show a bar.
    """

    def __init__(
        self,
        estimator,
        levels=5,
        iterations=60,
        n_tasks=8,
        batch=4,
        steps=5,
        reward="none",
        context=(),
        learning_rate=0.1,
        baseline="leave-one-out",
        entropy=0.0,
        random_state=None,
        progress=False,
    ):
        super().__init__(
            estimator,
            levels,
            iterations,
            n_tasks,
            batch,
            steps,
            reward,
            context,
            baseline,
            random_state,
            progress,
        )
        self.learning_rate = learning_rate
        self.entropy = entropy

    def _options(self):
        names = ("learning_rate", "baseline", "entropy")
        return {"method": "reinforce", **{n: getattr(self, n) for n in names}}


class TRPO(Controller):
    """Choose a detector's configuration with a policy trained by trust regions, see
    `metaad.search.policies.trpo`.

    Parameters
    ----------
    max_kl : largest change of the policy in a step, in nats; 0.01 to 0.1.
    The others are those of Reinforce.
    """

    def __init__(
        self,
        estimator,
        levels=5,
        iterations=60,
        n_tasks=8,
        batch=4,
        steps=5,
        reward="none",
        context=(),
        max_kl=0.05,
        baseline="leave-one-out",
        random_state=None,
        progress=False,
    ):
        super().__init__(
            estimator,
            levels,
            iterations,
            n_tasks,
            batch,
            steps,
            reward,
            context,
            baseline,
            random_state,
            progress,
        )
        self.max_kl = max_kl

    def _options(self):
        return {"method": "trpo", "max_kl": self.max_kl, "baseline": self.baseline}
