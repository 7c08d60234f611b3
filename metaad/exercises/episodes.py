"""What the exercises 08.2, 08.4 and 08.5 are about: batch statistics, the outer gradient, the
flat.
"""

import numpy as np

from metaad.exercises.core import Exercise, Wrong

EPSILON = 1e-5


def standardised(support, query):
    """Return the query's features (q, m) in the support's own units."""
    center, variance = support.mean(axis=0), support.var(axis=0)
    return (query - center) / np.sqrt(variance + EPSILON)


def two_sets(rng):
    """Draw features of a support (k, m) and of a query (q, m), with another mean."""
    k, q, m = rng.integers((3, 4, 2), (6, 7, 4))
    scale = rng.uniform(0.5, 3, m)
    support, query = (np.round(scale * rng.normal(size=(n, m)), 2) for n in (k, q))
    return support, np.round(query + rng.uniform(1, 2, m), 2)


def outer_gradient(start, A, s, B, t, rate):
    """Return the gradient (m,) of the query's loss after one inner step, with respect to
    the start.
    """
    there = start - rate * A @ (start - s)
    return (np.eye(len(A)) - rate * A) @ B @ (there - t)


def two_valleys(rng):
    """Draw a start (m,), two valleys with their bottoms, and an inner rate."""
    m = int(rng.integers(2, 4))

    def valley():
        root = rng.normal(size=(m, m))
        return np.round(root @ root.T + 0.3 * np.eye(m), 2)

    start, s, t = (np.round(rng.normal(size=m), 2) for _ in range(3))
    return start, valley(), s, valley(), t, round(float(rng.uniform(0.1, 0.4)), 2)


def _step(start, A, s, rate):
    return start - rate * A @ (start - s)


def flat_residual(support, query):
    """Return the squared distance (q,) of each query to the flat through the support,
    all rows scaled to length one first.
    """
    support, query = (_unit(z) for z in (support, query))
    center = support.mean(axis=0)
    along = np.linalg.svd(support - center, full_matrices=False)[2][: len(support) - 1]
    left = (query - center) - (query - center) @ along.T @ along
    return (left**2).sum(axis=1)


def _unit(z):
    return z / np.linalg.norm(z, axis=1, keepdims=True)


def wide_features(rng):
    """Draw features of a support (k, m) and a query (q, m), more columns than rows."""
    k, q, m = rng.integers((3, 3, 7), (5, 6, 9))
    return tuple(np.round(rng.uniform(0.1, 2, (n, m)), 2) for n in (k, q))


def _flat(unit=True, center=True, square=True, less=1, keep=False):
    def wrong(support, query):
        if unit:
            support, query = _unit(support), _unit(query)
        at = support.mean(axis=0) if center else 0.0
        axes = np.linalg.svd(support - at, full_matrices=False)[2]
        axes = axes[: len(support) - less if center else len(support)]
        along = (query - at) @ axes.T @ axes
        left = along if keep else (query - at) - along
        found = (left**2).sum(axis=1)
        return found if square else np.sqrt(found)

    return wrong


def _to_mean(support, query):
    return ((_unit(query) - _unit(support).mean(axis=0)) ** 2).sum(axis=1)


