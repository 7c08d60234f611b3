"""Few-shot one-class recipes for small grey images: one trunk, one way to train it,
five ways to use the support.

What differs between the methods is only what a task does with its few normal images:

| method | the support enters through | adapts by gradient |
| --- | --- | --- |
| ProtoNet | the mean of its embeddings | nothing |
| Mahalanobis | the mean of its embeddings and their spread | nothing |
| PLDA | the mean of its embeddings and their number | nothing |
| OC-ANIL | gradient steps on the loss of "all of this is normal" | the last layer |
| OC-MAML | the same steps | every layer |
"""

import torch
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from metaad.meta.mahalanobis import Mahalanobis
from metaad.meta.maml import MAML
from metaad.meta.plda import PLDA
from metaad.meta.protonet import ProtoNet
from metaad.nets import ConvNet
from metaad.train import seeded

METHODS = ("ProtoNet", "Mahalanobis", "PLDA", "OC-ANIL", "OC-MAML")


def trunk(out=64, side=28):
    """The network that all methods share: three strided convolutions with batch
    normalisation, one linear layer.

    Input (n, side²), output (n, out): the embedding.
    """
    net = ConvNet((32, 64, 64), out=out, side=side, batch_norm=True)
    # a quarter less time for the convolutions on a CPU
    return net.to(memory_format=torch.channels_last)


def few_shot(
    method,
    *,
    iterations=400,
    n_tasks=16,
    learning_rate=3e-3,
    average=0.985,
    shots=None,
    steps=3,
    inner_rate=0.02,
    side=28,
    device="auto",
    random_state=0,
    progress=False,
):
    """A meta-learner on the shared trunk, not yet fitted: Adam with a cosine schedule
    and averaged weights.

    Parameters
    ----------
    method : "ProtoNet", "Mahalanobis", "PLDA" or "OC-ANIL"; for "OC-MAML" see
        `unfreeze`.
    shots : numbers of support rows that each batch is judged with, of the metric
        learners; OC-ANIL takes supports as they come.
    steps, inner_rate : inner steps of OC-ANIL and where its learned rates start.
    side : height and width of the images.
    iterations, n_tasks, learning_rate, average, device, random_state, progress : see
        MetaLearner. `random_state` seeds the trunk's first weights too.

    Returns
    -------
    ProtoNet, PLDA or MAML

    References
    ----------
    [1] Frikha, Krompaß, Köpken and Tresp, Few-Shot One-Class Classification via
        Meta-Learning, AAAI 2021.
    [2] Raghu, Raghu, Bengio and Vinyals, Rapid Learning or Feature Reuse?, ICLR 2020
    (ANIL)."""
    if method not in METHODS[:4]:
        known = ", ".join(METHODS[:4])
        raise ValueError(
            f"few_shot makes {known} (OC-MAML goes on from OC-ANIL, see unfreeze); got {method!r}."
        )
    with seeded(random_state, torch.device("cpu")):
        net = trunk(out=1 if method == "OC-ANIL" else 64, side=side)
    common = {
        "iterations": iterations,
        "n_tasks": n_tasks,
        "learning_rate": learning_rate,
        "schedule": "cosine",
        "average": average,
        "device": device,
        "random_state": random_state,
        "progress": progress,
    }
    if method == "OC-ANIL":
        return MAML(
            net,
            steps=steps,
            inner_rate=inner_rate,
            rates="tensor",
            layers="last",
            **common,
        )
    return {"ProtoNet": ProtoNet, "Mahalanobis": Mahalanobis, "PLDA": PLDA}[method](
        net, shots=shots, **common
    )


def unfreeze(
    anil,
    *,
    iterations=100,
    n_tasks=8,
    learning_rate=5e-4,
    inner_rate=0.01,
    first_order=False,
):
    """OC-MAML that starts where a fitted OC-ANIL ended: from there on every layer
    adapts in the inner loop [1].

    Per-task convolutions cost several times what shared ones do, so most of the
    training is OC-ANIL's. Batch normalisation is folded into the convolutions first
    (the network computes the same): its statistics would otherwise mix the tasks of a
    batch.

    Parameters
    ----------
    anil : fitted MAML with layers="last", as `few_shot("OC-ANIL")` makes it.
    iterations, n_tasks, learning_rate, first_order : of the second training.
    inner_rate : where the learned inner rates of all layers start.

    Returns
    -------
    MAML, not yet fitted.
    """
    return MAML(
        fold_batch_norm(anil.module_["net"]),
        steps=anil.steps,
        inner_rate=inner_rate,
        rates="tensor",
        layers="all",
        first_order=first_order,
        iterations=iterations,
        n_tasks=n_tasks,
        learning_rate=learning_rate,
        schedule="cosine",
        average=0.9,
        device=anil.device,
        random_state=anil.random_state,
        progress=anil.progress,
    )


def fold_batch_norm(net):
    """The same function without batch normalisation: every nn.BatchNorm2d, on its
    running statistics, goes into the convolution before it. Takes and returns an
    nn.Sequential; the one given stays as it is."""
    layers = []
    for layer in net.eval():
        if isinstance(layer, nn.BatchNorm2d):
            layers[-1] = fuse_conv_bn_eval(layers[-1].eval(), layer)
        else:
            layers.append(layer)
    # what the fusion makes does not learn by default
    return nn.Sequential(*layers).requires_grad_(True)
