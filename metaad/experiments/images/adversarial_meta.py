"""Does a generator of hard anomalies help a detector that is meta-trained against it?

    python -m metaad.experiments adversarial_meta --parts DIR

Five folds of two held-out digits on the bundled MNIST images, 14 x 14 pixels, ten
normal images as support: the folds of lesson 08 on its quick data. All meta-learned
methods have the same network, head, steps and tasks; they differ in where the anomalies
of the training come from: a generator that changes pixels freely, one that mixes
images of two classes, three random sources, the other training classes (an upper row:
their labels are used), or nowhere. An untrained network, detectors of the ten images
alone, and detectors on a plain classifier's features learn nothing from tasks.

Every method has four settings, chosen in each fold without its held-out digits: two of
the eight digits that training may see are kept out and stand for them. On Fashion-MNIST
(500 images per class) nothing was chosen: the setting is the one with the best mean on
the MNIST validations. The classifier's own rate is not among the four. Before that,
some settings were looked at, with 200 steps, on the validations of folds 0, 2 and 4,
among them generators that choose one share for all pixels, and generators that give
every second anomaly, the others coming from mixup; none of them was better than mixup
with the same distance by more than .002. Writes data/results/adversarial_meta.json."""

from pathlib import Path

import numpy as np
import torch

from metaad import data, metrics
from metaad.experiments import record
from metaad.experiments.images import adversarial_meta_rivals as rivals
from metaad.experiments.parts import Steps
from metaad.meta import Adversarial, evaluate
from metaad.nets import MLP
from metaad.tasks import OneClassTasks, protocol
from metaad.train import seeded

FOLDS, EPISODES = range(5), 40
ITERATIONS = 100
DTYPE = torch.float32
RATES = (1e-3, 3e-3, 1e-2, 3e-2)
BOTH = [
    {"learning_rate": rate, "margin": margin}
    for rate in (3e-3, 3e-2)
    for margin in (0.5, 1.5)
]
ALONE = [{"learning_rate": rate} for rate in RATES]
# the source of the anomalies: four settings
LEARNED = {
    "generator": BOTH,
    "mixer": BOTH,
    "noise": BOTH,
    "mixup": BOTH,
    "box": ALONE,
    "none": ALONE,
    "real": ALONE,
}
PIXELS = {
    "kNN, pixels": (rivals.knn, (1, 2, 5, 10)),
    "PCA, pixels": (rivals.pca, (1, 2, 4, 8)),
    "Mahalanobis, pixels": (rivals.mahalanobis, (0.1, 0.3, 1.0, 10.0)),
}
FEATURES = {
    "kNN, classifier": (rivals.knn, (1, 2, 5, 10)),
    "PCA, classifier": (rivals.pca, (1, 2, 4, 8)),
    "Mahalanobis, classifier": (rivals.mahalanobis, (0.1, 0.3, 1.0, 10.0)),
}


def images(name):
    """Return 500 images per class, 14 x 14 pixels, and their classes: (5000, 196) and
    (5000,).
    """
    if name == "digits":
        table = data.load("digits")
        return table.X.reshape(len(table.X), -1), table.y
    table = data.load(name)
    first = [np.flatnonzero(table.y == c)[:500] for c in range(10)]
    X = data.pooled(table.X[np.concatenate(first)], 2)
    return X.reshape(len(X), -1), table.y[np.concatenate(first)]


def fold(X, y, split, n_test=40):
    """Return the Protocol of one fold, see metaad.tasks.protocol."""
    return protocol("five-folds", X, y, split, n_test=n_test, dtype=DTYPE)


