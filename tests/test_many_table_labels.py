"""The experiment on few labels over many tables: what is described, what other tables
say of a choice, and gains that are gains.
"""

import numpy as np
import pytest

from metaad.experiments.tables import many_table_labels_report as report
from metaad.experiments.tables.many_table_labels import jobs
from metaad.experiments.tables.many_table_labels_choice import (
    Choice,
    in_truth,
    on_labels,
)
from metaad.experiments.tables.many_table_labels_describe import (
    ABOUT,
    COLUMNS,
    COUNTS,
    described,
    drawn,
)
from metaad.experiments.tables.many_table_labels_heads import (
    AT,
    KEPT,
    Described,
    boosted,
    episodes,
    linear,
    load,
    unlearned,
)
from metaad.meta.stack.inputs import average_weights
from metaad.meta.stack.label_features import FEATURES, LABELLED
from metaad.meta.stack.row_features import BANK
from metaad.metrics import auroc
from metaad.repro import cache


def table(seed=0, n=90, d=3, anomalies=12):
    rng = np.random.default_rng(seed)
    X, y = rng.normal(size=(n, d)), np.repeat([0, 1], [n - anomalies, anomalies])
    X[y == 1, 0] += 3
    return X, y


@pytest.fixture(scope="module")
def parts():
    (X, y), (Q, truth) = table(0), table(1)
    return described(X, y, Q, [0, 1], (1, 2)), truth


def test_a_description_has_the_columns_that_it_names(parts):
    found, truth = parts
    assert found["x"].shape == (2, len(truth), len(COLUMNS))
    assert len(COLUMNS) == len(FEATURES) + len(LABELLED) + len(BANK) + len(ABOUT)
    assert found["plain"].shape == (2, 2, len(truth))
    assert found["a"].tolist() == [1, 2] and found["counts"].tolist() == [1, 2]
    x = found["x"]
    assert np.allclose(10 ** x[:, :, AT["log10 labelled anomalies"]], [[1], [2]])
    assert np.allclose(10 ** x[:, :, AT["log10 rows"]], 90)
    # the bank knows no labels
    assert np.array_equal(x[0, :, : len(BANK)], x[1, :, : len(BANK)])
    assert auroc(truth, x[1, :, AT["raw trees"]]) > 0.8


def test_fewer_labels_are_the_first_of_more_and_every_draw_is_another():
    y = table()[1]
    one, two = drawn(y, [0, 5]), drawn(y, [1, 5])
    assert sorted(one[0]) == np.flatnonzero(y == 1).tolist()
    assert not np.array_equal(one[1], two[1])
    X, Q = table()[0], table(1)[0]
    alone = described(X, y, Q, [0, 1], (2,))
    both = described(X, y, Q, [0, 1], (1, 2))
    assert np.array_equal(alone["x"][0], both["x"][1])


def test_what_was_written_comes_back_and_a_table_without_anomalies_is_none(
    parts, tmp_path
):
    found, truth = parts
    cache.keep(tmp_path / "a.npz", "key", **found, y=truth, seconds=1.0)
    back = load("a", tmp_path / "a.npz")
    assert back.wide.shape[2] == len(FEATURES) + len(KEPT) + 1
    assert np.array_equal(back.wide[:, :, -1], back.tails[:, :, 0])
    scores = unlearned(back, 0)
    by_hand = -np.log(1 - found["x"][0, :, 0] + 0.5 / 90)
    assert np.allclose(scores[f"{BANK[0]}, no label"], by_hand, atol=1e-5)
    cache.keep(tmp_path / "b.npz", "key", seconds=1.0)
    assert load("b", tmp_path / "b.npz") is None


def made(seed, best=3, informative=1, counts=COUNTS, m=60):
    """A table whose bank score `best` ranks anomalies first, as do its labels."""
    rng = np.random.default_rng(seed)
    y = np.repeat([0, 1], [m - 15, 15])
    tails = rng.normal(size=(len(counts), m, 65))
    tails[:, :, 1 + best] += 3 * y
    tails[:, :, 0] = rng.normal(size=m) + informative * y
    tails[1:, :, 1 : 1 + len(BANK)] = tails[:1, :, 1 : 1 + len(BANK)]
    favour = np.full((len(counts), len(BANK)), 0.5)
    a = np.array(counts)
    favour[:, best] = 0.5 + 0.5 * a / (a + 1)
    wide = np.concatenate([tails[:, :, 1:55], tails[:, :, :1]], axis=2)
    plain = rng.normal(size=(len(counts), 2, m))
    return Described(
        f"t{seed}", y, tails, wide, plain, plain[:, 0], favour, a, np.array(counts)
    )


