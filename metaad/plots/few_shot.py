"""Figures about few-shot one-class detection: who ranks what, and where a detector
looks.
"""

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.colors import LinearSegmentedColormap

from metaad.plots.base import COLOURS

SIGNED = LinearSegmentedColormap.from_list(
    "signed", [COLOURS["normal"], "white", COLOURS["anomaly"]]
)


def ranked(support, strips):
    """The support, and strips of queries in the order in which a detector calls them
    anomalous.

    Parameters
    ----------
    support : array (k, height, width), 0 white to 1 black.
    strips : {name: (images (n, height, width), anomalous (n,) bool)}, the most normal
        first.

    Returns
    -------
    matplotlib Figure. Normal queries have a thin blue frame, anomalies a thick
    vermilion one with a cross over it."""
    widest = max([len(support), *(len(images) for images, _ in strips.values())])
    figure, axes = plt.subplots(
        1 + len(strips),
        widest,
        figsize=(0.56 * widest + 1.2, 0.9 * (1 + len(strips))),
        squeeze=False,
    )
    _strip(axes[0], support, [None] * len(support))
    axes[0][0].set_ylabel("support", rotation=0, ha="right", va="center", labelpad=10)
    for line, (name, (images, anomalous)) in zip(axes[1:], strips.items(), strict=True):
        _strip(line, images, anomalous)
        line[0].set_ylabel(name, rotation=0, ha="right", va="center", labelpad=10)
    last, n = axes[-1], len(images)
    last[0].set_xlabel("most normal", fontsize=9, loc="left")
    last[n - 1].set_xlabel("most anomalous", fontsize=9, loc="right")
    return figure


def _strip(axes, images, anomalous):
    for ax in axes[len(images) :]:
        ax.set_axis_off()
    for ax, image, odd in zip(axes, images, anomalous, strict=False):
        ax.imshow(image, cmap="gray_r", vmin=0.0, vmax=1.0, interpolation="nearest")
        ax.set(xticks=[], yticks=[])
        if odd:
            ax.set_title(
                "×", loc="center", fontsize=11, pad=2, color=COLOURS["anomaly"]
            )
        for side in ax.spines.values():
            side.set(visible=True, color=COLOURS["grey"], lw=0.5)
            if odd is not None:
                side.set(
                    color=COLOURS["anomaly" if odd else "normal"],
                    lw=2.4 if odd else 1.2,
                )


def classes(rows):
    """Images of several classes, so that one sees what they have in common.

    Parameters
    ----------
    rows : {name: array (n_classes, n, height, width)}, 0 white to 1 black; a line each,
        its classes side by side.

    Returns
    -------
    matplotlib Figure, with a gap between two classes.
    """
    n_classes, n = next(iter(rows.values())).shape[:2]
    widths = ([1] * n + [0.5]) * n_classes
    figure, axes = plt.subplots(
        len(rows),
        len(widths) - 1,
        figsize=(0.56 * sum(widths) + 1.2, 0.62 * len(rows)),
        squeeze=False,
        gridspec_kw={"width_ratios": widths[:-1], "wspace": 0.08, "hspace": 0.08},
    )
    for line, (name, found) in zip(axes, rows.items(), strict=True):
        line[0].set_ylabel(name, rotation=0, ha="right", va="center", labelpad=10)
        for gap in line[n :: n + 1]:
            gap.set_axis_off()
        for c, images in enumerate(found):
            _strip(line[c * (n + 1) : c * (n + 1) + n], images, [None] * n)
    return figure


