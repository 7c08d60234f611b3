"""What can be done when normal has changed: detectors that are made of a few rows of the
new normal, one function each. Those that have studied other classes first are trained
here too, all on the same images: learners in episodes, and a plain classifier.
"""

import copy

import numpy as np
import torch
from torch import nn
from torch.nn.functional import cross_entropy

from metaad.detectors import (
    AutoencoderDetector,
    Detector,
    IsolationForest,
    KNNDetector,
    PCADetector,
    anomaly_score,
    fit_many,
)
from metaad.meta import few_shot
from metaad.meta.classifier import without_last
from metaad.tasks import AllPairs, MadeUpTasks, OneClassTasks, Task
from metaad.train import resolve_device, seeded

AUTOENCODER = {"hidden": (64, 32), "code_size": 8, "batch_size": 32, "epochs": 100}
FINE_TUNING = {"epochs": 30}
MOST_DIRECTIONS = 20  # of a PCA in features
FORM = {"k": 10, "n_query": 3, "n_tasks": 24}  # 24 (10 + 3) images in each


def turned(images, classes, most=500):
    """Make eight classes of each: the images (n, side, side), turned by quarters and
    mirrored. Returns (rows (8 n, side²), classes (8 n,)), at most `most` images of each.
    """
    keep = np.concatenate(
        [np.flatnonzero(classes == c)[:most] for c in np.unique(classes)]
    )
    images, classes = images[keep], classes[keep]
    ways = [np.rot90(images, g % 4, (1, 2)) for g in range(8)]
    ways = [w[:, :, ::-1] if g > 3 else w for g, w in enumerate(ways)]
    rows = np.concatenate([w.reshape(len(w), -1) for w in ways])
    return rows, np.concatenate([classes + 100 * g for g in range(8)])


class OnFeatures(Detector):
    """Fit a detector to features: what a trained trunk makes of the rows, each brought to
    length 1.

    trunk : nn.Module from rows (n, d) to features (n, m). head : an outlier detector; a
    copy is fitted.
    """

    def __init__(self, trunk, head, contamination=0.1, random_state=None):
        self.trunk, self.head = trunk, head
        self.contamination, self.random_state = contamination, random_state

    def features(self, X):
        """Return the features of X (n, d), each row of length 1: float64 (n, m)."""
        weight = next(self.trunk.parameters())
        with torch.no_grad():
            x = torch.as_tensor(X, dtype=weight.dtype, device=weight.device)
            z = self.trunk.eval()(x).double()
            return nn.functional.normalize(z, dim=1).cpu().numpy()

    def _fit(self, X):
        self.head_ = copy.deepcopy(self.head).fit(self.features(X))

    def _anomaly(self, X):
        return -self.head_.score_samples(self.features(X))


class Nearest(Detector):
    """Distance to the mean of the rows given to `fit`."""

    def __init__(self, contamination=0.1, random_state=None):
        self.contamination, self.random_state = contamination, random_state

    def _fit(self, X):
        self.mean_ = X.mean(axis=0)

    def _anomaly(self, X):
        return np.linalg.norm(X - self.mean_, axis=1)


class FineTuned(AutoencoderDetector):
    """Go on with the training of an old autoencoder, on new rows: `old` is fitted, its
    scale is kept, and it stays as it is.
    """

    def __init__(
        self, old=None, epochs=30, batch_size=32, contamination=0.1, **settings
    ):
        super().__init__(
            epochs=epochs,
            batch_size=batch_size,
            contamination=contamination,
            **settings,
        )
        self.old = old

    def _network(self, n_features, dtype):
        return copy.deepcopy(self.old.module_).to(dtype)

    def _learn_scale(self, X):
        self.mean_, self.scale_ = self.old.mean_, self.old.scale_


def trunk(out, side, seed):
    """Make the network that all learners share, its first weights drawn by the seed."""
    with seeded(seed, torch.device("cpu")):
        return few_shot.trunk(out, side)


def meta_learned(
    images,
    classes,
    *,
    seed,
    iterations,
    n_tasks=FORM["n_tasks"],
    device="cpu",
    dtype=None,
):
    """Meta-learn with the recipe of metaad.meta.few_shot from images (n, side, side):
    {name: fitted meta-learner}.

    n_tasks : classes of each step.
    """
    sizes = {"k": FORM["k"], "n_query": FORM["n_query"], "dtype": dtype}
    real = OneClassTasks(images, classes, **sizes)
    tasks = AllPairs(MadeUpTasks(real, **few_shot.BENDING))
    shape = {
        "side": images.shape[1],
        "n_tasks": n_tasks,
        "iterations": iterations,
    }
    return {
        name: few_shot.few_shot(name, **shape, device=device, random_state=seed).fit(
            tasks
        )
        for name in ("OC-ANIL", "Mahalanobis")
    }


