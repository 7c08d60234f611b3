"""Fields, their lists of alerts, and the record of the comparison."""

import json
from pathlib import Path

import numpy as np
import pytest

from metaad import data, repro
from metaad.experiments.practice import (
    applications,
    applications_judge,
    applications_lists,
)
from metaad.experiments.practice.applications_fields import FIELDS
from metaad.experiments.practice.applications_lists import (
    CONTEXT,
    FEW,
    METHODS,
    PLAIN,
    Rows,
)
from metaad.practice import budget
from metaad.tasks.parts import oddbench_part


def made_up_table(n=400, odd=60, train=0):
    rng = np.random.default_rng(0)
    y = rng.permutation(np.repeat([0, 1], [n, odd]))
    trained = np.zeros(n + odd, bool)
    trained[np.flatnonzero(y == 0)[:train]] = True
    X = np.c_[np.arange(n + odd), y].astype(float)
    return data.records.Table(
        X, y, "made up", "", "", "", "anomalies", trained if train else None
    )


def test_every_real_table_judges_once_and_has_taught_nothing():
    names = [t for f in FIELDS.values() if not f.simulated for t in f.tables]
    assert len(names) == len(set(names))
    odd = [n for n in names if n.startswith("oddbench:")]
    assert set(odd) <= set(oddbench_part("test"))
    assert set(names) <= set(data.names())
    for field in FIELDS.values():
        assert field.currency.break_even < 0.1 and 0 < field.share <= 0.05


@pytest.mark.parametrize("train", [0, 100])
def test_past_and_judged_rows_share_no_row_and_anomalies_are_rare(train):
    table = made_up_table(train=train)
    rows = applications_lists.divided(table, 1, normal=200, judged=150)
    seen = set(rows.past[:, 0]) & set(rows.X[:, 0])
    assert not seen and len(rows.past) == 210
    for X, y in ((rows.past, rows.known), (rows.X, rows.y)):
        np.testing.assert_array_equal(X[:, 1], y)
        assert y.sum() == int(0.05 * (y == 0).sum())
    trained = set(np.flatnonzero(table.train)) if train else set()
    assert not trained & set(rows.X[:, 0].astype(int))


@pytest.mark.parametrize("name", ["simulated:supply-chain", "simulated:road-traffic"])
def test_worlds_are_divided_by_time(name):
    rows = applications_lists.by_time(name, 3)
    assert len(rows.kinds) == len(rows.y) and rows.known.sum() <= 47
    np.testing.assert_array_equal(rows.kinds > 0, rows.y == 1)
    assert len(rows.y) == {"s": 91 * 20, "r": 7 * 288 * 3}[name[len("simulated:")]]


def test_ten_anomalies_and_fifty_normal_rows_have_a_label():
    known = np.repeat([0, 1], [300, 40])
    labels = applications_lists.labelled(known, 0)
    assert (labels == 1).sum() == 10 and (labels == 0).sum() == 50
    np.testing.assert_array_equal(labels[labels >= 0], known[labels >= 0])
    few = applications_lists.labelled(np.repeat([0, 1], [300, 6]), 0)
    assert (few == 1).sum() == 3


def test_every_list_puts_a_far_row_first_and_sees_no_truth_but_the_labels():
    rng = np.random.default_rng(0)
    past = np.r_[rng.normal(size=(200, 3)), rng.normal(6, 0.5, (10, 3))]
    known = np.repeat([0, 1], [200, 10])
    X = np.r_[rng.normal(size=(50, 3)), rng.normal(6, 0.5, (5, 3))]
    rows = Rows(past, known, X, np.repeat([0, 1], [50, 5]))
    found = applications_lists.lists(rows)
    assert tuple(found) == METHODS
    # unlabelled, ten alike in the past hide five more: that is masking, lesson 01
    for method in METHODS[2:]:
        assert budget.precision_at(rows.y, found[method], 5) == 1


def test_a_table_of_oddbench_is_not_shown_to_the_detector_that_learned_from_it():
    assert applications_judge.taught("oddbench:facilitystatus")
    assert not applications_judge.taught("adbench:http")


def test_figures_of_a_list_by_hand():
    field = FIELDS["medicine"]  # 7 for an anomaly, 0.1 for a look, one row in twenty
    y = np.repeat([0, 1], [38, 2])
    rows = Rows(None, None, None, y)
    scores = np.r_[np.arange(38.0), 100, -1]
    worth = applications_judge.judged(rows, scores, field.currency, field.share)
    assert worth[0] == pytest.approx((7 - 0.2) * 1000 / 40)
    assert worth[1] == 0.5
    assert worth[2] == pytest.approx(6.8 / (2 * 6.9))


def test_a_small_run_writes_a_record_and_goes_on_where_it_was(
    tmp_path, monkeypatch, capsys
):
    monkeypatch.setenv("METAAD_RESULTS", str(tmp_path))
    small = {
        "medicine": FIELDS["medicine"]._replace(tables=("breast-cancer", "wine")),
    }
    monkeypatch.setattr(applications, "FIELDS", small)
    words = [str(tmp_path / "steps"), "--draws", "1"]
    applications.main(words)
    kept = json.loads((tmp_path / "applications.json").read_text())
    field = kept["fields"]["medicine"]
    assert set(field["saved"]) == set(METHODS) and PLAIN not in field["gain"]
    assert set(field["units"]) == {"breast-cancer", "wine"}
    assert kept["together"]["context"]["base"] == CONTEXT
    assert kept["together"]["labels"]["base"] == FEW
    assert "wine 0" in capsys.readouterr().out
    applications.main(words)
    assert "wine 0" not in capsys.readouterr().out


# --- the record


@pytest.fixture(scope="module")
def record():
    path = Path(repro.results_dir()) / "applications.json"
    if not path.exists():
        pytest.skip("no record here")
    return json.loads(path.read_text(encoding="utf-8"))


def test_the_record_is_of_these_fields_prices_and_tables(record):
    assert list(record["fields"]) == list(FIELDS)
    assert record["looks"] == 1 and record["draws"] == applications.DRAWS
    for name, field in record["fields"].items():
        of = FIELDS[name]
        assert field["prices"] == {
            p: getattr(of.currency, p) for p in ("hit", "alert", "miss")
        }
        assert (field["unit"], field["share"]) == (of.currency.unit, of.share)
        units = list(field["units"])
        wanted = [f"{of.tables[0]} {w}" for w in range(record["worlds"])]
        assert units == (wanted if of.simulated else list(of.tables))


def test_recorded_means_are_those_of_the_recorded_units(record):
    for field in record["fields"].values():
        for method, mean in field["saved"].items():
            units = [u["saved"][method] for u in field["units"].values()]
            assert np.mean(units) == pytest.approx(mean, rel=1e-4, abs=1e-3)
            if method != PLAIN:
                gain = field["gain"][method]
                difference = mean - field["saved"][PLAIN]
                assert gain[0] == pytest.approx(difference, rel=1e-3, abs=1e-2)
                assert gain[1] <= gain[0] <= gain[2]
            assert mean <= field["perfect"] + 1e-6
