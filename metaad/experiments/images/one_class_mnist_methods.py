"""What the experiment on one-class MNIST does with ten digits: each is learned alone, or
all ten at once; the test images are scored.

A method is a function (digits, queries, seed, **settings) -> scores (10, n), larger =
more anomalous. digits is a list of ten arrays (n_i, d), the training images of each
digit; queries an array (n, d)."""

import numpy as np
import torch
from sklearn.base import clone
from sklearn.metrics.pairwise import rbf_kernel
from sklearn.svm import OneClassSVM

from metaad.detectors import (
    HOG,
    DenoisingAutoencoder,
    Deskew,
    anomaly_score,
    fit_many,
)
from metaad.detectors.batched_autoencoders import forward, stacked
from metaad.train import flushed

BLOCK = 500  # images of each network scored at a time


def unchanged(X):
    """Return images as they are."""
    return X


def deskewed(X):
    """Return flattened images (n, 784), upright: the same shape and type."""
    return Deskew().fit_transform(X)


def edges(X):
    """Return the HOG features of images X (n, 784): array (n, 324)."""
    return HOG().fit_transform(X)


def upright_edges(X):
    """Return the HOG features of the upright images X (n, 784): array (n, 324)."""
    return edges(deskewed(X))


# what a method sees: functions from images (n, 784) to rows (n, d)
VIEWS = {
    "raw": unchanged,
    "deskewed": deskewed,
    "HOG of raw": edges,
    "HOG": upright_edges,
}


def each(digits, queries, seed, detector):
    """Fit a detector to each digit in its turn."""
    own = {"random_state": seed} if "random_state" in detector.get_params() else {}
    fitted = (clone(detector).set_params(**own).fit(X) for X in digits)
    return [anomaly_score(one, queries) for one in fitted]


def support_vectors(digits, queries, seed, nu):
    """Fit scikit-learn's OneClassSVM with an RBF kernel and gamma="scale" to each digit;
    matrix products make the kernel, which is several times as fast as its own loops.
    """
    scores = []
    for X in digits:
        X, Q = X.astype(np.float64), queries.astype(np.float64)
        gamma = 1.0 / (X.shape[1] * X.var())
        machine = OneClassSVM(kernel="precomputed", nu=nu).fit(rbf_kernel(X, X, gamma))
        scores.append(anomaly_score(machine, rbf_kernel(Q, X, gamma)))
    return scores


def autoencoders(digits, queries, seed, **parameters):
    """Train ten autoencoders as one net."""
    how = {"random_state": seed, "device": "cpu", "thresholds": False}
    return [anomaly_score(a, queries) for a in fit_many(digits, **how, **parameters)]


def denoised(digits, queries, seed, **parameters):
    """Train ten denoising autoencoders as one net, and score in float32 as they were
    trained.
    """
    how = {"random_state": seed, "device": "cpu", "thresholds": False}
    fitted = fit_many(digits, DenoisingAutoencoder, **how, **parameters)
    layers = stacked([one.module_ for one in fitted])
    # (n_noisy, 10, 1, d): the patterns of noise of each network
    noise = torch.tensor(np.stack([one.noise_ for one in fitted], axis=1)[:, :, None])
    # (10, 1, d): the scale that each network has learned
    mean, scale = (
        torch.tensor(np.stack([getattr(one, n) for one in fitted])).float()[:, None]
        for n in ("mean_", "scale_")
    )
    found = []
    with torch.no_grad(), flushed():
        for raw in torch.as_tensor(queries).float().split(BLOCK):
            block = (raw - mean) / scale  # (10, b, d)
            errors = [
                (forward(layers, block + n) - block).square().mean(dim=2)
                for n in noise.float()
            ]
            found.append(torch.stack(errors).mean(dim=0))
    return torch.cat(found, dim=1).double().numpy()
