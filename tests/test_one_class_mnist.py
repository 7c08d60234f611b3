"""The experiment on one-class MNIST, on a few small images: its methods, its parts, its
record.
"""

from types import SimpleNamespace

import numpy as np
import pytest
from sklearn.svm import OneClassSVM

from metaad import metrics
from metaad.detectors import (
    DenoisingAutoencoder,
    KNNDetector,
    MahalanobisDetector,
    anomaly_score,
)
from metaad.experiments import parts
from metaad.experiments.images import one_class_mnist as experiment
from metaad.experiments.images.one_class_mnist_choice import distances
from metaad.experiments.images.one_class_mnist_methods import (
    VIEWS,
    denoised,
    each,
    support_vectors,
)
from metaad.experiments.images.one_class_mnist_rows import ROWS, Row

NET = {"hidden": (9,), "noise": 0.5, "n_noisy": 3, "epochs": 2}


@pytest.fixture
def table():
    """Ten classes of 28 x 28 pixels: ten dots at ten places, in noise."""
    rng = np.random.default_rng(0)
    y = np.repeat(np.arange(10), 12)
    X = rng.random((120, 28, 28)) * 0.3
    X[np.arange(120), 14, 2 * y + 4] = 1.0
    return SimpleNamespace(X=X, y=y, train=np.arange(120) % 3 > 0)


@pytest.fixture
def small(table, monkeypatch):
    """The experiment on that table, with a cheap row and a random one."""
    near = Row("raw", each, {"detector": KNNDetector(2)}, False, "2 neighbours")
    rows = {
        "near": near,
        "near, HOG": near._replace(view="HOG"),
        "net": Row("raw", denoised, NET, True, "a small net"),
    }
    monkeypatch.setattr(experiment, "data", SimpleNamespace(load=lambda name: table))
    monkeypatch.setattr(experiment, "ROWS", rows)
    return rows


def test_every_digit_is_judged_on_the_whole_test_split(small, table, tmp_path):
    experiment.measure(tmp_path, ["near"], [0, 1])
    found = experiment.found(tmp_path)["near"]
    X = table.X.reshape(120, -1).astype(np.float32)
    test = ~table.train
    for digit in range(10):
        detector = KNNDetector(2).fit(X[table.train & (table.y == digit)])
        expected = metrics.auroc(
            table.y[test] != digit, anomaly_score(detector, X[test])
        )
        assert found["auroc"]["0"][digit] == pytest.approx(expected)
    assert list(found["auroc"]) == ["0"], "not random: one seed is enough"


def test_what_is_random_has_a_part_for_each_seed_and_none_is_made_twice(
    small, tmp_path, capsys
):
    experiment.measure(tmp_path, ["net"], [0, 1])
    found = experiment.found(tmp_path)["net"]
    assert list(found["auroc"]) == ["0", "1"]
    assert found["auroc"]["0"] != found["auroc"]["1"]
    assert capsys.readouterr().out.count("net") == 2
    experiment.measure(tmp_path, ["net"], [0, 1])
    assert capsys.readouterr().out == ""
    small["net"] = small["net"]._replace(settings={**NET, "epochs": 3})
    experiment.measure(tmp_path, ["net"], [0])
    assert capsys.readouterr().out.count("net") == 1, "other settings: made anew"


def test_the_record_keeps_the_rows_that_a_folder_lacks(small, tmp_path):
    record = tmp_path / "record.json"
    one, two = tmp_path / "one", tmp_path / "two"
    experiment.measure(one, ["near"], [0])
    experiment.report(one, record)
    assert parts.read(record)["missing"] == ["near, HOG", "net"]
    experiment.measure(two, ["near, HOG"], [0])
    experiment.report(two, record)
    content = parts.read(record)
    assert list(content["rows"]) == ["near", "near, HOG"]
    near = content["rows"]["near"]
    assert near["mean"]["value"] == pytest.approx(np.mean(near["auroc"]["0"]))
    assert near["mean"]["n"] == 10
    assert content["command"][0].endswith("--parts DIR --choose")


