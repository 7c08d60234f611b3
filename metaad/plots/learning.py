"""Figures of the lesson on learning a start by gradients. Each function draws one
and returns it.
"""

import numpy as np
from matplotlib import pyplot as plt

from metaad.plots.base import COLOURS

STYLES = (
    ("normal", "o", "-"),
    ("anomaly", "D", "--"),
    ("third", "s", "-."),
    ("fourth", "^", ":"),
)
MARKERS = "oDs^vPX*"


def gradient_paths(centres, curvatures, paths, losses):
    """Gradient descent in a few quadratic valleys from more than one start, and the
    mean loss step by step.

    Parameters
    ----------
    centres : array (n_tasks, 2), the lowest point c of each valley ½ (θ - c)ᵀ H (θ -
        c).
    curvatures : array (n_tasks, 2, 2), H of each.
    paths : dict, label of a start -> array (n_tasks, steps + 1, 2), the points visited
        in each valley.
    losses : dict, label of a start -> array (steps + 1,), the mean loss over the
    valleys after each step."""
    n = len(centres)
    figure, axes = plt.subplots(
        1, n + 1, figsize=(10.4, 3.3), width_ratios=[1] * n + [1.15]
    )
    points = np.concatenate([centres, *(p.reshape(-1, 2) for p in paths.values())])
    middle, half = (
        (points.max(axis=0) + points.min(axis=0)) / 2,
        0.62 * np.ptp(points, axis=0).max(),
    )
    line = np.linspace(-half, half, 90)
    grid = np.stack(np.meshgrid(line, line), axis=-1) + middle  # (90, 90, 2)
    for i, (axis, c, H) in enumerate(zip(axes[:-1], centres, curvatures, strict=True)):
        loss = 0.5 * np.einsum("abi,ij,abj->ab", grid - c, H, grid - c)
        axis.contour(
            *np.moveaxis(grid, -1, 0),
            loss,
            levels=[0.03, 0.3, 1, 3, 9, 20],
            colors="#b5b5b5",
            linewidths=0.8,
        )
        for (label, path), (colour, marker, style) in zip(
            paths.items(), STYLES, strict=False
        ):
            axis.plot(
                *path[i].T, style, color=COLOURS[colour], linewidth=1.5, label=label
            )
            axis.plot(*path[i, 1:].T, marker, color=COLOURS[colour], markersize=3.5)
            axis.plot(
                *path[i, 0],
                marker,
                color=COLOURS[colour],
                markersize=9,
                markeredgecolor="white",
            )
        axis.plot(
            *c,
            "*",
            color=COLOURS["black"],
            markersize=11,
            markeredgecolor="white",
            zorder=5,
        )
        axis.set(title=f"task {i + 1}", xticks=[], yticks=[], aspect="equal")
    _loss_by_step(axes[-1], losses)
    return figure


def _loss_by_step(axis, losses):
    for (label, values), (colour, marker, style) in zip(
        losses.items(), STYLES, strict=False
    ):
        axis.semilogy(
            values,
            style,
            marker=marker,
            color=COLOURS[colour],
            markersize=5,
            label=label,
        )
    axis.set(
        title="mean loss of the tasks", xlabel="steps taken", xticks=range(len(values))
    )
    axis.legend(fontsize=9.5)


def pulls(u, weights):
    """How hard a task pulls at the start, against u = rate × curvature of the task.

    weights : dict, title of a panel -> dict, method -> array like u.
    """
    figure, axes = plt.subplots(1, len(weights), figsize=(9.2, 3.3), sharey=True)
    for axis, (title, lines) in zip(np.atleast_1d(axes), weights.items(), strict=True):
        axis.axhline(0, color=COLOURS["grey"], linewidth=0.8)
        for (label, w), (colour, _, style) in zip(lines.items(), STYLES, strict=False):
            axis.plot(u, w, style, color=COLOURS[colour], label=label)
        axis.set(
            title=title,
            xlabel="α h: inner rate times the task's curvature",
            ylim=(-1.05, 2.1),
        )
    np.atleast_1d(axes)[0].set_ylabel("weight of the task, times α")
    np.atleast_1d(axes)[0].legend(fontsize=9.5)
    return figure


def attention(x, keys, kernel, before, after, target, y):
    """A step in the dual form of a layer: what each support point adds to the output,
    and the output itself.

    Parameters
    ----------
    x : array (q,), new inputs. keys : array (k,), the support's inputs, in increasing
        order; y : its targets (k,).
    kernel : array (k, q), what each support point adds at each new input.
    before, after, target : arrays (q,), the network's output before and after the step,
    and the truth."""
    figure, (left, right) = plt.subplots(
        1, 2, figsize=(10, 3.4), width_ratios=[1.15, 1]
    )
    bound = np.abs(kernel).max()
    rows = np.arange(len(keys) + 1) - 0.5
    edges = np.linspace(x[0], x[-1], len(x) + 1)
    image = left.pcolormesh(
        edges, rows, kernel, cmap="PuOr", vmin=-bound, vmax=bound, rasterized=True
    )
    left.plot(keys, range(len(keys)), "o", color=COLOURS["black"], markersize=4.5)
    left.set(xlabel="x, new input", ylabel="support point", yticks=range(len(keys)))
    left.set_yticklabels([f"{k:.1f}" for k in keys], fontsize=8.5)
    left.set_title("what each support point adds to the output")
    figure.colorbar(image, ax=left, pad=0.02)
    right.plot(x, target, color=COLOURS["grey"], linewidth=1.2, label="the wave")
    right.plot(x, before, "--", color=COLOURS["anomaly"], label="before")
    right.plot(x, after, color=COLOURS["normal"], label="after one step")
    right.plot(keys, y, "o", color=COLOURS["black"], markersize=4.5, label="support")
    right.set(xlabel="x", title="the output: before, plus the column sums")
    right.legend(fontsize=9, ncols=2, loc="lower center", bbox_to_anchor=(0.5, -0.52))
    return figure


