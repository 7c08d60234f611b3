"""Scores that say how far a row lies from normal."""


def reconstruction_error(x, rebuilt):
    """Mean squared difference between each row and its reconstruction.

    Parameters
    ----------
    x, rebuilt : arrays or tensors of the same shape (n, ...).

    Returns
    -------
    errors : (n,), the mean over everything but the first axis, ≥ 0; larger = more anomalous.
    """
    if x.shape != rebuilt.shape:
        # (n, 1) against (n,) would broadcast to (n, n) and give a number that means nothing.
        raise ValueError(f"rows and reconstructions must have the same shape, got {x.shape} and {rebuilt.shape}.")
    return ((x - rebuilt) ** 2).reshape(x.shape[0], -1).mean(-1)
