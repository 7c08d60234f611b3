"""A table of the reader's own as one object: chosen, calibrated, explained, saved."""

import json

import numpy as np
import pandas as pd
import pytest
from safetensors.numpy import load as load_arrays

from metaad import saving
from metaad.data import DataError, Preparation
from metaad.detectors import anomaly_score
from metaad.practice import TableModel, choose
from metaad.practice.conformal import p_values
from metaad.practice.opened import thinned
from metaad.saving import SavedFileError, file

ODD = 7  # the planted row


def frame(n=200, seed=0, planted=False):
    """A table of numbers, words, dates and gaps; row 7 may hold an amount of 900."""
    rng = np.random.default_rng(seed)
    when = pd.Timestamp("2024-03-01") + pd.to_timedelta(rng.integers(0, 9e6, n), "s")
    found = pd.DataFrame(
        {
            "when": when.astype(str),
            "country": rng.choice(["DE", "FR", "IT"], n),
            "amount": np.round(np.exp(rng.normal(size=n)), 2),
            "age": np.where(rng.random(n) < 0.1, np.nan, rng.integers(18, 90, n)),
            "note": rng.choice(["paid in full", "paid late", "open"], n),
        }
    )
    if planted:
        found.loc[ODD, "amount"] = 900.0
    return found


def labels(n=200, anomalies=4, normals=30):
    words = np.full(n, "", dtype=object)
    words[: anomalies + normals] = ["fraud"] * anomalies + ["fine"] * normals
    return words


@pytest.fixture(scope="module", params=["forest", "knn", "context", "few-labels"])
def fitted(request):
    table = frame().assign(state=labels())
    table.loc[table["state"] == "fraud", "amount"] = 800.0
    # explicit, so that every detector has been saved and explained once
    model = TableModel(request.param, rate=0.05)
    return model.fit(table, label="state", anomaly="fraud")


def test_a_score_is_the_detectors_and_its_p_value_that_of_the_calibration(fitted):
    new = frame(seed=1, planted=True)
    found = fitted.score(new)
    assert list(found) == ["row", "score", "p_value", "alert", "reason"]
    X = fitted.preparation_.transform(new)
    scores = anomaly_score(fitted.conformal_.detector_, X)
    np.testing.assert_array_equal(found["score"], scores)
    wanted = p_values(fitted.conformal_.calibration_, scores)
    np.testing.assert_array_equal(found["p_value"], wanted)
    assert (found["alert"] == (wanted <= 0.05)).all() and found["alert"].any()
    assert ((found["reason"] != "") == found["alert"]).all()


def test_the_planted_row_is_an_alert_that_names_its_column(fitted):
    new = frame(seed=1, planted=True)
    row = fitted.score(new).iloc[ODD]
    assert row["alert"] and row["reason"].startswith("amount 900: above")
    first = fitted.explain(new, ODD).iloc[0]
    assert (first["column"], first["value"]) == ("amount", 900.0)
    assert first["reason"].startswith("amount 900: above") and first["part"] > 0.5


def test_what_the_fit_noted_is_not_warned_of_again(fitted, tmp_path, recwarn):
    assert any("'when' is a date" in note for note in fitted.notes_)
    saving.save(tmp_path / "model", fitted)
    back = saving.load(tmp_path / "model")
    frame(seed=1).to_csv(tmp_path / "new.csv", index=False)
    back.score(tmp_path / "new.csv")
    back.score(frame(seed=1))
    assert back.notes_ == fitted.notes_ and not recwarn.list


def test_it_comes_back_from_its_file_bit_for_bit(fitted, tmp_path):
    saving.save(tmp_path / "model", fitted)
    back = saving.load(tmp_path / "model")
    new = frame(seed=2, planted=True)
    pd.testing.assert_frame_equal(back.score(new), fitted.score(new), check_exact=True)
    one, other = (m.explain(new, ODD) for m in (back, fitted))
    pd.testing.assert_frame_equal(one, other, check_exact=True)
    saving.save(tmp_path / "again", back)
    assert (tmp_path / "again").read_bytes() == (tmp_path / "model").read_bytes()


