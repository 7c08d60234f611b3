"""AutoencoderDetector: PCA as its oracle, scores by hand, exact reruns and resumes,
messages.
"""

import copy

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.metrics import roc_auc_score
from sklearn.utils.estimator_checks import check_estimator

from metaad.detectors import AutoencoderDetector, anomaly_score
from metaad.scores import reconstruction_error


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def small(**changes):
    settings = {
        "hidden": (8,),
        "code_size": 2,
        "epochs": 5,
        "batch_size": 16,
        "dtype": "float64",
        "device": "cpu",
    }
    return AutoencoderDetector(**{**settings, "random_state": 0, **changes})


def table(n=60, d=5, seed=0):
    return np.random.default_rng(seed).normal(size=(n, d))


def test_passes_every_check_of_scikit_learn():
    check_estimator(AutoencoderDetector(device="cpu"), on_skip=None)


def test_reconstruction_error_by_hand():
    x, r = np.array([[1.0, 2.0], [0.0, 0.0]]), np.array([[0.0, 4.0], [0.0, 0.0]])
    assert reconstruction_error(x, r).tolist() == [2.5, 0.0]
    assert reconstruction_error(torch.tensor(x), torch.tensor(r)).tolist() == [2.5, 0.0]
    images = np.arange(8.0).reshape(2, 2, 2)
    assert reconstruction_error(images, images - 3.0).tolist() == [9.0, 9.0]
    with pytest.raises(ValueError, match=r"same shape, got \(2, 2\) and \(2,\)"):
        reconstruction_error(x, r[0])


