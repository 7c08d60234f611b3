"""What lesson 13 measures: bandits whose odds are known, searches with a budget, and
LOF's settings on small tables.
"""

import itertools
from typing import NamedTuple

import numpy as np
import torch
from scipy.special import gammaln
from sklearn.neighbors import LocalOutlierFactor

from metaad import metrics
from metaad.scores import outlierness
from metaad.search.policies.policy import CategoricalPolicy, search
from metaad.search.policies.reinforce import reinforce_gradient
from metaad.search.tuning.matrix import configured, own_scores
from metaad.tasks.tables import TableTasks, adbench_names, class_tables

LEVELS = {
    "n_neighbors": [3, 5, 10, 20, 40, 80, 160],
    "metric": ["euclidean", "manhattan", "chebyshev"],
}
SHAPE = tuple(len(v) for v in LEVELS.values())  # (7, 3)
ACTIONS = torch.tensor(list(itertools.product(*map(range, SHAPE))))  # (21, 2)
DEFAULT = ACTIONS.tolist().index([LEVELS["n_neighbors"].index(20), 0])
RANDOM = "random search"
SEARCHING = {
    "REINFORCE": {"learning_rate": 0.3},
    "TRPO": {"method": "trpo", "max_kl": 0.3},
}


class Grid(NamedTuple):
    """LOF under each of its 21 settings on every table.

    tasks : TableTasks. scores : list of arrays (21, n). auroc, outlying : (n_tables,
    21), the latter minus-log-likelihoods in nats.
    """

    tasks: TableTasks
    scores: list
    auroc: np.ndarray
    outlying: np.ndarray


def lof_grid(quick, seed):
    """Fit LOF with all settings: to ten tables of digits, or to ADBench's tables."""
    tables = class_tables("digits", pool=2, random_state=seed) if quick else None
    tables = tables or adbench_names() or adbench_names(download=True)
    tasks = TableTasks(tables, max_rows=1000, random_state=seed)
    scores = [np.array([_lof(t.X, a) for a in ACTIONS.tolist()]) for t in tasks]
    pairs = list(zip(tasks, scores, strict=True))
    auroc = np.array([[metrics.auroc(t.y, s) for s in of] for t, of in pairs])
    outlying = np.array([[outlierness(s) for s in of] for of in scores])
    return Grid(tasks, scores, auroc, outlying)


def _lof(X, action):
    config = {n: v[i] for (n, v), i in zip(LEVELS.items(), action, strict=True)}
    return own_scores(configured(LocalOutlierFactor(), config, len(X)), X)


def fourth_moments(scores):
    """Return log10 of the mean of z⁴ of standardised scores, a list of (m, n): array
    (n_tables, m). 0.48 for a normal distribution.
    """
    z = [(s - s.mean(1, keepdims=True)) / s.std(1, keepdims=True) for s in scores]
    return np.array([np.log10((each**4).mean(axis=1)) for each in z])


def pays(values):
    """Return a reward that looks values (21,) up by action."""
    return lambda actions: values.reshape(SHAPE)[tuple(actions.T.numpy())]


def under(policy, values):
    """Return the exact mean of values (21,) under a policy: float."""
    return float(policy.log_prob(ACTIONS).exp().detach().numpy() @ values)


def follow(reward, watched, iterations, batch, seed):
    """Return exact means of watched values, a list of (21,), under a policy that learns
    from a reward (21,): before the first step and after each, (iterations + 1, k).
    """
    policy = CategoricalPolicy(SHAPE)
    noted = [[under(policy, w) for w in watched]]
    for _ in search(policy, pays(reward), iterations, batch, random_state=seed):
        noted.append([under(policy, w) for w in watched])
    return np.array(noted)


def hacking(grid, iterations, seed):
    """Follow policies that are paid for low outlierness, and others for the AUROC.

    Returns two arrays (n_tables, iterations + 1, 2): mean outlierness, mean AUROC."""
    how = iterations, 8, seed
    pairs = list(zip(grid.outlying, grid.auroc, strict=True))
    hacked = [follow(-o, (o, a), *how) for o, a in pairs]
    return np.stack(hacked), np.stack([follow(a, (o, a), *how) for o, a in pairs])


