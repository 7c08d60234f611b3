"""One command for a referee: the table of findings, the manifest, what counts as held."""

import csv
import json
import re

import lock
import pytest
import verify

from metaad.cli import findings


def lesson(**claims):
    recorded = {"a": "1 [0, 2]", "b": "3"}
    rows = [
        {"claim": c, "shown": shown, "wanted": "> 0", "holds": holds}
        for c, (shown, holds) in claims.items()
    ]
    return findings.Lesson("02_x", recorded, quick=rows or None, seconds=90.0)


def test_a_finding_is_held_only_if_it_was_run_and_holds():
    made = verify.rows([lesson(a=("1 [0, 2]", True), b=("3", True))])
    assert verify.verdict(made) == (
        "2 of 2 findings hold here, 2 with the stored digits.",
        True,
    )
    assert made[0][2:4] == ("metaad run 02", "1 [0, 2]") and made[0][6] == "1.5"
    other = verify.rows([lesson(a=("1.1 [0, 2]", True), b=("3", True))])
    assert verify.verdict(other)[0].endswith("1 with the stored digits.")
    assert not verify.verdict(verify.rows([lesson(a=("1 [0, 2]", True))]))[1]
    assert not verify.verdict(verify.rows([lesson(a=("0", False), b=("3", True))]))[1]
    assert not verify.verdict(verify.rows([lesson()]))[1]


def test_the_table_holds_every_finding_of_every_lesson():
    made = list(csv.DictReader(verify.table(verify.rows(findings.read())).splitlines()))
    lessons = {row["lesson"] for row in made}
    assert lessons == {p.stem for p in verify.ROOT.glob("notebooks/[0-9][0-9]_*.ipynb")}
    assert all(row["finding"] and row["expected"] for row in made)


def test_the_manifest_is_up_to_date_and_names_files_that_are_there():
    text = (verify.ROOT / "codecheck.yml").read_text(encoding="utf-8")
    assert text == verify.manifest(), "run python tests/tools/verify.py --manifest"
    for name, command in verify.records():
        assert f"data/results/{name}" in text and all(command)
    import yaml

    content = yaml.safe_load(text)
    assert len(content["manifest"]) == len(verify.records()) + 1


REMAKE = "run python tests/tools/lock.py --cpu-wheels FOLDER"


@pytest.mark.parametrize("path", [lock.CUDA, lock.CPU])
def test_a_lock_holds_every_pin_with_hashes_and_no_address(path):
    text = path.read_text(encoding="utf-8")
    assert "://" not in text
    locked = lock.locked(text)
    for name, version in lock.pins().items():
        if path == lock.CPU and name in lock.BUILT_TWICE:
            continue
        found = locked.get(lock.plain(name))
        assert found, f"{name} is not locked: {REMAKE}"
        assert found[0] == version and found[1] >= 1


def test_the_lock_for_the_cpu_names_nothing_of_cuda_and_no_build_of_torch_with_it():
    locked = lock.locked(lock.CPU.read_text(encoding="utf-8"))
    text = lock.CPU.read_text(encoding="utf-8")
    torch = re.findall(r"^torch==\S+ ; sys_platform .= 'linux'", text, re.MULTILINE)
    assert torch == [
        f"torch=={lock.CPU_TORCH}+cpu ; sys_platform == 'linux'",
        f"torch=={lock.CPU_TORCH} ; sys_platform != 'linux'",
    ]
    others = lock.locked(lock.CUDA.read_text(encoding="utf-8"))
    only_cuda = {name.split("-")[0] for name in others.keys() - locked.keys()}
    assert only_cuda == {"cuda", "nvidia", "triton", "torchvision"}
    assert locked.keys() <= others.keys()


def test_torch_for_the_cpu_is_linuxs_from_a_folder_and_the_others_from_the_index(
    tmp_path,
):
    wheel = tmp_path / "torch-1+cpu-cp311-cp311-manylinux_2_28_x86_64.whl"
    wheel.write_bytes(b"abc")
    files = {"manylinux_2_28_x86_64": "a", "macosx_14_0_arm64": "b", "win_amd64": "c"}
    rows = [
        f'{{ url = "x/torch-1-cp311-cp311-{tag}.whl", hashes = {{ sha256 = "{sha}" }} }}'
        for tag, sha in files.items()
    ]
    pylock = f'[[packages]]\nname = "torch"\nwheels = [{", ".join(rows)}]'
    linux, others = lock.cpu_torch(pylock, [wheel])
    known = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert linux.endswith(
        f"+cpu ; sys_platform == 'linux' \\\n    --hash=sha256:{known}"
    )
    assert re.findall(r"sha256:(\w+)", others) == ["b", "c"]
    body = "sympy==1 \\\n    --hash=sha256:s\ntqdm==1 \\\n    --hash=sha256:t\n"
    made = lock.merged(body, [linux, others])
    assert list(lock.locked(made)) == ["sympy", "torch", "tqdm"]
    assert lock.merged(made, []) == made and made.startswith(body[:8])


@pytest.mark.parametrize("path", [".devcontainer/devcontainer.json"])
def test_settings_are_json(path):
    assert json.loads((verify.ROOT / path).read_text(encoding="utf-8"))


def test_workflows_and_the_citation_are_yaml():
    import yaml

    for path in (".github/workflows/tests.yml", "CITATION.cff"):
        assert yaml.safe_load((verify.ROOT / path).read_text(encoding="utf-8"))
    import metaad

    cited = yaml.safe_load((verify.ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert cited["version"] == metaad.__version__
