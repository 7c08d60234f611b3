"""Figures of the lesson on learning a start by gradients. Each function draws one
and returns it.
"""

import numpy as np

from metaad.plots import charts
from metaad.plots.charts import GREY, look


def gradient_paths(centres, curvatures, paths, losses):
    """Draw gradient descent in a few quadratic valleys from more than one start, and
    the mean loss step by step.

    Parameters
    ----------
    centres : array (n_tasks, 2), the lowest point c of each valley ½ (θ - c)ᵀ H (θ -
        c).
    curvatures : array (n_tasks, 2, 2), H of each.
    paths : dict, label of a start -> array (n_tasks, steps + 1, 2), the points visited
        in each valley.
    losses : dict, label of a start -> array (steps + 1,), the mean loss over the
    valleys after each step."""
    figure, (*valleys, last) = charts.panels(len(centres) + 1, height=2.9, extra=0.3)
    points = np.concatenate([centres, *(p.reshape(-1, 2) for p in paths.values())])
    middle = (points.max(axis=0) + points.min(axis=0)) / 2
    half = 0.62 * np.ptp(points, axis=0).max()
    line = np.linspace(-half, half, 90)
    grid = np.stack(np.meshgrid(line, line), axis=-1) + middle  # (90, 90, 2)
    for i, (axis, c, H) in enumerate(zip(valleys, centres, curvatures, strict=True)):
        loss = 0.5 * np.einsum("abi,ij,abj->ab", grid - c, H, grid - c)
        levels = {"levels": [0.03, 0.3, 1, 3, 9, 20], "colors": "#b5b5b5"}
        axis.contour(*np.moveaxis(grid, -1, 0), loss, linewidths=0.8, **levels)
        for k, (label, path) in enumerate(paths.items()):
            how = look(k)
            charts.curve(axis, *path[i].T, k, label, markersize=3.5, linewidth=1.5)
            start = {"markersize": 9, "markeredgecolor": "white"}
            axis.plot(*path[i, 0], how["marker"], color=how["color"], **start)
        star = {"markersize": 11, "markeredgecolor": "white", "zorder": 5}
        axis.plot(*c, "*", color="black", **star)
        axis.set(title=f"task {i + 1}", xticks=[], yticks=[], aspect="equal")
    for k, (label, values) in enumerate(losses.items()):
        charts.curve(last, range(len(values)), values, k, label)
    last.set(title="mean loss of the tasks", xlabel="steps taken", yscale="log")
    last.set_xticks(range(len(values)))
    charts.legend_below(figure)
    return figure


def outer_steps(losses):
    """Draw the mean loss of the tasks while the outer loop moves the start.

    losses : dict, label -> array (outer steps + 1,).
    """
    figure, axis = charts.one_panel(2.9)
    for k, (label, values) in enumerate(losses.items()):
        charts.curve(axis, range(len(values)), values, k, label, marker="")
    axis.set(xlabel="outer steps", ylabel="mean loss of the tasks", yscale="log")
    charts.legend_below(figure)
    return figure


def training(when, curves, levels=None):
    """Draw how well the methods do on new waves while they learn: above before any step,
    below after one.

    Parameters
    ----------
    when : sequence of outer steps. curves : dict, method -> array (len(when), 2), the
        error before and after.
    levels : dict, label -> error, drawn as horizontal lines in the lower panel.
    """
    figure, (above, below) = charts.panels(
        2, columns=1, height=2.6, extra=0.6, sharex=True
    )
    for k, (label, found) in enumerate(curves.items()):
        for axis, values in zip((above, below), np.transpose(found), strict=True):
            charts.curve(axis, when, values, k, label, markersize=4)
    for (label, at), style in zip((levels or {}).items(), ("--", ":"), strict=False):
        below.axhline(at, color=GREY, linestyle=style, linewidth=1.3, label=label)
    above.set(title="error before any step", xscale="log")
    below.set(title="error after one step", xlabel="outer steps", yscale="log")
    _plain_log_ticks(below.yaxis)
    _plain_log_ticks(below.xaxis, marks=(1,))
    charts.legend_below(figure)
    return figure


def pulls(u, weights):
    """Draw how hard a task pulls at the start, against u = rate × curvature of the
    task.

    Where two methods agree, the thicker line shows on both sides of the other.

    weights : dict, title of a panel -> dict, method -> array like u.
    """
    figure, axes = charts.panels(len(weights), height=3.2, extra=0.3, sharey=True)
    for axis, (title, lines) in zip(axes, weights.items(), strict=True):
        axis.axhline(0, color=GREY, linewidth=0.8)
        for k, (label, w) in enumerate(lines.items()):
            wide = 5.0 if k == 0 else 1.8
            pale = 0.45 if k == 0 else 1.0
            how = {"marker": "", "linewidth": wide, "alpha": pale}
            charts.curve(axis, u, w, k, label, **how)
        axis.set(title=title, xlabel="α h: rate × curvature", ylim=(-1.05, 2.1))
    axes[0].set_ylabel("weight of the task, times α")
    charts.legend_below(figure)
    return figure


