"""Figures about the number of neighbours: what one k flags on two tables, and how well
every k ranks on both.
"""

import numpy as np

from metaad.metrics import best_first
from metaad.plots import charts


def flagged(panels):
    """Draw point clouds with rings around the rows that a detector flags: as many rows
    of highest score as there are anomalies.

    panels : list of (title, X (n, 2), y (n,), scores (n,)).
    """
    figure, axes = charts.panels(len(panels), height=2.9, extra=0.3)
    ring = {"markersize": 7, "fillstyle": "none", "markeredgewidth": 0.9}
    for axis, (title, X, y, scores) in zip(axes, panels, strict=True):
        charts.cloud(axis, X, y)
        rows = best_first(scores)[: int(np.sum(y))]
        axis.plot(*X[rows].T, "o", color="black", label="flagged", **ring)
        right = f"{np.mean(y[rows]):.0%} of the flagged are right"
        axis.set(title=title, xlabel=right, xticks=[], yticks=[])
    charts.legend_below(figure)
    return figure


def auroc_over_k(grid, curves):
    """Draw AUROC over the number of neighbours, a panel for each method.

    grid : numbers k (m,), log axis. curves : dict of method -> dict of table -> list of
    m metrics.Interval.
    """
    figure, axes = charts.panels(
        len(curves), height=2.7, extra=0.3, sharex=True, sharey=True
    )
    for axis, (method, lines) in zip(axes, curves.items(), strict=True):
        for i, (table, line) in enumerate(lines.items()):
            charts.interval_curve(axis, grid, line, i, table)
        axis.axhline(0.5, color=charts.GREY, linestyle=":", linewidth=1)
        charts.ticks(axis, [2, 5, 12, 25, 50, 150], scale="log")
        axis.set(title=method, xlabel="neighbours k", ylim=(0, 1.03))
    axes[0].set_ylabel("AUROC")
    charts.legend_below(figure)
    return figure
