"""Lesson 05 on a reader's own table (`-p data my.csv`): an autoencoder and PCA copy its
rows through a narrow code; which columns they can't rebuild, and what a threshold is
worth.
"""

from typing import NamedTuple

import numpy as np

from metaad import metrics, plots, repro
from metaad.detectors import (
    IsolationForest,
    KNNDetector,
    MahalanobisDetector,
    PCADetector,
    anomaly_score,
)
from metaad.experiments.lessons import own_rows
from metaad.experiments.lessons.own_rows import ALARMS
from metaad.plots import own_table as draw

LEAST = 100  # rows labelled normal, with which only these are learned from
ODDEST = 10  # rows that stand for the odd ones where no anomaly is labelled
NETS = ("autoencoder", "PCA")  # what copies rows
NAMED = 3  # columns named of one row


class Copies(NamedTuple):
    """A table copied: half of its usual rows are learned from, a quarter sets the second
    threshold, the rest is judged.

    columns : C of the reader's columns. rows : int array (m,), places in the table of
    the judged rows. y : (m,) their labels, -1 for none. errors : {"autoencoder", "PCA":
    array (m, C)}, what each column adds to the squared error of the judged rows, in
    variances. scores : {detector: (learned from, held out, judged)}, three arrays.
    """

    columns: list
    rows: np.ndarray
    y: np.ndarray
    errors: dict
    scores: dict

    @property
    def labelled(self):
        """Whether anomalies and normal rows are judged, ten of each at least."""
        return min((self.y == k).sum() for k in (0, 1)) >= 10

    @property
    def usual(self):
        """Which judged rows a false alarm is about: normal, or without a label."""
        return self.y == 0 if self.labelled else self.y != 1


