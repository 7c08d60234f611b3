"""What the exercises of lesson 20 compute: right answers, inputs, and wrong answers that
are easy to give.
"""

import math

import numpy as np


def p_value(calibration, score):
    return (1 + int((calibration >= score).sum())) / (len(calibration) + 1)


def calibrated(rng):
    calibration = rng.integers(0, 12, size=int(rng.integers(8, 30))) / 4
    return calibration, float(rng.integers(0, 13)) / 4


P_EDGES = (
    (np.array([0.1, 0.2, 0.3]), 9.0),
    (np.array([0.1, 0.2, 0.2]), 0.2),
    (np.array([0.1, 0.2, 0.3]), 0.0),
)


def share_above(calibration, score):
    return float((calibration >= score).mean())


def one_only_above(calibration, score):
    return (1 + int((calibration >= score).sum())) / len(calibration)


def strictly(calibration, score):
    return (1 + int((calibration > score).sum())) / (len(calibration) + 1)


def other_side(calibration, score):
    return (1 + int((calibration <= score).sum())) / (len(calibration) + 1)


def no_one_above(calibration, score):
    return int((calibration >= score).sum()) / (len(calibration) + 1)


def both_sides(calibration, score):
    return min(
        1.0, 2 * min(p_value(calibration, score), other_side(calibration, score))
    )


def rows_wanted(alerts, rows):
    return math.ceil(rows / alerts) - 1


def days(rng):
    alerts = int(rng.integers(1, 9))
    return alerts, int(alerts * rng.integers(10, 400) + rng.integers(0, alerts))


DAY_EDGES = ((1, 100), (2, 101), (3, 100), (5, 1000))


def below(cut):
    found = cut.astype(np.float32)
    return np.where(found > cut, np.nextafter(found, np.float32(-np.inf)), found)


def cuts(rng):
    return (rng.normal(scale=10.0 ** rng.integers(-2, 5), size=6),)


CUT_EDGES = ((np.array([0.5, -0.25, 3.0, 0.1]),), (np.array([-0.1, 0.3, 1e-5]),))


def same_side(answer, args, rng):
    """Judge thresholds: the largest float32 that is not above each."""
    (cut,) = args
    found = np.asarray(answer)
    if found.shape != cut.shape:
        return "Return one threshold for each: an array like cut."
    if found.dtype != np.float32:
        return f"The thresholds must be float32; these are {found.dtype}."
    wide = found.astype(np.float64)
    if (wide > cut).any():
        i = int((wide > cut).argmax())
        return (
            f"{cut[i]!r:.30} became a larger number: a row between the two would go to "
            f"the other side."
        )
    if (np.nextafter(found, np.float32(np.inf)).astype(np.float64) <= cut).any():
        return "Lower than need be: a float32 lies between your threshold and the cut."
    return None


def nearest(cut):
    return cut.astype(np.float32)


def always_down(cut):
    return np.nextafter(cut.astype(np.float32), np.float32(-np.inf))


def upwards(cut):
    found = cut.astype(np.float32)
    return np.where(found < cut, np.nextafter(found, np.float32(np.inf)), found)


def whole_numbers(cut):
    return np.floor(cut).astype(np.float32)


def a_hair_less(cut):
    return (cut - 1e-6).astype(np.float32)


def still_float64(cut):
    return cut


def towards_zero(cut):
    found = cut.astype(np.float32)
    return np.where(
        np.abs(found) > np.abs(cut), np.nextafter(found, np.float32(0)), found
    )


def in_order(row, columns):
    if set(row) != set(columns):
        return []
    return [row[name] for name in columns]


def request(rng):
    names = [
        str(n) for n in rng.permutation(["radius", "area", "texture", "concavity"])
    ]
    columns = names[: int(rng.integers(2, 5))]
    row = {n: float(rng.integers(1, 99)) for n in rng.permutation(columns).tolist()}
    kind = rng.integers(4)
    if kind == 0:
        del row[columns[0]]
    if kind == 1:
        row["patient"] = 7.0
    return row, columns


ROW_EDGES = (
    ({"b": 1.0, "a": 2.0}, ["a", "b"]),
    ({"a": 2.0, "b": 1.0}, ["b", "a"]),
    ({"a": 2.0}, ["a", "b"]),
    ({"a": 2.0, "b": 1.0, "c": 3.0}, ["a", "b"]),
)


def as_they_came(row, columns):
    return list(row.values())


def by_alphabet(row, columns):
    return [row[name] for name in sorted(row)]


def zeros_for_gaps(row, columns):
    return [row.get(name, 0.0) for name in columns]


def extra_ignored(row, columns):
    if not set(columns) <= set(row):
        return []
    return [row[name] for name in columns]


def counted_only(row, columns):
    return list(row.values()) if len(row) == len(columns) else []


def what_is_there(row, columns):
    return [row[name] for name in columns if name in row]


def names_sorted(row, columns):
    return [row[name] for name in sorted(columns)] if set(row) == set(columns) else []


def bet(p):
    return 0.5 / np.sqrt(p)


def chances(rng):
    n = 4000
    return (rng.permutation((np.arange(n) + rng.uniform(0.3, 0.7, n)) / n),)


def is_fair(answer, args, rng):
    """Judge a bet: any is right that is never negative, 1 on average over uniform p, and
    larger for small p.
    """
    (p,) = args
    found = np.asarray(answer, dtype=np.float64)
    if found.shape != p.shape:
        return "Return one number for each p: an array like p."
    if not np.isfinite(found).all() or (found < 0).any():
        return "Capital can't fall below 0: the bet must be 0 or more for every p."
    mean = found.mean()
    if mean > 1.03:
        return (
            f"Over uniform p it pays {mean:.3g} on average, more than 1: it wins by "
            f"itself, and the alarm rings without a reason."
        )
    if mean < 0.97:
        return (
            f"Over uniform p it pays {mean:.3g} on average, less than 1: safe, but "
            f"money is lost for nothing. Multiply it by a constant."
        )
    small, large = found[p < 0.1].mean(), found[p > 0.9].mean()
    if small < 1.05 or small <= large:
        return "It should win when p-values are small: scores have risen."
    return None


def inverse(p):
    return 1 / p


def root_without_half(p):
    return 1 / np.sqrt(p)


def falling_line(p):
    return 1 - p


def rising_line(p):
    return 2 * p


def never_bets(p):
    return np.ones_like(p)


def goes_negative(p):
    return 4 - 6 * p


def all_or_nothing(p):
    return (p <= 0.05).astype(float)
