"""What every detector of the package owes: scikit-learn's checks without one
expected failure, and the right sign.
"""

import inspect

import numpy as np
import pytest
from scipy.sparse import csr_array
from sklearn.utils.estimator_checks import parametrize_with_checks

from metaad import detectors
from metaad.detectors import (
    AutoencoderDetector,
    DenoisingAutoencoder,
    Detector,
    GANDetector,
    IsolationForest,
    KMeansDetector,
    KNNDetector,
    MahalanobisDetector,
    PCADetector,
    WGANDetector,
    anomaly_score,
)

SMALL = {"hidden": (8,), "device": "cpu"}

# small ones, so that some fifty checks on each stay quick
DETECTORS = [
    KMeansDetector(n_init=1),
    KNNDetector(),
    MahalanobisDetector(),
    PCADetector(),
    IsolationForest(n_estimators=20),
    IsolationForest(n_estimators=20, policy="halved"),
    AutoencoderDetector(hidden=(8,), code_size=1, epochs=2, device="cpu"),
    GANDetector(**SMALL, epochs=2, encoder_epochs=2),
    WGANDetector(**SMALL, epochs=2, encoder_epochs=2, scored_by="features"),
    DenoisingAutoencoder(hidden=(8,), n_noisy=2, epochs=2, device="cpu"),
]


@parametrize_with_checks(DETECTORS)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.SkipTestWarning")
def test_scikit_learns_checks(estimator, check):
    check(estimator)


def test_every_detector_is_checked():
    public = [getattr(detectors, name) for name in detectors.__all__]
    ours = {
        c
        for c in public
        if inspect.isclass(c) and issubclass(c, Detector) and c is not Detector
    }
    assert {type(d) for d in DETECTORS} == ours


@pytest.fixture(params=DETECTORS, ids=lambda d: type(d).__name__)
def fitted(request):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(300, 5))
    detector = type(request.param)(**{**request.param.get_params(), "random_state": 0})
    return detector.fit(X), X


def test_a_gross_outlier_outscores_every_inlier(fitted):
    detector, X = fitted
    outlier = np.full((1, 5), 50.0)
    assert anomaly_score(detector, outlier)[0] > anomaly_score(detector, X).max()
    assert detector.predict(outlier).tolist() == [-1]


def test_the_four_methods_tell_one_story(fitted):
    detector, X = fitted
    scores = detector.score_samples(X)
    assert scores.dtype == np.float64 and scores.shape == (300,)
    np.testing.assert_array_equal(anomaly_score(detector, X), -scores)
    np.testing.assert_array_equal(
        detector.decision_function(X), scores - detector.offset_
    )
    np.testing.assert_array_equal(
        detector.predict(X), np.where(scores < detector.offset_, -1, 1)
    )


def test_a_number_for_contamination_is_the_share_of_training_rows_beyond_the_threshold(
    fitted,
):
    detector, X = fitted
    detector.set_params(contamination=0.05).fit(X)
    assert (detector.predict(X) == -1).sum() == 15


@pytest.mark.parametrize(
    "X, message",
    [
        ([[0.0] * 5, [np.nan] * 5], "contains NaN"),
        ([[0.0] * 5, [np.inf] * 5], "contains infinity"),
        (np.zeros((3, 4)), "X has 4 features, but .* is expecting 5 features"),
        (np.empty((0, 5)), r"0 sample\(s\)"),
        (csr_array(np.eye(5)), "Sparse data was passed.*dense data is required"),
    ],
)
def test_rows_that_cannot_be_scored(fitted, X, message):
    with pytest.raises((ValueError, TypeError), match=message):
        fitted[0].score_samples(X)


@pytest.mark.parametrize("detector", DETECTORS, ids=lambda d: type(d).__name__)
@pytest.mark.parametrize("share", [0, 0.6, -0.1, "many"])
def test_contamination_out_of_range(detector, share):
    bad = type(detector)(**{**detector.get_params(), "contamination": share})
    with pytest.raises(ValueError, match="contamination must (be|lie)"):
        bad.fit(np.random.default_rng(0).normal(size=(30, 3)))


@pytest.mark.parametrize("detector", DETECTORS, ids=lambda d: type(d).__name__)
@pytest.mark.parametrize("share", [None, [0.1], True, np.array([0.1, 0.2])])
def test_contamination_that_is_no_number(detector, share):
    bad = type(detector)(**{**detector.get_params(), "contamination": share})
    with pytest.raises(ValueError, match=r"contamination must be a number in \(0, 0"):
        bad.fit(np.random.default_rng(0).normal(size=(30, 3)))


SQUARING = [d for d in DETECTORS if d._squares]


def test_the_detectors_that_square_values_say_so():
    names = {type(d).__name__ for d in SQUARING}
    assert names == {
        "KMeansDetector",
        "KNNDetector",
        "MahalanobisDetector",
        "PCADetector",
        "AutoencoderDetector",
        "GANDetector",
        "WGANDetector",
        "DenoisingAutoencoder",
    }


