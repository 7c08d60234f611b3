"""What lesson 08 computes and a reader need not read: images, loops over folds, curves,
maps.
"""

import copy

import numpy as np
import torch

from metaad import data
from metaad.detectors import anomaly_score
from metaad.experiments.lessons.lesson_08_judge import (
    accuracies,
    judge,
    measure,
    with_heads,
)
from metaad.experiments.lessons.lesson_08_record import (
    NAMES,
    WHERES,
    gap_table,
    headline,
    leads,
    level_table,
    together,
)
from metaad.meta import MAML, evaluate
from metaad.meta.curvature import along_inner_steps, cosine, outer_gradients
from metaad.meta.support_heads import HEADS, gram
from metaad.nets import ConvNet
from metaad.tasks import OneClassTasks, Task
from metaad.tasks.one_class import first_share

__all__ = [
    "NAMES",
    "WHERES",
    "accuracies",
    "gap_table",
    "headline",
    "judge",
    "leads",
    "level_table",
    "measure",
    "together",
    "with_heads",
]
# outer steps after which the curvature is measured, as shares of all
LOOKS = (0.0, 0.1, 0.25, 0.5, 0.75, 1.0)
POWERS = 20  # of the Hessian; 40 of them move no curvature by more than 0.3 %


def images(quick):
    """Load MNIST: the table, rows X (n, side²) in [0, 1], and side.

    quick : the bundled 5,000 images, the mean of each 2 × 2 block of pixels; else all of
        MNIST."""
    table = data.load("mnist-5k" if quick else "mnist")
    small = data.pooled(table.X, 2 if quick else 1)
    return table, small.reshape(len(small), -1), small.shape[1]


def settings(quick, side, iterations, device):
    """Return the network's settings and those of the outer loop, for every method alike:
    two dicts.
    """
    channels = (16, 32) if quick else (32, 64, 64)
    network = {"channels": channels, "side": side, "batch_norm": True}
    outer = {"iterations": 200, "n_tasks": 32, "learning_rate": 3e-3, "average": 0.985}
    if quick:  # fewer and larger steps
        quicker = {"iterations": 60, "n_tasks": 12, "learning_rate": 1e-2}
        outer |= quicker | {"average": 0.95}
    outer["iterations"] = iterations or outer["iterations"]
    return network, outer | {"schedule": "cosine", "device": device}


class SupportAlone:
    """A formula on the pixels of the support; nothing is learned.

    head : one of metaad.meta.support_heads.HEADS."""

    def __init__(self, head):
        self.head = HEADS[head]

    def scores(self, task):
        """Score the queries: array (n_tasks, q)."""
        return self.head(*gram(task.support.cpu(), task.query.cpu())).numpy()


def unadapted(learner):
    """Return the same network with no inner steps: the control."""
    control = copy.copy(learner)
    control.steps = 0
    return control


def episode(tasks, digit, seed):
    """Return the first task in a batch whose normal class is `digit`, a batch of one."""
    batch = tasks.sample(len(tasks.normal), seed)
    i = int(np.flatnonzero(batch.normal == digit)[0])
    return Task(*(t[i : i + 1] for t in batch[:3]))


def strips(task, side, scores, n_shown=8):
    """Return n_shown normal and as many anomalous queries in the order of each score:
    {name: (images, odd)} for plots.few_shot.ranked.
    """
    n = task.y.shape[1] // 2
    shown = np.r_[0:n_shown, n : n + n_shown]
    pictures = task.query[0, shown].reshape(-1, side, side).cpu()
    odd = task.y[0, shown].cpu().numpy() == 1
    order = {name: np.argsort(s[shown], kind="stable") for name, s in scores.items()}
    return {name: (pictures[o], odd[o]) for name, o in order.items()}


