"""What exercises 13.1, 13.3 and 13.4 are about: a policy over levers, the size of its
steps, and what a search with a budget has found.
"""

import numpy as np

from metaad.exercises.core import Exercise, Wrong


def policy_gradient(logits, actions, rewards, baseline):
    """Estimate the gradient of the expected reward in the logits by REINFORCE."""
    slopes = np.eye(len(logits))[actions] - _probabilities(logits)
    return ((rewards - baseline)[:, None] * slopes).mean(axis=0)


def levers(rng):
    """Draw logits (3,), five actions, their rewards, and the mean of earlier ones."""
    logits, actions = np.round(rng.normal(size=3), 2), rng.integers(3, size=5)
    rewards = np.round(rng.normal(5.0, 1.0, 5), 2)
    return logits, actions, rewards, round(float(rng.normal(5.0, 0.5)), 2)


def _probabilities(logits):
    p = np.exp(logits - logits.max())
    return p / p.sum()


def _with_slopes(slope):
    """A wrong gradient that takes other slopes: function (one-hot rows, p) -> slopes."""

    def wrong(logits, actions, rewards, baseline):
        one, p = np.eye(len(logits))[actions], _probabilities(logits)
        return ((rewards - baseline)[:, None] * slope(one, p)).mean(axis=0)

    return wrong


GRADIENT = Exercise(
    "13.1",
    policy_gradient,
    levers,
    wrong=(
        Wrong(
            lambda logits, actions, rewards, baseline: policy_gradient(
                logits, actions, rewards, 0.0
            ),
            "Right on average, and very noisy: take the baseline from each reward.",
        ),
        Wrong(
            lambda logits, actions, rewards, baseline: policy_gradient(
                logits, actions, rewards, rewards.mean()
            ),
            "You take the mean of these rewards. It depends on the very action that it "
            "is taken from; use the baseline that you are given.",
        ),
        Wrong(
            lambda logits, actions, rewards, baseline: (
                -policy_gradient(logits, actions, rewards, baseline)
            ),
            "That points downhill: it lowers the chance of what paid well.",
        ),
        Wrong(
            lambda logits, actions, rewards, baseline: (
                len(rewards) * policy_gradient(logits, actions, rewards, baseline)
            ),
            "That is the sum over the actions; the estimate is their mean.",
        ),
        Wrong(
            _with_slopes(lambda one, p: one),
            "You raise what was drawn and lower nothing. ∇ log π(a) is 1 at a, minus "
            "the probabilities of all levers.",
        ),
        Wrong(
            _with_slopes(lambda one, p: one - 1 / len(p)),
            "You take 1/k for every probability. They come from the logits, by softmax.",
        ),
        Wrong(
            _with_slopes(lambda one, p: one * (1 - p)),
            "Only the levers drawn move. Drawing one lowers all others, by their "
            "probabilities.",
        ),
        Wrong(
            _with_slopes(lambda one, p: (one - p) * (one @ p)[:, None]),
            "That is the slope of π, which is π times the slope of log π. How often an "
            "action is drawn counts already.",
        ),
    ),
    praise="No gradient of the reward was needed, only that of log π.",
    hint="∇ log π(a) for a softmax is the one-hot row of a minus the probabilities.",
    edges=((np.zeros(2), np.array([0, 1]), np.array([1.0, 0.0]), 0.25),),
)


def choose_size(sizes, ends, start, most_lost):
    """Return the step size with the best mean reward among those that lose seldom, 0 if
    there is none.
    """
    lost = (ends < start).mean(axis=1)
    means = np.where(lost <= most_lost, ends.mean(axis=1), -np.inf)
    return float(sizes[means.argmax()]) if np.isfinite(means).any() else 0.0


def runs(rng):
    """Draw step sizes (4,), final rewards (4, 10), the reward at the start, and which
    share of the runs may lose.
    """
    spread = np.array([0.02, 0.1, 0.25, 0.5])
    means = rng.permutation([0.3, 0.5, 0.6, 0.65])
    ends = means[:, None] + spread[:, None] * rng.normal(size=(4, 10))
    ends = np.round(np.clip(ends, 0, 1), 2)
    return np.array([0.03, 0.1, 0.3, 1.0]), ends, 0.25, float(rng.choice([0.0, 0.1]))


