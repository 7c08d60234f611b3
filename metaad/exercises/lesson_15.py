"""Exercises of lesson 15: architecture search."""

from math import comb

import numpy as np

from metaad.exercises.core import Exercise, Wrong
from metaad.exercises.fair_search import FAIR


def hits(n, m, N):
    """Return the probability that n draws without replacement from N hold one of the m
    best.
    """
    return 1 - comb(N - m, n) / comb(N, n)


def frugal(price, rewards, parameters):
    """Return the number of the network with the best reward less the price of its size."""
    return int(np.argmax(rewards - price * np.log10(parameters)))


def draws(rng):
    """Draw a budget, how many are good, how many there are."""
    N = int(rng.integers(20, 60))
    return int(rng.integers(3, 9)), int(rng.integers(2, 6)), N


def priced(rng):
    """Draw a price, and ten networks of which the larger ones are a little better."""
    parameters = rng.permutation(np.round(10 ** np.linspace(2.5, 5.2, 10)).astype(int))
    # concave in the size, so that each price has a best size of its own
    gain = 0.9 - 0.03 * (5.2 - np.log10(parameters)) ** 2
    rewards = np.round(gain + rng.normal(0, 0.002, 10), 4)
    return round(float(rng.uniform(0.02, 0.12)), 3), rewards, parameters


SIZES = np.array([400, 2_000, 9_000, 40_000, 150_000])


# the best is not the largest
NOT_RISING = np.array([0.86, 0.89, 0.91, 0.905, 0.9])
# the price is so low that roots and counts differ
CHEAP = (2e-5, np.array([0.86, 0.89, 0.905, 0.909, 0.91]), SIZES)


def _scaled(size):
    def wrong(price, rewards, parameters):
        return int(np.argmax(rewards - price * size(parameters.astype(float))))

    return wrong


EXERCISES = (
    Exercise(
        "15.1",
        hits,
        draws,
        wrong=(
            Wrong(
                lambda n, m, N: 1 - (1 - m / N) ** n,
                "This puts every network back after it was drawn. Without replacement "
                "each miss makes the next hit likelier.",
            ),
            Wrong(
                lambda n, m, N: comb(N - m, n) / comb(N, n),
                "That is the chance to miss all of the best. One minus it.",
            ),
            Wrong(
                lambda n, m, N: n * m / N,
                "That is the expected number of hits, which can be above 1; a chance "
                "can't.",
            ),
            Wrong(
                lambda n, m, N: m * comb(N - m, n - 1) / comb(N, n),
                "That is the chance of exactly one of the best. Two or more are fine "
                "too.",
            ),
            Wrong(
                lambda n, m, N: 1 - comb(N - n, m - 1) / comb(N, m - 1),
                "You counted one of the best too few.",
            ),
            Wrong(
                lambda n, m, N: m / N,
                "That is the chance of a single draw; n draws have more.",
            ),
            Wrong(
                lambda n, m, N: 1 - comb(N - 1, n) / comb(N, n),
                "That is the chance to draw the one best network. Any of the m best "
                "will do.",
            ),
        ),
        praise="The quality of the space is in it, the number of networks hardly is.",
        hint="Count the samples that miss all m: they come from the other N - m.",
        edges=((3, 2, 5), (1, 4, 40)),
    ),
    *FAIR,
    Exercise(
        "15.5",
        frugal,
        priced,
        wrong=(
            Wrong(
                _scaled(lambda p: p),
                "The raw count: one price for every single parameter makes the smallest "
                "network win at once. Take the logarithm to base ten.",
            ),
            Wrong(
                _scaled(np.sqrt),
                "The square root still grows into the hundreds. The price is for every "
                "power of ten: the logarithm.",
            ),
            Wrong(
                _scaled(np.log),
                "The natural logarithm is 2.3 times as large, and so is your price. To "
                "base ten, please.",
            ),
            Wrong(
                _scaled(np.log2),
                "To base two, every doubling costs the price. Asked is a price for "
                "every tenfold size.",
            ),
            Wrong(
                _scaled(lambda p: 0 * p),
                "The price is not in it: you choose by the reward alone.",
            ),
            Wrong(
                _scaled(lambda p: -np.log10(p)),
                "The sign: a larger network must lose, not gain.",
            ),
            Wrong(
                lambda price, rewards, parameters: int(
                    np.argmin(rewards - price * np.log10(parameters))
                ),
                "That is the worst one: argmax.",
            ),
            Wrong(
                lambda price, rewards, parameters: float(
                    np.max(rewards - price * np.log10(parameters))
                ),
                "That is the best value. Return the place where it stands: argmax.",
            ),
            Wrong(
                lambda price, rewards, parameters: int(
                    np.argmax(rewards / (1 + price * np.log10(parameters)))
                ),
                "Divided, the price weighs less on a poor network. It is subtracted.",
            ),
        ),
        praise="A budget is a part of the reward, and the reward decides.",
        hint="Subtract from each reward the price times the logarithm of the size.",
        edges=(CHEAP, (0.0, CHEAP[1], SIZES), (0.05, NOT_RISING, SIZES)),
        tolerance=1e-9,
    ),
)
