"""The performance matrix: values computed directly, resuming, LOF as it is defined,
meta-features by hand.
"""

import numpy as np
import pytest
from sklearn.neighbors import LocalOutlierFactor

from metaad import metrics
from metaad.detectors import IsolationForest, KMeansDetector, KNNDetector, anomaly_score
from metaad.search.tuning import matrix_cache as module
from metaad.search.tuning.grids import candidates
from metaad.search.tuning.matrix import Matrix, matrix, own_scores, reader
from metaad.search.tuning.meta_features import NAMES, meta_features
from metaad.tasks.tables import LabelledTable, TableTasks

GRIDS = {
    "kNN": (KNNDetector(), [{"n_neighbors": k, "method": "mean"} for k in (5, 90)]),
    "Isolation Forest": (IsolationForest(), [{"n_estimators": 10, "max_samples": 16}]),
}


def two_tables():
    rng = np.random.default_rng(0)
    tables = []
    for name, shift in (("easy", 6.0), ("hard", 1.0)):
        X = np.r_[rng.normal(size=(50, 3)), rng.normal(size=(6, 3)) + shift]
        tables.append(LabelledTable(X, np.repeat([0, 1], [50, 6]), name, name))
    return TableTasks(tables)


def test_values_are_the_detectors_own_and_only_random_ones_change_with_the_seed(
    tmp_path,
):
    tasks, found = two_tables(), candidates(GRIDS)
    m = matrix(tasks, found, tmp_path, n_seeds=2)
    assert m.auroc.shape == m.ap.shape == (2, 3, 2) and m.names == ["easy", "hard"]
    X, y = tasks[1].X, tasks[1].y
    by_hand = anomaly_score(KNNDetector(5, "mean").fit(X), X)
    assert m.auroc[1, 0, 0] == metrics.auroc(y, by_hand) and m.ap[
        1, 0, 0
    ] == metrics.average_precision(y, by_hand)
    # 90 > 56 rows
    assert m.auroc[1, 1, 0] == metrics.auroc(
        y, anomaly_score(KNNDetector(55, "mean").fit(X), X)
    )
    forest = IsolationForest(10, max_samples=16, random_state=1).fit(X)
    assert m.auroc[1, 2, 1] == metrics.auroc(y, anomaly_score(forest, X))
    assert (m.auroc[:, :2, 0] == m.auroc[:, :2, 1]).all() and (
        m.auroc[:, 2, 0] != m.auroc[:, 2, 1]
    ).any()
    scores, labels = reader(tasks, found, tmp_path, [2])(1, 1)
    np.testing.assert_array_equal(scores, [anomaly_score(forest, X)])
    np.testing.assert_array_equal(labels, y)
    assert m.auroc[0].min() > 0.98 > m.auroc[1].max()


def test_a_run_goes_on_where_it_stopped_and_starts_again_for_other_rows_or_candidates(
    tmp_path, monkeypatch
):
    tasks, found, fits = two_tables(), candidates(GRIDS), []
    counted = own_scores.dispatch(object)
    monkeypatch.setattr(
        module, "own_scores", lambda d, X: fits.append(type(d)) or counted(d, X)
    )
    first = matrix(tasks, found, tmp_path, n_seeds=2)
    assert len(fits) == 2 * 3 + 2 * 1  # with seed 1 only the forest is fitted again
    module._place(tasks[1], found, tmp_path, 1)[0].unlink()
    again = matrix(tasks, found, tmp_path, n_seeds=2)
    assert len(fits) == 9 and np.array_equal(again.auroc, first.auroc)
    assert not list(tmp_path.glob(".*"))
    matrix(tasks, found[:1], tmp_path, n_seeds=1)
    assert len(fits) == 11
    matrix(
        TableTasks([tasks[0]._replace(X=tasks[0].X[::-1])]),
        found[:1],
        tmp_path,
        n_seeds=1,
    )
    assert len(fits) == 12


def test_a_matrix_survives_json_and_gives_its_parts(tmp_path):
    import json

    m = matrix(two_tables(), candidates(GRIDS), tmp_path, n_seeds=2)
    back = Matrix.restored(json.loads(json.dumps(m.compact())))
    np.testing.assert_allclose(back.auroc, m.auroc, atol=5e-6)
    assert (
        back.labels == m.labels
        and back.configs == m.configs
        and back.families == m.families
    )
    forest = back.of("Isolation Forest")
    assert forest.labels == [
        "Isolation Forest n_estimators=10 max_samples=16"
    ] and forest.auroc.shape == (2, 1, 2)
    assert (
        back.default("Isolation Forest") == 2
        and forest.default("Isolation Forest") == 0
    )
    with pytest.raises(
        ValueError, match="the matrix has kNN, Isolation Forest; got LOF"
    ):
        m.of("LOF")


def test_the_full_grid_has_one_label_for_each_candidate_and_defaults_come_first():
    found = candidates()
    labels = [c.label for c in found]
    assert len(set(labels)) == len(labels) > 80
    first = {c.kind: c for c in reversed(found)}
    assert first["kNN"].config == {"n_neighbors": 5, "method": "largest"}
    for kind, names in {
        "k-means": ["n_clusters"],
        "LOF": ["n_neighbors"],
        "autoencoder": ["hidden", "epochs"],
    }.items():
        params = first[kind].detector.get_params()
        assert all(first[kind].config[n] == params[n] for n in names)


