"""Figures about architecture search: which networks detect, how fast a search finds
them, what it costs.
"""

import numpy as np
from matplotlib import pyplot as plt

from metaad.plots.base import COLOURS

LINES = (
    ("normal", "-", "o"),
    ("anomaly", "--", "D"),
    ("grey", ":", "v"),
    ("third", "-", "s"),
    ("fourth", "-.", "^"),
    ("black", "-", "P"),
)


def grids(rows, columns, values, marked=None, xlabel="", ylabel=""):
    """Tables of numbers side by side, each on its own scale, every number written out.

    Parameters
    ----------
    rows, columns : labels.
    values : {title: (array (rows, columns), format)}, e.g. ("AUROC", (a, ".3f")); NaN
        cells stay empty.
    marked : {title: (row, column)} of a cell with a frame, or None.

    Returns
    -------
    matplotlib Figure
    """
    figure, axes = plt.subplots(
        1,
        len(values),
        figsize=(5.0 * len(values), 0.5 * len(rows) + 1.5),
        squeeze=False,
    )
    for ax, (title, (grid, form)) in zip(axes[0], values.items(), strict=True):
        grid = np.asarray(grid, dtype=float)
        ax.imshow(grid, cmap="cividis", aspect="auto")
        middle = (np.nanmin(grid) + np.nanmax(grid)) / 2
        for (i, j), v in np.ndenumerate(grid):
            if np.isfinite(v):
                ax.text(
                    j,
                    i,
                    format(v, form),
                    ha="center",
                    va="center",
                    fontsize=9,
                    color="w" if v < middle else "k",
                )
        if marked and title in marked:
            i, j = marked[title]
            box = plt.Rectangle(
                (j - 0.47, i - 0.45), 0.94, 0.9, fill=False, ec=COLOURS["anomaly"], lw=3
            )
            ax.add_patch(box)
        ax.set(
            title=title, xlabel=xlabel, xticks=range(len(columns)), xticklabels=columns
        )
        ax.set(yticks=range(len(rows)), yticklabels=rows)
        for side in ax.spines.values():
            side.set_visible(False)
    axes[0][0].set_ylabel(ylabel)
    return figure


def curves(
    budgets, lines, expected=None, ylabel="regret", xlabel="architectures tried"
):
    """How far from the best a search still is, by its budget.

    Parameters
    ----------
    budgets : array (b,).
    lines : {name: (mean (b,), low (b,), high (b,))}; the band lies between low and
        high.
    expected : (name, array (b,)), a closed form drawn as crosses, or None.

    Returns
    -------
    matplotlib Figure
    """
    figure, ax = plt.subplots(figsize=(8.4, 3.8))
    for (name, (mean, low, high)), (colour, style, marker) in zip(
        lines.items(), LINES, strict=False
    ):
        ax.fill_between(budgets, low, high, color=COLOURS[colour], alpha=0.08, lw=0)
        ax.plot(
            budgets, mean, style, marker=marker, color=COLOURS[colour], ms=6, label=name
        )
    if expected is not None:
        ax.plot(
            budgets,
            expected[1],
            "x",
            color=COLOURS["black"],
            ms=11,
            mew=2,
            label=expected[0],
            zorder=5,
        )
    ax.set(
        xlabel=xlabel,
        ylabel=ylabel,
        xscale="log",
        xticks=budgets,
        xticklabels=[str(b) for b in budgets],
    )
    ax.minorticks_off()
    ax.set_ylim(bottom=0)
    ax.legend(loc="upper right", fontsize=9.5)
    return figure


def cost_and_gain(points, xlabel="AUROC gained"):
    """What each way costs and what it gains: a line each, the seconds written beside
    the name.

    points : {name: (seconds, interval)}, drawn from top to bottom; interval is a
    metrics.Interval."""
    figure, ax = plt.subplots(figsize=(8.4, 0.42 * len(points) + 0.9))
    names = []
    for i, (name, (seconds, interval)) in enumerate(points.items()):
        ax.plot(
            [interval.low, interval.high],
            [i, i],
            color=COLOURS["normal"],
            lw=3,
            alpha=0.55,
        )
        ax.plot(interval.value, i, "o", color=COLOURS["normal"], ms=8)
        names.append(f"{name} · {seconds:.0f} s" if seconds >= 1 else f"{name} · < 1 s")
    ax.axvline(0, color=COLOURS["grey"], lw=1.2, ls=":")
    ax.set(
        xlabel=xlabel,
        yticks=range(len(names)),
        yticklabels=names,
        ylim=(len(names) - 0.5, -0.5),
    )
    return figure


def error_against_auroc(
    error, auroc, groups, chosen=None, xlabel="reconstruction error", legend="code size"
):
    """One point an architecture: what it rebuilds badly, and how well it detects.

    Parameters
    ----------
    error, auroc : arrays (a,). groups : array (a,), e.g. code sizes; one colour and
        marker each.
    chosen : {name: index} of architectures that are ringed and named, or None.

    Returns
    -------
    matplotlib Figure
    """
    figure, ax = plt.subplots(figsize=(8.0, 3.8))
    levels = sorted(set(np.asarray(groups).tolist()))
    shades = plt.get_cmap("cividis")(np.linspace(0.0, 0.95, len(levels)))
    for level, shade, marker in zip(levels, shades, "osD^vPX*", strict=False):
        of = np.asarray(groups) == level
        ax.plot(
            np.asarray(error)[of],
            np.asarray(auroc)[of],
            marker,
            color=shade,
            ms=6,
            label=str(level),
        )
    ax.margins(0.06, 0.1)
    middle = np.sqrt(np.min(error) * np.max(error))
    for name, a in (chosen or {}).items():
        ax.plot(
            error[a], auroc[a], "o", mfc="none", mec=COLOURS["anomaly"], mew=2, ms=14
        )
        # AUROC falls from left to right: below the points on the left, and left of
        # those on the right, there is room
        where, side = ((8, -22), "left") if error[a] < middle else ((-12, -8), "right")
        ax.annotate(
            name,
            (error[a], auroc[a]),
            where,
            textcoords="offset points",
            ha=side,
            color=COLOURS["anomaly"],
        )
    ax.set(xlabel=xlabel, ylabel="AUROC", xscale="log")
    ax.legend(title=legend, fontsize=9.5, loc="center left", bbox_to_anchor=(1.0, 0.5))
    return figure
