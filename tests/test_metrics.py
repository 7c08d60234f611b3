"""Metrics against values worked out by hand, intervals against what they promise."""

import re

import numpy as np
import pytest

from metaad.metrics import (
    Interval,
    auroc,
    average_precision,
    balanced_accuracy,
    bootstrap,
    compare,
    paired,
    significant,
)


def test_auroc_is_the_share_of_pairs_in_the_right_order():
    # anomalies score 3 and 1, normal rows 2 and 0: of four pairs, three are in order
    assert auroc([0, 1, 0, 1], [0.0, 1.0, 2.0, 3.0]) == 0.75


def test_auroc_counts_a_tie_as_one_half():
    # pairs (anomaly, normal): (1, 1) tied, (1, 0) won, (2, 1) won, (2, 0) won
    assert auroc([0, 0, 1, 1], [0.0, 1.0, 1.0, 2.0]) == 3.5 / 4
    assert auroc([0, 1, 0, 1], [7.0] * 4) == 0.5


def test_ties_that_rounding_noise_has_broken_are_ties():
    rng = np.random.default_rng(0)
    y = rng.permutation(np.repeat([0, 1], [70, 30]))
    scores = rng.integers(0, 12, 100) / 7 + y
    order = [rng.permutation(50) for _ in y]
    terms = rng.normal(size=50)
    # the same sum, in 100 orders
    noisy = scores * np.array([terms[o].sum() for o in order])
    assert len(np.unique(noisy / terms.sum())) > len(np.unique(scores))
    for metric in (auroc, average_precision):
        assert metric(y, noisy * np.sign(terms.sum())) == metric(y, scores)


def test_scores_far_apart_in_size_keep_their_order():
    scores = 10.0 ** np.arange(-300, 300, 6)
    y = np.arange(100) >= 50
    assert auroc(y.astype(int), scores) == 1.0
    # the tenth digit counts, the twelfth does not
    assert auroc([0, 1], [1.0, 1.0 + 1e-9]) == 1.0
    assert auroc([0, 1], [1.0, 1.0 + 1e-12]) == 0.5


def test_significant_rounds_to_a_relative_precision_and_keeps_what_has_few_digits():
    rng = np.random.default_rng(0)
    values = rng.normal(size=1000) * 10.0 ** rng.integers(-200, 200, 1000)
    rounded = significant(values)
    assert np.all(np.abs(rounded - values) <= 2.0**-33 * np.abs(values))
    assert np.array_equal(significant(rounded), rounded) and np.array_equal(
        significant(8 * values), 8 * rounded
    )
    assert np.array_equal(
        significant([0.0, 0.5, -3.0, 12345.0, np.inf]),
        [0.0, 0.5, -3.0, 12345.0, np.inf],
    )
    assert np.isnan(significant(np.nan))
    assert significant(2 / 3, 2) == 0.75  # 0.1010… in binary: 0.11 is nearer than 0.10


def test_auroc_equals_the_rank_sum_and_flips_with_the_sign():
    from scipy.stats import rankdata

    rng = np.random.default_rng(0)
    y = rng.permutation(np.repeat([0, 1], [70, 30]))
    scores = rng.integers(0, 12, 100).astype(float) + 2 * y  # many ties
    # Mann and Whitney's U over the pairs
    by_ranks = (rankdata(scores)[y == 1].sum() - 30 * 31 / 2) / (30 * 70)
    assert auroc(y, scores) == pytest.approx(by_ranks, abs=1e-12)
    assert auroc(y, -scores) == pytest.approx(1 - by_ranks, abs=1e-12)
    # order is all that counts
    assert auroc(y, np.exp(scores)) == pytest.approx(by_ranks, abs=1e-12)


def test_average_precision_by_hand():
    # best first: anomaly, normal, anomaly, normal. Precision where an anomaly enters:
    # 1/1 and 2/3
    assert average_precision([1, 0, 1, 0], [4.0, 3.0, 2.0, 1.0]) == pytest.approx(
        (1 + 2 / 3) / 2
    )
    # all tied: one threshold, precision is the share of anomalies
    assert average_precision([1, 0, 0, 0], [5.0] * 4) == 0.25
    # the anomaly tied with one normal row: both enter together, precision 1/2
    assert average_precision([1, 0, 0], [2.0, 2.0, 1.0]) == 0.5


def test_balanced_accuracy_by_hand():
    y = [1, 1, 0, 0, 0, 0]
    # one of two anomalies flagged, three of four normal rows left alone
    assert balanced_accuracy(y, [-1, 1, 1, 1, 1, -1]) == (1 / 2 + 3 / 4) / 2
    assert balanced_accuracy(y, [1] * 6) == balanced_accuracy(y, [-1] * 6) == 0.5
    assert balanced_accuracy(y, [-1, -1, 1, 1, 1, 1]) == 1.0


def test_direction_agrees_with_scikit_learns_detectors():
    from sklearn.neighbors import LocalOutlierFactor

    rng = np.random.default_rng(0)
    X = np.vstack([rng.standard_normal((60, 2)), rng.uniform(8, 12, (3, 2))])
    y = np.repeat([0, 1], [60, 3])
    detector = LocalOutlierFactor(novelty=True, contamination=3 / 63).fit(X[:60])
    assert (
        auroc(y, -detector.score_samples(X))
        == average_precision(y, -detector.score_samples(X))
        == 1.0
    )
    assert balanced_accuracy(y, detector.predict(X)) > 0.9


