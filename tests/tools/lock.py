"""Make .requirements.lock from .requirements.txt: every package with the hashes of all
its files, for every system and Python that the course supports.

python tests/tools/lock.py

Needs uv (pip install uv). Either of these installs from it, and refuses a file that is
not the one that was locked:

    python -m pip install --require-hashes -r .requirements.lock
    uv pip install --require-hashes -r .requirements.lock

On Linux the pinned torch is the one for CUDA; it runs on a CPU too.
"""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LOCK = ROOT / ".requirements.lock"
HEAD = "# Made by tests/tools/lock.py from .requirements.txt; don't edit.\n"
OPTIONS = [
    "--universal",
    "--generate-hashes",
    "--no-config",
    "--no-header",
    "--no-annotate",
    "--no-emit-index-url",
    "--no-emit-find-links",
    "--quiet",
]


def oldest():
    """Return the oldest Python that pyproject.toml allows, "3.11"."""
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    return re.search(r'requires-python = ">=(\d+\.\d+)"', text)[1]


def plain(name):
    """Return a package's name as all installers compare it (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def locked(text):
    """Return {name: (version, number of hashes)} of a lock."""
    found = {}
    for entry in re.split(r"\n(?=\S)", text):
        pin = re.match(r"([\w.-]+)==(\S+)", entry)
        if pin:
            found[plain(pin[1])] = pin[2], entry.count("--hash=sha256:")
    return found


def main():
    command = ["uv", "pip", "compile", *OPTIONS, "--python-version", oldest()]
    command += [str(ROOT / ".requirements.txt")]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        sys.exit("uv is not installed here: python -m pip install uv")
    if done.returncode:
        sys.exit(done.stderr)
    LOCK.write_text(HEAD + done.stdout, encoding="utf-8")
    print(f"{len(locked(done.stdout))} packages in {LOCK.name}")


if __name__ == "__main__":
    main()
