"""One detector of the bank, chosen by a few labels: by the labels alone, by other
tables, and by both (shrinkage), for the experiment many_table_labels.
"""

import numpy as np

from metaad import metrics
from metaad.experiments.tables.many_table_labels_describe import COUNTS
from metaad.meta.stack.row_features import BANK

MOST_AVERAGED = 5


def on_labels(table, k):
    """Return the AUROC of each detector of the bank on the labelled rows: array (13,).

    The column holds ½ + (AUROC - ½) a / (a + 1)."""
    a = table.a[k]
    return 0.5 + (table.favour[k] - 0.5) * (a + 1) / a


def in_truth(table):
    """Return the AUROC of each detector of the bank on the rows to judge by: array
    (13,).
    """
    bank = table.tails[0, :, 1 : 1 + len(BANK)].T
    return metrics.auroc(np.tile(table.y, (len(BANK), 1)), bank)


def _centred(values):
    return values - values.mean(axis=-1, keepdims=True)


class Choice:
    """What other tables say about the detectors of the bank.

    tables : list of Described.

    Attributes
    ----------
    elsewhere : array (13,), mean AUROC on these tables, minus the mean over detectors.
    between : float, τ², how much that differs from table to table, mean square.
    noise : array (4,), σ² for each number of labels: mean square of what the labels of
        these tables got wrong about the differences between detectors.
    weight : array (4,), τ² / (τ² + σ²)."""

    def __init__(self, tables):
        truth = _centred(np.array([in_truth(t) for t in tables]))
        self.elsewhere = truth.mean(axis=0)
        self.between = float(np.mean((truth - self.elsewhere) ** 2))
        wrong = {int(c): [] for c in COUNTS}
        for table, right in zip(tables, truth, strict=True):
            for k, count in enumerate(table.counts):
                wrong[int(count)].append(_centred(on_labels(table, k)) - right)
        self.noise = np.array([np.mean(np.square(w)) for w in wrong.values()])
        self.weight = self.between / (self.between + self.noise)

    def merits(self, table, k):
        """Return what is expected of each detector (13,): by the labels alone, by other
        tables alone, and by both.
        """
        at = COUNTS.index(int(table.counts[k]))
        labels, w = _centred(on_labels(table, k)), self.weight[at]
        both = w * labels + (1 - w) * self.elsewhere
        return {"labels": labels, "mean": self.elsewhere, "shrinkage": both}

    def scores(self, table, k):
        """Return the scores (m,) of the detector that is chosen, and of the five best
        averaged, by name.
        """
        bank = table.tails[k, :, 1 : 1 + len(BANK)]
        found = {}
        for way, merit in self.merits(table, k).items():
            order = np.argsort(-merit, kind="stable")
            found[f"one of 13, chosen by {way}"] = bank[:, order[0]]
            best = bank[:, order[:MOST_AVERAGED]]
            found[f"five of 13, chosen by {way}"] = best.mean(axis=1)
        return found
