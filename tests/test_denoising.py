"""The denoising autoencoder: Wiener's filter as its oracle, scores by hand, resumes,
messages.
"""

import numpy as np
import pytest
import torch

from metaad.detectors import DenoisingAutoencoder, anomaly_score


def small(**changes):
    settings = {
        "hidden": (8,),
        "noise": 0.5,
        "n_noisy": 3,
        "epochs": 5,
        "batch_size": 16,
        "dtype": "float64",
        "device": "cpu",
    }
    return DenoisingAutoencoder(**{**settings, "random_state": 0, **changes})


def table(n=60, d=5, seed=0):
    return np.random.default_rng(seed).normal(size=(n, d))


def test_a_linear_one_becomes_wieners_filter():
    """The best linear guess of x from x + σε is μ + S (S + σ² I)⁻¹ (x + σε - μ)."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(4000, 3)) @ rng.normal(size=(3, 3)) + [0.1, -0.2, 0.3]
    how = {"hidden": (), "noise": 0.8, "scale": None, "learning_rate": 1e-2}
    detector = small(epochs=500, batch_size=4000, **how).fit(X)
    S = np.cov(X.T, bias=True)
    best = S @ np.linalg.inv(S + 0.64 * np.eye(3))
    weight, bias = (p.detach().numpy() for p in detector.module_.parameters())
    np.testing.assert_allclose(weight, best, atol=0.06)
    np.testing.assert_allclose(bias, X.mean(0) - best @ X.mean(0), atol=0.15)


def test_score_is_the_mean_error_over_the_same_patterns_of_noise_for_every_row():
    X = table() * [1.0, 10.0, 100.0, 0.1, 3.0] + 5.0
    detector = small().fit(X)
    assert detector.noise_.shape == (3, 5)
    Z = torch.tensor((X - X.mean(0)) / X.std(0))
    with torch.no_grad():
        errors = [
            ((detector.module_(Z + torch.tensor(n)) - Z) ** 2).mean(1)
            for n in detector.noise_
        ]
    expected = torch.stack(errors).mean(0).numpy()
    np.testing.assert_allclose(anomaly_score(detector, X), expected, rtol=1e-12)
    np.testing.assert_allclose(anomaly_score(detector, X[:1]), expected[:1], rtol=1e-12)


def test_noise_has_the_deviation_that_was_asked_for_and_is_new_at_each_step():
    detector = small(noise=0.7, n_noisy=4000).fit(table())
    assert detector.noise_.std() == pytest.approx(0.7, rel=0.02)
    source = detector._noise(0)
    rows = torch.zeros(4000, 5, dtype=torch.float64)
    one, two = (detector._shown(rows, source) for _ in range(2))
    assert float(one.std()) == pytest.approx(0.7, rel=0.02)
    assert not torch.equal(one, two)


def test_history_is_the_error_against_clean_rows():
    """A network that answers 0 to everything is wrong by the rows' mean square,
    whatever the noise.
    """
    X = table(200)
    detector = small(noise=100.0, epochs=1, batch_size=200, scale=None)
    detector._network = lambda d, dtype: torch.nn.Sequential(Zero(d, dtype))
    detector._fit(X)
    assert detector.history_[0] == pytest.approx((X**2).mean())


class Zero(torch.nn.Linear):
    def __init__(self, d, dtype):
        super().__init__(d, d, dtype=dtype)
        torch.nn.init.zeros_(self.weight)
        torch.nn.init.zeros_(self.bias)


def test_a_training_that_was_cut_goes_on_with_the_noise_that_comes_next(tmp_path):
    X = table()
    whole = small(epochs=6).fit(X)
    small(epochs=2, checkpoint=tmp_path / "c").fit(X)
    resumed = small(epochs=6, checkpoint=tmp_path / "c").fit(X)
    assert resumed.history_ == whole.history_
    assert np.array_equal(resumed.score_samples(X), whole.score_samples(X))
    with pytest.raises(ValueError, match="another training: noise differ"):
        small(epochs=6, noise=0.6, checkpoint=tmp_path / "c").fit(X)


def test_rows_off_the_plane_of_the_normal_ones_stand_out():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(500, 2)) @ rng.normal(size=(2, 6))
    strange = rng.normal(size=(200, 6)) * X.std(0)
    detector = small(hidden=(32, 32), epochs=60, learning_rate=3e-3).fit(X)
    assert np.median(anomaly_score(detector, strange)) > 2 * np.median(
        anomaly_score(detector, X)
    )


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"noise": 0.0}, "noise must be > 0, got 0.0"),
        ({"n_noisy": 0}, "n_noisy must be a whole number ≥ 1, got 0"),
        ({"hidden": (0,)}, "every width in hidden must be a whole number"),
    ],
)
def test_settings_that_mean_nothing_are_refused(changes, said):
    with pytest.raises(ValueError, match=said):
        small(**changes).fit(table())