@pytest.mark.parametrize(
    "metric", [auroc, average_precision, balanced_accuracy], ids=lambda m: m.__name__
)
@pytest.mark.parametrize(
    ("y", "scores", "says"),
    [
        (
            [0, 0, 0],
            [1, -1, 1],
            "got 3 labels of one class only; add rows of the other",
        ),
        ([1, 1], [1, -1], "2 labels of one class only"),
        ([0, 1], [1, np.nan], "finite scores, got NaN or inf in 1 of 2"),
        ([0, 1], [np.inf, -np.inf], "NaN or inf in 2 of 2"),
        (
            [0, 1],
            [1, -1, 1],
            re.escape(
                "one label and one score a row, both flat; got shapes (2,) and (3,)"
            ),
        ),
        ([[0, 1]], [[1, -1]], re.escape("got shapes (1, 2) and (1, 2)")),
        ([], [], "0 labels of one class only"),
        (
            [-1, 1],
            [1, -1],
            re.escape("labels of 0 (normal) and 1 (anomaly), got -1, 1"),
        ),
        (["a", "b"], [1, -1], "got a, b"),
        ([0.5, 1], [1, -1], "got 0.5, 1"),
    ],
)
def test_metrics_say_what_is_wrong_with_the_input(metric, y, scores, says):
    with pytest.raises(ValueError, match=f"{metric.__name__} needs .*{says}"):
        metric(y, scores)


def test_balanced_accuracy_refuses_scores_and_labels():
    with pytest.raises(
        ValueError, match=r"predictions of -1 \(anomaly\) and \+1 \(normal\), got 0, 1"
    ):
        balanced_accuracy([0, 1], [0, 1])
    with pytest.raises(ValueError, match=r"got 0.1, 0.2.*pass detector.predict\(X\)"):
        balanced_accuracy([0, 1], [0.1, 0.2])


def test_bootstrap_of_two_values_by_hand():
    # a mean of two draws from {0, 1} is 0, 1/2, 1 with chances 1/4, 1/2, 1/4: 95 %
    # reaches both ends, 40 % neither
    assert bootstrap([0.0, 1.0]) == Interval(0.5, 0.0, 1.0, 2)
    assert bootstrap([0.0, 1.0], level=0.4) == Interval(0.5, 0.5, 0.5, 2)


def test_bootstrap_approaches_the_normal_interval():
    values = np.random.default_rng(0).standard_normal(400)
    got = bootstrap(values, resamples=40_000)
    half = 1.959964 * values.std() / np.sqrt(400)
    # a percentile of 40,000 draws has a relative error of about 1 % of the half width
    assert got.low == pytest.approx(values.mean() - half, abs=0.04 * half)
    assert got.high == pytest.approx(values.mean() + half, abs=0.04 * half)


def test_bootstrap_covers_the_truth_as_often_as_it_says():
    # 400 samples of 40 exponential values with mean 1; 95 % stated, a little less is
    # known for a skewed mean
    rng = np.random.default_rng(0)
    samples = rng.exponential(size=(400, 40))
    covered = np.mean(
        [
            low <= 1 <= high
            for _, low, high, _ in (bootstrap(s, resamples=1_000) for s in samples)
        ]
    )
    assert 0.90 <= covered <= 0.97


def test_bootstrap_over_groups_covers_where_one_over_values_does_not():
    # 30 families of 5 tables that share most of their luck: the values are not
    # independent
    rng = np.random.default_rng(0)
    families = np.repeat(np.arange(30), 5)
    covered = {"groups": 0, "values": 0}
    for _ in range(200):
        values = rng.standard_normal(30)[families] + 0.3 * rng.standard_normal(150)
        for kind, groups in (("groups", families), ("values", None)):
            _, low, high, n = bootstrap(values, groups=groups, resamples=500)
            assert n == (30 if groups is not None else 150)
            covered[kind] += low <= 0 <= high
    assert covered["groups"] / 200 >= 0.89
    assert covered["values"] / 200 <= 0.75


def test_groups_of_one_value_each_are_the_plain_bootstrap():
    values = np.random.default_rng(0).random(12)
    plain, grouped = (
        bootstrap(values),
        bootstrap(values, groups=[f"{i:02}" for i in range(12)]),
    )
    np.testing.assert_allclose(grouped, plain, rtol=1e-12)


def test_a_group_is_drawn_whole():
    # family a holds 0, 0, 0 and family b holds 1: a draw is aa, ab, ba or bb, its mean
    # 0, 1/4, 1/4 or 1
    got = bootstrap([0, 0, 0, 1], groups=["a", "a", "a", "b"], level=0.4)
    assert got == Interval(0.25, 0.25, 0.25, 2)
    assert bootstrap([0, 0, 0, 1], groups=["a", "a", "a", "b"])[1:3] == (0.0, 1.0)


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


def test_compare_is_bootstrap_and_paired_row_by_row():
    rng = np.random.default_rng(0)
    results = {"forest": rng.random(10), "lof": rng.random(10)}
    families = np.repeat(list("abcde"), 2)
    table = compare(results, baseline="forest", groups=families)
    assert list(table.index) == ["forest", "lof"]
    for method, values in results.items():
        row = table.loc[method]
        assert tuple(row[["mean", "low", "high", "n"]]) == tuple(
            bootstrap(values, groups=families)
        )
        gain = paired(values, results["forest"], groups=families)
        assert (
            tuple(row[["difference", "difference low", "difference high"]]) == gain[:3]
        )
    assert tuple(
        table.loc["forest", ["difference", "difference low", "difference high"]]
    ) == (0, 0, 0)
    assert list(compare(results).columns) == ["mean", "low", "high", "n"]


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
