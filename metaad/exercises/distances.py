"""The first three exercises of lesson 04: distances of batches."""

import numpy as np

from metaad import scores
from metaad.exercises.core import Exercise, Wrong


def biased(kernel_xx, kernel_yy, kernel_xy):
    """Return the biased squared MMD from three kernel matrices (n, n), (m, m), (n, m)."""
    return kernel_xx.mean() + kernel_yy.mean() - 2 * kernel_xy.mean()


def _without_diagonal(kernel):
    n = len(kernel)
    return (kernel.sum() - np.trace(kernel)) / (n * (n - 1))


def kernels(rng):
    """Draw the kernel matrices of two batches of three to six rows in two columns."""
    x, y = (rng.normal(size=(int(rng.integers(3, 7)), 2)) for _ in range(2))
    pairs = ((x, x), (y, y), (x, y + 0.5))
    return tuple(np.round(scores.gaussian_kernel(a, b, 1.0), 3) for a, b in pairs)


def p_value(value, null):
    """Return the permutation p-value of a distance, from those after B exchanges."""
    return (1 + np.sum(null >= value)) / (1 + len(null))


def exchanges(rng):
    """Draw a distance and those after 19 exchanges, a few of them as large or equal."""
    null = rng.integers(0, 12, 19) / 4
    return float(np.sort(null)[-int(rng.integers(2, 6))]), null


def moved_most(reference, batch):
    """Return the column whose Wasserstein distance is largest, in standard deviations
    of the reference.
    """
    unit = reference.std(axis=0)
    moved = [
        scores.wasserstein_1d(r, b) for r, b in zip(reference.T, batch.T, strict=True)
    ]
    return int(np.argmax(moved / unit))


def _raw_distances(reference, batch):
    pairs = zip(reference.T, batch.T, strict=True)
    return np.array([scores.wasserstein_1d(r, b) for r, b in pairs])


def _by_mean(reference, batch):
    gap = np.abs(reference.mean(axis=0) - batch.mean(axis=0))
    return int(np.argmax(gap / reference.std(axis=0)))


def _own_unit(reference, batch):
    return int(np.argmax(_raw_distances(reference, batch) / batch.std(axis=0)))


def table_and_batch(rng, kind=None):
    """Draw two tables of five columns in different units. One column of the batch has
    spread, another has moved, one has moved less and has become narrow.
    """
    widths = 10.0 ** rng.permutation(5)
    reference, batch = rng.normal(size=(2, 30, 5))
    spread, moved, both = rng.permutation(5)[:3]
    batch[:, spread] *= rng.choice([2.5, 6.0])
    batch[:, moved] += 2.5
    batch[:, both] = 2.0 + 0.3 * batch[:, both]
    return reference * widths, batch * widths


