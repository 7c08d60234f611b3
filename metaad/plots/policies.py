"""Figures about policies: how they move, how far a step may go, and what a reward
makes of a detector.
"""

import numpy as np
from matplotlib import pyplot as plt

from metaad.plots.base import COLOURS

LOOKS = (
    ("normal", "-", "o"),
    ("anomaly", "--", "s"),
    ("third", "-.", "^"),
    ("fourth", ":", "D"),
    ("fifth", "-", "v"),
)


def gradient_samples(estimates, exact, directions):
    """Single-batch gradient estimates in a plane, with and without a baseline, around
    the exact gradient.

    Parameters
    ----------
    estimates : {title: array (n, 2)}. exact : array (2,). directions : two axis labels.
    """
    figure, axes = plt.subplots(
        1, len(estimates), figsize=(3.3 * len(estimates), 3.2), sharex=True, sharey=True
    )
    for ax, (title, points) in zip(np.atleast_1d(axes), estimates.items(), strict=True):
        points = np.asarray(points)
        ax.plot(
            *points.T, ".", color=COLOURS["sixth"], ms=4, alpha=0.6, label="an estimate"
        )
        ax.plot(
            *points.mean(axis=0),
            "D",
            color=COLOURS["anomaly"],
            ms=8,
            mec="white",
            label="their mean",
        )
        ax.plot(
            *exact, "x", color=COLOURS["black"], ms=9, mew=2, label="exact gradient"
        )
        ax.set(title=title, xlabel=directions[0])
    np.atleast_1d(axes)[0].set_ylabel(directions[1])
    np.atleast_1d(axes)[0].legend(fontsize=9, loc="best")
    return figure


def trust_region(kls, bound, gains):
    """KL of every step of each method against the bound, and the expected reward beside
    it.

    Parameters
    ----------
    kls : {method: array (iterations,)} in nats. bound : TRPO's max_kl. gains : {method:
        array (iterations + 1,)}, expected reward before the first step and after each.
    """
    figure, (left, right) = plt.subplots(1, 2, figsize=(9.4, 3.3))
    for (name, kl), (colour, style, marker) in zip(kls.items(), LOOKS, strict=False):
        left.plot(np.maximum(kl, 1e-6), marker, color=COLOURS[colour], ms=4, label=name)
        right.plot(gains[name], style, color=COLOURS[colour], label=name)
    left.axhline(bound, color=COLOURS["black"], lw=1.2, ls="--", label="bound of TRPO")
    left.set(yscale="log", xlabel="iteration", title="KL(old ‖ new) of the step, nats")
    right.set(xlabel="iteration", title="expected reward")
    left.legend(fontsize=9)
    right.legend(fontsize=9)
    return figure


def reward_hacking(panels):
    """A reward that is not the goal: both, over the iterations of a search that sees
    only the reward.

    Parameters
    ----------
    panels : {title: (outlierness (n_tables, iterations + 1), auroc of the same shape)};
        thin lines are tables, thick ones their means."""
    figure, axes = plt.subplots(
        2, len(panels), figsize=(3.4 * len(panels), 4.6), sharex=True, squeeze=False
    )
    for column, (title, pair) in zip(axes.T, panels.items(), strict=True):
        for ax, values, colour in zip(column, pair, ("normal", "anomaly"), strict=True):
            values = np.asarray(values)
            ax.plot(values.T, color=COLOURS[colour], lw=0.6, alpha=0.3)
            ax.plot(values.mean(axis=0), color=COLOURS[colour], lw=2.6)
        column[0].set_title(title)
        column[1].set_xlabel("iteration")
    axes[0][0].set_ylabel("outlierness,\nminimised")
    axes[1][0].set_ylabel("AUROC,\nnever seen")
    return figure


def agreement(values):
    """Rank correlation of a reward with the AUROC: a tick for each table, and the mean
    with its interval.

    Parameters
    ----------
    values : {row: (Interval, values (n_tables,))}, from top to bottom.
    """
    figure, ax = plt.subplots(figsize=(8.6, 0.34 * len(values) + 1.0))
    for i, (interval, each) in enumerate(values.values()):
        colour = COLOURS[
            "normal"
            if interval.low > 0
            else "anomaly"
            if interval.high < 0
            else "black"
        ]
        ax.plot(
            each, np.full(len(each), i), "|", color=COLOURS["grey"], ms=8, alpha=0.7
        )
        ax.plot([interval.low, interval.high], [i, i], color=colour, lw=3, alpha=0.55)
        ax.plot(interval.value, i, "o", color=colour, ms=6)
        ax.annotate(
            f"{interval.value:+.2f}",
            (1.01, i),
            xycoords=("axes fraction", "data"),
            va="center",
        )
    ax.axvline(0, color=COLOURS["grey"], ls=":", lw=1.2)
    ax.set(
        xlabel="Spearman correlation with AUROC over configurations",
        xlim=(-1.03, 1.03),
        yticks=range(len(values)),
        yticklabels=list(values),
        ylim=(len(values) - 0.5, -0.5),
    )
    return figure


def level_policy(probabilities, aurocs, names):
    """A policy over two parameters beside what it should find: two grids of the same
    cells.

    Parameters
    ----------
    probabilities : {title: array (a, b)}. aurocs : {title: array (a, b)}. names :
        (label of rows, values, label of columns, values)."""
    row, row_values, column, column_values = names
    panels = [(t, p, "Blues", "{:.2f}") for t, p in probabilities.items()]
    panels += [(t, a, "cividis", "{:.3f}") for t, a in aurocs.items()]
    figure, axes = plt.subplots(
        1, len(panels), figsize=(3.2 * len(panels), 0.42 * len(row_values) + 1.5)
    )
    for ax, (title, values, cmap, form) in zip(
        np.atleast_1d(axes), panels, strict=True
    ):
        values = np.asarray(values)
        shown = ax.imshow(
            values, cmap=cmap, aspect="auto", vmin=0 if cmap == "Blues" else None
        )
        for (i, j), v in np.ndenumerate(values):
            share = shown.norm(v)
            light = share > 0.55 if cmap == "Blues" else share < 0.5
            ax.text(
                j,
                i,
                form.format(v),
                ha="center",
                va="center",
                fontsize=8.5,
                color="white" if light else "black",
            )
        ax.set(
            title=title,
            xticks=range(len(column_values)),
            yticks=range(len(row_values)),
            xlabel=column,
        )
        ax.set_xticklabels(column_values, fontsize=9)
        ax.set_yticklabels(row_values if ax is np.atleast_1d(axes)[0] else [])
    np.atleast_1d(axes)[0].set_ylabel(row)
    return figure
