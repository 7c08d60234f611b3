"""What lesson 08 reads out of the record few_shot_control."""

import numpy as np

from metaad import metrics, repro

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
HEADER = [
    "all others, K = 10",
    "both new, K = 10",
    "all others, K = 2",
    "both new, K = 2",
]


def level_table(record):
    """Return the AUROC of every variant: Markdown, a row for each family and variant."""
    rows = []
    for family, of in record["results"].items():
        for variant, name in NAMES.items():
            values = [of[variant][w]["interval"]["value"] for w in WHERES]
            rows.append([f"{family}: {name}", *(f"{v:.3f}" for v in values)])
    return repro.markdown_table(["AUROC", *HEADER], rows)


def gap_table(both):
    """Return what `together` found, in Markdown."""
    rows = [[NAMES[v], *(both[w][v] for w in WHERES)] for v in both[WHERES[0]]]
    first = "minus the plain classifier's, twenty classes"
    return repro.markdown_table([first, *HEADER], rows)


def leads(record, control=CONTROL):
    """Compute episodic AUROC minus the classifier's, all variants of a column at once.

    Returns {family: {where-K: {variant: Interval}}}."""
    return {
        family: {
            w: metrics.simultaneous(
                {v: _gap(of, v, control, w) for v in EPISODIC if v in of}
            )
            for w in WHERES
        }
        for family, of in record["results"].items()
    }


def together(record, control=CONTROL):
    """Compute the same over the classes of all families: {where-K: {variant: Interval}}."""
    families = list(record["results"].values())
    have = [v for v in EPISODIC if all(v in of for of in families)]
    return {
        w: metrics.simultaneous(
            {
                v: np.concatenate([_gap(of, v, control, w) for of in families])
                for v in have
            }
        )
        for w in WHERES
    }


def _gap(of, variant, control, where):
    return np.subtract(of[variant][where]["by_class"], of[control][where]["by_class"])


def headline(lead):
    """Say in a line for each column which trainings are ahead, and which behind."""
    lines = []
    for w in WHERES:
        said = [f"{family}: {_sides(of[w])}" for family, of in lead.items()]
        lines.append(f"- {WORDS[w]}: {'; '.join(said)}.")
    return "\n".join(lines)


def _sides(of):
    """Name the variants whose interval leaves 0."""
    ahead = [NAMES[v] for v, gap in of.items() if gap.low > 0]
    behind = [NAMES[v] for v, gap in of.items() if gap.high < 0]
    said = [f"**{', '.join(ahead)}** ahead"] if ahead else []
    said += [f"{', '.join(behind)} behind"] if behind else []
    return " and ".join(said) or "none ahead, none behind"
