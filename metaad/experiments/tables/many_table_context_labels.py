"""A few labels, told to a detector in context: what do they bring?

    python -m metaad.experiments many_table_context fill FOLDER
    python -m metaad.experiments many_table_labels describe --parts LABELS
    python -m metaad.experiments many_table_context_labels FOLDER LABELS
        data/results/many_table_context_labels.json

Rows are read, anomalies among them; 1, 2, 5 or 10 of these and 50 normal rows have a
label, the same as in many_table_labels. `ContextDetector.fit(X, known=labels)` leaves
the known anomalies out and the known normal rows in. The trees are those for mixed
contexts, learned from OddBench's "learn" part for the tables that choose, and from
"learn" and "validate" for those that judge. Beside it stand the same detector without a
label, and the average of five that learned nothing, on the same rows with the same
labels. Nothing was chosen here: validate was looked at first, judging tables once."""

import time
import zlib
from pathlib import Path

import numpy as np

from metaad import metrics
from metaad.detectors import anomaly_score
from metaad.experiments import record
from metaad.experiments.tables.many_table_context import learn, rows_to_learn
from metaad.experiments.tables.many_table_context_twice import learned_once, seconds_of
from metaad.experiments.tables.many_table_labels_describe import (
    COUNTS,
    MOST_JUDGED,
    MOST_READ,
    N_NORMAL,
    drawn,
)
from metaad.experiments.tables.many_table_labels_heads import judged, load
from metaad.meta.context import ContextDetector
from metaad.meta.context.rows import surprise
from metaad.repro import cache
from metaad.tasks.parts import SETTINGS, oddbench_part, read_and_judged
from metaad.tasks.tables import adbench_names

NAME = "many_table_context_labels"
NONE, TOLD = "context, no label", "context, labels"
FIVE, SIX = "average of five", "average of five and the context"
WAYS = (NONE, TOLD, FIVE, SIX)
PAIRS = ((TOLD, NONE), (TOLD, FIVE), (SIX, FIVE))
TAUGHT = {
    "validate": ("learn",),
    "oddbench": ("learn", "validate"),
    "adbench": ("learn", "validate"),
}
LOOKS = {"validate": 2, "test": 1, "adbench": 1}


def labels(y_read, name, count):
    """Return what is known of the rows read, as many_table_labels draws it: int array
    (n,), 1, 0 or -1.
    """
    anomalies, normal = drawn(y_read, [0, zlib.crc32(name.encode())])
    known = np.full(len(y_read), -1)
    known[anomalies[:count]], known[normal[:N_NORMAL]] = 1, 0
    return known


def tail(read, scores):
    """Return -log of the share of rows read that score as high: (n,), (m,) -> (m,)."""
    return surprise(np.sort(read)[:, None], scores[:, None])[:, 0]


def measured(table, trees):
    """Return AUROC and average precision of the four ways on one table: array (4 ways,
    4 counts, 2).

    table : its `Described`. trees : the path of the trees to score by."""
    X, Q, y, y_read = read_and_judged(table.name, "mixed", MOST_READ, MOST_JUDGED, 0)
    detector = ContextDetector(str(trees), context="mixed")
    nobody = anomaly_score(detector.fit(X), Q)
    found = []
    for k, count in enumerate(COUNTS):
        known = labels(y_read, table.name, count)
        told = anomaly_score(detector.fit(X, known=known), Q)
        five = table.tails[k][:, 0]
        six = (5 * five + tail(anomaly_score(detector, X[known != 1]), told)) / 6
        found.append([judged(y, s) for s in (nobody, told, five, six)])
    return np.swapaxes(found, 0, 1)


def one_table(name, labelled, trees, folder):
    """Return `measured` for a table by its name, kept in a file; None where no anomaly
    could be labelled. trees : what `trees_of` returned.
    """
    described = cache.path(labelled, name, 0)
    table = load(name, described) if described.exists() else None
    if table is None:
        return None
    path = cache.path(folder, name, 1)
    key = cache.key(code=[measured, ContextDetector], name=name, by=trees[1])
    found = cache.stored(path, key)
    if found is None:
        began = time.process_time()
        found = {"values": measured(table, trees[0])}
        cache.keep(path, key, **found, seconds=time.process_time() - began)
        print(name, found["values"][..., 0].mean(axis=1).round(3), flush=True)
    return found["values"]


def summary(values):
    """Return means and differences of the four ways: dict.

    values : array (tables, 4 ways, 4 counts, 2). A difference is the mean over the
    numbers of labels, with an interval over tables; three are compared."""
    found = {"mean": {}, "differences": {}}
    for m, measure in enumerate(("auroc", "average_precision")):
        mean = values[..., m].mean(axis=0).round(4)
        found["mean"][measure] = dict(zip(WAYS, mean.tolist(), strict=True))
        by = dict(zip(WAYS, values[..., m].mean(axis=2).T, strict=True))
        gains = metrics.simultaneous({f"{a} - {b}": by[a] - by[b] for a, b in PAIRS})
        found["differences"][measure] = {
            n: [round(float(v), 4) for v in gain[:3]] for n, gain in gains.items()
        }
    return found


def trees_of(world, folder, parts):
    """Return the path of the trees that score a world's tables, made if need be, and the
    key that they were made under.
    """
    names = sum((oddbench_part(p) for p in TAUGHT[world]), [])
    path = parts / f"{'-'.join(TAUGHT[world])}.safetensors"

    def make():  # a model has trees for both contexts; these read none that is clean
        return dict.fromkeys(SETTINGS, learn(rows_to_learn(folder, names, "mixed")))

    return path, learned_once(path, names, make)[1]["key"]


def parser():
    """Return the command line's parser."""
    found = record.parser_of(NAME, __doc__)
    found.add_argument("folder", help="folder that `many_table_context fill` filled")
    found.add_argument("labels", help="folder of `many_table_labels describe`")
    found.add_argument("--parts", default="parts", help="folder for what is done")
    about = "what to look at; without it all"
    found.add_argument(
        "--worlds", nargs="+", default=TAUGHT, choices=TAUGHT, help=about
    )
    return found


def main(argv=None):
    """Measure, and write the record once every world is there."""
    asked = parser().parse_args(argv)
    folder, labelled = Path(asked.folder), Path(asked.labels)
    parts = Path(asked.parts)
    parts.mkdir(parents=True, exist_ok=True)
    names = {
        "validate": oddbench_part("validate"),
        "oddbench": oddbench_part("test"),
        "adbench": adbench_names(),
    }
    content = {}
    for world in asked.worlds:
        trees = trees_of(world, folder, parts)
        rows = {n: one_table(n, labelled, trees, parts) for n in names[world]}
        rows = {n: v for n, v in rows.items() if v is not None}
        values = np.array(list(rows.values()))
        content[world] = {"tables": list(rows), **summary(values)}
        print(world, len(rows), content[world]["differences"], flush=True)
    if set(content) != set(TAUGHT):
        return
    content["settings"] = {"counts": list(COUNTS), "normal": N_NORMAL, "looks": LOOKS}
    lines = [
        record.command("many_table_context", "fill", "folder"),
        record.command("many_table_labels", "describe", "--parts", "labels"),
        record.command(NAME, "folder", "labels"),
    ]
    record.write(NAME, content, lines, seconds=seconds_of(parts))


if __name__ == "__main__":
    main()
