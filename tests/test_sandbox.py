"""What runs in the sandbox reads what it may, writes into its own folder, reaches nobody
and ends in time.
"""

import os
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

if sys.platform != "linux":
    pytest.skip("the sandbox is Linux's", allow_module_level=True)

import sandbox

READABLE = [sys.prefix, sys.base_prefix, "/usr", "/lib", "/lib64", "/etc"]


def run(work, seconds=5, memory=200, more=()):
    try:
        return sandbox.run(
            work, seconds=seconds, memory=memory, readable=[*READABLE, *more]
        )
    except sandbox.SandboxError as error:
        pytest.skip(str(error))


def test_an_answer_comes_back(tmp_path):
    assert run(lambda folder: [1, "two"]) == ("ok", [1, "two"])
    made = run(lambda folder: Path("a").write_text("x") and os.listdir(folder))
    assert made == ("ok", ["a"])


@pytest.mark.parametrize(
    "kind", ["write", "append", "remove", "folder", "link", "read"]
)
def test_nothing_outside_is_read_or_changed(tmp_path, kind):
    (tmp_path / "secret").write_text("s")
    there = tmp_path / "secret"

    def harm(folder):
        {
            "write": lambda: there.write_text("x"),
            "append": lambda: there.open("a").write("x"),
            "remove": lambda: there.unlink(),
            "folder": lambda: (tmp_path / "new").mkdir(),
            "link": lambda: os.symlink(there, tmp_path / "l"),
            "read": lambda: there.read_text(),
        }[kind]()

    outcome = run(harm)
    assert outcome.state == "died" and "PermissionError" in outcome.value
    assert there.read_text() == "s" and os.listdir(tmp_path) == ["secret"]


def test_it_reaches_nobody():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        outcome = run(lambda f: bool(socket.create_connection(("127.0.0.1", port), 2)))
        assert outcome.state == "died"
        alone = run(lambda f: socket.socket().connect_ex(("127.0.0.1", port)))
        assert alone.state == "ok" and alone.value != 0
    assert run(lambda f: os.environ.get("SECRET")).value is None


def test_it_sees_no_other_process_and_makes_none_but_threads():
    assert run(lambda f: os.getpid()) == ("ok", 1)
    here = os.getpid()
    assert run(lambda f: os.kill(here, 0)).state == "died"

    command = [sys.executable, "-c", "1"]
    for makes in (lambda f: os.fork(), lambda f: subprocess.run(command).returncode):
        outcome = run(makes)
        assert outcome.state == "died" and "PermissionError" in outcome.value

    def in_a_thread(folder):
        with ThreadPoolExecutor(2) as threads:
            return sum(threads.map(int, "12"))

    assert run(in_a_thread) == ("ok", 3)


def test_time_and_memory_end(tmp_path):
    def for_ever(folder):
        while True:
            pass

    assert run(for_ever, seconds=0.5).state == "time"
    assert run(lambda f: len(bytearray(10**9)), memory=100).state == "memory"
    big = run(lambda f: Path("a").write_bytes(b"x" * 20_000_000))
    assert big.state == "died"


def test_one_that_ends_itself_or_floods_has_no_answer():
    assert run(lambda f: os._exit(0)).state == "died"
    assert run(lambda f: os.abort()).state == "died"
    assert run(lambda f: "x" * 10**6).state == "died"
    assert run(lambda f: {1, 2}).state == "died"
