"""The full measurement behind lesson 13: does a reward without labels know which
configuration is good?

    python -m metaad.experiments.policy_gradients SCORES [--out JSON] [--parts
    agreement,tails,hacking,policies]

SCORES is the folder in which metaad.search.tuning.matrix keeps raw scores; what is
missing there is computed first."""

import argparse
import json
import time
from pathlib import Path

import numpy as np
import torch
from scipy.stats import spearmanr

from metaad import metrics, repro
from metaad.scores import SCALINGS, outlierness
from metaad.search.policies.policy import CategoricalPolicy, search
from metaad.search.policies.rewards import Payoff
from metaad.search.tuning.matrix import GRIDS, candidates, compute
from metaad.search.tuning.meta_features import NAMES, meta_features
from metaad.tasks.tables import TableTasks, adbench_names

KINDS = ("LOF", "kNN", "One-Class SVM", "Isolation Forest", "k-means")
# every combination of their levels is in the matrix
GRIDDED = ("LOF", "kNN", "One-Class SVM")
SEARCHED = ("LOF", "kNN")  # by policies too: on most tables their settings matter
CONTEXTS = {
    "no context": (),
    "four meta-features": ("log rows", "log columns", "tails", "clumps"),
}
BUDGET, BATCH, SEEDS, ITERATIONS = 8, 4, 5, 40
METHODS = ("reinforce", "trpo")


