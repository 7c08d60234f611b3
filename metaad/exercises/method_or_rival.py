"""An exercise of lesson 07: how many steps, or the plain rival, by measured errors."""

import numpy as np

from metaad.exercises.core import Exercise, Wrong


def steps_to_take(errors, rival, budget):
    """Return the number of steps with the least mean error within the budget, -1 where
    the rival's mean is lower still.
    """
    return _choice(errors, rival, budget)


def measured(rng):
    """Draw errors after 0 to 5 steps on 7 waves (6, 7), a rival's (7,), and a budget."""
    errors = np.round(rng.uniform(0.5, 2, (6, 7)), 2)
    wild = rng.random((6, 7)) < 0.06
    rival = np.round(rng.uniform(0.5, 2.1, 7), 2)
    return np.where(wild, 20.0, errors), rival, int(rng.integers(2, 5))


def _choice(errors, rival, budget, middle=np.mean):
    found = middle(errors[: budget + 1], axis=1)
    best = int(np.argmin(found))
    return best if found[best] < middle(rival) else -1


def _all_steps(errors, rival, budget):
    return budget if errors[budget].mean() < rival.mean() else -1


def _most_wins(errors, rival, budget):
    wins = (errors[: budget + 1] < rival).mean(axis=1)
    return int(wins.argmax()) if wins.max() > 0.5 else -1


def _first_below(errors, rival, budget):
    found = np.flatnonzero(errors[: budget + 1].mean(axis=1) < rival.mean())
    return int(found[0]) if len(found) else -1


CHOICE = Exercise(
    "07.6",
    steps_to_take,
    measured,
    wrong=(
        Wrong(
            lambda errors, rival, budget: _choice(errors, rival, budget, np.median),
            "You compare medians. The mean is what you pay, and a few waves that run away "
            "are in it.",
        ),
        Wrong(
            lambda errors, rival, budget: _choice(errors, rival + 1e9, budget),
            "You never choose the rival. Compare the best mean with the rival's.",
        ),
        Wrong(
            lambda errors, rival, budget: _choice(errors, rival, len(errors) - 1),
            "Some of your choices take more steps than `budget`.",
        ),
        Wrong(
            lambda errors, rival, budget: _choice(errors, rival, budget - 1),
            "`budget` steps are allowed too: a `range` ends before its last number.",
        ),
        Wrong(
            _all_steps,
            "You always take all the steps. More steps may be worse: rates learned for "
            "one carry no promise for five.",
        ),
        Wrong(
            lambda errors, rival, budget: _choice(errors, rival, budget, np.min),
            "You go by the luckiest wave. Take the mean over waves.",
        ),
        Wrong(
            _most_wins,
            "You count the waves on which a step beats the rival. By how much counts as "
            "well: take means.",
        ),
        Wrong(
            _first_below,
            "You take the first number of steps that beats the rival. Take the best one.",
        ),
    ),
    praise="A rival with one learned number, all step counts, means over waves: decide.",
    hint="Mean over waves for every number of steps that the budget allows.",
    draws=12,
)
