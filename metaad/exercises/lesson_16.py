"""Exercises of lesson 16: adversarial robustness."""

import numpy as np

from metaad import metrics
from metaad.exercises.attacked import (
    counted,
    into_ball,
    largest_gain,
    places,
    slopes,
    smallest_move,
    steps,
    under_attack,
    variants,
    worth_training,
)
from metaad.exercises.core import Exercise, Wrong


def _scaled(factor):
    """A wrong projection: rows + step · factor(length, ε), lengths (n, 1)."""

    def wrong(moved, rows, epsilon):
        step = moved - rows
        length = np.linalg.norm(step, axis=1, keepdims=True)
        return rows + step * factor(length, epsilon)

    return wrong


def _one_length(moved, rows, epsilon):
    step = moved - rows
    return rows + step * min(1.0, epsilon / np.linalg.norm(step))


def _around_zero(moved, rows, epsilon):
    length = np.linalg.norm(moved, axis=1, keepdims=True)
    return moved * np.minimum(1, epsilon / length)


def _auroc(normal, odd):
    y = np.repeat([0, 1], [len(normal), len(odd)])
    return float(metrics.auroc(y, np.r_[normal, odd]))


def _each(normal, odd):
    return [_auroc(*pair) for pair in zip(normal, odd, strict=True)]


def _best(robust, fine):
    return int(np.argmax(np.where(fine, robust, -np.inf)))


