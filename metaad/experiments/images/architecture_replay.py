"""What the searches would have found: replays on the networks that
`metaad.experiments.images.architecture` has trained.
"""

import time

import numpy as np

from metaad.experiments.images.architecture_table import (
    BUDGETS,
    LONG,
    SEEDS,
    SHORT,
    SPACE,
    folds,
)
from metaad.search.architecture import architectures, expected_best
from metaad.search.architecture.tabular import incumbents, replay

REPEATS = 12
CONTROLLERS = ("random", "frozen", "reinforce", "trpo", "halving")
# of random search: fewer networks, each trained as long as it will really be
REAL_LENGTH = "random, real length"


def budget_of(controller, budget):
    """Return how many architectures cost as much as `budget` short trainings."""
    return budget * SHORT // LONG if controller == REAL_LENGTH else budget


def searched(tables):
    """Return {controller: (list of what `search` yields, its CPU seconds)}."""
    found = {}
    for c in (*CONTROLLERS, REAL_LENGTH):
        began = time.process_time()
        found[c] = list(search(tables, c)), time.process_time() - began
    return found


def search(tables, controller):
    """Yield what one controller chose: (fold, repeat, budget's place, network, Trials).

    tables : dict of Benchmark, "short" and "real", trained as long as it will really
        be; a search sees the classes that its fold does not hold out, and the networks
        of one seed."""
    table = tables["real" if controller == REAL_LENGTH else "short"]
    space, n_seeds = architectures(**SPACE), table.test.shape[1]
    method = "random" if controller == REAL_LENGTH else controller
    for fold, _, seen in folds():
        for r in range(REPEATS):
            at = (table, method, seen, r % n_seeds)
            number = 100 * fold + r
            if method != "halving":
                run = replay(*at, max(BUDGETS), number, space)
                path = incumbents(run)
            for b, budget in enumerate(BUDGETS):
                n = budget_of(controller, budget)
                if method == "halving":  # it plans for its budget
                    run = replay(*at, n, number, space)
                    yield fold, r, b, run.best()[0], dict(run.scores)
                else:
                    paid = dict(list(run.scores.items())[:n])
                    yield fold, r, b, path[min(n, len(path)) - 1], paid


def picks(runs):
    """Return the networks that any search chose with its whole budget: sorted list.

    runs : lists of what `search` yields."""
    last = len(BUDGETS) - 1
    return sorted({name for run in runs for _, _, b, name, _ in run if b == last})


def summary(tables, ends, controller, runs, seconds):
    """Return what a controller reached and what it cost, as it is recorded.

    tables : dict of Benchmark, "short" and "real", for the search. ends : dict "short",
        "long" and "garments" of {network: AUROC of each class (10,)}. What was chosen
        with the whole budget is judged on the classes that the search has not seen;
        where a network was not trained on garments, there is no result on them.
    runs : list of what `search` yields. seconds : that its own arithmetic took."""
    paid_in = tables["real" if controller == REAL_LENGTH else "short"]
    place = {name: i for i, name in enumerate(tables["short"].names)}
    n_seeds, shape = paid_in.test.shape[1], (len(BUDGETS), REPEATS, 5)
    regret, networks, price = (np.zeros(shape) for _ in range(3))
    held_out = {k: np.zeros((REPEATS, 10)) for k in ("short", "long")}
    garments = np.zeros((5, REPEATS, 10))
    for fold, r, b, name, paid in runs:
        held, seen = [2 * fold, 2 * fold + 1], [d for d in range(10) if d // 2 != fold]
        reward = tables["short"].rewards(seen, r % len(SEEDS)).mean(axis=1)
        regret[b, r, fold] = reward.max() - reward[place[name]]
        networks[b, r, fold] = sum(map(len, paid.values()))
        of_ten = paid_in.seconds[:, r % n_seeds]  # networks, one for each class
        price[b, r, fold] = sum(len(s) * of_ten[place[n]] / 10 for n, s in paid.items())
        if b == len(BUDGETS) - 1:
            for k, of in held_out.items():
                of[r, held] = ends[k][name][held]
            garments[fold, r] = ends["garments"].get(name, np.nan)
    low, high = np.percentile(regret.mean(axis=2), [10, 90], axis=1)
    elsewhere = None if np.isnan(garments).any() else _tidy(garments.mean(axis=(0, 1)))
    per_search = 5 * REPEATS * (len(BUDGETS) if controller == "halving" else 1)
    return {
        "regret": _tidy(regret.mean(axis=(1, 2))),
        "regret_10": _tidy(low),
        "regret_90": _tidy(high),
        "networks": _tidy(networks.mean(axis=(1, 2)), 1),
        "seconds": _tidy(price.mean(axis=(1, 2)), 2),
        "own_milliseconds": round(1000 * seconds / per_search, 2),
        "short": _tidy(held_out["short"].mean(axis=0)),  # (10,)
        "long": _tidy(held_out["long"].mean(axis=0)),
        "garments": elsewhere,
    }


def _tidy(values, digits=5):
    return np.round(values, digits).tolist()


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
