"""How well do a GAN and a WGAN find other digits than the one they have learned?

One-class MNIST: each digit as normal in turn, its training images to learn, the whole
test split scored. Three scores of each network, the ten digits trained side by side:

    python -m metaad.experiments one_class_gans PARTS [--seeds 0 1 2]

Each detector and seed is one step; what a file of PARTS holds is not made again.
"""

from pathlib import Path

import numpy as np
import torch

from metaad import data, metrics
from metaad.detectors import GANDetector, WGANDetector, fit_together
from metaad.experiments import record
from metaad.experiments.parts import Steps

NAME = "one_class_gans"
SEEDS = (0, 1, 2)
SHARED = {
    "hidden": (64, 32),
    "noise_size": 16,
    "batch_size": 32,
    "encoder_epochs": 8,
    "dtype": "float32",
    "device": "cpu",
}
DETECTORS = {
    "GAN": GANDetector(**SHARED, epochs=8),
    "WGAN-GP": WGANDetector(**SHARED, epochs=20),
}


def images():
    """Return MNIST in its own split: rows (n, 784) in [0, 1] and digits, of the training
    part and of the test part.
    """
    mnist = data.load("mnist")
    X, train = mnist.X.reshape(len(mnist.X), -1), mnist.train
    return X[train], mnist.y[train], X[~train], mnist.y[~train]


def one_class(detector, images, seed, digits=range(10)):
    """Fit a detector to each digit and score all test rows.

    images : see `images`. seed : int; digit c is seeded with 100 · seed + c.

    Returns
    -------
    {score: list of AUROC, one per digit, other digits being the anomalies}.
    """
    X, y, queries, truth = images
    tables = [X[y == c] for c in digits]
    fitted = fit_together(detector, tables, [100 * seed + c for c in digits])
    found = {}
    for c, own in zip(digits, fitted, strict=True):
        for name, scores in own.all_scores(queries).items():
            found.setdefault(name, []).append(metrics.auroc(truth != c, scores))
    return found


def rows(steps, images, seeds=SEEDS, detectors=DETECTORS):
    """Return the rows of a table: {"GAN, critic": list over seeds of lists of AUROC, one
    per digit, ...}. steps : parts.Steps, which keeps what is done.
    """
    found = {}
    for seed in seeds:
        for name, detector in detectors.items():
            result = steps(
                f"{name} {seed}",
                lambda d=detector, s=seed: one_class(d, images, s),
                detector=detector,
            )
            for score, values in result.items():
                found.setdefault(f"{name}, {score}", []).append(values)
    return found


def parser():
    """Return the command line's parser."""
    found = record.parser_of(NAME, __doc__)
    found.add_argument("parts", metavar="PARTS", help="folder for what is done")
    found.add_argument("--seeds", type=int, nargs="+", default=list(SEEDS))
    return found


def main(argv=None):
    """Run the experiment and write its record."""
    asked = parser().parse_args(argv)
    torch.set_num_threads(1)
    folder = Path(asked.parts)
    folder.mkdir(parents=True, exist_ok=True)
    given = images()
    steps = Steps(
        folder / f"{NAME}.json", [one_class], X=given[0], y=given[1], queries=given[2]
    )
    found = rows(steps, given, asked.seeds)
    means = {n: round(float(np.mean(v)), 4) for n, v in found.items()}
    content = {
        "seeds": asked.seeds,
        "rows": found,
        "mean": means,
        "seconds": {n: s["seconds"] for n, s in steps.done.items()},
    }
    words = ["parts", *record.options(seeds=asked.seeds)]
    lines = [record.command(NAME, *words)]
    record.write(NAME, content, lines, seconds=steps.seconds())
    print(means)