GAIN = Exercise(
    "16.1",
    largest_gain,
    slopes,
    wrong=(
        Wrong(
            lambda w, x, epsilon: float(epsilon * np.abs(w).sum()),
            "That is the gain without the box. An entry of 1 can't rise, and one of 0 "
            "can't fall.",
        ),
        Wrong(
            lambda w, x, epsilon: float(epsilon * np.linalg.norm(w)),
            "That is the gain of a move of *length* epsilon. Here each entry may move by "
            "epsilon, and there is a box.",
        ),
        Wrong(
            lambda w, x, epsilon: float((w * np.minimum(1 - x, epsilon)).sum()),
            "All entries rise here, even those with a negative weight. These should fall.",
        ),
        Wrong(
            lambda w, x, epsilon: float((np.abs(w) * np.minimum(1 - x, epsilon)).sum()),
            "The room of an entry that falls is x, not 1 - x.",
        ),
        Wrong(
            lambda w, x, epsilon: float(
                (np.abs(w) * np.minimum(np.where(w > 0, x, 1 - x), epsilon)).sum()
            ),
            "The rooms are exchanged: upwards there is 1 - x, downwards x.",
        ),
        Wrong(
            lambda w, x, epsilon: float(
                w @ x
                + (np.abs(w) * np.minimum(np.where(w > 0, 1 - x, x), epsilon)).sum()
            ),
            "That is the score after the attack. The gain is what was added to w · x.",
        ),
        Wrong(
            lambda w, x, epsilon: float((np.abs(w) * np.where(w > 0, 1 - x, x)).sum()),
            "Each entry goes to the edge of the box here, however far. It may move by "
            "epsilon at most.",
        ),
    ),
    praise="Many small moves add up: the gain grows with the number of entries.",
    hint="Each entry moves with the sign of its weight, as far as ball and box allow.",
)
BALL = Exercise(
    "16.2",
    into_ball,
    steps,
    wrong=(
        Wrong(
            _scaled(lambda length, epsilon: epsilon / length),
            "Every row lands on the edge of the ball, those inside too. A row that is near "
            "enough stays.",
        ),
        Wrong(
            lambda moved, rows, epsilon: (
                rows + np.clip(moved - rows, -epsilon, epsilon)
            ),
            "That is a cube: each entry within epsilon. Here the length of the move counts.",
        ),
        Wrong(
            _one_length,
            "One length for all rows together. Each row has a move of its own: axis=1.",
        ),
        Wrong(
            _around_zero,
            "That is a ball around zero. Measure the move from `rows`, and add it again.",
        ),
        Wrong(
            _scaled(lambda length, epsilon: np.minimum(1, epsilon / length**2)),
            "The squared length divides here. Divide by the length.",
        ),
        Wrong(
            _scaled(lambda length, epsilon: np.maximum(1, epsilon / length)),
            "Rows inside are pushed out, and rows outside stay there. Take the smaller "
            "factor.",
        ),
        Wrong(
            lambda moved, rows, epsilon: np.where(
                np.linalg.norm(moved - rows, axis=1, keepdims=True) > epsilon,
                rows,
                moved,
            ),
            "A row that went too far starts again from where it was. Pull it back to the "
            "edge of the ball only.",
        ),
    ),
    praise="Inside the ball nothing happens; outside, the direction is kept.",
    hint="The factor of each step is 1 inside the ball and epsilon / length outside.",
)
MOVE = Exercise(
    "16.3",
    smallest_move,
    places,
    wrong=(
        Wrong(
            lambda x, centre, threshold: float(
                np.linalg.norm(x - centre) - np.sqrt(threshold)
            ),
            "Below zero for rows that already pass: they need no move at all.",
        ),
        Wrong(
            lambda x, centre, threshold: max(
                0.0, float(((x - centre) ** 2).sum() - threshold)
            ),
            "That is how far the *score* must fall. The move is measured in the units of "
            "the row: take roots first.",
        ),
        Wrong(
            lambda x, centre, threshold: max(
                0.0, float(np.linalg.norm(x - centre) - threshold)
            ),
            "The score is a square, so it equals the threshold at the distance √threshold.",
        ),
        Wrong(
            lambda x, centre, threshold: float(np.linalg.norm(x - centre)),
            "That walks all the way to the centre. The attacker stops at the threshold.",
        ),
        Wrong(
            lambda x, centre, threshold: max(
                0.0, float(np.abs(x - centre).max() - np.sqrt(threshold))
            ),
            "That looks at the largest entry alone. The length counts all of them.",
        ),
        Wrong(
            lambda x, centre, threshold: max(
                0.0,
                float(np.sqrt(max(0.0, ((x - centre) ** 2).sum() - threshold))),
            ),
            "A root of a difference is not the difference of the roots. Draw the sphere "
            "and the row outside it.",
        ),
    ),
    praise="Each row has a margin of its own; the table of margins says who can hide.",
    hint="The score is at the threshold on a sphere. How far is the row from it?",
    draws=9,
)
COUNTED = Exercise(
    "16.4",
    counted,
    under_attack,
    wrong=(
        Wrong(
            lambda normal, odd: float(np.mean(_each(normal, odd))),
            "That is the mean over attacks. An attacker takes the best one for each row.",
        ),
        Wrong(
            lambda normal, odd: min(_each(normal, odd)),
            "That is the attack with the lowest AUROC. Another attack may be better for "
            "single rows: choose row by row.",
        ),
        Wrong(
            lambda normal, odd: _auroc(normal[-1], odd[-1]),
            "That trusts the last attack to be the strongest. It need not be.",
        ),
        Wrong(
            lambda normal, odd: _auroc(normal.min(axis=0), odd.max(axis=0)),
            "That is the best case: normal rows at their lowest, anomalies at their "
            "highest.",
        ),
        Wrong(
            lambda normal, odd: _auroc(normal.max(axis=0), odd.max(axis=0)),
            "Anomalies are made to look normal: their lowest score counts.",
        ),
        Wrong(
            lambda normal, odd: _auroc(normal.min(axis=0), odd.min(axis=0)),
            "Normal rows are made to look odd: their highest score counts.",
        ),
        Wrong(
            lambda normal, odd: _auroc(normal.ravel(), odd.ravel()),
            "All attacks are pooled here, the weak ones too. One score for each row.",
        ),
    ),
    praise="A robust figure is an upper bound: the next attack can only lower it.",
    hint="First one score for each row, the worst over the attacks; then one AUROC.",
    draws=6,
)
CHOICE = Exercise(
    "16.5",
    worth_training,
    variants,
    wrong=(
        Wrong(
            lambda clean, robust, seconds, budget: int(np.argmax(robust)),
            "The most robust of all. It loses more than 0.02 on clean rows.",
        ),
        Wrong(
            lambda clean, robust, seconds, budget: _best(
                robust, clean >= clean[0] - 0.02
            ),
            "The budget is forgotten: that one takes longer.",
        ),
        Wrong(
            lambda clean, robust, seconds, budget: _best(clean, seconds <= budget),
            "The best clean AUROC within the budget. The question was robustness, with a "
            "limit on what clean rows may lose.",
        ),
        Wrong(
            lambda clean, robust, seconds, budget: int(np.argmin(seconds)),
            "The fastest. The budget is a limit, not an aim.",
        ),
        Wrong(
            lambda clean, robust, seconds, budget: 0,
            "Plain training loses nothing on clean rows, and everything to an attacker.",
        ),
    ),
    praise="First what may not be lost, then what is wanted.",
    hint="Two limits first: budget, and clean AUROC; then the largest robust AUROC.",
    draws=8,
)
EXERCISES = (GAIN, BALL, MOVE, COUNTED, CHOICE)