def validation(p, split):
    """Return tasks to learn from and to choose on, both without the held-out digits.

    Of the training rows of each digit the last fifth is kept for choosing."""
    kept = [(2 * split + 2) % 10, (2 * split + 3) % 10]
    others = [c for c in p.train.normal if c not in kept]
    X = p.train.X.numpy()
    y, late = np.full(len(X), -1), np.zeros(len(X), dtype=bool)
    for c, rows in p.train.rows.items():
        y[rows] = c
        late[rows[len(rows) * 4 // 5 :]] = True
    now, later = ~late & np.isin(y, others), late & np.isin(y, p.train.normal)
    options = {"k": 10, "dtype": DTYPE}
    return (
        OneClassTasks(X[now], y[now], n_query=15, **options),
        OneClassTasks(X[later], y[later], n_query=40, normal=kept, **options),
    )


def learner(tasks, source, seed, sizes=(128, 64), **settings):
    """Return a fitted Adversarial; each batch holds every class of the tasks once."""
    with seeded(seed, torch.device("cpu")):
        net = MLP((tasks.n_features, *sizes), dtype=tasks.X.dtype)
    options = {"iterations": ITERATIONS, "schedule": "cosine"} | settings
    return Adversarial(
        net,
        source,
        n_tasks=len(tasks.normal),
        device="cpu",
        random_state=seed,
        **options,
    ).fit(tasks)


def untrained(tasks, seed, sizes=(128, 64)):
    """Return the network as it starts, with the same head."""
    return learner(tasks, "real", seed, sizes, iterations=1, learning_rate=0.0)


def auroc(one, tasks):
    """Return the mean AUROC of the episodes of each normal class: {class: float}."""
    return evaluate(one, tasks, EPISODES, 0).by_class()


def chosen_from(tasks, judge, seed=0):
    """Return, for each method, what each of its settings reaches: {method: [float]}.

    judge : tasks whose mean AUROC counts."""

    def mean(one):
        return float(np.mean(list(auroc(one, judge).values())))

    found = {
        source: [mean(learner(tasks, source, seed, **s)) for s in settings]
        for source, settings in LEARNED.items()
    }
    for name, (function, knobs) in PIXELS.items():
        found[name] = [mean(rivals.SupportOnly(function, k)) for k in knobs]
    net = features(tasks, seed)
    for name, (function, knobs) in FEATURES.items():
        found[name] = [mean(rivals.SupportOnly(function, k, net)) for k in knobs]
    return found


def features(tasks, seed):
    """Return the features of a plain classifier of the tasks' classes."""
    return rivals.classifier(
        tasks,
        (tasks.n_features, 128, 64),
        seed,
        iterations=ITERATIONS,
        learning_rate=3e-3,
    )


def judged(p, choice, seed):
    """Return the AUROC of every method on the held-out classes of a fold:
    {method: {"others", "held_out": [float, float]}}, in the order of the classes.

    choice : {method: number of its setting}."""
    made = {"untrained": untrained(p.train, seed)}
    for source, settings in LEARNED.items():
        made[source] = learner(p.train, source, seed, **settings[choice[source]])
    for name, (function, knobs) in PIXELS.items():
        made[name] = rivals.SupportOnly(function, knobs[choice[name]])
    net = features(p.train, seed)
    for name, (function, knobs) in FEATURES.items():
        made[name] = rivals.SupportOnly(function, knobs[choice[name]], net)
    where = {"others": p.test, "held_out": p.test_held_out}
    return {
        name: {w: list(auroc(one, tasks).values()) for w, tasks in where.items()}
        for name, one in made.items()
    }


def best(reached):
    """Return the place of the best setting of each method: {method: int}."""
    return {name: int(np.argmax(values)) for name, values in reached.items()}


def table_of(runs):
    """Average over seeds: {method: {where: ten values, one for each class}}.

    runs : runs[seed][fold], as `judged` returns them."""
    names, places = runs[0][0], ("others", "held_out")
    return {
        n: {
            w: np.mean([[v for f in r for v in f[n][w]] for r in runs], axis=0).tolist()
            for w in places
        }
        for n in names
    }


def differences(table, base, names):
    """Return simultaneous intervals of base minus each method, over classes:
    {method: {where: [value, low, high, n]}}.
    """
    out = {n: {} for n in names}
    for where in ("others", "held_out"):
        ours = np.array(table[base][where])
        gaps = {n: ours - table[n][where] for n in names}
        for n, interval in metrics.simultaneous(gaps).items():
            out[n][where] = list(interval)
    return out


def run(parts, seeds):
    """Run what is not in `parts` yet; write data/results/adversarial_meta.json."""
    steps = Steps(Path(parts) / "adversarial_meta.json", [run, Adversarial])
    tables, reached = {}, []
    for name in ("mnist-5k", "fashion-mnist"):
        X, y = images(name)
        folds = [fold(X, y, i) for i in FOLDS]
        for i in FOLDS if name == "mnist-5k" else ():
            pair = validation(folds[i], i)
            reached.append(steps(f"choose {i}", lambda pair=pair: chosen_from(*pair)))
        overall = {n: np.mean([r[n] for r in reached], axis=0) for n in reached[0]}
        own = [best(r) for r in reached]
        runs = []
        for seed in seeds:
            runs.append([])
            for i in FOLDS:
                choice = own[i] if name == "mnist-5k" else best(overall)
                found = steps(
                    f"{name} {i} {seed}",
                    lambda i=i, c=choice, s=seed, f=folds: judged(f[i], c, s),
                    choice=choice,
                )
                runs[-1].append(found)
        tables[name] = table_of(runs)
    lines = [record.command("adversarial_meta", *record.options(parts="DIR"))]
    seconds = steps.seconds()
    compared = [n for n in tables["mnist-5k"] if n not in ("generator", "mixer")]
    content = {
        "what": " ".join(__doc__.split("\n\n")[2].split()),
        "settings": LEARNED,
        "knobs": {n: list(k) for n, (_, k) in (PIXELS | FEATURES).items()},
        "iterations": ITERATIONS,
        "seeds": list(seeds),
        "episodes_a_fold": EPISODES,
        "reached": reached,
        "chosen": [best(r) for r in reached],
        "chosen_overall": best(overall),
        "auroc": tables,
        "mean": {
            d: {n: list(metrics.bootstrap(v["others"])) for n, v in t.items()}
            for d, t in tables.items()
        },
        "minus": {
            d: {g: differences(t, g, compared) for g in ("generator", "mixer")}
            for d, t in tables.items()
        },
        "cpu_seconds": round(seconds, 1),
    }
    return record.write("adversarial_meta", content, lines, seconds=seconds)


def parser():
    """Return the parser of the command line."""
    made = record.parser_of("adversarial_meta", __doc__)
    made.add_argument("--parts", required=True, help="folder of what is done so far")
    made.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    return made


def main(argv=None):
    """Run the experiment, see the module's first lines."""
    asked = parser().parse_args(argv)
    torch.set_num_threads(1)
    run(asked.parts, asked.seeds)


if __name__ == "__main__":
    main()
