"""Reinforce and TRPO as meta-learners: the listing runs, the optimum of a small
space is found, rewards are right.
"""

import numpy as np
import pytest
import sklearn.ensemble
from sklearn.base import clone
from sklearn.neighbors import LocalOutlierFactor
from sklearn.svm import OneClassSVM
from sklearn.utils.validation import check_is_fitted

from metaad import metrics
from metaad.detectors import (
    AutoencoderDetector,
    IsolationForest,
    KMeansDetector,
    KNNDetector,
    anomaly_score,
)
from metaad.scores import outlierness
from metaad.search import TRPO, Choice, Integer, Payoff, Reinforce
from metaad.search.policies.rewards import (
    by_labels,
    by_made_up_anomalies,
    by_outlierness,
)
from metaad.search.space import space
from metaad.tasks.tables import LabelledTable, TableTasks

DETECTORS = {
    "k-means": KMeansDetector(random_state=0),
    "isolation forest": IsolationForest(random_state=0),
    "scikit-learn's forest": sklearn.ensemble.IsolationForest(random_state=0),
    "LOF": LocalOutlierFactor(),
    "SVM": OneClassSVM(),
    "kNN": KNNDetector(),
}


def table(seed, n=120, d=3, family="blobs"):
    """Two lumps of normal rows and, far from both, a small lump of anomalies:
    neighbourhoods must be large.
    """
    rng = np.random.default_rng(seed)
    X = np.r_[rng.normal(size=(n - 20, d)), rng.normal(5, 0.1, (20, d))]
    return LabelledTable(X, np.repeat([0, 1], [n - 20, 20]), f"{family}-{seed}", family)


@pytest.fixture(scope="module")
def tasks():
    return TableTasks([table(seed, family=f"f{seed % 3}") for seed in range(6)])


def in_space(detector, tuned):
    declared = space(detector)
    return declared.contains({name: tuned.get_params()[name] for name in declared})


@pytest.mark.parametrize("method", [Reinforce, TRPO])
@pytest.mark.parametrize("clf", DETECTORS.values(), ids=DETECTORS)
def test_the_listing_runs_as_written(method, clf):
    train, test = table(0, 80).X, table(1, 40).X
    clf = clone(clf)
    clf.fit(train)
    before = clf.get_params()
    meta = method(
        clf, levels=2, iterations=1, n_tasks=2, batch=2, steps=1, reward="made-up"
    )
    meta.fit(train)
    tuned = meta.optimize(clf, train)
    assert tuned is not clf and type(tuned) is type(clf) and clf.get_params() == before
    assert in_space(clf, tuned)
    assert set(tuned.predict(test)) <= {-1, 1} and tuned.predict(test).shape == (40,)


@pytest.mark.parametrize("method", [Reinforce, TRPO])
def test_the_listing_runs_for_the_autoencoder(method):
    clf = AutoencoderDetector(
        hidden=(4,), code_size=2, epochs=1, device="cpu", random_state=0
    )
    train, before = table(0, 60).X, clf.get_params()
    tuned = (
        method(clf, levels=2, iterations=1, n_tasks=1, batch=2, steps=0)
        .fit(train)
        .optimize(clf, train)
    )
    assert type(tuned) is AutoencoderDetector and tuned is not clf
    assert tuned.get_params() == before, "without labels it comes back as it is set"
    check_is_fitted(tuned)
    assert tuned.predict(train).shape == (60,)
    assert clf.get_params() == before and not hasattr(clf, "offset_"), (
        "the detector handed in stays as it was"
    )


@pytest.mark.parametrize("method", [Reinforce, TRPO])
def test_the_policy_learns_what_is_best_on_all_tables(method, tasks):
    meta = method(
        LocalOutlierFactor(), levels=4, iterations=40, n_tasks=3, random_state=0
    ).fit(tasks)
    payoffs = [by_labels(LocalOutlierFactor(), meta.levels_, t.X, t.y) for t in tasks]
    actions = np.array([(i, j) for i in range(4) for j in range(3)])
    mean = np.mean([p(actions) for p in payoffs], axis=0)  # (12,), over the tables
    chosen = meta.policy_.mode().tolist()
    assert mean[actions.tolist().index(chosen)] > mean.max() - 0.02
    assert mean.max() - mean.min() > 0.2, "the tables tell settings apart"
    new = table(99)
    tuned = meta.optimize(LocalOutlierFactor(), new.X)
    assert (
        tuned.n_neighbors == meta.levels_["n_neighbors"][chosen[0]]
        or tuned.n_neighbors == len(new.X) - 1
    )
    assert meta.payoff_ is None and meta.n_evaluations_ <= 6 * 12
    if method is TRPO:
        assert all(r.kl <= meta.max_kl * (1 + 1e-9) for r in meta.history_)


