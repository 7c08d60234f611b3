"""Kullback and Leibler's divergence KL(P ‖ Q) = E_P[log p(x) / q(x)], in nats: a distance
of a batch, not of a row.

It is 0 for equal distributions and above 0 otherwise, it has a direction (swap P and Q
and another number comes out), and it is infinite where P puts rows that Q rules out."""

import numpy as np

from metaad.scores.batches import two_batches


def kl_gaussian(mean_p, cov_p, mean_q, cov_q):
    """Return KL(P ‖ Q) of two Gaussians in closed form [1], in d³ steps:

    ½ (tr(Σq⁻¹ Σp) + (μq - μp)ᵀ Σq⁻¹ (μq - μp) - d + log det Σq - log det Σp).

    Parameters
    ----------
    mean_p, mean_q : arrays (d,), or floats for one column.
    cov_p, cov_q : covariance matrices (d, d), positive definite, or variances.

    Returns
    -------
    float ≥ 0, in nats; 0 for the same Gaussian. Not symmetric.

    Raises
    ------
    ValueError
        if the shapes don't fit, or a covariance is not symmetric and positive definite.

    References
    ----------
    [1] Cover and Thomas, Elements of Information Theory, 2nd edition, 2006, chapter 8.
    """
    from scipy.linalg import solve_triangular

    mean_p, lower_p = _gaussian("P", mean_p, cov_p)
    mean_q, lower_q = _gaussian("Q", mean_q, cov_q)
    if mean_p.shape != mean_q.shape:
        raise ValueError(
            f"both Gaussians need as many columns, got {len(mean_p)} and {len(mean_q)}."
        )
    spread = solve_triangular(lower_q, lower_p, lower=True)  # Lq⁻¹ Lp
    shift = solve_triangular(lower_q, mean_q - mean_p, lower=True)
    logs = np.log(np.diag(lower_q)).sum() - np.log(np.diag(lower_p)).sum()
    squares = np.square(spread).sum() + np.square(shift).sum()
    return max(0.0, float(0.5 * (squares - len(shift)) + logs))


def kl_fitted(x, y):
    """Return the closed form between the Gaussians fitted to two batches: KL(P ‖ Q)
    with x from P and y from Q, as far as means and covariances tell it.

    Its cost is (n + m) d² + d³. It is 0 for equal batches, and too large for two
    batches of one distribution: by about d (d + 3) / 4 · (1/n + 1/m) where n and m
    are large [1].

    Parameters
    ----------
    x, y : batches (n, d) and (m, d), more rows than columns in each.

    Returns
    -------
    float ≥ 0, in nats; larger = the batches differ more. Not symmetric.

    Raises
    ------
    ValueError
        for bad batches (`two_batches`), or a covariance without an inverse: too few
        rows, a constant column, or a column that others add up to.

    References
    ----------
    [1] The second-order expansion of the closed form: d / 2 (1/n + 1/m) from the means
    and d (d + 1) / 4 (1/n + 1/m) from the covariances."""
    x, y = two_batches(x, y)
    moments = [m for b in (x, y) for m in (b.mean(axis=0), np.cov(b, rowvar=False))]
    return kl_gaussian(*moments)


def kl_histogram(x, y, bins=10, added=0.5):
    """Return KL(P ‖ Q) of one column from counts in bins: x from P, y from Q.

    The bins hold equally many of the pooled values. `added` is put on every count, or
    one empty bin of y would make the sum infinite [1]. Cutting values into bins only
    loses information, so with many rows the number lies below the true one. The cost is
    that of sorting, (n + m) log(n + m). With d columns, b bins each would be b^d.

    Parameters
    ----------
    x, y : arrays (n,) and (m,), or (n, 1) and (m, 1).
    bins : int, 2 or more. added : float > 0.

    Returns
    -------
    float ≥ 0, in nats; 0 for equal batches. Not symmetric.

    Raises
    ------
    ValueError
        for bad batches, more than one column, or settings out of range.

    References
    ----------
    [1] Krichevsky and Trofimov, The performance of universal encoding, IEEE
    Transactions on Information Theory 27, 1981: ½ for each bin."""
    x, y = two_batches(x, y)
    if x.shape[1] != 1:
        raise ValueError(
            f"kl_histogram is for one column, got {x.shape[1]}: call it column by "
            f"column, or take kl_neighbours for all of them together."
        )
    if int(bins) != bins or bins < 2 or not added > 0:
        raise ValueError(
            f"bins must be a whole number from 2 on and added above 0, got {bins!r} and "
            f"{added!r}."
        )
    edges = np.quantile(np.concatenate([x, y]), np.arange(1, bins) / bins)
    p, q = (_shares(batch, edges, added) for batch in (x, y))
    return max(0.0, float((p * np.log(p / q)).sum()))


