"""Figures of the lesson on isolation forests: paths, cut counts, c(n), agreement.
Each function draws one and returns it.
"""

import numpy as np
from matplotlib.patches import Rectangle

from metaad.plots import charts
from metaad.plots.base import COLOURS
from metaad.plots.charts import ANOMALY, GREY, NORMAL, look
from metaad.plots.score_maps import ghosts, score_maps

__all__ = ["ghosts", "score_maps"]


def isolation_paths(X, paths, columns=6):
    """Draw the boxes of a few isolation paths, cut by cut, three panels side by side.

    Parameters
    ----------
    X : array (n, 2), all points.
    paths : dict, label -> (index of the point, list of steps); a step is (feature, cut,
        kept): the feature cut, the place of the cut, and a bool array (n,) of the
        points still in the box *before* the cut.
    columns : panels for a path; of a longer path the first ones and the last are drawn.
    """
    drawn = []  # None: an empty place, so that each path begins a line
    for label, (index, steps) in paths.items():
        n = len(steps)
        some = list(range(n)) if n <= columns else [*range(columns - 1), n - 1]
        drawn += [(label, index, steps, step) for step in some]
        drawn += [None] * (-len(drawn) % 3)
    figure, axes = charts.panels(
        len(drawn), columns=3, height=2.3, sharex=True, sharey=True
    )
    pad = 0.06 * np.ptp(X, axis=0)
    low, high = X.min(axis=0) - pad, X.max(axis=0) + pad
    colours = dict(zip(paths, (ANOMALY, NORMAL, COLOURS["third"]), strict=False))
    for axis, panel in zip(axes, drawn, strict=True):
        if panel is None:
            axis.set_axis_off()
            continue
        label, index, steps, step = panel
        n, colour = len(steps), colours[label]
        left = 1 if step + 1 == n else int(steps[step + 1][2].sum())
        _one_cut(axis, X, index, steps[step], pad, colour)
        axis.set(xticks=[], yticks=[], xlim=(low[0], high[0]), ylim=(low[1], high[1]))
        axis.set_title(f"cut {step + 1}: {int(steps[step][2].sum())} → {left}")
        if step == 0:
            plural = "s" if n > 1 else ""
            axis.set_ylabel(f"{label}\n{n} cut{plural}", color=colour)
    return figure


def _one_cut(axis, X, index, step, pad, colour):
    """The box before a cut; its kept side shaded."""
    feature, cut, kept = step
    low, high = X[kept].min(axis=0) - pad / 3, X[kept].max(axis=0) + pad / 3
    whole = {"fill": False, "edgecolor": GREY, "linewidth": 0.9}
    axis.add_patch(Rectangle(low, *(high - low), **whole))
    side = [low.copy(), high.copy()]
    side[int(X[index, feature] <= cut)][feature] = cut
    shade = {"facecolor": colour, "alpha": 0.16, "linewidth": 0}
    axis.add_patch(Rectangle(side[0], *(side[1] - side[0]), **shade))
    axis.scatter(*X[~kept].T, s=5, color="#cccccc", linewidths=0)
    axis.scatter(*X[kept].T, s=8, color="black", linewidths=0)
    star = {"edgecolor": "white", "linewidth": 0.6, "zorder": 4}
    axis.scatter(*X[index], s=95, marker="*", color=colour, **star)
    line = axis.vlines if feature == 0 else axis.hlines
    ends = low[1 - feature], high[1 - feature]
    line(cut, *ends, color="black", linewidth=1.6, linestyle="--")


def next_cut(X, index, steps, step):
    """Draw one cut of a game alone: the box before it, its kept side shaded.

    X : array (n, 2). index : the point that is isolated. steps : as in
    `isolation_paths`. step : which cut, from 1.
    """
    figure, axis = charts.one_panel(3.6)
    pad = 0.06 * np.ptp(X, axis=0)
    low, high = X.min(axis=0) - pad, X.max(axis=0) + pad
    left = 1 if step == len(steps) else int(steps[step][2].sum())
    _one_cut(axis, X, index, steps[step - 1], pad, ANOMALY)
    axis.set(xticks=[], yticks=[], xlim=(low[0], high[0]), ylim=(low[1], high[1]))
    before = int(steps[step - 1][2].sum())
    axis.set_title(f"cut {step} of {len(steps)}: {before} → {left}")
    return figure


def cut_counts(counts):
    """Draw histograms of the number of cuts. counts: dict, label -> int array
    (repeats,).
    """
    figure, axis = charts.one_panel(3.2)
    top = max(int(c.max()) for c in counts.values())
    for k, (label, values) in zip((1, 0), counts.items(), strict=False):
        share = np.bincount(values, minlength=top + 1) / len(values)
        how = {"color": look(k)["color"], "alpha": 0.65, "edgecolor": "white"}
        hatch = "" if k else "///"
        at = np.arange(top + 1)
        axis.bar(at, share, width=0.86, hatch=hatch, label=label, **how)
        axis.axvline(values.mean(), color=how["color"], linestyle="--", linewidth=1.6)
    axis.set(
        xlabel="cuts until the point is alone (dashed: mean)",
        ylabel="share of the games",
        xlim=(0, top + 1),
    )
    axis.set_xticks(range(0, top + 1, 2))
    charts.legend_below(figure)
    return figure


