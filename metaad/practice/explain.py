"""Which columns make a row odd: one number per row and column of the reader's table.

A column's part is what the score loses when the column's value is replaced by what is
usual there, the rest of the row being as it is. How it is replaced decides what is
found; see `explain`.

References
----------
[1] Štrumbelj and Kononenko, Explaining prediction models and individual predictions with
    feature contributions, Knowledge and Information Systems 41, 2014 (values replaced by
    draws).
[2] Aas, Jullum and Løland, Explaining individual predictions when features are
    dependent, Artificial Intelligence 298, 2021 (draws that fit the rest of the row).
[3] Micenková, Ng, Dang and Assent, Explaining outliers by subspace separability, ICDM
    2013 (the columns in which one row stands apart)."""

import numpy as np
from sklearn.utils import _safe_indexing

from metaad.detectors import IsolationForest, MahalanobisDetector, anomaly_score
from metaad.practice.closed_forms import conditional_distances, path_gains
from metaad.practice.replaced import Replaced
from metaad.practice.values import Values

METHODS = ("auto", "both", "neighbours", "draws", "values", "path", "closed")
MOST = 500  # background rows in use


def explain(
    detector,
    X,
    rows=None,
    *,
    background=None,
    columns=None,
    source=None,
    method="auto",
    random_state=0,
    values=None,
):
    """Return how much each column makes each row odd: float64 array (n, number of the
    reader's columns), large = this column makes the row odd, near 0 = it does not,
    negative = without it the row would be odder.

    Parameters
    ----------
    detector : fitted outlier detector, ours or scikit-learn's, or a Conformal.
    X : array or DataFrame (m, d), rows as the detector takes them.
    rows : int array (n,), which rows of X; None for all.
    background : array (b, d), usual rows, such as those that the detector was fitted
        on, as many as 500 of which are drawn; None for X itself.
    columns : names of the reader's columns, in the order of the answer; None for their
        order in `source`. A column that is not in `source` gets 0.
    source : for each of the d numbers the column of the reader's table that it was made
        of, such as `Preparation.source_`: numbers of one column (those of a date, of a
        category) are replaced together. None: each number is a column.
    method : what is asked. Of any detector,
        "neighbours": what the score loses when the value is replaced by those of the
        five background rows nearest in all *other* columns, so that what is usual
        depends on the rest of the row [2]; a row in which only the combination is odd is
        found, if the detector sees it.
        "draws": the same with rows drawn at random, which ignores the rest [1].
        "values": -log p of the value among the background, alone or given the other
        columns, whatever the detector says; see `metaad.practice.values`.
        "both": "neighbours", each column weighted by "values": the columns without which
        the score falls *and* whose value is unusual.
        "path", for an Isolation Forest: which columns' cuts made its path short; exact,
        and thirty times as fast.
        "closed", for the Mahalanobis distance: what it loses when the value fits the
        rest of the row as well as can be, in closed form.
        "auto" is "both". Of planted anomalies that the detector had noticed it named
        the right column 95 to 99 times of 100 with kNN, LOF and the Mahalanobis
        distance; an Isolation Forest notices few odd combinations and gaps, and is
        explained less well there (78 to 97): see data/results/planted_anomalies.json.
    random_state : int, of the rows drawn from the background.
    values : `Values` of that background and those columns, where they are at hand, such
        as `Facts.values`; None makes them.

    Returns
    -------
    array (n, C), in standard deviations of the background's scores; of "values" in
    nats.

    Raises
    ------
    ValueError
        for a method that the detector has not, or names that do not fit X.

    Notes
    -----
    "neighbours" scores 5 n C rows, "draws" 10 n C, in blocks."""
    detector = getattr(detector, "detector_", detector)
    if method not in METHODS:
        raise ValueError(f"method must be one of {', '.join(METHODS)}; got {method!r}.")
    asked = X if rows is None else _safe_indexing(X, np.atleast_1d(rows))
    usual = usual_rows(X if background is None else background, random_state)
    A, B = (np.asarray(part, dtype=np.float64) for part in (asked, usual))
    if A.ndim != 2 or B.ndim != 2 or A.shape[1] != B.shape[1]:
        raise ValueError(
            f"X and background must be tables of the same columns, got shapes {A.shape} "
            f"and {B.shape}."
        )
    groups = groups_of(A.shape[1], source, columns)

    def score(numbers):
        return anomaly_score(detector, _like(asked, numbers))

    if values is None and method in ("auto", "both", "values"):
        values = Values(B, groups)
    if method == "values":
        return values(A)
    if method == "path":
        _must_be(detector, IsolationForest, method)
        found, unit = (
            path_gains(detector, A),
            detector.path_lengths(_like(asked, B)).mean(axis=0),
        )
        found = np.stack([found[:, g].sum(axis=1) for g in groups], axis=1)
    elif method == "closed":
        _must_be(detector, MahalanobisDetector, method)
        found, unit = conditional_distances(detector, A, groups), score(B)
    else:
        how = "draws" if method == "draws" else "neighbours"
        found, unit = Replaced(B, groups, how, random_state)(score, A), score(B)
    if method in ("auto", "both"):
        found = _weighted(found, values(A))
    spread = unit.std()
    return found / spread if spread > 0 else found


def _weighted(losses, unusual):
    """The largest loss of each row, shared out: to each column the square root of its
    share of that loss, times its share of the largest -log p.
    """
    most = np.maximum(losses.max(axis=1, keepdims=True), 0)
    weight = unusual / np.maximum(unusual.max(axis=1, keepdims=True), 1e-12)
    share = np.maximum(losses, 0) / np.where(most > 0, most, 1)
    share[share < 1e-9] = 0  # rounding, whose root would be something
    return most * np.sqrt(share) * weight


def groups_of(d, source=None, columns=None):
    """Return which of d numbers belong to each column: list of int arrays, in the order
    of `columns`, or of `source` where that is None.
    """
    source = list(range(d)) if source is None else list(source)
    if len(source) != d:
        raise ValueError(
            f"source must name the column of each of the {d} numbers, got {len(source)}."
        )
    names = list(dict.fromkeys(source)) if columns is None else list(columns)
    strange = set(source) - set(names)
    if strange:
        raise ValueError(
            f"columns must hold every name in source; {sorted(map(str, strange))[0]!r} "
            f"is missing."
        )
    return [np.flatnonzero([s == name for s in source]) for name in names]


def usual_rows(X, random_state=0):
    """Return the rows of X that explanations compare with: 500 of more, drawn."""
    n = len(X)
    if n <= MOST:
        return X
    rng = np.random.default_rng(random_state)
    return _safe_indexing(X, np.sort(rng.choice(n, MOST, replace=False)))


def _like(rows, numbers):
    """Numbers (m, d) under the names of `rows`, where it has names."""
    if not hasattr(rows, "columns"):
        return numbers
    return type(rows)(numbers, columns=rows.columns)


def _must_be(detector, cls, method):
    if not isinstance(detector, cls):
        raise ValueError(
            f"method {method!r} is for {cls.__name__}, and this is a "
            f'{type(detector).__name__}; take method="auto".'
        )