def kl_neighbours(x, y, k=5):
    """Return an estimate of KL(P ‖ Q) from distances to k-th neighbours [1]: x from P,
    y from Q, in any number of columns.

    With ρ(i) the distance of x_i to its k-th nearest other row of x, and ν(i) that to
    its k-th nearest row of y: d/n Σ log(ν(i) / ρ(i)) + log(m / (n - 1)). Where y is
    thinner than x around the rows of x, ν is larger than ρ. Its cost is (n + m) n d
    where d is large, and (n + m) log(n + m) where it is 2 or 3.

    Parameters
    ----------
    x, y : batches (n, d) and (m, d) that share no rows, n > k and m ≥ k.
    k : int ≥ 1, the neighbour.

    Returns
    -------
    float, in nats; larger = the batches differ more. It wavers around 0 for batches of
    one distribution, below 0 included. With many columns it is far too small: its error
    falls like n^(-1/d).

    Raises
    ------
    ValueError
        for bad batches, k out of range, or k + 1 equal rows: a distance of 0 has no
        logarithm. A batch against itself is such a case.

    References
    ----------
    [1] Wang, Kulkarni and Verdú, Divergence estimation for multidimensional densities
    via k-nearest-neighbor distances, IEEE Transactions on Information Theory 55, 2009.
    """
    from scipy.spatial import cKDTree

    x, y = two_batches(x, y)
    (n, d), m = x.shape, len(y)
    _whole("k", k, 1, min(n - 1, m), "rows that a row can be compared with")
    rho = cKDTree(x).query(x, [k + 1])[0][:, 0]  # the nearest row of x is itself
    nu = cKDTree(y).query(x, [k])[0][:, 0]
    _apart(rho, nu, k)
    return float(d * np.log(nu / rho).mean() + np.log(m / (n - 1)))


def _gaussian(name, mean, cov):
    """Mean (d,) and lower Cholesky factor (d, d) of a covariance."""
    mean = np.atleast_1d(np.asarray(mean, dtype=np.float64))
    cov = np.atleast_2d(np.asarray(cov, dtype=np.float64))
    if mean.ndim != 1 or cov.shape != (len(mean), len(mean)):
        raise ValueError(
            f"{name} needs a mean (d,) and a covariance (d, d), got shapes "
            f"{mean.shape} and {cov.shape}."
        )
    # NaN compares unequal to itself, so it ends here too
    symmetric = np.allclose(cov, cov.T, rtol=1e-8, atol=0.0)
    scale = np.sqrt(np.diag(cov)) if symmetric and (np.diag(cov) > 0).all() else None
    try:
        if scale is None or not np.isfinite(mean).all():
            raise np.linalg.LinAlgError
        lower = np.linalg.cholesky(cov / np.outer(scale, scale))
        if np.diag(lower).min() < 1e-7:  # rounding passed what has no inverse
            raise np.linalg.LinAlgError
    except np.linalg.LinAlgError:
        raise ValueError(
            f"{name}'s covariance must be finite, symmetric and positive definite, and "
            f"it is not: give more rows than columns, drop constant columns and those "
            f"that others add up to, or project the rows first (PCA)."
        ) from None
    return mean, scale[:, None] * lower


def _shares(batch, edges, added):
    """Share of a batch (n, 1) in each bin between edges (b - 1,): (b,), all above 0."""
    at = np.digitize(batch[:, 0], edges, right=True)
    counts = np.bincount(at, minlength=len(edges) + 1) + added
    return counts / counts.sum()


def _whole(name, value, low, high, what):
    if int(value) != value or not low <= value <= high:
        raise ValueError(
            f"{name} must be a whole number from {low} to {high}, the {what}; got "
            f"{value!r}."
        )


def _apart(rho, nu, k):
    if rho.min() == 0 or nu.min() == 0:
        raise ValueError(
            f"a distance to the {k}th neighbour is 0: the batches hold equal rows, or "
            f"share them. Compare disjoint batches, drop repeated rows, or take a "
            f"larger k."
        )
