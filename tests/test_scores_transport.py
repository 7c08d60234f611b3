"""Wasserstein, sliced and with an entropic blur: SciPy's own distance, linear programs,
assignments, and shifts whose answer is known.
"""

import numpy as np
import pytest
from scipy.optimize import linear_sum_assignment, linprog
from scipy.spatial.distance import cdist
from scipy.stats import wasserstein_distance

from metaad.scores import (
    sinkhorn,
    sinkhorn_divergence,
    sliced_wasserstein,
    typical_cost,
    wasserstein_1d,
)

RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(14, 3)), 1.5 * RNG.normal(size=(11, 3)) + 0.7


def by_program(x, y, p):
    """The cheapest plan by linear programming: mean |way|^p."""
    n, m = len(x), len(y)
    rows = np.kron(np.eye(n), np.ones(m)), np.kron(np.ones(n), np.eye(m))
    sums = np.r_[np.full(n, 1 / n), np.full(m, 1 / m)]
    found = linprog((cdist(x, y) ** p).ravel(), A_eq=np.vstack(rows), b_eq=sums)
    return found.fun


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("ties", [False, True])
def test_one_column_is_scipys_distance(seed, ties):
    rng = np.random.default_rng(seed)
    x, y = rng.normal(size=rng.integers(1, 30)), rng.normal(1, 2, rng.integers(1, 30))
    if ties:
        x, y = np.round(x), np.round(y)
    assert wasserstein_1d(x, y) == pytest.approx(wasserstein_distance(x, y), abs=1e-12)


@pytest.mark.parametrize("p", [1, 2, 3.5])
@pytest.mark.parametrize("sizes", [(6, 6), (4, 7), (1, 5)])
def test_one_column_is_the_cheapest_plan(p, sizes):
    rng = np.random.default_rng(int(10 * p))
    x, y = (rng.normal(size=(n, 1)) for n in sizes)
    assert wasserstein_1d(x, y, p) ** p == pytest.approx(by_program(x, y, p), rel=1e-8)


def test_one_column_by_hand():
    assert wasserstein_1d([0.0, 1.0], [3.0]) == pytest.approx(2.5)
    assert wasserstein_1d([0.0, 1.0], [3.0], 2) == pytest.approx(np.sqrt((9 + 4) / 2))
    assert wasserstein_1d([0.0, 1.0, 1.0], [0.0, 0.0, 1.0]) == pytest.approx(1 / 3)


def batches(seed):
    rng = np.random.default_rng(seed)
    return [
        rng.normal(rng.normal(), rng.uniform(0.5, 2), rng.integers(3, 9)) for _ in "abc"
    ]


@pytest.mark.parametrize("seed", range(8))
def test_one_column_is_a_metric(seed):
    a, b, c = batches(seed)
    for p in (1, 2):
        assert wasserstein_1d(a, a[::-1], p) == 0
        assert wasserstein_1d(a, b, p) == pytest.approx(wasserstein_1d(b, a, p))
        two = wasserstein_1d(a, b, p) + wasserstein_1d(b, c, p)
        assert wasserstein_1d(a, c, p) <= two + 1e-12
    assert wasserstein_1d(a + 5, a) == pytest.approx(5)
    assert wasserstein_1d(3 * a, 3 * b) == pytest.approx(3 * wasserstein_1d(a, b))


def test_the_distance_of_gaussians_comes_out_and_closer_with_more_rows():
    # W_2² of N(m, s²) and N(0, 1): m² + (s - 1)²
    rng, truth, errors = np.random.default_rng(1), np.sqrt(1 + 0.25), []
    for n in (50, 800):
        values = [
            wasserstein_1d(rng.normal(1, 1.5, n), rng.normal(size=n), 2)
            for _ in range(60)
        ]
        errors.append(np.mean(np.abs(np.array(values) - truth)))
    assert errors[1] < errors[0] / 2.5 and errors[1] < 0.05


def test_sliced_of_one_column_is_exact_and_of_a_shift_is_known():
    assert sliced_wasserstein(X[:, 0], Y[:, 0]) == pytest.approx(
        wasserstein_1d(X[:, 0], Y[:, 0])
    )
    shift = np.array([3.0, 0.0, -4.0])
    found = sliced_wasserstein(X, X + shift, 2, directions=20_000)
    assert found == pytest.approx(5 / np.sqrt(3), rel=0.02)
    # the mean of |cos| over the sphere in three columns is a half
    assert sliced_wasserstein(X, X + shift, 1, 20_000) == pytest.approx(2.5, rel=0.02)


def test_sliced_is_symmetric_zero_on_equal_samples_and_below_the_whole_distance():
    assert sliced_wasserstein(X, Y) == pytest.approx(sliced_wasserstein(Y, X))
    assert sliced_wasserstein(X, X[::-1]) == 0
    for p in (1, 2):
        assert 0 < sliced_wasserstein(X, Y, p) ** p < by_program(X, Y, p)
    same = [sliced_wasserstein(X, Y, random_state=s) for s in (3, 3, 4)]
    assert same[0] == same[1] != same[2]


# --- Sinkhorn


@pytest.mark.parametrize("share", [0.05, 0.2, 1.0])
def test_sinkhorn_lies_between_the_exact_cost_and_its_bound(share):
    epsilon, exact = share * typical_cost(X, Y), by_program(X, Y, 2)
    found = sinkhorn(X, Y, epsilon, iterations=100_000)
    assert exact <= found <= exact + epsilon * np.log(11)


