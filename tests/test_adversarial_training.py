"""Adversarial training reaches the worst case that a formula gives; what surrounds it is
counted by hand.
"""

import math
from functools import partial

import numpy as np
import pytest
import torch
from sklearn.utils.estimator_checks import check_estimator

from metaad import metrics
from metaad.attacks import (
    ExposureDetector,
    attack_both_ways,
    attacked_auroc,
    aurocs,
    batches,
    column_shuffle,
    gated,
    harden,
    logits,
    pgd,
    pretrain,
    quantised,
    train,
    trunks,
)
from metaad.attacks.adversarial_training import (
    exposure_loss,
    mean_score,
    nearby_worst,
)
from metaad.attacks.pretraining import masked, noisy, task_loss, turned
from metaad.detectors import anomaly_score
from metaad.detectors.batched_autoencoders import forward, parameters

double = {"dtype": torch.float64}


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


# --- the inner maximum


@pytest.mark.parametrize("steps", [2, 5])
def test_on_linear_nets_the_nearby_worst_costs_each_score_epsilon_times_its_weights(
    steps,
):
    """The robust loss of a linear score has a closed form: the margin shrinks by ε |w|₁."""
    layers = trunks(4, (), 2, seed=0, **double)
    rows = torch.rand(2, 6, 4, generator=seeded(), **double)
    y = torch.tensor([0.0, 0, 0, 1, 1, 1], **double)
    options = {"norm": math.inf, "box": None, "generator": seeded()}
    score = logits(layers)
    moved = nearby_worst(score, rows, y, epsilon=0.1, steps=steps, **options)
    w = layers[0][0].detach()[..., 0]  # (2, 4)
    shift = (1 - 2 * y) * 0.1 * w.abs().sum(dim=1, keepdim=True)
    far = (score(moved) - score(rows)).detach()
    torch.testing.assert_close(far, shift)


def test_losses_by_hand():
    scores = torch.tensor([[0.0, math.log(3)]], **double)
    y = torch.tensor([0.0, 1.0], **double)
    # -log P(normal) = log 2 for the first; -log P(anomaly) = log(4 / 3) for the second
    expected = (math.log(2) + math.log(4 / 3)) / 2
    assert exposure_loss(scores, y).item() == pytest.approx(expected)
    assert mean_score(scores, y).item() == pytest.approx(math.log(3) / 2)


def test_batches_hold_own_rows_first_and_outliers_after_with_their_labels():
    normal = torch.arange(10.0).view(2, 5, 1)
    outliers = torch.arange(100.0, 107.0)[:, None]
    rows, y = next(batches(normal, outliers, 7, seeded()))
    assert y.tolist() == [0, 0, 0, 1, 1, 1, 1]
    assert (rows[0, :3] < 5).all() and (rows[1, :3] >= 5).all()
    assert (rows[:, :3] < 10).all() and (rows[:, 3:] >= 100).all()
    torch.testing.assert_close(rows[1, :3], rows[0, :3] + 5)  # the same places
    alone, y = next(batches(normal, None, 4, seeded()))
    assert alone.shape == (2, 4, 1) and not y.any()


def test_time_is_counted_in_passes():
    calls = {"n": 0}
    w = torch.zeros(1, 1, 1, requires_grad=True)

    def score(rows):
        calls["n"] += 1
        return (rows @ w)[..., 0]

    rows = torch.rand(1, 8, 1, generator=seeded())
    for epsilon, k, steps in ((0.0, 1, 12), (0.1, 1, 6), (0.1, 3, 3)):
        calls["n"] = 0
        draws = batches(rows, rows[0], 4, seeded())
        how = {"passes": 12, "learning_rate": 0.1, "generator": seeded()}
        losses = train(score, [w], draws, epsilon=epsilon, attack_steps=k, **how)
        assert len(losses) == steps and calls["n"] == 12


def test_adversarial_training_gives_up_the_column_that_an_attacker_can_turn():
    """Column 0 tells the classes apart by 0.1, without noise; column 1 by 0.6, with
    noise. An attacker with ε = .1 owns the first. Plain training leans on it.
    """
    rng = np.random.default_rng(0)
    n = 400
    sides = [np.c_[np.full(n, 0.45 + 0.1 * s), 0.2 + 0.6 * s + rng.normal(0, 0.15, n)]
             for s in (0, 1)]  # fmt: skip
    normal, odd = (torch.tensor(s.clip(0, 1)) for s in sides)
    found = {}
    for name, epsilon in (("plain", 0.0), ("hard", 0.1)):
        layers = trunks(2, (), 1, seed=0, **double)
        how = {"passes": 1600, "learning_rate": 0.3, "batch_size": 100, "seed": 0}
        harden(layers, normal[None], odd, epsilon=epsilon, **how)
        weights = layers[0][0].detach().flatten()
        attack = partial(pgd, epsilon=0.1, steps=10)
        judged = attacked_auroc(logits(layers), normal[None], odd[None], attack)
        found[name] = weights[0] / weights[1], judged["both"].item()
    assert found["plain"][0] > 1 > 0.3 > abs(found["hard"][0])
    assert found["hard"][1] > found["plain"][1] + 0.1


