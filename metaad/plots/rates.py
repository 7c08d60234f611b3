"""False-alarm rates that tables really had, around the one that was asked for."""

from metaad.plots import charts
from metaad.plots.charts import GREY, NORMAL


def realised_rates(rows, spread, asked, law=None):
    """Draw the mean false-alarm rate of each way to set a threshold, with its interval,
    and the rate of every single table as a tick.

    rows : {name: metrics.Interval}. spread : {name: array (n,)}, rates of n tables.
    asked : float, the rate that was asked for, a dotted line. law : (low, high), between
        which single rates should lie 95 of 100 times, a band; or None.

    Returns
    -------
    matplotlib Figure."""
    figure, axis = charts.one_panel(1.1 + 0.42 * len(rows))
    if law is not None:
        axis.axvspan(*law, color=NORMAL, alpha=0.12, linewidth=0)
    charts.interval_rows(axis, rows, spread=spread, form=".3f", zero=asked)
    axis.set_xlabel("share of normal rows called odd")
    axis.set_title(f"asked for: {asked:g}", color=GREY)
    return figure
