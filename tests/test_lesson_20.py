"""What lesson 20 builds and measures, held against the package."""

import asyncio
import json
from pathlib import Path

import httpx
import numpy as np
import pytest

from metaad import saving
from metaad.detectors import IsolationForest, KNNDetector
from metaad.experiments.lessons import lesson_20
from metaad.practice import Conformal, alarm, conformal, onnx, onnx_graphs, onnx_scores

pytest.importorskip("fastapi")
ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def built():
    names = {"np": np, "saving": saving}
    path = ROOT / "notebooks" / "20_deploy.ipynb"
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        if "build" in cell["metadata"].get("tags", []):
            exec("".join(cell["source"]), names)
    return names


# --- build cells


@pytest.mark.parametrize("seed", range(4))
def test_the_built_p_values_are_the_packages(built, seed):
    rng = np.random.default_rng(seed)
    calibration, scores = rng.normal(size=30).round(1), rng.normal(size=20).round(1)
    theirs = built["p_values"](calibration, scores)
    np.testing.assert_allclose(theirs, conformal.p_values(calibration, scores))


def test_the_built_forest_gives_the_scores_of_the_forest(built, tmp_path, monkeypatch):
    X = np.random.default_rng(0).normal(size=(300, 4))
    forest = IsolationForest(20, random_state=0).fit(X)
    key = "metaad.detectors.IsolationForest"
    monkeypatch.setitem(onnx_graphs.GRAPHS, key, built["forest"])
    for dtype, close in (("float64", 1e-9), ("float32", 1e-5)):
        path = onnx.to_onnx(forest, tmp_path / dtype, dtype)
        asked = (X * 2).astype(np.float32).astype(np.float64)
        found = onnx_scores(path, asked)
        np.testing.assert_allclose(found, forest.score_samples(asked), close)


def test_the_built_service_answers_as_the_package_does(built, tmp_path):
    from metaad.practice.service import service

    X = np.random.default_rng(0).normal(size=(400, 3))
    saving.save(tmp_path / "model", Conformal(KNNDetector()).fit(X))

    async def ask(app, body):
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://x") as one:
            answer = await one.post("/score", json=body)
            health = await one.get("/health")
        return answer.status_code, answer.json(), health.json()["status"]

    apps = built["service"](tmp_path / "model"), service(tmp_path / "model")
    for rows in (X[:9].tolist(), [[1.0, 2.0]], [], [[1.0, "a", 2.0]]):
        a, b = (asyncio.run(ask(app, {"rows": rows})) for app in apps)
        assert a == b


@pytest.mark.parametrize("digits", [9, 1])
def test_the_built_alarm_has_the_packages_capital(built, digits):
    past, scores = (s.round(digits) for s in lesson_20.stream(0, 200, 100))
    theirs = built["DriftAlarm"](0.05, 7).fit(past)
    ours = alarm.DriftAlarm(0.05, 7).fit(past)
    capital = np.concatenate([theirs.update(part) for part in np.split(scores, [50])])
    np.testing.assert_allclose(capital, ours.update(scores), 1e-9)
    assert theirs.rang_at == ours.rang_at_


# --- what is measured


@pytest.mark.parametrize("rate", [0.03, 0.05, 0.2])
def test_rows_are_split_so_that_the_rate_can_be_met_exactly(rate):
    for n in (174, 500):
        learn, judge, share = lesson_20.split(n, rate, np.random.default_rng(0))
        assert sorted(np.r_[learn, judge]) == list(range(n))
        k = rate * (round(share * len(learn)) + 1)
        assert k >= 1 - 1e-9 and k - int(k + 1e-9) < rate


def test_a_log_holds_its_signal_in_float64_and_loses_it_in_float32():
    X, y = lesson_20.machine_log(0)
    late = X[:, 0] - 1.7e9 - X[:, 1]
    assert late[y == 1].mean() - late[y == 0].mean() == pytest.approx(3, abs=0.6)
    rounded = X.astype(np.float32).astype(np.float64)
    assert len(np.unique(rounded[:, 0])) <= 2


def test_alarms_ring_after_a_large_change_and_are_counted_from_there():
    past, scores = lesson_20.stream(1, 400, 200, 3.0)
    daily, page, ours = lesson_20.rang(past, scores, 0.01)
    assert daily == 250 and 200 < page <= 210 and 200 < ours <= 220
    told = lesson_20.alarms_told(
        {name: np.array([np.inf, 9.0]) for name in lesson_20.ALARMS},
        {name: np.array([210.0, 230.0, 100.0]) for name in lesson_20.ALARMS},
        200,
    )
    assert told[0] == ["a test per day", "0.500", "1.00", "20"]


def test_the_chance_of_so_many_alarms_is_the_binomials():
    assert lesson_20.chance_of(0, 10, 0.05) == pytest.approx(1.0)
    assert lesson_20.chance_of(1, 10, 0.05) == pytest.approx(1 - 0.95**10)
