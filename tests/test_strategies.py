"""Strategies: on planted matrices the right column is chosen, and a test table's
family never leaks.
"""

import numpy as np
import pytest
from scipy.stats import norm

from metaad.search.space import Choice, space
from metaad.search.tuning.grids import GRIDS, candidates
from metaad.search.tuning.hold_out import (
    aurocs,
    average_of_ranks,
)
from metaad.search.tuning.maml_strategy import Adapted
from metaad.search.tuning.matrix import Matrix
from metaad.search.tuning.problem import Problem, codes_of
from metaad.search.tuning.strategies import (
    BestMean,
    BestRank,
    BestShrunk,
    BestSmoothed,
    Default,
    Evidence,
    Factorisation,
    NearestTable,
    Observed,
    Regression,
)
from metaad.search.tuning.with_labels import BestOnLabels, Shrinkage, shrinkage_weight
from metaad.tasks.tables import TableTasks


def planted(n=40, noise=0.0, seed=0):
    """Two kinds of table, told apart by their first feature; column 3 is best on one
    kind, column 7 on the other.
    """
    rng = np.random.default_rng(seed)
    kind = np.arange(n) % 2
    codes = np.linspace(0, 1, 10)[:, None]
    peak = np.where(kind, 7, 3)[:, None]
    values = (
        0.8
        - 0.03 * np.abs(np.arange(10) - peak)
        + rng.normal(0, 0.02, (n, 1))
        + rng.normal(0, noise, (n, 10))
    )
    features = np.c_[kind + rng.normal(0, 0.05, n), rng.normal(size=n)]
    return Evidence(values, features, codes, default=1)


@pytest.mark.parametrize(
    "strategy", [NearestTable(), NearestTable(5), Factorisation(2, 30), Regression(30)]
)
def test_strategies_that_look_at_the_table_tell_the_two_kinds_apart(strategy):
    strategy.fit(planted(noise=0.005))
    for feature, right in ((0.0, 3), (1.0, 7)):
        assert abs(int(strategy.choose(np.array([feature, 0.0]))[0]) - right) <= 1


def test_global_strategies_by_hand():
    values = np.array([[0.9, 0.5, 0.6], [0.5, 0.52, 0.51], [0.5, 0.52, 0.51]])
    evidence = Evidence(values, np.zeros((3, 1)), np.eye(3), default=2)
    at = np.zeros(1)
    assert Default().fit(evidence).choose(at).tolist() == [2] and Default(1).fit(
        evidence
    ).choose(at).tolist() == [1]
    assert BestMean().fit(evidence).choose(at).tolist() == [0]  # one table decides
    assert BestRank().fit(evidence).choose(at).tolist() == [1]  # two tables against one
    assert BestMean(top=2).fit(evidence).choose(at).tolist() == [0, 2]


def test_smoothing_prefers_a_plateau_to_a_lonely_peak():
    values = np.tile([0.5, 0.9, 0.5, 0.8, 0.85, 0.8], (3, 1))
    codes = np.arange(6.0)[:, None] / 5
    evidence = Evidence(values, np.zeros((3, 1)), codes)
    assert BestMean().fit(evidence).choose(np.zeros(1)) == [1]
    assert BestSmoothed(0.2).fit(evidence).choose(np.zeros(1))[0] >= 3
    # no neighbour counts: the plain mean
    assert BestSmoothed(1e-3).fit(evidence).choose(np.zeros(1)) == [1]


def test_the_weight_of_labels_by_hand():
    # one anomaly, one normal row: an AUROC is 0 or 1, its variance A(1 - A);
    # between-table variance of that size: half
    assert shrinkage_weight(0.21, 0.7, 1, 1) == pytest.approx(0.5)
    weights = [shrinkage_weight(0.01, 0.75, a, 50) for a in (1, 2, 5, 10, 1000)]
    assert weights == sorted(weights) and weights[0] < 0.2 and weights[-1] > 0.7
    assert shrinkage_weight(0.0, 0.7, 5, 50) == 0.0


def test_hanley_and_mcneils_variance_is_that_of_an_auroc_over_few_rows():
    """For exponential scores their formula is exact: AUROC of rate-1 normal against
    rate-r anomalies is 1 / (1 + r).
    """
    rng = np.random.default_rng(0)
    r, a, b = 0.5, 4, 30
    y = np.repeat([1, 0], [a, b])
    draws = aurocs(
        y, np.c_[rng.exponential(1 / r, (20000, a)), rng.exponential(1, (20000, b))]
    )
    assert draws.mean() == pytest.approx(1 / (1 + r), abs=0.005)
    w = shrinkage_weight(0.02, 1 / (1 + r), a, b)
    assert draws.var() == pytest.approx(0.02 / w - 0.02, rel=0.05)


