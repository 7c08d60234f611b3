"""What lesson 09 measures: heads and made-up classes, one at a time and together, beside
a plain classifier that sees the same images.

Every learner starts from the same first weights of the trunk, takes the same batches in
the same order, and is judged on the same episodes. What differs is how the images of a
batch are used, and which classes are among them.
"""

import copy
from typing import NamedTuple

import numpy as np
import torch

from metaad import metrics
from metaad.experiments.images.mt_mnist_judge import embedded
from metaad.experiments.lessons.lesson_09_batches import Replay, batches
from metaad.experiments.lessons.lesson_09_classifier import (
    HEADS,
    Classifier,
    FeatureHead,
)
from metaad.meta import MAML, PLDA, Mahalanobis, ProtoNet, evaluate
from metaad.meta.classifier import without_last
from metaad.nets import ConvNet
from metaad.tasks import OneClassTasks
from metaad.tasks.one_class import first_share
from metaad.train import seeded

SOURCES = {"real digits only": 0.0, "with made-up classes": 5 / 6}
PLACES = ("all others", "new only")
METRIC = ("ProtoNet", "Mahalanobis", "PLDA")
CONTROLS = tuple(f"classifier, {head}" for head in HEADS)
SAME_HEAD = "Mahalanobis, PCA residual"  # its trunk, with the head of a control
LEARNERS = (*METRIC, "OC-ANIL", *CONTROLS, SAME_HEAD)
UNTRAINED = ("first weights, PCA residual", "pixels, PCA residual")
NO_CLASSES = "no training"  # the source of UNTRAINED
LONG = {"iterations": 600, "learning_rate": 3e-3, "average": 0.985, "bank": 2000}


class Design(NamedTuple):
    """Say who learns what, for how long, and how it is judged.

    held_out : tuples of classes; the networks of each never see these.
    channels, out : of the trunk. bank : how many made-up classes there are.
    iterations, classes : batches, and classes in each.
    episodes, n_query : of a held-out class, and its normal rows in a query.
    """

    held_out: tuple
    channels: tuple = (8, 16)
    out: int = 32
    bank: int = 300
    k: int = 10
    iterations: int = 60
    classes: int = 24
    learning_rate: float = 1e-2
    average: float = 0.95
    episodes: int = 20
    n_query: int = 40
    device: str = "cpu"


def design(quick, seed, **changes):
    """Return the Design of a profile: two halves of the ten classes, drawn by the seed,
    each held out once, so that there are five classes to learn from.

    quick : short training of small networks; else ten times as many steps.
    changes : other values of the Design; None changes nothing.
    """
    order = np.random.default_rng(seed).permutation(10)
    found = Design(tuple(tuple(sorted(h.tolist())) for h in np.split(order, 2)))
    if not quick:
        sizes = {"channels": (16, 32), "episodes": 50, "n_query": 100}
        found = found._replace(**sizes, **LONG)
    return found._replace(**{n: v for n, v in changes.items() if v is not None})


def learner(name, plan, side, n_classes, seed):
    """Make one learner, not yet fitted, on a trunk whose first weights the seed alone
    decides.
    """
    outer = {
        "iterations": plan.iterations,
        "n_tasks": plan.classes,
        "learning_rate": plan.learning_rate,
        "average": plan.average,
        "schedule": "cosine",
        "device": plan.device,
        "random_state": seed,
    }
    out = {"OC-ANIL": 1, "classifier": n_classes}.get(name, plan.out)
    with seeded(seed, torch.device("cpu")):
        net = ConvNet(plan.channels, out=out, side=side, batch_norm=True)
    if name == "OC-ANIL":
        inner = {"steps": 3, "inner_rate": 0.02, "rates": "tensor", "layers": "last"}
        return MAML(net, **inner, **outer)
    kinds = {"ProtoNet": ProtoNet, "Mahalanobis": Mahalanobis, "PLDA": PLDA}
    return (kinds | {"classifier": Classifier})[name](net, **outer)


