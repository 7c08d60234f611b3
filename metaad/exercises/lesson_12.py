"""Exercises of lesson 12: detecting in context."""

import numpy as np

from metaad.exercises.contexts import DECISION, DOUBLING, OTHER_TABLE
from metaad.exercises.core import Exercise, Wrong


def p_values(own, values):
    """Return the p-value of each of `values` (m,) among the context's own (n,)."""
    return (1 + _as_large(own, values)) / (len(own) + 1)


def _as_large(own, values):
    return (own[None, :] >= values[:, None]).sum(axis=1)


def some_numbers(rng):
    """Draw numbers of a context's rows, some of them tied, and three to judge."""
    own = np.round(rng.uniform(0, 3, int(rng.integers(6, 10))), 1)
    own[1] = own[0]
    return own, np.array([own[0], own.max() + 1, round(rng.uniform(0.5, 2.5), 2)])


P_VALUE = Exercise(
    "12.1",
    p_values,
    some_numbers,
    wrong=(
        Wrong(
            lambda own, values: _as_large(own, values) / len(own),
            "Count the row itself too, above and below the line. Yours is 0 for a row "
            "beyond all others, and no finite sample can say that.",
        ),
        Wrong(
            lambda own, values: _as_large(own, values) / (len(own) + 1),
            "The row itself is counted below the line, and not above it: add 1 to the "
            "count too.",
        ),
        Wrong(
            lambda own, values: (1 + _as_large(own, values)) / len(own),
            "There are n + 1 rows, the context's and the one to judge. Yours can be "
            "larger than 1.",
        ),
        Wrong(
            lambda own, values: (
                (1 + (own[None] > values[:, None]).sum(axis=1)) / (len(own) + 1)
            ),
            "A row of the context with the same number counts as being so large: use >=.",
        ),
        Wrong(
            lambda own, values: (
                (1 + (own[None] <= values[:, None]).sum(axis=1)) / (len(own) + 1)
            ),
            "You counted the rows with smaller numbers. A small p-value must mean that "
            "few rows are so unusual.",
        ),
        Wrong(
            lambda own, values: 1 - p_values(own, values),
            "This is 1 − p: the direction is turned.",
        ),
        Wrong(
            lambda own, values: -np.log(p_values(own, values)),
            "This is −log p, the surprise, which comes next. Return p.",
        ),
        Wrong(
            lambda own, values: np.minimum(
                1, 2 * np.minimum(p_values(own, values), p_values(-own, -values))
            ),
            "You asked about both ends. Here only large numbers are unusual.",
        ),
    ),
    praise=(
        "A new normal row gets a p-value of at most .05 in at most 5 of 100 cases, "
        "whatever the table and whatever is measured."
    ),
    hint="(1 + how many of own are >= the value) / (len(own) + 1), for each value.",
)


def nearest(A):
    """Return the distance of each row of A (n, d) to the nearest other row: (n,)."""
    D = _distances(A)
    np.fill_diagonal(D, np.inf)
    return D.min(axis=1)


def _distances(A):
    return np.linalg.norm(A[:, None] - A[None], axis=2)


def _zeros_away(A):
    D = _distances(A)
    D[D == 0] = np.inf
    return D.min(axis=1)


def _mean_of_others(A):
    return _distances(A).sum(axis=1) / (len(A) - 1)


def _other_diagonal(A):
    D = _distances(A)
    np.fill_diagonal(D, D.max())
    return D.mean(axis=1)


def _third(A):
    return np.sort(_distances(A), axis=1)[:, 2]


def rows_with_twins(rng):
    """Draw six to eight rows of two columns; two of them are alike."""
    A = np.round(rng.normal(size=(int(rng.integers(6, 9)), 2)) * 2, 1)
    A[-1] = A[0]
    return (A,)


