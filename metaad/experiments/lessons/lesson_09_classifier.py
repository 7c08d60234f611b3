"""The control of lesson 09: a network that learns to name classes, no episodes, and what
can be done with its features and ten images.
"""

import numpy as np
import torch
from torch.nn.functional import cross_entropy

from metaad.meta.base import MetaLearner

HEADS = ("mean", "PCA residual", "Mahalanobis")


class Classifier(MetaLearner):
    """Learn to name the classes of a batch: the same images, the same outer loop, no
    support and no query.

    The tasks number their classes in `normal`, from 0. The estimator ends in a linear
    layer, as wide as there are classes; its features are what enters that layer.
    """

    layers = "last"  # features end where the last layer begins

    def loss(self, task):
        """Compute the cross-entropy of the class of every image: a scalar tensor."""
        c, k = task.support.shape[:2]
        query = task.query.view(c, -1, task.query.shape[-1])
        images = torch.cat([task.support, query], dim=1)  # (c, k + q, d)
        logits = self.module_["net"](images.flatten(0, 1))
        names = torch.as_tensor(task.normal, device=logits.device)
        return cross_entropy(logits, names.repeat_interleave(images.shape[1]))


class FeatureHead:
    """Score queries by the features of a few normal rows: nothing is learned in episodes.

    head : one of HEADS.

    - mean: squared distance to the support's mean, of features of length one;
    - PCA residual: squared distance to the plane through all of the support, likewise;
    - Mahalanobis: formula (1) of the lesson with numbers that are counted, not learned:
      the mean of (z - μ)² / v over coordinates, v the support's variance drawn towards
      the one within the classes of the training, as if `rows` more images had been seen.
    """

    def __init__(self, head, rows=10.0):
        self.head, self.rows = head, rows

    def fit(self, rows, classes):
        """Learn the variance within classes from features (n, m) and class numbers
        (n,); the other heads learn nothing.
        """
        around = unit(rows) - class_means(unit(rows), classes)
        n, c = len(rows), len(np.unique(classes))
        variance = (around**2).sum(axis=0) / (n - c)
        # what never moved in the training may move now
        self.variance_ = variance + 0.1 * variance.mean()
        return self

    def scores(self, task):
        """Return scores (n_tasks, q), large for anomalies; 0 is no threshold."""
        support, query = (
            unit(z.detach().cpu().numpy().astype(np.float64))
            for z in (task.support, task.query)
        )
        center = support.mean(axis=1, keepdims=True)
        around, away = support - center, query - center
        if self.head == "Mahalanobis":
            squares = (around**2).sum(axis=1, keepdims=True)
            drawn = self.rows * self.variance_ + squares
            away = away / np.sqrt(drawn / (self.rows + support.shape[1] - 1))
        squared = (away**2).sum(axis=-1)
        if self.head != "PCA residual":
            return squared
        # rows of an orthonormal basis (n_tasks, k - 1, m) of the support's plane
        basis = np.linalg.svd(around, full_matrices=False)[2][:, :-1]
        inside = np.einsum("tqm,tkm->tqk", away, basis)
        return squared - (inside**2).sum(axis=-1)


def unit(z):
    """Scale features (..., m) to length one; zeros stay."""
    return z / np.maximum(np.linalg.norm(z, axis=-1, keepdims=True), 1e-12)


def class_means(rows, classes):
    """Return the mean of each row's class: rows (n, m), classes (n,) -> (n, m)."""
    names, at = np.unique(classes, return_inverse=True)
    sums = np.zeros((len(names), rows.shape[1]))
    np.add.at(sums, at, rows)
    return (sums / np.bincount(at)[:, None])[at]
