"""Figures about images and the networks that rebuild them."""

import numpy as np
from matplotlib.patches import Patch

from metaad.plots import charts
from metaad.plots.base import COLOURS, SMALL, WIDTH
from metaad.plots.charts import ANOMALY, GREY, NORMAL, look


def rebuilt(images, copies, titles, below=None, anomalous=None):
    """Draw each image, the network's copy of it under it, and under that their
    difference.

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
    ink that it adds. More than six images take two blocks of rows."""
    images, copies = np.asarray(images), np.asarray(copies)
    n = len(images)
    across = n if n <= 8 else -(-n // 2)
    blocks = -(-n // across)
    figure, axes = charts.panels(
        3 * blocks * across,
        columns=across,
        height=min(0.9, WIDTH / across) + 0.1,
        extra=0.3,
    )
    marked = np.zeros(n, bool) if anomalous is None else np.asarray(anomalous, bool)
    rows = (("input", images), ("rebuilt", copies), ("differ-\nence", copies - images))
    for k, (name, shown) in enumerate(rows):
        for i in range(blocks * across):
            axis = axes[(3 * (i // across) + k) * across + i % across]
            if i >= n:
                axis.set_axis_off()
                continue
            charts.picture(axis, shown[i], signed=k == 2)
            if i % across == 0:
                axis.set_ylabel(name, rotation=0, ha="right", va="center")
            if k == 0:
                ink = ANOMALY if marked[i] else NORMAL
                axis.set_title(titles[i], loc="center", color=ink)
            if k == 2 and below is not None:
                axis.set_xlabel(below[i], fontsize=SMALL)
    keys = {"ink that the copy lacks": NORMAL, "ink that it adds": ANOMALY}
    patches = {text: Patch(color=colour) for text, colour in keys.items()}
    charts.legend_below(figure, handles=patches)
    return figure


def gallery(images, titles, columns=10, signed=False):
    """Draw images with a title over each, `columns` in a row, ten at most.

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
    longest = max(max(map(len, str(t).split("\n"))) for t in titles)
    columns = min(columns, max(2, int(90 / (longest + 3))), 10)
    if len(images) % columns and len(images) % 5 == 0:
        columns = 5  # even lines look better
    lines = max(str(t).count("\n") + 1 for t in titles)
    height = WIDTH / columns + 0.17 * lines
    figure, axes = charts.panels(len(images), columns=columns, height=height)
    for axis, image, title in zip(axes, images, titles, strict=True):
        charts.picture(axis, image, signed=signed)
        axis.set_title(title, loc="center", fontsize=SMALL)
    return figure


def architecture(widths, names=("input", "code", "output")):
    """Draw an autoencoder as bars: one bar for each layer, the taller the wider, with
    its width over it.

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
    figure, axis = charts.one_panel(2.6)
    # areas would hide the code; roots keep it visible
    heights = np.sqrt(np.asarray(widths, dtype=float))
    for i, (width, height) in enumerate(zip(widths, heights, strict=True)):
        colour = ANOMALY if i == middle else NORMAL
        axis.bar(i, height, bottom=-height / 2, width=0.34, color=colour)
        axis.text(i, height / 2 + 0.8, str(width), ha="center", va="bottom")
        if i:
            ends = np.array([heights[i - 1], height]) / 2
            shade = {"color": GREY, "alpha": 0.18, "linewidth": 0}
            axis.fill_between([i - 0.81, i - 0.19], -ends, ends, **shade)
    lowest = -heights.max() / 2 - 1.2
    text = {"ha": "center", "va": "top"}
    for i, name in zip((0, middle, len(widths) - 1), names, strict=True):
        axis.text(i, lowest, name, weight="bold", **text)
    axis.text(middle / 2, lowest, "encoder f", **text)
    axis.text((middle + len(widths) - 1) / 2, lowest, "decoder g", **text)
    axis.set_ylim(lowest - 3.5, heights.max() / 2 + 4.5)
    axis.set_axis_off()
    return figure


def curves(lines, ylabel, xlabel="epoch", colours=None):
    """Draw a quantity over the epochs of a training, one line for each entry.

    Parameters
    ----------
    lines : {name: values (n_epochs,)}, drawn from epoch 1 on.
    colours : names in `COLOURS`, one for each line; optional.

    Returns
    -------
    matplotlib Figure
    """
    figure, axis = charts.one_panel(3.3)
    for k, (name, values) in enumerate(lines.items()):
        changes = {"color": COLOURS[colours[k]]} if colours else {}
        at = np.arange(1, len(values) + 1)
        charts.curve(axis, at, values, k, name, markersize=4, **changes)
    axis.xaxis.get_major_locator().set_params(integer=True)
    axis.set(xlabel=xlabel, ylabel=ylabel)
    axis.set_ylim(bottom=0)
    charts.legend_below(figure)
    return figure


def scores(
    normal,
    anomalous,
    threshold=None,
    xlabel="reconstruction error",
    names=("normal", "anomalous"),
):
    """Draw histograms of two groups of scores, each as a share of its group, with the
    threshold between them.

    Parameters
    ----------
    normal, anomalous : arrays (n,), (m,) of anomaly scores; larger = more anomalous.
    threshold : float or None.

    Returns
    -------
    matplotlib Figure
    """
    figure, axis = charts.one_panel(3.2)
    edges = np.linspace(0.0, np.percentile(np.r_[normal, anomalous], 99.5), 41)
    for k, (values, name) in enumerate(zip((normal, anomalous), names, strict=True)):
        # the last bin holds whatever lies beyond
        inside = np.minimum(values, edges[-1])
        share = np.full(len(values), 1.0 / len(values))
        charts.histogram(axis, inside, edges, k, name, weights=share)
    if threshold is not None:
        line = {"color": "black", "linestyle": "--", "linewidth": 1.4}
        axis.axvline(threshold, label="threshold", **line)
    axis.set(xlabel=xlabel, ylabel="share of its group", xlim=(0, edges[-1]))
    charts.legend_below(figure)
    return figure


def by_class(values, xlabel="digit", ylabel="AUROC", chance=0.5, bottom=None):
    """Draw a number for each class and method: one marker for each method, one column
    for each class.

    Parameters
    ----------
    values : {method: array (n_classes,)}.
    chance : level of a dotted line, or None.

    Returns
    -------
    matplotlib Figure
    """
    figure, axis = charts.one_panel(3.5)
    offsets = np.linspace(-0.25, 0.25, len(values)) if len(values) > 1 else [0.0]
    for k, (name, column) in enumerate(values.items()):
        at = np.arange(len(column)) + offsets[k]
        axis.plot(at, column, **look(k, linestyle="", label=name))
    for edge in range(1, len(column)):
        axis.axvline(edge - 0.5, color=GREY, linewidth=0.5, alpha=0.4)
    if chance is not None:
        axis.axhline(chance, color=GREY, linestyle=":", linewidth=1.2)
    axis.set(xlabel=xlabel, ylabel=ylabel)
    charts.ticks(axis, range(len(column)))
    if bottom is not None:
        axis.set_ylim(bottom, 1.01)
    charts.legend_below(figure)
    return figure


def sweeps(panels, ylabel="mean AUROC", level=None, bands=True):
    """Draw a measured value with its interval over a range of sizes, on a logarithmic
    axis; one panel for each kind of size.

    Parameters
    ----------
    panels : {label of the x axis: {name: (sizes, list of metrics.Interval)}}; a name
        looks the same in each panel.
    level : (value, text), a dotted line and its name; optional.
    bands : bool; False draws the values alone, where intervals would hide each other.

    Returns
    -------
    matplotlib Figure
    """
    figure, axes = charts.panels(len(panels), height=3.3, extra=0.4, sharey=True)
    names = list(dict.fromkeys(name for lines in panels.values() for name in lines))
    for axis, (xlabel, lines) in zip(axes, panels.items(), strict=True):
        every = set()
        for name, (sizes, measured) in lines.items():
            every |= set(sizes)
            draw = charts.interval_curve if bands else charts.curve
            values = measured if bands else [m.value for m in measured]
            draw(axis, list(sizes), values, names.index(name), name)
        if level is not None:
            dotted = {"color": GREY, "linestyle": ":", "linewidth": 1.6}
            axis.axhline(level[0], label=level[1], **dotted)
        marks = sorted(every)
        charts.ticks(axis, marks, [f"{s:g}" for s in marks], scale="log")
        axis.set_xlabel(xlabel)
    axes[0].set_ylabel(ylabel)
    charts.legend_below(figure)
    return figure
