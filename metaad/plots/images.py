"""Figures about images and the networks that rebuild them."""

import numpy as np
from matplotlib import pyplot as plt

from metaad.plots.base import COLOURS

MARKERS = ("o", "s", "^", "D", "v", "P", "X")
LINES = ("-", "--", "-.", ":")
CYCLE = tuple(
    COLOURS[c]
    for c in ("normal", "anomaly", "third", "fourth", "fifth", "sixth", "black")
)


def rebuilt(images, copies, titles, below=None, anomalous=None):
    """Each image, the network's copy of it under it, and under that their difference.

    Parameters
    ----------
    images, copies : arrays (n, height, width), 0 white to 1 black; copies may leave [0,
        1] and are cut off there.
    titles : n strings over the columns.
    below : n strings under the columns, the errors for example; optional.
    anomalous : bool (n,), columns whose titles stand in the anomaly colour; optional.

    Returns
    -------
    matplotlib Figure. In the difference, blue is ink that the copy lacks and vermilion
    ink that it adds."""
    images, copies = np.asarray(images), np.asarray(copies)
    rows = (("input", images), ("rebuilt", copies), ("difference", copies - images))
    figure, axes = plt.subplots(
        3, len(images), figsize=(0.83 * len(images), 3.0), squeeze=False
    )
    for line, (name, shown) in zip(axes, rows, strict=True):
        for ax, image in zip(line, shown, strict=True):
            _image(ax, image, signed=name == "difference")
        line[0].set_ylabel(name, rotation=0, ha="right", va="center")
    marked = (
        np.zeros(len(images), bool)
        if anomalous is None
        else np.asarray(anomalous, bool)
    )
    for ax, title, odd in zip(axes[0], titles, marked, strict=True):
        ax.set_title(
            title,
            loc="center",
            fontsize=10,
            color=COLOURS["anomaly" if odd else "normal"],
        )
    for ax, text in zip(axes[2], below or [""] * len(images), strict=True):
        ax.set_xlabel(text, fontsize=9)
    return figure


