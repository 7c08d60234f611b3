"""KL: closed forms worked out by hand, numerical integrals, and estimators that come
closer with more rows.
"""

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import norm

from metaad.metrics import spearman
from metaad.scores import kl_fitted, kl_gaussian, kl_histogram, kl_neighbours


def gaussians(seed, d):
    """Two random means and covariances."""
    rng = np.random.default_rng(seed)
    for _ in range(2):
        root = rng.normal(size=(d, d))
        yield from (rng.normal(size=d), root @ root.T + np.eye(d))


def test_one_column_by_hand_and_by_integral():
    # ½ (s² + m² - 1 - log s²) against N(0, 1), for m = 1 and s² = 4
    assert kl_gaussian(1.0, 4.0, 0.0, 1.0) == pytest.approx(
        0.5 * (4 + 1 - 1 - np.log(4))
    )
    p, q = norm(1, 2), norm(0.3, 0.8)
    by_integral, _ = quad(
        lambda t: p.pdf(t) * (p.logpdf(t) - q.logpdf(t)), -30, 30, limit=200
    )
    assert kl_gaussian(1, 4, 0.3, 0.64) == pytest.approx(by_integral, rel=1e-8)


@pytest.mark.parametrize("seed", range(4))
def test_the_formula_with_inverse_and_determinant_gives_the_same(seed):
    mp, cp, mq, cq = gaussians(seed, 4)
    shift, inverse = mq - mp, np.linalg.inv(cq)
    logs = np.log(np.linalg.det(cq) / np.linalg.det(cp))
    plain = 0.5 * (np.trace(inverse @ cp) + shift @ inverse @ shift - 4 + logs)
    assert kl_gaussian(mp, cp, mq, cq) == pytest.approx(plain, rel=1e-9)
    assert kl_gaussian(mp, cp, mp, cp) == pytest.approx(0, abs=1e-12)
    assert abs(kl_gaussian(mq, cq, mp, cp) - plain) > 0.01  # it has a direction


@pytest.mark.parametrize("seed", range(4))
def test_no_unit_and_no_mixing_of_columns_changes_the_closed_form(seed):
    mp, cp, mq, cq = gaussians(seed, 3)
    a = np.random.default_rng(seed).normal(size=(3, 3)) * 100
    moved = kl_gaussian(a @ mp, a @ cp @ a.T, a @ mq, a @ cq @ a.T)
    assert moved == pytest.approx(kl_gaussian(mp, cp, mq, cq), rel=1e-7)


def test_independent_columns_add_up():
    parts = [kl_gaussian(1, 2, 0, 1), kl_gaussian(-1, 0.5, 3, 2)]
    together = kl_gaussian([1, -1], np.diag([2, 0.5]), [0, 3], np.diag([1.0, 2]))
    assert together == pytest.approx(sum(parts))


def test_fitted_is_the_closed_form_between_sample_moments_and_its_bias_is_as_stated():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(50, 2)), rng.normal(size=(40, 2)) + 1
    by_hand = kl_gaussian(x.mean(0), np.cov(x.T), y.mean(0), np.cov(y.T))
    assert kl_fitted(x, y) == pytest.approx(by_hand)
    assert kl_fitted(x, x) == 0
    n, m, d = 400, 300, 3
    values = [
        kl_fitted(rng.normal(size=(n, d)), rng.normal(size=(m, d))) for _ in range(300)
    ]
    assert np.mean(values) == pytest.approx(d * (d + 3) / 4 * (1 / n + 1 / m), rel=0.08)


def test_histogram_by_hand():
    # edge at the median 2.5: counts 2 and 0 against 0 and 2, each plus a half
    p, q = np.array([2.5, 0.5]) / 3, np.array([0.5, 2.5]) / 3
    assert kl_histogram([1.0, 2.0], [3.0, 4.0], bins=2) == pytest.approx(
        (p * np.log(p / q)).sum()
    )


@pytest.mark.parametrize("seed", range(10))
def test_histogram_is_never_negative_and_zero_on_equal_samples(seed):
    rng = np.random.default_rng(seed)
    x, y = rng.integers(0, 5, 40) / 3, rng.normal(size=30)
    assert kl_histogram(x, y) >= 0 and kl_histogram(x, x) == 0
    assert kl_histogram(x, rng.permutation(x)) == 0


def test_a_histogram_only_loses_information():
    """With many rows: below the truth, and closer to it with more bins."""
    rng = np.random.default_rng(1)
    x, y = rng.normal(1, 1, 100_000), rng.normal(0, 1, 100_000)
    values = [kl_histogram(x, y, bins) for bins in (2, 4, 10, 40)]
    assert (np.diff(values) > 0).all() and values[-1] < kl_gaussian(1, 1, 0, 1) + 0.005
    assert values[-1] == pytest.approx(0.5, abs=0.02)


