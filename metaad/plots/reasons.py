"""Why one row is odd: its columns as bars, each with its value and what is unusual."""

import textwrap

import numpy as np

from metaad.metrics import best_first
from metaad.plots import charts
from metaad.plots.base import SMALL, TEXT
from metaad.plots.charts import ANOMALY, GREY

LINE = 62  # characters that fit above a bar


def row_reasons(parts, said, *, title="", most=6):
    """Draw what each column adds to the score of one row, the oddest first.

    Parameters
    ----------
    parts : array (C,), one row of `metaad.practice.explain`, in standard deviations of
        the usual rows' scores.
    said : C texts: the column, its value, what is unusual about it.
    title : str. most : int ≥ 1, columns shown.

    Returns
    -------
    matplotlib Figure."""
    parts = np.asarray(parts, dtype=float)
    order = best_first(parts)[:most]
    texts = [textwrap.wrap(said[j], LINE) for j in order]
    heights = np.array([0.6 + 0.45 * len(lines) for lines in texts])
    ends = np.cumsum(heights)
    figure, axis = charts.one_panel(0.75 + 0.36 * ends[-1])
    for j, lines, end, height in zip(order, texts, ends, heights, strict=True):
        colour = ANOMALY if parts[j] > 0 else GREY
        axis.barh(end - 0.35, parts[j], height=0.4, color=colour)
        axis.plot([0, 0], [end - 0.6, end - 0.1], color=GREY, linewidth=1.0)
        axis.annotate(
            "\n".join(lines),
            (0.0, end - height + 0.08),
            xycoords=("axes fraction", "data"),
            va="top",
            fontsize=SMALL,
            linespacing=1.1,
        )
    axis.set_ylim(ends[-1] + 0.1, 0.0)
    axis.set_yticks([])
    axis.spines["left"].set_visible(False)
    axis.set_xlabel("what the score loses without the column, in standard deviations")
    axis.set_title(title, fontsize=TEXT)
    return figure
