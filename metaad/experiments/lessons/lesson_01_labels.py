"""What labels of one kind of anomaly are worth on the kinds that nobody has seen:
classifiers, a one-class score, and the two combined.
"""

import numpy as np
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.svm import SVC

from metaad import data, metrics

WEIGHTS = (0.1, 0.2, 0.3, 0.5, 0.7, 1.0, 2.0)  # of the distance to known anomalies
CLASSIFIERS = {
    "logistic regression": lambda: LogisticRegression(solver="newton-cholesky"),
    "kernel machine": SVC,
    "200 random trees": lambda: ExtraTreesClassifier(200, random_state=0),
}
WITHOUT = ("unsupervised", "one-class")
STEPS = (1, 4, 7)  # the anomaly's digit, counted from the normal one
N_GOOD, N_BAD, TEST_FROM = 30, 10, 100  # rows to learn from; the first row to test on


def nearest(rows):
    """Return a score: the distance to the nearest of `rows` (m, d)."""
    squares = np.square(rows).sum(axis=1)

    def score(X):
        apart = np.square(X).sum(axis=1)[:, None] - 2 * X @ rows.T + squares
        return np.sqrt(np.maximum(apart.min(axis=1), 0.0))

    return score


def ways(good, seen):
    """Return the score functions of every way to use 30 normal rows and 10 of one
    anomaly: dict name -> function of X, larger = more anomalous.

    The combined score of a row is its distance to the nearest normal row minus w times
    that to the nearest known anomaly; its names are ("combined", w).
    """
    rows, labels = (
        np.concatenate([good, seen]),
        np.repeat([0, 1], [len(good), len(seen)]),
    )
    far, known = nearest(good), nearest(seen)
    # unsupervised: the same distance, from rows of which nobody knows which are anomalies
    made = {"unsupervised": nearest(rows), "one-class": far}
    for name, make in CLASSIFIERS.items():
        fitted = make().fit(rows, labels)
        made[name] = getattr(fitted, "decision_function", None) or _shares(fitted)
    for w in WEIGHTS:
        made["combined", w] = lambda X, w=w: far(X) - w * known(X)
    return made


def _shares(fitted):
    return lambda X: fitted.predict_proba(X)[:, 1]


def labels_of_one_kind(seed):
    """Measure every way for each digit as the normal one, with three others in turn as
    the anomaly that is labelled.

    Returns (auroc, normal): a dict name -> array (30, 2), AUROC on the anomaly seen in
    training and on digits never seen; and the normal digit of each line, (30,).
    """
    digits = data.load("digits")
    images = digits.X.reshape(len(digits.X), -1)  # (1797, 64)
    auroc, normal = {}, []
    for c in range(10):
        for step in STEPS:
            bad = (c + step) % 10
            rng = np.random.default_rng([seed, 5, c, bad])
            good, seen = (rng.permutation(images[digits.y == d]) for d in (c, bad))
            unseen = images[(digits.y != c) & (digits.y != bad)]
            for name, score in ways(good[:N_GOOD], seen[:N_BAD]).items():
                both = [
                    _auroc(score, good[TEST_FROM:], s) for s in (seen[N_BAD:], unseen)
                ]
                auroc.setdefault(name, []).append(both)
            normal.append(c)
    return {name: np.array(v) for name, v in auroc.items()}, np.array(normal)


def _auroc(score, good, bad):
    y = np.repeat([0, 1], [len(good), len(bad)])
    return metrics.auroc(y, score(np.concatenate([good, bad])))


def combined(auroc, normal):
    """Return the combined score's AUROC, array (30, 2), its weight chosen for each
    normal digit by the nine others, and the weight chosen for each line, (30,).

    The weight with the best mean over seen and unseen anomalies is taken, so that the
    digit on which it is judged had no say.
    """
    by_weight = np.stack([auroc["combined", w] for w in WEIGHTS], axis=1)  # (30, w, 2)
    chosen = np.empty(len(normal), dtype=int)
    for c in np.unique(normal):
        others = by_weight[normal != c].mean(axis=(0, 2))
        chosen[normal == c] = others.argmax()
    return by_weight[np.arange(len(normal)), chosen], np.array(WEIGHTS)[chosen]
