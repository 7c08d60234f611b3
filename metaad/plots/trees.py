"""Figures of the lesson on isolation forests. Each function draws one and returns
it.
"""

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.patches import Rectangle

from metaad.metrics import significant
from metaad.plots.base import COLOURS

KINDS = (
    ("normal", "o"),
    ("anomaly", "D"),
    ("third", "s"),
    ("fourth", "^"),
    ("fifth", "v"),
)


def isolation_paths(X, paths, columns=5):
    """The boxes of a few isolation paths, one row of panels a path, cut by cut.

    Parameters
    ----------
    X : array (n, 2), all points.
    paths : dict, label -> (index of the point, list of steps); a step is (feature, cut,
        kept): the feature cut, the place of the cut, and a bool array (n,) of the
        points still in the box *before* the cut.
    columns : panels in a row; of a longer path the first ones and the last are drawn.
    """
    figure, axes = plt.subplots(
        len(paths), columns, figsize=(10, 2.35 * len(paths)), sharex=True, sharey=True
    )
    pad = 0.06 * np.ptp(X, axis=0)
    low, high = X.min(axis=0) - pad, X.max(axis=0) + pad
    for row, ((label, (index, steps)), kind) in enumerate(
        zip(paths.items(), ("anomaly", "normal"), strict=False)
    ):
        n = len(steps)
        drawn = list(range(n)) if n <= columns else [*range(columns - 1), n - 1]
        for column, axis in enumerate(np.atleast_2d(axes)[row]):
            axis.set(
                xticks=[], yticks=[], xlim=(low[0], high[0]), ylim=(low[1], high[1])
            )
            if column >= len(drawn):
                axis.axis("off")
                continue
            step = drawn[column]
            left = 1 if step + 1 == n else int(steps[step + 1][2].sum())
            _one_cut(axis, X, index, steps[step], pad, COLOURS[kind])
            axis.set_title(
                f"cut {step + 1}: {int(steps[step][2].sum())} → {left}", fontsize=9.5
            )
            if column == 0:
                axis.set_ylabel(
                    f"{label}\n{n} cut{'s' if n > 1 else ''}", color=COLOURS[kind]
                )
    return figure


def _one_cut(axis, X, index, step, pad, colour):
    """The box before a cut; its kept side shaded."""
    feature, cut, kept = step
    low, high = X[kept].min(axis=0) - pad / 3, X[kept].max(axis=0) + pad / 3
    axis.add_patch(
        Rectangle(
            low, *(high - low), fill=False, edgecolor=COLOURS["grey"], linewidth=0.9
        )
    )
    side = [low.copy(), high.copy()]
    side[int(X[index, feature] <= cut)][feature] = cut
    axis.add_patch(
        Rectangle(
            side[0], *(side[1] - side[0]), facecolor=colour, alpha=0.16, linewidth=0
        )
    )
    axis.scatter(*X[~kept].T, s=5, color="#cccccc", linewidths=0)
    axis.scatter(*X[kept].T, s=8, color=COLOURS["black"], linewidths=0)
    axis.scatter(
        *X[index],
        s=95,
        marker="*",
        color=colour,
        edgecolor="white",
        linewidth=0.6,
        zorder=4,
    )
    line = axis.vlines if feature == 0 else axis.hlines
    line(
        cut,
        low[1 - feature],
        high[1 - feature],
        color=COLOURS["black"],
        linewidth=1.6,
        linestyle="--",
    )


def cut_counts(counts):
    """Histograms of the number of cuts. counts: dict, label -> int array (repeats,)."""
    figure, axis = plt.subplots(figsize=(8, 2.9))
    top = max(int(c.max()) for c in counts.values())
    for (label, values), kind, hatch in zip(
        counts.items(), ("anomaly", "normal"), ("", "///"), strict=False
    ):
        share = np.bincount(values, minlength=top + 1) / len(values)
        axis.bar(
            np.arange(top + 1),
            share,
            width=0.86,
            color=COLOURS[kind],
            alpha=0.65,
            hatch=hatch,
            edgecolor="white",
            label=label,
        )
        axis.axvline(values.mean(), color=COLOURS[kind], linestyle="--", linewidth=1.6)
    axis.set(
        xlabel="cuts until the point is alone (dashed: mean)",
        ylabel="share of the games",
        xlim=(0, top + 1),
    )
    axis.set_xticks(range(0, top + 1, 2))
    axis.legend(loc="upper right")
    return figure


def line_depths(x, expected, simulated):
    """Points on a line and the cuts each one needs: by formula (open circles) and by
    simulation (crosses).

    x, expected, simulated : arrays (n,), x in increasing order.
    """
    figure, axis = plt.subplots(figsize=(8, 3.2))
    axis.vlines(x, 0, expected, color=COLOURS["sixth"], linewidth=1.1)
    axis.scatter(
        x,
        expected,
        s=60,
        facecolor="none",
        edgecolor=COLOURS["normal"],
        linewidth=1.4,
        label="formula",
    )
    axis.scatter(
        x,
        simulated,
        s=26,
        marker="x",
        color=COLOURS["anomaly"],
        linewidth=1.4,
        label="mean of simulated trees",
    )
    axis.scatter(x, np.full(len(x), -0.45), s=22, marker="|", color=COLOURS["black"])
    axis.set(
        xlabel="x (ticks: the points)",
        ylabel="expected cuts until alone",
        ylim=(-0.9, None),
    )
    axis.legend(loc="upper right", bbox_to_anchor=(0.98, 0.98))
    return figure


