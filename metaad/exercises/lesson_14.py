"""Exercises of lesson 14: growing a forest."""

from math import comb

import numpy as np

from metaad.detectors.forest.isolation_forest import average_path_length
from metaad.exercises.core import Exercise, Wrong


def log_gradient(phi, w, taken):
    """Return ∂ log π_w(taken) / ∂w of one node: phi (K, p), w (p,) -> (p,)."""
    chance = np.exp(phi @ w - (phi @ w).max())
    chance /= chance.sum()
    return phi[taken] - chance @ phi


def credit(g, path, level, size):
    """Credit of a node less its baseline, from the rows g (n,), path (n,) that come to
    it.
    """
    return -np.sum(g * (path - level - average_path_length(size)))


def sign_test(gains):
    """Return the exact two-sided p-value of the sign test on gains (n,) that are not 0."""
    n, k = len(gains), int(np.sum(gains > 0))
    tail = sum(comb(n, i) for i in range(max(k, n - k), n + 1)) / 2**n
    return min(1.0, 2 * tail)


def node(rng):
    """Draw four proposals described by three numbers, weights, and which was taken."""
    phi, w = rng.normal(size=(4, 3)), rng.normal(size=3)
    return np.round(phi, 2), np.round(w, 2), int(rng.integers(4))


def rows_at_node(rng):
    """Draw g and path lengths of a few rows at a node, its level, its training rows."""
    n, level = int(rng.integers(3, 7)), int(rng.integers(1, 4))
    path = level + np.round(rng.uniform(1, 8, n), 1)
    return np.round(rng.normal(size=n), 2), path, level, int(rng.integers(8, 60))


