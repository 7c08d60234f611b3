"""Tables with named columns: all rows at a glance, and single rows opened."""

import numpy as np
from matplotlib.patches import Patch

from metaad.plots import charts
from metaad.plots.base import SMALL
from metaad.plots.charts import ANOMALY, GREY

PALE = "#d9d9d9"
ENDS = 12.0  # robust deviations at which the axis of `opened` ends


def table_rows(X, y, columns=None, *, title="", names=("normal", "anomaly")):
    """Draw the rows of a table as a heat map: a line for each column, a stripe for each
    row, in standard deviations from the column's mean; anomalies on the right.

    X : array (n, d); y : int array (n,), 1 for an anomaly; columns : d names, or None
    for their numbers; names : what a normal row and an anomaly are called.
    """
    order = np.argsort(y, kind="stable")
    spread = X.std(axis=0)
    Z = ((X - X.mean(axis=0)) / np.where(spread > 0, spread, 1.0))[order]
    figure, axis = charts.one_panel(1.2 + 0.155 * X.shape[1])
    image = axis.imshow(
        Z.T, aspect="auto", cmap="PuOr_r", vmin=-3, vmax=3, interpolation="nearest"
    )
    first = int(np.sum(y == 0))
    axis.axvline(first - 0.5, color="black", linewidth=1.5)
    axis.set_xticks([first / 2, first + (len(y) - first) / 2], names)
    if columns is not None:
        charts.name_rows(axis, list(columns))
    axis.tick_params(axis="x", length=0)
    axis.set_title(title)
    bar = figure.colorbar(
        image, ax=axis, location="bottom", fraction=0.05, pad=0.01, aspect=40
    )
    bar.set_label("standard deviations from the column's mean")
    return figure


def opened(rows, deviations, columns, *, most=5):
    """Draw single rows: the columns in which each deviates most, as diamonds, over the
    range that holds 95 % of all rows.

    rows : dict of title -> position of the row; deviations : array (n, d), those of
    `data.deviations`; columns : d names. A diamond beyond ±12 is drawn there, its value
    beside it.
    """
    figure, axes = charts.panels(
        len(rows), columns=1, height=0.52 + 0.2 * most, extra=0.55, sharex=True
    )
    low, high = np.percentile(deviations, [2.5, 97.5], axis=0)
    for axis, (title, row) in zip(axes, rows.items(), strict=True):
        size = np.round(np.abs(deviations[row]), 9)
        found = np.argsort(-size, kind="stable")[:most]
        for i, j in enumerate(found):
            axis.plot([low[j], high[j]], [i, i], color=PALE, linewidth=9, zorder=1)
            value = deviations[row, j]
            at = np.clip(value, -ENDS, ENDS)
            axis.plot(at, i, "D", color=ANOMALY, markersize=5, zorder=2)
            side, place = (6, "left") if value >= 0 else (-6, "right")
            axis.annotate(
                f"{value:+.1f}",
                (at, i),
                (side, 0),
                textcoords="offset points",
                ha=place,
                va="center",
                fontsize=SMALL,
                color="black",
            )
        axis.axvline(0, color=GREY, linewidth=1, linestyle=":")
        charts.name_rows(axis, [str(columns[j]) for j in found])
        axis.set(title=title, xlim=(-ENDS - 2.5, ENDS + 2.5))
    axes[-1].set_xlabel("robust standard deviations from the median")
    keys = {"95 % of all rows": Patch(color=PALE), "this row": Patch(color=ANOMALY)}
    charts.legend_below(figure, handles=keys)
    return figure
