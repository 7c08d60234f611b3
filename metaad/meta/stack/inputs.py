"""What the head of a stack sees of a row: the tails of 32 scores, and how many
anomalies are labelled.
"""

import numpy as np

from metaad.meta.stack.label_features import FEATURES, TAUGHT, THREE, tails
from metaad.meta.stack.row_features import BANK
from metaad.tasks.labels import draw_labels as draw_labels

FIVE = [*THREE, *range(len(FEATURES) - len(TAUGHT), len(FEATURES))]
N_INPUTS = 1 + 2 * len(FEATURES)


def inputs(shares, n, a):
    """Return what the head sees of rows: array (m, 65).

    The first column is an unlearned average of five: the mean of the tails of a random
    forest on the labels, of trees on labels and scores, of the mean contrast, and of
    the two students that these three taught. Then the tails of all 32 scores, and these
    once more times log10(a) - ½: a weight may depend on the number of labelled
    anomalies.

    shares : array (m, 32), see LabelFeatures. n : rows of the table. a : labelled
    anomalies."""
    t = tails(shares, n)
    average = t[:, FIVE].mean(axis=1, keepdims=True)
    return np.concatenate([average, t, t * (np.log10(a) - 0.5)], axis=1)


def average_weights():
    """Return the weights of the unlearned average of five: array (65,), 1 and zeros."""
    return np.eye(N_INPUTS)[0]


def support_inputs(features, n, cross_fit):
    """Return the inputs of the labelled rows (k, 65). Where a label would judge its own
    row the input is 0: it moves no weight.

    cross_fit : judge each labelled row by scores made from the other folds' labels.
        Otherwise, or with a single anomaly, only the bank counts, which knows no
        labels."""
    a = int((features.y == 1).sum())
    fair = features.cross_fitted() if cross_fit else None
    found = inputs(features.shares[features.where] if fair is None else fair, n, a)
    if fair is None:
        blind = np.arange(len(FEATURES)) < len(BANK)
        found = found * np.concatenate([[False], blind, blind])
    return found
