"""How badly a row is rebuilt: a score of one row, and of each of its entries."""


def reconstruction_error(x, rebuilt):
    """Return the mean squared difference between each row and its reconstruction: a
    score of a row.

    Parameters
    ----------
    x, rebuilt : arrays or tensors of the same shape (n, ...).

    Returns
    -------
    errors : (n,), the mean over everything but the first axis, ≥ 0; larger = more
    anomalous. It takes n · d steps for rows of d entries.

    Raises
    ------
    ValueError
        if the shapes differ."""
    if x.shape != rebuilt.shape:
        # (n, 1) against (n,) would broadcast to (n, n) and give a number that means
        # nothing.
        raise ValueError(
            f"rows and reconstructions must have the same shape, got {x.shape} and {rebuilt.shape}."
        )
    return ((x - rebuilt) ** 2).reshape(x.shape[0], -1).mean(-1)


def pixel_errors(x, rebuilt):
    """Return the squared difference between each entry of a row and its reconstruction:
    it says which pixels, or which columns, make the row stand out.

    Parameters
    ----------
    x, rebuilt : arrays or tensors of the same shape (n, ...).

    Returns
    -------
    errors : (n, ...), ≥ 0; larger = more anomalous. The mean over the entries of a row
    is its `reconstruction_error`.

    Raises
    ------
    ValueError
        if the shapes differ."""
    if x.shape != rebuilt.shape:
        raise ValueError(
            f"rows and reconstructions must have the same shape, got {x.shape} and {rebuilt.shape}."
        )
    return (x - rebuilt) ** 2
