"""From a file to explained alerts in three commands: fit, score, explain."""

import csv
import io
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from metaad import IsolationForest, saving
from metaad.cli import tables
from metaad.cli.app import app
from metaad.practice import TableModel, opened

ROOT = Path(__file__).resolve().parents[1]
SLOW = dict(deadline=None, suppress_health_check=list(HealthCheck))


def run(*words):
    """One command: its exit code, what it printed, what it said on stderr."""
    done = CliRunner().invoke(app, [str(w) for w in words])
    assert done.exception is None or isinstance(done.exception, SystemExit), done
    return done.exit_code, done.stdout, done.stderr


def good(*words):
    code, out, err = run(*words)
    assert code == 0, err
    return out


def process(*words, folder):
    return subprocess.run(
        [sys.executable, "-m", "metaad", *map(str, words)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        cwd=folder,
        text=True,
    )


# --- three files as practitioners have them


def cards(n, seed):
    """Card transactions: dates, categories, gaps; row 5 is a fraud of a kind that is
    labelled: a large amount at night.
    """
    rng = np.random.default_rng(seed)
    day = pd.Timestamp("2024-05-01") + pd.to_timedelta(rng.integers(0, 60, n), "D")
    when = day + pd.to_timedelta(rng.integers(8 * 60, 20 * 60, n), "min")
    found = pd.DataFrame(
        {
            "transaction_id": [f"T{seed}{i:06d}" for i in range(n)],
            "time": when.strftime("%Y-%m-%d %H:%M:%S"),
            "merchant": rng.choice(["grocer", "fuel", "books", "travel"], n),
            "amount": np.round(np.exp(rng.normal(3, 0.6, n)), 2),
            "balance": np.where(rng.random(n) < 0.1, np.nan, rng.normal(900, 90, n)),
        }
    )
    odd = [5, *range(100, 104)]
    found.loc[odd, "amount"] = np.round(2000.0 + 100 * rng.random(len(odd)), 2)
    found.loc[odd, "time"] = "2024-05-20 03:12:00"
    found["is_fraud"] = ""
    found.loc[list(range(20, 60)), "is_fraud"] = "no"
    found.loc[odd[1:], "is_fraud"] = "yes"
    return found


def sensors(n, seed):
    """A sensor log without labels; in row 5 the pressure is off."""
    rng = np.random.default_rng(seed)
    time = pd.Timestamp("2024-01-01") + pd.to_timedelta(np.arange(n), "min")
    load = rng.normal(size=n)
    found = pd.DataFrame(
        {
            "timestamp": time.strftime("%d.%m.%Y %H:%M"),
            "temperature": np.round(60 + 3 * load + rng.normal(size=n), 2),
            "pressure": np.round(5 + 0.2 * load + 0.1 * rng.normal(size=n), 3),
            "state": np.where(load > 0, "high", "low"),
        }
    )
    found.loc[5, "pressure"] = 0.5
    return found


def weblog(n, seed):
    """A web log: paths, status codes, agents, bytes; row 5 asks for a path that nobody
    asks for, with bytes that nobody sends."""
    rng = np.random.default_rng(seed)
    found = pd.DataFrame(
        {
            "path": rng.choice(["/", "/shop", "/cart", "/help", "/login"], n),
            "status": rng.choice([200, 200, 200, 304, 404], n),
            "bytes": np.round(np.exp(rng.normal(8, 0.5, n))).astype(int),
            "agent": rng.choice(["Mozilla/5.0 X11", "Mozilla/5.0 Win", "curl/8"], n),
            "seconds": np.round(rng.gamma(2, 0.1, n), 3),
        }
    )
    found.loc[5, ["path", "status", "bytes"]] = ["/../etc/passwd", 500, 9_000_000]
    return found


FILES = {
    "cards": (
        cards,
        ["--label", "is_fraud", "--anomaly", "yes"],
        "few-labels",
        "amount",
    ),
    "sensors": (sensors, ["--rows", "clean"], "context", "pressure"),
    "weblog": (weblog, [], "forest", "bytes"),
}


@pytest.mark.parametrize("name", FILES)
def test_from_a_file_to_explained_alerts_in_three_commands(name, tmp_path, monkeypatch):
    make, options, detector, column = FILES[name]
    monkeypatch.chdir(tmp_path)
    make(600, 1).to_csv("my.csv", index=False, sep=";" if name == "sensors" else ",")
    new = make(300, 2).drop(columns="is_fraud", errors="ignore")
    new.to_csv("new.csv", index=False, sep=";" if name == "sensors" else ",")
    said = good("fit", "my.csv", "-o", "model", "--rate", ".02", *options)
    assert f"chosen: {detector} (" in said and "next: metaad score model" in said
    found = pd.read_csv(io.StringIO(good("score", "model", "new.csv")))
    assert list(found) == ["row", "score", "p_value", "alert", "reason"]
    assert list(found["row"]) == list(range(300))
    assert found["alert"][5] == 1 and column in found["reason"][5]
    assert found["alert"].mean() < 0.08
    lines = good("explain", "model", "new.csv", "--row", 5).splitlines()
    assert "row 5 of new.csv: an alert" in lines[0]
    assert column in "".join(lines[1:3])


def test_the_commands_give_the_numbers_that_python_gives(tmp_path):
    weblog(400, 1).to_csv(tmp_path / "my.csv", index=False)
    weblog(200, 2).to_csv(tmp_path / "new.csv", index=False)
    done = process("fit", "my.csv", "-o", "model", "--seed", 3, folder=tmp_path)
    assert done.returncode == 0, done.stderr
    done = process("score", "model", "new.csv", folder=tmp_path)
    assert done.returncode == 0 and "200 rows" in done.stderr
    model = TableModel(random_state=3).fit(tmp_path / "my.csv")
    wanted = model.score(tmp_path / "new.csv")
    found = pd.read_csv(io.StringIO(done.stdout), dtype=str, keep_default_na=False)
    for column in ("row", "score", "p_value", "alert"):
        numbers = [float(cell) for cell in found[column]]
        np.testing.assert_array_equal(numbers, wanted[column])
    assert (found["reason"] == wanted["reason"]).all()
    good("score", tmp_path / "model", tmp_path / "new.csv", "-o", tmp_path / "s.csv")
    assert (tmp_path / "s.csv").read_text() == done.stdout


def test_a_reader_that_has_enough_ends_it_without_a_traceback(tmp_path):
    weblog(3000, 1).to_csv(tmp_path / "my.csv", index=False)
    good("fit", tmp_path / "my.csv", "-o", tmp_path / "model")
    command = [sys.executable, "-m", "metaad", "score", "model", "my.csv"]
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        command, cwd=tmp_path, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as running:
        assert running.stdout.readline() == b"row,score,p_value,alert,reason\n"
        running.stdout.close()
        assert b"Traceback" not in running.stderr.read()


# --- thresholds


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    folder = tmp_path_factory.mktemp("model")
    weblog(400, 1).to_csv(folder / "my.csv", index=False)
    good("fit", folder / "my.csv", "-o", folder / "model", "--rate", ".05")
    return folder


def test_alerts_per_day_are_a_rate(tmp_path, model):
    words = ("--alerts-per-day", 20, "--rows-per-day", 1000)
    out = tmp_path / "model"
    assert "p-value of 0.02 or less" in good("fit", model / "my.csv", "-o", out, *words)
    assert saving.load(out).rate_ == 0.02
    assert tables.rate(None, None, None) is None and tables.rate(0.1, None, None) == 0.1
    for wrong in (words[:2], words[2:], (*words, "--rate", ".1")):
        code, _, err = run("score", model / "model", model / "my.csv", *wrong)
        assert code == 2 and "give --rate, or --alerts-per-day" in err
    many = ("--alerts-per-day", 20, "--rows-per-day", 10)
    assert "every row" in run("score", model / "model", model / "my.csv", *many)[2]


def test_a_long_wait_is_told_before_it_begins(model, monkeypatch):
    path, table = model / "model", model / "my.csv"
    monkeypatch.setattr(tables, "PATIENCE", 0.0)
    assert "note: the" not in run("score", path, table)[2]  # a forest is fast
    monkeypatch.setitem(tables.COST, "forest", 1.0)
    code, out, err = run("score", path, table)
    said = re.match(
        r"note: the forest detector needs about (\d+) minutes for some", err
    )
    assert code == 0 and int(said[1]) >= 2 and out.startswith("row,score")


def test_the_rows_of_a_file_are_estimated_from_its_beginning(tmp_path, monkeypatch):
    monkeypatch.setattr(opened, "BEGINNING", 1000)
    frame = pd.DataFrame({"a": np.arange(10_000) % 10, "b": "word"})
    frame.to_csv(tmp_path / "a.csv", index=False)
    assert opened.rows_about(tmp_path / "a.csv") == pytest.approx(10_000, rel=0.01)
    frame.to_parquet(tmp_path / "a.parquet")
    assert opened.rows_about(tmp_path / "a.parquet") == 10_000
    frame.to_csv(tmp_path / "a.csv.gz", index=False)
    (tmp_path / "b.parquet").write_text("none")
    for name in ("a.csv.gz", "b.parquet", "none.csv"):
        assert opened.rows_about(tmp_path / name) == 0


def test_another_rate_changes_the_alerts_and_no_score(model):
    one, other = (
        list(csv.DictReader(io.StringIO(good("score", *files, "--rate", rate))))
        for rate in (0.01, 0.2)
        for files in [(model / "model", model / "my.csv")]
    )
    assert [r["score"] for r in one] == [r["score"] for r in other]
    alerts = [sum(int(r["alert"]) for r in rows) for rows in (one, other)]
    assert alerts[0] < alerts[1]


# --- what can't be done


def test_nothing_is_written_over_that_the_command_reads_or_did_not_write(
    model, tmp_path
):
    table = model / "my.csv"
    before = table.read_bytes()
    for out in (table, model / "."):
        code, _, err = run("fit", table, "-o", out)
        assert code == 2 and ("is read by this command" in err or "a folder" in err)
    (tmp_path / "precious.txt").write_text("my own words")
    code, _, err = run("fit", table, "-o", tmp_path / "precious.txt")
    assert code == 2 and "is there and is not a model" in err
    code, _, err = run("score", model / "model", table, "-o", model / "model")
    assert code == 2 and "is read by this command" in err
    assert table.read_bytes() == before
    assert (tmp_path / "precious.txt").read_text() == "my own words"
    good("fit", table, "-o", model / "second")
    good("fit", table, "-o", model / "second")  # a model may be made again


def test_a_score_that_fails_leaves_no_half_file(model, tmp_path):
    rows = weblog(60_000, 3).astype({"bytes": object})
    rows.loc[55_000, "bytes"] = "many"
    rows.to_csv(tmp_path / "new.csv", index=False)
    code, _, err = run(
        "score", model / "model", tmp_path / "new.csv", "-o", tmp_path / "s"
    )
    assert code == 2 and "55000" in err and "'many'" in err
    assert not (tmp_path / "s").exists()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "empty"),
        ("a,b\n", "rows"),
        ("a,b\n1,2\n", "two rows or more"),
        ("a,b\n1,2\n1,2\n1,2\n", "no column is left"),
    ],
)
def test_a_table_without_rows_is_refused(tmp_path, content, said):
    (tmp_path / "my.csv").write_text(content)
    code, out, err = run("fit", tmp_path / "my.csv", "-o", tmp_path / "model")
    assert code == 2 and said in err and not (tmp_path / "model").exists()


