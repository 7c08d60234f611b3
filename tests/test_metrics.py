"""Metrics against values worked out by hand and against independent implementations."""

import ast
import re
from pathlib import Path

import numpy as np
import pytest

from metaad import metrics
from metaad.metrics import (
    auroc,
    average_precision,
    balanced_accuracy,
    best_first,
    ranks,
    share_below,
    significant,
    spearman,
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
                "one label and one score for each row, flat or in batches (..., n); "
                "got shapes (2,) and (3,)"
            ),
        ),
        ([[0, 1]], [1, -1], re.escape("got shapes (1, 2) and (2,)")),
        ([[0, 1], [1, 1]], [[1, -1], [1, -1]], "2 labels of one class only"),
        (1, 1, re.escape("got shapes () and ()")),
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


def tied(shape, rng):
    """Scores with many ties, some of them hidden by noise in the last bits."""
    scores = rng.integers(0, 9, shape) / 7
    return scores * (1 + 1e-15 * rng.integers(-2, 3, shape))


def test_a_batch_is_its_rows_one_by_one_and_what_scikit_learn_gives():
    from sklearn import metrics as theirs

    rng = np.random.default_rng(0)
    scores = tied((3, 4, 60), rng)
    labels = rng.random((3, 4, 60)) < rng.uniform(0.1, 0.9, (3, 4, 1))
    labels = labels.astype(int)
    flags = np.where(scores > 0.6, -1, 1)
    for own, other, given in (
        (auroc, theirs.roc_auc_score, scores),
        (average_precision, theirs.average_precision_score, scores),
        (
            balanced_accuracy,
            lambda y, p: theirs.balanced_accuracy_score(y, p < 0),
            flags,
        ),
    ):
        for y in (labels, labels[0, 0]):
            found = own(y, given)
            assert found.shape == (3, 4)
            for at in np.ndindex(3, 4):
                one = y if y.ndim == 1 else y[at]
                assert own(one, given[at]) == found[at]
                expected = other(one, significant(given[at]))
                assert found[at] == pytest.approx(expected, rel=1e-12)
    assert isinstance(auroc(labels[0, 0], scores[0, 0]), float)


def test_one_rule_for_ties_holds_everywhere():
    y, noisy = [0, 1], [1.0, 1.0 + 1e-12]
    assert auroc(y, noisy) == auroc(y, noisy[::-1]) == 0.5
    assert average_precision(y, noisy) == 0.5
    assert ranks(noisy).tolist() == [1.5, 1.5]
    assert best_first(noisy).tolist() == [0, 1]
    assert share_below(noisy, noisy).tolist() == [0.5, 0.5]


def test_noise_of_1e_15_moves_no_rank():
    rng = np.random.default_rng(1)
    plain = rng.integers(1, 6, (20, 40)) / 3
    noisy = plain * (1 + 1e-15 * rng.standard_normal(plain.shape))
    other = rng.standard_normal((20, 40))
    assert not np.array_equal(noisy.argsort(axis=1), plain.argsort(axis=1))
    for of in (ranks, best_first, lambda v: spearman(v, other)):
        np.testing.assert_array_equal(of(noisy), of(plain))
    np.testing.assert_array_equal(
        share_below(noisy[0], plain[1]), share_below(plain[0], noisy[1])
    )


def test_ranks_and_their_correlation_by_hand_and_against_scipy():
    from scipy import stats

    assert ranks([10, 30, 20, 20]).tolist() == [1, 4, 2.5, 2.5]
    assert best_first([10, 30, 20, 20]).tolist() == [1, 2, 3, 0]
    # squared differences of ranks 0, 1, 1: ρ = 1 - 6 · 2 / (3 · 8)
    assert spearman([1, 2, 3], [1, 3, 2]) == pytest.approx(0.5)
    rng = np.random.default_rng(0)
    a, b = rng.integers(0, 5, (6, 30)), rng.standard_normal((6, 30))
    expected = [stats.spearmanr(x, z)[0] for x, z in zip(a, b, strict=True)]
    np.testing.assert_allclose(spearman(a, b), expected, rtol=1e-12)
    np.testing.assert_allclose(spearman(a[0], b)[0], expected[0], rtol=1e-12)
    assert np.isnan(spearman([1, 1, 1], [1, 2, 3]))


def test_share_below_counts_ties_as_told():
    reference, values = [1.0, 2.0, 2.0, 4.0], np.array([[0.0, 1.0], [2.0, 9.0]])
    assert share_below(reference, values).tolist() == [[0, 0.125], [0.5, 1]]
    assert share_below(reference, values, ties=0).tolist() == [[0, 0], [0.25, 1]]
    assert share_below(reference, values, ties=1).tolist() == [[0, 0.25], [0.75, 1]]


def test_share_below_of_normal_rows_is_the_auroc():
    rng = np.random.default_rng(0)
    normal, anomalies = tied(50, rng), tied(20, rng) + 1 / 7
    mean = share_below(normal, anomalies).mean()
    y = np.repeat([0, 1], [50, 20])
    assert auroc(y, np.r_[normal, anomalies]) == pytest.approx(mean, rel=1e-12)


