"""Which part of meta-learning tells a new digit from all others? Two protocols over all of MNIST.

    python tests/mt_mnist.py run --variant Mahalanobis/all --seeds 0 1 2 --parts DIR
    python tests/mt_mnist.py run --protocol five-folds --variant Mahalanobis/all --seeds 0 1 2 --parts DIR
    python tests/mt_mnist.py run --protocol pairs --variant Mahalanobis/all --parts DIR
    python tests/mt_mnist.py report --parts DIR

mt-mnist, the protocol of Frikha et al. 2021: split i (0 to 8) tests on digit i as normal against all nine others, among
them digit 9, which validates; training sees the other eight digits alone. five-folds, the protocol of lesson 08: fold i
holds out the digits 2i and 2i + 1, anomalies are all other digits or the other held-out one. Test images are MNIST's
10,000 test images. Accuracy is at each detector's native threshold on a balanced query. All variants are judged on the
same episodes, which pairs them; the units of every interval are the digits, not the episodes.

pairs chooses settings, without any test image: two of the digits 0 to 8, and 9, are kept out of training, so that each
of the two can be the normal digit among anomalies of which one, the 9, was never seen either, as in mt-mnist's test.
Its last 10,000 training images stand for the test images.

A variant is a method and the classes it learns from, e.g. ProtoNet/all:

- all: five of six classes of each batch are made up. no-turns: the same without rotations and mirror images, which turn
  a 6 into a held-out 9. no-doodles: without those that no digit gave its ink for. bent: real digits only, every image
  bent a little. plain: real digits as they are.
- OC-SVM/pixels, OC-SVM/pca, IsolationForest/pixels, IsolationForest/pca learn from the support alone.

All train on all-pairs batches (metaad.meta.all_pairs), but for the second half of OC-MAML, where the layers differ from
task to task. `run` writes one file a split and seed into DIR and skips those that are there; `report` puts them
together into data/results/mt_mnist.json.
"""

import argparse
import copy
import json
import time
from collections import OrderedDict
from pathlib import Path

import numpy as np
import torch
from sklearn.decomposition import PCA
from sklearn.ensemble import IsolationForest
from sklearn.svm import OneClassSVM
from torch import nn

from metaad import data, metrics, repro
from metaad.detectors import anomaly_score
from metaad.meta import MAML
from metaad.meta.all_pairs import AllPairs
from metaad.meta.evaluation import auroc_of_tasks, balanced_accuracy
from metaad.meta.made_up import MadeUpTasks
from metaad.meta.recipes import few_shot, unfreeze
from metaad.tasks import PROTOCOLS, OneClassTasks, protocol

SHOTS = (2, 10)
QUERY = 100  # normal rows of a test query, and as many anomalies
TRAINING = {"k": 10, "n_query": 3}
SETTINGS = {"iterations": 300, "n_tasks": 48, "learning_rate": 3e-3, "average": 0.985}
NESTED = (2, 5, 10)  # shots: one training serves them all
SPLITS = PROTOCOLS | {"pairs": 5}
WHATS = {"mt-mnist": ("test",), "five-folds": ("others", "held-out"), "pairs": ("unseen",)}  # what intervals are of
KEPT_OUT = [(0, 1), (2, 3), (4, 5), (6, 7), (3, 8)]  # splits of the protocol pairs
UNFREEZE = {"iterations": 60, "n_tasks": 8, "learning_rate": 5e-4, "inner_rate": 0.01}
BENDING = {"share": 5 / 6, "strange": 0.3, "affine": 0.6, "elastic": 0.6}
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
PAIRS = [
    ("OC-SVM/pixels", "OC-SVM/pca"),
    ("IsolationForest/pixels", "IsolationForest/pca"),
    *((BEST, f"Mahalanobis/{classes}") for classes in CLASSES if classes != "all"),
    *((BEST, f"{method}/all") for method in ("ProtoNet", "PLDA", "OC-ANIL", "OC-MAML")),
    ("OC-MAML/all", "OC-ANIL/all"),
]
BOTH = (BEST, "OC-ANIL/all")  # an ensemble of a metric and of gradient steps
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
    options = BENDING | CLASSES[classes] | ({"shots": NESTED} if method in ("OC-ANIL", "OC-MAML") else {})
    tasks = MadeUpTasks(tasks, **options)
    first = "OC-ANIL" if method == "OC-MAML" else method
    began = time.process_time()
    learner = few_shot(first, **SETTINGS, shots=NESTED, device="cpu", random_state=seed).fit(AllPairs(tasks))
    learner.seconds = time.process_time() - began
    if method != "OC-MAML":
        return {method: learner}
    unfrozen = unfreeze(learner, **UNFREEZE).fit(tasks)
    unfrozen.seconds = time.process_time() - began
    return {first: learner, method: unfrozen}


