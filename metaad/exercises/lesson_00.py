"""Exercises of lesson 00: start here."""

import numpy as np

from metaad.exercises.core import Exercise, Wrong
from metaad.metrics import best_first


def precision_at(y, scores, k):
    """Return the share of anomalies among the k rows with the highest scores."""
    highest = best_first(scores)[:k]
    return float(np.mean(y[highest] == 1))


def rows(rng):
    """Draw labels (n,), scores (n,) and k, with scores at another scale each time."""
    n = int(rng.integers(8, 12))
    y = rng.permutation(np.arange(n) < rng.integers(3, 5)).astype(int)
    scores = rng.choice([0.3, 1.0, 8.0]) * (rng.normal(size=n) + 0.5 * y)
    return y, np.round(scores, 2), int(rng.integers(2, 5))


EXERCISES = (
    Exercise(
        "00.1",
        precision_at,
        rows,
        wrong=(
            Wrong(
                lambda y, scores, k: y.sum() / k,
                "You count the anomalies of the whole table. Which of them are among "
                "the k rows with the highest scores?",
            ),
            Wrong(
                lambda y, scores, k: np.mean(y[scores > 0.5] == 1),
                "A fixed threshold takes as many rows as happen to lie above it. Take "
                "k rows, whatever the scale of the scores.",
            ),
            Wrong(
                lambda y, scores, k: np.mean(y[best_first(-scores)[:k]] == 1),
                "These are the k rows with the lowest scores: argsort runs upwards.",
            ),
            Wrong(
                lambda y, scores, k: np.mean(y[best_first(scores)][:k].sum() / y.sum()),
                "You divide by the number of anomalies: that is the share that is "
                "found (recall at k). Here the share is of the k rows.",
            ),
            Wrong(
                lambda y, scores, k: int((y[best_first(scores)[:k]] == 1).sum()),
                "That is the number of anomalies among the k rows; the share is asked "
                "for.",
            ),
            Wrong(
                lambda y, scores, k: np.mean(y[:k] == 1),
                "These are the first k rows of the table. Use `scores` to choose them.",
            ),
            Wrong(
                lambda y, scores, k: np.mean(y[best_first(scores)[: k + 1]] == 1),
                "You take one row too many: the slice [:k] already holds k rows.",
            ),
            Wrong(
                lambda y, scores, k: np.sort(scores)[-k:].mean(),
                "That is the mean of the k highest scores. Ask their labels instead.",
            ),
        ),
        praise=(
            "Precision at k asks what someone with time for k rows asks: how many of "
            "those that I open are real?"
        ),
        hint="Sort the rows by score, keep k of them, and look at their labels.",
        edges=(
            (np.array([1, 0, 0, 1, 0]), np.array([0.9, 0.8, 0.1, 0.7, 0.2]), 3),
            (np.array([1, 0, 0, 1, 0]), np.array([0.9, 0.8, 0.1, 0.7, 0.2]), 1),
        ),
    ),
)
