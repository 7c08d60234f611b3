"""Many runs of a lesson: the grid, what is skipped, a run that fails, a worker that is
killed.
"""

import csv
import json
import os
import signal

import nbformat
import pytest

from metaad.cli import lessons
from metaad.cli import sweep as cli
from metaad.cli.told import CommandError
from metaad.practice import runs, sweep
from metaad.practice.sweep import SweepError, grid, variation
from metaad.repro import ParameterError

PARAMETERS = """profile: str = "quick"  # one of quick, full
seed: int = 0  # 0 to 9
device: str = "auto"
shots: int = 2  # 1 to 10
"""
RESULT = """
import json, os
from pathlib import Path
folder = Path(os.environ["METAAD_RESULTS"]) / "quick"
folder.mkdir(parents=True, exist_ok=True)
rows = [{"claim": "a", "holds": True}, {"claim": "b", "holds": seed > 0}]
(folder / "00_a.claims.json").write_text(json.dumps({"claims": rows}))
"""
FAILS = "\nassert (shots, seed) != (5, 2), 'five shots and seed 2'\n"


def lesson(path, code, parameters=PARAMETERS):
    notebook = nbformat.v4.new_notebook()
    notebook.metadata["language_info"] = {"name": "python"}
    first = nbformat.v4.new_code_cell(parameters, metadata={"tags": ["parameters"]})
    notebook.cells = [first, nbformat.v4.new_code_cell(code)]
    nbformat.write(notebook, path)
    return path


def test_a_grid_holds_every_combination_once_the_last_name_changing_fastest():
    found = grid({"shots": [2, 5, 2], "seed": range(3)})
    pairs = [(p["shots"], p["seed"]) for p in found]
    assert pairs == [(2, 0), (2, 1), (2, 2), (5, 0), (5, 1), (5, 2)]
    assert grid({}) == [{}]
    with pytest.raises(SweepError, match="shots has no values"):
        grid({"shots": []})
    with pytest.raises(SweepError, match="at most 10,000 runs; this one has 10,100"):
        grid({"a": range(101), "b": range(100)})


def test_each_run_has_a_folder_of_its_own_whatever_its_values_hold():
    assert variation({"shots": 2, "rate": 0.1}) == "shots=2 rate=0.1"
    texts = ["../../a", "a/b", "a_b", "a\0b", "ä", "x" * 300, "y" + "x" * 300, "", ".."]
    names = [variation({"data": t}) for t in texts]
    assert len(set(names)) == len(names) and variation({})
    assert all("/" not in n and "\0" not in n and len(n) <= 100 for n in names)
    assert all(n.startswith("data=") for n in names)


def test_seeds_are_read_as_python_would_and_choices_stay_texts():
    assert cli.seeds("0:10") == list(range(10)) and cli.seeds("7") == [7]
    for wrong in ("", "a", "5:5", "-1", "1:2:3"):
        with pytest.raises(SweepError, match="--seeds takes"):
            cli.seeds(wrong)
    found = cli.choices(["shots=2, 5,10", "rate=1e-3", "name=007,b", 'a="a,b"', "d="])
    assert found["shots"] == ["2", "5", "10"] and found["rate"] == ["1e-3"]
    assert found["name"] == ["007", "b"] and found["a"] == ["a,b"]
    assert found["d"] == [""]
    for wrong in ("shots", "=2", "a b=1"):
        with pytest.raises(SweepError, match="NAME=VALUE"):
            cli.choices([wrong])


def test_choices_are_read_in_the_types_that_the_lesson_declares(tmp_path):
    typed = """rate: float = 0.5  # 0 to 1
flag: bool = False
word: str = ""  # any text
"""
    path = lesson(tmp_path / "00_a.ipynb", "", PARAMETERS + typed)
    asked = ["shots=2,5", "rate=1,1e-1", "flag=yes,False", "word=007,1,True,1.0,x"]
    found = lessons.checked(path, cli.choices(asked) | {"seed": [3]}, {})
    assert found == {
        "shots": [2, 5],
        "rate": [1.0, 0.1],
        "flag": [True, False],
        "word": ["007", "1", "True", "1.0", "x"],
        "seed": [3],
    }
    assert [type(v) for v in found["rate"] + found["shots"]] == [float] * 2 + [int] * 2
    for wrong, said in (
        ("shots=2.5", "shots must be a whole number.*'2.5'"),
        ("rate=much", "rate must be a number"),
        ("word=", None),
        ("shot=2", "no parameter 'shot'"),
    ):
        if said is None:
            assert lessons.checked(path, cli.choices([wrong]), {}) == {"word": [""]}
            continue
        with pytest.raises((ParameterError, CommandError), match=said):
            lessons.checked(path, cli.choices([wrong]), {})


