"""Figures of the first two lessons: data at a glance, kinds of anomaly, what a
ranking is worth, scarce labels.
"""

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.colors import ListedColormap

from metaad.plots.base import COLOURS

NORMAL, ANOMALY = COLOURS["normal"], COLOURS["anomaly"]
GREEN, GREY = COLOURS["third"], COLOURS["grey"]
LINES = ("-", "--", "-.", ":")
MARKS = ("o", "s", "^", "D", "v")


def contact_sheet(images, captions=None, marked=None, *, columns=12, title=""):
    """Images side by side; those marked get a thick vermilion frame.

    images : array (n, height, width) in [0, 1]; captions : n strings or None; marked :
    bool array (n,) or None."""
    rows = -(-len(images) // columns)
    side = 8.6 / columns
    figure, axes = plt.subplots(
        rows,
        columns,
        figsize=(8.6, 0.3 + rows * (side + (0.0 if captions is None else 0.2))),
    )
    marked = np.zeros(len(images), bool) if marked is None else np.asarray(marked)
    for i, axis in enumerate(np.ravel(axes)):
        axis.set_xticks([])
        axis.set_yticks([])
        if i >= len(images):
            axis.axis("off")
            continue
        axis.imshow(images[i], cmap="gray_r", vmin=0, vmax=1)
        for spine in axis.spines.values():
            spine.set(
                visible=True,
                color=ANOMALY if marked[i] else "#cccccc",
                linewidth=3.0 if marked[i] else 0.8,
            )
        if captions is not None:
            axis.set_xlabel(
                captions[i],
                fontsize=9,
                color=ANOMALY if marked[i] else "black",
                labelpad=3,
            )
    if title:
        figure.suptitle(title, x=0.01, ha="left", fontsize=11)
    return figure


def table_rows(X, y, *, title=""):
    """Rows of a table as a heat map, each column in standard deviations from its mean;
    anomalies at the bottom.

    X : array (n, d); y : int array (n,), 1 for an anomaly.
    """
    order = np.argsort(y, kind="stable")
    spread = X.std(axis=0)
    Z = ((X - X.mean(axis=0)) / np.where(spread > 0, spread, 1.0))[order]
    figure, axis = plt.subplots(figsize=(8.6, 3.4))
    image = axis.imshow(
        Z, aspect="auto", cmap="PuOr_r", vmin=-3, vmax=3, interpolation="nearest"
    )
    first = int(np.sum(y == 0))
    axis.axhline(first - 0.5, color="black", linewidth=1.5)
    axis.set_yticks([first / 2, first + (len(y) - first) / 2], ["normal", "anomaly"])
    axis.tick_params(axis="y", length=0)
    axis.set_xlabel("column")
    axis.set_title(title)
    figure.colorbar(
        image, ax=axis, label="standard deviations\nfrom the mean", pad=0.02
    )
    return figure


def growing_difference(curves):
    """Distance between two runs that began one rounding apart, over the steps, log
    scale.

    curves : dict of name -> array (n_steps,), each entry ≥ 0; zero is drawn at 10⁻¹⁷.
    """
    figure, axis = plt.subplots(figsize=(8.6, 3.3))
    for (name, values), line, colour in zip(
        curves.items(), LINES, (ANOMALY, NORMAL, GREEN), strict=False
    ):
        steps = np.arange(1, len(values) + 1)
        axis.semilogy(steps, np.maximum(values, 1e-17), line, color=colour, label=name)
    axis.axhline(1e-4, color=GREY, linewidth=1)
    axis.text(
        len(values), 1.8e-4, "the fourth digit", color=GREY, fontsize=9.5, ha="right"
    )
    axis.set(
        xlabel="step",
        ylabel="distance between the runs",
        xlim=(0, len(values)),
        ylim=(3e-18, 20),
    )
    axis.legend(loc="lower right", bbox_to_anchor=(1, 0.12))
    return figure


def series(panels):
    """Time series side by side, the anomalous stretch marked.

    panels : list of (title, values (n,), anomalous (n,), true or 1 where it is).
    """
    figure, axes = plt.subplots(1, len(panels), figsize=(8.6, 2.6), sharey=True)
    for axis, (title, values, anomalous) in zip(axes, panels, strict=True):
        t, anomalous = np.arange(len(values)), np.asarray(anomalous, bool)
        axis.plot(t, values, color=NORMAL, linewidth=1.2)
        axis.plot(t[anomalous], values[anomalous], "D", color=ANOMALY, markersize=5)
        axis.set(title=title, xlabel="time", xticks=[], yticks=[])
    axes[0].set_ylabel("measured value")
    return figure


def clouds(panels):
    """Point clouds side by side: normal rows as blue dots, anomalies as vermilion
    diamonds.

    panels : list of (title, X (n, 2), y (n,)).
    """
    figure, axes = plt.subplots(1, len(panels), figsize=(8.6, 2.7))
    for axis, (title, X, y) in zip(axes, panels, strict=True):
        axis.plot(
            *X[y == 0].T,
            "o",
            color=NORMAL,
            markersize=2.2,
            alpha=0.6,
            markeredgewidth=0,
            label="normal",
        )
        axis.plot(
            *X[y == 1].T,
            "D",
            color=ANOMALY,
            markersize=3.8,
            markeredgewidth=0,
            label="anomaly",
        )
        axis.set(title=title, xticks=[], yticks=[])
    figure.legend(
        *axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=2
    )
    return figure


def interval_grid(rows, columns, intervals, *, label="AUROC", low=0.0, high=1.0):
    """A table of intervals in colour: one row a method, one column a case, the interval
    written in the cell.

    intervals : nested list, rows × columns, of metrics.Interval.
    """
    value = np.array([[i.value for i in line] for line in intervals])
    figure, axis = plt.subplots(figsize=(8.6, 0.9 + 0.52 * len(rows)))
    image = axis.imshow(value, cmap="cividis", vmin=low, vmax=high, aspect="auto")
    for r, line in enumerate(intervals):
        for c, i in enumerate(line):
            dark = (i.value - low) / (high - low) < 0.55
            text = f"{i.value:.2f}\n[{i.low:.2f}, {i.high:.2f}]"
            axis.text(
                c,
                r,
                text,
                ha="center",
                va="center",
                color="white" if dark else "black",
                fontsize=9,
            )
    axis.set_xticks(range(len(columns)), columns)
    axis.set_yticks(range(len(rows)), rows)
    axis.tick_params(length=0)
    for spine in axis.spines.values():
        spine.set_visible(False)
    figure.colorbar(image, ax=axis, label=label, pad=0.02)
    return figure


def masking(share, deviation, limit):
    """How many standard deviations from the mean an anomaly lies, over the share of
    such anomalies.

    share : array (m,) in (0, 1); deviation : dict of name -> array (m,); limit : the
    usual threshold."""
    figure, axis = plt.subplots(figsize=(8.6, 3.2))
    for (name, values), line, colour in zip(
        deviation.items(), LINES, (NORMAL, GREEN, "black"), strict=False
    ):
        axis.plot(100 * share, values, line, color=colour, label=name)
    axis.axhline(limit, color=ANOMALY, linewidth=1.2)
    axis.axvline(10, color=GREY, linewidth=1, linestyle=":")
    axis.text(
        10.2,
        9.2,
        "beyond 10 % nothing is found,\nhowever far away it lies",
        color=GREY,
        fontsize=9.5,
    )
    axis.text(0.1, limit + 0.2, "threshold", color=ANOMALY, fontsize=9.5)
    axis.set(
        xlabel="share of anomalies among the rows, %",
        ylabel="standard deviations\nfrom the mean",
    )
    axis.set(xlim=(0, 100 * share[-1]), ylim=(0, 10.5))
    axis.legend(title="distance of the anomalies", loc="center right")
    return figure


def ellipses(X, y, fits, *, chi2):
    """Normal rows, a cluster of anomalies, and for each fitted Gaussian the ellipse
    outside which rows are flagged.

    X : array (n, 2); fits : dict of name -> (mean (2,), covariance (2, 2), flagged bool
    (n,)); chi2 : squared radius."""
    figure, axes = plt.subplots(
        1, len(fits), figsize=(8.6, 3.4), sharex=True, sharey=True
    )
    turn = np.linspace(0, 2 * np.pi, 200)
    circle = np.sqrt(chi2) * np.stack([np.cos(turn), np.sin(turn)])  # (2, 200)
    for axis, (name, (mean, covariance, flagged)) in zip(
        axes, fits.items(), strict=True
    ):
        axis.plot(
            *X[y == 0].T,
            "o",
            color=NORMAL,
            markersize=2.5,
            alpha=0.6,
            markeredgewidth=0,
            label="normal",
        )
        axis.plot(
            *X[y == 1].T,
            "D",
            color=ANOMALY,
            markersize=4,
            markeredgewidth=0,
            label="anomaly",
        )
        ring = {"markersize": 7, "fillstyle": "none", "markeredgewidth": 0.9}
        axis.plot(*X[flagged].T, "o", color="black", label="flagged", **ring)
        axis.plot(
            *(mean[:, None] + np.linalg.cholesky(covariance) @ circle),
            color="black",
            linewidth=1.2,
        )
        axis.set(title=name, xticks=[], yticks=[])
    figure.legend(
        *axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=3
    )
    return figure


def pairs_and_roc(y, scores):
    """Every pair of an anomaly and a normal row, and the ROC curve: the coloured area
    and the area under it agree.

    y : int array (n,), 1 for an anomaly; scores : array (n,), larger = more anomalous.
    """
    high = np.sort(scores[y == 1])[::-1]  # (n_anomalies,), most anomalous first
    low = np.sort(scores[y == 0])[::-1]  # (n_normal,), most anomalous first
    # +1 where the anomaly outranks the normal row
    wins = np.sign(high[:, None] - low[None, :])
    figure, (left, right) = plt.subplots(
        1, 2, figsize=(8.6, 3.5), width_ratios=(1.15, 1)
    )
    colours = ListedColormap([ANOMALY, GREY, "#9ecae9"])
    left.pcolormesh(
        wins[::-1], cmap=colours, vmin=-1, vmax=1, edgecolors="white", linewidth=0.6
    )
    left.set_xticks(
        np.arange(len(low)) + 0.5, [f"{s:.1f}" for s in low], rotation=90, fontsize=8
    )
    left.set_yticks(
        np.arange(len(high)) + 0.5, [f"{s:.1f}" for s in high[::-1]], fontsize=9
    )
    left.tick_params(length=0)
    left.set(xlabel="scores of the normal rows", ylabel="scores of the anomalies")
    left.set_title(
        f"the anomaly wins {int((wins > 0).sum())} of {wins.size} pairs (pale)"
    )
    thresholds = np.r_[np.inf, np.sort(np.unique(scores))[::-1]]
    found = np.array([(high >= t).mean() for t in thresholds])
    false = np.array([(low >= t).mean() for t in thresholds])
    right.fill_between(false, found, color="#9ecae9")
    right.plot(false, found, "o-", color="black", markersize=3.5)
    right.plot([0, 1], [0, 1], ":", color=GREY)
    right.set(
        xlabel="share of normal rows flagged",
        ylabel="share of anomalies found",
        xlim=(0, 1),
        ylim=(0, 1.02),
    )
    right.set_title("ROC curve: one point a threshold")
    return figure


def against_share(share, curves, *, chance=None):
    """Measures with their intervals over the share of anomalies, log axis.

    share : array (m,) in (0, 1]; curves : dict of name -> list of m metrics.Interval;
    chance : array (m,) or None."""
    figure, axis = plt.subplots(figsize=(8.6, 3.3))
    for (name, line), colour, mark in zip(
        curves.items(), (NORMAL, ANOMALY, GREEN), MARKS, strict=False
    ):
        axis.plot(
            100 * share,
            [i.value for i in line],
            mark + "-",
            color=colour,
            label=name,
            markersize=5,
        )
        low, high = [i.low for i in line], [i.high for i in line]
        axis.fill_between(100 * share, low, high, color=colour, alpha=0.2, linewidth=0)
    if chance is not None:
        axis.plot(
            100 * share, chance, ":", color=GREY, label="average precision of chance"
        )
    axis.set(
        xscale="log", xlabel="share of anomalies in the test rows, %", ylim=(0, 1.02)
    )
    axis.set_xticks(100 * share, [f"{100 * s:g}" for s in share])
    axis.minorticks_off()
    axis.legend(loc="center left", bbox_to_anchor=(0.02, 0.66))
    return figure


def scores_and_cost(scores, y, threshold, costs):
    """Left: histograms of the scores with a threshold. Right: mean cost over the
    threshold, its lowest point marked.

    scores, y : arrays (n,); costs : dict of name -> (thresholds (m,), cost (m,)), cost
    relative to doing nothing."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(8.6, 3.3))
    bins = np.linspace(scores.min(), scores.max(), 45)
    left.hist(scores[y == 0], bins, color=NORMAL, alpha=0.7, label="normal")
    left.hist(
        scores[y == 1],
        bins,
        color=ANOMALY,
        hatch="///",
        edgecolor="white",
        label="anomaly",
    )
    left.axvline(threshold, color="black", linewidth=1.2, label="threshold")
    left.set(yscale="log", xlabel="anomaly score", ylabel="rows (log scale)")
    left.legend()
    for (name, (at, cost)), colour, line in zip(
        costs.items(), (NORMAL, GREEN, ANOMALY), LINES, strict=False
    ):
        right.plot(at, cost, line, color=colour, label=name)
        right.plot(at[np.argmin(cost)], cost.min(), "o", color=colour, markersize=7)
    right.axhline(1, color=GREY, linewidth=1, linestyle=":")
    right.text(
        at[-1], 1.03, "never raise an alarm", color=GREY, fontsize=9.5, ha="right"
    )
    right.set(xlabel="threshold", ylabel="cost, relative to no detector", ylim=(0, 2))
    right.legend(title="one missed anomaly costs", fontsize=9.5)
    return figure


def few_anomalies(counts, values, truth):
    """AUROC measured on many test sets, over the number of anomalies in each: dots, 95
    % range, the true value.

    counts : m ints; values : array (m, repeats); truth : the true AUROC.
    """
    figure, axis = plt.subplots(figsize=(8.6, 3.3))
    spread = np.linspace(-0.28, 0.28, values.shape[1])
    for i, measured in enumerate(values):
        axis.plot(i + spread, measured, ".", color=COLOURS["sixth"], markersize=3)
        low, high = np.percentile(measured, [2.5, 97.5])
        axis.plot([i, i], [low, high], color=NORMAL, linewidth=3)
        axis.text(
            i + 0.06,
            low - 0.012,
            f"{high - low:.2f} wide",
            color=NORMAL,
            va="top",
            ha="center",
            fontsize=9.5,
        )
    axis.axhline(truth, color=ANOMALY, linewidth=1.2, linestyle="--")
    axis.text(
        len(counts) - 0.62,
        truth + 0.004,
        "true value",
        color=ANOMALY,
        va="bottom",
        fontsize=9.5,
    )
    axis.set_xlim(-0.6, len(counts) - 0.1)
    axis.set_xticks(range(len(counts)), [str(c) for c in counts])
    axis.set(
        xlabel="anomalies in the test set",
        ylabel="measured AUROC",
        ylim=(max(0.0, values.min() - 0.05), 1.02),
    )
    return figure
