"""Exercises of lesson 00: start here."""

import numpy as np

from metaad import data, metrics
from metaad.detectors import KNNDetector, anomaly_score
from metaad.exercises.core import Exercise, Wrong
from metaad.metrics import best_first


def column_without_news():
    """Return the name of a column in which malignant tumours look like benign ones."""
    return "texture error"


def says_little(name, args, rng):
    """Return None if the column separates hardly better than chance, else a sentence
    with how well it does.
    """
    table = data.load("breast-cancer")
    if not isinstance(name, str) or name not in table.columns:
        return "Return a name exactly as it is written on the left of the figure."
    auroc = metrics.auroc(table.y, table.X[:, table.columns.index(name)])
    if abs(auroc - 0.5) <= 0.1:
        return None
    return (
        f"In {name} a malignant tumour has the larger value in {auroc:.0%} of all pairs "
        f"with a benign one. Look for a line whose colours are alike on both sides."
    )


def repaired(y, normality):
    """Return the AUROC of values that are high for normal rows: y, normality (n,)."""
    return metrics.auroc(y, -normality)


def ranked(X, y):
    """Return the AUROC of the fifth neighbour's distance on one scale: X (n, d), y (n,)."""
    return _ranked(data.deviations(X), y)


def _ranked(Z, y, rows=None):
    rows = Z if rows is None else rows
    return metrics.auroc(y, anomaly_score(KNNDetector().fit(rows), Z))


def normalities(rng):
    """Draw labels (9,) and values (9,) that rank well, or worse than chance."""
    y = rng.permutation(np.arange(9) < 3).astype(int)
    values = rng.normal(size=9) + rng.choice([-1.0, 1.0]) * y - 0.2
    return y, np.round(values, 2)


def small_table(rng):
    """Draw a table (40, 3) whose columns have different units, and labels (40,)."""
    X = rng.standard_t(3, size=(40, 3))
    y = rng.permutation(np.arange(40) < 8).astype(int)
    X[y == 1] += rng.normal(size=(8, 3)) * 2 + 0.5
    return X * rng.permutation([0.1, 1.0, 300.0]) + rng.uniform(-5, 5, 3), y


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
        column_without_news,
        lambda rng: (),
        wrong=(
            Wrong(
                lambda: "worst area",
                "In worst area a malignant tumour has the larger value in 97% of all "
                "pairs with a benign one. Look for a line whose colours are alike on "
                "both sides.",
            ),
            Wrong(
                lambda: "mean texture",
                "In mean texture a malignant tumour has the larger value in 78% of all "
                "pairs with a benign one. Look for a line whose colours are alike on "
                "both sides.",
            ),
            Wrong(
                lambda: "worst symmetry",
                "In worst symmetry a malignant tumour has the larger value in 74% of "
                "all pairs with a benign one. Look for a line whose colours are alike "
                "on both sides.",
            ),
            Wrong(
                lambda: "compactness error",
                "In compactness error a malignant tumour has the larger value in 73% of "
                "all pairs with a benign one. Look for a line whose colours are alike "
                "on both sides.",
            ),
            Wrong(
                lambda: 11,
                "Return a name exactly as it is written on the left of the figure.",
            ),
        ),
        praise=(
            "A column that says nothing is no help to a detector, and it still counts "
            "in every distance."
        ),
        judge=says_little,
        draws=3,
    ),
    Exercise(
        "00.2",
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
    Exercise(
        "00.3",
        repaired,
        normalities,
        wrong=(
            Wrong(
                metrics.auroc,
                "That is the colleague's line: it asks whether anomalies are more "
                "normal than normal rows.",
            ),
            Wrong(
                lambda y, normality: metrics.auroc(y, np.abs(normality)),
                "The absolute value mixes up very normal and very anomalous rows. Turn "
                "the sign.",
            ),
            Wrong(
                lambda y, normality: max(
                    metrics.auroc(y, normality), metrics.auroc(y, -normality)
                ),
                "You take the sign that looks better. That uses the labels, and a "
                "detector that is worse than chance would never show.",
            ),
            Wrong(
                lambda y, normality: metrics.average_precision(y, -normality),
                "The sign is right. But this is average precision; AUROC is asked for.",
            ),
            Wrong(
                lambda y, normality: -metrics.auroc(y, normality),
                "A probability is not negative. Turn the scores, not the result.",
            ),
            Wrong(
                lambda y, normality: metrics.auroc(y, 1 / normality),
                "1 / x turns the order only among values of one sign.",
            ),
            Wrong(
                lambda y, normality: metrics.auroc(y, normality < 0),
                "A yes or no for each row throws the order away. Keep the values.",
            ),
        ),
        praise=(
            "The package turns the sign in one place, anomaly_score, so that no other "
            "code has to remember it."
        ),
        hint="AUROC wants scores that are high for anomalies.",
    ),
    Exercise(
        "00.4",
        ranked,
        small_table,
        wrong=(
            Wrong(
                _ranked,
                "The columns still have their own units, so the largest decides alone. "
                "Use data.deviations first.",
            ),
            Wrong(
                lambda X, y: 1 - ranked(X, y),
                "The sign is turned: anomaly_score is high for strange rows, "
                "score_samples for normal ones.",
            ),
            Wrong(
                lambda X, y: _ranked((X - X.mean(axis=0)) / X.std(axis=0), y),
                "You used mean and standard deviation, which a single far row moves. "
                "Use data.deviations.",
            ),
            Wrong(
                lambda X, y: _ranked(
                    data.deviations(X), y, data.deviations(X)[np.asarray(y) == 0]
                ),
                "You fitted the detector to the normal rows alone: that takes labels. "
                "Fit it to all rows.",
            ),
            Wrong(
                lambda X, y: _ranked(data.deviations(X, X[np.asarray(y) == 0]), y),
                "You took the scale from the normal rows alone: that takes labels. Use "
                "all rows.",
            ),
            Wrong(
                lambda X, y: metrics.auroc(y, np.abs(data.deviations(X)).max(axis=1)),
                "That is the largest deviation in any one column. Fit a KNNDetector to "
                "the deviations.",
            ),
            Wrong(
                lambda X, y: metrics.average_precision(
                    y,
                    anomaly_score(
                        KNNDetector().fit(data.deviations(X)), data.deviations(X)
                    ),
                ),
                "All is right but the measure: metrics.auroc is asked for.",
            ),
        ),
        praise="Five lines that run on any table of numbers; labels only judge them.",
        hint="Scale, fit, score; labels come last.",
    ),
)
