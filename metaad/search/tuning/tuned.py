"""One line for whoever has rows and no label: the settings that did better on other
tables, as this package has recorded them."""

import json
from functools import cache
from pathlib import Path

from sklearn.base import clone

from metaad.meta.one_table import LOG, as_set
from metaad.search.space import configured
from metaad.search.tuning.averaged import AveragedDetector

TUNED = Path(__file__).with_name("tuned.json")
ROWS = ("clean", "mixed")


@cache
def tuned():
    """Return what is known of settings over many tables: {type of detector: {"clean" or
    "mixed": {"settings", "auroc", "auroc on ADBench", "lose beyond chance", ...}}}, as
    metaad.experiments.tables.many_table_tuning measured it.
    """
    return json.loads(TUNED.read_text(encoding="utf-8"))


def tune(detector, X, rows="mixed"):
    """Fit a detector with what did better than its default on 120 tables that taught
    and chose nothing; no label is asked.

        lof = metaad.tune(LocalOutlierFactor(), X, rows="clean")
        metaad.anomaly_score(lof, new_rows)

    For LOF that is an average of many settings, for kNN another number of neighbours.
    Where many tables know nothing better, and where you have changed a setting yourself,
    the detector comes back as it is set. The mean gain, and how many tables lost by it,
    are in `tuned()` and in the log: better on the mean of tables is not better on
    yours. `optimize`, which promises to harm no table, does not use this.

    Parameters
    ----------
    detector : an outlier detector, ours or scikit-learn's; it is not changed.
    X : array (n, d), rows to fit, on a common scale.
    rows : "clean", if all rows of X are known to be normal; "mixed", if some may be
        anomalies. It matters: few neighbours suit clean rows, many suit mixed ones.

    Returns
    -------
    A fitted detector. Its `score_samples` are large for normal rows, as everywhere.

    Raises
    ------
    ValueError
        if `rows` is neither of the two, and as the detector's `fit` does.
    """
    if rows not in ROWS:
        raise ValueError(f'rows must be "clean" or "mixed", got {rows!r}.')
    found = tuned().get(type(detector).__name__, {})
    known = found.get(rows)
    if not known or _changed(detector, found["default"]):
        LOG.info("%s is fitted as it is set.", type(detector).__name__)
        return as_set(detector, X)
    settings = known["settings"]
    LOG.info("%s: %s", type(detector).__name__, known["said"])
    if len(settings) == 1:
        return configured(detector, settings[0], len(X)).fit(X)
    options = detector.get_params()
    share, seed = (options.get(n) for n in ("contamination", "random_state"))
    share = 0.1 if share == "auto" else share
    return AveragedDetector(clone(detector), settings, share, seed).fit(X)


def _changed(detector, default):
    """Whether the owner has set what may be chosen."""
    own = detector.get_params()
    if own.get("metric") == "minkowski" and own.get("p") == 2:
        own["metric"] = "euclidean"
    if own.get("max_samples") == "auto":  # a forest's: 256, or all rows if fewer
        own["max_samples"] = 256
    return any(own[n] != v for n, v in default.items())
