"""Two exercises of lesson 01 on scarce anomalies: how many rows to open under a budget,
and how many anomalies a test set needs.
"""

import numpy as np
from scipy.stats import norm

from metaad import metrics
from metaad.exercises.core import Exercise, Wrong


def rows_to_open(y, scores, miss, budget):
    """Return how many rows to open, 0 to budget, from the highest score down, so that
    vain openings, 1 each, and misses, `miss` each, cost least.
    """
    return int(np.argmin(_costs(y, scores, miss)[: budget + 1]))


def _costs(y, scores, miss):
    """Cost after 0, 1, 2, … rows, (n + 1,)."""
    hits = np.concatenate([[0], np.cumsum(y[np.argsort(-scores)])])
    return np.arange(len(hits)) - hits + miss * (y.sum() - hits)


def anomalies_needed():
    """Return the smallest number of anomalies that makes the range narrow enough."""
    return 50


def narrow_enough(answer, args, rng):
    """Return None for the smallest of the figure's counts whose 95 % range of measured
    AUROCs is narrower than 0.1, else a sentence with the range.
    """
    counts = (5, 10, 20, 50, 200)
    if isinstance(answer, (bool, np.bool_)) or answer not in counts:
        return (
            "Return one of the numbers under the figure: "
            + ", ".join(map(str, counts[:-1]))
            + " or 200."
        )
    shift, width = np.sqrt(2) * norm.ppf(0.9), {}
    for k in counts:
        y = np.repeat([0, 1], [500, k])
        drawn = rng.normal(size=(400, 500 + k)) + shift * y
        measured = metrics.auroc(np.broadcast_to(y, drawn.shape), drawn)
        width[k] = np.subtract(*np.percentile(measured, [97.5, 2.5]))
    wanted = next(k for k in counts if width[k] < 0.1)
    if answer == wanted:
        return None
    return f"With {answer} anomalies the range is {width[answer]:.2f} wide."


def opening(rng):
    """Draw labels (40,), scores (40,), the cost of a miss, and a budget."""
    y = rng.permutation(np.arange(40) < rng.integers(8, 14)).astype(int)
    scores = rng.normal(size=40) + 1.2 * y
    miss = round(float(rng.uniform(0.6, 3.0)), 2)
    return y, scores, miss, int(rng.integers(4, 20))


BUDGET = Exercise(
    "01.4",
    rows_to_open,
    opening,
    wrong=(
        Wrong(
            lambda y, scores, miss, budget: budget,
            "You spend the whole budget. Rows far down are opened in vain, and "
            "each of these costs something.",
        ),
        Wrong(
            lambda y, scores, miss, budget: int(np.argmin(_costs(y, scores, miss))),
            "That is the cheapest number with no limit. Look only at numbers up to "
            "the budget.",
        ),
        Wrong(
            lambda y, scores, miss, budget: int(y.sum()),
            "As many rows as there are anomalies: that would be right if they all "
            "stood on top.",
        ),
        Wrong(
            lambda y, scores, miss, budget: int(
                np.argmin(_costs(y, scores, 1.0)[: budget + 1])
            ),
            "Your answer does not depend on what a miss costs. A costly miss is worth "
            "more vain openings.",
        ),
        Wrong(
            lambda y, scores, miss, budget: int(
                np.argmin(_costs(y, -scores, miss)[: budget + 1])
            ),
            "You open the lowest scores first.",
        ),
        Wrong(
            lambda y, scores, miss, budget: float(
                _costs(y, scores, miss)[: budget + 1].min()
            ),
            "That is the lowest cost. At which number of rows is it reached?",
        ),
        Wrong(
            lambda y, scores, miss, budget: int(
                np.argmin(_costs(y, scores, miss)[1 : budget + 1])
            ),
            "Off by one: to open no row at all is the first number, and it may be "
            "the best.",
        ),
    ),
    praise=(
        "The price of a miss and the budget decide together; no measure of ranking "
        "knows either."
    ),
    draws=6,
    hint="Cost after each number of rows, none included; then the lowest.",
)
NEEDED = Exercise(
    "01.5",
    anomalies_needed,
    lambda rng: (),
    wrong=(
        Wrong(
            lambda: 5,
            "With so few the range is wider than 0.2. Read the numbers along the "
            "bottom of the figure.",
        ),
        Wrong(
            lambda: 10,
            "Still too wide: compare the text under the second bar with 0.1.",
        ),
        Wrong(
            lambda: 20,
            "Close, but the range is still a little wider than 0.1. Look one bar "
            "further.",
        ),
        Wrong(
            lambda: 200,
            "That is enough, but a smaller number of the figure is enough too.",
        ),
        Wrong(
            lambda: 500,
            "That is the number of normal rows. It is the anomalies that are scarce.",
        ),
    ),
    praise=(
        "The width shrinks with the square root of the number of anomalies; more "
        "normal rows hardly help."
    ),
    judge=narrow_enough,
    draws=3,
)
