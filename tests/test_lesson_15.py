"""What lesson 15 and its experiment compute beside the lesson's own cells."""

import numpy as np
import pytest

from metaad import metrics
from metaad.experiments.images import architecture_tables
from metaad.experiments.images.architecture_replay import REAL_LENGTH, budget_of
from metaad.experiments.images.architecture_table import (
    BATCH,
    LONG,
    LONGEST,
    MORE_ROWS,
    ROWS,
    SHORT,
    label,
    named,
    training,
)
from metaad.experiments.lessons import lesson_15


@pytest.mark.parametrize("steps", [LONG, LONGEST])
@pytest.mark.parametrize("rows", [ROWS, MORE_ROWS])
def test_as_many_steps_are_taken_on_few_images_as_on_many(rows, steps):
    found = training(rows, steps)
    assert found["epochs"] * rows == steps * BATCH
    assert found["batch_size"] == BATCH


def test_steps_that_are_no_whole_passes_are_refused():
    with pytest.raises(ValueError, match="whole passes over 2400 rows, got 2.50"):
        training(MORE_ROWS, SHORT)


def test_few_long_trainings_take_as_many_steps_as_many_short_ones():
    assert budget_of(REAL_LENGTH, 20) * LONG == 20 * SHORT
    assert budget_of("reinforce", 20) == 20


def test_a_network_has_one_label():
    for name in (((), 5), ((128, 64, 32), 10)):
        assert named(label(name)) == name


def test_the_network_with_the_best_mean_is_chosen():
    aurocs = np.array([[0.5, 0.8, 0.6], [0.9, 0.7, 1.0]])
    assert architecture_tables.choice(aurocs) == 2  # means .70, .75, .80


def test_a_choice_on_all_tables_is_judged_by_tables_that_chose_nothing():
    rng = np.random.default_rng(0)
    teaching, judging = rng.random((240, 4)), rng.random((7, 4))
    found = architecture_tables.by_number(teaching, judging)
    assert list(found) == [*architecture_tables.SIZES, 240]
    best = int(teaching.mean(axis=0).argmax())
    values, at = found[240]
    assert at == [best]
    np.testing.assert_array_equal(values, judging[:, best])
    # one table, drawn twenty times: the mean of what its best networks are worth
    values, at = found[1]
    np.testing.assert_allclose(values, judging[:, at].mean(axis=1))
    assert len(at) == architecture_tables.DRAWS


def test_few_rows_are_repeated_so_that_every_table_takes_as_many_steps(monkeypatch):
    X = np.arange(12.0).reshape(6, 2)
    parts = X, X + 1.0, np.repeat([0, 1], 3), np.zeros(6)
    monkeypatch.setattr(architecture_tables, "read_and_judged", lambda *_: parts)
    rows, queries, _ = architecture_tables.one_class("any")
    assert rows.shape == (architecture_tables.READ, 2)
    scaled = (X - X.mean(axis=0)) / X.std(axis=0)
    np.testing.assert_allclose(rows[:6], scaled)
    np.testing.assert_allclose(rows[6:12], scaled)
    np.testing.assert_allclose(queries, scaled + 1.0 / X.std(axis=0))


@pytest.fixture(scope="module")
def rows():
    return lesson_15.digits(quick=True)


def test_no_digit_lies_in_two_parts(rows):
    every = np.concatenate([p.reshape(-1, 64) for p in rows[:3]])
    assert [p.shape for p in rows[:3]] == [(10, n, 64) for n in (100, 36, 38)]
    assert len(np.unique(every, axis=0)) == len(every)


@pytest.mark.parametrize("steps", [100, 400])
def test_the_live_networks_take_the_steps_that_are_asked_for(rows, steps):
    how = rows.how(steps)
    assert how["epochs"] * rows.learn.shape[1] / how["batch_size"] == steps


def test_networks_are_judged_by_the_test_rows_of_all_digits(rows):
    errors = np.random.default_rng(0).random((10, len(rows.queries)))
    judged = errors[:, 360:]
    digit = np.repeat(np.arange(10), 38)
    found = rows.auroc(errors)
    assert found[3] == metrics.auroc(digit != 3, judged[3])
    assert rows.own_error(errors)[3] == pytest.approx(errors[3, 108:144].mean())


def test_more_components_rebuild_better(rows):
    small, large = (rows.own_error(rows.pca_errors(k)) for k in (5, 30))
    assert (large < small).all()


@pytest.fixture(scope="module")
def study():
    from metaad import repro

    return lesson_15.Study(repro.recorded(lesson_15.RECORD))


def test_a_rival_without_a_search_trains_no_network_beforehand(study):
    rows = {row[0]: row for row in study.cost_rows()}
    assert rows["the article's net, no search"][1:3] == [0, "0"]
    assert rows["PCA, components chosen"][1] == 0
    assert rows["random search"][1] == 20 * 8  # architectures x digits seen
    assert rows[lesson_15.NAMES[REAL_LENGTH]][1] == 5 * 8


def test_the_record_and_a_replay_of_it_agree(study):
    recorded = study.record["searches"]["random"]["regret"]
    repeats = study.settings["repeats"]
    runs = [(fold, 100 * fold + r) for fold in range(5) for r in range(repeats)]
    found = np.mean([study.regrets("random", *one) for one in runs], axis=0)
    np.testing.assert_allclose(found, recorded, atol=2e-5)
