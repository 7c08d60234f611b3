"""Exercises of lesson 09: made-up classes, a metric head, and who gets the credit."""

import numpy as np

from metaad.exercises.core import Exercise, Wrong
from metaad.exercises.credits import (
    CONFUSED,
    LUCKY,
    MISCREDITED,
    apart,
    credit,
    families,
    luck,
    tables,
    trials,
)
from metaad.exercises.thresholds import (
    FAULTS,
    as_good_as_any,
    best_threshold,
    many_anomalies,
)


def leaked(made, known, digits, held_out):
    """Return the share of made-up images (n, d) whose nearest image among `known` (N,
    d), of `digits` (N,), belongs to a digit in `held_out`.
    """
    squared = ((made[:, None] - known) ** 2).sum(axis=2)  # (n, N)
    return float(np.isin(digits[squared.argmin(axis=1)], held_out).mean())


def images(rng):
    """Draw made-up images, known images with their digits, two digits that are held
    out.
    """
    known = np.round(rng.normal(size=(30, 3)), 2)
    digits = rng.permutation(np.repeat(np.arange(10), 3))
    held_out = rng.choice(10, 2, replace=False)
    near = np.isin(digits, held_out)
    at = np.concatenate(
        [rng.permutation(np.flatnonzero(near))[:2], rng.integers(30, size=5)]
    )
    made = known[at] * np.exp(rng.normal(0.3, 0.3, size=(7, 1)))
    return np.round(made, 2), known, digits, held_out


def _squared(made, known):
    return ((made[:, None] - known) ** 2).sum(axis=2)


def _by_classes(made, known, digits, held_out):
    means = np.stack([known[digits == c].mean(axis=0) for c in range(10)])
    return np.isin(_squared(made, means).argmin(axis=1), held_out).mean()


def shrunken(support, prior, rows, guess):
    """Return v of formula (1), array (m,): from the embedded support (K, m), the shared
    variances `prior` (m,), κ = `rows` and ρ = `guess`.
    """
    k, around = len(support), support - support.mean(axis=0)
    v = (rows * prior + (around**2).sum(axis=0)) / (rows + k - 1)
    return v * (1 + guess / k)


def spreads(rng):
    """Draw an embedded support, shared variances, κ and ρ."""
    k, m = rng.integers((2, 2), (7, 5))
    support = np.round(rng.normal(size=(k, m)) * rng.uniform(0.5, 3) + 1, 2)
    prior = np.round(rng.uniform(0.5, 2, size=m), 2)
    return support, prior, *np.round(rng.uniform((0.5, 0.3), (9, 2)), 1).tolist()


def _squares(support):
    return ((support - support.mean(axis=0)) ** 2).sum(axis=0)


