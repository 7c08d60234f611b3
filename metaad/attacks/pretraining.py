"""Self-supervised training of nets before they are trained: a task made from the rows
themselves.

- "denoising" [1]: rebuild the row from the row plus noise;
- "masking" [2]: rebuild the row with square patches set to 0;
- "rotation" [3]: tell by how many quarter turns the image was turned.

References
----------
[1] Vincent, Larochelle, Bengio, Manzagol: Extracting and composing robust features with
    denoising autoencoders. ICML 2008.
[2] Pathak, Krähenbühl, Donahue, Darrell, Efros: Context encoders: feature learning by
    inpainting. CVPR 2016.
[3] Gidaris, Singh, Komodakis: Unsupervised representation learning by predicting image
    rotations. ICLR 2018.
"""

import math

import torch
from torch.nn.functional import cross_entropy

from metaad.attacks.adversarial_training import batches
from metaad.detectors.batched_autoencoders import forward, parameters, stacked
from metaad.nets import MLP
from metaad.train import flushed, seeded

NOISE = 0.5  # deviation of what is added, in the units of the rows
PATCH = 4  # an image is cut into so many patches across and down
HIDDEN_SHARE = 0.5  # of the patches that are set to 0


def noisy(rows, generator):
    """Return rows plus noise (..., d), and the rows, which are to be rebuilt."""
    noise = torch.randn(rows.shape, generator=generator, dtype=rows.dtype)
    return rows + NOISE * noise.to(rows.device), rows


def masked(rows, generator):
    """Return rows (..., side²) with half of their patches set to 0, and the rows."""
    side = side_of(rows)
    shown = torch.rand((*rows.shape[:-1], PATCH, PATCH), generator=generator)
    shown = (shown >= HIDDEN_SHARE).to(rows)
    across = torch.arange(side, device=rows.device) * PATCH // side  # pixel -> patch
    shown = shown[..., across, :][..., across].flatten(-2)
    return rows * shown, rows


def turned(rows, generator):
    """Return images (..., side²), each turned by 0 to 3 quarters, and how many (...)."""
    side = side_of(rows)
    times = torch.randint(4, rows.shape[:-1], generator=generator).to(rows.device)
    images = rows.unflatten(-1, (side, side))
    all_four = torch.stack([torch.rot90(images, k, (-2, -1)) for k in range(4)], dim=-3)
    which = times[..., None, None, None].expand(*times.shape, 1, side, side)
    return all_four.gather(-3, which).flatten(-3), times


TASKS = {"denoising": noisy, "masking": masked, "rotation": turned}


def pretrain(
    layers, rows, task, *, passes, batch_size, learning_rate, seed, front=None
):
    """Train all stacked layers but the last on a task made from the rows; in place.

    A last layer of the task's own stands in for the nets' one and is thrown away.

    Parameters
    ----------
    layers : see `adversarial_training.trunks`. rows : tensor (m, n, d) in [0, 1], the
        rows of each net; for "masking" and "rotation" square images.
    task : "denoising", "masking" or "rotation".
    passes : int, steps. batch_size, learning_rate : int and float, Adam's.
    seed : int, of batches, of the task and of its last layer.
    front : see `adversarial_training.logits`.

    Returns
    -------
    list of float, the loss at each step, averaged over the nets.
    """
    if task not in TASKS:
        raise ValueError(f"task must be one of {', '.join(TASKS)}, got {task!r}.")
    generator = torch.Generator().manual_seed(seed)
    trunk, (weight, _) = layers[:-1], layers[-1]
    out = 4 if task == "rotation" else rows.shape[-1]
    sizes = (weight.shape[1], out)
    with seeded(seed, torch.device("cpu")):
        heads = [MLP(sizes, dtype=rows.dtype) for _ in range(len(rows))]
    head = [
        tuple(p.detach().to(rows.device).requires_grad_() for p in stacked(heads)[0])
    ]
    adam = torch.optim.Adam(parameters([*trunk, *head]), learning_rate, fused=True)
    draws, losses = batches(rows, None, batch_size, generator), []
    with flushed():
        for _, (own, _) in zip(range(passes), draws, strict=False):
            shown, wanted = TASKS[task](own, generator)
            adam.zero_grad()
            answer = forward([*trunk, *head], front(shown) if front else shown)
            value = task_loss(answer, wanted)
            value.sum().backward()
            adam.step()
            losses.append(value.detach().mean())
    return torch.stack(losses).tolist()


def task_loss(answer, wanted):
    """Return the mean error of each net (m,): squared error where rows (m, b, d) are
    rebuilt, cross-entropy where quarters (m, b) are told.
    """
    if wanted.is_floating_point():
        return (answer - wanted).square().mean(dim=(-2, -1))
    loss = cross_entropy(answer.flatten(0, -2), wanted.flatten(), reduction="none")
    return loss.view(wanted.shape).mean(dim=-1)


def side_of(rows):
    """Return the side of square images given as rows (..., side²)."""
    side = math.isqrt(rows.shape[-1])
    if side * side != rows.shape[-1]:
        raise ValueError(
            f"rows must be square images, side² wide; got {rows.shape[-1]} columns."
        )
    return side