def test_own_scores_leave_a_row_out_of_its_own_neighbours():
    X = np.random.default_rng(0).normal(size=(60, 2))
    lof = own_scores(LocalOutlierFactor(5, novelty=True), X)
    np.testing.assert_array_equal(
        lof, -LocalOutlierFactor(5).fit(X).negative_outlier_factor_
    )
    kmeans = KMeansDetector(3, random_state=0)
    np.testing.assert_array_equal(own_scores(kmeans, X), anomaly_score(kmeans, X))


def test_meta_features_by_hand():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(4000, 4))
    f = dict(zip(NAMES, meta_features(X), strict=True))
    assert (
        f["log rows"] == np.log(4000)
        and f["log columns"] == np.log(4)
        and f["few values"] == 0
    )
    assert f["tails"] == pytest.approx(np.log(4), abs=0.1) and f[
        "skewness"
    ] == pytest.approx(0, abs=0.1)
    assert (
        f["effective columns"] == pytest.approx(1, abs=0.02) and f["correlation"] < 0.05
    )
    # one column four times
    one = dict(zip(NAMES, meta_features(X[:, [0, 0, 0, 0]]), strict=True))
    assert one["correlation"] == pytest.approx(1) and one[
        "effective columns"
    ] == pytest.approx(1 / 4)
    assert (
        dict(zip(NAMES, meta_features(np.round(X)[:, :2].clip(-2, 2)), strict=True))[
            "few values"
        ]
        == 1
    )
    far = np.r_[X, np.full((40, 4), 100.0)]
    assert dict(zip(NAMES, meta_features(far), strict=True))[
        "far values"
    ] == pytest.approx(40 / 4040)


def test_meta_features_know_nothing_of_units_and_bear_odd_tables():
    X = np.random.default_rng(0).normal(size=(100, 3))
    np.testing.assert_allclose(
        meta_features(1e5 + X * [1, 10, 1e3]), meta_features(X), rtol=1e-6, atol=1e-8
    )
    for odd in (
        np.zeros((10, 2)),
        np.c_[X, np.ones(100)],
        X[:3],
        np.tile(X[:2], (20, 1)),
    ):
        assert np.isfinite(meta_features(odd)).all()
    with pytest.raises(ValueError, match="at least 3 rows"):
        meta_features(X[:2])


def fits(monkeypatch):
    """A list that grows by the type of every detector that is fitted."""
    made, counted = [], own_scores.dispatch(object)
    watched = lambda d, X: made.append(type(d)) or counted(d, X)  # noqa: E731
    monkeypatch.setattr(module, "own_scores", watched)
    return made


def test_another_parameter_class_or_code_makes_the_scores_again(tmp_path, monkeypatch):
    tasks, made = two_tables(), fits(monkeypatch)
    grid = [{"n_neighbors": 5, "method": "mean"}]
    matrix(tasks, candidates({"a": (KNNDetector(), grid)}), tmp_path, n_seeds=1)
    matrix(tasks, candidates({"a": (KNNDetector(), grid)}), tmp_path, n_seeds=1)
    assert len(made) == 2
    # the label of the configuration is the same: what is behind it is not
    other = KNNDetector(contamination=0.2)
    matrix(tasks, candidates({"a": (other, grid)}), tmp_path, n_seeds=1)
    assert len(made) == 4
    forests = [{"n_estimators": 10, "max_samples": 16}]
    for policy in (None, "halved"):
        forest = IsolationForest(policy=policy)
        matrix(tasks, candidates({"a": (forest, forests)}), tmp_path, n_seeds=1)
    assert len(made) == 8
    version = module.cache.code_version
    monkeypatch.setattr(module.cache, "code_version", lambda c: version(c) + "changed")
    matrix(tasks, candidates({"a": (forest, forests)}), tmp_path, n_seeds=1)
    assert len(made) == 10


def test_a_damaged_or_foreign_file_counts_as_absent(tmp_path, monkeypatch):
    tasks, found, made = two_tables(), candidates(GRIDS)[:1], fits(monkeypatch)
    first = matrix(tasks, found, tmp_path, n_seeds=1)
    path = module._place(tasks[0], found, tmp_path, 0)[0]
    whole = path.read_bytes()
    flipped = bytearray(whole)
    flipped[len(whole) // 3] ^= 0x10
    other = module._place(tasks[1], found, tmp_path, 0)[0].read_bytes()
    for content in (
        whole[: len(whole) // 2],
        b"",
        b"PK\x03\x04",
        b"text",
        flipped,
        other,
    ):
        path.write_bytes(content)
        del made[:]
        again = matrix(tasks, found, tmp_path, n_seeds=1)
        assert len(made) == 1 and np.array_equal(again.auroc, first.auroc)
        assert not list(tmp_path.glob(".*"))


def test_names_of_tables_lead_nowhere_else_and_never_collide(tmp_path):
    names = ("../evil", "a:b", "a_b", "a/b", "..", "", "x" * 300, "ä", "a-0", ".hidden")
    folder, rng = tmp_path / "inside", np.random.default_rng(0)
    y = np.repeat([0, 1], [20, 4])
    tables = [LabelledTable(rng.normal(size=(24, 2)), y, n, n) for n in names]
    found = candidates({"kNN": (KNNDetector(), [{"n_neighbors": 5, "method": "mean"}])})
    m = matrix(TableTasks(tables), found, folder, n_seeds=1)
    again = matrix(TableTasks(tables), found, folder, n_seeds=1)
    assert np.array_equal(m.auroc, again.auroc)
    assert len(list(folder.glob("*.npz"))) == len(names)
    assert [p.name for p in tmp_path.iterdir()] == ["inside"]