def test_another_file_than_a_model_is_named(model, tmp_path):
    X = np.random.default_rng(0).normal(size=(50, 2))
    saving.save(tmp_path / "forest", IsolationForest(random_state=0).fit(X))
    code, _, err = run("score", tmp_path / "forest", model / "my.csv")
    assert code == 2 and "holds a IsolationForest" in err
    (tmp_path / "pickle").write_bytes(b"\x80\x04cos\nsystem\n")
    for path in (model / "my.csv", tmp_path / "pickle", tmp_path / "none", tmp_path):
        code, _, err = run("score", path, model / "my.csv")
        assert code == 2 and err.count("\n") == 1


def test_the_table_in_the_models_place_is_not_to_be_deleted(model, tmp_path):
    for path, wanted in {
        model
        / "my.csv": "is not a model that `metaad fit` wrote; the model comes first",
        tmp_path / "none": "expected a model that `metaad fit` wrote",
    }.items():
        err = run("score", path, model / "my.csv")[2]
        assert wanted in err and "delete" not in err and "saving" not in err


def test_messages_of_commands_name_options_and_no_arguments_of_python(tmp_path):
    path, output = tmp_path / "web.csv", tmp_path / "model"
    rows = pd.DataFrame({"bytes": range(60), "kind": ["usual", "scan", "flood"] * 20})
    rows.to_csv(path, index=False)
    asked = ("fit", path, "-o", output, "--label")
    said = {
        ("kind",): "with --anomaly, or several: --anomaly 'flood' --anomaly …",
        ("kind", "--anomaly", "attack"): "--anomaly 'attack' is not a value of 'kind'",
        ("sort",): "with --label; no --label loads",
    }
    for words, wanted in said.items():
        code, _, err = run(*asked, *words)
        assert code == 2 and wanted in err
        assert not re.search(r"(label|anomaly)=", err)
    good("fit", path, "-o", output, "--detector", "forest")
    few = ("--alerts-per-day", 1, "--rows-per-day", 9999)
    code, _, err = run("score", output, path, *few)
    assert code == 2 and "calibration=" not in err and "give more rows" in err
    path.write_bytes(b"caf\xe9;size\n" + b"".join(b"\xe9,%d\n" % k for k in range(9)))
    assert "encoding=" not in "".join(map(str, run("fit", path, "-o", output)))