def test_shrinkage_trusts_other_tables_at_first_and_the_labels_in_the_end():
    evidence = planted(noise=0.03)
    seen = np.full(10, 0.6)
    seen[0] = 0.9  # the labels praise a column that is poor everywhere
    few, many = Observed(seen, 1, 50), Observed(seen, 10_000, 10_000)
    shrunk, trusting = Shrinkage().fit(evidence), BestOnLabels().fit(evidence)
    assert trusting.choose(np.zeros(2), few) == [0]
    assert shrunk.choose(np.zeros(2), many) == [0] and shrunk.choose(
        np.zeros(2), few
    ) != [0]


def correlated(n_tables, n_draws, rng, n_configs=8, anomalies=3, normal=40):
    """AUROC of configurations that score the same rows: all labels, and a few of them.

    A row's score is a part common to all configurations plus one of its own, so that
    the errors of few labels are common too. Returns (n_tables, n_configs), and
    (n_tables, n_draws, n_configs)."""
    # what is common to a table, what a configuration is worth, what it is worth here
    shift = 1.0 + 0.5 * rng.normal(size=(n_tables, 1))
    shift = shift + np.linspace(-0.3, 0.3, n_configs)
    shift = shift + 0.2 * rng.normal(size=(n_tables, n_configs))
    values = norm.cdf(shift / 2**0.5)  # both classes have variance 1
    noisy = np.empty((n_tables, n_draws, n_configs))
    y = np.repeat([1, 0], [anomalies, normal])
    for t, d in np.ndindex(n_tables, n_draws):
        own = rng.normal(size=(n_configs, len(y)))
        rows = 0.9**0.5 * rng.normal(size=len(y)) + 0.1**0.5 * own
        noisy[t, d] = aurocs(y, rows + shift[t][:, None] * y)
    return values, noisy


def test_the_noise_of_shrinkage_is_what_few_labels_get_wrong_about_differences():
    """The weight is the best there is on fresh tables; the formula for one AUROC, whose
    errors are common to all configurations, trusts the labels far too little.
    """
    rng = np.random.default_rng(5)
    values, noisy = correlated(200, 4, rng)
    features, codes = np.zeros((200, 1)), np.eye(8)
    shrunk = Shrinkage().fit(Evidence(values, features, codes, 0, noisy))
    fresh, seen = correlated(400, 1, rng)
    relative = lambda v: v - v.mean(axis=-1, keepdims=True)  # noqa: E731
    error = relative(seen[:, 0]) - relative(fresh)
    assert shrunk.noise_ == pytest.approx((error**2).mean(), rel=0.1)

    def loss(w):
        guess = w * relative(seen[:, 0]) + (1 - w) * shrunk.mean_
        return ((guess - relative(fresh)) ** 2).mean()

    w = shrunk.weight(Observed(seen[0, 0], 3, 40))
    grid = np.linspace(0, 1, 101)
    best = grid[np.argmin([loss(g) for g in grid])]
    assert w == pytest.approx(best, abs=0.06)
    formula = Shrinkage().fit(Evidence(values, features, codes))
    alone = formula.weight(Observed(seen[0, 0], 3, 40))
    assert alone < w / 2 and loss(alone) > 1.1 * loss(w)
    # and what it chooses is w observed + (1 - w) mean
    guess = w * relative(seen[0, 0]) + (1 - w) * shrunk.mean_
    chosen = shrunk.choose(np.zeros(1), Observed(seen[0, 0], 3, 40))[0]
    assert chosen == guess.argmax()


def test_a_surrogate_adapts_to_what_is_observed():
    """Features say nothing here: only the inner loop can tell which kind of table it
    is.
    """
    strategy = Adapted(iterations=250).fit(
        planted(noise=0.005)._replace(features=np.zeros((40, 1)))
    )
    seen = [
        Observed(0.8 - 0.03 * np.abs(np.arange(10) - peak), 50, 50) for peak in (3, 7)
    ]
    low, high = (int(strategy.choose(np.zeros(1), o)[0]) for o in seen)
    assert low <= 5 <= high and high - low >= 2


