"""Figures about attacked rows and what is left of an AUROC."""

import numpy as np

from metaad.plots import charts
from metaad.plots.base import SMALL, WIDTH
from metaad.plots.charts import ANOMALY, GREY, NORMAL

CHANCE = {"color": GREY, "linestyle": ":", "linewidth": 1.2}


def over_epsilon(epsilons, panels, xlabel="ε, how far each pixel may move"):
    """Draw AUROC over the size of an attack, one panel for each kind of attack.

    Parameters
    ----------
    epsilons : t sizes, in order.
    panels : {title: {detector: list of t metrics.Interval}}.

    Returns
    -------
    matplotlib Figure. A dotted line marks chance, 1/2."""
    figure, axes = charts.panels(
        len(panels), columns=len(panels), height=3.1, sharey=True
    )
    for axis, (title, lines) in zip(axes, panels.items(), strict=True):
        for k, (name, intervals) in enumerate(lines.items()):
            charts.interval_curve(axis, epsilons, intervals, k, name)
        axis.axhline(0.5, **CHANCE)
        axis.set_title(title)
        axis.set_ylim(-0.03, 1.03)
        axis.set_xlabel(xlabel)
        charts.ticks(axis, epsilons, [f"{e:g}".lstrip("0") or "0" for e in epsilons])
    axes[0].set_ylabel("AUROC")
    charts.legend_below(figure)
    return figure


def moved_images(images, moved, scores, moved_scores, odd):
    """Draw images, the same after an attack, and what was added, one column each.

    Parameters
    ----------
    images, moved : arrays (n, height, width) in [0, 1], n up to 8.
    scores, moved_scores : arrays (n,), written below the images.
    odd : bool array (n,); an anomaly has a thick vermilion frame, a normal row a thin
        blue one.

    Returns
    -------
    matplotlib Figure. What was added is blue below zero and vermilion above it, in full
    colour at the largest change."""
    n = len(images)
    figure, axes = charts.panels(3 * n, columns=n, height=WIDTH / n + 0.12)
    frames = [{"frame": ANOMALY, "width": 2.4} if o else {"frame": NORMAL} for o in odd]
    added = moved - images
    added = added / max(np.abs(added).max(), 1e-12)
    for i in range(n):
        for line, picture, number in ((0, images, scores), (1, moved, moved_scores)):
            axis = axes[line * n + i]
            charts.picture(axis, picture[i], **frames[i])
            axis.set_xlabel(f"{number[i]:.3g}", fontsize=SMALL)
        charts.picture(axes[2 * n + i], added[i], signed=True)
    for line, name in enumerate(("before", "after", "added")):
        axes[line * n].set_ylabel(name)
    return figure


def by_attack(detectors):
    """Draw what several attacks leave of the AUROC, one panel for each detector.

    Parameters
    ----------
    detectors : {detector: {attack: metrics.Interval}}, the same attacks for each.

    Returns
    -------
    matplotlib Figure. A dotted line marks chance, 1/2."""
    n = len(next(iter(detectors.values())))
    figure, axes = charts.panels(
        len(detectors), columns=1, height=0.36 * n + 0.55, sharex=True
    )
    for axis, (name, rows) in zip(axes, detectors.items(), strict=True):
        charts.interval_rows(axis, rows, form=".2f", zero=0.5)
        axis.set_title(name)
        axis.set_xlim(-0.03, 1.03)
    axes[-1].set_xlabel("AUROC with all rows attacked")
    return figure