def test_a_scheduler_that_does_not_answer_is_named():
    with (
        pytest.raises(SweepError, match="no Dask scheduler answers"),
        cli.client_at("nonsense://x"),
    ):
        pass
    with cli.client_at(None) as client:
        assert client is None


def test_a_failed_run_is_named_and_a_second_sweep_does_what_is_missing(tmp_path):
    path = lesson(tmp_path / "00_a.ipynb", RESULT + FAILS)
    choices = {"shots": [5], "seed": [1, 2]}
    rows = sweep.sweep(path, choices, tmp_path / "out", jobs=2)
    assert [r["state"] for r in rows] == ["ok", "error"]
    assert rows[0]["held"] == "2 of 2" and "five shots and seed 2" in rows[1]["message"]
    with open(tmp_path / "out" / "sweep.csv", encoding="utf-8", newline="") as file:
        kept = list(csv.DictReader(file))
    assert [r["seed"] for r in kept] == ["1", "2"] and kept[1]["state"] == "error"
    failed = nbformat.read(rows[1]["notebook"], as_version=4)
    said = json.dumps(failed.cells[-1].outputs)
    assert "five shots and seed 2" in said  # the notebook shows how far it came

    before = os.stat(rows[0]["notebook"]).st_mtime_ns
    lesson(path, RESULT)  # other code: both are missing; then none is
    again = sweep.sweep(path, {**choices, "seed": [2]}, tmp_path / "out", jobs=2)
    assert again[0]["state"] == "ok"
    assert os.stat(rows[0]["notebook"]).st_mtime_ns == before
    stamp = os.stat(again[0]["notebook"]).st_mtime_ns
    sweep.sweep(path, {**choices, "seed": [2]}, tmp_path / "out", jobs=2)
    assert os.stat(again[0]["notebook"]).st_mtime_ns == stamp


def test_a_run_whose_process_is_killed_is_begun_once_more(tmp_path):
    dies = """
import os, signal
from pathlib import Path
mark = Path(os.environ["METAAD_RESULTS"]) / "begun"
if not mark.exists():
    mark.parent.mkdir(parents=True, exist_ok=True)
    mark.touch()
    os.kill(os.getppid(), signal.SIGKILL)
    os.kill(os.getpid(), signal.SIGKILL)
"""
    path = lesson(tmp_path / "00_a.ipynb", dies)
    outcome = runs.apart(path, tmp_path / "o.ipynb", {}, results=tmp_path / "r")
    assert outcome.state == "ok" and (tmp_path / "r" / "begun").exists()
    (tmp_path / "r" / "begun").unlink()
    outcome = runs.apart(path, tmp_path / "o.ipynb", {}, "x", tmp_path / "r", tries=1)
    assert (outcome.name, outcome.state) == ("x", "killed")


def test_two_dask_workers_do_twelve_runs_one_is_killed_and_one_run_fails(tmp_path):
    distributed = pytest.importorskip("dask.distributed")
    dies = """
import os, signal
from pathlib import Path
worker = Path(os.environ["METAAD_RESULTS"]).parents[1] / "worker"
if (shots, seed) == (2, 3) and worker.exists():
    pid = int(worker.read_text())
    worker.unlink()
    os.kill(pid, signal.SIGKILL)
"""
    path = lesson(tmp_path / "00_a.ipynb", RESULT + FAILS + dies)
    out = tmp_path / "out"
    out.mkdir()
    with (
        distributed.LocalCluster(
            n_workers=2,
            threads_per_worker=1,
            processes=True,
            dashboard_address=None,
            host="127.0.0.1",
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        pids = client.run(os.getpid)
        (out / "worker").write_text(str(next(iter(pids.values()))))
        choices = {"shots": [2, 5, 10], "seed": range(4)}
        rows = sweep.sweep(path, choices, out, client=client)
        after = set(client.run(os.getpid).values())
    assert not (out / "worker").exists() and after != set(pids.values())
    states = {(r["shots"], r["seed"]): r["state"] for r in rows}
    assert len(states) == 12 and states.pop((5, 2)) == "error"
    assert set(states.values()) == {"ok"} and signal.SIGKILL

    lesson(path, RESULT)
    later = sweep.sweep(path, {"shots": [5], "seed": [2]}, out)
    assert later[0]["state"] == "ok" and later[0]["held"] == "2 of 2"
