"""Has normal changed? Alarms over a stream, and how often they ring for nothing.

A test of one window at level .05 errs in one window of twenty: over a hundred windows it
is nearly sure to err. What counts is the chance of *any* false alarm in the whole stream.
`WindowAlarm` shares its level out over its looks (Bonferroni); the p-values may depend on
each other. `RankCusum` takes its threshold from streams of pure chance.

Both compare with `past`, rows as they came before: without drift the rows of past and
stream are exchangeable, and then the level holds for any distribution of rows [1].

[1] Gretton, Borgwardt, Rasch, Schölkopf and Smola, A kernel two-sample test, Journal of
Machine Learning Research 13, 2012.
[2] Page, Continuous inspection schemes, Biometrika 41, 1954.
[3] Rabanser, Günnemann and Lipton, Failing loudly: an empirical study of methods for
detecting dataset shift, NeurIPS 2019 (one test per column, corrected).
[4] Besag and Clifford, Sequential Monte Carlo p-values, Biometrika 78, 1991."""

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from metaad.metrics import share_below, significant
from metaad.scores.batches import two_batches
from metaad.scores.mmd import pooled_kernel

ENOUGH = 10  # exchanges as large, after which a p-value is known well enough
BLOCK = 64  # exchanges computed at a time


def mmd_p(past, window, permutations=999, random_state=0, bandwidth=None):
    """Return a permutation p-value of the unbiased squared MMD [1].

    It stops early, as Besag and Clifford do [4]: once ten exchanges gave a distance as
    large, p is 10 over the number of exchanges made. Only small p-values need all of
    them. Both forms keep P(p ≤ α) ≤ α without drift.

    past, window : batches (n, d), (m, d). permutations : int ≥ 1, the most exchanges.
    bandwidth : float > 0; None for the median distance.

    Returns
    -------
    float in (0, 1]; small = the window does not look like the past."""
    past, window = two_batches(past, window)
    kernel = pooled_kernel(window, past, bandwidth)
    m, rng = len(window), np.random.default_rng(random_state)
    seen = float(significant(split_mmd(kernel, _inside(np.arange(m)[None], kernel)))[0])
    as_large = 0
    for start in range(0, permutations, BLOCK):
        size = min(BLOCK, permutations - start)
        drawn = rng.random((size, len(kernel))).argpartition(m, axis=1)[:, :m]
        values = significant(split_mmd(kernel, _inside(drawn, kernel)))
        hits = np.flatnonzero(values >= seen)
        if as_large + len(hits) >= ENOUGH:
            return ENOUGH / (start + int(hits[ENOUGH - as_large - 1]) + 1)
        as_large += len(hits)
    return (1 + as_large) / (1 + permutations)


def _inside(rows, kernel):
    """Mark rows (B, m) among the N of a kernel: array (B, N) of 0 and 1."""
    inside = np.zeros((len(rows), len(kernel)))
    np.put_along_axis(inside, rows, 1.0, axis=1)
    return inside


def split_mmd(kernel, inside):
    """Return the unbiased squared MMD of many ways to split the same rows in two.

    kernel : array (N, N), k of all rows, ones on its diagonal.
    inside : array (B, N), 1 where a row belongs to the first batch, else 0.

    Returns
    -------
    array (B,)"""
    m = inside.sum(axis=1)
    n = kernel.shape[1] - m
    to_first = inside @ kernel  # (B, N): from each row to the first batch
    within = (to_first * inside).sum(axis=1)
    across = to_first.sum(axis=1) - within
    rest = kernel.sum() - within - 2 * across
    mean_first = (within - m) / (m * (m - 1))
    return mean_first + (rest - n) / (n * (n - 1)) - 2 * across / (m * n)


def ks_p(past, window, permutations=None, random_state=None):
    """Return the exact p-value of the two-sample Kolmogorov-Smirnov test.

    past, window : numbers (n,), (m,), for instance scores of a detector; or rows (n, d),
    (m, d): then one test for each column, and the smallest p times d (Bonferroni [3]).

    Returns
    -------
    float in (0, 1]; small = the window does not look like the past."""
    past, window = two_batches(past, window)
    each = [_ks_p(a, b) for a, b in zip(past.T, window.T, strict=True)]
    return min(1.0, float(min(each)) * len(each))


_KS = {}  # p-values by the two numbers of rows and the largest gap: few are possible


def _ks_p(a, b):
    from scipy.stats import ks_2samp

    a, b = np.sort(a), np.sort(b)
    both = np.concatenate([a, b])
    gap = np.searchsorted(a, both, side="right") * len(b)
    gap = int(np.abs(gap - np.searchsorted(b, both, side="right") * len(a)).max())
    key = len(a), len(b), gap
    if key not in _KS:
        _KS[key] = float(ks_2samp(a, b).pvalue)
    return _KS[key]


class Look(NamedTuple):
    """One window that was tested.

    row : int, number of stream rows seen by then. p : float. alarm : bool.
    """

    row: int
    p: float
    alarm: bool


