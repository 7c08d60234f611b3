"""Learned cuts: gradients against exact expectations, policies against hand values,
forests against their rules.
"""

import json
from itertools import product

import numpy as np
import pytest

from metaad.detectors import (
    IsolationForest,
    anomaly_score,
    average_path_length,
)
from metaad.detectors.forest import split_policy
from metaad.detectors.forest.isolation_forest import grow
from metaad.detectors.forest.split_policy import (
    SplitPolicy,
    choose,
    column_statistics,
    describe,
    load,
    save,
)
from metaad.metrics import auroc
from metaad.search.forest.cuts import (
    ForestPolicy,
    places,
    policy_gradient,
    smooth_auroc_gradient,
)
from metaad.tasks.tables import LabelledTable

POLICY = SplitPolicy({"tails": 0.5, "gap*distinct": 0.3, "sparse": 0.2}, smallest=4)


def table(seed=0, n=300, name="made"):
    """Two columns: anomalies lie far out in the first, which is heavy-tailed for it;
    the second is noise.
    """
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 2))
    y = (np.arange(n) < n // 20).astype(int)
    X[y == 1, 0] += 6.0
    return LabelledTable(X, y, f"{name}-{seed}", name)


# --- choosing ---


def test_the_chances_are_the_softmax_and_the_choices_follow_them():
    phi = np.array([[[0.0], [np.log(2.0)], [np.log(5.0)]]])
    taken, chance = choose(
        np.repeat(phi, 40_000, axis=0), np.array([1.0]), np.random.default_rng(0)
    )
    np.testing.assert_allclose(chance[0], [1 / 8, 2 / 8, 5 / 8], rtol=1e-12)
    np.testing.assert_allclose(
        np.bincount(taken) / 40_000, [1 / 8, 2 / 8, 5 / 8], atol=0.01
    )


def test_columns_by_hand():
    X = np.column_stack([[0.0, 0, 0, 4], [1.0, 2, 3, 4], [7.0, 7, 7, 7]])
    column = column_statistics(X, np.random.default_rng(0))
    # (0, 0, 0, 4): mean 1, deviation √3, fourth moment (3 + 81) / 4 = 21, kurtosis 21 /
    # 9
    assert column["tails"][0] == pytest.approx(np.log(21 / 9) - 1.1)
    assert column["reach"][0] == pytest.approx(np.log(3 / np.sqrt(3)))
    np.testing.assert_allclose(column["distinct"], [0.5 - 0.6, 1 - 0.6, -0.6])
    np.testing.assert_allclose(column["deviation"], [np.sqrt(3), np.sqrt(1.25), 7.0])
    moved = column_statistics(-3 * X + 5, np.random.default_rng(0))
    for name in set(column) - {"median", "deviation"}:
        np.testing.assert_allclose(moved[name], column[name], atol=1e-12, err_msg=name)


def test_cuts_by_hand():
    X = np.array([[0.0], [1.0], [2.0], [10.0]])  # cut at 6: three rows left, one right
    column = column_statistics(X, np.random.default_rng(0))
    one = lambda v: np.array([v], dtype=float)  # noqa: E731
    sides = one(2), one(10), np.array([3]), np.array([4])
    known = describe(column, np.array([0]), one(0), one(10), one(6), sides)
    assert set(known) == set(split_policy.FEATURES)
    assert known["gap"][0] == pytest.approx(np.log2(0.8) + 4)
    assert known["few"][0] == 1.0  # -log2(1/4) - 1
    # a quarter of the rows on 0.4 of the range
    assert known["sparse"][0] == pytest.approx(2 + np.log2(0.4))
    assert known["edge"][0] == pytest.approx(2 - 8 * 0.4)
    assert known["outward"][0] == pytest.approx((6 - 1.5) / X.std())


# --- the forest ---


def test_weights_of_zero_are_a_plain_forest():
    X = table().X
    plain = anomaly_score(IsolationForest(4000, random_state=0).fit(X), X)
    none = anomaly_score(
        IsolationForest(4000, policy=SplitPolicy({"tails": 0.0}), random_state=1).fit(
            X
        ),
        X,
    )
    again = anomaly_score(IsolationForest(4000, random_state=2).fit(X), X)
    assert np.abs(none - plain).max() < 2 * np.abs(again - plain).max()


def test_a_strong_policy_takes_the_column_it_prefers():
    X = table().X
    X[:, 1] = np.random.default_rng(1).uniform(size=len(X))  # no tails
    forest = IsolationForest(
        200, policy=SplitPolicy({"tails": 50.0}), random_state=0
    ).fit(X)
    # 8 proposals are all of the other column once in 256
    assert (forest.feature_[:, 0] == 0).mean() > 0.98


def test_scores_are_the_same_for_any_number_of_threads_and_for_the_same_seed():
    X = table(n=2000).X
    one, three, again = (
        IsolationForest(60, policy=POLICY, n_jobs=jobs, random_state=0)
        .fit(X)
        .score_samples(X)
        for jobs in (1, 3, 1)
    )
    np.testing.assert_array_equal(one, three)
    np.testing.assert_array_equal(one, again)
    other = IsolationForest(60, policy=POLICY, random_state=1).fit(X).score_samples(X)
    assert not np.array_equal(one, other)


def test_half_of_the_trees_can_stay_plain():
    X = table().X
    X[:, 1] = np.random.default_rng(1).uniform(size=len(X))
    half = SplitPolicy({"tails": 50.0}, share=0.5)
    feature = IsolationForest(400, policy=half, random_state=0).fit(X).feature_[:, 0]
    assert (feature[:200] == 0).mean() > 0.97 and 0.4 < (
        feature[200:] == 0
    ).mean() < 0.6


def test_leaves_hold_every_row_of_the_sample_and_moving_or_stretching_a_column_changes_nothing():
    X = np.random.default_rng(0).integers(0, 5, (400, 3)) + 0.0
    forest = IsolationForest(30, policy=POLICY, random_state=0).fit(X)
    assert (forest.leaf_size_.sum(axis=1) == 256).all()
    # powers of two: no rounding
    moved = IsolationForest(30, policy=POLICY, random_state=0).fit(4 * X + 8)
    np.testing.assert_array_equal(moved.feature_, forest.feature_)
    np.testing.assert_allclose(
        moved.score_samples(4 * X + 8), forest.score_samples(X), atol=1e-6
    )


def test_values_at_the_ends_of_float64_and_constant_columns():
    X = np.column_stack(
        [1.7e308 * np.linspace(-1, 1, 40), np.full(40, 3.0), np.linspace(0, 5e-322, 40)]
    )
    forest = IsolationForest(20, policy=POLICY, random_state=0).fit(X)
    assert np.isfinite(forest.score_samples(X)).all()
    assert not (forest.feature_[np.isfinite(forest.threshold_)] == 1).any()


# --- files ---


def test_the_policy_of_the_package_is_known_by_name():
    policy = load("halved")
    assert policy.name == "halved" in split_policy.known()
    X = table().X
    by_name = (
        IsolationForest(20, policy="halved", random_state=0).fit(X).score_samples(X)
    )
    by_object = (
        IsolationForest(20, policy=policy, random_state=0).fit(X).score_samples(X)
    )
    np.testing.assert_array_equal(by_name, by_object)


def test_a_policy_goes_to_a_file_and_comes_back(tmp_path):
    save(POLICY, tmp_path / "mine.json")
    assert load(tmp_path / "mine.json") == load(str(tmp_path / "mine.json")) == POLICY


@pytest.mark.parametrize(
    ("policy", "message"),
    [
        ("halved-99", "no policy 'halved-99'. Known ones: .*halved"),
        (
            7,
            "policy must be None, a name, the path of a JSON file or a SplitPolicy; got 7",
        ),
    ],
)
def test_policies_that_are_not_there(policy, message):
    with pytest.raises(ValueError, match=message):
        IsolationForest(policy=policy).fit(np.eye(4))


@pytest.mark.parametrize(
    "text", ["{", "[1]", '{"weights": {"colour": 1.0}}', '{"weights": {}}', '{"w": 1}']
)
def test_files_that_hold_no_policy(tmp_path, text):
    (tmp_path / "bad.json").write_text(text)
    with pytest.raises(ValueError, match="bad.json does not hold a split policy"):
        load(tmp_path / "bad.json")


@pytest.mark.parametrize(
    "wrong",
    [{"proposals": 1}, {"share": 0.0}, {"smallest": 1}, {"weights": {"gap": np.nan}}],
)
def test_policies_out_of_range(wrong):
    with pytest.raises(
        ValueError, match="policy needs|weights of a policy must be finite"
    ):
        SplitPolicy(**{"weights": {"gap": 1.0}, **wrong})


# --- the gradient ---


def test_the_gradient_of_the_smooth_auroc_is_that_of_finite_differences():
    rng = np.random.default_rng(0)
    y, s = rng.integers(0, 2, 30), rng.normal(size=30)
    unit = 0.3 * s.std()

    def smooth(s):
        return np.mean(1 / (1 + np.exp(-(s[y == 1][:, None] - s[y == 0]) / unit)))

    steps = 1e-5 * np.eye(30)
    expected = [(smooth(s + e) - smooth(s - e)) / 2e-5 for e in steps]
    np.testing.assert_allclose(smooth_auroc_gradient(y, s), expected, atol=1e-9)


def test_places_end_in_the_leaves():
    X = table().X
    trees = grow(np.stack([X[:64], X[64:128]]), np.random.default_rng(0))
    where = places(X[:64], *trees[:2])
    assert [w.max() < 2 * 2**level for level, w in enumerate(where)] == [True] * 7
    np.testing.assert_array_equal(
        np.bincount(where[-1][0], minlength=128)[:64], trees[2][0]
    )


def binary(weights, log):
    """Cuts of two binary columns by softmax over the columns that vary: the whole
    tree is enumerable.
    """

    def draw(X, row, size, level, rng):
        feature, cut = np.zeros(len(size), dtype=int), np.full(len(size), np.inf)
        chosen, first = np.zeros((len(size), 2)), np.cumsum(size) - size
        for i, (a, n) in enumerate(zip(first, size, strict=True)):
            x = X[row[a : a + n]]
            varies = x.min(axis=0) < x.max(axis=0)
            if varies.any():
                chance = np.where(varies, np.exp(weights), 0.0)
                chance /= chance.sum()
                feature[i], cut[i] = rng.choice(2, p=chance), 0.5
                chosen[i] = np.eye(2)[feature[i]] - chance  # ∂ log π / ∂w of a softmax
        log.append(chosen)
        return feature, cut

    return draw


def exact(X, g, weights):
    """E[Σ g_i s_i] over both first cuts: below the first cut only one column is left
    to be cut.
    """
    chance = np.exp(weights) / np.exp(weights).sum()
    total = 0.0
    for feature, side in product((0, 1), (0.0, 1.0)):
        at = X[:, feature] == side
        part, other = X[at], X[at][:, 1 - feature]
        depth = np.full(at.sum(), 1.0)
        if other.min() < other.max():
            depth += 1.0 + average_path_length(
                np.array([(other == v).sum() for v in part[:, 1 - feature]])
            )
        else:
            depth += average_path_length(len(part))
        total -= chance[feature] * (g[at] * depth).sum()
    return total


def test_credit_by_node_is_unbiased_for_a_linear_reward():
    X = np.array(
        [[0, 0], [0, 0], [0, 1], [1, 0], [1, 0], [1, 1], [1, 1], [1, 1]], dtype=float
    )[:5]
    g, weights, n_trees = (
        np.array([0.3, -0.2, 0.9, -0.5, 0.1]),
        np.array([0.4, -0.3]),
        40_000,
    )
    log = []
    trees = grow(
        np.broadcast_to(X, (n_trees, 5, 2)),
        np.random.default_rng(0),
        binary(weights, log),
    )
    found, scores = policy_gradient(log, trees, X, g)
    steps = 1e-5 * np.eye(2)
    expected = [
        (exact(X, g, weights + e) - exact(X, g, weights - e)) / 2e-5 for e in steps
    ]
    assert g @ scores == pytest.approx(exact(X, g, weights), abs=0.01)
    assert np.abs(expected).min() > 0.02
    np.testing.assert_allclose(found, expected, atol=0.006)


# --- learning ---


def test_learning_finds_the_column_that_tells_the_anomalies():
    tables = [table(seed, 200, f"family {seed}") for seed in range(3)]
    learner = ForestPolicy(("tails",), iterations=6, smallest=16, random_state=0).fit(
        tables
    )
    assert learner.policy_.weights["tails"] > 0.3
    unseen = table(9)
    scores = [
        np.mean(
            [
                auroc(
                    unseen.y,
                    anomaly_score(
                        IsolationForest(30, policy=p, random_state=s).fit(unseen.X),
                        unseen.X,
                    ),
                )
                for s in range(5)
            ]
        )
        for p in (None, learner.policy_)
    ]
    assert scores[1] > scores[0]


def test_learning_gives_the_same_bytes_again_and_shrinkage_keeps_weights_small():
    tables = [table(seed, 100) for seed in range(2)]
    settings = {
        "features": ("few", "gap*distinct"),
        "iterations": 2,
        "n_trees": 4,
        "learning_rate": 0.5,
    }
    one, two = (
        ForestPolicy(**settings, random_state=0).fit(tables).policy_ for _ in range(2)
    )
    assert json.dumps(one.weights) == json.dumps(two.weights)
    held = (
        ForestPolicy(**{**settings, "iterations": 4}, shrinkage=1.0, random_state=0)
        .fit(tables)
        .policy_
    )
    free = (
        ForestPolicy(**{**settings, "iterations": 4}, shrinkage=0.0, random_state=0)
        .fit(tables)
        .policy_
    )
    assert sum(np.square(list(held.weights.values()))) < sum(
        np.square(list(free.weights.values()))
    )
