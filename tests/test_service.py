"""The scoring service: real requests on 127.0.0.1, answers equal to the model's own, and
one sentence for everything that is no row.
"""

import http.client
import json
import re
import shlex
import signal
import subprocess
import sys
from importlib.resources import files

import numpy as np
import pandas as pd
import pytest
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from metaad import saving
from metaad.detectors import IsolationForest, KNNDetector, anomaly_score
from metaad.practice import (
    Conformal,
    DriftAlarm,
    TableModel,
    model_card,
    write_card,
)
from metaad.practice.answers import Answers
from metaad.practice.service import main, options, service

pytest.importorskip("fastapi")
pytest.importorskip("httpx")
from fastapi.testclient import TestClient

NAMES = ["length", "width", "höhe"]
X = np.random.default_rng(0).normal(size=(600, 3)) * [1, 10, 0.1]
NEW = np.random.default_rng(1).normal(size=(40, 3)) * [2, 20, 0.2]
FRAME = pd.DataFrame(X, columns=NAMES)


@pytest.fixture(scope="module")
def odd():
    return Conformal(IsolationForest(20, random_state=0)).fit(FRAME)


@pytest.fixture
def folder(odd, tmp_path):
    """A model, its card and its alarm, as files."""
    saving.save(tmp_path / "model", odd)
    card = model_card(odd, name="toy", data=FRAME, file=tmp_path / "model", rate=0.05)
    write_card(tmp_path / "card", card)
    saving.save(tmp_path / "alarm", DriftAlarm().fit(odd.calibration_))
    return tmp_path


def named(rows):
    return [dict(zip(NAMES, map(float, row), strict=True)) for row in rows]


def client(path, **settings):
    return TestClient(service(path, **settings))


# --- over a real socket