def gallery(images, titles, columns=10, signed=False):
    """Images with a title over each, `columns` in a row.

    Parameters
    ----------
    images : array (n, height, width), 0 white to 1 black; if `signed`, -1 blue over 0
        white to 1 vermilion.
    titles : n strings.

    Returns
    -------
    matplotlib Figure
    """
    images = np.asarray(images)
    lines = -(-len(images) // columns)
    size = (0.85 * columns, 1.12 * lines)
    figure, axes = plt.subplots(lines, columns, figsize=size, squeeze=False)
    for ax in axes.flat[len(images) :]:
        ax.set_axis_off()
    for ax, image, title in zip(axes.flat, images, titles, strict=False):
        _image(ax, image, signed)
        ax.set_title(title, loc="center", fontsize=9)
    return figure


def architecture(widths, names=("input", "code", "output")):
    """An autoencoder as bars: one bar a layer, the taller the wider, with its width
    over it.

    Parameters
    ----------
    widths : sequence of int from the input over the code (the middle one) to the
        output.
    names : of the first, the middle and the last bar.

    Returns
    -------
    matplotlib Figure
    """
    middle = len(widths) // 2
    figure, ax = plt.subplots(figsize=(8.0, 2.7))
    # areas would hide the code; roots keep it visible
    heights = np.sqrt(np.asarray(widths, dtype=float))
    for i, (width, height) in enumerate(zip(widths, heights, strict=True)):
        colour = COLOURS["anomaly"] if i == middle else COLOURS["normal"]
        ax.bar(i, height, bottom=-height / 2, width=0.34, color=colour)
        ax.text(i, height / 2 + 0.8, str(width), ha="center", va="bottom")
        if i:
            ends = np.array([heights[i - 1], height]) / 2
            ax.fill_between(
                [i - 0.81, i - 0.19],
                -ends,
                ends,
                color=COLOURS["grey"],
                alpha=0.18,
                lw=0,
            )
    lowest = -heights.max() / 2 - 1.2
    for i, name in zip((0, middle, len(widths) - 1), names, strict=True):
        ax.text(i, lowest, name, ha="center", va="top", weight="bold")
    ax.text((middle) / 2, lowest, "encoder f", ha="center", va="top")
    ax.text((middle + len(widths) - 1) / 2, lowest, "decoder g", ha="center", va="top")
    ax.set_ylim(lowest - 3.5, heights.max() / 2 + 4.5)
    ax.set_axis_off()
    return figure


def curves(lines, ylabel, xlabel="epoch", colours=None):
    """A quantity over the epochs of a training, one line for each entry.

    Parameters
    ----------
    lines : {name: values (n_epochs,)}, drawn from epoch 1 on.
    colours : names in `COLOURS`, one a line; optional.

    Returns
    -------
    matplotlib Figure
    """
    figure, ax = plt.subplots(figsize=(7.2, 3.2))
    chosen = [COLOURS[c] for c in colours] if colours else CYCLE
    for i, (name, values) in enumerate(lines.items()):
        at = np.arange(1, len(values) + 1)
        ax.plot(
            at,
            values,
            LINES[i % 4],
            color=chosen[i],
            marker=MARKERS[i],
            ms=4,
            label=name,
        )
    ax.xaxis.get_major_locator().set_params(integer=True)
    ax.set(xlabel=xlabel, ylabel=ylabel)
    ax.set_ylim(bottom=0)
    ax.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
    return figure


def scores(
    normal,
    anomalous,
    threshold=None,
    xlabel="reconstruction error",
    names=("normal", "anomalous"),
):
    """Histograms of two groups of scores, each as a share of its group, with the
    threshold between them.

    Parameters
    ----------
    normal, anomalous : arrays (n,), (m,) of anomaly scores; larger = more anomalous.
    threshold : float or None.

    Returns
    -------
    matplotlib Figure
    """
    figure, ax = plt.subplots(figsize=(7.2, 3.0))
    edges = np.linspace(0.0, np.percentile(np.r_[normal, anomalous], 99.5), 41)
    for values, name, colour, hatch in (
        (normal, names[0], "normal", None),
        (anomalous, names[1], "anomaly", "///"),
    ):
        # the last bin holds whatever lies beyond
        values = np.minimum(values, edges[-1])
        share = np.full(len(values), 1.0 / len(values))
        style = {"color": COLOURS[colour], "alpha": 0.35, "lw": 0}
        ax.hist(values, edges, weights=share, label=name, hatch=hatch, **style)
        ax.hist(
            values, edges, weights=share, histtype="step", color=COLOURS[colour], lw=1.4
        )
    if threshold is not None:
        ax.axvline(threshold, color=COLOURS["black"], ls="--", lw=1.4)
        ax.annotate(
            "threshold",
            (threshold, ax.get_ylim()[1]),
            xytext=(4, -10),
            textcoords="offset points",
            fontsize=9,
        )
    ax.set(xlabel=xlabel, ylabel="share of its group", xlim=(0, edges[-1]))
    ax.legend()
    return figure


def by_class(values, xlabel="digit", ylabel="AUROC", chance=0.5, bottom=None):
    """A number for each class and method: one marker a method, one column a class.

    Parameters
    ----------
    values : {method: array (n_classes,)}.
    chance : level of a dotted line, or None.

    Returns
    -------
    matplotlib Figure
    """
    figure, ax = plt.subplots(figsize=(8.0, 3.3))
    offsets = np.linspace(-0.25, 0.25, len(values)) if len(values) > 1 else [0.0]
    for i, (name, column) in enumerate(values.items()):
        at = np.arange(len(column)) + offsets[i]
        ax.plot(at, column, MARKERS[i], ls="none", color=CYCLE[i], ms=7, label=name)
    for edge in range(1, len(column)):
        ax.axvline(edge - 0.5, color=COLOURS["grey"], lw=0.5, alpha=0.4)
    if chance is not None:
        ax.axhline(chance, color=COLOURS["grey"], ls=":", lw=1.2)
    ax.set(xlabel=xlabel, ylabel=ylabel, xticks=range(len(column)))
    if bottom is not None:
        ax.set_ylim(bottom, 1.01)
    ax.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
    return figure


def sweep(sizes, lines, xlabel, ylabel="mean AUROC"):
    """A measured value with its interval over a range of sizes, on a logarithmic axis.

    Parameters
    ----------
    sizes : sequence of positive numbers, or {name: sequence} where lines have sizes of
        their own.
    lines : {name: list of metrics.Interval}.

    Returns
    -------
    matplotlib Figure
    """
    figure, ax = plt.subplots(figsize=(7.6, 3.5))
    every = set()
    for i, (name, measured) in enumerate(lines.items()):
        at = list(sizes[name] if isinstance(sizes, dict) else sizes)
        every |= set(at)
        ax.fill_between(
            at,
            [m.low for m in measured],
            [m.high for m in measured],
            color=CYCLE[i],
            alpha=0.15,
            lw=0,
        )
        ax.plot(
            at,
            [m.value for m in measured],
            LINES[i % 4],
            marker=MARKERS[i],
            color=CYCLE[i],
            label=name,
        )
    ax.set_xscale("log")
    ax.set_xticks(sorted(every), [f"{s:g}" for s in sorted(every)], minor=False)
    ax.minorticks_off()
    ax.set(xlabel=xlabel, ylabel=ylabel)
    ax.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
    return figure


def _image(ax, image, signed=False):
    if signed:
        colours = plt.matplotlib.colors.LinearSegmentedColormap.from_list(
            "signed", [COLOURS["normal"], "white", COLOURS["anomaly"]]
        )
        ax.imshow(image, cmap=colours, vmin=-1.0, vmax=1.0, interpolation="nearest")
    else:
        ax.imshow(image, cmap="gray_r", vmin=0.0, vmax=1.0, interpolation="nearest")
    ax.set_xticks([])
    ax.set_yticks([])
    for side in ax.spines.values():
        side.set(visible=True, color=COLOURS["grey"], lw=0.5)
