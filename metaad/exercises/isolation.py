"""Solutions of lesson 03's exercises, the data that they are tried on, and what their
wrong answers are made of.
"""

import numpy as np

from metaad.detectors import IsolationForest, anomaly_score
from metaad.detectors.forest.expected import diluted_path
from metaad.detectors.forest.isolation_forest import average_path_length
from metaad.metrics import auroc


def distance_for(cuts, width):
    """Return the smallest distance G for which bound (2) is `cuts`."""
    return width / (np.exp(cuts - 1) - 1)


def most_columns(score, psi):
    """Return the largest number of columns d at which a row that is infinitely far away
    in one of them still gets `score` or more, in a tree of psi rows without a limit.
    """
    d = 1
    while far_score(d + 1, psi) >= score:
        d += 1
    return d


def far_score(d, psi, k=1):
    """Return the score of a row that is infinitely far away in k of d columns."""
    return 2.0 ** (-diluted_path(psi, k / d) / float(average_path_length(psi)))


def columns_until(fails):
    """Return a wrong answer: columns are counted up to the first that fails."""

    def wrong(score, psi):
        d = 1
        while d < 3000 and not fails(d, score, psi):
            d += 1
        return d

    return wrong


def scores_of(paths, psi):
    """Return the anomaly scores (n,) of n rows from their path lengths (t, n) in t
    trees of psi rows.
    """
    return 2.0 ** (-paths.mean(axis=0) / average_path_length(psi))


def gain_of_fewer(X, y, few, many):
    """Return the mean AUROC of forests with `few` rows per tree minus that of forests
    with `many`: 50 trees each, random_state 0, 1 and 2, all rows scored.
    """
    return gain(X, y, few, many)


def gain(X, y, few, many, seeds=(0, 1, 2), n_trees=50, given=True):
    """Return what `gain_of_fewer` asks for, or what a slip in it gives."""
    means = []
    for psi in (few, many):
        found = []
        for s in seeds:
            options = {"max_samples": psi} if given else {}
            forest = IsolationForest(n_trees, random_state=s, **options).fit(X)
            found.append(auroc(y, anomaly_score(forest, X)))
        means.append(np.mean(found))
    return float(means[0] - means[1])


def gain_of_mean_scores(X, y, few, many):
    """Average scores before AUROC is taken: a wrong answer."""
    found = []
    for psi in (few, many):
        forests = [
            IsolationForest(50, max_samples=psi, random_state=s) for s in range(3)
        ]
        scores = [anomaly_score(forest.fit(X), X) for forest in forests]
        found.append(auroc(y, np.mean(scores, axis=0)))
    return found[0] - found[1]


def small_table(rng):
    """Draw normal rows, anomalies in a clump or scattered, and two numbers of rows per
    tree.
    """
    normal = rng.normal(size=(int(rng.integers(80, 110)), 2))
    spread = rng.choice([0.1, 2.0])
    odd = rng.normal(2.5, spread, (int(rng.integers(8, 14)), 2))
    y = np.repeat([0, 1], [len(normal), len(odd)])
    few, many = int(rng.integers(5, 12)), int(rng.integers(50, 70))
    return np.round(np.vstack([normal, odd]), 3), y, few, many


def turned_scores(X, queries, forests=20, seed=0):
    """Return the mean anomaly scores (m,) of queries (m, 2) over forests, each grown on
    X (n, 2) turned by a random angle.
    """
    return over_angles(X, queries, forests, seed, lambda turn: (turn, turn))


def over_angles(X, queries, forests, seed, turns):
    """Return mean scores where turns(turn) gives the matrices for X and the queries."""
    local, total = np.random.default_rng(seed), np.zeros(len(queries))
    for k in range(forests):
        a = local.uniform(0, 2 * np.pi)
        turn = np.array([[np.cos(a), -np.sin(a)], [np.sin(a), np.cos(a)]])
        for_rows, for_queries = turns(turn)
        forest = IsolationForest(20, max_samples=256, random_state=k).fit(X @ for_rows)
        total += anomaly_score(forest, queries @ for_queries)
    return total / forests


def with_turns(turns):
    def wrong(X, queries, forests=20, seed=0):
        return over_angles(X, queries, forests, seed, turns)

    return wrong


def last_forest(X, queries, forests=20, seed=0):
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
