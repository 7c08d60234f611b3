"""Exercises of lesson 13: policy gradients."""

import numpy as np

from metaad import metrics
from metaad.exercises.bandits import FOUND, GRADIENT, SIZE
from metaad.exercises.core import Exercise, Wrong
from metaad.scores import outlierness

GOAL = 0.74  # nats; one gross score in 200 brings .725


def step_length(x, product, max_kl):
    """Return the length at which a step along x touches the boundary of the trust
    region.
    """
    return (2 * max_kl / (x @ product(x))) ** 0.5


def cheat(s):
    """Draw scores in the same order, ties included, with one that dwarfs all others."""
    rank = metrics.ranks(s)
    return np.where(rank == rank.max(), 1e4 * len(s), rank)


def quadratic(rng):
    """Draw a direction (3,), the products with a matrix F, and a bound in nats."""
    half = rng.normal(size=(3, 3))
    fisher = half @ half.T + 0.3 * np.eye(3)
    x = np.round(rng.normal(size=3), 2)
    return x, lambda v: fisher @ v, round(float(rng.uniform(0.01, 0.2)), 3)


def heavy(rng):
    """Draw positive scores (n,), a few of them equal, the largest one alone."""
    s = np.round(np.exp(rng.normal(0.3, 0.25, int(rng.integers(150, 260)))), 2)
    s[rng.integers(len(s))] = s.max() + 0.13
    return (s,)


def judge_cheat(bent, args, rng):
    """Return None if the bent scores keep the order of args[0] and outlierness is below
    the goal, else what is wrong.
    """
    (s,) = args
    bent = np.asarray(bent, dtype=np.float64)
    if bent.shape != s.shape:
        return (
            f"Return one score for each of the {len(s)} rows; got shape {bent.shape}."
        )
    if not np.isfinite(bent).all():
        return "Some of your scores are NaN or infinite: bend less steeply."
    if np.ptp(bent) == 0:
        return "All your scores are equal: a detector that says nothing."
    wanted, came = metrics.ranks(s), metrics.ranks(bent)
    if not np.array_equal(wanted, came):
        return _order(s, bent, wanted, came)
    low = outlierness(bent)
    if low >= GOAL:
        return (
            f"The order stays, but outlierness is {low:.3f}: let the top row's score "
            f"dwarf all others, so that it holds the variance."
        )
    return None


def _order(s, bent, wanted, came):
    """What is wrong with the order of the bent scores."""
    if metrics.spearman(wanted, came) < -0.5:
        return "Your function falls: the most anomalous row comes last now."
    if len(np.unique(bent)) < len(np.unique(metrics.significant(s))):
        return "Scores that were different are equal now; some may have become 0."
    if len(np.unique(bent)) > len(np.unique(metrics.significant(s))):
        return "Scores that were equal are different now. Equal rows must stay equal."
    return "The order of the rows has changed, and the AUROC with it."


def _tenth_up(s):
    bent = s.copy()
    bent[::10] += 1e5
    return bent


EXERCISES = (
    GRADIENT,
    Exercise(
        "13.2",
        step_length,
        quadratic,
        wrong=(
            Wrong(
                lambda x, product, max_kl: -((2 * max_kl / (x @ product(x))) ** 0.5),
                "The square has two roots, and you took the one that goes downhill. x "
                "points uphill, so β is positive.",
            ),
            Wrong(
                lambda x, product, max_kl: (max_kl / (x @ product(x))) ** 0.5,
                "The ½ in front of βx · F βx is missing: your step reaches half of the "
                "divergence that is allowed.",
            ),
            Wrong(
                lambda x, product, max_kl: 2 * max_kl / (x @ product(x)),
                "That is β². β stands in the divergence twice; take the root.",
            ),
            Wrong(
                lambda x, product, max_kl: (2 * max_kl / (x @ x)) ** 0.5,
                "You measured x by its own length. The divergence is measured by F: "
                "use product(x).",
            ),
            Wrong(
                lambda x, product, max_kl: (2 * max_kl) ** 0.5 / (x @ product(x)),
                "Only max_kl is under your root. xᵀFx belongs there too.",
            ),
            Wrong(
                lambda x, product, max_kl: (x @ product(x) / (2 * max_kl)) ** 0.5,
                "Your fraction is upside down: a larger bound must give a longer step.",
            ),
            Wrong(
                lambda x, product, max_kl: (
                    (2 * max_kl / (product(x) @ product(x))) ** 0.5
                ),
                "F stands in xᵀFx once; you used it twice.",
            ),
            Wrong(
                lambda x, product, max_kl: (0.5 * max_kl / (x @ product(x))) ** 0.5,
                "The ½ is on the other side: when you solve for β² it becomes a 2.",
            ),
        ),
        praise=(
            "To second order the step then uses the whole trust region. The line search "
            "takes care of what the second order leaves out."
        ),
        hint="Set ½ β² xᵀFx equal to max_kl and solve for β.",
        edges=((np.array([1.0, 0.0, 0.0]), lambda v: 2 * v, 0.25),),
    ),
    SIZE,
    FOUND,
    Exercise(
        "13.5",
        cheat,
        heavy,
        wrong=(
            Wrong(
                lambda s: np.exp(5.0 * (s.argsort().argsort() - len(s) + 1)),
                "Too steep, and argsort parts rows that were equal: the lowest scores "
                "are 0 in a computer, so rows that were different are equal now.",
            ),
            Wrong(
                _tenth_up,
                "You lift rows that you know by their place, as one could with the "
                "labels at hand. Use nothing but the scores: keep their order.",
            ),
            Wrong(
                lambda s: s**5,
                "The order stays, and outlierness falls, but not below the goal: the "
                "fifth power leaves the variance with many rows.",
            ),
            Wrong(
                lambda s: -(s**50.0),
                "Your function falls, so the order is turned round, and the AUROC "
                "becomes one minus what it was.",
            ),
            Wrong(
                lambda s: np.where(s == s.max(), 1e6, 1.0),
                "The top row dwarfs the others, but these are all equal now: the AUROC "
                "needs their order too.",
            ),
            Wrong(
                lambda s: s,
                "These are the scores as they were.",
            ),
            Wrong(
                np.log,
                "The logarithm makes the tail lighter, and outlierness rises. Bend the "
                "other way.",
            ),
            Wrong(
                np.sort,
                "Sorted, the scores no longer belong to their rows.",
            ),
        ),
        praise=(
            "Not one pair of rows has changed places, so every AUROC is what it was; "
            "outlierness was earned by one gross score."
        ),
        judge=judge_cheat,
    ),
)
