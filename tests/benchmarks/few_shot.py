"""How many tasks per second OC-ANIL learns from, by the recipe of `few_shot`: batches of
48 classes on the 28 × 28 trunk, drawing and bending of the images included.

    python tests/benchmarks/few_shot.py [--repeats 10] [--threads 2] [--clock wall]

The rival is the package as it was: each task had a copy of the shared query in the dual
form of the inner loop, and all doodles were drawn at once. It stands below. Both take the
same steps from the
same start, which is checked first. They take turns, step by step, so that whatever else
the machine does hits both; the ratio is the median over steps, and its interval a
bootstrap over them. Leaves with status 1 where the target is missed."""

import argparse
import gc
import sys
import time

import numpy as np
import torch

from metaad import data, metrics
from metaad.meta import inner_loop
from metaad.meta.dual import Dual
from metaad.meta.few_shot import FewShot, few_shot
from metaad.meta.training import Training
from metaad.tasks import doodles

N_TASKS, TARGET = 48, 1.5
CLOCKS = {"wall": time.perf_counter, "cpu": time.process_time}


class CopyForEachTask(Dual):
    """The dual form as it was: the query is copied for each task before the first
    adapting layer, and the keys are looked at task by task.
    """

    def __call__(self, x):
        h = self._bottom(x).unflatten(0, x.shape[:2])
        h = h.expand(self.n_tasks, *h.shape[1:]).flatten(0, 1)
        return self._top(h, self.n_tasks, x.shape[1])[0]


def distance_at_once(pixels, start, end):
    """Distances (n, p) to the pieces of doodles as they were computed: each step of the
    formula for all doodles.
    """
    along = end - start
    length = along.square().sum(dim=-1)[:, None].clamp_min(1e-12)
    to_start = (
        pixels.square().sum(dim=-1)[:, None]
        - 2 * pixels @ start.mT
        + start.square().sum(dim=-1)[:, None]
    )
    dot = pixels @ along.mT - (start * along).sum(dim=-1)[:, None]
    share = (dot / length).clamp(0, 1)
    squared = to_start - 2 * share * dot + share.square() * length
    return squared.clamp_min(0).amin(dim=-1).sqrt()


WAYS = {
    "as it was": (CopyForEachTask, distance_at_once),
    "now": (Dual, doodles.distance),
}


def training(tasks, way):
    """A function that takes one step of a training, the way that is named."""
    learner = few_shot(
        "OC-ANIL", iterations=10_000, n_tasks=N_TASKS, device="cpu", random_state=0
    )
    learner.device_ = torch.device("cpu")
    torch.manual_seed(0)
    started = Training(learner, learner._start(tasks, 0), np.random.default_rng(0))
    batches = iter(started.batches())

    def step():
        inner_loop.Dual, doodles.distance = WAYS[way]
        started.step(next(batches))
        return learner.history_[-1]

    return step


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--repeats", type=int, default=10)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--clock", choices=CLOCKS, default="wall")
    asked = parser.parse_args()
    torch.set_num_threads(asked.threads)
    clock = CLOCKS[asked.clock]
    table = data.load("mnist-5k")
    tasks = FewShot("OC-ANIL").tasks(table.X, table.y)
    steps = {way: training(tasks, way) for way in WAYS}
    for _ in range(2):
        before, now = (step() for step in steps.values())
        np.testing.assert_allclose(now, before, rtol=1e-4)
    times = {way: [] for way in steps}
    gc.disable()
    for i in range(asked.repeats):
        for way in list(steps)[:: 1 if i % 2 else -1]:
            gc.collect(0)
            began = clock()
            steps[way]()
            times[way].append(clock() - began)
    before, now = (np.array(t) for t in times.values())
    ratio = before / now
    drawn = np.random.default_rng(0).choice(ratio, (2000, len(ratio)))
    low, high = np.quantile(np.median(drawn, axis=1), [0.025, 0.975])
    found = metrics.Interval(float(np.median(ratio)), low, high, len(ratio))
    for way, t in times.items():
        speed = N_TASKS / np.median(t)
        print(f"{way:10s} {speed:7.0f} tasks per second ({asked.clock} clock)")
    print(f"{found} times as many; the target is {TARGET}")
    return 0 if found.value >= TARGET else 1


if __name__ == "__main__":
    sys.exit(main())
