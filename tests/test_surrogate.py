"""Hyperparameters as something MAML learns about: the framework's listing for every
classical detector; its tasks.
"""

import numpy as np
import pytest
import sklearn.ensemble
import torch
from sklearn.base import clone
from sklearn.neighbors import LocalOutlierFactor
from sklearn.svm import OneClassSVM
from sklearn.utils.validation import check_is_fitted

from metaad import metrics
from metaad.detectors import (
    AutoencoderDetector,
    DenoisingAutoencoder,
    IsolationForest,
    KMeansDetector,
    KNNDetector,
    MahalanobisDetector,
    PCADetector,
    anomaly_score,
)
from metaad.meta import MAML
from metaad.search import SurrogateTasks
from metaad.search.space import space
from metaad.search.tuning import surrogate as module
from metaad.search.tuning.surrogate import trial
from metaad.tasks.labels import draw_labels
from metaad.tasks.tables import LabelledTable, TableTasks

# their own settings are one of the configurations tried: few trees and passes keep that
# one quick
CLASSICAL = [
    KMeansDetector(n_init=1),
    IsolationForest(25),
    sklearn.ensemble.IsolationForest(n_estimators=25),
    LocalOutlierFactor(contamination=0.05),
    OneClassSVM(),
    KNNDetector(),
    MahalanobisDetector(),
    PCADetector(),
    AutoencoderDetector((32,), 4, epochs=5, device="cpu"),
    DenoisingAutoencoder((8,), n_noisy=2, epochs=5, device="cpu"),
]


@pytest.fixture(autouse=True)
def small(monkeypatch):
    monkeypatch.setattr(module, "CONFIGS", 5)


def clumped(name, seed, n=90, clump=12):
    """Normal rows and a tight clump of anomalies, which hides from a detector that
    looks at few neighbours.
    """
    rng = np.random.default_rng(seed)
    X = np.r_[rng.normal(size=(n, 2)), rng.normal(size=(clump, 2)) * 0.1 + [4, 4]]
    return LabelledTable(X, np.repeat([0, 1], [n, clump]), name, name)


@pytest.mark.parametrize(
    "clf",
    CLASSICAL,
    ids=lambda d: f"{type(d).__module__.split('.')[0]}-{type(d).__name__}",
)
def test_the_listing_runs_on_tables_and_on_one_plain_array(clf, monkeypatch):
    slow = "IsolationForest", "AutoencoderDetector", "DenoisingAutoencoder"
    if type(clf).__name__ in slow:
        # a choice between two: their fits take longest
        monkeypatch.setattr(module, "CONFIGS", 2)
    before = clf.get_params()
    train, test = clumped("train", 0).X, clumped("test", 1).X
    y = np.full(len(train), -1)
    y[[0, 1, 2, 3, -1, -2]] = [0, 0, 0, 0, 1, 1]
    tables = TableTasks([clumped("a", 2), clumped("b", 3)])
    for tasks in (tables, train):
        meta = MAML(clf, iterations=2, random_state=0, device="cpu")
        # one table without labels says nothing about hyperparameters
        learned = type(clf) is AutoencoderDetector
        idle = tasks is train and not learned
        assert meta.fit(tasks) is meta and len(meta.history_) == (0 if idle else 2)
        # there MAML learns a start for the weights
        weights = learned and tasks is train
        for labels in (None, (y == 1).astype(int) if weights else y):
            tuned = meta.optimize(clf, train, labels)
            check_is_fitted(tuned)
            assert type(tuned) is type(clf) and tuned is not clf
            got, own = (
                {n: p[n] for n in space(clf)} for p in (tuned.get_params(), before)
            )
            assert got == own or space(clf).contains(got)
            assert set(np.unique(tuned.predict(test))) <= {-1, 1}
            assert np.isfinite(anomaly_score(tuned, test)).all()
    assert clf.get_params() == before
    assert not hasattr(clf, "offset_")


def test_parameters_outside_the_space_are_kept():
    clf = LocalOutlierFactor(contamination=0.05, leaf_size=7)
    tuned = (
        MAML(clf, iterations=1, random_state=0, device="cpu")
        .fit(TableTasks([clumped("a", 0)]))
        .optimize(clone(clf), clumped("b", 1).X)
    )
    assert tuned.contamination == 0.05 and tuned.leaf_size == 7 and tuned.novelty


