"""`metaad doctor`: what is installed here, where data lies, what to do."""

import os
import platform
from importlib.util import find_spec

import metaad
from metaad.data.download import checkout, data_dir
from metaad.lazy import EXTRAS
from metaad.repro.records import writable
from metaad.repro.run import cores

GIB = 1 << 30


def report():
    """Return what `metaad doctor` prints: list of str, one line each."""
    lines = [
        f"metaad {metaad.__version__}, Python {platform.python_version()}, {_machine()}",
        f"package   {checkout() or 'installed from a wheel: the package, no lessons'}",
        f"data      {_folder(data_dir())} ($METAAD_DATA names another)",
    ]
    for extra in dict.fromkeys(EXTRAS.values()):
        missing = _missing(extra)
        said = f"missing {', '.join(missing)}: pip install 'metaad[{extra}]'"
        lines.append(f"{extra:9} {said if missing else 'installed'}")
    return [*lines, *(f"to do     {each}" for each in problems()), _start()]


def problems():
    """Return what stops work here, one sentence each with its remedy: list of str."""
    folder = data_dir()
    if writable(folder):
        return []
    return [
        f"{folder} can't be written, so nothing can be downloaded: set METAAD_DATA to a "
        f"folder of your own"
    ]


def _start():
    if _missing("cli"):
        return "start     import metaad; metaad.load('breast-cancer')"
    lessons = "make lab, or: " if checkout() else ""
    return f"start     {lessons}metaad fit my.csv -o model, or: import metaad"


def _missing(extra):
    names = [name for name in EXTRAS if EXTRAS[name] == extra]
    return [name for name in names if find_spec(name) is None]


def _machine():
    """Cores that this process may use, and the memory of the machine."""
    n = cores()
    said = f"{n} core{'s' * (n > 1)}"
    names = getattr(os, "sysconf_names", {})
    if {"SC_PAGE_SIZE", "SC_PHYS_PAGES"} <= set(names):
        size = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
        said += f", {size / GIB:.1f} GiB of memory"
    return said


def _folder(path):
    there = "there" if path.is_dir() else "not there yet; the first download makes it"
    return f"{path} ({there}{'' if writable(path) else '; can not be written'})"
