"""What a reader might find wrong with a figure: text that is cut, collides or is too
small, a legend over the data.
"""

import itertools

import numpy as np
from matplotlib.text import Text
from matplotlib.transforms import Bbox

PHONE = 390  # pixels across
SLACK = 1.0  # pixels that two boxes may share


def notes(figure):
    """Return what is kept beside a figure that has just been drawn or saved: {"faults":
    list of str, "smallest text on a phone, pixels": float}.
    """
    size = round(_smallest_text(figure), 1)
    return {"faults": _faults(figure), "smallest text on a phone, pixels": size}


def smallest_text(figure):
    """Return the height in points of the smallest visible text, in pixels of a phone's
    screen that shows the whole figure.
    """
    figure.draw_without_rendering()
    return _smallest_text(figure)


def _smallest_text(figure):
    across = figure.get_figwidth() * figure.dpi
    sizes = [text.get_fontsize() for text in _texts(figure)]
    return min(sizes, default=72.0) * figure.dpi / 72 * min(1.0, PHONE / across)


def faults(figure):
    """List what is wrong with a drawn figure, one sentence each; empty if nothing is.

    Looks for text outside the figure, tick labels that collide, text over text, a
    legend over data or over text, and a label over a marker."""
    figure.draw_without_rendering()
    return _faults(figure)


def _faults(figure):
    found = _cut_off(figure)
    found += _collisions(_texts(figure))
    found += _covered(figure)
    return found


def _texts(figure):
    """Every visible text: titles, labels, ticks, notes, legends."""
    words = [text for axis in figure.axes for text in _words(axis)]
    legends = [axis.get_legend() for axis in figure.axes if axis.get_legend()]
    return [*words, *_loose(figure), *(t for box in legends for t in box.get_texts())]


def _tick_labels(side):
    """Labels of the ticks that lie within the view."""
    if not side.axes.axison or not side.get_visible():
        return []
    low, high = sorted(side.get_view_interval())
    span = 1e-9 * (high - low)
    return [
        tick.label1
        for tick in (*side.get_major_ticks(), *side.get_minor_ticks())
        if low - span <= tick.get_loc() <= high + span
        and tick.label1.get_visible()
        and tick.label1.get_text().strip()
    ]


def _words(axis):
    """Title, axis labels and notes of an axis, and its tick labels."""
    words = [axis.title, axis._left_title, axis._right_title, *axis.texts]
    if axis.axison:
        words += [axis.xaxis.label, axis.yaxis.label]
        words += [*_tick_labels(axis.xaxis), *_tick_labels(axis.yaxis)]
    return [w for w in words if w.get_visible() and w.get_text().strip()]


def _loose(figure):
    """Texts of the figure itself and of its legends."""
    legends = [t for box in figure.legends for t in box.get_texts()]
    return [t for t in (*figure.texts, *legends) if t.get_text().strip()]


def _cut_off(figure):
    width, height = figure.get_size_inches() * figure.dpi
    found = []
    for text in _texts(figure):
        box = _box(text)
        if (
            min(box.x0, box.y0) < -SLACK
            or box.x1 > width + SLACK
            or box.y1 > height + SLACK
        ):
            found.append(f"{_name(text)} is cut off")
    return found


def _collisions(texts):
    boxes = [(t, _box(t)) for t in texts]
    return [
        f"{_name(a)} and {_name(b)} collide"
        for (a, one), (b, two) in itertools.combinations(boxes, 2)
        if _overlap(one, two)
    ]


def _covered(figure):
    """Legends over data, and notes over markers."""
    found = []
    for axis in figure.axes:
        points = _markers(axis)
        legend = axis.get_legend()
        if legend is not None:
            box = legend.get_window_extent()
            if _inside(box, _data(axis)):
                found.append("the legend lies over data")
        for note in axis.texts:
            if note.get_text().strip() and note.get_gid() != "on top":
                box = _box(note)
                if _inside(box, points):
                    found.append(f"{_name(note)} lies over a marker")
    return found


def _markers(axis):
    """Centres of an axis's markers, in pixels (n, 2)."""
    from matplotlib.collections import PathCollection

    marked = [
        line.get_transform().transform(line.get_xydata())
        for line in axis.lines
        if line.get_marker() not in ("None", None, "", " ", ",", "|")
        and len(line.get_xydata())
    ]
    marked += [
        c.get_offset_transform().transform(c.get_offsets())
        for c in axis.collections
        if isinstance(c, PathCollection) and len(c.get_offsets())
    ]
    return np.concatenate([np.empty((0, 2)), *map(np.asarray, marked)])


def _data(axis):
    """Points along an axis's lines, markers and the outlines of its bars, in pixels."""
    found = [_markers(axis)]
    for line in axis.lines:
        at = line.get_transform().transform(line.get_xydata())
        share = np.linspace(0, 1, 20)[:, None, None]
        if len(at) > 1:
            found.append((at[:-1] * share + at[1:] * (1 - share)).reshape(-1, 2))
    for patch in axis.patches:
        box = patch.get_window_extent()
        grid = np.meshgrid(
            *(np.linspace(a, b, 9) for a, b in zip(box.min, box.max, strict=True))
        )
        found.append(np.stack([g.ravel() for g in grid], axis=1))
    return np.concatenate(found)


def _inside(box, points):
    points = points[np.isfinite(points).all(axis=1)]
    low, high = box.min + SLACK, box.max - SLACK
    return bool(((points > low) & (points < high)).all(axis=1).any())


def _overlap(one, two):
    shared = Bbox.intersection(one, two)
    return shared is not None and min(shared.width, shared.height) > SLACK


def _box(text):
    """Where a text stands, without the arrow that a note may have."""
    return Text.get_window_extent(text)


def _name(text):
    return repr(text.get_text()[:30])
