"""Figures of the lesson on classical detectors: score contours, neighbourhoods,
intervals.
"""

import numpy as np
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from metaad.metrics import share_below, significant
from metaad.plots import charts
from metaad.plots.base import SMALL
from metaad.plots.charts import ANOMALY, GREY, NORMAL, look
from metaad.plots.labels import label_points

BANDS = (0.0, 0.5, 0.8, 0.95, 1.0)  # shares of the normal rows that score lower
_SHADES = ("#ffffff", "#dce6ee", "#aabfce", "#6d8799")


def mesh(X, *, steps=90, margin=0.22):
    """Return a regular grid around the rows of X (n, 2): the two axes (steps,) and the
    points (steps**2, 2).

    It begins and ends at numbers of six digits: a last bit of X would move where
    contours on it close."""
    low, high = significant(X.min(axis=0), bits=20), significant(X.max(axis=0), bits=20)
    pad = margin * (high - low).max()
    xs, ys = (
        np.linspace(a - pad, b + pad, steps) for a, b in zip(low, high, strict=True)
    )
    return xs, ys, np.stack([g.ravel() for g in np.meshgrid(xs, ys)], axis=1)


def score_contours(rows, *, steps=90, legend=True, height=None):
    """Draw score contours of fitted detectors in the plane, one panel each.

    The shade of a place says which share of the normal rows scores lower there, so that
    detectors whose scores have different units can be compared. The line is the 95 %
    level: a place beyond it is called an anomaly.

    Parameters
    ----------
    rows : list of lists of panels. A panel is a dict with `title`, `score` (a function
        from points (m, 2) to anomaly scores (m,)), `normal` (n, 2) and, if there are
        any, `planted` (p, 2) with `caught`, a bool array (p,), and `centres` (c, 2),
        marked by crosses. With more than one list a title such as
        "LOF, one blob" names the column, and after the comma the line.
    steps : grid points along each axis. height : inches of a panel; as wide as high if
        None.

    Returns
    -------
    matplotlib Figure
    """
    every = [panel for line in rows for panel in line]
    columns = len(rows[0]) if len(rows) > 1 else 2
    figure, axes = charts.panels(
        len(every), columns=columns, height=height or 6.2 / columns, extra=0.5 * legend
    )
    for k, (axis, panel) in enumerate(zip(axes, every, strict=True)):
        _contour_panel(axis, panel, steps)
        column, _, line = panel["title"].partition(", ")
        if len(rows) > 1 and line:
            axis.set_title(column if k < columns else "", fontsize=SMALL)
            axis.set_ylabel("" if k % columns else line)
    if legend:
        handles = {
            f"{100 * a:.0f} to {100 * b:.0f} %": Patch(facecolor=s, edgecolor=GREY)
            for s, a, b in zip(_SHADES, BANDS, BANDS[1:], strict=False)
        }
        if any(len(p.get("planted", ())) for p in every):
            mark = dict(marker="X", linestyle="", color=ANOMALY, markersize=9)
            handles["planted, caught"] = Line2D([], [], **mark)
            mark["markerfacecolor"] = "white"
            handles["planted, missed"] = Line2D([], [], **mark)
        charts.legend_below(figure, handles=handles)
    return figure


def _contour_panel(axis, panel, steps):
    normal, planted = panel["normal"], panel.get("planted", np.empty((0, 2)))
    xs, ys, points = mesh(np.concatenate([normal, planted]), steps=steps)
    reference = panel["score"](normal)
    share = share_below(reference, panel["score"](points), ties=0).reshape(
        len(ys), len(xs)
    )
    axis.contourf(xs, ys, share, levels=[*BANDS[:-1], 1.01], colors=_SHADES)
    axis.contour(xs, ys, share, levels=[0.95], colors="black", linewidths=1.0)
    axis.scatter(*normal.T, s=4, color=NORMAL, linewidths=0)
    if "centres" in panel:
        cross = {"marker": "+", "color": "black", "linewidths": 1.8}
        axis.scatter(*panel["centres"].T, s=45, **cross)
    caught = np.asarray(panel.get("caught", np.ones(len(planted))), dtype=bool)
    for found, face in ((True, ANOMALY), (False, "white")):
        chosen = planted[caught == found]
        if len(chosen):
            how = {"facecolor": face, "edgecolor": ANOMALY, "linewidths": 1.3}
            axis.scatter(*chosen.T, s=60, marker="X", **how)
    axis.set(title=panel["title"], xticks=[], yticks=[], aspect="equal")
    axis.title.set_fontsize(SMALL)
    axis._left_title.set_fontsize(SMALL)