def test_sinkhorn_comes_to_the_best_assignment_as_epsilon_falls():
    x, y = X[:10], Y[:10]
    cost = cdist(x, y, "sqeuclidean")
    best = cost[linear_sum_assignment(cost)].mean()
    gaps = [sinkhorn(x, y, e, iterations=50_000) - best for e in (3.0, 1.0, 0.3)]
    assert gaps[0] > gaps[1] > gaps[2] > 0 and gaps[2] < 0.3 * np.log(10)


def test_sinkhorn_is_the_best_plan_by_a_general_optimiser():
    """The plan of the two vectors has the right sums, and its cost plus ε KL is the
    value: the smallest, since the problem is convex."""
    epsilon, n, m = 2.0, len(X), len(Y)
    cost = cdist(X, Y, "sqeuclidean")
    f, g = np.zeros(n), np.zeros(m)
    for _ in range(5000):  # on the plain scale, which a large ε allows
        f = -np.log(np.exp(g - cost / epsilon).mean(axis=1))
        g = -np.log(np.exp(f[:, None] - cost / epsilon).mean(axis=0))
    plan = np.exp(f[:, None] + g - cost / epsilon) / (n * m)
    np.testing.assert_allclose(plan.sum(axis=1), 1 / n)
    np.testing.assert_allclose(plan.sum(axis=0), 1 / m)
    value = (plan * cost).sum() + epsilon * (plan * np.log(plan * n * m)).sum()
    assert sinkhorn(X, Y, epsilon, 1e-10) == pytest.approx(value, rel=1e-9)
    rng = np.random.default_rng(2)
    for _ in range(20):  # any other plan with these sums costs more
        step = rng.normal(size=(n, m))
        step -= step.mean(axis=1, keepdims=True)
        step -= step.mean(axis=0)
        other = plan + 0.5 * plan.min() * step / np.abs(step).max()
        own = (other * cost).sum() + epsilon * (other * np.log(other * n * m)).sum()
        assert own > value


def test_a_large_epsilon_gives_the_mean_cost_and_the_distance_of_the_means():
    assert sinkhorn(X, Y, 1e7) == pytest.approx(typical_cost(X, Y), rel=1e-5)
    means = ((X.mean(axis=0) - Y.mean(axis=0)) ** 2).sum()
    assert sinkhorn_divergence(X, Y, 1e5, 1e-12) == pytest.approx(means, rel=1e-3)


def test_nothing_overflows_on_the_logarithmic_scale():
    found = sinkhorn(X, Y + 1000, 1.0)  # exp(-3e6) is 0 on the plain one
    assert found == pytest.approx(by_program(X, Y + 1000, 2), rel=1e-5)


@pytest.mark.parametrize("seed", range(5))
def test_the_divergence_is_symmetric_never_negative_and_zero_on_equal_samples(seed):
    rng = np.random.default_rng(seed)
    x, y = rng.normal(size=(12, 2)), rng.normal(size=(16, 2)) * rng.uniform(0.5, 2)
    epsilon = 0.3 * typical_cost(x, y)
    forth, back = (sinkhorn_divergence(a, b, epsilon) for a, b in ((x, y), (y, x)))
    assert forth == pytest.approx(back, abs=1e-5 * epsilon) and forth > 0
    assert sinkhorn_divergence(x, x[::-1], epsilon) == pytest.approx(0, abs=1e-4)
    assert sinkhorn(x, x, epsilon) > 0.01  # which is why it is taken away


def test_the_divergence_of_a_shift_is_its_square_whatever_epsilon():
    shift = np.array([1.0, -2.0, 0.5])
    for epsilon in (0.5, 3.0, 50.0):
        found = sinkhorn_divergence(X, X + shift, epsilon, 1e-9, 100_000)
        assert found == pytest.approx((shift**2).sum(), rel=1e-6)


def test_the_divergence_of_two_samples_of_one_distribution_shrinks_with_n():
    rng = np.random.default_rng(3)
    means = [
        np.mean(
            [
                sinkhorn_divergence(
                    rng.normal(size=(n, 2)), rng.normal(size=(n, 2)), 1.0
                )
                for _ in range(15)
            ]
        )
        for n in (10, 40, 160)
    ]
    assert means[0] > 2 * means[1] > 4 * means[2] > 0


def test_what_cannot_be_computed_is_said():
    with pytest.raises(RuntimeError, match="2 iterations were too few.*epsilon above"):
        sinkhorn(X, Y, 0.01, iterations=2)
    with pytest.raises(RuntimeError, match="too few"):
        sinkhorn(X, Y, 1.0, iterations=0)
    with pytest.raises(RuntimeError, match="in 1 iterations"):
        sinkhorn_divergence(X, Y, 0.5, iterations=1)
    for bad in (0.0, -1.0, np.inf, np.nan):
        with pytest.raises(ValueError, match="epsilon must be a finite number above 0"):
            sinkhorn(X, Y, bad)
    with pytest.raises(ValueError, match="all rows of both batches are equal"):
        sinkhorn_divergence(np.ones((3, 2)), np.ones((4, 2)))
    with pytest.raises(ValueError, match="for one column, got 3"):
        wasserstein_1d(X, Y)
    with pytest.raises(ValueError, match="p must be a finite number from 1 on"):
        wasserstein_1d(X[:, 0], Y[:, 0], 0.5)
    with pytest.raises(ValueError, match="directions must be a whole number"):
        sliced_wasserstein(X, Y, directions=0)
