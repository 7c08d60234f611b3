"""What alerts are worth under a budget."""

import itertools

import numpy as np
import pytest

from metaad import metrics
from metaad.practice import budget
from metaad.practice.budget import Currency

Y = np.array([0, 1, 0, 1, 0])
S = np.array([0.1, 0.9, 0.8, 0.7, 0.2])
HOURS = Currency("hours", hit=10, alert=2, miss=3)


# --- by hand


def test_hits_after_each_alert_by_hand():
    assert budget.hit_curve(Y, S).tolist() == [0, 1, 1, 2, 2, 2]
    assert [budget.precision_at(Y, S, k) for k in (1, 2, 3)] == [1, 0.5, 2 / 3]


def test_savings_by_hand():
    # 13 for a hit and its miss, 2 for an alert: 13 - 2, 13 - 4, 26 - 6, ...
    assert budget.saving_curve(Y, S, HOURS).tolist() == [0, 11, 9, 20, 18, 16]
    assert budget.saving(Y, S, HOURS, 2) == 9
    assert budget.per_thousand(Y, S, HOURS, 0.4) == pytest.approx(9 * 200)


def test_the_saving_is_the_difference_of_two_values():
    def value(k):
        hits = Y[np.argsort(-S)[:k]].sum()
        return 10 * hits - 2 * k - 3 * (Y.sum() - hits)

    for k in range(6):
        assert budget.saving(Y, S, HOURS, k) == value(k) - value(0)


def test_the_threshold_that_pays_by_hand():
    assert budget.threshold_that_pays(Y, S, HOURS) == (0.7, 20.0, 3)
    dear = Currency("hours", hit=3, alert=2)  # 1 after one alert, then -1, 0
    assert budget.threshold_that_pays(Y, S, dear) == (0.9, 1.0, 1)
    never = Currency("hours", hit=1, alert=2)
    assert budget.threshold_that_pays(Y, S, never) == (np.inf, 0.0, 0)
    assert never.break_even == 2


def test_a_perfect_list_saves_all_and_a_random_one_its_share():
    perfect = budget.of_perfect(Y, Y + 0.0, HOURS, 0.4)
    assert perfect == 1
    # a perfect list stops after two anomalies; this one sends all five alerts
    assert budget.of_perfect(Y, S, HOURS, 1.0) == pytest.approx(16 / 22)


def test_each_day_has_alerts_of_its_own_by_hand():
    day = np.array([0, 0, 1, 1, 1])
    flagged = budget.in_blocks(S, day, 1)
    assert flagged.tolist() == [False, True, True, False, False]
    assert budget.block_savings(Y, S, day, HOURS, 1).tolist() == [11, -2]
    assert budget.in_blocks(S, day, 4).all()


def test_one_alert_finds_a_whole_event():
    events = np.array([1, 1, 0, 2, 2, 5])
    flagged = np.array([True, True, True, False, False, False])
    assert budget.events_found(flagged, events) == (1, 3)
    assert budget.events_found(~flagged, events) == (2, 3)


# --- mathematics


def test_ties_count_as_the_mean_over_all_orders():
    y, scores = np.array([1, 0, 0, 1, 0]), np.array([3.0, 2, 2, 2, 1])
    orders = [
        (0, *p, 4) for p in itertools.permutations([1, 2, 3])
    ]  # rows that tie change places
    mean = np.mean([np.cumsum(y[list(o)]) for o in orders], axis=0)
    np.testing.assert_allclose(budget.hit_curve(y, scores)[1:], mean)
    # a difference in the last bit is none
    scores[1] = np.nextafter(2.0, 3.0)
    np.testing.assert_allclose(budget.hit_curve(y, scores)[1:], mean)


@pytest.mark.parametrize("seed", range(5))
def test_prices_move_no_list_ahead_of_another_at_the_same_budget(seed):
    rng = np.random.default_rng(seed)
    y = (rng.random(60) < 0.2).astype(int)
    a, b = rng.normal(size=(2, 60)) + y
    prices = Currency("€", *rng.uniform(0.1, 9, 3))
    moved = np.sign(budget.hit_curve(y, a) - budget.hit_curve(y, b))
    money = budget.saving_curve(y, a, prices) - budget.saving_curve(y, b, prices)
    assert (np.sign(np.round(money, 9)) == moved).all()


