"""The rows of the table of one-class MNIST. To add one, add a `Row` to ROWS."""

from collections.abc import Callable
from typing import NamedTuple

from sklearn.pipeline import make_pipeline

from metaad.detectors import (
    IsolationForest,
    KNNDetector,
    MahalanobisDetector,
    PatchFilters,
    PCADetector,
)
from metaad.experiments.images.one_class_mnist_methods import (
    autoencoders,
    denoised,
    each,
    support_vectors,
)


class Row(NamedTuple):
    """One method.

    view : of `one_class_mnist_methods.VIEWS`.
    method : function (digits, queries, seed, **settings) -> scores (10, n). Its module
        and what that imports count as its code: a part made by other code is made anew.
    settings : its keywords.
    random : whether the seed matters.
    about : str, the settings in words."""

    view: str
    method: Callable
    settings: dict
    random: bool
    about: str


RIDGE = 1.0
DENOISING = {"hidden": (512, 512), "noise": 0.7, "n_noisy": 8, "epochs": 20}
DENOISED = Row(
    "raw", denoised, DENOISING, True, "784-512-512-784, σ .7, 8 noisy copies, 20 epochs"
)
NEIGHBOURS = Row("raw", each, {"detector": KNNDetector(5)}, False, "5 neighbours")
GAUSSIAN = Row(
    "raw",
    each,
    {"detector": MahalanobisDetector(RIDGE)},
    False,
    f"Mahalanobis distance, ridge {RIDGE:g}",
)
ROWS = {
    "Isolation Forest": Row(
        "raw",
        each,
        {"detector": IsolationForest()},
        True,
        "100 trees of 256 images each",
    ),
    "One-Class SVM": Row(
        "raw", support_vectors, {"nu": 0.1}, False, "RBF kernel, ν .1"
    ),
    "PCA residual": Row(
        "raw",
        each,
        {"detector": PCADetector()},
        False,
        "components that explain .9 of the variance",
    ),
    "kNN": NEIGHBOURS,
    "Gaussian": GAUSSIAN,
    "autoencoder": Row(
        "raw", autoencoders, {"epochs": 30}, True, "784-128-64-32-10, 30 epochs"
    ),
    "denoising autoencoder": DENOISED,
    "kNN, deskewed": NEIGHBOURS._replace(view="deskewed"),
    "Gaussian, deskewed": GAUSSIAN._replace(view="deskewed"),
    "learned filters, deskewed": Row(
        "deskewed",
        each,
        {"detector": make_pipeline(PatchFilters(), MahalanobisDetector(RIDGE))},
        False,
        f"6 principal components of 5 x 5 patches, ridge {RIDGE:g}",
    ),
    "denoising autoencoder, deskewed": DENOISED._replace(view="deskewed"),
    "Gaussian, HOG of raw": GAUSSIAN._replace(view="HOG of raw"),
    "kNN, HOG": NEIGHBOURS._replace(view="HOG"),
    "Gaussian, HOG": GAUSSIAN._replace(view="HOG"),
}