def embedded(learner, X):
    """What a learner's tasks share is computed once: the layers below those that adapt, on all rows.

    Returns the rest of the learner, and the features (n, m) it takes. Where every layer adapts: as they came.
    """
    if isinstance(learner, SupportOnly) or getattr(learner, "layers", None) == "all":
        return learner, X
    net = learner.module_["net"].eval()
    cut = len(net) - (1 if isinstance(learner, MAML) else 0)
    rest = copy.copy(learner)
    upper = nn.Sequential(OrderedDict(list(net.named_children())[cut:]))  # keeps the layers' names
    rest.module_ = nn.ModuleDict({**dict(learner.module_.items()), "net": upper})
    lower = nn.Sequential(*list(net)[:cut])
    with torch.no_grad():
        return rest, torch.cat([lower(torch.as_tensor(part)) for part in np.array_split(X, 20)]).numpy()


def judge(learner, X, y, k, digit, anomalous, n_episodes):
    """Adapt to episodes with one digit as normal, judge their queries: see `summarise`.

    X : array (n, m), what the learner takes. y : the digits (n,). anomalous : digits that anomalies come from.
    """
    of = {"k": k, "n_query": QUERY, "normal": (digit,), "anomalous": anomalous}
    tasks, twin = OneClassTasks(X, y, **of), OneClassTasks(y[:, None], y, **of)  # the twin's one pixel is the digit
    kept = []
    for start in range(0, n_episodes, 10):
        task, digits = (t.sample(10, np.random.default_rng(start)) for t in (tasks, twin))
        kept.append((learner.scores(task), task.y.numpy(), digits.query[..., 0].numpy()))
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
    }, (scores.astype(np.float32), y, digits)


def judgements(name, split):
    """What is judged in a split: its name, the normal digit, the digits of the anomalies (None: all others)."""
    if name == "mt-mnist":
        return [("test", split, None), ("validation", 9, tuple(d for d in range(9) if d != split))]
    if name == "pairs":
        others = tuple(d for d in range(10) if d not in KEPT_OUT[split])
        return [("unseen", d, others) for d in KEPT_OUT[split]]
    a, b = 2 * split, 2 * split + 1
    return [("others", a, None), ("others", b, None), ("held-out", a, (b,)), ("held-out", b, (a,))]


def run(name, variant, splits, seeds, parts, n_episodes):
    method, classes = variant.split("/")
    parts.mkdir(parents=True, exist_ok=True)
    table = data.load("mnist")
    X, y, train = table.X.reshape(len(table.X), -1).astype(np.float32), table.y, table.train
    if name == "pairs":  # no test image chooses a setting
        X, y, train = X[train], y[train], np.arange(train.sum()) < train.sum() - 10_000
    for seed in seeds:
        for split in splits if splits else range(SPLITS[name]):
            if part(parts, name, variant, split, seed).exists():
                continue
            tasks = training(name, X, y, train, split)
            for m, learner in learn(method, classes, tasks, seed).items():
                result = {"protocol": name, "variant": f"{m}/{classes}", "split": split, "seed": seed}
                path = part(parts, name, result["variant"], split, seed)
                rest, Z = embedded(learner, X[~train])
                n = n_episodes if rest is not learner else n_episodes // 5  # they judge image by image
                result |= {"episodes": n, "seconds": learner.seconds}
                for k in SHOTS:
                    for what, digit, anomalous in judgements(name, split):
                        found, scores = judge(rest, Z, y[~train], k, digit, anomalous, n)
                        result.setdefault(f"{what}-{k}", {})[str(digit)] = found
                        if what == "test":
                            np.savez(path.with_suffix(f".{k}.npz"), *scores)
                repro.write_json(path, result)
                print(f"{result['variant']} split {split} seed {seed}, {learner.seconds:.0f} s", flush=True)


def training(name, X, y, train, split):
    """The tasks that a split trains on."""
    if name != "pairs":
        return protocol(name, X, y, split, train=train, **TRAINING).train
    seen = [d for d in range(9) if d not in KEPT_OUT[split]]
    return OneClassTasks(X[train], y[train], normal=seen, anomalous=seen, **TRAINING)


def part(parts, name, variant, split, seed):
    """The file of one protocol, variant, split and seed."""
    return parts / f"{name}-{variant.replace('/', '-')}-{split}-{seed}.json"


def together(parts, members):
    """An ensemble: the mean score of several learners on the same episodes. Returns results by split.

    members : {(variant, seed): {split: result}}.
    """
    found = {}
    for split, first in next(iter(members.values())).items():
        result = found[split] = {"seconds": sum(p[split]["seconds"] for p in members.values())}
        result["episodes"] = first["episodes"]
        for k in SHOTS:
            paths = [part(parts, "mt-mnist", v, split, s).with_suffix(f".{k}.npz") for v, s in members]
            scores, y, digits = (np.stack([np.load(p)[f"arr_{i}"] for p in paths]) for i in range(3))
            result[f"test-{k}"] = {str(split): summarise(scores.mean(axis=0), y[0], digits[0])[0]}
    return found


