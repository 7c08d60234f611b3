"""Convolutional networks for square grey images, as plain nn.Sequential."""

from torch import nn


def conv_trunk(widths=(16, 32, 32), *, side=28, out=None, batch_norm=False):
    """Strided 3×3 convolutions: every layer halves the image.

    Parameters
    ----------
    widths : channels after each convolution.
    side : height and width of the input images, which come flattened.
    out : width of a final nn.Linear, e.g. 1 for a logit; None returns the flattened last feature map.
    batch_norm : put nn.BatchNorm2d between convolution and ReLU.

    Returns
    -------
    nn.Sequential from rows (n, side²) to (n, out), or to (n, widths[-1] s²) with s the last map's side.
    """
    layers, channels = [nn.Unflatten(1, (1, side, side))], 1
    for width in widths:
        layers.append(nn.Conv2d(channels, width, 3, stride=2, padding=1, bias=not batch_norm))
        layers += [nn.BatchNorm2d(width), nn.ReLU()] if batch_norm else [nn.ReLU()]
        channels, side = width, (side + 1) // 2
    layers.append(nn.Flatten())
    if out is not None:
        layers.append(nn.Linear(channels * side**2, out))
    return nn.Sequential(*layers)