def test_neighbours_by_hand():
    # ρ: 1, 1, 2 to the nearest other row of x; ν: 10, 9, 7 to the nearest row of y
    x, y = np.array([0.0, 1.0, 3.0]), np.array([10.0, 30.0])
    expected = np.mean(np.log([10.0, 9.0, 7.0 / 2])) + np.log(2 / 2)
    assert kl_neighbours(x, y, k=1) == pytest.approx(expected)


@pytest.mark.parametrize("d", [1, 3])
def test_neighbours_agree_with_all_pairs_of_distances(d):
    rng = np.random.default_rng(d)
    x, y, k = rng.normal(size=(25, d)), rng.normal(size=(31, d)), 4
    within = np.sort(np.linalg.norm(x[:, None] - x, axis=2), axis=1)[:, k]
    across = np.sort(np.linalg.norm(x[:, None] - y, axis=2), axis=1)[:, k - 1]
    expected = d * np.log(across / within).mean() + np.log(31 / 24)
    assert kl_neighbours(x, y, k) == pytest.approx(expected)
    turned = np.linalg.qr(rng.normal(size=(d, d)))[0]
    assert kl_neighbours(7 * x @ turned, 7 * y @ turned, k) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("estimate", "d"), [(kl_fitted, 2), (kl_histogram, 1), (kl_neighbours, 2)]
)
def test_the_error_shrinks_with_more_rows(estimate, d):
    """Mean absolute error over 30 draws, at three sizes, each four times the last."""
    rng = np.random.default_rng(2)
    truth = kl_gaussian(np.full(d, 0.7), np.eye(d), np.zeros(d), np.eye(d) * 1.5)
    options = {"bins": 40} if estimate is kl_histogram else {}
    errors = [
        np.mean(
            [
                abs(
                    estimate(
                        rng.normal(0.7, 1, (n, d)),
                        rng.normal(0, 1.5**0.5, (n, d)),
                        **options,
                    )
                    - truth
                )
                for _ in range(30)
            ]
        )
        for n in (60, 240, 960)
    ]
    assert errors[0] > errors[1] > errors[2] and errors[2] < 0.6 * errors[0]


def test_neighbours_are_unbiased_on_one_distribution_in_few_columns():
    rng = np.random.default_rng(3)
    values = [
        kl_neighbours(rng.normal(size=(200, 2)), rng.normal(size=(200, 2)))
        for _ in range(60)
    ]
    assert abs(np.mean(values)) < 3 * np.std(values) / 60**0.5 + 0.01
    assert min(values) < 0  # an estimate, not a divergence


def test_all_three_rise_with_the_shift():
    rng = np.random.default_rng(4)
    x, y = rng.normal(size=(300, 1)), rng.normal(size=(300, 1))
    shifts = np.arange(0, 3, 0.5)
    for estimate in (kl_fitted, kl_histogram, kl_neighbours):
        assert spearman([estimate(x + s, y) for s in shifts], shifts) == 1


def test_what_cannot_be_computed_is_said():
    rng = np.random.default_rng(5)
    x = rng.normal(size=(20, 3))
    with pytest.raises(ValueError, match="P's covariance .* more rows than columns"):
        kl_fitted(x[:3], x)
    with pytest.raises(ValueError, match="Q's covariance .* drop constant columns"):
        kl_fitted(x, np.c_[x[:, :2], np.ones(20)])
    with pytest.raises(ValueError, match="Q's covariance"):
        kl_fitted(x, np.c_[x[:, :2], x[:, 0] + x[:, 1]])
    with pytest.raises(ValueError, match="symmetric"):
        kl_gaussian([0, 0], [[1, 0.5], [0, 1]], [0, 0], np.eye(2))
    with pytest.raises(ValueError, match="P's covariance must be finite"):
        kl_gaussian(0.0, np.nan, 0.0, 1.0)
    with pytest.raises(ValueError, match="as many columns, got 1 and 2"):
        kl_gaussian(0.0, 1.0, [0, 0], np.eye(2))
    with pytest.raises(ValueError, match="for one column, got 3"):
        kl_histogram(x, x)
    with pytest.raises(ValueError, match="bins must be a whole number from 2 on"):
        kl_histogram(x[:, 0], x[:, 0], bins=1)
    with pytest.raises(ValueError, match="hold equal rows, or share them"):
        kl_neighbours(x, x, k=1)
    with pytest.raises(ValueError, match="k must be a whole number from 1 to 19"):
        kl_neighbours(x, x, k=20)
