"""Isolation Forest: first against closed forms and hand-made trees, then against
scikit-learn's.
"""

from fractions import Fraction
from functools import cache

import numpy as np
import pytest
from joblib import parallel_config
from scipy import stats
from sklearn.datasets import load_iris
from sklearn.ensemble import IsolationForest as ScikitForest
from sklearn.ensemble._iforest import _average_path_length

from metaad.detectors import IsolationForest, anomaly_score, average_path_length
from metaad.detectors.forest import cuts
from metaad.detectors.forest import isolation_forest as module

GRID = 1 / module.GRID  # path lengths are rounded to this


# --- c(n) ---


@cache
def exact_c(n):
    """Mean path length by its recursion: the first cut leaves k rows on one side, k
    = 1..n-1 with equal chance.
    """
    if n < 2:
        return Fraction(0)
    return 1 + sum(Fraction(k, n) * exact_c(k) for k in range(1, n)) * Fraction(
        2, n - 1
    )


def harmonic(n):
    return sum(Fraction(1, i) for i in range(1, n + 1))


def test_c_of_small_n_by_hand():
    ln2 = 0.6931471805599453
    assert average_path_length([0, 1, 2]).tolist() == [0.0, 0.0, 1.0]
    assert average_path_length(3) == pytest.approx(
        2 * (ln2 + 0.5772156649015329) - 4 / 3, abs=1e-15
    )


@pytest.mark.parametrize("n", [2, 3, 4, 10, 64])
def test_the_recursion_of_the_mean_path_is_the_harmonic_formula(n):
    assert exact_c(n) == 2 * harmonic(n - 1) - Fraction(2 * (n - 1), n)


@pytest.mark.parametrize("n", [3, 10, 64, 256])
def test_the_papers_formula_falls_short_of_the_mean_path_by_one_over_n_minus_one(n):
    # H(m) - ln m - γ lies between 1 / (2m + 1) and 1 / (2m); twice that is the
    # shortfall
    shortfall = float(
        2 * harmonic(n - 1) - Fraction(2 * (n - 1), n)
    ) - average_path_length(n)
    assert 2 / (2 * (n - 1) + 1) < shortfall < 1 / (n - 1)


def test_c_is_scikit_learns():
    n = np.arange(5000)
    np.testing.assert_allclose(
        average_path_length(n), _average_path_length(n), rtol=1e-14
    )
    assert average_path_length(n.reshape(50, 100)).shape == (50, 100)


# --- one tree, or a few, with known cuts ---


def hand_made_forest():
    """Two trees over two features, 4 rows each: three levels of places 1, 2, 4.

    Tree 0 cuts feature 0 at 5; left of it feature 1 at 2; right of it is a leaf of 1
    row. Tree 1 is one leaf of 4."""
    forest = IsolationForest(n_estimators=2)
    inf = np.inf
    forest.n_features_in_, forest.max_samples_, forest.offset_ = 2, 4, -0.5
    forest.feature_ = np.array([[0, 1, 0], [0, 0, 0]])
    forest.threshold_ = np.array([[5.0, 2.0, inf], [inf, inf, inf]])
    forest.leaf_size_ = np.array([[1, 2, 1, 0], [4, 0, 0, 0]])
    forest.leaf_path_ = np.array(
        [[2.0, 3.0, 1.0, 0.0], [average_path_length(4), 0, 0, 0]]
    )
    return forest


def test_path_lengths_of_a_hand_made_forest():
    X = np.array([[5.0, 2.0], [5.0, 2.1], [5.1, -9.0], [-1e300, 1e300]])
    c4 = average_path_length(4)
    # on the threshold means left; a leaf of two adds c(2) = 1
    expected = [[2.0, 3.0, 1.0, 3.0], [c4, c4, c4, c4]]
    np.testing.assert_array_equal(hand_made_forest().path_lengths(X), expected)
    mean = np.array([2 + c4, 3 + c4, 1 + c4, 3 + c4]) / 2
    np.testing.assert_allclose(
        anomaly_score(hand_made_forest(), X), 2 ** (-mean / c4), rtol=1e-8
    )


def expected_path(x, p, levels):
    """E[h] of row p of the sorted distinct numbers x in trees of `levels` levels:
    exact, over the first cut.
    """
    if len(x) == 1:
        return 0.0
    if levels == 0:
        return float(average_path_length(len(x)))
    total = 1.0
    # the first cut falls into a gap with a chance in proportion to its width
    for k, gap in enumerate(np.diff(x)):
        side = (
            expected_path(x[: k + 1], p, levels - 1)
            if p <= k
            else expected_path(x[k + 1 :], p - k - 1, levels - 1)
        )
        total += gap / (x[-1] - x[0]) * side
    return total


