"""Architecture search: which depth, widths and code size an autoencoder should have,
chosen by a controller.
"""

import time

import numpy as np
from sklearn.base import BaseEstimator, clone
from sklearn.utils.validation import check_is_fitted

from metaad.detectors import anomaly_score
from metaad.metrics import auroc
from metaad.search.architecture.networks import architectures, distinct
from metaad.search.architecture.trials import (
    Trials,
    controlled,
    halving,
    random_search,
)

CONTROLLERS = ("reinforce", "trpo", "random", "halving")


class ArchitectureSearch(BaseEstimator):
    """Choose the architecture of an autoencoder on some tasks, to train it from scratch
    on others [3].

    Parameters
    ----------
    estimator : AutoencoderDetector; everything but `hidden` and `code_size` is taken
        from it.
    controller : "reinforce" or "trpo" learn where to look; "random" [1] and "halving"
        [2] don't.
    budget : architectures that may be tried, each on every task: 10 to 40. `halving`
        spends the same number of networks on more architectures.
    space : Space of the decisions depth, width, taper and code_size; None takes
        `architectures()`.
    batch, learning_rate, max_kl : networks per policy step; REINFORCE's rate; TRPO's
        trust region in nats.
    random_state : int or None, seeds splits, search and first weights.

    Attributes
    ----------
    best_ : dict hidden, code_size. reward_ : its mean reward. trials_ : Trials, all
        that was paid for.
    seconds_ : CPU seconds of the search. policy_ : CategoricalPolicy, or None.

    References
    ----------
    [1] Li, Talwalkar: Random search and reproducibility for neural architecture search.
        UAI 2019.
    [2] Jamieson, Talwalkar: Non-stochastic best arm identification and hyperparameter
        optimization. AISTATS 2016.
    [3] Zoph, Le: Neural architecture search with reinforcement learning. ICLR 2017.
    """

    def __init__(
        self,
        estimator,
        controller="reinforce",
        budget=20,
        space=None,
        batch=4,
        learning_rate=0.3,
        max_kl=0.3,
        random_state=None,
    ):
        self.estimator = estimator
        self.controller = controller
        self.budget = budget
        self.space = space
        self.batch = batch
        self.learning_rate = learning_rate
        self.max_kl = max_kl
        self.random_state = random_state

    def fit(self, tasks, y=None):
        """Search.

        tasks : labelled tables, anything with `X` (n, d) and `y` (n,), 1 for an
            anomaly: networks learn from half of the normal rows, and the reward is the
            AUROC on the rest. Or one array (n, d) of normal rows, no labels: the reward
            is then minus the reconstruction error of the other half. It favours what
            copies best, and that is not what detects best.

        Returns the search itself.

        Raises
        ------
        ValueError
            for no task, fewer than 4 normal rows, no anomaly, or a parameter out of
            range.
        """
        began = time.process_time()
        self._check_parameters()
        splits = [
            self._split(t)
            for t in (
                [tasks] if hasattr(tasks, "shape") or hasattr(tasks, "X") else tasks
            )
        ]
        if not splits:
            raise ValueError("a search needs at least one task; got none.")

        def score(name, task):
            train, rest, labels = splits[task]
            scores = anomaly_score(
                self._detector(self.estimator, *name).fit(train), rest
            )
            return -float(scores.mean()) if labels is None else auroc(labels, scores)

        space = architectures() if self.space is None else self.space
        self.trials_ = Trials(score, len(splits), self.budget * len(splits), space)
        self.policy_ = None
        if self.controller in ("random", "halving"):
            spend = random_search if self.controller == "random" else halving
            spend(self.trials_, distinct(space), self.random_state)
        else:
            option = {"reinforce": "learning_rate", "trpo": "max_kl"}[self.controller]
            options = {option: getattr(self, option), "batch": self.batch}
            self.policy_ = controlled(
                self.trials_, self.controller, self.random_state, **options
            )
        (hidden, code_size), self.reward_ = self.trials_.best()
        self.best_ = {"hidden": hidden, "code_size": code_size}
        self.seconds_ = time.process_time() - began
        return self

    def optimize(self, detector, X, y=None):
        """Return a copy of the detector with the architecture that was found, trained
        from scratch on the normal rows of X.
        """
        check_is_fitted(self, "best_")
        if type(detector) is not type(self.estimator):
            raise TypeError(
                f"this search was about {type(self.estimator).__name__}, and was asked to optimize "
                f"{type(detector).__name__}; make one for it: "
                f"ArchitectureSearch(detector).fit(tasks)."
            )
        X = np.asarray(X)
        return (
            clone(detector)
            .set_params(**self.best_)
            .fit(X if y is None else X[np.asarray(y) == 0])
        )

    def _detector(self, estimator, hidden, code_size):
        return clone(estimator).set_params(
            hidden=hidden, code_size=code_size, random_state=self.random_state
        )

    def _split(self, task):
        """Rows to train on, rows to judge by, and the labels of these (None: all
        normal).
        """
        X = np.asarray(task.X if hasattr(task, "X") else task)
        y = np.asarray(task.y) if hasattr(task, "X") else np.zeros(len(X))
        normal = np.random.default_rng(self.random_state).permutation(
            np.flatnonzero(y == 0)
        )
        if len(normal) < 4:
            raise ValueError(
                f"a task needs at least 4 normal rows, half of them to train on; got {len(normal)}."
            )
        train, rest = np.split(normal, [len(normal) // 2])
        if not hasattr(task, "X"):
            return X[train], X[rest], None
        if len(normal) == len(y):
            raise ValueError(
                "a labelled task needs an anomaly to tell; without any, pass the "
                "array of its rows alone."
            )
        rest = np.concatenate([rest, np.flatnonzero(y == 1)])
        return X[train], X[rest], y[rest]

    def _check_parameters(self):
        if self.controller not in CONTROLLERS:
            raise ValueError(
                f"controller must be one of {', '.join(CONTROLLERS)}; got {self.controller!r}."
            )
        if not {"hidden", "code_size"} <= set(self.estimator.get_params()):
            raise ValueError(
                f"the estimator needs hidden and code_size, as AutoencoderDetector; "
                f"got {self.estimator}."
            )
        if self.budget < 1 or self.batch < 2:
            raise ValueError(
                f"budget must be ≥ 1 and batch ≥ 2; got {self.budget!r} and {self.batch!r}."
            )
