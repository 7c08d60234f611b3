"""No labels: a detector left as its owner set it, and one line that says so."""

import logging

import numpy as np
from sklearn.base import clone

LOG = logging.getLogger("metaad")
NO_LABEL = "optimize got no label"
LABELS_ALONE = (
    "fit saw no labelled table and taught nothing: the best of the settings tried on "
    "the labels was taken, and the detector as it is set wins ties."
)


def unlabelled(y):
    """Return whether nobody has labelled a row: y is None, or -1 everywhere."""
    if y is None:
        return True
    y = np.asarray(y)
    return y.dtype.kind in "if" and y.size > 0 and bool((y == -1).all())


def as_set(detector, X):
    """Return a copy of a detector, with its own parameters, fitted to X (n, d).

    scikit-learn's LOF scores new rows only with novelty=True, which is set."""
    detector = clone(detector)
    if "novelty" in detector.get_params():
        detector.set_params(novelty=True)
    return detector.fit(X)


def named(detector, X):
    """Return a fitted detector that knows the columns' names of a DataFrame X, so that
    it takes DataFrames without a warning.
    """
    names = getattr(X, "columns", ())
    if len(names) and all(isinstance(n, str) for n in names):
        detector.feature_names_in_ = np.asarray(names, dtype=object)
    return detector


def say(reason):
    """Log what was returned in place of a learned choice, and return that sentence.

    It goes to the logger "metaad" as a warning, which Python shows unless told not to.
    """
    LOG.warning(reason)
    return reason
