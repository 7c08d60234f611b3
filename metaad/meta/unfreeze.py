"""From OC-ANIL to OC-MAML: the same function, in which every layer adapts."""

import copy

from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from metaad.meta.maml import MAML

UNFREEZE = {"iterations": 60, "n_tasks": 8, "learning_rate": 5e-4, "inner_rate": 0.01}


def unfreeze(
    anil,
    *,
    iterations=UNFREEZE["iterations"],
    n_tasks=UNFREEZE["n_tasks"],
    learning_rate=UNFREEZE["learning_rate"],
    inner_rate=UNFREEZE["inner_rate"],
    first_order=False,
):
    """Make an OC-MAML that starts where a fitted OC-ANIL ended: from there on every
    layer adapts in the inner loop [1].

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

    References
    ----------
    [1] Frikha, Krompaß, Köpken and Tresp, Few-Shot One-Class Classification via
        Meta-Learning, AAAI 2021.
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
        dtype=anil.dtype,
    )


def fold_batch_norm(net):
    """Make the same function without batch normalisation.

    Every nn.BatchNorm2d, on its running statistics, goes into the convolution before
    it. Takes and returns an nn.Sequential; the one given stays as it is.
    """
    layers = []
    for layer in copy.deepcopy(net).eval():
        if isinstance(layer, nn.BatchNorm2d):
            layers[-1] = fuse_conv_bn_eval(layers[-1], layer)
        else:
            layers.append(layer)
    # what the fusion makes does not learn by default
    return nn.Sequential(*layers).requires_grad_(True)