def methods(results, xlabel="AUROC", chance=None, highlight=()):
    """One line a method: a dot for each class, and the mean with its interval.

    Parameters
    ----------
    results : {name: (interval, values (n_classes,))}, drawn from top to bottom;
        interval is a metrics.Interval.
    chance : level of a dotted line, or None.
    highlight : names drawn in the anomaly colour with a diamond.

    Returns
    -------
    matplotlib Figure
    """
    figure, ax = plt.subplots(figsize=(8.0, 0.42 * len(results) + 0.9))
    for i, (name, (interval, values)) in enumerate(results.items()):
        chosen = name in highlight
        colour = COLOURS["anomaly" if chosen else "normal"]
        ax.plot(
            values,
            np.full(len(values), i),
            "|",
            color=COLOURS["grey"],
            ms=9,
            mew=1.2,
            alpha=0.7,
        )
        ax.plot([interval.low, interval.high], [i, i], color=colour, lw=3, alpha=0.55)
        ax.plot(interval.value, i, "D" if chosen else "o", color=colour, ms=7)
        ax.annotate(
            f"{interval.value:.3f}",
            (1.01, i),
            xycoords=("axes fraction", "data"),
            va="center",
            annotation_clip=False,
        )
    if chance is not None:
        ax.axvline(chance, color=COLOURS["grey"], ls=":", lw=1.2)
    ax.set(
        xlabel=xlabel,
        yticks=range(len(results)),
        yticklabels=list(results),
        ylim=(len(results) - 0.5, -0.5),
    )
    return figure


def pairs(tables, lowest=0.5):
    """AUROC of each pair of classes, one table beside the other: rows are the normal
    class, columns the anomalies.

    Parameters
    ----------
    tables : {title: array (c, c)}, NaN on the diagonal.
    lowest : the value that is drawn darkest; smaller ones look like it.

    Returns
    -------
    matplotlib Figure. Values below .95 are written out, in hundredths.
    """
    figure, axes = plt.subplots(
        1, len(tables), figsize=(4.4 * len(tables), 4.9), squeeze=False, sharey=True
    )
    for ax, (title, values) in zip(axes[0], tables.items(), strict=True):
        values = np.asarray(values, dtype=float)
        shown = ax.imshow(values, cmap="cividis", vmin=lowest, vmax=1.0)
        for (i, j), v in np.ndenumerate(values):
            if v < 0.95:
                dark = v < (lowest + 1) / 2
                ax.text(
                    j,
                    i,
                    f"{100 * v:.0f}",
                    ha="center",
                    va="center",
                    fontsize=8,
                    color="w" if dark else "k",
                )
        ax.set(
            title=title,
            xlabel="digit of the anomalies",
            xticks=range(len(values)),
            yticks=range(len(values)),
        )
    axes[0][0].set_ylabel("digit that is normal")
    figure.colorbar(shown, ax=list(axes[0]), shrink=0.8, label="AUROC")
    return figure


def confusions(tables, least=0.1):
    """Share of the images of each digit that a detector calls normal, one table beside
    the other.

    Parameters
    ----------
    tables : {title: array (normal digits, digits)}, shares from 0 to 1. Right are 1
        where row and column are the same digit and 0 elsewhere.
    least : errors from this share on are written out, in hundredths.

    Returns
    -------
    matplotlib Figure. What is drawn is the error: the share called normal, and on the
    diagonal, in a frame, the share called anomalous."""
    figure, axes = plt.subplots(
        1, len(tables), figsize=(4.4 * len(tables), 4.7), squeeze=False, sharey=True
    )
    for ax, (title, shares) in zip(axes[0], tables.items(), strict=True):
        wrong = np.array(shares, dtype=float)
        own = np.arange(min(wrong.shape))
        wrong[own, own] = 1 - wrong[own, own]
        shown = ax.imshow(wrong, cmap="cividis", vmin=0.0, vmax=1.0)
        for (i, j), v in np.ndenumerate(wrong):
            if v >= least:
                ax.text(
                    j,
                    i,
                    f"{100 * v:.0f}",
                    ha="center",
                    va="center",
                    fontsize=8,
                    color="w" if v < 0.5 else "k",
                )
        for i in own:
            ax.add_patch(
                plt.Rectangle((i - 0.5, i - 0.5), 1, 1, fill=False, ec="w", lw=1.2)
            )
        ax.set(
            title=title,
            xlabel="digit of the image",
            xticks=range(wrong.shape[1]),
            yticks=range(wrong.shape[0]),
        )
    axes[0][0].set_ylabel("digit that is normal")
    figure.colorbar(shown, ax=list(axes[0]), shrink=0.8, label="share judged wrong")
    return figure