STATISTICS = Exercise(
    "08.2",
    standardised,
    two_sets,
    wrong=(
        Wrong(
            lambda support, query: (
                (query - query.mean(axis=0)) / np.sqrt(query.var(axis=0) + EPSILON)
            ),
            "That is the bug itself: an image's score now depends on which other images "
            "are judged with it. Mean and variance must come from the support.",
        ),
        Wrong(
            lambda support, query: (
                (query - np.r_[support, query].mean(axis=0))
                / np.sqrt(np.r_[support, query].var(axis=0) + EPSILON)
            ),
            "Support and query together still let the query in. Take the support alone.",
        ),
        Wrong(
            lambda support, query: (
                (query - support.mean(axis=0)) / np.sqrt(query.var(axis=0) + EPSILON)
            ),
            "The mean is the support's, but the variance is still the query's.",
        ),
        Wrong(
            lambda support, query: (
                (query - support.mean(axis=0)) / (support.var(axis=0) + EPSILON)
            ),
            "Divide by the root of the variance, not by the variance.",
        ),
        Wrong(
            lambda support, query: (
                (query - support.mean()) / np.sqrt(support.var() + EPSILON)
            ),
            "One mean for all columns. Each feature has its own: axis=0.",
        ),
        Wrong(
            lambda support, query: query - support.mean(axis=0),
            "Centred, but not scaled: divide by the root of the support's variance.",
        ),
        Wrong(
            lambda support, query: (
                (support - support.mean(axis=0))
                / np.sqrt(support.var(axis=0) + EPSILON)
            ),
            "That standardises the support. The query is asked for, in its units.",
        ),
    ),
    praise="Now the score of an image is its own: nobody else in the query can move it.",
    hint="Subtract the support's mean of each column, divide by √(variance + 1e-5).",
)
GRADIENT = Exercise(
    "08.4",
    outer_gradient,
    two_valleys,
    wrong=(
        Wrong(
            lambda start, A, s, B, t, rate: B @ (_step(start, A, s, rate) - t),
            "That is the first-order gradient. The step itself depends on the start: the "
            "factor I - αA is missing.",
        ),
        Wrong(
            lambda start, A, s, B, t, rate: (
                (np.eye(len(A)) - rate * A) @ B @ (start - t)
            ),
            "The query's gradient is taken at the start. Take it after the inner step.",
        ),
        Wrong(
            lambda start, A, s, B, t, rate: (
                (np.eye(len(A)) + rate * A) @ B @ (_step(start, A, s, rate) - t)
            ),
            "The sign of αA is turned: θ' = θ - αA(θ - s), so its derivative is I - αA.",
        ),
        Wrong(
            lambda start, A, s, B, t, rate: (
                (np.eye(len(A)) - rate * B) @ B @ (_step(start, A, s, rate) - t)
            ),
            "The factor holds B, the query's Hessian. The step was down the support's: A.",
        ),
        Wrong(
            lambda start, A, s, B, t, rate: (
                B @ (np.eye(len(A)) - rate * A) @ (_step(start, A, s, rate) - t)
            ),
            "The order is turned: matrices do not commute. The chain rule gives "
            "(I - αA) B (θ' - t).",
        ),
        Wrong(
            lambda start, A, s, B, t, rate: (
                (np.eye(len(A)) - rate * A) @ B @ (start - rate * A @ start - t)
            ),
            "The inner step goes down ½(θ - s)ᵀA(θ - s): its gradient is A(θ - s), and "
            "yours leaves s out.",
        ),
        Wrong(
            lambda start, A, s, B, t, rate: _step(start, A, s, rate),
            "That is θ', the place after the inner step. The gradient there comes next.",
        ),
    ),
    praise=(
        "I - αA is all that the first-order shortcut leaves out. Along a direction of "
        "curvature 1/α it is 0; beyond 2/α it is below -1, and the shortcut points the "
        "wrong way there."
    ),
    hint="Chain rule: the derivative of θ' with respect to θ, times B(θ' - t).",
)
FLAT = Exercise(
    "08.5",
    flat_residual,
    wide_features,
    wrong=(
        Wrong(
            _flat(unit=False),
            "The features are not scaled: divide every row by its length first.",
        ),
        Wrong(
            _flat(center=False),
            "Your flat goes through the origin. It must go through the support: subtract "
            "the support's mean from both.",
        ),
        Wrong(_flat(square=False), "That is the distance; its square is asked for."),
        Wrong(
            _flat(keep=True),
            "That is the part inside the flat. What the flat leaves over is the rest.",
        ),
        Wrong(
            _to_mean,
            "That is the distance to the support's mean: nothing is taken off along the "
            "flat.",
        ),
        Wrong(
            _flat(less=2),
            "One direction is missing: k rows around their mean span k - 1 directions.",
        ),
        Wrong(
            lambda support, query: _flat()(query, support),
            "The roles are exchanged: the flat goes through the support.",
        ),
    ),
    praise="Ten images span nine directions of a class; what they can't explain is odd.",
    hint="Length one, subtract the support's mean, take off the k - 1 directions.",
)
