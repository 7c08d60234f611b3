"""Critics and choices: the functions asked for in lesson 06, and their inputs."""

import numpy as np


def best_discriminator(p, q, share):
    """Return the best D(x) = P(real | x) at points where real rows have density p and
    generated ones q, each (n,) > 0, if `share` of all rows shown are real.
    """
    return share * p / (share * p + (1 - share) * q)


def slope_penalty(slopes):
    """Return the gradient penalty, from the critic's gradients at n points (n, d)."""
    return float(((np.sqrt((slopes**2).sum(axis=1)) - 1) ** 2).mean())


def anomaly_from_output(real, made, output):
    """Turn a critic's outputs (n,) into anomaly scores, large = anomalous, by its outputs
    for real training rows and for generated ones, each (m,).
    """
    return -output if np.mean(real) > np.mean(made) else output


def worth_it(aurocs, seconds, budget):
    """Return the index of the detector to run.

    aurocs (m, 10), seconds (m,). Among those with seconds ≤ budget: the fastest whose
    mean AUROC lies less than 0.01 below the best mean among them.
    """
    can = np.flatnonzero(seconds <= budget)
    means = aurocs.mean(axis=1)
    near = can[means[can] > means[can].max() - 0.01]
    return int(near[np.argmin(seconds[near])])


def densities(rng):
    """Draw two positive densities at five points, and a share of real rows."""
    p, q = rng.uniform(0.05, 2.0, (2, 5))
    return p, q, float(rng.choice([0.2, 0.35, 0.7, 0.9]))


def gradients(rng):
    """Draw critic's gradients at six points in three dimensions."""
    return (rng.normal(0, rng.uniform(0.3, 1.5), (6, 3)),)


def outputs(rng):
    """Draw outputs of a critic of either direction and away from zero, in no order."""
    sign, start = rng.choice([-1.0, 1.0]), rng.uniform(3, 6) * rng.choice([-1.0, 1.0])
    real, made = rng.normal(1, 0.3, 8), rng.normal(-1, 0.3, 8)
    new = rng.normal(rng.choice([-2.5, 2.5]), 0.8, 5)
    return tuple(np.round(sign * v + start, 3) for v in (real, made, new))


def offers(rng):
    """Draw four detectors' AUROC on ten digits, their seconds, and a budget in which two
    of them are near the best.
    """
    means = np.array([0.90, 0.938, 0.945, 0.97])
    seconds = np.array([1.0, 8.0, 40.0, 400.0]) * rng.uniform(0.8, 1.2, 4)
    order, noise = rng.permutation(4), rng.normal(0, 0.04, (4, 10))
    values = means[:, None] + noise - noise.mean(axis=1, keepdims=True)
    return np.round(values[order], 5), np.round(seconds[order], 1), 100.0
