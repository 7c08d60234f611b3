"""The detector that reads a table as its context, and its trees."""

import json
from dataclasses import replace

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.utils.estimator_checks import parametrize_with_checks

import metaad
from metaad import ContextDetector, saving
from metaad.meta.context import boosted
from metaad.meta.context.detector import SHIPPED
from metaad.meta.context.rows import NUMBERS, Context

RNG = np.random.default_rng(0)


@pytest.fixture(scope="module")
def scikit():
    X = RNG.normal(size=(600, len(NUMBERS)))
    y = X[:, 0] + X[:, 1] * X[:, 2] + RNG.normal(size=600) > 0
    return HistGradientBoostingClassifier(max_iter=8, max_leaf_nodes=6).fit(X, y), X


@pytest.fixture(scope="module")
def table():
    table = metaad.load("breast-cancer")
    normal = table.X[table.y == 0]
    return normal[:250], np.r_[normal[250:], table.X[table.y == 1]], table.y


def test_trees_are_scikit_learns_up_to_a_constant(scikit):
    model, X = scikit
    trees = boosted.from_scikit(model)
    offset = model.decision_function(X) - trees(X)
    assert offset == pytest.approx(offset[0])


def test_several_trees_together_are_their_mean(scikit):
    model, X = scikit
    trees = boosted.from_scikit(model)
    assert boosted.together([trees, trees])(X) == pytest.approx(trees(X))


def test_trees_come_back_from_a_file(scikit, tmp_path):
    model, X = scikit
    trees = boosted.from_scikit(model)
    boosted.write(tmp_path / "m", {"clean": trees, "mixed": trees}, {"made": "here"})
    scorers, about = boosted.read(tmp_path / "m")
    assert about == {"made": "here"} and list(scorers) == ["clean", "mixed"]
    rounded = replace(trees, threshold=trees.threshold.astype(np.float32))
    assert scorers["clean"](X) == pytest.approx(rounded(X), abs=1e-5)


@parametrize_with_checks([ContextDetector()])
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.SkipTestWarning")
def test_scikit_learns_checks(estimator, check):
    check(estimator)


def damaged(change, tmp_path):
    arrays = load_file(SHIPPED / "tables-v1.safetensors")
    numbers = json.dumps(NUMBERS)
    metadata = {"format": boosted.FORMAT, "numbers": numbers, "about": "{}"}
    change(arrays, metadata)
    save_file(arrays, tmp_path / "bad.safetensors", metadata)
    return tmp_path / "bad.safetensors"


CHANGES = {
    "other numbers": lambda a, m: m.update(numbers='["a"]'),
    "holds no boosted trees": lambda a, m: m.update(format="other"),
    "is damaged": lambda a, m: a.pop("clean.value"),
    "child must stand behind": lambda a, m: a["clean.left"].fill(0),
    "must be finite": lambda a, m: a["mixed.value"].fill(np.nan),
    "numbers 0 to": lambda a, m: np.put(a["mixed.feature"], 0, 999),
    "no trees for a mixed": lambda a, m: [
        a.pop(n) for n in list(a) if n.startswith("mixed")
    ],
}


@pytest.mark.parametrize("says", CHANGES)
def test_a_damaged_model_is_refused_in_a_sentence(says, tmp_path):
    with pytest.raises(ValueError, match=says):
        ContextDetector.load(damaged(CHANGES[says], tmp_path))


def test_a_file_of_noise_is_refused(tmp_path):
    (tmp_path / "noise").write_bytes(b"\x00" * 50)
    with pytest.raises(ValueError, match="can't be read"):
        ContextDetector.load(tmp_path / "noise")


def test_a_model_that_is_not_there_is_named():
    with pytest.raises(ValueError, match="not average, tables-v1"):
        ContextDetector.load("tables-v9")


def test_the_shipped_model_is_small():
    assert (SHIPPED / "tables-v1.safetensors").stat().st_size <= 1e6


def test_it_finds_tumours_that_it_was_never_trained_on(table):
    X, Q, y = table
    y = np.repeat([0, 1], [len(Q) - int(y.sum()), int(y.sum())])
    scores = metaad.anomaly_score(ContextDetector.load("tables-v1").fit(X), Q)
    assert metaad.auroc(y, scores) > 0.93


def test_the_threshold_leaves_the_asked_share_of_the_rows_read(table):
    detector = ContextDetector(contamination=0.1).fit(table[0])
    assert (detector.predict(table[0]) == -1).mean() == pytest.approx(0.1, abs=0.01)


def test_more_rows_than_it_reads_are_drawn_by_the_seed(table):
    X = table[0]
    first, again, other = (
        ContextDetector(most_rows=50, random_state=s).fit(X).rows_ for s in (0, 0, 1)
    )
    assert len(first) == 50 and np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_it_comes_back_from_a_file_with_the_same_scores(table, tmp_path):
    X, Q, _ = table
    detector = ContextDetector(most_rows=60).fit(X)
    saving.save(tmp_path / "d", detector)
    found = saving.load(tmp_path / "d").score_samples(Q)
    assert np.array_equal(found, detector.score_samples(Q))


@pytest.mark.parametrize(
    ("parameters", "says"),
    [
        ({"context": "dirty"}, '"clean" or "mixed"'),
        ({"most_rows": 3}, "at least 8"),
        ({"model": "none"}, "no model"),
        ({"left_out": 0.6}, r"in \[0, 0.5\]"),
    ],
)
def test_a_parameter_out_of_range_is_refused(parameters, says, table):
    with pytest.raises(ValueError, match=says):
        ContextDetector(**parameters).fit(table[0])


