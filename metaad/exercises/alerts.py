"""What the exercises of lesson 18 compute: right answers, inputs, and wrong answers that
are easy to give.
"""

import numpy as np


def alerts_that_pay(chance, hit, alert, miss):
    return int((np.asarray(chance) * (hit + miss) > alert).sum())


def chances(rng):
    chance = np.round(rng.beta(0.6, 2.0, int(rng.integers(25, 40))), 3)
    hit, alert, miss = np.round(rng.uniform((1, 1.2, 2), (5, 3, 9)), 1).tolist()
    return chance, hit, alert, miss


def only_false_ones_cost(chance, hit, alert, miss):
    return int((chance * (hit + miss) > (1 - chance) * alert).sum())


def alerts_each_day(scores, day, k):
    flagged = np.zeros(len(scores), dtype=bool)
    for d in np.unique(day):
        rows = np.flatnonzero(day == d)
        flagged[rows[np.argsort(-scores[rows], kind="stable")[:k]]] = True
    return flagged


def some_days(rng):
    sizes = rng.permutation([2, 5, 6, 9])
    day = rng.permutation(np.repeat(np.arange(4), sizes))
    level = rng.normal(0, 1.5, 4)[day]  # some days are odder as a whole
    scores = rng.permutation(len(day)) * 0.1 + level
    return np.round(scores, 4), day, int(rng.integers(3, 5))


def over_all_days(scores, day, k):
    flagged = np.zeros(len(scores), dtype=bool)
    flagged[np.argsort(-scores)[: k * len(np.unique(day))]] = True
    return flagged


def k_in_all(scores, day, k):
    flagged = np.zeros(len(scores), dtype=bool)
    flagged[np.argsort(-scores)[:k]] = True
    return flagged


def lowest(scores, day, k):
    return alerts_each_day(-scores, day, k)


def full_days_only(scores, day, k):
    full = np.isin(day, [d for d in np.unique(day) if (day == d).sum() >= k])
    return alerts_each_day(scores, day, k) & full


def places_in_the_day(scores, day, k):
    flagged = np.zeros(len(scores), dtype=bool)
    for d in np.unique(day):
        rows = np.flatnonzero(day == d)
        flagged[np.argsort(-scores[rows])[:k]] = True
    return flagged


def one_threshold(scores, day, k):
    highest = [np.sort(scores[day == d])[-k:][0] for d in np.unique(day)]
    return scores >= np.mean(highest)


def one_too_many(scores, day, k):
    return alerts_each_day(scores, day, k + 1)


def stuck(values, k):
    values = np.asarray(values)
    same = np.ones(len(values), dtype=int)
    for t in range(1, len(values)):
        same[t] = same[t - 1] + 1 if values[t] == values[t - 1] else 1
    return same >= k


def readings(rng):
    k = int(rng.integers(3, 5))
    values = rng.integers(20, 60, 24).astype(float)
    for length in (k - 1, k, k + 2):  # one run that is too short, two that are not
        at = int(rng.integers(0, len(values) - length))
        values[at : at + length] = values[at]
    at = int(rng.integers(0, len(values) - 2 * k))
    values[at + k - 1] = values[at]  # comes back, and was not stuck
    return values, k


STUCK_EDGES = (
    (np.array([5.0, 5, 5, 5, 6, 7]), 3),
    (np.array([1.0, 2, 1, 3, 3, 4, 4.4, 4.8]), 3),
)


def one_more(values, k):
    return stuck(values, k + 1)


def two_are_enough(values, k):
    return stuck(values, 2)


def the_whole_run(values, k):
    late = stuck(values, k)
    found = late.copy()
    for t in np.flatnonzero(late):
        found[t - k + 1 : t + 1] = True
    return found


def ends_alone(values, k):
    found = np.zeros(len(values), dtype=bool)
    found[k - 1 :] = values[k - 1 :] == values[: len(values) - k + 1]
    return found


def nearly(values, k):
    near = np.abs(np.diff(values, prepend=values[0] + 9)) < 1.0
    return np.array(
        [t >= k - 1 and near[t - k + 2 : t + 1].all() for t in range(len(near))]
    )


def zero_alone(values, k):
    return np.asarray(values) == 0


def rows_until_paid(looked_at, alert, gain):
    return float(1000 * looked_at * alert / gain) if gain > 0 else np.inf


def a_gain(rng):
    gain = float(np.round(rng.choice([-1, 1, 1]) * rng.uniform(2, 60), 1))
    return int(rng.integers(20, 300)), float(np.round(rng.uniform(0.1, 20), 2)), gain


PAID_EDGES = ((60, 2.0, 0.0), (60, 2.0, -5.0), (10, 0.1, 50.0))


def not_per_thousand(looked_at, alert, gain):
    return looked_at * alert / gain if gain > 0 else np.inf


def without_a_price(looked_at, alert, gain):
    return 1000 * looked_at / gain if gain > 0 else np.inf


def always_paid(looked_at, alert, gain):
    return 1000 * looked_at * alert / gain if gain else np.inf


def never_is_zero(looked_at, alert, gain):
    return 1000 * looked_at * alert / gain if gain > 0 else 0.0


def upside_down(looked_at, alert, gain):
    return gain / (1000 * looked_at * alert) if gain > 0 else np.inf


def net_of_one_round(looked_at, alert, gain):
    return gain - looked_at * alert


def alerts_for_first(first, second, k):
    total = [first[i] + second[k - i] for i in range(k + 1)]
    return int(np.argmax(total))


def two_curves(rng):
    k = int(rng.integers(8, 14))
    curves = []
    for price in rng.uniform((4, 6), (9, 16)):
        hits = np.cumsum(rng.random(k) < rng.uniform(0.15, 0.6))
        curves.append(np.r_[0.0, price * hits - 2.0 * np.arange(1, k + 1)].round(2))
    return *curves, k


SPLIT_EDGES = ((np.array([0, -2, 10.0, 8]), np.array([0, 3, 4.0, 5]), 3),)


def halves(first, second, k):
    return k // 2


def best_alone(first, second, k):
    return int(np.argmax(first[: k + 1]))


def all_to_one(first, second, k):
    return k if first[k] > second[k] else 0


def step_by_step(first, second, k):
    i = 0
    for given in range(k):
        j = given - i
        if first[i + 1] - first[i] >= second[j + 1] - second[j]:
            i += 1
    return i


def for_second(first, second, k):
    return k - alerts_for_first(first, second, k)


def largest_sum(first, second, k):
    return float(max(first[i] + second[k - i] for i in range(k + 1)))


def in_proportion(first, second, k):
    a, b = max(first.max(), 0), max(second.max(), 0)
    return int(round(k * a / (a + b))) if a + b else 0
