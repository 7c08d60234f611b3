"""Exercises of lesson 08: ten images of a digit it has never seen."""

import numpy as np
from scipy.special import expit

from metaad.exercises.core import Exercise, Wrong
from metaad.exercises.episodes import FLAT, GRADIENT, STATISTICS
from metaad.exercises.verdicts import VERDICT
from metaad.tasks import OneClassTasks


def one_step(query, support, w, b, rate_w, rate_b):
    """Return adapted logits (q,) of features query (q, m) after one step on features
    support (K, m).
    """
    beta = expit(support @ w + b) / len(support)
    return query @ w + b - (rate_w * query @ support.T + rate_b) @ beta


def features(rng):
    """Draw features of q queries and K support images, and a last layer with its rates."""
    q, k, m = rng.integers((3, 2, 2), (6, 5, 5))
    query, support = (np.round(rng.normal(size=(n, m)), 2) for n in (q, k))
    w, (b, *rates) = rng.normal(size=m), rng.uniform(0.3, 1.5, size=3)
    return query, support, np.round(w, 2), *(round(float(v), 2) for v in (b, *rates))


def _with(beta, start=1.0, sign=-1.0, kernel=None):
    """A wrong step: other coefficients, another start, another sign or kernel."""

    def wrong(query, support, w, b, rate_w, rate_b):
        alike = rate_w * query @ support.T + rate_b
        if kernel:
            alike = kernel(query, support, rate_w, rate_b)
        change = alike @ beta(support @ w + b) * sign
        return start * (query @ w + b) + change

    return wrong


def _mean(p):
    return expit(p) / len(p)


def leaky_tasks(X, y, train):
    """Draw training tasks of K = 10 images and all classes, from the rows of `train`."""
    return OneClassTasks(X[train], y[train], k=10, n_query=15)


def table(rng):
    """Draw rows X (800, 4), single precision, ten classes y (300,), and which rows are
    for training.
    """
    y = rng.permutation(np.repeat(np.arange(10), 80))
    return rng.normal(size=(800, 4)).astype(np.float32), y, rng.random(800) < 0.8


ALL_ROWS = (
    "Your tasks hold rows that the test is made of. Then the test asks for images that "
    "were seen, and not only for classes that were seen: take X[train] and y[train]."
)
ONLY_TEST = (
    "These are the test's own rows, and no others: the detector would be judged on the "
    "images that it learned from. Take X[train] and y[train]."
)
NORMAL = (
    "A task must be able to call any of the ten classes normal; yours leave some out. "
    "Leave `normal` away, or name all classes."
)
ANOMALOUS = (
    "Anomalies must come from all ten classes; yours leave some out. Leave `anomalous` "
    "away, or name all classes."
)
SIZES = "The sizes are to stay: k=10 support rows and n_query=15."
ORDER = (
    "The classes do not belong to these rows any more: use the same `train` for X and "
    "for y, in the same order."
)


def leaks_classes_only(tasks, args, rng):
    """Return None if the tasks leak classes and no rows, else what is wrong with them."""
    X, y, train = args
    if not isinstance(tasks, OneClassTasks):
        return "Return an OneClassTasks: what p.train is, with other classes."
    rows = np.asarray(tasks.X)
    kinds = [_held(rows, X[part]) for part in (train, ~train)]
    if kinds[1]:
        return ALL_ROWS if kinds[0] else ONLY_TEST
    if tasks.normal != list(range(10)):
        return NORMAL
    if tasks.anomalous != list(range(10)):
        return ANOMALOUS
    if (tasks.k, tasks.n_query, tasks.n_anomalies) != (10, 15, 15):
        return SIZES
    found = {c: rows[at] for c, at in tasks.rows.items()}
    same = all(np.array_equal(found[c], X[train & (y == c)]) for c in range(10))
    return None if same else ORDER


def _held(rows, X):
    """Whether any of the rows is one of X."""
    return bool(np.isin(rows[:, 0], X[:, 0]).any())


EXERCISES = (
    Exercise(
        "08.1",
        one_step,
        features,
        wrong=(
            Wrong(
                lambda query, support, w, b, rate_w, rate_b: (
                    query @ w
                    + b
                    - (rate_w * query @ support.T + rate_b)
                    @ (expit(support @ w) / len(support))
                ),
                "The logit of a support image is w·φ + b: your σ leaves b out.",
            ),
            Wrong(
                _with(expit),
                "L_S is a mean over the support: divide its slopes by K.",
            ),
            Wrong(
                _with(_mean, start=0.0),
                "This is the change alone. The old logit z(x) stays in the sum.",
            ),
            Wrong(
                _with(_mean, sign=1.0),
                "The sign is turned: a step goes against the gradient, so the support "
                "pulls down what resembles it.",
            ),
            Wrong(
                _with(
                    _mean,
                    kernel=lambda query, support, rate_w, rate_b: (
                        rate_w * query @ support.T
                    ),
                ),
                "b moves as well: every support image adds α_b to the kernel.",
            ),
            Wrong(
                _with(
                    _mean,
                    kernel=lambda query, support, rate_w, rate_b: (
                        query @ support.T + 1.0
                    ),
                ),
                "The rates are missing: the inner products are multiplied by α_w, and "
                "α_b stands beside them.",
            ),
            Wrong(
                _with(lambda p: np.full(len(p), 1 / len(p))),
                "Here every support image counts alike. In (2) it counts by σ(z), by "
                "how anomalous it still looks.",
            ),
            Wrong(
                _with(lambda p: expit(p) * (1 - expit(p)) / len(p)),
                "That is the slope of σ. The slope of log(1 + e^z), which is the loss, "
                "is σ(z) itself.",
            ),
            Wrong(
                _with(lambda p: np.log1p(np.exp(p)) / len(p)),
                "That is the loss of each support image; a step needs its slope, σ(z).",
            ),
        ),
        praise=(
            "One step of gradient descent, and not one gradient: the adapted score is "
            "the old one minus a similarity with the support."
        ),
        hint="Formula (2) with T = 1: β_i is σ(z(x_i)) / K, and z(x) stays in the sum.",
    ),
    STATISTICS,
    Exercise(
        "08.3",
        leaky_tasks,
        table,
        wrong=(
            Wrong(lambda X, y, train: OneClassTasks(X, y, k=10, n_query=15), ALL_ROWS),
            Wrong(
                lambda X, y, train: OneClassTasks(
                    np.concatenate([X[~train]] * 5),
                    np.concatenate([y[~train]] * 5),
                    k=10,
                    n_query=15,
                ),
                ONLY_TEST,
            ),
            Wrong(
                lambda X, y, train: OneClassTasks(
                    X[train], y[train], k=10, n_query=15, normal=range(8)
                ),
                NORMAL,
            ),
            Wrong(
                lambda X, y, train: OneClassTasks(
                    X[train], y[train], k=10, n_query=15, anomalous=range(2, 10)
                ),
                ANOMALOUS,
            ),
            Wrong(
                lambda X, y, train: OneClassTasks(X[train], y[train], k=15, n_query=10),
                SIZES,
            ),
            Wrong(
                lambda X, y, train: OneClassTasks(
                    X[train], y[train][::-1], k=10, n_query=15
                ),
                ORDER,
            ),
        ),
        praise=(
            "No image of the test is in the training, and still the protocol is "
            "broken: what leaks is the class."
        ),
        judge=leaks_classes_only,
    ),
    GRADIENT,
    FLAT,
    VERDICT,
)
