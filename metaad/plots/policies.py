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


def trust_region(kls, bound, gains):
    """Draw the KL of every step of each method against the bound, and below it the
    expected reward.

    Parameters
    ----------
    kls : {method: array (iterations,)} in nats. bound : TRPO's max_kl. gains : {method:
        array (iterations + 1,)}, expected reward before the first step and after each.
    """
    figure, (above, below) = charts.panels(2, columns=1, height=2.6, extra=0.4)
    for k, (name, kl) in enumerate(kls.items()):
        dots = look(k, linestyle="", markersize=4)
        above.plot(np.maximum(kl, 1e-6), label=name, **dots)
        at = range(len(gains[name]))
        charts.curve(below, at, gains[name], k, markevery=10, label=name)
    line = {"color": "black", "linewidth": 1.2, "linestyle": "--"}
    above.axhline(bound, label="bound of TRPO", **line)
    above.set(yscale="log", title="KL(old ‖ new) of the step, nats")
    below.set(xlabel="iteration", title="expected reward")
    charts.legend_below(figure, [below, above])
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
