"""Exercises of lesson 05: an autoencoder on MNIST."""

import numpy as np

from metaad.exercises.autoencoder_losses import LOSSES
from metaad.exercises.core import Exercise, Wrong
from metaad.scores import reconstruction_error


def threshold_for(errors, share):
    """Return the r-th smallest of m errors, r the smallest number for which a new
    normal row lies above it with probability (m + 1 - r) / (m + 1) ≤ share.
    """
    # rounded: 0.1 has no exact binary form
    r = int(np.ceil(round((len(errors) + 1) * (1 - share), 9)))
    return float(np.sort(errors)[r - 1])


def only_hard_to_draw(unseen, seen):
    """Return the digits that score high because they are hard to draw: found above
    chance when left out, with a gain of less than .1 over having been seen. Bool (n,).
    """
    unseen, seen = np.asarray(unseen), np.asarray(seen)
    return (unseen > 0.5) & (unseen - seen < 0.1)


def relative_error(x, rebuilt, mean):
    """Return the reconstruction error over the error of copying the mean row: (n,)."""
    return reconstruction_error(x, rebuilt) / ((x - mean) ** 2).mean(1)


def promises(rng):
    """Draw errors (n,) in no order, and a share that no rounding decides about."""
    n = int(rng.integers(12, 60))
    while True:
        share = round(float(rng.uniform(1.2 / (n + 1), 0.6)), 4)
        part = (n + 1) * (1 - share) % 1
        if 0.1 < part < 0.9:
            return np.round(rng.gamma(4.0, 0.01, n), 6), share


def two_rows_of_dots(rng):
    """Draw the AUROC of ten digits left out, and seen: some easy, some hard to draw."""
    seen = np.round(rng.uniform(0.1, 0.75, 10), 3)
    gain = np.where(rng.random(10) < 0.5, rng.uniform(0, 0.09, 10), 0.11)
    unseen = np.round(np.clip(seen + gain * rng.choice([1, 1, 2, -0.5], 10), 0, 1), 3)
    for c, pair in enumerate(
        ((0.55, 0.52), (0.7, 0.4), (0.45, 0.1), (0.48, 0.44), (0.6, 0.8))
    ):
        unseen[c], seen[c] = pair
    order = rng.permutation(10)
    return unseen[order], seen[order]


def copies(rng):
    """Draw rows x (5, 7) in [0, 1], their copies, and a mean row (7,)."""
    x = rng.uniform(0, 1, (5, 7)) * rng.uniform(0.3, 1, (5, 1))
    return x, x + rng.normal(0, 0.1, (5, 7)), rng.uniform(0.2, 0.8, 7)


def _place(rule):
    """A threshold at the place rule(n, share), counted from 1."""

    def threshold_for(errors, share):
        return float(np.sort(errors)[int(rule(len(errors), share)) - 1])

    return threshold_for


def _ratio(below):
    def relative_error(x, rebuilt, mean):
        return reconstruction_error(x, rebuilt) / below(x, rebuilt, mean)

    return relative_error


