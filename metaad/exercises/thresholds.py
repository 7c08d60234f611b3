"""Where a threshold should lie: the judge of exercise 09.5, and its known faults."""

import numpy as np

from metaad.metrics import balanced_accuracy


def best_threshold(scores, y):
    """Return a threshold t: "anomaly" where scores (n,) > t is right as often as can be
    on a query that holds as many anomalies (y = 1) as normal rows (y = 0).
    """
    ordered = np.unique(scores)
    between = (ordered[1:] + ordered[:-1]) / 2
    candidates = np.concatenate([[ordered[0] - 1], between, [ordered[-1] + 1]])
    right = [balanced(scores, y, t) for t in candidates]
    return float(candidates[np.argmax(right)])


def balanced(scores, y, t):
    """Return how often a threshold is right on a balanced query."""
    return balanced_accuracy(y, np.where(scores > t, -1, 1))


def many_anomalies(rng):
    """Return scores with nine anomalies to a normal row, as digit against nine others."""
    n = int(rng.integers(12, 18))
    y = rng.permutation(np.repeat([0, 1], [n, 9 * n]))
    middle = rng.normal(0, 2)
    return np.round(middle + rng.normal(size=10 * n) + 1.6 * y, 3), y


PLAIN = (
    "This threshold is right most often on the rows given, where nine of ten are "
    "anomalies. On a balanced query normal rows count as much: average the share that "
    "is right among them and the share among anomalies."
)
ZERO = (
    "0 is where the learner's own threshold lies. Here the scores have moved; look for "
    "the place that decides best."
)
HIGHEST = (
    "Above every normal row no alarm is false, and many anomalies are missed. Weigh "
    "both kinds of error."
)
LOWEST = (
    "Below every anomaly nothing is missed, and many alarms are false. Weigh both kinds "
    "of error."
)
TURNED = (
    "That is the worst threshold: high scores are anomalies, so `scores > t` must be "
    "compared with y == 1."
)
MIDDLE = (
    "The middle between the two means is best only where both groups have one shape "
    "and you are lucky. Try every place between two scores."
)
MEDIAN = (
    "The median of all scores calls half of these rows anomalous, and nine of ten are. "
    "Try every place between two scores."
)
OFF = "Another threshold is right more often on a balanced query."


def _plain(scores, y):
    at = np.sort(scores)
    return at[np.argmax([np.mean((scores > t) == (y == 1)) for t in at])]


def _worst(scores, y):
    at = np.sort(scores)
    return at[np.argmin([balanced(scores, y, t) for t in at])]


def _middle(scores, y):
    return (scores[y == 1].mean() + scores[y == 0].mean()) / 2


FAULTS = (
    (ZERO, lambda scores, y: 0.0),
    (HIGHEST, lambda scores, y: scores[y == 0].max()),
    (LOWEST, lambda scores, y: scores[y == 1].min()),
    (TURNED, _worst),
    (MIDDLE, _middle),
    (MEDIAN, lambda scores, y: np.median(scores)),
    (PLAIN, _plain),
)


def as_good_as_any(t, args, rng):
    """Return None if no threshold decides better, else what is wrong with this one."""
    scores, y = args
    if np.ndim(t) or not np.isfinite(t):
        return "Return one finite number, the threshold."
    if balanced(scores, y, t) >= balanced(scores, y, best_threshold(scores, y)) - 1e-12:
        return None
    for reply, fault in FAULTS:
        if abs(fault(scores, y) - t) < 1e-9:
            return reply
    return OFF