def configurations(kind):
    """The detector, its configurations, the values of each parameter, and each
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
    """Raw scores of seed 0, labels, and the AUROC of every seed that is there, a
    table at a time.
    """
    kinds = np.array([c.kind for c in found])
    for table in tasks:
        stored, aurocs = [], []
        for path in sorted(
            Path(folder).glob(f"{table.name.replace(':', '_')}.[0-9].npz")
        ):
            with np.load(path, allow_pickle=False) as file:
                stored.append(file["scores"])
                assert (file["y"] == table.y).all(), path
            aurocs.append([metrics.auroc(table.y, s) for s in stored[-1]])
        yield {
            "scores": stored[0],
            "auroc": np.array(aurocs),
            "y": table.y,
            "kinds": kinds,
        }


def made_up(table, kind, n_tables=2):
    """Mean AUROC of each configuration against made-up anomalies, see
    `by_made_up_anomalies`: (n_configs,).
    """
    detector, configs, _, _ = configurations(kind)
    tables = list(TableTasks.resampled(table.X, n_tables, 0))
    # configuration i is level i of every parameter
    levels = {n: [c[n] for c in configs] for n in configs[0]}
    judge = lambda s, i: metrics.auroc(tables[i].y, s)  # noqa: E731
    payoff = Payoff(detector, levels, [t.X for t in tables], judge)
    few_trees = [i for i, c in enumerate(configs) if c.get("n_estimators", 0) <= 300]
    values = np.full(len(configs), np.nan)
    values[few_trees] = payoff(
        np.repeat(np.array(few_trees)[:, None], len(levels), axis=1)
    )
    return values


def proxies(entry, kind, table, cache):
    """Rewards without labels for every configuration of a kind: dict, name ->
    (n_configs,), larger = better.
    """
    at = entry["kinds"] == kind
    found = {}
    for how in SCALINGS:
        found[f"-outlierness, {how}"] = np.array(
            [
                -outlierness(s, how) if np.ptp(s) > 0 else -10.0
                for s in entry["scores"][at]
            ]
        )
    path = Path(cache) / f"made-up.{table.name.replace(':', '_')}.{kind}.npy"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        np.save(path, made_up(table, kind))
    found["made-up anomalies"] = np.load(path, allow_pickle=False)
    return found


def agreement(entries, tasks, cache):
    """Rank correlation of each reward with the AUROC over a detector's
    configurations, and what it would choose.
    """
    rho, chosen = {}, {}
    families = np.array(tasks.families)
    for kind in KINDS:
        means = []
        for entry, table in zip(entries, tasks, strict=True):
            at = entry["kinds"] == kind
            first, later = entry["auroc"][0, at], entry["auroc"][1:, at]
            # other seeds than those that were looked at
            judged = later.mean(axis=0) if len(later) else first
            means.append(judged)
            for name, reward in proxies(entry, kind, table, cache).items():
                known = np.isfinite(reward)
                flat = np.ptp(np.round(reward[known], 9)) == 0
                value = (
                    0.0
                    if flat or np.ptp(first[known]) == 0
                    else spearmanr(reward[known], first[known])[0]
                )
                rho.setdefault(kind, {}).setdefault(name, []).append(float(value))
                # a constant reward chooses nothing: the mean over what it can't tell
                # apart
                top = known & (reward >= np.nanmax(reward) - 1e-9)
                chosen.setdefault(kind, {}).setdefault(name, []).append(
                    float(judged[top].mean())
                )
        means = np.array(means)  # (n_tables, n_configs)
        others = np.array([means[families != f].mean(axis=0) for f in families])
        chosen[kind]["default"] = means[:, 0].tolist()
        chosen[kind]["best on average, other families"] = means[
            np.arange(len(means)), others.argmax(axis=1)
        ].tolist()
        chosen[kind]["random"] = means.mean(axis=1).tolist()
        chosen[kind]["best there is"] = means.max(axis=1).tolist()
    return {"spearman": rho, "chosen": chosen}


def tails(entries):
    """LOF alone: rank correlation of outlierness with the fourth moment of the
    scores, and the neighbours it picks.
    """
    _, configs, _, _ = configurations("LOF")
    rho, picked = [], []
    for entry in entries:
        scores = entry["scores"][entry["kinds"] == "LOF"]
        outlying = [outlierness(s) for s in scores]
        fourth = [np.mean(((s - s.mean()) / s.std()) ** 4) for s in scores]
        rho.append(float(spearmanr(outlying, fourth)[0]))
        picked.append(configs[int(np.argmin(outlying))]["n_neighbors"])
    return {"tails": {"spearman": rho, "n_neighbors": picked}}


def half_labels(entry, kind, seed):
    """AUROC of each configuration on a random half of a table's rows and on the
    other half: two (n_configs,).
    """
    at, y = entry["kinds"] == kind, entry["y"]
    rng = np.random.default_rng(seed)
    half = np.zeros(len(y), dtype=bool)
    for label in (0, 1):
        rows = np.flatnonzero(y == label)
        half[rng.permutation(rows)[: len(rows) // 2]] = True
    return tuple(
        np.array([metrics.auroc(y[part], s[part]) for s in entry["scores"][at]])
        for part in (half, ~half)
    )


def meta_policies(entries, tasks, kind, method, names, seed):
    """One policy a table, learned on the tables of other families with their AUROC
    as reward; and its context.
    """
    _, _, levels, places = configurations(kind)
    auroc = [e["auroc"][0, e["kinds"] == kind] for e in entries]
    rewards = [
        lambda a, row=row: row[[places[tuple(x)] for x in a.tolist()]] for row in auroc
    ]
    features = (
        np.stack([meta_features(t.X)[[NAMES.index(n) for n in names]] for t in tasks])
        if names
        else None
    )
    learned = {}
    for family in dict.fromkeys(tasks.families):
        train = [i for i, f in enumerate(tasks.families) if f != family]
        policy, scaled = (
            CategoricalPolicy([len(v) for v in levels.values()], len(names)),
            None,
        )
        if names:
            center, spread = features[train].mean(axis=0), features[train].std(axis=0)
            scaled = torch.as_tensor((features - center) / spread)
        some, context = (
            [rewards[i] for i in train],
            None if scaled is None else scaled[train],
        )
        for _ in search(
            policy, some, ITERATIONS, BATCH, method, seed, context=context, n_tasks=8
        ):
            pass
        learned[family] = (policy, scaled)
    return [
        (learned[f][0], None if not names else learned[f][1][i])
        for i, f in enumerate(tasks.families)
    ]


def within_budget(policy, reward, places, method, seed, context=None):
    """Search until BUDGET different configurations were tried, 20 steps at most;
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


def policies(entries, tasks, cache, kinds=SEARCHED):
    """Policies from other families, and policies against random search where both
    may try BUDGET configurations.
    """
    learned, budgeted = {}, {}
    for kind in kinds:
        _, _, levels, places = configurations(kind)
        options = [len(v) for v in levels.values()]
        kept = {}
        for method in METHODS:
            for label, names in CONTEXTS.items():
                found = [
                    meta_policies(entries, tasks, kind, method, names, seed)
                    for seed in range(2)
                ]
                values = []
                for i, entry in enumerate(entries):
                    auroc = entry["auroc"][0, entry["kinds"] == kind]
                    modes = [
                        policy.mode(c).tolist() for policy, c in (f[i] for f in found)
                    ]
                    values.append(
                        float(np.mean([auroc[places[tuple(m)]] for m in modes]))
                    )
                learned.setdefault(kind, {})[f"{method}, {label}"] = values
                kept[method, label] = found[0]
        for i, (entry, table) in enumerate(zip(entries, tasks, strict=True)):
            rewards = proxies(entry, kind, table, cache)
            rows = {}
            for seed in range(SEEDS):
                seen, held_out = half_labels(entry, kind, seed)
                for source, reward in (
                    ("AUROC on half of the labels", seen),
                    ("-outlierness, logistic", rewards["-outlierness, logistic"]),
                    ("made-up anomalies", rewards["made-up anomalies"]),
                ):
                    rng = np.random.default_rng([seed, i])
                    tries = {
                        "random search": rng.choice(
                            len(reward), BUDGET, replace=False
                        ).tolist()
                    }
                    for method in METHODS:
                        tries[method] = within_budget(
                            CategoricalPolicy(options), reward, places, method, seed
                        )
                        start = CategoricalPolicy(options)
                        start.load_state_dict(
                            kept[method, "no context"][i][0].state_dict()
                        )
                        tries[f"{method}, learned start"] = within_budget(
                            start, reward, places, method, seed
                        )
                    for name, places_tried in tries.items():
                        best = max(places_tried, key=lambda j: reward[j])
                        rows.setdefault(source, {}).setdefault(name, []).append(
                            float(held_out[best])
                        )
                    rows[source].setdefault("no search: mean of all", []).append(
                        float(held_out.mean())
                    )
            for source, by_name in rows.items():
                for name, values in by_name.items():
                    budgeted.setdefault(kind, {}).setdefault(source, {}).setdefault(
                        name, []
                    ).append(float(np.mean(values)))
        print(kind, f"{time.process_time():.0f} s", flush=True)
    return {"learned": learned, "budget": budgeted}


