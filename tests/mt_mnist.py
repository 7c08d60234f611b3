"""MT-MNIST, the protocol of Frikha et al. 2021: which part of meta-learning tells a new digit from all others?

    python tests/mt_mnist.py run --variant PLDA/all --seeds 0 1 2 --parts DIR
    python tests/mt_mnist.py report --parts DIR

Split i (0 to 8) tests on digit i as normal against all nine others, among them digit 9, which validates; training
sees the other eight digits alone. Test images are MNIST's 10,000 test images. Accuracy is at each detector's native
threshold on a balanced query. All variants are judged on the same sequence of episodes, which pairs them; the units of
every interval are the nine digits, not the episodes.

A variant is a method and the classes it learns from, e.g. PLDA/all:

- all: half of the tasks on made-up classes. no-turns: the same without rotations and mirror images, which turn a 6
  into a held-out 9. bent: real digits only, every image bent a little. plain: real digits as they are.
- OC-SVM/pixels, OC-SVM/pca, IsolationForest/pixels, IsolationForest/pca learn from the support alone.

`run` writes one file a split and seed into DIR and skips those that are there; `report` puts them together into
data/results/mt_mnist.json.
"""

import argparse
import json
import time
from pathlib import Path

import numpy as np
import torch
from sklearn.decomposition import PCA
from sklearn.ensemble import IsolationForest
from sklearn.svm import OneClassSVM

from metaad import data, metrics, repro
from metaad.detectors import anomaly_score
from metaad.meta.evaluation import auroc_of_tasks, balanced_accuracy
from metaad.meta.made_up import MadeUpTasks
from metaad.meta.recipes import few_shot, unfreeze
from metaad.tasks import OneClassTasks, protocol

SHOTS = (2, 10)
TRAINING = {"k": 5, "n_query": 5}  # PLDA knows how many rows it was given: one training serves every number of shots
SETTINGS = {"iterations": 250, "n_tasks": 16, "learning_rate": 3e-3, "average": 0.98}
UNFREEZE = {"iterations": 60, "n_tasks": 8, "learning_rate": 5e-4, "inner_rate": 0.01}
CLASSES = {
    "all": {},
    "no-turns": {"kinds": ("warp", "splice", "overlay")},
    "bent": {"share": 0.0},
    "plain": {"share": 0.0, "affine": 0.0, "elastic": 0.0},
}
SUPPORT_ONLY = {
    "OC-SVM": lambda seed: OneClassSVM(gamma="scale", nu=0.1),
    "IsolationForest": lambda seed: IsolationForest(random_state=seed),
}
PAIRS = [
    ("OC-SVM/pixels", "OC-SVM/pca"),
    ("IsolationForest/pixels", "IsolationForest/pca"),
    ("PLDA/all", "PLDA/no-turns"),
    ("PLDA/all", "PLDA/bent"),
    ("PLDA/bent", "PLDA/plain"),
    ("PLDA/all", "ProtoNet/all"),
    ("PLDA/all", "OC-ANIL/all"),
    ("PLDA/all", "OC-MAML/all"),
    ("PLDA/bent", "OC-ANIL/bent"),
    ("OC-ANIL/all", "OC-ANIL/bent"),
    ("OC-MAML/all", "OC-ANIL/all"),
    ("ProtoNet/all", "OC-ANIL/all"),
]
PAPER = {"OC-MAML": {"2": 0.880, "10": 0.951}}  # Frikha et al. 2021, MT-MNIST, c = 0 %, mean of nine splits


class SupportOnly:
    """A scikit-learn detector fitted to every support afresh, on pixels or on the support's principal components."""

    def __init__(self, make, features, seed):
        self.make, self.features, self.seed, self.seconds = make, features, seed, 0.0

    def scores(self, task):
        """Positive for what the detector calls an anomaly: array (n_tasks, q)."""
        found = np.empty(task.query.shape[:2])
        for i, (support, query) in enumerate(zip(task.support.numpy(), task.query.numpy(), strict=True)):
            if self.features == "pca":
                pca = PCA(0.95, svd_solver="full").fit(support)  # as many components as explain 95 % of the variance
                support, query = pca.transform(support), pca.transform(query)
            detector = self.make(self.seed).fit(support)
            found[i] = anomaly_score(detector, query) + np.ravel(detector.offset_)
        return found


