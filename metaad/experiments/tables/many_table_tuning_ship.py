"""What many_table_tuning found, in the form that `metaad.tune` reads."""

import numpy as np

from metaad import metrics, repro
from metaad.search.tuning.tuned import TUNED

# what is shipped: the strategy chosen on "validate"; the average of the whole grid
# where that average, which learns nothing, is as good on tables that chose nothing; and
# nothing for the One-Class SVM, whose settings harm seven tables of 115
GRID = "whole grid, averaged"
SHIPPED = {
    ("LocalOutlierFactor", "LOF", "clean"): GRID,
    ("LocalOutlierFactor", "LOF", "mixed"): "five best by mean, averaged",
    ("KNNDetector", "kNN", "clean"): "best by mean",
    ("KNNDetector", "kNN", "mixed"): "best by mean",
    ("KMeansDetector", "k-means", "clean"): GRID,
    ("IsolationForest", "Isolation Forest", "clean"): "best by mean",
}


def gains(found, part, strategy, metric="auroc"):
    """Return what a strategy gains over the default on each table of a part."""
    got = found["look"][part][metric]
    return np.array(got[strategy]) - np.array(got["default"])


def shipped(record):
    """Return the content of tuned.json. record : what many_table_tuning recorded."""
    content = {}
    for (name, kind, rows), strategy in SHIPPED.items():
        found, configs = record[rows][kind], record["settings"][kind]
        entry = content.setdefault(name, {"default": configs[0]})
        entry[rows] = _about(found, strategy, configs)
    return content


def _about(found, strategy, configs):
    """Settings, mean gains and harm of one choice."""
    harm = found["harm"][strategy]
    mean, other = (
        metrics.bootstrap(gains(found, p, strategy)) for p in ("test", "adbench")
    )
    lost, n = harm["test"]["lose beyond chance"], harm["test"]["tables"]
    said = (
        f"{strategy}: AUROC {mean.value:+.3f} [{mean.low:.3f}, {mean.high:.3f}] on {n} "
        f"tables that taught nothing, {other.value:+.3f} on ADBench; {lost} of {n} lose "
        "more than .05 beyond chance."
    )
    return {"settings": [configs[i] for i in harm["settings"]], "said": said}


def ship():
    """Write metaad/search/tuning/tuned.json from the record."""
    repro.write_json(TUNED, shipped(repro.recorded("many_table_tuning")))