EXERCISES = (
    Exercise(
        "09.1",
        leaked,
        images,
        wrong=(
            Wrong(
                lambda made, known, digits, held_out: np.isin(digits, held_out).mean(),
                "That is the share of held-out digits among the known images; the "
                "made-up ones are not looked at.",
            ),
            Wrong(
                lambda made, known, digits, held_out: np.isin(
                    digits[_squared(made, known).argmax(axis=1)], held_out
                ).mean(),
                "You took the image that is farthest away: use argmin.",
            ),
            Wrong(
                lambda made, known, digits, held_out: np.isin(
                    _squared(made, known).argmin(axis=1), held_out
                ).mean(),
                "argmin gives the place of the nearest image, not its digit: look it up "
                "in `digits`.",
            ),
            Wrong(
                lambda made, known, digits, held_out: (
                    digits[_squared(made, known).argmin(axis=1)] == held_out[0]
                ).mean(),
                "Only the first held-out digit is counted; there are two.",
            ),
            Wrong(
                lambda made, known, digits, held_out: np.isin(
                    digits[_squared(made, known).argmin(axis=1)], held_out
                ).sum(),
                "That is the number of images; the share is asked for.",
            ),
            Wrong(
                lambda made, known, digits, held_out: (
                    1 - leaked(made, known, digits, held_out)
                ),
                "That is the share that does not leak.",
            ),
            Wrong(
                lambda made, known, digits, held_out: np.isin(
                    digits[_squared(made, known).argmin(axis=0) % len(made)], held_out
                ).mean(),
                "The axis is the wrong one: for each made-up image, look over all known "
                "ones.",
            ),
            Wrong(
                lambda made, known, digits, held_out: np.isin(
                    digits[(made @ known.T).argmax(axis=1)], held_out
                ).mean(),
                "The largest inner product is no distance: an image with more ink wins "
                "against all others.",
            ),
            Wrong(
                _by_classes,
                "You ask for the nearest mean of a digit. A leak is near to single "
                "images: ask for the nearest of them.",
            ),
        ),
        praise=(
            "A number for a worry. It needs a control too: bent real digits have a "
            "share that is not 0 either."
        ),
        hint="Squared distances (n, N), the nearest known image of each, its digit.",
    ),
    Exercise(
        "09.2",
        apart,
        families,
        wrong=CONFUSED,
        praise=(
            "A bent 3 is no anomaly for the 3. Told otherwise, the network learns that small "
            "changes are alarming."
        ),
        hint="made_of[:, None] == own[:, None] compares every source with every class.",
    ),
    Exercise(
        "09.3",
        shrunken,
        spreads,
        wrong=(
            Wrong(
                lambda support, prior, rows, guess: (
                    ((rows * prior + _squares(support)) / (rows + len(support)))
                    * (1 + guess / len(support))
                ),
                "K rows around their own mean have K - 1 degrees of freedom: below the "
                "line stands κ + K - 1.",
            ),
            Wrong(
                lambda support, prior, rows, guess: (
                    (rows * prior + _squares(support)) / (rows + len(support) - 1)
                ),
                "The last factor is missing: μ is a guess from K rows as well.",
            ),
            Wrong(
                lambda support, prior, rows, guess: (
                    ((rows * prior + support.var(axis=0)) / (rows + len(support) - 1))
                    * (1 + guess / len(support))
                ),
                "r is the sum of the squares, and you put their mean there: the "
                "support counts K times too little.",
            ),
            Wrong(
                lambda support, prior, rows, guess: (
                    (
                        (rows * prior + (support**2).sum(axis=0))
                        / (rows + len(support) - 1)
                    )
                    * (1 + guess / len(support))
                ),
                "The squares are taken around 0. Take the support's mean away first.",
            ),
            Wrong(
                lambda support, prior, rows, guess: (
                    _squares(support) / (len(support) - 1) * (1 + guess / len(support))
                ),
                "This is the support's own variance; the shared one is to draw it "
                "towards itself, with the weight κ.",
            ),
            Wrong(
                lambda support, prior, rows, guess: (
                    ((prior + _squares(support)) / (rows + len(support) - 1))
                    * (1 + guess / len(support))
                ),
                "Above the line the shared variance counts as κ rows: multiply it by κ.",
            ),
            Wrong(
                lambda support, prior, rows, guess: (
                    (
                        (rows * prior + _squares(support).mean())
                        / (rows + len(support) - 1)
                    )
                    * (1 + guess / len(support))
                ),
                "Every coordinate has a spread of its own: sum over the rows alone, "
                "axis 0.",
            ),
            Wrong(
                lambda support, prior, rows, guess: np.sqrt(
                    shrunken(support, prior, rows, guess)
                ),
                "That is a standard deviation; (1) divides a square by v.",
            ),
        ),
        praise=(
            "With two images κ rows of experience decide, with a thousand the support "
            "does: that is what shrinkage buys."
        ),
        hint="r is a sum over the support's rows, one for each coordinate.",
    ),
    Exercise(
        "09.4",
        credit,
        tables,
        wrong=MISCREDITED,
        praise=(
            "Four trainings answer three questions. The third one says whether the first two "
            "may be read alone."
        ),
        hint="table[1] - table[0] is the head's part, for real and for made-up classes.",
    ),
    Exercise(
        "09.5",
        best_threshold,
        many_anomalies,
        wrong=tuple(Wrong(fault, reply) for reply, fault in FAULTS),
        praise=(
            "A threshold belongs to a mixture: the same scores want another one where "
            "anomalies are rare."
        ),
        judge=as_good_as_any,
    ),
    Exercise(
        "09.6",
        luck,
        trials,
        wrong=LUCKY,
        praise=(
            "All settings are equally good here, and still the one who tries more shows "
            "more. Count tries before you compare."
        ),
        hint="The best of the first `many` in each row, the best of the first `few`.",
    ),
)
