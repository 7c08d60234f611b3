"""The learned score: readings by hand, the gradient against finite differences,
plain trees where the weights are 0.
"""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from metaad import repro
from metaad.detectors import IsolationForest, anomaly_score
from metaad.detectors.forest.leaf_values import (
    agreement,
    isolation_by_column,
    places,
    read,
    table_numbers,
)
from metaad.detectors.forest.split_policy import SplitPolicy, load, save
from metaad.metrics import auroc
from metaad.search.forest.cuts import smooth_auroc_gradient
from metaad.search.forest.leaves import NAMES, ForestScore, design
from metaad.tasks.tables import LabelledTable

CUTS = SplitPolicy({"gap*distinct": 0.5, "sparse": 0.2}, share=0.5)
SCORE = {"path": 0.5, "company": 0.4, "path*apart": -0.1, "company*scarce": 0.3}

ROOT = Path(__file__).resolve().parents[1]


def table(seed=0, n=300):
    rng = np.random.default_rng(seed)
    X, y = rng.normal(size=(n, 4)), (np.arange(n) < n // 20).astype(int)
    X[y == 1, :2] += 4.0
    return LabelledTable(X, y, f"made {seed}", f"family {seed}")


# --- readings ---


def test_bits_by_hand():
    # one tree: column 0 at 0.5 parts four rows 3 : 1, column 1 at 0.5 then parts the
    # three 2 : 1
    X = np.array([[0.0, 0], [0, 0], [0, 1], [1, 1]])
    feature, threshold = np.array([[0, 1, 0]]), np.array([[0.5, 0.5, np.inf]])
    bits = isolation_by_column(places(X, feature, threshold), feature, 2)
    third, half = np.log2(4 / 3), np.log2(3 / 2)
    np.testing.assert_allclose(
        bits, [[third, half], [third, half], [third, np.log2(3)], [2, 0]], atol=1e-12
    )
    # a row ends with the share of the table that its leaf holds: 2, 2, 1 and 1 rows of
    # four
    np.testing.assert_allclose(bits.sum(axis=1), np.log2([2, 2, 4, 4]), atol=1e-12)


def test_agreement_of_columns_that_say_the_same_or_the_opposite():
    v = np.array([0.0, 1.0, 5.0])
    assert agreement(np.column_stack([v, 2 * v, 3 * v])) == pytest.approx(1.0)
    assert agreement(np.column_stack([v, -v])) == pytest.approx(-1.0)
    # a column without cuts counts as 0
    assert agreement(np.column_stack([v, v, np.zeros(3)])) == pytest.approx(2 / 3)
    assert agreement(v[:, None]) == 1.0


def test_numbers_of_a_table_by_hand():
    assert table_numbers(0.25, 90.1) == {"apart": 0.0, "scarce": 0.0}
    assert table_numbers(0.9, 1e6) == {"apart": 0.0, "scarce": 0.0}
    assert table_numbers(0.05, np.exp(3.0)) == {
        "apart": pytest.approx(1.0),
        "scarce": pytest.approx(1.0),
    }
    assert table_numbers(-0.5, 2.0) == {"apart": 1.5, "scarce": 2.0}


def test_company_is_the_mean_over_the_rows_in_the_node():
    X = table().X
    forest = IsolationForest(6, policy=CUTS, random_state=0).fit(X)
    trees = forest.feature_, forest.threshold_, forest.leaf_path_
    leaves, rows, *_ = read(X, len(X), trees, 3)
    on_level_2 = places(X, forest.feature_[:3], forest.threshold_[:3])[2]
    expected = np.array(
        [[rows["path"][tree == node].mean() for node in tree] for tree in on_level_2]
    ).mean(axis=0)
    np.testing.assert_allclose(
        rows["company"], (expected - expected.mean()) / expected.std(), atol=1e-10
    )
    for name in rows:
        assert rows[name].mean() == pytest.approx(0.0, abs=1e-10) and rows[
            name
        ].std() == pytest.approx(1.0)
    assert set(leaves) == {"plain", "path", "company"}


def test_moving_or_stretching_a_column_changes_no_reading():
    X = table().X
    for policy in (CUTS, replace(CUTS, score=SCORE)):
        scores = [
            anomaly_score(IsolationForest(20, policy=policy, random_state=0).fit(Z), Z)
            for Z in (X, 4 * X + 8)
        ]
        np.testing.assert_allclose(scores[0], scores[1], atol=1e-6)


# --- the forest ---


def test_weights_of_zero_are_the_plain_trees():
    X = table().X
    bare = IsolationForest(40, policy=CUTS, random_state=0).fit(X)
    zero = IsolationForest(
        40, policy=replace(CUTS, score=dict.fromkeys(NAMES, 0.0)), random_state=0
    ).fit(X)
    np.testing.assert_allclose(
        zero.path_lengths(X).mean(axis=0),
        bare.path_lengths(X)[20:].mean(axis=0),
        atol=1e-8,
    )


def test_the_leaves_carry_the_score():
    X = table().X
    bare = IsolationForest(40, policy=CUTS, random_state=0).fit(X)
    scored = IsolationForest(40, policy=replace(CUTS, score=SCORE), random_state=0).fit(
        X
    )
    np.testing.assert_array_equal(bare.feature_, scored.feature_)
    _, rows, numbers, center, unit = read(
        X, len(X), (bare.feature_, bare.threshold_, bare.leaf_path_), 20
    )
    s = rows["plain"] + 0.5 * rows["path"] + 0.4 * rows["company"]
    s += (
        -0.1 * numbers["apart"] * rows["path"]
        + 0.3 * numbers["scarce"] * rows["company"]
    )
    found = scored.path_lengths(X).mean(axis=0)
    np.testing.assert_allclose(found, center - unit * s / s.std(), atol=1e-7)
    plain = bare.path_lengths(X)[20:].mean(axis=0)
    assert found.mean() == pytest.approx(plain.mean()) and found.std() == pytest.approx(
        plain.std()
    )


def test_more_rows_than_the_readings_take_and_rows_never_seen():
    X = table(n=5000).X
    forest = IsolationForest(10, policy=replace(CUTS, score=SCORE), random_state=0).fit(
        X
    )
    again = IsolationForest(10, policy=replace(CUTS, score=SCORE), random_state=0).fit(
        X
    )
    far = np.array([[30.0, 30, 30, 30]])
    np.testing.assert_array_equal(forest.score_samples(X), again.score_samples(X))
    assert forest.score_samples(far) < np.median(forest.score_samples(X))


@pytest.mark.parametrize("n_trees", [1, 2, 3])
def test_very_small_forests_and_tables_of_equal_rows(n_trees):
    X = np.ones((5, 3))
    forest = IsolationForest(
        n_trees, policy=replace(CUTS, score=SCORE), random_state=0
    ).fit(X)
    assert (
        np.ptp(forest.score_samples(X)) == 0
        and np.isfinite(forest.score_samples(X)).all()
    )


def test_a_score_goes_to_a_file_and_comes_back(tmp_path):
    save(replace(CUTS, score=SCORE), tmp_path / "mine.json")
    assert load(tmp_path / "mine.json").score == SCORE


@pytest.mark.parametrize(
    "wrong",
    [
        {"height": 1.0},
        {"path*colour": 1.0},
        {"path*apart*scarce": 1.0},
        {"path": np.inf},
    ],
)
def test_scores_that_cannot_be(wrong):
    with pytest.raises(ValueError, match="learned score"):
        replace(CUTS, score=wrong)


def test_a_score_needs_plain_trees():
    with pytest.raises(ValueError, match="share must be below 1, got 1.0"):
        replace(CUTS, share=1.0, score=SCORE)


# --- learning ---


def test_the_gradient_is_that_of_finite_differences():
    plain, D, y = design(table(), CUTS, NAMES, 20, 0)
    w = np.linspace(-0.3, 0.4, len(NAMES))
    s = plain + D @ w
    unit = 0.3 * s.std()  # a constant in the gradient

    def smooth(w):
        s = plain + D @ w
        return np.mean(1 / (1 + np.exp(-(s[y == 1][:, None] - s[y == 0]) / unit)))

    steps = 1e-5 * np.eye(len(NAMES))
    expected = [(smooth(w + e) - smooth(w - e)) / 2e-5 for e in steps]
    np.testing.assert_allclose(D.T @ smooth_auroc_gradient(y, s), expected, atol=1e-8)


def test_one_step_by_hand():
    tables = [table(0), table(1)]
    learner = ForestScore(
        CUTS,
        ("path",),
        iterations=2,
        n_trees=20,
        forests=1,
        rows=(1000, 1000),
        random_state=0,
    )
    learner.fit(tables)
    rng = np.random.default_rng(np.random.RandomState(0).randint(2**31, size=4))
    gradient = []
    for t in tables:
        plain, D, y = design(t, CUTS, ("path",), 20, int(rng.integers(2**31)))
        # the rows that were drawn: all
        rng.choice(15, 15, replace=False), rng.choice(285, 285, replace=False)
        gradient.append(D.T @ smooth_auroc_gradient(y, plain))
    assert learner.history_[0]["weights"] == [0.0]
    np.testing.assert_allclose(
        learner.history_[1]["weights"], 2.0 * 0.3 * np.mean(gradient, axis=0), rtol=1e-9
    )


def test_learning_finds_the_reading_that_tells_the_anomalies():
    rng = np.random.default_rng(5)
    tables = []
    for i in range(3):  # answers are noise; the policy's trees leave them alone
        t = table(i)
        tables.append(
            t._replace(X=np.column_stack([t.X, rng.integers(0, 2, (len(t.X), 12))]))
        )
    cuts = SplitPolicy({"distinct": 4.0}, share=0.5)
    learner = ForestScore(
        cuts, ("path",), iterations=20, n_trees=40, random_state=0
    ).fit(tables[:2])
    assert learner.policy_.score["path"] > 0.1
    found = [
        auroc(
            tables[2].y,
            anomaly_score(
                IsolationForest(40, policy=p, random_state=0).fit(tables[2].X),
                tables[2].X,
            ),
        )
        for p in (None, learner.policy_)
    ]
    assert found[1] > found[0]
    assert learner.history_[-1]["auroc"] > learner.history_[0]["auroc"]


# --- the record ---


def test_the_policy_that_ships_is_the_recorded_one():
    recorded, ships = repro.recorded("learned_forest"), load("adbench-v1")
    assert (ships.weights, ships.score) == (recorded["weights"], recorded["score"])
    assert ships.share == recorded["settings"]["share"] < 1
    tried = json.loads(
        (ROOT / "metaad/experiments/learned_forest_tried.json").read_text(
            encoding="utf-8"
        )
    )["tried"]
    assert recorded["tried"] == tried and len(tried) > 20


def test_no_policy_that_judged_a_family_was_learned_on_it():
    recorded = repro.recorded("learned_forest")
    families = {t["family"] for t in recorded["tables"].values()}
    assert (
        set(recorded["weights without a family"])
        == set(recorded["score without a family"])
        == families
    )
    gains = np.array(
        [t["scored auroc"] - t["plain auroc"] for t in recorded["tables"].values()]
    )
    assert gains.mean() == pytest.approx(
        recorded["gain over plain"]["scored"]["auroc"]["value"], abs=2e-4
    )


def test_weights_of_some_columns_are_those_of_a_learner_with_these_names_alone():
    tables, options = (
        [table(0), table(1), table(2)],
        {"iterations": 5, "n_trees": 20, "forests": 2, "random_state": 0},
    )
    wide = ForestScore(CUTS, NAMES, **options)
    read, at = (
        wide.readings(tables),
        [NAMES.index(n) for n in ("company", "path*scarce")],
    )
    known = [[(plain, D[:, at], y) for plain, D, y in taught] for _, taught in read]
    few = ForestScore(CUTS, ("company", "path*scarce"), **options).fit(tables)
    np.testing.assert_allclose(
        wide.ascend(known, np.full(3, 1 / 3)),
        list(few.policy_.score.values()),
        rtol=1e-9,
    )
    assert any(few.policy_.score.values())
    # whole designs are those of the rows at hand, and the rows with a reward are among
    # them
    for whole, taught in read:
        assert len(whole) == len(taught) == 2
        assert (
            len(whole[0][2]) == 300
            and taught[0][2].sum() == 15
            and len(taught[0][2]) == 215
        )
