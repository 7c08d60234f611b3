"""Policies that choose a detector's configuration: learned over tables, then carried
on to a new one.
"""

import copy
import numbers

import numpy as np
import torch
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from metaad.meta.inputs import as_tasks, is_table, rows_of
from metaad.meta.one_table import unlabelled
from metaad.progress import progress as show_progress
from metaad.search.policies.policy import CategoricalPolicy, search
from metaad.search.policies.rewards import (
    by_labels,
    by_made_up_anomalies,
    by_outlierness,
)
from metaad.search.space import space
from metaad.search.tuning.meta_features import NAMES, meta_features
from metaad.search.tuning.no_labels import (
    NO_LABEL,
    fit_choice,
    gain_of,
    learned_or_safe,
    safe,
)
from metaad.tasks.tables import LabelledTable, TableTasks

REWARDS = {"made-up": by_made_up_anomalies, "outlierness": by_outlierness, "none": None}
FOLDS = 5  # parts of the families that are held out in turn


class Controller(BaseEstimator):
    """Base of Reinforce and TRPO: a policy over the levels of `space(estimator)`. A
    subclass writes `_options`.

    `fit` meta-learns the policy: its reward is the AUROC that a configuration reaches
    on a labelled table. `optimize` starts from that policy on a new table and goes on
    with the reward that can be computed there."""

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

        tasks : TableTasks; or one array or DataFrame (n, d). From that nothing is
            learned, since without labels no configuration earns anything, unless
            reward="made-up": then tables with made-up anomalies are drawn from it, see
            `TableTasks.resampled`. y is ignored.

        Returns the controller, with `policy_`; `levels_`, dict from a parameter to its
        values; `history_`, a Record for each iteration; `gain_`, what the policy gains
        over the detector as it is set on families held out, a Gain, or None;
        `n_evaluations_`, configurations fitted."""
        self._check()
        self.levels_ = space(self.estimator).levels(self.levels)
        given, tasks = tasks, as_tasks(tasks)
        self.one_table_ = not isinstance(tasks, TableTasks)
        self.gain_, self.history_ = None, []
        if self.one_table_:
            X = rows_of(given if is_table(given) else given.X)
            X = X.reshape(len(X), -1)
            made_up = self.reward == "made-up"
            tasks = (
                list(TableTasks.resampled(X, random_state=self._seed()))
                if made_up
                else [LabelledTable(X, None, "one table", "one table")]
            )
        contexts = self._contexts(tasks)
        self.policy_, self.n_evaluations_ = self._policy(), 0
        if self.one_table_ and not made_up:
            return self
        payoffs = [
            by_labels(self.estimator, self.levels_, t.X, t.y, self._seed())
            for t in tasks
        ]
        records = self._learn(self.policy_, payoffs, contexts)
        bar = (
            show_progress(records, total=self.iterations, label="iterations")
            if self.progress
            else records
        )
        self.history_ = list(bar)
        if not self.one_table_:
            self.gain_ = self._held_out(tasks.families, payoffs, contexts)
        self.n_evaluations_ = sum(map(len, payoffs))
        return self

    def _policy(self):
        return CategoricalPolicy(
            [len(v) for v in self.levels_.values()], len(self.context)
        )

    def _contexts(self, tasks):
        """Standardised meta-features (n_tasks, c) of the tables, or None."""
        if not self.context:
            return None
        features = np.stack([self._features(t.X) for t in tasks])
        self.center_, spread = features.mean(axis=0), features.std(axis=0)
        self.spread_ = np.where(spread > 1e-12, spread, 1.0)
        return torch.as_tensor((features - self.center_) / self.spread_)

    def _learn(self, policy, payoffs, contexts):
        """Improve a policy on several tables: a generator of Records."""
        return search(
            policy,
            payoffs,
            self.iterations,
            self.batch,
            random_state=self._seed(),
            context=contexts,
            n_tasks=min(self.n_tasks, len(payoffs)),
            **self._options(),
        )

    def _held_out(self, families, payoffs, contexts):
        """What a policy gains on tables of families that it has not seen: a Gain, or
        None if all are of one family. At most FOLDS parts are held out in turn.
        """
        known = list(dict.fromkeys(families))
        if len(known) < 2:
            return None
        part = np.array([known.index(f) % FOLDS for f in families])
        gains = np.empty(len(payoffs))
        for fold in range(part.max() + 1):
            inside, policy = np.flatnonzero(part != fold), self._policy()
            seen = None if contexts is None else contexts[inside]
            for _ in self._learn(policy, [payoffs[i] for i in inside], seen):
                pass
            for i in np.flatnonzero(part == fold):
                action = policy.mode(None if contexts is None else contexts[i])
                gains[i] = payoffs[i](action[None])[0] - payoffs[i].as_set()
        return gain_of(gains, families)

    def adapt(self, support, y=None):
        """Optimise the estimator itself: return a fitted detector for rows support (n,
        d), with labels y as there.
        """
        return self.optimize(self.estimator, support, y)

    def optimize(self, detector, X, y=None):
        """Take the framework's last step: choose a configuration for new data X (n, d),
        as a fitted copy of `detector`.

        y : (n,), 1 anomaly, 0 normal, -1 unknown; None, or -1 everywhere, if no row has
            a label. With labels the policy goes on with the AUROC on them, and the best
            configuration tried is taken. Without, and with reward="none", the likeliest
            configuration of the policy is taken if the policy helped on families held
            out (`gain_`), else the detector as it is set. With another reward the
            policy goes on with that stand-in, whatever it is worth.

        Returns the fitted detector; `reason_` says in a sentence what it is. Afterwards
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
        rows = rows_of(X)
        self.payoff_, self.records_ = None, []
        context = None
        if self.context:
            features = self._features(rows)
            context = torch.as_tensor((features - self.center_) / self.spread_)
        if not unlabelled(y):
            action = self._searched(detector, rows, np.asarray(y), context)
            self.reason_ = "Of the configurations tried, the best on the labels."
        elif REWARDS[self.reward] is not None:
            action = self._searched(detector, rows, None, context)
            self.reason_ = (
                f'The policy went on with reward="{self.reward}", a stand-in for '
                "labels that was asked for; it may mislead."
            )
        else:
            return self._without_labels(detector, X, context)
        config = self.payoff_.config(action)
        return fit_choice(detector, config, X, **self._unseeded(detector))

    def _searched(self, detector, X, y, context):
        """An action for X, after the policy has learned on with the reward for X."""
        make = by_labels if y is not None else REWARDS[self.reward]
        given = (X,) if y is None else (X, y)
        policy, seed = copy.deepcopy(self.policy_), self._seed()
        self.payoff_ = make(detector, self.levels_, *given, random_state=seed)
        self.records_ = list(
            search(
                policy,
                self.payoff_,
                self.steps,
                self.batch,
                random_state=seed,
                context=context,
                **self._options(),
            )
        )
        if y is not None and self.steps:
            return self.payoff_.best()
        return policy.mode(context)

    def _without_labels(self, detector, X, context):
        """The policy's likeliest configuration, if the policy is worth it."""
        if self.one_table_:
            why = f"{NO_LABEL}, and fit one table without labels."
            found, self.reason_ = safe(detector, X, why)
            return found
        action = self.policy_.mode(context)
        config = {
            name: values[int(i)]
            for (name, values), i in zip(self.levels_.items(), action, strict=True)
        }
        found, self.reason_ = learned_or_safe(
            detector, config, X, self.gain_, self._seed()
        )
        return found

    def _unseeded(self, detector):
        """A seed for a detector that takes one and has none."""
        without = detector.get_params().get("random_state", 0) is None
        return {"random_state": self._seed()} if without else {}

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
