"""Few-shot one-class recipes for small grey images: one trunk, one way to train it,
five ways to use the support.

    detector = FewShot().fit(images, classes).adapt(ten_images)

What differs between the methods is only what a task does with its few normal images:

| method | the support enters through | adapts by gradient |
| --- | --- | --- |
| ProtoNet | the mean of its embeddings | nothing |
| Mahalanobis | the mean of its embeddings and their variances | nothing |
| PLDA | the mean of its embeddings and their number | nothing |
| OC-ANIL | gradient steps on the loss of "all of this is normal" | the last layer |
| OC-MAML | the same steps | every layer |

`repro.recorded("mt_mnist")` holds what each method reaches with the settings below on
digits that it never saw, and what the other settings that were tried reached. The first
of these were compared on a validation whose anomalies come from the images that the
test draws its own from; the later ones without any test image.
"""

import numpy as np
import torch
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from metaad.meta.mahalanobis import Mahalanobis
from metaad.meta.maml import MAML
from metaad.meta.plda import PLDA
from metaad.meta.protonet import ProtoNet
from metaad.meta.unfreeze import UNFREEZE, fold_batch_norm, unfreeze
from metaad.nets import ConvNet
from metaad.tasks import AllPairs, MadeUpTasks, OneClassTasks
from metaad.train import seeded

METRICS = {"ProtoNet": ProtoNet, "Mahalanobis": Mahalanobis, "PLDA": PLDA}
METHODS = (*METRICS, "OC-ANIL", "OC-MAML")
# the recipe: images of each class in a batch, the outer loop, numbers of support rows
# that one training serves, and the made-up classes
TRAINING = {"k": 10, "n_query": 3}
SETTINGS = {"iterations": 600, "n_tasks": 48, "learning_rate": 3e-3, "average": 0.985}
NESTED = (2, 5, 10)
BENDING = {"share": 5 / 6, "strange": 0.3, "affine": 0.6, "elastic": 0.6}

__all__ = [
    "BENDING",
    "METHODS",
    "NESTED",
    "SETTINGS",
    "TRAINING",
    "UNFREEZE",
    "FewShot",
    "few_shot",
    "fold_batch_norm",
    "trunk",
    "unfreeze",
]


class FewShot(BaseEstimator):
    """Learn from images of known classes; then tell a new class from all others, given
    a few of its images.

    Parameters
    ----------
    method : "Mahalanobis", "ProtoNet", "PLDA" or "OC-ANIL".
    made_up : add made-up classes to the batches, see MadeUpTasks; False bends the real
        images a little and adds none.
    shots : numbers of support images to train for.
    iterations, n_tasks, device, random_state, progress, checkpoint, dtype : see
        MetaLearner.

    Attributes
    ----------
    learner_ : the fitted meta-learner.
    """

    def __init__(
        self,
        method="Mahalanobis",
        made_up=True,
        shots=NESTED,
        iterations=SETTINGS["iterations"],
        n_tasks=SETTINGS["n_tasks"],
        device="auto",
        random_state=None,
        progress=False,
        checkpoint=None,
        dtype=None,
    ):
        self.method = method
        self.made_up = made_up
        self.shots = shots
        self.iterations = iterations
        self.n_tasks = n_tasks
        self.device = device
        self.random_state = random_state
        self.progress = progress
        self.checkpoint = checkpoint
        self.dtype = dtype

    def fit(self, images, classes):
        """Meta-learn from images of known classes. Returns the learner.

        images : array (n, side, side) or (n, side²), values in [0, 1].
        classes : int array (n,), the class of each image, at least two classes of
            k + 3 images, k the largest of `shots`.

        Raises
        ------
        ValueError
            for images that are not square or leave [0, 1], and for classes with too
            few images.
        """
        images = np.asarray(images, dtype=np.float32)
        if not 0 <= images.min() <= images.max() <= 1:
            raise ValueError(
                f"images must have values in [0, 1], got {images.min():g} to "
                f"{images.max():g}; divide grey values of 0 to 255 by 255."
            )
        tasks = self.tasks(images, classes)
        nested = {} if self.method == "OC-ANIL" else {"shots": self.shots}
        learner = few_shot(
            self.method,
            iterations=self.iterations,
            n_tasks=self.n_tasks,
            side=round(tasks.n_features**0.5),
            device=self.device,
            random_state=self.random_state,
            progress=self.progress,
            checkpoint=self.checkpoint,
            dtype=self.dtype,
            **nested,
        )
        self.learner_ = learner.fit(tasks)
        return self

    def tasks(self, images, classes):
        """Make the tasks that the recipe learns from: AllPairs."""
        one_class = OneClassTasks(
            images,
            classes,
            k=max(self.shots),
            n_query=TRAINING["n_query"],
            dtype=torch.float32,
        )
        options = BENDING if self.made_up else BENDING | {"share": 0.0}
        # a gradient step can't take several supports at once: one size per batch
        shots = self.shots if self.method == "OC-ANIL" else None
        return AllPairs(MadeUpTasks(one_class, shots=shots, **options))

    def adapt(self, images, y=None):
        """Adapt to a few images (k, side, side), k >= 2: a fitted FewShotDetector.

        y : array (k,), 1 for an anomaly; None if all are normal.
        """
        check_is_fitted(self, "learner_")
        return self.learner_.adapt(images, y)

    def optimize(self, detector, images, y=None):
        """Apply what was learned to new images, see MetaLearner.optimize.

        `detector` is a network like `learner_.estimator`, and stays as it is.
        """
        check_is_fitted(self, "learner_")
        return self.learner_.optimize(detector, images, y)

    def scores(self, task):
        """Score the queries of a Task, see MetaLearner.scores."""
        check_is_fitted(self, "learner_")
        return self.learner_.scores(task)


