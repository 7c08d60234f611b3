"""The sections of lessons 05 and 17 on a reader's own table, and what they share:
columns by their names, intervals, thresholds, a stream that drifts or does not.
"""

import types

import numpy as np
import pytest

from metaad import data, metrics, plots
from metaad.data import Table
from metaad.data.own.examples import card_payments
from metaad.experiments.lessons import own_copies, own_rows, own_stream
from metaad.plots import own_table


def made(shift=0.0, n=600, odd=30, seed=0):
    """Rows that lie near a plane and move by `shift` at two thirds; anomalies leave the
    plane in column a, one in twenty rows.
    """
    rng = np.random.default_rng(seed)
    code = rng.normal(size=(n, 2))
    X = code @ rng.normal(size=(2, 8)) + 0.1 * rng.normal(size=(n, 8))
    y = np.zeros(n, int)
    y[np.arange(odd) * (n // odd)] = 1
    X[:, 0] += 4 * y
    X[2 * n // 3 :, 3] += shift
    return Table(X, y, "mine", "", "", "", "anomalies", columns=tuple("abcdefgh"))


@pytest.fixture
def shown(monkeypatch):
    """What a section says and draws: two lists of texts."""
    said, drawn = [], []
    monkeypatch.setattr("metaad.repro.say", said.append)
    monkeypatch.setattr(plots, "show", lambda figure, alt: drawn.append(alt))
    return said, drawn


@pytest.fixture(scope="module")
def german(tmp_path_factory):
    """A file with decimal commas, dates, words, gaps and the labels yes and no, whose
    amounts treble after two thirds: its path, and its rows."""
    frame, _ = card_payments(900, seed=3)
    rng = np.random.default_rng(0)
    odd = (rng.random(len(frame)) < 0.04) | (frame["is_fraud"] == 1)
    frame.loc[odd, "amount"] *= 30
    frame.loc[frame.index >= 600, "amount"] *= 3
    frame["is_fraud"] = np.where(odd, "yes", "no")
    path = tmp_path_factory.mktemp("own") / "karten.csv"
    frame.to_csv(path, index=False, sep=";", decimal=",")
    return path, frame


def loaded(path, **how):
    import warnings

    with warnings.catch_warnings(action="ignore"):
        return data.load(path, **how)


# --- what they share


def test_an_interval_of_the_auroc_is_delong_s_by_hand():
    y = np.array([1, 1, 0, 0, 0])
    scores = np.array([4.0, 2.0, 1.0, 3.0, 0.0])
    # anomalies above 3/3 and 2/3 of the normal rows; normal rows below 2, 1, 2 of 2
    variance = np.var([1, 2 / 3], ddof=1) / 2 + np.var([1, 0.5, 1], ddof=1) / 3
    found = own_rows.auroc(y, scores)
    assert found.value == pytest.approx(5 / 6) == metrics.auroc(y, scores)
    half = 12.706204736 * variance**0.5  # the t distribution of one degree of freedom
    assert (found.low, found.high) == (0, 1) and half > 1
    same = own_rows.auroc(y, scores, minus=scores)
    assert same[:3] == (0, 0, 0)
    with pytest.raises(ValueError, match="two rows of each kind; got 1 anomalies"):
        own_rows.auroc(y[1:], scores[1:])


def test_the_interval_holds_the_true_auroc_as_often_as_it_says():
    from scipy.stats import norm

    rng = np.random.default_rng(1)
    y, true = np.repeat([1, 0], [15, 100]), norm.cdf(1 / 2**0.5)
    held = 0
    for _ in range(400):
        found = own_rows.auroc(y, rng.normal(size=115) + y)
        held += found.low <= true <= found.high
    assert 0.92 <= held / 400 <= 0.98


def test_what_is_far_away_counts_as_six_deviations_and_a_constant_is_only_shifted():
    train = np.array([[0.0, 5.0], [2.0, 5.0]])
    known, new = own_rows.scaled(train, [[100.0, 6.0]])
    np.testing.assert_array_equal(known, [[-1, 0], [1, 0]])
    np.testing.assert_array_equal(new, [[6, 1]])


def test_the_numbers_of_one_column_are_added_up_under_its_name(german):
    table = loaded(german[0], label="is_fraud", anomaly="yes")
    source = own_rows.sources(table)
    values, names = own_rows.by_column(np.ones((2, len(source))), source)
    assert set(names) < set(german[1].columns) and "country" in names
    assert values[0].sum() == len(source)
    assert values[0, names.index("country")] == source.count("country") > 1


# --- lesson 05


def test_the_column_that_leaves_the_plane_has_the_error():
    copies = own_copies.copied(made(), 2, 0)
    assert copies.labelled and copies.columns == list("abcdefgh")
    odd = copies.y == 1
    assert odd.sum() == 30
    for errors in copies.errors.values():
        assert errors[odd].mean(axis=0).argmax() == 0
        assert errors[odd, 0].mean() > 4 * errors[~odd, 0].mean()


def test_pca_s_errors_add_up_to_its_score():
    copies = own_copies.copied(made(), 2, 0)
    length = np.sqrt(copies.errors["PCA"].sum(axis=1))
    np.testing.assert_allclose(length, copies.scores["PCA"][2])
    mean = copies.errors["autoencoder"].mean(axis=1)
    np.testing.assert_allclose(mean, copies.scores["autoencoder"][2])


def test_no_row_is_judged_that_was_learned_from_and_all_anomalies_are():
    table = made()
    table.X[:, 1] = np.arange(600)  # to know rows again
    copies = own_copies.copied(table, 2, 0)
    learned, held, judged = copies.scores["PCA"]
    assert (len(learned), len(held), len(judged)) == (285, 142, 143 + 30)
    assert np.array_equal(table.y[copies.rows], copies.y)


def test_the_threshold_from_held_out_rows_is_that_of_exercise_1():
    scores = np.arange(9.0)
    assert own_copies._threshold(scores, 0.1, False) == 8
    assert own_copies._threshold(np.arange(19.0), 0.1, False) == 17
    assert own_copies._threshold(scores, 0.5, True) == 4


def test_the_verdict_goes_by_the_interval():
    rng = np.random.default_rng(0)
    y = np.repeat([0, 1], [200, 40])
    good, bad = y + 0.1 * rng.random(240), rng.random(240)
    for net, pca, says in (
        (good, bad, "the network is ahead"),
        (bad, good, "PCA is ahead"),
        (good, good, "keep PCA, the simpler"),
    ):
        scores = {"autoencoder": (y, y, net), "PCA": (y, y, pca)}
        copies = own_copies.Copies(["a"], np.arange(240), y, {}, scores)
        assert says in own_copies.verdict(copies)


@pytest.mark.parametrize("labels", [True, False])
def test_lesson_05_speaks_of_the_reader_s_columns(german, shown, labels):
    how = {"label": "is_fraud", "anomaly": "yes"} if labels else {"label": None}
    table = loaded(german[0], **how)
    if not labels:
        table = Table(**{**vars(table), "y": np.full(900, -1)})
    run = types.SimpleNamespace(seed=0, rows=np.arange(900) + 7)
    own_copies.show(table, 10, run)
    said, drawn = "\n".join(shown[0]), shown[1]
    assert "## Your table: karten" in said and "amount" in said
    assert len(drawn) == 1 and "karten" in drawn[0]
    assert said.count("**Verdict:**") == 1 and ("AUROC" in said) == labels
    assert labels or "oddest rows" in said


# --- lesson 17


def test_a_column_that_moves_is_named_and_rings_and_shuffled_rows_do_not():
    table = made(shift=3.0)
    found = own_stream.watched(table, 25, 0.05, 0)
    assert found.start == 200 and 400 < found.rang < 480 and found.by_rows > 400
    far, names, limit = own_stream.moved(table, found)
    assert [n for n, v in zip(names, far, strict=True) if v > limit] == ["d"]
    order = np.random.default_rng(0).permutation(600)
    mixed = Table(**{**vars(table), "X": table.X[order], "y": table.y[order]})
    assert own_stream.watched(mixed, 25, 0.05, 0).rang is None


def test_detectors_are_made_of_the_rows_after_the_alarm_and_judge_those_that_follow():
    table = made(shift=3.0, n=900)
    found = own_stream.watched(table, 25, 0.05, 0)
    assert found.adapted == found.rang + own_stream.SUPPORTS
    later = 900 - found.adapted
    assert {len(s) for s in found.scores.values()} == {later}
    assert list(found.scores) == [own_stream.NOTHING, own_stream.REFIT, own_stream.READ]
    np.testing.assert_array_equal(
        found.scores[own_stream.NOTHING], found.before[-later:]
    )


def test_without_drift_there_is_nothing_to_do():
    table = made()
    found = own_stream.watched(table, 25, 0.05, 0)
    assert found.rang is None and found.adapted is None
    assert "do nothing" in own_stream.verdict(found, table.y)
    lines, measure = own_stream.courses(found, table.y)
    assert measure == "AUROC" and list(lines) == [own_stream.NOTHING]
    rows, values = lines[own_stream.NOTHING]
    assert (np.diff(rows) > 0).all() and 200 < rows[0] < rows[-1] < 600


def test_a_refit_that_helps_is_advised():
    rng = np.random.default_rng(0)
    y = np.zeros(500, int)
    y[::10] = 1
    good, bad = y + 0.1 * rng.random(500), rng.random(500)
    scores = {own_stream.NOTHING: bad, own_stream.REFIT: good, own_stream.READ: bad}
    limits = dict.fromkeys(scores, np.quantile(bad[y == 0], 0.9))
    course = (100, np.ones(600), 150, None, 200, bad)
    found = own_stream.Watched(*course, scores, limits)
    told = own_stream.verdict(found, np.r_[np.zeros(200, int), y])
    assert told.startswith("**Verdict: refit: kNN.**")
    scores[own_stream.REFIT] = bad
    told = own_stream.verdict(found, np.r_[np.zeros(200, int), y])
    assert told.startswith("**Verdict: do nothing.**")
    told = own_stream.verdict(found, np.full(700, -1))
    assert "Without labels" in told


@pytest.mark.parametrize("labels", [True, False])
def test_lesson_17_reads_the_reader_s_rows_as_a_stream(german, shown, labels):
    how = {"label": "is_fraud", "anomaly": "yes"} if labels else {"label": None}
    table = loaded(german[0], **how)
    if not labels:
        table = Table(**{**vars(table), "y": np.full(900, -1)})
    run = types.SimpleNamespace(seed=0, rows=np.arange(900) + 7)
    own_stream.show(table, 25, 0.05, run)
    said, drawn = "\n".join(shown[0]), shown[1]
    assert "## Your table: karten" in said and "amount" in said
    assert len(drawn) == 2 and said.count("**Verdict") == 1
    assert ("AUROC along" in drawn[1]) == labels


def test_a_long_name_is_cut_where_it_ends():
    assert own_table._short("amount") == "amount"
    assert own_table._short("x" * 50) == "x" * 21 + "…"
    assert own_table._short(7) == "7"


def test_what_ways_of_choosing_reach_is_that_of_the_last_table():
    def of(*auroc):
        return types.SimpleNamespace(auroc=np.array(auroc))

    results = {"LOF": {"default": of(0.1, 0.5), "best": of(0.2, 0.75)}}
    lines = own_rows.gained("mine", results).splitlines()
    assert "mine, AUROC" in lines[0] and lines[2:] == [
        "| default | 0.500 |",
        "| best | 0.750 |",
    ]
