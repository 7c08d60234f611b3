"""Exercises of lesson 01: what is an anomaly?"""

import numpy as np

from metaad import metrics
from metaad.exercises.core import Exercise, Wrong
from metaad.exercises.kinds_and_costs import (
    anomalies_needed,
    costs,
    labelled_scores,
    narrow_enough,
    opening,
    rows_to_open,
    sees_all,
    shares,
)


def my_k():
    """Return a number of neighbours for LOF."""
    return 40


def precision_of(share, found, flagged):
    """Return the share of alarms that are right, from the shares of anomalies, of
    anomalies found, of normal rows flagged.
    """
    return share * found / (share * found + (1 - share) * flagged)


def mean_precision(y, scores):
    """Return the average precision of scores (n,) without ties, labels y (n,)."""
    hit = y[np.argsort(-scores)]
    return (np.cumsum(hit) / np.arange(1, len(y) + 1))[hit == 1].mean()


EXERCISES = (
    Exercise(
        "01.1",
        my_k,
        lambda rng: (),
        wrong=(
            Wrong(
                lambda: 10,
                "That is the k that the lesson began with. A cluster of 20 rows is its "
                "own neighbourhood for every k below 20.",
            ),
            Wrong(
                lambda: 19,
                "Each of the 20 rows of the cluster has 19 others beside it, so with "
                "k = 19 all of its neighbours are anomalies too.",
            ),
            Wrong(
                lambda: 3,
                "With 3 neighbours LOF compares tiny neighbourhoods: the cluster has "
                "enough rows of its own to look dense.",
            ),
            Wrong(
                lambda: 60,
                "60 neighbours show the cluster, but the rows beside the line of the "
                "wide group drown in its width: look at the dependency anomalies.",
            ),
            Wrong(
                lambda: 200,
                "The narrow group has 200 rows. With k = 200 its rows need neighbours "
                "from the wide group, and what is near is no longer local.",
            ),
            Wrong(
                lambda: 400,
                "400 neighbours are nearly the whole table: every row has the same "
                "ones, and LOF is no longer local.",
            ),
        ),
        praise=(
            "With more neighbours than the cluster has rows, its rows must ask the normal "
            "groups; with few enough, near is still local. (You used labels to know.)"
        ),
        judge=sees_all,
        draws=3,
    ),
    Exercise(
        "01.2",
        mean_precision,
        labelled_scores,
        wrong=(
            Wrong(
                lambda y, scores: np.mean(
                    np.cumsum(y[np.argsort(-scores)]) / np.arange(1, len(y) + 1)
                ),
                "That is the colleague's function: it averages over all rows. Average "
                "over the places at which an anomaly stands.",
            ),
            Wrong(
                lambda y, scores: mean_precision(y, -scores),
                "The lowest scores come first here: argsort runs upwards.",
            ),
            Wrong(
                lambda y, scores: np.mean(y[np.argsort(-scores)][: y.sum()]),
                "That is the precision at one threshold, after as many rows as there "
                "are anomalies. Average over the anomalies' own thresholds.",
            ),
            Wrong(
                metrics.auroc,
                "That is the AUROC. Average precision asks for shares of the rows "
                "above each anomaly.",
            ),
            Wrong(
                lambda y, scores: np.mean(
                    np.cumsum(y[np.argsort(-scores)])[y == 1]
                    / np.arange(1, len(y) + 1)[y == 1]
                ),
                "You choose the places with `y` as it stands in the table. Sort it "
                "first, like the scores.",
            ),
            Wrong(
                lambda y, scores: np.sum(
                    (np.cumsum(y[np.argsort(-scores)]) / np.arange(1, len(y) + 1))
                    * y[np.argsort(-scores)]
                ),
                "The right terms, added up. Divide by the number of anomalies.",
            ),
            Wrong(
                lambda y, scores: np.mean(
                    (np.cumsum(y[np.argsort(-scores)]) / np.arange(1, len(y) + 1))
                    * y[np.argsort(-scores)]
                ),
                "The right terms, but divided by the number of all rows instead of the "
                "anomalies.",
            ),
        ),
        praise=(
            "Normal rows at the bottom can't move it now: they stand below every "
            "anomaly's own threshold."
        ),
        hint="Precision at each place, then the mean over the anomalies' places alone.",
        edges=((np.array([1, 0, 1]), np.array([0.9, 0.5, 0.1])),),
    ),
    Exercise(
        "01.3",
        precision_of,
        shares,
        wrong=(
            Wrong(
                lambda share, found, flagged: (
                    share * found / (share * found + (1 - share) * (1 - found))
                ),
                "You took 1 − found for the share of normal rows flagged. 1 − found is "
                "the share of anomalies missed; use `flagged`.",
            ),
            Wrong(
                lambda share, found, flagged: found,
                "That is the share of anomalies that is found (recall). Precision is a "
                "share of the alarms.",
            ),
            Wrong(
                lambda share, found, flagged: found / (found + flagged),
                "This is right only where half of the rows are anomalies. Weigh both "
                "terms by how many rows of each kind there are.",
            ),
            Wrong(
                lambda share, found, flagged: share * found / (share * found + flagged),
                "Only the normal rows can be false alarms: their share of the table is "
                "1 − share, not 1.",
            ),
            Wrong(
                lambda share, found, flagged: (
                    share * found + (1 - share) * (1 - flagged)
                ),
                "That is accuracy, the share of right verdicts among all rows. Only "
                "alarms count here.",
            ),
            Wrong(
                lambda share, found, flagged: (
                    share * flagged / (share * flagged + (1 - share) * found)
                ),
                "`found` and `flagged` have changed places: `found` belongs to the "
                "anomalies.",
            ),
            Wrong(
                lambda share, found, flagged: share * found + (1 - share) * flagged,
                "That is the share of rows that raise an alarm. How many of these "
                "alarms are right?",
            ),
        ),
        praise=(
            "Where anomalies are rare, most alarms are false even if few normal rows "
            "are flagged: there are so many of them."
        ),
        hint="Of 10,000 rows, how many anomalies and how many normal rows raise one?",
        edges=((0.01, 0.95, 0.05),),
    ),
    Exercise(
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
                lambda y, scores, miss, budget: int(np.argmin(costs(y, scores, miss))),
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
                    np.argmin(costs(y, scores, 1.0)[: budget + 1])
                ),
                "Your answer does not depend on what a miss costs. A costly miss is worth "
                "more vain openings.",
            ),
            Wrong(
                lambda y, scores, miss, budget: int(
                    np.argmin(costs(y, -scores, miss)[: budget + 1])
                ),
                "You open the lowest scores first.",
            ),
            Wrong(
                lambda y, scores, miss, budget: float(
                    costs(y, scores, miss)[: budget + 1].min()
                ),
                "That is the lowest cost. At which number of rows is it reached?",
            ),
            Wrong(
                lambda y, scores, miss, budget: int(
                    np.argmin(costs(y, scores, miss)[1 : budget + 1])
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
    ),
    Exercise(
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
    ),
)
