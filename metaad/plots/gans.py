"""Figures about the game of a generator against a critic."""

import numpy as np

from metaad.plots import charts
from metaad.plots.base import WIDTH
from metaad.plots.charts import ANOMALY, GREY, NORMAL


def critic_on_a_line(x, learned, best, real, made):
    """Draw a critic's logit over the line, the best one, and the rows it was shown.

    Parameters
    ----------
    x, learned, best : arrays (t,).
    real, made : arrays (n,), places of the rows; shown as ticks at the bottom.

    Returns
    -------
    matplotlib Figure
    """
    figure, axis = charts.one_panel(3.3)
    charts.curve(axis, x, best, 3, "best: log p/q", marker="")
    charts.curve(axis, x, learned, 6, "learned", marker="")
    axis.axhline(0.0, color=GREY, linestyle=":", linewidth=1.2)
    low, high = -8.0, 16.0
    for places, name, colour, row in (
        (real, "real rows", NORMAL, 0.9),
        (made, "generated rows", ANOMALY, 2.1),
    ):
        at = np.full(len(places), low + row)
        how = {"color": colour, "markersize": 8, "alpha": 0.35, "label": name}
        axis.plot(places, at, "|", **how)
    axis.set(xlabel="row x", ylabel="logit of “real”", ylim=(low, high))
    axis.set_xlim(x[0], x[-1])
    charts.legend_below(figure)
    return figure


def drawn(games, steps, centres):
    """Draw what generators draw as the game goes on: a line of panels for each game.

    Parameters
    ----------
    games : {name: array (t, n, 2)}, rows drawn at t times.
    steps : t numbers, written over the first line.
    centres : array (k, 2), where the real rows lie; circles.

    Returns
    -------
    matplotlib Figure
    """
    t = len(steps)
    figure, axes = charts.panels(t * len(games), columns=t, height=WIDTH / t + 0.1)
    for k, (name, times) in enumerate(games.items()):
        for i, rows in enumerate(times):
            axis = axes[k * t + i]
            ring = {"markersize": 11, "markerfacecolor": "none", "color": NORMAL}
            axis.plot(*centres.T, "o", **ring)
            axis.plot(*rows.T, ".", color=ANOMALY, markersize=2.5, alpha=0.6)
            axis.set(xlim=(-3.2, 3.2), ylim=(-3.2, 3.2), aspect="equal")
            charts.bare(axis)
            if k == 0:
                axis.set_title(f"step {steps[i]}", loc="center")
        axes[k * t].set_ylabel(name)
    return figure


def courses(games, step, quantity, target=None):
    """Draw a quantity over the game, a panel for each game and a line for each seed.

    Parameters
    ----------
    games : {name: array (t, m)}.
    step : array (t,). quantity : str, names the vertical axis.
    target : level of a dotted line, or None.

    Returns
    -------
    matplotlib Figure. Each panel has a scale of its own."""
    figure, axes = charts.panels(len(games), columns=len(games), height=2.3)
    for axis, (name, values) in zip(axes, games.items(), strict=True):
        for k in range(values.shape[1]):
            charts.curve(axis, step, values[:, k], k, marker="", linewidth=1.4)
        if target is not None:
            axis.axhline(target, color=GREY, linestyle=":", linewidth=1.2)
        axis.set_title(name)
        axis.set_xlabel("step")
        axis.locator_params(nbins=3)
    axes[0].set_ylabel(quantity)
    return figure


def walk(times, lines, ylabel):
    """Draw a score along the way from a copy through its row and on.

    Parameters
    ----------
    times : array (t,), 0 the copy, 1 the row.
    lines : {name: list of t metrics.Interval}.

    Returns
    -------
    matplotlib Figure
    """
    figure, axis = charts.one_panel(3.2)
    for k, (name, intervals) in enumerate(lines.items()):
        charts.interval_curve(axis, times, intervals, k, name)
    axis.axvline(1.0, color=GREY, linestyle=":", linewidth=1.2)
    axis.set(xlabel="times the way from the copy (0) to the row (1)", ylabel=ylabel)
    charts.legend_below(figure)
    return figure
