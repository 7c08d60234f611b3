"""Figures about a few labels: what each more is worth, what a meta-learned combination
listens to, and how many tables it takes.
"""

import numpy as np

from metaad.plots import charts
from metaad.plots.charts import GREY


def label_curves(panels, ylabel="AUROC"):
    """Draw panels: the mean of each method against the number of labelled anomalies.

    panels : {title: (counts, {method: means})}; counts and means of equal length. At
        most five methods, the same in every panel, told apart by colour, marker and
        line.

    Returns
    -------
    matplotlib Figure.
    """
    figure, axes = charts.panels(len(panels), height=3.0, extra=0.4)
    for axis, (title, (counts, methods)) in zip(axes, panels.items(), strict=True):
        at = np.arange(len(counts))
        for k, (method, means) in enumerate(methods.items()):
            changes = {"color": GREY, "linestyle": ":"} if k == 0 else {}
            charts.curve(axis, at, means, (0, 1, 4, 0, 2)[k], method, **changes)
        charts.ticks(axis, at, counts)
        axis.set(title=title, xlabel="labelled anomalies")
        axis.margins(x=0.08)
    axes[0].set_ylabel(ylabel)
    charts.legend_below(figure)
    return figure


def gains_by_tables(panels, ylabel="gain over the average of five"):
    """Draw panels: what a combination gains by the number of tables that it was learned
    on, with its interval; a dotted line where nothing is gained.

    panels : {title: {name: (sizes, intervals)}}, intervals of metrics.Interval. At most
        four names, the same in every panel.

    Returns
    -------
    matplotlib Figure.
    """
    figure, axes = charts.panels(len(panels), height=2.8, extra=0.4)
    for axis, (title, curves) in zip(axes, panels.items(), strict=True):
        axis.axhline(0.0, color=GREY, linestyle=":", linewidth=1.2)
        for k, (name, (sizes, intervals)) in enumerate(curves.items()):
            # side by side, so that no interval hides another
            at = np.arange(len(sizes)) + 0.16 * (k - (len(curves) - 1) / 2)
            charts.curve(axis, at, [i.value for i in intervals], k, name)
            ends = [[getattr(i, end) for i in intervals] for end in ("low", "high")]
            axis.vlines(
                at, *ends, color=charts.look(k)["color"], alpha=0.5, linewidth=2
            )
        charts.ticks(axis, range(len(sizes)), sizes)
        axis.set(title=title, xlabel="tables learned from")
    axes[0].set_ylabel(ylabel)
    charts.legend_below(figure)
    return figure
