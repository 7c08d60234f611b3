"""The front of the data room: one dataset by its name, or the reader's own file by
its path.
"""

import difflib
import os
import warnings
from pathlib import Path

from metaad.data.loaders import (
    FAMILIES,
    LOADERS,
    adbench,
    adbench_files,
    oddbench,
    oddbench_files,
)
from metaad.data.own.file import Y
from metaad.data.own.opening import READS
from metaad.data.own.table import own_table
from metaad.data.records import DataError


def load(name, *, label=Y, anomaly=None, **how):
    """Load one dataset by its name, or the reader's own file by its path.

    Parameters
    ----------
    name : str or Path.
        Bundled: mnist-5k, digits, breast-cancer, wine; simulated:supply-chain and
        simulated:road-traffic, see `metaad.data.simulated`.
        Downloaded once and checked: mnist, fashion-mnist, adbench:<table>,
        oddbench:<table>, uoms, wnut17. Capital or small letters make no difference.
        Your own: a path that ends in .csv, .tsv (also .gz, .bz2, .xz, .zip), .parquet
        or .npz. Its columns become numbers as `Preparation` says, which is in the
        record; what was dropped, encoded, filled, or read in another way than the
        ending says is in the record's `notes`, and a warning says it.
    label : str, default "y". Your own file only: the column (.csv, .tsv, .parquet) or
        array (.npz) of labels, 0 normal and 1 anomaly; an empty cell is -1, not known.
        None: there is no such column, and the record's y is None.
    anomaly : optional. Your own file only: where the labels are other values, the one
        that marks an anomaly, or a list of them. The others are normal.
    how : as_words, most, sep, decimal, encoding, as in `read_frame`.

    Returns
    -------
    Table; a Study for "uoms"; a Text for "wnut17"

    Raises
    ------
    DataError
        for an unknown name, a download that fails, a file that is damaged or holds no
        table.
    """
    text = os.fspath(name) if isinstance(name, os.PathLike) else name
    if not isinstance(text, str):
        raise DataError(
            f"load needs the name of a dataset or the path of a file, got {type(name).__name__}."
        )
    known = text.lower()
    bundled = known in names()
    own = None if bundled else own_table(text, label, anomaly, **how)
    if own is not None:
        for note in own.notes:
            warnings.warn(f"{Path(text).name}: {note}.", stacklevel=2)
        return own
    if not (label is None or label is Y) or anomaly is not None or how:
        raise DataError(
            f"label and anomaly are for your own files; {text!r} has its labels already."
        )
    if known in LOADERS:
        return LOADERS[known]()
    if known in adbench_files():
        return adbench(known)
    if known in oddbench_files():
        return oddbench(known)
    short = {_short(n): n for n in reversed(names())}
    near = [short[n] for n in difflib.get_close_matches(_short(known), short, 3, 0.6)]
    raise DataError(
        f"there is no dataset {text!r}; "
        + (
            f"did you mean {' or '.join(near)}?"
            if near
            else f"there are {', '.join(LOADERS)}, adbench:<table> and oddbench:<table>."
        )
        + f" data.names() lists all; a file of your own must end in {READS}."
    )


def names():
    """Return every name that `load` knows, bundled ones first."""
    return [*LOADERS, *adbench_files(), *oddbench_files()]


def _short(name):
    """A table's name without its collection."""
    return name.removeprefix("adbench:").removeprefix("oddbench:")


def family(name):
    """Return the family of a dataset: what must be held out with it. A dataset without
    relatives is its own family.
    """
    if name.lower() in oddbench_files():
        return name.lower()
    short = name.lower().removeprefix("adbench:")
    if short not in {n.removeprefix("adbench:") for n in names()}:
        raise DataError(
            f"there is no dataset {name!r}, so its family is unknown; data.names() lists all."
        )
    return next((f for f, members in FAMILIES.items() if short in members), short)
