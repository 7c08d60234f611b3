"""Optimal transport between two batches in several columns, blurred so that it is fast:
Sinkhorn's iterations, on the logarithmic scale.

A plan says how much of each row of x goes to each row of y. Exact plans cost n³. With
ε times the plan's divergence from "everything to everywhere" added to its cost, the best
plan has the form exp(f_i + g_j - C_ij / ε) / (n m), and two vectors f and g are all that
is to be found: n m steps per iteration. Their means, times ε, are the least cost."""

import numpy as np
from scipy.spatial.distance import cdist

from metaad.scores.batches import two_batches


def sinkhorn(x, y, epsilon, tolerance=1e-6, iterations=10_000):
    """Return the least cost of moving x to y with an entropic blur of ε [1]: the minimum
    over plans of mean squared way + ε KL(plan ‖ everything to everywhere).

    Parameters
    ----------
    x, y : batches (n, d) and (m, d); each row of a batch has the same weight.
    epsilon : float > 0, in the unit of squared distances. Small: near the exact cost,
        W_2², and slow; large: the mean squared distance of all pairs.
    tolerance : the relative error that row sums of the plan may have.
    iterations : int, the most that are made.

    Returns
    -------
    float > 0, at least W_2² and at most W_2² + ε log(min(n, m)). It is **not** 0 for
    equal batches: see `sinkhorn_divergence`. Symmetric to the tolerance.

    Raises
    ------
    ValueError
        for bad batches, or an epsilon that is not above 0.
    RuntimeError
        if the iterations are used up first.

    References
    ----------
    [1] Cuturi, Sinkhorn distances: lightspeed computation of optimal transport, NeurIPS
    2013; on the logarithmic scale: Peyré and Cuturi, Computational Optimal Transport,
    2019, section 4.4."""
    x, y = two_batches(x, y, least=1)
    cost = cdist(x, y, "sqeuclidean") / checked_epsilon(epsilon)  # (n, m)
    f, g, moved = np.zeros(len(x)), np.zeros(len(y)), np.inf
    for _ in range(iterations):
        better = -log_mean_exp(g - cost, axis=1)  # now the row sums are right
        moved, f = np.abs(better - f).max(), better
        g = -log_mean_exp(f[:, None] - cost, axis=0)  # and now the column sums
        if moved <= tolerance:
            return float(epsilon * (f.mean() + g.mean()))
    raise RuntimeError(
        f"{iterations} iterations were too few: the last one still moved f by "
        f"{moved:.2g}, {tolerance:g} is asked for. Take an epsilon above {epsilon:g}."
    )


def log_mean_exp(values, axis):
    """Return log mean exp of values (n, m) along an axis; the largest is taken out
    first, so that nothing overflows.
    """
    top = values.max(axis=axis, keepdims=True)
    means = np.exp(values - top).mean(axis=axis)
    return np.log(means) + top.squeeze(axis)


def sinkhorn_divergence(x, y, epsilon=None, tolerance=1e-6, iterations=10_000):
    """Return Sinkhorn's cost without what blur alone gives [1]:
    S = OT(x, y) - ½ OT(x, x) - ½ OT(y, y).

    Parameters
    ----------
    x, y : batches (n, d) and (m, d).
    epsilon : float > 0, in the unit of squared distances; None for a tenth of
        `typical_cost`.
    tolerance, iterations : as in `sinkhorn`.

    Returns
    -------
    float, ≥ 0 up to the tolerance, in squared units; 0 for equal batches, larger = the
    batches differ more. Symmetric. A batch and the same batch shifted by c: ‖c‖². Small
    ε: near W_2²; large ε: near ‖mean x - mean y‖², which sees nothing else.

    Raises
    ------
    ValueError, RuntimeError
        as `sinkhorn`.

    References
    ----------
    [1] Feydy, Séjourné, Vialard, Amari, Trouvé and Peyré, Interpolating between optimal
    transport and MMD using Sinkhorn divergences, AISTATS 2019."""
    x, y = two_batches(x, y, least=1)
    epsilon = 0.1 * typical_cost(x, y) if epsilon is None else epsilon
    how = {"epsilon": epsilon, "tolerance": tolerance, "iterations": iterations}
    own = _to_itself(x, **how) + _to_itself(y, **how)
    return float(sinkhorn(x, y, **how) - own / 2)


def _to_itself(x, epsilon, tolerance, iterations):
    """Sinkhorn's cost of moving x (n, d) to itself: here f = g, and steps of one half
    converge fast, as in `sinkhorn_divergence` [1].
    """
    cost = cdist(x, x, "sqeuclidean") / checked_epsilon(epsilon)
    f = np.zeros(len(x))
    for _ in range(iterations):
        better = -log_mean_exp(f - cost, axis=1)
        moved, f = np.abs(better - f).max(), (f + better) / 2
        if moved <= tolerance:
            return float(2 * epsilon * f.mean())
    raise RuntimeError(f"no plan to {tolerance:g} in {iterations} iterations.")


def typical_cost(x, y):
    """Return the mean squared distance between rows of x and y, float > 0: the scale
    that ε is chosen on. ValueError if all rows of both batches are equal.
    """
    x, y = two_batches(x, y, least=1)
    mean = float(cdist(x, y, "sqeuclidean").mean())
    if mean == 0.0:
        raise ValueError("all rows of both batches are equal; give an epsilon above 0.")
    return mean


def checked_epsilon(epsilon):
    """Return ε, or raise ValueError unless it is a finite number above 0."""
    if not (np.ndim(epsilon) == 0 and 0 < epsilon < np.inf):
        raise ValueError(
            f"epsilon must be a finite number above 0, got {epsilon!r}; a tenth of "
            f"typical_cost(x, y) is usual."
        )
    return float(epsilon)
