"""How soon is a detector good again after its normal class has changed, and how often do
alarms of such a change ring for nothing?

    python -m metaad.experiments drift --parts DIR
        all steps that the folder lacks, then the record
    python -m metaad.experiments drift --parts DIR --worlds mnist --seeds 0
        these alone; worlds that the folder lacks stay in the record as they are

MNIST and Fashion-MNIST, 28 × 28. Five of ten classes are studied, the other five are
normal in turn in a stream, and the other way round: each class is new once. Nothing was
tuned on either: settings are those of metaad.meta.few_shot, with fewer and smaller
steps; the classifier has the same trunk and images per step. Test images of the data
set judge. Tables are those of ADBench with enough rows, by family."""

import time
from pathlib import Path

import numpy as np
import torch

from metaad import data, repro
from metaad.experiments import record
from metaad.experiments.parts import Steps
from metaad.experiments.streams import (
    drift_alarms,
    drift_curves,
    drift_loop,
    drift_methods,
    drift_tables,
)
from metaad.experiments.streams.drift_methods import from_rows, from_study
from metaad.scores import drift as alarms
from metaad.tasks import adbench_names, class_stream, streams

NAME = "drift"
WORLDS, SEEDS = ("mnist", "fashion-mnist"), (0, 1, 2)
ITERATIONS, TESTS, EACH, STUDIED = 300, 50, 300, 3000
CHANGE = 475  # rows before another digit comes
HALVES = ((0, 1, 2, 3, 4), (5, 6, 7, 8, 9))  # studied, and the other is new
CODE = [drift_methods, drift_curves, drift_loop, streams, alarms]
IN_SERVICE = ("refit: autoencoder", "refit: kNN", "refit: PCA", "episodes: OC-ANIL")
IN_SERVICE += ("episodes: Mahalanobis", "classifier: PCA", "classifier: kNN")


class World:
    """One data set, in halves.

    name : str, of `data.load`. Attributes: X (n, 28, 28) float32, y (n,), train (n,)."""

    def __init__(self, name):
        table = data.load(name)
        self.X, self.y = table.X.astype(np.float32), table.y
        self.train = table.train

    def studied(self, half):
        """Return the images (m, 28, 28) of five classes, and the classes (m,)."""
        at = [
            np.flatnonzero(self.train & (self.y == c))[:STUDIED] for c in HALVES[half]
        ]
        at = np.concatenate(at)
        return self.X[at], self.y[at]

    def fold(self, half, seed):
        """Train on one half, and measure on the classes of the other."""
        images, classes = self.studied(half)
        options = {"seed": seed, "iterations": ITERATIONS}
        took, made = {}, {}
        for name, train in (
            ("episodes", drift_methods.meta_learned),
            ("classifier", drift_methods.classifier),
        ):
            began = time.process_time()
            made[name] = train(images, classes, **options)
            took[name] = time.process_time() - began
        every = from_rows(seed) | from_study(made["episodes"], made["classifier"])
        new = HALVES[1 - half]
        rng = np.random.default_rng(seed)
        test = ~self.train
        _, judge = drift_curves.split(self.X[test], self.y[test], (), TESTS, rng)
        learn = {c: self.rows(c, rng) for c in new}
        auroc, seconds = drift_curves.curves(learn, judge, every, seed=seed)
        courses = self.courses(new, judge, every, seed)
        found = {"new": list(new), "auroc": auroc, "seconds": seconds}
        return found | {"training": took, "courses": courses}

    def rows(self, c, rng):
        """Return 1,000 training images of a class, as rows."""
        at = rng.permutation(np.flatnonzero(self.train & (self.y == c)))[:1000]
        return self.X[at].reshape(len(at), -1)

    def courses(self, new, judge, made, seed):
        """Run the loop over one stream through the new classes, for each method."""
        at = np.flatnonzero(self.train)
        at = np.random.default_rng(seed).permutation(at)[:20000]
        stream = class_stream(
            self.X[at].reshape(len(at), -1),
            self.y[at],
            new,
            each=EACH,
            normals=drift_curves.BEFORE,
            random_state=seed,
        )
        first = {name: made[name](stream.normals) for name in IN_SERVICE}
        runs = {
            name: drift_loop.watch(stream, judge, first[name], made[name], seed=seed)
            for name in IN_SERVICE
        }
        old = first["refit: autoencoder"]
        runs[drift_curves.NOTHING] = drift_loop.watch(stream, judge, old, seed=seed)
        any_run = runs[IN_SERVICE[0]]
        return {
            "row": any_run.row.tolist(),
            "changes": list(stream.truth.changes),
            "adapted": any_run.adapted,
            "auroc": {n: run.auroc.round(4).tolist() for n, run in runs.items()},
        }


