"""Figures about a reader's own table, in the names of its columns."""

import numpy as np

from metaad import metrics
from metaad.plots import charts
from metaad.plots.charts import GREY

MOST = 8  # columns that are shown
LINE = 22  # characters of a column's name


def column_errors(columns, errors, groups, *, most=MOST):
    """Draw the error with which copies of rows are made, column by column, a panel for
    each detector, the columns that tell the two groups apart most at the top.

    Parameters
    ----------
    columns : C names. errors : {detector: array (2, C)}, ≥ 0, mean squared errors of the
        two groups. groups : two names. most : int ≥ 1, columns shown.

    Returns
    -------
    matplotlib Figure. The scale is logarithmic; errors below 0.001 are drawn there."""
    gap = np.mean([np.abs(e[1] - e[0]) for e in errors.values()], axis=0)
    order = metrics.best_first(gap)[:most]
    figure, axes = charts.panels(
        len(errors), columns=1, height=0.75 + 0.27 * len(order), extra=0.4, sharex=True
    )
    for axis, (name, both) in zip(axes, errors.items(), strict=True):
        shown = np.maximum(np.asarray(both)[:, order], 1e-3)
        for i, (a, b) in enumerate(shown.T):
            axis.plot([a, b], [i, i], color=GREY, linewidth=1.0)
        for k, (group, values) in enumerate(zip(groups, shown, strict=True)):
            how = charts.look(k, linestyle="")
            axis.plot(values, range(len(order)), label=group, markersize=7, **how)
        charts.name_rows(axis, [_short(columns[j]) for j in order])
        axis.set(title=name, xscale="log")
        axis.minorticks_off()
    axes[-1].set_xlabel("squared error of the copy, in variances")
    charts.legend_below(figure)
    return figure


def columns_moved(columns, distances, limit, *, most=MOST):
    """Draw how far the columns of a table have moved, the farthest at the top.

    Parameters
    ----------
    columns : C names. distances : array (C,) in [0, 1], Kolmogorov and Smirnov's, of
        rows before from rows after. limit : the distance beyond which it is no chance, a
        dotted line. most : int ≥ 1, columns shown.

    Returns
    -------
    matplotlib Figure."""
    distances = np.asarray(distances, dtype=float)
    order = metrics.best_first(distances)[:most]
    figure, axis = charts.one_panel(0.8 + 0.27 * len(order))
    moved = np.where(distances[order] > limit, 1.0, -1.0)
    charts.bars(axis, distances[order], [_short(columns[j]) for j in order])
    for bar, sign in zip(axis.patches, moved, strict=True):
        bar.set_color(charts.ANOMALY if sign > 0 else charts.NORMAL)
    axis.axvline(limit, color="black", linestyle=":", linewidth=1.4)
    axis.set(xlabel="distance of before from after; dotted: chance", xlim=(0, 1))
    return figure


def over_time(lines, *, ylabel, rang=None, adapted=(), level=None):
    """Draw what detectors are worth along a table that is read as a stream.

    Parameters
    ----------
    lines : {name: (rows (b,), values (b,))}, each block of rows at its middle.
    ylabel : str. rang : the row at which the alarm rang, a dotted line, or None.
    adapted : rows at which detectors were made anew, marks at the lower edge.
    level : what is promised, a thin line, or None.

    Returns
    -------
    matplotlib Figure."""
    figure, axis = charts.one_panel(3.4)
    if level is not None:
        axis.axhline(level, color=GREY, linewidth=1.0, label=f"promised, {level:g}")
    if rang is not None:
        axis.axvline(rang, color="black", linestyle=":", label="the alarm rings")
    for k, (name, (rows, values)) in enumerate(lines.items()):
        charts.curve(axis, rows, values, k, name, markersize=5)
    low, high = axis.get_ylim()
    if len(adapted):
        at = np.full(len(adapted), low)
        axis.plot(adapted, at, "^", color="black", label="made anew", clip_on=False)
    axis.set_ylim(low, high)
    axis.set(xlabel="row of the table", ylabel=ylabel)
    charts.legend_below(figure)
    return figure


def _short(name):
    """Return a column's name as it fits beside a figure: str."""
    name = str(name)
    return name if len(name) <= LINE else name[: LINE - 1].rstrip() + "…"
