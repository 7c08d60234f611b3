"""Figures about a forest with learned cuts: what the weights prefer, and which
families of tables gain.
"""

import textwrap

from metaad.plots import charts
from metaad.plots.base import COLOURS


def weights(learned, words, spread=None):
    """Draw the weights of a split policy, one bar per weight, with what a cut that is
    preferred looks like.

    Parameters
    ----------
    learned : {name: weight}. words : {name: str}, the same names: what a larger value
        of the number means.
    spread : {name: array (n,)}, optional: the weights of other policies, e.g. one for
        each family left out; drawn as ticks.

    Returns
    -------
    matplotlib Figure. Right of the line: preferred; left of it: avoided.
    """
    names = []
    for name in learned:
        lines = [p for part in words[name].split("\n") for p in textwrap.wrap(part, 34)]
        names.append("\n".join([name, *lines]))
    lines = sum(name.count("\n") + 2 for name in names)
    figure, axis = charts.one_panel(0.17 * lines + 0.8)
    charts.bars(axis, list(learned.values()), names)
    if spread is not None:
        for i, name in enumerate(learned):
            tick = {"color": "black", "markersize": 11, "markeredgewidth": 1.0}
            axis.plot(spread[name], [i] * len(spread[name]), "|", **tick)
    axis.set_xlabel("weight")
    return figure


def gains(by_family, interval, xlabel="AUROC gained over the plain forest"):
    """Draw a bar for each family, the largest gain on top, and the mean over tables
    with its interval as a band.

    Parameters
    ----------
    by_family : {family: gain}. interval : metrics.Interval.

    Returns
    -------
    matplotlib Figure
    """
    order = sorted(by_family, key=by_family.get, reverse=True)
    figure, axis = charts.one_panel(0.2 * len(order) + 1.1)
    gold = COLOURS["fifth"]
    axis.axvspan(interval.low, interval.high, color=gold, alpha=0.35, linewidth=0)
    mean = {"color": gold, "linewidth": 1.6}
    axis.axvline(interval.value, label="mean over tables, 95 % interval", **mean)
    charts.bars(axis, [by_family[f] for f in order], order)
    axis.set_xlabel(xlabel)
    charts.legend_below(figure)
    return figure


def first_cuts(shares, fair, names):
    """Draw where the first cuts of trees go: a bar for each column, one panel per forest.

    Parameters
    ----------
    shares : {title: array (d,)}, the share of trees whose first cut is in each column.
    fair : float, the share that each column would get by chance; a dotted line.
    names : d labels of the columns.

    Returns
    -------
    matplotlib Figure
    """
    height = 0.2 * len(names) + 0.5
    figure, axes = charts.panels(len(shares), columns=1, height=height, sharex=True)
    for axis, (title, values) in zip(axes, shares.items(), strict=True):
        charts.bars(axis, list(values), list(names))
        axis.axvline(fair, color=COLOURS["grey"], linestyle=":", linewidth=1.4)
        axis.set_title(title)
    axes[-1].set_xlabel("share of the first cuts")
    return figure
