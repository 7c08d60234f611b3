"""Judge detectors that see a few normal rows, task by task."""

from typing import NamedTuple

import numpy as np
from sklearn.base import clone

from metaad import metrics
from metaad.detectors import anomaly_score


class Episodes(NamedTuple):
    """Hold the results of many tasks, one entry each, arrays (n_episodes,).

    auroc : in [0, 1], 0.5 is guessing. accuracy : mean of the share of normal rows and
    the share of anomalies that the detector's own threshold puts right, in [0, 1].
    normal : the class that was normal, or None.
    """

    auroc: np.ndarray
    accuracy: np.ndarray
    normal: np.ndarray | None

    def by_class(self, what="auroc"):
        """Average `auroc` or `accuracy` over the episodes of each class.

        Returns a dict from class to float.

        Classes are the independent units: episodes of one class share it, and intervals
        over episodes are too narrow.
        """
        values = getattr(self, what)
        return {
            int(c): float(values[self.normal == c].mean())
            for c in np.unique(self.normal)
        }


def evaluate(learner, tasks, n_episodes=200, random_state=0):
    """Adapt to each of many tasks and judge the queries.

    Parameters
    ----------
    learner : a fitted meta-learner (batches of tasks at once), or an outlier detector
        with scikit-learn's interface, of which a fresh clone is fitted to every
        support: what can be learned from those rows alone.
    tasks : see metaad.tasks. The same `random_state` draws the same episodes, so that
        learners can be compared in pairs.

    Returns
    -------
    Episodes
    """
    rng = np.random.default_rng(random_state)
    scores, labels, normal = [], [], []
    for start in range(0, n_episodes, 20):
        task = tasks.sample(min(20, n_episodes - start), rng)
        scores.append(
            learner.scores(task)
            if hasattr(learner, "scores")
            else _fit_each(learner, task)
        )
        labels.append(task.y.cpu().numpy())
        normal.append(task.normal)
    scores, labels = np.concatenate(scores), np.concatenate(labels)
    normal = None if normal[0] is None else np.concatenate(normal)
    accuracy = metrics.balanced_accuracy(labels, np.where(scores > 0, -1, 1))
    return Episodes(metrics.auroc(labels, scores), accuracy, normal)


def _fit_each(detector, task):
    """Compute threshold minus normality, positive for what the detector calls an
    anomaly: array (n_tasks, q).
    """
    scores = np.empty(task.query.shape[:2])
    for i, (support, query) in enumerate(
        zip(task.support.cpu().numpy(), task.query.cpu().numpy(), strict=True)
    ):
        fitted = clone(detector).fit(support)
        scores[i] = anomaly_score(fitted, query) + fitted.offset_
    return scores


# the name under which lesson 08 builds it: arrays (n_tasks, q) -> (n_tasks,)
auroc_of_tasks = metrics.auroc
