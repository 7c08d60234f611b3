"""Figures about few-shot one-class detection: who ranks what, and where a detector
looks.
"""

import textwrap

import numpy as np

from metaad.plots import charts
from metaad.plots.base import COLOURS, SMALL, WIDTH
from metaad.plots.charts import ANOMALY, GREY, NORMAL, look

ACROSS = 8  # images side by side at most


def ranked(support, strips):
    """Draw the support, and strips of queries in the order in which a detector calls
    them anomalous; a strip goes on in the next line where it is long.

    Parameters
    ----------
    support : array (k, height, width), 0 white to 1 black.
    strips : {name: (images (n, height, width), anomalous (n,) bool)}, the most normal
        first.

    Returns
    -------
    matplotlib Figure. Normal queries have a thin blue frame, anomalies a thick
    vermilion one with a cross over it."""
    every = {"support": (support, [None] * len(support)), **strips}
    lines = []  # (name or "", images, anomalous)
    for name, (images, odd) in every.items():
        for k in range(0, len(images), ACROSS):
            part = slice(k, k + ACROSS)
            lines.append(("" if k else name, images[part], odd[part]))
    figure, axes = _grid(len(lines), ACROSS, 0.82)
    for axis_row, (name, images, odd) in zip(axes, lines, strict=True):
        _strip(axis_row, images, odd)
        axis_row[0].set_ylabel(name, rotation=0, ha="right", va="center", labelpad=6)
    order = "each from the most normal, first, to the most anomalous, last"
    figure.supxlabel(order, fontsize=SMALL)
    return figure


def _grid(lines, columns, height, **options):
    figure, axes = charts.panels(
        lines * columns, columns=columns, height=height, **options
    )
    return figure, [axes[i * columns : (i + 1) * columns] for i in range(lines)]


def _strip(axes, images, anomalous):
    for axis in axes[len(images) :]:
        axis.set_axis_off()
    for axis, image, odd in zip(axes, images, anomalous, strict=False):
        colour, width = (GREY, 0.5) if odd is None else (NORMAL, 1.2)
        if odd:
            colour, width = ANOMALY, 2.4
            axis.set_title("×", loc="center", pad=2, color=ANOMALY)
        charts.picture(axis, image, frame=colour, width=width)


