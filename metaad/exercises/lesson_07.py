"""Exercises of lesson 07: MAML, the mathematics."""

import numpy as np

from metaad.exercises.core import Exercise, Wrong
from metaad.exercises.method_or_rival import CHOICE
from metaad.exercises.outer_steps import INNER, OUTER


def maml_start(h, c, alpha, steps):
    """Return MAML's best start for tasks with curvatures h and optima c, arrays
    (n_tasks,).
    """
    w = h * (1 - alpha * h) ** (2 * steps)
    return (w * c).sum() / w.sum()


def runs_away(h, alpha, steps):
    """Return True if FOMAML's weights h (1 - αh)^K add up to less than zero."""
    return bool((h * (1 - alpha * h) ** steps).sum() < 0)


def floor_of(low, high):
    """Return the least mean squared error of one function for all waves with amplitudes
    in [low, high].
    """
    square = (low**2 + low * high + high**2) / 3
    return square / 2 - _mean_wave((low + high) / 2)


COS2 = 0.5 + np.sin(10) / 20  # mean of cos² over [-5, 5]


def _mean_wave(mean_a, share=2 / np.pi, cos2=COS2):
    """Mean square of the mean wave."""
    return (share * mean_a) ** 2 * cos2


def tasks(rng):
    """Draw curvatures and optima of a few tasks, the inner rate, the number of steps."""
    n = int(rng.integers(3, 6))
    h, c = rng.uniform(0.5, 16, n), rng.normal(0, 2, n)
    alpha = round(float(rng.uniform(0.04, 0.11)), 3)
    return np.round(h, 2), np.round(c, 2), alpha, int(rng.integers(2, 4))


def pairs(rng):
    """Draw two curvatures, the rate and the number of steps, far from the border."""
    while True:
        h = np.round(rng.uniform(0.5, 18, 2), 1)
        alpha, steps = 0.1, int(rng.integers(1, 5))
        if abs((h * (1 - alpha * h) ** steps).sum()) > 0.3:
            return h, alpha, steps


def amplitudes(rng):
    """Return the lower and the upper end of the amplitudes."""
    low = round(float(rng.uniform(0.2, 3)), 2)
    return low, round(low + float(rng.uniform(0.5, 4)), 2)


def _weighted(weight):
    """A start by other weights than MAML's."""

    def maml_start(h, c, alpha, steps):
        w = weight(h, alpha, steps)
        return (w * c).sum() / w.sum()

    return maml_start


def _floor(square, rest):
    """A floor from wrong parts: square(low, high), rest(mean amplitude)."""

    def floor_of(low, high):
        return square(low, high) / 2 - rest((low + high) / 2)

    return floor_of


def _square(low, high):
    return (low**2 + low * high + high**2) / 3


