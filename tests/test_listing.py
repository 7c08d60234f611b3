"""The listing of the articles, as written, for every detector and strategy; and what it
answers where nobody has labelled a row: nothing that does harm.
"""

import logging

import numpy as np
import pandas as pd
import pytest
import sklearn.ensemble
import torch
from sklearn.neighbors import LocalOutlierFactor
from sklearn.svm import OneClassSVM

import metaad
from metaad import MAML, TRPO, AutoencoderDetector, IsolationForest, Reinforce, Stack
from metaad.detectors import KMeansDetector, KNNDetector, anomaly_score
from metaad.meta.autoencoder import bounded_rebuild_loss, rebuild_loss
from metaad.meta.one_table import as_set
from metaad.search.tuning import no_labels
from metaad.search.tuning import surrogate as surrogate_module
from metaad.search.tuning.no_labels import (
    Gain,
    best_by_mean,
    fit_choice,
    gain_of,
    learned_or_safe,
    safe,
)
from metaad.tasks.tables import LabelledTable, TableTasks

SMALL = {"hidden": (4,), "code_size": 2, "epochs": 2, "device": "cpu"}
DETECTORS = {
    "k-means": lambda: KMeansDetector(n_init=1, random_state=0),
    "kNN": KNNDetector,
    "Isolation Forest": lambda: IsolationForest(25, random_state=0),
    "scikit-learn's": lambda: sklearn.ensemble.IsolationForest(
        n_estimators=10, random_state=0
    ),
    "LOF": LocalOutlierFactor,
    "One-Class SVM": OneClassSVM,
    "autoencoder": lambda: AutoencoderDetector(**SMALL, random_state=0),
}
# sklearn's LOF hands its own arrays on to itself and then misses the names
LOF_NAMES = "ignore:X does not have valid feature names, but LocalOutlierFactor"


def rows(seed=0, n=60, d=4):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, d))
    X[:5] += 5
    return X


def frame(X):
    return pd.DataFrame(X, columns=[f"column {i}" for i in range(X.shape[1])])


def options(method):
    return {"iterations": 2, "device": "cpu"} if method is MAML else {"iterations": 2}


@pytest.mark.filterwarnings(LOF_NAMES)
@pytest.mark.filterwarnings("error::UserWarning")
@pytest.mark.parametrize("made", [np.asarray, frame], ids=["array", "DataFrame"])
@pytest.mark.parametrize("method", [MAML, Reinforce, TRPO])
@pytest.mark.parametrize("Detector", DETECTORS.values(), ids=DETECTORS)
def test_the_listing_runs_and_does_no_harm(Detector, method, made, caplog):
    X_train, X_test = made(rows(0)), made(rows(1))
    default = as_set(Detector(), X_train)

    clf = Detector()
    meta = method(clf, random_state=0, **options(method))
    meta.fit(X_train)
    before = clf.get_params()
    tuned = meta.optimize(clf, X_train)

    assert clf.get_params() == before and not hasattr(clf, "offset_")
    np.testing.assert_array_equal(
        anomaly_score(tuned, X_test), anomaly_score(default, X_test)
    )
    np.testing.assert_array_equal(tuned.predict(X_test), default.predict(X_test))
    assert "no label" in meta.reason_ and type(clf).__name__ in meta.reason_
    assert [r.getMessage() for r in caplog.records] == [meta.reason_], "said once"
    # the third verb, and "nobody knows" spelt out
    assert hasattr(meta.adapt(X_train), "offset_")
    again = meta.optimize(clf, X_train, np.full(60, -1))
    assert again.get_params() == tuned.get_params()


def test_the_listing_runs_straight_after_the_import():
    import subprocess
    import sys

    code = """
from metaad import MAML, IsolationForest
import numpy as np
X_train = np.random.default_rng(0).normal(size=(40, 3))
clf = IsolationForest(); meta = MAML(clf); meta.fit(X_train)
clf = meta.optimize(clf, X_train)
print(clf.predict(X_train).shape, meta.reason_[:8])
"""
    found = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert found.stdout == "(40,) optimize\n", found.stderr
    assert len(found.stderr.splitlines()) == 1, "one line says what came back"


