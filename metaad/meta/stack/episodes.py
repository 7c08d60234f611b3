"""What a stack learns from: tables with draws of labels, and the loss of a ranking."""

from typing import NamedTuple

import numpy as np
import torch
from torch.nn.functional import softplus

from metaad.meta.stack.inputs import N_INPUTS


def pairwise_loss(out, x, y):
    """Return the mean of log(1 + e^(b - a)) over all pairs of an anomaly's score a and
    a normal row's score b: tensor (n_tasks,).

    out : tensor (n_tasks, n, 1), scores. y : tensor (n_tasks, n), 1 for an anomaly, 0
    for a normal row, -1 for a row that does not count (tasks of one batch may have
    supports of different sizes). x is not used."""
    s = out.squeeze(-1)
    pairs = (y == 1)[:, :, None] & (y == 0)[:, None, :]  # (n_tasks, n, n)
    losses = softplus(s[:, None, :] - s[:, :, None])
    return (losses * pairs).sum(dim=(1, 2)) / pairs.sum(dim=(1, 2)).clamp_min(1)


class Episode(NamedTuple):
    """One table with one draw of labels, as the head sees it.

    pairs : array (p, 65), inputs of an anomaly minus inputs of a normal row, both
        without a label in the draw.
    support : array (k, 65), inputs of the labelled rows, each made without its own
        label. y : array (k,), their labels.
    table : str, the table's name; all draws of a table together weigh as much as any
    other table."""

    pairs: np.ndarray
    support: np.ndarray
    y: np.ndarray
    table: str


def supports(episodes):
    """Return the inputs (n_episodes, k, 65) and labels (n_episodes, k) of the supports,
    filled up with rows of label -1.
    """
    k = max(len(e.y) for e in episodes)
    x, y = np.zeros((len(episodes), k, N_INPUTS)), np.full((len(episodes), k), -1)
    for i, e in enumerate(episodes):
        x[i, : len(e.y)], y[i, : len(e.y)] = e.support, e.y
    return torch.tensor(x), torch.tensor(y)
