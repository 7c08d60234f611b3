"""What the exercises of lesson 17 compute: right answers, inputs, and wrong answers that
are easy to give.
"""

import numpy as np


def level_of_look(level, t):
    return level / (t * (t + 1))


def looks(rng):
    return float(rng.uniform(0.01, 0.2)), np.arange(1, int(rng.integers(50, 400)))


def spends(answer, args, rng):
    """Judge levels of looks: any rule is right that never spends more than the level."""
    level, _ = args
    found = np.asarray(answer, dtype=float)
    if found.shape != args[1].shape:
        return "Return one level for each look: an array like t."
    if not np.isfinite(found).all() or (found < 0).any():
        return "Every look needs a level of 0 or more."
    if (found == 0).any():
        return "A look with level 0 can never ring, whatever comes."
    if len(found) > 1 and np.ptp(found) == 0 and found.sum() <= level * (1 + 1e-9):
        return (
            "Equal parts last for a known number of looks. This stream has no end: later "
            "looks must get less."
        )
    if found.sum() > level * (1 + 1e-9):
        return (
            f"Over {len(found)} looks that spends {found.sum():.3f}, more than the level "
            f"of {level:.3f}."
        )
    # what the same rule would spend later: it must not run dry and not run over
    if found[: len(found) // 2].sum() < 0.3 * level:
        return (
            "That leaves most of the level unspent in half of these looks, so that the "
            "alarm is deafer than it needs to be. Spend more on the early ones."
        )
    return None


def page_sums(steps, slack):
    s, found = 0.0, []
    for step in steps:
        s = max(0.0, s + step - slack)
        found.append(s)
    return np.array(found)


def page_parts(rng):
    n = int(rng.integers(6, 30))
    return rng.normal(size=n) + rng.uniform(0, 1), float(rng.uniform(0.1, 1.0))


def reset_only_at_end(steps, slack):
    return np.maximum(0, np.cumsum(steps - slack))


def no_slack(steps, slack):
    return page_sums(steps, 0.0)


def step_cut(steps, slack):
    return np.cumsum(np.maximum(0, steps - slack))


def slack_once(steps, slack):
    return np.maximum(0, page_sums(steps, 0.0) - slack)


def added(steps, slack):
    return page_sums(steps, -slack)


def both_sides(steps, slack):
    return page_sums(np.abs(steps), slack)


def latest(steps, slack):
    return np.maximum(0, steps - slack)


QUIET, BURST, DRIFT = 0, 1, 2


def drift_or_burst(p, threshold, level):
    rings = np.flatnonzero(p <= threshold)
    if not len(rings) or rings[0] + 1 == len(p):
        return QUIET
    return DRIFT if p[rings[0] + 1] <= level else BURST


def windows(rng):
    level = 0.05
    threshold = level / 8
    kind = rng.integers(5)
    p = rng.uniform(0.06, 1, size=8)
    at = int(rng.integers(0, 6))
    if kind == 1:
        p[at] = threshold / 2
    elif kind == 2:
        p[at:] = rng.uniform(0, threshold, size=8 - at)
    elif kind == 3:
        p[at], p[at + 1] = threshold / 2, 0.03
    elif kind == 4:
        p[at] = 0.03
        p[-1] = threshold / 2
    return p, threshold, level


VERDICT_EDGES = (
    (np.array([0.5, 0.001, 0.03, 0.6]), 0.005, 0.05),
    (np.array([0.5, 0.001, 0.3, 0.001]), 0.005, 0.05),
    (np.array([0.5, 0.02, 0.03, 0.6]), 0.005, 0.05),
    (np.array([0.5, 0.4, 0.3, 0.001]), 0.005, 0.05),
    (np.array([0.001, 0.9, 0.004, 0.004]), 0.005, 0.05),
    (np.array([0.5, 0.4, 0.005, 0.05]), 0.005, 0.05),
)


def any_ring(p, threshold, level):
    return DRIFT if (p <= threshold).any() else QUIET


def next_at_threshold(p, threshold, level):
    return drift_or_burst(p, threshold, threshold)


def rings_at_level(p, threshold, level):
    return drift_or_burst(p, level, level)


def turned_round(p, threshold, level):
    return (QUIET, DRIFT, BURST)[drift_or_burst(p, threshold, level)]


def last_ring(p, threshold, level):
    rings = np.flatnonzero(p[:-1] <= threshold)
    if not len(rings):
        return QUIET
    return DRIFT if p[rings[-1] + 1] <= level else BURST


def twice(p, threshold, level):
    rings = (p <= threshold).sum()
    return (QUIET, BURST, DRIFT)[min(2, int(rings))]


def hasty(p, threshold, level):
    rings = np.flatnonzero(p <= threshold)
    if len(rings) and rings[0] + 1 == len(p):
        return DRIFT
    return drift_or_burst(p, threshold, level)


def magnification(new, old_mean, power):
    ratio = new.mean(axis=0) / old_mean
    grown = power > 0
    return float(np.median(ratio[grown] ** (1 / power[grown])))


def microscope(rng):
    d = int(rng.integers(6, 12))
    power = np.array([1.0, 1.0, 2.0, *rng.integers(0, 3, size=d - 3)])
    power[-2:] = 0
    old = rng.uniform(2, 30, size=d)
    by = rng.uniform(0.7, 1.5)
    rows = old * (1 + 0.1 * rng.normal(size=(10, d))) * by**power
    rows[:, 0] *= 1.6  # one column that moved for a reason of its own
    return rows, old, power


def mean_of_ratios(new, old_mean, power):
    ratio = new.mean(axis=0) / old_mean
    grown = power > 0
    return float(np.mean(ratio[grown] ** (1 / power[grown])))


def no_root(new, old_mean, power):
    ratio = new.mean(axis=0) / old_mean
    return float(np.median(ratio[power > 0]))


def all_columns(new, old_mean, power):
    ratio = new.mean(axis=0) / old_mean
    return float(np.median(ratio ** (1 / np.maximum(power, 1))))


def upside_down(new, old_mean, power):
    return 1 / magnification(new, old_mean, power)


def difference(new, old_mean, power):
    return float(np.median((new.mean(axis=0) - old_mean)[power > 0]))


def first_row(new, old_mean, power):
    return magnification(new[:1], old_mean, power)


def rows_needed(auroc, numbers, target):
    for j, n in enumerate(numbers):
        if (auroc[:, j] >= target).any():
            return int(n)
    return 0


def curves(rng):
    numbers = np.array([5, 10, 50, 200])
    m = int(rng.integers(3, 6))
    auroc = np.sort(rng.uniform(0.75, 0.98, size=(m, 4)), axis=1)
    target = float(np.quantile(auroc.max(axis=0), rng.uniform(0.2, 0.8)))
    return auroc, numbers, target


CURVE_EDGES = (
    (np.array([[0.7, 0.8], [0.75, 0.85]]), np.array([10, 50]), 0.9),
    (np.array([[0.91, 0.92], [0.93, 0.94], [0.80, 0.99]]), np.array([10, 50]), 0.9),
    (np.array([[0.85, 0.91], [0.89, 0.90], [0.95, 0.96]]), np.array([10, 50]), 0.95),
)


def best_at_end(auroc, numbers, target):
    m = int(np.argmax(auroc[:, -1]))
    hit = np.flatnonzero(auroc[m] >= target)
    return int(numbers[hit[0]]) if len(hit) else 0


def best_at_start(auroc, numbers, target):
    m = int(np.argmax(auroc[:, 0]))
    hit = np.flatnonzero(auroc[m] >= target)
    return int(numbers[hit[0]]) if len(hit) else 0


def all_methods(auroc, numbers, target):
    return rows_needed(auroc.min(axis=0)[None], numbers, target)


def mean_method(auroc, numbers, target):
    return rows_needed(auroc.mean(axis=0)[None], numbers, target)


def column_not_number(auroc, numbers, target):
    hit = np.flatnonzero(auroc.max(axis=0) >= target)
    return int(hit[0]) if len(hit) else 0


def last_when_none(auroc, numbers, target):
    return rows_needed(auroc, numbers, target) or int(numbers[-1])


def highest_of_all(auroc, numbers, target):
    j = np.unravel_index(np.argmax(auroc), auroc.shape)[1]
    return int(numbers[j]) if auroc.max() >= target else 0
