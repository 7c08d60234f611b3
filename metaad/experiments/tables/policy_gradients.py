"""The full measurement behind lesson 13: does a reward without labels know which
configuration is good?

    python -m metaad.experiments policy_gradients SCORES
        all four parts; --parts agreement,tails makes two of them again

SCORES is the folder in which metaad.search.tuning.matrix keeps raw scores; what is
missing there is computed first."""

import json
import time
from functools import partial
from pathlib import Path

import numpy as np
import torch

from metaad import metrics, repro
from metaad.experiments import record
from metaad.experiments.tables.policy_gradients_rewards import (
    ITERATIONS,
    agreement,
    configurations,
    hacking,
    load,
    proxies,
    scores_of,
    tails,
)
from metaad.search.policies.policy import CategoricalPolicy, search
from metaad.search.tuning.grids import candidates
from metaad.search.tuning.matrix import compute
from metaad.search.tuning.meta_features import NAMES, meta_features
from metaad.tasks.tables import TableTasks, adbench_names

SEARCHED = ("LOF", "kNN")  # by policies too: on most tables their settings matter
CONTEXTS = {
    "no context": (),
    "four meta-features": ("log rows", "log columns", "tails", "clumps"),
}
BUDGET, BATCH, SEEDS = 8, 4, 5
METHODS = ("reinforce", "trpo")
PARTS = "agreement,tails,hacking,policies"
RECORD = "13_policy_gradients"