def learn(method, classes, tasks, seed):
    """Fitted learners of the training tasks of one split, by method: OC-MAML goes on from OC-ANIL, so it has both."""
    if method in SUPPORT_ONLY:
        return {method: SupportOnly(SUPPORT_ONLY[method], classes, seed)}
    tasks = MadeUpTasks(tasks, **CLASSES[classes])
    first = "OC-ANIL" if method == "OC-MAML" else method
    began = time.process_time()
    learner = few_shot(first, **SETTINGS, device="cpu", random_state=seed).fit(tasks)
    learner.seconds = time.process_time() - began
    if method != "OC-MAML":
        return {method: learner}
    unfrozen = unfreeze(learner, **UNFREEZE).fit(tasks)
    unfrozen.seconds = time.process_time() - began
    return {first: learner, method: unfrozen}


def judge(learner, tasks, of_row, n_episodes):
    """Adapt to each episode, judge its query: see `summarise`.

    of_row : the tasks' `twin`.
    """
    kept = []
    for start in range(0, n_episodes, 10):
        task, digits = (t.sample(10, np.random.default_rng(start)) for t in (tasks, of_row))
        scores, y = learner.scores(task), task.y.numpy()
        kept.append((scores, y, digits.query[..., 0].numpy()))
    return summarise(*(np.concatenate(a) for a in zip(*kept, strict=True)))


def summarise(scores, y, digits):
    """Accuracy at the threshold 0, AUROC, the share called normal of each digit; the scores too, for ensembles.

    scores, y, digits : arrays (n_episodes, q).
    """
    normal = [float((scores <= 0)[digits == d].mean()) if (digits == d).any() else None for d in range(10)]
    return {
        "accuracy": float(balanced_accuracy(y, scores > 0).mean()),
        "auroc": float(auroc_of_tasks(y, scores).mean()),
        "called_normal": normal,
    }, (scores, y, digits)