def line_depths(x, expected, simulated):
    """Draw points on a line and the cuts each one needs: by formula (open circles) and
    by simulation (crosses).

    x, expected, simulated : arrays (n,), x in increasing order.
    """
    figure, axis = charts.one_panel(3.4)
    axis.vlines(x, 0, expected, color=COLOURS["sixth"], linewidth=1.1)
    ring = {"facecolor": "none", "edgecolor": NORMAL, "linewidth": 1.4}
    axis.scatter(x, expected, s=60, label="formula", **ring)
    cross = {"marker": "x", "color": ANOMALY, "linewidth": 1.4}
    axis.scatter(x, simulated, s=26, label="mean of simulated trees", **cross)
    axis.scatter(x, np.full(len(x), -0.45), s=22, marker="|", color="black")
    axis.set(
        xlabel="x (ticks: the points)",
        ylabel="expected cuts until alone",
        ylim=(-0.9, None),
    )
    charts.legend_below(figure)
    return figure


def harmonic(n, exact, approximate, simulated):
    """Draw c(n) with Euler's approximation, and below it the approximation's error.

    n : int array (m,); exact, approximate : arrays (m,); simulated : dict, n -> mean
    path length of grown trees."""
    figure, (above, below) = charts.panels(2, columns=1, height=2.6, sharex=True)
    charts.curve(above, n, exact, 0, "c(n), exact", marker="")
    charts.curve(above, n, approximate, 1, "with ln(n − 1) + γ", marker="")
    dots = {"color": GREY, "linestyle": ":"}
    above.plot(n, np.log2(n), label="log₂ n: the best-balanced tree", **dots)
    cross = {"marker": "x", "s": 45, "color": "black", "zorder": 4}
    above.scatter(*zip(*simulated.items(), strict=True), label="simulated", **cross)
    above.set(xscale="log", ylabel="cuts until alone")
    gap = exact - approximate
    charts.curve(below, n, gap, 2, "exact − approximate", marker="")
    below.plot(n, 1.0 / n, color="black", linestyle=":", label="1 / n")
    below.set(
        xscale="log",
        yscale="log",
        xlabel="n, points in the tree",
        ylabel="error in cuts",
    )
    charts.legend_below(figure)
    return figure


def dilution(columns, paths, played, c):
    """Draw the cuts that a far row needs in tables of more and more columns.

    Parameters
    ----------
    columns : int array (m,), numbers of columns d.
    paths : dict, k -> float array (m,) of cuts, NaN where d < k: by formula for a row
        that is far away in k columns.
    played : dict, k -> (numbers of columns, mean cuts of games), two arrays each.
    c : float, the cuts of an ordinary row, drawn as a dotted line.
    """
    figure, axis = charts.one_panel(3.6)
    plain = {"color": GREY, "linestyle": ":", "linewidth": 1.4}
    axis.axhline(c, label="an ordinary row", **plain)
    for k, (far, cuts) in enumerate(paths.items()):
        plural = "s" if far > 1 else ""
        charts.curve(axis, columns, cuts, k, f"far in {far} column{plural}", marker="")
    cross = {"marker": "x", "s": 40, "color": "black", "zorder": 4}
    for at, cuts in played.values():
        axis.scatter(at, cuts, label="games", **cross)
    axis.set(
        xlabel="columns in the table, d", ylabel="cuts until alone", ylim=(0, None)
    )
    charts.ticks(
        axis, [n for n in (1, 3, 10, 30, 100, 300) if n <= max(columns)], scale="log"
    )
    charts.legend_below(figure)
    return figure


def curves(x, lines, xlabel, ylabel, log=True):
    """Draw means with their intervals along x. lines: dict, label -> list of
    metrics.Interval, one for each x.
    """
    figure, axis = charts.one_panel(3.2)
    for k, (label, intervals) in enumerate(lines.items()):
        charts.interval_curve(axis, x, intervals, k, label)
    axis.set(xlabel=xlabel, ylabel=ylabel)
    scale = "symlog" if log and 0 in x else "log" if log else None
    charts.ticks(axis, x, scale=scale, base=2)
    if len(lines) > 1:
        charts.legend_below(figure)
    return figure


def published(rows):
    """Draw the AUROC of a paper beside ours. rows: list of (table, published, {label:
    Interval}).
    """
    figure, axis = charts.one_panel(0.5 * len(rows) + 1.0)
    for place, (_, paper, measured) in enumerate(rows):
        mark = {"marker": "|", "s": 260, "color": "black", "linewidths": 2}
        axis.scatter([paper], [place], label="paper, 2008", zorder=1, **mark)
        for k, (label, i) in enumerate(measured.items()):
            at = place + 0.16 * (2 * k - 1)
            how = look(k, label=label)
            axis.plot([i.low, i.high], [at, at], color=how["color"], linewidth=1.6)
            axis.plot([i.value], [at], **{**how, "linestyle": "", "markersize": 6})
    charts.name_rows(axis, [r[0] for r in rows])
    axis.set_xlabel("AUROC, mean of seeds and its interval")
    charts.legend_below(figure)
    return figure
