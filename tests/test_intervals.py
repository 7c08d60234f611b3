"""Intervals against what they promise: coverage by simulation, closed forms, small
cases by hand.
"""

import numpy as np
import pytest
from interval_coverage import SHAPES, compared, covered, families
from scipy import stats

from metaad import metrics
from metaad.intervals import Interval, bootstrap, compare, paired, simultaneous

REPEATS = 3_000  # binomial error of .95: .004, so .015 is nearly four of them


@pytest.mark.parametrize(("n", "least"), [(6, 0.92), (10, 0.93), (20, 0.94)])
def test_a_95_percent_interval_covers(n, least):
    skewed = covered("exponential", n, REPEATS, seed=3)
    assert skewed["covers"] >= least, skewed
    normal = covered("normal", n, REPEATS, seed=3)
    assert normal["covers"] == pytest.approx(0.95, abs=0.015), normal
    assert normal["covers 90 %"] == pytest.approx(0.90, abs=0.02), normal


@pytest.mark.parametrize(("n", "least"), [(10, 0.92), (20, 0.93)])
def test_intervals_over_families_cover_where_those_over_values_do_not(n, least):
    found = families(n, 2_000, seed=3)
    assert found["groups"] >= least, found
    assert found["values"] <= 0.85, found


@pytest.mark.parametrize("n", [6, 10, 20])
def test_among_eight_methods_that_are_all_alike_one_seldom_looks_better(n):
    found = compared(n, 400, seed=3)
    # 2.5 % on this side, and three binomial errors
    assert found["corrected"] <= 0.049, found
    assert found["each alone"] > 0.1, found


def test_the_simulation_judges_the_intervals_that_users_get():
    rng = np.random.default_rng(3)
    draw, truth = SHAPES["exponential"]
    values = draw(rng, (12, 30))
    ends = [bootstrap(v, resamples=2_000) for v in values.T]
    share = np.mean([i.low <= truth <= i.high for i in ends])
    assert covered("exponential", 12, 30, seed=3)["covers"] == round(float(share), 4)


def test_two_values_by_hand():
    # resamples {0, 1}: t = 0; {0, 0} and {1, 1}: no error of their own, so a tenth of
    # 1/2, and t = ∓(1/2) / (1/20) = ∓10: half a unit times ten on both sides
    found = bootstrap([0.0, 1.0])
    assert found == pytest.approx((0.5, -4.5, 5.5, 2))
    assert bootstrap([0.0, 1.0], level=0.4)[:3] == pytest.approx((0.5, 0.5, 0.5))


def test_a_resample_is_studentised_with_its_own_error():
    values = np.random.default_rng(0).exponential(size=7)
    draws = np.random.default_rng(5).integers(0, 7, (3_000, 7))
    own = values[draws]
    error = np.maximum(own.std(axis=1, ddof=1), 0.1 * values.std(ddof=1)) / np.sqrt(7)
    t = (own.mean(axis=1) - values.mean()) / error
    scale = values.std(ddof=1) / np.sqrt(7)
    low, high = values.mean() - scale * np.quantile(t, [0.975, 0.025])
    found = bootstrap(values, resamples=3_000, seed=5)
    assert found[1:3] == pytest.approx((low, high), rel=1e-9)


def test_many_normal_values_give_student_s_interval():
    values = np.random.default_rng(0).standard_normal(400)
    found = bootstrap(values, resamples=40_000)
    half = stats.t.ppf(0.975, 399) * values.std(ddof=1) / np.sqrt(400)
    # a quantile of 40,000 draws has a relative error of about 1 % of the half width
    assert found.low == pytest.approx(values.mean() - half, abs=0.05 * half)
    assert found.high == pytest.approx(values.mean() + half, abs=0.05 * half)


@pytest.mark.parametrize(
    "values", [[0.1] * 10, [0.0] * 5, [1e300] * 3, list(0.1 + 1e-17 * np.arange(9))]
)
def test_values_without_spread_have_an_interval_without_width(values):
    found = bootstrap(values)
    assert found.low == found.high == found.value == pytest.approx(values[0])
    assert found.inner == (found.low, found.high)