def run(variant, splits, seeds, parts, n_episodes):
    method, classes = variant.split("/")
    parts.mkdir(parents=True, exist_ok=True)
    table = data.load("mnist")
    X, y, train = table.X.reshape(len(table.X), -1).astype(np.float32), table.y, table.train
    for seed in seeds:
        for split in splits:
            if part(parts, variant, split, seed).exists():
                continue
            training = protocol("mt-mnist", X, y, split, train=train, **TRAINING).train
            for name, learner in learn(method, classes, training, seed).items():
                result = {"variant": f"{name}/{classes}", "split": split, "seed": seed, "episodes": n_episodes}
                result["seconds"] = learner.seconds
                path = part(parts, result["variant"], split, seed)
                for k in SHOTS:
                    p = protocol("mt-mnist", X, y, split, train=train, k=k)
                    judged = {"test": (p.test, n_episodes), "validation": (p.validation, n_episodes // 2)}
                    for what, (tasks, n) in judged.items():
                        result[f"{what}-{k}"], scores = judge(learner, tasks, twin(tasks, y[~train]), n)
                        if what == "test":
                            np.savez(path.with_suffix(f".{k}.npz"), *scores)
                    if getattr(learner, "steps", 0):
                        kept, learner.steps = learner.steps, 0
                        result[f"no-steps-{k}"], _ = judge(learner, p.test, twin(p.test, y[~train]), n_episodes // 2)
                        learner.steps = kept
                repro.write_json(path, result)
                shown = ", ".join(f"K={k} {result[f'validation-{k}']['accuracy']:.3f}" for k in SHOTS)
                print(f"{result['variant']} split {split} seed {seed}: validation {shown}", flush=True)


def part(parts, variant, split, seed):
    """The file of one variant, split and seed."""
    return parts / f"{variant.replace('/', '-')}-{split}-{seed}.json"


def twin(tasks, y):
    """Tasks over the same rows, whose one pixel is the row's digit: the same draws tell the digits of the images."""
    return OneClassTasks(
        y[:, None], y, k=tasks.k, n_query=tasks.n_query, n_anomalies=tasks.n_anomalies, normal=tasks.normal,
        anomalous=tasks.anomalous,
    )  # fmt: skip


def together(parts, variant, split, seeds):
    """An ensemble: the mean score of the learners of all seeds, on the same episodes."""
    result = {
        "seconds": sum(p[split]["seconds"] for p in seeds.values()),
        "episodes": next(iter(seeds.values()))[split]["episodes"],
    }
    for k in SHOTS:
        files = [np.load(part(parts, variant, split, seed).with_suffix(f".{k}.npz")) for seed in seeds]
        scores = np.mean([f["arr_0"] for f in files], axis=0)
        result[f"test-{k}"], _ = summarise(scores, files[0]["arr_1"], files[0]["arr_2"])
    return result


def report(parts):
    """Everything that was run, put together."""
    found = {}
    for path in sorted(parts.glob("*.json")):
        one = json.loads(path.read_text(encoding="utf-8"))
        found.setdefault(one["variant"], {}).setdefault(one["seed"], {})[one["split"]] = one
    found = {v: {s: p for s, p in seeds.items() if len(p) == 9} for v, seeds in found.items()}
    for v in [v for v, seeds in found.items() if len(seeds) > 1 and v.split("/")[0] not in SUPPORT_ONLY]:
        found[f"{v} together"] = {0: {i: together(parts, v, i, found[v]) for i in range(9)}}
    found = {v: seeds for v, seeds in found.items() if seeds}  # an interval over digits needs all nine

    def by_digit(variant, what, measure):
        """Mean over seeds, one value a test digit: array (9,)."""
        return np.mean([[p[i][what][measure] for i in range(9)] for p in found[variant].values()], axis=0)

    def summary(variant):
        first = next(iter(found[variant].values()))
        seconds = [p[i]["seconds"] for p in found[variant].values() for i in range(9)]
        out = {
            "seeds": sorted(found[variant]),
            "episodes_a_digit": first[0]["episodes"],
            "seconds_a_split": round(float(np.mean(seconds)), 1),
        }
        for what in [w for w in first[0] if isinstance(first[0][w], dict)]:
            out[what] = {}
            for measure in ("accuracy", "auroc"):
                values = by_digit(variant, what, measure)
                seeds = [float(np.mean([p[i][what][measure] for i in range(9)])) for p in found[variant].values()]
                out[what][measure] = {
                    **metrics.bootstrap(values)._asdict(), "by_digit": np.round(values, 4).tolist(),
                    "by_seed": np.round(seeds, 4).tolist(),
                }  # fmt: skip
        return out

    def confusions(variant, k):
        """Share called normal, rows: the normal digit 0 to 8; columns: the image's digit 0 to 9."""
        rows = [[p[i][f"test-{k}"]["called_normal"] for i in range(9)] for p in found[variant].values()]
        return np.round(np.mean(np.array(rows, dtype=float), axis=0), 4).tolist()

    differences = {
        f"{a} - {b}": {
            f"{measure}-{k}": metrics.paired(*(by_digit(v, f"test-{k}", measure) for v in (a, b)))._asdict()
            for k in SHOTS
            for measure in ("accuracy", "auroc")
        }
        for a, b in PAIRS
        if a in found and b in found
    }
    fingerprint = repro.Run("mt_mnist", "full", 0, "cpu", {}).fingerprint()
    path = repro.results_dir() / "mt_mnist.json"
    repro.write_json(
        path,
        {
            "what": __doc__.split("\n\n")[2].replace("\n", " "),
            "paper": PAPER,
            "settings": {"training": {**TRAINING, **SETTINGS}, "OC-MAML": UNFREEZE, "classes": CLASSES, "shots": SHOTS},
            "variants": {v: summary(v) for v in found},
            "differences": differences,
            "called_normal": {v: {str(k): confusions(v, k) for k in SHOTS} for v in found},
            "run": {n: fingerprint[n] for n in ("versions", "cpu", "threads")},
        },
    )
    for v in found:
        s = summary(v)
        line = ", ".join(
            f"K={k} {s[f'test-{k}']['accuracy']['value']:.3f} ({s[f'test-{k}']['auroc']['value']:.3f})" for k in SHOTS
        )
        print(f"{v:24s} {len(s['seeds'])} seed(s), accuracy (AUROC): {line}, {s['seconds_a_split']} s a split")
    print(f"written to {path.name}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("do", choices=("run", "report"))
    parser.add_argument("--variant", default="PLDA/all")
    parser.add_argument("--splits", type=int, nargs="+", default=list(range(9)))
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--parts", type=Path, required=True)
    parser.add_argument("--episodes", type=int, default=100)
    asked = parser.parse_args()
    torch.set_num_threads(1)
    report(asked.parts) if asked.do == "report" else run(
        asked.variant, asked.splits, asked.seeds, asked.parts, asked.episodes
    )
