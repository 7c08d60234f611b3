"""Do episodes buy anything that a plain classifier's features don't? Ten images of a new
class, on MNIST and Fashion-MNIST.

    python -m metaad.experiments few_shot_control --parts DIR
        learn and judge both families, all five folds; --families, --splits, --seeds,
        --variants and --known narrow it down
    python -m metaad.experiments few_shot_control --parts DIR --report
        put what is in DIR together: data/results/few_shot_control.json

Fold i holds out the classes 2i and 2i + 1 (protocol five-folds); the other eight are
known. A detector is shown K = 10 or K = 2 images of a held-out class and ranks 100 more
of it and 100 anomalies, test images all: "others" draws them from the other nine classes,
"held-out" from the other held-out class alone. All methods see the same episodes.

A variant is a method and the classes that it learns from: bent (the known classes, every
image bent a little) or all (five of six classes of each batch are made up, drawn anew for
each batch; for a classifier, which needs an output for each, they come from a pool of
`POOL` that is drawn once). Same trunk, same number of images in a step, same number of
steps, same optimiser; episodic learners of the same classes see the very same batches.

- Mahalanobis, OC-ANIL: trained in episodes (metaad.meta.few_shot).
- Subspace: trained in episodes and by cross-entropy at once, through the head that the
  classifier's features are judged with (metaad.meta.subspace).
- classifier: trained with cross-entropy, no episodes (metaad.meta.classifier). Its score
  is one of eight, of five heads and two layers of features of length one. Which one is
  chosen for each fold, by two more classifiers that know only six of the eight classes
  and are judged on the other two, on training images. Every head is recorded too.
- classifier/bent, calibrated: the same, with the best threshold that validation classes
  can give it (few_shot_control_thresholds); it is there for its accuracy.
- untrained: the classifier's trunk with the weights that it was drawn with.
- classifier/bent, residual: always the residual in the convolutions' features, fixed
  before any test; classifier: bent or all, whichever its validation classes prefer.
- pixels: the heads on the ten images themselves; nothing is learned.

The record: `results[family][variant][where-K]` holds `by_class`, the AUROC of each of
the ten classes, a mean over seeds and episodes, and `interval`; `accuracy` the same at a
threshold: 0 for the episodic learners, who learn it, and for a head the best one on its
validation classes. What the classifier can do is under "classifier/bent, calibrated".
`chosen[family][variant]` lists what each fold chose, `gains[family]` paired differences
of AUROC, `accuracy_gains[family]` those of accuracy from the calibrated classifier;
`few_known` holds the same for fewer known classes, `longer` for more steps."""

import time
from pathlib import Path

import numpy as np
import torch

from metaad import data
from metaad.experiments import record
from metaad.experiments.images import few_shot_control_judge as judging
from metaad.experiments.images import few_shot_control_report as reporting
from metaad.experiments.images import few_shot_control_thresholds as thresholds
from metaad.experiments.images.few_shot_control_batches import Replayed
from metaad.experiments.parts import Steps
from metaad.meta.classifier import Classifier, without_last
from metaad.meta.few_shot import BENDING, NESTED, SETTINGS, TRAINING, few_shot, trunk
from metaad.meta.subspace import Subspace
from metaad.nets import ConvNet
from metaad.tasks import AllPairs, MadeUpTasks, OneClassTasks
from metaad.tasks.class_pool import ClassPool
from metaad.train import seeded

FAMILIES = {"MNIST": "mnist", "Fashion-MNIST": "fashion-mnist"}
EPISODIC = ("Mahalanobis", "OC-ANIL", "Subspace")
THRESHOLDS = reporting.THRESHOLDS
VARIANTS = (
    THRESHOLDS,
    "untrained",
    "classifier/bent",
    "classifier/all",
    "Mahalanobis/bent",
    "Mahalanobis/all",
    "OC-ANIL/bent",
    "OC-ANIL/all",
    "Subspace/bent",
    "Subspace/all",
)
ITERATIONS, CLASSES = 200, 32  # of every method: steps, classes in a batch
SIZE = SETTINGS | {"n_tasks": CLASSES}
POOL = 256
COSINE = False  # logits by angle alone were tried on validation classes, and lost
KEPT = 10_000  # of the training images, the last ones: they choose heads


