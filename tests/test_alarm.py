"""An alarm without a last day: uniform ranks, fair bets, the promise, the delay."""

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import binom, kstest

from metaad import saving
from metaad.practice import DriftAlarm
from metaad.practice.alarm import bets


def stream(seed, n=200, rows=1000, after=None, shift=0.0):
    """Scores before a stream (n,), and of the stream (rows,)."""
    scores = np.random.default_rng(seed).normal(size=n + rows)
    if after is not None:
        scores[n + after :] += shift
    return scores[:n], scores[n:]


@pytest.mark.parametrize("k", range(4))
def test_each_bet_is_fair_and_two_of_them_win_on_small_p_values(k):
    mean, _ = quad(lambda p: float(bets(p)[k]), 0, 1)
    assert mean == pytest.approx(1.0, abs=1e-8)
    won = bets(np.array([0.01, 0.99]))[:, k]
    assert (won[0] > won[1]) == (k % 2 == 0)


def by_hand(past, scores, seed):
    """Ranks and capital row by row, as the paper has them."""
    pool, u = list(past), np.random.default_rng(seed).random(len(scores))
    reserve, stakes, found = 1.0, np.zeros(4), []
    for t, score in enumerate(scores, 1):
        above, equal = (sum(f(s) for s in pool) for f in (score.__lt__, score.__eq__))
        p = (above + u[t - 1] * (equal + 1)) / (len(pool) + 1)
        fresh = 1 / (t * (t + 1))
        reserve -= fresh
        factors = [0.5 * p**-0.5, 0.5 * (1 - p) ** -0.5, 1.5 - p, 0.5 + p]
        stakes = (stakes + fresh / 4) * factors
        found.append(reserve + stakes.sum())
        pool.append(score)
    return np.array(found)


@pytest.mark.parametrize("digits", [9, 0], ids=["no ties", "many ties"])
def test_the_capital_is_that_of_a_gambler_who_goes_row_by_row(digits):
    past, scores = (s.round(digits) for s in stream(3, 30, 150, 100, 1.0))
    found = DriftAlarm(random_state=5).fit(past).update(scores)
    np.testing.assert_allclose(found, by_hand(past, scores, 5), rtol=1e-10)


@pytest.mark.parametrize("digits", [9, 0], ids=["no ties", "many ties"])
def test_ranks_are_uniform_and_independent_while_nothing_changes(digits):
    found = []
    for seed in range(40):
        past, scores = (s.round(digits) for s in stream(seed, 20, 60))
        found.append(DriftAlarm(random_state=seed).fit(past)._ranks(scores))
    found = np.array(found)
    assert kstest(found.ravel(), "uniform").pvalue > 0.01
    assert abs(np.corrcoef(found[:, :-1].ravel(), found[:, 1:].ravel())[0, 1]) < 0.06


@pytest.mark.parametrize("past", [5, 200])
def test_without_drift_it_rings_no_more_often_than_it_promised(past):
    level, streams = 0.1, 300
    rang = 0
    for seed in range(streams):
        before, scores = stream(1000 + seed, past, 1000)
        alarm = DriftAlarm(level, random_state=seed).fit(before)
        alarm.update(scores)
        rang += alarm.rang_at_ is not None
    # so many or more, if the chance is exactly the level
    assert binom.sf(rang - 1, streams, level) > 0.01
    assert rang > 0  # it can ring: the promise is not kept by being deaf


def test_the_mean_capital_of_quiet_streams_is_one():
    found = []
    for seed in range(2000):
        before, scores = stream(seed, 10, 5)
        found.append(DriftAlarm(random_state=seed).fit(before).update(scores))
    mean, error = np.mean(found, axis=0), np.std(found, axis=0) / 2000**0.5
    assert (np.abs(mean - 1) < 4 * error).all()


@pytest.mark.parametrize("quiet", [100, 5000])
def test_a_change_is_seen_even_after_a_long_quiet_time(quiet):
    delays = []
    for seed in range(20):
        past, scores = stream(seed, 500, quiet + 300, quiet, 1.0)
        alarm = DriftAlarm(0.01, random_state=seed).fit(past)
        alarm.update(scores)
        assert alarm.rang_at_ is not None
        delays.append(alarm.rang_at_ - quiet)
    assert np.median(delays) <= (60 if quiet == 100 else 90)


@pytest.mark.parametrize("shift", [-3.0, 3.0])
def test_it_sees_scores_rise_and_fall(shift):
    past, scores = stream(1, 200, 200, 100, shift)
    alarm = DriftAlarm().fit(past)
    alarm.update(scores)
    assert 100 < alarm.rang_at_ <= 130


def test_the_same_rows_in_other_batches_give_the_same_capital():
    past, scores = stream(0, 50, 200, 150, 2.0)
    whole = DriftAlarm(random_state=3).fit(past)
    wanted = whole.update(scores)
    for size in (1, 7, 64, 100):
        alarm = DriftAlarm(random_state=3).fit(past)
        parts = [alarm.update(scores[i : i + size]) for i in range(0, 200, size)]
        np.testing.assert_allclose(np.concatenate(parts), wanted, rtol=1e-9)
        assert alarm.rang_at_ == whole.rang_at_
        assert (alarm.past_ == np.sort(np.concatenate([past, scores]))).all()


def test_a_saved_alarm_goes_on_where_it_was(tmp_path):
    past, scores = stream(0, 50, 200, 100, 2.0)
    alarm = DriftAlarm(random_state=3).fit(past)
    alarm.update(scores[:120])
    saving.save(tmp_path / "alarm", alarm)
    back = saving.load(tmp_path / "alarm")
    assert (back.update(scores[120:]) == alarm.update(scores[120:])).all()
    assert back.rang_at_ == alarm.rang_at_ and back.level == alarm.level


def test_capital_without_end_stays_a_number():
    alarm = DriftAlarm().fit(np.zeros(10))
    capital = alarm.update(np.arange(1.0, 3000.0))
    assert np.isfinite(capital).all() and capital[-1] == 1e300
    assert alarm.rang_at_ < 30


def test_what_is_no_score_is_refused_and_not_counted():
    alarm = DriftAlarm().fit(np.arange(5.0))
    for wrong in ([1.0, np.nan], [[1.0]], [np.inf]):
        with pytest.raises(ValueError, match="finite numbers"):
            alarm.update(wrong)
    assert alarm.rows_ == 0 and len(alarm.past_) == 5
    assert alarm.update([]).shape == (0,)
    with pytest.raises(ValueError, match="got none"):
        DriftAlarm().fit([])
    with pytest.raises(ValueError, match="level must lie"):
        DriftAlarm(level=1.0).fit([1.0])
