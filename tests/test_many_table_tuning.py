"""The experiment many_table_tuning: settings by one neighbour search are the detectors'
own."""

import numpy as np
import pytest
from scipy.stats import norm
from sklearn.neighbors import LocalOutlierFactor

from metaad import metrics
from metaad.detectors import KNNDetector, anomaly_score
from metaad.experiments.tables import many_table_tuning as experiment
from metaad.experiments.tables import many_table_tuning_judge as judging
from metaad.experiments.tables import many_table_tuning_matrix as tables


def rows(n=90, m=40, d=3, seed=0):
    rng = np.random.default_rng(seed)
    X, Q = rng.normal(size=(n, d)), rng.normal(0, 2, size=(m, d))
    return X, np.r_[Q, X[:5]]  # some rows to judge are rows that were read


def test_knn_by_one_search_gives_the_detectors_own_scores():
    X, Q = rows()
    configs = tables.GRID["kNN"][1]
    found = tables.knn_scores(X, Q, configs)
    for config, scores in zip(configs, found, strict=True):
        if config["n_neighbors"] < len(X):
            own = anomaly_score(KNNDetector(**config).fit(X), Q)
            np.testing.assert_allclose(scores, own, rtol=1e-9, err_msg=str(config))


def test_lof_by_one_search_gives_scikit_learns_own_scores():
    X, Q = rows()
    configs = tables.GRID["LOF"][1]
    found = tables.lof_scores(X, Q, configs)
    for config, scores in zip(configs, found, strict=True):
        k = min(config["n_neighbors"], len(X) - 1)
        lof = LocalOutlierFactor(k, metric=config["metric"], novelty=True).fit(X)
        own = anomaly_score(lof, Q)
        np.testing.assert_allclose(scores, own, rtol=1e-9, err_msg=str(config))


def test_more_neighbours_than_rows_are_cut():
    X, Q = rows(n=12)
    for kind in tables.BY_SEARCH:
        found = tables.scores_of(kind, X, Q)
        assert np.isfinite(found).all()
        at = [c["n_neighbors"] for c in tables.GRID[kind][1]]
        np.testing.assert_array_equal(found[at.index(160)], found[at.index(40)])


def test_the_default_of_every_detector_comes_first():
    for kind, (detector, configs) in tables.GRID.items():
        own = detector.get_params()
        if kind == "LOF":  # minkowski with p = 2 is another name for euclidean
            assert (own.pop("metric"), own.pop("p")) == ("minkowski", 2)
            own["metric"] = "euclidean"
        if kind == "Isolation Forest":  # 256 or all rows, if there are fewer
            assert own.pop("max_samples") == "auto"
            own["max_samples"] = 256
        assert configs[0] == {n: own[n] for n in configs[0]}, kind
        texts = [str(c) for c in configs]
        assert len(set(texts)) == len(texts), kind


def test_ranks_kept_as_whole_numbers_judge_as_the_scores_do():
    rng = np.random.default_rng(0)
    scores = rng.integers(0, 9, size=(3, 50)).astype(float)  # with ties
    y = rng.integers(0, 2, 50)
    kept = np.round(2 * metrics.ranks(scores)).astype(np.uint16)
    np.testing.assert_array_equal(metrics.auroc(y, kept), metrics.auroc(y, scores))
    assert kept.max() <= np.iinfo(np.uint16).max


def test_rows_are_scaled_by_those_that_were_read():
    X, Q = rows()
    X[:, 1] = 3.0  # a constant column
    A, B = tables.standardised(X, Q)
    assert A.mean(axis=0) == pytest.approx(np.zeros(3), abs=1e-12)
    np.testing.assert_allclose(B[:, 1], Q[:, 1] - 3.0)
    np.testing.assert_allclose(B[:, 0], (Q[:, 0] - X[:, 0].mean()) / X[:, 0].std())


# --- strategies over many tables