def test_several_values_mark_anomalies_when_anomaly_is_repeated(tmp_path):
    rng = np.random.default_rng(0)
    kind = np.array(["usual"] * 52 + ["scan"] * 4 + ["flood"] * 4)
    rows = pd.DataFrame({"size": rng.normal(size=60), "kind": kind})
    rows.to_csv(tmp_path / "web.csv", index=False)
    asked = ("fit", tmp_path / "web.csv", "-o", tmp_path / "model", "--label", "kind")
    out = good(*asked, "--detector", "knn", "--anomaly", "scan", "--anomaly", "flood")
    assert "kind 'scan', 'flood' are anomalies, 'usual' normal" in out


def test_a_column_of_labels_that_nobody_named_is_noted(tmp_path):
    rng = np.random.default_rng(0)
    rows = pd.DataFrame({"size": rng.normal(size=60), "is_fraud": ["no", "yes"] * 30})
    rows.to_csv(tmp_path / "cards.csv", index=False)
    out = good("fit", tmp_path / "cards.csv", "-o", tmp_path / "model")
    assert "'is_fraud' is learned from like any other column" in out
    assert "say --label 'is_fraud' or leave the column out" in out


def test_a_table_of_other_columns_is_refused_and_more_columns_are_noted(
    model, tmp_path
):
    rows = weblog(20, 3)
    rows.drop(columns="bytes").to_csv(tmp_path / "few.csv", index=False)
    code, _, err = run("score", model / "model", tmp_path / "few.csv")
    assert code == 2 and "lack bytes" in err
    rows.assign(extra=1).to_csv(tmp_path / "more.csv", index=False)
    code, _, err = run("score", model / "model", tmp_path / "more.csv")
    assert code == 0 and err.startswith("note: ") and "extra" in err