def test_a_file_and_the_same_rows_in_memory_give_the_same_scores(tmp_path):
    frame(planted=True).to_csv(tmp_path / "a.csv", index=False)
    frame(seed=1).to_csv(tmp_path / "b.csv", index=False)
    model = TableModel(rate=0.05).fit(tmp_path / "a.csv")
    kept = TableModel(rate=0.05).fit(pd.read_csv(tmp_path / "a.csv"))
    one = model.score(tmp_path / "b.csv")
    assert one.equals(kept.score(pd.read_csv(tmp_path / "b.csv")))


def test_pieces_of_a_long_file_add_up_to_the_whole(monkeypatch, tmp_path):
    frame(500, 3).to_csv(tmp_path / "long.csv", index=False)
    model = TableModel(rate=0.05).fit(frame())
    whole = model.score(tmp_path / "long.csv")
    monkeypatch.setattr("metaad.practice.model.CHUNK", 64)
    sizes = [len(piece) for piece in model.scored(tmp_path / "long.csv")]
    assert sizes == [64] * 7 + [52] and list(whole["row"]) == list(range(500))
    pd.testing.assert_frame_equal(
        model.score(tmp_path / "long.csv"), whole, check_exact=True
    )
    assert (
        model.row(tmp_path / "long.csv", 300)["amount"].iloc[0]
        == (frame(500, 3)["amount"][300])
    )
    with pytest.raises(DataError, match="no row 500: the table has 500 rows"):
        model.explain(tmp_path / "long.csv", 500)


def test_of_a_long_table_some_rows_fit_others_calibrate_and_it_is_said(monkeypatch):
    monkeypatch.setitem(choose.MOST, "forest", 300)
    monkeypatch.setattr("metaad.practice.model.CALIBRATE", 100)
    model = TableModel(rate=0.05).fit(frame(1500))
    assert model.conformal_.calibration == "fitted"
    assert model.conformal_.n_calibration == 100
    assert any("fitted on 300 of 1,125 rows" in note for note in model.notes_)


def test_rows_kept_out_keep_the_rate_that_was_asked_for():
    model = TableModel(rate=0.05).fit(frame(4000))
    share = model.score(frame(4000, seed=5))["alert"].mean()
    # 1,000 calibration rows: Beta(50, 951), 0.037 to 0.064
    assert 0.03 < share < 0.07


def test_too_few_rows_for_one_in_a_hundred_take_the_smallest_rate_there_is():
    model = TableModel().fit(frame(49))
    assert model.rate_ == 1 / 50
    assert any("alerts at 1 of 50" in note for note in model.notes_)
    with pytest.raises(ValueError, match="A rate of 0.001 needs 999 calibration rows"):
        TableModel(rate=0.001).fit(frame(49))


def test_of_a_file_without_labels_no_more_rows_are_read_than_are_used(
    monkeypatch, tmp_path
):
    monkeypatch.setattr("metaad.practice.opened.UNLABELLED", 100)
    table = frame(400).assign(state=labels(400))
    table.to_csv(tmp_path / "a.csv", index=False)
    model = TableModel(rate=0.05).fit(tmp_path / "a.csv")
    assert model.n_rows_ <= 100 and any("400" in note for note in model.notes_)
    known = TableModel(rate=0.05).fit(tmp_path / "a.csv", "state", "fraud")
    assert known.n_rows_ == 400 and known.name_ == "few-labels"


def test_labelled_rows_come_first_among_those_drawn():
    kinds = np.full(1000, -1)
    kinds[:500], kinds[500:510] = 1, 0
    rows = thinned(np.arange(1000), kinds, 90, np.random.default_rng(0))
    assert len(rows) == len(set(rows)) == 90
    counts = [(kinds[rows] == kind).sum() for kind in (1, 0, -1)]
    assert counts == [30, 10, 50]
    # without rows of no label the rest is normal
    kinds = np.repeat([1, 0], 500)
    rows = thinned(np.arange(1000), kinds, 90, np.random.default_rng(0))
    assert (kinds[rows] == 1).sum() == 30 and len(rows) == 90


