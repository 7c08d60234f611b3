"""Anomaly scores over the plane, as maps with contours and the points on top."""

import numpy as np

from metaad.metrics import significant
from metaad.plots import charts
from metaad.plots.charts import ANOMALY


def score_maps(panels, extent, X, y, share=True):
    """Draw scores over the plane, with the points: circles normal, diamonds anomalous.

    Parameters
    ----------
    panels : dict, title -> array (rows, columns) of scores, row 0 at the bottom; or
        (scores, X, y): with other points.
    extent : (left, right, bottom, top).
    X, y : arrays (n, 2) and (n,), the points to draw; y = 1 for an anomaly.
    share : one colour scale for all panels, or one for each.
    """
    figure, axes = charts.panels(len(panels), height=2.9, sharex=True, sharey=True)
    full = {t: p if isinstance(p, tuple) else (p, X, y) for t, p in panels.items()}
    grids = [_six_digits(grid) for grid, _, _ in full.values()]
    limits = (None, None)
    if share:
        limits = min(g.min() for g in grids), max(g.max() for g in grids)
    for axis, grid, (title, found) in zip(axes, grids, full.items(), strict=True):
        _, points, labels = found
        image = _map(axis, grid, extent, limits)
        _points(axis, points[labels == 0], s=6)
        diamond = {"marker": "D", "color": ANOMALY, "edgecolor": "white"}
        axis.scatter(*points[labels == 1].T, s=16, linewidth=0.4, **diamond)
        axis.set(title=title, xlim=extent[:2], ylim=extent[2:])
        if not share:
            figure.colorbar(image, ax=axis, fraction=0.05)
    if share:
        label = "score s (bright: anomalous)"
        figure.colorbar(image, ax=axes, label=label, fraction=0.03)
    return figure


def ghosts(grid, extent, X, corners, outward):
    """Draw a score map over the plane with two kinds of empty places marked. corners,
    outward : arrays (m, 2).
    """
    figure, axis = charts.one_panel(4.6)
    image = _map(axis, _six_digits(grid), extent, (None, None))
    _points(axis, X, s=7)
    for points, label, marker in ((corners, "corner", "o"), (outward, "outward", "^")):
        how = {"facecolor": ANOMALY, "edgecolor": "white", "zorder": 4}
        axis.scatter(*points.T, s=70, marker=marker, **how)
        for point in points:
            axis.annotate(
                label,
                point,
                (0, -17),
                textcoords="offset points",
                ha="center",
                fontweight="bold",
            )
    axis.set(xlim=extent[:2], ylim=extent[2:], xlabel="$x_1$", ylabel="$x_2$")
    figure.colorbar(image, ax=axis, label="score s (bright: anomalous)")
    return figure


def _map(axis, grid, extent, limits):
    """Colours and contours of the same grid in the same place."""
    low, high = limits
    place = {"origin": "lower", "extent": extent, "aspect": "auto"}
    image = axis.imshow(grid, vmin=low, vmax=high, **place)
    xs = np.linspace(*extent[:2], grid.shape[1])
    ys = np.linspace(*extent[2:], grid.shape[0])
    line = {"colors": "white", "linewidths": 0.7, "alpha": 0.8}
    axis.contour(xs, ys, grid, levels=6, **line)
    return image


def _points(axis, X, s):
    axis.scatter(*X.T, s=s, color="white", edgecolor="black", linewidth=0.4)


def _six_digits(grid):
    """Scores as they are drawn: on the plateaus of a map contours take their course
    by the last digit otherwise.
    """
    return significant(grid, bits=20)
