"""What the exercise 08.6 is about: what a paired comparison has shown."""

import numpy as np

from metaad import metrics
from metaad.exercises.core import Exercise, Wrong

MARGIN = 0.01
WORDS = ("episodes", "features", "equal", "not known")


def verdict(ours, features, margin):
    """Say what a paired comparison over classes has shown, one of WORDS."""
    found = metrics.paired(ours, features)
    if found.low > 0:
        return "episodes"
    if found.high < 0:
        return "features"
    return "equal" if max(-found.low, found.high) < margin else "not known"


def comparisons(rng):
    """Draw AUROCs of ten classes of both methods; each kind of outcome comes up."""
    level = np.clip(rng.normal(0.94, 0.03, 10), 0.8, 0.985)
    gap = float(rng.choice([-0.015, -0.006, 0.0, 0.006, 0.015]))
    noise = float(rng.choice([0.002, 0.02]))
    ours = level + gap + rng.normal(0, noise, 10)
    return np.round(ours, 4), np.round(level, 4), MARGIN


def _by_mean(ours, features, margin):
    gap = np.mean(ours) - np.mean(features)
    return "equal" if abs(gap) < margin else WORDS[int(gap < 0)]


def _apart(ours, features, margin):
    one, two = metrics.bootstrap(ours), metrics.bootstrap(features)
    if one.low > two.high:
        return "episodes"
    return "features" if two.low > one.high else "equal"


def _no_margin(ours, features, margin):
    found = verdict(ours, features, margin)
    return "equal" if found == "not known" else found


def _never_equal(ours, features, margin):
    found = verdict(ours, features, margin)
    return "not known" if found == "equal" else found


def _turned(ours, features, margin):
    return verdict(features, ours, margin)


def _wins(ours, features, margin):
    return "episodes" if np.sum(ours > features) > 5 else "features"


def _margin_to_win(ours, features, margin):
    found = metrics.paired(ours, features)
    if found.low > margin:
        return "episodes"
    if found.high < -margin:
        return "features"
    return "equal" if max(-found.low, found.high) < margin else "not known"


VERDICT = Exercise(
    "08.6",
    verdict,
    comparisons,
    wrong=(
        Wrong(
            _by_mean,
            "Two means alone know nothing of chance: ask for the paired interval.",
        ),
        Wrong(
            _apart,
            "Two separate intervals overlap far too easily. The classes are the same "
            "ones: pair them.",
        ),
        Wrong(
            _no_margin,
            "An interval that holds 0 and is wide does not show that both are equal.",
        ),
        Wrong(
            _never_equal,
            "A narrow interval around 0, inside ±margin, does show something: equal.",
        ),
        Wrong(_turned, "The difference is turned: take ours minus features."),
        Wrong(
            _wins,
            "Counting classes throws the sizes away, and never says that one can't tell.",
        ),
        Wrong(
            _margin_to_win,
            "The margin is for `equal` alone. To be ahead, the interval has to leave 0 "
            "behind.",
        ),
    ),
    praise="Four answers, and `not known` is the one that is said too seldom.",
    hint="metrics.paired(ours, features) has low and high.",
    draws=24,
)
