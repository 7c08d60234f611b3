"""Alarms of drift: p-values against an independent count, Page's sums by hand, and the
chance of any false alarm in a whole stream.
"""

import itertools

import numpy as np
import pytest
from scipy.stats import binom, ks_2samp, norm

from metaad.scores import (
    RankCusum,
    WindowAlarm,
    cusum,
    gaussian_kernel,
    ks_p,
    median_bandwidth,
    mmd_p,
    mmd_unbiased,
)
from metaad.scores.drift import ENOUGH, chance_threshold, normal_ranks, split_mmd


def rows(seed, n, d=2):
    return np.random.default_rng(seed).normal(size=(n, d))


# --- the p-value of one window


def test_splitting_a_kernel_gives_the_mmd_of_every_split():
    x = rows(0, 9)
    kernel = gaussian_kernel(x, x, 1.3)
    splits = list(itertools.combinations(range(9), 4))
    inside = np.array([np.isin(range(9), s) for s in splits], dtype=float)
    wanted = [
        mmd_unbiased(x[list(s)], np.delete(x, s, axis=0), bandwidth=1.3) for s in splits
    ]
    np.testing.assert_allclose(split_mmd(kernel, inside), wanted, atol=1e-14)


def test_the_p_value_is_near_that_of_all_exchanges():
    past, window = rows(1, 8), rows(2, 4) + 0.6
    pooled = np.concatenate([window, past])
    h = median_bandwidth(past, window)
    seen = mmd_unbiased(window, past, h)
    every = [
        mmd_unbiased(pooled[list(s)], np.delete(pooled, s, axis=0), h)
        for s in itertools.combinations(range(12), 4)
    ]
    exact = np.mean(np.array(every) >= seen - 1e-12)
    found = np.mean([mmd_p(past, window, 2000, seed) for seed in range(30)])
    # stopped after ten: a relative error of about a third each
    assert found == pytest.approx(exact, rel=0.25)


def test_no_p_value_is_zero_and_the_least_needs_all_exchanges():
    far = rows(0, 10) + 100
    assert mmd_p(rows(1, 20), far, permutations=199) == 1 / 200
    assert mmd_p(rows(1, 20), far, permutations=70) == 1 / 71


def test_equal_batches_stop_after_few_exchanges():
    past = rows(3, 40)
    assert mmd_p(past, past[:10].copy(), permutations=10**9) >= ENOUGH / 64 / 2


def test_p_values_without_drift_are_no_smaller_than_they_should_be():
    p = np.array([mmd_p(*np.split(rows(s, 30), [20]), 199, s) for s in range(400)])
    for level in (0.05, 0.1, 0.25, 0.5):
        # of 400 true chances of at most `level`: beyond this in one of 10,000 runs
        assert (p <= level).sum() <= binom.ppf(0.9999, 400, level)


def test_ks_is_scipys_times_the_number_of_columns():
    a, b = rows(0, 30, 3), rows(1, 12, 3) + [0, 1.0, 0]
    each = [ks_2samp(a[:, j], b[:, j]).pvalue for j in range(3)]
    assert ks_p(a, b) == pytest.approx(3 * min(each))
    assert ks_p(a[:, 1], b[:, 1]) == pytest.approx(each[1])
    assert ks_p(a, a) == 1.0


# --- Page's sums


def test_cusum_by_hand():
    # 1 - .5 = .5;  .5 - 1.5 < 0;  2 - .5 = 1.5;  1.5 - .5 = 1;  1 + 2.5 = 3.5
    assert cusum([1, -1, 2, 0, 3]).tolist() == [0.5, 0, 1.5, 1.0, 3.5]
    assert cusum([[1, 1], [-2, 4]], slack=1).tolist() == [[0, 0], [0, 3]]


@pytest.mark.parametrize("seed", range(5))
def test_cusum_is_the_loop_that_page_wrote(seed):
    z = np.random.default_rng(seed).normal(size=50)
    s, wanted = 0.0, []
    for step in z:
        s = max(0.0, s + step - 0.3)
        wanted.append(s)
    np.testing.assert_allclose(cusum(z, 0.3), wanted, atol=1e-12)


def test_ranks_become_normal_quantiles_and_an_outlier_counts_no_more_than_the_top():
    past = np.arange(9.0)
    found = normal_ranks(past, np.array([4.0, -5.0, 1e9, 8.5]))
    wanted = norm.ppf([0.5, 0.05, 0.95, 0.95])
    np.testing.assert_allclose(found, wanted, atol=1e-12)