def neighbourhoods(X, chosen, k_distance, scores):
    """Draw what Local Outlier Factor compares: circles that reach the k-th neighbour,
    and the factor of every row.

    Parameters
    ----------
    X : array (n, 2). chosen : indices of the rows whose circle is drawn above.
    k_distance : array (n,), distance of each row to its k-th neighbour.
    scores : array (n,), the factor; about 1 inside a cluster.

    Returns
    -------
    matplotlib Figure
    """
    figure, (above, below) = charts.panels(2, columns=1, height=4.2)
    for axis in (above, below):
        axis.scatter(*X.T, s=7, color=NORMAL, linewidths=0)
        axis.set(xticks=[], yticks=[], aspect="equal")
        axis.margins(0.12)  # room for the rings
        axis.scatter(*X[chosen].T, s=26, color=ANOMALY, zorder=3)
    angle = np.linspace(0, 2 * np.pi, 60)
    edge = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    circles = np.concatenate([X[i] + k_distance[i] * edge for i in chosen])
    for circle in np.split(circles, len(chosen)):
        above.plot(*circle.T, color=ANOMALY, linewidth=1.4)
    names = ["ABC"[k] for k in range(len(chosen))]
    arrow = {"arrowstyle": "-", "linewidth": 0.8}
    everything = np.concatenate([X, circles])
    above.set_title("circle: out to the k-th neighbour")
    label_points(
        above, X[chosen], names, avoid=everything, weight="bold", arrowprops=arrow
    )
    clear = scores > 1.2
    size = 400.0 * (scores[clear] - 1.0) ** 2
    ring = {"facecolor": "none", "edgecolor": ANOMALY, "linewidths": 1.0}
    below.scatter(*X[clear].T, s=size, **ring)
    factors = [f"{n} {scores[i]:.2f}" for n, i in zip(names, chosen, strict=True)]
    below.set_title("ring: wider the further LOF is above 1. " + ", ".join(factors))
    return figure


def intervals(groups, xlabel, *, zero=None):
    """Draw dots with intervals: one block of lines for each group, one line for each
    method.

    groups : dict group -> dict method -> metrics.Interval. zero : where to draw a
    reference line, or None. Returns a matplotlib Figure."""
    count = sum(len(g) for g in groups.values())
    figure, axis = charts.one_panel(0.26 * count + 0.34 * len(groups) + 0.7)
    place, ticks, names = 0.0, [], []
    for group, methods in groups.items():
        at = axis.get_yaxis_transform()
        axis.text(0.0, place - 0.1, group, transform=at, weight="bold", va="center")
        place += 0.9
        for k, (method, value) in enumerate(methods.items()):
            how = look(k, method)
            axis.plot([value.low, value.high], [place, place], color=how["color"])
            axis.plot(value.value, place, how["marker"], color=how["color"])
            ticks.append(place)
            names.append(method)
            place += 1.0
        place += 0.35
    if zero is not None:
        axis.axvline(zero, color=GREY, linewidth=1.0, linestyle="--")
    axis.set(xlabel=xlabel, ylim=(place - 0.2, -0.7))
    axis.set_yticks(ticks, names)
    axis.tick_params(axis="y", length=0)
    axis.spines["left"].set_visible(False)
    return figure
