"""What the settings of the rows of one-class MNIST were chosen on: training images alone.

The first 50,000 training images are learned from, the last 10,000 are judged. The labels
of those 10,000 say which are anomalies, so the choice has seen labels, of training
images; no test image takes part in it.
"""

import numpy as np
from scipy.linalg import eigh

from metaad import metrics
from metaad.detectors import HOG, PatchFilters

LEARN = 50_000  # training images in the order of the file
RIDGES = (0.1, 0.3, 1.0, 3.0, 10.0)
# features that are the same for every digit, of upright images
FIXED = {
    "pixels": None,
    "HOG, cells of 4, unsigned": HOG(4, signed=False),
    "HOG, cells of 4, signed": HOG(4),
    "HOG, cells of 7, unsigned": HOG(7, signed=False),
    "HOG, cells of 7, signed": HOG(7),
    "HOG, cells of 7, signed, 12 directions": HOG(7, 12),
}
# and those that each digit learns from its own images
LEARNED = {
    "6 filters of 5 x 5": PatchFilters(5, 6),
    "8 filters of 7 x 7": PatchFilters(7, 8),
}


def distances(X, queries, ridges=RIDGES):
    """Compute the squared Mahalanobis distance of queries (m, d) from the rows X (n, d)
    with each ridge: array (ridges, m). One eigendecomposition serves all ridges.
    """
    mean = X.mean(axis=0)
    values, vectors = eigh(((X - mean).T @ (X - mean) / len(X)).astype(np.float64))
    along = ((queries - mean) @ vectors) ** 2  # (m, d)
    values = np.maximum(values, 0)
    return np.stack([along @ (1 / (values + r * values.mean())) for r in ridges])


def choice(X, y):
    """Return the mean AUROC of ten digits by features and ridge: {name: {ridge: float}}.

    X : upright training images (60000, 784). y : their digits (60000,)."""
    learn, judge = np.arange(len(y)) < LEARN, np.arange(len(y)) >= LEARN
    found = {}
    for name, features in {**FIXED, **LEARNED}.items():
        fixed = name in FIXED
        F = features.fit_transform(X) if fixed and features else X
        auroc = []
        for digit in range(10):
            rows, queries = F[learn & (y == digit)], F[judge]
            if not fixed:
                features.fit(rows)
                rows, queries = features.transform(rows), features.transform(queries)
            scores = distances(rows, queries)
            auroc.append([metrics.auroc(y[judge] != digit, s) for s in scores])
        means = np.mean(auroc, axis=0).tolist()
        found[name] = {f"{r:g}": m for r, m in zip(RIDGES, means, strict=True)}
        print(name, {r: round(m, 4) for r, m in found[name].items()}, flush=True)
    return found