def classes(rows):
    """Draw images of several classes, so that one sees what they have in common.

    Parameters
    ----------
    rows : {name: array (n_classes, n, height, width)}, 0 white to 1 black; one line for each,
        its classes side by side.

    Returns
    -------
    matplotlib Figure, with a gap between two classes.
    """
    n_classes, n = next(iter(rows.values())).shape[:2]
    n = min(n, ACROSS // n_classes)
    widths = (([1] * n + [0.5]) * n_classes)[:-1]
    figure, axes = _grid(len(rows), len(widths), 0.68, width_ratios=widths)
    for line, (name, found) in zip(axes, rows.items(), strict=True):
        line[0].set_ylabel(name, rotation=0, ha="right", va="center", labelpad=6)
        for gap in line[n :: n + 1]:
            gap.set_axis_off()
        for c, images in enumerate(found):
            first = c * (n + 1)
            _strip(line[first : first + n], images[:n], [None] * n)
    return figure


def methods(results, xlabel="AUROC", chance=None, highlight=()):
    """Draw a line for each method: a tick for each class, and the mean with its
    interval.

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
    figure, axis = charts.one_panel(0.42 * len(results) + 0.9)
    charts.interval_rows(
        axis,
        {name: interval for name, (interval, _) in results.items()},
        spread={name: values for name, (_, values) in results.items()},
        form=".3f",
        looks={name: look(1, marker="D") for name in highlight},
        zero=chance,
    )
    axis.set_xlabel(textwrap.fill(xlabel, 48))
    return figure


def pairs(tables, lowest=0.5):
    """Draw the AUROC of each pair of classes, one table below the other: rows are the
    normal class, columns the anomalies.

    Parameters
    ----------
    tables : {title: array (c, c)}, NaN on the diagonal.
    lowest : the value that is drawn darkest; smaller ones look like it.

    Returns
    -------
    matplotlib Figure. Values below .95 are written out, in hundredths.
    """

    def write(i, j, value):
        return f"{100 * value:.0f}" if value < 0.95 else ""

    labels = ("digit of the anomalies", "AUROC")
    return _tables(tables, write, labels, vmin=lowest, vmax=1.0)[0]


def confusions(tables, least=0.1):
    """Draw the share of the images of each digit that a detector calls normal, one
    table below the other.

    Parameters
    ----------
    tables : {title: array (normal digits, digits)}, shares from 0 to 1. Right are 1
        where row and column are the same digit and 0 elsewhere.
    least : errors from this share on are written out, in hundredths.

    Returns
    -------
    matplotlib Figure. What is drawn is the error: the share called normal, and on the
    diagonal, in a frame, the share called anomalous."""

    def write(i, j, value):
        return f"{100 * value:.0f}" if value >= least else ""

    wrong = {title: np.array(shares, dtype=float) for title, shares in tables.items()}
    for values in wrong.values():
        own = np.arange(min(values.shape))
        values[own, own] = 1 - values[own, own]
    labels = ("digit of the image", "share judged wrong")
    figure, axes = _tables(wrong, write, labels, vmin=0.0, vmax=1.0)
    for axis, values in zip(axes, wrong.values(), strict=True):
        for i in range(min(values.shape)):
            charts.frame_cell(axis, i, i, "white", 1.2)
    return figure


def _tables(tables, write, labels, **limits):
    """Heat maps of digits against digits: (figure, axes)."""
    lines = max(len(values) for values in tables.values())
    figure, axes = charts.panels(
        len(tables), columns=1, height=0.27 * lines + 0.8, sharex=True
    )
    for axis, (title, values) in zip(axes, tables.items(), strict=True):
        rows, columns = (range(n) for n in np.shape(values))
        shown = charts.heat_map(axis, values, rows, columns, write=write, **limits)
        axis.set(title=title, ylabel="digit that is normal")
    axes[-1].set_xlabel(labels[0])
    figure.colorbar(shown, ax=axes, shrink=0.6, label=labels[1])
    return figure, axes


def accuracy_by_threshold(at, panels, chosen):
    """Draw how often a detector decides right, against where its threshold lies; a
    panel for each number of shots.

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
    figure, axes = charts.panels(len(panels), height=2.8, extra=0.4, sharey=True)
    for axis, (title, curves) in zip(axes, panels.items(), strict=True):
        for k, (label, accuracy) in enumerate(curves.items()):
            charts.curve(axis, at, accuracy, k, label, marker="")
        own = {"color": GREY, "linewidth": 1.2, "linestyle": ":"}
        axis.axvline(0.0, label="the detector's own threshold", **own)
        best = {"color": "black", "linewidth": 1.2}
        axis.axvline(chosen[title], label="chosen threshold", **best)
        axis.set(title=title, xlabel="threshold, in logits")
    axes[0].set_ylabel("accuracy")
    charts.legend_below(figure)
    return figure


def outer_loops(runs):
    """Draw the outer loss of several trainings, and under it how sharp the support's loss
    became where they walk.

    Parameters
    ----------
    runs : {name: {"loss": array (n,), "at": steps (c,), "curvature": array (c,)}}, the
        loss after every outer step, inner rate times curvature after some.

    Returns
    -------
    matplotlib Figure. The loss is a mean over ten steps; dotted: log 2, the loss of one
    who can't tell, and 2, beyond which a step leads uphill on a quadratic."""
    figure, (upper, lower) = charts.panels(2, columns=1, height=2.1, sharex=True)
    for i, (name, run) in enumerate(runs.items()):
        window = min(10, len(run["loss"]))
        smooth = np.convolve(run["loss"], np.full(window, 1 / window), "valid")
        at = np.arange(window, len(run["loss"]) + 1)
        charts.curve(upper, at, smooth, i, name, marker="")
        charts.curve(lower, run["at"], run["curvature"], i, name)
    for axis, level in ((upper, np.log(2)), (lower, 2.0)):
        axis.axhline(level, color=GREY, linewidth=1.0, linestyle=":")
    upper.set_ylabel("outer loss")
    lower.set(ylabel="rate × curvature", xlabel="outer steps")
    charts.legend_below(figure)
    return figure


def looks(images, maps, titles, below=None):
    """Draw images, and under each one map for every state of a detector: where ink
    makes it more or less anomalous.

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
    speaks for normal; the black outline is the image's own."""
    figure, axes = _grid(1 + len(maps), len(images), WIDTH / len(images) + 0.2)
    for axis, image, title in zip(axes[0], images, titles, strict=True):
        charts.picture(axis, image)
        axis.set_title(title.replace(", ", "\n"), loc="center", fontsize=SMALL)
    for line, (name, values) in zip(axes[1:], maps.items(), strict=True):
        scale = np.abs(values).max() or 1.0
        texts = (below or {}).get(name, [""] * len(images))
        for axis, image, value, text in zip(line, images, values, texts, strict=True):
            _look(axis, image, value, scale)
            axis.set_xlabel(text, fontsize=SMALL)
        line[0].set_ylabel(name, rotation=0, ha="right", va="center", labelpad=6)
    return figure


def _look(axis, image, value, scale):
    """A map under the outline of its image, row 0 of both on top."""
    height, width = image.shape
    shades = {"cmap": charts.SIGNED, "vmin": -scale, "vmax": scale}
    whole = (0, width, height, 0)  # left, right, bottom, top
    axis.imshow(value, extent=whole, interpolation="nearest", **shades)
    xs, ys = np.arange(width) + 0.5, np.arange(height) + 0.5  # centres of pixels
    axis.contour(xs, ys, image, [0.5], colors=COLOURS["black"], linewidths=0.6)
    axis.set(xlim=(0, width), ylim=(height, 0))
    charts.bare(axis, GREY, 0.5)