def test_without_hidden_layers_it_reaches_the_error_of_pca_and_not_less():
    """A linear autoencoder's best reconstruction is PCA's (Baldi and Hornik 1989)."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(200, 3)) @ rng.normal(size=(3, 6)) + 0.3 * rng.normal(
        size=(200, 6)
    )
    detector = small(
        hidden=(),
        code_size=3,
        epochs=400,
        batch_size=50,
        learning_rate=5e-3,
        scale=None,
    ).fit(X)
    pca = PCA(3).fit(X)
    theirs = reconstruction_error(X, pca.inverse_transform(pca.transform(X)))
    ours = anomaly_score(detector, X)
    assert theirs.mean() == pytest.approx(
        np.linalg.eigvalsh(np.cov(X.T, bias=True))[:3].sum() / 6
    )
    assert theirs.mean() <= ours.mean() <= 1.01 * theirs.mean()
    assert np.corrcoef(ours, theirs)[0, 1] > 0.999


def test_history_begins_with_the_error_of_the_untrained_network():
    """One epoch in one batch: its loss is taken before its update, so weights drawn
    from the seed give it.
    """
    X = table()
    detector = small(epochs=1, batch_size=60, learning_rate=1e-12, scale=None).fit(X)
    assert detector.history_[0] == pytest.approx(
        anomaly_score(detector, X).mean(), rel=1e-8
    )


def test_score_is_the_mean_squared_error_of_reconstruct_in_scaled_columns():
    X = table() * [1.0, 10.0, 100.0, 0.1, 3.0] + 5.0
    detector = small().fit(X)
    np.testing.assert_allclose(detector.mean_, X.mean(0))
    np.testing.assert_allclose(detector.scale_, X.std(0))
    expected = (((X - detector.reconstruct(X)) / X.std(0)) ** 2).mean(1)
    np.testing.assert_allclose(anomaly_score(detector, X), expected, rtol=1e-12)


def test_scaling_makes_units_irrelevant_and_pixels_are_left_as_they_are():
    X = table()
    a, b = small().fit(X), small().fit(X * 1000.0 - 7.0)
    np.testing.assert_allclose(
        a.score_samples(X), b.score_samples(X * 1000.0 - 7.0), rtol=1e-8
    )
    pixels = np.random.default_rng(0).random((30, 4))
    auto = small().fit(pixels)
    assert (auto.scale_ == 1).all() and (auto.mean_ == 0).all()
    assert np.array_equal(
        auto.score_samples(pixels), small(scale=None).fit(pixels).score_samples(pixels)
    )
    assert (small(scale="standard").fit(pixels).scale_ != 1).all()
    assert (small().fit(np.c_[X, np.full(60, 3.0)]).scale_[-1]) == 1, (
        "a constant column is not divided by 0"
    )


def test_a_gross_outlier_outscores_every_inlier():
    X = table(200)
    detector = small(epochs=30).fit(X)
    for size in (50.0, 1e6, 1e30):
        outlier = np.full((1, 5), size)
        assert anomaly_score(detector, outlier)[0] > anomaly_score(detector, X).max()
        assert np.isfinite(anomaly_score(detector, outlier)).all()
        assert detector.predict(outlier)[0] == -1
    assert (detector.predict(X) == -1).sum() == 20  # contamination is 0.1


def test_finds_the_digit_it_was_not_trained_on():
    X, y = load_digits(return_X_y=True)
    X = X / 16.0
    detector = small(hidden=(32,), code_size=8, epochs=60, batch_size=32).fit(
        X[y == 0][:120]
    )
    rest = np.r_[X[y == 0][120:], X[y == 4]]
    truth = np.r_[np.zeros((y == 0).sum() - 120), np.ones((y == 4).sum())]
    assert roc_auc_score(truth, anomaly_score(detector, rest)) > 0.98


def test_a_row_scores_the_same_alone_and_among_others():
    X = table(50, 20)
    # trained in float32
    detector = AutoencoderDetector(epochs=2, random_state=0, device="cpu").fit(X)
    together = detector.score_samples(X)
    alone = np.concatenate([detector.score_samples(x[None]) for x in X])
    np.testing.assert_allclose(together, alone, rtol=1e-12)
    assert together.dtype == np.float64


def test_blocks_of_rows_are_put_together_in_order(monkeypatch):
    X = table()
    detector = small().fit(X)
    whole = detector.score_samples(X)
    monkeypatch.setattr("metaad.detectors.network.BLOCK", 7)
    np.testing.assert_allclose(detector.score_samples(X), whole, rtol=1e-12)


def test_the_same_seed_gives_the_same_bytes_and_global_generators_are_left_alone():
    X = table()
    torch.manual_seed(4)
    np.random.seed(4)
    before = torch.get_rng_state(), np.random.get_state()[1].copy()
    a, b, c = small().fit(X), small().fit(X), small(random_state=1).fit(X)
    assert torch.equal(torch.get_rng_state(), before[0]) and np.array_equal(
        np.random.get_state()[1], before[1]
    )
    assert a.history_ == b.history_ and np.array_equal(
        a.score_samples(X), b.score_samples(X)
    )
    assert a.history_ != c.history_


def test_torchs_default_type_does_not_change_the_result():
    X = table()
    expected = small(dtype="float32").fit(X).history_
    torch.set_default_dtype(torch.float64)
    try:
        assert small(dtype="float32").fit(X).history_ == expected
    finally:
        torch.set_default_dtype(torch.float32)


def test_progress_and_bfloat16_train_too():
    X = table()
    assert small(progress=True).fit(X).history_ == small().fit(X).history_
    rough = small(dtype="bfloat16", epochs=20).fit(X)
    assert rough.module_.encoder[0].weight.dtype == torch.float32
    assert rough.history_[-1] == pytest.approx(
        small(dtype="float32", epochs=20).fit(X).history_[-1], rel=0.05
    )


def test_a_fit_that_broke_off_resumes_to_the_same_bytes(tmp_path, monkeypatch):
    X = table()
    whole = small(checkpoint=tmp_path / "whole").fit(X)
    with monkeypatch.context() as patch:
        steps = iter(range(100))

        def breaks(batch, target):
            if next(steps) == 9:  # in the third epoch
                raise KeyboardInterrupt
            return ((batch - target) ** 2).mean()

        patch.setattr("metaad.detectors.autoencoder.mse_loss", breaks)
        with pytest.raises(KeyboardInterrupt):
            small(checkpoint=tmp_path / "broken").fit(X)
    resumed = small(checkpoint=tmp_path / "broken").fit(X)
    assert resumed.history_ == whole.history_
    assert np.array_equal(resumed.score_samples(X), whole.score_samples(X))
    assert (tmp_path / "broken").read_bytes() == (tmp_path / "whole").read_bytes()
    assert np.array_equal(small().fit(X).score_samples(X), whole.score_samples(X)), (
        "a checkpoint changes nothing"
    )


def test_a_checkpoint_of_other_rows_or_settings_is_refused(tmp_path):
    X = table()
    small(checkpoint=tmp_path / "c").fit(X)
    for changed, other, rows in [
        ("rows", {}, X + 1e-9),
        ("learning_rate", {"learning_rate": 0.1}, X),
        ("hidden", {"hidden": (9,)}, X),
        ("random_state", {"random_state": 1}, X),
    ]:
        with pytest.raises(
            ValueError,
            match=f"another training: {changed} differ.*another path, or delete",
        ):
            small(checkpoint=tmp_path / "c", **other).fit(rows)


def test_survives_a_deep_copy():
    X = table()
    detector = small().fit(X)
    assert np.array_equal(
        copy.deepcopy(detector).score_samples(X), detector.score_samples(X)
    )


@pytest.mark.parametrize("n", [2, 3])
def test_few_rows_and_a_batch_larger_than_they_are(n):
    detector = small(batch_size=1000).fit(table(n))
    assert (
        len(detector.history_) == 5
        and np.isfinite(detector.score_samples(table(n))).all()
    )


def test_a_code_wider_than_the_row_and_one_column_are_allowed():
    assert np.isfinite(
        small(code_size=9).fit(table(20, 1)).score_samples(table(20, 1))
    ).all()


@pytest.mark.parametrize(
    ("X", "message"),
    [
        (np.ones((1, 2)), r"1 sample.*minimum of 2 is required"),
        (np.ones((0, 2)), r"0 sample.*minimum of 2 is required"),
        (np.array([[0.0, np.nan]] * 9), "contains NaN"),
        (np.array([[0.0, np.inf]] * 9), "contains infinity"),
        (np.ones((4, 2, 2)), "dim 3"),
    ],
)
def test_bad_rows_get_a_clear_message(X, message):
    with pytest.raises(ValueError, match=message):
        small().fit(X)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"epochs": 0}, "epochs must be a whole number ≥ 1, got 0"),
        ({"batch_size": 2.5}, r"batch_size must be a whole number ≥ 1, got 2\.5"),
        ({"code_size": True}, "code_size must be a whole number ≥ 1, got True"),
        ({"hidden": (8, 0)}, "every width in hidden must be a whole number ≥ 1, got 0"),
        (
            {"hidden": 8},
            r"hidden must be a sequence of widths such as \(128, 64\), got 8",
        ),
        ({"learning_rate": -1.0}, r"learning_rate must be > 0, got -1\.0; 1e-3"),
        ({"learning_rate": float("nan")}, "learning_rate must be > 0, got nan"),
        (
            {"scale": "minmax"},
            "scale must be one of 'auto', 'standard', None, got 'minmax'",
        ),
        (
            {"dtype": "float16"},
            "dtype must be one of 'float32', 'float64', 'bfloat16', got 'float16'",
        ),
        ({"device": "gpu"}, "device must be 'auto', 'cpu'"),
        ({"contamination": "auto"}, r"contamination must be a number in \(0, 0\.5\]"),
    ],
)
def test_bad_parameters_get_a_clear_message(changes, message):
    with pytest.raises(ValueError, match=message):
        small(**changes).fit(table())


def test_wrong_width_and_divergence_get_a_clear_message():
    with pytest.raises(
        ValueError, match="X has 4 features, but AutoencoderDetector is expecting 5"
    ):
        small().fit(table()).score_samples(table(d=4))
    with pytest.raises(
        FloatingPointError, match=r"finite, got (nan|inf) in epoch \d+.*learning rate"
    ):
        small(learning_rate=1e200).fit(table())


def test_a_pixel_that_rounding_put_above_1_is_still_a_pixel():
    X = np.random.default_rng(0).random((40, 6))
    X[0, 0] = np.nextafter(np.float32(1), np.float32(2))  # 1.00000012
    small = {"hidden": (4,), "code_size": 2, "epochs": 1, "device": "cpu"}
    assert (AutoencoderDetector(**small).fit(X).scale_ == 1).all()
    X[0, 0] = 1.001
    assert (AutoencoderDetector(**small).fit(X).scale_ != 1).all()
