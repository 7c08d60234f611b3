"""FewLabelEnsemble and LabelContrast: what they compute, what they refuse, and
scikit-learn's checks with labels and without.
"""

import numpy as np
import pandas as pd
import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

from metaad import FewLabelEnsemble, LabelContrast, Stack
from metaad.detectors import IsolationForest, anomaly_score
from metaad.meta.stack import labels as labels_room
from metaad.meta.stack.labels import in_parts, thinned
from metaad.meta.stack.row_features import TableFeatures, distances, nearest
from metaad.metrics import auroc


def table(seed=0, n=160, d=4, anomalies=16):
    """Gaussian rows, the last ones moved along two columns, and their truth."""
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, d)) @ rng.normal(size=(d, d))
    y = (np.arange(n) >= n - anomalies).astype(int)
    X[y == 1, :2] += 2.5 * X.std(axis=0)[:2]
    return X, y


def few(y, a=2, b=20):
    """Labels of the first a anomalies and b normal rows; -1 for the rest."""
    labels = np.full(len(y), -1)
    labels[np.flatnonzero(y == 1)[:a]] = 1
    labels[np.flatnonzero(y == 0)[:b]] = 0
    return labels


class ByFirstRows:
    """Labels as the checks of scikit-learn can't make them: first row, second row."""

    def fit(self, X, y=None):
        shape = X.shape if hasattr(X, "shape") else np.shape(np.asarray(X))
        y = np.full(shape[0] if shape else 0, -1)
        y[:2] = (1, 0)[: len(y)]
        return super().fit(X, y)


class Ensemble(ByFirstRows, FewLabelEnsemble):
    pass


class Contrast(ByFirstRows, LabelContrast):
    pass


class Unlabelled(FewLabelEnsemble):
    def fit(self, X, y=None):
        return super().fit(X)


@parametrize_with_checks([Ensemble(n_trees=3), Unlabelled(n_trees=3), Contrast()])
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.SkipTestWarning")
def test_scikit_learns_checks_hold_with_labels_and_without(estimator, check):
    check(estimator)


def test_the_ensemble_is_the_first_input_of_a_stack():
    X, y = table()
    stack = Stack.load("adbench-v1").set_params(n_trees=10)
    detector = FewLabelEnsemble(n_trees=10, random_state=0).fit(X, few(y))
    rows = np.concatenate([X[::3], X[:5] + 0.1])
    wanted = stack.adapt(X, few(y)).inputs(rows)[:, 0]
    assert np.allclose(anomaly_score(detector, rows), wanted, rtol=1e-12)


@pytest.mark.parametrize("y", [None, np.full(160, -1)])
def test_without_a_label_it_is_the_mean_tail_of_the_bank(y):
    X, truth = table()
    detector = FewLabelEnsemble(n_trees=10, random_state=0).fit(X, y)
    shares = TableFeatures(X, 10, 0).bank
    wanted = -np.log(1 - shares + 0.5 / len(X))
    assert np.allclose(anomaly_score(detector, X), wanted.mean(axis=1))
    assert auroc(truth, anomaly_score(detector, X)) > 0.7
    far = X.mean(axis=0) + 20 * X.std(axis=0)
    assert anomaly_score(detector, far[None]) > anomaly_score(detector, X).max()


def test_two_labelled_anomalies_rank_new_rows_better_than_none():
    gains = []
    for seed in range(4):
        X, y = table(seed)
        new, truth = table(seed, n=400, anomalies=100)
        detector = FewLabelEnsemble(n_trees=20, random_state=0).fit(X, few(y))
        forest = IsolationForest(random_state=0).fit(X)
        gains.append(
            auroc(truth, anomaly_score(detector, new))
            - auroc(truth, anomaly_score(forest, new))
        )
    assert np.mean(gains) > 0.05


def test_units_of_columns_do_not_matter():
    X, y = table()
    units = np.array([2.0, 0.25, 1024.0, 1.0])  # exact in binary
    for detector in (FewLabelEnsemble(n_trees=10, random_state=0), LabelContrast()):
        one = detector.fit(X, few(y)).score_samples(X + 0.01)
        two = detector.fit(X * units, few(y)).score_samples((X + 0.01) * units)
        assert np.allclose(one, two, atol=1e-9), type(detector).__name__


def test_the_contrast_by_hand():
    # quartiles -1 and 1, median 0: z is 0.6745 x; the second column never varies
    X = np.array([[-2.0, 7], [-1, 7], [0, 7], [1, 7], [2, 7]])
    detector = LabelContrast().fit(X, np.array([0, -1, 0, -1, 1]))
    scale = 1.349 / 2
    assert detector.scale_ == pytest.approx([1 / scale, 0])
    # between: 4 and 2 units of x
    floor = 1e-3 * 3 * scale
    assert detector.floor_ == pytest.approx(floor)
    rows = np.array([[0.5, 7], [3, 0]])
    by_hand = np.log([0.5 * scale + floor, 3 * scale + floor]) - np.log(
        [1.5 * scale + floor, 1 * scale + floor]
    )
    assert anomaly_score(detector, rows) == pytest.approx(by_hand)
    assert detector.predict(X[[4]]) == -1 and detector.predict(X[[0]]) == 1