def test_tables_of_any_width_can_be_optimized_after_learning_from_tables():
    clf = KNNDetector()
    meta = MAML(clf, iterations=1, random_state=0, device="cpu").fit(
        TableTasks([clumped("a", 0)])
    )
    wide = np.random.default_rng(0).normal(size=(40, 7))
    assert meta.optimize(clf, wide).n_features_in_ == 7


def test_it_learns_that_few_neighbours_miss_a_clump(monkeypatch):
    monkeypatch.setattr(module, "CONFIGS", 12)
    tables = TableTasks([clumped(str(i), i) for i in range(4)])
    clf = KNNDetector(n_neighbors=2)
    meta = MAML(
        clf,
        iterations=60,
        learning_rate=0.02,
        inner_rate=0.1,
        random_state=0,
        device="cpu",
    ).fit(tables)
    new = clumped("new", 99)
    y = np.full(len(new.y), -1)
    y[:20], y[-2:] = 0, 1
    tuned = meta.optimize(clf, new.X, y)
    assert tuned.n_neighbors >= 12
    before, after = (
        metrics.auroc(new.y, anomaly_score(d.fit(new.X), new.X))
        for d in (clf, clone(tuned))
    )
    assert after > 0.95 > before


def test_surrogate_tasks_by_hand():
    codes, features = (
        np.array([[0.0], [0.5], [1.0]]),
        np.array([[10.0, 5.0], [20.0, 5.0]]),
    )
    scores = np.array([[0.5, 0.6, 0.7], [0.9, 0.7, 0.5]])
    tasks = SurrogateTasks(codes, features, scores, k=2)
    assert tasks.n_features == 3 and tasks.units.spread == pytest.approx(
        scores.std(axis=1).mean()
    )
    task = tasks.sample(50, 0)
    assert (
        task.support.shape == (50, 2, 3)
        and task.query.shape == (50, 1, 3)
        and task.y.shape == (50, 1, 1)
    )
    for x, q, y, seen in zip(
        task.support, task.query, task.y, task.support_y, strict=True
    ):
        # features are standardised: -1 and 1; the second says nothing
        t = 0 if x[0, 1] < 0 else 1
        assert (x[:, 1] == 2 * t - 1).all() and (x[:, 2] == 0).all()
        own = [scores[t, int(2 * c)] for c in x[:, 0]]
        np.testing.assert_allclose(
            seen[:, 0] * tasks.units.spread, own - np.mean(own), atol=1e-6
        )
        assert y.item() * tasks.units.spread == pytest.approx(
            scores[t, int(2 * q[0, 0])] - np.mean(own), abs=1e-6
        )
    assert torch.equal(tasks.sample(5, 1).query, tasks.sample(5, 1).query)
    with pytest.raises(ValueError, match="k must leave a configuration"):
        SurrogateTasks(codes, features, scores, k=3)


def test_a_trial_is_judged_by_the_labelled_rows_alone():
    table = clumped("a", 0)
    configs = [{"n_neighbors": k, "method": "largest"} for k in (3, 30)]
    y = np.full(len(table.y), -1)
    y[:10], y[-3:] = 0, 1
    got = trial(KNNDetector(), configs, table.X, y, np.random.default_rng(0))
    for value, config in zip(got, configs, strict=True):
        scores = anomaly_score(KNNDetector(**config).fit(table.X), table.X)
        assert value == metrics.auroc(
            np.repeat([0, 1], [10, 3]), np.r_[scores[:10], scores[-3:]]
        )
    with pytest.raises(
        ValueError, match=r"at least one row is an anomaly .* got 0 and 10"
    ):
        trial(
            KNNDetector(),
            configs,
            table.X,
            np.where(y == 1, -1, y),
            np.random.default_rng(0),
        )


def test_at_most_half_of_each_kind_is_labelled():
    y = np.repeat([0, 1], [40, 6])
    rows = draw_labels(y, 10, 50, np.random.default_rng(0))
    assert (
        (y[rows] == 1).sum() == 3
        and (y[rows] == 0).sum() == 20
        and len(set(rows.tolist())) == 23
    )


def test_only_hyperparameters_may_be_learned_with_undraw_labels():
    X = np.random.default_rng(0).normal(size=(30, 4))
    y = np.r_[np.zeros(20), -np.ones(10)]
    meta = MAML(
        AutoencoderDetector((4,), 1, epochs=1),
        iterations=1,
        random_state=0,
        device="cpu",
    ).fit(X)
    with pytest.raises(ValueError, match=r"0 \(normal\), 1 \(anomaly\) for each"):
        meta.optimize(AutoencoderDetector(), X, y)
