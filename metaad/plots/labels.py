"""Names of points, put where they cover nothing."""

import numpy as np
from matplotlib.text import Text


def label_points(axis, points, texts, *, avoid=None, **options):
    """Write a text beside each point where it covers no other point and no other text.

    points : array (n, 2). avoid : array (m, 2) of further points. Call it last: the
    axis must have its limits."""
    axis.figure.draw_without_rendering()
    renderer = axis.figure.canvas.get_renderer()
    others = np.asarray(points if avoid is None else np.vstack([points, avoid]))
    at = axis.transData.transform(others)
    taken = []
    places = [
        (side * far, up * far, ("right", "center", "left")[side + 1])
        for far in (8, 14, 22, 32, 44, 60, 80, 100, 120)
        for side, up in ((1, 1), (-1, 1), (1, -1), (-1, -1), (0, 1), (0, -1))
    ]
    for point, text in zip(points, texts, strict=True):
        best = None
        for across, up, side in places:
            note = axis.annotate(
                text,
                point,
                (across, up),
                textcoords="offset points",
                ha=side,
                va="center",
                **options,
            )
            note.update_positions(renderer)
            box = Text.get_window_extent(note, renderer)  # without its arrow
            hits = _hits(box, at, taken, axis.bbox)
            if best is None or hits < best[0]:
                if best is not None:
                    best[1].remove()
                best = (hits, note, box)
            else:
                note.remove()
            if not best[0]:
                break
        taken.append(best[2])


def _hits(box, points, taken, frame):
    """How much a box covers: points, other boxes, and what lies outside the frame."""
    inside = ((points > box.min - 3) & (points < box.max + 3)).all(axis=1).sum()
    out = (
        box.x0 < frame.x0 or box.x1 > frame.x1 or box.y0 < frame.y0 or box.y1 > frame.y1
    )
    return int(inside) + 3 * sum(box.overlaps(b) for b in taken) + 2 * bool(out)
