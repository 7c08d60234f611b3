"""Many autoencoders of one shape, trained at the same time: one matrix product does
the work of ten.

    ten = fit_many([X[y == digit] for digit in range(10)], epochs=16, random_state=0)
    scores = [anomaly_score(one, queries) for one in ten]

The loss is the sum over the networks, and no weight of one network enters the loss of
another, so the gradient of each is its own; Adam works on each number by itself. Sets
of different size don't wait for each other: each network passes through its own rows,
and its weights are taken when its own last step is done.
"""

import math
import numbers
from itertools import repeat

import numpy as np
import torch
from sklearn.utils import check_random_state
from torch import nn

from metaad.detectors.autoencoder import AutoencoderDetector
from metaad.progress import progress as show_progress
from metaad.train import flushed, halved


def fit_many(
    arrays,
    kind=AutoencoderDetector,
    random_state=None,
    thresholds=True,
    **parameters,
):
    """Fit one autoencoder to each array, all at the same time, and return them.

    Each ends up as `kind(random_state=random_state, **parameters).fit(array)` would
    leave it, to rounding: the same first weights, the same batches, the same Adam.

    Parameters
    ----------
    arrays : list of n arrays (n_i, d); the n_i may differ.
    kind : AutoencoderDetector, or DenoisingAutoencoder.
    random_state : int for all; a list of n of them, one for each; a RandomState or
        None, from which each draws in its turn.
    thresholds : bool. False saves a pass over all rows: the detectors have no `offset_`
        then, and score, but don't predict.
    parameters : of `kind`, for all; no checkpoint. `batch_size` rows of each array make
        one step.

    Returns
    -------
    list of n fitted detectors.

    Raises
    ------
    ValueError
        for arrays of different width, another number of seeds than of arrays, a
        checkpoint, or what `fit` refuses.
    FloatingPointError
        if a loss is not finite.
    """
    detectors = _detectors(arrays, kind, random_state, parameters)
    allowed = [d._allowed(X) for d, X in zip(detectors, arrays, strict=True)]
    widths = {X.shape[1] for X in allowed}
    if len(widths) > 1:
        raise ValueError(
            f"all arrays must have the same number of columns, got {sorted(widths)}."
        )
    begun = [d._begin(X) for d, X in zip(detectors, allowed, strict=True)]
    histories = train_modules(
        [d.module_ for d in detectors],
        [rows for rows, _ in begun],
        shuffles=[torch.Generator().manual_seed(seed) for _, seed in begun],
        epochs=detectors[0].epochs,
        batch_size=detectors[0].batch_size,
        learning_rate=detectors[0].learning_rate,
        shown=_shown(detectors, [seed for _, seed in begun]),
        bfloat16=detectors[0].dtype == "bfloat16",
        progress=detectors[0].progress,
    )
    for detector, X, history in zip(detectors, allowed, histories, strict=True):
        detector.history_ = history
        if thresholds:
            detector._learn_offset(X)
    return detectors


