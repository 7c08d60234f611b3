"""Exercises on what many tables say: from where on it pays, and how many gain."""

from math import comb

import numpy as np
from scipy.stats import norm

from metaad.exercises.core import Wrong


def starts_to_pay(intervals):
    """Return the least number of tables from which on every interval lies above 0, 0 if
    there is none. intervals : {tables: (value, low, high)}.
    """
    paid = 0
    for n in sorted(intervals, reverse=True):
        if intervals[n][1] <= 0:
            break
        paid = n
    return paid


def sign_test(gains):
    """Return the exact two-sided p-value of the sign test on gains (n,) that are not 0."""
    n, k = len(gains), int(np.sum(gains > 0))
    tail = sum(comb(n, i) for i in range(max(k, n - k), n + 1)) / 2**n
    return min(1.0, 2 * tail)


def scale_curve(rng):
    """Draw gains with intervals by the number of tables, not in order; one that is
    above 0 may stand before one that is not.
    """
    sizes = rng.permutation([14, 28, 56, 112, 237, 297])
    found = {}
    for n in sizes:
        value = 0.008 * np.log2(n / 40) + rng.normal(0, 0.008)
        half = rng.uniform(0.002, 0.015)
        found[int(n)] = tuple(
            round(float(v), 4) for v in (value, value - half, value + half)
        )
    return (found,)


def some_gains(rng):
    """Draw gains of a few families, more of one sign than of the other."""
    n = int(rng.integers(7, 16))
    gains = np.abs(np.round(rng.normal(size=n), 3)) + 0.001
    lost = rng.choice(n, int(rng.integers(2, n // 2)), replace=False)
    gains[lost] *= -1
    return (rng.choice([-1, 1]) * gains,)


def _first_above(intervals):
    paid = [n for n in sorted(intervals) if intervals[n][1] > 0]
    return paid[0] if paid else 0


def _by(intervals, at):
    paid = 0
    for n in sorted(intervals, reverse=True):
        if intervals[n][at] <= 0:
            break
        paid = n
    return paid


def _in_order_given(intervals):
    paid = 0
    for n in reversed(list(intervals)):
        if intervals[n][1] <= 0:
            break
        paid = n
    return paid


def _above(gains):
    n, k = len(gains), int(np.sum(gains > 0))
    return sum(comb(n, i) for i in range(k, n + 1)) / 2**n


def _only_k(gains):
    n, k = len(gains), int(np.sum(gains > 0))
    return comb(n, k) / 2**n


def _one_more(gains):
    n, k = len(gains), int(np.sum(gains > 0))
    return 2 * sum(comb(n, i) for i in range(max(k, n - k) + 1, n + 1)) / 2**n


def _t_like(gains):
    n, k = len(gains), int(np.sum(gains > 0))
    return float(2 * norm.sf(abs(2 * k - n) / np.sqrt(n)))


MISREAD = (
    Wrong(
        _first_above,
        "That is the first interval above zero. A larger number of tables may "
        "fall back: ask for all intervals from there on.",
    ),
    Wrong(
        lambda intervals: _by(intervals, 0),
        "You look at the means alone. The lower ends must be above zero.",
    ),
    Wrong(
        lambda intervals: _by(intervals, 2),
        "The upper end says what could be; the lower end says what is sure.",
    ),
    Wrong(
        lambda intervals: max(intervals, key=lambda n: intervals[n][0]),
        "That is where most is gained. The question is from where on it pays.",
    ),
    Wrong(
        _in_order_given,
        "The dict is not in order: sort the numbers of tables first.",
    ),
    Wrong(
        lambda intervals: max(intervals) if _by(intervals, 1) else 0,
        "That is the largest number of tables. Go down from it as long as the "
        "intervals stay above zero.",
    ),
    Wrong(
        lambda intervals: min(intervals),
        "That is the smallest number of tables, whatever it gained.",
    ),
)

MISCOUNTED = (
    Wrong(
        _above,
        "This asks for gains only. Before you looked, losses in as many "
        "families would have surprised you as well: both sides count.",
    ),
    Wrong(
        _only_k,
        "That is the chance of exactly this number. Results that are more "
        "extreme count too.",
    ),
    Wrong(
        lambda gains: 2 * _only_k(gains),
        "Two tails, but of each only one number of heads: add up to the end.",
    ),
    Wrong(
        _one_more,
        "The number that you saw belongs to the tail itself.",
    ),
    Wrong(
        _t_like,
        "The bell curve is an approximation, poor for so few families. Count "
        "with `comb`.",
    ),
    Wrong(
        lambda gains: sign_test(gains) / 2,
        "One tail. Gains and losses are both surprising: two tails.",
    ),
    Wrong(
        lambda gains: float(np.mean(gains > 0)),
        "That is the share of families that gain. How often would fair coins "
        "do as much?",
    ),
    Wrong(
        lambda gains: 1 - sign_test(gains),
        "That is one minus it: a small p-value means that coins hardly do this.",
    ),
)
