"""MMD and the permutation test: loops over pairs, closed forms, all exchanges of tiny
batches, p-values uniform under the null.
"""

from itertools import combinations

import numpy as np
import pytest
from scipy.spatial.distance import pdist
from scipy.stats import kstest

from metaad import scores
from metaad.metrics import significant
from metaad.scores import (
    gaussian_kernel,
    median_bandwidth,
    mmd_biased,
    mmd_test,
    mmd_unbiased,
    permutation_test,
    wasserstein_1d,
)
from metaad.scores.mmd import pooled_kernel

RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(9, 3)), RNG.normal(size=(7, 3)) + 0.5


def kernel(a, b, s):
    return np.exp(-((a - b) ** 2).sum() / (2 * s**2))


def by_loops(x, y, s, unbiased):
    """The definition, pair by pair."""

    def mean(a, b, skip):
        return np.mean(
            [
                kernel(p, q, s)
                for i, p in enumerate(a)
                for j, q in enumerate(b)
                if not (skip and i == j)
            ]
        )

    return mean(x, x, unbiased) + mean(y, y, unbiased) - 2 * mean(x, y, False)


@pytest.mark.parametrize("s", [0.3, 1.0, 5.0])
def test_both_estimates_are_the_definition_pair_by_pair(s):
    assert mmd_unbiased(X, Y, s) == pytest.approx(by_loops(X, Y, s, True), rel=1e-10)
    assert mmd_biased(X, Y, s) == pytest.approx(by_loops(X, Y, s, False), rel=1e-10)


def test_the_median_is_that_of_all_pairs_of_different_rows():
    pooled = np.r_[X, Y]
    assert median_bandwidth(X, Y) == np.median(pdist(pooled))
    assert median_bandwidth(pooled[:4], pooled[4:]) == median_bandwidth(X, Y)
    assert mmd_unbiased(X, Y) == mmd_unbiased(X, Y, median_bandwidth(X, Y))
    assert mmd_unbiased(1000 * X, 1000 * Y) == pytest.approx(mmd_unbiased(X, Y))


@pytest.mark.parametrize("distance", [mmd_biased, mmd_unbiased])
def test_mmd_is_symmetric_and_bounded(distance):
    assert distance(X, Y) == pytest.approx(distance(Y, X), abs=1e-14)
    assert distance(X, Y + 1e6, 1.0) <= 2


@pytest.mark.parametrize("seed", range(5))
def test_biased_is_never_negative_and_zero_on_equal_samples(seed):
    rng = np.random.default_rng(seed)
    x, y = rng.normal(size=(12, 2)), rng.normal(size=(15, 2))
    assert mmd_biased(x, y) >= 0
    assert mmd_biased(x, rng.permutation(x)) == pytest.approx(0, abs=1e-14)


def test_means_are_those_of_the_closed_form_for_gaussians():
    """E k(x, y) for x - y ~ N(c, v) per column: s/√(s² + v) exp(-c² / 2(s² + v)). The
    unbiased estimate has this mean; the biased one exceeds it by what is stated."""
    rng, s, c, n, m = np.random.default_rng(1), 1.5, 0.8, 8, 6

    def mean_kernel(shift):
        return s / np.sqrt(s**2 + 2) * np.exp(-(shift**2) / (2 * (s**2 + 2)))

    truth = 2 * mean_kernel(0) - 2 * mean_kernel(c)
    draws = [(rng.normal(c, 1, n), rng.normal(0, 1, m)) for _ in range(4000)]
    for distance, bias in (
        (mmd_unbiased, 0.0),
        (mmd_biased, (1 / n + 1 / m) * (1 - mean_kernel(0))),
    ):
        values = np.array([distance(x, y, s) for x, y in draws])
        error = values.std() / np.sqrt(len(values))
        assert values.mean() == pytest.approx(truth + bias, abs=4 * error)


def test_the_biased_estimate_on_one_distribution_shrinks_like_one_over_n():
    rng = np.random.default_rng(2)
    means = [
        np.mean(
            [mmd_biased(rng.normal(size=n), rng.normal(size=n), 1) for _ in range(200)]
        )
        for n in (10, 40, 160)
    ]
    assert np.allclose(np.divide(means[:2], means[1:]), 4, rtol=0.2)


# --- the permutation test


def difference(x, y):
    return abs(x.mean() - y.mean())


def exact_p(distance, x, y):
    """The share of all ways to choose x's rows whose distance is as large."""
    pooled, total = np.r_[x, y], len(x) + len(y)
    values = []
    for rows in combinations(range(total), len(x)):
        others = [i for i in range(total) if i not in rows]
        values.append(distance(pooled[list(rows)], pooled[others]))
    return np.mean(significant(values) >= significant(distance(x, y)))


@pytest.mark.parametrize("distance", [difference, wasserstein_1d, mmd_unbiased])
def test_p_comes_near_the_share_of_all_exchanges(distance):
    rng = np.random.default_rng(3)
    x, y = rng.normal(0.8, 1, (4, 1)), rng.normal(size=(5, 1))
    if distance is mmd_unbiased:

        def distance(a, b):
            return mmd_unbiased(a, b, 1.0)

    exact = exact_p(distance, x, y)
    found = permutation_test(distance, x, y, permutations=4000, random_state=0)
    assert found.p == pytest.approx(exact, abs=4 * np.sqrt(exact * (1 - exact) / 4000))
    assert found.value == distance(x, y) and found.null.shape == (4000,)


