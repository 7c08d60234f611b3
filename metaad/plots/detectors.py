"""Figures of the lesson on classical detectors: score contours, neighbourhoods,
sweeps, intervals.
"""

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from metaad.metrics import best_first, share_below, significant
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


def score_contours(rows, *, steps=90, legend=True):
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
    steps : grid points along each axis.

    Returns
    -------
    matplotlib Figure
    """
    every = [panel for line in rows for panel in line]
    columns = len(rows[0]) if len(rows) > 1 else 2
    figure, axes = charts.panels(
        len(every), columns=columns, height=6.2 / columns, extra=0.5 * legend
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
    for i in chosen:
        ring = {"fill": False, "color": ANOMALY, "linewidth": 1.4}
        above.add_patch(plt.Circle(X[i], k_distance[i], **ring))
    above.set_title("circle: out to the k-th neighbour")
    clear = scores > 1.2
    size = 400.0 * (scores[clear] - 1.0) ** 2
    ring = {"facecolor": "none", "edgecolor": ANOMALY, "linewidths": 1.0}
    below.scatter(*X[clear].T, s=size, **ring)
    below.set_title("ring: wider where the factor is further above 1")
    names = ["ABC"[k] for k in range(len(chosen))]
    factors = [f"{n}: {scores[i]:.2f}" for n, i in zip(names, chosen, strict=True)]
    for axis, texts in ((above, names), (below, factors)):
        axis.scatter(*X[chosen].T, s=26, color=ANOMALY, zorder=3)
        arrow = {"arrowstyle": "-", "linewidth": 0.8}
        label_points(axis, X[chosen], texts, avoid=X, weight="bold", arrowprops=arrow)
    return figure


def nu_property(nu, outside, vectors):
    """Draw the share of training rows outside the boundary and share of support
    vectors, each minus ν, against ν.

    Parameters
    ----------
    nu : array (m,) in (0, 1]. outside, vectors : arrays (m, tables), shares in [0, 1].

    Returns
    -------
    matplotlib Figure
    """
    nu = np.asarray(nu)
    figure, axis = charts.one_panel(3.4)
    axis.axhline(0.0, color="black", linewidth=1.0)
    for values, name, k, marker in (
        (vectors, "support vectors", 2, "^"),
        (outside, "outside the boundary", 1, "v"),
    ):
        how = look(k, marker=marker, linestyle="", alpha=0.75)
        axis.plot(nu, values - nu[:, None], **how)
        axis.plot([], [], label=name, **how)
    axis.set(xlabel="ν", ylabel="share of training rows, minus ν", xlim=(0, 1))
    charts.legend_below(figure)
    return figure


def path_lengths(lengths, names):
    """Draw the number of cuts that isolate a point, over the trees of a forest: one
    histogram for each point.

    lengths : list of arrays (n_trees,). names : list of str. Returns a matplotlib
    Figure."""
    figure, axis = charts.one_panel(3.2)
    bins = np.arange(0.5, max(v.max() for v in lengths) + 1.5)
    for k, (values, name) in enumerate(zip(lengths, names, strict=False)):
        charts.histogram(axis, values, bins, k, name)
        axis.axvline(values.mean(), color=look(k)["color"], linestyle="--")
    axis.set(
        xlabel="cuts until the point is alone or the tree ends (dashed: mean)",
        ylabel="trees",
    )
    charts.legend_below(figure)
    return figure


def before_after(values, labels=("raw", "standardised"), ylabel="AUROC"):
    """Draw one panel for each detector, one line for each task, from stage to stage.

    values : dict name -> array (stages, tasks). labels : a name for each stage. Returns
    a matplotlib Figure."""
    figure, axes = charts.panels(len(values), height=2.4, sharey=True)
    for k, (axis, (name, pair)) in enumerate(zip(axes, values.items(), strict=True)):
        how = look(k, name, linestyle="-", alpha=0.6, markersize=4.5, linewidth=1.2)
        axis.plot(range(len(pair)), pair, **how)
        axis.set(title=name, xlim=(-0.4, len(pair) - 0.6))
        charts.ticks(axis, range(len(pair)), labels)
    for axis in axes[::2]:
        axis.set_ylabel(ylabel)
    return figure


def sweeps(results, ylabel="AUROC"):
    """Draw one panel for each hyperparameter: a line for each task over its settings, a
    mark at the best setting.

    results : dict name -> (settings, array (settings, tasks)). Settings of two lines
        are joined only where the first line is the same. Returns a matplotlib Figure.
    """
    figure, axes = charts.panels(len(results), height=2.6, sharey=True)
    for k, (axis, (name, found)) in enumerate(zip(axes, results.items(), strict=True)):
        settings, values = found
        at, how = np.arange(len(settings)), look(k)
        firsts = np.array([str(s).split("\n")[0] for s in settings])
        parts = [at >= 0]
        if "\n" in str(settings[0]):
            parts = [firsts == f for f in dict.fromkeys(firsts)]
        for part in parts:
            thin = {"color": how["color"], "linewidth": 1.1, "alpha": 0.65}
            axis.plot(at[part], values[part], **thin)
        best = {**how, "linestyle": "", "markerfacecolor": "white"}
        axis.plot(values.argmax(axis=0), values.max(axis=0), **best)
        axis.set_title(name)
        charts.ticks(axis, at, settings)
    for axis in axes[::2]:
        axis.set_ylabel(ylabel)
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


def setting_ranges(tables, spans, xlabel="AUROC"):
    """Draw how far the choice of hyperparameters moves each table: a bar from the worst
    to the best setting, a mark at the default. Tables are sorted by the first
    detector's default.

    tables : list of str. spans : dict detector -> dict with arrays `low`, `default`,
    `high` (tables,). Returns a matplotlib Figure."""
    order = best_first(-np.asarray(next(iter(spans.values()))["default"]))
    at = np.arange(len(tables))
    figure, axes = charts.panels(
        len(spans), height=0.18 * len(tables) + 0.7, sharex=True, sharey=True
    )
    for k, (axis, (name, span)) in enumerate(zip(axes, spans.items(), strict=True)):
        low, default, high = (
            np.asarray(span[part])[order] for part in ("low", "default", "high")
        )
        how = look(k, name, linestyle="", markersize=4.5)
        axis.hlines(at, low, high, color=how["color"], linewidth=3.0, alpha=0.4)
        axis.plot(default, at, **how)
        axis.axvline(0.5, color=GREY, linewidth=0.8, linestyle="--")
        axis.set(title=name, xlim=(0, 1.02), ylim=(-0.8, len(tables) - 0.2))
        axis.set_yticks(at, [tables[i] for i in order])
    for axis in axes[-2:]:
        axis.set_xlabel(xlabel)
    return figure