@pytest.mark.parametrize("n", [2, 3, 5, 10])
def test_few_values_and_many_zeros_give_finite_intervals_around_the_mean(n):
    values = np.zeros(n)
    values[-1] = 1.0
    found = bootstrap(values)
    assert -10 < found.low < found.value < found.high < 10
    # one value in ten moved by a last bit moves nothing that a reader sees
    again = bootstrap(values * (1 + 2e-16))
    assert again[:3] == pytest.approx(found[:3], rel=1e-9)


def test_units_change_an_interval_as_they_change_its_values():
    values = np.random.default_rng(0).exponential(size=9)
    found = np.array(bootstrap(values)[:3])
    moved = bootstrap(1e-200 * values)[:3]
    np.testing.assert_allclose(moved, 1e-200 * found, rtol=1e-9)
    np.testing.assert_allclose(bootstrap(5 + values)[:3], 5 + found, rtol=1e-9)
    np.testing.assert_allclose(
        np.array(bootstrap(-values)[1:3])[::-1], -found[1:], rtol=0.1
    )


def test_the_inner_interval_is_the_one_at_90_percent():
    values = np.random.default_rng(0).exponential(size=9)
    found, ninety = bootstrap(values), bootstrap(values, level=0.9)
    assert found.inner == ninety[1:3] == ninety.inner
    assert found.low < found.inner[0] < found.inner[1] < found.high
    assert Interval(*found).inner is None and found._replace(n=3).inner is None


def test_groups_of_one_value_each_are_the_plain_interval():
    values = np.random.default_rng(0).random(12)
    grouped = bootstrap(values, groups=[f"{i:02}" for i in range(12)])
    np.testing.assert_allclose(grouped, bootstrap(values), rtol=1e-12)


def test_a_group_is_drawn_whole_and_its_error_is_robust_to_clusters():
    values, groups = np.array([0.0, 0, 0, 1, 5, 4, 2, 2]), list("aaabccdd")
    sums, counts = np.array([0.0, 1, 9, 4]), np.array([3.0, 1, 2, 2])
    mean = 14 / 8
    error = np.sqrt(4 / 3 * np.sum((sums - mean * counts) ** 2)) / 8
    draws = np.random.default_rng(5).integers(0, 4, (3_000, 4))
    total, many = sums[draws].sum(axis=1), counts[draws].sum(axis=1)
    means = total / many
    own = (sums[draws] - means[:, None] * counts[draws]) ** 2
    own = np.sqrt(4 / 3 * own.sum(axis=1)) / many
    t = (means - mean) / np.maximum(own, 0.1 * error)
    low, high = mean - error * np.quantile(t, [0.975, 0.025])
    found = bootstrap(values, groups=groups, resamples=3_000, seed=5)
    assert found == pytest.approx((mean, low, high, 4), rel=1e-9)


def test_several_at_once_are_one_alone_where_there_is_one():
    values = np.random.default_rng(0).exponential(size=9)
    assert simultaneous({"only": values})["only"] == bootstrap(values)
    copies = simultaneous({"a": values, "b": values, "c": 0 * values})
    np.testing.assert_allclose(copies["a"], bootstrap(values), rtol=1e-12)
    assert copies["a"] == copies["b"] and copies["c"][:3] == (0, 0, 0)


def test_several_at_once_are_wider_and_never_narrower():
    values = np.random.default_rng(0).standard_normal((8, 15))
    columns = dict(enumerate(values))
    wide, alone = simultaneous(columns), simultaneous(columns, corrected=False)
    for k, v in columns.items():
        np.testing.assert_allclose(alone[k], bootstrap(v), rtol=1e-9)
        assert wide[k].low < alone[k].low and wide[k].high > alone[k].high


def test_blocks_of_resamples_change_nothing(monkeypatch):
    values = np.random.default_rng(0).exponential(size=9)
    whole = bootstrap(values, resamples=1_000)
    monkeypatch.setattr("metaad.intervals.CHUNK", 9 * 250)
    np.testing.assert_allclose(bootstrap(values, resamples=1_000), whole, rtol=1e-9)


def test_every_name_works_from_metrics_too():
    for name in ("Interval", "bootstrap", "compare", "paired", "simultaneous"):
        assert getattr(metrics, name) is globals()[name]


