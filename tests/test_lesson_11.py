"""What lesson 11 measures with: labels, tables left out by family, and averages that
are those of the package.
"""

import numpy as np
import pytest

from metaad.experiments.lessons import lesson_11 as few
from metaad.meta.stack.inputs import average_weights
from metaad.metrics import auroc
from metaad.tasks.tables import LabelledTable, TableTasks


def table(seed, name):
    rng = np.random.default_rng(seed)
    X, y = rng.normal(size=(80, 3)), np.repeat([0, 1], [64, 16])
    X[y == 1, 0] += 2.5
    return LabelledTable(X, y, name, name.split(":")[-1])


@pytest.fixture(scope="module")
def draws():
    names = ["digits:0", "digits:1", "digits:2", "clinic"]
    tables = TableTasks([table(i, n) for i, n in enumerate(names)])
    return few.described(tables, 1, 0)


def test_labels_are_the_first_of_either_kind():
    y = np.array([0, 1, 1, 0, 0, 1])
    assert few.labels(y, 2, normal=1).tolist() == [0, 1, 1, -1, -1, -1]
    assert few.labels(y, 1).tolist() == [0, 1, -1, 0, 0, -1]


def test_each_table_is_described_under_each_number_of_labels(draws):
    assert [d.count for d in draws[:4]] == list(few.COUNTS)
    assert [len(d.y) for d in draws[:4]] == [80 - 32 - a for a in (1, 2, 5, 8)]
    assert all(d.x.shape == (len(d.y), 65) for d in draws)


def test_the_five_that_are_named_make_up_the_average_of_five(draws):
    for d in draws:
        found = few.unlearned(d.x)
        five = [found[name] for name in few.COLUMN if name != few.FOREST]
        assert len(five) == 5
        assert np.allclose(np.mean(five, axis=0), found[few.FIVE])
        three = five[:3]
        assert np.allclose(np.mean(three, axis=0), found["average of three"])


def test_a_stack_never_learns_from_the_table_that_judges_it(draws, monkeypatch):
    seen = []

    def fit(self, episodes):
        seen.append({e.table for e in episodes})
        self.weights_ = average_weights()
        return self

    monkeypatch.setattr(few.Stack, "fit_episodes", fit)
    weights = few.held_out(draws)
    assert set(weights) == {"digits:0", "digits:1", "digits:2", "clinic"}
    # two digits at a time, the clinic alone
    assert seen == [
        {"digits:2", "clinic"},
        {"digits:0", "digits:1", "clinic"},
        {"digits:0", "digits:1", "digits:2"},
    ]
    reached = few.reached(draws)
    assert np.array_equal(reached[few.STACK], reached[few.FIVE])
    first = draws[0]
    by_hand = auroc(first.y, first.x[:, 1 + few.COLUMN[few.TREES]])
    assert reached[few.TREES].shape == (4, 4) and reached[few.TREES][0, 0] == by_hand


def test_the_quick_tables_are_ten_digits_the_clinic_and_the_wines():
    tables = few.tables(True, 150, 0)
    assert len(tables) == 12 and max(len(t.y) for t in tables) <= 150
    assert {"clinic", "wine"} < set(tables.names)


def test_the_reader_s_table_is_told_of_beside_the_average_of_all():
    methods = (*few.COLUMN, "average of three", few.FIVE)
    reached = {
        m: np.array([[0.6, 0.7, 0.8, 0.9], [0.5, 0.5, 0.5, 0.5]]) for m in methods
    }
    told = few.one_label(reached, ["mine", "wine"])
    assert told.startswith(f"One label: {few.FOREST} 0.550, ") and "|" not in told
    lines = few.one_label(reached, ["wine", "mine"], "mine").splitlines()
    assert "mine, AUROC" in lines[2] and "10 labels" in lines[2]
    assert lines[-1].count("0.500") == 4 and few.FIVE in lines[-1]
