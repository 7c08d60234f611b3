"""Exercises of lesson 20: detectors at work."""

from metaad.exercises import at_work as of
from metaad.exercises.core import Exercise, Wrong

EXERCISES = (
    Exercise(
        "20.1",
        of.p_value,
        of.calibrated,
        wrong=(
            Wrong(
                of.share_above,
                "Without the row itself the p-value can be 0, and 0 is below every rate. "
                "Count it: 1 + … over m + 1.",
            ),
            Wrong(
                of.one_only_above,
                "The row itself counts below the line too: m + 1. Otherwise p can exceed 1.",
            ),
            Wrong(
                of.strictly,
                "Equal scores must count: ≥. Without them, rows that tie with many others "
                "look rare.",
            ),
            Wrong(
                of.other_side,
                "That counts the rows that are less odd, so p is large for an odd row.",
            ),
            Wrong(of.no_one_above, "Count the row itself above the line too: 1 + …"),
            Wrong(
                of.both_sides,
                "Only large scores are odd here: one side, and no factor 2.",
            ),
        ),
        praise=(
            "The row is one of m + 1 rows that could have come in any order, so each place "
            "has the same chance. Nothing else was assumed."
        ),
        hint="One plus the number of calibration scores ≥ score, over m + 1.",
        edges=of.P_EDGES,
        draws=8,
    ),
    Exercise(
        "20.2",
        of.rows_wanted,
        of.days,
        wrong=(
            Wrong(
                lambda alerts, rows: -(-rows // alerts),
                "One fewer will do: p can be 1 / (m + 1), for the row itself counts.",
            ),
            Wrong(
                lambda alerts, rows: rows // alerts,
                "Solve 1 / (m + 1) ≤ rate for m, and round up.",
            ),
            Wrong(
                lambda alerts, rows: rows // alerts - 1,
                "Rounded down, m is one too few where rows / alerts is no whole number.",
            ),
            Wrong(
                lambda alerts, rows: -(-alerts // rows),
                "Upside down: the rate is alerts per row.",
            ),
            Wrong(
                lambda alerts, rows: alerts / rows,
                "That is the rate. How many rows make a p-value that small possible?",
            ),
            Wrong(
                lambda alerts, rows: rows / alerts - 1,
                "Return a whole number of rows: round up.",
            ),
            Wrong(
                lambda alerts, rows: rows - 1,
                "That is for one alert per day. This reader has time for more.",
            ),
        ),
        praise=(
            "With fewer rows no alert can ever come at this rate. With just so many, the "
            "oddest of them all decides: take ten times as many if you can."
        ),
        hint="The smallest p-value is 1 / (m + 1); it must be at most alerts / rows.",
        edges=of.DAY_EDGES,
        draws=10,
    ),
    Exercise(
        "20.3",
        of.below,
        of.cuts,
        wrong=(
            Wrong(
                of.nearest,
                "The nearest float32 may lie above the threshold. A row between the two "
                "then goes left, and went right before.",
            ),
            Wrong(
                of.always_down,
                "Too low where the nearest float32 was fine: a row just there changes "
                "sides. Step down only where it lies above the cut.",
            ),
            Wrong(of.upwards, "Upwards is the wrong way: `x > cut` must stay true."),
            Wrong(of.whole_numbers, "That rounds to whole numbers, far too low."),
            Wrong(
                of.a_hair_less,
                "A fixed step is too large for small numbers and too small for large "
                "ones. Ask np.nextafter for the next float32.",
            ),
            Wrong(of.still_float64, "These are still float64."),
            Wrong(
                of.towards_zero,
                "Towards zero is down for positive numbers and up for negative ones.",
            ),
        ),
        praise=(
            "Now `x > cut` has the same answer for every row that is a float32, and the "
            "trees send it to the same leaves."
        ),
        hint="Round; where the result is above cut, step to np.nextafter(…, -inf).",
        edges=of.CUT_EDGES,
        judge=of.same_side,
        tolerance=0.0,
    ),
    Exercise(
        "20.4",
        of.in_order,
        of.request,
        wrong=(
            Wrong(
                of.as_they_came,
                "Those are in the sender's order. Nothing fails, and every score is wrong.",
            ),
            Wrong(
                of.by_alphabet,
                "The alphabet is not the model's order: go through `columns`.",
            ),
            Wrong(
                of.zeros_for_gaps,
                "A missing value became 0, and 0 is a measurement. Refuse: return [].",
            ),
            Wrong(
                of.extra_ignored,
                "A name that the model does not know is a sign that sender and model "
                "disagree. Refuse: return [].",
            ),
            Wrong(
                of.counted_only,
                "The right number of values is not the right values, nor their order.",
            ),
            Wrong(
                of.what_is_there,
                "With a column missing, all others move one place. Refuse: return [].",
            ),
            Wrong(
                of.names_sorted,
                "You refuse the right requests. But the order is that of `columns`, not "
                "of the alphabet.",
            ),
        ),
        praise="A wrong order raises no error anywhere. Names are the cheapest insurance.",
        hint="If the two sets of names differ, return []; else go through `columns`.",
        edges=of.ROW_EDGES,
        draws=10,
    ),
    Exercise(
        "20.5",
        of.bet,
        of.chances,
        wrong=(
            Wrong(of.inverse, "1 / p has no finite mean: it wins by itself."),
            Wrong(
                of.root_without_half,
                "Right shape, but its mean is 2: it wins by itself. Halve it.",
            ),
            Wrong(of.falling_line, "Its mean is 1/2: you lose half. Double it."),
            Wrong(of.rising_line, "It wins on large p-values. Small ones are odd."),
            Wrong(of.never_bets, "That never bets, so it can never ring."),
            Wrong(
                of.goes_negative, "Below 0 for large p: nobody can lose more than all."
            ),
            Wrong(
                of.all_or_nothing,
                "Its mean is .05, and one ordinary row takes all you have. Keep some.",
            ),
        ),
        praise=(
            "Never negative, and 1 on average: a fair game. So capital 1/α comes with a "
            "chance of at most α while nothing changes."
        ),
        hint="A falling function of p, 0 or more, whose integral from 0 to 1 is 1.",
        judge=of.is_fair,
    ),
)