@pytest.mark.parametrize(
    ("values", "options", "says"),
    [
        ([1.0], {}, r"at least 2 values.*got shape \(1,\).*Repeat over more"),
        ([[1.0, 2.0]], {}, r"got shape \(1, 2\)"),
        ([1.0, np.nan], {}, "finite values; drop or explain"),
        ([1.0, 2.0], {"level": 95}, "share between 0 and 1, got 95"),
        (
            [1.0, 2.0],
            {"groups": ["a"]},
            r"a group for each of 2 values; got shape \(1,\)",
        ),
        ([1.0, 2.0], {"groups": ["a", "a"]}, "at least 2 groups to draw from, got 1"),
    ],
)
def test_bootstrap_says_what_is_wrong(values, options, says):
    with pytest.raises(ValueError, match=says):
        bootstrap(values, **options)


def test_paired_sees_a_difference_that_the_means_hide():
    rng = np.random.default_rng(0)
    hard = rng.uniform(0.5, 1.0, 30)  # tables differ far more than methods do
    b, a = hard, hard + 0.02 + 0.005 * rng.standard_normal(30)
    gain = paired(a, b)
    assert 0 < gain.low < 0.02 < gain.high < 0.03
    assert bootstrap(a).low < bootstrap(b).high
    with pytest.raises(ValueError, match=r"same units; got \(2,\) and \(3,\)"):
        paired([1, 2], [1, 2, 3])


@pytest.mark.parametrize(
    ("results", "baseline", "says"),
    [
        ({}, None, "at least one method"),
        ({"a": [1, 2]}, "b", "baseline 'b' is not among the methods: a"),
        (
            {"a": [1, 2], "b": [1, 2, 3]},
            None,
            r"same units; got shapes \{'a': \(2,\), 'b': \(3,\)\}",
        ),
    ],
)
def test_compare_says_what_is_wrong(results, baseline, says):
    with pytest.raises(ValueError, match=says):
        compare(results, baseline)


def test_intervals_are_the_same_on_every_call_and_print_in_three_digits():
    values = np.random.default_rng(1).random(9)
    assert bootstrap(values) == bootstrap(values)
    assert bootstrap(values, seed=1) != bootstrap(values)
    assert str(Interval(0.5, 0.25, 0.75, 3)) == "0.500 [0.250, 0.750]"


def test_compare_is_bootstrap_and_simultaneous_differences_row_by_row():
    rng = np.random.default_rng(0)
    results = {"forest": rng.random(10), "lof": rng.random(10), "knn": rng.random(10)}
    families = np.repeat(list("abcde"), 2)
    table = compare(results, baseline="forest", groups=families)
    alone = compare(results, baseline="forest", groups=families, corrected=False)
    base = results["forest"]
    gains = simultaneous({m: v - base for m, v in results.items()}, groups=families)
    ends = ["difference", "difference low", "difference high"]
    assert list(table.index) == ["forest", "lof", "knn"]
    for method, values in results.items():
        own = bootstrap(values, groups=families)
        np.testing.assert_allclose(
            table.loc[method, ["mean", "low", "high", "n"]].to_numpy(float),
            own,
            rtol=1e-9,
        )
        assert tuple(table.loc[method, ends]) == gains[method][:3]
        gain = paired(values, base, groups=families)
        np.testing.assert_allclose(
            alone.loc[method, ends].to_numpy(float), gain[:3], rtol=1e-9
        )
    assert tuple(table.loc["forest", ends]) == (0, 0, 0)
    assert list(compare(results).columns) == ["mean", "low", "high", "n"]


@pytest.mark.parametrize("resamples", [0, -1, 2.5, None, "many"])
def test_a_number_of_resamples_that_draws_nothing_is_refused_in_one_sentence(resamples):
    values = np.arange(5.0)
    message = "resamples must be a whole number ≥ 1, got .*10,000 is usual"
    for ask in (
        lambda r: bootstrap(values, resamples=r),
        lambda r: paired(values, values[::-1], resamples=r),
        lambda r: simultaneous({"a": values}, resamples=r),
        lambda r: compare({"a": values, "b": values + 1}, "a", resamples=r),
    ):
        with pytest.raises(ValueError, match=message):
            ask(resamples)
    assert bootstrap(values, resamples=np.int64(50)).n == 5