class WindowAlarm:
    """Test each full window of a stream against the past, at a level for the whole.

    Under no drift the chance of an alarm in `looks` windows is at most `level`: each is
    tested at level / looks, and chances of a union add up to no less. More windows than
    `looks` are refused: there is nothing left to spend.

    Parameters
    ----------
    past : array (n, d), rows before the stream, as they came.
    window : int ≥ 2, rows of a window; windows do not overlap.
    looks : int ≥ 1, windows that the level must last for.
    level : float in (0, 1), chance of any false alarm.
    test : function (past, window, permutations, random_state) -> p, such as `mmd_p` and
        `ks_p`.
    corrected : False tests every window at `level` itself: the trap.
    permutations : int, exchanges of a test; None takes just enough that a p-value of half
        the threshold can be reached.
    random_state : int, seeds the exchanges.

    Attributes
    ----------
    threshold : float, largest p that rings. seen : list of Look.
    """

    def __init__(
        self,
        past,
        window=25,
        looks=20,
        level=0.05,
        test=mmd_p,
        corrected=True,
        permutations=None,
        random_state=0,
    ):
        if not (0 < level < 1 and looks >= 1 and window >= 2):
            raise ValueError(
                f"WindowAlarm needs 0 < level < 1, looks ≥ 1 and window ≥ 2; got "
                f"{level!r}, {looks!r}, {window!r}."
            )
        self.past, self.window, self.looks = np.asarray(past), window, looks
        self.threshold = level / looks if corrected else level
        self.test, self.seed = test, random_state
        self.permutations = permutations or int(np.ceil(2 / self.threshold)) - 1
        self.seen, self.waiting = [], np.empty((0, *self.past.shape[1:]))

    def update(self, rows):
        """Take the next rows (b, d); return the looks at windows that they filled."""
        self.waiting = np.concatenate([self.waiting, np.asarray(rows)])
        new = []
        while len(self.waiting) >= self.window:
            if len(self.seen) == self.looks:
                raise ValueError(
                    f"the level was to last for {self.looks} looks, and all are used. "
                    f"Make a new alarm, its past the latest rows without drift."
                )
            now, self.waiting = np.split(self.waiting, [self.window])
            seed = self.seed + len(self.seen)
            p = self.test(self.past, now, self.permutations, seed)
            row = (len(self.seen) + 1) * self.window
            self.seen.append(Look(row, p, p <= self.threshold))
            new.append(self.seen[-1])
        return new


def cusum(steps, slack=0.5):
    """Return Page's sums [2]: S_t = max(0, S_{t-1} + z_t - slack), S_0 = 0.

    steps : array (L,) or (streams, L), z, about 0 ± 1 while nothing changes.
    slack : float ≥ 0, half of the rise that is to be found.

    Returns
    -------
    array like steps, ≥ 0; large = the steps have been above slack for a while."""
    steps = np.asarray(steps, dtype=np.float64) - slack
    sums = np.cumsum(steps, axis=-1)
    lowest = np.minimum(np.minimum.accumulate(sums, axis=-1), 0.0)
    return sums - lowest


def normal_ranks(past, scores):
    """Return how far up each score stands among past ones, as a standard normal quantile:
    (n,), (...,) -> (...,). A far outlier counts no more than the largest past score.
    """
    n = len(past)
    at = share_below(past, scores) * n  # a tie counts one half
    return np.interp(at, np.arange(n + 1), quantiles_of_ranks(n))


@lru_cache
def quantiles_of_ranks(n):
    """Return the standard normal quantiles at (0.5, 1.5, …, n + 0.5) / (n + 1): (n + 1,)."""
    from scipy.stats import norm

    return norm.ppf((np.arange(n + 1) + 0.5) / (n + 1))


class RankCusum:
    """Page's CUSUM on the ranks of anomaly scores among past scores.

    Without drift all orders of past and stream are equally likely, whatever the detector.
    So the threshold is a quantile of the largest sum over streams of pure chance, and the
    chance of any false alarm is `level`, up to the error of `chance_streams` draws.
    It sees only a rise of the scores.

    Parameters
    ----------
    past : array (n,), scores of rows that the detector has not learned from.
    rows : int, length of the stream that the level must last for.
    level, slack : see above, and `cusum`.

    Attributes
    ----------
    threshold : float. sum : float, the present value. row : int, rows seen.
    """

    def __init__(self, past, rows, level=0.05, slack=0.5):
        self.past, self.rows, self.slack = np.asarray(past), rows, slack
        self.threshold = chance_threshold(len(self.past), rows, level, slack)
        self.sum, self.row = 0.0, 0

    def update(self, scores):
        """Take the next scores (b,); return the number of the first row at which the sum
        exceeds the threshold, counted from 1, or None.
        """
        first = None
        for step in normal_ranks(self.past, scores):
            self.row += 1
            self.sum = max(0.0, self.sum + float(step) - self.slack)
            if first is None and self.sum > self.threshold:
                first = self.row
        if self.row > self.rows:
            raise ValueError(
                f"the level was to last for {self.rows} rows, and {self.row} have come. "
                f"Make a new alarm with the latest scores as its past."
            )
        return first


@lru_cache
def chance_threshold(n, rows, level, slack, chance_streams=2000):
    """Return what the largest sum of a stream of `rows` exceeds by chance with
    probability `level`, n past scores: float.
    """
    rng, block = np.random.default_rng(0), max(1, 2_000_000 // (n + rows))
    highest = []
    for start in range(0, chance_streams, block):
        size = min(block, chance_streams - start)
        # an order by chance; the numbers below n are the past
        order = rng.random((size, n + rows)).argsort(axis=1)
        below = np.empty_like(order)
        np.put_along_axis(below, order, np.cumsum(order < n, axis=1), axis=1)
        steps = quantiles_of_ranks(n)[below[:, n:]]  # (size, rows)
        highest.append(cusum(steps, slack).max(axis=1))
    # of B draws the k-th largest, k = level (B + 1), so that the rank is exact
    k = max(1, int(level * (chance_streams + 1)))
    return float(np.sort(np.concatenate(highest))[-k])
