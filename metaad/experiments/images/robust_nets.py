"""The detectors that are attacked in lesson 16 and its experiment: ten nets at once, one
for each class taken as normal, and the made-up anomalies that they learn from.
"""

import math

import numpy as np
import torch

from metaad.attacks import harden, logits, pretrain, train, trunks
from metaad.attacks.adversarial_training import batches, mean_score
from metaad.detectors.batched_autoencoders import forward, parameters, stacked
from metaad.nets import Autoencoder
from metaad.tasks.doodles import ink, invent, vary
from metaad.tasks.recipes import linear_maps
from metaad.train import seeded

CPU = torch.device("cpu")


def doodles(n, rng, side=28):
    """Draw n made-up characters: rows (n, side²) in [0, 1], float64. rng : NumPy
    Generator.
    """
    maps = linear_maps(n, rng, turn=0.12, stretch=0.12, slant=0.15)
    own = vary(invent(n, rng), maps, rng)
    pen = torch.tensor(rng.uniform(0.05, 0.13, (n, 1)))
    at = (torch.arange(side, dtype=torch.float64) + 0.5) / side * 2 - 1
    points = torch.stack(torch.meshgrid(at, at, indexing="xy"), dim=-1).view(-1, 2)
    blocks = np.array_split(np.arange(n), max(1, n // 500))
    drawn = [ink(own.take(block), points, pen[block]) for block in blocks]
    return torch.cat(drawn).clamp(0, 1).numpy()


def exposed(
    normal,
    outliers,
    *,
    seed,
    passes,
    hidden=(128, 64),
    epsilon=0.0,
    first=None,
    share=0.25,
    front=None,
    batch_size=100,
    learning_rate=2e-3,
    attack_steps=1,
):
    """Train a net for each class to tell its rows from outliers, and return its score.

    Parameters
    ----------
    normal : tensor (m, n, d); outliers : tensor (k, d). seed : int.
    passes : int, in all: those of attacks and of pretraining included, so that every
        variant takes the same time.
    epsilon : 0 for plain training. first : pretraining task of `attacks.pretrain`, or
        None. share : of the passes that it takes.
    front : see `attacks.logits`. The rest as for `attacks.harden`.

    Returns
    -------
    function from rows (m, b, d) to logits of "anomalous" (m, b).
    """
    m, _, d = normal.shape
    layers = trunks(d, hidden, m, seed=seed, dtype=normal.dtype)
    common = {"batch_size": batch_size, "learning_rate": learning_rate, "front": front}
    if first is not None:
        early = round(share * passes)
        pretrain(layers, normal, first, passes=early, seed=seed, **common)
        passes -= early
    attack = {"epsilon": epsilon, "attack_steps": attack_steps}
    harden(layers, normal, outliers, seed=seed, passes=passes, **attack, **common)
    for p in parameters(layers):
        p.requires_grad_(False)
    return logits(layers, front)


def rebuilding(
    normal,
    *,
    seed,
    passes,
    hidden=(128, 64, 32),
    code_size=10,
    epsilon=0.0,
    batch_size=100,
    learning_rate=2e-3,
    attack_steps=1,
):
    """Train an autoencoder for each class on its rows, attacked or not, and return its
    squared error as a score. Parameters as for `exposed`.
    """
    m, _, d = normal.shape
    with seeded(seed, CPU):
        nets = [Autoencoder(d, hidden, code_size, dtype=normal.dtype) for _ in range(m)]
    layers = stacked(nets)

    def score(rows):
        return (forward(layers, rows) - rows).square().mean(dim=-1)

    generator = torch.Generator().manual_seed(seed)
    train(
        score,
        parameters(layers),
        batches(normal, None, batch_size, generator),
        mean_score,
        passes=passes,
        learning_rate=learning_rate,
        epsilon=epsilon,
        attack_steps=attack_steps,
        norm=math.inf,
        generator=generator,
    )
    for p in parameters(layers):
        p.requires_grad_(False)
    return score


def classes_in_turn(X, y, rng, *, n_train, n_normal, n_odd, classes=range(10)):
    """Split images so that each class is normal in turn.

    Parameters
    ----------
    X (n, d), y (n,). n_train, n_normal : rows of each class to learn from, and others
        to test with. n_odd : test rows of each other class.

    Returns
    -------
    arrays (10, n_train, d), (10, n_normal, d) and (10, 9 · n_odd, d); the last holds
    test rows alone.
    """
    own = {c: rng.permutation(np.flatnonzero(y == c)) for c in classes}
    least = n_train + max(n_normal, n_odd)
    if min(map(len, own.values())) < least:
        raise ValueError(
            f"each class needs {least} rows, got {min(map(len, own.values()))}."
        )
    train_rows = np.stack([X[own[c][:n_train]] for c in classes])
    test = {c: own[c][n_train:] for c in classes}
    normal = np.stack([X[test[c][:n_normal]] for c in classes])
    odd = np.stack(
        [
            np.concatenate([X[test[o][:n_odd]] for o in classes if o != c])
            for c in classes
        ]
    )
    return train_rows, normal, odd
