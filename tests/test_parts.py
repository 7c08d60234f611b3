"""Which tables teach, choose and judge, and which of their rows are read."""

import numpy as np
import pytest

from metaad import data, tasks
from metaad.data.loaders import as_table


def made_table(n=100, anomalies=40, train=None):
    X = np.arange(n, dtype=float)[:, None]
    y = np.arange(n) >= n - anomalies
    return as_table(X, y, "made", "here", "CC0", "the last", "anomalies", train)


def test_no_table_is_in_two_parts():
    parts = {part: set(tasks.oddbench_part(part)) for part in tasks.parts.PARTS}
    assert [len(p) for p in parts.values()] == [237, 60, 120]
    assert len(set.union(*parts.values())) == 417


def test_every_table_of_a_part_is_known():
    known = set(data.names())
    assert all(set(tasks.oddbench_part(part)) <= known for part in tasks.parts.PARTS)


def test_a_part_that_is_not_there_is_refused():
    with pytest.raises(ValueError, match="learn, validate, test"):
        tasks.oddbench_part("train")


@pytest.mark.parametrize("setting", tasks.parts.SETTINGS)
@pytest.mark.parametrize("own_split", [True, False])
def test_no_row_is_read_and_judged(setting, own_split):
    table = made_table(train=np.arange(100) < 50 if own_split else None)
    X, Q, y, y_read = tasks.read_and_judged(table, setting)
    assert not set(X[:, 0]) & set(Q[:, 0])
    assert np.array_equal(y, table.y[Q[:, 0].astype(int)])
    assert np.array_equal(y_read, table.y[X[:, 0].astype(int)])


def test_clean_rows_are_the_tables_own_training_rows():
    X, Q, y, y_read = tasks.read_and_judged(made_table(train=np.arange(100) < 50))
    assert sorted(X[:, 0]) == list(range(50)) and not y_read.any()
    assert len(Q) == 50 and y.sum() == 40


def test_mixed_rows_hold_a_tenth_of_anomalies_at_most():
    _, _, _, y_read = tasks.read_and_judged(made_table(1000, 400), "mixed")
    assert 0 < y_read.mean() <= 0.1


def test_rows_are_drawn_by_the_seed_and_the_name():
    first, again, other = (
        tasks.read_and_judged(made_table(), most_read=20, seed=seed)[0]
        for seed in (0, 0, 1)
    )
    assert np.array_equal(first, again) and not np.array_equal(first, other)


def test_a_setting_that_is_not_there_is_refused():
    with pytest.raises(ValueError, match="clean, mixed"):
        tasks.read_and_judged(made_table(), "dirty")
