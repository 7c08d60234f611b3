"""Three exercises about comparisons: which class may be an anomaly of which, which half
gets the credit, and what trying more often shows by luck.
"""

import numpy as np

from metaad.exercises.core import Wrong


def apart(own, made_of):
    """Return which classes may be anomalies of which: bool (c, c), symmetric.

    own : numbers of the classes (c,). made_of : (c, 2), the classes that each is made of;
    a real class is made of itself. A class and what it is made of are not told apart.
    """
    contains = (made_of[:, None] == own[:, None]).any(axis=2)  # [i, j]: i is made of j
    return (own[:, None] != own) & ~contains & ~contains.T


def families(rng):
    """Draw three or four real classes, and made-up ones: three of two different sources,
    two of the same digit, one of none (-1).
    """
    n = int(rng.integers(3, 5))
    two = [rng.permutation(n)[:2] for _ in range(3)]
    same = [np.repeat(rng.integers(n), 2)] * 2
    made_of = np.array([*([i, i] for i in range(n)), *two, *same, [-1, -1]])
    return np.arange(len(made_of)), made_of


def shares_a_source(made_of):
    """Return which classes have a source in common, or are the same: bool (c, c)."""
    equal = made_of[:, None, :, None] == made_of[None, :, None, :]
    real = made_of[:, None, :, None] >= 0
    return (equal & real).any(axis=(2, 3)) | np.eye(len(made_of), dtype=bool)


def credit(table):
    """Divide the credit between a head and classes, digit by digit.

    table : AUROC (2, 2, n); first axis control, metric head; second real digits only,
    with made-up classes.

    Returns (head, classes, more), arrays (n,): what the head adds, mean over the classes;
    what the classes add, mean over the learners; how much more they add to the head.
    """
    head = (table[1] - table[0]).mean(axis=0)
    by_learner = table[:, 1] - table[:, 0]
    return head, by_learner.mean(axis=0), by_learner[1] - by_learner[0]


def tables(rng):
    """Draw AUROCs of two learners on two kinds of classes, four digits."""
    return (np.round(rng.uniform(0.6, 1, (2, 2, 4)), 3),)


def luck(scores, many, few):
    """Return by how much the best of `many` looks better than the best of `few`,
    averaged over the rows of scores (m, n); all settings are equally good.
    """
    best = [scores[:, :k].max(axis=1).mean() for k in (many, few)]
    return float(best[0] - best[1])


def trials(rng):
    """Draw scores of equally good settings, and two numbers of tries."""
    few = int(rng.integers(2, 4))
    many = few + int(rng.integers(3, 6))
    return np.round(rng.normal(0.9, 0.01, (6, many + 1)), 4), many, few


CONFUSED = (
    Wrong(
        lambda own, made_of: own[:, None] != own,
        "That is the colleague's. A 3 that was bent still is an anomaly for the 3 "
        "here: look at `made_of`.",
    ),
    Wrong(
        lambda own, made_of: (
            (own[:, None] != own) & ~(made_of[:, None] == own[:, None]).any(axis=2)
        ),
        "The rows of made-up classes are right. But where the digit is the normal "
        "class, what is made of it still counts as an anomaly: the table must be "
        "symmetric.",
    ),
    Wrong(
        lambda own, made_of: apart(own, np.repeat(made_of[:, :1], 2, axis=1)),
        "Only the first of the two sources is looked at. A splice has two.",
    ),
    Wrong(
        lambda own, made_of: apart(own, made_of) | np.eye(len(own), dtype=bool),
        "A class is an anomaly for itself here: the diagonal must be False.",
    ),
    Wrong(
        lambda own, made_of: ~apart(own, made_of),
        "That is True where a class may *not* be an anomaly.",
    ),
    Wrong(
        lambda own, made_of: ~shares_a_source(made_of),
        "Two classes that are made of the same digit in two ways are two classes: "
        "they may be told apart. Only a class and what it is made of may not.",
    ),
)


MISCREDITED = (
    Wrong(
        lambda table: credit(table.transpose(1, 0, 2)),
        "Head and classes have changed places: the first axis is the learner, the "
        "second the classes.",
    ),
    Wrong(
        lambda table: (
            table[1, 0] - table[0, 0],
            table[0, 1] - table[0, 0],
            credit(table)[2],
        ),
        "You compare with one corner alone. A half may do more where the other is "
        "there: take the mean of both rows, and of both columns.",
    ),
    Wrong(
        lambda table: (
            tuple(2 * part for part in credit(table)[:2]) + (credit(table)[2],)
        ),
        "You add two differences; their mean is asked for.",
    ),
    Wrong(
        lambda table: tuple(-part for part in credit(table)[:2]) + (credit(table)[2],),
        "The sign is turned: with the half minus without it.",
    ),
    Wrong(
        lambda table: (*credit(table)[:2], table[1, 1] - table[0, 0]),
        "The third is how much *more* the classes add to the metric head than to the "
        "control: a difference of two differences.",
    ),
    Wrong(
        lambda table: (*credit(table)[:2], -credit(table)[2]),
        "The third has its sign turned: what classes add to the metric head, minus "
        "what they add to the control.",
    ),
    Wrong(
        lambda table: tuple(part.mean() for part in credit(table)),
        "Keep one number for each digit: the interval needs them.",
    ),
)


LUCKY = (
    Wrong(
        lambda scores, many, few: (
            scores[:, :many].mean(axis=0).max() - scores[:, :few].mean(axis=0).max()
        ),
        "You average first and then take the best. A person sees one row and picks "
        "its best: maximum in each row, then the mean over rows.",
    ),
    Wrong(
        lambda scores, many, few: scores[:, :many].max() - scores[:, :few].max(),
        "That is the luckiest row of all. Take the best in each row, and the mean "
        "over rows.",
    ),
    Wrong(
        lambda scores, many, few: scores[:, :many].max(axis=1).mean(),
        "That is the best of many alone. Take off what the best of few shows.",
    ),
    Wrong(
        lambda scores, many, few: (
            scores[:, :many].max(axis=1).mean() - scores[:, :few].mean()
        ),
        "The rival may choose as well: the best of its few, not their mean.",
    ),
    Wrong(
        lambda scores, many, few: -luck(scores, many, few),
        "The sign is turned: many minus few.",
    ),
    Wrong(
        lambda scores, many, few: (
            scores[:, :many].mean(axis=1).mean() - scores[:, :few].mean()
        ),
        "Those are means: nobody has chosen yet.",
    ),
    Wrong(
        lambda scores, many, few: scores[0, :many].max() - scores[0, :few].max(),
        "That is one row, one person's luck. Take the mean over all rows.",
    ),
)