def test_the_rows_of_one_net_do_not_touch_another():
    rows = torch.rand(2, 20, 3, generator=seeded())
    changed = torch.stack([rows[0], 0.3 * rows[1]])
    outliers = torch.rand(30, 3, generator=seeded(1))
    how = {"passes": 20, "learning_rate": 0.1, "batch_size": 8, "seed": 0}
    found = []
    for own in (rows, changed):
        layers = trunks(3, (4,), 2, seed=0)
        harden(layers, own, outliers, epsilon=0.1, **how)
        found.append(layers[0][0].detach())
    assert torch.equal(found[0][0], found[1][0])
    assert not torch.equal(found[0][1], found[1][1])


def test_a_loss_that_is_not_finite_stops():
    w = torch.full((1, 1, 1), math.nan, requires_grad=True)
    draws = batches(torch.rand(1, 4, 1), torch.rand(4, 1), 4, seeded())
    with pytest.raises(FloatingPointError, match="Lower the learning rate"):
        train(
            lambda x: (x @ w)[..., 0],
            [w],
            draws,
            passes=2,
            learning_rate=0.1,
            generator=seeded(),
        )


# --- the judge


def test_aurocs_are_those_of_each_net_by_hand():
    score = lambda rows: rows[..., 0]  # noqa: E731
    normal = torch.tensor([[[0.1], [0.5]], [[0.9], [0.8]]])
    odd = torch.tensor([[[0.3], [0.7]], [[0.2], [0.1]]])
    assert aurocs(score, normal, odd).tolist() == [0.75, 0.0]
    assert aurocs(score, normal[0], odd[0]) == 0.75


def test_an_attack_of_known_size_gives_the_auroc_of_the_shifted_scores():
    rng = np.random.default_rng(0)
    a, b = rng.uniform(0.3, 0.6, 40), rng.uniform(0.4, 0.7, 30)
    normal, odd = (torch.tensor(v)[None, :, None] for v in (a, b))
    judged = attacked_auroc(
        lambda rows: rows[..., 0], normal, odd, partial(pgd, epsilon=0.05)
    )
    y = np.repeat([0, 1], [40, 30])
    for name, low, high in (("clean", a, b), ("anomalies", a, b - 0.05),
                            ("both", a + 0.05, b - 0.05)):  # fmt: skip
        expected = metrics.auroc(y, np.r_[low, high])
        assert judged[name].item() == pytest.approx(expected)


def test_of_several_attacks_the_strongest_counts_and_a_transfer_aims_elsewhere():
    rows = torch.full((1, 3, 2), 0.5)
    score = lambda x: x[..., 0]  # noqa: E731
    small, large = (partial(pgd, epsilon=e) for e in (0.01, 0.1))
    up, down = attack_both_ways(score, rows, rows, large, small)
    assert torch.allclose(up[..., 0], torch.tensor(0.6))
    assert torch.allclose(down[..., 0], torch.tensor(0.4))
    other = lambda x: x[..., 1]  # noqa: E731
    up, _ = attack_both_ways(score, rows, rows, large, aim=other)
    assert torch.equal(up, rows)  # where it aims, this score sees nothing


# --- fronts


def test_a_quantised_front_rounds_and_shows_no_slope():
    x = torch.tensor([0.0, 0.12, 0.13, 0.5, 1.0], requires_grad=True)
    out = quantised(5)(x)
    torch.testing.assert_close(out, torch.tensor([0.0, 0.0, 0.25, 0.5, 1.0]))
    assert torch.autograd.grad(out.sum(), x)[0].abs().max() == 0
    with pytest.raises(ValueError, match="levels must be 2 or more, got 1"):
        quantised(1)


def test_a_gate_moves_grey_by_a_quarter_of_its_steepness_and_black_hardly():
    x = torch.tensor([0.0, 0.5, 1.0], requires_grad=True)
    (slope,) = torch.autograd.grad(gated(20.0)(x).sum(), x)
    assert slope[1].item() == pytest.approx(5.0)
    assert slope[0] < 0.001 and slope[2] < 0.001


# --- pretraining


def test_turned_images_are_told_by_their_quarters():
    images = torch.arange(9.0).repeat(50, 1)
    shown, times = turned(images, seeded())
    for row, k in zip(shown, times, strict=True):
        expected = torch.rot90(torch.arange(9.0).view(3, 3), int(k))
        assert torch.equal(row.view(3, 3), expected)
    assert set(times.tolist()) == {0, 1, 2, 3}


def test_masks_hide_whole_patches_about_half_of_them():
    shown, wanted = masked(torch.ones(400, 64), seeded())
    patches = shown.view(400, 4, 2, 4, 2).permute(0, 1, 3, 2, 4).flatten(3)
    assert (patches == patches[..., :1]).all()
    assert shown.mean().item() == pytest.approx(0.5, abs=0.02)
    assert torch.equal(wanted, torch.ones(400, 64))


