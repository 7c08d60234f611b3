"""A budget of networks, and ways to spend it.

References
----------
[1] Li, Talwalkar: Random search and reproducibility for neural architecture search.
    UAI 2019.
[2] Jamieson, Talwalkar: Non-stochastic best arm identification and hyperparameter
    optimization. AISTATS 2016.
[3] Zoph, Le: Neural architecture search with reinforcement learning. ICLR 2017."""

import numpy as np

from metaad.search.architecture.networks import network
from metaad.search.policies.policy import CategoricalPolicy, search


class BudgetSpent(Exception):
    """A controller asked for one network more than its budget allows."""


class Trials:
    """What a search has paid for: each network is trained once per task, and never more
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
        """Return rewards (n,) of actions (n, m): each is a row of option numbers, as a
        CategoricalPolicy draws them.
        """
        return np.array([self.reward(self.named(a)) for a in actions.tolist()])

    def named(self, action):
        """Return the network that an action stands for."""
        return network(
            **{
                k: options[i]
                for i, (k, options) in zip(action, self.options.items(), strict=True)
            }
        )

    def reward(self, name, tasks=None):
        """Return the mean score over tasks (None: all); what is known already costs
        nothing.
        """
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
        """Return (name, reward) of the best network that was judged on all tasks; the
        first of equals.
        """
        rewards = {
            n: float(np.mean(list(s.values())))
            for n, s in self.scores.items()
            if len(s) == self.n_tasks
        }
        name = max(rewards, key=rewards.get)
        return name, rewards[name]


KEPT = ("n_tasks", "budget", "options", "spent", "scores")  # by `save`


def _state(trials):
    """What a file holds: all that was paid for, but not how to pay for more."""
    return {name: getattr(trials, name) for name in KEPT}


def _from_state(cls, state):
    trials = cls.__new__(cls)
    trials.score = None
    for name in KEPT:
        setattr(trials, name, state[name])
    return trials


# outside the class, which lesson 15 builds whole
Trials._state, Trials._from_state = _state, classmethod(_from_state)


def random_search(trials, names, random_state=None):
    """Judge networks in random order, none twice, until the budget is spent [1]."""
    for i in np.random.default_rng(random_state).permutation(len(names)):
        try:
            trials.reward(names[i])
        except BudgetSpent:
            return


def halving(trials, names, random_state=None):
    """Judge many networks on one task, the better half on two, on four, on all:
    successive halving over tasks [2].

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
    for nothing new: the policy has decided.

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
