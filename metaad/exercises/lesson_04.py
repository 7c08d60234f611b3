"""Exercises of lesson 04: scores and distances."""

from functools import lru_cache

import numpy as np

from metaad import scores
from metaad.exercises.core import Exercise, Wrong
from metaad.exercises.distances import DISTANCES

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
    *DISTANCES,
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
            "The best size is where the price of the rows and the cost of what they miss "
            "have the least sum."
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
