"""The experiments on false-alarm rates and planted anomalies count what they say."""

import numpy as np
import pytest

from metaad import data
from metaad.detectors import KNNDetector
from metaad.experiments.practice import conformal_rates, planted_anomalies


def table(n=700, anomalies=60):
    rng = np.random.default_rng(0)
    factors = np.repeat(rng.normal(size=(n, 2)), 3, axis=1)
    X = np.r_[
        factors + 0.3 * rng.normal(size=(n, 6)), rng.normal(size=(anomalies, 6)) + 6
    ]
    y = np.repeat([0, 1], [n, anomalies])
    return type("T", (), {"X": X, "y": y, "name": "made"})


def test_alarms_and_the_control_are_counted_by_hand():
    assert conformal_rates.alarms(np.array([0.01, 0.05, 0.051, 1.0])) == [
        0.25,
        0.5,
        0.75,
    ]
    detector = KNNDetector(1).fit(np.arange(100.0)[:, None])
    rows, judged = np.zeros((100, 1)), np.array([[0.0], [200.0]])
    # the rows that fitted all score 1, or 0 beside a twin: one of two lies beyond them
    assert conformal_rates.control(detector, rows, judged) == [0.5, 0.5, 0.5]


def test_one_table_gives_rates_of_every_detector_and_way(monkeypatch):
    monkeypatch.setattr(data, "load", lambda name: table())
    monkeypatch.setattr(
        conformal_rates, "DETECTORS", {"kNN": conformal_rates.DETECTORS["kNN"]}
    )
    found = conformal_rates.one_table("made")
    assert (found["read"], found["judged"], found["m"]) == (600, 100, 150)
    assert found["anomalies read"] == 30
    ways = found["kNN"]
    assert set(ways) == {
        "conformal", "ties at random", "control", "contaminated", "small"
    }  # fmt: skip
    assert ways["contaminated"][1] <= ways["conformal"][1]
    summed = conformal_rates.summary({"a": found, "b": found})["kNN"]
    assert summed["conformal"]["0.05"]["mean"] == pytest.approx(ways["conformal"][1])
    assert "0.01" not in summed["small"]
    inside = conformal_rates.within({"a": found})["kNN"]
    assert set(inside) == {"0.01", "0.05", "0.1"} and set(inside.values()) <= {0.0, 1.0}
    monkeypatch.setattr(data, "load", lambda name: table(n=150))
    assert conformal_rates.one_table("made") == {}


def test_hits_are_rows_whose_largest_part_was_changed(monkeypatch):
    parts = np.array([[1.0, 2.0, 0.0], [3.0, 0.0, 1.0]])
    changed = np.array([[1], [2]])
    assert planted_anomalies._hits(parts, changed).tolist() == [True, False]
    several = np.array([[0, 1], [0, 2]])
    assert planted_anomalies._hits(parts, several).all()
    monkeypatch.setattr(data, "load", lambda name: table())
    only = {"kNN": planted_anomalies.DETECTORS["kNN"]}
    monkeypatch.setattr(planted_anomalies, "DETECTORS", only)
    found = planted_anomalies.one_table("made")
    assert {"columns", "far", "several"} <= set(found)
    far = found["far"]
    assert far["hits"]["random column"] == pytest.approx(1 / 6, abs=1e-3)
    assert far["hits of noticed"]["kNN | kNN: both"] <= far["noticed"]["kNN"] <= 20
    summed = planted_anomalies.summary({"a": found, "b": found}, "far")
    assert summed["tables"] == 2 and summed["noticed rows"]["kNN"]["of"] == 40
    hits = far["hits of noticed"]["kNN | kNN: both"] / far["noticed"]["kNN"]
    assert summed["noticed rows"]["kNN"]["hits"]["both"] == pytest.approx(
        hits, abs=1e-3
    )
