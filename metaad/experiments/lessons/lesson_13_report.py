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


def searches(record):
    """Return {way: Interval}: what searches with a budget find, minus random search
    with as many settings tried, means over detectors, corrected for their number.

    record : dict, 13_policy_gradients; half of the labels are the reward."""
    budget = [by["AUROC on half of the labels"] for by in record["budget"].values()]

    def mean(way):
        return np.mean([by[way] for by in budget], axis=0)

    chance = mean("random search")
    ways = [
        w for w in budget[0] if w not in ("random search", "no search: mean of all")
    ]
    minus = {way: mean(way) - chance for way in ways}
    return metrics.simultaneous(minus, groups=record["families"])


def blind(record):
    """Return the rank correlation with the AUROC per table, mean over five detectors,
    three outliernesses and made-up anomalies: (n_tables,).

    record : dict, 13_policy_gradients."""
    names = [*list(SHORT)[:3], "made-up anomalies"]
    each = [by[name] for by in record["spearman"].values() for name in names]
    return np.mean(each, axis=0)


def bandit_table(by_way, count):
    """Return a Markdown table of searches on noisy bandits.

    by_way : {name: Climbs}. count : bandits."""
    rows = []
    for name, found in by_way.items():
        c = counted(found)
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
    """Return what a table needs of Climbs: dict."""
    change = np.where(found.accepted, found.change, 0.0)
    return {
        "end": found.gain[:, -1],
        "steps down": int((change < -1e-9).sum()),
        "steps taken": int(found.accepted.sum()),
        "deepest fall": -change.min(axis=1),
        "largest kl": found.kl.max(),
    }
