"""Exercises of lesson 17: adapting to drift."""

import numpy as np

from metaad.exercises import drift as of
from metaad.exercises.core import Exercise, Wrong

EXERCISES = (
    Exercise(
        "17.1",
        of.level_of_look,
        of.looks,
        wrong=(
            Wrong(
                lambda level, t: level + 0 * t,
                "That is the trap: every look spends the whole level.",
            ),
            Wrong(
                lambda level, t: level / t,
                "1 + 1/2 + 1/3 + … grows without end, so these levels do too.",
            ),
            Wrong(
                lambda level, t: level / t**2,
                "1 + 1/4 + 1/9 + … is 1.64: close, but more than the level.",
            ),
            Wrong(
                lambda level, t: level / 20 + 0 * t,
                "That lasts for 20 looks, and this stream has no end.",
            ),
            Wrong(
                lambda level, t: 1e-9 * level / t**2,
                "The sum stays small, but nothing of the level is ever used: the alarm "
                "is deaf.",
            ),
            Wrong(
                lambda level, t: np.where(t == 1, level, 0.0),
                "All is spent at the first look; after it the alarm can't ring.",
            ),
            Wrong(
                lambda level, t: level / len(t) * np.ones(len(t)) * 2,
                "Shared out evenly, but twice as much as there is.",
            ),
            Wrong(
                lambda level, t: level / len(t) + 0 * t,
                "Equal parts need to know how many looks there will be. Here nobody does: "
                "give later looks less.",
            ),
        ),
        praise=(
            "The sum never exceeds the level, so the promise holds for a stream without "
            "end. The price: later looks need ever smaller p-values."
        ),
        hint="Find positive numbers whose infinite sum is 1, such as 1/t - 1/(t + 1).",
        judge=of.spends,
    ),
    Exercise(
        "17.2",
        of.page_sums,
        of.page_parts,
        wrong=(
            Wrong(
                of.reset_only_at_end,
                "You cut off the whole sum, but the next step must start from 0 and not "
                "from the debt below it. A long quiet time would hide the change.",
            ),
            Wrong(
                of.no_slack,
                "Without the slack the sum drifts up by chance alone. Take it off at each "
                "step.",
            ),
            Wrong(
                of.step_cut,
                "You cut each step at 0, so that nothing ever brings the sum down.",
            ),
            Wrong(
                of.slack_once, "The slack is taken off once; take it off at each step."
            ),
            Wrong(of.added, "The slack is added; it is to be taken off."),
            Wrong(
                of.both_sides,
                "With absolute values unusually *small* steps count as evidence of a rise.",
            ),
            Wrong(of.latest, "That forgets all earlier steps: add to the sum before."),
        ),
        praise=(
            "The reset at 0 is what makes the delay short: a long quiet time leaves no "
            "credit behind."
        ),
        hint="One number is carried along: max(0, sum + step - slack).",
        edges=((np.array([1.0, -1.0, 2.0, 0.0, 3.0]), 0.5),),
    ),
    Exercise(
        "17.3",
        of.drift_or_burst,
        of.windows,
        wrong=(
            Wrong(
                of.any_ring,
                "Every alarm is called drift. Look at the window after it.",
            ),
            Wrong(
                of.next_at_threshold,
                "The window after the alarm is one single test: it may use `level`, not "
                "the small threshold.",
            ),
            Wrong(
                of.rings_at_level,
                "The alarm itself must use the small threshold: one of many looks.",
            ),
            Wrong(
                of.turned_round,
                "Turned round: a burst is over in the next window, a drift is not.",
            ),
            Wrong(
                of.last_ring,
                "The first alarm counts; by the last one you have waited long.",
            ),
            Wrong(
                of.twice,
                "Two alarms far apart can be two bursts. The window right after the first "
                "one decides.",
            ),
            Wrong(
                of.hasty,
                "An alarm in the last window can't be judged yet: nothing came after it.",
            ),
        ),
        praise=(
            "The second look can only make the alarm rarer, so the promise still holds; "
            "it costs one window of delay."
        ),
        hint="Find the first p ≤ threshold; then compare the next p with level.",
        edges=of.VERDICT_EDGES,
        draws=12,
    ),
    Exercise(
        "17.4",
        of.rows_needed,
        of.curves,
        wrong=(
            Wrong(
                of.best_at_end,
                "That is the best method with many rows. Another one gets there sooner.",
            ),
            Wrong(
                of.best_at_start,
                "The best one with few rows need not be the first to reach the target.",
            ),
            Wrong(of.all_methods, "One method that reaches the target is enough."),
            Wrong(
                of.mean_method,
                "The mean over the methods is nobody's AUROC. You will use one method.",
            ),
            Wrong(
                of.column_not_number,
                "That is the place of the column. Return the number of rows.",
            ),
            Wrong(of.last_when_none, "Where no method reaches the target, return 0."),
            Wrong(
                of.highest_of_all,
                "The highest AUROC of all needs the most rows. Fewer are enough.",
            ),
        ),
        praise="Labels cost money: the method is chosen by how few it needs.",
        hint="Go through the numbers from the smallest; the first column in which a method "
        "reaches the target decides.",
        edges=of.CURVE_EDGES,
        draws=10,
    ),
    Exercise(
        "17.5",
        of.magnification,
        of.microscope,
        wrong=(
            Wrong(
                of.mean_of_ratios,
                "One column moved for a reason of its own, and the mean follows it. Take "
                "the median.",
            ),
            Wrong(
                of.no_root,
                "An area grows by the square of the factor: take the root 1 / power.",
            ),
            Wrong(
                of.all_columns,
                "Columns with power 0 do not grow, so they say nothing about the factor.",
            ),
            Wrong(of.upside_down, "Upside down: new over old."),
            Wrong(
                of.difference,
                "A of.magnification multiplies: divide the means, do not subtract them.",
            ),
            Wrong(of.first_row, "One row only; the mean of all of them is less noisy."),
            Wrong(
                lambda new, old_mean, power: float(
                    np.median(np.median(new, axis=0)[power > 0] / old_mean[power > 0])
                ),
                "Compare mean with mean, and take the root that the power asks for.",
            ),
        ),
        praise=(
            "One number out of ten rows of many columns: it can be known well, where "
            "thirty numbers can't."
        ),
        hint="Ratio of the means, root 1 / power, for the columns that grow; the median.",
    ),
)
