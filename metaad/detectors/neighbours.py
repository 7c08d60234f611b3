"""What neighbours that were searched once are good for: distances of any k, and LOF.

References
----------
[1] Breunig, Kriegel, Ng and Sander, LOF: identifying density-based local outliers,
    SIGMOD 2000.
"""

import numpy as np


def smallest(D, k):
    """Return the k smallest values of each row, ascending, and their places: array
    (m, n) -> two arrays (m, min(k, n)).
    """
    if k < D.shape[1]:
        at = np.argpartition(D, k - 1, axis=1)[:, :k]
        D = np.take_along_axis(D, at, axis=1)
    else:
        at = np.broadcast_to(np.arange(D.shape[1]), D.shape)
    order = np.argsort(D, axis=1, kind="stable")
    return np.take_along_axis(D, order, axis=1), np.take_along_axis(at, order, axis=1)


def without_twin(distances):
    """Leave out one row that lies exactly on the row that is scored, else the last:
    ascending distances (m, k + 1) -> (m, k).
    """
    twin = distances[:, :1] == 0.0
    return np.where(twin, distances[:, 1:], distances[:, :-1])


def density(distances, places, reach):
    """Return the local reachability density of rows, definition 6 of [1]: array (m,).

    distances, places : arrays (m, k), of the k nearest rows of a table. reach : array
    (n,), the distance of each of the table's rows to its own k-th neighbour."""
    mean = np.maximum(distances, reach[places]).mean(axis=1)
    return 1.0 / (mean + 1e-10)


def local_outlier_factor(own, asked, k):
    """Return LOF, definition 7 of [1], from neighbours that were searched once: array
    (m,), near 1 for a normal row, larger = more anomalous.

    own, asked : (distances, places), each two arrays (rows, ≥ k), ascending: of the
    table's rows, themselves left out, and of the rows that are scored."""
    reach = own[0][:, k - 1]
    of_table, of_asked = (density(d[:, :k], p[:, :k], reach) for d, p in (own, asked))
    return of_table[asked[1][:, :k]].mean(axis=1) / of_asked
