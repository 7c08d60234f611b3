"""Streams: what is normal when, that no row comes twice, and what a detector can't see."""

import numpy as np
import pytest

from metaad.tasks import Stream, class_stream, shift_stream
from metaad.tasks.streams import Truth, anomalies_at


def numbered(classes=4, each=60):
    """Rows that say who they are: (class, number)."""
    y = np.repeat(np.arange(classes), each)
    return np.c_[y, np.arange(len(y))].astype(float), y


def test_the_class_walks_and_anomalies_are_of_other_classes():
    X, y = numbered()
    order = {"order": (2, 0, 1), "each": 20, "share": 0.2, "past": 10, "normals": 5}
    stream = class_stream(X, y, **order, size=10, random_state=0)
    odd = stream.truth.y == 1
    assert stream.truth.changes == (20, 40) and 0 < odd.sum() < 30
    assert stream.truth.concept.tolist() == [2] * 20 + [0] * 20 + [1] * 20
    assert (stream.rows[:, 0] == stream.truth.concept).tolist() == (~odd).tolist()
    assert (stream.normals[:, 0] == 2).all()
    used = np.concatenate([stream.rows, stream.past, stream.normals])[:, 1]
    assert len(set(used)) == len(used) == 75


def test_batches_hold_rows_alone_and_the_same_seed_gives_the_same_stream():
    X, y = numbered()
    a, b = (
        class_stream(X, y, (0, 1), each=22, past=9, normals=9, size=10, random_state=3)
        for _ in range(2)
    )
    batches = list(a)
    assert [t.shape for t in batches] == [(10, 2)] * 4 and len(a) == 4
    np.testing.assert_array_equal(np.concatenate(batches), b.rows[:40])


def test_a_blend_lets_the_old_class_fade_in_equal_steps():
    X, y = numbered(2, 9000)
    how = {"each": 4000, "share": 0.0, "blend": 3999, "past": 2, "normals": 2}
    stream = class_stream(X, y, (0, 1), **how, random_state=0)
    new = stream.rows[4000:, 0]
    assert new[:400].mean() == pytest.approx(0.05, abs=0.05)
    assert new[1800:2200].mean() == pytest.approx(0.5, abs=0.1)
    assert new[3600:].mean() == pytest.approx(0.95, abs=0.05)


def test_a_burst_has_its_own_share():
    found = np.mean(
        [anomalies_at(50, 0.1, [(10, 20, 0.9)], seed) for seed in range(300)], axis=0
    )
    assert found[10:30].min() > 0.8 and np.delete(found, range(10, 30)).max() < 0.2
    with pytest.raises(ValueError, match="lies in"):
        anomalies_at(10, 1.0)


def test_a_shift_is_sudden_or_grows_and_spares_what_came_before():
    X, y = numbered(2, 100)
    shift = lambda rows, far: rows + 1000 * far[:, None]  # noqa: E731
    how = {"length": 40, "at": 20, "share": 0.1, "past": 20, "normals": 20, "size": 10}
    sudden = shift_stream(X, y, shift, **how, random_state=0)
    assert sudden.truth.concept.tolist() == [0] * 20 + [1] * 20
    assert (sudden.rows[:20, 0] < 2).all() and (sudden.rows[20:, 0] >= 1000).all()
    assert (sudden.past[:, 0] < 2).all() and (sudden.normals[:, 0] == 0).all()
    np.testing.assert_array_equal(sudden.rows[:, 0] % 1000, sudden.truth.y)
    slow = shift_stream(X, y, shift, **how, over=9, random_state=0)
    np.testing.assert_allclose(slow.truth.concept[20:30], np.arange(1, 11) / 10)
    assert slow.truth.changes == (20,)


def test_what_cannot_be_drawn_is_said():
    X, y = numbered()
    with pytest.raises(ValueError, match="class 1 has too few rows"):
        class_stream(X[:100], y[:100], (0, 1), each=45, past=5, normals=5, share=0.0)
    with pytest.raises(ValueError, match="follow itself"):
        class_stream(X, y, (0, 0), each=5)
    with pytest.raises(ValueError, match="needs 1.. normal rows, the table has 60"):
        shift_stream(X[:120], y[:120], lambda r, f: r, length=100, past=10, normals=10)
    with pytest.raises(ValueError, match="size must be"):
        Stream(X[:5], Truth(y[:5], y[:5], ()), X, X, size=6)
