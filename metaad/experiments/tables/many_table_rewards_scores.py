"""Scores of four cheap detectors under all their settings, and what rewards without
labels say of each setting: one table at a time.

Neighbours are searched once for all settings of kNN and LOF.
"""

from typing import NamedTuple

import numpy as np
from sklearn.neighbors import NearestNeighbors

from metaad import metrics
from metaad.detectors import anomaly_score
from metaad.detectors.knn import COMBINE
from metaad.detectors.neighbours import local_outlier_factor, without_twin
from metaad.scores import outlierness
from metaad.search.space import configured
from metaad.search.tuning.grids import GRIDS
from metaad.tasks.mixed import mixed_rows

KINDS = ("LOF", "kNN", "k-means", "Isolation Forest")
# of the forest's grid: its default and four smaller ones
FORESTS = (0, 1, 3, 4, 8)
STAND_INS = ("logistic", "gaussian", "mixture")
REWARDS = (*(f"-outlierness, {how}" for how in STAND_INS),)
REWARDS += ("made-up: mixed rows", "made-up: uniform rows", "consensus")
MIXED, UNIFORM, CONSENSUS = REWARDS[3:]
RATE = 0.1  # share of made-up rows among the rows that a detector is tried on


def settings_of(kind):
    """Return a detector and its settings, the library's default first: list of dicts."""
    detector, configs = GRIDS[kind]
    return detector, [configs[i] for i in FORESTS] if kind == KINDS[3] else configs


class Rows(NamedTuple):
    """Rows that a detector reads and rows that it scores besides, on one scale.

    read : (n, d). others : list of arrays (m, d).
    """

    read: np.ndarray
    others: list


def scaled(X, *others):
    """Bring each column of X (n, d) to mean 0 and deviation 1, and others with it."""
    mean, spread = X.mean(axis=0), X.std(axis=0)
    spread = np.where(spread > 0, spread, 1.0)
    return Rows((X - mean) / spread, [(Q - mean) / spread for Q in others])


def all_scores(rows, seed):
    """Score the rows read and the others under every setting of every detector.

    Returns
    -------
    dict kind -> list of arrays, for the rows read and for each of the others:
    (n_settings, rows), larger = more anomalous.
    """
    found = neighbours_scores(rows)
    for kind in KINDS[2:]:
        detector, configs = settings_of(kind)
        of = [[] for _ in range(1 + len(rows.others))]
        for config in configs:
            fitted = configured(detector, config, len(rows.read))
            fitted.set_params(random_state=seed).fit(rows.read)
            for kept, Q in zip(of, (rows.read, *rows.others), strict=True):
                kept.append(anomaly_score(fitted, Q))
        found[kind] = [np.array(kept) for kept in of]
    return found


def neighbours_scores(rows):
    """Score as `all_scores` does, by LOF and kNN alone."""
    lof, knn = settings_of("LOF")[1], settings_of("kNN")[1]
    read, n = rows.read, len(rows.read)
    most = min(max(c["n_neighbors"] for c in (*lof, *knn)), n - 1)
    by_metric, found = {}, {"LOF": [], "kNN": []}
    for metric in dict.fromkeys(c["metric"] for c in lof):
        search = NearestNeighbors(n_neighbors=most, metric=metric).fit(read)
        asked = [search.kneighbors(Q, most + 1) for Q in rows.others]
        by_metric[metric] = [search.kneighbors(), *asked]
    for i in range(1 + len(rows.others)):
        every = [(by_metric[c["metric"]], c) for c in lof]
        of_lof = [
            local_outlier_factor(of[0], of[i], min(c["n_neighbors"], n - 1))
            for of, c in every
        ]
        distances = by_metric["euclidean"][i][0]
        distances = without_twin(distances) if i else distances
        found["LOF"].append(np.array(of_lof))
        found["kNN"].append(np.array([knn_scores(distances, c) for c in knn]))
    return found


def knn_scores(distances, config):
    """Return what kNN's score is for sorted distances (m, k_max): (m,)."""
    return COMBINE[config["method"]](distances[:, : config["n_neighbors"]])


def rewards_of(scores, uniform, n, mixed, is_mixed):
    """Return what each reward gives each setting of one detector: dict -> (m,).

    Parameters
    ----------
    scores : (m, n), of the rows read. uniform : (m, n_uniform), of rows that are
        uniform in the box around them.
    mixed : (m, rows), of a table of half of the rows and made-up ones, after fitting on
        it. is_mixed : (rows,), 1 for the made-up ones.
    """
    found = {
        f"-outlierness, {how}": np.array([minus(s, how) for s in scores])
        for how in STAND_INS
    }
    found[MIXED] = np.array([metrics.auroc(is_mixed, s) for s in mixed])
    both = np.concatenate([scores, uniform], axis=1)
    truth = np.arange(both.shape[1]) >= n
    found[UNIFORM] = np.array([metrics.auroc(truth.astype(int), s) for s in both])
    return found


