"""What lesson 01 measures with: drawn tables are of the kind they say, every k at once
gives what each k gives alone, and no judge had a say in a choice.
"""

import numpy as np
import pytest
from sklearn.neighbors import LocalOutlierFactor

from metaad import data, metrics
from metaad.data import drawn
from metaad.detectors import KNNDetector, anomaly_score
from metaad.experiments.lessons import lesson_01, lesson_01_labels


@pytest.mark.parametrize("kind", drawn.SMALL)
@pytest.mark.parametrize("k", [1, 3, 8, 20, 60])
def test_every_k_at_once_gives_the_knn_and_the_lof_of_each_k_alone(kind, k):
    X, _ = drawn.small_groups(kind, 0, n=100, bad=12)
    knn, lof = lesson_01.neighbours_over_k(X, (2, k, 70))[:, 1]
    alone = anomaly_score(KNNDetector(k).fit(X), X)
    np.testing.assert_allclose(knn, alone, rtol=1e-9)
    sklearn = -LocalOutlierFactor(n_neighbors=k).fit(X).negative_outlier_factor_
    np.testing.assert_allclose(lof, sklearn, rtol=1e-6)


@pytest.mark.parametrize("seed", range(5))
def test_a_small_group_hides_from_fewer_neighbours_and_stands_out_for_more(seed):
    for kind, sees, blind in ((drawn.SMALL[0], 45, 20), (drawn.SMALL[1], 8, 60)):
        X, y = drawn.small_groups(kind, seed)
        seen, missed = metrics.auroc(
            y, lesson_01.neighbours_over_k(X, (sees, blind))[0]
        )
        assert seen > 0.97 and missed < 0.8, kind


def test_the_loss_of_one_k_by_hand():
    # one method, k of 2; on table 0 the first k is best, on table 1 the second
    chosen = np.array([[[0.9, 0.5]], [[0.6, 0.8]]])  # (tables, methods, k)
    judged = np.array([[[0.85, 0.55]], [[0.5, 0.9]]])
    loss = lesson_01.loss_of_one_k(np.stack([chosen, judged]))
    np.testing.assert_allclose(loss, [[[0.4, 0.3]]])


def test_the_loss_of_one_k_may_be_negative_where_the_choice_was_noise():
    flat = np.full((2, 2, 1, 2), 0.8)
    flat[0, 0, 0] = [0.81, 0.8]  # chosen by noise
    flat[1, 0, 0] = [0.79, 0.8]
    assert lesson_01.loss_of_one_k(flat)[0, 0, 1] == pytest.approx(-0.01)


def test_thinned_scores_keep_normal_rows_and_with_all_anomalies_give_the_whole_auroc():
    rng = np.random.default_rng(0)
    y = np.repeat([0, 1], [50, 50])
    scores = rng.normal(size=100) + y
    found, counts = lesson_01.thinned(y, scores, (0.5, 0.02), 0, 400)
    assert list(counts) == [50, 1]
    whole = metrics.auroc(y, scores)
    np.testing.assert_allclose(found["AUROC"][:, 0], whole)
    # the AUROC of all anomalies is the mean of those of single ones
    error = found["AUROC"][:, 1].std() / 20
    assert found["AUROC"][:, 1].mean() == pytest.approx(whole, abs=4 * error)


def test_the_weight_of_a_digit_is_chosen_without_that_digit():
    rng = np.random.default_rng(0)
    normal = np.repeat(np.arange(10), 3)
    auroc = {("combined", w): rng.random((30, 2)) for w in lesson_01_labels.WEIGHTS}
    _, before = lesson_01_labels.combined(auroc, normal)
    for values in auroc.values():
        values[normal == 4] = rng.random((3, 2))
    judged, after = lesson_01_labels.combined(auroc, normal)
    np.testing.assert_array_equal(before[normal == 4], after[normal == 4])
    line = int(np.flatnonzero(normal == 4)[0])
    np.testing.assert_array_equal(judged[line], auroc["combined", after[line]][line])


def test_the_distance_to_the_nearest_row_is_that_of_every_pair():
    rng = np.random.default_rng(1)
    rows, X = rng.random((7, 64)), rng.random((9, 64))
    every = np.linalg.norm(X[:, None] - rows, axis=2)
    np.testing.assert_allclose(lesson_01_labels.nearest(rows)(X), every.min(axis=1))


def test_ways_that_use_labels_see_the_same_rows_and_the_one_class_way_only_normal_ones():
    rng = np.random.default_rng(2)
    good, seen = rng.random((30, 5)), rng.random((10, 5)) + 1
    made = lesson_01_labels.ways(good, seen)
    assert np.all(made["one-class"](good) == pytest.approx(0, abs=1e-6))
    assert made["one-class"](seen).min() > 0.1
    assert np.all(made["unsupervised"](seen) == pytest.approx(0, abs=1e-6))
    combined = made["one-class"](seen) - 0.3 * 0
    np.testing.assert_allclose(made["combined", 0.3](seen), combined, atol=1e-6)


def test_groups_are_of_the_kind_they_say():
    for seed in range(3):
        tables = {kind: drawn.groups(kind, seed) for kind in drawn.PLACES}
        for X, y in tables.values():
            assert X.shape == (420, 2) and y.sum() == 20 and y[-20:].all()
        X, y = tables["global"]
        apart = np.linalg.norm(X[y == 1][:, None] - X[y == 0], axis=2).min(axis=1)
        assert apart.min() > 1.2
        X, y = tables["local"]
        assert np.linalg.norm(X[y == 1] - drawn.NARROW, axis=1).min() > 0.75
        X, y = tables["cluster"]
        assert X[y == 1].std(axis=0).max() < 0.15
        X, y = tables["dependency"]
        assert np.abs(X[y == 1] @ [1, -1] - 1.8).min() > 0.6


def test_a_contextual_anomaly_is_an_ordinary_value_and_a_point_anomaly_is_not():
    for seed in range(3):
        x, y = drawn.measurements("contextual", seed)
        assert 1 <= y.sum() <= 5 and np.abs(x[y == 1]).max() < 0.5
        x, y = drawn.measurements("point", seed)
        assert np.abs(x[y == 1]).min() > np.abs(x[y == 0]).max() - 0.1
        assert drawn.measurements("none", seed)[1].sum() == 0


def test_windows_hold_each_value_in_the_middle():
    x = np.arange(6.0)
    found = drawn.windows(x, 2)
    assert found.shape == (6, 5)
    np.testing.assert_array_equal(found[:, 2], x)
    np.testing.assert_array_equal(found[0], [0, 0, 0, 1, 2])


@pytest.mark.parametrize("draw", [drawn.measurements, drawn.groups, drawn.small_groups])
def test_a_kind_that_there_is_not_is_refused_with_those_that_there_are(draw):
    with pytest.raises(data.DataError, match="kind must be one of"):
        draw("strange")
