"""What `load` makes of a reader's own file."""

import re
from pathlib import Path

import numpy as np

from metaad.data.own.arrays import read_arrays
from metaad.data.own.file import ENDINGS, OTHER, not_read, read_frame
from metaad.data.own.labels import both_there, labelled
from metaad.data.own.opening import stem
from metaad.data.records import DataError, Table


def own_table(text, label, anomaly, **how):
    """Return the `Table` in the reader's own file, or None if `text` is no path of one.

    Raises
    ------
    DataError
        for an address instead of a file, for a kind of file that is not read, and as
        `read_frame` and `Preparation.fit` do.
    """
    # a Path turns https://x into https:/x; one letter is a drive
    if re.match(r"[A-Za-z][A-Za-z0-9+.-]+:/", text):
        raise DataError(
            f"{text!r} is an address, and load reads files; download it first, then load "
            f"the file."
        )
    path = Path(text).expanduser()
    if not text.lower().endswith(ENDINGS):
        ending = path.suffix.lower()
        if ending in OTHER or path.is_file() or len(path.parts) > 1:
            raise not_read(path)
        return None
    if path.suffix.lower() == ".npz" and (label is None or isinstance(label, str)):
        images = _images(path, label, anomaly, text)
        if images is not None:
            return images
    return _prepared(path, text, label, anomaly, how)


def _prepared(path, text, label, anomaly, how):
    """The rows as numbers."""
    from metaad.data.own.preparation import Preparation

    own = read_frame(path, label=label, anomaly=anomaly, **how)
    if own.y is not None:
        both_there(path.name, label, own.y)
    try:
        preparation = Preparation().fit(own.frame)
        X = preparation.transform(own.frame)
    except DataError as error:
        raise DataError(f"{path.name}: {error}") from None
    notes = (*own.notes, *preparation.notes_)
    return Table(
        X=X,
        y=own.y,
        name=stem(path),
        source=text,
        licence="the owner's",
        anomalies=own.anomalies,
        task="anomalies",
        columns=preparation.columns_,
        notes=notes,
        preparation=preparation,
    )


def _images(path, label, anomaly, text):
    """The `Table` of an .npz of images (n, height, width); None for one of rows."""
    X, labels, _ = read_arrays(path, label)
    if X.ndim < 3 or 0 in X.shape:
        return None
    bad = ~np.isfinite(X).reshape(len(X), -1).all(axis=1)
    if bad.any():
        raise DataError(
            f"{path.name} holds NaN or infinity in {bad.sum():,} of {len(X):,} images, "
            f"first in image {bad.argmax()} (counted from 0). Fill or drop them first."
        )
    y, words, notes = None, "not known", []
    if label is not None:
        import pandas as pd

        y, words = labelled(path.name, label, pd.Series(labels), anomaly, notes)
        both_there(path.name, label, y)
    about = (stem(path), text, "the owner's", words, "anomalies")
    return Table(X, y, *about, notes=tuple(notes))