def half_labels(entry, kind, seed):
    """Return the AUROC of each configuration on a random half of a table's rows and on
    the other half: two (n_configs,).
    """
    at, y = entry["kinds"] == kind, entry["y"]
    rng = np.random.default_rng(seed)
    half = np.zeros(len(y), dtype=bool)
    for label in (0, 1):
        rows = np.flatnonzero(y == label)
        half[rng.permutation(rows)[: len(rows) // 2]] = True
    scores = entry["scores"][at]
    return tuple(
        np.array([metrics.auroc(y[part], s[part]) for s in scores])
        for part in (half, ~half)
    )


def features_of(tasks, names):
    """Return the named meta-features of the tables: (n_tables, c)."""
    at = [NAMES.index(n) for n in names]
    return np.stack([meta_features(t.X)[at] for t in tasks])


def meta_policies(entries, tasks, kind, method, names, seed):
    """Return one policy and its context for each table, learned on the tables of other
    families with their AUROC as reward.
    """
    _, _, levels, places = configurations(kind)
    aurocs = [e["auroc"][0, e["kinds"] == kind] for e in entries]
    rewards = [partial(looked_up, auroc, places) for auroc in aurocs]
    features = features_of(tasks, names) if names else None
    learned, families = {}, np.array(tasks.families)
    for family in dict.fromkeys(tasks.families):
        train = np.flatnonzero(families != family)
        policy = CategoricalPolicy([len(v) for v in levels.values()], len(names))
        scaled = None
        if names:
            center, spread = features[train].mean(axis=0), features[train].std(axis=0)
            scaled = torch.as_tensor((features - center) / spread)
        context = None if scaled is None else scaled[train]
        some, options = [rewards[i] for i in train], {"context": context, "n_tasks": 8}
        list(search(policy, some, ITERATIONS, BATCH, method, seed, **options))
        learned[family] = policy, scaled
    found = [learned[f] for f in tasks.families]
    return [(p, None if s is None else s[i]) for i, (p, s) in enumerate(found)]


def looked_up(values, places, actions):
    """Return the values of actions (n, m): array (n,)."""
    return values[[places[tuple(a)] for a in actions.tolist()]]


def within_budget(policy, reward, places, method, seed, context=None):
    """Search until BUDGET different configurations were tried, 20 steps at most; return
    their places, as they came.
    """
    tried = {}

    def remember(actions):
        found = [places[tuple(a)] for a in actions.tolist()]
        tried.update(dict.fromkeys(found))
        return reward[found]

    # a decided policy never gets there
    for _ in search(policy, remember, 20, BATCH, method, seed, context=context):
        if len(tried) >= BUDGET:
            break
    return list(tried)[:BUDGET]


def learned_choices(entries, tasks, kind):
    """Return the AUROC of the likeliest action of policies from other families, and the
    policies without context of seed 0: two dicts.
    """
    _, _, _, places = configurations(kind)
    aurocs = [e["auroc"][0, e["kinds"] == kind] for e in entries]
    values, kept = {}, {}
    for method in METHODS:
        for label, names in CONTEXTS.items():
            of = partial(meta_policies, entries, tasks, kind, method, names)
            found = [of(seed) for seed in range(2)]
            values[f"{method}, {label}"] = [
                float(np.mean([a[places[tuple(p.mode(c).tolist())]] for p, c in each]))
                for a, each in zip(aurocs, zip(*found, strict=True), strict=True)
            ]
            if not names:
                kept[method] = [policy for policy, _ in found[0]]
    return values, kept


def tries_of(reward, kind, starts, number, seed):
    """Return which configurations each search tried: dict name -> places.

    starts : dict from a method to the policy learned on other families. number : of the
    table."""
    _, _, levels, places = configurations(kind)
    rng = np.random.default_rng([seed, number])
    drawn = rng.choice(len(reward), BUDGET, replace=False).tolist()
    tries = {"random search": drawn}
    for method in METHODS:
        fresh, start = (
            CategoricalPolicy([len(v) for v in levels.values()]) for _ in range(2)
        )
        tries[method] = within_budget(fresh, reward, places, method, seed)
        start.load_state_dict(starts[method].state_dict())
        name = f"{method}, learned start"
        tries[name] = within_budget(start, reward, places, method, seed)
    return tries


def budgeted(entry, kind, table, cache, starts, number):
    """Return the held-out AUROC of the best of BUDGET configurations, by the source of
    the reward and by search, means over seeds: dict of dicts.
    """
    blind, rows = proxies(entry, kind, table, cache), {}
    for seed in range(SEEDS):
        seen, held_out = half_labels(entry, kind, seed)
        rewards = {"AUROC on half of the labels": seen}
        names = ("-outlierness, logistic", "made-up anomalies")
        rewards |= {name: blind[name] for name in names}
        for source, reward in rewards.items():
            of = rows.setdefault(source, {})
            for name, tried in tries_of(reward, kind, starts, number, seed).items():
                best = max(tried, key=lambda j, reward=reward: reward[j])
                of.setdefault(name, []).append(held_out[best])
            of.setdefault("no search: mean of all", []).append(held_out.mean())
    return {
        source: {name: float(np.mean(values)) for name, values in of.items()}
        for source, of in rows.items()
    }


def policies(entries, tasks, cache, kinds=SEARCHED):
    """Return what policies from other families choose, and policies against random
    search where both may try BUDGET configurations.
    """
    learned, budget = {}, {}
    for kind in kinds:
        learned[kind], kept = learned_choices(entries, tasks, kind)
        budget[kind] = {}
        for i, (entry, table) in enumerate(zip(entries, tasks, strict=True)):
            starts = {method: of[i] for method, of in kept.items()}
            found = budgeted(entry, kind, table, cache, starts, i)
            for source, by_name in found.items():
                of = budget[kind].setdefault(source, {})
                for name, value in by_name.items():
                    of.setdefault(name, []).append(value)
        print(kind, f"{time.process_time():.0f} s", flush=True)
    return {"learned": learned, "budget": budget}


def rounded(values):
    """Return values with floats rounded to five digits, whatever they are nested in."""
    if isinstance(values, dict):
        return {k: rounded(v) for k, v in values.items()}
    if isinstance(values, list):
        return [rounded(v) for v in values]
    return round(values, 5) if isinstance(values, float) else values


def run(tasks, entries, folder, parts, path):
    """Make the parts that are asked for and write each at once into the record.

    path : of the record; what it holds already is kept."""
    cache = folder / "made-up"
    kept = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    makers = {
        "agreement": lambda: agreement(entries, tasks, cache),
        "tails": lambda: tails(entries),
        "hacking": lambda: {"hacking": hacking(entries)},
        "policies": lambda: policies(entries, tasks, cache),
    }
    kept |= {"names": tasks.names, "families": tasks.families}
    kept["settings"] = {
        "rows": 1000,
        "budget": BUDGET,
        "batch": BATCH,
        "seeds of the searches": SEEDS,
        "iterations": ITERATIONS,
        "seeds of the matrix": int(min(len(e["auroc"]) for e in entries)),
        "contexts": list(CONTEXTS),
    }
    for name in parts:
        began = time.process_time()
        kept |= rounded(makers[name]())
        spent = kept.setdefault("cpu_seconds", {})
        spent[name] = round(time.process_time() - began)
        kept.pop("run", None)
        lines = [record.command("policy_gradients", folder)]
        record.write(RECORD, kept, lines, path, seconds=sum(spent.values()))
        print(name, spent[name], "s", flush=True)


def parser():
    """Return the parser of this experiment's options."""
    found = record.parser_of("policy_gradients", __doc__)
    found.add_argument("scores", type=Path, help="folder of raw scores")
    out = repro.results_dir() / f"{RECORD}.json"
    found.add_argument("--out", type=Path, default=out, help="the record")
    found.add_argument("--parts", default=PARTS, help="separated by commas")
    about = "only the tables whose scores lie there already"
    found.add_argument("--at-hand", action="store_true", help=about)
    about = "seeds of the matrix, where it has to be computed"
    found.add_argument("--seeds", type=int, default=3, help=about)
    return found


def main(argv=None):
    """Run the parts that are asked for."""
    asked = parser().parse_args(argv)
    torch.set_num_threads(1)
    tasks, found = TableTasks(adbench_names(), max_rows=1000), candidates()
    if asked.at_hand:
        there = [t for t in tasks if scores_of(asked.scores, t, found)]
        tasks = TableTasks(there, max_rows=None, scale=None)
    else:
        compute(tasks, found, asked.scores, asked.seeds)
    entries = list(load(asked.scores, tasks, found))
    run(tasks, entries, asked.scores, asked.parts.split(","), asked.out)


if __name__ == "__main__":
    main()
