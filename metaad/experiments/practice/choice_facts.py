"""What records say about the choice of a detector, in the form that
`metaad.practice.choose` reads: `python -m metaad.experiments.practice.choice_facts` writes it.
"""

import numpy as np

from metaad import repro
from metaad.practice.choose import FACTS

LABELS, CONTEXT = "many_table_labels", "many_table_context"
UNLEARNED = "average of five - mean of 13, no label"


def facts(labels, context):
    """Return the content of facts.json: gains of AUROC with 95 % intervals, and the
    tables that they are means over.

    labels, context : what many_table_labels and many_table_context recorded."""
    test = labels["oddbench"]
    gains = test["differences"]["auroc"][UNLEARNED]
    return {
        "labels": {
            "record": LABELS,
            "tables": len(test["tables"]),
            "gain": {str(n): gains[str(n)] for n in labels["counts"]},
        },
        "clean": _context(context["clean"], "rank-knn5"),
        "mixed": _context(context["mixed"], "forest"),
    }


def _context(found, rival):
    """Mean AUROC of the context detector and of the best single one, and the gain."""
    single = len(found["rivals"]["adbench"])
    parts = {"record": CONTEXT, "rival": rival, "single": single}
    for bench, best in found["against best"]["context"].items():
        assert best["auroc"]["best"] == rival, f"another is best on {bench}"
        forest = float(np.mean(found["rivals"][bench]["forest"]["auroc"]))
        parts[bench] = {
            "tables": len(found["names"][bench]),
            "context": best["auroc"]["ours"],
            "forest": round(forest, 4),
            "gain": best["auroc"]["gain"],
        }
    return parts


def ship():
    """Write metaad/practice/facts.json from the records."""
    repro.write_json(FACTS, facts(repro.recorded(LABELS), repro.recorded(CONTEXT)))


if __name__ == "__main__":
    ship()