def estimates(odds, seed, batch=8, count=400):
    """Estimate one policy's gradient many times with three baselines.

    odds : rewards (a, b) of two decisions. Returns {baseline: (count, a + b)} and the
    exact gradient (a + b,)."""
    generator = torch.Generator().manual_seed(seed)
    policy, odds = CategoricalPolicy(odds.shape), torch.as_tensor(odds)
    start = torch.randn(sum(policy.options), generator=generator, dtype=torch.float64)
    policy.bias.data = 0.5 * start
    exact = torch.autograd.grad(mean_reward(policy, odds), [policy.bias])[0].numpy()
    found = {"no baseline": [], "running mean": [], "leave-one-out": []}
    running = float(odds[tuple(policy.sample(batch, generator).T)].mean())
    for _ in range(count):
        drawn = policy.sample(batch, generator)
        paid = odds[tuple(drawn.T)]
        for name, b in zip(found, ("none", running, "leave-one-out"), strict=True):
            found[name].append(reinforce_gradient(policy, drawn, paid, b)[0].numpy())
        running = 0.8 * running + 0.2 * float(paid.mean())  # as `search` keeps it
    return {name: np.array(e) for name, e in found.items()}, exact


def matching(seed, k=4):
    """Return rewards of two settings that must fit each other: (k, k).

    Each option of the first fits one of the second, and the k pairs that fit pay from 1
    down to 0.2; all others pay 0. Which fits which is random."""
    rng = np.random.default_rng(seed)
    odds = np.zeros((k, k))
    odds[rng.permutation(k), rng.permutation(k)] = np.linspace(1.0, 0.2, k)
    return odds


def mean_reward(policy, odds):
    """Return the exact expected reward of a policy of two decisions: a scalar tensor."""
    first, second = policy.log_probs()
    return first.exp() @ torch.as_tensor(odds) @ second.exp()


class Climbs(NamedTuple):
    """Searches on several bandits.

    gain : (n, steps + 1), exact expected reward before the first step and after each.
    kl : (n, steps), of each step, nats. accepted : bool (n, steps).
    """

    gain: np.ndarray
    kl: np.ndarray
    accepted: np.ndarray

    @property
    def change(self):
        """What each step did to the expected reward: (n, steps)."""
        return np.diff(self.gain, axis=1)

    @property
    def down(self):
        """Share of the accepted steps of each bandit that lowered it: (n,)."""
        lost = self.accepted & (self.change < -1e-9)
        return lost.sum(axis=1) / np.maximum(self.accepted.sum(axis=1), 1)


def climbs(count, noise, seed, steps=50, batch=8, **how):
    """Search on `count` bandits of `matching`, rewards with normal noise: Climbs.

    how : keywords of `search`: method, learning_rate, max_kl."""
    seeds = [1000 * seed + i for i in range(count)]
    found = [_climb(matching(s), noise, s, steps, batch, how) for s in seeds]
    return Climbs(*map(np.array, zip(*found, strict=True)))


def _climb(odds, noise, seed, steps, batch, how):
    policy, shaking = CategoricalPolicy(odds.shape), np.random.default_rng(seed)
    value = lambda: float(mean_reward(policy, odds).detach())  # noqa: E731
    gain, kl, accepted = [value()], [], []

    def pay(actions):
        return odds[tuple(actions.T.numpy())] + noise * shaking.normal(size=batch)

    for record in search(policy, pay, steps, batch, random_state=seed, **how):
        gain.append(value()), kl.append(record.kl), accepted.append(record.accepted)
    return gain, kl, accepted


