"""What few labels buy on many tables, and how many tables it takes until learned weights
beat an average that learned nothing.

    python -m metaad.experiments many_table_labels describe --parts DIR
        rows of 417 OddBench tables and ADBench's 28 as scores, about 6 CPU-minutes
    python -m metaad.experiments many_table_labels report --parts DIR
        combinations learned, chosen, judged: data/results/many_table_labels.json

Of each table at most 600 rows are read, at most a tenth of them anomalies; 1, 2, 5 or
10 of these and 50 normal rows get a label. Other rows, at most 1,000, judge. OddBench's
"learn" part teaches (each table under one of the four numbers of labels), its
"validate" part chooses, its "test" part and ADBench are looked at once."""

import time
from pathlib import Path

from metaad.experiments import record
from metaad.experiments.tables.many_table_labels_describe import (
    COUNTS,
    MOST_JUDGED,
    MOST_LEARNED,
    describe,
)
from metaad.experiments.tables.many_table_labels_report import report
from metaad.repro import cache
from metaad.tasks.parts import oddbench_part
from metaad.tasks.tables import adbench_names


def jobs():
    """Return what is described: list of (table, most rows to judge by, counts)."""
    judging = oddbench_part("validate") + oddbench_part("test") + adbench_names()
    found = [(name, MOST_JUDGED, COUNTS) for name in judging]
    learn = enumerate(oddbench_part("learn"))
    return found + [
        (name, MOST_LEARNED, COUNTS[i % 4 : i % 4 + 1]) for i, name in learn
    ]


def parser():
    """Return the parser of this experiment's steps and options."""
    found = record.parser_of("many_table_labels", __doc__)
    found.add_argument("step", choices=("describe", "report"))
    about = "folder for one file per table"
    found.add_argument("--parts", type=Path, required=True, help=about)
    return found


def main(argv=None):
    """Run one step, see the module's first lines."""
    asked = parser().parse_args(argv)
    asked.parts.mkdir(parents=True, exist_ok=True)
    if asked.step == "describe":
        for name, most_judged, counts in jobs():
            describe(name, cache.path(asked.parts, name, 0), 0, most_judged, counts)
        return
    began = time.process_time()
    content, described = report(asked.parts)
    seconds = described + time.process_time() - began
    to = record.options(parts=asked.parts)
    lines = [
        record.command("many_table_labels", step, *to)
        for step in ("describe", "report")
    ]
    record.write("many_table_labels", content, lines, seconds=seconds)


if __name__ == "__main__":
    main()
