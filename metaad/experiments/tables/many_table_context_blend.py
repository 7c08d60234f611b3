"""Does it help to shrink what a detector in context learned towards a plain average?

    python -m metaad.experiments many_table_context fill FOLDER
    python -m metaad.experiments many_table_context_blend FOLDER
        data/results/many_table_context_blend.json

Boosted trees of OddBench's "learn" part are blended with the average of the same
numbers' -log p, which learned nothing, and judged on its "validate" part: the weight of
the average is 0, a quarter, a half, three quarters or 1, for all tables, or for those
with few columns alone. Both scores are divided by their mean deviation within these
tables, which no label enters. Nothing else was looked at: no blend was better by an
interval above zero, so the test part was not opened."""

from pathlib import Path

import numpy as np

from metaad import intervals
from metaad.experiments import record
from metaad.experiments.parts import Steps
from metaad.experiments.tables.many_table_context import by, judge
from metaad.experiments.tables.many_table_context_twice import (
    scorers,
    validate_tables,
)
from metaad.meta.context import boosted
from metaad.meta.context.detector import average
from metaad.meta.context.rows import NUMBERS
from metaad.tasks.parts import SETTINGS

NAME = "many_table_context_blend"
WEIGHTS = (0.0, 0.25, 0.5, 0.75, 1.0)  # of the average
FEW = 6  # columns: half of the tables that choose have no more


def blended(tasks, trees):
    """Score tables by each blend: dict weight -> list of arrays (m,)."""
    pairs = [(by(trees)(t), _average(t)) for t in tasks]
    a, b = np.mean([[s.std() for s in pair] for pair in pairs], axis=0)
    return {w: [(1 - w) * s / a + w * t / b for s, t in pairs] for w in WEIGHTS}


def _average(task):
    return average(task["F"].astype(np.float64))


def one_setting(tasks, trees):
    """Judge every blend: dict "all", "few columns" -> weight -> results and the gains
    over weight 0, [mean, low, high], corrected for the number of blends.
    """
    found = {w: _judged(tasks, s) for w, s in blended(tasks, trees).items()}
    few = np.array([t["d"] <= FEW for t in tasks])
    alone = {w: np.where(few[:, None], of, found[0.0]) for w, of in found.items()}
    tried = {"all": found, "few columns": alone}
    columns = {
        (kind, w, m): of[w][:, i] - found[0.0][:, i]
        for kind, of in tried.items()
        for w in WEIGHTS[1:]
        for i, m in enumerate(("auroc", "ap"))
    }
    gains = intervals.simultaneous(columns)
    return {
        kind: {
            str(w): {
                m: {
                    "mean": round(float(of[w][:, i].mean()), 4),
                    "gain": [round(float(v), 4) for v in gains[kind, w, m][:3]],
                }
                for i, m in enumerate(("auroc", "ap"))
            }
            for w in WEIGHTS[1:]
        }
        for kind, of in tried.items()
    } | {"trees": found[0.0].mean(axis=0).round(4).tolist(), "few": int(few.sum())}


def _judged(tasks, scores):
    """AUROC and average precision, array (tables, 2)."""
    each = iter(scores)
    return np.array(list(judge(tasks, lambda task: next(each)).values())).T


def validate(folder, setting):
    """Return the tables that choose, with their numbers of columns: list of dict."""
    column = NUMBERS.index("log columns")
    tasks = validate_tables(folder, setting).values()
    return [t | {"d": round(float(np.exp(t["F"][0, column])))} for t in tasks]


def parser():
    """Return the command line's parser."""
    found = record.parser_of(NAME, __doc__)
    found.add_argument("folder", help="folder that `many_table_context fill` filled")
    found.add_argument("--parts", default="parts", help="folder for what is done")
    return found


def main(argv=None):
    """Judge the blends and write the record."""
    asked = parser().parse_args(argv)
    folder, parts = Path(asked.folder), Path(asked.parts)
    parts.mkdir(parents=True, exist_ok=True)
    step = Steps(parts / "blend.json", [one_setting])
    trees = scorers(folder, parts, "choose")
    content = {
        s: step(s, lambda s=s: one_setting(validate(folder, s), trees[s]))
        for s in SETTINGS
    }
    content["settings"] = {"weights": WEIGHTS, "few columns": FEW, "seed": 0}
    lines = [
        record.command("many_table_context", "fill", "folder"),
        record.command(NAME, "folder"),
    ]
    taught = boosted.read(parts / "choose.safetensors")[1]["seconds"]
    record.write(NAME, content, lines, seconds=step.seconds() + taught)


if __name__ == "__main__":
    main()
