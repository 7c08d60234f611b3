"""Which detector for a table, and why, from what the records of lessons 10 to 12 hold.

The figures in the sentences are read from facts.json, which `python -m
metaad.experiments.practice.choice_facts` makes from the records.
"""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

FACTS = Path(__file__).with_name("facts.json")
NAMES = ("forest", "knn", "context", "few-labels")
ROWS = ("mixed", "clean")
# rows that a detector is fitted on at most: its time and memory grow with them
MOST = {"forest": 100_000, "knn": 5000, "context": 1000, "few-labels": 3000}
TREES = 100
ADVISED = 20  # labelled normal rows, see FewLabelEnsemble
MEASURED = 10  # labelled anomalies, at most, in the records


@dataclass(frozen=True)
class Choice:
    """A detector by its name here, why it was chosen, and the record that says so: the
    name of a file in data/results, "" where the reader chose.
    """

    name: str
    why: str
    record: str = ""


@cache
def facts():
    """Return what the records say, see metaad.experiments.practice.choice_facts: dict."""
    return json.loads(FACTS.read_text(encoding="utf-8"))


def choose(y=None, rows="mixed", detector="auto"):
    """Choose a detector for a table: Choice.

    Parameters
    ----------
    y : int array (n,), 1 for an anomaly, 0 for a normal row, -1 for not known; or None.
    rows : "mixed" if anomalies may be among the rows without a label, "clean" if they
        are normal, or nearly all.
    detector : "auto", or one of `NAMES`, which is then taken if the labels allow it.

    Raises
    ------
    ValueError
        for another word, and for "few-labels" without a label of each kind.
    """
    _one_of("rows", rows, ROWS)
    _one_of("detector", detector, ("auto", *NAMES))
    anomalies, normals = counts(y)
    if detector != "auto":
        return _asked(detector, anomalies, normals)
    if anomalies and normals:
        return _labelled(anomalies, normals)
    choice = _clean() if rows == "clean" else _mixed()
    if not anomalies:
        return choice
    more = (
        f" Labels of anomalies alone ({anomalies} here) are not used: label some normal "
        f"rows too, {ADVISED} or more."
    )
    return Choice(choice.name, choice.why + more, choice.record)


def counts(y):
    """Return how many rows are labelled anomalies and how many normal: two ints."""
    return (0, 0) if y is None else (int(np.sum(y == 1)), int(np.sum(y == 0)))


def made(name, rows="mixed", random_state=0):
    """Return the detector of a name, not fitted. It takes a table of numbers as a
    Preparation makes it.

    name, rows : as in `choose`. random_state : int."""
    _one_of("detector", name, NAMES)
    if name == "forest":
        from metaad.detectors import IsolationForest

        return IsolationForest(TREES, n_jobs=-1, random_state=random_state)
    if name == "few-labels":
        from metaad.meta import FewLabelEnsemble

        most = MOST[name]
        return FewLabelEnsemble(
            max_rows=most, progress=False, random_state=random_state
        )
    if name == "context":
        from metaad.meta import ContextDetector

        # read once: rows beyond all that a second reading keeps share their p-values, and
        # alerts are a matter of the last per cent
        return ContextDetector(context=rows, random_state=random_state, left_out=0.0)
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    from metaad.detectors import KNNDetector

    return make_pipeline(StandardScaler(), KNNDetector(random_state=random_state))


def _asked(name, anomalies, normals):
    if name == "few-labels" and not (anomalies and normals):
        raise ValueError(
            f"few-labels needs at least one labelled anomaly and one labelled normal row; "
            f"got {anomalies} and {normals}. Name the column of labels (label=), or take "
            f"another detector: auto chooses one."
        )
    return Choice(name, f"{name}, as you asked")


def _labelled(anomalies, normals):
    found = facts()["labels"]
    few, many = found["gain"]["1"], found["gain"][str(MEASURED)]
    why = (
        f"few-labels (FewLabelEnsemble), since labels are there ({_said(anomalies)}, "
        f"{normals} normal): with one labelled anomaly it gained {_gain(few)} AUROC over "
        f"its parts without labels on {found['tables']} tables, with {MEASURED} "
        f"{_gain(many)}."
    )
    if normals < ADVISED:
        why += f" Label {ADVISED} normal rows or more: it gets better."
    if anomalies > MEASURED:
        why += (
            f" It was measured with up to {MEASURED} labelled anomalies; with more of them "
            f"compare it with a classifier."
        )
    return Choice("few-labels", why, found["record"])


def _clean():
    found = facts()["clean"]
    new, other = found["oddbench"], found["adbench"]
    why = (
        f"context (ContextDetector), since the rows are normal: it gained "
        f"{_gain(new['gain'])} AUROC over the best single detector on {new['tables']} "
        f"tables of OddBench that taught it nothing, {_gain(other['gain'])} on "
        f"{other['tables']} of ADBench."
    )
    return Choice("context", why, found["record"])


def _mixed():
    found = facts()["mixed"]
    new, other = found["oddbench"], found["adbench"]
    why = (
        f"forest (IsolationForest), since no label is used and anomalies may be among the "
        f"rows: of {found['single']} single detectors it had the highest mean AUROC, "
        f"{new['forest']:.3f} on {new['tables']} tables of OddBench and "
        f"{other['forest']:.3f} on {other['tables']} of ADBench; the detector that reads a "
        f"context gained {_gain(new['gain'])} and {_gain(other['gain'])}, and is slower."
    )
    return Choice("forest", why, found["record"])


def _said(anomalies):
    return "one anomaly" if anomalies == 1 else f"{anomalies} anomalies"


def _gain(interval):
    value, low, high = interval
    return f"{value:+.3f} [{low:.3f}, {high:.3f}]"


def _one_of(name, value, known):
    if value not in known:
        raise ValueError(f"{name} must be {', '.join(known)}; got {value!r}.")