def train_modules(
    modules,
    rows,
    *,
    shuffles,
    epochs,
    batch_size,
    learning_rate,
    shown=None,
    bfloat16=False,
    progress=False,
):
    """Train n networks of one shape, each on its own rows, to rebuild them.

    Parameters
    ----------
    modules : list of n nn.Module, linear layers and activations in the order in which
        they are listed, such as MLP and Autoencoder; trained in place.
    rows : list of n tensors (n_i, d), on the modules' device.
    shuffles : list of n torch.Generator of the CPU; each shuffles one network's rows.
    epochs, batch_size, learning_rate : int, int and float, for all; Adam's.
    shown : function from rows (n, b, d) and n whole numbers, how many of the b count,
        to what the networks see (n, b, d); None for the rows.
    bfloat16 : bool, compute matrix products in that type.

    Returns
    -------
    list of n lists of float: the mean loss of each epoch.
    """
    X, device = torch.cat(rows), rows[0].device
    counts = [len(r) for r in rows]
    size = min(batch_size, max(counts))
    decks = [
        _batches(n, sum(counts[:i]), size, epochs, shuffles[i], X)
        for i, n in enumerate(counts)
    ]
    steps = [epochs * -(-n // size) for n in counts]
    layers = stacked(modules)
    optimizer = torch.optim.Adam(parameters(layers), learning_rate, fused=True)
    losses = []  # a tensor (n,) each: the sum of the batch's errors
    with flushed():
        every = range(max(steps))
        for step in show_progress(every, label="steps") if progress else every:
            chosen, weight, filled = zip(*map(next, decks), strict=True)
            chosen, weight = torch.stack(chosen), torch.stack(weight)  # (n, b)
            x = X.index_select(0, chosen.flatten()).view(*chosen.shape, -1)  # (n, b, d)
            seen = x if shown is None else shown(x, filled)
            optimizer.zero_grad()
            with halved(device, bfloat16):
                rebuilt = forward(layers, seen)
            errors = (rebuilt - x).square().mean(dim=2) * weight  # (n, b)
            loss = errors.sum(dim=1)
            loss.sum().backward()
            optimizer.step()
            losses.append(loss.detach() * weight.count_nonzero(dim=1))
            for i, last in enumerate(steps):
                if step + 1 == last:
                    take(layers, i, modules[i])
    return _histories(torch.stack(losses), counts, steps, epochs)


def stacked(modules):
    """Return the layers of networks of one shape, in their order: (weight (n, s_in,
    s_out), bias (n, 1, s_out)) of a linear one, an activation as it is.
    """
    layers = []
    for alike in zip(*map(_leaves, modules), strict=True):
        if not isinstance(alike[0], nn.Linear):
            layers.append(alike[0])
            continue
        weight = torch.stack([m.weight.detach() for m in alike]).transpose(1, 2)
        bias = torch.stack([m.bias.detach() for m in alike])[:, None]
        layers.append(tuple(p.contiguous().requires_grad_() for p in (weight, bias)))
    return layers


def parameters(layers):
    """Return the tensors that stacked layers learn."""
    return [p for layer in layers if isinstance(layer, tuple) for p in layer]


def forward(layers, x):
    """Compute every network's answer to its own rows: x (n, b, d) -> (n, b, d)."""
    for layer in layers:
        if isinstance(layer, tuple):
            weight, bias = layer
            x = torch.baddbmm(bias, x, weight)
        else:
            x = layer(x)
    return x


def take(layers, i, module):
    """Copy the weights of network i out of stacked layers into `module`."""
    with torch.no_grad():
        for layer, own in zip(layers, _leaves(module), strict=True):
            if isinstance(layer, tuple):
                own.weight.copy_(layer[0][i].T)
                own.bias.copy_(layer[1][i, 0])


def _leaves(module):
    return [m for m in module.modules() if not list(m.children())]


def _batches(n, first, size, epochs, shuffle, like):
    """Yield one network's batches: numbers of its rows (size,), which begin at `first`;
    their weights, 0 where the last batch of a pass is filled up; how many
    are not filling. After the last pass batches of weight 0 without end.
    """
    device, last = like.device, n % size or size
    full = torch.full((size,), 1.0 / size, dtype=like.dtype, device=device)
    short = torch.zeros_like(full)
    short[:last] = 1.0 / last
    for _ in range(epochs):
        order = torch.randperm(n, generator=shuffle)
        *whole, rest = (order + first).to(device).split(size)
        for rows in whole:
            yield rows, full, size
        yield torch.cat([rest, rest.new_full((size - last,), first)]), short, last
    nothing = torch.full((size,), first, device=device)
    yield from repeat((nothing, torch.zeros_like(full), 0))


def _histories(losses, counts, steps, epochs):
    """Mean loss of each epoch: sums (t, n) over the rows of each batch -> n lists."""
    histories = []
    for i, (n, last) in enumerate(zip(counts, steps, strict=True)):
        history = (losses[:last, i].view(epochs, -1).sum(dim=1) / n).tolist()
        histories.append(history)
        for number, loss in enumerate(history, 1):
            if not math.isfinite(loss):
                raise FloatingPointError(
                    f"the loss must stay finite, got {loss} in epoch {number} of "
                    f"network {i}. Lower the learning rate (a tenth is a good next "
                    "try), or bring the columns to a common scale first."
                )
    return histories


def _detectors(arrays, kind, random_state, parameters):
    """One unfitted detector per array, each with its seed."""
    n = len(arrays)
    if n == 0:
        raise ValueError("arrays must hold at least one array (n, d), got none.")
    if parameters.get("checkpoint") is not None:
        raise ValueError("fit_many keeps no checkpoint; leave it out, or fit alone.")
    if not isinstance(random_state, (list, tuple, np.ndarray)):
        shared = isinstance(random_state, numbers.Integral)
        source = random_state if shared else check_random_state(random_state)
        random_state = [source] * n
    if len(random_state) != n:
        raise ValueError(
            f"random_state must be one seed, or one for each of the {n} arrays; "
            f"got {len(random_state)}."
        )
    return [kind(random_state=seed, **parameters) for seed in random_state]


def _shown(detectors, seeds):
    """What all networks see in place of their rows (n, b, d); None for the rows."""
    noises = [d._noise(seed) for d, seed in zip(detectors, seeds, strict=True)]
    if None in noises:
        return None
    pairs = list(zip(detectors, noises, strict=True))

    def shown(x, counts):
        seen = x.clone()
        for (detector, noise), rows, count in zip(pairs, seen, counts, strict=True):
            rows[:count] = detector._shown(rows[:count], noise)
        return seen

    return shown
