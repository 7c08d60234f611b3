"""Exercises of lesson 04: scores and distances."""

from functools import lru_cache

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


BLIND = {"mean row score", "largest row score"}


def blind_to_narrow():
    """Return the names of the signs that do not see a batch which is too narrow."""
    return BLIND


@lru_cache
def _rates(n=60, draws=40):
    """How often each sign exceeds its bar for a batch that is three quarters as wide."""
    rng = np.random.default_rng(0)

    def row(reference, batch):
        gaps = np.linalg.norm(batch[:, None] - reference, axis=2)
        return np.sort(gaps, axis=1)[:, 4]

    signs = {
        "MMD": lambda r, b: scores.mmd_unbiased(b, r),
        "sliced Wasserstein": lambda r, b: scores.sliced_wasserstein(b, r, 1, 30),
        "mean row score": lambda r, b: row(r, b).mean(),
        "largest row score": lambda r, b: row(r, b).max(),
    }
    batches = {w: w * rng.normal(size=(draws, n, 4)) for w in (1.0, 0.5)}
    references = rng.normal(size=(draws, n, 4))
    rates = {}
    for name, sign in signs.items():
        plain, narrow = (
            np.array([sign(r, b) for r, b in zip(references, batches[w], strict=True)])
            for w in (1.0, 0.5)
        )
        rates[name] = float(np.mean(narrow > np.quantile(plain, 0.95)))
    return rates


def _named(answer):
    """The names of an answer, as a set of str in small letters; None if it has none."""
    words = [answer] if isinstance(answer, str) else answer
    try:
        return {w.strip().lower() for w in words}
    except Exception:  # numbers, arrays, objects
        return None


def judge_blind(answer, args, rng):
    """Say what is wrong with a set of names, or None: row scores must be all there, and
    no distance that sees the change.
    """
    named = _named(answer)
    if not named:
        return 'Return a set of names, such as {"MMD", "mean row score"}.'
    seeing = [n for n, rate in _rates().items() if rate > 0.3 and n.lower() in named]
    if seeing:
        return f"{seeing[0]} sees it: look at its cell under “too narrow” again."
    unknown = named - {n.lower() for n in BLIND}
    if unknown:
        return f"{sorted(unknown)[0]!r} is not among those that see nothing there."
    missing = {n.lower() for n in BLIND} - named
    if missing:
        return "One more sign has a rate near zero under “too narrow”."
    return None


def rows_to_collect(sizes, power, price, loss):
    """Return the number of rows with the least expected cost: each row has a price, and
    a change that is not seen has a loss.
    """
    cost = sizes * price + (1 - power) * loss
    return int(sizes[np.argmin(cost)])


def offers(rng):
    """Draw sizes, how often a change is seen with each, a price per row and a loss."""
    sizes = np.array([20, 40, 80, 160, 320])
    scale = rng.uniform(30, 120)
    power = np.round(1 - 0.95 * np.exp(-sizes / scale), 3)
    return sizes, power, float(rng.integers(1, 6)), float(rng.integers(3, 12) * 100)


def majority_f1(tokens):
    """Return (micro F1, macro F1) of always answering the most frequent of T tags."""
    share = tokens.max() / tokens.sum()
    return share, 2 * share / (1 + share) / len(tokens)


def tag_counts(rng):
    """Draw the number of tokens of four to seven tags, one of them frequent."""
    tokens = rng.integers(20, 200, int(rng.integers(4, 8)))
    tokens[int(rng.integers(len(tokens)))] = int(rng.integers(800, 4000))
    return (tokens,)


def _share(tokens):
    return tokens.max() / tokens.sum()


