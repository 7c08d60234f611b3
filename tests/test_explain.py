"""Explanations add up where they must, agree with brute force, and name the column in
which an anomaly was planted.
"""

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import minimize
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from metaad.detectors import (
    Detector,
    IsolationForest,
    KNNDetector,
    MahalanobisDetector,
    anomaly_score,
)
from metaad.experiments.practice.planted_rows import planted
from metaad.practice import Conformal
from metaad.practice.closed_forms import conditional_distances, node_means, path_gains
from metaad.practice.explain import METHODS, explain, groups_of
from metaad.practice.values import Values

RNG = np.random.default_rng(0)
X = RNG.normal(size=(200, 4))
NEW = np.r_[RNG.normal(size=(20, 4)), RNG.normal(size=(5, 4)) + 5]
T = np.linspace(-2, 2, 101)[:, None]


class Scored(Detector):
    """A score that is given."""

    def __init__(self, score=None, contamination=0.1, random_state=None):
        self.score, self.contamination = score, contamination
        self.random_state = random_state

    def _fit(self, X):
        pass

    def _anomaly(self, X):
        return self.score(X)


def scored(score, rows=X):
    return Scored(score).fit(rows)


# --- the forest, by its paths


@pytest.mark.parametrize("policy", [None, "halved"])
def test_what_the_cuts_save_adds_up_to_how_much_shorter_the_path_is(policy):
    forest = IsolationForest(30, policy=policy, random_state=0).fit(X)
    usual = (forest.leaf_size_ * forest.leaf_path_).sum(axis=1)
    usual = np.mean(usual / forest.leaf_size_.sum(axis=1))
    saved = usual - forest.path_lengths(NEW).mean(axis=0)
    np.testing.assert_allclose(path_gains(forest, NEW).sum(axis=1), saved, atol=1e-12)


def test_a_tree_of_two_cuts_is_shared_out_as_by_hand():
    forest = IsolationForest(1, max_samples=4, random_state=0).fit(X[:, :2])
    # column 0 at 0: one row on the left; column 1 at 5: one of three on the right
    forest.feature_ = np.array([[0, 0, 1]])
    forest.threshold_ = np.array([[0.0, np.inf, 5.0]])
    forest.leaf_size_ = np.array([[1, 0, 2, 1]])
    forest.leaf_path_ = np.array([[1.0, 0.0, 3.0, 2.0]])
    means = node_means(forest)
    assert [m.tolist() for m in means] == [[[9 / 4]], [[1, 8 / 3]], [[1, 0, 3, 2]]]
    rows = np.array([[-1.0, 9.0], [1.0, 0.0], [1.0, 9.0]])
    wanted = [[9 / 4 - 1, 0], [9 / 4 - 8 / 3, 8 / 3 - 3], [9 / 4 - 8 / 3, 8 / 3 - 2]]
    np.testing.assert_allclose(path_gains(forest, rows), wanted, atol=1e-15)


def test_columns_that_no_tree_cuts_have_no_part():
    rows = np.c_[X[:, :2], np.ones(200)]
    forest = IsolationForest(20, random_state=0).fit(rows)
    assert (path_gains(forest, np.c_[NEW[:, :2], np.full(25, 7.0)])[:, 2] == 0).all()


# --- the Mahalanobis distance, in closed form


@pytest.mark.parametrize("group", [[0], [2], [1, 3]])
def test_the_closed_form_is_the_least_distance_that_other_values_reach(group):
    rows = X @ RNG.normal(size=(4, 4))
    detector = MahalanobisDetector(1e-4).fit(rows)
    found = conditional_distances(detector, NEW, [np.array(group)])[:, 0]
    for row, fall in zip(NEW[18:22], found[18:22], strict=True):

        def distance(values, row=row):
            changed = row.copy()
            changed[group] = values
            return anomaly_score(detector, changed[None])[0]

        best = minimize(distance, row[group], method="Nelder-Mead", tol=1e-10)
        assert fall == pytest.approx(distance(row[group]) - best.fun, abs=1e-5)


