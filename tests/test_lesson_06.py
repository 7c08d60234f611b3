"""What lesson 06 measures: the line, the ring, the walk beyond a row, and the full run's
rows.
"""

import numpy as np
import pytest
import torch
from scipy.stats import norm

from metaad.detectors import GANDetector, WGANDetector, fit_together
from metaad.detectors.gan_together import ManyLinear, apart, side_by_side
from metaad.experiments.images import one_class_gans
from metaad.experiments.lessons import lesson_06
from metaad.experiments.parts import Steps
from metaad.metrics import auroc
from metaad.nets import Critic

SMALL = {"hidden": (8,), "noise_size": 2, "dtype": "float64", "device": "cpu"}


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def test_the_best_logit_on_a_line_is_the_log_ratio_and_the_learned_one_follows_it():
    x, learned, best, rows = lesson_06.on_a_line(0)
    expected = norm.logpdf(x, 0.0, 1.0) - norm.logpdf(x, 1.5, 0.6)
    np.testing.assert_allclose(best, expected, atol=1e-10)
    assert rows.shape == (2, 400) and abs(rows.mean(axis=1) - [0.0, 1.5]).max() < 0.2
    shown = (x > 0.5) & (x < 2.0)  # rows of both kinds lie there
    assert np.abs(learned - best)[shown].mean() < 0.5


def test_rows_of_the_ring_lie_on_it_and_hits_are_counted():
    rows = lesson_06.ring(4000, np.random.default_rng(0))
    gaps = np.linalg.norm(rows[:, None] - lesson_06.CENTRES, axis=2)
    assert gaps.min(axis=1).mean() == pytest.approx(
        lesson_06.SPREAD * np.sqrt(np.pi / 2), rel=0.05
    )
    assert lesson_06.modes_hit(rows) == 8
    assert lesson_06.modes_hit(rows[gaps.argmin(axis=1) < 3]) == 3
    assert lesson_06.modes_hit(np.zeros((100, 2))) == 0
    # a fortieth of the rows counts, less does not
    few = np.r_[np.repeat(lesson_06.CENTRES[:1], 390, axis=0)]
    for n, hit in ((10, 2), (9, 1)):
        more = np.repeat(lesson_06.CENTRES[1:2], n, axis=0)
        away = np.full((10 - n, 2), 9.0)
        assert lesson_06.modes_hit(np.r_[few, more, away]) == hit


def test_a_game_in_the_plane_is_looked_at_as_often_as_told_and_repeats_itself():
    losses = lesson_06.GAMES["WGAN-GP"]
    played, again = (lesson_06.play(losses, [3, 4], steps=6, every=2) for _ in "ab")
    assert played["step"].tolist() == [2, 4, 6]
    assert played["drawn"].shape[:2] == (3, 2) and played["drawn"].shape[3] == 2
    assert played["slope"].shape == played["gap"].shape == (3, 2)
    for name, values in played.items():
        np.testing.assert_array_equal(again[name], values)


def test_side_by_side_computes_what_each_module_does_and_apart_gives_it_back():
    torch.manual_seed(0)
    critics = [Critic(3, (5, 4), dtype=torch.float64) for _ in range(3)]
    x = torch.randn(7, 3, 3, dtype=torch.float64)  # (n, m, d)
    together = side_by_side(critics)
    expected = torch.stack([c(x[:, i]) for i, c in enumerate(critics)], dim=1)
    torch.testing.assert_close(together(x), expected)
    assert together.head.in_features == 4 and isinstance(together.head, ManyLinear)
    with torch.no_grad():
        together.head.weight[1] += 1.0
    apart(together, critics)
    torch.testing.assert_close(critics[1](x[:, 1]), together(x)[:, 1])
    torch.testing.assert_close(critics[0](x[:, 0]), expected[:, 0])


def test_halving_averages_squares_of_four_pixels():
    image = np.zeros((1, 28, 28))
    image[0, 2:4, 4:6] = [[1.0, 0.0], [0.5, 0.5]]
    rows = lesson_06.halved(image)
    assert rows.shape == (1, 196) and rows.sum() == rows.reshape(14, 14)[1, 2] == 0.5


def test_beyond_its_row_a_critic_goes_on_climbing_and_the_reconstruction_sees_it():
    """The explanation of an AUROC below one half, on a plane: what differs from the copy
    more than real rows do looks more real than they.
    """
    X = np.random.default_rng(0).normal([3.0, 3.0], 0.3, size=(200, 2))
    options = {**SMALL, "hidden": (16, 16), "scale": None, "random_state": 0}
    detector = WGANDetector(**options, batch_size=16, epochs=8, encoder_epochs=3).fit(X)
    walks = lesson_06.beyond(detector, X, (0.0, 1.0, 2.0))
    copies = detector.reconstruct(X)
    np.testing.assert_allclose(
        walks["reconstruction"][:, 0], detector.all_scores(copies)["reconstruction"]
    )
    np.testing.assert_allclose(walks["critic"][:, 1], detector.all_scores(X)["critic"])
    heights = -walks["critic"].mean(axis=0)
    assert heights[0] < heights[1] < heights[2]
    label = np.repeat([0, 1], 200)
    ends = {n: np.r_[w[:, 1], w[:, 2]] for n, w in walks.items()}
    assert (
        auroc(label, ends["critic"]) < 0.2 < 0.8 < auroc(label, ends["reconstruction"])
    )


def test_rows_of_the_full_run_are_those_of_each_detector_scored_by_hand(tmp_path):
    rng = np.random.default_rng(0)
    y, truth = np.repeat(np.arange(10), 12), np.repeat(np.arange(10), 5)
    made = [
        np.clip(rng.random((len(v), 6)) / 2 + v[:, None] / 20, 0, 1) for v in (y, truth)
    ]
    images = made[0], y, made[1], truth
    options = {**SMALL, "epochs": 1, "encoder_epochs": 1}
    detectors = {"GAN": GANDetector(**options)}
    steps = Steps(tmp_path / "parts.json", [one_class_gans.one_class])
    found = one_class_gans.rows(steps, images, [0, 2], detectors)
    assert set(found) == {"GAN, critic", "GAN, reconstruction", "GAN, features"}
    tables = [made[0][y == c] for c in range(10)]
    fitted = fit_together(detectors["GAN"], tables, [200 + c for c in range(10)])
    by_hand = [
        auroc(truth != c, one.all_scores(made[1])["reconstruction"])
        for c, one in enumerate(fitted)
    ]
    np.testing.assert_allclose(found["GAN, reconstruction"][1], by_hand)
    kept = Steps(tmp_path / "parts.json", [one_class_gans.one_class])
    assert one_class_gans.rows(kept, images, [0, 2], detectors) == found
