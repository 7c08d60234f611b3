"""Exercises of lesson 06: GANs and critics."""

import numpy as np

from metaad.exercises import push_off
from metaad.exercises.core import Exercise, Wrong
from metaad.exercises.critics import (
    anomaly_from_output,
    best_discriminator,
    densities,
    gradients,
    offers,
    outputs,
    slope_penalty,
    worth_it,
)


def _cheapest(aurocs, seconds, budget):
    return int(np.argmin(seconds))


def _luckiest(aurocs, seconds, budget):
    can = np.flatnonzero(seconds <= budget)
    return int(can[np.argmax(aurocs[can].max(axis=1))])


def _steadiest(aurocs, seconds, budget):
    can = np.flatnonzero(seconds <= budget)
    return int(can[np.argmin(aurocs[can].std(axis=1))])


def _best_in_budget(aurocs, seconds, budget):
    can = np.flatnonzero(seconds <= budget)
    return int(can[np.argmax(aurocs[can].mean(axis=1))])


def _place_among(aurocs, seconds, budget):
    can = np.flatnonzero(seconds <= budget)
    means = aurocs[can].mean(axis=1)
    near = np.flatnonzero(means > means.max() - 0.01)
    return int(near[np.argmin(seconds[can][near])])


EXERCISES = (
    Exercise(
        "06.1",
        best_discriminator,
        densities,
        wrong=(
            Wrong(
                lambda p, q, share: p / (p + q),
                "That holds where half of the rows shown are real. Weigh p by `share` and "
                "q by the rest.",
            ),
            Wrong(
                lambda p, q, share: (1 - share) * q / (share * p + (1 - share) * q),
                "That is P(generated | x): large where the generator draws. D is large for "
                "real rows.",
            ),
            Wrong(
                lambda p, q, share: (1 - share) * p / ((1 - share) * p + share * q),
                "The shares are exchanged: `share` is that of the real rows.",
            ),
            Wrong(
                lambda p, q, share: np.log(share * p / ((1 - share) * q)),
                "That is the logit of D. D itself is a probability: sigmoid of it.",
            ),
            Wrong(
                lambda p, q, share: share * p / ((1 - share) * q),
                "These are the odds, from 0 to infinity. A probability is odds / (1 + odds).",
            ),
            Wrong(
                lambda p, q, share: share * p,
                "That is the density of real rows among all. Divide by that of all rows.",
            ),
            Wrong(
                lambda p, q, share: share * p / (p + q),
                "Below the line too, p and q count with their shares.",
            ),
        ),
        praise=(
            "Where both densities are nearly 0 it is 0 / 0: no row shown says what D "
            "should be there. An anomaly may lie there."
        ),
        hint="Bayes' rule: the real part of what lies at x, over all that lies there.",
    ),
    Exercise(
        "06.2",
        slope_penalty,
        gradients,
        wrong=(
            Wrong(
                lambda slopes: float((np.sqrt((slopes**2).sum()) - 1) ** 2),
                "One length for the whole batch. Each point has a slope of its own: sum "
                "over the axis of the columns.",
            ),
            Wrong(
                lambda slopes: float(
                    ((np.sqrt((slopes**2).sum(axis=0)) - 1) ** 2).mean()
                ),
                "The sum runs over the points. The length of one gradient is a sum over "
                "its columns, axis 1.",
            ),
            Wrong(
                lambda slopes: float((((slopes**2).sum(axis=1) - 1) ** 2).mean()),
                "The root is missing: that compares the squared length with 1.",
            ),
            Wrong(
                lambda slopes: float(
                    (np.sqrt((slopes**2).sum(axis=1)).mean() - 1) ** 2
                ),
                "The mean is taken before the square: slopes of 0 and 2 would cost "
                "nothing. Each point pays for its own.",
            ),
            Wrong(
                lambda slopes: float(
                    (np.maximum(np.sqrt((slopes**2).sum(axis=1)) - 1, 0) ** 2).mean()
                ),
                "That lets slopes below 1 pass. Both sides cost here, as in the paper.",
            ),
            Wrong(
                lambda slopes: float(((np.abs(slopes).sum(axis=1) - 1) ** 2).mean()),
                "That is the sum of absolute values. The length is Euclid's.",
            ),
            Wrong(
                lambda slopes: float(
                    ((np.sqrt((slopes**2).sum(axis=1)) - 1) ** 2).sum()
                ),
                "Sum over the points: with it the penalty grows with the batch. Take the "
                "mean.",
            ),
            Wrong(
                lambda slopes: float((np.sqrt((slopes**2).sum(axis=1)) - 1).mean()),
                "Without the square a slope of 0 pays for one of 2.",
            ),
        ),
        praise="Each point keeps its own slope near 1; no other can pay for it.",
        hint="Length of each gradient, less 1, squared; then the mean over the points.",
        edges=((np.array([[3.0, 4.0], [0.6, 0.8]]),),),
    ),
    Exercise(
        "06.3",
        anomaly_from_output,
        outputs,
        wrong=(
            Wrong(
                lambda real, made, output: -output,
                "Right for critics that are large for real rows. Some papers train them "
                "the other way: compare `real` with `made`.",
            ),
            Wrong(
                lambda real, made, output: output,
                "Right for critics that are small for real rows. Compare `real` with "
                "`made` to know which one you have.",
            ),
            Wrong(
                lambda real, made, output: (
                    output if np.mean(real) > np.mean(made) else -output
                ),
                "It is turned round: where real rows have large outputs, a small output "
                "is the suspicious one.",
            ),
            Wrong(
                lambda real, made, output: -output if np.mean(real) > 0 else output,
                "A critic's zero means nothing: a constant may be added to all its "
                "outputs. Compare with the generated rows.",
            ),
            Wrong(
                lambda real, made, output: (
                    -output if np.mean(real) > np.mean(output) else output
                ),
                "The rows to be judged decide the direction: with many anomalies among "
                "them, or few, it turns. Use `real` and `made`.",
            ),
            Wrong(
                lambda real, made, output: np.abs(output - np.mean(real)),
                "That is a distance from the usual output: another score, and often a "
                "better one. Here the output's own order is asked for.",
            ),
        ),
        praise="No label was needed: the generated rows show which way is up.",
        hint="Real rows must get the smaller anomaly scores of the two groups.",
        draws=8,
    ),
    Exercise(
        "06.4",
        worth_it,
        offers,
        wrong=(
            Wrong(
                _best_in_budget,
                "The best within the budget. Another is less than 0.01 behind and faster.",
            ),
            Wrong(_cheapest, "The fastest of all; it is more than 0.01 behind."),
            Wrong(
                lambda aurocs, seconds, budget: int(np.argmax(aurocs.mean(axis=1))),
                "The best of all, and beyond the budget.",
            ),
            Wrong(
                _luckiest,
                "That one has the best single digit. Judge by the mean over the ten.",
            ),
            Wrong(
                _steadiest,
                "That one varies least over the digits; judge by the mean.",
            ),
            Wrong(
                _place_among,
                "You return a place among those that fit the budget. Return the index "
                "among all detectors.",
            ),
        ),
        praise="The game has to earn its seconds like any other detector.",
        hint="First the budget, then the best mean, then the fastest within 0.01 of it.",
        draws=8,
    ),
    push_off.exercise("06.5"),
)
