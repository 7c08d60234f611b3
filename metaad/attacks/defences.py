"""Things put before a net. One of them only hides the slope, the other helps."""

import torch


def quantised(levels):
    """Return a front that rounds each entry of rows in [0, 1] to one of `levels` values
    that lie evenly from 0 to 1.

    Its slope is 0 almost everywhere, so an attack that follows the slope sees a plain
    and stays where it is. That is no robustness: a step made elsewhere (on another net,
    or on this one as if nothing were rounded) goes right through [1].

    References
    ----------
    [1] Athalye, Carlini, Wagner: Obfuscated gradients give a false sense of security.
        ICML 2018.
    """
    if levels < 2:
        raise ValueError(f"levels must be 2 or more, got {levels!r}.")
    return lambda rows: (rows * (levels - 1)).round() / (levels - 1)


def gated(steepness, middle=0.5):
    """Return a front that sends each entry through 1 / (1 + exp(-k (x - middle))), with
    k the steepness.

    An entry near 0 or 1 moves little, whatever is added to it; one near the middle
    moves up to k / 4 times as much. Good for ink on paper, where few entries lie near
    the middle.
    """
    return lambda rows: torch.sigmoid(steepness * (rows - middle))
