"""Exercises of lesson 18: applications."""

from metaad.exercises import alerts as of
from metaad.exercises.core import Exercise, Wrong

EXERCISES = (
    Exercise(
        "18.1",
        of.alerts_that_pay,
        of.chances,
        wrong=(
            Wrong(
                lambda chance, hit, alert, miss: int((chance > 0.5).sum()),
                "One half is where both kinds of error cost the same. Here they have "
                "prices.",
            ),
            Wrong(
                lambda chance, hit, alert, miss: int((chance * hit > alert).sum()),
                "An anomaly that is looked at is also no miss: add what the miss would "
                "have cost.",
            ),
            Wrong(
                lambda chance, hit, alert, miss: int((chance * miss > alert).sum()),
                "You saved the miss, but the hit is worth something, too.",
            ),
            Wrong(
                lambda chance, hit, alert, miss: int(
                    (chance * (hit - miss) > alert).sum()
                ),
                "A miss is what you avoid by looking: its price is added to the hit's.",
            ),
            Wrong(
                of.only_false_ones_cost,
                "Somebody looks at every alert, so each of them costs, hits included.",
            ),
            Wrong(
                lambda chance, hit, alert, miss: int(chance.sum()),
                "That is how many anomalies to expect. How many rows to open depends on "
                "prices.",
            ),
            Wrong(
                lambda chance, hit, alert, miss: (
                    len(chance) if chance.mean() * (hit + miss) > alert else 0
                ),
                "Decide row by row: some pay although the average row does not.",
            ),
        ),
        praise=(
            "Hit and miss only count as a sum. The chance at which looking begins to pay "
            "is alert / (hit + miss)."
        ),
        hint="Looking at a row costs `alert` and brings chance · (hit + miss).",
        draws=6,
    ),
    Exercise(
        "18.2",
        of.alerts_each_day,
        of.some_days,
        wrong=(
            Wrong(
                of.over_all_days,
                "The colleague's bug: a bad day takes the alerts of all the others, and "
                "nobody can look at so many in one day. Rank within each day.",
            ),
            Wrong(of.k_in_all, "That is k alerts for all days together."),
            Wrong(of.lowest, "A high score is odd: take the highest of each day."),
            Wrong(
                of.full_days_only,
                "A day with fewer rows than k has alerts as well: look at all of it.",
            ),
            Wrong(
                of.places_in_the_day,
                "argsort of one day gives places in that day. Turn them into rows of the "
                "table before you flag them.",
            ),
            Wrong(
                of.one_threshold,
                "One threshold for all days gives one day too many alerts and another too few.",
            ),
            Wrong(of.one_too_many, "That is one alert too many on each day."),
        ),
        praise=(
            "A budget is somebody's day. On a quiet day the last alerts are hardly odd, "
            "and on a bad one some anomalies wait."
        ),
        hint="For each day: its rows, sorted by score, the first k of them.",
        draws=6,
    ),
    Exercise(
        "18.3",
        of.stuck,
        of.readings,
        wrong=(
            Wrong(
                of.one_more,
                "One too many: k equal readings have k - 1 equal steps between them.",
            ),
            Wrong(
                of.two_are_enough, "Two equal readings happen by chance; wait for k."
            ),
            Wrong(
                of.the_whole_run,
                "At the first of them nobody can know yet. Ring at the k-th.",
            ),
            Wrong(
                of.ends_alone,
                "A value that comes back after k readings is not stuck: all between must "
                "be equal, too.",
            ),
            Wrong(
                of.nearly,
                "Nearly equal is what a quiet road gives. A stuck sensor repeats exactly.",
            ),
            Wrong(of.zero_alone, "A sensor can stick at any value."),
        ),
        praise="A few lines of what you know about sensors find what no list without labels saw.",
        hint="Count how many readings in a row have been equal so far; compare with k.",
        edges=of.STUCK_EDGES,
        draws=6,
    ),
    Exercise(
        "18.4",
        of.rows_until_paid,
        of.a_gain,
        wrong=(
            Wrong(
                of.not_per_thousand,
                "The gain is per 1,000 rows: the answer is a thousand times as many rows.",
            ),
            Wrong(
                of.without_a_price,
                "Somebody looked at each row for its label: count what that costs.",
            ),
            Wrong(
                of.always_paid,
                "Where the gain is negative labels never pay: return infinity.",
            ),
            Wrong(
                of.never_is_zero,
                "0 rows would mean at once. Never is infinity: np.inf.",
            ),
            Wrong(of.upside_down, "Upside down: what they cost over what a row gains."),
            Wrong(
                of.net_of_one_round,
                "That is what is left after 1,000 rows. Asked is when it gets to zero.",
            ),
        ),
        praise="Labels are bought once and gain with every row. Put an interval's low end in.",
        hint="The cost is looked_at · alert; a row gains gain / 1000.",
        edges=of.PAID_EDGES,
        draws=6,
    ),
    Exercise(
        "18.5",
        of.alerts_for_first,
        of.two_curves,
        wrong=(
            Wrong(of.halves, "Fair, but the curves differ. Look at their sum."),
            Wrong(
                of.best_alone,
                "That is best for the first alone; each alert it takes is missing in the "
                "second.",
            ),
            Wrong(
                of.all_to_one, "All to one leaves the best rows of the other unseen."
            ),
            Wrong(
                of.step_by_step,
                "Step by step misses a hit that comes after a vain alert. Try all k + 1 "
                "ways.",
            ),
            Wrong(of.for_second, "That is how many the *second* gets."),
            Wrong(
                of.largest_sum,
                "That is what is saved. Return the number of alerts for the first.",
            ),
            Wrong(
                of.in_proportion,
                "The height of a curve does not say where it rises. Try all k + 1 ways.",
            ),
        ),
        praise="Where curves bend down, both get alerts until the next one saves the same.",
        hint="first[i] + second[k - i] for every i: where is it largest?",
        edges=of.SPLIT_EDGES,
        draws=8,
    ),
)