def test_the_auroc_on_the_labels_is_what_the_column_was_made_of():
    assert on_labels(made(0), 0)[3] == pytest.approx(1)
    assert on_labels(made(0), 3)[:3] == pytest.approx(0.5)


def test_shrinkage_by_hand():
    tables = [made(s, best=s % 2) for s in range(6)]
    choice = Choice(tables)
    truth = np.array([in_truth(t) for t in tables])
    assert truth[0, 0] > 0.9 and truth[1, 1] > 0.9
    truth -= truth.mean(axis=1, keepdims=True)
    assert np.allclose(choice.elsewhere, truth.mean(axis=0))
    assert choice.between == pytest.approx(np.mean((truth - truth.mean(axis=0)) ** 2))
    said = np.array([on_labels(t, 1) for t in tables])
    wrong = said - said.mean(axis=1, keepdims=True) - truth
    assert choice.noise[1] == pytest.approx(np.mean(wrong**2))
    w = choice.between / (choice.between + choice.noise[1])
    assert choice.weight[1] == pytest.approx(w)
    new = made(9, best=4)
    merit = choice.merits(new, 1)["shrinkage"]
    own = on_labels(new, 1) - on_labels(new, 1).mean()
    assert np.allclose(merit, w * own + (1 - w) * choice.elsewhere)
    by_labels = choice.scores(new, 1)["one of 13, chosen by labels"]
    assert np.array_equal(by_labels, new.tails[1, :, 5])


def test_the_linear_head_finds_the_score_that_ranks_and_the_trees_do():
    tables = [made(s, informative=0) for s in range(8)]
    weights = linear(tables, 0.03)
    assert np.argmax(np.abs(weights)) == 4
    trees = boosted(tables, trees=10, least=5)
    new = made(20, informative=0)
    assert auroc(new.y, trees.decision_function(new.wide[0])) > 0.9
    assert len(episodes(tables)) == 8 * len(COUNTS)


def test_a_head_that_is_the_average_gains_nothing_exactly():
    tables = [made(s) for s in range(4)]
    trees = boosted(tables, trees=5, least=5)
    best = {report.LINEAR: 1.0, report.TREES: 1.0, report.BLEND: 0.0}
    gains = report.gained([(average_weights(), trees)], best, tables)
    assert np.array_equal(gains[report.LINEAR], np.zeros((4, 2)))
    assert np.array_equal(gains[report.BLEND], np.zeros((4, 2)))
    assert gains[report.TREES].mean() > 0


def test_smaller_sizes_are_part_of_larger_ones_and_draws_differ():
    names = list(range(40))
    assert set(report.nested(names, 14, 0)) < set(report.nested(names, 28, 0))
    assert report.nested(names, 14, 0) != report.nested(names, 14, 1)


def test_differences_are_corrected_together_and_their_values_are_means():
    rng = np.random.default_rng(0)
    found = {n: rng.normal(size=(30, 4, 2)) for n in "ab"}
    result = report.against(found, [("a", "b")], None)
    of = result["average_precision"]["a - b"]
    gap = found["a"][..., 1] - found["b"][..., 1]
    assert of["5"][0] == pytest.approx(gap[:, 2].mean(), abs=1e-4)
    assert of["all"][0] == pytest.approx(gap.mean(), abs=1e-4)
    assert of["all"][1] < of["all"][0] < of["all"][2]


def test_tables_that_teach_are_described_once_and_none_of_them_judges():
    teach = [name for name, judged, _ in jobs() if judged < 1000]
    judge = [name for name, judged, _ in jobs() if judged == 1000]
    assert not set(teach) & set(judge) and len(teach) == 237
    assert len(judge) - 180 == sum(n.startswith("adbench:") for n in judge)
    assert {c for name, _, c in jobs() if name in teach} == {(c,) for c in COUNTS}