def test_noise_has_the_deviation_that_is_written():
    rows = torch.zeros(500, 40)
    shown, wanted = noisy(rows, seeded())
    assert shown.std().item() == pytest.approx(0.5, rel=0.02) and wanted is rows


def test_the_loss_of_a_task_is_one_number_per_net():
    answer = torch.zeros(2, 3, 4)
    answer[1] += 2.0
    assert task_loss(answer, torch.zeros(2, 3, 4)).tolist() == [0.0, 4.0]
    quarters = torch.zeros(2, 3, dtype=torch.int64)
    torch.testing.assert_close(
        task_loss(answer, quarters), torch.full((2,), math.log(4))
    )


@pytest.mark.parametrize("task", ["denoising", "masking", "rotation"])
def test_pretraining_lowers_its_loss_and_leaves_the_last_layer_alone(task):
    rng = np.random.default_rng(0)
    ramp = np.linspace(0, 1, 8)[:, None] * np.ones(8)
    images = (ramp + rng.uniform(-0.1, 0.1, (60, 8, 8))).clip(0, 1)
    rows = torch.tensor(np.stack([images, images[:, ::-1]]).reshape(2, 60, 64))
    layers = trunks(64, (16,), 2, seed=0, **double)
    before = [p.clone() for p in parameters(layers)]
    how = {"passes": 200, "batch_size": 20, "learning_rate": 1e-2, "seed": 0}
    losses = pretrain(layers, rows, task, **how)
    assert np.mean(losses[-20:]) < 0.6 * np.mean(losses[:20])
    changed = [
        not torch.equal(a, b) for a, b in zip(before, parameters(layers), strict=True)
    ]
    assert changed == [True, True, False, False]


def test_a_task_or_an_image_that_is_not_there_is_refused():
    layers, how = trunks(6, (3,), 1, seed=0), {"passes": 1, "batch_size": 2}
    how |= {"learning_rate": 0.1, "seed": 0}
    with pytest.raises(
        ValueError, match="one of denoising, masking, rotation, got 'x'"
    ):
        pretrain(layers, torch.rand(1, 4, 6), "x", **how)
    with pytest.raises(ValueError, match="must be square images, side² wide; got 6"):
        pretrain(layers, torch.rand(1, 4, 6), "masking", **how)


# --- the detector


def blobs(n=200, d=4, seed=0):
    rng = np.random.default_rng(seed)
    normal = rng.normal(0.5, 0.05, (n, d)).clip(0, 1)
    return normal, rng.uniform(0, 1, (n, d))


def test_the_detector_is_what_hardening_by_hand_gives():
    X, outliers = blobs()
    how = {"hidden": (8,), "passes": 40, "batch_size": 20, "epsilon": 0.05}
    detector = ExposureDetector(outliers, device="cpu", random_state=3, **how).fit(X)
    seed = int(np.random.RandomState(3).randint(2**31 - 1))
    layers = trunks(4, (8,), 1, seed=seed)
    rows, others = (torch.tensor(a, dtype=torch.float32) for a in (X, outliers))
    how = {"passes": 40, "batch_size": 20, "epsilon": 0.05, "learning_rate": 2e-3}
    harden(layers, rows[None], others, seed=seed, **how)
    by_hand = forward(layers, rows[None])[0, :, 0].detach().numpy()
    np.testing.assert_allclose(anomaly_score(detector, X), by_hand, atol=1e-5)


def test_the_detector_finds_what_its_outliers_look_like():
    X, outliers = blobs()
    test, odd = blobs(seed=1)
    detector = ExposureDetector(outliers, passes=600, random_state=0).fit(X)
    y = np.repeat([0, 1], 200)
    assert metrics.auroc(y, anomaly_score(detector, np.r_[test, odd])) > 0.9


def test_shuffled_columns_keep_each_columns_values_and_break_their_link():
    rng = np.random.RandomState(0)
    x = rng.uniform(size=500)
    made = column_shuffle(np.c_[x, x], 2000, rng)
    assert np.isin(made, x).all()
    assert abs(np.corrcoef(made.T)[0, 1]) < 0.1


def test_outliers_of_another_width_and_parameters_out_of_range_are_refused():
    X, _ = blobs()
    for changed, says in (
        ({"outliers": np.ones((3, 2))}, r"outliers must be an array \(k, 4\)"),
        ({"epsilon": -1}, "epsilon must be a number ≥ 0"),
        ({"passes": 0}, "passes must be a whole number ≥ 1"),
        ({"scale": "no"}, "scale must be one of"),
    ):
        with pytest.raises(ValueError, match=says):
            ExposureDetector(**changed).fit(X)


def test_the_detector_is_a_scikit_learn_estimator():
    check_estimator(ExposureDetector(passes=60, hidden=(8,), batch_size=20))
