"""Command lines of experiments, and the records that remember them."""

import argparse
import shlex
from pathlib import Path

from metaad import repro

DOOR = "python -m metaad.experiments"


def parser_of(name, doc):
    """Return an ArgumentParser for `python -m metaad.experiments NAME`.

    name : str, the experiment. doc : its docstring, shown by --help."""
    return argparse.ArgumentParser(
        prog=f"{DOOR} {name}",
        description=doc,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )


def command(name, *words):
    """Return the command line of an experiment as text, quoted for a shell.

    words : str, int or Path. Of an absolute path the last part alone is kept, so that a
    record says nothing about the machine that made it."""
    return f"{DOOR} {shlex.join([name, *map(_word, words)])}"


def options(**values):
    """Return options as words: options(seeds=[0, 1]) -> ["--seeds", "0", "1"].

    A value of None is left out."""
    words = []
    for name, value in values.items():
        if value is None:
            continue
        several = isinstance(value, (list, tuple))
        words += [f"--{name.replace('_', '-')}", *(value if several else [value])]
    return words


def about(name, *, seconds=None, seed=0, device="cpu"):
    """Return what a record says of its run: versions, CPU, threads, device, seed,
    seconds.
    """
    found = repro.Run(name, "full", seed, device, {}).fingerprint()
    kept = ("versions", "cpu", "threads", "device")
    return {n: found[n] for n in kept} | {
        "seed": seed,
        "seconds": None if seconds is None else round(seconds, 1),
    }


def write(record, content, commands, path=None, **run):
    """Write data/results/<record>.json, or `path`, and return where it lies.

    record : str. content : dict, as JSON holds it. commands : list of str, the steps
        that make the record from nothing, in their order; see `command`.
    run : keywords of `about`: seconds, seed, device."""
    path = path or repro.results_dir() / f"{record}.json"
    kept = {n: v for n, v in content.items() if n not in ("command", "run")}
    run = about(record, **run) | content.get("run", {})
    repro.write_json(path, {"command": list(commands), **kept, "run": run})
    return path


def _word(value):
    path = Path(value) if isinstance(value, (str, Path)) else None
    return path.name if path is not None and path.is_absolute() else str(value)
