"""What `load` returns: a table, a study of detectors, tagged text."""

from dataclasses import dataclass

import numpy as np


class DataError(ValueError):
    """Data that is missing, damaged or not what was asked for. The message says
    which, and what to do.
    """


@dataclass(frozen=True, eq=False)
class Table:
    """Rows and what is known about them."""

    # float64: (n, d) for a table, (n, height, width) in [0, 1] for images
    X: np.ndarray
    # int64 (n,): the class, or 1 for an anomaly, 0 for a normal row and -1 where it is
    # not known; None if nothing is known
    y: np.ndarray | None
    name: str
    source: str
    licence: str
    anomalies: str  # what counts as an anomaly
    # "anomalies" (y is 0 or 1) or "classes" (y is a class; the task chooses which is
    # normal)
    task: str
    # bool (n,), where the source has its own split: True for a training row
    train: np.ndarray | None = None
    # (d,) str: the names of X's columns, where they have names
    columns: tuple | None = None
    # str: what was dropped, skipped or read in a way that the file does not name
    notes: tuple = ()
    # what made X of the reader's own rows: its transform makes the same of new ones
    preparation: "Preparation | None" = None  # noqa: F821

    def __repr__(self):
        if self.y is None:
            count = "no labels"
        elif self.task == "anomalies":
            unknown = int((self.y == -1).sum())
            found = int((self.y == 1).sum())
            count = f"{found} anomal{'y' if found == 1 else 'ies'}"
            count += f", {unknown} not known" if unknown else ""
        else:
            count = f"{len(np.unique(self.y))} classes"
        notes = "".join(f"; {note}" for note in self.notes)
        return f"Table({self.name!r}: X {self.X.shape}, {count}{notes})"


@dataclass(frozen=True, eq=False)
class Study:
    """How well detector configurations did on labelled tables [1]: one row per table,
    one column per configuration.

    Each frame has the columns Data, #Samples, "# Dimensions" and "Outlier Perc", then
    297 configurations, named by a method and its hyperparameters. 18 tables come from
    the DAMI collection (arff), 21 from ODDS (mat).

    [1] Ma, Zhao, Zhang and Akoglu, A Large-scale Study on Unsupervised Outlier Model
    Selection, 2021."""

    ap_arff: "pandas.DataFrame"  # noqa: F821  average precision, (18, 301)
    ap_mat: "pandas.DataFrame"  # noqa: F821  average precision, (21, 301)
    roc_arff: "pandas.DataFrame"  # noqa: F821  AUROC, (18, 301)
    roc_mat: "pandas.DataFrame"  # noqa: F821  AUROC, (21, 301)
    name: str
    source: str
    licence: str

    def __repr__(self):
        tables, configurations = (
            len(self.ap_arff) + len(self.ap_mat),
            self.ap_mat.shape[1] - 4,
        )
        return f"Study({self.name!r}: {tables} tables, {configurations} configurations)"


@dataclass(frozen=True, eq=False)
class Text:
    """Sentences of tagged tokens. Each split is a list of sentences; a sentence is a
    list of (token, tag).
    """

    train: list
    dev: list
    test: list
    name: str
    source: str
    licence: str

    def __repr__(self):
        counts = f"{len(self.train)}, {len(self.dev)}, {len(self.test)}"
        return f"Text({self.name!r}: {counts} sentences)"
