"""What was tried beside the boosted trees, on made-up rows of tables."""

import numpy as np
import pytest

from metaad.experiments.parts import Steps
from metaad.experiments.tables import many_table_context_choice as choice
from metaad.meta.context.rows import BASE, NUMBERS


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def task(rng, n=60):
    y = np.repeat([0, 1], [2 * n // 3, n // 3])
    F = rng.normal(size=(n, len(NUMBERS))).astype(np.float32)
    F[y == 1, 0] += 3
    return {"F": F, "y": y, **dict.fromkeys(choice.RIVALS, F[:, 0])}


def rows(*_, **changes):
    one = task(np.random.default_rng(1), 900)
    return one["F"], one["y"], np.ones(900)


def test_the_control_is_the_mean_of_the_surprises_and_of_nothing_else(rng):
    of = task(rng)
    surprises = [i for i, name in enumerate(NUMBERS) if name.startswith("p ")]
    assert len(surprises) == len(BASE)
    found = choice.unlearned()[choice.AVERAGE](of)
    np.testing.assert_allclose(found, of["F"][:, surprises].mean(axis=1), atol=1e-6)


def test_linear_weights_find_the_number_that_tells(rng):
    score = choice.with_scikit(choice.LINEAR, rows())
    of = task(rng)
    assert choice.judge([of], score)["auroc"][0] > 0.8


def test_trees_without_the_tables_numbers_do_not_look_at_them(rng):
    score, of = choice.without_table(rows()), task(rng)
    other = of | {"F": of["F"].copy()}
    other["F"][:, choice.OF_ROW :] += 99
    np.testing.assert_array_equal(score(of), score(other))


def test_a_setting_tries_what_it_takes_first_and_a_second_run_makes_nothing_again(
    rng, tmp_path, monkeypatch
):
    monkeypatch.setattr(choice, "tasks_of", lambda path: [task(rng)])
    monkeypatch.setattr(choice, "oddbench_part", lambda part: ["a", "b"])
    monkeypatch.setattr(choice, "rows_to_learn", rows)
    counted = []

    def learned(rows, setting):
        return {choice.TAKEN: lambda: counted.append(1) or (lambda t: t["F"][:, 0])}

    monkeypatch.setattr(choice, "learned", learned)
    for _ in range(2):
        step = Steps(tmp_path / "choice.json", [choice.learn])
        found = choice.one_setting(step, tmp_path, "clean")
    assert counted == [1]
    assert list(found["tried"])[-1] == choice.TAKEN and found["names"] == ["a", "b"]
    assert set(found["against best"]) == set(found["tried"])


def test_both_settings_name_what_they_try_beside_what_they_took():
    names = {s: list(choice.learned(None, s)) for s in ("clean", "mixed")}
    assert names["clean"][0] == names["mixed"][0] == choice.TAKEN
    assert "boosted trees, real tables only" in names["clean"]
    assert "boosted trees, with tasks made from the tables" in names["mixed"]