def test_differences_to_the_best_row_are_paired_over_digits():
    best, other = np.linspace(0.9, 0.99, 10), np.linspace(0.8, 0.95, 10)
    rows = {
        "Gaussian, HOG": {"auroc": {"0": list(best)}},
        "x": {"auroc": {"0": list(other - 0.01), "1": list(other + 0.01)}},
    }
    found = experiment.compared(rows)
    assert found["x"]["minus_best"]["value"] == pytest.approx((other - best).mean())
    assert "minus_best" not in found["Gaussian, HOG"]


@pytest.mark.parametrize("unit", [1.0, 1.2])  # pixels, and what must be scaled
def test_nets_scored_together_in_float32_are_the_detectors_scored_alone(unit):
    rng = np.random.default_rng(0)
    digits = [unit * rng.random((n, 16)) for n in (30, 20)]
    queries = unit * rng.random((600, 16)).astype(np.float32)
    found = denoised(digits, queries, 3, **NET)
    for X, scores in zip(digits, found, strict=True):
        alone = DenoisingAutoencoder(random_state=3, device="cpu", **NET).fit(X)
        np.testing.assert_allclose(scores, anomaly_score(alone, queries), rtol=1e-3)


def test_support_vectors_are_those_of_scikit_learn():
    rng = np.random.default_rng(0)
    digits = [rng.random((n, 16)).astype(np.float32) for n in (60, 40)]
    queries = rng.random((30, 16)).astype(np.float32)
    found = support_vectors(digits, queries, 0, nu=0.1)
    for X, scores in zip(digits, found, strict=True):
        theirs = OneClassSVM(nu=0.1).fit(X.astype(np.float64))
        expected = anomaly_score(theirs, queries.astype(np.float64))
        np.testing.assert_allclose(scores, expected, rtol=1e-4)


def test_every_row_has_a_view_and_its_key_changes_with_what_made_it():
    assert {row.view for row in ROWS.values()} <= set(VIEWS)
    keys = {experiment.key(name, 0, "digest") for name in ROWS}
    assert len(keys) == len(ROWS)
    assert experiment.key("kNN", 0, "other") not in keys
    assert experiment.key("kNN", 1, "digest") not in keys
    assert isinstance(ROWS["Gaussian, HOG"].settings["detector"], MahalanobisDetector)


def test_distances_of_all_ridges_are_the_detectors_squared():
    rng = np.random.default_rng(0)
    X, queries = rng.normal(size=(50, 4)) * [1, 2, 3, 4], rng.normal(size=(9, 4))
    for ridge, found in zip((0.1, 3.0), distances(X, queries, (0.1, 3.0)), strict=True):
        expected = anomaly_score(MahalanobisDetector(ridge).fit(X), queries) ** 2
        np.testing.assert_allclose(found, expected, rtol=1e-10)


def test_the_choice_sees_training_images_alone_and_comes_into_the_record(
    small, table, tmp_path, monkeypatch
):
    seen = []

    def pretend(X, y):
        seen.append((X, y))
        return {"pixels": {"1": 0.9}}

    monkeypatch.setattr(experiment, "choice", pretend)
    monkeypatch.setattr(experiment.cache, "key", lambda **_: "key")
    experiment.choose(tmp_path)
    experiment.choose(tmp_path)
    assert len(seen) == 1 and len(seen[0][0]) == table.train.sum()
    assert np.array_equal(seen[0][1], table.y[table.train])
    experiment.report(tmp_path, tmp_path / "record.json")
    assert parts.read(tmp_path / "record.json")["choice"] == {"pixels": {"1": 0.9}}


def test_rows_of_the_gans_come_from_their_own_record(small, tmp_path):
    theirs = {"seeds": [0, 1], "rows": {"GAN, critic": [[0.4] * 10, [0.6] * 10]}}
    experiment.repro.write_json(tmp_path / "one_class_gans.json", theirs)
    experiment.report(tmp_path / "parts", tmp_path / "record.json")
    row = parts.read(tmp_path / "record.json")["rows"]["GAN, critic"]
    assert row["auroc"]["1"] == [0.6] * 10 and row["view"] == "raw"
    assert row["mean"]["value"] == pytest.approx(0.5)
