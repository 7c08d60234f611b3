"""Read a table twice: what stands out at the first reading is left out of the second.

Several anomalies of one kind among the rows that are read hide each other, since each
finds its like. Where most of them are left out, those that stay, and new ones, stand
alone [1].

References
----------
[1] Rousseeuw and Van Driessen: A fast algorithm for the minimum covariance determinant
    estimator, Technometrics 41, 1999. There the same step is repeated for one Gaussian.
"""

import numpy as np

from metaad.meta.context.rows import Context

LEFT_OUT = 0.1  # share of the rows, as many as the mixed trees were taught with
FEWEST = 8  # rows that a context needs


def kept(X, context, scorer, share=LEFT_OUT):
    """Return which rows stay for the second reading: bool array (n,).

    Parameters
    ----------
    X : array (n, d), the rows of the first reading.
    context : the `Context` that read them.
    scorer : function (n, NUMBERS) -> (n,), large = anomalous. Every row is judged
        without itself.
    share : float in [0, 1), of the rows that go. Rows with the score of the last one
        that stays stay too; with fewer than 8 rows left, all stay.
    """
    scores = np.empty(len(X))
    # the context keeps its rows in an order of its own
    place = np.lexsort(X[:, context.order].T[::-1])
    scores[place] = scorer(context.compared(context.own))
    stay = scores <= np.quantile(scores, 1.0 - share)
    return stay if stay.sum() >= FEWEST else np.ones(len(X), bool)


def read_again(X, scorer, share=LEFT_OUT, seed=0):
    """Read rows X (n, d) twice: the second `Context`, and which rows it holds, a bool
    array (n,). The parameters are those of `kept`; seed that of `Context`.
    """
    stay = kept(X, Context(X, seed), scorer, share)
    return Context(X[stay], seed), stay
