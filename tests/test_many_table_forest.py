"""What a forest learns from many tables: the experiment on two small tables, and its
record.
"""

import numpy as np
import pytest

from metaad import data, metrics, repro
from metaad.detectors import IsolationForest, anomaly_score
from metaad.detectors.forest.leaf_values import HALVED, PLAIN
from metaad.detectors.forest.split_policy import SplitPolicy, load
from metaad.experiments.tables import many_table_forest as experiment
from metaad.experiments.tables import many_table_forest_tables as known
from metaad.search.forest.leaves import as_weights
from metaad.tasks.parts import oddbench_part

NAMES = ("breast-cancer", "wine")


def test_forests_are_fitted_on_normal_rows_and_judged_on_others():
    for table in known.tables(NAMES):
        whole = data.load(table.name)
        seen = {tuple(row) for row in np.asarray(whole.X)[whole.y == 0]}
        assert all(tuple(row) in seen for row in table.read)
        assert len(table.read) <= known.MOST_READ["most_read"]
        assert 0 < table.y.sum() < len(table.y) == len(table.X)


@pytest.mark.parametrize("score", [PLAIN, HALVED])
@pytest.mark.parametrize("weights", [{}, {"few": 0.5}])
def test_what_is_measured_without_growing_again_is_the_forest(score, weights):
    policy = SplitPolicy(weights) if weights else None
    asked = known.tables(NAMES)
    found = known.reached(NAMES, policy, score, (0, 1), n_trees=20)
    wanted = np.zeros((2, 2))
    for i, table in enumerate(asked):
        for seed in (0, 1):
            whole = SplitPolicy(weights, score=score)
            forest = IsolationForest(20, policy=whole, random_state=seed)
            scores = anomaly_score(forest.fit(table.read), table.X).round(9)
            measures = metrics.auroc, metrics.average_precision
            wanted[i] += [m(table.y, scores) / 2 for m in measures]
    np.testing.assert_allclose(found, wanted, atol=1e-3)


def test_a_larger_set_of_tables_holds_the_smaller_ones_and_none_that_judges():
    sets = [experiment.nested(n, 1) for n in experiment.SIZES]
    for small, large in zip(sets, sets[1:], strict=False):
        assert set(small) < set(large)
    assert not set(sets[-1]) & set(oddbench_part("test"))
    assert len(sets[-1]) == 297 and experiment.nested(14, 0) != experiment.nested(14, 1)


def test_a_familys_leaves_are_learned_from_the_others_alone(monkeypatch):
    leaves, taught = {"curves": ("path",), "stiffness": 0.1}, []
    descend = known.ForestScore.descend

    def noted(self, designs, share):
        taught.append([len(y) for _, y in designs])
        assert share.sum() == pytest.approx(1.0)
        return descend(self, designs, share)

    monkeypatch.setattr(known.ForestScore, "descend", noted)
    found = known.family_gains(NAMES, leaves)
    rows = {
        d.family: len(y)
        for d, (_, y) in zip(
            known.tables(NAMES), known.taught(known.designs(NAMES)), strict=True
        )
    }
    assert list(found) == list(rows)
    assert taught == [[n for f, n in rows.items() if f != family] for family in rows]


def test_every_kind_is_compared_on_the_same_tables():
    w = as_weights(HALVED).tolist()
    found = {"leaves": {"297": [w]}, "cuts": {"297": {"weights": {"few": 0.3}}}}
    told = experiment.one_world(NAMES, "clean", found)
    kinds = told["kinds"]
    assert kinds["leaves"] == kinds["leaves by hand"] == told["curve"]["297"]
    assert {len(g) for g in kinds.values()} == {2} and len(kinds) == 6
    assert set(experiment.one_world(NAMES, "mixed", found)["kinds"]) == {
        "leaves",
        "leaves by hand",
    }
    ends = experiment.intervals(kinds, None)
    assert ends["leaves"]["auroc"][0] == pytest.approx(
        np.mean(kinds["leaves"], axis=0)[0], abs=1e-4
    )


def test_one_step_is_not_made_again(tmp_path):
    calls = []
    for _ in range(2):
        step = experiment.kept.Steps(tmp_path / "steps.json", experiment.CODE)
        assert step("a", lambda: calls.append(1) or [1.0]) == [1.0]
    assert calls == [1]


@pytest.fixture
def recorded():
    return repro.recorded("many_table_forest")


def test_nothing_that_judges_taught_or_chose(recorded):
    judged = {
        n for w in ("oddbench", "adbench") for n in recorded[w]["clean"]["tables"]
    }
    taught = set(oddbench_part("learn")) | set(oddbench_part("validate"))
    assert not judged & taught and recorded["looks at the test tables"] == 2
    assert set(recorded["oddbench"]["clean"]["tables"]) <= set(oddbench_part("test"))


def test_the_recorded_gains_are_those_of_its_tables(recorded):
    for world, at in [("oddbench", 0), ("adbench", 1)]:
        told = recorded[world]["clean"]
        for kind, gains in told["by table"].items():
            measure = ("auroc", "ap")[at]
            mean = np.mean(gains, axis=0)[at]
            assert mean == pytest.approx(told["gains"][kind][measure][0], abs=1e-4)


def test_the_settings_that_were_taken_are_the_best_on_validate(recorded):
    choice = recorded["choice on validate"]
    for of, taken in zip(("leaves", "cuts"), choice["taken"], strict=True):
        assert choice[of][taken]["auroc"] == max(
            c["auroc"] for c in choice[of].values()
        )


def test_the_policy_that_ships_is_the_one_by_hand_and_its_docstring_tells_the_record(
    recorded,
):
    assert load("halved").score == HALVED and not load("halved").weights
    for world in ("oddbench", "adbench"):
        ends = recorded[world]["clean"]["gains"]["leaves by hand"]["auroc"]
        value, low, high = (f"{v:.3f}".replace("0.", ".") for v in ends)
        text = " ".join(IsolationForest.__doc__.split())
        assert f"{value}" in text and f"[{low}, {high}]" in text