EXERCISES = (
    Exercise(
        "05.1",
        threshold_for,
        promises,
        wrong=(
            Wrong(
                _place(lambda n, share: np.ceil(n * (1 - share))),
                "You counted m places. The new row is one more: there are m + 1 gaps, "
                "and with m the promise is broken a little.",
            ),
            Wrong(
                _place(lambda n, share: np.ceil(100 * (1 - share))),
                "100 stands for m + 1 where there are 99 errors, and for no other "
                "number of them: use `len(errors)`.",
            ),
            Wrong(
                lambda errors, share: float(np.quantile(errors, 1 - share)),
                "np.quantile takes a point between two errors of these m rows. The "
                "promise is about a new row: take the r-th smallest error itself.",
            ),
            Wrong(
                _place(lambda n, share: np.floor((n + 1) * (1 - share))),
                "r is rounded down, so the probability lies above `share`. Round up.",
            ),
            Wrong(
                lambda errors, share: float(
                    np.sort(errors)[int(np.ceil((len(errors) + 1) * (1 - share)))]
                ),
                "Python counts from 0: the r-th smallest stands at place r - 1.",
            ),
            Wrong(
                _place(lambda n, share: np.ceil((n + 1) * share)),
                "That many errors lie below the threshold; `share` is what may lie "
                "above it.",
            ),
            Wrong(
                lambda errors, share: float(
                    errors[int(np.ceil((len(errors) + 1) * (1 - share))) - 1]
                ),
                "The errors come in no order: sort them first.",
            ),
            Wrong(
                lambda errors, share: int(np.ceil((len(errors) + 1) * (1 - share))),
                "That is r itself. The threshold is an error: the r-th smallest.",
            ),
            Wrong(
                lambda errors, share: float(np.mean(errors) + 2 * np.std(errors)),
                "Mean and standard deviation promise a share only where errors are "
                "normally distributed. These are not; count them instead.",
            ),
        ),
        praise=(
            "And it needs no idea of how errors are distributed: only that the new row "
            "comes from where the old ones came from."
        ),
        hint="Solve (m + 1 - r) / (m + 1) ≤ share for r, and take the r-th smallest.",
        edges=(
            *((np.arange(99.0, 0, -1), share) for share in (0.01, 0.1, 0.5)),
            (np.arange(11.0, 0, -1), 0.6),
        ),
    ),
    Exercise(
        "05.2",
        only_hard_to_draw,
        two_rows_of_dots,
        wrong=(
            Wrong(
                lambda unseen, seen: unseen > 0.5,
                "These are all digits found above chance. Of those, keep the ones that "
                "the network finds nearly as odd after it has seen them.",
            ),
            Wrong(
                lambda unseen, seen: unseen - seen < 0.1,
                "You ask for a small gain alone. A digit below one half does not score "
                "high at all: ask for `unseen > 0.5` too.",
            ),
            Wrong(
                lambda unseen, seen: (unseen > 0.5) & (seen - unseen < 0.1),
                "The gain is `unseen - seen`; you turned it round.",
            ),
            Wrong(
                lambda unseen, seen: (unseen > 0.5) & (unseen - seen >= 0.1),
                "These are the digits that are truly detected: leaving them out raises "
                "their score. Asked for are the others.",
            ),
            Wrong(
                lambda unseen, seen: (seen > 0.5) & (unseen - seen < 0.1),
                "Look at the score of the digit *left out*: `unseen > 0.5`.",
            ),
            Wrong(
                lambda unseen, seen: (unseen > 0.5) & (np.abs(unseen - seen) < 0.1),
                "A digit that scores *lower* when it is left out belongs to the list "
                "as well: take the difference, not its size.",
            ),
            Wrong(
                lambda unseen, seen: (unseen > 0.5) & (unseen / seen < 1.1),
                "A gain of .1 is a difference of two AUROC values, not their ratio.",
            ),
            Wrong(
                lambda unseen, seen: np.flatnonzero(
                    (unseen > 0.5) & (unseen - seen < 0.1)
                ),
                "These are the numbers of the digits. Return True or False for each.",
            ),
        ),
        praise=("Without the control each of them would have passed for a detection."),
        hint="Two conditions, both for each digit: `unseen > 0.5`, `unseen - seen < 0.1`.",
    ),
    Exercise(
        "05.3",
        relative_error,
        copies,
        wrong=(
            Wrong(
                _ratio(lambda x, rebuilt, mean: (x**2).mean(1)),
                "You divide by the ink, which is the error of copying a blank. Divide "
                "by the error of copying the mean row.",
            ),
            Wrong(
                _ratio(lambda x, rebuilt, mean: x.mean(1)),
                "You divide by the mean pixel. Divide by an error: that of copying the "
                "mean row.",
            ),
            Wrong(
                _ratio(lambda x, rebuilt, mean: ((x - mean) ** 2).mean()),
                "All rows are divided by one number, so no rank changes. Divide each "
                "row by its own distance to the mean.",
            ),
            Wrong(
                _ratio(lambda x, rebuilt, mean: ((rebuilt - mean) ** 2).mean(1)),
                "You measure how far the copy is from the mean; measure the row `x`.",
            ),
            Wrong(
                _ratio(lambda x, rebuilt, mean: (mean**2).mean()),
                "You divide by the ink of the mean row, the same number for all rows. "
                "Divide by what copying the mean gets wrong in each row.",
            ),
            Wrong(
                _ratio(lambda x, rebuilt, mean: ((x - mean) ** 2).sum(1)),
                "A mean over pixels is divided by a sum over them: take means of both.",
            ),
            Wrong(
                lambda x, rebuilt, mean: 1 - relative_error(x, rebuilt, mean),
                "That is large for a good copy (the share explained). An anomaly score "
                "has to be small for it.",
            ),
            Wrong(
                lambda x, rebuilt, mean: 1 / relative_error(x, rebuilt, mean),
                "Upside down: the error of the copy stands above the line.",
            ),
            Wrong(
                lambda x, rebuilt, mean: np.sqrt(relative_error(x, rebuilt, mean)),
                "That is the root: both errors are mean *squared* differences.",
            ),
            Wrong(
                lambda x, rebuilt, mean: reconstruction_error(x, rebuilt),
                "This is the plain error; divide it by that of the mean row.",
            ),
        ),
        praise="A thin 1 is now measured by what there is to rebuild in a thin 1.",
        hint="Copying the mean row has the error ((x - mean) ** 2).mean(1) in each row.",
    ),
    *LOSSES,
)
