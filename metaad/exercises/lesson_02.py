"""Exercises of lesson 02: classical detectors, side by side."""

import numpy as np
from scipy.spatial.distance import cdist

from metaad.detectors import KNNDetector, MahalanobisDetector, anomaly_score
from metaad.exercises.core import Exercise, Wrong
from metaad.exercises.neighbourhoods import catches_both, my_neighbours
from metaad.exercises.wines import (
    in_training_units,
    ranks_wines,
    score_wine,
    two_tables,
    wines,
)


def gift(on_a, on_b):
    """Return the mean over tasks of how much the best on part A loses on part B.

    on_a, on_b : AUROC of every candidate on two parts, (tasks, candidates) each.
    """
    tasks, best = np.arange(len(on_a)), on_a.argmax(axis=1)
    return float(np.mean(on_a[tasks, best] - on_b[tasks, best]))


def kth_distance(train, test, k):
    """Return the distance from each row of test (m, d) to its k-th nearest row of train
    (n, d): array (m,).
    """
    return np.sort(cdist(test, train), axis=1)[:, k - 1]


def two_parts(rng):
    """Draw the AUROC on two parts: candidates of different quality, noise on each part."""
    tasks = int(rng.integers(3, 5))
    quality = rng.uniform(0.6, 0.9, (tasks, 3))
    parts = [np.round(quality + rng.normal(0, 0.1, (tasks, 3)), 2) for _ in range(2)]
    return tuple(np.clip(part, 0, 1) for part in parts)


def neighbours(rng):
    """Draw two small tables and a number of neighbours."""
    n, m, d = int(rng.integers(6, 9)), int(rng.integers(2, 4)), int(rng.integers(2, 4))
    train, test = (np.round(rng.normal(size=(size, d)), 1) for size in (n, m))
    return train, test, int(rng.integers(2, 5))


def _one_for_all(on_a, on_b):
    best = on_a.mean(axis=0).argmax()
    return np.mean(on_a[:, best] - on_b[:, best])


def _chosen_on_b(on_a, on_b):
    tasks, best = np.arange(len(on_a)), on_b.argmax(axis=1)
    return np.mean(on_a[tasks, best] - on_b[tasks, best])


