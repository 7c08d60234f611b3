"""What every detector of few labels asks of its labels, and how it deals with a table
of many rows.
"""

import numpy as np

from metaad.meta.one_table import unlabelled
from metaad.progress import progress as show_progress

PART = 2000  # rows that are scored at once


def label_values(y, n, who):
    """Return the labels y (n,) as int64: 1 anomaly, 0 normal, -1 no label; one kind, or
    none, will do.

    Raises ValueError for another shape or another value. who : begins the sentence."""
    y = np.asarray(y)
    numbers = y.dtype.kind in "iufb"
    if not numbers or y.shape != (n,) or not np.isin(y, (-1, 0, 1)).all():
        values = ", ".join(dict.fromkeys(map(repr, y.ravel().tolist()[:200])))
        raise ValueError(
            f"{who} needs one label a row, ({n},): 1 anomaly, 0 normal, -1 no "
            f"label; got {y.dtype} of shape {y.shape} with values {values:.60}. Words "
            "and gaps must be turned into these three numbers first."
        )
    return y.astype(np.int64)


def checked_labels(y, n, who="a stack"):
    """Return `label_values` where both kinds have a label.

    Raises ValueError also where one of the two kinds has none."""
    y = label_values(y, n, who)
    for label, name in ((1, "anomaly"), (0, "normal row")):
        if not (y == label).any():
            raise ValueError(
                f"{who} adapts to labels and got no labelled {name} (y = {label}); "
                f"label at least one, or use a "
                "detector that needs no labels, such as IsolationForest."
            )
    return y


def labels_or_none(y, n, who):
    """Return `checked_labels`, or -1 everywhere where nobody has labelled a row: y is
    None, or -1 everywhere.
    """
    if y is None or (unlabelled(y) and np.shape(y) == (n,)):
        return np.full(n, -1)
    return checked_labels(y, n, who)


def thinned(X, y, max_rows, seed):
    """Return at most max_rows rows of a table (n, d) and their labels (n,), in their
    order: all labelled ones and a random rest. Neighbours of all rows would need n²
    distances.
    """
    if len(X) <= max_rows:
        return X, y
    rest = np.random.default_rng(seed).permutation(np.flatnonzero(y == -1))
    n_rest = max(0, max_rows - int((y != -1).sum()))
    kept = np.sort(np.concatenate([np.flatnonzero(y != -1), rest[:n_rest]]))
    return X[kept], y[kept]


def in_parts(score, X, bar):
    """Return score(X) for rows X (m, d), 2,000 at a time: array (m,). bar : show how
    far it is, where there is more than one part.
    """
    parts = np.array_split(X, -(-len(X) // PART))
    if bar and len(parts) > 1:
        parts = show_progress(parts, total=len(parts), label=f"{PART:,} rows each")
    return np.concatenate([score(part) for part in parts])