def harmonic(n, exact, approximate, simulated):
    """c(n) with Euler's approximation, and the approximation's error.

    n : int array (m,); exact, approximate : arrays (m,); simulated : dict, n -> mean
    path length of grown trees."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 3.4))
    left.plot(n, exact, color=COLOURS["normal"], label="c(n), exact")
    left.plot(
        n,
        approximate,
        color=COLOURS["anomaly"],
        linestyle="--",
        label="with ln(n − 1) + γ",
    )
    left.plot(
        n,
        np.log2(n),
        color=COLOURS["grey"],
        linestyle=":",
        label="log₂ n: the best-balanced tree",
    )
    left.scatter(
        *zip(*simulated.items(), strict=True),
        marker="x",
        s=45,
        color=COLOURS["black"],
        zorder=4,
        label="simulated",
    )
    left.set(xscale="log", xlabel="n, points in the tree", ylabel="cuts until alone")
    left.legend(fontsize=9)
    right.plot(
        n, exact - approximate, color=COLOURS["normal"], label="exact − approximate"
    )
    right.plot(n, 1.0 / n, color=COLOURS["grey"], linestyle=":", label="1 / n")
    right.set(
        xscale="log",
        yscale="log",
        xlabel="n, points in the tree",
        ylabel="error in cuts",
    )
    right.legend(fontsize=9)
    return figure


def score_curve(psi, c):
    """s = 2^(−E[h] / c) over the mean path length, with its three landmarks. c is
    c(psi).
    """
    figure, axis = plt.subplots(figsize=(8, 3.1))
    h = np.linspace(0, 2.6 * c, 200)
    axis.plot(h, 2.0 ** (-h / c), color=COLOURS["normal"])
    for value, text in (
        (0.0, "alone at once: s = 1"),
        (c, "E[h] = c(ψ): s = ½"),
        (2 * c, "twice c(ψ): s = ¼"),
    ):
        axis.plot([value], [2.0 ** (-value / c)], marker="o", color=COLOURS["anomaly"])
        axis.annotate(
            text,
            (value, 2.0 ** (-value / c)),
            xytext=(9, 4),
            textcoords="offset points",
        )
    axis.axvline(c, color=COLOURS["grey"], linestyle=":", linewidth=1.2)
    axis.set(
        xlabel=f"E[h(x)], mean path length (ψ = {psi}, c(ψ) = {c:.2f})",
        ylabel="score s(x)",
        ylim=(0, 1.12),
    )
    return figure


def score_maps(panels, extent, X, y, share=True):
    """Scores over the plane, side by side, with the points: circles normal, diamonds
    anomalous.

    Parameters
    ----------
    panels : dict, title -> array (rows, columns) of scores, row 0 at the bottom; or
        (scores, X, y): with other points.
    extent : (left, right, bottom, top).
    X, y : arrays (n, 2) and (n,), the points to draw; y = 1 for an anomaly.
    share : one colour scale for all panels, or one for each.
    """
    figure, axes = plt.subplots(
        1, len(panels), figsize=(10, 3.9), sharex=True, sharey=True
    )
    panels = {
        title: p if isinstance(p, tuple) else (p, X, y) for title, p in panels.items()
    }
    grids = [_six_digits(grid) for grid, _, _ in panels.values()]
    limits = (
        (min(g.min() for g in grids), max(g.max() for g in grids))
        if share
        else (None, None)
    )
    for axis, grid, (title, (_, points, labels)) in zip(
        np.atleast_1d(axes), grids, panels.items(), strict=True
    ):
        image = axis.imshow(
            grid,
            origin="lower",
            extent=extent,
            aspect="auto",
            vmin=limits[0],
            vmax=limits[1],
        )
        xs = np.linspace(extent[0], extent[1], grid.shape[1])
        ys = np.linspace(extent[2], extent[3], grid.shape[0])
        axis.contour(xs, ys, grid, levels=6, colors="white", linewidths=0.7, alpha=0.8)
        axis.scatter(
            *points[labels == 0].T,
            s=6,
            color="white",
            edgecolor=COLOURS["black"],
            linewidth=0.4,
        )
        axis.scatter(
            *points[labels == 1].T,
            s=16,
            marker="D",
            color=COLOURS["anomaly"],
            edgecolor="white",
            linewidth=0.4,
        )
        axis.set(title=title, xlim=extent[:2], ylim=extent[2:])
        if not share:
            figure.colorbar(image, ax=axis, fraction=0.05)
    if share:
        figure.colorbar(
            image, ax=axes, label="score s (bright: anomalous)", fraction=0.03
        )
    return figure


def _six_digits(grid):
    """Scores as they are drawn: on the plateaus of a map contours take their course
    by the last digit otherwise.
    """
    return significant(grid, bits=20)


def curves(x, lines, xlabel, ylabel, log=True):
    """Means with their intervals along x. lines: dict, label -> list of
    metrics.Interval, one for each x.
    """
    figure, axis = plt.subplots(figsize=(8, 3.1))
    for (label, intervals), (kind, marker), style in zip(
        lines.items(), KINDS, ("-", "--", "-.", ":", "-"), strict=False
    ):
        axis.plot(
            x,
            [i.value for i in intervals],
            marker=marker,
            linestyle=style,
            color=COLOURS[kind],
            label=label,
        )
        axis.fill_between(
            x,
            [i.low for i in intervals],
            [i.high for i in intervals],
            color=COLOURS[kind],
            alpha=0.2,
            linewidth=0,
        )
    axis.set(xlabel=xlabel, ylabel=ylabel)
    if log:
        axis.set_xscale("symlog" if 0 in x else "log", base=2)
    axis.set_xticks(list(x), [str(v) for v in x])
    axis.minorticks_off()
    if len(lines) > 1:
        axis.legend()
    return figure


def rankings(panels, xlabel):
    """Scatter plots side by side. panels: dict, title -> (a (n,), b (n,), y (n,),
    label of b).
    """
    figure, axes = plt.subplots(1, len(panels), figsize=(10, 3.4))
    for axis, (title, (a, b, y, name)) in zip(
        np.atleast_1d(axes), panels.items(), strict=True
    ):
        axis.scatter(
            a[y == 0],
            b[y == 0],
            s=12,
            color=COLOURS["normal"],
            alpha=0.7,
            linewidths=0,
            label="normal",
        )
        axis.scatter(
            a[y == 1],
            b[y == 1],
            s=22,
            marker="D",
            color=COLOURS["anomaly"],
            linewidths=0,
            label="anomaly",
        )
        axis.set(title=title, xlabel=xlabel, ylabel=name)
    np.atleast_1d(axes)[0].legend(loc="best", fontsize=9)
    return figure


def published(rows):
    """AUROC of a paper beside ours. rows: list of (table, published, {label:
    Interval}).
    """
    figure, axis = plt.subplots(figsize=(8, 0.55 * len(rows) + 1.0))
    for place, (_, paper, measured) in enumerate(rows):
        axis.scatter(
            [paper],
            [place],
            marker="|",
            s=260,
            color=COLOURS["black"],
            label="paper, 2008",
            linewidths=2,
            zorder=1,
        )
        for shift, ((label, i), (kind, marker)) in enumerate(
            zip(measured.items(), KINDS, strict=False)
        ):
            at = place + 0.16 * (2 * shift - 1)
            axis.errorbar(
                [i.value],
                [at],
                xerr=[[i.value - i.low], [i.high - i.value]],
                marker=marker,
                markersize=6,
                color=COLOURS[kind],
                linestyle="none",
                label=label,
            )
    axis.set(
        yticks=range(len(rows)),
        yticklabels=[r[0] for r in rows],
        xlabel="AUROC, mean of seeds and its interval",
    )
    axis.invert_yaxis()
    handles, labels = axis.get_legend_handles_labels()
    once = dict(zip(labels, handles, strict=True))
    figure.legend(
        once.values(), once.keys(), loc="outside upper center", ncols=len(once)
    )
    return figure


def ghosts(grid, extent, X, corners, outward):
    """Score map over the plane with two kinds of empty places marked. corners,
    outward : arrays (m, 2).
    """
    figure, axis = plt.subplots(figsize=(6.6, 4.6))
    grid = _six_digits(grid)
    image = axis.imshow(grid, origin="lower", extent=extent, aspect="auto")
    xs, ys = (
        np.linspace(*extent[:2], grid.shape[1]),
        np.linspace(*extent[2:], grid.shape[0]),
    )
    axis.contour(xs, ys, grid, levels=7, colors="white", linewidths=0.7, alpha=0.8)
    axis.scatter(*X.T, s=7, color="white", edgecolor=COLOURS["black"], linewidth=0.4)
    for points, label, marker in ((corners, "corner", "o"), (outward, "outward", "^")):
        axis.scatter(
            *points.T,
            s=70,
            marker=marker,
            facecolor=COLOURS["anomaly"],
            edgecolor="white",
            zorder=4,
        )
        for point in points:
            axis.annotate(
                label,
                point,
                xytext=(0, -17),
                textcoords="offset points",
                ha="center",
                color=COLOURS["black"],
                fontweight="bold",
            )
    axis.set(xlim=extent[:2], ylim=extent[2:], xlabel="$x_1$", ylabel="$x_2$")
    figure.colorbar(image, ax=axis, label="score s (bright: anomalous)")
    return figure
