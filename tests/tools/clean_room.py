"""Build a container file from nothing, then run commands in what it made.

python tests/tools/clean_room.py .devcontainer/Dockerfile "make lint unit" "make nbval"

In the place of the file's base image stands a system that debootstrap makes from Debian's
packages. The context is the last commit (or --context FOLDER): no file that is not in the
repository, no data of this machine. buildah carries out every step of the file. Each
command runs in a container of its own, as the file's user, and its output goes to a file;
the table at the end says how each ended. Status 1 if one failed.

Needs Linux, root, and the packages buildah, crun and debootstrap.
"""

import argparse
import json
import os
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BASE = re.compile(r"^FROM debian:(\w+)-slim$", re.MULTILINE)


def suite(text):
    """Return the name of Debian's release that a container file begins with."""
    named = BASE.findall(text)
    if len(named) != 1 or len(re.findall(r"^FROM ", text, re.MULTILINE)) != 1:
        raise ValueError(
            "expected one line FROM debian:SUITE-slim, which can be made here from "
            f"Debian's packages; the file has {named or 'none'}."
        )
    return named[0]


class Builder:
    """Buildah with its images in a folder of our own, which can be removed."""

    def __init__(self, folder, lent):
        self.folder = folder
        self.start = ["buildah", f"--root={folder / 'images'}"]
        self.start += [f"--runroot={folder / 'run'}"]
        self.lent = [f"--volume={place}" for place in lent]

    def __call__(self, *words, **options):
        options = {"check": True, "text": True} | options
        env = os.environ | {"BUILDAH_ISOLATION": "chroot"}
        return subprocess.run([*self.start, *words], env=env, **options)

    def answer(self, *words):
        """Return what buildah prints."""
        return self(*words, stdout=subprocess.PIPE).stdout.strip()

    def base(self, name):
        """Make the image of a bare system, once, and return what it is called."""
        image = f"localhost/{name}"
        if self(
            "inspect", "--type=image", image, check=False, capture_output=True
        ).returncode:
            system, packed = self.folder / name, self.folder / f"{name}.tar"
            command = ["debootstrap", "--variant=minbase", name, str(system)]
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
            subprocess.run(
                ["tar", "-C", str(system), "-cf", str(packed), "."], check=True
            )
            bare = self.answer("from", "scratch")
            self("add", "--quiet", bare, str(packed), "/")
            self("commit", "--quiet", "--rm", bare, image)
            packed.unlink()
            shutil.rmtree(system)
        return image

    def build(self, base, file, context, arguments):
        """Carry out a container file, and return what the image is called."""
        given = [f"--build-arg={argument}" for argument in arguments]
        image = f"localhost/metaad-{file.stem.lower()}"
        self(
            *(
                "build",
                "--layers",
                f"--from={base}",
                f"--file={file}",
                f"--tag={image}",
            ),
            *(*given, *self.lent, str(context)),
        )
        return image

    def run(self, image, command, log):
        """Run a line of bash in a new container of an image, and return its exit status,
        seconds and CPU-seconds."""
        place = self.answer("from", image)
        settings = json.loads(self.answer("inspect", place))["OCIv1"]["config"]
        where = f"--workingdir={settings.get('WorkingDir', '/')}"
        words = ("run", *self.lent, where, place, "--", "bash", "-c", command)
        before, began = cpu_seconds(), time.perf_counter()
        try:
            with log.open("w", encoding="utf-8") as out:
                done = self(*words, check=False, stdout=out, stderr=subprocess.STDOUT)
        finally:
            took = time.perf_counter() - began, cpu_seconds() - before
            self("rm", place, stdout=subprocess.DEVNULL)
        return done.returncode, *took


def cpu_seconds():
    """Return the CPU-seconds of all processes that ended under this one."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def unpack_commit(folder):
    """Write the files of the last commit into a folder, and return it."""
    command = ["git", "-C", str(ROOT), "archive", "HEAD"]
    packed = subprocess.run(command, check=True, capture_output=True).stdout
    subprocess.run(["tar", "-x", "-C", str(folder)], check=True, input=packed)
    return folder


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("file", type=Path, help="the container file")
    parser.add_argument(
        "commands", nargs="*", help="lines of bash, run in the container"
    )
    parser.add_argument("--context", type=Path, help="its folder; else the last commit")
    parser.add_argument(
        "--folder", type=Path, default=Path(tempfile.gettempdir(), "clean_room")
    )
    parser.add_argument(
        "--build-arg", action="append", default=[], metavar="NAME=VALUE"
    )
    parser.add_argument(
        *("--lend", "-l"), action="append", default=[], metavar="PLACE:PLACE:ro",
        help="a file or folder of this machine that is shown in the container",
    )  # fmt: skip
    given = parser.parse_intermixed_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    builder = Builder(given.folder, given.lend)
    base = builder.base(suite(given.file.read_text(encoding="utf-8")))
    with tempfile.TemporaryDirectory(dir=given.folder) as folder:
        context = given.context or unpack_commit(folder)
        image = builder.build(base, given.file.resolve(), context, given.build_arg)
    print(f"{image} is built.", flush=True)
    ended = []
    for number, command in enumerate(given.commands, 1):
        log = given.folder / f"{given.file.stem}-{number}.log"
        code, wall, cpu = builder.run(image, command, log)
        ended.append(code)
        print(f"status {code}, {wall:.0f} s, {cpu:.0f} CPU-s: {command}  ({log})")
    sys.exit(int(any(ended)))


if __name__ == "__main__":
    main()
