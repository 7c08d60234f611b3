"""Attacks in small: the functions asked for in lesson 16, and their inputs."""

import numpy as np

from metaad import metrics


def largest_gain(w, x, epsilon):
    """Return how far a linear score w · x can be raised, w and x (d,), if no entry of x
    moves by more than epsilon and all stay in [0, 1].
    """
    room = np.where(w > 0, 1 - x, x)
    return float((np.abs(w) * np.minimum(room, epsilon)).sum())


def into_ball(moved, rows, epsilon):
    """Return moved rows (n, d), those further than epsilon from their own row pulled
    back straight to that distance.
    """
    step = moved - rows
    length = np.linalg.norm(step, axis=1, keepdims=True)
    return rows + step * np.minimum(1, epsilon / np.maximum(length, 1e-12))


def smallest_move(x, centre, threshold):
    """Return the length of the shortest move of x (d,) after which the score
    |x - centre|² is not above the threshold.
    """
    return max(0.0, float(np.linalg.norm(x - centre) - np.sqrt(threshold)))


def counted(normal, odd):
    """Return the AUROC that counts, from scores under k attacks, normal (k, n) and odd
    (k, m): each row takes the attack that serves the attacker best.
    """
    worst = np.r_[normal.max(axis=0), odd.min(axis=0)]
    y = np.repeat([0, 1], [normal.shape[1], odd.shape[1]])
    return float(metrics.auroc(y, worst))


def worth_training(clean, robust, seconds, budget):
    """Return the index of the variant to run.

    clean, robust, seconds : (m,). Variant 0 is plain. Among those within the budget
    whose clean AUROC is at most 0.02 below that of variant 0: the largest robust one.
    """
    fine = (seconds <= budget) & (clean >= clean[0] - 0.02)
    return int(np.argmax(np.where(fine, robust, -np.inf)))


def slopes(rng):
    """Draw weights of both signs, a row with entries at the edges, and a radius."""
    w, x = np.round(rng.normal(size=6), 2), np.round(rng.uniform(size=6), 2)
    x[rng.permutation(6)[:3]] = [0.0, 1.0, 0.02]
    return w, x, float(rng.choice([0.1, 0.15, 0.25]))


def steps(rng):
    """Draw rows, some moved far and some not, and a radius."""
    rows = np.round(rng.uniform(size=(4, 3)), 2)
    far = np.round(rng.normal(0, 0.5, (4, 3)), 2)
    far[rng.integers(4)] *= 0.05
    return rows + far, rows, float(rng.choice([0.2, 0.3, 0.5]))


def places(rng):
    """Draw a row, a centre, and a threshold that the row exceeds in two of three."""
    centre = np.round(rng.normal(size=3), 2)
    x = centre + np.round(rng.normal(size=3), 2)
    squared = float(((x - centre) ** 2).sum())
    return x, centre, round(squared * float(rng.choice([0.3, 0.6, 1.5])), 3)


def under_attack(rng):
    """Draw scores of eight normal rows and seven anomalies under three attacks."""
    normal, odd = rng.normal(0.0, 1.0, (3, 8)), rng.normal(1.6, 1.0, (3, 7))
    return np.round(normal, 2), np.round(odd, 2)


def variants(rng):
    """Draw six variants: plain; robust but weak; robust but slow; three that are fine."""
    clean = np.array([0.962, 0.91, 0.97, 0.951, 0.968, 0.955])
    robust = np.array([0.01, 0.83, 0.80, 0.76, 0.69, 0.60])
    seconds = np.array([20.0, 21.0, 95.0, 22.0, 30.0, 11.0])
    order = np.r_[0, 1 + rng.permutation(5)]
    clean = clean + rng.uniform(-0.0009, 0.0009, 6)
    robust = robust + rng.uniform(-0.01, 0.01, 6)
    seconds = seconds * rng.uniform(0.9, 1.1, 6)
    return (
        np.round(clean[order], 4),
        np.round(robust[order], 4),
        np.round(seconds[order], 1),
        60.0,
    )
