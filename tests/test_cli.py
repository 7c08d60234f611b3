"""The command line: help that costs nothing, exit codes, sentences instead of tracebacks,
lessons by their number, findings against the record.
"""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import numpy as np
import pytest
from typer.testing import CliRunner

from metaad import repro
from metaad.__main__ import main
from metaad.cli import findings, lessons, page
from metaad.cli.app import app
from metaad.cli.told import CommandError, told
from metaad.experiments.practice import choice_facts
from metaad.practice import choose

ROOT = Path(__file__).resolve().parents[1]


def run(*words):
    """One command: its exit code, what it printed, what it said on stderr."""
    done = CliRunner().invoke(app, [str(w) for w in words])
    # SystemExit is an exit code; anything else would be a traceback
    assert done.exception is None or isinstance(done.exception, SystemExit), done
    return done.exit_code, done.stdout, done.stderr


def process(*words, folder, code="-m", name="metaad"):
    """The same in a process of its own, as a reader starts it."""
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        [sys.executable, code, name, *map(str, words)],
        capture_output=True,
        cwd=folder,
        env=env,
        text=True,
    )


# --- help and exit codes


def test_without_a_command_the_five_commonest_lines_are_shown():
    code, out, _ = run()
    lines = [line for line in out.splitlines() if line.startswith("  metaad ")]
    assert code == 0 and len(lines) == 5
    assert [line.split()[1] for line in lines][:3] == ["fit", "score", "explain"]


@pytest.mark.parametrize("words", [(), ("--help",), ("run", "--help"), ("doctor",)])
def test_help_and_doctor_import_neither_torch_nor_pandas(words, tmp_path):
    code = (
        "import sys; from metaad.__main__ import main; "
        f"code = main({list(words)!r}); "
        "assert not {'torch', 'pandas', 'sklearn', 'papermill'} & set(sys.modules); "
        "sys.exit(code)"
    )
    done = process(folder=tmp_path, code="-c", name=code)
    assert done.returncode == 0 and done.stdout, done.stderr
    assert not list(tmp_path.iterdir())


def test_every_command_and_option_says_what_it_is_for():
    for command in (None, *app.registered_commands):
        words = [] if command is None else [command.name or command.callback.__name__]
        code, out, _ = run(*words, "--help")
        assert code == 0 and "completion" not in out
        if command is not None:
            assert command.callback.__doc__.split("\n")[0].endswith(".")


def test_a_misspelt_command_or_option_exits_with_2_and_one_hint():
    for words in (("fot",), ("run",), ("doctor", "--nothing"), ("run", "2", "--seed")):
        code, out, err = run(*words)
        assert (code, out) == (2, "") and "Error: " in err and "Traceback" not in err


def test_version_is_that_of_the_package():
    import metaad

    assert run("--version")[:2] == (0, f"{metaad.__version__}\n")


def test_without_typer_one_sentence_says_what_to_install(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "typer", None)
    monkeypatch.delitem(sys.modules, "metaad.cli.app")
    assert main(["fit", "my.csv"]) == 1
    said = capsys.readouterr()
    assert said.err.count("\n") == 1 and "pip install 'metaad[cli]'" in said.err
    assert main([]) == 0 and "package " in capsys.readouterr().out


def test_an_error_of_each_kind_is_a_sentence_with_its_exit_code():
    assert told(CommandError("no", 1)) == ("no", 1)
    assert told(ValueError("rate must be below 1")) == ("rate must be below 1", 2)
    assert told(FileNotFoundError(2, "No such file", "a.csv"))[1] == 2
    assert told(OSError(28, "No space left on device"))[1] == 1
    assert told(ModuleNotFoundError("pip install it")) == ("pip install it", 1)
    said, code = told(KeyError("x"))
    assert code == 1 and "--debug" in said and "fault of metaad" in said


def test_debug_shows_the_traceback_wherever_it_stands(tmp_path):
    quiet = process("run", "99", folder=tmp_path)
    assert quiet.returncode == 2 and "Traceback" not in quiet.stderr
    for words in (("--debug", "run", "99"), ("run", "99", "--debug")):
        loud = process(*words, folder=tmp_path)
        assert loud.returncode != 0 and "Traceback" in loud.stderr


def test_serve_says_in_a_sentence_what_is_no_model(tmp_path):
    (tmp_path / "model").write_text("no model")
    for path in (tmp_path / "model", tmp_path / "nothing"):
        code, out, said = run("serve", path)
        assert code == 2 and out == "" and said.count("\n") == 1
        assert said.startswith("metaad: ")


