"""Exercises of lesson 03: why isolation finds anomalies."""

import numpy as np

from metaad.detectors.forest.expected import diluted_path
from metaad.detectors.forest.isolation_forest import average_path_length
from metaad.exercises.core import Exercise, Wrong
from metaad.exercises.isolation import (
    clusters,
    columns_until,
    distance_for,
    far_score,
    gain,
    gain_of_fewer,
    gain_of_mean_scores,
    last_forest,
    most_columns,
    scores_of,
    small_table,
    turned_scores,
    with_turns,
)

EXERCISES = (
    Exercise(
        "03.1",
        distance_for,
        lambda rng: tuple(np.round(rng.uniform((1.2, 0.5), (3.0, 9.0)), 2).tolist()),
        wrong=(
            Wrong(
                lambda cuts, width: 4 / (np.exp(cuts - 1) - 1),
                "This is right for a crowd that is 4 wide, and for no other: use "
                "`width`.",
            ),
            Wrong(
                lambda cuts, width: 1 / (np.exp(cuts - 1) - 1),
                "The width is missing: a crowd twice as wide needs twice the distance.",
            ),
            Wrong(
                lambda cuts, width: width / (np.exp(cuts) - 1),
                "Take the 1 in front of the logarithm away from the cuts first.",
            ),
            Wrong(
                lambda cuts, width: width / np.exp(cuts - 1),
                "Inside the logarithm stands 1 + w/G: after exp a 1 is left to be "
                "taken away.",
            ),
            Wrong(
                lambda cuts, width: width * (np.exp(cuts - 1) - 1),
                "Your last step is upside down: you have w/G on one side, and G is "
                "below the line.",
            ),
            Wrong(
                lambda cuts, width: width / (2 ** (cuts - 1) - 1),
                "The logarithm in (2) is the natural one: undo it by exp, not by a "
                "power of 2.",
            ),
        ),
        praise=(
            "The size of the crowd is not in it: the distance needed depends on how "
            "wide the crowd is, not on how many rows it has."
        ),
        hint="Set 1 + ln(1 + w/G) equal to the cuts, and undo one step after another.",
        edges=((1.5, 4.0), (1.5, 1.0)),
    ),
    Exercise(
        "03.2",
        most_columns,
        lambda rng: (
            round(float(rng.uniform(0.55, 0.8)), 3),
            int(rng.integers(32, 400)),
        ),
        wrong=(
            Wrong(
                columns_until(lambda d, score, psi: far_score(d, psi) < score),
                "This is the first number of columns that is too many: one less is the "
                "answer.",
            ),
            Wrong(
                lambda score, psi: most_columns(score, 256),
                "This is right for ψ = 256 and for no other: use `psi`.",
            ),
            Wrong(
                columns_until(
                    lambda d, score, psi: (
                        2.0 ** (-diluted_path(psi, 1 / (d + 1)) / np.log2(psi)) < score
                    )
                ),
                "log2 ψ is the path in a balanced tree. The score divides by c(ψ), "
                "`average_path_length(psi)`.",
            ),
            Wrong(
                columns_until(
                    lambda d, score, psi: (
                        2.0 ** (-d - 1) < score ** average_path_length(psi)
                    )
                ),
                "You took d cuts for the path: that is the wait for the right column "
                "alone. The other cuts part rows as well; `diluted_path` counts both.",
            ),
            Wrong(
                lambda score, psi: most_columns(score, psi) + 2,
                "A little too many: did the loop count on after the score had fallen "
                "below the limit?",
            ),
            Wrong(
                lambda score, psi: int(
                    diluted_path(psi, score) / float(average_path_length(psi))
                ),
                "The score is no chance: for d columns the chance is p = 1/d. Try d = "
                "1, 2, 3, ... and stop in time.",
            ),
            Wrong(
                lambda score, psi: -float(average_path_length(psi)) * np.log2(score),
                "That is how many cuts the score allows. Now find the d whose "
                "`diluted_path(psi, 1 / d)` just stays below.",
            ),
        ),
        praise=(
            "Whoever wants a score of 0.6 for one wild value may keep about 15 columns "
            "with ψ = 256; for 0.7, only 6."
        ),
        hint="For d columns p = 1/d; the score is 2 ** (-diluted_path / c(psi)).",
        edges=((0.6, 256), (0.7, 256), (0.75, 64)),
    ),
    Exercise(
        "03.3",
        scores_of,
        lambda rng: (
            np.round(rng.uniform(1, 14, tuple(rng.integers(3, 7, 2))), 2),
            int(rng.integers(16, 300)),
        ),
        wrong=(
            Wrong(
                lambda paths, psi: np.mean(
                    2.0 ** (-paths / average_path_length(len(paths))), axis=1
                ),
                "This is the colleague's line as it was.",
            ),
            Wrong(
                lambda paths, psi: np.mean(
                    2.0 ** (-paths / average_path_length(len(paths))), axis=0
                ),
                "The axis is right now: one score per row. Two faults are left. "
                "What is len(paths), and what is averaged?",
            ),
            Wrong(
                lambda paths, psi: np.mean(
                    2.0 ** (-paths / average_path_length(psi)), axis=0
                ),
                "One fault is left: (8) averages the path lengths first. A mean of "
                "powers is not the power of the mean.",
            ),
            Wrong(
                lambda paths, psi: np.mean(
                    2.0 ** (-paths / average_path_length(psi)), axis=1
                ),
                "c(ψ) is right now. But axis=1 averages over rows, and gives a score "
                "per tree; and (8) averages paths, not powers.",
            ),
            Wrong(
                lambda paths, psi: (
                    2.0 ** (-paths.mean(axis=1) / average_path_length(psi))
                ),
                "Two faults are fixed. axis=1 is the axis of the rows: this gives a "
                "score per tree.",
            ),
            Wrong(
                lambda paths, psi: (
                    2.0 ** (-paths.mean(axis=0) / average_path_length(len(paths)))
                ),
                "len(paths) is the number of trees. c belongs to the rows in a tree, ψ.",
            ),
            Wrong(
                lambda paths, psi: (
                    2.0 ** (-paths.mean(axis=0) / average_path_length(paths.shape[1]))
                ),
                "paths.shape[1] is the number of rows scored. c belongs to the rows in "
                "a tree, ψ.",
            ),
            Wrong(
                lambda paths, psi: (
                    2.0 ** (paths.mean(axis=0) / average_path_length(psi))
                ),
                "The minus in the exponent is lost: a short path must give a large "
                "score.",
            ),
        ),
        praise=(
            "Paths are averaged over trees, then divided by c(ψ), then put into the "
            "power. A mean of powers would let one lucky short path weigh too much."
        ),
        hint="Follow (8) from the inside: a mean over trees, a division, a power.",
    ),
    Exercise(
        "03.4",
        gain_of_fewer,
        small_table,
        wrong=(
            Wrong(
                lambda X, y, few, many: gain(X, y, many, few),
                "The sign is turned. Either you took `many` minus `few`, or "
                "`score_samples`, which is large for normal rows.",
            ),
            Wrong(
                lambda X, y, few, many: gain(X, y, few, many, seeds=(0,)),
                "That is one seed; average over random_state 0, 1 and 2.",
            ),
            Wrong(
                gain_of_mean_scores,
                "You averaged the scores of the three forests, which makes one large "
                "forest. Average their AUROC.",
            ),
            Wrong(
                lambda X, y, few, many: gain(X, y, few, many, given=False),
                "Both forests are the same one: hand `few` and `many` on as "
                "`max_samples`.",
            ),
            Wrong(
                lambda X, y, few, many: gain(X, y, few, many, n_trees=100),
                "These forests have 100 trees, the default; 50 are asked for.",
            ),
            Wrong(
                lambda X, y, few, many: gain(X, y, few, many, seeds=(1, 2, 3)),
                "Close: the seeds are 0, 1 and 2, and `range(3)` gives them.",
            ),
            Wrong(
                lambda X, y, few, many: 3 * gain(X, y, few, many),
                "That is a sum over the seeds; divide by 3.",
            ),
        ),
        praise=(
            "A gain above zero is a sign that anomalies hide one another. You needed "
            "labels to see it; without them, look at how the ranking changes with ψ."
        ),
        hint="Six forests in all: three seeds for `few`, three for `many`.",
        draws=3,
    ),
    Exercise(
        "03.5",
        turned_scores,
        clusters,
        wrong=(
            Wrong(
                with_turns(lambda turn: (turn, np.eye(2))),
                "The queries are not turned: the forest has learned turned rows, and "
                "asks about places where the queries no longer are.",
            ),
            Wrong(
                lambda X, queries, forests=20, seed=0: np.ones(len(queries)),
                "All queries get the score 1. Fit a forest per angle and add its "
                "scores.",
            ),
            Wrong(
                with_turns(lambda turn: (turn, turn.T)),
                "turn.T turns the queries the other way. Rows and queries must be "
                "turned alike.",
            ),
            Wrong(
                with_turns(lambda turn: (np.eye(2), turn)),
                "Only the queries are turned; the forest must be grown on turned rows "
                "as well.",
            ),
            Wrong(
                with_turns(lambda turn: (np.eye(2), np.eye(2))),
                "Nothing is turned: these are 20 forests along the same axes, with the "
                "same ghosts.",
            ),
            Wrong(
                lambda X, queries, forests=20, seed=0: np.zeros(len(queries)),
                "All scores are 0: nothing has been added to `total`.",
            ),
            Wrong(
                lambda X, queries, forests=20, seed=0: (
                    turned_scores(X, queries, forests, seed) * forests
                ),
                "That is the sum over forests; divide by their number.",
            ),
            Wrong(
                last_forest,
                "Only one forest is in the sum: add to `total`, don't replace it.",
            ),
            Wrong(
                lambda X, queries, forests=20, seed=0: (
                    -turned_scores(X, queries, forests, seed)
                ),
                "The sign is turned: `score_samples` is large for normal rows, "
                "`anomaly_score` for anomalies.",
            ),
        ),
        praise=(
            "No axis is special any more, and the ghosts are gone: the corners score "
            "like other empty places as far away."
        ),
        hint="Turn rows and queries by the same matrix, and average over all forests.",
        tolerance=0.04,
        draws=3,
    ),
)