def minus(scores, how):
    """Return minus the outlierness of scores (n,); -10 if they are all equal."""
    return -outlierness(scores, how) if np.ptp(scores) > 0 else -10.0


def consensus(by_kind):
    """Return how well each setting agrees with all: Spearman's correlation of its
    scores with the mean rank, in which every detector weighs the same.

    by_kind : dict kind -> (m, n) scores of the same rows. Returns dict -> (m,); a
    setting that scores all rows alike agrees with nothing, 0."""
    mean = np.mean([mean_rank(scores) for scores in by_kind.values()], axis=0)

    def agrees(s):
        return metrics.spearman(s, mean) if np.ptp(s) and np.ptp(mean) else 0.0

    return {k: np.array([agrees(s) for s in of]) for k, of in by_kind.items()}


def made_up_tables(X, rng):
    """Return the table that `MIXED` uses, its truth, and the rows of `UNIFORM`: half of
    the rows X (n, d) and a tenth that take each column from another row; and as many
    rows uniform in the box around X.
    """
    kept = X[rng.permutation(len(X))[: len(X) // 2]]
    count = max(2, round(len(kept) * RATE / (1 - RATE)))
    if X.shape[1] > 1:
        mixed = mixed_rows(X, (count,), rng)
    else:  # nothing to mix: rows like all others, a reward without knowledge
        mixed = X[rng.integers(len(X), size=count)]
    truth = np.repeat([0, 1], [len(kept), count])
    uniform = rng.uniform(X.min(axis=0), X.max(axis=0), (len(X) // 2, X.shape[1]))
    return np.concatenate([kept, mixed]), truth, uniform


def of_table(X, Q, y, seed, halves=2):
    """Measure one table: what the settings are worth, and what rewards say of them.

    Parameters
    ----------
    X : (n, d), rows read, without labels. Q, y : rows judged, 1 for an anomaly.
    seed : of everything made up. halves : how often Q is divided in two.

    Returns
    -------
    dict kind -> {"auroc": [m], "average": AUROC, "rewards": {reward: [m]},
    "halves": [[[m], [m]], …]} : AUROC on Q, that of the mean rank over all settings,
    rewards from X alone, and AUROC on both halves of Q, none where a half would lack
    anomalies.
    """
    rng = np.random.default_rng(seed)
    X, (Q,) = scaled(X, Q)
    mixed, is_mixed, uniform = made_up_tables(X, rng)
    scores = all_scores(Rows(X, [Q, uniform]), seed)
    tried = all_scores(Rows(mixed, []), seed)
    agreed = consensus({kind: own for kind, (own, _, _) in scores.items()})
    parts = [divided(y, rng) for _ in range(halves)]
    found = {}
    for kind, (own, judged, at_random) in scores.items():
        rewards = rewards_of(own, at_random, len(X), tried[kind][0], is_mixed)
        rewards[CONSENSUS] = agreed[kind]
        found[kind] = {
            "auroc": aurocs(y, judged),
            "average": aurocs(y, [mean_rank(judged)])[0],
            "rewards": {name: rounded(v) for name, v in rewards.items()},
            "halves": [
                [aurocs(y[at], judged[:, at]) for at in (half, ~half)]
                for half in parts
                if half is not None
            ],
        }
    return found


def mean_rank(scores):
    """Return the mean over m settings of the ranks of their scores (m, n): (n,)."""
    return np.mean([metrics.ranks(s) for s in scores], axis=0)


def divided(y, rng):
    """Return one half of the rows, both labels alike: bool (m,); None if an anomaly
    would be missing on a side.
    """
    half = np.zeros(len(y), dtype=bool)
    for label in (0, 1):
        rows = rng.permutation(np.flatnonzero(y == label))
        half[rows[: len(rows) // 2]] = True
    sides = (y[half], y[~half])
    return half if all(0 < s.mean() < 1 for s in sides if len(s)) else None


def aurocs(y, scores):
    """Return the AUROC of each row of scores (m, n): list."""
    return rounded([metrics.auroc(y, s) for s in scores])


def rounded(values):
    """Return floats of six digits: list. Last bits decide no rank."""
    return [round(float(v), 6) for v in values]
