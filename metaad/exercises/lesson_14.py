"""Exercises of lesson 14: growing a forest."""

import numpy as np

from metaad.detectors.forest.isolation_forest import average_path_length
from metaad.exercises.core import Exercise, Wrong
from metaad.exercises.many_tables import (
    MISCOUNTED,
    MISREAD,
    scale_curve,
    sign_test,
    some_gains,
    starts_to_pay,
)


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


def most_bits(sizes):
    """Return the most bits of one cut on a row's way, from the rows in the nodes that it
    comes through, (k,), root first.
    """
    sizes = np.asarray(sizes, dtype=np.float64)
    return float(np.log2(sizes[:-1] / sizes[1:]).max())


def node(rng):
    """Draw four proposals described by three numbers, weights, and which was taken."""
    phi, w = rng.normal(size=(4, 3)), rng.normal(size=3)
    return np.round(phi, 2), np.round(w, 2), int(rng.integers(4))


def rows_at_node(rng):
    """Draw g and path lengths of a few rows at a node, its level, its training rows."""
    n, level = int(rng.integers(3, 7)), int(rng.integers(1, 4))
    path = level + np.round(rng.uniform(1, 8, n), 1)
    return np.round(rng.normal(size=n), 2), path, level, int(rng.integers(8, 60))


def way_down(rng):
    """Draw the rows in the nodes on one row's way, root first; a cut in the middle is
    the boldest.
    """
    shares = rng.uniform(0.5, 0.9, int(rng.integers(3, 6)))
    shares[rng.integers(1, len(shares) - 1)] = rng.uniform(0.1, 0.3)
    root = int(rng.integers(400, 900))
    return (np.round(root * np.cumprod([1.0, *shares])).astype(int),)


def _softmax(phi, w):
    chance = np.exp(phi @ w - (phi @ w).max())
    return chance / chance.sum()


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
        most_bits,
        way_down,
        wrong=(
            Wrong(
                lambda sizes: float(np.log2(sizes[0] / sizes[-1])),
                "That is the sum over all cuts. The largest single one is asked for.",
            ),
            Wrong(
                lambda sizes: float(np.log2(sizes[0] / sizes[1])),
                "That is the first cut's. Any cut on the way may be the largest.",
            ),
            Wrong(
                lambda sizes: float(np.log2(sizes[-2] / sizes[-1])),
                "That is the last cut's. Any cut on the way may be the largest.",
            ),
            Wrong(
                lambda sizes: float(np.log(sizes[:-1] / sizes[1:]).max()),
                "Natural logarithms give nats. Bits need the logarithm to base 2.",
            ),
            Wrong(
                lambda sizes: float((sizes[:-1] / sizes[1:]).max()),
                "That is 1 / p. Take its logarithm to base 2.",
            ),
            Wrong(
                lambda sizes: float(np.log2(sizes[:-1] / sizes[1:]).mean()),
                "That is the mean over the cuts. One bold cut should not be diluted: "
                "take the largest.",
            ),
            Wrong(
                lambda sizes: float(np.log2(sizes[1:] / sizes[:-1]).max()),
                "The sign is turned: a small share must give many bits.",
            ),
            Wrong(
                lambda sizes: float(
                    np.log2(sizes[:-1] / np.maximum(sizes[:-1] - sizes[1:], 1)).max()
                ),
                "That is the share which went the *other* way. Ask for the row's own "
                "side.",
            ),
        ),
        praise=(
            "One bold cut is remembered, however late the row is alone in the end. The "
            "path length forgets it."
        ),
        hint="For each cut the rows above over the rows below; log2; the largest.",
        edges=((np.array([256, 255, 1]),), (np.array([256, 2, 1]),)),
    ),
    Exercise(
        "14.4",
        starts_to_pay,
        scale_curve,
        wrong=MISREAD,
        praise=(
            "The lower end decides, and one lucky small number of tables does not."
        ),
        hint="Sort the numbers; go down from the largest while the lower end is above 0.",
        draws=8,
        edges=(
            (
                {
                    14: (0.01, 0.001, 0.02),
                    28: (0.0, -0.01, 0.01),
                    56: (0.02, 0.01, 0.03),
                },
            ),
            ({28: (0.01, -0.001, 0.02), 14: (0.01, 0.005, 0.02)},),
        ),
    ),
    Exercise(
        "14.5",
        sign_test,
        some_gains,
        wrong=MISCOUNTED,
        praise=(
            "No size of a gain is in it, so no single family can carry it. An interval "
            "for the mean answers another question."
        ),
        hint="n fair coins: how likely are so many of one side, or more, on either side?",
        edges=((np.array([0.1, 0.2, -0.1, 0.3, 0.2, 0.1]),),),
    ),
)