DISTANCES = (
    Exercise(
        "04.1",
        biased,
        kernels,
        wrong=(
            Wrong(
                lambda kxx, kyy, kxy: (
                    _without_diagonal(kxx) + _without_diagonal(kyy) - 2 * kxy.mean()
                ),
                "That is the unbiased one. Here each row is compared with itself too: "
                "take the mean of the whole matrix.",
            ),
            Wrong(
                lambda kxx, kyy, kxy: kxx.mean() + kyy.mean() - kxy.mean(),
                "The pairs of different batches count twice: as (x, y) and as (y, x).",
            ),
            Wrong(
                lambda kxx, kyy, kxy: kxx.sum() + kyy.sum() - 2 * kxy.sum(),
                "These are sums. Means are asked for, or larger batches differ more.",
            ),
            Wrong(
                lambda kxx, kyy, kxy: 2 * kxy.mean() - kxx.mean() - kyy.mean(),
                "The sign is turned: rows of one batch are close to each other, so "
                "their kernels count with a plus.",
            ),
            Wrong(
                lambda kxx, kyy, kxy: np.sqrt(
                    max(0.0, kxx.mean() + kyy.mean() - 2 * kxy.mean())
                ),
                "That is the MMD. The lesson works with its square: no root.",
            ),
            Wrong(
                lambda kxx, kyy, kxy: kxx.mean() + kyy.mean() + 2 * kxy.mean(),
                "Pairs of different batches count with a minus, or two equal batches "
                "would not be at distance 0.",
            ),
            Wrong(
                lambda kxx, kyy, kxy: (kxx.mean() + kyy.mean()) / 2 - kxy.mean(),
                "That is half of it: for batches that share nothing the square is near "
                "the sum of both own means.",
            ),
        ),
        praise=(
            "It is never below 0, so even two batches of one kind seem to differ: the "
            "diagonal, where each row meets itself, is what makes it so."
        ),
        hint="Three means: of the first matrix, of the second, and of the third twice.",
    ),
    Exercise(
        "04.2",
        p_value,
        exchanges,
        wrong=(
            Wrong(
                lambda value, null: np.mean(null > value),
                "This is the code with both faults in it. Can it be 0? Should it?",
            ),
            Wrong(
                lambda value, null: np.mean(null >= value),
                "Equal ones count now. But with no exchange as large this p-value is 0, "
                "and no test of 19 exchanges can be as sure as that.",
            ),
            Wrong(
                lambda value, null: (1 + np.sum(null > value)) / (1 + len(null)),
                "The batch as it came counts now. But an exchange that gives exactly "
                "the same distance is *as large*.",
            ),
            Wrong(
                lambda value, null: (1 + np.sum(null >= value)) / len(null),
                "One was added above, and not below: this can be more than 1.",
            ),
            Wrong(
                lambda value, null: np.sum(null >= value) / (1 + len(null)),
                "One was added below, and not above: the batch as it came is as large "
                "as itself.",
            ),
            Wrong(
                lambda value, null: 1 - p_value(value, null),
                "That is one minus it. A small p-value means that exchanges seldom do "
                "as much.",
            ),
            Wrong(
                lambda value, null: (1 + np.sum(null <= value)) / (1 + len(null)),
                "You count the exchanges that are as *small*. A large distance is the "
                "surprise.",
            ),
        ),
        praise=(
            "Without a change this p-value is below .05 in at most one batch of twenty. "
            "The other formula promised that and didn't keep it."
        ),
        hint="The batch as it came is one way among the others, and as large as itself.",
        edges=((9.0, np.arange(9.0)), (0.0, np.zeros(9))),
    ),
    Exercise(
        "04.3",
        moved_most,
        table_and_batch,
        wrong=(
            Wrong(
                lambda r, b: int(np.argmax(_raw_distances(r, b))),
                "Raw distances are in the unit of each column, so the column with the "
                "largest numbers wins. Divide by the reference's standard deviation.",
            ),
            Wrong(
                _by_mean,
                "That compares means alone. A column that spreads out moves mass too: "
                "call wasserstein_1d.",
            ),
            Wrong(
                _own_unit,
                "The unit must come from the reference: a column that spreads out "
                "would hide its own change.",
            ),
            Wrong(
                lambda r, b: int(np.argmin(_raw_distances(r, b) / r.std(axis=0))),
                "That is the column that moved least.",
            ),
            Wrong(
                lambda r, b: float(np.max(_raw_distances(r, b) / r.std(axis=0))),
                "That is how far it moved. Return which column it is, `argmax`.",
            ),
            Wrong(
                lambda r, b: moved_most(r, b) + 1,
                "Columns are counted from 0.",
            ),
            Wrong(
                lambda r, b: int(np.argmax(b.std(axis=0) / r.std(axis=0))),
                "That is the column whose spread grew most. Mass moves also when the "
                "mean does.",
            ),
        ),
        praise="A distance of a batch can't name a row, but it can name a column.",
        hint="Each column's distance, divided by the reference's standard deviation.",
        draws=6,
    ),
)
