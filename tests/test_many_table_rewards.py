"""The experiment over hundreds of tables: shared searches give the detectors' scores,
rewards are what they are called, and random search is exact.
"""

import itertools
import warnings

import numpy as np
import pytest

from metaad.detectors import anomaly_score
from metaad.experiments.tables import many_table_rewards as rewards
from metaad.experiments.tables import many_table_rewards_scores as scores
from metaad.experiments.tables import many_table_rewards_search as searches
from metaad.scores import outlierness
from metaad.search.space import configured
from metaad.search.tuning.matrix import own_scores


@pytest.fixture(scope="module")
def table():
    """Rows to read, and rows to judge of which the last 20 lie outside."""
    rng = np.random.default_rng(0)
    read, judged = rng.normal(size=(60, 3)), rng.normal(size=(80, 3))
    judged[60:] *= 4
    judged[5] = read[7]  # one row was read
    return read, judged, np.repeat([0, 1], [60, 20])


def test_neighbours_searched_once_give_the_scores_of_the_detectors(table):
    read, judged, _ = table
    found = scores.neighbours_scores(scores.Rows(read, [judged]))
    for kind in ("LOF", "kNN"):
        detector, configs = scores.settings_of(kind)
        for i, config in enumerate(configs):
            fitted = configured(detector, config, len(read))
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                own = own_scores(fitted, read)
                other = anomaly_score(fitted.fit(read), judged)
            np.testing.assert_allclose(found[kind][0][i], own, rtol=1e-9)
            # scikit-learn's LOF shifts the scores of new rows by a constant
            shift = found[kind][1][i] - other
            np.testing.assert_allclose(shift, shift[0], atol=1e-9)


def test_the_first_setting_of_each_detector_is_its_library_s_default():
    for kind in scores.KINDS:
        detector, configs = scores.settings_of(kind)
        own = detector.get_params()
        for name, value in configs[0].items():
            default = {"metric": "euclidean"}.get(name, own[name])
            if name == "max_samples":
                default = 256
            assert value == default, (kind, name)


def test_columns_are_scaled_by_the_rows_read_alone():
    X, (Q,) = scores.scaled(np.array([[0.0, 5.0], [2.0, 5.0]]), np.array([[4.0, 6.0]]))
    np.testing.assert_allclose(X, [[-1, 0], [1, 0]])
    np.testing.assert_allclose(Q, [[3, 1]])


def test_rewards_by_hand():
    own = np.array([[0.0, 1.0, 5.0, 2.0], [1.0, 1.0, 1.0, 1.0]])
    uniform = np.array([[9.0, 0.5], [1.0, 1.0]])
    mixed, truth = np.array([[3.0, 1.0, 2.0], [0.0, 1.0, 2.0]]), np.array([0, 0, 1])
    found = scores.rewards_of(own, uniform, 4, mixed, truth)
    assert found["-outlierness, gaussian"][0] == -outlierness(own[0], "gaussian")
    assert found["-outlierness, gaussian"][1] == -10.0
    np.testing.assert_allclose(found[scores.MIXED], [0.5, 1.0])
    # of (9, 0.5) against (0, 1, 5, 2): 4 and 1 of 4 pairs
    np.testing.assert_allclose(found[scores.UNIFORM], [5 / 8, 0.5])


def test_consensus_is_the_correlation_with_a_mean_in_which_detectors_weigh_alike():
    up, down = np.arange(6.0), -np.arange(6.0)
    found = scores.consensus({"a": np.array([up, up, up]), "b": np.array([down] * 2)})
    assert set(found["a"]) == {0.0}  # two detectors, opposite: the mean rank is flat
    found = scores.consensus({"a": np.array([up, up, down, 0 * up])})
    np.testing.assert_allclose(found["a"], [1, 1, -1, 0])


