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
    Detector,
    IsolationForest,
    KMeansDetector,
    KNNDetector,
    anomaly_score,
)

# small ones, so that some fifty checks on each stay quick
DETECTORS = [
    KMeansDetector(n_init=1),
    KNNDetector(),
    IsolationForest(n_estimators=20),
    IsolationForest(n_estimators=20, policy="adbench-v1"),
    AutoencoderDetector(hidden=(8,), code_size=1, epochs=2, device="cpu"),
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
