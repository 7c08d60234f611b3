"""Figures about scores of rows and distances of batches."""

import numpy as np

from metaad.plots import charts
from metaad.plots.base import COLOURS, SMALL
from metaad.plots.charts import ANOMALY, GREY, NORMAL


def row_strips(batches, bar, xlabel="row score"):
    """Draw the row scores of several batches, one line of marks for each, with a bar.

    batches : {name: (scores (n,), y (n,), text on the right)}, y = 1 for an anomaly.
    bar : float, the score that a row must exceed to be reported."""
    figure, axis = charts.one_panel(0.75 * len(batches) + 1.2)
    for i, (scores, y, text) in enumerate(batches.values()):
        lifts = 0.22 * np.sin(7.0 * np.arange(len(scores)))  # so that marks don't hide
        for label, mark, colour, name in (
            (0, "o", NORMAL, "normal row"),
            (1, "D", ANOMALY, "anomaly"),
        ):
            at = np.asarray(y) == label
            how = {"markersize": 4, "markeredgewidth": 0, "alpha": 0.75}
            axis.plot(scores[at], i + lifts[at], mark, color=colour, label=name, **how)
        axis.annotate(
            text,
            (1.01, i),
            xycoords=("axes fraction", "data"),
            va="center",
            fontsize=SMALL,
        )
    axis.axvline(
        bar, color="black", linewidth=1.2, linestyle="--", label="a row's alarm"
    )
    low, high = (f([f(v[0]) for v in batches.values()]) for f in (np.min, np.max))
    axis.set(xlabel=xlabel)
    inside = [t for t in (1, 2, 5, 10, 20, 50) if low <= t <= high]
    charts.ticks(axis, inside or [float(low)], scale="log")
    charts.name_rows(axis, list(batches))
    charts.legend_below(figure)
    return figure


def nulls(tests, xlabel="squared MMD"):
    """Draw, for each permutation test, the distances after exchanges and the one that
    was seen: {title: Permutation}.
    """
    figure, axes = charts.panels(
        len(tests), columns=1, height=1.3, extra=0.5, sharex=True
    )
    for axis, (title, test) in zip(axes, tests.items(), strict=True):
        charts.histogram(axis, test.null, 30, 0, "after exchanging rows")
        line = {"color": ANOMALY, "linewidth": 2.0, "label": "the batch as it came"}
        axis.axvline(test.value, **line)
        axis.set(title=title, yticks=[])
    axes[-1].set_xlabel(xlabel)
    charts.legend_below(figure)
    return figure


def shifted(x, shift, curves):
    """Draw a batch and the same batch shifted; below, how each distance grows with the
    shift, each divided by its largest value.

    x : array (n,). shift : float, shown. curves : {name: (shifts (m,), values (m,))}."""
    figure, (above, below) = charts.panels(2, columns=1, height=2.1, extra=0.5)
    bins = np.linspace(x.min(), x.max() + max(max(s) for s, _ in curves.values()), 45)
    charts.histogram(above, x, bins, 0, "the batch")
    charts.histogram(above, x + shift, bins, 1, f"the same, shifted by {shift:g}")
    above.set(xlabel="value", ylabel="rows")
    for k, (name, (shifts, values)) in enumerate(curves.items()):
        charts.curve(below, shifts, np.array(values) / max(values), k + 2, name)
    below.axvline(shift, color=GREY, linewidth=1.2, linestyle=":")
    below.set(xlabel="shift", ylabel="distance,\nlargest = 1")
    charts.legend_below(figure)
    return figure


def seen_map(rates):
    """Draw how often each sign saw each change, as a heat map: {change: {sign: rate}}."""
    changes, signs = list(rates), list(next(iter(rates.values())))
    values = np.array([[rates[c][s] for c in changes] for s in signs])
    figure, axis = charts.one_panel(0.36 * len(signs) + 0.9)
    charts.heat_map(
        axis,
        values,
        signs,
        [c.replace(" ", "\n") for c in changes],
        write=lambda i, j, v: f"{v:.2f}",
        vmin=0,
        vmax=1,
    )
    axis.xaxis.tick_top()
    return figure


def estimates(sizes, panels):
    """Draw an estimate against the number of rows, and the true value as a dotted line.

    panels : {title: (true value, intervals)}, one metrics.Interval for each size."""
    figure, axes = charts.panels(len(panels), height=2.5, extra=0.4, sharey=True)
    for axis, (title, (truth, intervals)) in zip(axes, panels.items(), strict=True):
        charts.interval_curve(axis, sizes, intervals, 0, "by neighbours, mean of draws")
        line = {"color": ANOMALY, "linestyle": ":", "linewidth": 1.8}
        axis.axhline(truth, label="true value", **line)
        axis.axhline(0, color=GREY, linewidth=0.8)
        charts.ticks(axis, sizes, scale="log")
        axis.set(title=title, xlabel="rows in each batch")
    axes[0].set_ylabel("nats")
    charts.legend_below(figure)
    return figure


def f1_bars(values):
    """Draw F1 values as bars from 0 to 1, each with its number: {name: value}."""
    figure, axis = charts.one_panel(0.42 * len(values) + 0.9)
    for i, value in enumerate(values.values()):
        axis.barh(i, value, height=0.65, color=COLOURS["sixth"])
        axis.text(value + 0.012, i, f"{value:.3f}", va="center", fontsize=SMALL)
    axis.set(xlim=(0, 1.12), xlabel="F1", xticks=[0, 0.25, 0.5, 0.75, 1])
    charts.name_rows(axis, list(values))
    return figure
