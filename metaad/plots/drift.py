"""Figures about streams: what a detector is worth over time, when alarms ring, and what a
few new rows buy.
"""

import numpy as np

from metaad.plots import charts
from metaad.plots.charts import GREY


def courses(row, lines, changes=(), adapted=()):
    """Draw the AUROC of detectors over a stream.

    Parameters
    ----------
    row : array (b,), rows seen. lines : {name: array (b,)}.
    changes : rows at which normal changes, thin dotted lines. adapted : rows at which
        detectors were made anew, marks at the lower edge.

    Returns
    -------
    matplotlib Figure
    """
    figure, axis = charts.one_panel(3.4)
    for at in changes:
        axis.axvline(at, color=GREY, linestyle=":", linewidth=1.4)
    for k, (name, auroc) in enumerate(lines.items()):
        charts.curve(axis, row, auroc, k, name, markersize=4)
    axis.set(xlabel="rows seen; dotted: normal changes", ylabel="AUROC")
    low, high = axis.get_ylim()
    if len(adapted):
        at = np.full(len(adapted), low)
        axis.plot(adapted, at, "^", color="black", label="made anew", clip_on=False)
    axis.set_ylim(low, high)
    charts.legend_below(figure)
    return figure


def false_alarms(rows, shares, level):
    """Draw the share of streams in which an alarm has rung by now, without drift.

    rows : array (t,), rows seen. shares : {name: array (t,)}. level : what was promised.
    Returns a matplotlib Figure.
    """
    figure, axis = charts.one_panel(2.8)
    for k, (name, share) in enumerate(shares.items()):
        charts.curve(axis, rows, share, k, name, marker="")
    axis.axhline(level, color=GREY, linestyle=":", label=f"the level, {level:g}")
    axis.set(
        xlabel="rows seen, none of them drifting",
        ylabel="streams with an alarm",
        ylim=(-0.02, 1.02),
    )
    charts.legend_below(figure)
    return figure


def p_values(panels):
    """Draw the p-value of each window of several streams, a panel for each stream.

    Parameters
    ----------
    panels : {title: (rows (t,), p (t,), threshold, span)}, threshold the largest p that
        rings, span the first and last row of what happens, shaded, or None.

    Returns
    -------
    matplotlib Figure. Windows that ring are vermilion squares."""
    figure, axes = charts.panels(
        len(panels), columns=1, height=1.7, extra=0.4, sharex=True, sharey=True
    )
    for axis, (title, (rows, p, threshold, span)) in zip(
        axes, panels.items(), strict=True
    ):
        if span is not None:
            axis.axvspan(*span, color=GREY, alpha=0.2, linewidth=0)
        rings = np.asarray(p) <= threshold
        for k, (mask, name) in enumerate(((~rings, "quiet"), (rings, "rings"))):
            how = charts.look(k)
            at, shown = np.asarray(rows)[mask], np.asarray(p)[mask]
            axis.plot(at, shown, how["marker"], color=how["color"], label=name)
        axis.axhline(threshold, color=GREY, linestyle=":", label="threshold")
        axis.set(title=title, yscale="log", ylabel="p", ylim=(2e-4, 2))
        axis.minorticks_off()
    axes[-1].set_xlabel("rows seen at the end of the window")
    charts.legend_below(figure)
    return figure


def after_rows(numbers, methods, before=None):
    """Draw the AUROC of methods against the number of new normal rows.

    numbers : (n,). methods : {name: list of n metrics.Interval}. before : AUROC of the
    detector in service before the change, a dotted line. Returns a matplotlib Figure.
    """
    figure, axis = charts.one_panel(3.6)
    if before is not None:
        axis.axhline(before, color=GREY, linestyle=":", label="before the change")
    for k, (name, intervals) in enumerate(methods.items()):
        # three digits, as tables show: what lies behind differs between CPUs
        values = [round(i.value, 3) for i in intervals]
        charts.curve(axis, numbers, values, k, name)
    charts.ticks(axis, numbers, scale="log")
    axis.set(xlabel="normal rows of the new class", ylabel="AUROC")
    charts.legend_below(figure)
    return figure
