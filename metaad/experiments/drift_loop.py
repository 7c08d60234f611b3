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
    detector was changed.
    """

    row: np.ndarray
    auroc: np.ndarray
    adapted: list


class Judge:
    """Measure a detector on test rows that no stream shows.

    X : array (n, d). y : int array (n,), their classes."""

    def __init__(self, X, y):
        self.X, self.y = np.asarray(X).reshape(len(X), -1), np.asarray(y)

    def __call__(self, detector, normal):
        """Return the AUROC of a detector where class `normal` is normal."""
        return metrics.auroc(self.y != normal, anomaly_score(detector, self.X))


def watch(stream, judge, detector, make=None, *, k=10, level=0.05, wait=True, seed=0):
    """Run a detector over a stream, with an MMD alarm beside it.

    When the alarm rings, the detector is made anew of the k latest rows *as they came*,
    without labels; then the next rows, as many as the past had (or what is left until
    the window of the next alarm is full), become the past of a new alarm.

    Parameters
    ----------
    stream : Stream. judge : Judge, reads the truth. detector : the one in service.
    make : function of rows (k, d) that gives the next detector; None never adapts.
    wait : bool, adapt only if the window after the alarm does not look like the past
        either: a burst of anomalies is over by then, a new normal is not.

    Returns
    -------
    Course
    """
    size, level_looks = stream.size, len(stream)
    past, alarm = stream.past, None
    rung, gathering = False, []
    found, adapted = [], []
    for i, rows in enumerate(stream):
        if alarm is None and past is not None:
            alarm = WindowAlarm(
                past, size, level_looks, level, random_state=seed + 1000 * i
            )
        if past is None:
            gathering.append(rows)
            if sum(map(len, gathering)) >= len(stream.past) // 2:
                past, gathering = np.concatenate(gathering), []
        else:
            seen = alarm.update(rows)[0].alarm if not rung else None
            ready = seen and not wait
            if rung:
                ready, rung = mmd_p(past, rows, 199, seed + i) <= level, False
            elif seen and wait:
                rung = True
            if ready and make is not None:
                detector = make(rows[-k:])
                adapted.append((i + 1) * size)
                past, alarm = None, None
        normal = stream.truth.concept[(i + 1) * size - 1]
        found.append(judge(detector, normal))
    row = (np.arange(len(stream)) + 1) * size
    return Course(row, np.array(found), adapted)