def copied(table, code_size, seed):
    """Copy the rows of a Table, y 1, 0 or -1: a `Copies`.

    Rows labelled normal are learned from where there are `LEAST` of them, else all rows
    but known anomalies. code_size : int ≥ 1, at most half of the columns are taken."""
    from metaad.detectors import AutoencoderDetector

    rng = np.random.default_rng(seed)
    normal = table.y == 0 if (table.y == 0).sum() >= LEAST else table.y != 1
    usual = rng.permutation(np.flatnonzero(normal))
    learn, keep, rest = np.split(usual, [len(usual) // 2, len(usual) * 3 // 4])
    judged = np.sort(np.concatenate([rest, np.flatnonzero(table.y == 1)]))
    parts = own_rows.scaled(*(table.X[rows] for rows in (learn, keep, judged)))
    code = _code(table, code_size)
    net = {"hidden": (64, 32), "code_size": code, "epochs": 60, "dtype": "float64"}
    net |= {"scale": None, "device": "cpu", "random_state": seed}
    detectors = {
        "autoencoder": AutoencoderDetector(**net),
        "PCA": PCADetector(code),
        "Mahalanobis": MahalanobisDetector(),
        "kNN": KNNDetector(),
        "Isolation Forest": IsolationForest(random_state=seed),
    }
    for detector in detectors.values():
        detector.fit(parts[0])
    scores = {
        name: tuple(anomaly_score(d, X) for X in parts) for name, d in detectors.items()
    }
    rebuilt = {
        "autoencoder": detectors["autoencoder"].reconstruct(parts[2]),
        "PCA": _projected(detectors["PCA"], parts[2]),
    }
    source = own_rows.sources(table)
    errors = {
        name: own_rows.by_column((parts[2] - X) ** 2, source)[0]
        for name, X in rebuilt.items()
    }
    columns = list(dict.fromkeys(source))
    return Copies(columns, judged, table.y[judged], errors, scores)


def _projected(pca, X):
    """PCA's copy of rows (m, d)."""
    V = pca.components_  # (k, d)
    return (X - pca.mean_) @ V.T @ V + pca.mean_


def odd_rows(copies):
    """Return which judged rows stand for the odd ones, bool (m,), and what they are
    called: labelled anomalies, or those with the largest errors.
    """
    if copies.labelled:
        return copies.y == 1, "anomalies"
    largest = metrics.best_first(copies.scores["autoencoder"][2])[:ODDEST]
    odd = np.zeros(len(copies.y), dtype=bool)
    odd[largest] = True
    return odd, f"{ODDEST} largest errors"


def figure(copies):
    """Draw the error of each column, of usual and of odd rows: a matplotlib Figure."""
    odd, called = odd_rows(copies)
    usual = copies.usual & ~odd
    errors = {
        name: np.stack([e[usual].mean(axis=0), e[odd].mean(axis=0)])
        for name, e in copies.errors.items()
    }
    kind = "normal rows" if copies.labelled else "other rows"
    return draw.column_errors(copies.columns, errors, (kind, called))


def promises(copies):
    """Return what two thresholds that promise a share of `ALARMS` deliver on rows that
    had no part in them: {detector: (from rows learned from, from rows held out)}, each
    an Interval.
    """
    return {
        name: tuple(
            own_rows.share(
                judged[copies.usual] > _threshold(rows, ALARMS, learned is rows)
            )
            for rows in (learned, held)
        )
        for name, (learned, held, judged) in copies.scores.items()
    }


def _threshold(scores, share, learned):
    """The quantile of rows learned from; of rows held out the one of exercise 1."""
    if learned:
        return np.quantile(scores, 1 - share)
    r = int(np.ceil(round((len(scores) + 1) * (1 - share), 9)))
    return np.sort(scores)[min(r, len(scores)) - 1]


def table_of(copies):
    """Return a Markdown table: each detector's AUROC, where there are labels, and what
    its two thresholds deliver.
    """
    kept, lines = promises(copies), []
    judged = copies.y != -1
    for name, (_, _, scores) in copies.scores.items():
        line = [name]
        if copies.labelled:
            line.append(str(own_rows.auroc(copies.y[judged], scores[judged])))
        lines.append([*line, *map(str, kept[name])])
    head = ["rows not learned from", *(["AUROC"] if copies.labelled else [])]
    head += ["flagged, threshold from rows learned from", "from held-out rows"]
    return repro.number_table(head, lines)


def verdict(copies):
    """Return one line with its interval: is the network worth it on this table?"""
    net, pca = (copies.scores[n][2] for n in NETS)
    if not copies.labelled:
        both = [metrics.best_first(s)[:ODDEST] for s in (net, pca)]
        common = len(np.intersect1d(*both))
        learned, held = promises(copies)["autoencoder"]
        return (
            f"**Verdict:** without labels nobody can say which of the two is right; they "
            f"share {common} of their {ODDEST} oddest rows. The network's threshold from "
            f"the rows it has learned from flags **{learned}** of others, promised "
            f"{ALARMS:.2f}; the one from held-out rows {held}. {_kept(learned)}"
        )
    judged = copies.y != -1
    gap = own_rows.auroc(copies.y[judged], net[judged], pca[judged])
    says = "not decided by these rows: keep PCA, the simpler"
    if gap.low > 0:
        says = "the network is ahead on this table"
    elif gap.high < 0:
        says = "PCA is ahead on this table"
    return f"**Verdict:** AUROC, autoencoder minus PCA **{gap}**: {says}."


def _kept(learned):
    """What to do about the threshold from rows learned from."""
    if learned.low > ALARMS:
        return "Set it on rows held out."
    return "The first promise is not clearly broken here."


def worst(copies, places, count=3):
    """Return a Markdown table of the rows whose errors are largest, with the columns
    that make them so.

    places : int array (n,), the number in the file of each row of the table."""
    errors, lines = copies.errors["autoencoder"], []
    for i in metrics.best_first(copies.scores["autoencoder"][2])[:count]:
        top = metrics.best_first(errors[i])[:NAMED]
        said = ", ".join(
            f"{copies.columns[j]} {errors[i, j] / errors[i].sum():.0%}" for j in top
        )
        label = {1: "anomaly", 0: "normal", -1: "not known"}[int(copies.y[i])]
        lines.append([f"{places[copies.rows[i]]:,}", label, said])
    head = [
        "row of the file (from 0)",
        "label",
        "columns, share of the network's error",
    ]
    return repro.markdown_table(head, lines)


def show(table, code_size, run):
    """Show the section on a reader's Table: figure, thresholds, worst rows, verdict."""
    copies = copied(table, code_size, run.seed)
    normal = (table.y == 0).sum() >= LEAST
    learned = "labelled normal" if normal else "not known to be anomalies"
    n, code = len(copies.scores["PCA"][0]), _code(table, code_size)
    repro.say(
        f"## Your table: {table.name}\n\nThe network and PCA learn to copy {n:,} rows "
        f"that are {learned}, through a code of {code}. Columns are in deviations of "
        f"these rows, and what is more than {own_rows.FAR:g} away counts as "
        f"{own_rows.FAR:g}. Which columns can't they rebuild in odd rows?"
    )
    odd, called = odd_rows(copies)
    plots.show(
        figure(copies),
        alt=f"Squared error of each column of {table.name}, copied by the autoencoder and "
        f"by PCA: usual rows as dots, {called} ({odd.sum()} rows) as squares. The columns "
        f"in which they differ most stand at the top.",
    )
    places = np.arange(len(table.y)) if run.rows is None else run.rows
    repro.say(worst(copies, places))
    repro.say(
        f"Both thresholds promise to flag {ALARMS:.0%} of usual rows. These are "
        f"{copies.usual.sum():,} rows that set neither:\n\n{table_of(copies)}\n\n"
        f"{verdict(copies)}"
    )


def _code(table, code_size):
    """How many numbers a row goes through."""
    return min(code_size, max(1, table.X.shape[1] // 2))