def test_the_listings_of_the_readme_run_in_their_order():
    import re
    import subprocess
    import sys
    from pathlib import Path

    readme = Path(__file__).parents[1].joinpath("README.md").read_text("utf-8")
    code = "\n".join(re.findall(r"```python\n(.*?)```", readme, re.DOTALL))
    run = [sys.executable, "-c", code]
    found = subprocess.run(run, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stderr
    *lines, reason = found.stdout.splitlines()
    plain, context, labelled = (float(line.split()[-1]) for line in lines)
    assert labelled > plain, "labels help"
    assert context > plain, "so does what other tables taught, and normal rows"
    assert reason in found.stderr and "as it is set" in reason


@pytest.mark.parametrize("method", [MAML, Reinforce, TRPO])
@pytest.mark.parametrize(
    ("given", "says"),
    [
        ("my.csv", "got 'my.csv'. Read the file first: metaad.load"),
        (pd.DataFrame({"a": [1.0, 2], "kind": ["x", "y"]}), "kind hold something else"),
        (np.arange(5.0), "must hold rows and features"),
        ([["a", "b"]] * 5, "got text or rows of different lengths"),
    ],
    ids=["path", "words", "flat", "text"],
)
def test_what_is_neither_rows_nor_tasks_is_refused_in_a_sentence(method, given, says):
    with pytest.raises((TypeError, ValueError), match=says):
        method(IsolationForest()).fit(given)


def test_maml_without_labelled_tables_does_not_speak_of_made_up_anomalies():
    clf, y = KNNDetector(), np.full(60, -1)
    y[:5], y[20:40] = 1, 0
    meta = MAML(clf, random_state=0, **options(MAML)).fit(rows())
    meta.optimize(clf, rows(), y)
    assert "tried on the labels" in meta.reason_ and "made up" not in meta.reason_


def test_a_stack_answers_with_and_without_labels(caplog):
    stack = Stack.load("adbench-v1").set_params(n_trees=10)
    X, y = rows(n=80), np.full(80, -1)
    clf = IsolationForest(25, random_state=0)
    plain = stack.optimize(clf, frame(X), y)
    assert type(plain) is IsolationForest and "no label" in stack.reason_
    assert caplog.messages == [stack.reason_]
    np.testing.assert_array_equal(
        anomaly_score(plain, frame(X)), anomaly_score(as_set(clf, X), X)
    )
    y[:3], y[20:40] = 1, 0
    told, same = stack.optimize(clf, frame(X), y), stack.adapt(X, y)
    assert type(told) is type(same) and "labels" in stack.reason_
    np.testing.assert_array_equal(anomaly_score(told, frame(X)), anomaly_score(same, X))
    for tasks in (X, frame(X), "my.csv"):
        with pytest.raises(TypeError, match="a stack learns from labelled tables"):
            Stack().fit(tasks)


@pytest.mark.filterwarnings("error::UserWarning")
@pytest.mark.parametrize(
    "y", [["attack", "ok", np.nan] * 20, ["0"] * 60, [None] * 60, [2] * 60]
)
def test_labels_in_words_or_with_gaps_get_a_sentence(y):
    stack = Stack.load("adbench-v1")
    for labels in (np.array(y, dtype=object), np.array(y)):
        with pytest.raises(ValueError, match="1 anomaly, 0 normal, -1 no label; got"):
            stack.adapt(frame(rows()), labels)


# --- what was learned is used only where it helped


def clumped(seed, clump=12, n=90):
    """Normal rows and a tight clump: few neighbours miss it."""
    rng = np.random.default_rng(seed)
    X = np.r_[rng.normal(size=(n, 2)), rng.normal(size=(clump, 2)) * 0.1 + [4, 4]]
    return LabelledTable(X, np.repeat([0, 1], [n, clump]), f"{seed}", f"{seed}")


def pure_noise(seed):
    """Labels that no setting can know."""
    rng = np.random.default_rng(seed)
    return LabelledTable(
        rng.normal(size=(60, 2)),
        rng.permutation(np.arange(60) < 12) * 1,
        f"{seed}",
        f"{seed}",
    )


@pytest.mark.parametrize("method", [MAML, Reinforce, TRPO])
def test_a_choice_that_helped_on_families_held_out_is_used(method, monkeypatch, caplog):
    monkeypatch.setattr(surrogate_module, "CONFIGS", 8)
    clf = KNNDetector(n_neighbors=2)
    extra = {} if method is MAML else {"levels": 3, "iterations": 30}
    meta = method(clf, random_state=0, **{**options(method), **extra})
    meta.fit(TableTasks([clumped(i) for i in range(5)]))
    tuned = meta.optimize(clf, clumped(99).X)
    assert tuned.n_neighbors >= 12 and not caplog.records
    assert "learned from the tables of fit" in meta.reason_
    assert "5 families held out" in meta.reason_


@pytest.mark.parametrize("method", [MAML, Reinforce])
@pytest.mark.parametrize(
    ("tables", "says"),
    [
        ([pure_noise(i) for i in range(4)], "did not help beyond noise"),
        ([clumped(0)], "of one family"),
    ],
    ids=["noise", "one family"],
)
def test_else_the_detector_comes_back_as_it_is_set(method, tables, says, monkeypatch):
    monkeypatch.setattr(surrogate_module, "CONFIGS", 4)
    clf = KNNDetector(n_neighbors=3)
    meta = method(clf, random_state=0, **options(method)).fit(TableTasks(tables))
    assert meta.optimize(clf, rows()).get_params() == clf.get_params()
    assert says in meta.reason_


def test_the_gain_by_hand():
    gain = gain_of([0.1, 0.3, 0.2], ["a", "a", "b"])  # family means .2 and .2
    assert gain == pytest.approx((0.2, 0.2, 2)) and gain.helped
    # two families, .1 and .3: mean .2, standard error .1, t(.95, 1) = 6.3138
    assert gain_of([0.1, 0.3], ["a", "b"]).low == pytest.approx(0.2 - 0.63138, abs=1e-5)
    assert gain_of([0.1], ["a"]) == (0.1, -np.inf, 1)


def test_the_best_column_is_judged_on_the_family_that_did_not_choose_it():
    # column 1 is best on average, thanks to family c alone
    values = np.array([[0.6, 0.5], [0.6, 0.5], [0.5, 0.9]])
    column, gain = best_by_mean(values, np.full(3, 0.5), ["a", "b", "c"])
    assert column == 1
    # without a or b column 1 wins and gains 0 there; without c column 0, gains 0 on c
    assert gain.mean == 0.0 and not gain.helped
    assert best_by_mean(values, np.full(3, 0.5), ["a"] * 3)[1] is None


# --- the shipped file


def test_a_shipped_setting_is_for_the_librarys_default_alone(monkeypatch, caplog):
    known = {"config": {"n_neighbors": 9}, "tables": 200}
    known["default"] = {"n_neighbors": 5, "method": "largest"}
    monkeypatch.setattr(no_labels, "shipped", lambda: {"KNNDetector": known})
    found, reason = safe(KNNDetector(contamination=0.2), rows(), "No label.")
    assert found.n_neighbors == 9 and found.contamination == 0.2
    assert "200 labelled tables" in reason and caplog.messages == [reason]
    assert safe(KNNDetector(4), rows(), "")[0].n_neighbors == 4, "the owner's choice"
    known["config"] = None
    found, reason = safe(KNNDetector(), rows(), "No label.")
    assert found.n_neighbors == 5 and "no other setting was better on 200" in reason


def test_the_shipped_file_names_settings_that_the_detectors_have():
    for name, known in no_labels.shipped().items():
        one = {type(d()).__name__: d() for d in DETECTORS.values()}[name]
        assert set(known["default"]) <= set(one.get_params())
        assert known["config"] is None or set(known["config"]) <= set(known["default"])
        assert known["tables"] >= 200


# --- the share of rows that the owner wants flagged


@pytest.mark.parametrize("nu", [0.5, 0.1])
@pytest.mark.parametrize(
    "config", [{"nu": 0.05, "gamma": 1.0}, {"nu": 0.4, "gamma": 0.01}]
)
def test_a_tuned_svm_flags_the_share_that_was_asked_for(nu, config):
    X, new = rows(n=200), rows(3)
    tuned, plain = (
        fit_choice(OneClassSVM(nu=nu), config, X),
        OneClassSVM(**config).fit(X),
    )
    assert (tuned.predict(X) == -1).mean() == pytest.approx(nu, abs=0.01)
    np.testing.assert_allclose(tuned.score_samples(new), plain.score_samples(new))
    np.testing.assert_array_equal(
        tuned.predict(new) == -1, tuned.decision_function(new) < 0
    )
    np.testing.assert_allclose(
        tuned.decision_function(new), tuned.score_samples(new) - tuned.offset_
    )


@pytest.mark.parametrize("method", [MAML, TRPO])
def test_with_labels_too(method, monkeypatch):
    monkeypatch.setattr(surrogate_module, "CONFIGS", 4)
    X, y = rows(n=200), np.full(200, -1)
    y[:5], y[50:90] = 1, 0
    meta = method(OneClassSVM(nu=0.1), random_state=0, **options(method)).fit(X)
    tuned = meta.optimize(OneClassSVM(nu=0.1), X, y)
    assert (tuned.predict(X) == -1).mean() == pytest.approx(0.1, abs=0.02)


# --- the autoencoder under MAML


def test_the_bounded_loss_is_the_plain_one_for_small_errors_and_grows_slowly():
    x = torch.zeros(1, 3, 2, dtype=torch.float64)
    out = torch.tensor([[[0.5, 0.5], [1.0, 1.0], [np.e, np.e]]], dtype=torch.float64)
    # row errors 1/4, 1 and e²; of the last 1 + log e² = 3
    assert bounded_rebuild_loss(out, x).item() == pytest.approx((0.25 + 1 + 3) / 3)
    small = out[:, :2]
    assert torch.equal(
        bounded_rebuild_loss(small, x[:, :2]), rebuild_loss(small, x[:, :2])
    )
    y = torch.tensor([[0.0, 0.0, 1.0]], dtype=torch.float64)
    assert bounded_rebuild_loss(out, x, y).item() == pytest.approx((0.25 + 1) / 2)
    far = torch.full((1, 1, 2), 1e6, dtype=torch.float64, requires_grad=True)
    bounded_rebuild_loss(far, torch.zeros_like(far)).sum().backward()
    assert far.grad.abs().max() < 1e-5, "2 / |out| in place of 2 |out|"


@pytest.mark.parametrize("name", ["breast-cancer", "wine", "digits"])
def test_the_autoencoder_does_not_diverge_on_raw_columns(name):
    X = metaad.load(name).X
    X = X.reshape(len(X), -1)[:200] * (100 if name == "digits" else 1)
    for seed in range(3):
        clf = AutoencoderDetector((16,), 4, epochs=1, device="cpu", random_state=0)
        # a rate ten times the default brings out in 40 steps what took 90
        meta = MAML(clf, inner_rate=0.2, iterations=40, n_tasks=4, device="cpu")
        meta.set_params(random_state=seed).fit(X)
        assert np.isfinite(meta.history_).all()
        assert np.mean(meta.history_[-5:]) < np.mean(meta.history_[:5])
        assert np.isfinite(anomaly_score(meta.adapt(X[:20]), X)).all()


@pytest.mark.parametrize(
    ("factor", "loss"), [(1.0, rebuild_loss), (16.0, bounded_rebuild_loss)]
)
def test_pixels_keep_the_plain_loss_and_standardised_columns_get_the_bounded(
    factor, loss
):
    X = factor * metaad.load("digits").X.reshape(-1, 64)[:50]
    clf = AutoencoderDetector(**SMALL, random_state=0)
    meta = MAML(clf, iterations=1, device="cpu", random_state=0).fit(X)
    assert meta.learnable_.inner_loss is loss


def test_the_autoencoder_learns_settings_from_tables_whatever_was_imported():
    import metaad.meta.autoencoder  # noqa: F401  it once took tables for rows

    clf = AutoencoderDetector(**SMALL, random_state=0)
    meta = MAML(clf, iterations=1, device="cpu", random_state=0)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(surrogate_module, "CONFIGS", 2)
        meta.fit(TableTasks([clumped(0, n=30), clumped(1, n=30)]))
    assert type(meta.optimize(clf, rows())) is AutoencoderDetector


def test_a_gain_reads_as_a_sentence_and_silence_can_be_had(caplog):
    assert str(Gain(0.0123, 0.001, 7)) == "+0.012 AUROC on 7 families held out in turn"
    with caplog.at_level(logging.ERROR, logger="metaad"):
        learned_or_safe(KNNDetector(), {}, rows(), None)
    assert not caplog.records
