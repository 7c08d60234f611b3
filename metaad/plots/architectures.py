"""Figures about architecture search: which networks detect, how fast a search finds
them, what it costs.
"""

import numpy as np
from matplotlib import pyplot as plt

from metaad.plots import charts
from metaad.plots.base import SMALL
from metaad.plots.charts import ANOMALY, look
from metaad.plots.labels import label_points


def grids(rows, columns, values, marked=None, xlabel="", ylabel=""):
    """Draw tables of numbers, one below the other, each on its own scale, every number
    written out.

    Parameters
    ----------
    rows, columns : labels.
    values : {title: (array (rows, columns), format)}, e.g. ("AUROC", (a, ".3f")); NaN
        cells stay empty.
    marked : {title: (row, column)} of a cell with a frame, or None.

    Returns
    -------
    matplotlib Figure
    """
    height = 0.34 * len(rows) + 0.6
    figure, axes = charts.panels(len(values), columns=1, height=height, sharex=True)
    for axis, (title, (grid, form)) in zip(axes, values.items(), strict=True):
        charts.heat_map(
            axis,
            grid,
            rows,
            columns,
            write=lambda i, j, v, form=form: format(v, form),
        )
        if marked and title in marked:
            charts.frame_cell(axis, *marked[title])
        axis.set(title=title, ylabel=ylabel)
    axes[-1].set_xlabel(xlabel)
    return figure


def curves(
    budgets, lines, expected=None, ylabel="regret", xlabel="architectures tried"
):
    """Draw how far from the best a search still is, by its budget.

    The bars of the searches stand beside each other, so that none hides another.

    Parameters
    ----------
    budgets : array (b,).
    lines : {name: (mean (b,), low (b,), high (b,))}; a bar lies between low and high.
    expected : (name, array (b,)), a closed form drawn as crosses, or None.

    Returns
    -------
    matplotlib Figure
    """
    figure, axis = charts.one_panel(3.8)
    at = np.arange(len(budgets))
    aside = np.linspace(-0.24, 0.24, len(lines)) if len(lines) > 1 else [0.0]
    for k, (name, (mean, low, high)) in enumerate(lines.items()):
        bar = {"color": look(k)["color"], "linewidth": 2.2, "alpha": 0.4}
        axis.vlines(at + aside[k], low, high, **bar)
        charts.curve(axis, at + aside[k], mean, k, name, linewidth=1.2)
    if expected is not None:
        cross = {"color": "black", "markersize": 9, "markeredgewidth": 2, "zorder": 5}
        axis.plot(at + aside[0], expected[1], "x", label=expected[0], **cross)
    axis.set(xlabel=xlabel, ylabel=ylabel)
    charts.ticks(axis, at, budgets)
    axis.set_ylim(bottom=0)
    charts.legend_below(figure)
    return figure


def cost_and_gain(points, xlabel="AUROC gained"):
    """Draw what each way costs and what it gains: one line per way, the seconds written
    beside the name.

    points : {name: (seconds, interval)}, drawn from top to bottom; interval is a
    metrics.Interval."""
    figure, axis = charts.one_panel(0.42 * len(points) + 0.9)
    rows = {}
    for name, (seconds, interval) in points.items():
        time = f"{seconds:.0f} s" if seconds >= 1 else "< 1 s"
        rows[f"{name} · {time}"] = interval
    charts.interval_rows(axis, rows, zero=0.0)
    axis.set_xlabel(xlabel)
    return figure


def error_against_auroc(
    error, auroc, groups, chosen=None, xlabel="reconstruction error", legend="code size"
):
    """Draw one point for each architecture: what it rebuilds badly, and how well it
    detects.

    Parameters
    ----------
    error, auroc : arrays (a,). groups : array (a,), e.g. code sizes; one colour and
        marker each.
    chosen : {name: index} of architectures that are ringed and named, or None.

    Returns
    -------
    matplotlib Figure
    """
    figure, axis = charts.one_panel(4.0)
    error, auroc, groups = map(np.asarray, (error, auroc, groups))
    levels = sorted(set(groups.tolist()))
    shades = plt.get_cmap("cividis")(np.linspace(0.0, 0.95, len(levels)))
    for level, shade, marker in zip(levels, shades, "osD^vPX*", strict=False):
        of = groups == level
        how = {"color": shade, "markersize": 6, "label": str(level)}
        axis.plot(error[of], auroc[of], marker, **how)
    axis.margins(0.06, 0.1)
    axis.set(xlabel=xlabel, ylabel="AUROC", xscale="log")
    at = list((chosen or {}).values())
    ring = {"markerfacecolor": "none", "markeredgecolor": ANOMALY}
    for a in at:
        axis.plot(error[a], auroc[a], "o", markeredgewidth=2, markersize=14, **ring)
    charts.legend_below(figure, title=legend)
    if at:
        points = np.c_[error, auroc]
        arrow = {"arrowstyle": "-", "color": ANOMALY}
        how = {"color": ANOMALY, "fontsize": SMALL, "arrowprops": arrow}
        label_points(axis, points[at], list(chosen), avoid=points, **how)
    return figure