def test_known_anomalies_do_not_teach_a_detector_that_takes_no_labels():
    table = frame().assign(y=["odd"] * 40 + [""] * 160)
    table.loc[:39, "amount"] = 1e6
    model = TableModel(rate=0.05).fit(table, label="y", anomaly="odd")
    assert model.name_ == "forest" and "Labels of anomalies alone" in model.why_
    assert any("left out of the fit" in note for note in model.notes_)
    assert model.facts_.n_rows_ == model.conformal_.n_calibration == 160
    assert "above all 160 rows" in model.score(table.drop(columns="y"))["reason"][3]


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"rate": 0}, "rate is the share"),
        ({"rate": "1"}, "rate is the share"),
        ({"rate": True}, "rate is the share"),
        ({"rows": "dirty"}, "rows must be mixed, clean"),
        ({"detector": "lof"}, "detector must be auto, forest"),
        ({"detector": "few-labels"}, "at least one labelled anomaly"),
    ],
)
def test_a_parameter_out_of_range_is_a_sentence(asked, said):
    with pytest.raises(ValueError, match=said):
        TableModel(**asked).fit(frame())


def test_a_label_that_is_no_column_is_named():
    with pytest.raises(DataError, match="no column 'state'; it has when, country"):
        TableModel().fit(frame(), label="state")


# --- files that come from anyone


def forged(path, change):
    """Change the text of a saved model, and give it the checksum that it then needs."""
    text, arrays = file.read(path)
    header = json.loads(text)
    change(header)
    file.write(path, json.dumps(header), arrays)


@pytest.fixture
def saved(tmp_path):
    saving.save(tmp_path / "model", TableModel(rate=0.05).fit(frame()))
    return tmp_path / "model"


def test_a_pickle_under_another_name_runs_nothing(tmp_path):
    import pickle

    class Bomb:
        def __reduce__(self):
            return open, (str(tmp_path / "ran"), "w")

    (tmp_path / "model").write_bytes(pickle.dumps(Bomb()))
    with pytest.raises(SavedFileError, match="is not a complete file of metaad"):
        saving.load(tmp_path / "model")
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("share", [0.0, 0.01, 0.5, 0.999])
def test_a_file_that_is_cut_off_is_named(saved, share):
    content = saved.read_bytes()
    saved.write_bytes(content[: int(share * len(content))])
    with pytest.raises(SavedFileError, match="model is not a complete file"):
        saving.load(saved)


def test_a_shape_that_the_file_does_not_bring_is_refused(saved):
    content = bytearray(saved.read_bytes())
    arrays = load_arrays(bytes(content))
    shape = next(a.shape for a in arrays.values() if a.ndim == 2)
    old = f'"shape":[{shape[0]},{shape[1]}]'.encode()
    assert old in content
    new = f'"shape":[{10 ** (len(str(shape[0])) + 0) - 1},{shape[1]}]'.encode()
    saved.write_bytes(bytes(content).replace(old, new, 1))
    with pytest.raises(SavedFileError, match="is not a complete file"):
        saving.load(saved)


def inside(value, key):
    """The parameters and learned attributes of an object of a class in a header."""
    if isinstance(value, dict):
        if isinstance(value.get("object"), list) and value["object"][0].endswith(key):
            return value["object"]
        value = list(value.values())
    if isinstance(value, list):
        return next(filter(None, (inside(v, key) for v in value)), None)
    return None


def set_in(part, name, value):
    for pair in part["dict"]:
        if pair[0] == name:
            pair[1] = value