def some_gains(rng):
    """Draw gains of a few families, more of one sign than of the other."""
    n = int(rng.integers(7, 16))
    gains = np.abs(np.round(rng.normal(size=n), 3)) + 0.001
    lost = rng.choice(n, int(rng.integers(2, n // 2)), replace=False)
    gains[lost] *= -1
    return (rng.choice([-1, 1]) * gains,)


def _softmax(phi, w):
    chance = np.exp(phi @ w - (phi @ w).max())
    return chance / chance.sum()


def _above(gains):
    n, k = len(gains), int(np.sum(gains > 0))
    return sum(comb(n, i) for i in range(k, n + 1)) / 2**n


def _only_k(gains):
    n, k = len(gains), int(np.sum(gains > 0))
    return comb(n, k) / 2**n


def _one_more(gains):
    n, k = len(gains), int(np.sum(gains > 0))
    return 2 * sum(comb(n, i) for i in range(max(k, n - k) + 1, n + 1)) / 2**n


def _t_like(gains):
    n, k = len(gains), int(np.sum(gains > 0))
    from scipy.stats import norm

    return float(2 * norm.sf(abs(2 * k - n) / np.sqrt(n)))


EXERCISES = (
    Exercise(
        "14.1",
        log_gradient,
        node,
        wrong=(
            Wrong(
                lambda phi, w, taken: phi[taken],
                "That is the gradient of the numerator alone. The sum under the "
                "fraction depends on w too.",
            ),
            Wrong(
                lambda phi, w, taken: _softmax(phi, w) @ phi - phi[taken],
                "The sign is turned: what was taken becomes likelier as w moves "
                "towards its φ.",
            ),
            Wrong(
                lambda phi, w, taken: phi[taken] - phi.mean(axis=0),
                "Subtract the mean that the policy expects: weigh each proposal by its "
                "chance, not all alike. (At w = 0 the two agree.)",
            ),
            Wrong(
                lambda phi, w, taken: (
                    _softmax(phi, w)[taken] * (phi[taken] - _softmax(phi, w) @ phi)
                ),
                "This is the gradient of the chance itself. That of its logarithm is "
                "divided by the chance.",
            ),
            Wrong(
                lambda phi, w, taken: phi[taken] - phi.sum(axis=0),
                "The proposals must be weighed by their chances, which sum to one.",
            ),
            Wrong(
                lambda phi, w, taken: phi[taken] - _softmax(phi, -w) @ phi,
                "Your chances prefer what w avoids: exp(φ · w), without a minus.",
            ),
            Wrong(
                lambda phi, w, taken: phi[taken] * (1 - _softmax(phi, w)[taken]),
                "The other proposals are missing: each has its own φ and its own "
                "chance in the sum.",
            ),
        ),
        praise=(
            "What was taken, less what was to be expected. Averaged over the policy it "
            "is zero, which is why a baseline costs nothing."
        ),
        hint="log π is φ · w of the one taken, less the log of a sum: differentiate both.",
        edges=((np.eye(3), np.zeros(3), 1),),
    ),
    Exercise(
        "14.2",
        credit,
        rows_at_node,
        wrong=(
            Wrong(
                lambda g, path, level, size: -credit(g, path, level, size),
                "The sign is turned. Scores are minus path lengths: a longer path of an "
                "anomaly (g above 0) is bad.",
            ),
            Wrong(
                lambda g, path, level, size: -np.sum(g * (path - level)),
                "The baseline is missing: c(size) cuts below the node were to be "
                "expected.",
            ),
            Wrong(
                lambda g, path, level, size: (
                    -np.sum(g * (path - average_path_length(size)))
                ),
                "The cuts above the node are not its merit: take the level away.",
            ),
            Wrong(
                lambda g, path, level, size: (
                    -np.mean(g * (path - level - average_path_length(size)))
                ),
                "A sum, not a mean: a node that more rows come to matters more.",
            ),
            Wrong(
                lambda g, path, level, size: (
                    -np.sum(g * (path - level - average_path_length(len(g))))
                ),
                "c is of the node's training rows, `size`; the rows with a reward are "
                "others, and fewer.",
            ),
            Wrong(
                lambda g, path, level, size: (
                    -np.sum(g * (path - level)) - average_path_length(size)
                ),
                "The baseline is taken away from each row's path, inside the sum, so "
                "that g weighs it too.",
            ),
            Wrong(
                lambda g, path, level, size: (
                    -np.sum(g * (path - level - np.log2(size)))
                ),
                "log2 is the path in a balanced tree; random cuts lead to c(size), see "
                "`average_path_length`.",
            ),
            Wrong(
                lambda g, path, level, size: (
                    -np.sum(g * (path + level - average_path_length(size)))
                ),
                "The level is taken away, not added: what lies above is no merit of "
                "this node.",
            ),
        ),
        praise=(
            "Nothing of the credit depends on what lies above the node, and only the "
            "rows that come to it count."
        ),
        hint="For each row: path, less what lies above, less what was to be expected.",
    ),
    Exercise(
        "14.3",
        sign_test,
        some_gains,
        wrong=(
            Wrong(
                _above,
                "This asks for gains only. Before you looked, losses in as many "
                "families would have surprised you as well: both sides count.",
            ),
            Wrong(
                _only_k,
                "That is the chance of exactly this number. Results that are more "
                "extreme count too.",
            ),
            Wrong(
                lambda gains: 2 * _only_k(gains),
                "Two tails, but of each only one number of heads: add up to the end.",
            ),
            Wrong(
                _one_more,
                "The number that you saw belongs to the tail itself.",
            ),
            Wrong(
                _t_like,
                "The bell curve is an approximation, poor for so few families. Count "
                "with `comb`.",
            ),
            Wrong(
                lambda gains: sign_test(gains) / 2,
                "One tail. Gains and losses are both surprising: two tails.",
            ),
            Wrong(
                lambda gains: float(np.mean(gains > 0)),
                "That is the share of families that gain. How often would fair coins "
                "do as much?",
            ),
            Wrong(
                lambda gains: 1 - sign_test(gains),
                "That is one minus it: a small p-value means that coins hardly do this.",
            ),
        ),
        praise=(
            "No size of a gain is in it, so no single family can carry it. An interval "
            "for the mean answers another question."
        ),
        hint="n fair coins: how likely are so many of one side, or more, on either side?",
        edges=((np.array([0.1, 0.2, -0.1, 0.3, 0.2, 0.1]),),),
    ),
)
