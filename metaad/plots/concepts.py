"""Figures of the first two lessons: data at a glance, kinds of anomaly, what a
ranking is worth, scarce labels.
"""

import numpy as np
from matplotlib.colors import ListedColormap
from matplotlib.patches import Patch

from metaad.plots import charts
from metaad.plots.base import COLOURS, SMALL, WIDTH
from metaad.plots.charts import ANOMALY, GREY, NORMAL

PALE = "#9ecae9"


def contact_sheet(images, captions=None, marked=None, *, columns=10, title=""):
    """Draw images side by side; those marked get a thick vermilion frame.

    images : array (n, height, width) in [0, 1]; captions : n strings or None; marked :
    bool array (n,) or None."""
    below = 0.0 if captions is None else 0.22
    lines = -(-len(images) // min(columns, 10))
    columns = -(-len(images) // lines)  # as even as can be
    height = lines * (WIDTH / columns + below) + (0.3 if title else 0.0)
    figure, axes = charts.panels(len(images), columns=columns, height=height / lines)
    marked = np.zeros(len(images), bool) if marked is None else np.asarray(marked)
    for i, axis in enumerate(axes):
        colour, width = (ANOMALY, 3.0) if marked[i] else ("#cccccc", 0.8)
        charts.picture(axis, images[i], frame=colour, width=width)
        if captions is not None:
            ink = ANOMALY if marked[i] else "black"
            axis.set_xlabel(captions[i], fontsize=SMALL, color=ink, labelpad=3)
    if title:
        figure.suptitle(title, x=0.01, ha="left", fontsize=10)
    return figure


def growing_difference(curves):
    """Draw the distance between two runs that began one rounding apart, over the steps,
    log scale.

    curves : dict of name -> array (n_steps,), each entry ≥ 0; zero is drawn at 10⁻¹⁷.
    """
    figure, axis = charts.one_panel(3.4)
    for k, (name, values) in enumerate(curves.items()):
        at = np.arange(1, len(values) + 1)
        charts.curve(axis, at, np.maximum(values, 1e-17), (1, 0, 2)[k], name, marker="")
    axis.axhline(1e-4, color=GREY, linewidth=1)
    axis.text(len(values), 2e-5, "the fourth digit", color=GREY, ha="right", va="top")
    axis.set(
        yscale="log",
        xlabel="step",
        ylabel="distance between the runs",
        xlim=(0, len(values)),
        ylim=(3e-18, 20),
    )
    charts.legend_below(figure)
    return figure


def series(panels):
    """Draw time series, the anomalous stretch marked by vermilion diamonds.

    panels : list of (title, values (n,), anomalous (n,), true or 1 where it is).
    """
    figure, axes = charts.panels(len(panels), columns=1, height=1.25, sharey=True)
    for axis, (title, values, anomalous) in zip(axes, panels, strict=True):
        t, anomalous = np.arange(len(values)), np.asarray(anomalous, bool)
        axis.plot(t, values, color=NORMAL, linewidth=1.2)
        axis.plot(t[anomalous], values[anomalous], "D", color=ANOMALY, markersize=5)
        axis.set(title=title, xticks=[], yticks=[], ylabel="value")
        axis.margins(y=0.12)
    axes[-1].set_xlabel("time")
    return figure


def clouds(panels):
    """Draw point clouds: normal rows as blue dots, anomalies as vermilion diamonds.

    panels : list of (title, X (n, 2), y (n,)).
    """
    figure, axes = charts.panels(len(panels), height=2.4, extra=0.3)
    for axis, (title, X, y) in zip(axes, panels, strict=True):
        charts.cloud(axis, X, y)
        axis.set(title=title, xticks=[], yticks=[])
    charts.legend_below(figure)
    return figure


def interval_grid(rows, columns, intervals, *, label="AUROC", low=0.0, high=1.0):
    """Draw a table of intervals in colour: a line for each method, a column for each
    case, the interval written in the cell.

    intervals : nested list, rows × columns, of metrics.Interval.
    """
    value = np.array([[i.value for i in line] for line in intervals])

    def write(r, c, v):
        i = intervals[r][c]
        return f"{i.value:.2f}\n[{i.low:.2f}, {i.high:.2f}]"

    figure, axis = charts.one_panel(0.7 + 0.5 * len(rows))
    image = charts.heat_map(
        axis, value, rows, columns, write=write, vmin=low, vmax=high
    )
    figure.colorbar(image, ax=axis, label=label, pad=0.02)
    return figure


def masking(share, deviation, limit):
    """Draw how many standard deviations from the mean an anomaly lies, over the share
    of such anomalies.

    share : array (m,) in (0, 1); deviation : dict of name -> array (m,); limit : the
    usual threshold."""
    figure, axis = charts.one_panel(3.4)
    for k, (name, values) in enumerate(deviation.items()):
        charts.curve(axis, 100 * share, values, (0, 2, 5)[k], name, marker="")
    axis.axhline(limit, color=ANOMALY, linewidth=1.2)
    axis.axvline(10, color=GREY, linewidth=1, linestyle=":")
    axis.text(
        10.4, 8.2, "beyond 10 % nothing is found,\nhowever far away it lies", color=GREY
    )
    axis.text(100 * share[-1], limit + 0.2, "threshold", color=ANOMALY, ha="right")
    axis.set(
        xlabel="share of anomalies among the rows, %",
        ylabel="standard deviations\nfrom the mean",
        xlim=(0, 100 * share[-1]),
        ylim=(0, 10.5),
    )
    charts.legend_below(figure, title="distance of the anomalies")
    return figure


def ellipses(X, y, fits, *, chi2):
    """Draw normal rows, a cluster of anomalies, and for each fitted Gaussian the
    ellipse outside which rows are flagged.

    X : array (n, 2); fits : dict of name -> (mean (2,), covariance (2, 2), flagged bool
    (n,)); chi2 : squared radius."""
    figure, axes = charts.panels(
        len(fits), height=2.9, extra=0.2, sharex=True, sharey=True
    )
    turn = np.linspace(0, 2 * np.pi, 200)
    circle = np.sqrt(chi2) * np.stack([np.cos(turn), np.sin(turn)])  # (2, 200)
    for axis, (name, fitted) in zip(axes, fits.items(), strict=True):
        mean, covariance, flagged = fitted
        charts.cloud(axis, X, y)
        ring = {"markersize": 7, "fillstyle": "none", "markeredgewidth": 0.9}
        axis.plot(*X[flagged].T, "o", color="black", label="flagged", **ring)
        edge = mean[:, None] + np.linalg.cholesky(covariance) @ circle
        axis.plot(*edge, color="black", linewidth=1.2)
        axis.set(title=name, xticks=[], yticks=[])
    charts.legend_below(figure)
    return figure


def pairs_and_roc(y, scores):
    """Draw every pair of an anomaly and a normal row, and the ROC curve: the pale area
    is the same in both, and its border is the curve.

    The rows of pairs stand in the order in which the curve climbs: the most anomalous
    anomaly at the bottom, as the curve finds it first.

    y : int array (n,), 1 for an anomaly; scores : array (n,), larger = more anomalous.
    """
    high = np.sort(scores[y == 1])[::-1]  # (n_anomalies,), most anomalous first
    low = np.sort(scores[y == 0])[::-1]  # (n_normal,), most anomalous first
    # +1 where the anomaly outranks the normal row
    wins = np.sign(high[:, None] - low[None, :])
    figure, (left, right) = charts.panels(2, height=3.4, extra=0.2)
    colours = (ANOMALY, GREY, PALE)
    left.pcolormesh(
        wins,
        cmap=ListedColormap(colours),
        vmin=-1,
        vmax=1,
        edgecolors="white",
        linewidth=0.6,
    )
    names = [[f"{s:.1f}" for s in part] for part in (low, high)]
    left.set_xticks(np.arange(len(low)) + 0.5, names[0], rotation=90)
    left.set_yticks(np.arange(len(high)) + 0.5, names[1])
    left.tick_params(length=0)
    left.set(xlabel="scores of the normal rows", ylabel="scores of the anomalies")
    left.set_title(f"wins {int((wins > 0).sum())} of {wins.size} pairs")
    thresholds = np.r_[np.inf, np.sort(np.unique(scores))[::-1]]
    found = np.array([(high >= t).mean() for t in thresholds])
    false = np.array([(low >= t).mean() for t in thresholds])
    right.fill_between(false, found, color=PALE)
    right.plot(false, found, "o-", color="black", markersize=3.5)
    right.plot([0, 1], [0, 1], ":", color=GREY)
    right.set(
        xlabel="share of normal rows flagged",
        ylabel="share of anomalies found",
        xlim=(0, 1),
        ylim=(0, 1.02),
    )
    right.set_title("ROC: a point per threshold")
    texts = ("the anomaly loses", "tie", "the anomaly wins")
    keys = {t: Patch(color=c) for t, c in zip(texts, colours, strict=True)}
    charts.legend_below(figure, handles=keys)
    return figure


def against_share(share, curves, *, chance=None):
    """Draw measures with their intervals over the share of anomalies, log axis.

    share : array (m,) in (0, 1]; curves : dict of name -> list of m metrics.Interval;
    chance : array (m,) or None."""
    figure, axis = charts.one_panel(3.4)
    at = 100 * np.asarray(share)
    for k, (name, line) in enumerate(curves.items()):
        charts.interval_curve(axis, at, line, k, name)
    if chance is not None:
        axis.plot(at, chance, ":", color=GREY, label="average precision of chance")
    charts.ticks(axis, at, [f"{s:g}" for s in at], scale="log")
    axis.set(xlabel="share of anomalies in the test rows, %", ylim=(0, 1.02))
    charts.legend_below(figure)
    return figure


def scores_and_cost(scores, y, threshold, costs):
    """Draw two panels. Above: histograms of the scores with a threshold. Below: mean
    cost over the threshold, its lowest point marked.

    scores, y : arrays (n,); costs : dict of name -> (thresholds (m,), cost (m,)), cost
    relative to doing nothing."""
    figure, (above, below) = charts.panels(2, columns=1, height=2.5, extra=0.3)
    bins = np.linspace(scores.min(), scores.max(), 45)
    for k, name in enumerate(("normal", "anomaly")):
        charts.histogram(above, scores[y == k], bins, k, name)
    above.axvline(threshold, color="black", linewidth=1.2, label="threshold")
    above.set(yscale="log", xlabel="anomaly score", ylabel="rows (log scale)")
    for k, (name, (at, cost)) in zip((0, 2, 5), costs.items(), strict=False):
        text = f"a missed anomaly costs {name}"
        charts.curve(below, at, cost, k, text, marker="")
        lowest = np.argmin(cost)
        below.plot(at[lowest], cost[lowest], "o", color=charts.look(k)["color"])
    below.axhline(1, color=GREY, linewidth=1, linestyle=":")
    below.text(at[-1], 1.05, "never raise an alarm", color=GREY, ha="right")
    below.set(xlabel="threshold", ylabel="cost, relative\nto no detector", ylim=(0, 2))
    charts.legend_below(figure)
    return figure


def few_anomalies(counts, values, truth):
    """Draw the AUROC measured on many test sets, over the number of anomalies in each:
    dots, 95 % range, the true value.

    counts : m ints; values : array (m, repeats); truth : the true AUROC.
    """
    figure, axis = charts.one_panel(3.4)
    spread = np.linspace(-0.25, 0.25, values.shape[1])
    bottom = max(0.0, values.min() - 0.09)
    for i, measured in enumerate(values):
        axis.plot(i + spread, measured, ".", color=COLOURS["sixth"], markersize=3)
        low, high = np.percentile(measured, [2.5, 97.5])
        axis.plot([i, i], [low, high], color=NORMAL, linewidth=3)
        text = f"{high - low:.2f} wide"
        axis.text(i, bottom + 0.01, text, color=NORMAL, va="bottom", ha="center")
    axis.axhline(
        truth, color=ANOMALY, linewidth=1.2, linestyle="--", label="true value"
    )
    axis.plot([], [], color=NORMAL, linewidth=3, label="95 % of the test sets")
    axis.set_xlim(-0.6, len(counts) - 0.4)
    charts.ticks(axis, range(len(counts)), counts)
    axis.set(
        xlabel="anomalies in the test set", ylabel="measured AUROC", ylim=(bottom, 1.02)
    )
    charts.legend_below(figure)
    return figure
