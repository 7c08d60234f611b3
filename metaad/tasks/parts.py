"""Many tables: which teach, which choose, which judge; and which rows of each are read."""

import json
import zlib
from functools import cache
from importlib import resources

import numpy as np

from metaad import data

PARTS = ("learn", "validate", "test")
SETTINGS = ("clean", "mixed")


def oddbench_part(part):
    """Return the names of one part of 417 OddBench tables, by alphabet.

    The parts were drawn once, by a hash of the names, and are kept in a file: whoever
    learns over tables shares them, so that no table judges what it has taught.

    Parameters
    ----------
    part : "learn", 237 tables; "validate", 60 tables: every choice (a setting, a
        feature, when to stop) is made by them; "test", 120 tables that nothing was
        chosen by: looked at once, at the end, and every look is counted in the record.
        What is learned for the last time may take "learn" and "validate" together.

    Returns
    -------
    list of str such as "oddbench:austincrime", whether or not the files lie here.

    Raises
    ------
    ValueError
        if there is no such part.
    """
    if part not in PARTS:
        raise ValueError(f"part must be one of {', '.join(PARTS)}; got {part!r}.")
    return [f"oddbench:{name}" for name in _parts()[part]]


@cache
def _parts():
    file = resources.files("metaad.tasks") / "oddbench_parts.json"
    return json.loads(file.read_text(encoding="utf-8"))


def read_and_judged(table, setting="clean", most_read=1000, most_judged=2000, seed=0):
    """Divide a table into rows to read (or fit) and rows to judge by.

    Parameters
    ----------
    table : a `data.Table` of anomalies, or its name.
    setting : "clean", only normal rows are read: the table's own training rows where it
        has a split, else half of its normal rows. "mixed", rows of both kinds: all
        training rows and half of the others, anomalies among them thinned to a tenth.
    most_read, most_judged : int, rows at most; judged anomalies keep their share.
    seed : int; the table's name is mixed in, so that tables draw different rows.

    Returns
    -------
    X : array (n, d), rows to read, as they are: nothing is scaled.
    Q : array (m, d), rows to judge by, none of them read.
    y : int64 array (m,), 1 for an anomaly.
    y_read : int64 array (n,), the truth about X; all 0 in the clean setting.

    Raises
    ------
    ValueError
        if there is no such setting.
    """
    if setting not in SETTINGS:
        raise ValueError(f"setting must be one of {', '.join(SETTINGS)}; got {setting}")
    table = data.load(table) if isinstance(table, str) else table
    rng = np.random.default_rng([seed, zlib.crc32(table.name.lower().encode())])
    order, y = rng.permutation(len(table.X)), table.y
    training = table.train if table.train is not None else np.zeros(len(y), bool)
    normal, open_rows = order[y[order] == 0], order[~training[order]]
    if setting == "mixed":
        half = len(open_rows) // 2
        pool = np.r_[order[training[order]], open_rows[:half]]
        read, judged = _thinned(rng.permutation(pool), y), open_rows[half:]
    elif training.any():
        read, judged = order[training[order]], open_rows
    else:
        read = normal[: len(normal) // 2]
        judged = np.r_[normal[len(normal) // 2 :], order[y[order] == 1]]
    read, judged = read[:most_read], rng.permutation(judged)[:most_judged]
    return table.X[read], table.X[judged], y[judged], y[read]


def _thinned(rows, y, share=0.1):
    """Leave out anomalies, the last ones, until they are at most a share of the rows."""
    anomalies = np.flatnonzero(y[rows] == 1)
    n_normal = len(rows) - len(anomalies)
    keep = int(n_normal * share / (1 - share))
    return np.delete(rows, anomalies[keep:])
