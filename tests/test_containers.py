"""Containers are made from their files and the oldest versions are those that are named,
without a builder: what the files say fits the project.
"""

import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib

import clean_room
import pytest

ROOT = clean_room.ROOT
FILES = [ROOT / ".devcontainer" / "Dockerfile", ROOT / "metaad/practice/Containerfile"]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_a_container_file_begins_with_a_system_that_can_be_made_here(file):
    assert clean_room.suite(file.read_text(encoding="utf-8")) == "bookworm"


@pytest.mark.parametrize(
    "text", ["FROM python:3.11-slim", "", "FROM debian:a-slim\nFROM debian:a-slim"]
)
def test_another_base_is_refused_with_what_was_expected(text):
    with pytest.raises(ValueError, match="expected one line FROM debian:SUITE-slim"):
        clean_room.suite(text)


def test_the_courses_container_copies_files_that_are_there_and_leaves_root():
    lines = FILES[0].read_text(encoding="utf-8").splitlines()
    copied = [shlex.split(line)[2:-1] for line in lines if line.startswith("COPY")]
    assert copied and all((ROOT / name).exists() for names in copied for name in names)
    assert ".requirements-cpu.lock" in copied[0] and lines.index("USER reader") < (
        lines.index("RUN touch README.md && make setup LOCK=cpu")
    )


@pytest.fixture
def make(tmp_path):
    """`make` with arguments, in a folder with what an environment is made from."""
    if sys.platform == "win32" or shutil.which("make") is None:
        pytest.skip("make is not installed")
    for name in ("Makefile", "pyproject.toml", *map(str, ROOT.glob(".requirements*"))):
        shutil.copy(ROOT / name, tmp_path)
    env = {k: v for k, v in os.environ.items() if k not in ("LOCK", "MAKEFLAGS")}

    def run(*words):
        command = ["make", "-C", str(tmp_path), *words]
        return subprocess.run(command, capture_output=True, text=True, env=env)

    return run


def test_make_installs_from_the_lock_that_is_asked_for_and_keeps_to_it(make, tmp_path):
    told = make("-n", "setup", "LOCK=cpu", "CPU_INDEX=there").stdout
    assert "--require-hashes -r .requirements-cpu.lock" in told
    assert ("--extra-index-url there" in told) == (sys.platform == "linux")
    assert "pip install" in make("-n", "setup").stdout
    ready = tmp_path / ".venv" / ".ready"
    ready.parent.mkdir()
    ready.write_text("cpu\n")
    assert make("setup").returncode == make("setup", "LOCK=cpu").returncode == 0
    (tmp_path / ".requirements-cpu.lock").touch()
    os.utime(ready, (0, 0))
    assert "-r .requirements-cpu.lock" in make("-n", "unit").stdout, "as it was made"


def test_another_lock_than_that_of_the_environment_is_refused(make, tmp_path):
    (tmp_path / ".venv").mkdir()
    (tmp_path / ".venv" / ".ready").write_text("cuda\n")
    refused = make("setup", "LOCK=cpu")
    assert refused.returncode and "make clean" in refused.stdout
    unknown = make("-n", "setup", "LOCK=gpu")
    assert unknown.returncode and "LOCK is cpu or cuda" in unknown.stderr


def test_the_core_and_what_the_oldest_versions_are_tested_with_have_lower_bounds():
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    project = tomllib.loads(text)["project"]
    workflow = (ROOT / ".github/workflows/tests.yml").read_text(encoding="utf-8")
    extras = re.search(r'resolution \}\} -e "\.\[([\w,]+)\]"', workflow)[1].split(",")
    chosen = [d for e in extras for d in project["optional-dependencies"][e]]
    for dependency in project["dependencies"] + chosen:
        assert re.fullmatch(r"[\w-]+>=[\d.]+", dependency), dependency
