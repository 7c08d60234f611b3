"""Do explanations name the column into which an anomaly was planted?

    python -m metaad.experiments planted_anomalies FOLDER
        120 tables of OddBench's test part and ADBench's 28: 2 CPU-minutes

Normal rows of each table, 500 usual ones and 20 others into which four kinds of anomaly
are planted: see `metaad.experiments.practice.planted_rows`. Each is explained by every way of
`metaad.practice.explain.explain` and every detector; a hit is a largest part in a column
that was changed. Counted are all planted rows, and of those rows that a detector calls
odd with the planted value and not without it (beyond 95 % of the usual rows' scores):
only there the detector has noticed what the answer is about. Controls: the column of the
largest standardised value, and a random one.

The way called "both" and its weights were chosen on OddBench's validate part, among
"neighbours", "draws", "values" and eleven of their sums and products; there "values" was
also tried with single columns alone and with the sum of both p-values' logarithms, and
both worse."""

import time
from pathlib import Path

import numpy as np
from sklearn.neighbors import LocalOutlierFactor

from metaad import intervals
from metaad.detectors import (
    IsolationForest,
    KNNDetector,
    MahalanobisDetector,
    anomaly_score,
)
from metaad.experiments import record
from metaad.experiments.parts import Steps
from metaad.experiments.practice.planted_rows import KINDS, PLANTED, READ, planted
from metaad.practice.explain import explain
from metaad.tasks.parts import oddbench_part
from metaad.tasks.tables import adbench_names

NAME = "planted_anomalies"
DETECTORS = {
    "Isolation Forest": lambda: IsolationForest(random_state=0),
    "kNN": lambda: KNNDetector(5),
    "LOF": lambda: LocalOutlierFactor(20, novelty=True),
    "Mahalanobis": lambda: MahalanobisDetector(),
}
WAYS = ("both", "neighbours", "draws")
OWN = {"Isolation Forest": "path", "Mahalanobis": "closed"}
LARGEST, ANY, VALUES = "largest standardised value", "random column", "values"
ODD = 0.95  # share of usual rows that score below a row called odd


def one_table(name):
    """Measure one table: {kind: {"hits": {way: share of rows}, "noticed": {detector:
    rows}, "hits of noticed": {way: rows}}}; {} where nothing can be planted.
    """
    made = planted(name)
    if made is None:
        return {}
    usual, kinds = made
    detectors = {n: make().fit(usual) for n, make in DETECTORS.items()}
    found = {"columns": usual.shape[1]}
    for kind, rows in kinds.items():
        hits, noticed = {}, {}
        for n, detector in detectors.items():
            limit = np.quantile(anomaly_score(detector, usual), ODD)
            before, after = (
                anomaly_score(detector, r) > limit for r in (rows.before, rows.rows)
            )
            noticed[n] = after & ~before
            for way in (*WAYS, OWN.get(n)):
                if way:
                    parts = explain(detector, rows.rows, background=usual, method=way)
                    hits[f"{n}: {way}"] = _hits(parts, rows.changed)
        parts = explain(None, rows.rows, background=usual, method=VALUES)
        hits[VALUES] = _hits(parts, rows.changed)
        hits[LARGEST] = _hits(np.abs(rows.rows), rows.changed)
        chance = rows.changed.shape[1] / usual.shape[1]
        found[kind] = {
            "rows": len(rows.rows),
            "hits": {w: round(float(h.mean()), 4) for w, h in hits.items()}
            | {ANY: round(chance, 4)},
            "noticed": {n: int(w.sum()) for n, w in noticed.items()},
            "hits of noticed": {
                f"{n} | {way}": int(h[w].sum())
                for n, w in noticed.items()
                for way, h in hits.items()
                if way.startswith(f"{n}:") or way in (VALUES, LARGEST)
            },
        }
    return found


def _hits(parts, changed):
    return (parts.argmax(axis=1)[:, None] == changed).any(axis=1)


def summary(tables, kind):
    """Return what the record holds of one kind: hits of all rows, tables alike; and of
    the rows that each detector noticed, all together.
    """
    of = [t[kind] for t in tables.values() if kind in t]
    everyone = {}
    for way in of[0]["hits"]:
        mean = intervals.bootstrap([t["hits"][way] for t in of])
        everyone[way] = [round(float(v), 3) for v in mean[:3]]
    noticed = {}
    for name in DETECTORS:
        rows = sum(t["noticed"][name] for t in of)
        hits = {
            pair.split(" | ")[1].removeprefix(f"{name}: "): sum(
                t["hits of noticed"][pair] for t in of
            )
            for pair in of[0]["hits of noticed"]
            if pair.startswith(f"{name} |")
        }
        noticed[name] = {
            "rows": rows,
            "of": sum(t["rows"] for t in of),
            "tables": sum(t["noticed"][name] > 0 for t in of),
            "hits": {w: round(h / max(rows, 1), 3) for w, h in hits.items()},
        }
    return {"tables": len(of), "all rows": everyone, "noticed rows": noticed}


def parser():
    """Return the command line's parser."""
    found = record.parser_of(NAME, __doc__)
    found.add_argument("folder", help="folder for what is done")
    return found


def main(argv=None):
    """Measure every table, and write the record."""
    asked = parser().parse_args(argv)
    step = Steps(Path(asked.folder) / f"{NAME}.json", [one_table])
    began = time.process_time()
    tables = {
        name: found
        for name in oddbench_part("test") + adbench_names()
        if (found := step(name, lambda n=name: one_table(n)))
    }
    content = {
        "kinds": {kind: summary(tables, kind) for kind in KINDS},
        "settings": {
            "usual rows": READ,
            "planted rows of each kind": PLANTED,
            "looks at these tables": 1,
        },
        "n tables": len(tables),
    }
    seconds = max(step.seconds(), time.process_time() - began)
    record.write(NAME, content, [record.command(NAME, "folder")], seconds=seconds)


if __name__ == "__main__":
    main()
