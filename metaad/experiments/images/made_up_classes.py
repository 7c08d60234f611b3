"""Do made-up classes help a metric head, gradient steps, a plain classifier? Ten times
as long as in lesson 09.

    python -m metaad.experiments made_up_classes --images mnist fashion-mnist --seeds 0 1

All of MNIST and of Fashion-MNIST, images averaged over 2 × 2 pixels. Half of the ten
classes is held out, then the other half; a network learns from five. All learners start
from the same weights and see the same batches: see metaad.experiments.lessons.lesson_09. Nothing
was tuned here, for no learner: sizes were chosen by the time they take; learning rate and
averaging are those of metaad.meta.few_shot, which were found for metric heads.

    --parts DIR   keeps each data set and seed, so that a run that was stopped goes on
"""

import time
from pathlib import Path

import numpy as np
import torch

from metaad import data
from metaad.experiments import record
from metaad.experiments.lessons import lesson_09
from metaad.experiments.parts import keep, stored
from metaad.repro import cache

IMAGES = ("mnist", "fashion-mnist")


def rows_of(images):
    """Load images, averaged over 2 × 2 pixels: X (n, 196), y (n,), train (n,) bool."""
    table = data.load(images)
    return halved(table.X), table.y, table.train


def halved(images):
    """Average squares of 2 × 2 pixels: (n, side, side) -> rows (n, side² / 4)."""
    return data.pooled(images, 2).reshape(len(images), -1).astype(np.float32)


def one(images, seed, parts, iterations=None):
    """Run the study on one data set at one seed: dict with "auroc", "held_out" and the
    CPU seconds; from `parts` if it was run before.
    """
    plan = lesson_09.design(False, seed, iterations=iterations)
    X, y, train = rows_of(images)
    given = {"X": X, "y": y, "train": train, "seed": seed, "plan": plan._asdict()}
    key = cache.key(code=[lesson_09.study], **given)
    path = parts / f"{images}-{seed}.json" if parts else None
    found = stored(path, key) if path else None
    if found:
        return found
    began = time.process_time()
    auroc = lesson_09.study(X, y, train, plan, seed, dtype=torch.float32, watch=_tell)
    found = {
        "auroc": as_lists(auroc),
        "held_out": [c for held_out in plan.held_out for c in held_out],
        "seconds": round(time.process_time() - began, 1),
    }
    return keep(path, key, found) if path else found


def as_lists(found):
    """Return the results of a study as JSON holds them: {learner: {source: {place:
    [...]}}}.
    """
    out = {}
    for (name, source, place), values in found.items():
        rounded = np.round(values, 4).tolist()
        out.setdefault(name, {}).setdefault(source, {})[place] = rounded
    return out


def by_class(runs):
    """Average runs of several seeds over seeds, class by class: {(learner, source,
    place): array (10,)}, in the order of the classes 0 to 9.
    """
    found = {}
    for run in runs:
        order = np.argsort(run["held_out"])
        for name, sources in run["auroc"].items():
            for source, places in sources.items():
                for place, values in places.items():
                    of = found.setdefault((name, source, place), [])
                    of.append(np.array(values)[order])
    return {key: np.mean(values, axis=0) for key, values in found.items()}


def _tell(source, name, held_out):
    print(source, name, held_out, flush=True)


def parser():
    """Return the parser of this experiment's options."""
    found = record.parser_of("made_up_classes", __doc__)
    found.add_argument("--images", nargs="+", choices=IMAGES, default=list(IMAGES))
    found.add_argument("--seeds", type=int, nargs="+", default=[0, 1])
    found.add_argument("--iterations", type=int, help="other than the profile's own")
    found.add_argument("--parts", type=Path)
    found.add_argument("--out", type=Path, help="another place for the record")
    return found


def main(argv=None):
    """Run what is asked for and write the record."""
    asked = parser().parse_args(argv)
    torch.set_num_threads(1)
    runs = {
        images: {
            str(seed): one(images, seed, asked.parts, asked.iterations)
            for seed in asked.seeds
        }
        for images in asked.images
    }
    options = {"images": asked.images, "seeds": asked.seeds}
    options |= {"iterations": asked.iterations}
    words = record.options(**options)
    plan = lesson_09.design(False, asked.seeds[0], iterations=asked.iterations)
    seconds = sum(r["seconds"] for of in runs.values() for r in of.values())
    content = {
        "what": __doc__.split("\n\n")[2].replace("\n", " "),
        "settings": {n: v for n, v in plan._asdict().items() if n != "held_out"},
        "runs": runs,
    }
    command = [record.command("made_up_classes", *words)]
    record.write("made_up_classes", content, command, asked.out, seconds=seconds)


if __name__ == "__main__":
    main()