class Fold:
    """The rows of one family, and which classes of it are known in one fold.

    n_known : how many of the eight are known; the rest is left out of training."""

    def __init__(self, family, split, n_known=8):
        table = data.load(FAMILIES[family])
        self.X = table.X.reshape(len(table.X), -1).astype(np.float32)
        self.y, self.train, self.split = table.y, table.train, split
        self.held_out = (2 * split, 2 * split + 1)
        # in a circle, so that with few known classes the folds know different ones
        ring = [(2 * split + 2 + j) % 10 for j in range(8)]
        self.known = tuple(sorted(ring[:n_known]))
        self.fitting = self.train.copy()
        self.fitting[np.flatnonzero(self.train)[-KEPT:]] = False
        self.choosing = self.train & ~self.fitting

    def tasks(self, known, rows, share):
        """Return MadeUpTasks of known classes over some of the rows, bool array (n,)."""
        one_class = OneClassTasks(
            self.X[rows],
            self.y[rows],
            normal=known,
            anomalous=known,
            dtype=torch.float32,
            **TRAINING,
        )
        return MadeUpTasks(one_class, **(BENDING | {"share": share}))


def share(classes):
    """Return which share of the classes of a batch is made up."""
    return BENDING["share"] if classes == "all" else 0.0


def classifier(fold, known, rows, classes, iterations, seed, **changed):
    """Return a fitted Classifier and its CPU seconds."""
    pool = POOL if classes == "all" else 0
    tasks = ClassPool(fold.tasks(known, rows, share(classes)), pool, seed)
    with seeded(seed, torch.device("cpu")):
        net = trunk(out=64)
        net.append(torch.nn.Linear(64, 1))  # gets an output for each class
    common = SIZE | {"iterations": iterations, "schedule": "cosine"} | changed
    began = time.process_time()
    learner = Classifier(net, cosine=COSINE, device="cpu", random_state=seed, **common)
    return learner.fit(tasks), time.process_time() - began


def episodic(method, batches, iterations, seed):
    """Return a fitted learner and its CPU seconds; drawing costs the first one alone."""
    began = time.process_time()
    options = SIZE | {"iterations": iterations, "device": "cpu", "random_state": seed}
    options |= {} if method == "OC-ANIL" else {"shots": NESTED}
    if method == "Subspace":
        with seeded(seed, torch.device("cpu")):
            net = without_last(trunk(out=64))
        learner = Subspace(net, classify=1.0, schedule="cosine", **options)
    else:
        learner = few_shot(method, **options)
    cropped = NESTED if method == "OC-ANIL" else None
    return learner.fit(batches.again(cropped)), time.process_time() - began


def run(family, split, seed, n_known, variants, path, iterations, n_episodes):
    """Learn and judge one fold of one family: a file of steps."""
    fold = Fold(family, split, n_known)
    about = {"family": family, "split": split, "seed": seed, "known": fold.known}
    about |= {"iterations": iterations, "episodes": n_episodes, "cosine": COSINE}
    code = [
        Classifier,
        ClassPool,
        Subspace,
        few_shot,
        ConvNet,
        judging,
        Fold,
        classifier,
    ]
    steps = Steps(path, [*code, episodic], data=fold.X, **about)
    if n_known == 8 and seed == 0:
        steps("pixels", lambda: judging.pixels(fold, n_episodes))
    if "untrained" in variants:
        # its batch normalisation has seen images, its weights are as they were drawn
        nothing = {"learning_rate": 0.0, "iterations": 20}
        steps("untrained", lambda: judged_classifier(fold, "bent", about, **nothing))
    if THRESHOLDS in variants:
        steps(THRESHOLDS, lambda: judged_thresholds(fold, about))
    for classes in ("bent", "all"):
        wanted = [v for v in variants if v.endswith(f"/{classes}")]
        name = f"classifier/{classes}"
        if name in wanted:
            steps(name, lambda c=classes: judged_classifier(fold, c, about))
        batches = AllPairs(fold.tasks(fold.known, fold.train, share(classes)))
        batches = Replayed(batches, iterations, CLASSES, seed)
        for method in EPISODIC:
            name = f"{method}/{classes}"
            if name in wanted:
                steps(name, lambda m=method, b=batches: judged(fold, m, b, about))
    return steps


