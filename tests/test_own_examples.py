"""Three tables as people have them load in one line each, and their anomalies are found:
card payments, a sensor log without labels, a web log with five labels.
"""

import warnings

import numpy as np
import pytest

from metaad import data
from metaad.data.own.examples import WEB_LABELS, card_payments, sensor_log, web_log
from metaad.detectors import IsolationForest, anomaly_score
from metaad.metrics import auroc


def loaded(path, **options):
    with warnings.catch_warnings(action="ignore"):
        return data.load(path, **options)


def found(table, y):
    forest = IsolationForest(random_state=0).fit(table.X)
    return auroc(y, anomaly_score(forest, table.X))


@pytest.mark.parametrize("ending", [".csv", ".csv.gz", ".parquet"])
def test_card_payments(tmp_path, ending):
    path, (frame, why) = tmp_path / f"cards{ending}", card_payments(1500, seed=1)
    frame.to_parquet(path) if ending == ".parquet" else frame.to_csv(path, index=False)
    table = loaded(path, label="is_fraud")
    assert np.array_equal(table.y, frame["is_fraud"])
    assert np.array_equal(table.X[:, table.columns.index("amount")], frame["amount"])
    said = " ".join(table.notes)
    assert "dropped 'payment_id': it names the rows" in said
    assert "dropped 'currency': it is 'EUR' in every row" in said
    assert "'card_age_days' is empty in" in said
    assert set(table.preparation.source_) == set(frame) - {
        "payment_id",
        "currency",
        "is_fraud",
    }
    assert found(table, table.y) > 0.9
    assert not why[frame["is_fraud"] == 0].any(axis=None)


def test_a_sensor_log_without_labels_is_told_of_windows(tmp_path):
    path, (frame, odd) = tmp_path / "machine.csv", sensor_log(1500, seed=1)
    frame.to_csv(path, index=False, sep=";", decimal=",")
    path.write_text(path.read_text().replace(".", ","))  # the words' numbers too
    table = loaded(path, label=None)
    assert table.y is None and "windows of them (lesson 01)" in " ".join(table.notes)
    assert "'vibration' holds 'ERR'" in " ".join(table.notes)
    assert np.array_equal(
        table.X[:, table.columns.index("temperature")], frame["temperature"]
    )
    assert found(table, odd) > 0.7


def test_a_web_log_with_five_labels(tmp_path):
    path, frame = tmp_path / "web.tsv", web_log(1500, seed=1)
    frame.to_csv(path, index=False, sep="\t")
    with pytest.raises(data.DataError, match="'flood', 'injection', .*anomaly="):
        data.load(path, label="label")
    table = loaded(path, label="label", anomaly=list(WEB_LABELS[1:]))
    assert np.array_equal(table.y, frame["label"] != "normal")
    assert found(table, table.y) > 0.8
    one = loaded(path, label="label", anomaly="injection")
    assert one.anomalies == "rows whose label is injection"
    assert np.array_equal(one.y, frame["label"] == "injection")