def classifier(
    images,
    classes,
    *,
    seed,
    iterations,
    n_tasks=FORM["n_tasks"],
    device="cpu",
    dtype=None,
):
    """Train a plain classifier on as many images per step as the learners see, without
    episodes; return its trunk, the network below the last layer.

    It tells the eight positions of each class apart, see `turned`. n_tasks : as for
    `meta_learned`.
    """
    X, y = turned(images, classes)
    device = resolve_device(device)
    labels = torch.as_tensor(np.unique(y, return_inverse=True)[1], device=device)
    rows = torch.as_tensor(np.ascontiguousarray(X), dtype=dtype, device=device)
    net = trunk(int(labels.max()) + 1, images.shape[1], seed).to(device, rows.dtype)
    adam = torch.optim.Adam(net.parameters(), 3e-3)
    falling = torch.optim.lr_scheduler.CosineAnnealingLR(adam, iterations)
    size = n_tasks * (FORM["k"] + FORM["n_query"])
    rng = np.random.default_rng(seed)
    for _ in range(iterations):
        at = torch.as_tensor(rng.integers(len(rows), size=size), device=device)
        loss = cross_entropy(net.train()(rows[at]), labels[at])
        adam.zero_grad()
        loss.backward()
        adam.step()
        falling.step()
    return without_last(net).eval()


def pca(rows):
    """Return a PCA detector for rows (n, d): all directions, 20 at most."""
    return PCADetector(max(1, min(len(rows) - 2, MOST_DIRECTIONS)))


class Refit:
    """Make an autoencoder of rows (n, d) alone. settings : of AutoencoderDetector."""

    def __init__(self, **settings):
        self.settings = settings

    def __call__(self, rows):
        return AutoencoderDetector(**self.settings).fit(rows)

    def together(self, sets, X):
        many = fit_many(sets, thresholds=False, **self.settings)
        return [anomaly_score(one, X) for one in many]


class Adapt:
    """Make a detector of rows (n, d) by what a meta-learner has learned."""

    def __init__(self, learner):
        self.learner = learner

    def __call__(self, rows):
        return self.learner.adapt(rows)

    def together(self, sets, X):
        tensors = [torch.as_tensor(a) for a in (np.stack(sets), X[None])]
        return list(self.learner.scores(Task(*tensors, y=None)))


class Head:
    """Make a detector in the features of a trunk: see `OnFeatures`.

    head : function from rows (n, d) to an unfitted detector."""

    def __init__(self, trunk, head):
        self.trunk, self.head = trunk, head

    def __call__(self, rows):
        return OnFeatures(self.trunk, self.head(rows)).fit(rows)

    def together(self, sets, X):
        z = OnFeatures(self.trunk, None).features(np.concatenate([X, *sets]))
        own, *parts = np.split(z, np.cumsum([len(X), *map(len, sets)])[:-1])
        return [anomaly_score(self.head(part).fit(part), own) for part in parts]


def scores_of(make, sets, X):
    """Return the anomaly scores of rows X (n, d) by a detector made of each set of rows:
    list of arrays (n,), as one detector after the other gives them, to rounding.

    make : function of rows; its `together`, if it has one, makes all detectors at once
    from sets of the same size (k, d), and computes once what they share.
    """
    if hasattr(make, "together"):
        return make.together(sets, X)
    return [anomaly_score(make(rows), X) for rows in sets]


def from_rows(seed, **autoencoder):
    """Return what learns from the new rows alone: {name: function of rows}."""
    return {
        "refit: autoencoder": Refit(**AUTOENCODER | autoencoder, random_state=seed),
        "refit: forest": lambda rows: IsolationForest(random_state=seed).fit(rows),
        "refit: kNN": lambda rows: KNNDetector(1).fit(rows),
        "refit: PCA": lambda rows: pca(rows).fit(rows),
    }


def from_study(learners, features):
    """Return what has studied other classes: {name: function of rows}.

    learners : of `meta_learned`. features : trunk of `classifier`."""
    found = {f"episodes: {name}": Adapt(one) for name, one in learners.items()}
    heads = {"mean": lambda _: Nearest(), "kNN": lambda _: KNNDetector(1), "PCA": pca}
    for name, head in heads.items():
        found[f"classifier: {name}"] = Head(features, head)
    if "Mahalanobis" in learners:
        net = learners["Mahalanobis"].module_["net"]
        found["episodes, features: PCA"] = Head(without_last(net).eval(), pca)
    return found


def fine_tune(old, seed, **autoencoder):
    """Return the function of rows that goes on with the training of an old autoencoder."""
    made = {**AUTOENCODER, **FINE_TUNING, **autoencoder, "random_state": seed}
    return lambda rows: FineTuned(old, **made).fit(rows)


def fine_tune_many(olds, sets, seed, **autoencoder):
    """Go on with the training of each old autoencoder on its own set of rows, with all
    at the same time: a list of fitted FineTuned without a threshold.
    """
    made = {**AUTOENCODER, **FINE_TUNING, **autoencoder}
    left = iter(olds)

    def one(**settings):
        return FineTuned(next(left), **settings)

    return fit_many(sets, kind=one, random_state=seed, thresholds=False, **made)