PACKAGE = Path(__file__).resolve().parents[1] / "metaad"
# what only metaad/metrics.py may say: other places would make ties by another rule
ONE_PLACE = {
    "rankdata",
    "spearmanr",
    "kendalltau",
    "mannwhitneyu",
    "roc_auc_score",
    "average_precision_score",
    "balanced_accuracy_score",
    "label_ranking_average_precision_score",
}
# sorts by hand: none of them ranks scores
SORTS = {
    "detectors/forest/trees.py": "rows by the node that they are in",
    "experiments/lessons/lesson_01.py": "neighbours by distance, for themselves",
    "plots/tables.py": "rows by their label, columns by their deviation",
    "data/robust.py": "columns by their deviation",
    "experiments/lessons/lesson_07_network.py": "points of a wave from left to right",
    "experiments/tables/many_table_labels_choice.py": "detectors by what is expected of them",
    "experiments/lessons/lesson_08.py": "images in the order in which they are shown",
    "experiments/images/made_up_classes.py": "classes by their number",
    "experiments/tables/many_table_rewards_search.py": "settings by their reward",
    "detectors/neighbours.py": "neighbours by distance, for themselves",
    "meta/context/columns.py": "places of values among the rows that were read",
    "meta/context/rows.py": "p-values: shares of the rows that were read",
    "meta/context/spaces.py": "counts of values, from which normal scores are made",
    "plots/tuning.py": "settings by their number of neighbours",
    "meta/classifier.py": "places of the classes that are known",
    "meta/subspace.py": "places of the classes that are known",
    "scores/drift.py": "two distribution functions; orders by chance",
    "data/own/words.py": "words by how often they stand there",
    "experiments/lessons/lesson_12.py": "neighbours by distance, for themselves",
    "practice/alarm.py": "ranks among past scores, of which p-values are made",
    "practice/model.py": "columns by their share of the reason",
    "tasks/draws.py": "orders by chance",
    "tasks/layout.py": "orders by chance",
    "tasks/made_up_on_device.py": "allowed classes first",
    "meta/adversarial.py": "rows of one kind first",
}


def words(tree):
    """Names, attributes and imported names of a syntax tree."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, ast.alias):
            yield node.name.split(".")[-1]


def calls(tree, name):
    return any(
        isinstance(n, ast.Call) and getattr(n.func, "attr", "") == name
        for n in ast.walk(tree)
    )


def home_made(tree):
    """Does it compute an AUROC, a precision or ranks by hand?"""
    found = set(words(tree)) & ONE_PLACE
    pairs = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.BinOp)
        and isinstance(node.op, ast.Add)
        and {type(n) for n in ast.walk(node) if isinstance(n, ast.cmpop)}
        >= {ast.Gt, ast.Eq}
    ]
    sorts = {n for n in ("argsort", "searchsorted") if calls(tree, n)}
    return found | ({"pairs compared"} if pairs else set()) | sorts


@pytest.mark.parametrize(
    "path",
    [p for p in sorted(PACKAGE.rglob("*.py")) if p.name != "metrics.py"],
    ids=lambda p: p.relative_to(PACKAGE).as_posix(),
)
def test_no_measure_is_computed_in_two_places(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found = home_made(tree)
    if path.relative_to(PACKAGE).as_posix() in SORTS:
        found -= {"argsort", "searchsorted"}
    if path.parent.name == "exercises":
        found -= {"argsort"}  # a wrong answer that ranks ties apart is wrong on purpose
    assert not found, f"{path.name}: {found}; take metaad.metrics"


@pytest.mark.parametrize(
    "source",
    [
        "from scipy.stats import rankdata",
        "from scipy import stats\nstats.spearmanr(a, b)",
        "sklearn.metrics.roc_auc_score(y, s)",
        "((anomalies > inliers) + 0.5 * (anomalies == inliers)).mean()",
        "order = np.argsort(-scores)",
        "s.argsort().argsort()",
        "np.searchsorted(np.sort(normal), s) / len(normal)",
    ],
)
def test_a_second_implementation_would_be_found(source):
    assert home_made(ast.parse(source))


def test_two_names_of_one_measure_are_one_function():
    from metaad.meta.evaluation import auroc_of_tasks
    from metaad.search.tuning.hold_out import aurocs

    assert aurocs is auroc_of_tasks is auroc


@pytest.mark.parametrize(("a", "n"), [(1, 1), (1, 5), (2, 5), (3, 7), (6, 6)])
def test_chance_precision_is_the_mean_over_all_orders(a, n):
    from itertools import combinations

    falling, found = np.arange(n, 0, -1.0), []
    for places in combinations(range(n), a):
        hits = np.arange(1, a + 1) / (np.array(places) + 1)
        found.append(hits.mean())
        y = np.isin(np.arange(n), places).astype(int)
        if a < n:
            assert metrics.average_precision(y, falling) == pytest.approx(found[-1])
    assert metrics.chance_precision(a, n) == pytest.approx(np.mean(found))


def test_chance_precision_nears_the_share_and_lies_above_it_where_anomalies_are_few():
    assert metrics.chance_precision(10, 2000) == pytest.approx(0.0086, abs=5e-5)
    assert metrics.chance_precision(50_000, 100_000) == pytest.approx(0.5, abs=1e-3)


@pytest.mark.parametrize(("a", "n"), [(0, 5), (6, 5)])
def test_chance_precision_of_no_anomaly_or_too_many_is_refused(a, n):
    with pytest.raises(ValueError, match="1 to n anomalies"):
        metrics.chance_precision(a, n)
