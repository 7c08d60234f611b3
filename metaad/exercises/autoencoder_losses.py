"""Exercises of lesson 05 on the loss of an autoencoder: repair one, and write one."""

import torch
from torch import nn
from torch.nn.functional import mse_loss

from metaad.exercises.core import Exercise, Wrong
from metaad.scores import reconstruction_error


def repaired_loss(module, batch, labels):
    """Return the loss that the listing should have had: images (b, 1, h, w) laid flat,
    each compared with its own copy; the labels don't enter.
    """
    x = batch.flatten(1)
    return reconstruction_error(x, module(x)).mean()


def denoising_loss(module, batch, noise):
    """Return the error of the clean rows, rebuilt from the noisy ones: a scalar tensor."""
    return reconstruction_error(batch, module(batch + noise)).mean()


def damaged(rng):
    """Draw a small network without gradients, a batch (4, 3) and noise like it."""
    sizes = (torch.as_tensor(rng.normal(size=s)) for s in ((2, 3), (3, 2)))
    layers = []
    for weight in sizes:
        layer = nn.Linear(*reversed(weight.shape), dtype=torch.float64)
        layer.weight.data, layer.bias.data = weight, torch.zeros(len(weight)).double()
        layers.append(layer)
    net = nn.Sequential(layers[0], nn.Tanh(), layers[1]).requires_grad_(False)
    batch, noise = rng.uniform(0, 1, (4, 3)), rng.normal(0.1, 0.4, (4, 3))
    return net, torch.as_tensor(batch), torch.as_tensor(noise)


def pictures(rng):
    """Draw a stand-in for a network that takes rows of any width, images (4, 1, 3, 3)
    and their labels (4,).
    """
    a, b = rng.uniform(0.3, 0.9, 2)

    def module(x):
        return torch.tanh(a * x.roll(1, -1) + b * x.mean(-1, keepdim=True))

    batch = torch.as_tensor(rng.uniform(0, 1, (4, 1, 3, 3)))
    return module, batch, torch.as_tensor(rng.integers(0, 10, 4))


LOSSES = (
    Exercise(
        "05.4",
        repaired_loss,
        pictures,
        wrong=(
            Wrong(
                lambda module, batch, labels: mse_loss(
                    module(batch), labels.double().view(-1, 1, 1, 1).expand_as(batch)
                ),
                "These are the listing's two faults as they stand.",
            ),
            Wrong(
                lambda module, batch, labels: mse_loss(
                    module(batch.flatten(1)), labels[:, None].expand(-1, 9).double()
                ),
                "The images are laid flat now, but every pixel is still compared with "
                "the label. Compare it with the input.",
            ),
            Wrong(
                lambda module, batch, labels: reconstruction_error(
                    batch, module(batch)
                ).mean(),
                "You compare with the input, but the images are not laid flat: a "
                "linear layer needs rows (b, 784), and the real network stops here.",
            ),
            Wrong(
                lambda module, batch, labels: (
                    (batch.flatten(1) - module(batch.flatten(1))).abs().mean()
                ),
                "That is the mean *absolute* difference. The score is the mean of "
                "squares, and the loss is the mean score.",
            ),
            Wrong(
                lambda module, batch, labels: reconstruction_error(
                    batch.flatten(1), module(batch.flatten(1))
                ),
                "That is one error per row. A loss is one number: their mean.",
            ),
            Wrong(
                lambda module, batch, labels: reconstruction_error(
                    batch.flatten(1), module(batch.flatten(1))
                ).sum(),
                "That is the sum over rows; with it the step grows with the batch.",
            ),
            Wrong(
                lambda module, batch, labels: (module(batch.flatten(1)) ** 2).mean(),
                "This drives the output to zero, which is the label of every normal "
                "row. Compare the output with the input.",
            ),
        ),
        praise="No label is left in it, and no image is cut into rows of pixels.",
        hint="Two lines: lay the images flat, then compare them with their copies.",
    ),
    Exercise(
        "05.5",
        denoising_loss,
        damaged,
        wrong=(
            Wrong(
                lambda module, batch, noise: reconstruction_error(
                    batch, module(batch) + noise
                ).mean(),
                "The noise is added after the network, which then sees clean rows and "
                "has nothing to remove. Damage its input.",
            ),
            Wrong(
                lambda module, batch, noise: reconstruction_error(
                    batch + noise, module(batch + noise)
                ).mean(),
                "The target is noisy too: the network is asked to keep the noise. It "
                "must return the clean row.",
            ),
            Wrong(
                lambda module, batch, noise: reconstruction_error(
                    batch, module(batch * noise)
                ).mean(),
                "The noise is multiplied, which wipes out the row. Add it.",
            ),
            Wrong(
                lambda module, batch, noise: torch.tensor(0.25),
                "A constant has no gradient, so nothing would be learned from it: "
                "compute the loss from the network's output.",
            ),
            Wrong(
                lambda module, batch, noise: reconstruction_error(
                    batch, module(batch)
                ).mean(),
                "This is the plain loss: the noise is not used.",
            ),
            Wrong(
                lambda module, batch, noise: reconstruction_error(
                    batch + noise, module(batch)
                ).mean(),
                "The two are exchanged: the network sees the clean row and is asked to "
                "predict noise, which nothing can.",
            ),
            Wrong(
                lambda module, batch, noise: reconstruction_error(
                    batch, batch + noise
                ).mean(),
                "The network does not occur in it: this is the size of the noise.",
            ),
            Wrong(
                lambda module, batch, noise: reconstruction_error(
                    noise, module(batch + noise)
                ).mean(),
                "The network is asked for the noise. Ask it for the clean row.",
            ),
            Wrong(
                lambda module, batch, noise: reconstruction_error(
                    batch, module(batch + noise)
                ),
                "That is one error per row. A loss is one number: their mean.",
            ),
            Wrong(
                lambda module, batch, noise: reconstruction_error(
                    batch, module(batch + noise)
                ).sum(),
                "That is the sum over rows; with it the step grows with the batch.",
            ),
        ),
        praise=(
            "To copy is no longer enough: what the noise adds must be recognised as "
            "foreign, and left out."
        ),
        hint="The network sees batch + noise, and its output is compared with batch.",
    ),
)
