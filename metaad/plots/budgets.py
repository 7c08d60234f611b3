"""Figures about alerts under a budget: what a list saves, what fields gain, and what two
simulated worlds look like.
"""

import numpy as np
from matplotlib.patches import Patch

from metaad.plots import charts
from metaad.plots.charts import GREY

SHADES = ("#f2b8a0", "#b9c9e8", "#cfe3b4")
HATCHES = ("", "///", "...")


def saving_curves(panels, *, most=0.1):
    """Draw what lists of alerts save against the share of the rows that is looked at.

    Parameters
    ----------
    panels : {title: (curves, share, unit)}, curves {name: array (n + 1,)} as
        `practice.budget.saving_curve` gives them, share the budget, a dotted line, unit
        of the saving. At most five curves, the same in every panel.
    most : largest share that is drawn.

    Returns
    -------
    matplotlib Figure, in units per 1,000 rows.
    """
    figure, axes = charts.panels(len(panels), columns=1, height=2.1, extra=0.5)
    for axis, (title, (curves, share, unit)) in zip(axes, panels.items(), strict=True):
        axis.axhline(0.0, color=GREY, linewidth=1.0)
        for k, (name, curve) in enumerate(curves.items()):
            n = len(curve) - 1
            shown = int(max(5, most * n)) + 1
            x, y = 100 * np.arange(n + 1)[:shown] / n, 1000 * curve[:shown] / n
            charts.curve(axis, x, y, k, name, marker="", linewidth=1.8)
        axis.axvline(100 * share, color="black", linestyle=":", label="the budget")
        axis.set(title=title, ylabel=unit, xlim=(0, 100 * most))
    axes[-1].set_xlabel("rows looked at, % of all; savings per 1,000 rows")
    charts.legend_below(figure)
    return figure


def field_gains(fields, together, xlabel):
    """Draw what methods gain in each field: a thin mark for each table, a large one for
    their mean; at the bottom all tables together, with intervals.

    fields : {field: {method: array (u,)}}, gains of its tables. together : {title:
    {method: metrics.Interval}}. At most five methods. xlabel : of the gain. Returns a
    matplotlib Figure."""
    groups = {**fields, **together}
    methods = list(dict.fromkeys(m for of in groups.values() for m in of))
    figure, axis = charts.one_panel(1.0 + 0.62 * len(groups))
    axis.axvline(0.0, color=GREY, linestyle=":", linewidth=1.2)
    step = 0.8 / max(1, len(methods))
    for i, of in enumerate(groups.values()):
        if i % 2:
            axis.axhspan(i - 0.5, i + 0.5, color=GREY, alpha=0.1, linewidth=0)
        for method, gain in of.items():
            k = methods.index(method)
            at = i + step * (k - (len(methods) - 1) / 2)
            _gain(axis, gain, at, charts.look(k))
    handles = {
        m: axis.plot([], [], linestyle="", markersize=6, **_mark(charts.look(k)))[0]
        for k, m in enumerate(methods)
    }
    charts.name_rows(axis, list(groups))
    axis.set_xlabel(xlabel)
    charts.legend_below(figure, handles=handles)
    return figure


def _gain(axis, gain, at, look):
    colour = look["color"]
    if hasattr(gain, "low"):
        span = [gain.low, gain.high]
        axis.plot(span, [at, at], color=colour, linewidth=3, alpha=0.55)
        mean = gain.value
    else:
        axis.plot(gain, np.full(len(gain), at), "|", color=colour, alpha=0.7)
        mean = np.mean(gain)
    axis.plot(mean, at, linestyle="", markersize=6, **_mark(look))


def _mark(look):
    return {n: look[n] for n in ("color", "marker")}


def world(panels, kinds):
    """Draw courses of a simulated world, its anomalies shaded by kind.

    panels : {title: (x, {name: values}, kind, labels)}, x and values arrays (n,), kind
    int (n,), 0 or a place in `kinds`, labels (xlabel, ylabel). kinds : {place: name}, at
    most three. Returns a matplotlib Figure.
    """
    figure, axes = charts.panels(len(panels), columns=1, height=1.9, extra=0.5)
    places = list(kinds)
    for axis, (x, lines, kind, labels) in zip(axes, panels.values(), strict=True):
        step = x[1] - x[0]
        for place in places:
            look = dict(facecolor=SHADES[places.index(place)], edgecolor="white")
            for first, last in _runs(kind == place):
                ends = x[first] - step / 2, x[last] + step / 2
                axis.axvspan(*ends, hatch=HATCHES[places.index(place)], lw=0, **look)
        for k, (name, values) in enumerate(lines.items()):
            charts.curve(axis, x, values, k, name, marker="", linewidth=1.5)
        axis.set(xlabel=labels[0], ylabel=labels[1], xlim=(x[0], x[-1]))
    for axis, title in zip(axes, panels, strict=True):
        axis.set_title(title)
    keys = {}
    for axis in axes:
        for handle, label in zip(*axis.get_legend_handles_labels(), strict=True):
            keys.setdefault(label, handle)
    seen = np.unique(np.concatenate([kind for _, _, kind, _ in panels.values()]))
    for place, name in ((p, n) for p, n in kinds.items() if p in seen):
        look = dict(facecolor=SHADES[places.index(place)], edgecolor="white")
        keys[name] = Patch(hatch=HATCHES[places.index(place)], lw=0, **look)
    charts.legend_below(figure, handles=keys)
    return figure


def _runs(mask):
    """First and last place of every run of True: list of pairs."""
    edge = np.flatnonzero(np.diff(np.r_[0, np.asarray(mask, dtype=int), 0]))
    return [(a, b - 1) for a, b in edge.reshape(-1, 2)]