def test_both_halves_keep_both_labels_or_there_are_none():
    y = np.repeat([0, 1], [7, 4])
    half = scores.divided(y, np.random.default_rng(0))
    assert y[half].sum() == y[~half].sum() == 2 and half.sum() == 5
    assert scores.divided(np.repeat([0, 1], [7, 1]), np.random.default_rng(0)) is None


def test_a_table_is_measured_without_its_labels_but_for_the_judging(table):
    read, judged, y = table
    one, other = (scores.of_table(read, judged, labels, 0) for labels in (y, 1 - y))
    for kind in scores.KINDS:
        assert one[kind]["rewards"] == other[kind]["rewards"]
        np.testing.assert_allclose(
            one[kind]["auroc"], 1 - np.array(other[kind]["auroc"]), atol=1e-6
        )
        assert one[kind]["auroc"][0] > 0.8
        assert set(one[kind]["rewards"]) == set(scores.REWARDS)


def test_a_choice_is_the_setting_of_the_highest_reward_and_ties_choose_nothing():
    auroc = [0.5, 0.7, 0.9]
    tied = {"auroc": auroc, "average": 0.8, "rewards": {"r": [1.0, 2.0, 2.0]}}
    flat = {"auroc": auroc, "average": 0.8, "rewards": {"r": [1.0, 1.0, 1.0]}}
    rho, chosen = rewards.agreement([{"LOF": tied}, {"LOF": flat}], "LOF")
    np.testing.assert_allclose(chosen["r"], [0.8, 0.7])
    assert rho["r"][1] == 0.0 and rho["r"][0] == pytest.approx(np.sqrt(3) / 2)
    assert chosen["default"] == [0.5, 0.5] and chosen["best there is"] == [0.9, 0.9]
    assert rewards.best_elsewhere([{"LOF": tied}, {"LOF": flat}], "LOF") == 2


@pytest.mark.parametrize("n", [1, 2, 3, 5])
def test_random_search_in_closed_form_is_the_mean_over_all_that_could_be_drawn(n):
    rng = np.random.default_rng(1)
    seen, worth = rng.random(5), rng.random(5)
    drawn = itertools.combinations(range(5), n)
    best = [worth[max(some, key=lambda j: seen[j])] for some in drawn]
    assert searches.expected_choice(seen, worth, n) == pytest.approx(np.mean(best))


def test_random_search_says_how_many_may_be_tried():
    with pytest.raises(ValueError, match="n must lie between 1 and 3; got 4"):
        searches.expected_choice([1, 2, 3], [1, 2, 3], 4)


def test_no_search_tries_more_than_the_budget_and_a_decided_policy_tries_less():
    places = searches.configurations("kNN")[3]
    reward = np.linspace(0, 1, len(places))
    free = searches.tried_by(searches.fresh("kNN"), reward, places, "reinforce", 0)
    assert len(free) == len(set(free)) == searches.BUDGET
    decided = searches.fresh("kNN")
    decided.bias.data[[0, 6]] = 60.0
    assert len(searches.tried_by(decided, reward, places, "trpo", 0)) == 1


def test_what_is_learned_on_one_world_is_searched_with_on_another():
    rng = np.random.default_rng(2)
    size = {k: len(scores.settings_of(k)[1]) for k in searches.KINDS}

    def table(best):
        def of(m):
            auroc = rng.uniform(0.4, 0.5, m)
            auroc[best] = 0.9
            both = [auroc.tolist(), auroc.tolist()]
            return {"auroc": auroc.tolist(), "halves": [both]}

        return {kind: of(m) for kind, m in size.items()}

    found = searches.searched([table(4) for _ in range(3)], [table(4)] * 6)
    assert found["searched"] == [0, 1, 2]
    for kind in searches.KINDS:
        assert np.mean(found["learned"][kind]["reinforce"]) == pytest.approx(0.9)
        start = found["budget"][kind]["reinforce, learned start"]
        assert np.mean(start) > np.mean(found["budget"][kind][searches.RANDOM])
        assert found["tried"][kind][searches.RANDOM] == searches.BUDGET
