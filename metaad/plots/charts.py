"""The charts on which every figure of the course stands.

One look (colour, marker, line) for the k-th thing drawn, in one place; panels that
stack so that a phone can show them; lines with bands, rows with intervals, heat maps,
bars, clouds, pictures. Each function draws into one axis and returns nothing."""

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.colors import LinearSegmentedColormap, to_rgb

from metaad.plots.base import COLOURS, SMALL, WIDTH

NORMAL, ANOMALY, GREY = COLOURS["normal"], COLOURS["anomaly"], COLOURS["grey"]
# blue over white to vermilion: less, nothing, more
SIGNED = LinearSegmentedColormap.from_list("signed", [NORMAL, "white", ANOMALY])
LOOKS = (
    ("normal", "o", "-"),
    ("anomaly", "s", "--"),
    ("third", "^", "-."),
    ("fourth", "D", ":"),
    ("fifth", "v", (0, (5, 1))),
    ("black", "P", (0, (3, 1, 1, 1))),
    ("sixth", "X", (0, (8, 2))),
)
# A detector looks the same in every figure that names it.
NAMED = {"k-means": 0, "LOF": 1, "One-Class SVM": 2, "Isolation Forest": 3}
NAMED |= {"kNN": 4, "Mahalanobis": 5, "PCA": 6}


def look(k=0, name=None, **changes):
    """Return how the k-th thing is drawn, or the named one: {color, marker, linestyle}."""
    colour, marker, line = LOOKS[NAMED.get(name, k) % len(LOOKS)]
    return {"color": COLOURS[colour], "marker": marker, "linestyle": line, **changes}


