"""A lesson's parameters `data`, `label` and `anomaly`: the reader's own table instead of
the lesson's.
"""

import types

import numpy as np
import pytest

from metaad import repro
from metaad.data.own.examples import WEB_LABELS, card_payments, web_log
from metaad.repro import ParameterError, own, parameters
from metaad.repro.run import Run

SOURCE = """
profile: str = "quick"  # one of quick, full; quick
seed: int = 0  # seeds
device: str = "auto"  # auto
data: str = ""  # any text; your own file
label: str = "y"  # any text; the column of labels
anomaly: str = ""  # any text; the label of anomalies
"""


def run(**given):
    given = {"data": "", "label": "y", "anomaly": ""} | given
    return Run("02_classical_detectors", "quick", 0, "cpu", given, judged=False)


def test_the_lesson_s_own_table_is_loaded_where_no_file_is_given():
    assert repro.own_table(run(), lambda: "the clinic's") == "the clinic's"


def test_the_reader_s_table_is_said_and_its_rows_are_labelled(tmp_path, monkeypatch):
    said = []
    monkeypatch.setattr(own, "say", said.append)
    path, (frame, _) = tmp_path / "cards.csv", card_payments(1500)
    some = frame["is_fraud"].where(frame.index % 5 > 0)
    frame.assign(is_fraud=some).to_csv(path, index=False)
    table = repro.own_table(run(data=str(path), label="is_fraud"), None, anomalies=5)
    assert np.array_equal(table.y, some.dropna()) and len(table.X) == 1200
    assert "about cards**: 1,500 rows" in said[0] and "dropped 'payment_id'" in said[0]


def test_several_anomalies_come_with_commas(tmp_path):
    path, frame = tmp_path / "web.csv", web_log(2500)
    frame.to_csv(path, index=False)
    given = {"data": str(path), "label": "label"}
    table = repro.own_table(run(**given, anomaly=", ".join(WEB_LABELS[1:])), None)
    assert table.y.sum() >= 30
    assert len(table.y) == own.MOST
    with pytest.raises(ParameterError, match="web.csv': 'label' in .*-p anomaly VALUE"):
        repro.own_table(run(**given), None)
    with pytest.raises(
        ParameterError, match="needs 10 anomalies and 9999 normal rows; web"
    ):
        repro.own_table(run(**given, anomaly="scan,flood"), None, normal=9_999)


def test_a_large_table_is_drawn_from_and_keeps_its_anomalies():
    y = np.zeros(50_000, int)
    y[::1000] = 1
    y[3::7] = -1
    rows = own._drawn(y, 2_000, 0)
    assert len(rows) == 2_000 and (np.diff(rows) > 0).all() and (y[rows] != -1).all()
    assert (y[rows] == 1).sum() == 30


def test_what_papermill_takes_for_a_number_is_text_where_any_text_will_do():
    known = parameters.read(SOURCE)
    assert known["anomaly"].check(1) == "1" and known["label"].check(True) == "True"
    with pytest.raises(ParameterError, match="profile must be text"):
        known["profile"].check(1)


def test_a_module_of_a_parameter_s_name_does_not_hide_it_when_the_cell_runs_again(
    tmp_path,
):
    given = {
        "profile": "quick",
        "seed": 0,
        "device": "auto",
        "label": "y",
        "anomaly": "",
    }
    path = str(tmp_path / "my.csv")
    card_payments(400)[0].rename(columns={"is_fraud": "y"}).to_csv(path, index=False)
    names = given | {"data": path, "In": [SOURCE]}
    assert len(repro.start("a_lesson", names).table.y) == 400
    names["data"] = types.ModuleType("data")  # from metaad import data
    again = repro.start("a_lesson", names)
    assert again.own and names["data"] == path


def test_a_wrong_column_of_labels_stops_the_first_cell_and_is_told_what_there_is(
    tmp_path,
):
    path = tmp_path / "cards.csv"
    card_payments(300)[0].to_csv(path, index=False)
    names = {"profile": "quick", "seed": 0, "device": "auto", "anomaly": ""}
    names |= {"data": str(path), "label": "fraud", "In": [SOURCE]}
    told = "no column 'fraud'; it has payment_id, time.*-p label COLUMN.$"
    with pytest.raises(ParameterError, match=told):
        repro.start("a_lesson", names)
    for label in ("y", ""):  # the usual one, and none
        with pytest.raises(ParameterError, match="-p label COLUMN"):
            repro.start("a_lesson", names | {"label": label})
    without = SOURCE.replace("any text; the column", "any text or none; the column")
    for label in ("y", ""):
        started = repro.start("b_lesson", names | {"label": label, "In": [without]})
        assert started.table.y is None and "is_fraud" in started.table.columns
    with pytest.raises(ParameterError, match="no column 'fraud'"):
        repro.start("b_lesson", names | {"In": [without]})
    with pytest.raises(ParameterError, match="none.csv"):
        repro.start("b_lesson", names | {"data": "none.csv", "In": [without]})


def test_rows_without_a_label_stay_where_a_lesson_can_do_without(tmp_path, capsys):
    path = tmp_path / "cards.csv"
    frame = card_payments(900)[0]
    some = frame["is_fraud"].where(frame.index % 3 > 0)
    frame.assign(is_fraud=some).to_csv(path, index=False)
    given = {"data": str(path), "label": "is_fraud"}
    asked = run(**given)
    table = repro.own_table(asked, None, labels=False, most=500, instead="")
    assert len(table.y) == 500 and (table.y == -1).sum() > 100
    assert np.array_equal(table.y, some.fillna(-1)[asked.rows])
    assert (np.diff(asked.rows) > 0).all()
    with pytest.raises(ParameterError, match="needs 1000 rows that are not anomalies"):
        repro.own_table(run(**given), None, labels=False, normal=1000)


def test_a_dataset_s_name_will_do_for_a_file():
    table = repro.own_table(run(data="breast-cancer"), None)
    assert table.name == "breast-cancer" and len(table.y) == 569