def accuracy_by_threshold(at, panels, chosen):
    """How often a detector decides right, against where its threshold lies; one panel a
    number of shots.

    Parameters
    ----------
    at : array (t,), thresholds in logits; 0 is the detector's own.
    panels : {title: {label: array (t,)}}, accuracies from 0 to 1, the one that a
        threshold is chosen by first.
    chosen : {title: float}, the threshold that was chosen.

    Returns
    -------
    matplotlib Figure.
    """
    figure, axes = plt.subplots(
        1, len(panels), figsize=(4.6 * len(panels), 3.4), squeeze=False, sharey=True
    )
    styles = [
        (COLOURS["normal"], "-"),
        (COLOURS["anomaly"], "--"),
        (COLOURS["grey"], ":"),
    ]
    low = min(
        np.min(accuracy) for curves in panels.values() for accuracy in curves.values()
    )
    for ax, (title, curves) in zip(axes[0], panels.items(), strict=True):
        for (label, accuracy), (colour, style) in zip(
            curves.items(), styles, strict=False
        ):
            ax.plot(at, accuracy, style, color=colour, label=label)
        lines = (
            ("own", 0.0, "grey", 3, "left"),
            ("chosen", chosen[title], "normal", -3, "right"),
        )
        for text, t, colour, aside, side in lines:
            ax.axvline(t, color=COLOURS[colour], linewidth=0.8)
            ax.annotate(
                text,
                (t, low),
                (aside, 0),
                textcoords="offset points",
                fontsize=9.5,
                ha=side,
            )
        ax.set(title=title, xlabel="threshold, in logits")
    axes[0][0].set_ylabel("accuracy")
    figure.legend(
        *axes[0][0].get_legend_handles_labels(),
        loc="outside upper right",
        ncols=2,
        fontsize=9.5,
    )
    return figure


def looks(images, maps, titles, below=None):
    """Images, and under each one map for every state of a detector: where ink makes it
    more or less anomalous.

    Parameters
    ----------
    images : array (n, height, width), 0 white to 1 black.
    maps : {name: array (n, h, w)}, positive where ink raises the anomaly score. One
        scale for a whole row.
    titles : n strings over the columns.
    below : {name: n strings} under each map; optional.

    Returns
    -------
    matplotlib Figure. Vermilion is ink that speaks for an anomaly, blue is ink that
    speaks for normal."""
    figure, axes = plt.subplots(
        1 + len(maps),
        len(images),
        figsize=(1.1 * len(images) + 1.0, 1.3 * (1 + len(maps))),
    )
    for ax, image, title in zip(axes[0], images, titles, strict=True):
        ax.imshow(image, cmap="gray_r", vmin=0.0, vmax=1.0, interpolation="nearest")
        ax.set_title(title, loc="center", fontsize=9.5)
    for line, (name, values) in zip(axes[1:], maps.items(), strict=True):
        scale = np.abs(values).max() or 1.0
        texts = (below or {}).get(name, [""] * len(images))
        for ax, image, value, text in zip(line, images, values, texts, strict=True):
            extent = (0, image.shape[1], image.shape[0], 0)
            ax.imshow(
                value,
                cmap=SIGNED,
                vmin=-scale,
                vmax=scale,
                extent=extent,
                interpolation="nearest",
            )
            ax.contour(
                image, [0.5], colors=COLOURS["black"], linewidths=0.6, extent=extent
            )
            ax.set_xlabel(text, fontsize=9)
        line[0].set_ylabel(name, rotation=0, ha="right", va="center", labelpad=10)
    for ax in axes.flat:
        ax.set(xticks=[], yticks=[])
        for side in ax.spines.values():
            side.set(visible=True, color=COLOURS["grey"], lw=0.5)
    return figure
