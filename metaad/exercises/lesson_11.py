"""Exercises of lesson 11: a few labels."""

import numpy as np

from metaad.exercises.core import Exercise, Wrong
from metaad.exercises.few_labels import BUDGET, CONTRAST, FIGURE, STUDENT
from metaad.metrics import ranks, share_below
from metaad.search.tuning.with_labels import shrinkage_weight


def needed(between, auroc, normal):
    """Return the smallest number of labelled anomalies with which w is one half or
    more.
    """
    return _first(lambda n: shrinkage_weight(between, auroc, n, normal) >= 0.5)


def _first(enough, start=1):
    return next((n for n in range(start, 2000) if enough(n)), None)


def _start_at_zero(between, auroc, normal):
    return _first(lambda n: shrinkage_weight(between, auroc, n, normal) >= 0.5, 0)


def _independent_pairs(between, auroc, normal):
    variance = auroc * (1 - auroc)
    return _first(lambda n: between >= variance / (n * normal))


def _anomalies_alone(between, auroc, normal):
    return _first(lambda n: between >= auroc * (1 - auroc) / n)


def _changed_places(between, auroc, normal):
    return _first(lambda n: shrinkage_weight(between, auroc, normal, n) >= 0.5)


def _root(between, auroc, normal):
    return _first(lambda n: shrinkage_weight(between**0.5, auroc, n, normal) >= 0.5)


def _always_fifty(between, auroc, normal):
    return needed(between, auroc, 50)


def _first_below(between, auroc, normal):
    return _first(lambda n: shrinkage_weight(between, auroc, n, normal) < 0.5)


def situation(rng):
    """Draw τ², a level of AUROC and a number of labelled normal rows, such that some
    number of anomalies is enough.
    """
    between, auroc = rng.uniform(0.002, 0.004), rng.uniform(0.7, 0.85)
    return round(between, 4), round(auroc, 2), int(rng.integers(55, 90))


def average_tail(scores):
    """Return the mean tail of each of n rows over m scores (m, n): array (n,)."""
    return _tails(scores).mean(axis=0)


def _tails(scores, ties=0.5, half=0.5):
    n = scores.shape[1]
    shares = np.array([share_below(s, s, ties) for s in scores])
    return -np.log(1 - shares + half / n)


def _mean_share(scores):
    return np.mean([share_below(s, s) for s in scores], axis=0)


def _log_of_mean(scores):
    return -np.log(1 - _mean_share(scores) + 0.5 / scores.shape[1])


def _share_of_mean(scores):
    mean = scores.mean(axis=0)
    return -np.log(1 - share_below(mean, mean) + 0.5 / scores.shape[1])


def _among_all(scores):
    shares = share_below(scores.ravel(), scores)
    return -np.log(1 - shares + 0.5 / scores.shape[1]).mean(axis=0)


def several_scores(rng):
    """Draw two or three scores of four to six rows, each in its own unit, some of them
    tied.
    """
    m, n = int(rng.integers(2, 4)), int(rng.integers(4, 7))
    scores = rng.permuted(np.tile(np.arange(n) // 2 + 1.0, (m, 1)), axis=1)
    return (np.round(scores * 10.0 ** rng.permutation(m)[:, None], 1),)


NEEDED = (
    Exercise(
        "11.4",
        needed,
        situation,
        wrong=(
            Wrong(
                _start_at_zero,
                "Begin with one anomaly: with none there is no AUROC, and the formula "
                "divides by zero.",
            ),
            Wrong(
                lambda between, auroc, normal: needed(between, auroc, normal) - 1,
                "That is the last number that is not enough.",
            ),
            Wrong(
                lambda between, auroc, normal: needed(between, auroc, normal) + 1,
                "One fewer is enough already.",
            ),
            Wrong(
                _independent_pairs,
                "This takes the a·b pairs for independent. Pairs share rows, which the "
                "terms with q₁ and q₂ say: call shrinkage_weight.",
            ),
            Wrong(
                _anomalies_alone,
                "This takes A(1 − A)/a for σ². That is too much: each anomaly is "
                "compared with many normal rows. Call shrinkage_weight.",
            ),
            Wrong(
                _changed_places,
                "Anomalies and normal rows have changed places: anomalies come third, "
                "normal rows last.",
            ),
            Wrong(
                _root,
                "You passed τ, the root. `between` is τ² already: pass it as it is.",
            ),
            Wrong(
                _always_fifty,
                "This is right for 50 normal rows and for no other number: use "
                "`normal`.",
            ),
            Wrong(
                _first_below,
                "That is the first number with a weight *below* one half: turn the "
                "comparison.",
            ),
            Wrong(
                lambda between, auroc, normal: shrinkage_weight(
                    between, auroc, needed(between, auroc, normal), normal
                ),
                "That is the weight. Return the number of anomalies that gives it.",
            ),
            Wrong(
                lambda between, auroc, normal: 0,
                "With 0 anomalies there is no AUROC on the labels, and nothing to "
                "trust.",
            ),
        ),
        praise=(
            "The less the tables differ, the more labels it takes before yours count as "
            "much as they do."
        ),
        hint="Count up from 1 until shrinkage_weight gives 0.5 or more.",
        edges=((0.005, 0.75, 50),),
    ),
)
TAIL = (
    Exercise(
        "11.2",
        average_tail,
        several_scores,
        wrong=(
            Wrong(
                lambda scores: scores.mean(axis=0),
                "Raw scores have different units: the one with the largest numbers "
                "decides alone. Turn each into tails first.",
            ),
            Wrong(
                _mean_share,
                "Those are mean shares. A tail is −log(1 − r + 1/(2n)): it tells the "
                "very top from the merely high.",
            ),
            Wrong(
                _log_of_mean,
                "You averaged the shares and took the logarithm then. Take the tails "
                "first: one score that is very sure must count.",
            ),
            Wrong(
                _share_of_mean,
                "You averaged the raw scores first. They have no common unit: shares "
                "first, then the mean.",
            ),
            Wrong(
                _among_all,
                "Compare each score with itself alone: these shares are among all "
                "scores together, whatever their unit.",
            ),
            Wrong(
                lambda scores: _tails(scores, ties=0.0).mean(axis=0),
                "Rows that tie count one half, not nothing: use share_below.",
            ),
            Wrong(
                lambda scores: _tails(scores, half=1.0).mean(axis=0),
                "You added 1/n; half of that, 1/(2n), is asked for.",
            ),
            Wrong(
                lambda scores: -_tails(scores).mean(axis=0),
                "The sign is turned: a tail is large for a row that stands high.",
            ),
            Wrong(
                lambda scores: average_tail(scores) / np.log(10),
                "This is the logarithm to the base 10; the natural one is asked for.",
            ),
            Wrong(
                lambda scores: average_tail(scores) * len(scores),
                "That is the sum over scores. Divide by their number.",
            ),
            Wrong(
                lambda scores: ranks(scores).mean(axis=0),
                "Mean ranks treat the step from the last to the last but one like any "
                "other. The tail makes the top count more.",
            ),
            Wrong(
                lambda scores: _tails(scores).mean(axis=1),
                "This is the mean over rows, a number for each score. Average over the "
                "scores.",
            ),
        ),
        praise=(
            "No label and no other table is in it: it is how scores of any kind are "
            "brought to one unit."
        ),
        hint="For each score: r = share_below(s, s), then −log(1 − r + 0.5 / n).",
    ),
)
EXERCISES = (CONTRAST, *TAIL, STUDENT, *NEEDED, FIGURE, BUDGET)
