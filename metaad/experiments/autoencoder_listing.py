"""A tutorial listing's faults, each tried by itself: which stop, which say nothing."""

import warnings

import numpy as np
import torch
from torch.nn import functional
from torchvision.transforms import ToTensor

from metaad.nets import Autoencoder


def trials(images, labels):
    """Return {fault: what happens when it is run}.

    images : array (b, 28, 28). labels : array (b,)."""
    batch = torch.as_tensor(images, dtype=torch.float32)[:, None]  # (b, 1, 28, 28)
    labels = torch.as_tensor(labels)
    net = Autoencoder(784, dtype=torch.float32)
    outputs = net(batch.flatten(1))  # (b, 784)
    once = ToTensor()(np.zeros((28, 28), np.uint8))
    tried = {
        "`net(images)`, images of shape (1, 28, 28)": lambda: net(batch),
        "`mse_loss(outputs, y)`": lambda: functional.mse_loss(outputs, labels),
        "`mse_loss(outputs, y[:, None])`": lambda: functional.mse_loss(
            outputs, labels[:, None]
        ),
        "`ToTensor` a second time, on a tensor": lambda: ToTensor()(once),
        "`ToTensor` a second time, on an array": lambda: ToTensor()(once.numpy()),
        # the device "meta", which every machine has, stands for a GPU
        "network on one device, images on another": lambda: Autoencoder(
            784, device="meta", dtype=torch.float32
        )(batch.flatten(1)),
    }
    return {fault: outcome(trial) for fault, trial in tried.items()}


def outcome(trial):
    """Return what a call without arguments comes to: the shape of its result, or the
    error that it raises.
    """
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            shape = tuple(trial().shape)
        except (RuntimeError, TypeError) as error:
            first_line = str(error).splitlines()[0]
            return f"**stops**: {type(error).__name__}: {first_line}"
    return f"runs, result of shape {shape}" + (", with a warning" if caught else "")
