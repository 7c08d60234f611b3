"""What records say about the choice of a detector, in the form that
`metaad.practice.choose` reads: `python -m metaad.experiments.practice.choice_facts` writes it.
"""

import numpy as np

from metaad import repro
from metaad.practice.choose import FACTS

LABELS, CONTEXT = "many_table_labels", "many_table_context"
TWICE = "many_table_context_twice"
UNLEARNED = "average of five - mean of 13, no label"


def facts(labels, context, twice):
    """Return the content of facts.json: gains of AUROC with 95 % intervals, and the
    tables that they are means over.

    labels, context, twice : what the three records hold."""
    test = labels["oddbench"]
    mixed = _by_name(twice["looks"])
    gains = test["differences"]["auroc"][UNLEARNED]
    return {
        "labels": {
            "record": LABELS,
            "tables": len(test["tables"]),
            "gain": {str(n): gains[str(n)] for n in labels["counts"]},
        },
        "clean": _context(CONTEXT, context["clean"], "context", "rank-knn5"),
        "mixed": _context(TWICE, mixed, "mixed trees, read twice", "forest"),
    }


def _by_name(looks):
    """What was judged, as the first record has it: name -> collection -> what."""
    benches = [n for n in looks if "rivals" in looks[n]]
    names = {n for b in benches for n in looks[b]["against best"]}
    found = {k: {b: looks[b][k] for b in benches} for k in ("names", "rivals")}
    best = {n: {b: looks[b]["against best"][n] for b in benches} for n in names}
    return found | {"against best": best}


def _context(record, found, ours, rival):
    """Mean AUROC of the context detector and of the best single one, and the gain."""
    single = len(found["rivals"]["adbench"])
    parts = {"record": record, "rival": rival, "single": single}
    for bench, best in found["against best"][ours].items():
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
    repro.write_json(FACTS, facts(*map(repro.recorded, (LABELS, CONTEXT, TWICE))))


if __name__ == "__main__":
    ship()