def test_the_observed_order_counts_and_ties_count():
    apart = permutation_test(difference, np.zeros(30), np.ones(30) + 0.0, 199)
    assert apart.p == 1 / 200  # never 0
    same = permutation_test(difference, np.zeros(5), np.zeros(5), 19)
    assert same.p == 1  # every exchange is as large


def test_the_fast_test_is_the_general_one_with_mmd():
    s = median_bandwidth(X, Y)
    slow = permutation_test(lambda a, b: mmd_unbiased(a, b, s), X, Y, 99, 4)
    fast = mmd_test(X, Y, permutations=99, random_state=4)
    assert fast.p == slow.p and fast.value == pytest.approx(slow.value, rel=1e-10)
    np.testing.assert_allclose(fast.null, slow.null, atol=1e-12)
    np.testing.assert_array_equal(mmd_test(X, Y, random_state=4).null[:99], fast.null)


def uniform_steps(values, B):
    """p of a KS test that values lie uniformly on 1/(B + 1), …, 1; spread in a step."""
    rng = np.random.default_rng(99)
    return kstest(
        np.asarray(values) - rng.uniform(0, 1 / (B + 1), len(values)), "uniform"
    )[1]


def test_p_values_are_uniform_under_the_null():
    rng, B = np.random.default_rng(5), 39
    by_mmd, by_distance = [], []
    for seed in range(400):
        x, y = rng.normal(size=(12, 2)), rng.normal(size=(15, 2))
        by_mmd.append(mmd_test(x, y, permutations=B, random_state=seed).p)
        found = permutation_test(
            wasserstein_1d, x[:, 0], y[:, 0], permutations=B, random_state=seed
        )
        by_distance.append(found.p)
    assert uniform_steps(by_mmd, B) > 0.01 and uniform_steps(by_distance, B) > 0.01
    without_itself = (np.array(by_mmd) * (B + 1) - 1) / B
    assert (without_itself == 0).any()  # the formula without +1 promises too much


def test_a_shift_is_found_and_more_rows_find_it_more_often():
    rng, found = np.random.default_rng(6), {}
    for n in (10, 60):
        p = [
            mmd_test(rng.normal(0.8, 1, n), rng.normal(size=n), None, 49, s).p
            for s in range(60)
        ]
        found[n] = np.mean(np.array(p) <= 0.05)
    assert 0.1 < found[10] < 0.8 < found[60]


def test_what_cannot_be_computed_is_said():
    with pytest.raises(ValueError, match="median distance is 0"):
        mmd_unbiased(np.ones((5, 2)), np.ones((5, 2)))
    with pytest.raises(ValueError, match="bandwidth must be a finite number above 0"):
        mmd_biased(X, Y, 0.0)
    with pytest.raises(ValueError, match="permutations must be a whole number from 1"):
        mmd_test(X, Y, permutations=0)
    with pytest.raises(ValueError, match="NaN for these batches"):
        permutation_test(lambda a, b: np.nan, X, Y)


DISTANCES = ["kl_fitted", "kl_histogram", "kl_neighbours", "median_bandwidth"]
DISTANCES += ["mmd_biased", "mmd_test", "mmd_unbiased", "sinkhorn_divergence"]
DISTANCES += ["sliced_wasserstein", "typical_cost", "wasserstein_1d"]


@pytest.mark.parametrize("name", DISTANCES)
def test_every_distance_names_what_is_wrong_with_its_batches(name):
    distance = getattr(scores, name)
    with pytest.raises(ValueError, match="y must be finite, but 1 of 9 rows"):
        distance(np.arange(9.0), np.r_[np.arange(8.0), np.nan])
    with pytest.raises(ValueError, match="x must be a batch .*flatten"):
        distance(np.zeros((3, 2, 2)), np.arange(9.0))
    with pytest.raises(ValueError, match="x must be a batch of at least"):
        distance([], np.arange(9.0))
    with pytest.raises(ValueError, match="the same columns, got 3 and 2"):
        distance(X, X[:, :2])


@pytest.mark.parametrize("name", DISTANCES)
def test_no_distance_changes_its_batches_or_depends_on_the_order_of_rows(name):
    distance = getattr(scores, name)
    rng = np.random.default_rng(7)
    one = name in ("kl_histogram", "wasserstein_1d")
    x, y = (rng.normal(size=(n, 1 if one else 2)) for n in (20, 30))
    before = x.copy(), y.copy()
    value = distance(x, y)
    assert np.array_equal(x, before[0]) and np.array_equal(y, before[1])
    if name != "mmd_test":
        again = distance(rng.permutation(x), rng.permutation(y))
        assert again == pytest.approx(value, rel=1e-5)


@pytest.mark.parametrize("d", [1, 5, 49])
@pytest.mark.parametrize("n", [7, 40])
def test_the_pooled_kernel_is_the_kernel_of_all_rows_at_the_median_distance(n, d):
    rng = np.random.default_rng(n + d)
    x, y = rng.normal(size=(n, d)), rng.normal(size=(30, d))
    rows = np.concatenate([x, y])
    for bandwidth in (None, 0.7):
        wanted = gaussian_kernel(rows, rows, bandwidth or median_bandwidth(x, y))
        np.testing.assert_array_equal(pooled_kernel(x, y, bandwidth), wanted)
    with pytest.raises(ValueError, match="above 0"):
        pooled_kernel(x, y, -1.0)
    with pytest.raises(ValueError, match="median distance is 0"):
        pooled_kernel(np.ones((4, d)), np.ones((5, d)))
