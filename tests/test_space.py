"""Search spaces: values drawn lie inside, encodings by hand, every registered
detector takes its own values.
"""

import numpy as np
import pytest
import sklearn.ensemble
from sklearn.neighbors import LocalOutlierFactor
from sklearn.svm import OneClassSVM

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
from metaad.search.space import Choice, Integer, Real, Space, configured, space

SPACE = Space(
    {
        "k": Integer(2, 32, log=True, below_rows=True),
        "share": Real(0.0, 2.0),
        "how": Choice("a", "b", None),
    }
)
DETECTORS = [
    KMeansDetector(random_state=0),
    IsolationForest(random_state=0),
    sklearn.ensemble.IsolationForest(random_state=0),
    LocalOutlierFactor(),
    OneClassSVM(),
    KNNDetector(),
    MahalanobisDetector(),
    PCADetector(),
    AutoencoderDetector(random_state=0, device="cpu"),
    DenoisingAutoencoder((8,), epochs=2, random_state=0, device="cpu"),
]


def test_encoding_by_hand():
    # log2: 1, 3, 5
    np.testing.assert_allclose(
        SPACE.encode({"k": 8, "share": 0.5, "how": "b"}), [0.5, 0.25, 0, 1, 0]
    )
    np.testing.assert_allclose(
        SPACE.encode({"k": 2, "share": 2.0, "how": None}), [0, 1, 0, 0, 1]
    )
    assert Real(1e-4, 1.0, log=True).encode(1e-3) == pytest.approx([0.25])


def test_levels_and_grid_by_hand():
    assert SPACE.levels(5)["k"] == [2, 4, 8, 16, 32]
    assert SPACE.levels(3) == {
        "k": [2, 8, 32],
        "share": [0.0, 1.0, 2.0],
        "how": ["a", "b", None],
    }
    assert Integer(1, 3).levels(10) == [1, 2, 3] and Real(0.0, 2.0).levels(1) == [1.0]
    grid = SPACE.grid(2)
    assert (
        len(grid) == 2 * 2 * 3
        and grid[0] == {"k": 2, "share": 0.0, "how": "a"}
        and all(map(SPACE.contains, grid))
    )
    assert SPACE.grid({"k": [4], "share": [1.0], "how": ["a", "b"]})[1] == {
        "k": 4,
        "share": 1.0,
        "how": "b",
    }


def test_draws_lie_inside_and_are_even_on_the_scale():
    drawn = SPACE.sample(4000, 0)
    assert all(SPACE.contains(c) for c in drawn) and drawn[:5] == SPACE.sample(
        5, 0
    ) != SPACE.sample(5, 1)
    codes = np.array([SPACE.encode(c) for c in drawn])
    assert codes.min() >= 0 and codes.max() <= 1
    np.testing.assert_allclose(
        codes[:, 1:].mean(axis=0), [0.5, 1 / 3, 1 / 3, 1 / 3], atol=0.03
    )
    few = [c["n"] for c in Space({"n": Integer(1, 4)}).sample(4000, 0)]
    # the ends as often as the others
    np.testing.assert_allclose(np.bincount(few)[1:] / 4000, 0.25, atol=0.03)
    # rounding borders: 1.5, 8.5, 32.5 on a logarithmic scale
    low = np.mean([c["k"] <= 8 for c in drawn])
    assert low == pytest.approx(np.log(8.5 / 1.5) / np.log(32.5 / 1.5), abs=0.03)


@pytest.mark.parametrize(
    "config",
    [
        {"k": 33, "share": 1.0, "how": "a"},
        {"k": 4.0, "share": 1.0, "how": "a"},
        {"k": 4, "share": -0.1, "how": "a"},
        {"k": 4, "share": 1.0, "how": "c"},
        {"k": 4, "share": True, "how": "a"},
        {"k": 4, "share": 1.0},
        {"k": 4, "share": 1.0, "how": "a", "more": 1},
    ],
)
def test_what_does_not_lie_inside(config):
    assert not SPACE.contains(config)


def test_numbers_of_rows_are_brought_down_to_the_table():
    config = {"k": 32, "share": 1.0, "how": "a"}
    assert (
        SPACE.fit_to(config, 21) == {"k": 20, "share": 1.0, "how": "a"}
        and SPACE.fit_to(config, 500) == config
    )


def test_options_may_be_tuples_numbers_and_words_and_survive_json():
    hidden, gamma = Choice((32,), (64, 32)), Choice("scale", 1.0, 0.1)
    assert hidden.contains([64, 32]) and hidden.encode([64, 32]) == [0.0, 1.0]
    assert gamma.contains(1) and not gamma.contains(True) and not gamma.contains("auto")


@pytest.mark.parametrize(
    "detector",
    DETECTORS,
    ids=lambda d: f"{type(d).__module__.split('.')[0]}-{type(d).__name__}",
)
@pytest.mark.filterwarnings("error")
def test_every_registered_detector_fits_with_what_its_space_draws(detector):
    X = np.random.default_rng(0).normal(size=(40, 3))
    outlier = np.full((1, 3), 30.0)
    before = detector.get_params()
    for config in space(detector).sample(4, 0):
        chosen = configured(
            detector,
            {**config, **({"epochs": 2} if "epochs" in config else {})},
            len(X),
        )
        assert chosen is not detector and not hasattr(chosen, "offset_")
        if "epochs" in config:
            chosen.set_params(epochs=5)
        assert space(detector).contains(
            {n: chosen.get_params()[n] for n in space(detector)}
        )
        scores = anomaly_score(chosen.fit(X), np.r_[X, outlier])
        assert np.isfinite(scores).all() and scores[-1] > np.median(scores[:-1])
    assert detector.get_params() == before


def test_a_detector_of_ones_own_is_registered_or_told_how():
    class Mine(KNNDetector):
        pass

    assert space(Mine()).dimensions == space(KNNDetector()).dimensions  # inherited
    with pytest.raises(
        TypeError,
        match=r"hyperparameters of object may be chosen; .*KMeansDetector.*register",
    ):
        space(object())

    @space.register
    def _(estimator: Mine):
        return Space({"n_neighbors": Integer(1, 3)})

    assert list(space(Mine())) == ["n_neighbors"] and list(space(KNNDetector())) == [
        "n_neighbors",
        "method",
    ]


@pytest.mark.parametrize(
    "call, message",
    [
        (lambda: Integer(3, 2), "low must not exceed high"),
        (lambda: Integer(1.5, 2), "whole numbers"),
        (lambda: Real(0.0, 1.0, log=True), "log needs low > 0"),
        (lambda: Choice("a"), "at least 2 options"),
        (lambda: Space({}), "at least one dimension"),
        (lambda: SPACE.encode({"k": 3}), "names k, share, how; got k"),
    ],
)
def test_bad_input_is_told_what_was_expected(call, message):
    with pytest.raises(ValueError, match=message):
        call()