EXERCISES = (
    INNER,
    OUTER,
    Exercise(
        "07.3",
        maml_start,
        tasks,
        wrong=(
            Wrong(
                _weighted(lambda h, alpha, steps: h),
                "These are ERM's weights: nothing adapts in them. (A factor that all tasks "
                "share, such as 1 - α, cancels.)",
            ),
            Wrong(
                _weighted(lambda h, alpha, steps: h * (1 - alpha * h) ** steps),
                "These are FOMAML's weights. MAML's have the factor twice: once for the "
                "end point, once from the chain rule.",
            ),
            Wrong(
                _weighted(lambda h, alpha, steps: 1 - (1 - alpha * h) ** steps),
                "These are Reptile's weights.",
            ),
            Wrong(
                _weighted(lambda h, alpha, steps: h * (1 - alpha * h) ** 2),
                "This is right for one step: the exponent is 2K, and `steps` is K.",
            ),
            Wrong(
                _weighted(lambda h, alpha, steps: (1 - alpha * h) ** (2 * steps)),
                "The factor h is missing: a steep task pulls harder at the same "
                "distance.",
            ),
            Wrong(
                lambda h, c, alpha, steps: (
                    h * (1 - alpha * h) ** (2 * steps) * c
                ).sum(),
                "A weighted mean is divided by the sum of its weights.",
            ),
            Wrong(
                lambda h, c, alpha, steps: (
                    h * (1 - alpha * h) ** (2 * steps) * c
                ).mean(),
                "You divide by the number of tasks; divide by the sum of the weights.",
            ),
            Wrong(
                _weighted(lambda h, alpha, steps: h * (1 + alpha * h) ** (2 * steps)),
                "A step goes downhill and shrinks the distance: 1 - αh, with a minus.",
            ),
            Wrong(
                lambda h, c, alpha, steps: c.mean(),
                "The plain mean of the optima is right only where all curvatures are "
                "the same.",
            ),
        ),
        praise=(
            "A task with αh near 1 hardly counts: one step solves it from anywhere, so "
            "the start need not care for it."
        ),
        hint="Weigh each optimum by h (1 - αh)^(2K), and divide by the sum of weights.",
        edges=((np.array([1.0, 5.0, 10.0]), np.array([0.0, 1.0, 2.0]), 0.1, 1),),
    ),
    Exercise(
        "07.4",
        runs_away,
        pairs,
        wrong=(
            Wrong(
                lambda h, alpha, steps: steps % 2 == 1 and max(alpha * h) > 1,
                "One negative weight is not enough: with curvatures 5 and 12, α = .1 "
                "and one step, the other task holds the start. Compare their sizes.",
            ),
            Wrong(
                lambda h, alpha, steps: steps % 2 == 1,
                "An odd number of steps makes a weight negative only where αh is above "
                "one.",
            ),
            Wrong(
                lambda h, alpha, steps: bool(max(alpha * h) > 1),
                "Beyond αh = 1 the sign of (1 - αh)^K depends on K: after an even "
                "number of steps it is positive.",
            ),
            Wrong(
                lambda h, alpha, steps: bool(max(alpha * h) > 2),
                "Beyond αh = 2 the inner loop itself diverges. FOMAML's outer loop can run "
                "away long before that.",
            ),
            Wrong(
                lambda h, alpha, steps: bool(((1 - alpha * h) ** steps).sum() < 0),
                "FOMAML's weights have a factor h in front: steep tasks count more.",
            ),
            Wrong(
                lambda h, alpha, steps: bool((1 - alpha * h).sum() < 0),
                "This does not depend on the number of steps, nor on the factor h. Add "
                "up the weights in the table.",
            ),
            Wrong(
                lambda h, alpha, steps: bool((h * (1 - alpha * h) ** steps).sum() > 0),
                "The other way round: with a positive sum the start is drawn towards "
                "the weighted mean.",
            ),
            Wrong(
                lambda h, alpha, steps: bool(
                    (h * (1 - alpha * h) ** (2 * steps)).sum() < 0
                ),
                "These are MAML's weights, which are never negative.",
            ),
            Wrong(
                lambda h, alpha, steps: bool((1 - alpha * h.mean()) ** steps < 0),
                "You look at the mean curvature. The weights are not linear in h: "
                "compute each task's weight, then add them up.",
            ),
        ),
        praise=(
            "The outer gradient is the sum of weights times the distance to the "
            "weighted mean: a hill instead of a valley if that sum is negative."
        ),
        hint=(
            "Add up the weights of FOMAML in the table. What does descent do where the "
            "sum is negative?"
        ),
        edges=tuple(
            (np.array(h), 0.1, steps)
            for h, steps in (
                ([1.0, 15.0], 1),
                ([1.0, 15.0], 2),
                ([1.0, 15.0], 3),
                ([5.0, 12.0], 1),
                ([1.0, 3.0], 1),
                ([2.0, 13.0], 3),
                ([8.0, 14.0], 1),
                ([8.0, 14.0], 2),
                ([1.0, 21.0], 2),
                ([5.0, 5.0, 19.0], 3),
                ([1.0, 12.0], 1),
            )
        ),
    ),
    Exercise(
        "07.5",
        floor_of,
        amplitudes,
        wrong=(
            Wrong(
                lambda low, high: floor_of(0.1, 5) * (high / 5) ** 2,
                "A floor grows with the square only if both ends grow alike: `low` "
                "does not occur in yours.",
            ),
            Wrong(
                _floor(lambda low, high: ((low + high) / 2) ** 2, _mean_wave),
                "E[a²] is not E[a]²: the amplitudes vary, and their variance counts.",
            ),
            Wrong(
                _floor(_square, lambda a: _mean_wave(a, cos2=0.5)),
                "The mean of cos² is ½ over whole periods. The interval from -5 to 5 "
                "holds no whole number of them: ½ + sin(10) / 20.",
            ),
            Wrong(
                _floor(_square, lambda a: (2 / np.pi) * a**2 * COS2),
                "The whole bracket in (9) is squared, 2/π included.",
            ),
            Wrong(
                _floor(_square, lambda a: _mean_wave(2.55)),
                "You took the lesson's own E[a] = 2.55. Here it is (low + high) / 2.",
            ),
            Wrong(
                lambda low, high: _square(low, high) / 2,
                "This is the error of predicting zero. The mean wave is better by the "
                "second term of (9).",
            ),
            Wrong(
                lambda low, high: _square(low, high) - _mean_wave((low + high) / 2),
                "The mean of sin² over the phases is ½: the first term is ½ E[a²].",
            ),
            Wrong(
                _floor(lambda low, high: (low**2 + high**2) / 2, _mean_wave),
                "That is the mean square of two amplitudes, `low` and `high`. They lie "
                "evenly between them: see the formula for E[a²].",
            ),
            Wrong(
                _floor(_square, lambda a: -_mean_wave(a)),
                "The second term is what the mean wave explains: it is subtracted.",
            ),
        ),
        praise=(
            "If all waves were twice as high, the floor would be four times as high. A "
            "spread of amplitudes raises it further."
        ),
        hint="E[a] is (low + high) / 2, and the mean of cos² is ½ + sin(10) / 20.",
        edges=((0.1, 5.0), (2.0, 2.0), (1.0, 1.0)),
    ),
    CHOICE,
)