def _none_is_safe():
    return np.array([0.1, 1.0]), np.array([[0.1, 0.9], [0.2, 0.8]]), 0.6, 0.1


def _best_mean(sizes, ends, start, most_lost):
    return float(sizes[ends.mean(axis=1).argmax()])


def _least_lost(sizes, ends, start, most_lost):
    return float(sizes[(ends < start).mean(axis=1).argmin()])


def _worst_case(sizes, ends, start, most_lost):
    return float(sizes[ends.min(axis=1).argmax()])


def _first_safe(sizes, ends, start, most_lost):
    safe = np.flatnonzero((ends < start).mean(axis=1) <= most_lost)
    return float(sizes[safe[0]]) if len(safe) else 0.0


def _mean_lost(sizes, ends, start, most_lost):
    fine = ends.mean(axis=1) >= start
    means = np.where(fine, ends.mean(axis=1), -np.inf)
    return float(sizes[means.argmax()]) if fine.any() else 0.0


def _place(sizes, ends, start, most_lost):
    chosen = choose_size(sizes, ends, start, most_lost)
    return float(list(sizes).index(chosen)) if chosen else 0.0


SIZE = Exercise(
    "13.3",
    choose_size,
    runs,
    wrong=(
        Wrong(
            _best_mean,
            "The best mean may hide runs that ended below where they began. Leave out "
            "sizes where that is too frequent.",
        ),
        Wrong(
            _least_lost,
            "That is the safest size, not the best of those that are safe enough.",
        ),
        Wrong(
            _worst_case,
            "You compare worst runs. Asked for is the best mean among the sizes that "
            "lose seldom.",
        ),
        Wrong(_first_safe, "That is the first size that is safe, not the best one."),
        Wrong(
            _mean_lost,
            "You ask whether the mean lost. Count the runs that did.",
        ),
        Wrong(_place, "That is the place of the size in the list; return the size."),
    ),
    praise="A mean over runs is no promise about the one that you will have.",
    hint="First the share of runs with ends < start, per size; then the means.",
    edges=(_none_is_safe(),),
    draws=12,
)


def worth_of_search(seen, worth, tried):
    """Return what a search has found: the worth of the setting that it takes, which is
    the best one tried by the reward seen.
    """
    return float(worth[tried[np.argmax(seen[tried])]])


def searches(rng):
    """Draw rewards seen (8,), what settings are worth (8,), and four settings tried."""
    worth = np.round(rng.uniform(0.5, 1.0, 8), 2)
    seen = np.round(worth + rng.normal(0, 0.15, 8), 3)
    return seen, worth, rng.choice(8, 4, replace=False)


FOUND = Exercise(
    "13.4",
    worth_of_search,
    searches,
    wrong=(
        Wrong(
            lambda seen, worth, tried: float(worth[tried].max()),
            "That is the colleague's bug: the search is told what it may not see. It "
            "takes the best by `seen`.",
        ),
        Wrong(
            lambda seen, worth, tried: float(seen[tried].max()),
            "That is the reward it was chosen by, which flatters the winner. Return "
            "what it is worth.",
        ),
        Wrong(
            lambda seen, worth, tried: float(worth[np.argmax(seen)]),
            "You look at all settings. The search has seen only those in `tried`.",
        ),
        Wrong(
            lambda seen, worth, tried: float(worth[np.argmax(seen[tried])]),
            "argmax counts within `tried`; take the setting that stands there.",
        ),
        Wrong(
            lambda seen, worth, tried: float(worth[tried].mean()),
            "The mean is what one try is worth. A search keeps the best by `seen`.",
        ),
        Wrong(
            lambda seen, worth, tried: float(worth[tried[-1]]),
            "The last try is not what a search returns; it keeps the best by `seen`.",
        ),
    ),
    praise="Chosen by one half of the labels, judged by the other.",
    hint="Which of `tried` has the largest `seen`? Its `worth` is the answer.",
    draws=8,
)
