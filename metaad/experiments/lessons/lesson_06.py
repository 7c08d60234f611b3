"""What lesson 06 measures: a critic on a line, a game in the plane played by several
pairs of networks, and what a critic says beyond the rows that it has seen.
"""

from functools import partial

import numpy as np
import torch

from metaad import data, metrics
from metaad.detectors import KNNDetector, PCADetector, anomaly_score
from metaad.detectors import gan_training as game
from metaad.detectors.batched_autoencoders import fit_many
from metaad.detectors.gan_together import side_by_side
from metaad.nets import Critic, Generator
from metaad.train import descent, epochs, seeded

CPU = torch.device("cpu")
SPREAD = 0.15
ANGLES = np.arange(8) * np.pi / 4
CENTRES = 2 * np.c_[np.cos(ANGLES), np.sin(ANGLES)]  # (8, 2)
# the critic's loss, the generator's, and how often the critic learns
GAMES = {
    "GAN": (game.discriminator_loss, game.fooling_loss, 1),
    "WGAN, no penalty": (partial(game.critic_loss, weight=0.0), game.height_loss, 3),
    "WGAN-GP": (game.critic_loss, game.height_loss, 3),
}


def on_a_line(seed, real=(0.0, 1.0), made=(1.5, 0.6), n=400, steps=300):
    """Train a critic to tell two normal distributions apart.

    real, made : mean and deviation of each.

    Returns
    -------
    (x, learned, best) : arrays (161,), places from -4 to 6, the critic's logit there,
    and the best one, log p(x) / q(x); and the rows (2, n).
    """
    rng = np.random.default_rng(seed)
    rows = np.stack([rng.normal(*of, n) for of in (real, made)])
    p, q = torch.tensor(rows)[..., None]
    with seeded(int(seed), CPU):
        critic = Critic(1, (32, 32), dtype=torch.float64)
        adam = torch.optim.Adam(critic.parameters(), 1e-2)
        step = descent(lambda p: game.discriminator_loss(critic, p, q), adam)
        for _ in range(steps):
            step(p)
    x = np.linspace(-4, 6, 161)
    with torch.no_grad():
        learned = critic(torch.tensor(x)[:, None]).numpy()
    (a, s), (b, t) = real, made
    best = np.log(t / s) - ((x - a) / s) ** 2 / 2 + ((x - b) / t) ** 2 / 2
    return x, learned, best, rows


def ring(n, rng):
    """Draw n rows from eight round Gaussians on a circle: array (n, 2)."""
    return CENTRES[rng.integers(8, size=n)] + rng.normal(0, SPREAD, (n, 2))


def modes_hit(rows):
    """Count the Gaussians of the ring that are drawn: those with a fortieth of the rows
    (a fifth of their due) within four deviations. rows (n, 2) -> int, 0 to 8.
    """
    gaps = np.linalg.norm(rows[:, None] - CENTRES, axis=2)  # (n, 8)
    return int(((gaps < 4 * SPREAD).mean(axis=0) >= 1 / 40).sum())


def play(losses, seeds, *, steps=400, every=20, learning_rate=3e-3, width=32):
    """Play one game in the plane with a pair of networks for each seed, side by side.

    losses : an entry of GAMES.

    Returns
    -------
    dict of arrays, one entry for each look, taken after `every` steps: "step" (t,);
    "drawn" (t, m, 400, 2), generated rows; "slope" (t, m), mean length of the critic's
    gradient between real and generated rows; "gap" (t, m), mean output for real rows
    less that for generated ones.
    """
    *losses, n_critic = losses
    generators, critics = [], []
    for seed in seeds:
        with seeded(int(seed), CPU):
            generators.append(Generator(4, (width, width), 2, dtype=torch.float64))
            critics.append(Critic(2, (width, width), dtype=torch.float64))
    generator, critic = side_by_side(generators), side_by_side(critics)
    rng, first = np.random.default_rng(int(seeds[0])), int(seeds[0])
    size = 64 * n_critic
    rows = torch.tensor(np.stack([ring(every * size, rng) for _ in seeds], axis=1))
    looks = []
    with seeded(first, CPU):
        step = game.duel(generator, critic, losses, learning_rate, n_critic)
        passes = epochs(
            step,
            rows,
            n_epochs=steps // every,
            batch_size=size,
            generator=torch.Generator().manual_seed(first),
        )
        for one in passes:
            looks.append({"step": one.number * every, **look(generator, critic, rows)})
    return {name: np.array([one[name] for one in looks]) for name in looks[0]}


def look(generator, critic, rows, n=400):
    """Measure a game as it stands; see `play`."""
    real = rows[:n]
    made = generator(game.noise(generator, real)).detach()
    share = torch.rand(*real.shape[:-1], 1, dtype=real.dtype)
    between = (share * real + (1 - share) * made).requires_grad_()
    (slopes,) = torch.autograd.grad(critic(between).sum(), between)
    with torch.no_grad():
        gap = critic(real).mean(0) - critic(made).mean(0)
    return {
        "drawn": made.transpose(0, 1).numpy(),
        "slope": slopes.norm(dim=-1).mean(0).numpy(),
        "gap": gap.numpy(),
    }


def halved(images):
    """Average squares of 2 × 2 pixels: (n, h, w) -> rows (n, h w / 4)."""
    return data.pooled(images, 2).reshape(len(images), -1)


def beyond(detector, rows, times=(0.0, 0.5, 1.0, 1.5, 2.0, 3.0)):
    """Walk from each row's copy through the row and on: copy + t (row - copy).

    detector : fitted GANDetector or WGANDetector. rows : array (n, d).

    Returns
    -------
    {score: array (n, len(times))}, as `all_scores` gives them; t = 0 is the copy, 1 the
    row, and what lies beyond 1 differs from the copy more than any real row does.
    """
    copies = detector.reconstruct(rows)
    walks = np.concatenate([copies + t * (rows - copies) for t in times])
    found = detector.all_scores(walks)
    return {n: of.reshape(len(times), -1).T for n, of in found.items()}


def rivals(tables, queries, y, *, seed, components=20, **autoencoder):
    """Score the same digits with detectors that play no game.

    tables : ten arrays, the training rows of each digit. queries, y : test rows, digits.

    Returns
    -------
    {name: AUROC array (10,)}, other digits being the anomalies.
    """
    seeds = [seed + c for c in range(10)]
    nets = fit_many(tables, random_state=seeds, thresholds=False, **autoencoder)
    found = {"autoencoder": [], "kNN": [], "PCA": []}
    for c, (rows, net) in enumerate(zip(tables, nets, strict=True)):
        pca = PCADetector(min(components, len(rows) - 1)).fit(rows)
        scores = {
            "autoencoder": anomaly_score(net, queries),
            "kNN": anomaly_score(KNNDetector(5).fit(rows), queries),
            "PCA": anomaly_score(pca, queries),
        }
        for name, values in scores.items():
            found[name].append(metrics.auroc(y != c, values))
    return {name: np.array(values) for name, values in found.items()}
