"""Exercises about rows with labels: the contrast, a student's lesson, where learning
pays, how many labels to buy.
"""

import numpy as np

from metaad.exercises.core import Exercise, Wrong


def contrast(rows, anomalies, normal):
    """Return log(distance to the nearest labelled normal row) minus log(distance to the
    nearest labelled anomaly) for each row (m, d): array (m,).
    """
    return np.log(_nearest(rows, normal)) - np.log(_nearest(rows, anomalies))


def _all(rows, others):
    return np.linalg.norm(rows[:, None] - others[None], axis=2)


def _nearest(rows, others):
    return _all(rows, others).min(axis=1)


def _by(choose):
    def wrong(rows, anomalies, normal):
        to_normal, to_anomaly = (choose(_all(rows, o)) for o in (normal, anomalies))
        return np.log(to_normal) - np.log(to_anomaly)

    return wrong


def labelled_rows(rng):
    """Draw rows and two kinds of labelled rows, all of two or three columns."""
    d = int(rng.integers(2, 4))
    sizes = 3, int(rng.integers(2, 4)), int(rng.integers(3, 5))
    return tuple(np.round(rng.normal(size=(n, d)) * 2, 1) for n in sizes)


CONTRAST = Exercise(
    "11.1",
    contrast,
    labelled_rows,
    wrong=(
        Wrong(
            lambda rows, anomalies, normal: contrast(rows, normal, anomalies),
            "The sign is turned. A row that is near an anomaly and far from normal rows "
            "must score high.",
        ),
        Wrong(
            _by(lambda D: D.mean(axis=1)),
            "You took mean distances. One labelled row that is near says more than many "
            "that are far: take the nearest.",
        ),
        Wrong(
            _by(lambda D: D.max(axis=1)),
            "These are the farthest labelled rows. Take `min`.",
        ),
        Wrong(
            lambda rows, anomalies, normal: (
                _nearest(rows, normal) - _nearest(rows, anomalies)
            ),
            "The logarithms are missing. Without them a far row decides by how far it "
            "is, not by whose side it is on.",
        ),
        Wrong(
            lambda rows, anomalies, normal: (
                _nearest(rows, normal) / _nearest(rows, anomalies)
            ),
            "That is the ratio. Its logarithm is asked for, which is zero halfway.",
        ),
        Wrong(
            lambda rows, anomalies, normal: 2 * contrast(rows, anomalies, normal),
            "This is twice as much: you took squared distances. Take the root first.",
        ),
        Wrong(
            lambda rows, anomalies, normal: -np.log(_nearest(rows, anomalies)),
            "This looks at the anomalies alone. A row may be near to both kinds.",
        ),
    ),
    praise="It is zero halfway between the two kinds, whatever the unit of the columns.",
    hint="np.linalg.norm(rows[:, None] - normal[None], axis=2) holds all distances.",
)


def guessed(score, labels, share):
    """Return the labels (n,) that a student learns from: those given (1, 0, -1 for
    none), and 1 for the top share of the rows without a label by score.
    """
    return _guess(score, labels, np.flatnonzero(labels == -1), share)


def _guess(score, labels, rows, share, count=None):
    count = int(share * len(rows)) if count is None else count
    found = labels.copy()
    found[rows[np.argsort(-score[rows])][:count]] = 1
    return found


def _share_of_all(score, labels, share):
    rows = np.flatnonzero(labels == -1)
    return _guess(score, labels, rows, share, int(share * len(labels)))


def _numbers_mixed_up(score, labels, share):
    found, rest = labels.copy(), score[labels == -1]
    found[np.argsort(-rest)[: int(share * len(rest))]] = 1
    return found