def panels(count, *, columns=2, height=2.5, extra=0.0, **options):
    """Make a figure with `count` panels, at most `columns` side by side.

    height : inches of each line of panels. extra : inches for a legend. Other options
    are those of `plt.subplots`. Returns (figure, list of axes)."""
    columns = min(columns, count)
    lines = -(-count // columns)
    figure, axes = plt.subplots(
        lines,
        columns,
        figsize=(WIDTH, lines * height + extra),
        squeeze=False,
        **options,
    )
    spare = list(axes.flat[count:])
    for axis in spare:
        axis.remove()
    if options.get("sharex") and spare:
        for axis in axes[-2, columns - len(spare) :]:
            axis.tick_params(labelbottom=True)
    return figure, list(axes.flat[:count])


def one_panel(height=3.0):
    """Make a figure with one panel: (figure, axis)."""
    figure, (axis,) = panels(1, height=height)
    return figure, axis


def legend_below(figure, axes=None, *, handles=None, title=None):
    """Put one legend under all panels, where it can cover nothing.

    Entries of the same name appear once. It takes as many columns as fit.

    axes : those whose entries are shown; all if None. handles : {label: handle}
    instead of the axes' own."""
    if handles is None:
        handles = {}
        for axis in figure.axes if axes is None else axes:
            for handle, label in zip(*axis.get_legend_handles_labels(), strict=True):
                handles.setdefault(label, handle)
    for columns in range(len(handles), 0, -1):
        legend = figure.legend(
            handles.values(),
            handles.keys(),
            loc="outside lower center",
            ncols=columns,
            title=title,
            title_fontsize=SMALL,
            handlelength=2.6,
            columnspacing=1.4,
        )
        figure.draw_without_rendering()
        if columns == 1 or legend.get_window_extent().width < 0.97 * figure.bbox.width:
            break
        legend.remove()


def curve(axis, x, y, k=0, label=None, *, low=None, high=None, name=None, **changes):
    """Draw a line with markers, and a band from `low` to `high` where they are given.

    x, y, low, high : arrays (n,)."""
    how = look(k, name, **changes)
    if low is not None:
        axis.fill_between(x, low, high, color=how["color"], alpha=0.15, linewidth=0)
    axis.plot(x, y, label=label, **{"markersize": 5, **how})


def interval_curve(axis, x, intervals, k=0, label=None, **changes):
    """Draw a line through the values of n metrics.Interval, and their band."""
    value, low, high = (
        [getattr(i, part) for i in intervals] for part in ("value", "low", "high")
    )
    curve(axis, x, value, k, label, low=low, high=high, **changes)


def ticks(axis, at, labels=None, *, scale=None, base=10):
    """Put ticks of the x axis where measurements were made, and nowhere else."""
    if scale:
        axis.set_xscale(scale, base=base)
    axis.set_xticks(list(at), [str(v) for v in (at if labels is None else labels)])
    axis.minorticks_off()


def interval_rows(axis, rows, *, spread=None, form=None, looks=None, zero=None):
    """Draw dots with interval bars, from top to bottom.

    Parameters
    ----------
    rows : {name: metrics.Interval}.
    spread : {name: array (n,)} of single values, drawn as ticks; optional.
    form : format of the value written on the right, e.g. ".3f"; optional.
    looks : {name: changes of the look}; optional.
    zero : where to draw a dotted line, or None."""
    if zero is not None:
        axis.axvline(zero, color=GREY, linestyle=":", linewidth=1.2)
    for i, (name, interval) in enumerate(rows.items()):
        how = {**look(0), **(looks or {}).get(name, {})}
        if spread is not None:
            at = np.full(len(spread[name]), i)
            axis.plot(spread[name], at, "|", color=GREY, markersize=9, alpha=0.8)
        span = [interval.low, interval.high]
        axis.plot(span, [i, i], color=how["color"], linewidth=3, alpha=0.55)
        axis.plot(interval.value, i, how["marker"], color=how["color"], markersize=7)
        if form:
            axis.annotate(
                format(interval.value, form),
                (1.01, i),
                xycoords=("axes fraction", "data"),
                va="center",
                fontsize=SMALL,
            )
    name_rows(axis, list(rows))


def name_rows(axis, names):
    """Name the rows of a chart that counts from top to bottom."""
    axis.set_yticks(range(len(names)), names)
    axis.set_ylim(len(names) - 0.5, -0.5)
    axis.tick_params(axis="y", length=0)


def bars(axis, values, names):
    """Draw horizontal bars from the top: blue to the right of zero, vermilion to the
    left.
    """
    colours = [NORMAL if v > 0 else ANOMALY for v in values]
    axis.barh(range(len(names)), values, height=0.7, color=colours)
    axis.axvline(0.0, color=GREY, linewidth=1.0)
    name_rows(axis, names)


def heat_map(axis, values, rows, columns, *, write=None, colours="cividis", **limits):
    """Draw a matrix in colour, its numbers in the cells.

    Parameters
    ----------
    values : array (r, c); NaN cells stay empty.
    rows, columns : r and c labels.
    write : function of (row, column, value) that gives the text of a cell; None for no
        text at all.
    limits : vmin and vmax.

    Returns
    -------
    The matplotlib image, for a colour bar."""
    values = np.asarray(values, dtype=float)
    shown = axis.imshow(values, cmap=colours, aspect="auto", **limits)
    for (i, j), value in np.ndenumerate(values):
        text = write(i, j, value) if write and np.isfinite(value) else ""
        if text:
            ink = "white" if _is_dark(shown.cmap(shown.norm(value))) else "black"
            axis.text(j, i, text, ha="center", va="center", color=ink, fontsize=SMALL)
    axis.set_xticks(range(len(columns)), columns)
    axis.set_yticks(range(len(rows)), rows)
    axis.tick_params(length=0)
    for side in axis.spines.values():
        side.set_visible(False)
    return shown


def _is_dark(colour):
    red, green, blue = to_rgb(colour)
    return 0.3 * red + 0.59 * green + 0.11 * blue < 0.5


def frame_cell(axis, row, column, colour=ANOMALY, width=2.5):
    """Draw a frame around one cell of a heat map."""
    axis.add_patch(
        plt.Rectangle(
            (column - 0.47, row - 0.46),
            *(0.94, 0.92),
            fill=False,
            edgecolor=colour,
            linewidth=width,
        )
    )


def cloud(axis, X, y, *, sizes=(3.0, 4.5)):
    """Draw rows as points: normal blue dots, anomalies vermilion diamonds.

    X : array (n, 2). y : array (n,), 1 for an anomaly."""
    X, y = np.asarray(X), np.asarray(y)
    for label, mark, colour, size, name in (
        (0, "o", NORMAL, sizes[0], "normal"),
        (1, "D", ANOMALY, sizes[1], "anomaly"),
    ):
        how = {"markersize": size, "markeredgewidth": 0, "alpha": 0.75, "label": name}
        axis.plot(*X[y == label].T, mark, color=colour, **how)


def histogram(axis, values, bins, k=0, label=None, **options):
    """Draw a histogram that hatching tells apart too; k as in `look`."""
    hatch, colour = ("", "///")[k % 2], look(k)["color"]
    axis.hist(
        values,
        bins,
        color=colour,
        alpha=0.55,
        edgecolor=colour,
        hatch=hatch,
        label=label,
        **options,
    )


def picture(axis, image, *, signed=False, frame=None, width=0.6):
    """Draw a grey image (0 white, 1 black), or a signed one (-1 blue, 1 vermilion),
    in a thin frame, or in one of another colour and width.
    """
    if signed:
        axis.imshow(image, cmap=SIGNED, vmin=-1, vmax=1, interpolation="nearest")
    else:
        axis.imshow(image, cmap="gray_r", vmin=0, vmax=1, interpolation="nearest")
    bare(axis, frame or "#bbbbbb", width)


def bare(axis, colour="#bbbbbb", width=0.6):
    """Take the ticks off an axis and draw its frame."""
    axis.set_xticks([])
    axis.set_yticks([])
    for side in axis.spines.values():
        side.set(visible=True, color=colour, linewidth=width)