@pytest.mark.parametrize("detector", [FewLabelEnsemble(n_trees=5), LabelContrast()])
@pytest.mark.parametrize(
    ("y", "message"),
    [
        (np.where(np.arange(160) < 3, 1, -1), "no labelled normal row"),
        (np.where(np.arange(160) < 3, 0, -1), "no labelled anomaly"),
        (np.full(160, 2), "one label a row"),
        (np.full(160, "spam"), "one label a row"),
        (np.full(160, np.nan), "one label a row"),
        (few(table()[1])[:80], r"one label a row, \(160,\)"),
        (np.full(80, -1), r"one label a row, \(160,\)|no labelled"),
    ],
)
def test_labels_that_cannot_be_used_are_named(detector, y, message):
    with pytest.raises(ValueError, match=f"^{type(detector).__name__} .*({message})"):
        detector.fit(table()[0], y)


@pytest.mark.parametrize("name", ["n_trees", "max_rows"])
@pytest.mark.parametrize("value", [0, 2.5, True, "many"])
def test_numbers_out_of_range_are_named(name, value):
    X, y = table()
    with pytest.raises(ValueError, match=f"{name} must be a whole number"):
        FewLabelEnsemble(**{name: value}).fit(X, few(y))


def test_a_large_table_keeps_its_labelled_rows_and_its_threshold_counts_all_rows():
    X, y = table(n=300)
    options = {"max_rows": 60, "n_trees": 10, "contamination": 0.2}
    detector = FewLabelEnsemble(**options, random_state=0).fit(X, few(y))
    assert len(detector.rows_) == 60 and (detector.labels_ != -1).sum() == 22
    assert (detector.predict(X) == -1).sum() == pytest.approx(60, abs=2)
    kept, labels = thinned(X, few(y), 60, 0)
    assert np.array_equal(kept[labels == 1], X[few(y) == 1])
    assert thinned(X, few(y), 300, 0)[0] is X


def test_an_open_seed_is_drawn_once_and_kept():
    X, y = table()
    detector = FewLabelEnsemble(n_trees=5).fit(X, few(y))
    one = detector.score_samples(X)
    detector._restored()  # what a file makes again
    assert np.array_equal(one, detector.score_samples(X))


def test_frames_are_taken_without_a_warning():
    X, y = table()
    frame = pd.DataFrame(X, columns=list("abcd"))
    for detector in (FewLabelEnsemble(n_trees=5, random_state=0), LabelContrast()):
        found = detector.fit(frame, pd.Series(few(y))).score_samples(frame)
        assert np.array_equal(found, detector.fit(X, few(y)).score_samples(X))


@pytest.mark.parametrize("kind", ["ensemble", "stack"])
def test_a_bar_shows_where_thousands_of_rows_are_scored(kind, monkeypatch):
    shown = []

    def bar(items, total, label):
        shown.append((total, label))
        return items

    monkeypatch.setattr(labels_room, "show_progress", bar)
    X, y = table(n=4100, anomalies=100)
    if kind == "stack":
        stack = Stack.load("adbench-v1").set_params(n_trees=2, max_rows=100)
        detector = stack.adapt(X, few(y))
    else:
        detector = FewLabelEnsemble(n_trees=2, max_rows=100, random_state=0)
        detector.fit(X, few(y))
    assert shown == [(3, "2,000 rows each")]
    detector.score_samples(X[:2000])
    assert len(shown) == 1


def test_scores_come_back_in_order_from_parts():
    X = np.arange(4500.0)[:, None]
    assert np.array_equal(in_parts(lambda part: part[:, 0], X, False), X[:, 0])


def test_neighbours_found_block_by_block_are_those_of_the_whole_matrix():
    rng = np.random.default_rng(0)
    B = rng.normal(size=(230, 5))
    A = np.concatenate([B[:130], rng.normal(size=(40, 5))])
    own = np.concatenate([np.arange(130), np.full(40, -1)])
    found, at = nearest(A, B, own, 7)
    D = distances(A, B)
    D[np.arange(130), np.arange(130)] = np.inf
    wanted = np.argsort(D, axis=1)[:, :7]
    assert np.array_equal(at, wanted)
    assert np.allclose(found, np.take_along_axis(D, wanted, axis=1))
    assert np.allclose(D[140], np.linalg.norm(A[140] - B, axis=1))
