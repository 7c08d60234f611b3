"""What lesson 02 measures with, against hand-made values."""

import numpy as np
import pytest
from sklearn.neighbors import LocalOutlierFactor

from metaad import data, metrics
from metaad.detectors import anomaly_score
from metaad.experiments.lessons import lesson_02 as lesson
from metaad.experiments.lessons import lesson_02_settings as settings

RNG = np.random.default_rng(0)


@pytest.mark.parametrize("name", lesson.NAMES)
def test_every_setting_of_the_grid_makes_a_detector_that_fits_few_rows(name):
    X = RNG.normal(size=(12, 3))
    for setting in lesson.GRID[name]:
        detector = lesson.make(name, X, 0, **setting).fit(X)
        assert np.isfinite(lesson.training_scores(detector, X)).all()
        assert np.isfinite(anomaly_score(detector, X + 1)).all()


def test_lof_does_not_take_a_training_row_for_its_own_neighbour():
    X = RNG.normal(size=(40, 2))
    lof = lesson.make("LOF", X, n_neighbors=5).fit(X)
    alone = LocalOutlierFactor(n_neighbors=5).fit(X).negative_outlier_factor_
    np.testing.assert_array_equal(lesson.training_scores(lof, X), -alone)


def test_the_factor_of_gamma_is_a_multiple_of_scikit_learns_scale():
    X = RNG.normal(size=(30, 4)) * 3
    ours = lesson.make("One-Class SVM", X, factor=1.0).fit(X)
    theirs = type(ours)(nu=0.5, gamma="scale").fit(X)
    np.testing.assert_allclose(ours.score_samples(X), theirs.score_samples(X))


def test_caught_means_above_95_percent_of_the_normal_rows():
    normal = np.arange(100.0)[:, None] * [1.0, 0.0]
    detector = lesson.make("k-means", normal, n_clusters=1)
    planted = np.array([[49.5, 1.0], [49.5, 47.4], [49.5, 47.6], [49.5, 400.0]])
    detector.fit(normal)
    detector.cluster_centers_[:] = 49.5, 0
    # the 95 % quantile of |k - 49.5|, k = 0 … 99, is 47.5
    hit = lesson.caught(detector, normal, planted)
    assert hit.tolist() == [False, False, True, True]


def test_rare_precision_of_a_useless_score_is_near_the_share():
    y = np.repeat([0, 1], [180, 180])
    scores = RNG.permutation(360.0 * np.arange(360)).reshape(1, -1)
    rng = np.random.default_rng(0)
    assert lesson.rare_precision(y, scores, rng, draws=100)[0] == pytest.approx(
        0.11, abs=0.03
    )
    perfect = lesson.rare_precision(y, y[None] * 1.0, rng)
    assert perfect == [1.0]


def test_own_labels_gain_where_tasks_want_different_settings_and_lose_by_luck():
    """Three tasks, two settings: on the third alone the second setting is right."""
    y = np.repeat([0, 1], [20, 20])
    right, wrong = y * 1.0, -y * 1.0
    scores = [np.stack([right, wrong])] * 2 + [np.stack([wrong, right])]
    gains = lesson.own_against_others(scores, [y] * 3, np.random.default_rng(0))
    # for the first, the other two tie: the first setting is taken, and it is right
    assert gains.tolist() == [0.0, 0.0, 1.0]


def test_parts_share_no_row_and_the_chosen_one_is_read_on_both():
    y = np.repeat([0, 1], [60, 12])
    scores = RNG.normal(size=(30, 72))
    on_a, on_b = lesson.two_parts(scores, y, np.random.default_rng(1), repeats=200)
    assert on_a.shape == on_b.shape == (200, 30)
    told, true, average = lesson.flattery(scores, y, np.random.default_rng(1))
    # nothing but luck: high on its own labels, a coin on the others
    assert told > 0.65 and true == pytest.approx(0.5, abs=0.08)
    assert average == pytest.approx(0.5, abs=0.05)


def test_clean_and_mixed_tasks_judge_the_same_rows_and_differ_by_half_of_the_anomalies():
    X, y = np.arange(60.0).reshape(30, 2), np.repeat([0, 1], [24, 6])
    clean, mixed = settings._both("t", X, y, np.random.default_rng(0))
    assert clean.y.tolist() == mixed.y.tolist() == [0] * 12 + [1] * 3
    assert len(clean.train) == 12 and len(mixed.train) == 15
    np.testing.assert_allclose(clean.train.mean(axis=0), 0, atol=1e-12)
    back = [(t.test - t.test.mean(axis=0)) / t.test.std(axis=0) for t in (clean, mixed)]
    np.testing.assert_allclose(*back)


def test_a_drawn_table_keeps_its_share_of_anomalies_and_ten_of_them_at_least():
    class T:
        X, y = np.arange(3000.0)[:, None], np.repeat([0, 1], [2800, 200])

    X, y = settings._drawn(T, 600, np.random.default_rng(0))
    assert len(X) == 600 and y.sum() == 40
    T.y = np.repeat([0, 1], [2985, 15])
    assert settings._drawn(T, 600, np.random.default_rng(0))[1].sum() == 10


def test_own_gains_leave_out_the_tables_of_the_same_family():
    """Table a and its relative want the first setting, b the second."""

    def table(family, grid):
        gain = {n: {"chosen": 0.9, "each": [0.7, 0.8]} for n in lesson.GRID}
        return {
            "family": family,
            "grid": dict.fromkeys(lesson.GRID, grid),
            "gain": gain,
        }

    tables = [table("a", [1, 0]), table("a", [1, 0]), table("b", [0, 1])]
    for gains in settings.own_gains(tables).values():
        # a is told by b alone, b by both of a
        np.testing.assert_allclose(gains, [0.1, 0.1, 0.2])


def test_the_three_kinds_of_training_rows_are_judged_alike():
    found = settings.digit_settings(0)
    clean, one, nine = found["k-means"]
    assert clean.min() > 0.9 and one.mean() < clean.mean() and nine.shape == (10,)
    assert set(found) == set(lesson.NAMES)


def test_tasks_learn_from_normal_rows_alone_and_tables_have_training_units():
    (cancer,) = lesson.tasks(0, ["breast-cancer"])
    np.testing.assert_allclose(cancer.train.std(axis=0), 1)
    assert len(cancer.train) == 178 and cancer.y.sum() == 212
    digits = lesson.tasks(0, ["digits"])
    assert len(digits) == 10 and digits[3].name == "digits 3"
    images = data.load("digits")
    known = {row.tobytes() for row in images.X[images.y == 3].reshape(-1, 64)}
    assert all(row.tobytes() in known for row in digits[3].train)
    assert metrics.auroc(digits[3].y, digits[3].test.sum(axis=1)) != 0.5
