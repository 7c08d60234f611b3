"""An exercise about proposed anomalies: keep one off the normal rows. A lesson gives it
its number.
"""

import numpy as np

from metaad.exercises.core import Exercise, Wrong


def push_off(row, normal, radius):
    """Return the row, moved straight away from its nearest normal row to the distance
    `radius` where it is nearer than that: (d,).
    """
    gaps = np.linalg.norm(normal - row, axis=1)
    nearest, gap = normal[gaps.argmin()], gaps.min()
    if gap >= radius:
        return row
    return nearest + radius * (row - nearest) / gap


def crowds(rng):
    """Draw a row (3,), normal rows (5, 3), and a radius that is too much for it in two
    draws of three.
    """
    normal = np.round(rng.normal(size=(5, 3)), 2)
    row = np.round(normal[rng.integers(1, 5)] + rng.uniform(0.1, 0.4, 3), 2)
    gap = np.linalg.norm(normal - row, axis=1).min()
    return row, normal, round(float(gap * rng.choice([0.5, 1.7, 2.4])), 3)


def _moved(place):
    """A wrong answer that moves every row that is too near to place(row, nearest, gap,
    radius).
    """

    def wrong(row, normal, radius):
        gaps = np.linalg.norm(normal - row, axis=1)
        nearest, gap = normal[gaps.argmin()], gaps.min()
        return row if gap >= radius else place(row, nearest, gap, radius)

    return wrong


def _from(center):
    def wrong(row, normal, radius):
        away = row - center(normal)
        gap = np.linalg.norm(away)
        return row if gap >= radius else center(normal) + radius * away / gap

    return wrong


def _always(row, normal, radius):
    gaps = np.linalg.norm(normal - row, axis=1)
    nearest = normal[gaps.argmin()]
    return nearest + radius * (row - nearest) / gaps.min()


WRONG = (
    Wrong(
        lambda row, normal, radius: row,
        "The row stays where it is, even where it is too near. Move it then.",
    ),
    Wrong(
        _always,
        "You move every row to the radius, and pull back those that lie further off. "
        "A row that is far enough stays.",
    ),
    Wrong(
        _moved(lambda row, nearest, gap, radius: nearest + radius * (row - nearest)),
        "The direction has the length of the gap. Divide it by its own length first, "
        "then it is `radius` times as long.",
    ),
    Wrong(
        _moved(lambda row, nearest, gap, radius: row + radius * (row - nearest) / gap),
        "You start from the row, so it ends at gap + radius. Start from the normal row.",
    ),
    Wrong(
        _moved(
            lambda row, nearest, gap, radius: nearest - radius * (row - nearest) / gap
        ),
        "The row lands on the other side: the direction points from the normal row to "
        "the row, and you walk against it.",
    ),
    Wrong(
        _from(lambda normal: normal.mean(axis=0)),
        "You push it away from the mean. It may still lie on a normal row: look at the "
        "nearest one.",
    ),
    Wrong(
        _from(lambda normal: normal[0]),
        "You push it away from the first normal row. Take the nearest one.",
    ),
    Wrong(
        _moved(lambda row, nearest, gap, radius: nearest),
        "That is the normal row itself, the one place that is surely not an anomaly.",
    ),
)


def exercise(number):
    """Return the exercise under a number such as "06.5"."""
    return Exercise(
        number,
        push_off,
        crowds,
        wrong=WRONG,
        praise=(
            "A generator can no longer win by copying a normal row. It can still find "
            "a normal row that nobody has shown you."
        ),
        hint="Start from the nearest normal row and walk `radius` towards the row.",
        edges=((np.array([3.0, 4.0]), np.array([[0.0, 0.0], [9.0, 9.0]]), 10.0),),
        draws=9,
    )