def test_for_one_number_it_is_the_deviation_from_its_regression():
    detector = MahalanobisDetector(1e-6).fit(X)
    d2 = anomaly_score(detector, NEW) ** 2
    fall = d2 - (anomaly_score(detector, NEW) - conditional_distances(
        detector, NEW, groups_of(4))[:, 1]) ** 2  # fmt: skip
    others = np.c_[np.ones(200), X[:, [0, 2, 3]]]
    weights, *_ = np.linalg.lstsq(others, X[:, 1], rcond=None)
    sigma2 = np.mean((X[:, 1] - others @ weights) ** 2)
    residual = NEW[:, 1] - np.c_[np.ones(25), NEW[:, [0, 2, 3]]] @ weights
    np.testing.assert_allclose(fall, residual**2 / sigma2, rtol=1e-3)


# --- values replaced


def test_draws_take_from_a_sum_what_lies_above_the_mean():
    weights = np.array([1.0, -2.0, 0.0, 3.0])
    rows = np.repeat(NEW[:1], 4000, axis=0)
    found = explain(
        scored(lambda A: A @ weights), rows, background=X, method="draws"
    ).mean(axis=0)
    unit = (X @ weights).std()
    wanted = weights * (NEW[0] - X.mean(axis=0)) / unit
    np.testing.assert_allclose(found, wanted, atol=0.02)


def test_neighbours_blame_the_value_that_does_not_fit_the_others():
    usual = np.hstack([T, T, T, RNG.normal(size=(101, 1))])
    detector = scored(lambda A: np.ptp(A[:, :3], axis=1))
    row = np.array([[1.5, -0.5, -0.5, 0.0]])  # each value alone is usual
    found = explain(detector, row, background=usual, method="neighbours")[0]
    assert found.argmax() == 0 and found[0] > 2 * np.abs(found[1:]).max()
    drawn = explain(detector, np.repeat(row, 500, 0), background=usual, method="draws")
    # at random, one value in a hundred fits: little is gained, and on average by luck
    assert drawn.mean(axis=0)[0] < 0.7 * found[0]


def test_the_unit_of_a_score_does_not_matter():
    one, other = (
        explain(scored(lambda A, f=f: f * np.abs(A[:, 0])), NEW, background=X)
        for f in (1.0, 1000.0)
    )
    np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-9)
    assert np.abs(one[:, 1:]).max() < 1e-12


def test_numbers_of_one_column_are_replaced_together():
    kind = RNG.integers(3, size=200)
    rows = np.c_[np.eye(3)[kind], X[:, :2]]

    def score(A):
        assert (A[:, :3].sum(axis=1) == 1).all(), "no such category"
        return np.abs(A[:, 4])

    for method in ("neighbours", "draws", "both"):
        found = explain(
            scored(score, rows), rows[:9], background=rows, method=method,
            source=["kind"] * 3 + ["a", "b"], columns=["b", "nothing", "a", "kind"],
        )  # fmt: skip
        assert found.shape == (9, 4)
        assert np.abs(found[:, 1:]).max() < 1e-12 < np.abs(found[:, 0]).max()


def test_a_row_lends_itself_nothing():
    rows = X.copy()
    rows[7, 2] = 9
    found = explain(KNNDetector(5).fit(X), rows, rows=[7])
    assert found.shape == (1, 4) and found[0].argmax() == 2 and found[0, 2] > 1


def test_both_leaves_out_what_the_detector_does_not_miss_and_what_is_usual():
    row = np.array([[0.1, 8.0, 8.0, 0.0]])
    found = explain(scored(lambda A: A[:, 0] + np.abs(A[:, 1])), row, background=X)[0]
    assert found.argmax() == 1 and found[2] == 0 and found[0] < 0.3 * found[1]


# --- values by themselves


def test_values_are_places_among_the_background_by_hand():
    usual = np.r_[np.arange(50.0), np.arange(100.0, 150.0)][:, None]
    found = Values(usual, groups_of(1))(np.array([[75.0], [400.0], [20.0]]))[:, 0]
    assert found[:2] == pytest.approx(np.log(101), abs=2e-3)
    assert found[2] < 1  # its neighbours are as near as anybody's


def test_values_see_what_is_unusual_given_the_others_alone():
    usual = np.hstack([T + 0.05 * RNG.normal(size=T.shape) for _ in range(4)])
    row = np.array([[-1.0, -1.0, 1.0, -1.0]])
    found = Values(usual, groups_of(4))(row)[0]
    assert found.argmax() == 2 and found[2] >= np.log(102)


# --- planted anomalies


