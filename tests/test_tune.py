"""One line for rows without labels: settings that did better on other tables."""

import numpy as np
import pytest
from sklearn.neighbors import LocalOutlierFactor
from sklearn.svm import OneClassSVM

import metaad
from metaad import metrics, repro
from metaad.detectors import IsolationForest, KNNDetector, anomaly_score
from metaad.experiments.tables.many_table_tuning_ship import shipped
from metaad.search.tuning import AveragedDetector, tune
from metaad.search.tuning.tuned import tuned


def rows(seed=0, n=120, d=3):
    return np.random.default_rng(seed).normal(size=(n, d))


def test_the_file_is_what_the_record_says():
    assert tuned() == shipped(repro.recorded("many_table_tuning"))


def test_clean_rows_get_few_neighbours_and_mixed_rows_many():
    X = rows(n=300)
    clean, mixed = (tune(KNNDetector(), X, rows=r) for r in ("clean", "mixed"))
    assert clean.n_neighbors == 1 and mixed.n_neighbors > 40
    assert metaad.tune is tune


def test_what_the_owner_has_set_stays():
    found = tune(KNNDetector(n_neighbors=7), rows(), rows="clean")
    assert isinstance(found, KNNDetector) and found.n_neighbors == 7
    assert isinstance(tune(OneClassSVM(), rows()), OneClassSVM)
    assert tune(IsolationForest(), rows(), "clean").max_samples == 119


def test_lof_comes_back_as_an_average_that_scores_any_rows():
    X, new = rows(), np.r_[rows(1), np.full((1, 3), 9.0)]
    found = tune(LocalOutlierFactor(), X, rows="clean")
    assert isinstance(found, AveragedDetector)
    scores = anomaly_score(found, new)
    assert scores.argmax() == len(new) - 1
    # row by row: a row's score does not depend on the others
    np.testing.assert_allclose(anomaly_score(found, new[:5]), scores[:5])
    assert (found.predict(X) == -1).mean() < 0.2


def test_bad_rows_are_refused():
    with pytest.raises(ValueError, match='rows must be "clean" or "mixed", got'):
        tune(KNNDetector(), rows(), rows="dirty")
    with pytest.raises(ValueError, match="at least one setting"):
        AveragedDetector(KNNDetector(), []).fit(rows())
    with pytest.raises(ValueError, match="settings must be of"):
        AveragedDetector(KNNDetector(), [{"k": 3}]).fit(rows())


def test_an_average_of_one_setting_ranks_as_that_setting_does():
    X, new = rows(), rows(1)
    one = {"n_neighbors": 4, "method": "mean"}
    average = AveragedDetector(KNNDetector(), [one]).fit(X)
    alone = KNNDetector(**one).fit(X)
    a, b = (metrics.ranks(anomaly_score(d, new)) for d in (average, alone))
    np.testing.assert_array_equal(a, b)


def test_no_setting_shouts_the_others_down():
    """The mean of z and sign(z) log(1 + |z|), by hand for two settings."""
    X, new = rows(), rows(2, 7)
    settings = [{"n_neighbors": k, "method": "largest"} for k in (1, 60)]
    average = AveragedDetector(KNNDetector(), settings).fit(X)
    expected = np.zeros(7)
    for setting in settings:
        one = KNNDetector(**setting).fit(X)
        low, middle, high = np.percentile(anomaly_score(one, X), [25, 50, 75])
        z = (anomaly_score(one, new) - middle) / (high - low)
        expected += np.sign(z) * np.log1p(np.abs(z)) / 2
    np.testing.assert_allclose(anomaly_score(average, new), expected)