def test_strategies_that_need_labels_say_so():
    with pytest.raises(
        ValueError, match="Shrinkage chooses by labelled rows; pass `observed`"
    ):
        Shrinkage().fit(planted()).choose(np.zeros(2))
    with pytest.raises(ValueError, match="at least 2 tables"):
        BestMean().fit(Evidence(np.zeros((1, 3)), np.zeros((1, 1)), np.zeros((3, 1))))


def test_an_average_of_ranks_is_by_hand_and_one_score_is_not_touched():
    scores = np.random.default_rng(0).normal(size=(4, 50)).round(1)
    assert np.array_equal(average_of_ranks(scores[:1]), scores[0])
    np.testing.assert_array_equal(
        average_of_ranks(np.array([[1.0, 2, 3], [30, 20, 10]])), [2, 2, 2]
    )


def test_scores_that_differ_by_rounding_noise_tie_as_they_do_in_the_metrics():
    y = np.array([1, 0, 1, 0, 0])
    # one tie of three between 2 and 0.5, in three orders
    noise = np.array([1 + 2e-15, 1 + 1e-15, 1, 2, 0.5])
    scores = np.array([noise, noise[[1, 2, 0, 3, 4]], noise[[2, 0, 1, 3, 4]]])
    assert len(np.unique(noise)) == 5
    # each anomaly beats one normal row of three and ties with another; both pass with
    # the tie, third and fourth of five
    np.testing.assert_allclose(aurocs(y, scores), 0.5, rtol=1e-15)
    np.testing.assert_array_equal(average_of_ranks(scores[:2]), [3, 3, 3, 5, 1])


def small_bench(n_tables=6, n=120, seed=0):
    """Raw scores of 3 candidates and 2 seeds; candidate 1 is good on every table, 2
    only with seed 0 of table 0.
    """
    rng = np.random.default_rng(seed)
    y = np.repeat([0, 1], [n - 20, 20])
    shift = np.broadcast_to([0.0, 1.5, 0.3], (n_tables, 2, 3)).copy()
    shift[0, 0, 2] = 6.0
    raw = rng.normal(size=(n_tables, 2, 3, n)) + shift[..., None] * y
    auroc = np.array([[aurocs(y, s) for s in table] for table in raw]).swapaxes(1, 2)
    names = [f"t{i}" for i in range(n_tables)]
    families = [f"f{i // 2}" for i in range(n_tables)]
    m = Matrix(
        auroc,
        auroc,
        ["a", "b", "c"],
        ["k"] * 3,
        [{}] * 3,
        names,
        families,
        np.zeros((n_tables, 3)),
    )
    return m, lambda t, s: (raw[t, s], y)


def test_held_out_results_by_hand_and_a_lucky_seed_does_not_survive_the_refit():
    m, scores = small_bench()
    strategies = {"default": Default(), "mean": BestMean(), "labels": BestOnLabels()}
    problem = Problem(m, np.zeros((6, 1)), np.eye(3), scores)
    plain = problem.hold_out({k: strategies[k] for k in ("default", "mean")})
    np.testing.assert_allclose(plain["default"].auroc, m.auroc[:, 0].mean(axis=1))
    np.testing.assert_allclose(plain["mean"].auroc_same, m.auroc[:, 1].mean(axis=1))
    assert set(plain["mean"].chosen) == {"b"}
    seen = problem.hold_out(strategies, labels=(10, 50), draws=4)["labels"]
    # table 0: chosen by the lucky seed, judged by the other
    assert seen.auroc_same[0] > seen.auroc[0] + 0.05
    assert np.all(np.abs(seen.auroc[1:] - seen.auroc_same[1:]) < 0.1)


def test_nothing_of_the_held_out_family_reaches_the_strategy():
    m, scores = small_bench()
    seen = []

    class Spy(Default):
        def _fit(self, evidence):
            super()._fit(evidence)
            seen.append(evidence.values)

    Problem(m, np.zeros((6, 1)), np.eye(3), scores).hold_out({"spy": Spy()})
    values = m.auroc.mean(axis=2)
    assert len(seen) == 3  # three families of two tables
    for i, train in enumerate(seen):
        np.testing.assert_array_equal(
            train, np.delete(values, [2 * i, 2 * i + 1], axis=0)
        )


