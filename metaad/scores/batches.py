"""What every distance asks of the two batches that it compares."""

import numpy as np


def two_batches(x, y, least=2):
    """Return two batches of rows as float64 arrays (n, d) and (m, d).

    Parameters
    ----------
    x, y : arrays or DataFrames (n, d) and (m, d), the same d columns in the same order;
        flat arrays (n,) and (m,) are one column.
    least : int, the fewest rows that each must have.

    Raises
    ------
    ValueError
        for different columns, fewer rows than `least`, NaN or infinity, or an array of
        more than two axes; it says which batch, and what to do.
    """
    found = []
    for name, batch in (("x", x), ("y", y)):
        rows = np.asarray(batch, dtype=np.float64)
        rows = rows[:, None] if rows.ndim == 1 else rows
        if rows.ndim != 2 or len(rows) < least or not rows.shape[1]:
            raise ValueError(
                f"{name} must be a batch of at least {least} rows, array (n, d) or (n,); "
                f"got shape {np.shape(batch)}. Images: flatten each to one row first."
            )
        if not np.isfinite(rows).all():
            bad = int((~np.isfinite(rows)).any(axis=1).sum())
            raise ValueError(
                f"{name} must be finite, but {bad} of {len(rows)} rows hold NaN or "
                f"infinity; fill or drop them first."
            )
        found.append(rows)
    if found[0].shape[1] != found[1].shape[1]:
        raise ValueError(
            f"both batches need the same columns, got {found[0].shape[1]} and "
            f"{found[1].shape[1]}; select the columns that they share."
        )
    return found
