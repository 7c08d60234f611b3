"""Figures about a forest with learned cuts: what the weights prefer, and which
families of tables gain.
"""

import numpy as np
from matplotlib import pyplot as plt

from metaad.plots.base import COLOURS


def weights(learned, words, spread=None):
    """The weights of a split policy, one bar each, with what a cut that is preferred
    looks like.

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
    figure, ax = plt.subplots(figsize=(8.0, 0.62 * len(learned) + 1.0))
    for i, (name, weight) in enumerate(learned.items()):
        ax.barh(
            i,
            weight,
            height=0.5,
            color=COLOURS["normal" if weight > 0 else "anomaly"],
            alpha=0.8,
        )
        if spread is not None:
            ax.plot(
                spread[name],
                np.full(len(spread[name]), i),
                "|",
                color=COLOURS["black"],
                ms=11,
                mew=1.0,
            )
    ax.axvline(0.0, color=COLOURS["grey"], lw=1.0)
    labels = [f"{name}\n{words[name]}" for name in learned]
    ax.set(
        yticks=range(len(learned)),
        yticklabels=labels,
        ylim=(len(learned) - 0.5, -0.5),
        xlabel="weight",
    )
    return figure


def gains(by_family, interval, xlabel="AUROC gained over the plain forest"):
    """One bar a family, the largest gain on top, and the mean over tables with its
    interval as a band.

    Parameters
    ----------
    by_family : {family: gain}. interval : metrics.Interval.

    Returns
    -------
    matplotlib Figure
    """
    order = sorted(by_family, key=by_family.get, reverse=True)
    values = [by_family[f] for f in order]
    figure, ax = plt.subplots(figsize=(8.0, 0.24 * len(order) + 0.9))
    ax.axvspan(interval.low, interval.high, color=COLOURS["fifth"], alpha=0.35, lw=0)
    ax.axvline(
        interval.value,
        color=COLOURS["fifth"],
        lw=1.6,
        label="mean over tables, 95 % interval",
    )
    ax.barh(
        range(len(order)),
        values,
        height=0.7,
        color=[COLOURS["normal" if v > 0 else "anomaly"] for v in values],
    )
    ax.axvline(0.0, color=COLOURS["grey"], lw=1.0)
    ax.set(
        yticks=range(len(order)),
        yticklabels=order,
        ylim=(len(order) - 0.5, -0.5),
        xlabel=xlabel,
    )
    ax.tick_params(axis="y", labelsize=8.5)
    ax.legend(loc="lower right")
    return figure
