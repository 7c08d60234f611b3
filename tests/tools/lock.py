"""Make the two locks: every package with the hashes of all its files, for every system
and Python that the course supports.

python tests/tools/lock.py --cpu-wheels FOLDER

.requirements-cuda.lock has the pins of .requirements.txt. On Linux that torch is built
for CUDA; it runs on a CPU too. .requirements-cpu.lock has the same pins but for torch:
a version whose builds for the CPU are at hand, and none of torchvision, which only
benchmarks use. For Linux those builds are not among the usual packages: download them
into FOLDER from PyTorch's own index (python -m pip download --no-deps torch==VERSION+cpu
with --platform and --python-version); the lock holds what lies there and no other torch
for Linux, so that an installer can't take the build for CUDA by mistake.

Needs uv (pip install uv). Either of these installs from a lock, and refuses a file that
is not the one that was locked (for the CPU's on Linux, say where torch lies too, with
--extra-index-url or --find-links):

    python -m pip install --require-hashes -r .requirements-cuda.lock
    uv pip install --require-hashes -r .requirements-cuda.lock
"""

import argparse
import hashlib
import re
import subprocess
import sys
import tomllib
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CUDA, CPU = ROOT / ".requirements-cuda.lock", ROOT / ".requirements-cpu.lock"
CPU_TORCH = "2.13.0"
BUILT_TWICE = ("torch", "torchvision")  # once for CUDA, once for the CPU
HEAD = "# Made by tests/tools/lock.py from .requirements.txt; don't edit.\n"
RESOLVE = ["uv", "pip", "compile", "--universal", "--generate-hashes", "--no-config"]
RESOLVE += ["--no-header", "--quiet"]
BARE = ["--no-annotate", "--no-emit-index-url", "--no-emit-find-links"]


def oldest():
    """Return the oldest Python that pyproject.toml allows, "3.11"."""
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    return re.search(r'requires-python = ">=(\d+\.\d+)"', text)[1]


def plain(name):
    """Return a package's name as all installers compare it (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def pins():
    """Return {name: version} of .requirements.txt."""
    lines = (ROOT / ".requirements.txt").read_text(encoding="utf-8").splitlines()
    return dict(line.split("==") for line in lines if "==" in line)


def pins_here():
    """Return {name: version} of the pins that this environment was made from: with
    PyTorch for the CPU, the others but for it and torchvision.
    """
    if metadata.version("torch").split("+")[0] != CPU_TORCH:
        return pins()
    return {n: v for n, v in pins().items() if n not in BUILT_TWICE}


def locked(text):
    """Return {name: (version, number of hashes)} of a lock; what has one entry for each
    system counts once, with all its hashes."""
    found = {}
    for entry in re.split(r"\n(?=\S)", text):
        pin = re.match(r"([\w.-]+)==(\S+)", entry)
        if pin:
            found[plain(pin[1])] = pin[2], entry.count("--hash=sha256:")
    return found


def resolve(wanted, *options):
    """Return uv's answer to {name: version}, as text; raise OSError if it has none."""
    lines = "".join(f"{name}=={version}\n" for name, version in wanted.items())
    command = [*RESOLVE, "--python-version", oldest(), *options, "-"]
    done = subprocess.run(
        command, input=lines, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise OSError(done.stderr)
    return done.stdout


def digest(path):
    """Return a file's sha256, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def cpu_torch(pylock, wheels):
    """Return the entries of a lock for torch: Linux's builds for the CPU, which lie in a
    folder, and those for macOS and Windows, where the usual one is for the CPU.

    pylock : what uv answers as pylock.toml. wheels : paths, "torch-VERSION+cpu-*.whl"."""
    (torch,) = tomllib.loads(pylock)["packages"]
    elsewhere = [
        wheel["hashes"]["sha256"]
        for wheel in torch["wheels"]
        if re.search(r"-(macosx|win)_\w+\.whl$", wheel["url"])
    ]
    builds = {
        f"torch=={CPU_TORCH}+cpu ; sys_platform == 'linux'": map(digest, wheels),
        f"torch=={CPU_TORCH} ; sys_platform != 'linux'": elsewhere,
    }
    return [
        " \\\n    --hash=sha256:".join([pin, *sorted(hashes)])
        for pin, hashes in builds.items()
    ]


def merged(body, entries):
    """Return a lock's text with more entries, each in its place in the alphabet."""
    entries = [*re.split(r"\n(?=\S)", body.strip()), *entries]
    return "\n".join(sorted(entries, key=lambda entry: entry.split("==")[0])) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--cpu-wheels", type=Path, required=True, metavar="FOLDER")
    wheels = sorted(
        parser.parse_args().cpu_wheels.glob(f"torch-{CPU_TORCH}+cpu-*linux*.whl")
    )
    if not wheels:
        sys.exit(f"No torch-{CPU_TORCH}+cpu wheel for Linux lies in that folder.")
    try:
        cuda = resolve(pins(), *BARE)
        same = {n: v for n, v in pins().items() if n not in BUILT_TWICE}
        body = resolve(same, *BARE)
        form = ("--format", "pylock.toml", "--no-deps")
        torch = cpu_torch(resolve({"torch": CPU_TORCH}, *form), wheels)
    except FileNotFoundError:
        sys.exit("uv is not installed here: python -m pip install uv")
    except OSError as error:
        sys.exit(str(error))
    known = "".join(f"#     {wheel.name}\n" for wheel in wheels)
    linux = "# torch for Linux, from PyTorch's index for the CPU:\n" + known
    CUDA.write_text(HEAD + cuda, encoding="utf-8")
    CPU.write_text(HEAD + linux + merged(body, torch), encoding="utf-8")
    for path in (CUDA, CPU):
        print(f"{len(locked(path.read_text()))} packages in {path.name}")


if __name__ == "__main__":
    main()