def hacking(entries):
    """What REINFORCE with minus the outlierness as reward does, a step at a time:
    exact means over the policy.
    """
    return {kind: [hacked(entry, kind) for entry in entries] for kind in GRIDDED}


def hacked(entry, kind):
    """Mean outlierness and mean AUROC under the policy before the first step and
    after every fourth: (11, 2).
    """
    _, _, levels, places = configurations(kind)
    actions, order, at = (
        torch.tensor(list(places)),
        list(places.values()),
        entry["kinds"] == kind,
    )
    reward = np.array(
        [-outlierness(s) if np.ptp(s) > 0 else -10.0 for s in entry["scores"][at]]
    )
    auroc = entry["auroc"][0, at]
    policy, line = CategoricalPolicy([len(v) for v in levels.values()]), []

    def pay(drawn):
        return reward[[places[tuple(a)] for a in drawn.tolist()]]

    def note():
        p = policy.log_prob(actions).exp().detach().numpy()
        line.append(
            [float(-(p * reward[order]).sum()), float((p * auroc[order]).sum())]
        )

    note()
    for _ in search(policy, pay, ITERATIONS, 8, "reinforce", 0):
        note()
    return line[::4]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("scores", type=Path)
    parser.add_argument(
        "--out", type=Path, default=repro.results_dir() / "13_policy_gradients.json"
    )
    parser.add_argument("--parts", default="agreement,tails,hacking,policies")
    parser.add_argument(
        "--at-hand",
        action="store_true",
        help="only the tables whose scores lie there already",
    )
    parser.add_argument(
        "--seeds",
        type=int,
        default=3,
        help="seeds of the matrix, where it has to be computed",
    )
    options = parser.parse_args()
    torch.set_num_threads(1)
    start = time.process_time()
    tasks, found = TableTasks(adbench_names(), max_rows=1000), candidates()
    if options.at_hand:
        there = [
            t
            for t in tasks
            if (options.scores / f"{t.name.replace(':', '_')}.0.npz").exists()
        ]
        tasks = TableTasks(there, max_rows=None, scale=None)
    if not options.at_hand:
        compute(tasks, found, options.scores, options.seeds)
    entries = list(load(options.scores, tasks, found))
    kept = (
        json.loads(options.out.read_text(encoding="utf-8"))
        if options.out.exists()
        else {}
    )
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
    cache = options.scores / "made-up"
    parts = {
        "agreement": lambda: agreement(entries, tasks, cache),
        "tails": lambda: tails(entries),
        "hacking": lambda: {"hacking": hacking(entries)},
        "policies": lambda: policies(entries, tasks, cache),
    }
    for name in options.parts.split(","):
        began = time.process_time()
        kept |= rounded(parts[name]())
        kept.setdefault("cpu_seconds", {})[name] = round(time.process_time() - began)
        kept["run"] = repro.Run(
            "13_policy_gradients", "full", 0, "cpu", {"parts": options.parts}
        ).fingerprint()
        kept["run"]["seconds"] = sum(kept["cpu_seconds"].values())
        repro.write_json(options.out, kept)
        print(name, f"{time.process_time() - start:.0f} s", flush=True)


def rounded(values):
    """Floats to five digits, whatever they are nested in."""
    if isinstance(values, dict):
        return {k: rounded(v) for k, v in values.items()}
    if isinstance(values, list):
        return [rounded(v) for v in values]
    return round(values, 5) if isinstance(values, float) else values


if __name__ == "__main__":
    main()
