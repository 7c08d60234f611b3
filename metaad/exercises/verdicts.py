"""What the exercise 08.6 is about: what a paired comparison has shown."""

import numpy as np

from metaad import metrics
from metaad.exercises.core import Exercise, Wrong

MARGIN = 0.01
EPISODES, FEATURES, EQUAL, NOT_KNOWN = range(4)


def verdict(ours, features, margin):
    """Say what a paired comparison over classes has shown, 0 episodes are ahead,
    1 features are, 2 equal, 3 not known."""
    found = metrics.paired(ours, features)
    if found.low > 0:
        return EPISODES
    if found.high < 0:
        return FEATURES
    return EQUAL if max(-found.low, found.high) < margin else NOT_KNOWN


def comparisons(rng):
    """Draw AUROCs of ten classes of both methods; each kind of outcome comes up."""
    level = np.clip(rng.normal(0.94, 0.03, 10), 0.8, 0.985)
    gap = float(rng.choice([-0.015, -0.006, 0.0, 0.006, 0.015]))
    noise = float(rng.choice([0.002, 0.02]))
    ours = level + gap + rng.normal(0, noise, 10)
    return np.round(ours, 4), np.round(level, 4), MARGIN


def _by_mean(ours, features, margin):
    gap = np.mean(ours) - np.mean(features)
    return EQUAL if abs(gap) < margin else FEATURES if gap < 0 else EPISODES


def _apart(ours, features, margin):
    one, two = metrics.bootstrap(ours), metrics.bootstrap(features)
    if one.low > two.high:
        return EPISODES
    return FEATURES if two.low > one.high else EQUAL


def _no_margin(ours, features, margin):
    found = verdict(ours, features, margin)
    return EQUAL if found == NOT_KNOWN else found


def _never_equal(ours, features, margin):
    found = verdict(ours, features, margin)
    return NOT_KNOWN if found == EQUAL else found


def _turned(ours, features, margin):
    return verdict(features, ours, margin)


def _wins(ours, features, margin):
    return EPISODES if np.sum(ours > features) > 5 else FEATURES


def _margin_to_win(ours, features, margin):
    found = metrics.paired(ours, features)
    if found.low > margin:
        return EPISODES
    if found.high < -margin:
        return FEATURES
    return EQUAL if max(-found.low, found.high) < margin else NOT_KNOWN


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
