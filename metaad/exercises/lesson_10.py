"""Exercises of lesson 10: learning to tune."""

import numpy as np
from sklearn.neighbors import LocalOutlierFactor

from metaad import metrics
from metaad.exercises.core import Exercise, Wrong
from metaad.exercises.tuning_choices import BEST_K, HARMED, PAYS

KS = (3, 5, 10, 15, 20, 25, 30, 40, 60)


def lof_auroc(X, y, k):
    """Return the AUROC of LOF with k neighbours on the rows X (n, 2) that it is fitted
    to.
    """
    lof = LocalOutlierFactor(k).fit(X)
    return metrics.auroc(y, -lof.negative_outlier_factor_)


def smallest_k(X, y, ks):
    """Return the smallest number of neighbours in ks with which LOF's AUROC on X is
    above 0.95.
    """
    return next(k for k in sorted(ks) if lof_auroc(X, y, k) > 0.95)


def clump(size, seed):
    """Return the lesson's table with a clump of `size` anomalies: X, y and the numbers
    of neighbours to try, in any order.
    """
    rng = np.random.default_rng(seed)
    far = [4.5, 4.5] + 0.3 * rng.normal(size=(size, 2))
    X = np.r_[rng.normal(size=(200, 2)), far]
    return X, np.repeat([0, 1], [200, size]), tuple(rng.permutation(KS).tolist())


def any_clump(rng):
    """Draw a table with a clump of 8 to 36 anomalies."""
    return clump(int(rng.integers(8, 37)), int(rng.integers(1000)))


def _next_to_size(X, y, ks):
    return min(k for k in ks if k >= y.sum())


def _smallest_blind(X, y, ks):
    return next(k for k in sorted(ks) if lof_auroc(X, y, k) <= 0.95)


def _above_half(X, y, ks):
    return next(k for k in sorted(ks) if lof_auroc(X, y, k) > 0.5)


def _first_given(X, y, ks):
    return next(k for k in ks if lof_auroc(X, y, k) > 0.95)


def _last_below(X, y, ks):
    return max(k for k in ks if k < smallest_k(X, y, ks))


def held_out(values, families):
    """Return the AUROC on each table of the column that is best by mean on the other
    families.
    """
    return _by_group(values, families, lambda rest, own: rest.mean(axis=0).argmax())


def _by_group(values, groups, choose):
    """Choose a column by the other groups, and say what each table of the group gets."""
    reached = np.empty(len(values))
    for group in set(groups):
        out = groups == group
        reached[out] = values[out, choose(values[~out], values[out])]
    return reached


def matrix_of_families(rng):
    """Draw a performance matrix in which the tables of a family agree: tables of four
    to six families, in any order, and four columns.
    """
    n = int(rng.integers(4, 7))
    families = rng.permutation(np.repeat(np.arange(n), rng.integers(1, 4, n)))
    values = rng.normal(0.75, 0.1, (n, 4))[families]
    values = np.clip(values + rng.normal(0, 0.02, values.shape), 0, 1)
    return np.round(values, 3), np.array(list("abcdef"))[families]


def _leave_one_table_out(values, families):
    return _by_group(
        values, np.arange(len(values)), lambda r, o: r.mean(axis=0).argmax()
    )


def _on_all(values, families):
    return values[:, values.mean(axis=0).argmax()]


def _on_own_family(values, families):
    return _by_group(values, families, lambda r, own: own.mean(axis=0).argmax())


def _column(values, families):
    def column(rest, own):
        return rest.mean(axis=0).argmax()

    numbers = np.tile(np.arange(values.shape[1], dtype=float), (len(values), 1))
    reached = np.empty(len(values))
    for family in set(families):
        out = families == family
        reached[out] = numbers[out, column(values[~out], values[out])]
    return reached


def _mean_elsewhere(values, families):
    reached = np.empty(len(values))
    for family in set(families):
        out = families == family
        reached[out] = values[~out].mean(axis=0).max()
    return reached


EXERCISES = (
    Exercise(
        "10.1",
        smallest_k,
        any_clump,
        wrong=(
            Wrong(
                lambda X, y, ks: int(y.sum()),
                "That is the number of anomalies itself. Which of `ks` works? Try them.",
            ),
            Wrong(
                _next_to_size,
                "That is the first of `ks` that is not below the size of the clump. It "
                "shows why, but a clump with exactly k rows or a few more may still be "
                "found or missed: measure the AUROC.",
            ),
            Wrong(
                lambda X, y, ks: max(ks, key=lambda k: lof_auroc(X, y, k)),
                "That is the best of `ks`, not the smallest that passes 0.95.",
            ),
            Wrong(
                lambda X, y, ks: max(ks),
                "The largest of `ks` finds the clump, but a smaller one may do.",
            ),
            Wrong(
                lambda X, y, ks: 12,
                "12 is right for no clump here: it is not even among `ks`.",
            ),
            Wrong(
                lambda X, y, ks: 25,
                "25 neighbours are right for a clump of one size only. Use `X` and `y`.",
            ),
            Wrong(
                lambda X, y, ks: 15,
                "15 neighbours are right for a clump of one size only. Use `X` and `y`.",
            ),
            Wrong(
                _first_given,
                "`ks` comes in any order. The first that passes is not always the "
                "smallest: sort them.",
            ),
            Wrong(
                _above_half,
                "An AUROC above 0.5 is better than chance, no more. Ask for 0.95.",
            ),
            Wrong(
                _last_below,
                "One step too early: with this k the clump is still hidden.",
            ),
            Wrong(
                _smallest_blind,
                "That is the smallest that does not pass: your comparison, or the sign "
                "of your scores, is turned. `own_scores` is large for anomalies.",
            ),
        ),
        praise=(
            "k must exceed the number of anomalies that lie together, and nobody tells "
            "you that number."
        ),
        hint="Go through sorted(ks) and return the first with an AUROC above 0.95.",
        edges=(clump(12, 1), clump(25, 2)),
        draws=4,
    ),
    BEST_K,
    Exercise(
        "10.3",
        held_out,
        matrix_of_families,
        wrong=(
            Wrong(
                _leave_one_table_out,
                "You hold out one table at a time: its relatives stay in, and tell what "
                "is good on it. Leave out the whole family.",
            ),
            Wrong(
                _on_all,
                "You chose on all tables, the one that is judged included. Choose on "
                "the other families.",
            ),
            Wrong(
                _on_own_family,
                "You chose by the family itself. It is `families != family` that may be "
                "looked at.",
            ),
            Wrong(
                lambda values, families: values.max(axis=1),
                "That is the oracle, the best column of each table. Nobody knows it "
                "beforehand.",
            ),
            Wrong(
                lambda values, families: values[:, 0],
                "That is the first column, the default, on every table.",
            ),
            Wrong(
                _column,
                "Those are numbers of columns. Return what these columns get on the "
                "tables that were held out.",
            ),
            Wrong(
                _mean_elsewhere,
                "That is what the chosen column gets on the other families. Judge it on "
                "the tables that were held out.",
            ),
            Wrong(
                lambda values, families: held_out(values, families).mean(),
                "That is the mean over tables. Keep one number for each: differences "
                "between strategies are paired by table.",
            ),
        ),
        praise=(
            "Whoever leaves out single tables only lets their relatives give the answer "
            "away."
        ),
        hint="For each family: choose by values[families != family].mean(axis=0).",
    ),
    PAYS,
    HARMED,
)
