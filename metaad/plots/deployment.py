"""Figures about detectors at work: promises that are kept or not, and what an alarm's
capital does along a stream.
"""

import numpy as np

from metaad.plots import charts
from metaad.plots.charts import GREY

KINDS = ("own rows", "conformal")


def promises(found, rate):
    """Draw the share of new normal rows that detectors call odd, two thresholds each.

    Parameters
    ----------
    found : {detector: {"own rows", "conformal": metrics.Interval}}.
    rate : what was asked for, a dotted line.

    Returns
    -------
    matplotlib Figure: one line per detector and threshold."""
    rows, looks = {}, {}
    for k, kind in enumerate(KINDS):
        for name in found:
            rows[f"{name}, {kind}"] = found[name][kind]
            looks[f"{name}, {kind}"] = charts.look(1 - k)
    figure, axis = charts.one_panel(0.42 * len(rows) + 0.9)
    charts.interval_rows(axis, rows, form=".3f", looks=looks, zero=rate)
    axis.set_xlabel(f"new normal rows called odd; dotted: asked for, {rate:g}")
    axis.set_xlim(left=0)
    return figure


def capital(curves, level, change=None):
    """Draw the capital of drift alarms along a stream, on a logarithmic scale.

    Parameters
    ----------
    curves : {name: array (rows,)}, > 0. level : float, it rings at 1 / level.
    change : the row at which something changes, a dotted line; None for none.

    Returns
    -------
    matplotlib Figure."""
    figure, axis = charts.one_panel(3.2)
    if change is not None:
        axis.axvline(change, color=GREY, linestyle=":", linewidth=1.4)
    for k, (name, values) in enumerate(curves.items()):
        rows = 1 + np.arange(len(values))
        charts.curve(axis, rows, np.minimum(values, 1e9), k, name, marker="")
    axis.axhline(1 / level, color="black", linewidth=1.2, label="it rings")
    axis.set(xlabel="rows of the stream", ylabel="capital", yscale="log")
    axis.minorticks_off()
    charts.legend_below(figure)
    return figure
