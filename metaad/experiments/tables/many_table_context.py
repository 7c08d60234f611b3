"""How many tables does a detector have to learn from before it may skip fitting?

    python -m metaad.experiments many_table_context fill FOLDER
        rows of 417 tables of OddBench and of ADBench's as numbers, 1 CPU-hour
    python -m metaad.experiments many_table_context judge FOLDER
        learn from 14 to 297 tables, judge once: data/results/many_table_context.json
    python -m metaad.experiments many_table_context ship FOLDER
        learn from all 417: metaad/meta/context/models/tables-v1.safetensors

Boosted trees learn which rows are anomalies from rows of many tables, every table and
both kinds of rows weighted alike, and tasks made from the same tables (a column held
out, a subset of columns) with a smaller weight. Judged on OddBench's test part, 120
tables that nothing was chosen by, and on ADBench's, that nothing was learned from, by
the mean of three training seeds. The single best detector is the one with the best mean
over the very tables that judge, which favours it.

What was taken was chosen on the learning part and on validate; many_table_context_choice
records on validate what else was tried, and the control: an average of the same numbers
that learned nothing. In AUROC it gains as much over the best single detector."""

import time
from operator import itemgetter
from pathlib import Path

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier

from metaad import intervals, metrics, repro
from metaad.experiments import record
from metaad.experiments.parts import read
from metaad.experiments.tables.context_rows import (
    RIVALS,
    SYNTHETIC,
    fill,
    fill_synthetic,
    path_of,
    seconds_of,
    tasks_of,
)
from metaad.meta.context import boosted
from metaad.meta.context.detector import SHIPPED
from metaad.tasks.parts import SETTINGS, oddbench_part
from metaad.tasks.tables import adbench_names

NAME = "many_table_context"
SIZES = (14, 28, 56, 112, 224, 297)
DRAWS = {14: 3, 28: 3, 56: 2}  # subsets of the small sizes
SEEDS = (0, 1, 2)
ROWS, MORE_ROWS = 100, 25  # of a kind, that a table and a made task teach with
MADE = 0.3  # weight of a made task
# chosen on validate: tasks made from the tables have clean contexts, and taught the
# wrong thing about mixed ones (many_table_context_choice --settings mixed)
MORE = {"clean": True, "mixed": False}
# at the tables that judge; the mixed setting was begun with made tasks, and stopped
LOOKS = {"clean": 1, "mixed": 2}
TREES = {
    "max_iter": 250,
    "learning_rate": 0.06,
    "max_leaf_nodes": 12,
    "min_samples_leaf": 100,
    "l2_regularization": 5.0,
    "max_features": 0.3,
    "early_stopping": False,
}


def rows_to_learn(folder, names, setting, more=None, synthetic=False, seed=0):
    """Gather rows: X (n, NUMBERS), y (n,) and weights (n,). Every table, and both kinds
    of rows in it, weigh alike; tasks made from the tables, and synthetic ones, less.
    """
    rng = np.random.default_rng(seed)
    more = MORE[setting] if more is None else more
    parts = []
    for name in names:
        for task in tasks_of(path_of(folder, setting, name)):
            parts += _drawn(task, ROWS, 1.0, rng)
        if more:
            for task in tasks_of(path_of(folder, "more", name)):
                parts += _drawn(task, MORE_ROWS, MADE, rng)
    for i in range(SYNTHETIC if synthetic else 0):
        for task in tasks_of(path_of(folder, "synthetic", i)):
            parts += _drawn(task, MORE_ROWS, MADE, rng)
    X, y, w = (np.concatenate(part) for part in zip(*parts, strict=True))
    return X, y, w / w.mean()


def _drawn(task, most, weight, rng):
    found = []
    for kind in (0, 1):
        rows = np.flatnonzero(task["y"] == kind)
        rows = rng.choice(rows, min(most, len(rows)), replace=False)
        w = np.full(len(rows), weight / max(1, len(rows)))
        found.append((task["F"][rows], np.full(len(rows), kind), w))
    return found


def learn(rows, seed=0, **changes):
    """Fit boosted trees to the rows of `rows_to_learn`: a `boosted.Trees`.

    changes : of the settings of scikit-learn's trees."""
    X, y, w = rows
    trees = HistGradientBoostingClassifier(**TREES | changes, random_state=seed)
    return boosted.from_scikit(trees.fit(X, y, sample_weight=w))


def judge(tasks, score):
    """Measure scores on tables: dict "auroc", "ap" -> list (tables,).

    tasks : the tables' rows. score : function of one of them -> scores (m,)."""
    found = {"auroc": [], "ap": []}
    for task in tasks:
        y, scores = task["y"], score(task)
        found["auroc"].append(round(float(metrics.auroc(y, scores)), 5))
        found["ap"].append(round(float(metrics.average_precision(y, scores)), 5))
    return found


def by(trees):
    """Return how trees score a table's rows, as `judge` takes it."""
    return lambda task: trees(task["F"].astype(np.float64))


def judged_tables(folder, setting):
    """Return the tables that judge, those with rows of both kinds: dict world -> {name:
    its rows}.
    """
    worlds = {"oddbench": oddbench_part("test"), "adbench": adbench_names()}
    return {
        world: {
            name: task
            for name in names
            for task in tasks_of(path_of(folder, setting, name))
        }
        for world, names in worlds.items()
    }


