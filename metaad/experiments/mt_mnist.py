"""Which part of meta-learning tells a new digit from all others? Two protocols over all
of MNIST.

    python -m metaad.experiments.mt_mnist --variant Mahalanobis/all --seeds 0 1 2 \\
        --parts DIR
    python -m metaad.experiments.mt_mnist --protocol five-folds \\
        --variant Mahalanobis/all --seeds 0 1 2 --parts DIR
    python -m metaad.experiments.mt_mnist --protocol pairs --variant Mahalanobis/all \\
        --parts DIR
    python -m metaad.experiments.mt_mnist_report --parts DIR

mt-mnist, the protocol of Frikha et al. 2021: split i (0 to 8) tests on digit i as
normal against all nine others, among them digit 9, which validates; training sees the
other eight digits alone. five-folds, the protocol of lesson 08: fold i holds out the
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
OC-MAML, where the layers differ from task to task. One file a split and seed is written
into DIR, beside it the scores; those that are there are skipped."""

import argparse
import copy
import time
from collections import OrderedDict
from pathlib import Path

import numpy as np
import torch
from sklearn.decomposition import PCA
from sklearn.ensemble import IsolationForest
from sklearn.svm import OneClassSVM
from torch import nn

from metaad import data, repro
from metaad.detectors import anomaly_score
from metaad.meta import MAML
from metaad.meta.evaluation import auroc_of_tasks, balanced_accuracy
from metaad.meta.few_shot import (
    BENDING,
    NESTED,
    SETTINGS,
    TRAINING,
    UNFREEZE,
    few_shot,
    unfreeze,
)
from metaad.tasks import PROTOCOLS, OneClassTasks, protocol
from metaad.tasks.all_pairs import AllPairs
from metaad.tasks.made_up import MadeUpTasks

SHOTS = (2, 10)
QUERY = 100  # normal rows of a test query, and as many anomalies
SPLITS = PROTOCOLS | {"pairs": 5}
KEPT_OUT = [(0, 1), (2, 3), (4, 5), (6, 7), (3, 8)]  # splits of the protocol pairs
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
# embeddings are means over the image as it is and moved by a pixel, up, down, left and
# right
MOVED = ", moved"
MOVES = ((0, 0), (1, 0), (-1, 0), (0, 1), (0, -1))


