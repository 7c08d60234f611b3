"""The map of the field: what learns what from what, and which lesson covers it."""

from matplotlib import pyplot as plt
from matplotlib.patches import FancyBboxPatch

from metaad.plots.base import COLOURS

# name: (x, y, width, height, colour, title, text) in a 100 × 62 frame
BOXES = {
    "tasks": (
        *(2, 42, 19, 13, "third", "Tasks  T₁, T₂, …"),
        ("many problems of one kind:", "a digit, a table, a machine"),
    ),
    "meta": (
        *(29, 42, 41, 13, "fourth", "Meta-learner"),
        (
            "learns across tasks: a start (07, 08), a metric (09),",
            "hyperparameters (10, 13), an architecture (15)",
        ),
    ),
    "unseen": (
        *(78, 42, 20, 13, "third", "Held-out tasks"),
        ("never seen in meta-training;", "the only honest judge (08, 10)"),
    ),
    "support": (
        2,
        21,
        19,
        13,
        "third",
        "Support rows",
        ("few rows of one task,", "most often all normal"),
    ),
    "base": (
        *(29, 21, 20, 13, "normal", "Base model: a detector"),
        ("k-means, LOF, forest, SVM (02,", "03), autoencoder (05), GAN (06)"),
    ),
    "score": (
        55,
        21,
        17,
        13,
        "anomaly",
        "Score  s(x)",
        ("distance, path length,", "reconstruction error (04)"),
    ),
    "decision": (
        *(78, 21, 20, 13, "anomaly", "Threshold → alarm"),
        ("share flagged, cost (01)", "AUROC, AP on query rows (01)"),
    ),
    "self": (
        *(2, 2, 22, 11, "grey", "Self-supervision"),
        ("where a training signal comes", "from: rebuild the input (05, 16)"),
    ),
    "adversarial": (
        *(26.7, 2, 22, 11, "grey", "Adversarial …"),
        ("… learning: a critic (06)", "… training: worst inputs (16)"),
    ),
    "gradient": (
        *(51.3, 2, 22, 11, "grey", "Gradient descent"),
        ("fits the base model (05); MAML", "differentiates through it (07)"),
    ),
    "drift": (
        *(76, 2, 22, 11, "grey", "Adaptive learning"),
        ("the inner loop once more,", "as normal itself changes (17)"),
    ),
}
# from (x, y) to (x, y), text, its centre
ARROWS = [
    ((21, 48.5), (29, 48.5), "many", (25, 50)),
    ((70, 48.5), (78, 48.5), "tested on", (74, 50)),
    ((11.5, 42), (11.5, 34), "draw one", (6.4, 37.7)),
    ((21, 27.5), (29, 27.5), "fit", (25, 29)),
    ((49, 27.5), (55, 27.5), "", (0, 0)),
    ((72, 27.5), (78, 27.5), "", (0, 0)),
    ((36, 42), (36, 34), "start, settings", (29, 37.7)),
    ((63.5, 34), (63.5, 42), "how well it ranked the query rows", (78, 37.7)),
]


def concept_map():
    """Draw the map: outer loop above, inner loop in the middle, the words that are
    often mixed up with it below.
    """
    figure, axis = plt.subplots(figsize=(9.8, 6.3))
    axis.set(xlim=(0, 100), ylim=(0, 62))
    axis.axis("off")
    frame(axis, 0.6, 39.8, 98.8, 19.6, "outer loop: meta-training, over many tasks")
    frame(axis, 0.6, 17.2, 98.8, 18.2, "")
    axis.text(
        1.6,
        19,
        "inner loop: adaptation, within one task",
        va="center",
        fontsize=9,
        style="italic",
    )
    axis.text(
        1.6,
        14.6,
        "Often mixed up with meta-learning (the numbers are those of lessons):",
        fontsize=9,
    )
    for x, y, width, height, colour, title, text in BOXES.values():
        axis.add_patch(
            FancyBboxPatch(
                (x, y),
                width,
                height,
                boxstyle="round,pad=0,rounding_size=1.2",
                linewidth=1.6,
                edgecolor=COLOURS[colour],
                facecolor="white",
            )
        )
        axis.text(
            x + width / 2,
            y + height - 3,
            title,
            ha="center",
            va="center",
            fontsize=10,
            weight="bold",
        )
        below = y + (height - 4.5) / 2
        axis.text(
            x + width / 2,
            below,
            "\n".join(text),
            ha="center",
            va="center",
            fontsize=8.4,
            linespacing=1.35,
        )
    for start, end, text, at in ARROWS:
        axis.annotate(
            "",
            end,
            start,
            arrowprops={"arrowstyle": "-|>", "linewidth": 1.3, "color": "black"},
        )
        axis.text(*at, text, ha="center", va="center", fontsize=8.6)
    return figure


def frame(axis, x, y, width, height, title):
    """A dashed frame with its title in the upper left corner."""
    axis.add_patch(
        FancyBboxPatch(
            (x, y),
            width,
            height,
            boxstyle="round,pad=0,rounding_size=1.5",
            linewidth=1.2,
            linestyle="--",
            edgecolor=COLOURS["grey"],
            facecolor="#f6f6f6",
        )
    )
    axis.text(x + 1, y + height - 1.9, title, va="center", fontsize=9, style="italic")