def scale(folder, setting, worlds):
    """Learn from 14 to 297 tables; return what each size gives: list of dict."""
    names = oddbench_part("learn") + oddbench_part("validate")
    found = []
    for size in SIZES:
        for draw in range(DRAWS.get(size, 1)):
            order = np.random.default_rng(draw).permutation(len(names))[:size]
            some = [names[i] for i in order]
            began = time.process_time()
            trees = learn(rows_to_learn(folder, some, setting, seed=draw), draw)
            seconds = round(time.process_time() - began, 1)
            results = {w: judge(t.values(), by(trees)) for w, t in worlds.items()}
            found.append({"tables": size, "draw": draw, "seconds": seconds} | results)
            print(setting, size, draw, seconds, "s", _short(results), flush=True)
    return found


def _short(results):
    return {w: round(float(np.mean(r["auroc"])), 4) for w, r in results.items()}


def full(folder, setting, worlds, **options):
    """Learn from all 297 tables with three seeds: the mean of each table's results."""
    names = oddbench_part("learn") + oddbench_part("validate")
    runs = []
    for seed in SEEDS:
        trees = learn(rows_to_learn(folder, names, setting, seed=seed, **options), seed)
        runs.append({w: judge(t.values(), by(trees)) for w, t in worlds.items()})
        print(setting, options, seed, _short(runs[-1]), flush=True)
    return {
        world: {
            m: np.mean([run[world][m] for run in runs], axis=0).round(5).tolist()
            for m in ("auroc", "ap")
        }
        for world in worlds
    }


def against_best(results, rivals):
    """Compare with the best single rival of each measure: dict measure -> its name, its
    mean, ours, and the mean difference with its interval.
    """
    found = {}
    for measure in ("auroc", "ap"):
        best = max(RIVALS, key=lambda r: np.mean(rivals[r][measure]))
        gain = intervals.paired(results[measure], rivals[best][measure])
        found[measure] = {
            "ours": round(float(np.mean(results[measure])), 4),
            "best": best,
            "its": round(float(np.mean(rivals[best][measure])), 4),
            "gain": [round(float(v), 4) for v in gain[:3]],
        }
    return found


def one_setting(folder, setting):
    """Learn and judge in one setting: what the record holds of it."""
    worlds = judged_tables(folder, setting)
    rivals = {
        world: {r: judge(tables.values(), itemgetter(r)) for r in RIVALS}
        for world, tables in worlds.items()
    }
    found = {
        "names": {world: list(tables) for world, tables in worlds.items()},
        "rivals": rivals,
        "context": full(folder, setting, worlds),
        "scale": scale(folder, setting, worlds),
    }
    if MORE[setting]:
        found["real tables only"] = full(folder, setting, worlds, more=False)
    found["against best"] = {
        method: {w: against_best(found[method][w], rivals[w]) for w in worlds}
        for method in ("context", "real tables only")
        if method in found
    }
    return found


def ship(folder):
    """Learn from all tables of OddBench, three seeds each, and write the model."""
    names = sum((oddbench_part(p) for p in ("learn", "validate", "test")), [])
    scorers = {
        setting: boosted.together(
            [learn(rows_to_learn(folder, names, setting, seed=s), s) for s in SEEDS]
        )
        for setting in SETTINGS
    }
    about = {
        "learned from": f"{len(names)} tables of OddBench",
        "command": record.command(NAME, "ship", "folder"),
        "trees": TREES,
        "seeds": list(SEEDS),
    }
    SHIPPED.mkdir(exist_ok=True)
    boosted.write(SHIPPED / "tables-v1.safetensors", scorers, about)


def parser():
    """Return the command line's parser."""
    found = record.parser_of(NAME, __doc__)
    found.add_argument("step", choices=("fill", "judge", "ship"))
    found.add_argument("folder", help="folder for what is done")
    found.add_argument("--settings", nargs="+", default=SETTINGS, choices=SETTINGS)
    return found


def main(argv=None):
    """Run one step of the experiment."""
    asked = parser().parse_args(argv)
    folder = Path(asked.folder)
    if asked.step == "fill":
        fill(folder, oddbench_part("learn") + oddbench_part("validate"))
        fill(folder, oddbench_part("test"))
        fill(folder, adbench_names(), more=False)
        fill_synthetic(folder)
    elif asked.step == "ship":
        ship(folder)
    else:
        for setting in asked.settings:
            began = time.process_time()
            found = one_setting(folder, setting)
            found["seconds"] = round(time.process_time() - began, 1)
            repro.write_json(folder / f"{setting}.json", found)
        write(folder)


def write(folder):
    """Write the record, if every setting has been judged."""
    content = {setting: read(folder / f"{setting}.json") for setting in SETTINGS}
    if not all(content.values()):
        return
    seconds = sum(found.pop("seconds") for found in content.values())
    seconds += sum(seconds_of(path) for path in folder.glob("*/*.npz"))
    content["settings"] = {"trees": TREES, "seeds": list(SEEDS), "looks": LOOKS}
    lines = [record.command(NAME, step, "folder") for step in ("fill", "judge")]
    record.write(NAME, content, lines, seconds=seconds)


if __name__ == "__main__":
    main()
