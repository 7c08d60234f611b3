"""What every setting gets on every table: kNN and LOF of many k from one neighbour
search, k-means, the One-Class SVM and the Isolation Forest by fitting each setting.

For each table the ranks of all scores are kept, so that averages of settings can be
judged later without fitting anything again."""

import warnings
from time import process_time
from typing import NamedTuple

import numpy as np
from scipy.spatial.distance import cdist
from sklearn.neighbors import LocalOutlierFactor
from sklearn.svm import OneClassSVM

from metaad import metrics
from metaad.detectors import (
    IsolationForest,
    KMeansDetector,
    KNNDetector,
    anomaly_score,
)
from metaad.detectors.knn import COMBINE
from metaad.detectors.neighbours import (
    local_outlier_factor,
    smallest,
    without_twin,
)
from metaad.repro import cache
from metaad.search.space import configured
from metaad.search.tuning.grids import Candidate
from metaad.search.tuning.meta_features import meta_features
from metaad.tasks.parts import read_and_judged
from metaad.tasks.scaling import standardised

METRICS = {"euclidean": "euclidean", "manhattan": "cityblock", "chebyshev": "chebyshev"}
SEED = 0


def settings():
    """Return all settings, the default of each detector first: list of Candidate."""
    return [
        Candidate(kind, detector, config)
        for kind, (detector, configs) in GRID.items()
        for config in configs
    ]


def _product(first, a, second, b):
    """Every pair of values, as dicts; the second changes slowest."""
    return [{first: u, second: v} for v in b for u in a]


KNN_K, LOF_K = (5, 1, 2, 3, 10, 20, 40, 80, 160), (20, 3, 5, 10, 40, 80, 160)
# one neighbour is its own mean and median
GRID = {
    "kNN": (
        KNNDetector(),
        [
            c
            for c in _product("n_neighbors", KNN_K, "method", COMBINE)
            if c["n_neighbors"] > 1 or c["method"] == "largest"
        ],
    ),
    "LOF": (
        LocalOutlierFactor(),
        _product("n_neighbors", LOF_K, "metric", METRICS),
    ),
    "k-means": (
        KMeansDetector(random_state=SEED),
        [{"n_clusters": k} for k in (8, 1, 2, 4, 16, 32)],
    ),
    "One-Class SVM": (
        OneClassSVM(),
        [{"nu": 0.5, "gamma": "scale"}]
        + [{"nu": nu, "gamma": g} for nu in (0.1, 0.01) for g in ("scale", 0.1, 1.0)],
    ),
    "Isolation Forest": (
        IsolationForest(random_state=SEED),
        [{"n_estimators": 100, "max_samples": m} for m in (256, 16, 64, 1024)],
    ),
}
BY_SEARCH = ("kNN", "LOF")


class Judged(NamedTuple):
    """What the settings of some detectors got on one table.

    auroc, ap : float64 (n_settings,). ranks : uint16 (n_settings, m), twice the ranks
    of the scores, 1 for the most normal row. y : uint8 (m,). features : float64 (11,),
    meta-features of the rows read. read : how many rows were read. seconds : of CPU."""

    auroc: np.ndarray
    ap: np.ndarray
    ranks: np.ndarray
    y: np.ndarray
    features: np.ndarray
    read: np.ndarray
    seconds: np.ndarray


def knn_scores(X, Q, configs):
    """Return what KNNDetector gives, of many settings by one search: (n_configs, m)."""
    most = min(max(c["n_neighbors"] for c in configs), len(X) - 1)
    distances = without_twin(smallest(cdist(Q, X), most + 1)[0])
    return np.array(
        [COMBINE[c["method"]](distances[:, : c["n_neighbors"]]) for c in configs]
    )


def lof_scores(X, Q, configs):
    """Return what LOF fitted to X gives for new rows Q, of many settings by one search
    for each distance: (n_configs, m).
    """
    most = min(max(c["n_neighbors"] for c in configs), len(X) - 1)
    found = {}
    for metric in dict.fromkeys(c["metric"] for c in configs):
        among = cdist(X, X, METRICS[metric])
        np.fill_diagonal(among, np.inf)  # a row is not its own neighbour
        own = smallest(among, most)
        asked = smallest(cdist(Q, X, METRICS[metric]), most)
        for k in dict.fromkeys(c["n_neighbors"] for c in configs):
            found[metric, k] = local_outlier_factor(own, asked, min(k, most))
    return np.array([found[c["metric"], c["n_neighbors"]] for c in configs])


def fitted_scores(detector, configs):
    """Return a function (X, Q) -> scores that fits each setting: (n_configs, m)."""

    def scores(X, Q, configs=configs):
        made = [configured(detector, c, len(X)).fit(X) for c in configs]
        return np.array([anomaly_score(d, Q) for d in made])

    return scores


def scores_of(kind, X, Q):
    """Return the scores of every setting of a detector for rows Q: (n_settings, m)."""
    detector, configs = GRID[kind]
    by_search = {"kNN": knn_scores, "LOF": lof_scores}
    return by_search.get(kind, fitted_scores(detector, configs))(X, Q, configs)


def judged(name, setting, kind, folder):
    """Return what a detector's settings get on one table, and keep it: Judged.

    name : of a table. setting : "clean" or "mixed", see `read_and_judged`. folder :
    path, where files are kept; one made from other code or settings is made again."""
    path = cache.path(folder, name, setting, kind)
    key = cache.key([judged], name=name, setting=setting, kind=kind, seed=SEED)
    found = cache.stored(path, key)
    if found is None:
        found = _judge(name, setting, kind)
        cache.keep(path, key, **found)
    return Judged(**found)


def _judge(name, setting, kind):
    began = process_time()
    X, Q, y, _ = read_and_judged(name, setting, seed=SEED)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        scores = scores_of(kind, *standardised(X, Q))
    ranks = metrics.ranks(scores)
    return {
        "auroc": metrics.auroc(y, ranks),
        "ap": metrics.average_precision(y, ranks),
        "ranks": np.round(2 * ranks).astype(np.uint16),
        "y": y.astype(np.uint8),
        "features": meta_features(X),
        "read": len(X),
        "seconds": process_time() - began,
    }