def test_expected_path_in_closed_form():
    # A gap lies on the path of p if it is cut before all gaps between: its width over
    # its far end's distance to p.
    x = np.sort(np.random.default_rng(0).exponential(size=8))
    for p in range(8):
        right = sum((x[q] - x[q - 1]) / (x[q] - x[p]) for q in range(p + 1, 8))
        left = sum((x[q + 1] - x[q]) / (x[p] - x[q]) for q in range(p))
        assert expected_path(x, p, levels=8) == pytest.approx(left + right, rel=1e-12)


@pytest.mark.parametrize(
    "x",
    [
        [0.0, 1.0, 10.0],
        [0.0, 1.0, 2.0, 3.0, 50.0],
        [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0],
    ],
)
def test_mean_path_lengths_on_a_line_are_the_expected_ones(x):
    x, n_trees = np.array(x), 20_000
    levels = int(np.ceil(np.log2(len(x))))
    # (n_trees, n)
    h = (
        IsolationForest(n_trees, random_state=0)
        .fit(x[:, None])
        .path_lengths(x[:, None])
    )
    expected = [expected_path(x, p, levels) for p in range(len(x))]
    error = np.maximum(h.std(axis=1).mean(), h.std(axis=0)) / np.sqrt(n_trees) + GRID
    assert (np.abs(h.mean(axis=0) - expected) < 4 * error).all()


# --- how trees grow ---


def test_every_training_row_falls_into_a_leaf_of_its_size(monkeypatch):
    samples = []
    grow = module.grow
    monkeypatch.setattr(
        module, "grow", lambda X, rng: samples.append(X) or grow(X, rng)
    )
    X = load_iris().data  # has duplicates
    forest = IsolationForest(20, max_samples=100, random_state=0).fit(X)
    assert (
        forest.leaf_size_.shape == (20, 128)
        and (forest.leaf_size_.sum(axis=1) == 100).all()
    )
    tables = forest._levels()
    place = np.arange(20 * 128, dtype=np.float64).reshape(20, 128)
    for tree, sample in enumerate(samples[0]):
        # (100,), where each row ends
        ends = module.walk(sample, *tables[:2], place)[tree].astype(int) - 128 * tree
        np.testing.assert_array_equal(
            np.bincount(ends, minlength=128), forest.leaf_size_[tree]
        )


def test_leaves_hold_one_row_unless_the_depth_limit_or_duplicates_stop_them():
    X = np.random.default_rng(0).normal(size=(400, 3))
    forest = IsolationForest(50, random_state=0).fit(X)
    depth = forest.leaf_path_ - average_path_length(forest.leaf_size_)
    assert (np.round(depth[forest.leaf_size_ > 1]) == 8).all()  # ceil(log2(256))
    assert depth.max() < 8 + GRID and (forest.leaf_size_ == 1).any()
    cuts = np.isfinite(forest.threshold_).sum(axis=1)
    # a binary tree
    np.testing.assert_array_equal(cuts + 1, (forest.leaf_size_ > 0).sum(axis=1))


def test_the_root_draws_features_that_vary_with_equal_chance_and_thresholds_uniformly():
    rng = np.random.default_rng(0)
    X = np.column_stack(
        [
            rng.uniform(size=64),
            np.full(64, 7.0),
            rng.integers(0, 2, 64),
            rng.normal(size=64),
        ]
    )
    feature, threshold, _, _ = module.grow(
        np.broadcast_to(X, (6000, 64, 4)), np.random.default_rng(1)
    )
    counts = np.bincount(feature[:, 0], minlength=4)
    assert counts[1] == 0
    assert stats.chisquare(counts[[0, 2, 3]]).pvalue > 0.001
    for f in (0, 2, 3):
        low, high = X[:, f].min(), X[:, f].max()
        drawn = threshold[feature[:, 0] == f, 0]
        assert low <= drawn.min() and drawn.max() < high
        assert stats.kstest(drawn, stats.uniform(low, high - low).cdf).pvalue > 0.001


# 0: looks at all features at once; 1: after one try
@pytest.mark.parametrize("tries", [0, 1, 16])
def test_features_that_vary_are_drawn_with_equal_chance_however_they_are_found(tries):
    rng = np.random.default_rng(0)
    # 30 rows for each of three nodes: of 9 features, 1, 3 and none vary
    X = np.full((90, 9), 7.0)
    X[:30, 4] = rng.normal(size=30)
    X[30:60, [1, 5, 8]] = rng.normal(size=(30, 3))
    row, size = np.tile(np.arange(90), 2000), np.tile([30, 30, 30], 2000)
    feature, low, high = cuts.draw_features(
        X, row, size, np.random.default_rng(1), tries
    )
    one, three, none = feature[0::3], feature[1::3], slice(2, None, 3)
    assert (one == 4).all() and (low[none] == high[none]).all()
    counts = np.bincount(three, minlength=9)
    assert (
        counts[[1, 5, 8]].sum() == 2000
        and stats.chisquare(counts[[1, 5, 8]]).pvalue > 0.001
    )
    np.testing.assert_array_equal(low[1::3], X[30:60].min(axis=0)[three])
    np.testing.assert_array_equal(high[1::3], X[30:60].max(axis=0)[three])


