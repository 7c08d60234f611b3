"""The figure of one-class MNIST: what each method reaches on what it sees."""

from metaad.metrics import Interval
from metaad.plots import charts
from metaad.plots.base import SMALL

VIEWS = {
    "raw": "raw pixels",
    "deskewed": "the same images, upright",
    "HOG of raw": "edges (HOG) of the raw images",
    "HOG": "edges (HOG) of the upright images",
}
TICKS = (0.3, 0.6, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995)


def one_class_table(rows, published=None):
    """Draw the mean AUROC of ten digits with its interval, one panel for each view.

    The axis is logarithmic in 1 - AUROC: from .98 to .99 is as far as from .8 to .9,
    both halve the share of pairs in the wrong order.

    Parameters
    ----------
    rows : {name: {"view", "mean": (value, low, high, n) or such a dict}}, as
        data/results/one_class_mnist.json holds them; a name may end in a comma and the
        view, which the panel's title says already.
    published : {name: {"auroc": float}}, drawn in a last panel without intervals.

    Returns
    -------
    matplotlib Figure
    """
    groups = {
        title: {
            name.removesuffix(f", {view}"): _interval(row["mean"])
            for name, row in rows.items()
            if row["view"] == view
        }
        for view, title in VIEWS.items()
    }
    if published:
        values = {n: p["auroc"] for n, p in published.items()}
        groups["published, deep nets"] = {
            n: Interval(v, v, v, 10) for n, v in values.items()
        }
    groups = {title: group for title, group in groups.items() if group}
    sizes = [len(group) + 0.9 for group in groups.values()]
    figure, axes = charts.panels(
        len(groups),
        columns=1,
        height=0.31 * sum(sizes) / len(groups),
        extra=0.6,
        sharex=True,
        gridspec_kw={"height_ratios": sizes},
    )
    for k, (axis, (title, group)) in enumerate(zip(axes, groups.items(), strict=True)):
        _panel(axis, title, group, k)
    axes[-1].set(xscale="log", xlabel="mean AUROC of ten digits, better to the right")
    worst = max(1 - i.low for group in groups.values() for i in group.values())
    shown = [t for t in TICKS if 1 - t < 1.2 * worst]
    charts.ticks(axes[-1], [1 - t for t in shown], [f"{t:g}"[1:] for t in shown])
    axes[-1].set_xlim(1.1 * worst, 0.003)
    return figure


def _interval(mean):
    return Interval(**mean) if isinstance(mean, dict) else Interval(*mean)


def _panel(axis, title, group, k):
    """One view: 1 - AUROC of each method, the worst on top, and the AUROC beside it."""
    group = dict(sorted(group.items(), key=lambda item: item[1].value))
    errors = {
        name: Interval(1 - i.value, max(1 - i.high, 1e-4), max(1 - i.low, 1e-4), i.n)
        for name, i in group.items()
    }
    looks = {name: charts.look(k) for name in errors}
    charts.interval_rows(axis, errors, looks=looks)
    for at, interval in enumerate(group.values()):
        text = f"{interval.value:.3f}"[1:]
        where = {"xycoords": ("axes fraction", "data"), "va": "center"}
        axis.annotate(text, (1.01, at), fontsize=SMALL, **where)
    axis.set_title(title, fontsize=SMALL)
    axis.grid(axis="x", color="#dddddd", linewidth=0.6)
    axis.set_axisbelow(True)
