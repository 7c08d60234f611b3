"""What lesson 13 says of its records: agreement of rewards with the AUROC, what a choice
by them costs, searches with a budget, and counts of noisy bandits.
"""

import numpy as np

from metaad import metrics, repro

SHORT = {
    "-outlierness, logistic": "logistic",
    "-outlierness, gaussian": "gaussian",
    "-outlierness, mixture": "mixture",
    "made-up: mixed rows": "mixed rows",
    "made-up: uniform rows": "uniform rows",
    "consensus": "consensus",
}
BLIND = tuple(SHORT)[:5]
DEFAULT, RANDOM = "default", "random"
AVERAGE, ELSEWHERE = "average of all settings", "best on average, learn"


def agreements(world, corrected=True):
    """Return {detector: reward: (Interval, values)} of rank correlations with the
    AUROC, intervals over families, corrected for how many there are.

    world : dict, one world of the record many_table_rewards."""
    values = {
        f"{kind}: {SHORT[name]}": np.array(rho)
        for kind, by_reward in world["spearman"].items()
        for name, rho in by_reward.items()
    }
    found = metrics.simultaneous(values, groups=world["families"], corrected=corrected)
    return {name: (found[name], values[name]) for name in values}


def by_reward(world):
    """Return {reward: Interval} of rank correlations, means over the detectors,
    corrected for the number of rewards.
    """
    kinds = world["spearman"].values()
    means = {
        SHORT[n]: np.mean([of[n] for of in kinds], axis=0) for n in SHORT
    }  # each (n_tables,)
    return metrics.simultaneous(means, groups=world["families"])


def over_detectors(world, way):
    """Return the AUROC of what a way chooses, means over detectors: (n_tables,)."""
    return np.mean([by[way] for by in world["chosen"].values()], axis=0)


def gains(world, baseline=DEFAULT, ways=(*SHORT, AVERAGE, ELSEWHERE)):
    """Return {way: Interval} of gains in AUROC over a baseline, means over detectors,
    corrected for the number of ways.
    """
    base = over_detectors(world, baseline)
    found = {way: over_detectors(world, way) - base for way in ways}
    return metrics.simultaneous(found, groups=world["families"])


def cost_table(world):
    """Return a Markdown table: mean AUROC per detector of each way to choose, and its
    gain over the default.
    """
    kinds = world["chosen"]
    mean = lambda way: [f"{np.mean(by[way]):.3f}" for by in kinds.values()]  # noqa: E731
    gained = gains(world)
    rows = [["library's default", *mean(DEFAULT), "0"]]
    rows.append(["any setting, at random", *mean(RANDOM), ""])
    rows += [[SHORT.get(way, way), *mean(way), str(i)] for way, i in gained.items()]
    rows.append(["best there is, by labels", *mean("best there is"), ""])
    header = ["choose by", *kinds, "gain over the default"]
    return repro.number_table(header, rows)


def searches(world):
    """Return {way: Interval}: what searches with a budget find, minus random search
    with as many settings tried, means over detectors, corrected for their number.
    """
    budget = world["budget"]
    mean = lambda way: np.mean([by[way] for by in budget.values()], axis=0)  # noqa: E731
    ways = [w for w in next(iter(budget.values())) if w != "random search"]
    families = [world["families"][i] for i in world["searched"]]
    chance = mean("random search")
    return metrics.simultaneous({w: mean(w) - chance for w in ways}, groups=families)


def learned(world):
    """Return {method: Interval}: the likeliest setting of a policy learned on other
    tables, minus the one that is best on average there, means over detectors.
    """
    by_kind = world["learned"]
    best = np.mean([world["chosen"][k][ELSEWHERE] for k in by_kind], axis=0)
    means = {
        method: np.mean([of[method] for of in by_kind.values()], axis=0) - best
        for method in next(iter(by_kind.values()))
    }
    return metrics.simultaneous(means, groups=world["families"])


def bandit_table(by_way, count):
    """Return a Markdown table of searches on noisy bandits.

    by_way : {name: Climbs or an entry of the record noisy_bandits}. count : bandits."""
    rows = []
    for name, found in by_way.items():
        c = found if isinstance(found, dict) else counted(found)
        low = int(np.sum(np.array(c["end"]) < 0.5))
        rows.append(
            [
                name,
                str(metrics.bootstrap(c["end"])),
                low,
                f"{c['steps down']} of {c['steps taken']}",
                f"{np.max(c['deepest fall']):.2f}",
                f"{c['largest kl']:.2f}",
            ]
        )
    header = ["", "reward in the end, of 1", f"ends below .5, of {count}"]
    header += ["steps that went down", "deepest fall", "largest KL"]
    return repro.number_table(header, rows)


def counted(found):
    """Return what a table needs of Climbs, as the record noisy_bandits has it."""
    change = np.where(found.accepted, found.change, 0.0)
    return {
        "end": found.gain[:, -1],
        "steps down": int((change < -1e-9).sum()),
        "steps taken": int(found.accepted.sum()),
        "deepest fall": -change.min(axis=1),
        "largest kl": found.kl.max(),
    }