def test_samples_are_drawn_without_replacement_and_evenly(monkeypatch):
    samples = []
    grow = module.grow
    monkeypatch.setattr(
        module, "grow", lambda X, rng: samples.append(X) or grow(X, rng)
    )
    IsolationForest(2000, max_samples=8, random_state=0).fit(np.arange(40.0)[:, None])
    rows = np.concatenate(samples)[:, :, 0]
    assert rows.shape == (2000, 8) and all(len(set(r)) == 8 for r in rows)
    # each row: 2000 draws with chance 1/5
    times = np.bincount(rows.astype(int).ravel(), minlength=40)
    assert np.abs(times - 400).max() < 4.5 * np.sqrt(2000 * 0.2 * 0.8)


def test_many_trees_are_grown_in_blocks(monkeypatch):
    X = np.zeros((300, 20_000))  # 256 rows of 20,000 features: one tree at a time
    X[:, 0] = np.arange(300)
    blocks = []
    grow = module.grow
    monkeypatch.setattr(
        module, "grow", lambda X, rng: blocks.append(len(X)) or grow(X, rng)
    )
    forest = IsolationForest(3, random_state=0).fit(X)
    assert (
        blocks == [1, 1, 1]
        and forest.feature_.shape == (3, 255)
        and (forest.feature_ == 0).all()
    )
    assert len({tuple(t) for t in forest.threshold_}) == 3


def test_values_at_the_ends_of_float64_are_cut_apart():
    tiny = 5e-324
    for x in ([-1.7e308, 1.7e308], [0.0, tiny], [1.0, np.nextafter(1.0, 2.0)]):
        with np.errstate(over="raise", invalid="raise"):
            forest = IsolationForest(20, random_state=0).fit(np.array(x)[:, None])
        assert (forest.leaf_size_ == [1, 1]).all() and (
            forest.path_lengths(np.array(x)[:, None]) == 1
        ).all()


# --- the detector ---


def test_a_gross_outlier_outscores_every_inlier():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(500, 4))
    forest = IsolationForest(random_state=0).fit(X)
    assert (
        anomaly_score(forest, np.full((1, 4), 100.0))[0]
        > anomaly_score(forest, X).max()
    )
    assert forest.predict(np.full((1, 4), 100.0)).tolist() == [-1]


def test_the_same_bytes_for_any_number_of_threads_and_any_block(monkeypatch):
    X = np.random.default_rng(0).normal(size=(3000, 5))
    forest = IsolationForest(random_state=0).fit(X)
    expected, paths = forest.score_samples(X), forest.path_lengths(X)
    for n_jobs, block in [(2, 2**16), (3, 2**12), (1, 1), (-1, 2**20)]:
        monkeypatch.setattr(module, "BLOCK", block)
        forest.set_params(n_jobs=n_jobs)
        np.testing.assert_array_equal(forest.score_samples(X), expected)
        np.testing.assert_array_equal(forest.path_lengths(X), paths)
        assert len(forest.score_samples(X[:1])) == 1
    with parallel_config("threading", n_jobs=2):
        np.testing.assert_array_equal(
            forest.set_params(n_jobs=None).score_samples(X), expected
        )


def test_sums_of_path_lengths_are_exact_in_any_order():
    X = np.random.default_rng(0).normal(size=(500, 5))
    h = IsolationForest(random_state=0).fit(X).path_lengths(X)
    np.testing.assert_array_equal(h.sum(axis=0), h[::-1].sum(axis=0))
    assert all(
        sum(map(Fraction, column)) == Fraction(column.sum()) for column in h.T[:20]
    )


def test_random_state_is_an_int_a_generator_or_none():
    X = np.random.default_rng(0).normal(size=(300, 3))

    def score(state):
        return IsolationForest(10, random_state=state).fit(X).score_samples(X)

    np.testing.assert_array_equal(score(0), score(0))
    np.testing.assert_array_equal(score(0), score(np.random.RandomState(0)))
    assert (score(0) != score(1)).any() and (score(None) != score(None)).any()
    state = np.random.RandomState(0)
    assert (score(state) != score(state)).any()  # a generator moves on
    before = np.random.get_state()[1].copy()
    score(3)
    # the global one is left alone
    np.testing.assert_array_equal(np.random.get_state()[1], before)


