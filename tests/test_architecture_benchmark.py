"""A table of architectures: what is kept is what comes back, and searches replay on
it to the last network.
"""

import json

import numpy as np
import pytest

from metaad.metrics import auroc
from metaad.search.architecture import architectures, distinct, expected_best
from metaad.search.architecture.tabular import (
    Benchmark,
    incumbents,
    pack,
    replay,
    unpack,
)

SMALL = {
    "depths": (0, 1, 2),
    "widths": (4, 8),
    "tapers": (1.0, 0.5),
    "code_sizes": (1, 2),
}
SPACE = architectures(**SMALL)


@pytest.fixture
def table():
    rng = np.random.default_rng(0)
    a, s, c = len(distinct(SPACE)), 2, 4
    return Benchmark(
        distinct(SPACE),
        rng.random((a, s, c, c)),
        rng.random((a, s, c)),
        rng.random((a, s, c)) / 50,
        rng.random((a, s)),
    )


def test_four_hexadecimal_digits_keep_a_share():
    assert pack([0.0, 1.0, 0.5]) == "0000ffff8000"
    shares = np.random.default_rng(0).random(50)
    assert np.abs(unpack(pack(shares)) - shares).max() <= 0.5 / 65535 + 1e-12


def test_a_recorded_table_comes_back(table):
    back = Benchmark.recorded(json.loads(json.dumps(table.record())))
    assert back.names == table.names
    np.testing.assert_allclose(back.test, table.test, atol=1e-5)
    np.testing.assert_allclose(back.error, table.error, rtol=6e-3)
    np.testing.assert_allclose(
        back.rewards([0, 2, 3], 1), table.rewards([0, 2, 3], 1), atol=1e-5
    )


def test_the_reward_is_the_auroc_against_all_other_seen_classes_pooled():
    rng = np.random.default_rng(1)
    errors = rng.random((3, 40))  # one network: rows of class 0 (normal), 1 and 2
    y = np.repeat([0, 1], 40)
    grid = np.zeros((1, 1, 3, 3))
    grid[0, 0, 0, 1:] = [
        auroc(y, np.concatenate([errors[0], errors[j]])) for j in (1, 2)
    ]
    one = Benchmark([((), 1)], grid, np.zeros((1, 1, 3)), None, None)
    pooled = auroc(np.repeat([0, 1], [40, 80]), errors.ravel())
    assert one.rewards([0, 1, 2])[0, 0] == pytest.approx(pooled, abs=1e-12)


def test_a_search_never_sees_a_class_that_is_held_out(table):
    changed = table._replace(validation=table.validation.copy(), test=table.test * 0)
    changed.validation[:, :, 3], changed.validation[:, :, :, 3] = 0.123, 0.456
    for controller in ("random", "halving", "reinforce", "trpo", "frozen"):
        a, b = (
            replay(t, controller, [0, 1, 2], 0, 5, 7, SPACE) for t in (table, changed)
        )
        assert a.scores == b.scores and a.spent <= 15


def test_incumbents_rise_and_random_search_ends_at_the_best(table):
    trials = replay(table, "random", [0, 1, 2], 1, len(table.names), 0, SPACE)
    reward = dict(
        zip(table.names, table.rewards([0, 1, 2], 1).mean(axis=1), strict=True)
    )
    path = [reward[n] for n in incumbents(trials)]
    assert path == sorted(path) and len(path) == 14
    assert path[-1] == pytest.approx(max(reward.values()), abs=1e-15)
    assert path[-1] == expected_best(list(reward.values()), 14)


def test_a_frozen_policy_draws_depth_zero_as_often_as_any_other_depth(table):
    first = [
        next(iter(replay(table, "frozen", [0, 1], 0, 1, seed, SPACE).scores))
        for seed in range(300)
    ]
    share = np.mean([hidden == () for hidden, _ in first])
    # random search: 2 of 14
    assert share == pytest.approx(1 / 3, abs=4 * np.sqrt(2 / 9 / 300))


def test_the_experiment_counts_pairs_as_the_auroc_does():
    from metaad.experiments.images.architecture_table import pairs

    # many ties
    errors = np.random.default_rng(2).integers(0, 9, (10, 10, 7)).astype(float)
    grid = pairs(errors)
    for i, j in ((0, 1), (3, 8), (9, 0)):
        assert grid[i, j] == pytest.approx(
            auroc(np.repeat([0, 1], 7), np.concatenate([errors[i, i], errors[i, j]]))
        )
    assert np.diag(grid) == pytest.approx(np.full(10, 0.5))
