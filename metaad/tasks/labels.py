"""Which rows of a labelled table are shown with their label."""

import numpy as np


def draw_labels(y, anomalies, normal, rng):
    """Draw the rows that count as labelled, at random.

    Parameters
    ----------
    y : array (n,), 1 for an anomaly and 0 for a normal row, at least one of each.
    anomalies, normal : int, how many of each are wanted. At most half of a kind is
        given, so that the rest can judge, but at least one.
    rng : numpy.random.Generator.

    Returns
    -------
    int array (k,), row numbers: anomalies first."""
    drawn = []
    for label, wanted in ((1, anomalies), (0, normal)):
        rows = rng.permutation(np.flatnonzero(y == label))
        drawn.append(rows[: min(wanted, max(1, len(rows) // 2))])
    return np.concatenate(drawn)
