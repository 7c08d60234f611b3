"""Build the wheel, install its core into an empty environment without torch, and run
README's first listing there from an empty folder.

usage: python tests/tools/wheel.py [--only-build FOLDER]

Prints the time of `import metaad` and of `from metaad import IsolationForest`, the best
of five, in seconds of the wall clock and of the CPU.
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PARTS = ("metaad", "pyproject.toml", "README.md", "LICENSE")
STARTS = ("import metaad", "from metaad import IsolationForest")
TIMED = """
import json, sys, time
wall, cpu = time.perf_counter(), time.process_time()
{start}
took = time.perf_counter() - wall, time.process_time() - cpu
assert "torch" not in sys.modules
print(json.dumps(took))
"""


def build(folder):
    """Build the wheel into a folder, from a copy, so that the checkout stays clean.
    Returns its path.
    """
    with tempfile.TemporaryDirectory() as copy:
        for part in PARTS:
            source, target = ROOT / part, Path(copy) / part
            if source.is_dir():
                junk = shutil.ignore_patterns("__pycache__", "*.egg-info")
                shutil.copytree(source, target, ignore=junk)
            else:
                shutil.copy(source, target)
        make = (
            "import setuptools.build_meta as b, sys; print(b.build_wheel(sys.argv[1]))"
        )
        command = [sys.executable, "-c", make, str(Path(folder).resolve())]
        done = subprocess.run(command, cwd=copy, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"no wheel was built:\n{done.stderr}")
    return Path(folder) / done.stdout.split()[-1]


def listing():
    """README's first listing of Python."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    return re.search(r"```python\n(.*?)```", text, re.DOTALL)[1]


def pins():
    """The pinned versions, as pip's constraints."""
    return ROOT / ".requirements.txt"


def main(folder):
    wheel = build(folder)
    venv.create(folder / "env", with_pip=True)
    python = folder / "env" / ("Scripts" if os.name == "nt" else "bin") / "python"
    install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([python, *install, "-c", pins(), wheel], check=True)
    empty = folder / "empty"
    empty.mkdir()
    clean = {
        k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "METAAD"))
    }

    def run(*arguments):
        command = [python, *arguments]
        done = subprocess.run(
            command, cwd=empty, env=clean, check=True, stdout=subprocess.PIPE, text=True
        )
        return done.stdout.strip()

    print(run("-m", "metaad"))
    print("README's first listing prints", run("-c", listing()))
    for start in STARTS:
        runs = [json.loads(run("-c", TIMED.format(start=start))) for _ in range(5)]
        wall, cpu = map(min, zip(*runs, strict=True))
        print(f"{start}: {wall:.3f} s, {cpu:.3f} CPU-s")
    ask = "from metaad import data; print(len(data.names()), data.family('wine'))"
    print("data.names() and data.family('wine'):", run("-c", ask))
    assert not list(empty.iterdir()), "something was written into the reader's folder"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--only-build", metavar="FOLDER", type=Path)
    asked = parser.parse_args()
    if asked.only_build:
        print(build(asked.only_build))
    else:
        with tempfile.TemporaryDirectory(prefix="metaad-wheel-") as temporary:
            main(Path(temporary))
