"""Anomalies among the rows that are read: does it help to read a table twice?

    python -m metaad.experiments many_table_context fill FOLDER
    python -m metaad.experiments many_table_context_twice FOLDER
        data/results/many_table_context_twice.json

Rows are read, anomalies among them. The boosted trees for mixed contexts score every row
by the others; the tenth with the highest scores is left out, and the rest is read again.
The rows that judge are then scored in the second context, by the same trees.

1. Choosing: trees of OddBench's "learn" part, on its "validate" part. Tried there: the
   trees for mixed and for clean contexts and the average that learned nothing, each after
   one reading and after two. One share was tried, a tenth.
2. Judging, one look: trees of "learn" and "validate" together, seed 0, on "test" and on
   ADBench, which taught and chose nothing; beside them the same trees after one reading.
"""

import time
from operator import itemgetter
from pathlib import Path

import numpy as np

from metaad import intervals
from metaad.experiments import record
from metaad.experiments.parts import Steps
from metaad.experiments.tables import context_rows
from metaad.experiments.tables.context_rows import RIVALS, path_of, tasks_of
from metaad.experiments.tables.many_table_context import (
    against_best,
    judge,
    judged_tables,
    learn,
    rows_to_learn,
)
from metaad.meta.context import boosted
from metaad.meta.context.detector import average
from metaad.meta.context.twice import LEFT_OUT, read_again
from metaad.repro import cache
from metaad.tasks.parts import SETTINGS, oddbench_part, read_and_judged

NAME = "many_table_context_twice"
ONCE, TWICE = "mixed trees, read once", "mixed trees, read twice"
LOOKS = {"validate": 6, "test": 1}
WORLDS = ("adbench", "oddbench")
TAUGHT = {"choose": ("learn",), "judge": ("learn", "validate")}


def learned_once(path, names, make):
    """Return the trees in a file, dict setting -> Trees, and what is known of them: "key"
    and "seconds". `make` learns them where the file holds none of these tables.

    path : the safetensors file. names : of the tables that teach."""
    key = cache.key(code=[learn], names=names)
    try:
        found = boosted.read(path)
    except ValueError:  # none, or a damaged one
        found = {}, {}
    if found[1].get("key") == key:
        return found
    began = time.process_time()
    made = make()
    seconds = round(time.process_time() - began, 1)
    boosted.write(path, made, {"key": key, "seconds": seconds})
    return boosted.read(path)


def scorers(folder, parts, stage):
    """Return the trees that a stage scores by: dict setting -> Trees; made once, and
    kept as a file holds them. Only the first stage needs trees for clean contexts.
    """
    names = sum((oddbench_part(p) for p in TAUGHT[stage]), [])
    settings = SETTINGS if stage == "choose" else ("mixed",)

    def make():
        return {s: learn(rows_to_learn(folder, names, s)) for s in settings}

    return learned_once(parts / f"{stage}.safetensors", names, make)[0]


def second_reading(name, trees, path):
    """Return the numbers (m, NUMBERS) of the rows that judge, in a context read twice,
    and the shares of anomalies in the first and in the second; kept in a file.
    """
    of = {"name": name, "leaves": trees.value, "thresholds": trees.threshold}
    key = cache.key(code=[read_again, read_and_judged], **of)
    found = cache.stored(path, key)
    if found is None:
        began = time.process_time()
        X, Q, _, truth = read_and_judged(name, "mixed")
        context, stay = read_again(X, trees)
        shares = np.array([truth.mean(), truth[stay].mean()])
        found = {"F": context(Q).astype(np.float32), "shares": shares}
        found["seconds"] = np.array(time.process_time() - began)
        path.parent.mkdir(parents=True, exist_ok=True)
        cache.keep(path, key, **found)
    return found


def both_readings(tables, trees, folder):
    """Return tables with what the second reading says beside: list of dict.

    tables : dict name -> rows of the first reading, as `tasks_of` gives them."""
    found = []
    for name, task in tables.items():
        second = second_reading(name, trees, path_of(folder, "again", name))
        again = {"F2": second["F"], "shares": second["shares"]}
        found.append(task | again)
    return found


