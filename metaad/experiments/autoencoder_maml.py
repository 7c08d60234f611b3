"""Does meta-learning help an autoencoder of ten images? AE-MAML, second and first
order, against the PCA residual.

    python -m metaad.experiments.autoencoder_maml

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

from metaad import data, metrics, repro
from metaad.detectors import AutoencoderDetector, Detector
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


def run():
    table = data.load("mnist-5k")
    # (5000, 196)
    X = table.X.reshape(-1, 14, 2, 14, 2).mean(axis=(2, 4)).reshape(len(table.X), -1)
    began = time.process_time()
    auroc = {}  # name: {where: ten values, one a held-out digit}
    # mean outer loss of the first and the last twenty iterations, by fold
    losses = {name: [] for name in METHODS}
    for split in range(5):
        p = protocol("five-folds", X, table.y, split, n_test=40, dtype=torch.float64)
        judged = {"PCA residual": PCAResidual()}
        for name, settings in METHODS.items():
            learner = MAML(
                AutoencoderDetector((64,), 16),
                random_state=0,
                **INNER,
                **OUTER,
                **settings,
            )
            try:
                learner.fit(p.train)
            except FloatingPointError as error:
                losses[name].append(str(error).split(".")[0])
                continue
            losses[name].append(
                [
                    float(np.mean(part))
                    for part in (learner.history_[:20], learner.history_[-20:])
                ]
            )
            judged[name] = learner
            judged[f"{name}, not adapted"] = still = copy.copy(learner)
            still.steps = 0
        for name, one in judged.items():
            for where, tasks in (("others", p.test), ("held_out", p.test_held_out)):
                found = evaluate(one, tasks, EPISODES, 0).by_class()
                auroc.setdefault(name, {}).setdefault(where, []).extend(
                    found[c] for c in p.held_out
                )
        print(
            split,
            {
                n: [round(float(np.mean(v[-2:])), 3) for v in a.values()]
                for n, a in auroc.items()
            },
            flush=True,
        )
    results = {
        "what": __doc__.split("\n\n")[2].replace("\n", " "),
        "outer": OUTER,
        "inner": INNER,
        "methods": METHODS,
    }
    results |= {
        "auroc": auroc,
        "losses": losses,
        "seed": 0,
        "episodes_a_fold": EPISODES,
    }
    results["against_pca"] = {
        name: {
            w: metrics.paired(v, auroc["PCA residual"][w])._asdict()
            for w, v in a.items()
        }
        for name, a in auroc.items()
        if name != "PCA residual" and len(a["others"]) == 10
    }
    results["cpu_seconds"] = round(time.process_time() - began, 1)
    fingerprint = repro.Run("autoencoder_maml", "full", 0, "cpu", {}).fingerprint()
    results["run"] = {n: fingerprint[n] for n in ("versions", "cpu", "threads")}
    repro.write_json(repro.results_dir() / "autoencoder_maml.json", results)


if __name__ == "__main__":
    torch.set_num_threads(1)
    run()