def world_of(values, rng=None, m=60):
    """A World of tables whose scores have about these AUROCs, (n_tables, n_settings)."""
    rng = np.random.default_rng(0) if rng is None else rng
    y = np.repeat([0, 1], [m - m // 3, m // 3])
    shift = np.sqrt(2) * norm.ppf(values)  # of normal scores
    scores = rng.normal(size=(*values.shape, m)) + shift[:, :, None] * y
    ranks = [np.round(2 * metrics.ranks(s)).astype(np.uint16) for s in scores]
    n = len(values)
    return judging.World(
        [f"t{i}" for i in range(n)],
        np.repeat(["learn", "validate", "test", "adbench"], [n - 9, 3, 3, 3]),
        np.array([metrics.auroc(y, r) for r in ranks]),
        np.array([metrics.average_precision(y, r) for r in ranks]),
        rng.normal(size=(n, 2)),
        np.eye(values.shape[1]),
        ranks,
        [y] * n,
    )


def planted(n=40, n_settings=6, best=3):
    values = np.full((n, n_settings), 0.6)
    values[:, best] = 0.9
    return world_of(values)


def test_a_setting_that_is_best_everywhere_is_chosen_and_judged_elsewhere():
    world = planted()
    learn, judge = world.at("learn"), world.at("validate")
    for name in judging.FIXED:
        found, chosen = world.results(judging.FIXED[name], learn, judge)
        assert [c.tolist() for c in chosen] == [[3]] * 3, name
        np.testing.assert_array_equal(found[:, 0], world.auroc[judge, 3])
    assert experiment.choose(world)["validate"]["best by mean"] > 0.8


def test_several_settings_are_judged_by_the_mean_of_their_ranks():
    world = planted()
    whole = judging.CONTROLS["whole grid, averaged"]
    found, chosen = world.results(whole, world.at("learn"), [39])
    assert sorted(chosen[0]) == list(range(6))
    mean = metrics.ranks(world.ranks[39]).mean(axis=0)
    assert found[0, 0] == pytest.approx(metrics.auroc(world.truth[39], mean))


def test_what_tables_promise_holds_each_of_them_out():
    values = np.random.default_rng(1).normal(0.7, 0.1, (9, 4))
    gains = []
    for t in range(9):
        column = np.delete(values, t, axis=0).mean(axis=0).argmax()
        gains.append(values[t, column] - values[t, 0])
    mean, low = experiment.promise(values)
    assert mean == pytest.approx(np.mean(gains), abs=1e-4) and low < mean


def test_the_error_of_a_difference_of_two_aurocs_is_that_of_all_pairs():
    rng = np.random.default_rng(3)
    y = np.repeat([1, 0], [7, 12])
    a, b = rng.integers(0, 6, (2, 19)) + 2 * y  # with ties
    value, error = judging.auroc_difference(y, a, b)
    assert value == pytest.approx(metrics.auroc(y, a) - metrics.auroc(y, b))
    wins = []
    for s in (a, b):
        gap = s[y == 1][:, None] - s[y == 0][None]
        wins.append((gap > 0) + 0.5 * (gap == 0))
    pairs = wins[0] - wins[1]  # (anomalies, normal rows)
    by_anomaly, by_row = pairs.mean(axis=1), pairs.mean(axis=0)
    variance = by_anomaly.var(ddof=1) / 7 + by_row.var(ddof=1) / 12
    assert error == pytest.approx(np.sqrt(variance))


def test_that_error_is_what_fresh_rows_give():
    rng = np.random.default_rng(4)
    y = np.repeat([1, 0], [40, 80])
    common = rng.normal(size=(300, 120)) + 0.8 * y
    a, b = common + 0.5 * rng.normal(size=(2, 300, 120))
    found = np.array([judging.auroc_difference(y, *s) for s in zip(a, b, strict=True)])
    assert found[:, 1].mean() == pytest.approx(found[:, 0].std(), rel=0.15)


def test_harm_counts_tables_that_lose_more_than_rows_can_explain():
    values = np.full((40, 2), 0.8)
    values[34, 1] = 0.45  # the first of the test tables
    world = world_of(values, m=600)
    assert world.at("test").tolist() == [34, 35, 36]
    found = judging.harm(world, world.at("test"), [1])
    assert found["lose beyond chance"] == found["lose"] == 1
    assert found["worst table"] == "t34" and found["worst"] < -0.25
    assert judging.harm(world, world.at("adbench"), [1])["lose beyond chance"] == 0


def test_the_setting_closest_to_the_rest_is_the_one_that_the_others_echo():
    rng = np.random.default_rng(0)
    truth = rng.normal(size=80)
    scores = truth + np.array([3, 0.1, 2, 2.5])[:, None] * rng.normal(size=(4, 80))
    kept = np.round(2 * metrics.ranks(scores)).astype(np.uint16)
    assert judging.closest_to_the_rest(kept) == 1


def test_all_steps_run_on_a_small_world():
    world = planted(60)
    name = "best by mean"
    found = experiment.look(world)
    assert set(found["test"]["auroc"]) >= {"default", "oracle", "closest to the rest"}
    oracle = np.array(found["test"]["auroc"]["oracle"])
    assert all(
        (np.array(v) <= oracle + 1e-4).all()
        for n, v in found["test"]["auroc"].items()
        if "averaged" not in n
    )
    curve = experiment.scale(world, name)
    assert list(curve)[:2] == ["14", "28"] and len(curve["14"]["promise"]) == 20
    assert len(curve["14"]["test"]["by table"]) == 3
    found = experiment.harmed(world, [name, *experiment.AVERAGED])
    assert found[name]["settings"] == [3]
    assert [len(v["settings"]) for v in found.values()] == [1, 5, 5]


def test_settings_are_chosen_that_do_best_together():
    """Each of two settings finds half of the anomalies; a third is a little better than
    either alone. Together the two find them all.
    """
    rng, y = np.random.default_rng(0), np.repeat([0, 1], [60, 40])
    half = np.r_[np.zeros(60), np.ones(20), np.zeros(20)]
    other = np.r_[np.zeros(80), np.ones(20)]
    world = planted(20, 3, best=2)
    for t in range(20):
        signal = np.stack([3 * half, 3 * other, 1.6 * y])
        scores = signal + rng.normal(size=(3, 100))
        world.ranks[t] = np.round(2 * metrics.ranks(scores)).astype(np.uint16)
        world.truth[t], world.auroc[t] = y, metrics.auroc(y, scores)
    assert world.auroc.mean(axis=0).argmax() == 2
    chosen = judging.Together(most=3).learn(world, range(15)).chosen_
    assert set(chosen) == {0, 1, 2}
    found, columns = world.results(judging.Together(3), range(15), range(15, 20))
    assert [set(c) for c in columns] == [{0, 1, 2}] * 5
    assert (found[:, 0] > world.auroc[15:20].max(axis=1)).all()
