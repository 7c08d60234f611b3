"""Which part of meta-learning tells a new digit from all others? Two protocols over all
of MNIST.

    python -m metaad.experiments mt_mnist --seeds 0 1 2 --parts DIR
    python -m metaad.experiments mt_mnist --protocol five-folds --parts DIR
    python -m metaad.experiments mt_mnist --protocol pairs --parts DIR
        each of one variant, --variant Mahalanobis/all unless told otherwise
    python -m metaad.experiments mt_mnist_report --parts DIR
        puts everything in DIR together: data/results/mt_mnist.json

mt-mnist, the protocol of Frikha et al. 2021: split i (0 to 8) tests on digit i as
normal against all nine others, among them digit 9, which validates; training sees the
other eight digits alone. Its test takes the first 5,000 test images and its validation
the last 5,000, as in the paper's code; --test-images shared lets both draw on all of
them, as the recorded run did. five-folds, the protocol of lesson 08: fold i holds out the
digits 2i and 2i + 1, anomalies are all other digits or the other held-out one. Test
images are MNIST's 10,000 test images. Accuracy is at each detector's native threshold
on a balanced query. All variants are judged on the same episodes, which pairs them; the
units of every interval are the digits, not the episodes.

pairs chooses settings and thresholds, without any test image: two of the digits 0 to 8,
and 9, are kept out of training, so that each of the two can be the normal digit among
anomalies of which one, the 9, was never seen either, as in mt-mnist's test. Its last
10,000 training images stand for the test images.

A variant is a method and the classes it learns from, e.g. ProtoNet/all:

- all: five of six classes of each batch are made up. no-turns: the same without
  rotations and mirror images, which turn a 6 into a held-out 9. no-doodles: without
  those that no digit gave its ink for. bent: real digits only, every image bent a
  little. plain: real digits as they are.
- OC-SVM/pixels, OC-SVM/pca, IsolationForest/pixels, IsolationForest/pca learn from the
  support alone.

All train on all-pairs batches (metaad.tasks.all_pairs), but for the second half of
OC-MAML, where the layers differ from task to task. One file per split and seed is written
into DIR, beside it the scores; those that are there and made from the same are skipped."""

import copy
import time
from pathlib import Path

import numpy as np
import torch
from sklearn.decomposition import PCA
from sklearn.ensemble import IsolationForest
from sklearn.svm import OneClassSVM

from metaad import data
from metaad.detectors import anomaly_score
from metaad.experiments import record
from metaad.experiments.images.mt_mnist_judge import (
    KEPT_OUT,
    MOVED,
    MOVES,
    SPLITS,
    TEST_IMAGES,
    embedded,
    judge_all,
    part,
)
from metaad.experiments.parts import stored
from metaad.meta.few_shot import (
    BENDING,
    NESTED,
    SETTINGS,
    TRAINING,
    UNFREEZE,
    few_shot,
    unfreeze,
)
from metaad.repro import cache
from metaad.tasks import OneClassTasks, protocol
from metaad.tasks.all_pairs import AllPairs
from metaad.tasks.made_up import MadeUpTasks

CLASSES = {
    "all": {},
    "no-turns": {"kinds": ("warp", "splice", "overlay", "doodle")},
    "no-doodles": {"kinds": ("warp", "splice", "overlay", "turn")},
    "bent": {"share": 0.0},
    "plain": {"share": 0.0, "affine": 0.0, "elastic": 0.0},
}
SUPPORT_ONLY = {
    "OC-SVM": lambda seed: OneClassSVM(gamma="scale", nu=0.1),
    "IsolationForest": lambda seed: IsolationForest(random_state=seed),
}
BEST = "Mahalanobis/all"


class SupportOnly:
    """A scikit-learn detector, fitted to every support afresh, on pixels or on the
    support's principal components.
    """

    def __init__(self, make, features, seed):
        self.make, self.features, self.seed, self.seconds = make, features, seed, 0.0

    def scores(self, task):
        """Return scores (n_tasks, q), positive for what is called an anomaly."""
        found = np.empty(task.query.shape[:2])
        for i, (support, query) in enumerate(
            zip(task.support.numpy(), task.query.numpy(), strict=True)
        ):
            if self.features == "pca":
                # as many components as explain 95 % of the variance
                pca = PCA(0.95, svd_solver="full").fit(support)
                support, query = pca.transform(support), pca.transform(query)
            detector = self.make(self.seed).fit(support)
            found[i] = anomaly_score(detector, query) + np.ravel(detector.offset_)
        return found