def test_a_problem_of_some_detectors_is_the_part_of_all_that_concerns_them(tmp_path):
    grids = {kind: GRIDS[kind] for kind in ("k-means", "LOF", "kNN")}
    found = candidates({k: (d, c[:4]) for k, (d, c) in grids.items()})
    tasks = TableTasks(["wine", "breast-cancer"], max_rows=60)
    stand_in = np.arange(24.0).reshape(2, 12)
    problem = Problem.of(tasks, found, tmp_path, n_seeds=1, stand_in=stand_in)
    part = problem.only("kNN", "k-means")
    at = [0, 1, 2, 3, 8, 9, 10, 11]
    assert part.matrix.kinds == ["k-means"] * 4 + ["kNN"] * 4 and part.default == 4
    np.testing.assert_array_equal(part.stand_in, stand_in[:, at])
    np.testing.assert_array_equal(part.codes, codes_of([found[i] for i in at]))
    whole, y = problem.scores(1, 0)
    few, same = part.scores(1, 0)
    np.testing.assert_array_equal(few, whole[at])
    assert np.array_equal(y, same) and problem.features.shape == (2, 11)


def test_guesses_are_seen_by_strategies_where_nothing_is_labelled():
    m, scores = small_bench()
    stand_in = np.tile([0.1, 0.2, 0.9], (6, 1))
    problem = Problem(m, np.zeros((6, 1)), np.eye(3), scores, 0, stand_in)
    found = problem.hold_out({"guess": BestOnLabels()}, guess=True)["guess"]
    assert set(found.chosen) == {"c"}


@pytest.mark.parametrize("kind", GRIDS)
def test_codes_of_one_detector_are_a_part_of_the_codes_of_all(kind):
    found = candidates()
    own = [i for i, c in enumerate(found) if c.kind == kind]
    codes = codes_of(found)[own]
    alone = codes_of([found[i] for i in own])
    np.testing.assert_array_equal(codes[:, codes.any(axis=0)], alone)
    assert alone.shape[1] == 1 + len(
        space(found[own[0]].detector).encode(found[own[0]].config)
    )


@pytest.mark.parametrize("kind", GRIDS)
def test_a_grid_lies_in_its_space_and_takes_every_option_of_a_choice(kind):
    detector, configs = GRIDS[kind]
    declared = space(detector)
    outside = [c for c in configs if not declared.contains(c)]
    # the control of a thousand trees
    assert all(c["n_estimators"] == 1000 for c in outside)
    assert len(outside) == (2 if kind == "Isolation Forest" else 0)
    for name, dimension in declared.dimensions.items():
        if isinstance(dimension, Choice) and kind != "autoencoder":
            assert {c[name] for c in configs} == set(dimension.options)


def test_codes_tell_every_candidate_from_every_other():
    codes = codes_of(candidates())
    assert len(np.unique(codes, axis=0)) == len(codes) and np.isfinite(codes).all()
    assert (codes[:, :6].sum(axis=1) == 1).all()  # which of the six detectors


def test_a_gain_counts_less_where_it_is_known_less_well():
    """Of equal mean gains the steadier one wins; where all gains are noise nothing beats
    the default.
    """
    rng = np.random.default_rng(0)
    values = np.full((30, 3), 0.7)
    values[:, 1] += 0.05 + 0.01 * rng.normal(size=30)
    wild = rng.normal(size=30)
    values[:, 2] += 0.051 + 0.2 * (wild - wild.mean())
    codes, features = np.eye(3), np.zeros((30, 1))
    assert BestMean().fit(Evidence(values, features, codes)).choose([0.0]) == [2]
    shrunk = BestShrunk().fit(Evidence(values, features, codes))
    assert shrunk.choose([0.0]) == [1] and shrunk.merit_[0] == 0
    noise = np.full((30, 3), 0.7)
    noise[:, 1:] += 0.1 * np.r_[np.eye(15), -np.eye(15)][:, :2]
    nothing = BestShrunk().fit(Evidence(noise, features, codes))
    np.testing.assert_array_equal(nothing.merit_, 0.0)
    assert nothing.choose([0.0]) == [0]


def test_shrunk_gains_are_nearer_the_truth_than_means():
    rng = np.random.default_rng(1)
    truth, spread = rng.normal(0, 0.03, 40), rng.uniform(0.02, 0.4, 40)
    truth[0] = spread[0] = 0.0
    codes, errors = np.eye(40), []
    for _ in range(40):
        values = 0.7 + truth + spread * rng.normal(size=(25, 40))
        shrunk = BestShrunk().fit(Evidence(values, np.zeros((25, 1)), codes))
        gains = (values - values[:, :1]).mean(axis=0)
        errors.append([((g - truth) ** 2).mean() for g in (shrunk.merit_, gains)])
    ours, plain = np.mean(errors, axis=0)
    assert ours < 0.6 * plain
