"""What a classifier that never saw a class can say about it: seventeen numbers of a
query row, given a few normal rows.

    numbers = support_numbers(*views(net, X), support, query)

Twelve are the distances that `support_heads` defines, in four layers of the network:

| layer | what it is |
| --- | --- |
| first, second, third | the outputs of the three convolutions, after the ReLU |
| embedding | what the layer that names the classes sees |

Five ask whether the row looks like a class that the network can name. With logits
z_1 … z_C and their softmax p:

| number | formula |
| --- | --- |
| energy | log Σ exp z_c, large where some class fits [1] |
| largest | max z_c |
| certain | max p_c |
| other profile | 1 - cosine of the logits, centred, with the support's mean profile |
| other names | Jensen-Shannon divergence of p from the support's mean p, in nats |

All are large for anomalies. None has a unit that two networks share: `reference`
gives a unit: how much a number varies over episodes of the network's own known classes.

References
----------
[1] Liu, Wang, Owens and Li, Energy-based Out-of-distribution Detection, NeurIPS 2020;
    there a large energy means a known, so normal row. Here known classes are anomalies.
"""

import torch
from torch import nn

from metaad.meta.support_heads import HEADS, gram, unit

DISTANCES = ("residual", "mean", "nearest")
LAYERS = ("first", "second", "third", "embedding")
KNOWN = ("energy", "largest", "certain", "other profile", "other names")
NAMES = (*(f"{d}, {layer}" for layer in LAYERS for d in DISTANCES), *KNOWN)
ROWS = 500  # through the network at once
TINY = 1e-12


@torch.no_grad()
def views(net, X):
    """Look at rows X (n, d) through a network: features and logits.

    net : nn.Sequential of convolutions, each followed by a ReLU, then nn.Flatten, a
        linear layer to the embedding and one to the logits; as a Classifier trains it.

    Returns ({layer: tensor (n, m), rows of length one}, logits (n, classes)). The
    network is left in evaluation mode.

    Raises ValueError for a network of another make."""
    ends = _ends(net)
    net.eval()
    kept, logits = {layer: [] for layer in LAYERS}, []
    for x in torch.as_tensor(X).split(ROWS):
        for i, layer in enumerate(net):
            x = layer(x)
            if i in ends:
                kept[ends[i]].append(unit(x.flatten(1)))
        logits.append(x)
    return {layer: torch.cat(z) for layer, z in kept.items()}, torch.cat(logits)


def _ends(net):
    """Where each of LAYERS ends: {position in the network: layer}."""
    layers = list(net)
    relus = [i for i, layer in enumerate(layers) if isinstance(layer, nn.ReLU)]
    linear = [i for i, layer in enumerate(layers) if isinstance(layer, nn.Linear)]
    if len(relus) != 3 or len(linear) != 2:
        raise ValueError(
            "seventeen numbers need a network of three ReLUs and then two linear "
            f"layers; got {len(relus)} and {len(linear)}. `trunk` with one linear layer "
            "more is such a network."
        )
    return dict(zip([*relus, linear[0]], LAYERS, strict=True))


def support_numbers(features, logits, support, query):
    """Compute the numbers of query rows, large for anomalies: float64 (t, q, 17), in the
    order of NAMES.

    features, logits : see `views`. support : int64 (t, k), row numbers of each task's
        normal rows. query : int64 (t, q), of the rows to judge."""
    found = []
    for layer in LAYERS:
        z = features[layer]
        products = gram(z[support], z[query])
        found += [HEADS[d](*products) for d in DISTANCES]
    return torch.stack([*found, *known_numbers(logits.double(), support, query)], -1)


def known_numbers(logits, support, query):
    """Compute the five numbers about known classes: tensors (t, q), in KNOWN's order."""
    p = logits.softmax(-1)
    profile = unit(logits - logits.mean(-1, keepdim=True))
    usual = unit(profile[support].mean(1, keepdim=True))  # (t, 1, classes)
    names = p[support].mean(1, keepdim=True)
    return [
        logits.logsumexp(-1)[query],
        logits.amax(-1)[query],
        p.amax(-1)[query],
        1 - (profile[query] * usual).sum(-1),
        jensen_shannon(p[query], names),
    ]


def jensen_shannon(p, q):
    """Jensen-Shannon divergence of distributions (..., c), in nats: 0 to log 2."""
    half = ((p + q) / 2).clamp_min(TINY).log()
    return sum((r * (r.clamp_min(TINY).log() - half)).sum(-1) for r in (p, q)) / 2


def reference(episodes):
    """Return the standard deviation of each number over episodes (n, q, f) of a network's
    known classes: float64 tensor (f,).

    A number that does not vary there counts in its own units."""
    spread = torch.as_tensor(episodes).double().flatten(0, -2).std(0)
    return torch.where(spread > 0, spread, torch.ones_like(spread))
