"""`python -m metaad`: what is installed here, where data lies, how to start."""

import platform
from importlib.util import find_spec

import metaad
from metaad.data.download import checkout, data_dir
from metaad.lazy import EXTRAS


def report():
    """Return the lines that `python -m metaad` prints: list of str."""
    folder = data_dir()
    state = "there" if folder.is_dir() else "not there yet; the first download makes it"
    lines = [
        f"metaad {metaad.__version__}, Python {platform.python_version()}",
        f"package   {checkout() or 'installed from a wheel'}",
        f"data      {folder} ({state}; $METAAD_DATA names another)",
    ]
    for extra in dict.fromkeys(EXTRAS.values()):
        names = [n for n in EXTRAS if EXTRAS[n] == extra]
        missing = [n for n in names if find_spec(n) is None]
        said = f"missing {', '.join(missing)}: pip install 'metaad[{extra}]'"
        lines.append(f"{extra:9} {said if missing else 'installed'}")
    start = "make lab" if checkout() else "help(metaad)"
    return [
        *lines,
        f"start     {start}, or: import metaad; metaad.load('breast-cancer')",
    ]


if __name__ == "__main__":
    print("\n".join(report()))
