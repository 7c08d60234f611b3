"""A model card says what is in the model, and notices another file."""

import json

import numpy as np
import pandas as pd
import pytest
from scipy.stats import beta
from sklearn.exceptions import NotFittedError

from metaad import data, saving
from metaad.detectors import IsolationForest, KNNDetector
from metaad.practice import Conformal, TableModel, card_text, measure, model_card
from metaad.practice.card import read_card, write_card


@pytest.fixture(scope="module")
def clinic():
    return data.load("breast-cancer")


@pytest.fixture
def made(clinic, tmp_path):
    normal = clinic.X[clinic.y == 0][:200]
    odd = Conformal(KNNDetector(3)).fit(normal)
    saving.save(tmp_path / "m", odd)
    rest = np.r_[clinic.X[clinic.y == 0][200:], clinic.X[clinic.y == 1]]
    y = np.r_[np.zeros(157, int), np.ones(212, int)]
    found = measure(odd, rest, y, 0.05)
    card = model_card(
        odd,
        name="clinic",
        purpose="Second look at images.",
        data=clinic,
        file=tmp_path / "m",
        rate=0.05,
        measured=found,
        limits=["One hospital."],
        date="2026-01-02",
    )
    return odd, card, found, tmp_path


def test_a_card_holds_class_settings_table_promise_and_machine(made, clinic):
    odd, card, found, folder = made
    assert card["model"]["class"] == "Conformal of KNNDetector"
    assert card["model"]["settings"]["n_neighbors"] == 3
    assert card["model"]["bytes"] == (folder / "m").stat().st_size
    assert card["data"]["rows"] == 569 and card["data"]["source"] == clinic.source
    assert card["data"]["names"] == list(clinic.columns)
    low = beta.ppf(0.025, int(0.05 * 51), 51 - int(0.05 * 51))
    assert f"{100 * low:.2g} %" in card["threshold"]["promise"]
    assert card["threshold"]["calibration rows"] == 50
    assert "One hospital." in card["limits"] and len(card["limits"]) == 3
    assert card["made"]["date"] == "2026-01-02" and card["made"]["versions"]["numpy"]
    assert found["rows"] == 369 and found["anomalies"] == 212


def test_what_was_measured_is_what_the_metrics_say(made, clinic):
    odd, card, found, _ = made
    normal = clinic.X[clinic.y == 0][200:]
    share = odd.alerts(normal, 0.05).mean()
    assert found["normal rows called odd"].value == pytest.approx(share)
    assert card["measured"]["normal rows called odd"]["value"] == pytest.approx(share)
    assert json.loads(json.dumps(card)) == card  # plain values, all of them


def test_both_files_are_written_and_read_back(made):
    _, card, _, folder = made
    for file in write_card(folder / "card", card):
        assert str(folder) not in file.read_text()
    assert read_card(folder / "card.json", folder / "m") == card
    text = (folder / "card.md").read_text()
    assert text == card_text(card)
    for part in ("# Model card: clinic", "## Limits", "- One hospital.", "| AUROC |"):
        assert part in text
    widths = {line.count("|") for line in text.splitlines() if line.startswith("|")}
    assert widths == {3}


def test_a_card_of_another_file_is_refused(made):
    odd, card, _, folder = made
    write_card(folder / "card", card)
    saving.save(folder / "m", Conformal(KNNDetector(4)).fit(np.eye(20)))
    with pytest.raises(ValueError, match="the checksums differ"):
        read_card(folder / "card.json", folder / "m")


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"model": 3}', "[" * 99_999])
def test_what_is_no_card_is_refused(content, tmp_path):
    (tmp_path / "card.json").write_text(content)
    with pytest.raises(ValueError, match="is no model card"):
        read_card(tmp_path / "card.json")


def test_a_detector_alone_promises_nothing_and_the_card_says_so():
    forest = IsolationForest(3, random_state=np.int64(4)).fit(np.eye(20))
    card = model_card(forest, name="plain | forest")
    assert card["threshold"]["promise"].startswith("None about new rows")
    assert card["data"]["columns"] == 20
    assert card["model"]["settings"]["random_state"] == 4
    with pytest.raises(NotFittedError):
        model_card(IsolationForest(), name="none")


def test_a_cell_with_a_bar_does_not_break_the_table():
    forest = IsolationForest(3).fit(np.eye(20))
    card = model_card(forest, name="x", measured={"a|b": 1}) | {"purpose": "p"}
    rows = [r for r in card_text(card).splitlines() if "a" in r and "b" in r]
    assert any("a\\|b" in r for r in rows)


def test_a_model_of_a_table_tells_what_it_chose_and_what_it_did_to_the_table():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"amount": rng.normal(size=400), "shop": ["a", "b"] * 200})
    frame.loc[3, "amount"] = None
    model = TableModel(detector="forest").fit(frame)
    card = model_card(model, name="shops", data=frame)
    assert card["model"]["class"] == "TableModel of IsolationForest"
    assert card["model"]["why"] == model.why_
    assert card["data"]["rows"] == 400 and card["data"]["names"] == ["amount", "shop"]
    assert card["data"]["notes"] == list(model.notes_) != []
    assert card["threshold"]["rate"] == model.rate_
    assert "## Threshold" in card_text(card)
    assert model_card(model, name="x")["data"]["rows"] == 400