def best_found(values, shape, most, seed, batch=4, steps=60, **how):
    """Return the best of the first 1, 2, … different settings that a search tries.

    values : rewards of all settings, (N,), in the order of `shape`; a setting that was
        tried costs nothing more. A search that stops trying keeps its best. Returns
        (most,)."""
    values, tried = np.asarray(values), {}

    def pay(actions):
        places = np.ravel_multi_index(tuple(actions.T.numpy()), shape)
        tried.update(dict.fromkeys(places.tolist()))
        return values[places]

    policy = CategoricalPolicy(shape)
    for _ in search(policy, pay, steps, batch, random_state=seed, **how):
        if len(tried) >= most:
            break
    best = np.maximum.accumulate(values[list(tried)[:most]])
    return np.pad(best, (0, most - len(best)), mode="edge")


def by_chance(values, most):
    """Return what random search is expected to find with 1, 2, … different settings, in
    closed form: values (p, N), p problems of N settings -> (p, most).

    The k-th smallest of N values is the largest of n drawn without replacement with
    probability C(k - 1, n - 1) / C(N, n), as `search.architecture.expected_best` has
    it."""
    ascending = np.sort(np.asarray(values, dtype=np.float64), axis=1)
    size = ascending.shape[1]
    k, n = np.arange(1, size + 1)[:, None], np.arange(1, most + 1)
    chance = np.exp(log_choose(k - 1, n - 1) - log_choose(size, n))  # (N, most)
    return ascending @ np.where(k < n, 0.0, chance)


def log_choose(n, k):
    """Return the logarithm of n over k; of no meaning where k > n."""
    return gammaln(n + 1) - gammaln(k + 1) - gammaln(np.maximum(n - k, 0) + 1)


def parts_that_add(seed, decisions=6, options=5):
    """Return rewards of settings whose parts add up, 0 to 1, and their shape:
    (options ** decisions,).
    """
    parts = np.random.default_rng(seed).random((decisions, options))
    parts -= parts.min(axis=1, keepdims=True)
    parts /= parts.max(axis=1).sum()
    total = parts[0]
    for part in parts[1:]:
        total = np.add.outer(total, part)
    return total.ravel(), total.shape


def with_budget(auroc, seed):
    """Search LOF's settings on every table, auroc (n_tables, 21), and 20 made-up sums.

    Returns {case: {way: array (n_problems, tries)}}, the best found so far."""
    sums = [parts_that_add(100 * seed + i) for i in range(20)]
    cases = {
        "LOF, 21 settings": ([(a, SHAPE) for a in auroc], 12, 4),
        "made-up sums, 15,625": (sums, 100, 8),
    }
    found = {}
    for case, (problems, most, batch) in cases.items():
        found[case] = {RANDOM: by_chance([v for v, _ in problems], most)}
        for name, how in SEARCHING.items():
            best = [best_found(v, s, most, seed, batch, **how) for v, s in problems]
            found[case][name] = np.array(best)
    return found


def learned_without(grid, family, method, iterations, seed):
    """Return a policy learned on the tables of all other families, their AUROC as
    reward.
    """
    policy = CategoricalPolicy(SHAPE)
    others = [i for i, f in enumerate(grid.tasks.families) if f != family]
    rewards = [pays(grid.auroc[i]) for i in others]
    how = {"n_tasks": min(5, len(rewards))}
    for _ in search(policy, rewards, iterations, 4, method, seed, **how):
        pass
    return policy


def choices(grid, learned):
    """Return the AUROC of each way to choose LOF's setting on a new table: dict ->
    (n_tables,).

    learned : {method: {family: policy}}."""
    families, auroc = grid.tasks.families, grid.auroc
    each = np.arange(len(families))
    rest = [auroc[[f != g for g in families]].mean(axis=0) for f in families]
    found = {
        "default": auroc[:, DEFAULT],
        "any, at random": auroc.mean(axis=1),
        "lowest outlierness": auroc[each, grid.outlying.argmin(axis=1)],
        "best on average elsewhere": auroc[
            each, [metrics.best_first(r)[0] for r in rest]
        ],
    }
    for method, policies in learned.items():
        modes = [ACTIONS.tolist().index(policies[f].mode().tolist()) for f in families]
        found[f"{method}, learned elsewhere"] = auroc[each, modes]
    return found | {"best there is": auroc.max(axis=1)}