def test_a_row_that_is_not_there_is_refused(model):
    code, _, err = run("explain", model / "model", model / "my.csv", "--row", 400)
    assert code == 2 and "no row 400: the table has 400 rows" in err
    assert run("explain", model / "model", model / "my.csv", "--row", -1)[0] == 2


# --- anything at all

WORDS = st.one_of(
    st.sampled_from(
        [
            "fit",
            "score",
            "explain",
            "run",
            "report",
            "doctor",
            "-o",
            "--label",
            "--rate",
        ]
        + [
            "--anomaly",
            "--rows",
            "clean",
            "--detector",
            "knn",
            "--row",
            "0",
            "-1",
            "1e9",
        ]
        + [
            "0.5",
            "nan",
            "--seed",
            "--alerts-per-day",
            "--rows-per-day",
            "--",
            "-p",
            "=",
        ]
        + ["my.csv", "model", "out", "new.csv", "y", "help", "profile=quick", "--all"]
    ),
    st.text(max_size=8),
)


@pytest.fixture(scope="module")
def room(tmp_path_factory):
    """A folder with a small table and its model, from which commands are run."""
    folder = tmp_path_factory.mktemp("room")
    table = weblog(40, 1).assign(y=["1", "0"] * 3 + [""] * 34)
    before = Path.cwd()
    os.chdir(folder)
    table.to_csv("my.csv", index=False)
    good("fit", "my.csv", "-o", "model", "--label", "y", "--detector", "forest")
    yield folder
    os.chdir(before)


