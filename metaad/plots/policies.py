"""Figures about policies: how they move, how far a step may go, and what a reward
makes of a detector.
"""

import numpy as np
from matplotlib.lines import Line2D

from metaad.plots import charts
from metaad.plots.base import COLOURS
from metaad.plots.charts import ANOMALY, look


def gradient_samples(estimates, exact, directions):
    """Draw single-batch gradient estimates in a plane, with and without a baseline,
    around the exact gradient.

    Parameters
    ----------
    estimates : {title: array (n, 2)}. exact : array (2,). directions : two axis labels.
    """
    figure, axes = charts.panels(
        len(estimates), columns=3, height=2.5, extra=0.3, sharex=True, sharey=True
    )
    for axis, (title, points) in zip(axes, estimates.items(), strict=True):
        points = np.asarray(points)
        dots = {"color": COLOURS["sixth"], "markersize": 4, "alpha": 0.6}
        axis.plot(*points.T, ".", label="an estimate", **dots)
        mean = {"color": ANOMALY, "markersize": 8, "markeredgecolor": "white"}
        axis.plot(*points.mean(axis=0), "D", label="their mean", **mean)
        cross = {"color": "black", "markersize": 9, "markeredgewidth": 2}
        axis.plot(*exact, "x", label="exact gradient", **cross)
        axis.set(title=title, xlabel=directions[0])
    axes[0].set_ylabel(directions[1])
    charts.legend_below(figure)
    return figure


def climbs(panels, top=None):
    """Draw the expected reward over the steps of searches, a panel per method.

    Parameters
    ----------
    panels : {title: {label: array (n_bandits, steps + 1)}}: with several labels their
        means, with one label each search as a thin line besides.
    top : reward of the best action, a dotted line; optional."""
    figure, axes = charts.panels(len(panels), height=2.7, extra=0.5, sharey=True)
    for axis, (title, lines) in zip(axes, panels.items(), strict=True):
        for k, (label, gain) in enumerate(lines.items()):
            gain = np.asarray(gain)
            if len(lines) == 1:
                axis.plot(gain.T, color=look(k)["color"], linewidth=0.7, alpha=0.4)
            at = range(gain.shape[1])
            how = {"markevery": 10, "linewidth": 2.2}
            charts.curve(axis, at, gain.mean(axis=0), k, label, **how)
        if top is not None:
            axis.axhline(top, color=charts.GREY, linestyle=":", linewidth=1.2)
        axis.set(title=title, xlabel="step")
        axis.legend(loc="lower right")
    axes[0].set(ylabel="expected reward", ylim=(0, None))
    return figure


def best_found(panels):
    """Draw the best setting found so far against the number of settings tried.

    Parameters
    ----------
    panels : {title: {way: array (n_searches, tries)}}; lines are means over the
        searches."""
    figure, axes = charts.panels(len(panels), height=2.7, extra=0.4)
    for axis, (title, ways) in zip(axes, panels.items(), strict=True):
        for k, (way, found) in enumerate(ways.items()):
            mean = np.mean(found, axis=0)
            at, every = np.arange(1, len(mean) + 1), max(1, len(mean) // 8)
            charts.curve(axis, at, mean, k, way, markevery=every)
        axis.set(title=title, xlabel="settings tried")
    axes[0].set_ylabel("best so far")
    charts.legend_below(figure)
    return figure


def reward_hacking(panels):
    """Draw a reward that is not the goal: both, over the iterations of a search that
    sees only the reward.

    Parameters
    ----------
    panels : {title: (outlierness (n_tables, iterations + 1), auroc of the same shape)};
        thin lines are tables, thick ones their means."""
    n = len(panels)
    figure, axes = charts.panels(2 * n, columns=n, height=2.2, sharex=True)
    for i, (title, pair) in enumerate(panels.items()):
        column = axes[i], axes[n + i]
        for k, (axis, values) in enumerate(zip(column, pair, strict=True)):
            colour = look(k)["color"]
            values = np.asarray(values)
            axis.plot(values.T, color=colour, linewidth=0.6, alpha=0.3)
            axis.plot(values.mean(axis=0), color=colour, linewidth=2.6)
        column[0].set_title(title)
        column[1].set_xlabel("iteration")
    axes[0].set_ylabel("outlierness,\nminimised")
    axes[n].set_ylabel("AUROC,\nnever seen")
    return figure


SIDES = {
    "interval above zero": look(0, marker="o", linestyle="-"),
    "interval below zero": look(1, marker="s", linestyle="-"),
    "undecided": look(5, marker="D", linestyle="-"),
}


def agreement(values):
    """Draw the rank correlation of a reward with the AUROC: a tick for each table, and the mean
    with its interval, whose colour and marker say on which side of zero it lies.

    Parameters
    ----------
    values : {row: (Interval, values (n_tables,))}, from top to bottom.
    """

    def side(i):
        return list(SIDES)[0 if i.low > 0 else 1 if i.high < 0 else 2]

    figure, axis = charts.one_panel(0.3 * len(values) + 1.2)
    charts.interval_rows(
        axis,
        {name: interval for name, (interval, _) in values.items()},
        spread={name: each for name, (_, each) in values.items()},
        form="+.2f",
        looks={name: SIDES[side(i)] for name, (i, _) in values.items()},
        zero=0.0,
    )
    axis.set(xlabel="Spearman correlation with AUROC", xlim=(-1.03, 1.03))
    keys = {name: Line2D([], [], linewidth=3, **how) for name, how in SIDES.items()}
    charts.legend_below(figure, handles=keys)
    return figure


def level_policy(probabilities, aurocs, names):
    """Draw a policy over two parameters and what it should find: grids of the same
    cells, one below the other.

    Parameters
    ----------
    probabilities : {title: array (a, b)}. aurocs : {title: array (a, b)}. names :
        (label of rows, values, label of columns, values)."""
    row, row_values, column, column_values = names
    every = [(t, p, "Blues", ".2f", {"vmin": 0}) for t, p in probabilities.items()]
    every += [(t, a, "cividis", ".3f", {}) for t, a in aurocs.items()]
    height = 0.24 * len(row_values) + 0.55
    figure, axes = charts.panels(len(every), columns=1, height=height, sharex=True)
    for axis, (title, grid, colours, form, limits) in zip(axes, every, strict=True):
        charts.heat_map(
            axis,
            grid,
            row_values,
            column_values,
            write=lambda i, j, v, form=form: format(v, form),
            colours=colours,
            **limits,
        )
        axis.set(title=title, ylabel=row)
    axes[-1].set_xlabel(column)
    return figure
