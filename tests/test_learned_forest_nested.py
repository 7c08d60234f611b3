"""The nested choice of what a forest's score weighs: nine ways, and nothing of the
held-out family in it.
"""

import numpy as np
import pytest

from metaad.detectors.forest.split_policy import SplitPolicy
from metaad.experiments import learned_forest_nested as nested
from metaad.search.forest.leaves import ForestScore
from metaad.tasks.tables import LabelledTable

CUTS = SplitPolicy({"gap*distinct": 0.5, "sparse": 0.2}, share=0.5)


def table(seed, n=150):
    rng = np.random.default_rng(seed)
    X, y = rng.normal(size=(n, 4)), (np.arange(n) < n // 10).astype(int)
    X[y == 1, :2] += 2.0
    return LabelledTable(X, y, f"made {seed}", f"family {seed}")


@pytest.fixture(autouse=True)
def small(monkeypatch):
    monkeypatch.setattr(
        nested, "SCORE", {"names": None, "iterations": 4, "n_trees": 12, "forests": 1}
    )


def test_there_are_nine_ways_and_the_recorded_one_is_among_them():
    assert (
        len(nested.WAYS) == 9
        and len({tuple(names) for names in nested.WAYS.values()}) == 9
    )
    assert nested.WAYS["company by apart and scarce"] == [
        "company*apart",
        "company*scarce",
    ]


def test_the_held_out_family_has_no_say():
    tables = [table(i) for i in range(4)]
    chosen = nested.chosen_without("family 0", CUTS, tables)
    other = table(9)._replace(family="family 0")
    assert nested.chosen_without("family 0", CUTS, [other, *tables[1:]]) == chosen
    assert set(chosen["merit"]) == set(nested.WAYS)
    assert chosen["merit"][chosen["way"]] == max(chosen["merit"].values())


def test_the_best_way_is_learned_on_all_the_other_families():
    tables = [table(i) for i in range(4)]
    chosen = nested.chosen_without("family 0", CUTS, tables)
    names = tuple(nested.WAYS[chosen["way"]])
    learner = ForestScore(
        CUTS, names, iterations=4, n_trees=12, forests=1, random_state=0
    ).fit(tables[1:])
    assert list(learner.policy_.score) == list(chosen["score"]) and any(
        chosen["score"].values()
    )
    np.testing.assert_allclose(
        list(learner.policy_.score.values()), list(chosen["score"].values()), rtol=1e-9
    )


def test_a_family_is_left_out_while_its_own_gain_is_measured(monkeypatch):
    seen = []
    real = ForestScore.ascend
    monkeypatch.setattr(
        ForestScore,
        "ascend",
        lambda s, known, *a: seen.append(len(known)) or real(s, known, *a),
    )
    nested.chosen_without("family 0", CUTS, [table(i) for i in range(4)])
    # nine ways, three families left out in turn; then the best way on all three
    assert seen == [2] * 27 + [3]