@pytest.fixture
def running(folder):
    """A service in a process of its own, on a free port: (port, process)."""
    model, card, alarm = (str(folder / n) for n in ("model", "card.json", "alarm"))
    command = [sys.executable, "-m", "metaad", "serve", model, "--port", "0"]
    command += ["--card", card, "--alarm", alarm, "--rate", "0.05"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    said = []
    for line in process.stderr:  # it says so when it listens
        said.append(line)
        if found := re.search(r"running on http://127\.0\.0\.1:(\d+)", line):
            break
    else:
        pytest.fail(f"it ended with {process.wait()}: {''.join(said)}")
    yield int(found[1]), process
    process.kill()
    process.wait()
    process.stderr.close()


def ask(port, method, path, content=None):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    body = None if content is None else json.dumps(content).encode()
    connection.request(method, path, body, {"Content-Type": "application/json"})
    answer = connection.getresponse()
    found = answer.status, json.loads(answer.read())
    connection.close()
    return found


def test_a_running_service_scores_says_how_it_is_and_keeps_its_alarm(
    running, folder, odd
):
    port, process = running
    status, found = ask(port, "POST", "/score", {"rows": named(NEW)})
    frame = pd.DataFrame(NEW, columns=NAMES)
    assert status == 200
    assert found["scores"] == anomaly_score(odd, frame).tolist()
    assert found["p_values"] == odd.p_values(frame).tolist()
    assert found["alerts"] == odd.alerts(frame, 0.05).tolist()
    status, state = ask(port, "GET", "/health")
    assert (status, state["status"], state["model"]) == (200, "ok", "Conformal")
    assert state["drift"]["rows"] == len(NEW)
    status, card = ask(port, "GET", "/card")
    assert status == 200 and card == json.loads((folder / "card.json").read_text())
    status, said = ask(port, "POST", "/score", {"rows": [[1, 2]]})
    assert (status, said["detail"]) == (422, "row 0 must have 3 numbers, got 2 values.")
    process.send_signal(signal.SIGINT)
    process.wait(timeout=30)
    assert saving.load(folder / "alarm").rows_ == len(NEW)


def test_a_model_that_cannot_be_loaded_ends_the_command_with_one_sentence(tmp_path):
    with pytest.raises(SystemExit, match="metaad: there is no file"):
        main([str(tmp_path / "none")])


# --- what is answered


def test_columns_by_name_may_come_in_any_order(folder):
    one, rows = client(folder / "model"), named(NEW)
    turned = [dict(reversed(row.items())) for row in rows]
    a, b = (one.post("/score", json={"rows": r}).json() for r in (rows, turned))
    assert a == b
    by_place = one.post("/score", json={"rows": NEW.tolist()}).json()
    assert by_place == a


@pytest.mark.parametrize(
    "model",
    [KNNDetector(), make_pipeline(StandardScaler(), KNNDetector())],
    ids=["detector", "pipeline"],
)
def test_a_detector_without_calibration_alerts_beyond_its_offset(model, tmp_path):
    saving.save(tmp_path / "model", model.fit(X))
    found = client(tmp_path / "model").post("/score", json={"rows": NEW.tolist()})
    assert found.json()["scores"] == anomaly_score(model, NEW).tolist()
    assert found.json()["alerts"] == (model.predict(NEW) < 0).tolist()
    assert found.json()["p_values"] is None and found.json()["reasons"] is None


class Toy:
    """Answers like a TableModel: a frame in, a frame with reasons out."""

    preparation_ = None

    def score(self, frame):
        odd = frame["word"].isna().to_numpy()
        found = {"score": odd * 1.0, "p_value": 1 - 0.9 * odd, "alert": odd}
        return pd.DataFrame({**found, "reason": np.where(odd, "no word", "")})


def test_a_model_of_tables_takes_words_and_gaps_and_gives_reasons():
    found = Answers(Toy())([{"word": "a", "n": 1}, {"word": None, "n": 2}])
    assert found["reasons"] == ["", "no word"] and found["alerts"] == [False, True]
    for rows, said in (
        ([[1]], r"row 0 must be \{column"),
        ([{"a": []}], "row 0, 'a'"),
        ([{"a": 1}, {"b": 1}], "row 1 has other columns than row 0"),
    ):
        with pytest.raises(ValueError, match=said):
            Answers(Toy())(rows)


# --- what is refused

WRONG = {
    "no row": ([], "one row or more"),
    "a short row": ([[1, 2, 3], [1, 2]], "row 1 must have 3 numbers, got 2 values"),
    "a number for a row": ([3], "row 0 must have 3 numbers, got int"),
    "a word": ([[1, "2", 3]], "row 0, width: expected a number, got '2'"),
    "a gap": ([[1, None, 3]], "row 0, width: expected a number, got None"),
    "true": ([[1, True, 3]], "expected a number, got True"),
    "too large": ([[1, 10**400, 3]], "row 0, width: expected a number"),
    "a name too few": ([{"length": 1, "width": 2}], "row 0 lacks 'höhe'"),
    "a name too many": (
        [{"length": 1, "width": 2, "höhe": 3, "x": 4}],
        "row 0 has a column too many: 'x'",
    ),
    "a list inside": ([[1, [2], 3]], r"expected a number, got \[2\]"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_no_row_gets_422_and_a_sentence(name, folder):
    rows, said = WRONG[name]
    answer = client(folder / "model").post("/score", json={"rows": rows})
    assert answer.status_code == 422
    assert re.search(said, answer.json()["detail"])


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"rows",
        b"[]",
        b'{"rows": 3}',
        b'{"row": []}',
        b'{"rows": [[1, NaN, 2]]}',
        b'{"rows": [[1, 1e999, 2]]}',
        b"\xff\xfe",
        b'{"rows": ' + b"[" * 100_000,
    ],
    ids=range(9),
)
def test_a_body_that_is_no_json_of_rows_is_refused_and_the_service_goes_on(
    body, folder
):
    one = client(folder / "model")
    answer = one.post(
        "/score", content=body, headers={"Content-Type": "application/json"}
    )
    assert answer.status_code in (400, 422)
    assert isinstance(answer.json()["detail"], str)
    assert one.get("/health").status_code == 200


def test_too_much_at_once_is_refused_while_it_comes(folder):
    one = client(folder / "model", most_rows=5, most_bytes=2000)
    assert one.post("/score", json={"rows": NEW[:5].tolist()}).status_code == 200
    many = one.post("/score", json={"rows": NEW[:6].tolist()})
    assert many.status_code == 422 and "send 5 at most" in many.json()["detail"]
    pulled = []

    def endless():
        for i in range(1000):
            pulled.append(i)
            yield b"[" * 500

    large = one.post("/score", content=endless())
    assert large.status_code == 413 and "2,000 bytes" in large.json()["detail"]


def test_a_card_of_another_model_and_a_rate_that_is_too_small_are_refused(folder, odd):
    saving.save(folder / "other", KNNDetector().fit(X))
    with pytest.raises(ValueError, match="about another model"):
        service(folder / "other", card=folder / "card.json")
    with pytest.raises(ValueError, match="no model card"):
        service(folder / "model", card=folder / "model")
    with pytest.raises(ValueError, match="needs 999 calibration rows"):
        service(folder / "model", rate=0.001)


def test_the_alarm_counts_what_was_scored_and_rings(folder):
    with client(folder / "model", alarm=folder / "alarm") as one:
        for rows in (X[:100], X[:100] + [9, 0, 0]):
            one.post("/score", json={"rows": rows.tolist()})
        state = one.get("/health").json()["drift"]
        one.post("/score", json={"rows": [[1]]})  # refused, and not counted
        assert one.get("/health").json()["drift"] == state
    assert state["rows"] == 200 and 100 < state["rang_at"] < 150
    assert saving.load(folder / "alarm").rang_at_ == state["rang_at"]


# --- the container


def test_the_container_starts_what_it_copies_and_not_as_root():
    lines = (files("metaad.practice") / "Containerfile").read_text().splitlines()
    told = dict(line.split(" ", 1) for line in lines if line and line[0] != "#")
    command = json.loads(told["CMD"])
    assert command[:3] == ["python", "-m", "metaad.practice.service"]
    asked = options().parse_args(command[3:])
    copied = [w for line in lines if line.startswith("COPY") for w in shlex.split(line)]
    assert {asked.model, asked.card, asked.alarm} <= set(copied)
    assert asked.host == "0.0.0.0" and str(asked.port) == told["EXPOSE"]
    assert told["USER"] == "scorer"
    compile(json.loads(told["HEALTHCHECK"].removeprefix("CMD "))[2], "check", "exec")


def test_a_model_of_a_table_with_words_dates_and_gaps_is_served(tmp_path):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "amount": rng.lognormal(3, 1, 500).round(2),
            "shop": rng.choice(["north", "south", "web"], 500),
            "day": pd.date_range("2025-01-01", periods=500, freq="h").astype(str),
        }
    )
    frame.loc[::9, "amount"] = None
    model = TableModel(detector="forest").fit(frame)
    saving.save(tmp_path / "model", model)
    new = frame.iloc[:4].copy()
    new.loc[1, "amount"] = 1e6
    rows = json.loads(new.to_json(orient="records"))
    found = client(tmp_path / "model").post("/score", json={"rows": rows}).json()
    wanted = model.score(new)
    assert found["scores"] == wanted["score"].tolist()
    assert found["reasons"] == wanted["reason"].tolist()
    assert found["alerts"] == wanted["alert"].tolist()
    short = client(tmp_path / "model").post("/score", json={"rows": [{"shop": "web"}]})
    assert short.status_code == 422 and "amount" in short.json()["detail"]
