"""What is kept of runs in JupyterLab: faults are seen, finished runs are not made again,
and no run on record has a fault.
"""

import json

import lab_record
import pytest
from run_notebooks import lessons

CHECK = "from metaad.exercises import check\ncheck('01.1')"


def notebook(folder, *cells):
    """A saved notebook of cells (source, count, outputs)."""
    made = [
        {"cell_type": "code", "source": s, "execution_count": c, "outputs": o}
        for s, c, o in cells
    ]
    path = folder / "01_lesson.ipynb"
    path.write_text(json.dumps({"cells": made}), encoding="utf-8")
    return path


def said(text):
    return [{"output_type": "stream", "name": "stdout", "text": [text]}]


def error(name, value):
    return [{"output_type": "error", "ename": name, "evalue": value, "traceback": []}]


def test_a_right_run_has_no_fault(tmp_path):
    path = notebook(
        tmp_path, ("a", 1, []), (CHECK, 2, said("Not yet. Return a number."))
    )
    found = lab_record.counted(path, "student")
    assert found == {"code_cells": 2, "errors": 0, "not_yet": 1, "faults": []}


@pytest.mark.parametrize(
    "edition, cells, fault",
    [
        ("normal", [("a", 1, error("KeyError", "x"))], "KeyError: x"),
        ("normal", [("a", 1, []), ("b", None, [])], "not all cells ran in order"),
        ("student", [(CHECK, 1, said("Correct."))], "check('01.1') says 'Correct.'"),
    ],
)
def test_faults_are_seen(tmp_path, edition, cells, fault):
    assert lab_record.counted(notebook(tmp_path, *cells), edition)["faults"] == [fault]


def test_a_file_that_is_being_written_is_waited_for(tmp_path):
    path = notebook(tmp_path, ("a", 1, []))
    assert lab_record.is_whole(path)
    whole = path.read_text(encoding="utf-8")
    for part in ("", whole[: len(whole) // 2]):
        path.write_text(part, encoding="utf-8")
        assert not lab_record.is_whole(path)


def test_a_finished_run_of_the_same_code_is_not_made_again(tmp_path):
    path = tmp_path / "record.json"
    row = {"made_from": "a b", "code_cells": 3, "errors": 0, "faults": []}
    lab_record.write({}, "01", "normal", row, "command", path)
    kept = lab_record.read(path)
    lab_record.write(kept, "01", "student", {**row, "faults": ["x"]}, "command", path)
    kept = lab_record.read(path)
    assert lab_record.finished(kept, "01", "normal", "a b")
    assert not lab_record.finished(kept, "01", "normal", "a c")
    assert not lab_record.finished(kept, "01", "student", "a b")
    assert not lab_record.finished(kept, "02", "normal", "a b")
    totals = json.loads(path.read_text(encoding="utf-8"))["totals"]
    assert (totals["runs"], totals["code_cells"], totals["with_faults"]) == (2, 6, 1)


def test_no_run_on_record_has_a_fault_and_every_slider_drew():
    known = {path.stem for path in lessons()}
    for lesson, runs in lab_record.read().items():
        assert lesson in known and set(runs) <= set(lab_record.EDITIONS)
        for edition, row in runs.items():
            assert row["faults"] == [], (lesson, edition)
            assert row["redrawn"] == row["sliders"] and row["errors"] == 0
            assert edition == "normal" or row["not_yet"] > 0
