"""Figures about architecture search: which networks detect, how fast a search finds
them, what it costs.
"""

import numpy as np

from metaad.plots import charts
from metaad.plots.charts import look


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
