"""The whole loop: watch a stream, ring, wait, adapt, and watch again."""

from typing import NamedTuple

import numpy as np

from metaad import metrics
from metaad.detectors import anomaly_score
from metaad.scores import WindowAlarm, mmd_p


class Course(NamedTuple):
    """What happened.

    row : int array (b,), rows seen after each batch. auroc : array (b,), of the detector
    in service then, on the judge's rows. adapted : list of int, rows seen when the
    detector was changed because the alarm rang.
    """

    row: np.ndarray
    auroc: np.ndarray
    adapted: list


class Judge:
    """Measure a detector on test rows that no stream shows.

    X : array (n, ...). y : int array (n,), their classes."""

    def __init__(self, X, y):
        self.X, self.y = np.asarray(X).reshape(len(X), -1), np.asarray(y)

    def __call__(self, detector, normal):
        """Return the AUROC of a detector where class `normal` is normal."""
        return self.of_scores(anomaly_score(detector, self.X), normal)

    def of_scores(self, scores, normal):
        """Return the AUROC of anomaly scores of the test rows, likewise."""
        return metrics.auroc(self.y != normal, scores)


class Watch:
    """An MMD alarm that starts anew after each change, its past the rows after it.

    size : rows of a batch, and of a window. wait : bool, report a change only if the
    window after the alarm does not look like the past either. looks : windows that the
    level of one alarm lasts for.
    """

    def __init__(self, past, size, looks, level=0.05, wait=True, seed=0):
        self.size, self.looks, self.level = size, looks, level
        self.wait, self.seed, self.count = wait, seed, 0
        self.wanted = len(past) // 2
        self._begin(past)

    def _begin(self, past):
        self.count += 1
        self.past, self.rung, self.gathered = past, False, None
        seed = self.seed + 1000 * self.count
        options = {"window": self.size, "looks": self.looks, "random_state": seed}
        self.alarm = WindowAlarm(past, level=self.level, **options)

    def update(self, rows):
        """Take a batch (size, d): return "changed", "gathered" once a new past is
        complete, or None.
        """
        if self.gathered is not None:
            self.gathered.append(rows)
            if sum(map(len, self.gathered)) < self.wanted:
                return None
            self._begin(np.concatenate(self.gathered))
            return "gathered"
        if self.rung:
            self.rung = False
            changed = mmd_p(self.past, rows, 199, self.seed + self.count) <= self.level
        else:
            (look,) = self.alarm.update(rows)
            changed = look.alarm and not self.wait
            self.rung = look.alarm and self.wait
        if changed:
            self.gathered = []
            return "changed"
        return None


def watch(stream, judge, detector, make=None, *, k=10, wait=True, seed=0):
    """Run a detector over a stream, with an alarm beside it.

    At a change the detector is made anew of the k latest rows *as they came*, without
    labels, and once more when a new past is complete, of all of its rows.

    Parameters
    ----------
    stream : Stream. judge : Judge, reads the truth. detector : the one in service.
    make : function of rows (k, d) that gives the next detector; None never adapts.
    wait : see Watch.

    Returns
    -------
    Course
    """
    alarm = Watch(stream.past, stream.size, len(stream), wait=wait, seed=seed)
    course, adapted, known = [], [], {}
    for i, rows in enumerate(stream):
        happened = alarm.update(rows)
        if happened and make is not None:
            detector = make(rows[-k:] if happened == "changed" else alarm.past)
            known = {}
        if happened == "changed":
            adapted.append((i + 1) * stream.size)
        normal = stream.truth.concept[(i + 1) * stream.size - 1]
        if normal not in known:
            known[normal] = judge(detector, normal)
        course.append(known[normal])
    row = (np.arange(len(stream)) + 1) * stream.size
    return Course(row, np.array(course), adapted)