class SupportOnly:
    """A scikit-learn detector fitted to every support afresh, on pixels or on the
    support's principal components.
    """

    def __init__(self, make, features, seed):
        self.make, self.features, self.seed, self.seconds = make, features, seed, 0.0

    def scores(self, task):
        """Positive for what the detector calls an anomaly: array (n_tasks, q)."""
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
    """Fitted learners of the training tasks of one split, by method: OC-MAML goes on
    from OC-ANIL, so it has both.
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


def embedded(learner, X, moves=((0, 0),)):
    """What a learner's tasks share is computed once: the layers below those that adapt,
    on all rows.

    Returns the rest of the learner, and the features (n, m) it takes: their mean over
    images moved by `moves`, pixels (down, right). Where every layer adapts: the rows as
    they came."""
    if isinstance(learner, SupportOnly) or getattr(learner, "layers", None) == "all":
        return learner, X
    net = learner.module_["net"].eval()
    cut = len(net) - (1 if isinstance(learner, MAML) else 0)
    rest = copy.copy(learner)
    # keeps the layers' names
    upper = nn.Sequential(OrderedDict(list(net.named_children())[cut:]))
    rest.module_ = nn.ModuleDict({**dict(learner.module_.items()), "net": upper})
    lower = nn.Sequential(*list(net)[:cut])
    with torch.no_grad():
        return rest, sum(
            torch.cat(
                [
                    lower(torch.as_tensor(part))
                    for part in np.array_split(moved(X, *move), 20)
                ]
            ).numpy()
            for move in moves
        ) / len(moves)


def moved(X, down, right):
    """Square images (n, d) moved by whole pixels; what enters is empty."""
    side = round(X.shape[1] ** 0.5)
    padded = np.pad(X.reshape(-1, side, side), ((0, 0), (1, 1), (1, 1)))
    return padded[:, 1 - down : 1 - down + side, 1 - right : 1 - right + side].reshape(
        X.shape
    )


def judge(learner, X, y, k, digit, anomalous, n_episodes):
    """Adapt to episodes with one digit as normal, judge their queries: see `summarise`.

    X : array (n, m), what the learner takes. y : the digits (n,). anomalous : digits
    that anomalies come from."""
    of = {"k": k, "n_query": QUERY, "normal": (digit,), "anomalous": anomalous}
    # the twin's one pixel is the digit
    tasks, twin = OneClassTasks(X, y, **of), OneClassTasks(y[:, None], y, **of)
    kept = []
    for start in range(0, n_episodes, 10):
        task, digits = (
            t.sample(10, np.random.default_rng(start)) for t in (tasks, twin)
        )
        kept.append(
            (learner.scores(task), task.y.numpy(), digits.query[..., 0].numpy())
        )
    return summarise(*(np.concatenate(a) for a in zip(*kept, strict=True)))


def summarise(scores, y, digits):
    """Accuracy at the threshold 0, AUROC, the share called normal of each digit; the
    scores too, for ensembles.

    scores, y, digits : arrays (n_episodes, q).
    """
    normal = [
        float((scores <= 0)[digits == d].mean()) if (digits == d).any() else None
        for d in range(10)
    ]
    return {
        "accuracy": float(balanced_accuracy(y, scores > 0).mean()),
        "auroc": float(auroc_of_tasks(y, scores).mean()),
        "called_normal": normal,
    }, (scores.astype(np.float32), y, digits)


def judgements(name, split):
    """What is judged in a split: its name, the normal digit, the digits of the
    anomalies (None: all others).
    """
    if name == "mt-mnist":
        return [
            ("test", split, None),
            ("validation", 9, tuple(d for d in range(9) if d != split)),
        ]
    if name == "pairs":
        others = tuple(d for d in range(10) if d not in KEPT_OUT[split])
        return [("unseen", d, others) for d in KEPT_OUT[split]]
    a, b = 2 * split, 2 * split + 1
    return [
        ("others", a, None),
        ("others", b, None),
        ("held-out", a, (b,)),
        ("held-out", b, (a,)),
    ]


def run(name, variant, splits, seeds, parts, n_episodes):
    method, classes = variant.split("/")
    parts.mkdir(parents=True, exist_ok=True)
    table = data.load("mnist")
    X, y, train = (
        table.X.reshape(len(table.X), -1).astype(np.float32),
        table.y,
        table.train,
    )
    if name == "pairs":  # no test image chooses a setting
        X, y, train = X[train], y[train], np.arange(train.sum()) < train.sum() - 10_000
    for seed in seeds:
        for split in splits if splits else range(SPLITS[name]):
            results = (variant, variant + MOVED) if variant == BEST else (variant,)
            if all(part(parts, name, v, split, seed).exists() for v in results):
                continue
            tasks = training(name, X, y, train, split)
            for m, learner in learn(method, classes, tasks, seed).items():
                result = {
                    "protocol": name,
                    "variant": f"{m}/{classes}",
                    "split": split,
                    "seed": seed,
                }
                path = part(parts, name, result["variant"], split, seed)
                rest, Z = embedded(learner, X[~train])
                # they judge image by image
                n = n_episodes if rest is not learner else n_episodes // 5
                result |= {"episodes": n, "seconds": learner.seconds}
                judge_all(rest, Z, y[~train], result, path)
                if result["variant"] == BEST:
                    result["variant"] += MOVED
                    path = part(parts, name, result["variant"], split, seed)
                    judge_all(
                        *embedded(learner, X[~train], MOVES), y[~train], result, path
                    )
                print(
                    f"{result['variant']} split {split} seed {seed}, {learner.seconds:.0f} s",
                    flush=True,
                )


def judge_all(learner, X, y, result, path):
    """All judgements of a split into `result` and its file; the scores of the test
    beside it.
    """
    for k in SHOTS:
        for what, digit, anomalous in judgements(result["protocol"], result["split"]):
            found, scores = judge(
                learner, X, y, k, digit, anomalous, result["episodes"]
            )
            result.setdefault(f"{what}-{k}", {})[str(digit)] = found
            if what in ("test", "unseen"):
                np.savez(scores_file(path, k, digit), *scores)
    repro.write_json(path, result)


def training(name, X, y, train, split):
    """The tasks that a split trains on."""
    if name != "pairs":
        return protocol(name, X, y, split, train=train, **TRAINING).train
    seen = [d for d in range(9) if d not in KEPT_OUT[split]]
    return OneClassTasks(X[train], y[train], normal=seen, anomalous=seen, **TRAINING)


def part(parts, name, variant, split, seed):
    """The file of one protocol, variant, split and seed."""
    return (
        parts
        / f"{name}-{variant.replace('/', '-').replace(', ', '-')}-{split}-{seed}.json"
    )


def scores_file(path, k, digit):
    """Where the scores lie that go with a part: of one number of shots and one
    normal digit.
    """
    return path.with_suffix(f".{k}.{digit}.npz")


def scores_of(path, k, digit):
    """Scores, labels and digits of a part's episodes: three arrays (n_episodes, q)."""
    with np.load(scores_file(path, k, digit)) as kept:
        return kept["arr_0"], kept["arr_1"], kept["arr_2"]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--protocol", choices=tuple(SPLITS), default="mt-mnist")
    parser.add_argument("--variant", default=BEST)
    parser.add_argument("--splits", type=int, nargs="+", help="all unless given")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--parts", type=Path, required=True)
    parser.add_argument("--episodes", type=int, default=200)
    asked = parser.parse_args()
    torch.set_num_threads(1)
    of = (
        asked.protocol,
        asked.variant,
        asked.splits,
        asked.seeds,
        asked.parts,
        asked.episodes,
    )
    run(*of)