@pytest.mark.parametrize("detector", SQUARING, ids=lambda d: type(d).__name__)
@pytest.mark.parametrize("unit", [1e160, 1e300, 1e-160, 1e-300])
@pytest.mark.filterwarnings("error")
def test_values_whose_squares_are_no_numbers_are_refused(detector, unit):
    X = np.random.default_rng(0).normal(size=(60, 3)) * unit
    with pytest.raises(ValueError, match=r"squares values.* Scale the columns first"):
        type(detector)(**detector.get_params()).fit(X)


@pytest.mark.parametrize("detector", DETECTORS, ids=lambda d: type(d).__name__)
@pytest.mark.parametrize("unit", [1e120, 1e-120])
def test_a_unit_just_short_of_that_flags_the_same_rows(detector, unit):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 3))
    X[:3] += 20
    options = {**detector.get_params(), "random_state": 0, "contamination": 0.05}
    make = type(detector)
    plain, scaled = make(**options).fit(X), make(**options).fit(X * unit)
    assert np.isfinite(scaled.offset_)
    assert (scaled.predict(X * unit) == plain.predict(X)).all()


def test_the_remedy_that_is_named_works():
    from sklearn.preprocessing import MaxAbsScaler

    X = np.random.default_rng(0).normal(size=(60, 3))
    X[0] = 9.0
    scaled = MaxAbsScaler().fit_transform(X * 1e160)
    assert KNNDetector(contamination=0.01).fit(scaled).predict(scaled)[0] == -1


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_score_that_is_no_number_is_an_error_at_fit_and_at_scoring(value):
    class Broken(Detector):
        def __init__(self, contamination=0.1, random_state=None):
            self.contamination, self.random_state = contamination, random_state

        def _fit(self, X):
            """Nothing to learn."""

        def _anomaly(self, X):
            return np.where(X[:, 0] > 8, value, X[:, 0])

    X = np.arange(8.0).reshape(-1, 1)
    fitted = Broken().fit(X)
    says = rf"Broken gives {value} instead of a score for 2 of 10 rows, first row 8 .*"
    more = np.vstack([X, [[9.0], [10.0]]])
    for call in (fitted.score_samples, fitted.predict, fitted.decision_function):
        with pytest.raises(ValueError, match=says + "Scale the columns first"):
            call(more)
    with pytest.raises(ValueError, match=says):
        Broken().fit(more)


@pytest.mark.parametrize("detector", DETECTORS, ids=lambda d: type(d).__name__)
def test_order_in_memory_and_a_data_frame_change_no_byte(detector):
    import pandas as pd

    X = np.random.default_rng(3).normal(size=(257, 13)) * 7 + 3
    frame = pd.DataFrame(X, columns=[f"c{i}" for i in range(13)])
    wide = np.zeros((257, 26))
    wide[:, ::2] = X
    seen = set()
    for form in (X, np.asfortranarray(X), wide[:, ::2], frame):
        own = type(detector)(**{**detector.get_params(), "random_state": 0}).fit(form)
        scores = own.score_samples(form)
        seen.add((scores.tobytes(), own.offset_, own.predict(form).tobytes()))
    assert len(seen) == 1


def test_the_scorers_rank_the_right_way_in_scikit_learns_model_selection():
    from sklearn.ensemble import IsolationForest as Theirs
    from sklearn.model_selection import GridSearchCV, StratifiedKFold, cross_val_score

    import metaad
    from metaad.detectors import auroc_scorer, average_precision_scorer
    from metaad.metrics import auroc, average_precision

    rng = np.random.default_rng(0)
    X = rng.normal(size=(120, 2))
    X[:12] += 4
    X, y = X[(order := rng.permutation(120))], (order < 12).astype(int)
    folds = StratifiedKFold(3)
    for detector in (KNNDetector(30), Theirs(random_state=0)):
        for scorer, metric in (
            (auroc_scorer, auroc),
            (average_precision_scorer, average_precision),
        ):
            got = cross_val_score(detector, X, y, cv=folds, scoring=scorer)
            by_hand = [
                metric(y[test], anomaly_score(detector.fit(X[train]), X[test]))
                for train, test in folds.split(X, y)
            ]
            assert got.tolist() == by_hand and got.min() > 0.8
        # what the docstring says of scikit-learn's own
        theirs = cross_val_score(detector, X, y, cv=folds, scoring="roc_auc")
        ours = cross_val_score(detector, X, y, cv=folds, scoring=auroc_scorer)
        np.testing.assert_allclose(theirs, 1 - ours)
    search = GridSearchCV(
        KNNDetector(), {"n_neighbors": [1, 30]}, scoring=auroc_scorer, cv=folds
    )
    # eight anomalies lie together: one neighbour each hides them
    assert search.fit(X, y).best_params_ == {"n_neighbors": 30}
    assert metaad.auroc_scorer is auroc_scorer