def answered(words):
    code, _, err = run(*words)
    assert code in (0, 1, 2) and "Traceback" not in err and "fault of metaad" not in err
    assert code == 0 or err or "report" in words


@settings(max_examples=150, **SLOW)
@given(words=st.lists(WORDS, max_size=7))
def test_any_words_get_an_answer_and_no_traceback(room, words):
    if words[:1] in (["run"], ["sweep"]):
        words = ["run", "no such lesson", *words[1:]]
    answered(words)


CELLS = st.one_of(
    st.sampled_from(
        ["", "1", "0", "2024-01-01", "1,5", "NA", "inf", "-1", "x", '"', "é"]
    ),
    st.text(max_size=5),
    st.floats().map(str),
)
TABLES = st.lists(st.lists(CELLS, min_size=1, max_size=4), min_size=0, max_size=12)


@settings(max_examples=60, **SLOW)
@given(rows=TABLES, label=st.sampled_from([None, "a", "b"]), raw=st.binary(max_size=40))
def test_any_table_is_fitted_and_scored_or_refused(room, rows, label, raw):
    lines = ["a,b,c", *(",".join(row) for row in rows)]
    content = "\n".join(lines).encode("utf-8", "surrogatepass") + raw
    (room / "any.csv").write_bytes(content)
    options = [] if label is None else ["--label", label, "--anomaly", "1"]
    answered(["fit", "any.csv", "-o", "any", *options])
    answered(["score", "any", "any.csv"])
    answered(["score", "model", "any.csv"])


@settings(max_examples=60, **SLOW)
@given(place=st.floats(0, 1), byte=st.integers(0, 255), cut=st.booleans())
def test_a_model_with_any_byte_changed_is_refused(room, place, byte, cut):
    content = bytearray((room / "model").read_bytes())
    at = int(place * (len(content) - 1))
    if cut:
        del content[at:]
    else:
        content[at] ^= byte or 1
    (room / "bad").write_bytes(content)
    code, out, err = run("score", "bad", "my.csv")
    assert (code, out) == (2, "") and (
        "is not a complete file" in err or "is not a model" in err
    )
