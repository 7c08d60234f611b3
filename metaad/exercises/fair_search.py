"""Exercises of lesson 15 about fair searches: what is paid, what judges, what a rival may
spend.
"""

import numpy as np

from metaad.exercises.core import Exercise, Wrong


def paid(asked, n_tasks, budget):
    """Return how many networks a search has trained when its budget stops it."""
    spent, known = 0, set()
    for name in asked:
        if name in known:
            continue
        if spent + n_tasks > budget:
            break
        spent += n_tasks
        known.add(name)
    return spent


def chosen_then_judged(validation, test):
    """Return the mean test AUROC of the network with the best mean on validation."""
    return float(test[np.argmax(validation.mean(axis=1))].mean())


def fair_steps(budget, n_tasks, short, long, n_new):
    """Return the steps on each new task for the price of a search and its winner."""
    return long + budget * n_tasks * short / n_new


def wishes(rng):
    """Draw the networks that a search asks for, some of them twice; tasks; a budget in
    which its last wishes have no place.
    """
    n_tasks, affordable = int(rng.integers(2, 6)), int(rng.integers(3, 6))
    new = rng.permutation(9)[: affordable + 2].tolist()
    asked = [new[0], new[1], new[0], *new[2:]]
    rest = int(rng.integers(1, n_tasks))
    return asked, n_tasks, affordable * n_tasks + rest


def two_parts(rng):
    """Draw AUROCs of six networks on eight tasks to choose by and two to judge by."""
    level = rng.uniform(0.92, 0.94, (6, 1))
    validation = level + rng.normal(0, 0.02, (6, 8))
    test = level + rng.normal(0, 0.03, (6, 2))
    return np.round(validation, 3), np.round(test, 3)


# the first task, and both parts together, would choose another network
MISLEADING = (
    np.array([[0.99, 0.9, 0.9], [0.9, 0.96, 0.97], [0.95, 0.93, 0.94]]),
    np.array([[0.97, 0.8], [0.83, 0.85], [0.99, 0.98]]),
)


def prices(rng):
    """Draw a budget, tasks seen, short and long steps, new tasks."""
    n_new = int(rng.choice([2, 4, 5]))
    budget, n_tasks = int(rng.integers(3, 9)) * 10, int(rng.integers(6, 12))
    return budget, n_tasks, 100, int(rng.integers(4, 9)) * 100, n_new


FAIR = (
    Exercise(
        "15.2",
        paid,
        wishes,
        wrong=(
            Wrong(
                lambda asked, n_tasks, budget: (
                    min(len(asked), budget // n_tasks) * n_tasks
                ),
                "A network that is known already is paid for again. It costs nothing.",
            ),
            Wrong(
                lambda asked, n_tasks, budget: paid(asked, n_tasks, budget) // n_tasks,
                "That counts architectures. The budget counts trainings: one for each "
                "task.",
            ),
            Wrong(
                lambda asked, n_tasks, budget: paid(
                    asked, n_tasks, budget + n_tasks - 1
                ),
                "This looks whether anything is left, and then spends more than that. "
                "Look first whether the whole network can be paid.",
            ),
            Wrong(
                lambda asked, n_tasks, budget: len(set(asked)) * n_tasks,
                "Nothing stops this search. It must end before it passes its budget.",
            ),
            Wrong(
                lambda asked, n_tasks, budget: budget,
                "The budget is the most it may spend. Count what was spent.",
            ),
            Wrong(
                lambda asked, n_tasks, budget: paid(asked[:2], n_tasks, budget),
                "A known network does not end the search: go on to the next wish.",
            ),
        ),
        praise="A known network is free, and no training passes the budget.",
        hint="Keep the set of known networks; before you pay, see if it still fits.",
        edges=(([3, 3, 3, 3], 2, 5), ([1, 2, 1, 4], 3, 9)),
    ),
    Exercise(
        "15.3",
        chosen_then_judged,
        two_parts,
        wrong=(
            Wrong(
                lambda validation, test: float(test.mean(axis=1).max()),
                "This chooses on the test part. The largest of many noisy numbers is too "
                "high.",
            ),
            Wrong(
                lambda validation, test: float(test.max(axis=0).mean()),
                "This gives every test task a network of its own, by its labels.",
            ),
            Wrong(
                lambda validation, test: float(validation.mean(axis=1).max()),
                "That is the number it was chosen by, and so too high. Judge on test.",
            ),
            Wrong(
                lambda validation, test: float(
                    test[np.argmax(np.c_[validation, test].mean(axis=1))].mean()
                ),
                "The test part has a say in this choice. It must have none.",
            ),
            Wrong(
                lambda validation, test: float(
                    test[np.argmax(validation[:, 0])].mean()
                ),
                "This chooses by the first task alone. Take the mean over all of them.",
            ),
            Wrong(
                lambda validation, test: int(np.argmax(validation.mean(axis=1))),
                "That is the network's place. What is asked for is its test AUROC.",
            ),
            Wrong(
                lambda validation, test: float(
                    test[np.argmin(validation.mean(axis=1))].mean()
                ),
                "That is the worst network on validation: argmax.",
            ),
            Wrong(
                lambda validation, test: float(test.mean()),
                "That is the mean over all networks, as if nothing had been chosen.",
            ),
        ),
        praise="One part chooses, another judges, and it judges once.",
        edges=(MISLEADING,),
        hint="Mean over validation tasks, the best network, its mean over test tasks.",
    ),
    Exercise(
        "15.4",
        fair_steps,
        prices,
        wrong=(
            Wrong(
                lambda budget, n_tasks, short, long, n_new: (
                    budget * n_tasks * short / n_new
                ),
                "The winner of the search is trained for `long` steps too. Add them.",
            ),
            Wrong(
                lambda budget, n_tasks, short, long, n_new: long + budget * short,
                "A search trains each architecture on each task that it sees.",
            ),
            Wrong(
                lambda budget, n_tasks, short, long, n_new: (
                    long + budget * n_tasks * short
                ),
                "The whole search for every new task? All of them share its price.",
            ),
            Wrong(
                lambda budget, n_tasks, short, long, n_new: (
                    (long + budget * n_tasks * short) / n_new
                ),
                "Only the search is shared. The winner trains for `long` on each task.",
            ),
            Wrong(
                lambda budget, n_tasks, short, long, n_new: long,
                "That leaves the search out: equal at the end, but not in all.",
            ),
            Wrong(
                lambda budget, n_tasks, short, long, n_new: (
                    long + budget * n_tasks * long / n_new
                ),
                "In the search a network trains for `short` steps, not for `long`.",
            ),
        ),
        praise="The more new tasks share a search, the cheaper it is for each.",
        hint="The search takes budget × n_tasks × short steps, shared by n_new tasks.",
        tolerance=1e-8,
    ),
)
