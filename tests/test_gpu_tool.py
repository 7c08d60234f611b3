"""The script that records a GPU: its path runs without one, and it says so if not."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from metaad import repro

TOOLS = Path(__file__).parent / "tools"
sys.path.insert(0, str(TOOLS))


@pytest.fixture
def gpu(monkeypatch):
    import gpu

    return gpu


def test_without_a_gpu_one_sentence_says_so_and_nothing_is_written(
    gpu, monkeypatch, capsys, tmp_path
):
    monkeypatch.setattr(gpu.torch.cuda, "is_available", lambda: False)
    out = tmp_path / "gpu.json"
    assert gpu.main(["--out", str(out)]) == 2
    said = capsys.readouterr().out.strip()
    assert said.startswith("No CUDA device") and said.count(".") == 1
    assert not out.exists()


def test_a_dry_run_takes_the_same_path_and_needs_a_place_of_its_own(
    gpu, monkeypatch, tmp_path
):
    with pytest.raises(SystemExit):
        gpu.main(["--dry"])
    monkeypatch.setattr(gpu, "TESTS", ("tests/test_devices.py",))
    out = tmp_path / "dry.json"
    assert gpu.main(["--dry", "--out", str(out)]) == 0
    found = json.loads(out.read_text())
    assert found["dry"] and found["command"] == [f"{gpu.COMMAND} --dry"]
    assert found["tests"]["state"] == "ok"
    assert sum(found["tests"].get(n, 0) for n in ("passed", "skipped")) > 0
    for name in ("OC-ANIL", "ten autoencoders"):
        there, here = found[name]["device"], found[name]["cpu"]
        assert found[name]["ratio"] > 0 and there["auroc"] == here["auroc"]
    (lesson,) = found["lessons"].values()
    assert lesson["state"] == "ok" and lesson["utilisation"] is None
    assert found["run"]["seconds"] > 0


def test_what_takes_too_long_is_stopped_and_said(gpu, monkeypatch, tmp_path):
    def hangs(words, timeout, **_):
        raise subprocess.TimeoutExpired(words, timeout)

    monkeypatch.setattr(gpu.subprocess, "run", hangs)
    assert gpu.tested(1.0) == {"state": "stopped"}
    found = gpu.lesson(Path("08_few_shot_one_class"), "cuda", "full", tmp_path, 1.0)
    assert found["state"] == "stopped" and "ratio" not in found
    assert gpu.utilisation() is None


def test_numbers_are_read_from_pytest_records_and_the_cpu_s_record(gpu, tmp_path):
    runs = gpu.gpu_runs
    assert runs.counts("3 passed, 2 skipped in 1.0s") == {"passed": 3, "skipped": 2}
    tree = {"ten": {"auroc": [0.5, {"a": 1.0}], "alarms": [9.0]}, "auroc": 0.6}
    (tmp_path / "lesson.json").write_text(json.dumps(tree))
    assert runs.results(tmp_path, "lesson") == {"auroc": pytest.approx(0.7)}
    assert runs.results(tmp_path, "other") == {}
    seconds = repro.recorded("05_autoencoder_on_mnist")["run"]["seconds"]
    found = {"state": "ok", "seconds": seconds / 4}
    assert runs.against_cpu("05_autoencoder_on_mnist", found)["ratio"] == 4
    assert runs.against_cpu("no lesson", found) == {}


def test_a_lesson_says_on_what_it_was_recorded_or_that_no_gpu_was_at_hand(
    monkeypatch, tmp_path
):
    monkeypatch.setattr("metaad.repro.records.folders", lambda: [tmp_path])
    assert repro.on_gpu("05").startswith("No GPU record yet")
    lessons = {"05": {"state": "ok", "seconds": 60.0, "ratio": 9.04, "auroc": 0.98765}}
    lessons["08"] = {"state": "stopped", "seconds": 200.0, "utilisation": 41.6}
    record = {"device": "Card 7", "lessons": lessons, "run": {"seconds": 500}}
    (tmp_path / "gpu.json").write_text(json.dumps(record))
    where = "(`data/results/gpu.json`, by `python tests/tools/gpu.py`)."
    assert repro.on_gpu("05") == (
        "Recorded on Card 7, 60 s, 9.0 times as fast as on the CPU, mean AUROC 0.988 "
        + where
    )
    assert repro.on_gpu("08") == (
        "Recorded on Card 7, 3 min, the GPU busy for 42 % of it, not finished " + where
    )
    assert repro.on_gpu() == f"Recorded on Card 7, 8 min {where}"
