"""Figures about choosing hyperparameters: why a setting fails, which settings suit
which tables, what labels buy.
"""

import numpy as np

from metaad.metrics import best_first, ranks
from metaad.plots import charts
from metaad.plots.charts import ANOMALY, GREY, NORMAL


def masking(X, y, scores, curve, clump):
    """Draw a clump of anomalies seen with few and with many neighbours, and the AUROC
    in between.

    Parameters
    ----------
    X : array (n, 2). y : (n,), 1 for an anomaly.
    scores : {title: array (n,)} of two settings, larger = more anomalous. The size of a
        dot is the rank of its score.
    curve : {name: (settings, AUROC)} for the panel below.
    clump : number of anomalies in the clump, a dotted line.

    Returns
    -------
    matplotlib Figure. Normal rows are blue dots, anomalies vermilion crosses.
    """
    figure, axes = charts.panels(len(scores) + 1, height=2.8, extra=0.5)
    *maps, last = axes
    for axis, (title, s) in zip(maps, scores.items(), strict=True):
        size = 3 + 80 * ((ranks(s) - 1) / (len(s) - 1)) ** 4
        for label, mark, colour, name in (
            (0, "o", NORMAL, "normal row"),
            (1, "x", ANOMALY, "anomaly"),
        ):
            at = np.asarray(y) == label
            how = {"marker": mark, "color": colour, "alpha": 0.8, "linewidth": 1.0}
            text = f"{name} (larger: higher score)"
            axis.scatter(*X[at].T, s=size[at], label=text, **how)
        axis.set(title=title, xticks=[], yticks=[])
    for k, (name, (settings, values)) in enumerate(curve.items()):
        charts.curve(last, settings, values, (2, 3, 4)[k], name)
    line = {"color": GREY, "linestyle": ":", "linewidth": 1.4}
    last.axvline(clump, label="as many neighbours as anomalies", **line)
    last.set(xscale="log", xlabel="neighbours k", ylabel="AUROC")
    charts.legend_below(figure)
    return figure


def matrix(values, kinds, names, lowest=0.3):
    """Draw a performance matrix as an image: a line for each table, a column for each
    configuration, a bright line between detectors.

    values : array (n_tables, n_configs). kinds : detector of each column. names : of
    the tables. Rows and the columns of one detector are sorted by their means."""
    values, kinds = np.asarray(values), np.asarray(kinds)
    rows = best_first(values.mean(axis=1))
    groups = list(dict.fromkeys(kinds))
    columns = [np.flatnonzero(kinds == g) for g in groups]
    columns = [c[best_first(-values[:, c].mean(axis=0))] for c in columns]
    figure, axis = charts.one_panel(0.18 * len(rows) + 1.0)
    shown = charts.heat_map(
        axis,
        values[rows][:, np.concatenate(columns)],
        [names[r] for r in rows],
        range(values.shape[1]),
        vmin=lowest,
        vmax=1,
    )
    edges = np.cumsum([0, *map(len, columns)])
    for e in edges[1:-1]:
        axis.axvline(e - 0.5, color="white", linewidth=2)
    texts = [g.replace(" ", "\n") for g in groups]
    axis.set_xticks((edges[:-1] + edges[1:] - 1) / 2, texts)
    figure.colorbar(shown, ax=axis, label="AUROC", shrink=0.8)
    return figure


def promised_and_kept(panels):
    """Draw, by the number of tables learned from, what a choice promises and what other
    tables keep of it.

    panels : {title: {name: (sizes, mean (n,), low (n,), high (n,))}}, gains in AUROC;
    low and high are the ends of a band, None for no band. The dotted line is no gain."""
    figure, axes = charts.panels(len(panels), height=2.7, extra=0.6)
    for axis, (title, lines) in zip(axes, panels.items(), strict=True):
        axis.axhline(0, color=GREY, linestyle=":", linewidth=1.2)
        for k, (name, (sizes, mean, low, high)) in enumerate(lines.items()):
            charts.curve(axis, sizes, mean, k, name, low=low, high=high)
        # two sizes close together would write over each other
        shown = [s for s in sizes[:-1] if s < 0.7 * sizes[-1]] + [sizes[-1]]
        charts.ticks(axis, shown, scale="log", base=2)
        axis.set(title=title, xlabel="tables learned from")
    axes[0].set_ylabel("gain over the default")
    charts.legend_below(figure)
    return figure


def agreement(panels):
    """Draw a scatter plot of a stand-in against the truth, one panel for each table.

    panels : {title: (stand-in (n,), truth (n,))}; both are AUROCs of the same
    configurations."""
    figure, axes = charts.panels(len(panels), height=2.6)
    for axis, (title, (guess, truth)) in zip(axes, panels.items(), strict=True):
        axis.plot(guess, truth, "o", color=NORMAL, markersize=4, alpha=0.6)
        axis.set_title(title)
    for axis in axes[-2:]:
        axis.set_xlabel("AUROC, made-up anomalies")
    for axis in axes[::2]:
        axis.set_ylabel("AUROC, real ones")
    return figure