def learn(method, classes, tasks, seed):
    """Return fitted learners of the training tasks of one split, by method: OC-MAML goes
    on from OC-ANIL, so it has both.
    """
    if method in SUPPORT_ONLY:
        return {method: SupportOnly(SUPPORT_ONLY[method], classes, seed)}
    options = (
        BENDING
        | CLASSES[classes]
        | ({"shots": NESTED} if method in ("OC-ANIL", "OC-MAML") else {})
    )
    tasks = MadeUpTasks(tasks, **options)
    first = "OC-ANIL" if method == "OC-MAML" else method
    began = time.process_time()
    learner = few_shot(
        first, **SETTINGS, shots=NESTED, device="cpu", random_state=seed
    ).fit(AllPairs(tasks))
    learner.seconds = time.process_time() - began
    if method == "OC-ANIL":
        control = copy.copy(learner)
        # how far does familiarity with the digits of the training get?
        control.steps = 0
        return {method: learner, "OC-ANIL, no steps": control}
    if method != "OC-MAML":
        return {method: learner}
    unfrozen = unfreeze(learner, **UNFREEZE).fit(tasks)
    unfrozen.seconds = time.process_time() - began
    return {first: learner, method: unfrozen}


def images(name):
    """Return MNIST's images (n, 784), digits (n,), and which are for training (n,).

    The protocol pairs sees no test image: its last 10,000 training images stand for
    them."""
    table = data.load("mnist")
    X = table.X.reshape(len(table.X), -1).astype(np.float32)
    y, train = table.y, table.train
    if name == "pairs":
        X, y = X[train], y[train]
        train = np.arange(len(y)) < len(y) - 10_000
    return X, y, train


def training(name, X, y, train, split):
    """Return the tasks that a split trains on."""
    if name != "pairs":
        return protocol(name, X, y, split, train=train, **TRAINING).train
    seen = [d for d in range(9) if d not in KEPT_OUT[split]]
    return OneClassTasks(X[train], y[train], normal=seen, anomalous=seen, **TRAINING)


def run(name, variant, splits, seeds, parts, n_episodes, test_images="halves"):
    """Learn and judge a variant on splits and seeds; what lies in parts is skipped, if
    it was made from the same. test_images : see `mt_mnist_judge.images_of`.
    """
    method, classes = variant.split("/")
    parts.mkdir(parents=True, exist_ok=True)
    X, y, train = images(name)
    of = {"images": cache.key(X=X, y=y, train=train), "protocol": name}
    of |= {"classes": classes, "episodes": n_episodes, "test images": test_images}
    results = (variant, variant + MOVED) if variant == BEST else (variant,)
    for seed in seeds:
        for split in splits if splits else range(SPLITS[name]):
            # OC-MAML makes OC-ANIL's files too: the method is in their names alone
            key = cache.key(code=[learn], split=split, seed=seed, **of)
            paths = [part(parts, name, v, split, seed) for v in results]
            if all(stored(path, key) for path in paths):
                continue
            tasks = training(name, X, y, train, split)
            about = {"protocol": name, "split": split, "seed": seed, "key": key}
            about["test images"] = test_images
            for m, learner in learn(method, classes, tasks, seed).items():
                result = about | {"variant": f"{m}/{classes}"}
                judge_learner(learner, X[~train], y[~train], result, parts, n_episodes)


def judge_learner(learner, X, y, result, parts, n_episodes):
    """Judge one learner on the test images, the best variant moved too: its files."""
    name, split, seed = result["protocol"], result["split"], result["seed"]
    rest, Z = embedded(learner, X)
    # a learner of which nothing is shared judges image by image
    n = n_episodes if rest is not learner else n_episodes // 5
    result |= {"episodes": n, "seconds": learner.seconds}
    judge_all(rest, Z, y, result, part(parts, name, result["variant"], split, seed))
    if result["variant"] == BEST:
        result["variant"] += MOVED
        path = part(parts, name, result["variant"], split, seed)
        judge_all(*embedded(learner, X, MOVES), y, result, path)
    spent = f"{learner.seconds:.0f} s"
    print(result["variant"], "split", split, "seed", seed, spent, flush=True)


def parser():
    """Return the parser of this experiment's options."""
    found = record.parser_of("mt_mnist", __doc__)
    found.add_argument("--protocol", choices=tuple(SPLITS), default="mt-mnist")
    found.add_argument("--variant", default=BEST)
    found.add_argument("--splits", type=int, nargs="+", help="all unless given")
    found.add_argument("--seeds", type=int, nargs="+", default=[0])
    found.add_argument("--parts", type=Path, required=True)
    found.add_argument("--episodes", type=int, default=200)
    found.add_argument(
        "--test-images",
        choices=TEST_IMAGES,
        default="halves",
        help="halves: the test takes the first half, the validation the second",
    )
    return found


def main(argv=None):
    """Run one variant of one protocol."""
    asked = parser().parse_args(argv)
    torch.set_num_threads(1)
    which = asked.protocol, asked.variant, asked.splits, asked.seeds
    run(*which, asked.parts, asked.episodes, asked.test_images)


if __name__ == "__main__":
    main()