def table(seed=0):
    """Three factors with four columns each, one of them in two modes."""
    rng = np.random.default_rng(seed)
    factors = np.repeat(rng.normal(size=(700, 3)), 4, axis=1)
    rows = factors + 0.25 * rng.normal(size=(700, 12))
    rows[:, 3] = rng.choice([-4.0, 4.0], 700) + 0.2 * rng.normal(size=700)
    return rows


@pytest.fixture
def made(monkeypatch):
    from metaad import data

    rows = table()
    found = type("T", (), {"X": rows, "y": np.zeros(len(rows), int), "name": "made"})
    monkeypatch.setattr(data, "load", lambda name: found)
    return planted("made")


def test_planted_rows_are_what_their_kind_says(made):
    usual, kinds = made
    assert set(kinds) == {"far", "combination", "gap", "several"}
    for kind, p in kinds.items():
        changed = np.zeros(p.rows.shape, bool)
        np.put_along_axis(changed, p.changed, True, axis=1)
        assert (p.rows[~changed] == p.before[~changed]).all()
        assert (p.rows[changed] != p.before[changed]).all()
        assert not set(map(bytes, p.before)) & set(map(bytes, usual))
        value = np.take_along_axis(p.rows, p.changed, axis=1)
        low, high = usual.min(axis=0)[p.changed], usual.max(axis=0)[p.changed]
        if kind == "far":
            assert ((value < low) | (value > high)).all()
        else:
            assert ((value >= low) & (value <= high)).all()
        if kind == "combination":
            assert all(v in usual[:, j] for v, j in zip(value, p.changed, strict=True))
            assert not (p.changed == 3).any()  # no other column tells that one
        if kind == "gap":
            assert (p.changed == 3).all() and (np.abs(value) < 0.5).all()


@pytest.mark.parametrize("kind", ["far", "combination", "gap"])
def test_the_column_of_a_planted_anomaly_is_named(made, kind):
    usual, kinds = made
    detector = KNNDetector(5).fit(usual)
    rows, changed = kinds[kind].rows, kinds[kind].changed[:, 0]
    found = explain(detector, rows, background=usual, method="values")
    assert np.mean(found.argmax(axis=1) == changed) >= 0.9
    limit = np.quantile(anomaly_score(detector, usual), 0.95)
    noticed = anomaly_score(detector, rows) > limit
    assert noticed.sum() >= 5 or kind == "gap"  # kNN of twelve columns sees no gap
    if noticed.any():
        found = explain(detector, rows[noticed], background=usual)
        assert np.mean(found.argmax(axis=1) == changed[noticed]) >= 0.9


# --- at the door


@pytest.mark.parametrize("method", METHODS)
def test_frames_pipelines_and_conformals_are_explained_without_a_warning(
    method, recwarn
):
    frame, new = (pd.DataFrame(A, columns=list("abcd")) for A in (X, NEW))
    kind = {
        "path": IsolationForest(10, random_state=0),
        "closed": MahalanobisDetector(),
    }
    detector = kind.get(method) or make_pipeline(StandardScaler(), KNNDetector())
    odd = Conformal(detector).fit(frame)
    found = explain(odd, new, background=frame, method=method)
    same = explain(odd.detector_, new, background=frame, method=method)
    assert found.shape == (25, 4) and np.isfinite(found).all()
    assert found.tobytes() == same.tobytes() and not recwarn.list
    some = explain(odd, new, rows=[3, 24], background=frame, method=method)
    if method != "draws":
        np.testing.assert_allclose(some, found[[3, 24]], rtol=1e-9, atol=1e-12)


def test_what_does_not_fit_is_refused_in_a_sentence():
    detector = KNNDetector().fit(X)
    with pytest.raises(ValueError, match="method must be one of"):
        explain(detector, NEW, method="shap")
    with pytest.raises(
        ValueError, match='"path.* is for IsolationForest|take method="'
    ):
        explain(detector, NEW, method="path")
    with pytest.raises(ValueError, match="tables of the same columns"):
        explain(detector, NEW, background=X[:, :3])
    with pytest.raises(ValueError, match="each of the 4 numbers, got 3"):
        explain(detector, NEW, source="abc")
    with pytest.raises(ValueError, match="'d' is missing"):
        explain(detector, NEW, source="abcd", columns="abc")
