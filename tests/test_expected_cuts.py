"""How early random cuts isolate a row: formulas against enumeration, closed forms and
games.
"""

from fractions import Fraction
from functools import cache

import numpy as np
import pytest

from metaad.detectors.forest import average_path_length
from metaad.detectors.forest.expected import diluted_path, expected_cuts


def played(X, index, rng):
    """Cuts of one game: cut at random until row `index` of X (n, d) is alone."""
    cuts = 0
    while len(X) > 1:
        low, high = X.min(axis=0), X.max(axis=0)
        column = rng.integers(X.shape[1])
        place = rng.uniform(low[column], high[column])
        kept = (X[:, column] > place) == (X[index, column] > place)
        X, index, cuts = X[kept], int(kept[:index].sum()), cuts + 1
    return cuts


# --- on a line ---


@cache
def by_enumeration(x, i):
    """Expected cuts of x[i] in exact fractions, over where the first cut falls."""
    if len(x) == 1:
        return Fraction(0)
    total = Fraction(1)
    for j in range(len(x) - 1):  # the cut falls between x[j] and x[j + 1]
        chance = Fraction(x[j + 1] - x[j], x[-1] - x[0])
        part = (x[: j + 1], i) if i <= j else (x[j + 1 :], i - j - 1)
        total += chance * by_enumeration(*part)
    return total


@pytest.mark.parametrize("seed", range(4))
def test_formula_1_is_the_expectation_over_all_cuts_exactly(seed):
    rng = np.random.default_rng(seed)
    x = tuple(np.sort(rng.choice(1000, 8, replace=False)).tolist())
    exact = [float(by_enumeration(x, i)) for i in range(8)]
    np.testing.assert_allclose(expected_cuts(np.array(x, float)), exact, rtol=1e-12)


def test_formula_1_is_the_mean_number_of_cuts_in_games():
    rng = np.random.default_rng(3)
    x = np.sort(np.append(rng.normal(size=7), 5.0))
    games = [[played(x[:, None], i, rng) for _ in range(2000)] for i in range(len(x))]
    error = np.std(games, axis=1) / np.sqrt(2000)
    assert np.abs((np.mean(games, axis=1) - expected_cuts(x)) / error).max() < 4.0


def test_even_points_have_harmonic_sums_on_both_sides():
    cuts = expected_cuts(np.arange(9.0))
    harmonic = np.append(0.0, np.cumsum(1 / np.arange(1, 9)))
    np.testing.assert_allclose(cuts, harmonic + harmonic[::-1], rtol=1e-12)


def test_a_far_points_path_stays_below_bound_2_however_large_the_crowd():
    rng, width, far = np.random.default_rng(4), 4.0, 5.0
    middle = []
    for n in (10, 100, 400):
        crowd = np.append(rng.uniform(0, width, n), [0.0, width, width + far])
        cuts = expected_cuts(np.sort(crowd))
        assert cuts[-1] < 1 + np.log(1 + width / far)
        middle.append(cuts[len(cuts) // 2])
    assert middle[-1] > middle[0] + 3, "the middle's path grows"


# --- among many columns ---


@cache
def by_recursion(n, p):
    """Equation (6) before any algebra: isolated at once with the chance p, or split."""
    if n == 1:
        return Fraction(0)
    rest = sum(m * by_recursion(m, p) for m in range(1, n))
    return 1 + (1 - p) * Fraction(2, n * (n - 1)) * rest


@pytest.mark.parametrize(
    "p", [Fraction(0), Fraction(1, 30), Fraction(2, 5), Fraction(1)]
)
@pytest.mark.parametrize("n", [1, 2, 3, 17, 60])
def test_the_diluted_path_solves_its_recursion_and_has_the_product_form(n, p):
    found = diluted_path(n, float(p))
    assert found == pytest.approx(float(by_recursion(n, p)), abs=1e-12)
    if p > 0:
        product = np.prod([1 - 2 * float(p) / m for m in range(2, n + 1)])
        assert found == pytest.approx((1 - product) / float(p), abs=1e-12)


def test_with_no_far_column_it_is_c_of_n_and_with_all_of_them_one_cut():
    c = 2 * (np.cumsum(1 / np.arange(1, 301)) - 1)  # (4), n = 1, 2, ...
    for n in (2, 10, 300):
        assert diluted_path(n, 0.0) == pytest.approx(c[n - 1], abs=1e-12)
        assert diluted_path(n, 1.0) == 1.0
    assert 0 < diluted_path(256, 0.0) - average_path_length(256) < 0.005
    assert diluted_path(256, 0.5) == pytest.approx(2 * (1 - 1 / 256))


def test_the_path_falls_with_the_chance_and_takes_whole_arrays():
    p = np.linspace(0, 1, 21).reshape(3, 7)
    h = diluted_path(256, p)
    assert h.shape == (3, 7) and (np.diff(h.ravel()) < 0).all()
    c = diluted_path(256, 0.0)
    small = p[p > 0]
    rough = (1 - np.exp(-small * c)) / small
    np.testing.assert_allclose(h[p > 0], rough, rtol=0.05)


@pytest.mark.parametrize(("k", "d"), [(1, 1), (1, 4), (1, 12), (3, 12), (2, 5)])
def test_games_with_a_row_infinitely_far_away_have_the_diluted_path(k, d):
    rng, n, games = np.random.default_rng([k, d]), 32, 1500
    found = []
    for _ in range(games):
        X = rng.uniform(size=(n, d))
        X[0, :k] = 1e12
        found.append(played(X, 0, rng))
    error = max(np.std(found), 1e-9) / np.sqrt(games)
    assert abs(np.mean(found) - diluted_path(n, k / d)) < 4 * error + 1e-6


@pytest.mark.parametrize("gap", [0.3, 1.0, 5.0])
def test_at_a_finite_distance_the_true_path_is_shorter(gap):
    rng, n, (k, d) = np.random.default_rng(5), 32, (2, 6)
    found = []
    for _ in range(1500):
        X = rng.uniform(size=(n, d))
        X[0, :k] = 1 + gap
        found.append(played(X, 0, rng))
    p = k / d * gap / (1 + gap)
    error = np.std(found) / np.sqrt(1500)
    assert np.mean(found) < diluted_path(n, p) + 2 * error
    assert np.mean(found) > diluted_path(n, k / d), "longer than infinitely far away"