def on_alarms(seed):
    """Measure false alarms over 200 streams without drift, delays with it, and bursts."""
    table = data.load("mnist")
    small = data.pooled(table.X, 4).reshape(len(table.X), -1)
    at = np.random.default_rng(seed).permutation(len(small))[:20000]
    X, y = small[at], table.y[at]
    names = list(drift_alarms.ALARMS)
    quick = [n for n in names if n not in drift_alarms.SLOW]
    digits = {"length": 1000, "normals": 100, "seed": seed}
    made_up = drift_alarms.gaussian_streams(200, length=1500, seed=seed)
    found = {
        "made up, no drift": drift_alarms.rings(quick, made_up),
        "digits, no drift": drift_alarms.rings(
            names, drift_alarms.digit_streams(X, y, 200, **digits)
        ),
        "digits, another digit": drift_alarms.rings(
            names,
            drift_alarms.digit_streams(X, y, 100, **digits | {"change": CHANGE}),
        ),
        "digits, another digit over 300 rows": drift_alarms.rings(
            names,
            drift_alarms.digit_streams(
                X, y, 100, **digits | {"change": CHANGE}, blend=299
            ),
        ),
    }
    bursts = {}
    for share in (0.3, 0.5, 0.9):
        bursts[f"burst, {share:.0%} of one window"] = [
            drift_alarms.after_alarm(
                class_stream(
                    X, y, [i % 10], each=500, bursts=[(250, 25, share)], random_state=i
                ),
                seed=i,
            )
            for i in range(100)
        ]
    bursts["another digit"] = [
        drift_alarms.after_alarm(s, seed=i)
        for i, s in enumerate(
            drift_alarms.digit_streams(X, y, 100, seed=seed, change=250)
        )
    ]
    windows, shares = (5, 10, 25, 50, 100), (0.1, 0.2, 0.5, 1.0)
    how = {"draws": 100, "threshold": drift_alarms.LEVEL / 40, "seed": seed}
    power = drift_alarms.power(X, y, windows, shares, **how)
    seen = {"windows": windows, **{str(s): p.tolist() for s, p in power.items()}}
    counts = {n: {str(k): v.count(k) for k in set(v)} for n, v in bursts.items()}
    rang = {n: {a: _plain(r) for a, r in by.items()} for n, by in found.items()}
    return {
        "rows until it rang": rang,
        "what the alarm was about": counts,
        "power": seen,
    }


def _plain(rows):
    """Numbers of rows for JSON: None where an alarm never rang."""
    return [int(r) if np.isfinite(r) else None for r in rows]


def on_tables(seeds):
    """Measure what can be done about shifted columns, over tables."""
    tables = drift_tables.usable(adbench_names())
    found = {}
    for name, table in tables.items():
        each = [drift_tables.one_table(table.X, table.y, s) for s in seeds]
        found[name] = {
            m: {n: float(np.mean([e[m][n] for e in each])) for n in by}
            for m, by in each[0].items()
        }
    families = {name: data.family(name) for name in tables}
    chosen = drift_tables.learned_tau(found, families)
    return {"auroc": found, "families": families, "chosen": chosen}


def parser():
    """Return the parser of the command line."""
    made = record.parser_of(NAME, __doc__)
    made.add_argument("--parts", type=Path, required=True, help="keeps what is done")
    made.add_argument("--worlds", nargs="*", choices=WORLDS, default=list(WORLDS))
    made.add_argument("--seeds", nargs="+", type=int, default=list(SEEDS))
    return made


def main(argv=None):
    """Run the experiment, see the module's first lines."""
    asked = parser().parse_args(argv)
    torch.set_num_threads(1)
    asked.parts.mkdir(parents=True, exist_ok=True)
    steps = Steps(asked.parts / "steps.json", CODE)
    try:
        kept = repro.recorded(NAME)
    except FileNotFoundError:
        kept = {}
    worlds = kept.get("worlds", {})
    for name in asked.worlds:
        world, folds = World(name), []
        of = {"X": world.X, "y": world.y}
        for seed in asked.seeds:
            for half in range(len(HALVES)):
                step = f"{name}, seed {seed}, half {half}"
                fold = steps(step, lambda s=seed, h=half, w=world: w.fold(h, s), **of)
                folds.append({"seed": seed, "studied": HALVES[half], **fold})
        worlds[name] = folds
    content = {
        "settings": {"iterations": ITERATIONS, **drift_methods.FORM},
        "worlds": worlds,
        "alarms": steps(
            "alarms",
            lambda: on_alarms(0),
            code_of=repro.cache.code_version(drift_alarms),
        ),
        "tables": steps(
            "tables",
            lambda: on_tables(SEEDS),
            seeds=SEEDS,
            code_of=repro.cache.code_version(drift_tables),
        ),
    }
    commands = [
        record.command(
            NAME,
            *record.options(parts=asked.parts, worlds=asked.worlds, seeds=asked.seeds),
        )
    ]
    print(record.write(NAME, content, commands, seconds=steps.seconds(), seed=0))


if __name__ == "__main__":
    main()