EXERCISES = (
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
    Exercise(
        "04.4",
        blind_to_narrow,
        lambda rng: (),
        judge=judge_blind,
        wrong=(
            Wrong(
                lambda: {"mean row score"},
                "One more sign has a rate near zero under “too narrow”.",
            ),
            Wrong(
                lambda: {"MMD"},
                "MMD sees it: look at its cell under “too narrow” again.",
            ),
            Wrong(
                lambda: {"sliced Wasserstein", "mean row score"},
                "Row scores are blind there, sliced Wasserstein is not: its rate is "
                "far above zero.",
            ),
            Wrong(
                lambda: {"KL, Gaussian"},
                "The Gaussian KL knows the spread of both batches: its cell is bright.",
            ),
            Wrong(
                lambda: {"Sinkhorn"},
                "Sinkhorn's plan has to move mass inwards: its cell is bright.",
            ),
            Wrong(
                lambda: set(),
                "Some signs see nothing there. Read the column “too narrow” from top "
                "to bottom.",
            ),
        ),
        praise=(
            "Each row of that batch looks normal, so no score of a row can rise. Only a "
            "distance compares how the rows lie together."
        ),
    ),
    Exercise(
        "04.5",
        rows_to_collect,
        offers,
        wrong=(
            Wrong(
                lambda sizes, power, price, loss: int(sizes[np.argmax(power)]),
                "The largest batch sees most, and costs most. Weigh both.",
            ),
            Wrong(
                lambda sizes, power, price, loss: int(
                    sizes[np.argmin(sizes * price + power * loss)]
                ),
                "That is always the smallest batch, but what it misses has a price too. "
                "If you wrote power · loss: the loss comes where nothing is seen.",
            ),
            Wrong(
                lambda sizes, power, price, loss: int(
                    np.argmin(sizes * price + (1 - power) * loss)
                ),
                "That is the position in the list. Return the number of rows.",
            ),
            Wrong(
                lambda sizes, power, price, loss: float(
                    np.min(sizes * price + (1 - power) * loss)
                ),
                "That is the least cost. Return the number of rows that has it.",
            ),
            Wrong(
                lambda sizes, power, price, loss: int(sizes[np.argmax(power >= 0.8)]),
                "Four in five is a habit, not a price. Let price and loss decide.",
            ),
            Wrong(
                lambda sizes, power, price, loss: int(
                    sizes[np.argmax(sizes * price + (1 - power) * loss)]
                ),
                "That has the largest cost.",
            ),
        ),
        praise=(
            "The last rows are the dear ones: each doubling adds less power than the "
            "one before, and costs twice as much."
        ),
        hint="Cost of a size: its rows times the price, and the loss times 1 − power.",
        draws=8,
        edges=(
            (np.array([10, 20]), np.array([0.5, 0.9]), 100.0, 10.0),
            (np.array([10, 20, 30]), np.array([0.5, 0.9, 0.95]), 1.0, 1e5),
        ),
    ),
    Exercise(
        "04.6",
        majority_f1,
        tag_counts,
        wrong=(
            Wrong(
                lambda tokens: (_share(tokens), _share(tokens)),
                "The second is the mean of F1 over tags, and F1 is 0 for every tag that "
                "is never answered.",
            ),
            Wrong(
                lambda tokens: (_share(tokens), _share(tokens) / len(tokens)),
                "You averaged precision. The F1 of the frequent tag is "
                "2 · precision · recall / (precision + recall), with recall 1.",
            ),
            Wrong(
                lambda tokens: (_share(tokens), 1 / len(tokens)),
                "You averaged recall. The frequent tag has recall 1, but its precision "
                "is its share of the tokens.",
            ),
            Wrong(
                lambda tokens: (
                    _share(tokens),
                    2 * _share(tokens) / (1 + _share(tokens)),
                ),
                "That is the F1 of the frequent tag alone. Average over all tags: the "
                "others have 0.",
            ),
            Wrong(
                lambda tokens: majority_f1(tokens)[::-1],
                "The two have changed places: micro first.",
            ),
            Wrong(
                lambda tokens: (
                    2 * _share(tokens) / (1 + _share(tokens)),
                    majority_f1(tokens)[1],
                ),
                "Micro F1 pools the counts of all tags: each wrong token is a false "
                "positive of one tag and a false negative of another.",
            ),
            Wrong(
                lambda tokens: (1 - _share(tokens), majority_f1(tokens)[1]),
                "That is the share of tokens it gets wrong.",
            ),
        ),
        praise=(
            "The rarer the entities, the closer micro F1 comes to 1, and the closer "
            "macro F1 to 1 / T."
        ),
        hint="Precision of the frequent tag: its share. Recall: 1. All other F1 are 0.",
    ),
)