def attention(x, keys, kernel, before, after, target, y):
    """Draw a step in the dual form of a layer: what each support point adds to the
    output, and below it the output itself.

    Parameters
    ----------
    x : array (q,), new inputs. keys : array (k,), the support's inputs, in increasing
        order; y : its targets (k,).
    kernel : array (k, q), what each support point adds at each new input.
    before, after, target : arrays (q,), the network's output before and after the step,
    and the truth."""
    figure, (above, below) = charts.panels(2, columns=1, height=3.0, sharex=True)
    reach = np.abs(kernel).max()
    rows = np.arange(len(keys))
    shades = {"cmap": charts.SIGNED, "vmin": -reach, "vmax": reach}
    image = above.pcolormesh(x, rows, kernel, shading="nearest", **shades)
    above.plot(keys, rows, "o", color="black", markersize=4)
    above.set(ylabel="support point", title="what each support point adds")
    above.set_yticks(rows, [f"{k:.1f}" for k in keys])
    above.tick_params(axis="y", length=0)
    figure.colorbar(image, ax=[above, below], pad=0.02, shrink=0.5, anchor=(0, 1))
    wave = {"color": GREY, "linewidth": 4, "alpha": 0.5}
    below.plot(x, target, label="the wave", **wave)
    charts.curve(below, x, before, 1, "before", marker="")
    charts.curve(below, x, after, 0, "after one step", marker="")
    below.plot(keys, y, "o", color="black", markersize=4, label="support")
    below.set(title="the output: before, plus the column sums", xlabel="x, new input")
    charts.legend_below(figure)
    return figure


def adaptation(x, target, support, curves):
    """Draw one task, one panel for each method: predictions before and after adapting.

    Parameters
    ----------
    x, target : arrays (q,), inputs and the truth. support : (inputs (k,), targets
        (k,)).
    curves : dict, method -> dict, label -> array (q,); the first label is before.
    """
    figure, axes = charts.panels(
        len(curves), height=1.9, extra=0.4, sharex=True, sharey=True
    )
    for axis, (title, lines) in zip(axes, curves.items(), strict=True):
        wave = {"color": GREY, "linewidth": 4, "alpha": 0.5}
        axis.plot(x, target, label="the wave", **wave)
        for k, (label, values) in zip((1, 0, 2), lines.items(), strict=False):
            charts.curve(axis, x, values, k, label, marker="", linewidth=1.5)
        axis.plot(*support, "o", color="black", markersize=4, label="support")
        axis.set_title(title)
    span = 1.7 * np.abs(target).max()
    axes[0].set_ylim(-span, span)
    charts.legend_below(figure)
    return figure


def errors_by_method(results, lines=None):
    """Draw errors of the methods with their intervals on a logarithmic scale, a marker
    for each number of steps.

    Parameters
    ----------
    results : dict, method -> dict, label -> Interval, or None where the method
        diverged.
    lines : dict, label -> error, drawn as vertical lines.
    """
    figure, axis = charts.one_panel(0.42 * len(results) + 1.5)
    labels = list(next(iter(results.values())))
    for k, label in enumerate(labels):
        found = [row[label] for row in results.values()]
        at = [i for i, e in enumerate(found) if e is not None]
        kept = [e for e in found if e is not None]
        value = np.array([e.value for e in kept])
        spread = [value - [e.low for e in kept], [e.high for e in kept] - value]
        place = np.array(at) + 0.22 * (k - (len(labels) - 1) / 2)
        how = {**look(k), "linestyle": "", "markersize": 5.5, "elinewidth": 1.4}
        axis.errorbar(value, place, xerr=spread, label=label, **how)
    styles = zip((lines or {}).items(), (":", "--"), strict=False)
    for (label, at), style in styles:
        axis.axvline(at, color=GREY, linestyle=style, linewidth=1.3, label=label)
    axis.set(xscale="log", xlabel="mean squared error on new points of the wave")
    _plain_log_ticks(axis.xaxis)
    charts.name_rows(axis, list(results))
    charts.legend_below(figure)
    return figure


def _plain_log_ticks(side, marks=(1, 2, 5)):
    """Ticks of one axis at such multiples of powers of ten as lie in view, plainly
    written.
    """
    low, high = side.get_view_interval()
    every = [m * 10.0**p for p in range(-6, 7) for m in marks]
    at = [t for t in every if low <= t <= high]
    side.set_ticks(at, [f"{t:g}" for t in at])
    side.set_ticks([], minor=True)
    side.axes.set(**{f"{side.axis_name}lim": (low, high)})


def starts(runs):
    """Draw where the start goes over the outer steps, cut at the edges of the panels.

    runs : dict, title of a panel -> dict, method -> array (outer steps,).
    """
    figure, axes = charts.panels(len(runs), columns=3, height=2.7, sharey=True)
    for axis, (title, lines) in zip(axes, runs.items(), strict=True):
        for k, (label, values) in enumerate(lines.items()):
            at = range(len(values))
            kept = np.clip(values, -1e4, 1e4)
            charts.curve(axis, at, kept, k, label, marker="")
        axis.set_yscale("symlog", linthresh=1)
        axis.set_title(title, fontsize=charts.SMALL)
        axis.set(xlabel="outer steps", ylim=(-300, 3))
        axis.set_yticks([-100, -10, -1, 0, 1], ["-100", "-10", "-1", "0", "1"])
        axis.minorticks_off()
    axes[0].set_ylabel("start θ")
    charts.legend_below(figure)
    return figure


def cosines(found, rates):
    """Draw the cosine of the first-order and the full outer gradient.

    found : dict, label -> list like rates. rates : sequence of inner rates.
    """
    figure, axis = charts.one_panel(2.9)
    axis.axhline(0, color=GREY, linewidth=0.8)
    for k, (label, values) in enumerate(found.items()):
        charts.curve(axis, range(len(rates)), values, k, label)
    charts.ticks(axis, range(len(rates)), [f"{r:g}" for r in rates])
    axis.set(xlabel="inner rate α", ylabel="cosine", ylim=(-0.1, 1.1))
    charts.legend_below(figure)
    return figure
