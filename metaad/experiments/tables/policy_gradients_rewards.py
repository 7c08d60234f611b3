"""Rewards without labels beside the AUROC: what the policy-gradients experiment reads,
and how far each reward agrees.
"""

import itertools

import numpy as np
import torch

from metaad import metrics
from metaad.repro import cache
from metaad.scores import SCALINGS, outlierness
from metaad.search.policies.policy import CategoricalPolicy, search
from metaad.search.policies.rewards import Payoff
from metaad.search.tuning.grids import GRIDS
from metaad.search.tuning.matrix_cache import stored
from metaad.tasks.tables import TableTasks

KINDS = ("LOF", "kNN", "One-Class SVM", "Isolation Forest", "k-means")
# every combination of their levels is in the matrix
GRIDDED = ("LOF", "kNN", "One-Class SVM")
ITERATIONS = 40


def configurations(kind):
    """Return the detector, its configurations, the values of each parameter, and each
    configuration's place among them.
    """
    detector, configs = GRIDS[kind]
    levels = {n: list(dict.fromkeys(c[n] for c in configs)) for n in configs[0]}
    places = {
        tuple(v.index(c[n]) for n, v in levels.items()): i
        for i, c in enumerate(configs)
    }
    return detector, configs, levels, places


def load(folder, tasks, found):
    """Yield for each table: raw scores of seed 0, labels, kinds, and the AUROC of every
    seed that is there.
    """
    kinds = np.array([c.kind for c in found])
    for table in tasks:
        scores = scores_of(folder, table, found)
        auroc = np.array([metrics.auroc(table.y, s) for s in scores])
        yield {"scores": scores[0], "auroc": auroc, "y": table.y, "kinds": kinds}


def scores_of(folder, table, found):
    """Return a table's raw scores (n_candidates, n) of each seed that is there: list."""
    kept = (stored(table, found, folder, seed) for seed in itertools.count())
    return [k["scores"] for k in itertools.takewhile(lambda k: k is not None, kept)]


def made_up(table, kind, n_tables=2):
    """Return the mean AUROC of each configuration against made-up anomalies, see
    `by_made_up_anomalies`: (n_configs,), NaN for forests of more than 300 trees.
    """
    detector, configs, _, _ = configurations(kind)
    tables = list(TableTasks.resampled(table.X, n_tables, 0))
    # configuration i is level i of every parameter
    levels = {n: [c[n] for c in configs] for n in configs[0]}
    judge = lambda s, i: metrics.auroc(tables[i].y, s)  # noqa: E731
    payoff = Payoff(detector, levels, [t.X for t in tables], judge)
    few_trees = [i for i, c in enumerate(configs) if c.get("n_estimators", 0) <= 300]
    actions = np.repeat(np.array(few_trees)[:, None], len(levels), axis=1)
    values = np.full(len(configs), np.nan)
    values[few_trees] = payoff(actions)
    return values


def minus_outlierness(scores, how="logistic"):
    """Return minus the outlierness of each row of scores (m, n): (m,); -10 for scores
    that are all equal.
    """
    return np.array([-outlierness(s, how) if np.ptp(s) > 0 else -10.0 for s in scores])


def proxies(entry, kind, table, folder):
    """Return rewards without labels for every configuration of a kind: dict, name ->
    (n_configs,), larger = better.
    """
    scores = entry["scores"][entry["kinds"] == kind]
    found = {f"-outlierness, {how}": minus_outlierness(scores, how) for how in SCALINGS}
    found["made-up anomalies"] = _made_up(table, kind, folder)
    return found


def _made_up(table, kind, folder):
    """Return what `made_up` returns, kept in a folder."""
    detector, configs, _, _ = configurations(kind)
    path = cache.path(folder, "made-up", table.name, kind)
    of = {"X": table.X, "detector": detector, "configs": configs}
    key = cache.key(code=[made_up], **of)
    kept = cache.stored(path, key)
    if kept is None:
        kept = {"values": made_up(table, kind)}
        cache.keep(path, key, **kept)
    return kept["values"]