def study(X, y, train, plan, seed, *, names=LEARNERS, dtype=None, watch=None):
    """Train every learner on both sources of classes, judge it on the held-out classes.

    Parameters
    ----------
    X : array (n, side²), images. y : classes (n,), 0 to 9. train : bool (n,), rows to
        learn from; None takes the first four of five of each class.
    plan : Design. names : of LEARNERS. dtype : torch dtype to compute in.
    watch : function of (source, learner, held_out), called when one is trained.

    Returns
    -------
    {(learner, source, place): AUROC (n held-out classes,)}, source one of SOURCES, place
    one of PLACES; and UNTRAINED with the source NO_CLASSES. The classes are in the order
    of `plan.held_out`.
    """
    found, train = {}, first_share(y) if train is None else train
    side = round(X.shape[1] ** 0.5)

    def keep(results, source):
        for shown, of in results:
            for place, values in of.items():
                found.setdefault((shown, source, place), []).extend(values)

    for held_out in plan.held_out:
        test = X[~train], y[~train], held_out, plan
        keep(nothing_learned(*test, seed), NO_CLASSES)
        seen = [c for c in range(10) if c not in held_out]
        tasks = OneClassTasks(
            *(X[train], y[train]),
            k=plan.k,
            n_query=3,
            normal=seen,
            anomalous=seen,
            dtype=dtype,
        )
        for source, share in SOURCES.items():
            drawn = batches(tasks, share, plan, seed)
            for name in trained(names):
                made = learner(name, plan, side, 10 + plan.bank, seed)
                made.fit(Replay(drawn))
                keep(judged(made, drawn, *test), source)
                if watch:
                    watch(source, name, held_out)
    return {key: np.array(values) for key, values in found.items()}


def trained(names):
    """Return what must be trained for these learners: one classifier has all heads."""
    return list(dict.fromkeys(n.split(",")[0] for n in names))


def judged(made, drawn, X, y, held_out, plan):
    """Yield (name, {place: AUROC of each held-out class}) for a learner, and for each
    head on the features of its trunk.
    """
    X = np.asarray(X, dtype=_dtype(made))
    if not isinstance(made, Classifier):
        yield type_name(made), _auroc(*embedded(made, X), y, held_out, plan)
    if not isinstance(made, (Classifier, Mahalanobis)):
        return
    trunk = copy.copy(made)
    trunk.layers = "last"  # its features end where the last layer begins
    Z, rows = embedded(trunk, X)[1], features_of(trunk, drawn)
    for head in HEADS if isinstance(made, Classifier) else ("PCA residual",):
        one = FeatureHead(head).fit(*rows)
        yield f"{type_name(made)}, {head}", _auroc(one, Z, y, held_out, plan)


def nothing_learned(X, y, held_out, plan, seed):
    """Yield what the PCA residual reaches on the trunk's first weights, and on pixels."""
    made = learner("classifier", plan, round(X.shape[1] ** 0.5), 10, seed)
    trunk = without_last(made.estimator).to(torch.float64).eval()
    with torch.no_grad():
        features = trunk(torch.as_tensor(X, dtype=torch.float64)).numpy()
    head = FeatureHead("PCA residual")
    for name, Z in zip(UNTRAINED, (features, X.astype(np.float64)), strict=True):
        yield name, _auroc(head, Z, y, held_out, plan)


def type_name(made):
    """Return the name of a learner in the lesson."""
    names = {MAML: "OC-ANIL", Classifier: "classifier"}
    return names.get(type(made), type(made).__name__)


def features_of(made, drawn, most=1500):
    """Compute features (n, m) and class numbers (n,) of the last images of a training."""
    rows, classes = [], []
    for batch in reversed(drawn):
        rows.append(batch.support.flatten(0, 1).numpy())
        classes.append(np.repeat(batch.normal, batch.support.shape[1]))
        if sum(map(len, rows)) >= most:
            break
    return embedded(made, np.concatenate(rows))[1], np.concatenate(classes)


def _auroc(judge, Z, y, held_out, plan):
    found = {}
    for place, anomalous in zip(PLACES, (None, held_out), strict=True):
        tasks = OneClassTasks(
            *(Z, y),
            k=plan.k,
            n_query=plan.n_query,
            normal=held_out,
            anomalous=anomalous,
            dtype=torch.as_tensor(Z[:1]).dtype,
        )
        n = plan.episodes * len(held_out)
        by_class = evaluate(judge, tasks, n, 0).by_class("auroc")
        found[place] = [by_class[c] for c in held_out]
    return found


def _dtype(made):
    return next(made.module_.parameters()).cpu().detach().numpy().dtype


def two_by_two(found, place, metric="Mahalanobis", control="classifier, PCA residual"):
    """Return what exercise 09.4 divides: AUROC (2, 2, n), first axis control and metric
    head, second real digits only and with made-up classes.
    """
    return np.array([[found[n, s, place] for s in SOURCES] for n in (control, metric)])


def gains(found, place):
    """Return what made-up classes add to each learner: {learner: Interval}, corrected
    for the number of learners.
    """
    real, made = SOURCES
    names = dict.fromkeys(name for name, source, _ in found if source == real)
    return metrics.simultaneous(
        {n: found[n, made, place] - found[n, real, place] for n in names}
    )
