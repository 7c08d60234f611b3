"""What the searches would have found: replays on the networks that
`metaad.experiments.architecture` has trained.
"""

import time

import numpy as np

from metaad.experiments.architecture_table import (
    BUDGETS,
    REPEATS,
    SMALLER,
    folds,
    label,
)
from metaad.search.architecture import architectures, distinct, expected_best
from metaad.search.architecture.tabular import Benchmark, incumbents, replay

TRIED = {
    "reinforce": {"learning_rate": (0.1, 0.3, 1.0)},
    "trpo": {"max_kl": (0.1, 0.3, 1.0)},
}
CONTROLLERS = ("reinforce", "trpo", "frozen", "random", "halving")


def settings(names, found):
    """Return the rate and the trust region with the best mean reward on the tables,
    which are other data than the digits; and what was tried.
    """
    space, chosen, all_tried = architectures(**SMALLER), {}, {}
    short = distinct(space)
    # (A,)
    mean = found["auroc"][:, [names.index(label(n)) for n in short]].mean(axis=0)
    one = _one_class(short, mean)
    for controller, options in TRIED.items():
        ((option, values),) = options.items()
        reached = {v: _reached(one, controller, space, {option: v}) for v in values}
        chosen[controller] = {option: max(reached, key=reached.get)}
        shown = {str(v): round(float(r), 5) for v, r in reached.items()}
        all_tried[controller] = {option: shown}
    best = float(mean.max())
    return chosen, {"at budget 10 on the tables": all_tried, "best there": best}


def _one_class(names, mean):
    """Return a Benchmark in which one class pair stands for the mean of all tables."""
    flat = np.repeat(mean, 4).reshape(len(names), 1, 2, 2)
    seconds = np.ones((len(names), 1))
    return Benchmark(names, flat, flat[:, :, 0], flat[:, :, 0], seconds)


def _reached(table, controller, space, options):
    """Return the mean best reward of ten searches of budget 10."""
    runs = [
        replay(table, controller, (0, 1), 0, 10, r, space, **options) for r in range(10)
    ]
    return np.mean([run.best()[1] for run in runs])


def searches(table, chosen):
    """Run every controller on every fold, `REPEATS` times: reward, test AUROC, seconds
    at each budget.
    """
    return {c: search(table, c, chosen.get(c, {})) for c in CONTROLLERS}


def search(table, controller, options):
    """Run one controller on every fold, `REPEATS` times: dict, as it is recorded."""
    n_seeds, shape = table.test.shape[1], (REPEATS, len(BUDGETS))
    regret, trained = np.zeros(shape), np.zeros(shape)
    by_digit, timed, own = np.zeros((*shape, 10)), np.zeros((*shape, 10)), 0.0
    for fold, held, seen in folds():
        for r in range(REPEATS):
            seed = r % n_seeds
            # judged by networks of another seed than the search has seen
            refit = (seed + 1) % n_seeds
            reward = table.rewards(seen, seed).mean(axis=1)
            began = time.process_time()
            found = _found(table, controller, seen, seed, 100 * fold + r, options)
            own += time.process_time() - began
            for b, (at, spent, in_time) in enumerate(
                _choices(table, seen, seed, found)
            ):
                regret[r, b] += (reward.max() - reward[at]) / 5
                trained[r, b] += spent / 5
                by_digit[r, b, held] = table.test[at, refit, held]
                late = in_time is None
                timed[r, b, held] = np.nan if late else table.test[in_time, refit, held]
    low, high = np.percentile(regret, [10, 90], axis=0)
    mean, sd = by_digit.mean(axis=0), by_digit.mean(axis=2).std(axis=0)
    equal = None if np.isnan(timed).any() else timed.mean(axis=0).round(5).tolist()
    return {
        "regret": regret.mean(axis=0).round(5).tolist(),
        "regret_10": low.round(5).tolist(),
        "regret_90": high.round(5).tolist(),
        "test_by_digit": mean.round(5).tolist(),  # (budgets, 10)
        "test_sd_over_repeats": sd.round(5).tolist(),
        "test_by_digit_at_equal_seconds": equal,
        "seconds_of_networks": trained.mean(axis=0).round(2).tolist(),
        "own_milliseconds_a_search": round(1000 * own / (5 * REPEATS), 2),
    }


def _found(table, controller, seen, seed, number, options):
    """Return the search at each budget, a list of (Trials, names of incumbents).

    Halving plans for its budget, so every budget is a search of its own, and its
    incumbents are None; the others are the beginnings of one search."""
    if controller == "halving":
        runs = [replay(table, controller, seen, seed, b, number) for b in BUDGETS]
        return [(run, None) for run in runs]
    longest = len(table.names) if controller == "random" else max(BUDGETS)
    run = replay(table, controller, seen, seed, longest, number, **options)
    return [(run, incumbents(run))] * len(BUDGETS)


def _choices(table, seen, seed, found):
    """Yield for each budget: place of the network chosen, seconds spent, place of the
    network chosen in the time that the budget's mean network takes (None: none was).
    """
    index = {n: i for i, n in enumerate(table.names)}
    seconds = table.seconds[:, seed] / 10  # of one digit
    cost = seconds * len(seen)
    for (run, path), budget in zip(found, BUDGETS, strict=True):
        allowed = budget * cost.mean()
        if path is None:
            at = index[run.best()[0]]
            spent = sum(seconds[index[n]] * len(s) for n, s in run.scores.items())
            yield at, spent, at if spent <= allowed else None
            continue
        whole = [n for n, s in run.scores.items() if len(s) == len(seen)]
        sums = np.cumsum(cost[[index[n] for n in whole]])
        done = int((sums <= allowed).sum())
        at = index[path[min(budget, len(path)) - 1]]
        yield at, sums[min(budget, len(sums)) - 1], index[path[max(done, 1) - 1]]


def closed_form(table):
    """Return the expected regret of random search at each budget, from the table and
    nothing else.
    """
    found = []
    for _, _, seen in folds():
        for seed in range(table.test.shape[1]):
            reward = table.rewards(seen, seed).mean(axis=1)
            found.append([reward.max() - expected_best(reward, b) for b in BUDGETS])
    return np.mean(found, axis=0).round(5).tolist()
