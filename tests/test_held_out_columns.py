"""Tasks that are made: from one table by taking a column away, or from nothing."""

import numpy as np
import pytest

from metaad.detectors import KNNDetector, anomaly_score
from metaad.metrics import auroc
from metaad.tasks.held_out_columns import held_out_columns
from metaad.tasks.synthetic_tables import synthetic_table


def table(n=1000):
    rng = np.random.default_rng(0)
    kind = rng.choice(3, n, p=[0.6, 0.3, 0.1])
    rest = rng.normal(size=(n, 3)) + kind[:, None]
    return np.column_stack([kind, rest]), kind


def tasks_of(X, seed=0):
    return {t.column: t for t in held_out_columns(X, np.random.default_rng(seed))}


def test_the_most_frequent_value_is_normal_and_another_one_anomalous():
    X, kind = table()
    task = tasks_of(X)[0]
    assert len(task.normal) == (kind == 0).sum()
    assert len(task.anomalies) in {(kind == 1).sum(), (kind == 2).sum()}
    assert np.isin(task.normal, X[kind == 0][:, 1:]).all()


def test_the_column_that_tells_is_taken_away_and_so_are_its_copies():
    X, kind = table()
    task = tasks_of(np.column_stack([X, 2.0 * X[:, 0] + 1]))[0]
    assert task.normal.shape[1] == 3


def test_a_column_of_many_values_is_cut_at_one_tail():
    X, _ = table()
    task = tasks_of(X)[2]
    assert len(task.normal) == 750 and 30 <= len(task.anomalies) <= 100


def test_a_table_of_three_columns_gives_none():
    assert not tasks_of(table()[0][:, :3])


def test_draws_follow_the_seed():
    X, _ = table()
    first, again = tasks_of(X, 3), tasks_of(X, 3)
    assert list(first) == list(again)
    assert all(np.array_equal(first[c].anomalies, again[c].anomalies) for c in first)


@pytest.mark.parametrize("seed", range(6))
def test_a_synthetic_table_is_one_table_of_finite_numbers(seed):
    normal, odd = synthetic_table(np.random.default_rng(seed), 300, 50)
    assert normal.shape[1] == odd.shape[1] and 5 <= normal.shape[1] <= 60
    assert normal.shape[0] == 300 and odd.shape[0] == 50
    assert np.isfinite(normal).all() and np.isfinite(odd).all()


def test_most_synthetic_anomalies_can_be_told_by_their_neighbours():
    found = []
    for seed in range(20):
        normal, odd = synthetic_table(np.random.default_rng(seed), 500, 100)
        mean, spread = normal.mean(axis=0), normal.std(axis=0) + 1e-9
        X, Q = (normal[:300] - mean) / spread, np.r_[normal[300:], odd]
        near = KNNDetector(1).fit(X)
        y = np.repeat([0, 1], [200, 100])
        found.append(auroc(y, anomaly_score(near, (Q - mean) / spread)))
    assert np.mean(found) > 0.7 and np.min(found) > 0.3
