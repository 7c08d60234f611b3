"""Figures about tagged text: sentences in the colours of their scores, one answer counted
in several ways, what labels buy.
"""

import numpy as np
from matplotlib import pyplot as plt

from metaad.plots import charts
from metaad.plots.base import SMALL, WIDTH
from metaad.plots.charts import ANOMALY

LINE, GAP = 56, 1.2  # characters of a line, between two tokens


def sentences(panels):
    """Draw sentences, each token the darker the higher its score; names are underlined.

    panels : {title: list of sentences}, a sentence a list of (token, is a name, share of
        tokens that score less, in [0, 1]). Returns a matplotlib Figure.
    """
    laid = {title: _laid(lines) for title, lines in panels.items()}
    heights = [rows for _, rows in laid.values()]
    figure, axes = plt.subplots(
        len(laid),
        1,
        figsize=(WIDTH, 0.5 + sum(0.4 * h + 0.35 for h in heights)),
        height_ratios=heights,
        squeeze=False,
    )
    for axis, (title, (tokens, rows)) in zip(axes.flat, laid.items(), strict=True):
        for x, y, token, is_name, share in tokens:
            _token(axis, x, y, token, is_name, share)
        axis.set(xlim=(-0.5, LINE + 0.5), ylim=(rows - 0.35, -0.65))
        axis.set_title(title)
        axis.axis("off")
    return figure


def _laid(lines):
    """Places of tokens: (list of (x, y, token, is_name, share), number of rows)."""
    found, y = [], 0
    for sentence in lines:
        x = 0.0
        for token, is_name, share in sentence:
            if x and x + len(token) > LINE:
                x, y = 2.0, y + 1
            found.append((x, y, token, is_name, share))
            x += len(token) + GAP
        y += 1
    return found, y


def _token(axis, x, y, token, is_name, share):
    strength = max(0.0, 2 * share - 1) ** 2  # the lower half stays white
    box = (x - 0.4, y - 0.4), len(token) + 0.8, 0.8
    how = {"facecolor": ANOMALY, "alpha": 0.6 * strength, "linewidth": 0}
    axis.add_patch(plt.Rectangle(*box, **how))
    middle = x + len(token) / 2
    axis.text(
        middle, y, token, ha="center", va="center", fontsize=SMALL, family="monospace"
    )
    if is_name:
        axis.plot([x, x + len(token)], [y + 0.38] * 2, color="black", linewidth=2)


def ways_of_counting(answers):
    """Draw F1 of some answers, counted in several ways, as bars side by side.

    answers : {answer: {way: metrics.Interval}}. Returns a matplotlib Figure."""
    figure, axis = charts.one_panel(2.9)
    ways = list(next(iter(answers.values())))
    width = 0.8 / len(answers)
    for k, (name, found) in enumerate(answers.items()):
        at = np.arange(len(ways)) + (k - (len(answers) - 1) / 2) * width
        value, low, high = (
            np.array([getattr(found[w], part) for w in ways])
            for part in ("value", "low", "high")
        )
        how = {"color": charts.look(k)["color"], "hatch": ("", "//")[k % 2]}
        axis.bar(at, value, 0.9 * width, label=name, alpha=0.75, **how)
        spread = np.clip([value - low, high - value], 0, None)
        axis.errorbar(at, value, spread, fmt="none", color="black", linewidth=1.2)
        for x, v, top in zip(at, value, high, strict=True):
            axis.annotate(
                f"{v:.2f}", (x, max(top, v) + 0.02), ha="center", fontsize=SMALL
            )
    axis.set_xticks(range(len(ways)), ways)
    axis.set(ylabel="F1", ylim=(0, 1.12))
    charts.legend_below(figure)
    return figure


def precisions(rows, chance=None):
    """Draw the average precision of methods with intervals, from top to bottom.

    rows : {method: metrics.Interval}. chance : float, a dotted line; None for none.
    Returns a matplotlib Figure."""
    figure, axis = charts.one_panel(0.9 + 0.34 * len(rows))
    charts.interval_rows(axis, rows, form=".2f", zero=chance)
    note = "" if chance is None else "; dotted: no skill"
    axis.set(xlabel=f"average precision{note}", xlim=(0, None))
    return figure


def labelled_sentences(numbers, curve, lines):
    """Draw average precision against the number of labelled sentences, beside what needs
    no label.

    numbers : (k,). curve : k metrics.Interval. lines : {method: float}. Returns a
    matplotlib Figure."""
    figure, axis = charts.one_panel(3.0)
    charts.interval_curve(axis, numbers, curve, 0, "logistic regression, labels")
    styles = ("--", ":", "-.")
    for k, (name, value) in enumerate(lines.items()):
        colour = charts.look(k + 1)["color"]
        axis.axhline(value, color=colour, linestyle=styles[k % 3], label=name)
    charts.ticks(axis, numbers, scale="log")
    axis.set(xlabel="labelled sentences", ylabel="average precision", ylim=(0, None))
    charts.legend_below(figure)
    return figure
