"""Which configurations stand in the matrix: each detector's grid.

Options of a choice (distances, kernels' widths) are those of the detector's
`metaad.search.space`; only the levels of numbers are stated here."""

import itertools
from typing import NamedTuple

from sklearn.neighbors import LocalOutlierFactor
from sklearn.svm import OneClassSVM

from metaad.detectors import (
    AutoencoderDetector,
    IsolationForest,
    KMeansDetector,
    KNNDetector,
)
from metaad.search.space import Choice, space


class Candidate(NamedTuple):
    """One configuration of one detector. kind : the detector's name, as tables and
    figures show it.
    """

    kind: str
    detector: object
    config: dict

    @property
    def label(self):
        """Kind and configuration in one line, different for every candidate."""
        return " ".join([self.kind, *(f"{n}={v}" for n, v in self.config.items())])


def grid(detector, **levels):
    """Return a detector with every combination of levels, as GRIDS holds it.

    levels : values of each number, the default first. Choices take all options of the
    detector's space. The last dimension changes slowest."""
    declared = space(detector)
    for name, dimension in declared.dimensions.items():
        if isinstance(dimension, Choice):
            levels.setdefault(name, dimension.options)
    values = [levels[name] for name in reversed(list(declared))]
    rows = [row[::-1] for row in itertools.product(*values)]
    return listed(detector, *rows)


def listed(detector, *rows):
    """Return a detector with the configurations of some rows, values in the order of
    its space.
    """
    names = list(space(detector))
    return detector, [dict(zip(names, row, strict=True)) for row in rows]


# Every detector's grid. The first configuration is the default of its library (LOF's
# and the SVM's are scikit-learn's); the forests of 1,000 trees, more than the space
# offers, are the control "same detector, ten times the trees".
GRIDS = {
    "k-means": grid(KMeansDetector(), n_clusters=(8, 1, 2, 4, 16, 32)),
    "Isolation Forest": listed(
        IsolationForest(),
        (100, 256),
        *((100, rows) for rows in (8, 16, 32, 64, 128, 512, 1024)),
        (25, 256),
        (300, 256),
        (1000, 256),
        (1000, 64),
    ),
    "LOF": grid(LocalOutlierFactor(), n_neighbors=(20, 5, 10, 40, 80, 120, 160)),
    "kNN": grid(KNNDetector(), n_neighbors=(5, 2, 10, 20, 40, 80)),
    "One-Class SVM": grid(OneClassSVM(), nu=(0.5, 0.01, 0.05, 0.1, 0.2)),
    "autoencoder": listed(
        AutoencoderDetector(device="cpu"),
        ((128, 64, 32), 10, 20, 1e-3),
        ((64, 32), 2, 20, 1e-3),
        ((64, 32), 4, 20, 1e-3),
        ((32,), 2, 20, 1e-3),
        ((32,), 4, 5, 1e-3),
    ),
}


def candidates(grids=None):
    """Return all configurations of `grids`, by default GRIDS: list of Candidate, those
    of one detector side by side.
    """
    grids = GRIDS if grids is None else grids
    return [
        Candidate(kind, detector, config)
        for kind, (detector, configs) in grids.items()
        for config in configs
    ]