def some_scores(rng):
    """Draw scores of twenty rows or more, none alike, labels of some, and a share."""
    n = int(rng.integers(20, 27))
    labels = np.full(n, -1)
    score = rng.permutation(n) / 10.0
    top = np.argsort(-score)
    labels[top[[0, 2]]], labels[top[1]] = 1, 0
    labels[rng.choice(top[n // 2 :], 4, replace=False)] = 0
    return score, labels, float(rng.choice([0.2, 0.25, 0.3]))


STUDENT = Exercise(
    "11.3",
    guessed,
    some_scores,
    wrong=(
        Wrong(
            lambda score, labels, share: _guess(
                score, labels, np.arange(len(score)), share
            ),
            "A row that somebody called normal is an anomaly in yours. Only rows "
            "without a label are to be guessed.",
        ),
        Wrong(
            _share_of_all,
            "The share is of the rows without a label, not of all rows.",
        ),
        Wrong(
            lambda score, labels, share: guessed(-score, labels, share),
            "You took the lowest scores. Large means anomalous.",
        ),
        Wrong(
            lambda score, labels, share: _guess(
                score, labels, np.flatnonzero(labels != 0), share
            ),
            "Known anomalies take places in your top share. They need no guess: count "
            "the rows without a label alone.",
        ),
        Wrong(
            lambda score, labels, share: np.where(
                labels == -1, 0, guessed(score, labels, share)
            ),
            "You call every row normal that nobody has looked at. Those in the top "
            "share become anomalies, the others stay without a label.",
        ),
        Wrong(
            lambda score, labels, share: np.where(
                guessed(score, labels, share) == -1, 0, guessed(score, labels, share)
            ),
            "The rows below the top are not normal for sure: leave them without a label.",
        ),
        Wrong(
            _numbers_mixed_up,
            "You sorted the rows without a label, and then used their places as numbers "
            "of the table's rows. Keep the numbers: np.flatnonzero.",
        ),
    ),
    praise="A student learns from these guesses as if somebody had looked.",
    hint="Find the numbers of the rows without a label first, then sort them by score.",
)


def pays_from(sizes, lows):
    """Return the smallest number of tables from which on every lower end lies above
    zero; -1 if there is none.
    """
    return _last_run(sizes, np.asarray(lows) > 0)


def _last_run(sizes, above):
    below = np.flatnonzero(~np.asarray(above))
    first = below[-1] + 1 if len(below) else 0
    return int(sizes[first]) if first < len(sizes) else -1


def _first_above(sizes, lows):
    above = np.flatnonzero(np.asarray(lows) > 0)
    return int(sizes[above[0]]) if len(above) else -1


def a_curve(rng):
    """Draw numbers of tables and the lower ends of intervals, some above zero."""
    sizes = np.array([14, 28, 56, 112, 237, 297])
    turn = int(rng.integers(2, 6))
    lows = np.where(np.arange(6) < turn, -1.0, 1.0) * rng.uniform(0.002, 0.03, 6)
    if turn > 2:
        lows[0] = 0.01  # a lucky small draw
    return sizes, np.round(lows, 3)


FIGURE = Exercise(
    "11.5",
    pays_from,
    a_curve,
    wrong=(
        Wrong(
            _first_above,
            "A small number of tables was lucky once, and the next larger one lies below "
            "zero again. From *on* means that all larger ones lie above, too.",
        ),
        Wrong(
            lambda sizes, lows: _last_run(sizes, np.asarray(lows) < 0),
            "These intervals reach below zero. Their lower ends must lie above it.",
        ),
        Wrong(
            lambda sizes, lows: (
                int(np.flatnonzero(sizes == pays_from(sizes, lows))[0])
                if pays_from(sizes, lows) > 0
                else -1
            ),
            "That is the place in the list. Return the number of tables.",
        ),
        Wrong(
            lambda sizes, lows: int(sizes[int(np.argmax(lows))]),
            "That is where the lower end is largest. Asked is where it begins to pay.",
        ),
        Wrong(
            lambda sizes, lows: int(sizes[-1]),
            "That is the largest number of tables, whatever the intervals say.",
        ),
    ),
    praise="One interval above zero may be luck; all that follow are not.",
    hint="Find the last lower end that is not above zero; take the size after it.",
    edges=(
        (np.array([14, 28, 56]), np.array([-0.1, -0.1, -0.1])),
        (np.array([14, 28, 56]), np.array([0.1, 0.1, 0.1])),
    ),
)


def labels_to_buy(counts, auroc, price):
    """Return the number of labelled anomalies with the largest AUROC minus price times
    number; the smaller number where two are alike.
    """
    return _best(counts, np.asarray(auroc) - price * np.asarray(counts))


def _best(counts, worth):
    return int(counts[int(np.argmax(np.round(worth, 9)))])


def _until_a_label_no_longer_pays(counts, auroc, price):
    for i in range(len(counts) - 1):
        if auroc[i + 1] - auroc[i] < price * (counts[i + 1] - counts[i]):
            return int(counts[i])
    return int(counts[-1])


def an_offer(rng):
    """Draw numbers of labels, the AUROC that each reaches, and a price."""
    counts = np.array([1, 2, 3, 5, 10])
    auroc = 0.7 + 0.04 * np.arange(5) + rng.uniform(0, 0.01, 5)
    auroc[2] = auroc[1] + 0.001  # a third label buys nothing, and two more do
    return counts, np.round(auroc, 3), float(rng.choice([0.004, 0.012, 0.016]))


BUDGET = Exercise(
    "11.6",
    labels_to_buy,
    an_offer,
    wrong=(
        Wrong(
            lambda counts, auroc, price: _best(counts, auroc),
            "That is the best AUROC at any price. Subtract price times number.",
        ),
        Wrong(
            lambda counts, auroc, price: _best(counts, -price * counts),
            "That is the cheapest. What a label buys must count as well.",
        ),
        Wrong(
            _until_a_label_no_longer_pays,
            "You stop at the first step that does not pay. A later one may pay for both: "
            "compare all numbers.",
        ),
        Wrong(
            lambda counts, auroc, price: float(np.max(auroc - price * counts)),
            "That is what is left after paying. Return the number of labels.",
        ),
        Wrong(
            lambda counts, auroc, price: int(np.argmax(auroc - price * counts)),
            "That is the place in the list. Return the number of labels.",
        ),
    ),
    praise="Labels are bought until what they add no longer pays for them.",
    hint="worth = auroc - price * counts; take the count where it is largest.",
    edges=((np.array([1, 2, 5]), np.array([0.8, 0.9, 0.95]), 0.5),),
)
