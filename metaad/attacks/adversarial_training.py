"""Train nets on the worst rows near those they are given.

Plain training makes the mean loss of rows small; adversarial training makes the mean of
the largest loss in a ball around each row small [1]:

    min over the weights of  mean over rows of  max over |x' - x| ≤ ε of  loss(x').

At each step the inner maximum is approached by a few steps along the slope from a
random point of the ball (with one step: [2]), then the weights take one step at the row
found. An attack step costs about what a step of the weights costs: one pass forward and
one back. So time is counted in passes here, and plain and adversarial training of the
same number of passes take the same time.

Many nets of one shape are trained side by side, each on rows of its own, see
`metaad.detectors.batched_autoencoders`.

References
----------
[1] Madry, Makelov, Schmidt, Tsipras, Vladu: Towards deep learning models resistant to
    adversarial attacks. ICLR 2018.
[2] Wong, Rice, Kolter: Fast is better than free: revisiting adversarial training.
    ICLR 2020.
"""

import math

import torch
from torch.nn.functional import softplus

from metaad.attacks.gradient import PIXELS, climb, project, scattered, steepest
from metaad.detectors.batched_autoencoders import forward, parameters, stacked
from metaad.nets import MLP
from metaad.train import flushed, seeded


def trunks(n_features, hidden, n, *, seed, dtype=torch.float32, out=1):
    """Return the stacked layers of n nets, n_features - hidden - out, whose first
    weights are drawn from `seed` on the CPU.
    """
    sizes = (n_features, *hidden, out)
    with seeded(seed, torch.device("cpu")):
        return stacked([MLP(sizes, dtype=dtype) for _ in range(n)])


def logits(layers, front=None):
    """Return the score of nets with one output: a function from rows (m, n, d), those
    of each net, to (m, n), large = anomalous.

    front : function that rows pass before the nets, such as `defences.gated(20.0)`.
    """

    def score(rows):
        return forward(layers, rows if front is None else front(rows))[..., 0]

    return score


def batches(normal, outliers, size, generator):
    """Yield batches without end: rows (m, size, d) and their labels (size,), 0 for the
    first half, drawn from `normal` (m, n, d), and 1 for the rest, from `outliers`
    (k, d), which all nets share. With outliers None all rows are normal.
    """
    half = size if outliers is None else size // 2
    y = torch.zeros(size, dtype=normal.dtype, device=normal.device)
    y[half:] = 1.0
    which = {"generator": generator}
    while True:
        own = torch.randint(normal.shape[1], (half,), **which)
        rows = normal[:, own.to(normal.device)]
        if outliers is not None:
            shape = (len(normal), size - half)
            others = torch.randint(len(outliers), shape, **which)
            rows = torch.cat([rows, outliers[others.to(outliers.device)]], dim=1)
        yield rows, y


def exposure_loss(scores, y):
    """Return the cross-entropy of "anomalous" with the logits (m, b), (m,), one for
    each net. y (b,), 1 for an anomaly.
    """
    return softplus((1 - 2 * y) * scores).mean(dim=-1)


def mean_score(scores, y):
    """Return the mean score (m,) of rows that are all normal, (m, b): what an
    autoencoder makes small.
    """
    return scores.mean(dim=-1)


def nearby_worst(score, rows, y, *, epsilon, steps, norm, box, generator):
    """Move rows (m, b, d) to where the score is on the wrong side: up for normal ones
    (y = 0), down for anomalies. A few steps from a random point, nothing kept.
    """
    sign = 1 - 2 * y
    size = 1.25 * epsilon if steps == 1 else 2 * epsilon / steps
    at = scattered(rows, epsilon, norm, box, generator)
    for _ in range(steps):
        _, slope = climb(score, at, sign)
        at = project(at + size * steepest(slope, norm), rows, epsilon, norm, box)
    return at.detach()


def train(
    score,
    weights,
    rows_and_labels,
    loss=exposure_loss,
    *,
    passes,
    learning_rate,
    epsilon=0.0,
    attack_steps=1,
    norm=math.inf,
    box=PIXELS,
    generator,
):
    """Train nets so that the loss is small at the worst rows near those given.

    Parameters
    ----------
    score : function of rows (m, b, d) -> (m, b), which depends on the weights.
    weights : list of tensors. rows_and_labels : iterator, see `batches`.
    loss : function of scores (m, b) and labels (b,) -> (m,).
    passes : int, forward-and-back passes to spend: a step of the weights is one, each
        step of the attack is one more.
    learning_rate : float > 0, Adam's at the start; it falls to 0 on a straight line.
    epsilon : float ≥ 0; 0 trains plainly. attack_steps : int ≥ 1, see `nearby_worst`.
    norm, box : of the ball, see `metaad.attacks.pgd`.
    generator : torch.Generator of the CPU, for the starts of attacks.

    Returns
    -------
    list of float, the loss at each step, averaged over the nets.

    Raises
    ------
    FloatingPointError
        if the loss is not finite.
    """
    steps = max(1, passes // (1 + attack_steps) if epsilon else passes)
    adam = torch.optim.Adam(weights, learning_rate, fused=True)
    falling = torch.optim.lr_scheduler.LambdaLR(adam, lambda step: 1 - step / steps)
    ball = {"epsilon": epsilon, "norm": norm, "box": box, "generator": generator}
    losses = []
    with flushed():
        for _, (rows, y) in zip(range(steps), rows_and_labels, strict=False):
            if epsilon:
                rows = nearby_worst(score, rows, y, steps=attack_steps, **ball)
            adam.zero_grad()
            value = loss(score(rows), y)
            value.sum().backward()
            adam.step()
            falling.step()
            losses.append(value.detach().mean())
    found = torch.stack(losses).tolist()
    if not all(map(math.isfinite, found)):
        raise FloatingPointError(
            "the loss must stay finite, and it did not. Lower the learning rate (a tenth "
            "is a good next try), or bring the columns to a common scale first."
        )
    return found


def harden(layers, normal, outliers, *, batch_size, seed, front=None, **options):
    """Train stacked nets to tell their rows from outliers, all attacked; in place.

    layers : see `trunks`. normal (m, n, d), the rows of each net; outliers (k, d).
    batch_size : rows of a step for each net. seed : int, of batches and attacks.
    front : see `logits`. options : of `train`. Returns what `train` returns.
    """
    generator = torch.Generator().manual_seed(seed)
    draws = batches(normal, outliers, batch_size, generator)
    score = logits(layers, front)
    return train(score, parameters(layers), draws, generator=generator, **options)
