"""Does meta-learning help an autoencoder of ten images? AE-MAML, second and first
order, against the PCA residual.

    python -m metaad.experiments autoencoder_maml

Five folds of two held-out digits on the bundled MNIST images, 14 × 14 pixels, K = 10:
the protocol of lesson 08 on its quick data. Inner loss: rebuild the ten images. Outer
loss: rebuild anomalies worse than normal images. Controls: the same networks with no
inner steps, and the squared distance to the flat through the ten images. Writes
data/results/autoencoder_maml.json. No setting was tuned; after a first look at fold 0
with 200 iterations, where the full gradient did a little better, their number was
halved to save time."""

import copy
import time

import numpy as np
import torch

from metaad import data, metrics
from metaad.detectors import AutoencoderDetector, Detector
from metaad.experiments import record
from metaad.meta import MAML, evaluate
from metaad.tasks import protocol

OUTER = {
    "iterations": 100,
    "n_tasks": 8,
    "learning_rate": 3e-3,
    "schedule": "cosine",
    "device": "cpu",
    "clip": 10.0,
}
INNER = {"steps": 3, "rates": "tensor"}
METHODS = {  # name: settings; 0.1 is the rate at which the learned rates start
    "AE-MAML": {"inner_rate": 0.1},
    "AE-MAML, first order": {"inner_rate": 0.1, "first_order": True},
    "AE-MAML, first order, rate 1": {"inner_rate": 1.0, "first_order": True},
}
EPISODES = 40  # a fold


class PCAResidual(Detector):
    """Squared distance to the flat through all support rows."""

    def __init__(self, contamination=0.1, random_state=None):
        self.contamination, self.random_state = contamination, random_state

    def _fit(self, X):
        self.mean_ = X.mean(axis=0)
        # (k - 1, d)
        self.components_ = np.linalg.svd(X - self.mean_, full_matrices=False)[2][
            : len(X) - 1
        ]

    def _anomaly(self, X):
        Z = X - self.mean_
        return (Z**2).sum(axis=1) - ((Z @ self.components_.T) ** 2).sum(axis=1)


def protocol_of(split):
    """Return the protocol of one fold on images of 14 x 14 pixels."""
    table = data.load("mnist-5k")
    # (5000, 196)
    X = data.pooled(table.X, 2).reshape(len(table.X), -1)
    return protocol("five-folds", X, table.y, split, n_test=40, dtype=torch.float64)


def learned(tasks, settings):
    """Return AE-MAML fitted to the training tasks of a fold."""
    net = AutoencoderDetector((64,), 16)
    return MAML(net, random_state=0, **INNER, **OUTER, **settings).fit(tasks)


def judged(p, losses):
    """Return the detectors of a fold by name, and add to `losses`, a dict from method
    to list, the mean loss of the first and of the last twenty iterations.
    """
    found = {"PCA residual": PCAResidual()}
    for name, settings in METHODS.items():
        try:
            learner = learned(p.train, settings)
        except FloatingPointError as error:
            losses[name].append(str(error).split(".")[0])
            continue
        ends = learner.history_[:20], learner.history_[-20:]
        losses[name].append([float(np.mean(part)) for part in ends])
        found[name] = learner
        found[f"{name}, not adapted"] = still = copy.copy(learner)
        still.steps = 0
    return found


def against_pca(auroc):
    """Return paired differences to the PCA residual over ten held-out digits."""
    pca = auroc["PCA residual"]
    return {
        name: {w: metrics.paired(v, pca[w])._asdict() for w, v in a.items()}
        for name, a in auroc.items()
        if name != "PCA residual" and len(a["others"]) == 10
    }


def run():
    """Run all folds and write data/results/autoencoder_maml.json."""
    began = time.process_time()
    auroc = {}  # name: {where: ten values, one for each held-out digit}
    losses = {name: [] for name in METHODS}  # by fold
    for split in range(5):
        p = protocol_of(split)
        for name, one in judged(p, losses).items():
            for where, tasks in (("others", p.test), ("held_out", p.test_held_out)):
                found = evaluate(one, tasks, EPISODES, 0).by_class()
                values = auroc.setdefault(name, {}).setdefault(where, [])
                values.extend(found[c] for c in p.held_out)
        print("fold", split, f"{time.process_time() - began:.0f} s", flush=True)
    seconds = time.process_time() - began
    content = {
        "what": __doc__.split("\n\n")[2].replace("\n", " "),
        "outer": OUTER,
        "inner": INNER,
        "methods": METHODS,
        "auroc": auroc,
        "losses": losses,
        "seed": 0,
        "episodes_a_fold": EPISODES,
        "against_pca": against_pca(auroc),
        "cpu_seconds": round(seconds, 1),
    }
    lines = [record.command("autoencoder_maml")]
    record.write("autoencoder_maml", content, lines, seconds=seconds)


def parser():
    """Return the parser: this experiment has no options."""
    return record.parser_of("autoencoder_maml", __doc__)


def main(argv=None):
    """Run the experiment, see the module's first lines."""
    parser().parse_args(argv)
    torch.set_num_threads(1)
    run()


if __name__ == "__main__":
    main()