def both_orders(tasks, side, iterations, device, seed):
    """Train OC-MAML, every layer adapting, with the full outer gradient and to first
    order, and look at the curvature on the way.

    Returns
    -------
    {"full" or "first order": {"loss": outer losses (iterations,), "at": outer steps,
    "curvature": inner rate times largest curvature along the inner steps, its largest,
    a mean over four tasks, "cosine": of the two gradients, "learner"}}
    """
    probe, found = tasks.sample(4, 99), {}
    dtype = tasks.X.dtype
    looks = {max(1, round(share * iterations)) for share in LOOKS}
    for name in ("full", "first order"):
        torch.manual_seed(seed)
        net = ConvNet((8, 16), side=side, dtype=dtype)
        learner = MAML(
            net,
            steps=3,
            inner_rate=0.1,
            first_order=name != "full",
            iterations=iterations,
            n_tasks=8,
            learning_rate=3e-3,
            device=device,
            random_state=seed,
        )
        of = {"at": [], "curvature": [], "cosine": []}

        def watch(done, learner=learner, of=of):
            if done in looks:
                steep = np.max(along_inner_steps(learner, probe, POWERS), axis=1)
                of["at"].append(done)
                of["curvature"].append(float(steep.mean()))
                of["cosine"].append(cosine(*outer_gradients(learner, probe)))

        learner.fit(tasks, watch=watch)
        found[name] = of | {"loss": learner.history_, "learner": learner}
    return found


def moved_by_company(learner, task):
    """Measure how far the logit of an image moves when the other images of its query
    change: with running statistics, and with those of the batch.

    The normal half of the query is scored among anomalies and among itself.

    Returns
    -------
    dict with "running" and "batch": mean absolute change of a logit.
    """
    task, found = learner.prepared(task), {}
    n = task.query.shape[1] // 2
    company = task.query, task.query[:, :n].repeat(1, 2, 1)
    net = learner.module_["net"]
    kept = copy.deepcopy(net.state_dict())
    for name in ("running", "batch"):
        scores = []
        for query in company:
            net.train(name == "batch")
            together = torch.cat([task.support, query], dim=1)[0]
            with torch.no_grad():
                z = net(together)[len(task.support[0]) :, 0]
            scores.append(z[:n].cpu().numpy())
        found[name] = float(np.abs(scores[0] - scores[1]).mean())
    net.load_state_dict(kept)
    net.eval()
    return found


def ink(detector, image, width):
    """Compute what ink in each square adds to the anomaly score.

    image : array (side, side). width : of a square, in pixels.

    Returns an array (side - width + 1, side - width + 1): the score minus that of the
    image with this square emptied."""
    places = len(image) - width + 1
    emptied = np.repeat(image[None], places**2, axis=0)
    for i in range(places**2):
        r, c = divmod(i, places)
        emptied[i, r : r + width, c : c + width] = 0.0
    with_ink = anomaly_score(detector, image.reshape(1, -1))
    without = anomaly_score(detector, emptied.reshape(len(emptied), -1))
    return (with_ink - without).reshape(places, places)


def images_of(tasks, digit, n, rng):
    """Draw n images of a digit: array (n, side, side)."""
    rows = rng.choice(tasks.rows[digit], n, replace=False)
    side = round(tasks.n_features**0.5)
    return tasks.X[rows].reshape(-1, side, side).cpu().numpy().astype(np.float64)


def halves(maps):
    """Return the mean of the left and of the right half of each map (n, h, w): two
    arrays (n,).
    """
    middle = maps.shape[2] // 2
    left, right = maps[:, :, :middle], maps[:, :, -middle:]
    return left.mean(axis=(1, 2)), right.mean(axis=(1, 2))


def pair_table(folds, name, X, y, k, dtype, seed, n_tasks=20):
    """Compute the AUROC of every pair of classes, 10 × 10: the normal class, that of the
    anomalies; None where they are equal.

    folds : list of (protocol, {name: detector}). X, y : the test's rows.
    """
    grid = [[None] * 10 for _ in range(10)]
    for protocol, detectors in folds:
        for c in protocol.held_out:
            for a in set(range(10)) - {c}:
                of = {"k": k, "n_query": 50, "normal": (c,), "anomalous": (a,)}
                tasks = OneClassTasks(X, y, dtype=dtype, **of)
                found = evaluate(detectors[name], tasks, n_tasks, seed).auroc
                grid[c][a] = round(float(found.mean()), 5)
    return grid


def side_of(gap):
    """Say what the zeros show; gap : Interval of left minus right."""
    if gap.low > 0:
        return "The left strokes, which a 3 lacks, speak more for an anomaly, as one hopes."
    if gap.high < 0:
        return "The right strokes speak more for an anomaly: the opening is not what counts."
    return "The run does not tell the two halves apart."


def training_rows(table):
    """Mark the rows that training may use: bool array (n,)."""
    return first_share(table.y) if table.train is None else table.train