def by_digit(seeds, what, measure):
    """One row a seed, one value a digit: array (n_seeds, n_digits). seeds : {seed: {split: result}}."""
    return np.array([[r[measure] for _, one in sorted(p.items()) for r in one[what].values()] for p in seeds.values()])


def confusions(seeds, what):
    """Share called normal, rows: the normal digit; columns: the image's digit 0 to 9."""
    return np.round(by_digit(seeds, what, "called_normal").astype(float).mean(axis=0), 4).tolist()


def summary(seeds):
    """Means over seeds with intervals over digits."""
    first = next(iter(next(iter(seeds.values())).values()))
    seconds = [part["seconds"] for p in seeds.values() for part in p.values()]
    out = {"seeds": sorted(seeds), "episodes_a_digit": first["episodes"], "seconds_a_split": float(np.mean(seconds))}
    for what in [w for w in first if isinstance(first[w], dict)]:
        out[what] = {}
        for measure in ("accuracy", "auroc"):
            values = by_digit(seeds, what, measure)
            out[what][measure] = metrics.bootstrap(values.mean(axis=0))._asdict()
            for name, axis in (("by_digit", 0), ("by_seed", 1)):
                out[what][measure][name] = np.round(values.mean(axis=axis), 4).tolist()
    return out


def report(parts):
    """Everything that was run, put together."""
    found = {}
    for path in sorted(parts.glob("*.json")):
        one = json.loads(path.read_text(encoding="utf-8"))
        seeds = found.setdefault(one["protocol"], {}).setdefault(one["variant"], {})
        seeds.setdefault(one["seed"], {})[one["split"]] = one
    results = {}
    for name, variants in found.items():
        whole = {v: {s: p for s, p in seeds.items() if len(p) == SPLITS[name]} for v, seeds in variants.items()}
        whole = {v: seeds for v, seeds in whole.items() if seeds}  # an interval over digits needs them all
        if name == "mt-mnist":
            ensembles = {f"{v} together": {(v, s): p for s, p in whole[v].items()} for v in whole if len(whole[v]) > 1}
            if set(BOTH) <= set(whole):
                ensembles[" + ".join(BOTH)] = {(v, 0): whole[v][0] for v in BOTH}
            whole |= {name: {0: together(parts, members)} for name, members in ensembles.items()}
        whats = [f"{w}-{k}" for w in WHATS[name] for k in SHOTS]
        results[name] = {
            "variants": {v: summary(seeds) for v, seeds in whole.items()},
            "differences": {
                f"{a} - {b}": {
                    f"{measure} {what}": metrics.paired(*common(whole[a], whole[b], what, measure))._asdict()
                    for what in whats
                    for measure in ("accuracy", "auroc")
                }
                for a, b in PAIRS
                if a in whole and b in whole
            },
            "called_normal": {v: {w: confusions(s, w) for w in whats[:2]} for v, s in whole.items()},
        }
        for v, s in results[name]["variants"].items():
            line = ", ".join(f"{w} {s[w]['accuracy']['value']:.3f} ({s[w]['auroc']['value']:.4f})" for w in whats)
            print(f"{name} {v}, {len(s['seeds'])} seed(s), {s['seconds_a_split']:.0f} s: accuracy (AUROC) {line}")
    path = repro.results_dir() / "mt_mnist.json"
    kept = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    fingerprint = repro.Run("mt_mnist", "full", 0, "cpu", {}).fingerprint()
    described = {
        "what": __doc__.split("\n\n")[2].replace("\n", " "),
        "paper": PAPER,
        "settings": {"training": TRAINING | SETTINGS | {"shots": NESTED}, "bending": BENDING, "OC-MAML": UNFREEZE}
        | {"classes": CLASSES},
        "tried": kept.get("tried", []),  # settings compared on the validation digit, entered by hand
        "run": {n: fingerprint[n] for n in ("versions", "cpu", "threads")},
    }
    repro.write_json(path, described | results)


def common(a, b, what, measure):
    """Two variants on the seeds that both have, mean over seeds: two arrays (n_digits,)."""
    seeds = sorted(set(a) & set(b))
    return [by_digit({s: v[s] for s in seeds}, what, measure).mean(axis=0) for v in (a, b)]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("do", choices=("run", "report"))
    parser.add_argument("--protocol", choices=tuple(SPLITS), default="mt-mnist")
    parser.add_argument("--variant", default=BEST)
    parser.add_argument("--splits", type=int, nargs="+", help="all unless given")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--parts", type=Path, required=True)
    parser.add_argument("--episodes", type=int, default=200)
    asked = parser.parse_args()
    torch.set_num_threads(1)
    of = asked.protocol, asked.variant, asked.splits, asked.seeds, asked.parts, asked.episodes
    report(asked.parts) if asked.do == "report" else run(*of)
