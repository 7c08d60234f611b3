"""Figures of the lesson on classical detectors: score contours, neighbourhoods,
sweeps, intervals.
"""

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from metaad.metrics import best_first, share_below, significant
from metaad.plots.base import COLOURS

# One colour, marker and line for each detector, the same in every figure.
LOOK = {
    "k-means": (COLOURS["normal"], "o", "-"),
    "LOF": (COLOURS["anomaly"], "s", "--"),
    "One-Class SVM": (COLOURS["third"], "^", "-."),
    "Isolation Forest": (COLOURS["fourth"], "D", ":"),
}
BANDS = (0.0, 0.5, 0.8, 0.95, 1.0)  # shares of the normal rows that score lower
_SHADES = ("#ffffff", "#dce6ee", "#aabfce", "#6d8799")


def look(name, k=0):
    """(colour, marker, line style) of a detector by its name, or of the k-th where
    the name is another.
    """
    return LOOK.get(name, list(LOOK.values())[k % len(LOOK)])


def mesh(X, *, steps=90, margin=0.22):
    """A regular grid around the rows of X (n, 2): the two axes (steps,) and the points
    (steps**2, 2).

    It begins and ends at numbers of six digits: a last bit of X would move where
    contours on it close."""
    low, high = significant(X.min(axis=0), bits=20), significant(X.max(axis=0), bits=20)
    pad = margin * (high - low).max()
    xs, ys = (
        np.linspace(a - pad, b + pad, steps) for a, b in zip(low, high, strict=True)
    )
    return xs, ys, np.stack([g.ravel() for g in np.meshgrid(xs, ys)], axis=1)


def score_contours(rows, *, steps=90, legend=True):
    """Score contours of fitted detectors in the plane, one panel each.

    The shade of a place says which share of the normal rows scores lower there, so that
    detectors whose scores have unlike units can be compared. The line is the 95 %
    level: a place beyond it is called an anomaly.

    Parameters
    ----------
    rows : list of lists of panels. A panel is a dict with `title`, `score` (a function
        from points (m, 2) to anomaly scores (m,)), `normal` (n, 2) and, if there are
        any, `planted` (p, 2) with `caught`, a bool array (p,), and `centres` (c, 2),
        marked by crosses.
    steps : grid points along each axis.

    Returns
    -------
    matplotlib Figure
    """
    n, m = len(rows), max(len(r) for r in rows)
    figure, axes = plt.subplots(
        n, m, figsize=(2.5 * m, 2.5 * n + (0.4 if legend else 0.0)), squeeze=False
    )
    for line, panels in zip(axes, rows, strict=True):
        for axis, panel in zip(line, panels, strict=False):
            _contour_panel(axis, panel, steps)
    if legend:
        handles = [Patch(facecolor=s, edgecolor="#777777") for s in _SHADES]
        texts = [
            f"{100 * a:.0f} to {100 * b:.0f} %"
            for a, b in zip(BANDS, BANDS[1:], strict=False)
        ]
        if any(len(p.get("planted", ())) for line in rows for p in line):
            mark = dict(
                marker="X", linestyle="", color=COLOURS["anomaly"], markersize=9
            )
            handles += [
                Line2D([], [], **mark),
                Line2D([], [], **{**mark, "markerfacecolor": "white"}),
            ]
            texts += ["planted, caught", "planted, missed"]
        figure.legend(handles, texts, loc="outside lower center", ncol=6, fontsize=9)
    return figure


def _contour_panel(axis, panel, steps):
    normal, planted = panel["normal"], panel.get("planted", np.empty((0, 2)))
    xs, ys, points = mesh(np.concatenate([normal, planted]), steps=steps)
    reference = panel["score"](normal)
    share = share_below(reference, panel["score"](points), ties=0).reshape(
        len(ys), len(xs)
    )
    axis.contourf(xs, ys, share, levels=[*BANDS[:-1], 1.01], colors=_SHADES)
    axis.contour(xs, ys, share, levels=[0.95], colors=COLOURS["black"], linewidths=1.0)
    axis.scatter(*normal.T, s=4, color=COLOURS["normal"], linewidths=0)
    if "centres" in panel:
        axis.scatter(
            *panel["centres"].T,
            s=45,
            marker="+",
            color=COLOURS["black"],
            linewidths=1.8,
        )
    for found, face in ((True, COLOURS["anomaly"]), (False, "white")):
        chosen = planted[
            np.asarray(panel.get("caught", np.ones(len(planted))), dtype=bool) == found
        ]
        if len(chosen):
            axis.scatter(
                *chosen.T,
                s=60,
                marker="X",
                facecolor=face,
                edgecolor=COLOURS["anomaly"],
                linewidths=1.3,
            )
    axis.set(title=panel["title"], xticks=[], yticks=[], aspect="equal")
    axis.title.set_fontsize(9.5)