# --- doctor


def test_doctor_names_a_data_folder_that_cannot_be_written(monkeypatch, tmp_path):
    in_the_way = tmp_path / "file"
    in_the_way.write_text("no folder")
    monkeypatch.setenv("METAAD_DATA", str(in_the_way / "data"))
    code, out, _ = run("doctor")
    assert code == 1 and "set METAAD_DATA to a folder of your own" in out
    monkeypatch.setenv("METAAD_DATA", str(tmp_path / "data"))
    assert run("doctor")[0] == 0


# --- run

CELL = """\
profile: str = "quick"  # one of quick, full; how large
seed: int = 0  # seeds every random choice
device: str = "auto"  # auto, cpu, cuda or mps
rows: int = 20  # 10 to 5,000; rows that are drawn
rate: float = 0.1  # above 0 to 0.5; share of anomalies
draw: bool = False  # show a figure
data: str = ""  # any text; your own file
"""


OWN = """\
label: str = "y"  # any text; the column of labels
anomaly: str = ""  # any text; the label of anomalies
"""


@pytest.fixture
def notebook(tmp_path):
    """Write a small notebook with a parameters cell and one cell of code; its path."""

    def write(code="print(rows, data)", tags=("parameters",), more=""):
        book = nbformat.v4.new_notebook()
        book.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
        book.metadata["language_info"] = {"name": "python"}
        first = nbformat.v4.new_code_cell(CELL + more)
        first.metadata["tags"] = list(tags)
        book.cells = [first, nbformat.v4.new_code_cell(code)]
        nbformat.write(book, tmp_path / "small.ipynb")
        return tmp_path / "small.ipynb"

    return write


def test_a_lesson_is_found_by_its_number_its_name_or_its_path():
    there = lessons.numbered(ROOT / "notebooks")
    third = next(p for p in there if p.stem.startswith("03_"))
    for name in ("3", "03", third.stem, str(third)):
        assert lessons.find(name) == third
    with pytest.raises(CommandError, match="there is no lesson '99'(.|\n)*03_iso"):
        lessons.find("99")


def test_from_a_wheel_the_lesson_is_looked_for_here_and_said_to_be_elsewhere(
    monkeypatch, tmp_path
):
    monkeypatch.setattr(lessons, "checkout", lambda: None)
    monkeypatch.chdir(tmp_path)
    code, _, err = run("run", "02")
    assert code == 1 and "git clone" in err and err.count("\n") == 1
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "notebooks" / "02_of_a_class.ipynb").write_text("{}")
    assert lessons.find("2").stem == "02_of_a_class"


def test_parameters_are_read_in_their_types_before_anything_runs(
    notebook, monkeypatch, tmp_path
):
    path = notebook()
    asked = ["rows=30", "rate=1e-1", "draw=yes", "data=none.csv", "rows=40"]
    found = lessons.values(path, asked)
    assert found == {"rows": 40, "rate": 0.1, "draw": True, "data": "none.csv"}
    monkeypatch.chdir(tmp_path)
    (tmp_path / "my.csv").write_text("a\n1\n")
    assert lessons.values(path, ["data=my.csv"])["data"] == str(tmp_path / "my.csv")
    path = notebook(more='conll_path: str = ""  # any text; a folder\n')
    (tmp_path / "conll").mkdir()
    found = lessons.values(path, ["conll_path=conll", "data=conll"])
    assert found == {"conll_path": str(tmp_path / "conll"), "data": "conll"}


@pytest.mark.parametrize(
    ("parameter", "said"),
    [
        ("rows=7", "rows must be a whole number, 10 to 5,000; got 7"),
        ("rows=many", "rows must be a whole number.*got 'many'"),
        ("rate=0", "rate must be a number"),
        ("row=7", "small has no parameter 'row'. It takes profile, seed"),
        ("rows", "takes NAME=VALUE.*got 'rows'"),
        ("=7", "takes NAME=VALUE"),
        ("draw=perhaps", "draw must be True or False"),
        ("profile=huge", "profile must be text, one of quick, full"),
    ],
)
def test_a_parameter_that_does_not_fit_stops_at_once(notebook, parameter, said):
    code, out, err = run("run", notebook(), "-p", parameter)
    assert (code, out) == (2, "") and re.search(said, err) and err.count("\n") == 1