def ways(trees):
    """Return how rows are scored: dict name -> function of a table's rows."""
    scorer = {f"{setting} trees": of for setting, of in trees.items()}
    scorer["average, nothing learned"] = average
    return {
        f"{name}, read {times}": lambda task, of=of, F=F: of(task[F].astype(float))
        for name, of in scorer.items()
        for times, F in (("once", "F"), ("twice", "F2"))
    }


def judged(tasks, trees):
    """Judge all ways on tables: dict of their results, those of the rivals, and means
    of the shares of anomalies.
    """
    rivals = {r: judge(tasks, itemgetter(r)) for r in RIVALS}
    found = {n: judge(tasks, score) for n, score in ways(trees).items()}
    shares = np.mean([task["shares"] for task in tasks], axis=0)
    return {
        "rivals": rivals,
        "tried": found,
        "against best": {n: against_best(of, rivals) for n, of in found.items()},
        "twice minus once": {m: minus(found, m) for m in ("auroc", "ap")},
        "shares of anomalies": shares.round(4).tolist(),
    }


def minus(found, measure):
    """Return what the second reading adds to the mixed trees: [mean, low, high]."""
    gain = intervals.paired(found[TWICE][measure], found[ONCE][measure])
    return [round(float(v), 4) for v in gain[:3]]


def stage(step, name, label, tables, folder, parts):
    """Judge some tables in one stage: what `judged` returns, and their names.

    step : `Steps`. name : of the stage. label : of the step."""
    trees = scorers(folder, parts, name)
    tasks = both_readings(tables, trees["mixed"], parts / name)
    found = step(label, lambda: judged(tasks, trees), names=list(tables))
    return {"names": list(tables)} | found


def seconds_of(parts):
    """Return the CPU seconds of the trees and the second readings in a folder."""
    trees = (boosted.read(p)[1]["seconds"] for p in parts.glob("*.safetensors"))
    return sum(trees) + sum(context_rows.seconds_of(p) for p in parts.rglob("*.npz"))


def validate_tables(folder, setting="mixed"):
    """Return the tables that choose: dict name -> rows of the first reading."""
    return {
        name: task
        for name in oddbench_part("validate")
        for task in tasks_of(path_of(folder, setting, name))
    }


def parser():
    """Return the command line's parser."""
    found = record.parser_of(NAME, __doc__)
    found.add_argument("folder", help="folder that `many_table_context fill` filled")
    found.add_argument("--parts", default="parts", help="folder for what is done")
    about = "tables to look at; none: choose only"
    found.add_argument(
        "--worlds", nargs="*", default=WORLDS, choices=WORLDS, help=about
    )
    return found


def main(argv=None):
    """Choose, judge, and write the record."""
    asked = parser().parse_args(argv)
    folder, parts = Path(asked.folder), Path(asked.parts)
    parts.mkdir(parents=True, exist_ok=True)
    step = Steps(parts / "twice.json", [judged])
    options = {"folder": folder, "parts": parts}
    chosen = stage(step, "choose", "choose", validate_tables(folder), **options)
    tables = judged_tables(folder, "mixed") if asked.worlds else {}
    looks = {
        world: stage(step, "judge", f"judge {world}", tables[world], **options)
        for world in asked.worlds
    }
    content = {"validate": chosen, "looks": looks}
    content["settings"] = {"left out": LEFT_OUT, "seed": 0, "number of looks": LOOKS}
    lines = [
        record.command("many_table_context", "fill", "folder"),
        record.command(NAME, "folder", *_worlds(asked.worlds)),
    ]
    seconds = step.seconds() + seconds_of(parts)
    record.write(NAME, content, lines, seconds=seconds)


def _worlds(asked):
    return [] if tuple(asked) == WORLDS else ["--worlds", *asked]


if __name__ == "__main__":
    main()
