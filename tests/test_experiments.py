"""The door to the recorded experiments, and records that say how they were made."""

import importlib
import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from metaad import repro
from metaad.experiments import RECORDS, ROOMS, module, record
from metaad.experiments.__main__ import listing, main, summary

ROOT = Path(__file__).resolve().parents[1]
RESULTS = sorted((ROOT / "data" / "results").glob("*.json"))
LESSONS = sorted((ROOT / "notebooks").glob("[0-9][0-9]_*.ipynb"))


def commands_of(path):
    kept = json.loads(path.read_text(encoding="utf-8")).get("command", [])
    return [c for c in kept if c.startswith(record.DOOR)]


def test_every_experiment_has_a_parser_a_main_and_a_sentence_that_says_what_it_asks():
    shown = listing()
    for name, kept in RECORDS.items():
        found = importlib.import_module(module(name))
        assert found.parser().prog == f"{record.DOOR} {name}"
        assert callable(found.main) and 20 < len(summary(name)) < 140
        assert f"\n{name}\n    {summary(name)}" in shown and f"{kept}.json" in shown


def test_every_module_with_a_main_is_listed():
    folder = ROOT / "metaad" / "experiments"
    found = {
        (p.parent.name, p.stem)
        for p in folder.glob("*/*.py")
        if "\ndef main(argv=None)" in p.read_text(encoding="utf-8")
    }
    assert found == {(r, name) for r, names in ROOMS.items() for name in names}


def test_rooms_hold_all_modules_and_each_says_what_it_asks_about():
    folder = ROOT / "metaad" / "experiments"
    alone = {p.stem for p in folder.glob("*.py")}
    assert alone == {"__init__", "__main__", "parts", "record"}
    table = (folder / "__init__.py").read_text(encoding="utf-8")
    rooms = {p.parent.name for p in folder.glob("*/__init__.py")}
    assert rooms == set(re.findall(r"^\| (\w+) \| ", table, flags=re.M)) - {"room"}
    # an import of a module's name from two rooms would be a riddle
    names = [p.stem for p in folder.glob("*/*.py") if p.stem != "__init__"]
    assert len(names) == len(set(names))


def test_the_page_about_data_names_every_record():
    page = (ROOT / "data" / "README.md").read_text(encoding="utf-8")
    for path in RESULTS:
        shortened = f"`{path.name[:3]}…`", f"`{path.name[:3]}….json`"
        assert any(f in page for f in (f"`{path.name}`", *shortened)), path.name


def test_the_door_lists_runs_and_names_what_there_is(capsys):
    main([])
    assert "few_labels" in capsys.readouterr().out
    with pytest.raises(SystemExit) as stop:
        main(["tuning", "--help"])
    assert stop.value.code == 0 and "FOLDER" in capsys.readouterr().out
    with pytest.raises(SystemExit, match="no experiment is called 'tunning'.*tuning"):
        main(["tunning"])


CONTEXTS = [f"many_table_context_{n}" for n in ("choice", "blend", "twice", "labels")]


def test_the_list_is_made_without_importing_torch():
    code = (
        "import sys; from metaad.experiments.__main__ import listing; listing(); "
        "assert 'torch' not in sys.modules"
    )
    # repro seeds torch when a lesson starts, and not before
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)


@pytest.mark.parametrize("path", RESULTS, ids=lambda p: p.stem)
def test_every_step_of_a_record_is_a_command_that_its_experiment_takes(path):
    text = path.read_text(encoding="utf-8")
    if path.stem in RECORDS.values():
        assert commands_of(path), "an experiment's record holds its command"
    for line in commands_of(path):
        name, *words = shlex.split(line.removeprefix(record.DOOR))
        # these records begin with a step of another experiment
        others = ("tuning_matrix", *CONTEXTS)
        assert RECORDS[name] == path.stem or path.stem in others
        asked = importlib.import_module(module(name)).parser()
        asked.parse_args(words)
    assert not re.search(r'"/(home|work|root|tmp|Users)/', text)


def test_every_record_of_an_experiment_says_how_many_cpu_seconds_it_took():
    for path in (p for p in RESULTS if p.stem in RECORDS.values()):
        run = json.loads(path.read_text(encoding="utf-8"))["run"]
        assert isinstance(run["seconds"], (int, float)) and run["seconds"] > 0, (
            path.name
        )
        assert f"data/results/{path.name}, " in listing()


def test_a_command_keeps_no_absolute_path_and_quotes_what_a_shell_would_split():
    line = record.command("tuning", Path("/srv/of someone/my folder"), "a b", 3)
    assert line == f"{record.DOOR} tuning 'my folder' 'a b' 3"
    words = record.options(parts=Path("parts"), seeds=[0, 1], made_up=4, rows=None)
    asked = "--parts parts --seeds 0 1 --made-up 4"
    assert " ".join(map(str, words)) == asked


def test_a_written_record_says_how_on_what_and_how_long(tmp_path, monkeypatch):
    monkeypatch.setenv("METAAD_RESULTS", str(tmp_path))
    lines = [record.command("tuning", "folder")]
    path = record.write("made", {"value": 1, "run": {"seed": 5}}, lines, seconds=7.25)
    kept = json.loads(path.read_text(encoding="utf-8"))
    assert (kept["command"], kept["value"]) == (lines, 1)
    assert {"versions", "cpu", "threads", "device", "seed", "seconds"} == set(
        kept["run"]
    )
    assert kept["run"]["seconds"] == 7.2 and kept["run"]["seed"] == 5


def test_a_source_names_the_command_the_duration_and_the_device(tmp_path, monkeypatch):
    made = {
        "one": {"command": ["do it"], "run": {"seconds": 40.4, "device": "cpu"}},
        "two": {"command": ["a", "b"], "run": {"seconds": 1300, "device": "A100"}},
        "old": {"run": {"seconds": 7200}},
    }
    from metaad.repro import sources

    monkeypatch.setattr(sources, "recorded", made.get)
    assert repro.source("one").startswith("Recorded by `do it`, 40 s on one CPU")
    assert "`b`, the last of 2 steps, 22 min on A100" in repro.source("two")
    assert "`make full`, 2.0 h on one CPU (`data/results/old.json`)" in repro.source(
        "old"
    )


@pytest.mark.parametrize("path", LESSONS, ids=lambda p: p.stem)
def test_a_lesson_that_quotes_an_experiment_names_its_command(path):
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    code = "".join("".join(c["source"]) for c in cells if c["cell_type"] == "code")
    shown = "".join("".join(c["source"]) for c in cells if c["cell_type"] == "markdown")
    for cell in cells:
        for output in cell.get("outputs", []):
            shown += "".join(output.get("data", {}).get("text/markdown", ""))
    for quoted in re.findall(r"repro\.recorded\(([^)]+)\)", code):
        name = path.stem if quoted == "run.lesson" else quoted.strip("\"'")
        lines = commands_of(ROOT / "data" / "results" / f"{name}.json")
        asked = {" ".join(line.split()[:4]) for line in lines}
        named = [a for a in asked if re.search(re.escape(a) + r"\b", shown)]
        assert named or not asked, f"{name}: name one of {sorted(asked)}"
