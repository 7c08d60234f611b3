"""A lesson's parameters `data`, `label` and `anomaly`: the reader's own table instead of
the lesson's.
"""

import types

import numpy as np
import pytest

from metaad import repro
from metaad.data import Table
from metaad.data.own.examples import WEB_LABELS, card_payments, web_log
from metaad.experiments import own_rows
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
    with pytest.raises(ParameterError, match="web.csv': 'label' in .*Say which"):
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


def test_a_module_of_a_parameter_s_name_does_not_hide_it_when_the_cell_runs_again():
    given = {
        "profile": "quick",
        "seed": 0,
        "device": "auto",
        "label": "y",
        "anomaly": "",
    }
    names = given | {"data": "my.csv", "In": [SOURCE]}
    assert repro.start("a_lesson", names).own
    names["data"] = types.ModuleType("data")  # from metaad import data
    again = repro.start("a_lesson", names)
    assert again.own and names["data"] == "my.csv"


def made(shift):
    """Rows of which the second half has moved, and scattered anomalies at the end."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(630, 3))
    X[300:600] += shift
    X[600:] *= 6
    y = np.repeat([0, 1], [600, 30])
    return Table(X, y, "mine", "", "", "", "anomalies", columns=("a", "b", "c"))


def cells(line):
    return [cell.strip() for cell in line.strip("|").split("|")]


def test_rows_that_drift_along_the_file_ring_and_shuffled_ones_do_not():
    *_, stand, shuffled = own_rows.along_the_file(made(2.0), 25, 0.05, 0).splitlines()
    assert cells(stand)[1] == "25" and cells(shuffled)[1] == "never"
    assert float(cells(stand)[4]) > 0.3 and abs(float(cells(stand)[5]) - 0.1) < 0.06
    *_, stand, _ = own_rows.along_the_file(made(0.0), 25, 0.05, 0).splitlines()
    assert cells(stand)[1] == "never"


def test_the_autoencoder_is_judged_beside_its_rivals_on_rows_that_it_has_not_seen():
    lines = own_rows.autoencoder(made(0.0), 2, 0).splitlines()[-5:]
    assert [cells(line)[0] for line in lines][0] == "autoencoder"
    auroc = {cells(line)[0]: float(cells(line)[1]) for line in lines}
    assert auroc["kNN"] > 0.9 and auroc["Mahalanobis"] > 0.9
    assert all(abs(float(cells(line)[4]) - 0.1) < 0.08 for line in lines)
