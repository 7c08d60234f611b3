"""Gradient-boosted trees as plain arrays: saved in one file, walked by NumPy."""

import json
from dataclasses import dataclass

import numpy as np
from safetensors import safe_open
from safetensors.numpy import save

from metaad.meta.context.rows import NUMBERS
from metaad.repro.whole import whole

ARRAYS = ("feature", "threshold", "left", "right", "value")
FORMAT = "boosted trees 1"


@dataclass(frozen=True, eq=False)
class Trees:
    """Trees over numbers of a row; the score is the sum of their leaves' values [1].

    feature : int array (trees, nodes), the number that a node asks for; -1 in a leaf.
    threshold : float64 array (trees, nodes); a row goes left where its number is at or
        below it. left, right : int arrays (trees, nodes), the children.
    value : float64 array (trees, nodes), of the leaves; large means anomalous.

    [1] Friedman: Greedy function approximation: a gradient boosting machine, 2001."""

    feature: np.ndarray
    threshold: np.ndarray
    left: np.ndarray
    right: np.ndarray
    value: np.ndarray

    def __post_init__(self):
        shape = self.feature.shape
        if len(shape) != 2 or any(getattr(self, n).shape != shape for n in ARRAYS):
            raise ValueError("trees need five arrays of one shape (trees, nodes)")
        inner = self.feature >= 0
        places = np.arange(shape[1])
        for child in (self.left, self.right):
            if ((child <= places) | (child >= shape[1]))[inner].any():
                raise ValueError("a child must stand behind its parent, in its tree")
        if self.feature.max(initial=0) >= len(NUMBERS):
            raise ValueError(f"trees ask for numbers 0 to {len(NUMBERS) - 1} only")
        if not (np.isfinite(self.value).all() and np.isfinite(self.threshold).all()):
            raise ValueError("values and thresholds must be finite numbers")

    def __call__(self, numbers):
        """Score rows: float64 array (m, NUMBERS) -> (m,), large = anomalous."""
        score, rows = np.zeros(len(numbers)), np.arange(len(numbers))
        for tree in zip(*(getattr(self, name) for name in ARRAYS), strict=True):
            score += _leaf_values(tree, numbers, rows)
        return score


def _leaf_values(tree, numbers, rows):
    """The value of the leaf that each row ends in: one tree, all rows at a time."""
    feature, threshold, left, right, value = tree
    at = np.zeros(len(rows), np.int64)
    inner = feature[at] >= 0
    while inner.any():
        f = feature[at]
        goes = numbers[rows, np.maximum(f, 0)] <= threshold[at]
        at = np.where(inner, np.where(goes, left[at], right[at]), at)
        inner = feature[at] >= 0
    return value[at]


def from_scikit(model):
    """Return the Trees of a fitted HistGradientBoostingClassifier of two classes."""
    trees = [predictor.nodes for (predictor,) in model._predictors]
    size = max(len(nodes) for nodes in trees)
    arrays = {n: np.zeros((len(trees), size)) for n in ARRAYS}
    for i, nodes in enumerate(trees):
        leaf, n = nodes["is_leaf"].astype(bool), len(nodes)
        arrays["feature"][i, :n] = np.where(leaf, -1, nodes["feature_idx"])
        arrays["threshold"][i, :n] = np.where(leaf, 0.0, nodes["num_threshold"])
        arrays["left"][i, :n], arrays["right"][i, :n] = nodes["left"], nodes["right"]
        arrays["value"][i, :n] = np.where(leaf, nodes["value"], 0.0)
        arrays["feature"][i, n:] = -1
    whole = {n: arrays[n].astype(np.int64) for n in ("feature", "left", "right")}
    return Trees(**{**arrays, **whole})


def together(several):
    """Return the mean of several Trees as one."""
    size = max(trees.feature.shape[1] for trees in several)
    arrays = {}
    for name in ARRAYS:
        fill = -1 if name == "feature" else 0
        parts = [
            np.pad(a, ((0, 0), (0, size - a.shape[1])), constant_values=fill)
            for a in (getattr(trees, name) for trees in several)
        ]
        arrays[name] = np.concatenate(parts)
    arrays["value"] = arrays["value"] / len(several)
    return Trees(**arrays)


SMALL = {"feature": "int16", "left": "int16", "right": "int16"}


def write(path, scorers, about):
    """Write Trees by name, {"clean": Trees, ...}, and what is known about them (JSON) to
    a safetensors file, whole or not at all. Numbers are kept in 16 bits or float32.
    """
    arrays = {
        f"{kind}.{name}": getattr(trees, name).astype(SMALL.get(name, "float32"))
        for kind, trees in scorers.items()
        for name in ARRAYS
    }
    metadata = {"format": FORMAT, "numbers": json.dumps(NUMBERS)}
    metadata["about"] = json.dumps(about)
    with whole(path) as file:
        file.write(save(arrays, metadata))


def read(path):
    """Read what `write` wrote: dict kind -> Trees, and the dict about them.

    Raises
    ------
    ValueError
        in one sentence, if the file is damaged, of another kind, or asks for numbers
        that this version of the package does not compute.
    """
    try:
        with safe_open(path, framework="numpy") as file:
            metadata = file.metadata() or {}
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except Exception as error:
        raise ValueError(f"{path} can't be read as a model: {error}") from error
    if metadata.get("format") != FORMAT:
        raise ValueError(f"{path} holds no boosted trees of a context detector.")
    if tuple(json.loads(metadata["numbers"])) != NUMBERS:
        raise ValueError(
            f"{path} was trained on other numbers of a row than this version computes; "
            "use the version that wrote it, or train it again."
        )
    kinds = sorted({name.partition(".")[0] for name in arrays})
    try:
        scorers = {kind: Trees(**_arrays(arrays, kind)) for kind in kinds}
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{path} is damaged: {error}.") from error
    return scorers, json.loads(metadata["about"])


def _arrays(arrays, kind):
    return {
        name: arrays[f"{kind}.{name}"].astype(np.int64 if name in SMALL else np.float64)
        for name in ARRAYS
    }