@pytest.mark.parametrize("seed", range(5))
def test_alerts_pay_as_long_as_anomalies_are_more_common_than_break_even(seed):
    # rows with known chances: the expected saving is largest where they cross
    rng = np.random.default_rng(seed)
    chance = np.sort(rng.random(200))[::-1]
    prices = Currency("€", hit=4, alert=1.5, miss=1)
    expected = np.cumsum(prices.worth * chance - prices.alert)
    best = 1 + int(np.argmax(expected))
    assert best == int((chance > prices.break_even).sum())


def test_the_threshold_is_the_best_of_all_and_lets_ties_pass_together():
    for seed in range(20):
        rng = np.random.default_rng(seed)
        y = (rng.random(40) < 0.3).astype(int)
        scores = np.round(rng.normal(size=40) + y, 1)
        threshold, saved, alerts = budget.threshold_that_pays(y, scores, HOURS)
        tried = [
            13 * y[scores >= t].sum() - 2 * (scores >= t).sum()
            for t in (*np.unique(scores), np.inf)
        ]
        assert saved == pytest.approx(max(tried))
        assert alerts == (scores >= threshold).sum()


def test_gains_are_paired_over_the_same_units():
    rng = np.random.default_rng(0)
    base = rng.normal(0, 100, 30)
    better = base + 5 + rng.normal(0, 1, 30)
    found = budget.gains({"plain": base, "ours": better}, "plain")
    assert list(found) == ["ours"] and found["ours"].low > 4
    assert found["ours"] == metrics.paired(better, base)


def test_blocks_add_up_to_the_whole_where_each_is_looked_at_whole():
    rng = np.random.default_rng(1)
    y, scores = (rng.random(50) < 0.3).astype(int), rng.normal(size=50)
    blocks = rng.integers(0, 7, 50)
    parts = budget.block_savings(y, scores, blocks, HOURS, 50)
    assert parts.sum() == pytest.approx(budget.saving(y, scores, HOURS, 50))


# --- what is refused


@pytest.mark.parametrize(
    "prices",
    [
        {"hit": -1, "alert": 1},
        {"hit": 1, "alert": 0},
        {"hit": 0, "alert": 1},
        {"hit": 1, "alert": 1, "miss": float("nan")},
        {"hit": float("inf"), "alert": 1},
    ],
)
def test_prices_that_make_no_sense_are_refused(prices):
    with pytest.raises(ValueError, match="prices must be finite"):
        Currency("€", **prices)


@pytest.mark.parametrize(
    ("y", "scores", "said"),
    [
        ([0, 1], [1.0], "one label and one score"),
        ([0, -1], [1.0, 2.0], "leave rows out that nobody knows"),
        ([0, 1], [1.0, np.nan], "finite"),
        ([], [], "one label and one score"),
    ],
)
def test_rows_that_cannot_be_judged_are_refused(y, scores, said):
    with pytest.raises(ValueError, match=said):
        budget.hit_curve(np.array(y, dtype=int), np.array(scores))


@pytest.mark.parametrize("k", [-1, 6, 1.5, True])
def test_a_number_of_alerts_is_whole_and_no_more_than_the_rows(k):
    with pytest.raises(ValueError, match="number of alerts"):
        budget.saving(Y, S, HOURS, k)


def test_other_things_that_are_refused():
    with pytest.raises(ValueError, match="share must be"):
        budget.alerts_of(10, 0)
    with pytest.raises(ValueError, match="nothing to save"):
        budget.of_perfect(Y, S, Currency("€", 1, 1), 0.2)
    with pytest.raises(ValueError, match="baseline"):
        budget.gains({"ours": Y}, "plain")
    with pytest.raises(ValueError, match="same units"):
        budget.gains({"ours": Y, "plain": Y[1:]}, "plain")
    with pytest.raises(ValueError, match="a block for each row"):
        budget.in_blocks(S, S[1:], 1)
    with pytest.raises(ValueError, match="an event number"):
        budget.events_found(Y, Y[1:])
