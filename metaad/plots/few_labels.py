"""Figures about a few labels: what each more is worth, and what a meta-learned
combination listens to.
"""

import numpy as np
from matplotlib import pyplot as plt

from metaad.metrics import best_first
from metaad.plots.base import COLOURS

LOOKS = [
    ("grey", "o", ":"),
    ("anomaly", "s", "--"),
    ("fifth", "^", "-."),
    ("normal", "D", "-"),
    ("third", "v", "-"),
]


def label_curves(panels, ylabel="AUROC"):
    """Panels side by side: the mean of each method against the number of labelled
    anomalies.

    panels : {title: (counts, {method: means})}; counts and means of equal length. At
        most five methods, the same in every panel, told apart by colour, marker and
        line.

    Returns
    -------
    matplotlib Figure.
    """
    figure, axes = plt.subplots(
        1, len(panels), figsize=(4.4 * len(panels), 3.6), squeeze=False
    )
    for ax, (title, (counts, methods)) in zip(axes[0], panels.items(), strict=True):
        for (method, means), (colour, marker, line) in zip(
            methods.items(), LOOKS, strict=False
        ):
            at = np.arange(len(counts))
            ax.plot(
                at,
                means,
                line,
                marker=marker,
                ms=6,
                color=COLOURS[colour],
                label=method,
            )
        ax.set_xticks(at, [str(c) for c in counts])
        ax.set_title(title, loc="left")
        ax.set(xlabel="labelled anomalies", ylabel=ylabel)
        ax.margins(x=0.08)
    handles, names = axes[0][0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside lower center", ncols=min(3, len(names)))
    return figure


def head_weights(names, weights, most=12):
    """The largest weights of a head as bars, the largest first; what is not drawn is
    smaller.

    names : list of str. weights : array, one a name.
    """
    weights = np.asarray(weights, dtype=float)
    order = best_first(np.abs(weights))[:most][::-1]
    figure, ax = plt.subplots(figsize=(7.0, 0.27 * len(order) + 0.9))
    colours = [COLOURS["normal" if weights[i] > 0 else "anomaly"] for i in order]
    ax.barh(np.arange(len(order)), weights[order], color=colours)
    ax.set_yticks(np.arange(len(order)), [names[i] for i in order])
    ax.axvline(0.0, color=COLOURS["black"], lw=0.8)
    ax.set_xlabel("weight of the tail of this score")
    return figure
