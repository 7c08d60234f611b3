"""The adversarial game on the bundled digits, small enough for a lesson: five folds of
two held-out digits, 8 x 8 pixels.
"""

import numpy as np
import torch
from sklearn.preprocessing import minmax_scale

from metaad.experiments.images import adversarial_meta as full
from metaad.experiments.images.adversarial_meta_rivals import SupportOnly, pca
from metaad.tasks import protocol

SIZES = (64, 32)
# the settings with the best mean validation in the record; of PCA, eight components
SETTINGS = {
    "generator": {"learning_rate": 3e-3, "margin": 0.5},
    "mixer": {"learning_rate": 3e-3, "margin": 0.5},
    "mixup": {"learning_rate": 3e-2, "margin": 1.5},
    "real": {"learning_rate": 3e-2},
}
COMPONENTS = 8


def folds():
    """Return the five Protocols of the bundled digits, rows (64,) in [0, 1]."""
    X, y = full.images("digits")
    X = minmax_scale(X.ravel()).reshape(X.shape)
    return [protocol("five-folds", X, y, i, dtype=torch.float64) for i in full.FOLDS]


def quick(seed=0, iterations=60):
    """Train every source on every fold; judge the ten digits, each in the fold that
    never saw it.

    Returns
    -------
    ({method: array (10,)}, learners) : AUROC in [0, 1] of each digit as normal among
    all others; and the fitted learners of the last fold by name.
    """
    aurocs = {}
    for p in folds():
        made = {"untrained": full.untrained(p.train, seed, SIZES)}
        for source, settings in SETTINGS.items():
            options = settings | {"iterations": iterations}
            made[source] = full.learner(p.train, source, seed, SIZES, **options)
        made["PCA, ten images"] = SupportOnly(pca, COMPONENTS)
        for name, one in made.items():
            aurocs.setdefault(name, []).extend(full.auroc(one, p.test).values())
    learners = {n: made[n] for n in SETTINGS}
    return {n: np.array(values) for n, values in aurocs.items()}, learners


def proposed(learners, n=6, seed=0):
    """Draw normal images of the last fold, and what each source proposes beside them.

    Returns
    -------
    (normal, {source: (images, scores)}) : arrays (n, 8, 8), and (n,) the probability of
    "anomaly" that the source's own detector gives; NaN for a proposal too near to a
    normal image.
    """
    tasks = folds()[-1].train
    drawn = tasks.sample(len(tasks.normal), seed)
    found = {}
    for source in ("generator", "mixer", "mixup"):
        one = learners[source]
        task = one.prepared(drawn)
        with full.seeded(seed, one.device_), torch.no_grad():
            rows, far = one.proposals(task)
            scores = one.adapted(task.support)(rows)[..., 0].sigmoid()
        scores[far == 0] = torch.nan
        found[source] = _pictures(rows[:n, 0]), scores[:n, 0].numpy()
    return _pictures(drawn.query[:n, 0]), found


def _pictures(rows):
    side = round(rows.shape[-1] ** 0.5)
    return rows.numpy().reshape(-1, side, side)
