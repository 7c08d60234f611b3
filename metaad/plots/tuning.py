"""Figures about choosing hyperparameters: why a setting fails, which settings suit
which tables, what labels buy.
"""

import numpy as np
from matplotlib import pyplot as plt

from metaad.metrics import best_first, ranks
from metaad.plots.base import COLOURS

MARKS = ("o", "s", "^", "D", "v", "P", "X")
NAMES = ("normal", "anomaly", "third", "fourth", "fifth", "sixth", "black")


def masking(X, y, scores, curve, clump):
    """A clump of anomalies seen with few and with many neighbours, and the AUROC in
    between.

    Parameters
    ----------
    X : array (n, 2). y : (n,), 1 for an anomaly.
    scores : {title: array (n,)} of two settings, larger = more anomalous. The size of a
        dot is the rank of its score.
    curve : {name: (settings, AUROC)} for the panel on the right.
    clump : number of anomalies in the clump, a dotted line.

    Returns
    -------
    matplotlib Figure. Normal rows are blue dots, anomalies vermilion crosses.
    """
    figure, axes = plt.subplots(1, 1 + len(scores), figsize=(10.0, 3.4))
    for ax, (title, s) in zip(axes, scores.items(), strict=False):
        size = 3 + 80 * ((ranks(s) - 1) / (len(s) - 1)) ** 4
        for label, mark, colour in ((0, "o", "normal"), (1, "x", "anomaly")):
            at = y == label
            ax.scatter(
                X[at, 0],
                X[at, 1],
                s=size[at],
                marker=mark,
                color=COLOURS[colour],
                alpha=0.8,
                lw=1.0,
            )
        ax.set(title=title, xticks=[], yticks=[])
    for (name, (settings, values)), mark, colour in zip(
        curve.items(), MARKS, NAMES, strict=False
    ):
        axes[-1].plot(
            settings, values, mark + "-", color=COLOURS[colour], ms=5, label=name
        )
    axes[-1].axvline(clump, color=COLOURS["grey"], ls=":", lw=1.2)
    axes[-1].annotate(
        " anomalies in the clump",
        (clump, 0.02),
        xycoords=("data", "axes fraction"),
        fontsize=9,
    )
    axes[-1].set(xscale="log", xlabel="neighbours k", ylabel="AUROC")
    axes[-1].legend()
    return figure


def matrix(values, kinds, names, lowest=0.3):
    """A performance matrix as an image: a row a table, a column a configuration, a
    bright line between detectors.

    values : array (n_tables, n_configs). kinds : detector of each column. names : of
    the tables. Rows and the columns of one detector are sorted by their means."""
    values, kinds = np.asarray(values), np.asarray(kinds)
    rows = best_first(values.mean(axis=1))
    groups = list(dict.fromkeys(kinds))
    columns = [np.flatnonzero(kinds == g) for g in groups]
    columns = [c[best_first(-values[:, c].mean(axis=0))] for c in columns]
    figure, ax = plt.subplots(figsize=(9.0, 0.17 * len(rows) + 1.2))
    shown = ax.imshow(
        values[rows][:, np.concatenate(columns)],
        cmap="cividis",
        vmin=lowest,
        vmax=1,
        aspect="auto",
    )
    edges = np.cumsum([0, *map(len, columns)])
    for e in edges[1:-1]:
        ax.axvline(e - 0.5, color="white", lw=2)
    ax.set(
        yticks=range(len(rows)),
        xticks=(edges[:-1] + edges[1:] - 1) / 2,
        xticklabels=groups,
    )
    ax.set_yticklabels([names[r] for r in rows], fontsize=7)
    ax.tick_params(length=0)
    figure.colorbar(shown, ax=ax, label="AUROC", shrink=0.8)
    return figure


def by_labels(curves, baseline, ylabel="AUROC"):
    """Curves over the number of labelled anomalies.

    curves : {name: (counts, values)}, or {name: (counts, values, low, high)} with
    intervals. baseline : (name, level) of a dotted line."""
    figure, ax = plt.subplots(figsize=(8.0, 4.0))
    for (name, (counts, values, *interval)), mark, colour in zip(
        curves.items(), MARKS, NAMES, strict=False
    ):
        ax.plot(counts, values, mark + "-", color=COLOURS[colour], ms=6, label=name)
        if interval:
            ax.fill_between(counts, *interval, color=COLOURS[colour], alpha=0.12, lw=0)
    ax.axhline(baseline[1], color=COLOURS["grey"], ls=":", lw=1.4, label=baseline[0])
    ax.set(
        xscale="log",
        xlabel="labelled anomalies (beside 50 labelled normal rows)",
        ylabel=ylabel,
    )
    ax.set_xticks(counts, [str(c) for c in counts])
    ax.minorticks_off()
    ax.legend(fontsize=9, loc="center left", bbox_to_anchor=(1.0, 0.5))
    return figure


def agreement(panels):
    """Scatter of a stand-in against the truth, one panel a table.

    panels : {title: (stand-in (n,), truth (n,))}; both are AUROCs of the same
    configurations."""
    figure, axes = plt.subplots(
        1, len(panels), figsize=(2.6 * len(panels) + 0.6, 2.9), squeeze=False
    )
    for ax, (title, (guess, truth)) in zip(axes[0], panels.items(), strict=True):
        ax.plot(guess, truth, "o", color=COLOURS["normal"], ms=4, alpha=0.6)
        ax.set(title=title, xlabel="AUROC, made-up anomalies")
    axes[0][0].set_ylabel("AUROC, real anomalies")
    return figure