def test_with_labels_the_best_setting_tried_is_taken_and_unknown_labels_are_left_out(
    tasks,
):
    meta = TRPO(
        LocalOutlierFactor(), levels=3, iterations=2, batch=4, steps=6, random_state=1
    ).fit(tasks)
    t = table(7)
    y = t.y.copy()
    y[10:60] = -1
    tuned = meta.optimize(LocalOutlierFactor(), t.X, y)
    best = meta.payoff_.config(meta.payoff_.best())
    assert (
        tuned.n_neighbors == min(best["n_neighbors"], len(t.X) - 1)
        and tuned.metric == best["metric"]
    )
    known = y >= 0
    plain = LocalOutlierFactor(n_neighbors=tuned.n_neighbors, metric=tuned.metric).fit(
        t.X
    )
    expected = metrics.auroc(y[known], -plain.negative_outlier_factor_[known])
    assert max(meta.payoff_.seen.values()) == pytest.approx(expected)


def test_a_context_is_standardised_over_the_tables_and_used(tasks):
    meta = Reinforce(
        KNNDetector(),
        levels=3,
        iterations=2,
        steps=0,
        context=("log rows", "tails"),
        random_state=0,
    )
    tuned = meta.fit(tasks).optimize(KNNDetector(), table(3).X)
    assert meta.policy_.weight.shape == (6, 2) and in_space(KNNDetector(), tuned)


def test_rewards_are_what_they_say(tasks):
    clf, X, y = KNNDetector(), tasks[0].X, tasks[0].y
    levels = {"n_neighbors": [2, 9], "method": ["mean"]}
    scores = [
        anomaly_score(KNNDetector(n_neighbors=k, method="mean").fit(X), X)
        for k in (2, 9)
    ]
    both = np.array([[0, 0], [1, 0]])
    np.testing.assert_allclose(
        by_labels(clf, levels, X, y)(both), [metrics.auroc(y, s) for s in scores]
    )
    np.testing.assert_allclose(
        by_outlierness(clf, levels, X)(both), [-outlierness(s) for s in scores]
    )
    made_up = by_made_up_anomalies(clf, levels, X, random_state=4)
    tables = TableTasks.resampled(X, 2, 4)
    by_hand = np.mean(
        [
            metrics.auroc(
                t.y,
                anomaly_score(KNNDetector(n_neighbors=9, method="mean").fit(t.X), t.X),
            )
            for t in tables
        ]
    )
    assert made_up(both)[1] == pytest.approx(by_hand)


def test_every_configuration_is_fitted_once():
    fitted = []
    payoff = Payoff(
        KMeansDetector(),
        {"n_clusters": [2, 5]},
        [np.eye(6)],
        lambda s, i: fitted.append(1) or 0.5,
    )
    payoff(np.array([[0], [1], [0], [0]]))
    assert len(payoff) == len(fitted) == 2 and payoff.best() == (0,)
    # seeded, or the reward would be noise
    assert payoff.detector((1,), 4).get_params()["random_state"] == 0


def test_same_seed_same_choice_and_another_space_can_be_registered(tasks):
    class Narrow(KNNDetector):
        """A detector of somebody else's."""

    @space.register
    def _(estimator: Narrow):
        from metaad.search import Space

        return Space(
            {"n_neighbors": Integer(3, 6), "method": Choice("mean", "largest")}
        )

    first, again = (
        Reinforce(Narrow(), iterations=3, random_state=2).fit(tasks) for _ in range(2)
    )
    assert [r.mean for r in first.history_] == [r.mean for r in again.history_]
    assert first.levels_["n_neighbors"] == [3, 4, 5, 6]


def test_wrong_use_is_named(tasks):
    with pytest.raises(ValueError, match="reward must be one of 'made-up'"):
        Reinforce(KNNDetector(), reward="auroc").fit(tasks)
    with pytest.raises(ValueError, match="batch must be a whole number ≥ 2"):
        TRPO(KNNDetector(), batch=1).fit(tasks)
    with pytest.raises(ValueError, match="context must name meta-features"):
        TRPO(KNNDetector(), context=("width",)).fit(tasks)
    with pytest.raises(TypeError, match="may be chosen"):
        TRPO(object()).fit(tasks)
    meta = TRPO(KNNDetector(), levels=2, iterations=1, steps=1).fit(tasks)
    with pytest.raises(TypeError, match="has learned about KNNDetector"):
        meta.optimize(OneClassSVM(), tasks[0].X)
    with pytest.raises(ValueError, match="y must hold 1"):
        meta.optimize(KNNDetector(), tasks[0].X, np.zeros(len(tasks[0].X)))