def judged_thresholds(fold, about):
    """Choose a threshold on two known classes, judge it on the held-out ones: a dict."""
    n, seed, half = about["iterations"], about["seed"], about["episodes"] // 2
    left_out, six = fold.known[:2], fold.known[2:]
    learner, _ = classifier(fold, six, fold.fitting, "bent", n, seed)
    of = learner, fold, left_out, fold.choosing, half
    choice = thresholds.chosen(thresholds.episodes_of(*of))
    learner, _ = classifier(fold, fold.known, fold.train, "bent", n, seed)
    of = learner, fold, fold.held_out, ~fold.train, about["episodes"]
    found = thresholds.judged(thresholds.episodes_of(*of), choice)
    return {"threshold": choice, "own": found}


def judged_classifier(fold, classes, about, **changed):
    """Choose a head without the held-out classes, then judge all on them: a dict.

    changed : of the settings, for the trunk that learns nothing."""
    n, seed = about["iterations"], about["seed"]
    few = changed.pop("iterations", None)
    left_out, six = fold.known[:2], fold.known[2:]
    chosen = {}
    if len(six) > 1:  # else nothing is left to choose on
        learner, _ = classifier(
            fold, six, fold.fitting, classes, few or n // 4, seed, **changed
        )
        half = about["episodes"] // 2
        chosen = judging.choice(
            judging.heads(learner, fold, left_out, six, fold.choosing, half)
        )
    learner, seconds = classifier(
        fold, fold.known, fold.train, classes, few or n, seed, **changed
    )
    found = judging.heads(
        learner, fold, fold.held_out, fold.known, ~fold.train, about["episodes"], chosen
    )
    return {"chosen": chosen, "heads": found, "training seconds": round(seconds, 1)}


def judged(fold, method, batches, about):
    """Train a method in episodes and judge it: a dict."""
    n, seed = about["iterations"], about["seed"]
    learner, seconds = episodic(method, batches, n, seed)
    found = judging.learner(learner, fold, about["episodes"])
    layers = {"convolutions": 0 if method == "Subspace" else 1}
    layers |= {"embedding": 0} if method == "Mahalanobis" else {}
    of = fold.held_out, fold.known, ~fold.train, about["episodes"], {}, layers
    heads = judging.heads(learner, fold, *of)
    return {"own": found, "heads": heads, "training seconds": round(seconds, 1)}


def settings():
    """Return what the record says of how it was made."""
    return {
        "what": __doc__.split("\n\n", 2)[2].replace("\n", " "),
        "images per step": CLASSES * (TRAINING["k"] + TRAINING["n_query"]),
        "iterations": ITERATIONS,
        "pool": POOL,
        "episodes_a_class": 200,
        "tried": reporting.tried(),
    }


def commands():
    """Return the commands that make the record."""
    return [
        record.command("few_shot_control", "--parts", "parts"),
        record.command("few_shot_control", "--parts", "parts", "--report"),
    ]


def parser():
    """Return the parser of this experiment's options."""
    found = record.parser_of("few_shot_control", __doc__)
    found.add_argument("--parts", type=Path, required=True)
    found.add_argument("--families", nargs="+", choices=FAMILIES, default=[*FAMILIES])
    found.add_argument("--splits", type=int, nargs="+", default=[*range(5)])
    found.add_argument("--seeds", type=int, nargs="+", default=[0])
    found.add_argument("--known", type=int, default=8, help="known classes, 3 to 8")
    found.add_argument("--variants", nargs="+", choices=VARIANTS, default=[*VARIANTS])
    found.add_argument("--iterations", type=int, default=ITERATIONS)
    found.add_argument("--episodes", type=int, default=200)
    found.add_argument("--report", action="store_true")
    return found


def main(argv=None):
    """Run folds of both families, or put the record together."""
    asked = parser().parse_args(argv)
    if asked.report:
        print(reporting.report(asked.parts, (8, ITERATIONS), settings(), commands()))
        return
    torch.set_num_threads(1)
    asked.parts.mkdir(parents=True, exist_ok=True)
    for seed in asked.seeds:
        for split in asked.splits:
            for family in asked.families:
                of = family, split, seed, asked.known
                name = f"{family}-{split}-{seed}-{asked.known}-{asked.iterations}.json"
                path = asked.parts / name
                print(*of, flush=True)
                run(*of, asked.variants, path, asked.iterations, asked.episodes)


if __name__ == "__main__":
    main()
