"""Architecture search: which depth, widths and code size an autoencoder should have,
chosen by a controller.
"""

import time
from math import comb

import numpy as np
from sklearn.base import BaseEstimator, clone
from sklearn.utils.validation import check_is_fitted

from metaad.detectors import anomaly_score
from metaad.metrics import auroc
from metaad.search.policies.policy import CategoricalPolicy, search
from metaad.search.space import Choice, Space

CONTROLLERS = ("reinforce", "trpo", "random", "halving")


def architectures(
    depths=(0, 1, 2, 3),
    widths=(32, 64, 128),
    tapers=(1.0, 0.5),
    code_sizes=(2, 5, 10, 20, 40, 80),
):
    """The Space of autoencoders as four decisions; `network` says which network they
    stand for.

    depths : numbers of hidden layers before the code. widths : of the first. tapers :
    each further layer is so many times as wide as the one before it. code_sizes :
    widths of the code.

    Some decisions stand for the same network: without hidden layers, width and taper
    mean nothing."""
    options = {
        "depth": depths,
        "width": widths,
        "taper": tapers,
        "code_size": code_sizes,
    }
    return Space({name: Choice(*values) for name, values in options.items()})


def network(depth, width, taper, code_size):
    """Four decisions as a network's name: (hidden, code_size), hidden the tuple of
    widths before the code.
    """
    return tuple(max(1, round(width * taper**i)) for i in range(depth)), code_size


def distinct(space):
    """All networks of a space, each once, in the order of its grid: list of (hidden,
    code_size).
    """
    return list(dict.fromkeys(network(**decisions) for decisions in space.grid(1)))


def n_parameters(n_features, hidden, code_size):
    """Weights and biases of the autoencoder d, *hidden, code_size and back.

    With the widths s_0 = d, …, s_L = code_size: 2 Σ s_i s_{i+1} weights, and a bias for
    every unit but the input's: the encoder has s_1 + … + s_L, the decoder s_0 + … +
    s_{L-1}."""
    s = [n_features, *hidden, code_size]
    return sum(2 * a * b + a + b for a, b in zip(s[:-1], s[1:], strict=True))


def expected_best(values, n):
    """Expected largest of n values drawn without replacement: what random search
    reaches, in closed form.

    The k-th smallest of N values is the largest of the sample if the other n - 1 come
    from the k - 1 below it:

        E[max] = Σ_k v_(k) C(k - 1, n - 1) / C(N, n)

    values : array (N,), n : 1 to N.
    """
    v = np.sort(np.asarray(values, dtype=np.float64))
    if not 1 <= n <= len(v):
        raise ValueError(
            f"n must lie between 1 and the number of values, {len(v)}; got {n}."
        )
    return float(sum(x * comb(k, n - 1) / comb(len(v), n) for k, x in enumerate(v)))


class BudgetSpent(Exception):
    """A controller asked for one network more than its budget allows."""


class Trials:
    """What a search has paid for: each network is trained once a task, and never more
    than `budget` networks.

    Parameters
    ----------
    score : function (name of a network, task) -> float, larger = better. It trains and
        judges one network.
    n_tasks : tasks are numbered 0 to n_tasks - 1; a network's reward is its mean score
        over all.
    budget : networks that may be trained, one for each pair of architecture and task.
    space : the Space of decisions, see `architectures`.

    Attributes
    ----------
    scores : dict name -> {task: score}, in the order in which they were paid for.
    """

    def __init__(self, score, n_tasks, budget, space):
        self.score, self.n_tasks, self.budget = score, n_tasks, budget
        self.options, self.spent, self.scores = space.levels(1), 0, {}

    def __call__(self, actions):
        """Rewards (n,) of actions (n, m): each is a row of option numbers, as a
        CategoricalPolicy draws them.
        """
        return np.array([self.reward(self.named(a)) for a in actions.tolist()])

    def named(self, action):
        """The network that an action stands for."""
        return network(
            **{
                k: options[i]
                for i, (k, options) in zip(action, self.options.items(), strict=True)
            }
        )

    def reward(self, name, tasks=None):
        """Mean score over tasks (None: all); what is known already costs nothing."""
        tasks = range(self.n_tasks) if tasks is None else tasks
        known = self.scores.get(name, {})
        missing = [t for t in tasks if t not in known]
        if self.spent + len(missing) > self.budget:
            raise BudgetSpent
        self.spent += len(missing)
        known = self.scores.setdefault(name, known)
        known.update({t: self.score(name, t) for t in missing})
        return float(np.mean([known[t] for t in tasks]))

    def best(self):
        """(name, reward) of the best network that was judged on all tasks; the first
        of equals.
        """
        rewards = {
            n: float(np.mean(list(s.values())))
            for n, s in self.scores.items()
            if len(s) == self.n_tasks
        }
        name = max(rewards, key=rewards.get)
        return name, rewards[name]


def random_search(trials, names, random_state=None):
    """Judge networks in random order, none twice, until the budget is spent [1]."""
    for i in np.random.default_rng(random_state).permutation(len(names)):
        try:
            trials.reward(names[i])
        except BudgetSpent:
            return


def halving(trials, names, random_state=None):
    """Successive halving [2] over tasks: judge many networks on one task, the better
    half on two, on four, on all.

    It starts with as many networks as the budget can carry to the end.
    """
    rng = np.random.default_rng(random_state)
    order = rng.permutation(trials.n_tasks).tolist()
    # tasks known after each
    rungs = [2**r for r in range(trials.n_tasks) if 2**r < trials.n_tasks] + [
        trials.n_tasks
    ]
    fresh = np.diff([0, *rungs])  # tasks new on each
    n = max(
        m
        for m in range(1, len(names) + 1)
        if sum(-(-m // 2**r) * f for r, f in enumerate(fresh)) <= trials.budget
    )
    alive = [names[i] for i in rng.permutation(len(names))[:n]]
    for r, tasks in enumerate(rungs):
        rewards = {name: trials.reward(name, order[:tasks]) for name in alive}
        alive = sorted(alive, key=rewards.get, reverse=True)[: -(-n // 2 ** (r + 1))]


def controlled(trials, method, random_state=None, batch=4, patience=10, **options):
    """Let a policy over the decisions spend the budget [3]: draw `batch` networks,
    judge them, step, again.

    A network that comes up again is not paid for again, and rewards the policy all the
    same. The search ends with the budget, or when `patience` steps in a row have asked
    for nothing new: the policy has made up its mind.

    method : "reinforce" or "trpo". options : of `metaad.search.policies.policy.search`.
    Returns the policy."""
    policy = CategoricalPolicy([len(o) for o in trials.options.values()])
    known, idle = 0, 0
    try:
        for _ in search(
            policy, trials, 100 * trials.budget, batch, method, random_state, **options
        ):
            idle = idle + 1 if len(trials.scores) == known else 0
            known = len(trials.scores)
            if idle == patience:
                break
    except BudgetSpent:
        pass
    return policy


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
    batch, learning_rate, max_kl : networks a policy step; REINFORCE's rate; TRPO's
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
        """A copy of the detector with the architecture that was found, trained from
        scratch on the normal rows of X.
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