def adaptation(x, target, support, curves):
    """One wave and what each method makes of its few points: a panel for each method.

    Parameters
    ----------
    x, target : arrays (q,), the inputs and the wave. support : arrays (k,), (k,) of its
        points.
    curves : dict, method -> dict, label -> array (q,): the prediction before, after one
    step, and so on."""
    columns = min(4, len(curves))
    rows = -(-len(curves) // columns)
    figure, axes = plt.subplots(
        rows, columns, figsize=(10.2, 2.45 * rows + 0.4), sharex=True, sharey=True
    )
    flat = np.atleast_1d(axes).ravel()
    looks = (("anomaly", "--"), ("normal", "-"), ("third", "-."))
    for axis, (title, lines) in zip(flat, curves.items(), strict=False):
        axis.plot(x, target, color="#aaaaaa", linewidth=4, label="the wave")
        for (label, values), (colour, style) in zip(lines.items(), looks, strict=False):
            axis.plot(
                x, values, style, color=COLOURS[colour], linewidth=1.5, label=label
            )
        axis.plot(*support, "o", color=COLOURS["black"], markersize=4, label="support")
        axis.set_title(title, fontsize=10.5)
    for axis in flat[len(curves) :]:
        axis.axis("off")
    span = np.abs(target).max()
    flat[0].set_ylim(-1.7 * span, 1.7 * span)
    handles, labels = flat[0].get_legend_handles_labels()
    figure.legend(
        handles, labels, ncols=len(labels), loc="outside lower center", fontsize=9.5
    )
    return figure


def errors_by_method(results, lines=None):
    """Errors of the methods with their intervals on a logarithmic scale, a marker for
    each number of steps.

    Parameters
    ----------
    results : dict, method -> dict, label -> Interval, or None where the method
        diverged.
    lines : dict, label -> error, drawn as vertical lines.
    """
    figure, axis = plt.subplots(figsize=(9, 0.42 * len(results) + 1.3))
    labels = list(next(iter(results.values())))
    for j, label in enumerate(labels):
        colour = list(COLOURS.values())[j]
        at = [i for i, found in enumerate(results.values()) if found[label] is not None]
        kept = [found[label] for found in results.values() if found[label] is not None]
        value = np.array([e.value for e in kept])
        spread = [value - [e.low for e in kept], [e.high for e in kept] - value]
        axis.errorbar(
            value,
            np.array(at) + 0.16 * (j - (len(labels) - 1) / 2),
            xerr=spread,
            fmt=MARKERS[j],
            color=colour,
            markersize=5.5,
            linewidth=1.4,
            label=label,
        )
    for (label, at), style in zip((lines or {}).items(), (":", "--"), strict=False):
        axis.axvline(
            at, color=COLOURS["grey"], linestyle=style, linewidth=1.3, label=label
        )
    axis.set(
        xscale="log",
        xlabel="mean squared error on new points of the wave",
        yticks=range(len(results)),
    )
    axis.set_yticklabels(results)
    axis.invert_yaxis()
    axis.legend(fontsize=9, loc="center left", bbox_to_anchor=(1.0, 0.5))
    return figure


def first_order(runs, cosines, rates):
    """Where the first-order gradient leads astray: a start on two parabolas, and the
    angle to the full gradient.

    Parameters
    ----------
    runs : dict, title of a panel -> dict, method -> array (outer steps,), the start
        after each outer step.
    cosines : dict, label -> array like rates, cosine between the first-order gradient
        and MAML's.
    rates : sequence of inner rates.
    """
    figure, axes = plt.subplots(1, len(runs) + 1, figsize=(10.2, 3.2))
    for axis, (title, lines) in zip(axes, runs.items(), strict=False):
        for (label, values), (colour, _, style) in zip(
            lines.items(), STYLES, strict=False
        ):
            axis.plot(np.clip(values, -3, 3), style, color=COLOURS[colour], label=label)
        axis.set(title=title, xlabel="outer steps", ylim=(-3, 3))
    axes[0].set_ylabel("start θ")
    axes[0].legend(fontsize=9.5)
    last = axes[-1]
    last.axhline(0, color=COLOURS["grey"], linewidth=0.8)
    for (label, values), (colour, marker, style) in zip(
        cosines.items(), STYLES[2:] + STYLES[:2], strict=False
    ):
        last.semilogx(
            rates, values, style, marker=marker, color=COLOURS[colour], label=label
        )
    last.set(
        title="cosine of the two gradients",
        xlabel="inner rate α, sinusoids",
        ylim=(-1.05, 1.05),
    )
    last.legend(fontsize=9.5, loc="lower left")
    return figure
