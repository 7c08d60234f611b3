"""What lesson 16 measures: small images of digits, nets for all ten at once, and what
attacks leave of their AUROC.
"""

import math
from functools import partial
from typing import NamedTuple
from weakref import WeakKeyDictionary

import numpy as np
import torch

from metaad import metrics
from metaad.attacks import attack_both_ways, attacked_auroc, aurocs, fgsm, pgd
from metaad.experiments.images.robust_nets import (
    classes_in_turn,
    doodles,
    exposed,
    rebuilding,
)
from metaad.experiments.lessons.lesson_06 import halved

SIZES = {"n_train": 400, "n_normal": 50, "n_odd": 6}
SIDE = 14
MOVED = WeakKeyDictionary()  # score: {attack: (rows, what it made of them)}
NET = {"hidden": (64, 32), "batch_size": 60, "learning_rate": 3e-3}


class Digits(NamedTuple):
    """Images of 14 × 14 pixels, each digit normal in turn: tensors (10, n, 196).

    rows to learn from; normal and odd test rows; doodles (k, 196), made-up anomalies.
    """

    rows: torch.Tensor
    normal: torch.Tensor
    odd: torch.Tensor
    doodles: torch.Tensor


def digits(X, y, seed, n_doodles=2000):
    """Split the images X (n, 28, 28) of digits y, and draw doodles: Digits."""
    rng = np.random.default_rng(seed)
    parts = classes_in_turn(halved(X), y, rng, **SIZES)
    drawn = halved(doodles(n_doodles, rng).reshape(-1, 28, 28))
    return Digits(*map(torch.tensor, (*parts, drawn)))


def linear(shown):
    """Return the simplest score that knows doodles: a row's place on the line from the
    mean of its digit's rows to the mean doodle, (10, b, 196) -> (10, b); and the
    weights (10, 196).
    """
    weights = shown.doodles.mean(dim=0) - shown.rows.mean(dim=1)  # (10, 196)
    return lambda rows: torch.einsum("mbd,md->mb", rows, weights), weights


def train_nets(shown, seed, passes, epsilon=0.1, **options):
    """Return a score that tells rows from doodles, see `robust_nets.exposed`."""
    given = {**NET, "seed": seed, "passes": passes, "epsilon": epsilon, **options}
    return exposed(shown.rows, shown.doodles, **given)


def train_autoencoders(shown, seed, passes, epsilon=0.0):
    """Return the error of autoencoders as a score, see `robust_nets.rebuilding`."""
    given = {**NET, "seed": seed, "passes": passes, "epsilon": epsilon}
    return rebuilding(shown.rows, **given)


def noise(score, rows, *, epsilon, goal, generator):
    """Move each entry up or down by ε at random, whatever the goal: a control with the
    size of an attack and without its aim.
    """
    coin = torch.randint(2, rows.shape, generator=generator).to(rows)
    return (rows + epsilon * (2 * coin - 1)).clamp(0, 1)


def attack(name, epsilon, seed=0):
    """Return an attack by its name: a function (score, rows, goal=...) -> rows. What an
    aimed attack made of the same rows on the same score is not computed again.

    name : "noise", "FGSM", "PGD-20", "PGD-50, 3 starts"."""
    generator = torch.Generator().manual_seed(seed)
    strong = {"steps": 50, "restarts": 3, "generator": generator}
    made = {
        "noise": partial(noise, generator=generator),
        "FGSM": fgsm,
        "PGD-20": partial(pgd, steps=20),
        "PGD-50, 3 starts": partial(pgd, **strong),
    }[name]

    def moved(score, rows, goal):
        if epsilon == 0:
            return rows
        if name == "noise":
            return made(score, rows, epsilon=epsilon, goal=goal)
        kept, key = MOVED.setdefault(score, {}), (name, epsilon, seed, goal)
        if key not in kept or kept[key][0] is not rows:
            kept[key] = rows, made(score, rows, epsilon=epsilon, goal=goal)
        return kept[key][1]

    return moved


def after(score, shown, name, epsilon, aim=None):
    """Return {"clean", "anomalies", "both"}: AUROC (10,) after one attack, which counts
    as it comes where it is noise, and where it serves the attacker otherwise.
    """
    function = attack(name, epsilon)
    if name != "noise":
        return attacked_auroc(score, shown.normal, shown.odd, function, aim=aim)
    up, down = (function(score, r, goal=None) for r in (shown.normal, shown.odd))
    pairs = {"clean": (shown.normal, shown.odd), "anomalies": (shown.normal, down)}
    return {
        n: aurocs(score, *pair) for n, pair in (pairs | {"both": (up, down)}).items()
    }


def strongest(score, shown, epsilon, other):
    """Return {"anomalies", "both"}: AUROC (10,) where each row is the worst that any
    attack made of it, on this score and on another one.
    """
    names = ("FGSM", "PGD-20", "PGD-50, 3 starts")
    own = [attack(name, epsilon) for name in names]

    def transfer(_, rows, goal):
        return attack("PGD-20", epsilon)(other, rows, goal=goal)

    up, down = attack_both_ways(score, shown.normal, shown.odd, *own, transfer)
    return {
        "anomalies": aurocs(score, shown.normal, down),
        "both": aurocs(score, up, down),
    }


def curves(scores, shown, epsilons, name="PGD-20"):
    """Return {case: {detector: list of Interval, one for each ε}}, for the cases
    "anomalies attacked" and "all attacked".
    """
    cases = {"anomalies": "anomalies attacked", "both": "all attacked"}
    found = {title: {} for title in cases.values()}
    for detector, score in scores.items():
        left = [after(score, shown, name, e) for e in epsilons]
        for case, title in cases.items():
            found[title][detector] = [metrics.bootstrap(v[case]) for v in left]
    return found


def linear_gain(weights, epsilon, norm):
    """Return how far a linear score moves at most without a box, (10,): ε times the
    weights' sum of absolute values (norm inf) or length (norm 2).
    """
    return epsilon * torch.linalg.vector_norm(weights, 1 if norm == math.inf else 2, -1)