NEAREST = Exercise(
    "12.2",
    nearest,
    rows_with_twins,
    wrong=(
        Wrong(
            lambda A: _distances(A).min(axis=1),
            "Every row finds itself, at distance 0. Then any new row is farther out than "
            "the whole context. Put infinity on the diagonal.",
        ),
        Wrong(
            _zeros_away,
            "You took away every zero. Two rows that are alike are at distance 0, and "
            "that is right: take away the diagonal alone.",
        ),
        Wrong(
            _third,
            "Sorted distances begin with the row itself, at place 0. The nearest other "
            "row is at place 1.",
        ),
        Wrong(
            _mean_of_others,
            "That is the mean distance to the others. The nearest is asked for.",
        ),
        Wrong(
            _other_diagonal,
            "The diagonal is out of the way, but then take the minimum, not the mean.",
        ),
        Wrong(
            lambda A: nearest(A) ** 2,
            "These are squared distances: take the root.",
        ),
        Wrong(
            lambda A: (
                _distances(A).max(axis=1)
                if len(A) < 2
                else np.sort(_distances(A))[:, -1]
            ),
            "That is the farthest row.",
        ),
    ),
    praise=(
        "Now a row of the context and a new normal row are judged alike, by rows that "
        "are not itself."
    ),
    hint="np.fill_diagonal(D, np.inf), then the minimum of each row.",
)


def laid_out(X, rows):
    """Return rows (m, d) scaled by the mean and deviation of the context X (n, d)."""
    return (rows - X.mean(axis=0)) / X.std(axis=0)


def _by_all(X, rows):
    return laid_out(np.r_[X, rows], rows)


def two_sets(rng):
    """Draw a context and rows to judge, whose columns have different units."""
    unit = 10.0 ** rng.integers(0, 3, size=3)
    sizes = int(rng.integers(5, 8)), int(rng.integers(3, 5))
    X, rows = (np.round(unit * (rng.normal(size=(n, 3)) + 1), 1) for n in sizes)
    return X, rows + np.round(unit, 1)


LAID_OUT = Exercise(
    "12.3",
    laid_out,
    two_sets,
    wrong=(
        Wrong(
            lambda X, rows: laid_out(rows, rows),
            "You scaled the new rows by themselves. Then a row's score depends on which "
            "rows come with it, and a day of anomalies looks normal.",
        ),
        Wrong(
            _by_all,
            "The mean and the deviation must come from the context alone. Yours change "
            "with the rows that are judged.",
        ),
        Wrong(
            lambda X, rows: rows - X.mean(axis=0),
            "The unit is still there: divide by the deviation.",
        ),
        Wrong(
            lambda X, rows: rows / X.std(axis=0),
            "The unit is gone, the zero is not: 20 °C and 293 K must give the same. "
            "Subtract the mean.",
        ),
        Wrong(
            lambda X, rows: (rows - X.mean()) / X.std(),
            "One mean and one deviation for the whole table leave the column with the "
            "largest unit in charge. Take them for each column, axis=0.",
        ),
        Wrong(
            lambda X, rows: (rows - X.mean(axis=0)) / X.var(axis=0),
            "You divided by the variance, whose unit is squared. Take its root.",
        ),
        Wrong(
            lambda X, rows: (rows - X.min(axis=0)) / (X.max(axis=0) - X.min(axis=0)),
            "This has no unit either, but here the mean and the deviation are asked for: "
            "one far row moves the ends of the range.",
        ),
        Wrong(
            lambda X, rows: laid_out(X, X),
            "You scaled the context. Scale the rows, by the context.",
        ),
        Wrong(
            lambda X, rows: (
                (rows - rows.mean(axis=1)[:, None]) / rows.std(axis=1)[:, None]
            ),
            "You scaled each row by itself, axis=1. Columns have units, rows have none.",
        ),
    ),
    praise="Euros or cents, °C or K: the numbers are the same.",
    hint="(rows - X.mean(axis=0)) / X.std(axis=0).",
)
EXERCISES = (P_VALUE, NEAREST, LAID_OUT, DOUBLING, DECISION, OTHER_TABLE)