def test_a_wrong_column_of_labels_stops_before_the_lesson_starts(notebook, tmp_path):
    path, table = notebook(more=OWN), tmp_path / "my.csv"
    lines = [f"{i},{i * i % 7},{'yes' if i % 9 == 0 else 'no'}" for i in range(60)]
    table.write_text("a,b,fraud\n" + "\n".join(lines) + "\n")
    asked = ["run", path, "-p", f"data={table}", "-o", tmp_path / "out.ipynb"]
    for more, said in (
        (["-p", "label=frau"], "no column 'frau'; it has a, b, fraud.*-p label COLUMN"),
        ([], "no column 'y'"),
        (["-p", "label="], "-p label COLUMN"),
        (["-p", "label=fraud"], "got 'no', 'yes'.*-p anomaly VALUE"),
    ):
        code, out, err = run(*asked, *more)
        assert (code, out, err.count("\n")) == (2, "", 1) and re.search(said, err)
        assert "running" not in err and not (tmp_path / "out.ipynb").exists()
    given = [f"data={table}", "label=fraud", "anomaly=yes"]
    assert lessons.values(path, given)["label"] == "fraud"
    swept = {"data": [str(table)], "label": ["fraud", "frau"], "anomaly": ["yes"]}
    with pytest.raises(repro.ParameterError, match="no column 'frau'"):
        lessons.checked(path, swept, {})


def test_what_is_no_lesson_is_refused_with_a_sentence(notebook, tmp_path):
    assert "no cell that is tagged parameters" in run("run", notebook(tags=()))[2]
    (tmp_path / "no.ipynb").write_text("[1]")
    code, _, err = run("run", tmp_path / "no.ipynb")
    assert code == 2 and "it is no notebook" in err
    assert run("run", tmp_path / "gone.ipynb")[0] == 2


def test_a_lesson_runs_with_its_parameters_and_leaves_its_notebook(notebook, tmp_path):
    out = tmp_path / "deep" / "out.ipynb"
    path = notebook()
    done = process("run", path, "-p", "rows=33", "-o", out, folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "ran to its end" in done.stdout and "running small" in done.stderr
    cells = json.loads(out.read_text())["cells"]
    assert any("33" in "".join(o.get("text", "")) for o in cells[-1]["outputs"])


def test_a_lesson_that_stops_says_where_and_leaves_what_it_did(notebook, tmp_path):
    path, out = notebook("raise ValueError('rows are gone')"), tmp_path / "out.ipynb"
    done = process("run", path, "-o", out, folder=tmp_path)
    assert done.returncode == 1 and "ValueError: rows are gone" in done.stderr
    assert "Traceback" not in done.stderr and out.is_file()


def test_a_lesson_is_never_written_over(notebook):
    path = notebook()
    before = path.read_bytes()
    code, _, err = run("run", path, "-o", path)
    assert code == 2 and "is the lesson itself" in err and path.read_bytes() == before


def test_the_parameters_of_a_lesson_are_listed_on_request(notebook):
    code, out, _ = run("run", notebook(), "-p", "help")
    assert code == 0
    for line in (
        "-p rows = 20  # 10 to 5,000; rows that are drawn",
        "-p draw = False  # show a figure",
        "-p data = ''  # any text; your own file",
        "; seeds every random choice",
    ):
        assert line in out


# --- sweep


def test_a_sweep_runs_every_combination_and_names_what_failed(notebook, tmp_path):
    path = notebook("assert rows < 30, 'too many rows'")
    out = tmp_path / "out"
    asked = ("-p", "rows=20,40", "--seeds", "3", "-o", out, "--jobs", 1)
    code, said, err = run("sweep", path, *asked)
    assert code == 1 and f"1 of 2 runs finished: {out / 'sweep.csv'}" in said
    assert "error: " in err and "too many rows" in err and "rows=40" in err
    table = (out / "sweep.csv").read_text().splitlines()
    assert table[0].startswith("rows,seed,state") and len(table) == 3


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("-p", "rows=20,7"), "rows must be a whole number, 10 to 5,000; got 7"),
        (("-p", "row=20"), "small has no parameter 'row'. It takes profile"),
        (("-p", "rows"), "-p takes NAME=VALUE"),
        (("--seeds", "9:3"), "--seeds takes 7 or 0:10"),
        (("--profile", "huge"), "profile must be text, one of quick, full"),
    ],
)
def test_a_sweep_that_cannot_be_run_stops_at_once(notebook, tmp_path, words, said):
    code, out, err = run("sweep", notebook(), "-o", tmp_path / "out", *words)
    assert (code, out) == (2, "") and said in err and err.count("\n") == 1
    assert not (tmp_path / "out").exists()


