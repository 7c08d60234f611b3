"""Score rows by a few normal ones in a space that nobody changes: heads for features.

    cross, own, squares = gram(support, query)
    score = HEADS["residual"](cross, own, squares)

All of them need inner products alone, so a wide feature space costs no more than a
narrow one. With s_1 … s_k the support, μ its mean, q a query row, u = q - μ and R the k
centred support rows:

| head | anomaly score |
| --- | --- |
| mean | ‖u‖² |
| residual | ‖u‖² - (R u)ᵀ (R Rᵀ)⁺ (R u): what the flat through the support leaves over |
| shrunk | ‖u‖² - (R u)ᵀ (κ I + R Rᵀ)⁻¹ (R u) |
| nearest | min over i of ‖q - s_i‖² |

The first three are one formula: κ → 0 gives the residual, κ → ∞ the distance to the
mean. Where the space is whitened by the variance within the known classes (`whitening`),
the third is κ / (κ + k - 1) times the squared Mahalanobis distance under the covariance
(κ I + RᵀR) / (κ + k - 1): the support's own scatter, drawn towards what the classes
share as if κ more rows had been seen.
"""

import torch

PRIOR_ROWS = 10.0  # κ


def unit(z):
    """Scale rows (..., m) to length one; a row of zeros stays."""
    return z / z.norm(dim=-1, keepdim=True).clamp_min(1e-12)


def gram(support, query):
    """Compute the inner products that all heads take.

    support : tensor (n_tasks, k, m). query : (n_tasks or 1, q, m).

    Returns
    -------
    float64 tensors (float32 on Apple's GPU, which has no other): query with support
    (n_tasks, q, k), support with itself (n_tasks, k, k), squared lengths of the query
    (n_tasks or 1, q).
    """
    dtype = torch.float32 if support.device.type == "mps" else torch.float64
    support, query = support.to(dtype), query.to(dtype)
    across = support.transpose(-1, -2)
    return query @ across, support @ across, query.square().sum(-1)


def refuse_anomalies(y, what):
    """Raise ValueError if y (n_tasks, k) calls a row of a support anomalous.

    what : str, the sentence's beginning: what is done by normal rows alone.
    """
    if y is not None and (y == 1).any():
        raise ValueError(
            f"{what} normal rows alone; leave the anomalies out of the support."
        )


def mean(cross, own, squares):
    """Squared distance to the support's mean: (n_tasks, q)."""
    return squares - 2 * cross.mean(-1) + own.mean((-1, -2))[:, None]


def nearest(cross, own, squares):
    """Squared distance to the nearest support row: (n_tasks, q)."""
    lengths = own.diagonal(dim1=-2, dim2=-1)[:, None]
    return (squares[..., None] - 2 * cross + lengths).amin(-1)


def residual(cross, own, squares):
    """Squared distance to the flat through all support rows: (n_tasks, q).

    With one row it is the distance to the row."""
    along, scatter = _centred(cross, own)
    # both are orthogonal to the vector of ones, which the pseudo-inverse leaves out
    size = scatter.diagonal(dim1=-2, dim2=-1).mean(-1)[:, None, None]
    filled = scatter + size.clamp_min(1e-12)
    filled = filled + 1e-10 * size * _eye(own)
    return _left_over(along, filled, mean(cross, own, squares))


def shrunk(cross, own, squares, prior=PRIOR_ROWS):
    """Between residual and mean, κ = `prior`: (n_tasks, q)."""
    along, scatter = _centred(cross, own)
    return _left_over(along, scatter + prior * _eye(own), mean(cross, own, squares))


def _eye(own):
    return torch.eye(own.shape[-1], dtype=own.dtype, device=own.device)


def _centred(cross, own):
    """Return R u (n_tasks, q, k) and R Rᵀ (n_tasks, k, k)."""
    rows = own.mean(-1)[:, None]  # s_i · μ, (n_tasks, 1, k)
    whole = own.mean((-1, -2))[:, None, None]
    along = cross - cross.mean(-1, keepdim=True) - rows + whole
    return along, own - rows - rows.transpose(-1, -2) + whole


def _left_over(along, matrix, whole):
    solved = torch.linalg.solve(matrix, along.transpose(-1, -2))  # (n_tasks, k, q)
    return whole - (along * solved.transpose(-1, -2)).sum(-1)


HEADS = {"residual": residual, "nearest": nearest, "mean": mean, "shrunk": shrunk}


def whitening(z, classes, ridge=0.1):
    """Compute the matrix (m, m) after which the variance within classes is one.

    Parameters
    ----------
    z : tensor (n, m), features of known classes. classes : tensor (n,).
    ridge : share of a multiple of the identity in the pooled covariance; in a
        direction in which no class varies the features would else be blown up.

    Returns
    -------
    float64 tensor W, symmetric: use z @ W.
    """
    z = z.double()
    centred = torch.cat(
        [z[classes == c] - z[classes == c].mean(0) for c in set_of(classes)]
    )
    pooled = centred.T @ centred / len(centred)
    flat = pooled.trace() / len(pooled) * torch.eye(len(pooled), dtype=z.dtype)
    pooled = (1 - ridge) * pooled + ridge * flat.to(z.device)
    values, vectors = torch.linalg.eigh(pooled)
    return vectors * values.clamp_min(1e-12).rsqrt() @ vectors.T


def set_of(classes):
    """List the classes that occur, sorted."""
    return torch.unique(classes).tolist()