EXERCISES = (
    Exercise(
        "02.1",
        kth_distance,
        neighbours,
        wrong=(
            Wrong(
                lambda train, test, k: np.sort(cdist(test, train), axis=0)[:, k - 1],
                "You sort each column: that mixes the rows of test. Sort along axis 1.",
            ),
            Wrong(
                lambda train, test, k: np.sort(
                    np.abs(test[:, None] - train).sum(axis=2), axis=1
                )[:, k - 1],
                "This is the Manhattan distance, a sum of absolute differences. The "
                "Euclidean distance squares them, adds and takes the root.",
            ),
            Wrong(
                lambda train, test, k: np.sort(cdist(test, train), axis=1)[:, k],
                "That is the neighbour number k + 1: counting begins at 0.",
            ),
            Wrong(
                lambda train, test, k: np.sort(cdist(test, train), axis=1)[:, :k].mean(
                    1
                ),
                "That is the mean distance to the k nearest rows: another good "
                "detector, but here the k-th one alone is asked for.",
            ),
            Wrong(
                lambda train, test, k: cdist(test, train).min(axis=1),
                "That is the nearest row, whatever k is.",
            ),
            Wrong(
                lambda train, test, k: np.sort(
                    cdist(test, train, "sqeuclidean"), axis=1
                )[:, k - 1],
                "These are squared distances; take the root.",
            ),
            Wrong(
                lambda train, test, k: np.sort(cdist(test, train), axis=1)[:, -k],
                "That is the k-th farthest row: the sorted distances run upwards.",
            ),
            Wrong(
                lambda train, test, k: np.sort(cdist(train, train), axis=1)[:, k],
                "These are distances between training rows. The rows of test are to be "
                "scored.",
            ),
        ),
        praise=(
            "Distances to neighbours are one line, and hard to beat: see what the ratio "
            "that LOF takes adds to it."
        ),
        hint="Distances (m, n) first, then sort each row of them.",
        edges=((np.arange(5.0)[:, None], np.array([[0.0], [2.0]]), 2),),
    ),
    Exercise(
        "02.2",
        my_neighbours,
        lambda rng: (),
        wrong=(
            Wrong(
                lambda: 20,
                "That is where the lesson began: the clump has 25 rows, enough to be "
                "each other's 20 neighbours.",
            ),
            Wrong(
                lambda: 26,
                "Two more than the 24 others of the clump is not yet enough: 24 of the "
                "26 neighbours are still in the clump and set the density it is "
                "compared with.",
            ),
            Wrong(
                lambda: 24,
                "A row of the clump has exactly 24 others beside it: all of its "
                "neighbours are anomalies.",
            ),
            Wrong(
                lambda: 250,
                "With 250 neighbours the tight blob of 150 rows no longer has a "
                "neighbourhood of its own, and the anomaly beside it is missed.",
            ),
            Wrong(
                lambda: 5,
                "Fewer neighbours make it worse: a small clump inside the clump is "
                "enough company then.",
            ),
        ),
        praise=(
            "Far more neighbours than the clump has rows, so that each row of it must "
            "ask the blob; and few enough to stay local."
        ),
        judge=catches_both,
        draws=4,
    ),
    Exercise(
        "02.3",
        in_training_units,
        two_tables,
        wrong=(
            Wrong(
                lambda train, test: in_training_units(test, test),
                "You measure test by its own mean and deviation. Then a test set that "
                "lies elsewhere as a whole looks normal: take those of train.",
            ),
            Wrong(
                lambda train, test: in_training_units(
                    np.concatenate([train, test]), test
                ),
                "The rows to be judged still have a say in the units. In use they are "
                "not there yet when the detector is fitted.",
            ),
            Wrong(
                lambda train, test: (test - train.mean(axis=0)) / train.std(),
                "One deviation for the whole table leaves the columns in different "
                "units: `std` needs `axis=0`.",
            ),
            Wrong(
                lambda train, test: (test - train.mean(axis=0)) / train.std(axis=0),
                "A column that is constant in train has deviation 0: what you divide "
                "by must not be 0 there.",
            ),
            Wrong(
                lambda train, test: (
                    test / np.where(train.std(0) > 0, train.std(0), 1.0)
                ),
                "The mean is still in it: subtract that of train first.",
            ),
            Wrong(
                lambda train, test: in_training_units(train, train),
                "These are the rows of train. Those of test are asked for.",
            ),
            Wrong(
                lambda train, test: (
                    (test - train.mean())
                    / np.where(train.std(0) > 0, train.std(0), 1.0)
                ),
                "One mean for the whole table is not in the middle of any column: "
                "`mean` needs `axis=0`.",
            ),
        ),
        praise=(
            "Units come from the training rows alone, column by column, and a constant "
            "column does no harm."
        ),
        hint="Which rows give mean and deviation, along which axis, and can one be 0?",
    ),
    Exercise(
        "02.4",
        score_wine,
        wines,
        wrong=(
            Wrong(
                lambda train, test: anomaly_score(KNNDetector().fit(train), test),
                "Ash has the largest numbers now, so it decides every distance alone. "
                "Bring the columns to one scale first.",
            ),
            Wrong(
                lambda train, test: -score_wine(train, test),
                "The ranking is upside down: `score_samples` is large for normal rows. "
                "Use `anomaly_score`.",
            ),
            Wrong(
                lambda train, test: score_wine(train, train),
                "These are the scores of the training rows. Score those of test.",
            ),
            Wrong(
                lambda train, test: anomaly_score(
                    MahalanobisDetector().fit(train), test
                ),
                "Without a ridge this distance would not care about units; the ridge is "
                "a share of the mean variance, and that is all ash.",
            ),
            Wrong(
                lambda train, test: np.sign(
                    score_wine(train, test) - np.median(score_wine(train, test))
                ),
                "These are verdicts, one of two values for each row. A ranking needs "
                "the scores themselves.",
            ),
            Wrong(
                lambda train, test: np.linalg.norm(test, axis=1),
                "That is the length of a row: nothing has been learned from train.",
            ),
        ),
        praise=(
            "Another table, the same three steps: training units, a detector, scores "
            "with the right sign."
        ),
        judge=ranks_wines,
        draws=6,
    ),
    Exercise(
        "02.5",
        gift,
        two_parts,
        wrong=(
            Wrong(
                lambda on_a, on_b: 1 / len(on_a),
                "This depends on the number of tasks alone. Look up what the best "
                "candidate on A has on B.",
            ),
            Wrong(
                lambda on_a, on_b: on_a[0].max() - on_b[0, on_a[0].argmax()],
                "That is the first task alone; average over all of them.",
            ),
            Wrong(
                lambda on_a, on_b: np.mean(on_a.max(axis=1) - on_b.mean(axis=1)),
                "You compare with the mean candidate on B. The one that was chosen on "
                "A is asked for: the same candidate on both parts.",
            ),
            Wrong(
                lambda on_a, on_b: np.mean(on_a.max(axis=1) - on_b.max(axis=1)),
                "You choose a second time on B. The choice made on A must stand.",
            ),
            Wrong(
                _chosen_on_b,
                "You choose by the labels of B. The cheat chooses by those of A.",
            ),
            Wrong(
                _one_for_all,
                "You take one candidate for all tasks. On each task another one may be "
                "the best on A.",
            ),
            Wrong(
                lambda on_a, on_b: -gift(on_a, on_b),
                "The sign is turned: the gift is what A promises above B.",
            ),
            Wrong(
                lambda on_a, on_b: np.mean(on_a - on_b),
                "This is the mean over all candidates, none of them chosen. Only the "
                "one that wins on A is reported.",
            ),
        ),
        praise=(
            "Whoever wins on A was good, and lucky on A; on B only the first remains. "
            "The fewer anomalies, the more luck."
        ),
        hint="Per task: which candidate wins on A? What does it have on A, what on B?",
    ),
)