# --- report


@pytest.fixture
def found(monkeypatch, tmp_path):
    """A lesson with three recorded claims, and what this machine made of them."""
    rows = [("a < b", "0.1", True), ("same", "0.2", True), ("other", "0.4", True)]
    table = [f"| {claim} | {shown} | > 0 | yes |" for claim, shown, _ in rows]
    table = ["| claim | measured | wanted | holds |", "|:--|:--|:--|:--|", *table]
    output = nbformat.v4.new_output("display_data", {"text/markdown": "\n".join(table)})
    cell = nbformat.v4.new_code_cell("claims.table()", outputs=[output])
    book = nbformat.v4.new_notebook(cells=[cell])
    (tmp_path / "notebooks").mkdir()
    nbformat.write(book, tmp_path / "notebooks" / "02_two.ipynb")
    monkeypatch.setattr(lessons, "checkout", lambda: tmp_path)
    monkeypatch.setenv("METAAD_RESULTS", str(tmp_path / "results"))
    monkeypatch.setattr("metaad.repro.records.checkout", lambda: None)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))

    def write(**changed):
        here = [
            {"claim": c, "shown": s, "wanted": "> 0", "holds": h}
            | ({} if c != "other" else changed)
            for c, s, h in rows
        ]
        run = {"seconds": 3.0, "cpu": "<a cpu>", "versions": {"numpy": "2"}}
        content = {"claims": here, "run": run}
        repro.write_json(tmp_path / "results/quick/02_two.claims.json", content)

    return write


def test_a_machine_that_finds_the_same_is_told_so(found):
    assert "No lesson has been run here yet" in run("report")[1]
    found()
    code, out, _ = run("report")
    assert code == 0 and "3 of 3 findings hold here, 3 with the record's digits" in out
    assert "other digits" not in out and "same: a < b" in run("report", "--all")[1]


def test_other_digits_and_a_finding_that_fails_are_told_apart(found, tmp_path):
    found(shown="0.41")
    code, out, _ = run("report", "2")
    assert code == 0 and "other digits: other" in out and "record 0.4;" in out
    found(shown="-0.4", holds=False)
    code, out, _ = run("report", "--html", tmp_path / "page.html")
    assert code == 1 and "does not hold: other" in out and "2 of 3 findings hold" in out
    text = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert "a &lt; b" in text and "&lt;a cpu&gt;" in text and "<script" not in text
    assert text.count("class='no'") == 1


def test_a_result_that_cannot_be_read_counts_as_not_run(found, tmp_path):
    path = tmp_path / "results/quick/02_two.claims.json"
    for content in ("{", "[]", '{"claims": [1]}', '{"claims": [{}]}'):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
        assert "not run here" in "\n".join(findings.lines(findings.read()))


def test_the_records_of_the_checkout_are_read():
    stored = findings.read(["11"])[0].recorded
    assert len(stored) >= 5 and all(stored.values())
    assert page.html(findings.read(["11"])).startswith("<!doctype html>")


# --- which detector


def test_figures_in_the_choice_are_those_of_the_records(monkeypatch):
    monkeypatch.setenv("METAAD_RESULTS", str(ROOT / "data" / "results"))
    records = (choice_facts.LABELS, choice_facts.CONTEXT)
    assert choose.facts() == choice_facts.facts(*map(repro.recorded, records))


def test_labels_of_both_kinds_choose_the_few_label_recipe():
    y = np.array([1, 0, -1, -1])
    assert choose.choose(y).name == choose.choose(y, rows="clean").name == "few-labels"
    assert choose.choose(y, detector="knn").name == "knn"
    assert "classifier" in choose.choose(np.repeat([0, 1], 11)).why


def test_without_labels_the_rows_decide():
    for y in (None, np.full(5, -1), np.array([-1, 1]), np.array([-1, 0])):
        assert choose.choose(y).name == "forest"
        assert choose.choose(y, rows="clean").name == "context"
    assert "label some normal rows" in choose.choose(np.array([-1, 1])).why


def test_a_choice_that_cannot_be_is_refused():
    with pytest.raises(ValueError, match="at least one labelled anomaly.*got 2 and 0"):
        choose.choose(np.array([1, 1, -1]), detector="few-labels")
    for wrong in ({"rows": "dirty"}, {"detector": "lof"}):
        with pytest.raises(ValueError, match="must be .*; got '(dirty|lof)'"):
            choose.choose(**wrong)