def test_duplicates_and_constant_features_leave_nothing_to_cut():
    same = np.full((50, 3), 4.0)
    forest = IsolationForest(10, random_state=0).fit(same)
    assert np.isinf(forest.threshold_).all()
    np.testing.assert_array_equal(
        forest.score_samples([[4.0, 4, 4], [9, 9, 9]]), [-0.5, -0.5]
    )
    X = np.column_stack([np.ones(60), np.arange(60) % 3])  # three distinct rows
    forest = IsolationForest(10, random_state=0).fit(X)
    assert (forest.feature_[np.isfinite(forest.threshold_)] == 1).all()
    assert sorted(forest.leaf_size_[0][forest.leaf_size_[0] > 0]) == [20, 20, 20]


def test_float64_tells_rows_apart_that_float32_merges():
    # float32 knows two numbers there, scikit-learn's forest two scores
    X = 1e9 + np.arange(64.0)[:, None]
    assert len(np.unique(ScikitForest(random_state=0).fit(X).score_samples(X))) == 2
    assert len(np.unique(IsolationForest(random_state=0).fit(X).score_samples(X))) > 32


@pytest.mark.parametrize(
    "n, asked, psi",
    [(300, "auto", 256), (100, "auto", 100), (300, 10, 10), (300, 0.5, 150)],
)
def test_max_samples(n, asked, psi):
    forest = IsolationForest(3, max_samples=asked, random_state=0).fit(
        np.arange(float(n))[:, None]
    )
    assert forest.max_samples_ == psi and (forest.leaf_size_.sum(axis=1) == psi).all()


def test_contamination_sets_the_share_of_training_rows_called_anomalies():
    X = np.random.default_rng(0).normal(size=(1000, 4))
    assert IsolationForest(random_state=0).fit(X).offset_ == -0.5
    share = (
        IsolationForest(contamination=0.07, random_state=0).fit(X).predict(X) == -1
    ).mean()
    assert share == pytest.approx(0.07, abs=0.002)


def test_trees_of_one_row_call_every_row_the_same():
    X = np.random.default_rng(0).normal(size=(10, 2))
    assert (IsolationForest(5, max_samples=1).fit(X).score_samples(X) == -0.5).all()


# --- bad input ---


@pytest.mark.parametrize(
    "parameters, message",
    [
        ({"max_samples": 0}, r"max_samples must be .* got 0 for 20 rows"),
        ({"max_samples": -3}, r"max_samples must be .* got -3"),
        ({"max_samples": 1.5}, r"share of the rows in \(0.0, 1.0\].* got 1.5"),
        ({"max_samples": 0.01}, r"comes to 1 row or more; got 0.01 for 20 rows"),
        ({"max_samples": "all"}, r"max_samples must be .* got 'all'"),
        ({"max_samples": True}, r"max_samples must be .* got True"),
        (
            {"n_estimators": 0},
            r"n_estimators must be a whole number of trees, 1 or more, got 0",
        ),
        (
            {"n_estimators": 2.5},
            r"n_estimators must be a whole number of trees, 1 or more, got 2.5",
        ),
        ({"contamination": 0.7}, r"contamination must lie in \(0, 0.5\], got 0.7"),
        (
            {"contamination": "some"},
            r"contamination must be a number in \(0, 0.5\] or \"auto\", got 'some'",
        ),
    ],
)
def test_parameters_out_of_range(parameters, message):
    with pytest.raises(ValueError, match=message):
        IsolationForest(**parameters).fit(np.arange(20.0)[:, None])


@pytest.mark.parametrize(
    "X, message",
    [
        ([[1.0], [np.nan]], "contains NaN"),
        ([[1.0], [np.inf]], "contains infinity"),
        (np.empty((0, 3)), r"0 sample\(s\)"),
        (np.empty((3, 0)), r"0 feature\(s\)"),
        ([[1.0, 2.0]], "1 sample.*minimum of 2"),
        ([1.0, 2.0], "Expected 2D array"),
    ],
)
def test_rows_that_cannot_be_learned_from(X, message):
    with pytest.raises(ValueError, match=message):
        IsolationForest(5).fit(X)


def test_rows_that_cannot_be_scored():
    forest = IsolationForest(5, random_state=0).fit(
        np.random.default_rng(0).normal(size=(20, 3))
    )
    for method in (forest.score_samples, forest.path_lengths):
        with pytest.raises(
            ValueError,
            match="X has 2 features, but IsolationForest is expecting 3 features",
        ):
            method(np.zeros((4, 2)))
        with pytest.raises(ValueError, match="contains NaN"):
            method([[0.0, np.nan, 0.0]])
    with pytest.raises(ValueError, match="not fitted"):
        IsolationForest().path_lengths(np.zeros((4, 2)))


def test_more_rows_asked_for_than_there_are():
    with pytest.warns(
        UserWarning,
        match=r"max_samples \(64\) is greater than the number of rows \(20\).*set to",
    ):
        assert (
            IsolationForest(5, max_samples=64)
            .fit(np.arange(20.0)[:, None])
            .max_samples_
            == 20
        )