HOSTILE = {
    "a class of Python's": lambda h: inside(h, "TableModel").__setitem__(
        0, "os.system"
    ),
    "another class of ours": lambda h: inside(h, "Conformal").__setitem__(
        0, "metaad.meta.MAML"
    ),
    "a rate of 2": lambda h: set_in(inside(h, "TableModel")[2], "rate_", 2.0),
    "another detector's name": lambda h: set_in(
        inside(h, "TableModel")[2], "name_", "context"
    ),
    "a name that is none": lambda h: set_in(
        inside(h, "TableModel")[2], "name_", "../x"
    ),
    "no notes": lambda h: set_in(inside(h, "TableModel")[2], "notes_", None),
    "other columns": lambda h: set_in(
        inside(h, "Facts")[2], "columns_", {"names": ["a", "b"]}
    ),
    "no calibration": lambda h: set_in(
        inside(h, "Conformal")[2], "detector_", "metaad.detectors.IsolationForest"
    ),
}


@pytest.mark.parametrize("what", HOSTILE)
def test_a_forged_model_is_refused_with_one_sentence(saved, what):
    forged(saved, HOSTILE[what])
    with pytest.raises(
        SavedFileError, match="model can't be loaded: .*Save the object"
    ):
        saving.load(saved)


@pytest.mark.parametrize("path", ["../../secret", "/etc/passwd", "//host/share"])
def test_a_context_from_a_file_reads_no_other_file(tmp_path, path):
    saving.save(tmp_path / "model", TableModel("context", rate=0.05).fit(frame(100)))

    text, arrays = file.read(tmp_path / "model")
    assert (
        text.count('"tables-v1"') == 2
    )  # of the detector, and of what it is fitted as
    before, between, after = text.split('"tables-v1"')
    one = f"{before}{json.dumps(path)}{between}" + '"tables-v1"' + after
    other = f'{before}"tables-v1"{between}{json.dumps(path)}{after}'
    for forgery in (one, other):
        file.write(tmp_path / "model", forgery, arrays)
        with pytest.raises(SavedFileError, match="it names the file"):
            saving.load(tmp_path / "model")


def test_a_context_or_ensemble_that_asks_for_all_memory_is_refused(tmp_path):
    from metaad import ContextDetector, FewLabelEnsemble

    X = np.random.default_rng(0).normal(size=(40, 1))
    context = ContextDetector().fit(X)
    context.rows_, context.kept_ = np.zeros((100_000, 1)), np.ones(100_000, bool)
    saving.save(tmp_path / "model", context)
    with pytest.raises(SavedFileError, match="100,000 rows needs too much memory"):
        saving.load(tmp_path / "model")
    saving.save(tmp_path / "model", FewLabelEnsemble(n_trees=5).fit(X))

    def trees(header):
        set_in(inside(header, "FewLabelEnsemble")[1], "n_trees", 10**9)

    forged(tmp_path / "model", trees)
    with pytest.raises(SavedFileError, match="n_trees must be a whole number from 1"):
        saving.load(tmp_path / "model")


def test_what_was_understood_of_a_table_is_what_its_words_say():
    prepared = Preparation().fit(frame())
    found = prepared.understood(frame(5, 1))
    assert list(found) == [part.name for part in prepared.parts_]
    assert found["when"].dtype.kind == "M" and found["amount"].dtype == np.float64


def test_an_array_or_a_list_in_the_place_of_a_table_gets_a_sentence():
    rows = np.random.default_rng(0).normal(size=(40, 2))
    model = TableModel().fit(pd.DataFrame(rows, columns=["a", "b"]))
    for call in (model.fit, model.score, lambda table: model.explain(table, 0)):
        for table in (rows, rows.tolist(), None):
            with pytest.raises(
                TypeError, match="a table is the path of a file, or a Dat"
            ):
                call(table)


def test_a_column_that_is_there_is_no_other_name_of_one_that_is_missing():
    frame = pd.DataFrame({"temp": np.random.default_rng(0).normal(size=40)})
    model = TableModel().fit(frame.assign(tempo=frame["temp"] ** 2))
    with pytest.raises(DataError, match="lack temp") as caught:
        model.score(frame.drop(columns="temp").assign(tempo=1.0))
    assert "another name" not in str(caught.value)
    with pytest.raises(DataError, match="Is it 'tempi', under another name"):
        model.score(frame.assign(tempi=1.0))
