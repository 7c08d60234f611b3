"""Figures about a learned forest: where its first cuts go, what its leaves say, and which
tables gain.
"""

from metaad.plots import charts
from metaad.plots.base import COLOURS


def gains(by_family, interval, xlabel="AUROC gained over the plain forest"):
    """Draw a bar for each family, the largest gain on top, and the mean with its
    interval as a band.

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
    axis.axvline(interval.value, label="mean, 95 % interval", **mean)
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


def leaf_curves(curves, knots, labels):
    """Draw what a leaf says, as the learned score has it: one panel for each curve.

    Parameters
    ----------
    curves : {name of a forest: {curve: values at its knots}}; a curve is moved so that
        its mean is 0, and all of a forest are divided by the deviation of the first.
    knots : {curve: array}, where the values stand. labels : {curve: label of its axis}.

    Returns
    -------
    matplotlib Figure
    """
    figure, axes = charts.panels(len(knots), columns=1, height=2.3, extra=0.5)
    for axis, (curve, at) in zip(axes, knots.items(), strict=True):
        for k, (name, values) in enumerate(curves.items()):
            first = values[next(iter(knots))]
            charts.curve(axis, at, _moved(values[curve], first), k, name)
        axis.axhline(0.0, color=COLOURS["grey"], linestyle=":", linewidth=1.0)
        axis.set_xlabel(labels[curve])
        axis.set_ylabel("value of the leaf")
    charts.legend_below(figure, axes[:1])
    return figure


def _moved(values, first):
    """Values with mean 0, in deviations of the first curve."""
    mean = sum(first) / len(first)
    unit = (sum((v - mean) ** 2 for v in first) / len(first)) ** 0.5
    middle = sum(values) / len(values)
    return [(v - middle) / unit for v in values]


def by_tables(
    curves,
    constants,
    xlabel="tables learned from",
    ylabel="AUROC gained over plain",
):
    """Draw what is gained by the number of tables learned from, with intervals.

    Parameters
    ----------
    curves : {label: {number of tables: metrics.Interval}}, the gain of AUROC.
    constants : {label: gain}, that of something that learns from no table; a line
        each.

    Returns
    -------
    matplotlib Figure
    """
    figure, axis = charts.one_panel(3.2)
    for k, (label, found) in enumerate(curves.items()):
        charts.interval_curve(axis, list(found), list(found.values()), k, label)
    for k, (label, value) in enumerate(constants.items(), len(curves)):
        look = {**charts.look(k), "marker": "", "linewidth": 1.6}
        axis.axhline(value, label=label, **look)
    axis.axhline(0.0, color=COLOURS["grey"], linewidth=1.0)
    charts.ticks(axis, list(next(iter(curves.values()))), scale="log", base=2)
    axis.set_xlabel(xlabel)
    axis.set_ylabel(ylabel)
    charts.legend_below(figure)
    return figure
