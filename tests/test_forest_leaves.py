"""The learned score: leaves by hand, the gradient against finite differences, the plain
forest where the leaves say path lengths.
"""

from dataclasses import replace
from typing import NamedTuple

import numpy as np
import pytest

from metaad.detectors import IsolationForest, anomaly_score
from metaad.detectors.forest.leaf_values import (
    HALVED,
    KNOTS,
    PLAIN,
    hats,
    leaf_values,
    parted,
)
from metaad.detectors.forest.split_policy import SplitPolicy, load, save
from metaad.metrics import auroc
from metaad.search.forest.leaves import (
    ForestScore,
    as_score,
    as_weights,
    design,
    pair_curvature,
    pair_loss,
)
from metaad.tasks.tables import LabelledTable

CUTS = SplitPolicy({"gap*distinct": 0.5, "sparse": 0.2}, share=0.5)
N_KNOTS = sum(map(len, KNOTS.values()))


def some_score(seed=0):
    return as_score(np.random.default_rng(seed).normal(size=N_KNOTS).round(2))


def table(seed=0, n=300):
    rng = np.random.default_rng(seed)
    X, y = rng.normal(size=(n, 4)), (np.arange(n) < n // 20).astype(int)
    X[y == 1, :2] += 4.0
    return LabelledTable(X, y, f"made {seed}", f"family {seed}")


class Read(NamedTuple):
    X: np.ndarray
    y: np.ndarray
    name: str
    family: str
    read: np.ndarray


# --- leaves ---


def test_parted_by_hand():
    # eight rows: 1 : 7, then the seven 4 : 3; the lone row's place is not cut again
    size = np.array([[1, 0, 4, 3]])
    bits = parted(size)[0]
    assert bits[0] == pytest.approx(3.0)  # 1 of 8
    # the others lost 1 of 8 on the way (a share of 7 / 8), then 4 / 7 or 3 / 7
    assert bits[2] == pytest.approx(np.log2(7 / 4))
    assert bits[3] == pytest.approx(np.log2(7 / 3))


def test_parted_takes_the_largest_of_all_cuts_on_the_way():
    # 2 of 16 parted off first (3 bits), these two then 1 : 1 (1 bit)
    bits = parted(np.array([[1, 1, 10, 4]]))[0]
    assert bits[0] == bits[1] == pytest.approx(3.0)
    assert bits[3] == pytest.approx(np.log2(14 / 4))


def test_hats_by_hand():
    found = hats(np.array([0.0, 1.0, 1.25, 3.5, 9.0]), [1.0, 2.0, 4.0])
    wanted = [[1, 0, 0], [1, 0, 0], [0.75, 0.25, 0], [0, 0.25, 0.75], [0, 0, 1]]
    np.testing.assert_allclose(found, wanted, atol=1e-12)


def test_a_curve_is_straight_between_its_knots_and_flat_beyond():
    path, size = np.array([[0.5, 5.5, 8.75, 30.0]]), np.array([[1, 1, 1, 1]])
    score = {"path": [float(k) ** 2 for k in KNOTS["path"]], "parted": [0.0] * 9}
    said = leaf_values(path, size, score)
    wanted = [1.0, (25 + 36) / 2, (64 + 9.5**2) / 2, 18.0**2]
    np.testing.assert_allclose(said, [wanted], rtol=1e-12)


def test_hats_and_the_score_of_the_leaves_agree():
    forest = IsolationForest(10, random_state=0).fit(table().X)
    score, told = some_score(), {"path": forest.leaf_path_}
    told["parted"] = parted(forest.leaf_size_)
    by_hats = sum(hats(told[n], KNOTS[n]) @ np.array(score[n]) for n in KNOTS)
    said = leaf_values(forest.leaf_path_, forest.leaf_size_, score)
    np.testing.assert_allclose(said, by_hats, atol=1e-12)


# --- the forest ---


@pytest.mark.parametrize(
    "cuts", [SplitPolicy({}, score=PLAIN), replace(CUTS, score=PLAIN)]
)
def test_leaves_that_say_their_path_length_are_the_plain_forest(cuts):
    # but for paths beyond the last knot, of leaves that hold almost a whole sample
    X = table().X
    bare = None if not cuts.weights else replace(cuts, score={})
    plain = IsolationForest(30, policy=bare, random_state=0).fit(X)
    same = IsolationForest(30, policy=cuts, random_state=0).fit(X)
    np.testing.assert_array_equal(plain.feature_, same.feature_)
    np.testing.assert_allclose(plain.score_samples(X), same.score_samples(X), atol=1e-5)


def test_the_leaves_carry_the_score_of_rows_never_seen():
    known, new = table().X, table(1)
    policy = SplitPolicy({}, score=some_score())
    forest = IsolationForest(40, policy=policy, random_state=0).fit(known)
    D, y = design(Read(new.X, new.y, "new", "new", known), None, 40, 0)
    s = D @ as_weights(policy.score)
    path = forest.path_lengths(new.X).mean(axis=0)
    assert np.corrcoef(s, path)[0, 1] == pytest.approx(-1.0)
    assert auroc(y, s) == auroc(y, -path.round(9)) and len(y) == 300


def test_thresholds_keep_their_meaning():
    X = table().X
    plain = IsolationForest(40, random_state=0).fit(X).path_lengths(X).mean(axis=0)
    policy = SplitPolicy({}, score=HALVED)
    scored = IsolationForest(40, policy=policy, random_state=0).fit(X)
    found = scored.path_lengths(X).mean(axis=0)
    assert found.mean() == pytest.approx(plain.mean())
    assert found.std() == pytest.approx(plain.std())


def test_moving_or_stretching_a_column_changes_no_score():
    X, policy = table().X, replace(CUTS, score=some_score())
    scores = [
        anomaly_score(IsolationForest(20, policy=policy, random_state=0).fit(Z), Z)
        for Z in (X, 4 * X + 8)
    ]
    np.testing.assert_allclose(scores[0], scores[1], atol=1e-6)


def test_more_rows_than_the_values_are_measured_with():
    X = table(n=5000).X
    policy = SplitPolicy({}, score=HALVED)
    one, two = (
        IsolationForest(10, policy=policy, random_state=0).fit(X) for _ in range(2)
    )
    far = np.array([[30.0, 30, 30, 30]])
    np.testing.assert_array_equal(one.score_samples(X), two.score_samples(X))
    assert one.score_samples(far) < np.median(one.score_samples(X))


@pytest.mark.parametrize("n_trees", [1, 2, 3])
def test_very_small_forests_and_tables_of_equal_rows(n_trees):
    policy = SplitPolicy({}, score=some_score())
    forest = IsolationForest(n_trees, policy=policy, random_state=0)
    found = forest.fit(np.ones((5, 3))).score_samples(np.ones((5, 3)))
    assert np.ptp(found) == 0 and np.isfinite(found).all()


def test_a_score_goes_to_a_file_and_comes_back(tmp_path):
    policy = replace(CUTS, score=some_score())
    save(policy, tmp_path / "mine.json")
    assert load(tmp_path / "mine.json") == policy


@pytest.mark.parametrize(
    "wrong",
    [
        {"path": PLAIN["path"]},
        PLAIN | {"colour": [1.0]},
        PLAIN | {"parted": [0.0] * 8},
        PLAIN | {"parted": 0.0},
        PLAIN | {"parted": [np.inf] + [0.0] * 8},
        PLAIN | {"parted": ["0"] * 9},
    ],
)
def test_scores_that_cannot_be(wrong):
    with pytest.raises(ValueError, match="learned score"):
        replace(CUTS, score=wrong)


# --- learning ---


def test_the_gradient_is_that_of_finite_differences():
    D, y = design(table(), None, 20, 0)
    w, steps = np.linspace(-0.3, 0.4, N_KNOTS), 1e-5 * np.eye(N_KNOTS)
    loss = lambda w: pair_loss(w, D, y)[0]  # noqa: E731
    expected = [(loss(w + e) - loss(w - e)) / 2e-5 for e in steps]
    np.testing.assert_allclose(pair_loss(w, D, y)[1], expected, atol=1e-8)


def test_the_curvature_is_that_of_finite_differences():
    D, y = design(table(), None, 20, 0)
    w, steps = np.linspace(-0.3, 0.4, N_KNOTS), 1e-5 * np.eye(N_KNOTS)
    slope = lambda w: pair_loss(w, D, y)[1]  # noqa: E731
    expected = [(slope(w + e) - slope(w - e)) / 2e-5 for e in steps]
    np.testing.assert_allclose(pair_curvature(w, D, y), expected, atol=1e-8)


def test_the_least_loss_does_not_depend_on_the_last_bits():
    designs = [design(table(i), None, 20, i) for i in range(3)]
    rng = np.random.default_rng(0)
    moved = [(D * (1 + 1e-14 * rng.normal(size=D.shape)), y) for D, y in designs]
    one, two = (ForestScore().descend(d, np.full(3, 1 / 3)) for d in (designs, moved))
    np.testing.assert_allclose(one, two, atol=1e-7)


def test_the_loss_by_hand():
    D, y = np.array([[2.0], [0.0], [1.0]]), np.array([1, 0, 0])
    wanted = (np.log1p(np.exp(-2.0)) + np.log1p(np.exp(-1.0))) / 2
    assert pair_loss(np.array([1.0]), D, y)[0] == pytest.approx(wanted)
    assert pair_loss(np.zeros(1), D, y)[0] == pytest.approx(np.log(2))
    # a pair that is far on the wrong side: the loss is the distance, not infinity
    assert pair_loss(np.array([-1e3]), D, y)[0] == pytest.approx(1500.0)


def test_the_least_loss_is_found_and_nothing_near_is_less():
    designs = [design(table(i), None, 20, i) for i in range(3)]
    w = ForestScore(stiffness=0.01).descend(designs, np.full(3, 1 / 3))

    def total(w):
        loss = np.mean([pair_loss(w, D, y)[0] for D, y in designs])
        bent = sum(np.sum(np.diff(v, n=2) ** 2) for v in as_score(w).values())
        return loss + 0.01 * (bent + 1e-3 * w @ w)

    rng = np.random.default_rng(0)
    near = [total(w + 0.05 * rng.normal(size=len(w))) for _ in range(20)]
    assert total(w) < min(near) and total(w) < total(np.zeros(len(w)))


def test_a_stiff_curve_is_a_straight_line():
    designs = [design(table(i), None, 20, i) for i in range(3)]
    free, stiff = (
        as_score(ForestScore(stiffness=s).descend(designs, np.full(3, 1 / 3)))
        for s in (1e-4, 1e3)
    )
    for name in KNOTS:
        bend = [np.abs(np.diff(score[name], n=2)).max() for score in (free, stiff)]
        assert bend[1] < 0.01 * bend[0]


def test_a_curve_that_is_not_asked_for_stays_zero():
    designs = [design(table(i), None, 20, i) for i in range(2)]
    w = ForestScore(curves=("path",)).descend(designs, np.full(2, 0.5))
    assert as_score(w)["parted"] == [0.0] * 9 and np.abs(as_score(w)["path"]).max() > 0


def test_families_count_alike_and_a_table_of_one_class_teaches_nothing():
    one, two, three = (table(i) for i in range(3))
    of_one_class = two._replace(y=np.zeros(300, dtype=int), family="nobody")
    options = {"n_trees": 10, "rows": (1000, 1000), "random_state": 0}
    alone = ForestScore(**options).fit([one, three])
    beside = ForestScore(**options).fit([one, three, of_one_class])
    assert alone.policy_.score == beside.policy_.score


def test_rows_to_read_are_what_forests_are_fitted_on():
    t, other = table(), table(7)
    apart = Read(t.X, t.y, "a", "a", other.X)
    forest = IsolationForest(10, random_state=3).fit(other.X)
    D, _ = design(apart, None, 10, 3)
    mean_path = forest.path_lengths(t.X).mean(axis=0)
    np.testing.assert_allclose(D @ as_weights(PLAIN), -mean_path, atol=1e-9)


def test_learning_finds_what_short_paths_are_worth():
    # half of the columns are noise: an anomaly is isolated at once in some trees and
    # late in others, and the mean path hides it
    rng = np.random.default_rng(5)

    def noisy(i):
        t = table(i)
        return t._replace(X=np.column_stack([t.X[:, :1], rng.normal(size=(300, 9))]))

    learner = ForestScore(n_trees=40, random_state=0).fit([noisy(i) for i in range(6)])
    plain, learned = (h["auroc"] for h in learner.history_)
    assert learned > plain
    new = [noisy(i) for i in range(10, 18)]
    found = [
        np.mean(
            [
                auroc(
                    t.y,
                    anomaly_score(
                        IsolationForest(40, policy=p, random_state=0).fit(t.X), t.X
                    ),
                )
                for t in new
            ]
        )
        for p in (None, learner.policy_)
    ]
    assert found[1] > found[0]


def test_learning_gives_the_same_bytes_again():
    tables = [table(i) for i in range(2)]
    one, two = (ForestScore(CUTS, n_trees=10, random_state=0).fit(tables) for _ in "ab")
    assert one.policy_ == two.policy_ and one.policy_.weights == CUTS.weights
