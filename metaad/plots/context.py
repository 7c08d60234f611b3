"""Figures about detecting in context: p-values of normal rows, what the learned weights
are, what anomalies in the context do.
"""

import numpy as np

from metaad.metrics import share_below
from metaad.plots import charts
from metaad.plots.charts import GREY


def p_value_shares(panels):
    """Draw panels: the share of new normal rows whose p-value is at or below a level;
    a dotted line where it should be.

    panels : {title: p-values (m,)}.

    Returns
    -------
    matplotlib Figure.
    """
    figure, axes = charts.panels(len(panels), height=2.8, sharey=True)
    levels = np.linspace(0.0, 1.0, 101)
    for k, (axis, (title, p)) in enumerate(zip(axes, panels.items(), strict=True)):
        share = (np.asarray(p)[:, None] <= levels + 1e-12).mean(axis=0)
        axis.plot([0, 1], [0, 1], color=GREY, linestyle=":", linewidth=1.2)
        charts.curve(axis, levels, share, k, marker="")
        axis.set(title=title, xlabel="p-value, at most", xlim=(0, 1), ylim=(0, 1.03))
    axes[0].set_ylabel("share of new normal rows")
    return figure


def weights(names, values):
    """Draw learned weights, one for each way of being unusual, from top to bottom.

    values : array (k,).

    Returns
    -------
    matplotlib Figure.
    """
    figure, axis = charts.one_panel(0.8 + 0.3 * len(names))
    charts.bars(axis, values, names)
    axis.set_xlabel("learned weight")
    return figure


def spoilt(panels, shares):
    """Draw panels: AUROC against the share of anomalies among the rows that are read.

    panels : {title: {detector: values (n_shares,)}}, the same detectors, at most five,
    in every panel. shares : array (n_shares,), from 0 to 1.

    Returns
    -------
    matplotlib Figure.
    """
    figure, axes = charts.panels(len(panels), height=3.0, extra=0.6, sharey=True)
    at = np.arange(len(shares))
    for axis, (title, curves) in zip(axes, panels.items(), strict=True):
        for k, (name, values) in enumerate(curves.items()):
            charts.curve(axis, at, values, k, name)
        charts.ticks(axis, at, [f"{s:.0%}" for s in shares])
        axis.set(title=title, xlabel="anomalies in the context")
        axis.margins(x=0.08)
    axes[0].set_ylabel("AUROC")
    charts.legend_below(figure)
    return figure


def told_apart(scores, y, share=None):
    """Draw panels: how normal rows and anomalies spread over the ranks of each score.

    scores : {detector: scores (m,)}, large = anomalous. y : array (m,), 1 for an
    anomaly. share : of anomalies in the context, told below the panels; optional.

    Returns
    -------
    matplotlib Figure.
    """
    figure, axes = charts.panels(len(scores), height=2.6, extra=0.4, sharey=True)
    bins, y = np.linspace(0, 1, 11), np.asarray(y)
    told = "" if share is None else f", {share:.0%} in the context"
    for axis, (name, of) in zip(axes, scores.items(), strict=True):
        rank = share_below(of, of)
        for k, kind in enumerate(("normal", "anomaly")):
            part = rank[y == k]
            weight = np.full(len(part), 1.0 / len(part))
            charts.histogram(axis, part, bins, k, kind, weights=weight)
        axis.set(title=name, xlabel="rank" + told)
    axes[0].set_ylabel("share of the kind")
    charts.legend_below(figure)
    return figure
