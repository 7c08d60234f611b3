"""What lesson 08 reads out of the record few_shot_head: how a network is read."""

import numpy as np

from metaad import metrics, repro
from metaad.experiments.lessons.lesson_08_record import HEADER, WHERES

OURS = "learned"
RIVALS = {
    "residual": "residual",
    "chosen": "best of twelve distances",
    "with energy": "residual plus a multiple of the energy",
}
NAMES = RIVALS | {OURS: "seventeen numbers, learned weights"}
LONGER = "longer, residual"
LABEL = (
    "AUROC with two images minus the residual's, the same network: a tick for each "
    "held-out class"
)
ALT = (
    "What a better reading adds to the residual with two images, on MNIST and on "
    "Fashion-MNIST, ten classes each. All four means lie above zero; learned weights and "
    "one multiple of the energy are close to each other."
)


def level_table(record):
    """Return the AUROC of every reading: Markdown, a row for each family and reading."""
    rows = []
    for family, of in record["results"].items():
        for reading, name in NAMES.items():
            values = [of[reading][w]["interval"]["value"] for w in WHERES]
            rows.append([f"{family}: {name}", *(f"{v:.3f}" for v in values)])
    return repro.markdown_table(["AUROC", *HEADER], rows)


def leads(record):
    """Compute learned weights minus every rival, all rivals of a column at once.

    Returns {family: {where-K: {rival: Interval}}}."""
    return {
        family: {
            w: metrics.simultaneous({r: gap(of, r, w) for r in RIVALS}) for w in WHERES
        }
        for family, of in record["results"].items()
    }


def gap(of, rival, where):
    """Return learned minus a rival, of each class: array (c,)."""
    return np.subtract(of[OURS][where]["by_class"], of[rival][where]["by_class"])


def lead_table(record, lead):
    """Return the differences in Markdown; those of twenty classes and from a longer
    training come from the record."""
    rows = [
        [f"{family}: {name}", *(of[w][rival] for w in WHERES)]
        for family, of in lead.items()
        for rival, name in RIVALS.items()
    ]
    for rival, name in RIVALS.items():
        found = record["together"][f"{OURS} minus {rival}"]
        values = [metrics.Interval(**found[w]) for w in WHERES]
        rows.append([f"twenty classes: {name}", *values])
    for family, of in record["gains"].items():
        found = of.get(f"{OURS} minus {LONGER}")
        if found:
            values = [metrics.Interval(**found[w]) for w in WHERES]
            rows.append([f"{family}: residual, trained twice as long", *values])
    return repro.markdown_table(["learned weights minus", *HEADER], rows)


def lines(record, where):
    """Return what the figure draws: {family and reading: (Interval, gaps (c,))}, each
    reading minus the residual."""
    found = {}
    for family, of in record["results"].items():
        for reading in ("with energy", OURS):
            gaps = np.subtract(
                of[reading][where]["by_class"], of["residual"][where]["by_class"]
            )
            name = "energy too" if reading == "with energy" else "learned weights"
            found[f"{family}, {name}"] = metrics.bootstrap(gaps), gaps
    return found