def test_the_model_that_learned_nothing_is_the_mean_of_the_surprises():
    rng = np.random.default_rng(0)
    X, new = rng.normal(size=(60, 4)), rng.normal(size=(9, 4)) * 3
    detector = ContextDetector("average", random_state=0).fit(X)
    numbers = Context(X, 0)(new)
    expected = numbers[:, [i for i, n in enumerate(NUMBERS) if n.startswith("p ")]]
    np.testing.assert_allclose(
        -detector.score_samples(new), expected.mean(axis=1), rtol=1e-12
    )
    mixed = ContextDetector("average", context="mixed", left_out=0, random_state=0)
    mixed.fit(X)
    assert np.array_equal(mixed.score_samples(new), detector.score_samples(new))


@pytest.fixture
def clumped():
    """A context of 90 normal rows and ten anomalies of one kind, and new ones."""
    rng = np.random.default_rng(3)

    def odd(n):
        return rng.normal(size=(n, 3)) * 0.2 + 5

    X = np.r_[rng.normal(size=(90, 3)), odd(10)]
    return X, np.r_[rng.normal(size=(100, 3)), odd(30)], np.repeat([0, 1], [100, 30])


def test_a_second_reading_unmasks_a_clump(clumped):
    X, new, y = clumped
    once, twice = (ContextDetector(context="mixed", left_out=s) for s in (0, None))
    reached = [
        metaad.auroc(y, metaad.anomaly_score(d.fit(X), new)) for d in (once, twice)
    ]
    assert not twice.kept_[-10:].any()
    assert reached[1] > 0.99 > reached[0]


def test_what_a_second_reading_holds_is_what_a_first_one_of_the_rest_does(clumped):
    X, new, _ = clumped
    twice = ContextDetector(context="mixed").fit(X)
    assert twice.kept_.sum() == 90
    rest = ContextDetector(context="mixed", left_out=0).fit(X[twice.kept_])
    assert np.array_equal(twice.score_samples(new), rest.score_samples(new))


def test_the_rows_left_out_are_those_that_the_others_find_most_anomalous(clumped):
    X, _, _ = clumped
    once = ContextDetector("average", "mixed", left_out=0).fit(X)
    scores = once.score_samples(X)  # no row has a twin: each without itself
    kept = ContextDetector("average", "mixed").fit(X).kept_
    assert scores[~kept].max() < scores[kept].min()


def test_a_clean_context_is_read_once_unless_asked(clumped):
    X, _, _ = clumped
    assert ContextDetector().fit(X).kept_.all()
    assert ContextDetector(left_out=0.2).fit(X).kept_.sum() == 80


def test_a_context_of_eight_rows_loses_none_of_them():
    X = np.random.default_rng(0).normal(size=(8, 2))
    assert ContextDetector(context="mixed").fit(X).kept_.all()


def test_the_threshold_counts_the_rows_that_were_left_out(clumped):
    detector = ContextDetector(context="mixed", contamination=0.1).fit(clumped[0])
    assert (detector.predict(clumped[0]) == -1).mean() == pytest.approx(0.1, abs=0.02)


def test_a_second_reading_is_kept_in_the_file_and_not_made_again(clumped, tmp_path):
    X, new, _ = clumped
    twice = ContextDetector(context="mixed").fit(X)
    saving.save(tmp_path / "twice.metaad", twice)
    back = saving.load(tmp_path / "twice.metaad")
    assert np.array_equal(back.kept_, twice.kept_)
    assert np.array_equal(back.score_samples(new), twice.score_samples(new))


def test_known_anomalies_are_not_read_and_known_normal_rows_stay(table):
    X, Q, _ = table
    odd = np.r_[X[:80], X[:10] + 40 * X.std(axis=0)]
    y = np.r_[np.zeros(80), np.ones(10)].astype(int)
    told = ContextDetector(context="mixed").fit(odd, known=y)
    assert len(told.rows_) == 80 and told.kept_.all()
    alone = ContextDetector(context="mixed", left_out=0).fit(X[:80])
    assert np.array_equal(told.score_samples(Q), alone.score_samples(Q))


def test_labels_that_say_nothing_change_nothing(table):
    X, Q, _ = table
    unknown = ContextDetector(most_rows=60).fit(X, known=np.full(len(X), -1))
    nobody = ContextDetector(most_rows=60).fit(X)
    assert np.array_equal(unknown.score_samples(Q), nobody.score_samples(Q))


def test_rows_known_as_normal_are_read_first(table):
    X = table[0]
    y = np.full(len(X), -1)
    y[[3, 99, 200]] = 0
    rows = ContextDetector(most_rows=20).fit(X, known=y).rows_
    assert len(rows) == 20 and all((rows == X[i]).all(1).any() for i in (3, 99, 200))
    all_known = ContextDetector(most_rows=20).fit(X, known=np.zeros(len(X), int))
    assert len(all_known.rows_) == 20


@pytest.mark.parametrize(
    ("y", "says"),
    [
        (np.full(250, 2), "1 anomaly, 0 normal, -1 no label"),
        (np.zeros(249), r"one label a row, \(250,\)"),
        (np.array(["odd"] * 250), "Words and gaps"),
        (np.r_[np.ones(243), np.zeros(7)], "at least 8 rows that are not labelled"),
    ],
)
def test_labels_it_cannot_use_are_refused_in_a_sentence(y, says, table):
    with pytest.raises(ValueError, match=says):
        ContextDetector().fit(table[0], known=y)
