"""What lesson 17 builds and measures, and the record that it quotes."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn.base import BaseEstimator

from metaad import data, scores
from metaad.detectors import AutoencoderDetector, KNNDetector, anomaly_score
from metaad.experiments.lessons import lesson_17
from metaad.experiments.streams import (
    drift_alarms,
    drift_curves,
    drift_loop,
    drift_methods,
    drift_report,
    drift_tables,
)
from metaad.tasks import Stream
from metaad.tasks.streams import Truth

ROOT = Path(__file__).resolve().parents[1]


# --- build cells


@pytest.fixture(scope="module")
def built():
    names = {"np": np, "scores": scores}
    path = ROOT / "notebooks" / "17_adapting_to_drift.ipynb"
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        if "build" in cell["metadata"].get("tags", []):
            exec("".join(cell["source"]), names)
    return names


@pytest.mark.parametrize("seed", range(4))
def test_the_built_alarm_gives_the_packages_p_values(built, seed):
    rng = np.random.default_rng(seed)
    past, stream = rng.normal(size=(40, 3)), rng.normal(size=(60, 3))
    stream[30:] += 0.7
    for B in (50, 199):
        ours = scores.mmd_p(past, stream[-15:], B, seed)
        assert built["mmd_p"](past, stream[-15:], B, seed) == ours
    theirs, ours = built["WindowAlarm"](past, 15, 4), scores.WindowAlarm(past, 15, 4)
    rings = [theirs.update(part) for part in np.split(stream, [7, 33])]
    looks = ours.update(stream)
    assert sum(rings, []) == [look.alarm for look in looks]
    assert theirs.p == [look.p for look in looks]


# --- streams and alarms


def test_changes_are_spread_over_a_window_and_delays_count_from_them():
    at = [drift_alarms.change_at(100, i) for i in range(25)]
    assert sorted(at) == list(range(100, 125))
    rows = np.array([110.0, np.inf, 100.0])
    assert drift_alarms.delays(rows, 100).tolist() == [10, np.inf, -14]


def test_a_share_of_the_rows_changes_and_the_rest_stays():
    y = np.repeat([0, 1], 600)
    X = np.c_[y, np.arange(1200)].astype(float)
    stream = lesson_17.a_change(X, y, 0, share=0.5, first=0, then=1)
    odd = stream.truth.y == 1
    assert (stream.rows[:110, 0][~odd[:110]] == 0).all()
    assert 0.35 < stream.rows[110:, 0].mean() < 0.65
    assert stream.truth.changes == (110,)


def test_where_one_of_two_digits_stops_the_detector_knows_both():
    y = np.tile(np.arange(10), 300)
    X = np.c_[y, np.arange(3000)].astype(float)
    for stream in lesson_17.one_stops(X, y, 12, 0):
        assert len(set(stream.normals[:, 0])) == len(set(stream.past[:, 0])) == 2
        assert len(set(stream.rows[:100, 0])) == 2
        assert len(set(stream.rows[100:, 0])) == 1
        every = np.concatenate([stream.normals, stream.past, stream.rows])[:, 1]
        assert len(set(every)) == len(every)


def test_the_chance_of_false_alarms_is_the_binomial_tail():
    assert lesson_17.chance_of(0, 10, 0.05) == pytest.approx(1.0)
    assert lesson_17.chance_of(1, 10, 0.05) == pytest.approx(1 - 0.95**10)
    assert lesson_17.chance_of(2, 2, 0.1) == pytest.approx(0.01)


def test_streams_that_have_rung_stay_counted():
    p = np.array([[0.5, 0.01, 0.5], [0.5, 0.5, 0.5]])
    assert lesson_17.rung_by(p, 0.05).tolist() == [0, 0.5, 0.5]


# --- the loop


class Fixed(BaseEstimator):
    """Distance to the mean of the rows it was made of."""

    def __init__(self, rows=None):
        self.rows = rows

    def score_samples(self, X):
        return -np.linalg.norm(X - np.mean(self.rows, axis=0), axis=1)


def two_places(burst=False):
    """Rows at 0, then at 10 (for ever, or for one window); anomalies: the other place."""
    rng = np.random.default_rng(0)
    place = np.zeros(300)
    place[100 : 125 if burst else 300] = 10
    rows = place[:, None] + rng.normal(size=(300, 2))
    concept = np.zeros(300) if burst else (place > 0).astype(float)
    past, normals = rng.normal(size=(60, 2)), rng.normal(size=(20, 2))
    y = (place > 0).astype(int) if burst else np.zeros(300, int)
    truth = Truth(y, concept, () if burst else (100,))
    return Stream(rows, truth, past, normals, 25)


def judge():
    rng = np.random.default_rng(1)
    y = np.repeat([0, 1], 30)
    return drift_loop.Judge(10 * y[:, None] + rng.normal(size=(60, 2)), y)


def test_the_loop_notices_waits_adapts_and_gathers_a_new_past():
    stream = two_places()
    made = []

    def make(rows):
        made.append(len(rows))
        return Fixed(rows)

    course = drift_loop.watch(stream, judge(), Fixed(stream.normals), make, k=10)
    # rings at 125, is sure at 150; a new past of 30 rows needs two batches
    assert course.adapted == [150] and made == [10, 50]
    np.testing.assert_allclose(course.auroc[:4], 1.0)
    np.testing.assert_allclose(course.auroc[4], 0.0)
    np.testing.assert_allclose(course.auroc[5:], 1.0)
    hasty = drift_loop.watch(
        stream, judge(), Fixed(stream.normals), Fixed, k=10, wait=False
    )
    assert hasty.adapted[0] == 125


def test_waiting_saves_the_detector_from_a_burst():
    stream = two_places(burst=True)
    start = Fixed(stream.normals)
    calm = drift_loop.watch(stream, judge(), start, Fixed, k=10)
    assert calm.adapted == [] and calm.auroc.min() == 1.0
    hasty = drift_loop.watch(stream, judge(), start, Fixed, k=10, wait=False)
    assert hasty.adapted[0] == 125 and hasty.auroc[4] == 0.0
    nothing = drift_loop.watch(stream, judge(), start)
    np.testing.assert_array_equal(nothing.auroc, calm.auroc)


# --- what can be done


def test_turned_copies_are_eight_different_classes():
    images = np.arange(32.0).reshape(2, 4, 4) / 32
    rows, classes = drift_methods.turned(images, np.array([3, 5]))
    assert rows.shape == (16, 16) and len(set(classes)) == 16
    assert len({r.tobytes() for r in rows}) == 16
    np.testing.assert_array_equal(rows[:2].reshape(2, 4, 4), images)


def test_fine_tuning_goes_on_from_the_old_net_and_leaves_it_alone():
    rng = np.random.default_rng(0)
    X = rng.random((40, 6))
    small = {"hidden": (4,), "code_size": 2, "batch_size": 8, "random_state": 0}
    old = AutoencoderDetector(**small, epochs=5).fit(X)
    before = anomaly_score(old, X)
    still = drift_methods.fine_tune(
        old, 0, hidden=(4,), code_size=2, learning_rate=1e-12
    )
    new = still(X[:10])
    np.testing.assert_allclose(anomaly_score(new, X), before, rtol=1e-6)
    moved = drift_methods.fine_tune(old, 0, hidden=(4,), code_size=2)(X[:10] * 0.1)
    assert np.abs(anomaly_score(moved, X) - before).max() > 1e-4
    np.testing.assert_array_equal(anomaly_score(old, X), before)


def test_features_have_length_one_and_the_head_learns_from_them():
    trunk = torch.nn.Linear(3, 5, dtype=torch.float64)
    X = np.random.default_rng(0).normal(size=(9, 3))
    detector = drift_methods.OnFeatures(trunk, KNNDetector(1)).fit(X)
    z = detector.features(X)
    np.testing.assert_allclose(np.linalg.norm(z, axis=1), 1)
    same = KNNDetector(1).fit(z)
    np.testing.assert_allclose(anomaly_score(detector, X), anomaly_score(same, z))


def test_test_rows_of_a_judge_are_never_learned_from():
    y = np.repeat(np.arange(4), 20)
    X = np.arange(80.0)[:, None]
    learn, of = drift_curves.split(X, y, (1, 2), 5, np.random.default_rng(0))
    assert sorted(learn) == [1, 2] and all(len(rows) == 15 for rows in learn.values())
    assert not set(np.concatenate(list(learn.values())).ravel()) & set(of.X.ravel())
    assert np.bincount(of.y).tolist() == [5] * 4


def studied_by_hand():
    """A trunk and meta-learners that were trained for one step, on 8 × 8 images."""
    rng = np.random.default_rng(0)
    images = rng.random((60, 8, 8)).round(1)
    y = np.repeat([0, 1, 2, 3], 15)
    images[np.arange(60), y, y] = 1.0
    how = {"seed": 0, "iterations": 1, "dtype": torch.float64}
    learners = drift_methods.meta_learned(images, y, **how)
    return images, y, learners, drift_methods.classifier(images, y, **how)


def test_detectors_made_together_have_the_auroc_of_those_made_one_by_one():
    images, y, learners, trunk = studied_by_hand()
    small = {"hidden": (6,), "code_size": 2, "epochs": 5}
    made = drift_methods.from_rows(0, **small)
    made |= drift_methods.from_study(learners, trunk)
    learn, of = drift_curves.split(images, y, (0, 2, 3), 5, np.random.default_rng(0))
    how = {"numbers": (3, 7), "draws": 2, "seed": 0, "autoencoder": small}
    alone, seconds = drift_curves.curves(learn, of, made, **how)
    together = drift_curves.curves_together(learn, of, made, **how)
    assert set(together) == set(alone) == set(seconds) | {drift_curves.NOTHING}
    for name, by in alone.items():
        assert set(by) == {"3", "7"} and len(by["3"]) == 3
        for n, values in by.items():
            np.testing.assert_allclose(together[name][n], values, atol=1e-9)


def test_scores_by_detectors_made_together_are_those_of_one_after_the_other():
    images, y, learners, trunk = studied_by_hand()
    rows = images.reshape(60, -1)
    sets, X = [rows[:4], rows[15:19], rows[40:44]], rows[20:30]
    small = {"hidden": (6,), "code_size": 2, "epochs": 5}
    made = drift_methods.from_rows(0, **small)
    made |= drift_methods.from_study(learners, trunk)
    for name, make in made.items():
        found = drift_methods.scores_of(make, sets, X)
        alone = [anomaly_score(make(s), X) for s in sets]
        np.testing.assert_allclose(found, alone, rtol=1e-4, atol=1e-7, err_msg=name)
    olds = [
        AutoencoderDetector(random_state=i, **small).fit(s) for i, s in enumerate(sets)
    ]
    many = drift_methods.fine_tune_many(olds, sets, 0, **small)
    for old, new, s in zip(olds, many, sets, strict=True):
        alone = drift_methods.fine_tune(old, 0, **small)(s)
        np.testing.assert_allclose(
            anomaly_score(new, X), anomaly_score(alone, X), rtol=1e-4
        )


# --- tables


def test_a_magnification_grows_lengths_once_and_areas_twice():
    columns = ("mean radius", "worst area", "mean texture", "perimeter error")
    assert drift_tables.powers(columns).tolist() == [1, 2, 0, 1]
    shift = drift_tables.magnified(columns, 1.5)
    rows = shift(np.full((3, 4), 2.0), np.array([0, 0.5, 1.0]))
    np.testing.assert_allclose(rows[0], 2)
    np.testing.assert_allclose(rows[1], [2.5, 3.125, 2, 2.5])
    np.testing.assert_allclose(rows[2], [3, 4.5, 2, 3])


def test_recentring_moves_back_what_moved_clearly_and_nothing_else():
    rng = np.random.default_rng(0)
    old = rng.normal(size=(400, 3))
    detector = KNNDetector(5).fit(old)
    zero, one = np.zeros(3), np.ones(3)
    fresh = rng.normal(size=(10, 3)) + [3, 0, 0]
    X = rng.normal(size=(20, 3))
    shift = np.array([fresh[:, 0].mean(), 0, 0])
    careful = drift_tables.recentred(detector, zero, one, fresh, tau=3.5)
    np.testing.assert_allclose(careful(X), anomaly_score(detector, X - shift))
    nothing = drift_tables.recentred(detector, zero, one, fresh, tau=np.inf)
    np.testing.assert_allclose(nothing(X), anomaly_score(detector, X))


def test_a_threshold_is_chosen_on_tables_of_other_families():
    names = [f"recentre: {tau}" for tau in drift_tables.TAUS]
    good = {"a": 0, "b": 0, "c": 2}  # which one is best on each table
    auroc = {
        t: {n: {"10": float(i == best)} for i, n in enumerate(names)}
        for t, best in good.items()
    }
    families = {"a": "x", "b": "x", "c": "y"}
    chosen = drift_tables.learned_tau(auroc, families)
    assert chosen == {"a": names[2], "b": names[2], "c": names[0]}


def test_a_new_microscope_raises_the_alerts_and_the_right_factor_undoes_it():
    found = lesson_17.clinic_alerts(data.load("breast-cancer"), 1.25, 0)
    share = {name: s for name, (_, s) in found.items()}
    assert share["do nothing"] > share["before"] + 0.05
    assert abs(share["one factor"] - share["before"]) < 0.03
    same = lesson_17.clinic_alerts(data.load("breast-cancer"), 1.0, 0)
    assert same["before"] == same["do nothing"]


# --- the record


def test_the_record_says_what_the_lesson_quotes():
    from metaad import repro

    kept = repro.recorded("drift")
    for world, folds in kept["worlds"].items():
        assert sorted({c for fold in folds for c in fold["new"]}) == list(range(10))
        assert all(not set(f["new"]) & set(f["studied"]) for f in folds)
        told = drift_report.table_of(world, folds)
        assert all(name in told for name in drift_report.TOLD)
    silent = kept["alarms"]["rows until it rang"]["digits, no drift"]
    rang = sum(r is not None for r in silent["MMD, level shared"])
    assert len(silent["MMD, level shared"]) == 200
    assert lesson_17.chance_of(rang, 200, 0.05) > 0.05
    assert "rang for nothing" in drift_report.alarms_told(kept["alarms"])
    assert "18 tables of 14 families" in drift_report.tables_told(kept["tables"])


def test_the_best_of_others_is_chosen_for_each_class():
    auroc = {
        "ours": np.array([0.9, 0.8]),
        "refit: a": np.array([0.8, 0.5]),
        "refit: b": np.array([0.5, 0.7]),
        "other": np.array([1.0, 1.0]),
    }
    found = drift_report.minus_best(auroc, "ours", "refit")
    assert found.value == pytest.approx(0.1)


def test_a_recorded_gain_is_the_mean_over_digits_of_means_over_seeds():
    def fold(new, ours, theirs):
        return {"new": new, "auroc": {"a": {"10": ours}, "b": {"10": theirs}}}

    folds = [fold([0, 1], [0.9, 0.8], [0.5, 0.5]), fold([0, 1], [0.7, 0.8], [0.5, 0.5])]
    kept = {"worlds": {"mnist": folds}}
    assert drift_report.recorded_gain(kept, "a", "b").value == pytest.approx(0.3)
