"""Made-up anomalies of a table without labels: rows whose features do not belong
together.
"""

import numpy as np


def mixed_rows(X, shape, rng):
    """Draw rows that take each feature from a different row of X, chosen at random.

    Every feature looks ordinary by itself, only the way they go together is wrong.

    X : array or tensor (n, d). shape : tuple, how many rows. rng : NumPy Generator, or
    Draws on the device of X. Returns (*shape, d), of the kind of X.
    """
    n, d = X.shape
    # Draws make their own, on the device; a table without torch has NumPy's
    columns = getattr(rng, "arange", np.arange)(d)
    return X[rng.integers(n, size=(*shape, d)), columns]