def trunk(out=64, side=28):
    """Make the network that all methods share: three strided convolutions with batch
    normalisation, one linear layer.

    Input (n, side²), output (n, out): the embedding.
    """
    net = ConvNet((32, 64, 64), out=out, side=side, batch_norm=True)
    # a quarter less time for the convolutions on a CPU
    return net.to(memory_format=torch.channels_last)


def few_shot(
    method="Mahalanobis",
    *,
    iterations=SETTINGS["iterations"],
    n_tasks=SETTINGS["n_tasks"],
    learning_rate=SETTINGS["learning_rate"],
    average=SETTINGS["average"],
    shots=None,
    steps=3,
    inner_rate=0.02,
    side=28,
    device="auto",
    random_state=None,
    progress=False,
    checkpoint=None,
    dtype=None,
):
    """Make a meta-learner on the shared trunk, not yet fitted: Adam with a cosine
    schedule and averaged weights. FewShot makes its tasks too.

    Parameters
    ----------
    method : "ProtoNet", "Mahalanobis", "PLDA" or "OC-ANIL"; for "OC-MAML" see
        `unfreeze`.
    shots : numbers of support rows that each batch is judged with, of the metric
        learners; OC-ANIL takes supports as they come.
    steps, inner_rate : inner steps of OC-ANIL and where its learned rates start.
    side : height and width of the images.
    iterations, n_tasks, learning_rate, average, device, random_state, progress,
        checkpoint, dtype : see MetaLearner. `random_state` seeds the trunk's first weights
        too.

    Returns
    -------
    ProtoNet, Mahalanobis, PLDA or MAML

    References
    ----------
    [1] Frikha, Krompaß, Köpken and Tresp, Few-Shot One-Class Classification via
        Meta-Learning, AAAI 2021.
    [2] Raghu, Raghu, Bengio and Vinyals, Rapid Learning or Feature Reuse?, ICLR 2020
        (ANIL).
    """
    if method not in METHODS[:4]:
        known = ", ".join(METHODS[:4])
        raise ValueError(
            f"few_shot makes {known} (OC-MAML goes on from OC-ANIL, see unfreeze); got "
            f"{method!r}."
        )
    seed = random_state
    if seed is None:
        seed = int(np.random.default_rng().integers(2**31))
    with seeded(seed, torch.device("cpu")):
        net = trunk(out=1 if method == "OC-ANIL" else 64, side=side)
    common = {
        "iterations": iterations,
        "n_tasks": n_tasks,
        "learning_rate": learning_rate,
        "schedule": "cosine",
        "average": average,
        "device": device,
        "random_state": random_state,
        "progress": progress,
        "checkpoint": checkpoint,
        "dtype": dtype,
    }
    if method in METRICS:
        return METRICS[method](net, shots=shots, **common)
    inner = {"steps": steps, "inner_rate": inner_rate, "rates": "tensor"}
    return MAML(net, layers="last", **inner, **common)