def neighbourhoods(X, chosen, k_distance, scores):
    """What Local Outlier Factor compares: circles that reach the k-th neighbour, and
    the factor of every row.

    Parameters
    ----------
    X : array (n, 2). chosen : indices of the rows whose circle is drawn on the left.
    k_distance : array (n,), distance of each row to its k-th neighbour.
    scores : array (n,), the factor; about 1 inside a cluster.

    Returns
    -------
    matplotlib Figure
    """
    figure, (left, right) = plt.subplots(1, 2, figsize=(9.6, 4.3))
    left.scatter(*X.T, s=7, color=COLOURS["normal"], linewidths=0)
    for number, i in enumerate(chosen):
        left.add_patch(
            plt.Circle(
                X[i], k_distance[i], fill=False, color=COLOURS["anomaly"], linewidth=1.4
            )
        )
        left.scatter(*X[i], s=26, color=COLOURS["anomaly"], zorder=3)
        left.annotate(
            "ABC"[number],
            X[i],
            (7, 7),
            textcoords="offset points",
            fontsize=11,
            weight="bold",
        )
    left.set_title("circle: out to the k-th neighbour")
    box = {"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 1.0}
    right.scatter(*X.T, s=7, color=COLOURS["normal"], linewidths=0)
    clear = scores > 1.2
    size = 400.0 * (scores[clear] - 1.0) ** 2
    right.scatter(
        *X[clear].T,
        s=size,
        facecolor="none",
        edgecolor=COLOURS["anomaly"],
        linewidths=1.0,
    )
    for number, i in enumerate(chosen):
        text = f"{'ABC'[number]}: {scores[i]:.2f}"
        right.annotate(
            text, X[i], (9, 7), textcoords="offset points", weight="bold", bbox=box
        )
    right.set_title("ring: wider where the factor is further above 1")
    for axis in (left, right):
        axis.set(xticks=[], yticks=[], aspect="equal")
    return figure


def nu_property(nu, outside, vectors):
    """Share of training rows outside the boundary and share of support vectors, each
    minus ν, against ν.

    Parameters
    ----------
    nu : array (m,) in (0, 1]. outside, vectors : arrays (m, tables), shares in [0, 1].

    Returns
    -------
    matplotlib Figure
    """
    nu = np.asarray(nu)
    figure, axis = plt.subplots(figsize=(7.6, 3.2))
    axis.axhline(0.0, color=COLOURS["black"], linewidth=1.0)
    for values, name, colour, marker in (
        (vectors, "support vectors", COLOURS["third"], "^"),
        (outside, "outside the boundary", COLOURS["anomaly"], "v"),
    ):
        axis.plot(
            nu,
            values - nu[:, None],
            color=colour,
            marker=marker,
            linestyle="",
            markersize=6,
            alpha=0.75,
        )
        axis.plot([], [], color=colour, marker=marker, linestyle="", label=name)
    axis.set(xlabel="ν", ylabel="share of training rows, minus ν", xlim=(0, 1))
    axis.legend(loc="upper right")
    return figure


def path_lengths(lengths, names):
    """Number of cuts that isolate a point, over the trees of a forest: one histogram
    for each point.

    lengths : list of arrays (n_trees,). names : list of str. Returns a matplotlib
    Figure."""
    figure, axis = plt.subplots(figsize=(7.2, 3.0))
    bins = np.arange(0.5, max(v.max() for v in lengths) + 1.5)
    styles = ((COLOURS["normal"], ""), (COLOURS["anomaly"], "////"))
    for values, name, (colour, hatch) in zip(lengths, names, styles, strict=False):
        axis.hist(
            values,
            bins,
            color=colour,
            alpha=0.55,
            edgecolor=colour,
            hatch=hatch,
            label=name,
        )
        axis.axvline(values.mean(), color=colour, linestyle="--")
    axis.set(
        xlabel="cuts until the point is alone or the tree ends (dashed: mean)",
        ylabel="trees",
    )
    axis.legend()
    return figure


def before_after(values, labels=("raw", "standardised"), ylabel="AUROC"):
    """One panel for each detector, one line for each task, from stage to stage.

    values : dict name -> array (stages, tasks). labels : a name for each stage. Returns
    a matplotlib Figure."""
    figure, axes = plt.subplots(
        1, len(values), figsize=(2.35 * len(values), 3.1), sharey=True
    )
    for k, (axis, (name, pair)) in enumerate(
        zip(np.atleast_1d(axes), values.items(), strict=True)
    ):
        colour, marker, _ = look(name, k)
        axis.plot(
            range(len(pair)),
            pair,
            color=colour,
            marker=marker,
            alpha=0.6,
            markersize=4.5,
            linewidth=1.2,
        )
        axis.set(title=name, xticks=range(len(pair)), xlim=(-0.4, len(pair) - 0.6))
        axis.set_xticklabels(labels)
    np.atleast_1d(axes)[0].set_ylabel(ylabel)
    return figure


def sweeps(results, ylabel="AUROC"):
    """One panel for each hyperparameter: a line for each task over its settings, a mark
    at the best setting.

    results : dict name -> (settings, array (settings, tasks)). Settings of two lines
        are joined only where the first line is the same. Returns a matplotlib Figure.
    """
    columns = min(2, len(results))
    lines = -(-len(results) // columns)
    figure, axes = plt.subplots(
        lines, columns, figsize=(9.6, 2.8 * lines), sharey=True, squeeze=False
    )
    for k, (axis, (name, (settings, values))) in enumerate(
        zip(axes.ravel(), results.items(), strict=False)
    ):
        at = np.arange(len(settings))
        colour, marker, _ = look("", k)
        firsts = np.array([str(s).split("\n")[0] for s in settings])
        for part in (
            [firsts == f for f in dict.fromkeys(firsts)]
            if "\n" in str(settings[0])
            else [at >= 0]
        ):
            axis.plot(at[part], values[part], color=colour, linewidth=1.1, alpha=0.65)
        best = values.argmax(axis=0)
        axis.plot(
            best,
            values.max(axis=0),
            linestyle="",
            marker=marker,
            color=colour,
            markerfacecolor="white",
        )
        axis.set(title=name, xticks=at)
        axis.set_xticklabels([str(s) for s in settings])
    for line in axes:
        line[0].set_ylabel(ylabel)
    return figure


def intervals(groups, xlabel, *, zero=None):
    """Dots with intervals: one block of lines for each group, one line for each method.

    groups : dict group -> dict method -> metrics.Interval. zero : where to draw a
    reference line, or None. Returns a matplotlib Figure."""
    count = sum(len(g) for g in groups.values())
    figure, axis = plt.subplots(figsize=(8.6, 0.26 * count + 0.34 * len(groups) + 0.7))
    place, ticks, names = 0.0, [], []
    for group, methods in groups.items():
        at = axis.get_yaxis_transform()
        axis.text(
            0.0,
            place - 0.1,
            group,
            transform=at,
            fontsize=10,
            weight="bold",
            va="center",
        )
        place += 0.9
        for k, (method, value) in enumerate(methods.items()):
            colour, marker, _ = look(method, k)
            axis.plot([value.low, value.high], [place, place], color=colour)
            axis.plot(value.value, place, marker=marker, color=colour, markersize=7)
            ticks.append(place)
            names.append(method)
            place += 1.0
        place += 0.35
    if zero is not None:
        axis.axvline(zero, color=COLOURS["grey"], linewidth=1.0, linestyle="--")
    axis.set(xlabel=xlabel, yticks=ticks, ylim=(place - 0.2, -0.7))
    axis.set_yticklabels(names)
    axis.tick_params(axis="y", length=0)
    axis.spines["left"].set_visible(False)
    return figure


def setting_ranges(tables, spans, xlabel="AUROC"):
    """How far the choice of hyperparameters moves each table: a bar from the worst to
    the best setting, a mark at the default. Tables are sorted by the first detector's
    default.

    tables : list of str. spans : dict detector -> dict with arrays `low`, `default`,
    `high` (tables,). Returns a matplotlib Figure."""
    order = best_first(-np.asarray(next(iter(spans.values()))["default"]))
    at = np.arange(len(tables))
    figure, axes = plt.subplots(
        1,
        len(spans),
        figsize=(10.0, 0.21 * len(tables) + 1.0),
        sharex=True,
        sharey=True,
    )
    for axis, (name, span) in zip(np.atleast_1d(axes), spans.items(), strict=True):
        low, default, high = (
            np.asarray(span[k])[order] for k in ("low", "default", "high")
        )
        colour, marker, _ = look(name)
        axis.hlines(at, low, high, color=colour, linewidth=3.0, alpha=0.4)
        axis.plot(
            default, at, linestyle="", marker=marker, color=colour, markersize=4.5
        )
        axis.axvline(0.5, color=COLOURS["grey"], linewidth=0.8, linestyle="--")
        axis.set(title=name, yticks=at, xlabel=xlabel, xlim=(0, 1.02))
        axis.set_yticklabels([tables[i] for i in order], fontsize=8)
    return figure
