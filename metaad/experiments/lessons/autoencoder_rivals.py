"""The rivals of lesson 05's autoencoder, each at six settings: PCA, k-means, nearest
neighbours, LOF.

What is tuned for one has to be tuned for all: the setting of a task is the one that is
best, on average, on the other tasks.
"""

import numpy as np
from sklearn.decomposition import PCA
from sklearn.neighbors import NearestNeighbors

from metaad import metrics, repro
from metaad.detectors import KMeansDetector, anomaly_score

SETTINGS = {
    "PCA": (5, 10, 20, 30, 40, 80),  # components
    "k-means": (1, 5, 10, 20, 40, 80),  # centres; with 1, distance to the mean image
    "nearest neighbours": (1, 2, 3, 5, 10, 20),  # the k of the k-th distance
    "LOF": (5, 10, 20, 30, 40, 80),  # neighbours
}


def pca_errors(rows, queries, sizes):
    """Return the reconstruction errors of queries (m, d) by PCA of rows (n, d), for
    each number of components in `sizes`: (len(sizes), m).
    """
    pca = PCA(svd_solver="covariance_eigh").fit(rows)
    # in the others no training row differs
    spread = pca.explained_variance_ > 1e-9 * pca.explained_variance_[0]
    centred = queries - pca.mean_
    along = centred @ pca.components_[spread][: max(sizes)].T
    inside = np.cumsum(along**2, axis=1)
    last = np.minimum(sizes, inside.shape[1]) - 1
    # Pythagoras: what lies outside the first components
    return ((centred**2).sum(axis=1)[:, None] - inside[:, last]).T / rows.shape[1]


def kmeans_distances(rows, queries, centres, seed=0):
    """Return the distances of queries (m, d) to the nearest of k centres of rows (n,
    d), for each k in `centres`: (len(centres), m).
    """
    return np.stack(
        [
            anomaly_score(
                KMeansDetector(k, n_init=1, random_state=seed).fit(rows), queries
            )
            for k in centres
        ]
    )


def neighbour_scores(rows, queries, ks, lof_ks):
    """Return the distance of queries (m, d) to the k-th nearest of rows (n, d), and
    their local outlier factors: arrays (len(ks), m) and (len(lof_ks), m), larger = more
    anomalous. All come from one table of neighbours.
    """
    most = min(max(*ks, *lof_ks), len(rows) - 1)
    index = NearestNeighbors(n_neighbors=most, algorithm="brute").fit(rows)
    among, around = index.kneighbors(), index.kneighbors(queries)
    distances = np.stack([around[0][:, min(k, most) - 1] for k in ks])
    factors = np.stack([_lof(among, around, min(k, most)) for k in lof_ks])
    return distances, factors


def _lof(among, around, k):
    """Local outlier factors (m,) of queries, from the neighbours of rows and queries."""
    reach = among[0][:, k - 1]  # (n,), distance of each row to its k-th neighbour

    def density(distances, neighbours):
        distances, neighbours = distances[:, :k], neighbours[:, :k]
        return 1 / (np.maximum(distances, reach[neighbours]).mean(axis=1) + 1e-10)

    of_rows, of_queries = density(*among), density(*around)
    return of_rows[around[1][:, :k]].mean(axis=1) / of_queries


def aurocs(rows, queries, y, seed=0):
    """Return the AUROC of every rival at its six settings: {name: list (6,)}.

    rows : array (n, d), normal. queries : array (m, d). y : (m,), 1 for an anomaly."""
    distances, factors = neighbour_scores(
        rows, queries, SETTINGS["nearest neighbours"], SETTINGS["LOF"]
    )
    scores = {
        "PCA": pca_errors(rows, queries, SETTINGS["PCA"]),
        "k-means": kmeans_distances(rows, queries, SETTINGS["k-means"], seed),
        "nearest neighbours": distances,
        "LOF": factors,
    }
    return {
        name: [float(metrics.auroc(y, s)) for s in found]
        for name, found in scores.items()
    }


def one_class(digits, each=None, seed=0, over=range(10)):
    """Return {rival: array (6, 10)}: AUROC at six settings, each digit in turn taken as
    normal.

    digits : autoencoder_mnist.Digits. each : int, most training rows of a digit. over :
        the digits, wrapped in a progress bar if you like."""
    columns = []
    for c in over:
        rows = digits.X_train[digits.y_train == c][:each]
        columns.append(aurocs(rows, digits.X_test, digits.y_test != c, seed))
    return {name: np.array([a[name] for a in columns]).T for name in SETTINGS}


def chosen_elsewhere(measured):
    """Return each task's value at the setting with the best mean over all other tasks.

    measured : array (settings, tasks), larger = better. Returns array (tasks,). Of
    settings that tie the first is taken."""
    measured = np.asarray(measured, dtype=float)
    others = measured.sum(axis=1, keepdims=True) - measured
    best = metrics.best_first(others.T)[:, 0]
    return measured[best, np.arange(measured.shape[1])]


def table(places, baseline="autoencoder"):
    """Return a Markdown table of methods at several places: mean AUROC with its
    interval, and the paired difference from the baseline, whose intervals hold together
    for all rivals of a place.

    places : {heading: {method: array (10,)}}, the same methods at each; ordered by the
        first place, best first."""
    first, *_ = places.values()
    ranked = sorted(first, key=lambda name: -np.mean(first[name]))
    ahead = {
        place: metrics.simultaneous(
            {
                n: np.subtract(v, found[baseline])
                for n, v in found.items()
                if n != baseline
            }
        )
        for place, found in places.items()
    }
    heads = [h for place in places for h in (place, f"minus {baseline}")]
    lines = [
        [
            name,
            *(
                text
                for place, found in places.items()
                for text in (metrics.bootstrap(found[name]), ahead[place].get(name, ""))
            ),
        ]
        for name in ranked
    ]
    return repro.markdown_table(["method", *heads], lines)
