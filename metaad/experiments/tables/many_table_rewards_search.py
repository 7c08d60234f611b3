"""Policies against random search on tables that taught nothing: who finds the better
setting with as many settings tried?
"""

from functools import partial
from math import comb

import numpy as np

from metaad.experiments.tables.policy_gradients_rewards import configurations
from metaad.search.policies.policy import CategoricalPolicy, search

KINDS = ("LOF", "kNN")
METHODS = ("reinforce", "trpo")
BUDGET, BATCH, MOST_STEPS = 8, 4, 10
ITERATIONS, N_TASKS, SEED = 100, 8, 0
RANDOM = "random search"
SETTINGS = {
    "budget": BUDGET,
    "batch": BATCH,
    "iterations of learning": ITERATIONS,
    "tables per step of learning": N_TASKS,
}


def looked_up(values, places, actions):
    """Return the values of actions (n, m): array (n,)."""
    return np.asarray(values)[[places[tuple(a)] for a in actions.tolist()]]


def fresh(kind):
    """Return a policy over a detector's settings that prefers none."""
    return CategoricalPolicy([len(v) for v in configurations(kind)[2].values()])


def learned_policy(tables, kind, method):
    """Return a policy learned on tables, their AUROC as reward."""
    places, policy = configurations(kind)[3], fresh(kind)
    rewards = [partial(looked_up, t[kind]["auroc"], places) for t in tables]
    how = {"n_tasks": min(N_TASKS, len(rewards))}
    for _ in search(policy, rewards, ITERATIONS, BATCH, method, SEED, **how):
        pass
    return policy


def tried_by(policy, reward, places, method, seed):
    """Search until BUDGET different settings were tried, MOST_STEPS steps at most;
    return their places, as they came.
    """
    tried = {}

    def remember(actions):
        found = [places[tuple(a)] for a in actions.tolist()]
        tried.update(dict.fromkeys(found))
        return reward[found]

    # a decided policy never gets there
    for _ in search(policy, remember, MOST_STEPS, BATCH, method, seed):
        if len(tried) >= BUDGET:
            break
    return list(tried)[:BUDGET]


def expected_choice(seen, worth, n):
    """Return the expected worth of the best by `seen` of n settings drawn without
    replacement: random search in closed form.

    Setting number r from the top, from 0, is the best of the n if the other n - 1 lie
    below it: probability C(N - r - 1, n - 1) / C(N, n).

    seen, worth : arrays (N,). n : 1 to N."""
    seen, worth = np.asarray(seen), np.asarray(worth)
    if not 1 <= n <= len(seen):
        raise ValueError(f"n must lie between 1 and {len(seen)}; got {n}.")
    down = np.argsort(-seen, kind="stable")
    chances = [comb(len(seen) - r - 1, n - 1) for r in range(len(seen))]
    return float(worth[down] @ np.array(chances) / comb(len(seen), n))


def searched(tables, learned):
    """Return what policies choose and find on tables, after learning on others.

    Returns
    -------
    {"learned": kind -> method -> AUROC of the likeliest setting, [n_tables]; "budget":
    kind -> way -> AUROC on one half of the labels of the best setting by the other
    half, [n_tables], one division; "tried": kind -> way -> mean number of
    settings tried; "searched": the places of the tables that have both halves}.
    """
    whole = [i for i, t in enumerate(tables) if t[KINDS[0]]["halves"]]
    found = {"learned": {}, "budget": {}, "tried": {}, "searched": whole}
    for kind in KINDS:
        policies = {m: learned_policy(learned, kind, m) for m in METHODS}
        places = configurations(kind)[3]
        modes = {m: places[tuple(p.mode().tolist())] for m, p in policies.items()}
        found["learned"][kind] = {
            m: [t[kind]["auroc"][at] for t in tables] for m, at in modes.items()
        }
        each = [budgeted(tables[i][kind]["halves"][:1], kind, policies) for i in whole]
        ways = each[0][0]
        found["budget"][kind] = {w: [worth[w] for worth, _ in each] for w in ways}
        counts = {w: [count[w] for _, count in each] for w in ways}
        found["tried"][kind] = {w: float(np.mean(c)) for w, c in counts.items()}
    return found


def budgeted(halves, kind, policies):
    """Return for one table the AUROC of what each way finds, and how many settings it
    tried: two dicts, means over divisions.
    """
    worth, count = {}, {}
    places = configurations(kind)[3]
    for seed, (seen, held_out) in enumerate(halves):
        seen, held_out = np.array(seen), np.array(held_out)
        found = {RANDOM: (expected_choice(seen, held_out, BUDGET), BUDGET)}
        for method in METHODS:
            start = fresh(kind)
            start.load_state_dict(policies[method].state_dict())
            names = {method: fresh(kind), f"{method}, learned start": start}
            for name, policy in names.items():
                tried = tried_by(policy, seen, places, method, seed)
                best = max(tried, key=lambda j, seen=seen: seen[j])
                found[name] = float(held_out[best]), len(tried)
        for name, (value, tries) in found.items():
            worth.setdefault(name, []).append(value)
            count.setdefault(name, []).append(tries)
    mean = lambda of: {n: float(np.mean(v)) for n, v in of.items()}  # noqa: E731
    return mean(worth), mean(count)