def test_the_streaming_sum_equals_the_whole_and_names_the_row():
    rng = np.random.default_rng(0)
    past, scores = rng.normal(size=60), rng.normal(size=40)
    scores[20:] += 3
    sums = cusum(normal_ranks(past, scores))
    alarm = RankCusum(past, 40)
    answers = [alarm.update(part) for part in np.split(scores, [7, 19, 33])]
    first = 1 + int(np.flatnonzero(sums > alarm.threshold)[0])
    assert [a for a in answers if a][0] == first and 20 < first < 33
    assert alarm.sum == pytest.approx(sums[-1]) and alarm.row == 40
    with pytest.raises(ValueError, match="last for 40 rows, and 41"):
        alarm.update([0.0])


def test_a_rank_threshold_does_not_depend_on_what_the_scores_are():
    wild = np.random.default_rng(1).standard_cauchy(60)
    tame = np.argsort(np.argsort(wild)).astype(float)
    assert RankCusum(wild, 50).threshold == RankCusum(tame, 50).threshold
    assert chance_threshold(60, 50, 0.01, 0.5) > chance_threshold(60, 50, 0.1, 0.5)
    assert chance_threshold(60, 500, 0.05, 0.5) > chance_threshold(60, 50, 0.05, 0.5)


# --- a whole stream


def rang(alarm, stream):
    return any(look.alarm for look in alarm.update(stream))


def test_false_alarms_of_whole_streams_stay_within_the_level_and_uncorrected_do_not():
    count = {True: 0, False: 0}
    for seed in range(200):
        past, stream = np.split(rows(seed, 30 + 12 * 10), [30])
        for corrected in count:
            alarm = WindowAlarm(
                past, 10, 12, 0.1, corrected=corrected, random_state=seed
            )
            count[corrected] += rang(alarm, stream)
    # level .1 for the stream: beyond this in one of 10,000 runs
    assert count[True] <= binom.ppf(0.9999, 200, 0.1)
    assert count[False] > 80  # 1 - .9 ** 12 = .72 if windows were independent


def test_false_alarms_of_the_cusum_stay_within_the_level():
    rng = np.random.default_rng(7)
    found = [
        RankCusum(rng.normal(size=50), 80, 0.1).update(rng.normal(size=80)) is not None
        for _ in range(300)
    ]
    assert 5 <= sum(found) <= binom.ppf(0.9999, 300, 0.1)


def test_an_alarm_rings_in_the_first_window_after_a_clear_change():
    past, stream = np.split(rows(0, 80), [40])
    stream[20:] += 4
    alarm = WindowAlarm(past, 10, 4, random_state=0)
    looks = alarm.update(stream)
    assert [look.row for look in looks] == [10, 20, 30, 40]
    assert [look.alarm for look in looks] == [False, False, True, True]
    assert alarm.threshold == 0.05 / 4 and looks == alarm.seen


def test_windows_do_not_depend_on_how_the_rows_come():
    past, stream = np.split(rows(5, 70), [30])
    whole = WindowAlarm(past, 10, 4).update(stream)
    alarm = WindowAlarm(past, 10, 4)
    parts = [alarm.update(part) for part in np.split(stream, [3, 4, 27])]
    assert sum(parts, []) == whole


def test_what_was_spent_is_refused_and_so_are_bad_settings():
    alarm = WindowAlarm(rows(0, 20), 5, 2)
    alarm.update(rows(1, 10))
    with pytest.raises(ValueError, match="last for 2 looks"):
        alarm.update(rows(2, 5))
    for bad in ({"level": 0}, {"level": 1}, {"looks": 0}, {"window": 1}):
        with pytest.raises(ValueError, match="0 < level < 1"):
            WindowAlarm(rows(0, 20), **bad)


def test_scores_alone_do_not_see_a_change_inside_and_mmd_does():
    rng = np.random.default_rng(0)
    side = rng.choice([-2.0, 2.0], size=120)[:, None]
    past = side[:60] + rng.normal(size=(60, 1)) / 2
    stream = np.abs(side[60:]) + rng.normal(size=(60, 1)) / 2  # one side alone is left
    distance = lambda x: np.abs(np.abs(x) - 2)  # noqa: E731
    assert rang(WindowAlarm(past, 20, 3), stream)
    assert not rang(WindowAlarm(distance(past), 20, 3, test=ks_p), distance(stream))
