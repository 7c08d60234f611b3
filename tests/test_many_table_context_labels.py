"""A few labels told to a context: what the experiment measures, by hand."""

import numpy as np
import pytest

from metaad.experiments.tables import many_table_context_labels as told


def test_labels_are_the_first_of_one_order_for_every_number():
    y = np.zeros(300, int)
    y[:20] = 1
    found = {c: told.labels(y, "made:up", c) for c in told.COUNTS}
    for count, known in found.items():
        assert (known == 1).sum() == count and (y[known == 1] == 1).all()
        assert (known == 0).sum() == told.N_NORMAL and (y[known == 0] == 0).all()
    assert set(np.flatnonzero(found[2] == 1)) < set(np.flatnonzero(found[10] == 1))
    assert not np.array_equal(found[2], told.labels(y, "other", 2))


def test_a_tail_is_the_share_of_rows_read_that_score_as_high():
    found = told.tail(np.array([3.0, 1.0, 2.0]), np.array([0.0, 2.0, 9.0]))
    assert np.exp(-found) == pytest.approx([4 / 4, 3 / 4, 1 / 4])


def test_differences_are_means_over_the_numbers_of_labels():
    rng = np.random.default_rng(0)
    values = rng.random((12, 4, 4, 2))
    found = told.summary(values)["differences"]["auroc"]
    by = values[..., 0].mean(axis=(0, 2))
    at = {name: i for i, name in enumerate(told.WAYS)}
    for a, b in told.PAIRS:
        assert found[f"{a} - {b}"][0] == pytest.approx(by[at[a]] - by[at[b]], abs=1e-4)


def test_a_table_is_measured_once_and_again_by_other_trees(tmp_path, monkeypatch):
    calls = []

    def counted(table, trees):
        calls.append(trees)
        return np.zeros((4, 4, 2))

    monkeypatch.setattr(told, "measured", counted)
    monkeypatch.setattr(told, "load", lambda name, path: object())
    told.cache.path(tmp_path, "t", 0).write_bytes(b"there")
    for trees in (("a", "1"), ("a", "1"), ("b", "2")):
        found = told.one_table("t", tmp_path, trees, tmp_path)
    assert found.shape == (4, 4, 2) and calls == ["a", "b"]
    assert told.one_table("not described", tmp_path, ("a", "1"), tmp_path) is None
