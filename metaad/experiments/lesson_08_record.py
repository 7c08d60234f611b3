"""What lesson 08 reads out of the record few_shot_control."""

import numpy as np

from metaad import metrics

# variants of the record few_shot_control, as the lesson calls them
NAMES = {
    "pixels": "pixels, residual",
    "untrained": "network that learned nothing",
    "classifier/bent, residual": "plain classifier, residual",
    "classifier": "plain classifier, formula chosen",
    "OC-ANIL/bent": "OC-ANIL",
    "OC-ANIL/all": "OC-ANIL, made-up classes",
    "Mahalanobis/bent": "Mahalanobis network",
    "Mahalanobis/all": "Mahalanobis network, made-up classes",
    "Subspace/bent": "subspace network",
    "Subspace/all": "subspace network, made-up classes",
}
EPISODIC = tuple(v for v in NAMES if v[0] in "OMS")
WHERES = ("others-10", "held-out-10", "others-2", "held-out-2")
WORDS = {
    "others-10": "against all others with ten images",
    "held-out-10": "where both are new with ten images",
    "others-2": "against all others with two images",
    "held-out-2": "where both are new with two images",
}


CONTROL = "classifier/bent, residual"


def leads(record, control=CONTROL):
    """Compute episodic AUROC minus the classifier's, all variants of a column at once.

    Returns {family: {where-K: {variant: Interval}}}."""
    return {
        family: {
            w: metrics.simultaneous(
                {
                    v: np.subtract(of[v][w]["by_class"], of[control][w]["by_class"])
                    for v in EPISODIC
                    if v in of
                }
            )
            for w in WHERES
        }
        for family, of in record["results"].items()
    }


def headline(lead):
    """Say in a sentence for each column which trainings are ahead, on both families."""
    lines = []
    for w in WHERES:
        ahead, behind = (_on_both(lead, w, side) for side in (1, -1))
        found = [f"ahead: {', '.join(ahead)}"] if ahead else ["none is ahead"]
        found += [f"behind: {', '.join(behind)}"] if behind else []
        lines.append(f"- {WORDS[w]}, on both families at once: **{'; '.join(found)}**.")
    return "\n".join(lines)


def _on_both(lead, where, side):
    """Names of variants whose interval leaves 0 on one side in every family."""
    return [
        NAMES[v]
        for v in EPISODIC
        if all(
            v in of[where]
            and min(side * of[where][v].low, side * of[where][v].high) > 0
            for of in lead.values()
        )
    ]
