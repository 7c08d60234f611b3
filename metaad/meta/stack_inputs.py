"""What the head of a stack sees of a row: the tails of thirty scores, and how many anomalies are labelled."""

import numpy as np

from metaad.meta.label_features import FEATURES
from metaad.meta.row_features import BANK

THREE = [FEATURES.index(name) for name in ("trees", "bank mean", "contrast mean")]
N_INPUTS = 1 + 2 * len(FEATURES)


def inputs(shares, n, a):
    """What the head sees of rows: array (m, 61).

    The first column is the unlearned average of three: mean over trees, bank mean and contrast mean of the tail

        t = -log(1 - share + 1 / 2n),

    the surprise at so few rows of the table lying above. Then the tails of all 30 scores, and these once more times
    log10(a) - ½, so that a weight may grow or fall with the number of labelled anomalies.

    shares : array (m, 30), see LabelFeatures. n : rows of the table. a : labelled anomalies.
    """
    tails = -np.log(1.0 - shares + 0.5 / n)
    average = tails[:, THREE].mean(axis=1, keepdims=True)
    return np.concatenate([average, tails, tails * (np.log10(a) - 0.5)], axis=1)


def average_weights():
    """Weights of the unlearned average of three: array (61,), 1 and zeros."""
    return np.eye(N_INPUTS)[0]


def draw_labels(y, a, n_normal, rng):
    """Rows to label: a anomalies (at most half of them), n_normal normal rows (at most half): int array (k,)."""
    anomalies, normal = rng.permutation(np.flatnonzero(y == 1)), rng.permutation(np.flatnonzero(y == 0))
    return np.concatenate([anomalies[: min(a, len(anomalies) // 2)], normal[: min(n_normal, len(normal) // 2)]])


def support_inputs(features, n, cross_fit):
    """Inputs of the labelled rows (k, 61). Where a label would judge its own row the input is 0: it moves no weight.

    cross_fit : judge each labelled row by scores made from the other folds' labels. Otherwise, or with a single
        anomaly, only the bank counts, which knows no labels.
    """
    a = int((features.y == 1).sum())
    fair = features.cross_fitted() if cross_fit else None
    found = inputs(features.shares[features.where] if fair is None else fair, n, a)
    if fair is None:
        blind = np.arange(len(FEATURES)) < len(BANK)
        found = found * np.concatenate([[False], blind, blind])
    return found
