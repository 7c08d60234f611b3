"""Exercises of lesson 01: what is an anomaly?"""

import numpy as np
from sklearn.neighbors import LocalOutlierFactor

from metaad import metrics
from metaad.data.drawn import groups
from metaad.exercises.core import Exercise, Wrong

KINDS = ("local", "cluster", "dependency")  # the fourth, "global", is easy for any k


def my_k():
    """Return a number of neighbours for LOF."""
    return 40


def sees_all(k, args, rng):
    """Return None if LOF with k neighbours ranks each kind of anomaly well on tables
    drawn by rng, else which kind it ranks badly.
    """
    if isinstance(k, (bool, np.bool_)) or int(k) != k or not 1 <= k < 420:
        return "Return one whole number from 1 to 419: the table has 420 rows."
    for kind in KINDS:
        (X, _), (X_new, y) = groups(kind, rng), groups(kind, rng)
        lof = LocalOutlierFactor(n_neighbors=int(k), novelty=True).fit(X)
        auroc = metrics.auroc(y, -lof.score_samples(X_new))
        if auroc <= 0.9:
            many = "too few" if k < 20 or kind == "cluster" else "too many"
            said = f"With k = {int(k)} the AUROC on {kind} anomalies is {auroc:.2f}: "
            return said + f"these are {many} neighbours for it."
    return None


def precision_of(share, found, flagged):
    """Return the share of alarms that are right, from the shares of anomalies, of
    anomalies found, of normal rows flagged.
    """
    return share * found / (share * found + (1 - share) * flagged)


def standard_error(A, n_anomalies, n_normal):
    """Return the standard error of a measured AUROC."""
    q1, q2 = A / (2 - A), 2 * A**2 / (1 + A)
    total = A * (1 - A)
    total += (n_anomalies - 1) * (q1 - A**2) + (n_normal - 1) * (q2 - A**2)
    return np.sqrt(total / (n_anomalies * n_normal))


def _q_swapped(A, n_anomalies, n_normal):
    q2, q1 = A / (2 - A), 2 * A**2 / (1 + A)
    total = A * (1 - A)
    total += (n_anomalies - 1) * (q1 - A**2) + (n_normal - 1) * (q2 - A**2)
    return np.sqrt(total / (n_anomalies * n_normal))


def _without_minus_one(A, n_anomalies, n_normal):
    q1, q2 = A / (2 - A), 2 * A**2 / (1 + A)
    total = A * (1 - A) + n_anomalies * (q1 - A**2) + n_normal * (q2 - A**2)
    return np.sqrt(total / (n_anomalies * n_normal))


def _not_divided(A, n_anomalies, n_normal):
    return standard_error(A, n_anomalies, n_normal) * np.sqrt(n_anomalies * n_normal)


def shares(rng):
    """Draw shares of anomalies, of anomalies found, of normal rows flagged."""
    low, high = (0.002, 0.5, 0.01), (0.3, 0.9, 0.2)
    return tuple(np.round(rng.uniform(low, high), 3).tolist())


def counts(rng):
    """Draw an AUROC and two different numbers of rows."""
    A = round(float(rng.uniform(0.6, 0.97)), 3)
    return A, int(rng.integers(3, 40)), int(rng.integers(50, 900))


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
            "More neighbours than the cluster has rows, fewer than the narrow group "
            "has: its rows must then ask the normal groups. (You used labels to know.)"
        ),
        judge=sees_all,
        draws=3,
    ),
    Exercise(
        "01.2",
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
        "01.3",
        standard_error,
        counts,
        wrong=(
            Wrong(
                _q_swapped,
                "Q₁ and Q₂ have changed places, or n⁺ and n⁻ have, which gives the same "
                "number. (At A = ½ nobody notices: there Q₁ = Q₂.)",
            ),
            Wrong(
                lambda A, n_anomalies, n_normal: np.sqrt(
                    (n_anomalies + n_normal + 1) / (12 * n_anomalies * n_normal)
                ),
                "This is the error at A = ½, whatever A is. The formula depends on A.",
            ),
            Wrong(
                lambda A, n_anomalies, n_normal: (
                    standard_error(A, n_anomalies, n_normal) ** 2
                ),
                "This is SE². Take the root.",
            ),
            Wrong(
                _without_minus_one,
                "The factors are n⁺ − 1 and n⁻ − 1: a row makes no pair with itself.",
            ),
            Wrong(
                _not_divided,
                "Divide by n⁺ n⁻ before you take the root.",
            ),
            Wrong(
                lambda A, n_anomalies, n_normal: np.sqrt(
                    A * (1 - A) / (n_anomalies * n_normal)
                ),
                "This treats the n⁺ n⁻ pairs as independent. Pairs share rows; the "
                "terms with Q₁ and Q₂ say how much.",
            ),
        ),
        praise=(
            "The few anomalies decide: more normal rows hardly make the interval "
            "narrower."
        ),
        hint="A(1 − A) stands once; then two terms; divide by n⁺ n⁻; take the root.",
        edges=((0.5, 5, 500),),
    ),
)
