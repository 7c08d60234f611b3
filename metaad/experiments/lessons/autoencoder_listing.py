"""A tutorial listing's faults, each tried by itself: which stop, which say nothing."""

import warnings

import numpy as np
import torch
from torch.nn import functional

from metaad.nets import Autoencoder


def trials(images, labels):
    """Return {fault: what happens when it is run}.

    images : array (b, 28, 28). labels : array (b,)."""
    batch = torch.as_tensor(images, dtype=torch.float32)[:, None]  # (b, 1, 28, 28)
    labels = torch.as_tensor(labels)
    net = Autoencoder(784, dtype=torch.float32)
    outputs = net(batch.flatten(1))  # (b, 784)
    once = to_tensor(np.zeros((28, 28), np.uint8))
    tried = {
        "`net(images)`, images of shape (1, 28, 28)": lambda: net(batch),
        "`mse_loss(outputs, y)`": lambda: functional.mse_loss(outputs, labels),
        "`mse_loss(outputs, y[:, None])`": lambda: functional.mse_loss(
            outputs, labels[:, None]
        ),
        "`ToTensor` a second time, on a tensor": lambda: to_tensor(once),
        "`ToTensor` a second time, on an array": lambda: to_tensor(once.numpy()),
        # the device "meta", which every machine has, stands for a GPU
        "network on one device, images on another": lambda: Autoencoder(
            784, device="meta", dtype=torch.float32
        )(batch.flatten(1)),
    }
    return {fault: outcome(trial) for fault, trial in tried.items()}


def to_tensor(image):
    """Return an image as torchvision's `ToTensor` does, without torchvision, whose build
    has to be that of torch.

    image : array (h, w) or (h, w, channels). The result is a tensor (channels, h, w):
        bytes are divided by 255, other numbers stay as they are.

    Raises
    ------
    TypeError
        for what is no array: a tensor, for one.
    """
    if not isinstance(image, np.ndarray):
        raise TypeError(f"pic should be PIL Image or ndarray. Got {type(image)}")
    channels_last = image[:, :, None] if image.ndim == 2 else image
    tensor = torch.from_numpy(channels_last.transpose(2, 0, 1)).contiguous()
    if tensor.dtype == torch.uint8:
        return tensor.to(torch.get_default_dtype()) / 255
    return tensor


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
