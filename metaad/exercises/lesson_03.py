"""Exercises of lesson 03: why isolation finds anomalies."""

import numpy as np

from metaad.detectors import IsolationForest, anomaly_score
from metaad.detectors.forest.isolation_forest import average_path_length
from metaad.exercises.core import Exercise, Wrong


def distance_for(cuts, width):
    """Return the smallest distance G for which bound (2) is `cuts`."""
    return width / (np.exp(cuts - 1) - 1)


def cuts_for(score, psi):
    """Return the mean path length E[h] that gives `score` in a forest with `psi` rows
    per tree.
    """
    return -float(average_path_length(psi)) * np.log2(score)


def turned_scores(X, queries, forests=20, seed=0):
    """Return the mean anomaly scores (m,) of queries (m, 2) over forests, each grown on
    X (n, 2) turned by a random angle.
    """
    return _over_angles(X, queries, forests, seed, lambda turn: (turn, turn))


def _over_angles(X, queries, forests, seed, turns):
    """turns(turn) gives the matrices by which X and the queries are turned."""
    local, total = np.random.default_rng(seed), np.zeros(len(queries))
    for k in range(forests):
        a = local.uniform(0, 2 * np.pi)
        turn = np.array([[np.cos(a), -np.sin(a)], [np.sin(a), np.cos(a)]])
        for_rows, for_queries = turns(turn)
        forest = IsolationForest(20, max_samples=256, random_state=k).fit(X @ for_rows)
        total += anomaly_score(forest, queries @ for_queries)
    return total / forests


def _with_turns(turns):
    def wrong(X, queries, forests=20, seed=0):
        return _over_angles(X, queries, forests, seed, turns)

    return wrong


def _last_forest(X, queries, forests=20, seed=0):
    return turned_scores(X, queries, 1, seed) / forests


def clusters(rng):
    """Draw two clusters on a diagonal, of 130 rows each, and queries: the empty
    corners, points outward, the clusters' centres, in any order.
    """
    apart = rng.uniform(8, 12)
    centres = np.array([[0.0, apart], [apart, 0.0]])
    X = np.concatenate([rng.normal(centre, 1, (130, 2)) for centre in centres])
    away = apart / np.sqrt(2)
    corners = np.array([[0.0, 0.0], [apart, apart]])
    outward = np.array([[-away, apart + away], [apart + away, -away]])
    return X, rng.permutation(np.concatenate([corners, outward, centres]))


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
                lambda cuts, width: 1 + np.log(1 + width / cuts),
                "This puts the number of cuts in the place of G. Solve (2) for G.",
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
        cuts_for,
        lambda rng: (round(float(rng.uniform(0.2, 0.9)), 3), int(rng.integers(8, 900))),
        wrong=(
            Wrong(
                lambda score, psi: 0.5 * average_path_length(psi) / score,
                "A proportion gives the right answer at ½ and at ¼ alone if you are "
                "lucky. The score is a power of 2: undo it by log2.",
            ),
            Wrong(
                lambda score, psi: -average_path_length(psi) * np.log(score),
                "This is the natural logarithm; the base in (6) is 2.",
            ),
            Wrong(
                lambda score, psi: average_path_length(psi) * np.log2(score),
                "A path can't have a negative length: the exponent in (6) has a minus.",
            ),
            Wrong(
                lambda score, psi: -psi * np.log2(score),
                "(6) divides by c(ψ), not by ψ.",
            ),
            Wrong(
                lambda score, psi: -np.log2(psi) * np.log2(score),
                "log2 ψ is the path in a balanced tree. The yardstick is c(ψ).",
            ),
            Wrong(
                lambda score, psi: -average_path_length(256) * np.log2(score),
                "This is right for ψ = 256 and for no other: use `psi`.",
            ),
            Wrong(
                lambda score, psi: 2.0 ** (-score / average_path_length(psi)),
                "This goes forward, from cuts to a score. Solve (6) for E[h].",
            ),
            Wrong(
                lambda score, psi: -np.log2(score) / average_path_length(psi),
                "Multiply by c(ψ): it stands below the line in (6).",
            ),
        ),
        praise=(
            "With ψ = 256 a score of 0.7 means 5.3 cuts instead of the ordinary 10.2: "
            "about half of the way."
        ),
        hint="Take log2 of both sides of (6). What does a score of ½ have to give?",
        edges=((0.5, 256), (0.25, 64), (0.7, 256)),
    ),
    Exercise(
        "03.3",
        turned_scores,
        clusters,
        wrong=(
            Wrong(
                _with_turns(lambda turn: (turn, np.eye(2))),
                "The queries are not turned: the forest has learned turned rows, and "
                "asks about places where the queries no longer are.",
            ),
            Wrong(
                lambda X, queries, forests=20, seed=0: np.ones(len(queries)),
                "All queries get the score 1. Fit a forest per angle and add its "
                "scores.",
            ),
            Wrong(
                _with_turns(lambda turn: (turn, turn.T)),
                "turn.T turns the queries the other way. Rows and queries must be "
                "turned alike.",
            ),
            Wrong(
                _with_turns(lambda turn: (np.eye(2), turn)),
                "Only the queries are turned; the forest must be grown on turned rows "
                "as well.",
            ),
            Wrong(
                _with_turns(lambda turn: (np.eye(2), np.eye(2))),
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
                _last_forest,
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