def agreement(entries, tasks, folder):
    """Return the rank correlation of each reward with the AUROC over a detector's
    configurations, and the AUROC of what it would choose.
    """
    rho, chosen = {}, {}
    for kind in KINDS:
        rho[kind], chosen[kind] = {}, {}
        means = []
        for entry, table in zip(entries, tasks, strict=True):
            first, judged = _aurocs(entry, kind)
            means.append(judged)
            for name, reward in proxies(entry, kind, table, folder).items():
                value, auroc = _of_reward(reward, first, judged)
                rho[kind].setdefault(name, []).append(value)
                chosen[kind].setdefault(name, []).append(auroc)
        chosen[kind] |= _rivals(np.array(means), np.array(tasks.families))
    return {"spearman": rho, "chosen": chosen}


def _aurocs(entry, kind):
    """Return the AUROC of seed 0, which rewards look at, and the mean of the others."""
    at = entry["kinds"] == kind
    first, later = entry["auroc"][0, at], entry["auroc"][1:, at]
    return first, later.mean(axis=0) if len(later) else first


def _of_reward(reward, first, judged):
    """Return a reward's rank correlation with the AUROC, and the AUROC of its choice.

    A constant reward chooses nothing: the mean over what it can't tell apart."""
    known = np.isfinite(reward)
    flat = np.ptp(np.round(reward[known], 9)) == 0 or np.ptp(first[known]) == 0
    rho = 0.0 if flat else metrics.spearman(reward[known], first[known])
    top = known & (reward >= np.nanmax(reward) - 1e-9)
    return float(rho), float(judged[top].mean())


def _rivals(means, families):
    """Return choices that look at no reward. means : (n_tables, n_configs)."""
    others = np.array([means[families != f].mean(axis=0) for f in families])
    best = means[np.arange(len(means)), others.argmax(axis=1)]
    return {
        "default": means[:, 0].tolist(),
        "best on average, other families": best.tolist(),
        "random": means.mean(axis=1).tolist(),
        "best there is": means.max(axis=1).tolist(),
    }


def tails(entries):
    """Return for LOF the rank correlation of outlierness with the fourth moment of the
    scores, and the neighbours it picks.
    """
    _, configs, _, _ = configurations("LOF")
    rho, picked = [], []
    for entry in entries:
        scores = entry["scores"][entry["kinds"] == "LOF"]
        outlying = [outlierness(s) for s in scores]
        fourth = [np.mean(((s - s.mean()) / s.std()) ** 4) for s in scores]
        rho.append(metrics.spearman(outlying, fourth))
        picked.append(configs[int(np.argmin(outlying))]["n_neighbors"])
    return {"tails": {"spearman": rho, "n_neighbors": picked}}


def hacking(entries):
    """Return what REINFORCE does with minus the outlierness as reward, step by step:
    exact means over the policy.
    """
    return {kind: [hacked(entry, kind) for entry in entries] for kind in GRIDDED}


def hacked(entry, kind):
    """Return mean outlierness and mean AUROC under the policy before the first step and
    after every fourth: (11, 2).
    """
    _, _, levels, places = configurations(kind)
    actions, order = torch.tensor(list(places)), list(places.values())
    at = entry["kinds"] == kind
    reward, auroc = minus_outlierness(entry["scores"][at]), entry["auroc"][0, at]
    policy, line = CategoricalPolicy([len(v) for v in levels.values()]), []

    def pay(drawn):
        return reward[[places[tuple(a)] for a in drawn.tolist()]]

    def note():
        p = policy.log_prob(actions).exp().detach().numpy()
        means = -(p * reward[order]).sum(), (p * auroc[order]).sum()
        line.append([float(m) for m in means])

    note()
    for _ in search(policy, pay, ITERATIONS, 8, "reinforce", 0):
        note()
    return line[::4]
