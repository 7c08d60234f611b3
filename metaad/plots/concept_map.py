"""The map of the field: what learns what from what, and which lesson covers it."""

from matplotlib.patches import FancyBboxPatch

from metaad.plots import charts
from metaad.plots.base import COLOURS, SMALL

# name: (x, y, width, height, colour, title, lines) in a frame of 100 × 106
BOXES = {
    "tasks": (
        *(2, 82, 28, 17, "third", "Tasks  T₁, T₂, …"),
        ("many problems of one", "kind: a digit, a table"),
    ),
    "meta": (
        *(37, 82, 31, 17, "fourth", "Meta-learner"),
        (
            "a start (07, 08), a metric",
            "(09), settings (10, 13), a",
            "network (15), a reader (12)",
        ),
    ),
    "unseen": (
        *(77, 82, 21, 17, "third", "Held-out tasks"),
        ("never trained on:", "the honest judge", "(08, 10)"),
    ),
    "support": (
        *(2, 49, 19, 17, "third", "Support rows"),
        ("few rows of a", "task, mostly all", "normal"),
    ),
    "base": (
        *(26, 49, 25, 17, "normal", "Base detector"),
        ("k-means, LOF, SVM,", "forest (02, 03), auto-", "encoder (05), GAN (06)"),
    ),
    "score": (
        *(56, 49, 19, 17, "anomaly", "Score  s(x)"),
        ("distance, path,", "reconstruction", "error (04)"),
    ),
    "decision": (
        *(79, 49, 19, 17, "anomaly", "Alarm"),
        ("threshold, cost,", "AUROC, AP on", "query rows (01)"),
    ),
    "self": (
        *(2, 21, 46, 14, "grey", "Self-supervision"),
        ("where a training signal comes from:", "rebuild the input (05, 16)"),
    ),
    "adversarial": (
        *(52, 21, 46, 14, "grey", "Adversarial …"),
        ("… learning: a critic (06)", "… training: worst inputs (16)"),
    ),
    "gradient": (
        *(2, 3, 46, 14, "grey", "Gradient descent"),
        ("fits the base model (05);", "MAML differentiates through it (07)"),
    ),
    "drift": (
        *(52, 3, 46, 14, "grey", "Adaptive learning"),
        ("the inner loop once more,", "as normal itself changes (17)"),
    ),
}
# from (x, y) to (x, y), text, its centre
ARROWS = [
    ((30, 90.5), (37, 90.5), "many", (33.5, 95)),
    ((68, 90.5), (77, 90.5), "tested\non", (72.5, 96)),
    ((11.5, 82), (11.5, 66), "draw one", (20, 75)),
    ((21, 57.5), (26, 57.5), "fit", (23.5, 60)),
    ((51, 57.5), (56, 57.5), "", (0, 0)),
    ((75, 57.5), (79, 57.5), "", (0, 0)),
    ((41, 82), (41, 66), "start,\nsettings", (48, 75)),
    ((65.5, 66), (65.5, 82), "how well it ranked\nthe query rows", (82, 75)),
]


def concept_map():
    """Draw the map: outer loop above, inner loop in the middle, the words that are
    often mixed up with it below.
    """
    figure, axis = charts.one_panel(7.0)
    axis.set(xlim=(0, 100), ylim=(0, 106))
    axis.axis("off")
    note = {"va": "center", "fontsize": SMALL}
    frame(axis, 0.6, 80, 98.8, 25)
    axis.text(
        2, 102, "outer loop: meta-training, over many tasks", style="italic", **note
    )
    frame(axis, 0.6, 43, 98.8, 27)
    axis.text(
        2, 45.8, "inner loop: adaptation, within one task", style="italic", **note
    )
    axis.text(2, 38.5, "Often mixed up with meta-learning (numbers: lessons)", **note)
    for box in BOXES.values():
        _box(axis, *box)
    for start, end, text, at in ARROWS:
        arrow = {"arrowstyle": "-|>", "linewidth": 1.3, "color": "black"}
        axis.annotate("", end, start, arrowprops=arrow)
        if text:
            axis.text(*at, text, ha="center", **note)
    return figure


def _box(axis, x, y, width, height, colour, title, lines):
    axis.add_patch(
        FancyBboxPatch(
            (x, y),
            *(width, height),
            boxstyle="round,pad=0,rounding_size=1.2",
            linewidth=1.6,
            edgecolor=COLOURS[colour],
            facecolor="white",
        )
    )
    middle = {"ha": "center", "va": "center", "fontsize": SMALL}
    axis.text(x + width / 2, y + height - 2.8, title, weight="bold", **middle)
    below = y + (height - 4.5) / 2
    axis.text(x + width / 2, below, "\n".join(lines), linespacing=1.25, **middle)


def frame(axis, x, y, width, height):
    """Draw a dashed frame behind what belongs together."""
    axis.add_patch(
        FancyBboxPatch(
            (x, y),
            *(width, height),
            boxstyle="round,pad=0,rounding_size=1.5",
            linewidth=1.2,
            linestyle="--",
            edgecolor=COLOURS["grey"],
            facecolor="#f6f6f6",
        )
    )
