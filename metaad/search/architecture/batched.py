"""Many small networks of one shape, trained at the same time: one matrix product
does the work of thirty.
"""

from typing import NamedTuple

import numpy as np
import torch
from sklearn.utils import check_random_state

from metaad.detectors.batched_autoencoders import forward, stacked, train_modules
from metaad.nets import Autoencoder
from metaad.train import resolve_device, seeded

BLOCK = 512  # rows of each network scored at a time


class Together(NamedTuple):
    """Autoencoders of one shape, one for each of `n` sets of rows.

    layers : list of (weight (n, s_in, s_out), bias (n, 1, s_out)) and activations, the
    encoder's first."""

    layers: list

    def errors(self, X):
        """Return the mean squared error of rebuilding: rows X (n, q, d), or (q, d) for all
        alike -> float64 array (n, q).
        """
        layers = [
            tuple(p.detach().double() for p in layer)
            if isinstance(layer, tuple)
            else layer
            for layer in self.layers
        ]
        first = layers[0][0]
        X = torch.as_tensor(X)
        X = X.expand(len(first), *X.shape) if X.ndim == 2 else X
        found = []
        with torch.no_grad():
            for block in X.split(BLOCK, dim=1):
                x = block.to(first.device, torch.float64)
                found.append((forward(layers, x) - x).square().mean(dim=2).cpu())
        return torch.cat(found, dim=1).numpy()


def train_together(
    rows,
    hidden,
    code_size,
    *,
    epochs=20,
    batch_size=128,
    learning_rate=1e-3,
    seeds=0,
    dtype="float32",
    device="cpu",
):
    """Train one autoencoder on each of n sets of rows, all of the same number, at the
    same time.

    Network i ends up as `AutoencoderDetector(hidden, code_size, random_state=seeds[i],
    scale=None).fit(rows[i])` would leave it, to rounding: the same first weights, the
    same batches, the same Adam. The loss is the sum over the networks, and no weight of
    one network enters the loss of another.

    Parameters
    ----------
    rows : array (n, r, d), already scaled.
    hidden, code_size, epochs, batch_size, learning_rate, dtype, device : see
        AutoencoderDetector; no bfloat16.
    seeds : int for all, or one per network.

    Returns
    -------
    Together

    Raises
    ------
    ValueError
        for rows of another shape, or another number of seeds than of sets.
    """
    rows = np.asarray(rows)
    if rows.ndim != 3 or 0 in rows.shape:
        raise ValueError(
            f"rows must be an array (n networks, r rows, d features); got shape {rows.shape}."
        )
    n, r, d = rows.shape
    seeds = np.broadcast_to(seeds, n) if np.ndim(seeds) == 0 else np.asarray(seeds)
    if seeds.shape != (n,):
        raise ValueError(
            f"seeds must be one int, or one for each of the {n} networks; got shape {seeds.shape}."
        )
    device, dtype = resolve_device(device), getattr(torch, dtype)
    # as the detector draws them
    drawn = [int(check_random_state(int(s)).randint(2**31 - 1)) for s in seeds]
    modules = []
    for s in drawn:
        with seeded(s, device):
            modules.append(Autoencoder(d, hidden, code_size, dtype=dtype).to(device))
    train_modules(
        modules,
        list(torch.as_tensor(rows, dtype=dtype, device=device)),
        shuffles=[torch.Generator().manual_seed(s) for s in drawn],
        epochs=epochs,
        batch_size=batch_size,
        learning_rate=learning_rate,
    )
    return Together(stacked(modules))
