"""Reading twice, and blends with an average: what the experiments measure, on made-up
rows of tables.
"""

import numpy as np
import pytest

from metaad.experiments.tables import many_table_context_blend as blend
from metaad.experiments.tables import many_table_context_twice as twice
from metaad.meta.context.rows import BASE, NUMBERS, Context
from metaad.meta.context.twice import kept


def numbers(rng, y):
    F = rng.normal(size=(len(y), len(NUMBERS)))
    F[y == 1, 0] += 3
    return F


def task(rng, d=4):
    y = np.repeat([0, 1], [40, 20])
    F, again = numbers(rng, y), numbers(rng, y)
    again[y == 1, 0] += 9
    F[:, NUMBERS.index("log columns")] = np.log(d)
    rivals = {r: F[:, 1] for r in twice.RIVALS}
    shares = np.array([0.1, 0.02])
    return {"F": F, "F2": again, "y": y, "shares": shares} | rivals


def first(numbers):
    """A scorer that knows which number tells."""
    return numbers[:, 0]


def farthest(numbers):
    """A scorer by the distance to the nearest other row."""
    return numbers[:, NUMBERS.index("z standard near 1")]


def test_a_second_reading_leaves_out_what_the_scorer_puts_highest():
    rng = np.random.default_rng(0)
    odd = 9 * np.r_[np.eye(3), -np.eye(3)[:2]]  # each in a direction of its own
    X = np.r_[rng.normal(size=(45, 3)), odd]
    context = Context(X)
    stay = kept(X, context, farthest)
    assert stay.sum() == 45 and not stay[45:].any()
    order = rng.permutation(50)
    again = kept(X[order], Context(X[order]), farthest)
    assert np.array_equal(again, stay[order])


def test_every_scorer_is_judged_after_one_reading_and_after_two():
    tasks = [task(np.random.default_rng(s)) for s in range(4)]
    found = twice.judged(tasks, {"mixed": first})
    assert list(found["tried"]) == [
        twice.ONCE,
        twice.TWICE,
        "average, nothing learned, read once",
        "average, nothing learned, read twice",
    ]
    assert found["tried"][twice.TWICE]["auroc"] == [1.0] * 4
    gain = found["twice minus once"]["auroc"]
    assert gain[0] == pytest.approx(
        1 - np.mean(found["tried"][twice.ONCE]["auroc"]), abs=1e-4
    )
    assert found["shares of anomalies"] == [0.1, 0.02]


def test_a_second_reading_is_made_once_for_the_same_trees(tmp_path, monkeypatch):
    read = []

    class Trees:
        value = threshold = np.zeros(2)

    def again(X, trees):
        read.append(len(X))
        return (lambda Q: Q), np.arange(len(X)) < 8

    rows = np.ones((10, 3)), np.ones((4, 3)), np.zeros(4), np.arange(10) >= 8
    monkeypatch.setattr(twice, "read_again", again)
    monkeypatch.setattr(twice, "read_and_judged", lambda name, setting: rows)
    path = tmp_path / "again" / "t.npz"
    found = [twice.second_reading("t", Trees, path) for _ in range(2)]
    assert read == [10]
    assert found[1]["shares"].tolist() == [0.2, 0.0]
    Trees.value = np.ones(2)
    twice.second_reading("t", Trees, path)
    assert read == [10, 10]


def test_a_blend_of_weight_one_is_the_average_and_of_zero_the_trees():
    tasks = [task(np.random.default_rng(s)) for s in range(3)]
    found = blend.blended(tasks, first)
    for t, zero, one in zip(tasks, found[0.0], found[1.0], strict=True):
        plain = t["F"][:, : len(BASE)].mean(axis=1)
        assert np.corrcoef(zero, t["F"][:, 0])[0, 1] == pytest.approx(1)
        assert np.corrcoef(one, plain)[0, 1] == pytest.approx(1)
    units = [np.mean([s.std() for s in found[w]]) for w in (0.0, 1.0)]
    assert units == pytest.approx([1, 1])


def test_blends_of_few_columns_leave_wide_tables_to_the_trees():
    tasks = [task(np.random.default_rng(s), d) | {"d": d} for s, d in ((0, 3), (1, 30))]
    found = blend.one_setting(tasks, first)
    everywhere, some = (
        found[k]["1.0"]["auroc"]["gain"][0] for k in ("all", "few columns")
    )
    assert found["few"] == 1 and everywhere < some < 0
