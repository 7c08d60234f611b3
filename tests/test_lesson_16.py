"""What lesson 16 and its experiment measure: the split, the doodles, the linear score,
noise beside attacks, and the figure that counts.
"""

import math
from functools import partial

import numpy as np
import pytest
import torch

from metaad import metrics
from metaad.attacks import aurocs, fgsm
from metaad.experiments.images import robust_nets, robustness
from metaad.experiments.lessons import lesson_16
from metaad.experiments.lessons.lesson_16 import Digits


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def small():
    """Two classes of rows of nine pixels, and outliers."""
    rng = np.random.default_rng(0)
    level = np.array([0.45, 0.55])[:, None, None]
    rows, normal, odd = (
        (a + rng.normal(0, 0.1, (2, n, 9))).clip(0, 1)
        for a, n in ((level, 60), (level, 12), (level[::-1], 10))
    )
    return Digits(*map(torch.tensor, (rows, normal, odd, rng.random((80, 9)))))


def test_each_class_is_normal_in_turn_and_no_row_is_learned_and_tested():
    y = np.repeat(np.arange(3), 20)
    X = np.arange(60.0)[:, None] + 100.0 * y[:, None]
    sizes = {"n_train": 8, "n_normal": 5, "n_odd": 4, "classes": range(3)}
    rng = np.random.default_rng(0)
    train, normal, odd = robust_nets.classes_in_turn(X, y, rng, **sizes)
    assert (
        train.shape == (3, 8, 1)
        and normal.shape == (3, 5, 1)
        and odd.shape == (3, 8, 1)
    )
    of = {value: label for value, label in zip(X[:, 0], y, strict=True)}
    for c in range(3):
        assert {of[v] for v in np.r_[train[c], normal[c]].ravel()} == {c}
        assert {of[v] for v in odd[c].ravel()} == {0, 1, 2} - {c}
    assert not set(train.ravel()) & (set(normal.ravel()) | set(odd.ravel()))
    with pytest.raises(ValueError, match="each class needs 21 rows, got 20"):
        robust_nets.classes_in_turn(X, y, rng, **{**sizes, "n_train": 16})


def test_doodles_are_drawn_alike_whole_or_in_blocks_and_hold_ink():
    drawn = robust_nets.doodles(60, np.random.default_rng(0), side=14)
    assert drawn.shape == (60, 196) and drawn.min() >= 0 and drawn.max() <= 1
    ink = drawn.mean(axis=1)
    assert (ink > 0.01).all() and (ink < 0.8).all()
    again = robust_nets.doodles(60, np.random.default_rng(0), side=14)
    np.testing.assert_array_equal(drawn, again)
    assert len(np.unique(drawn, axis=0)) == 60


def test_the_linear_score_gains_what_the_closed_form_says(small):
    score, weights = lesson_16.linear(small)
    by_hand = small.doodles.mean(dim=0) - small.rows[1].mean(dim=0)
    torch.testing.assert_close(weights[1], by_hand)
    for norm in (math.inf, 2):
        moved = fgsm(score, small.normal, 0.05, goal="odd", norm=norm, box=None)
        gain = score(moved) - score(small.normal)
        expected = lesson_16.linear_gain(weights, 0.05, norm)[:, None]
        torch.testing.assert_close(gain, expected.expand_as(gain))


def test_noise_has_the_size_of_the_attack_and_no_aim():
    rows = torch.full((2, 400, 5), 0.5)
    g = torch.Generator().manual_seed(0)
    moved = lesson_16.noise(None, rows, epsilon=0.1, goal="odd", generator=g)
    assert torch.allclose((moved - rows).abs(), torch.tensor(0.1))
    assert (moved - rows).mean().abs() < 0.01


def test_noise_counts_as_it_comes_and_an_attack_never_serves_the_detector(small):
    score, _ = lesson_16.linear(small)
    clean = aurocs(score, small.normal, small.odd)
    found = lesson_16.after(score, small, "PGD-20", 0.1)
    np.testing.assert_array_equal(found["clean"], clean)
    assert (found["anomalies"] <= clean).all()
    assert (found["both"] <= found["anomalies"]).all()
    noisy = lesson_16.after(score, small, "noise", 0.1)
    moved = [lesson_16.attack("noise", 0.1) for _ in "ab"]
    up = moved[0](score, small.normal, goal=None)
    expected = aurocs(score, up, moved[0](score, small.odd, goal=None))
    np.testing.assert_array_equal(noisy["both"], expected)


def test_the_strongest_counts_over_direct_and_transferred_attacks(small):
    score, _ = lesson_16.linear(small)
    flat = lambda rows: (score(rows) * 20).round() / 20 + 0 * rows[..., 0]  # noqa: E731
    alone = lesson_16.strongest(flat, small, 0.1, other=flat)
    with_other = lesson_16.strongest(flat, small, 0.1, other=score)
    assert (with_other["both"] < alone["both"] - 0.2).all()


def test_an_attack_on_the_same_rows_and_score_is_computed_once(small):
    base, _ = lesson_16.linear(small)
    calls = []

    def score(rows):
        calls.append(len(rows))
        return base(rows)

    alone = lesson_16.pgd(score, small.odd, 0.1, goal="normal", steps=20)
    needed = len(calls)
    attack = lesson_16.attack("PGD-20", 0.1)
    first = attack(score, small.odd, goal="normal")
    assert len(calls) == 2 * needed
    again = lesson_16.attack("PGD-20", 0.1)(score, small.odd, goal="normal")
    assert again is first and len(calls) == 2 * needed
    np.testing.assert_array_equal(first, alone)
    # other rows, another goal, another size, another score
    for rows, goal, size, of in (
        (small.odd.clone(), "normal", 0.1, score),
        (small.odd, "odd", 0.1, score),
        (small.odd, "normal", 0.2, score),
        (small.odd, "normal", 0.1, lambda rows: score(rows)),
    ):
        before = len(calls)
        moved = lesson_16.attack("PGD-20", size)(of, rows, goal=goal)
        assert len(calls) == before + needed
        wanted = lesson_16.pgd(score, rows, size, goal=goal, steps=20)
        np.testing.assert_array_equal(moved, wanted)
    assert lesson_16.attack("FGSM", 0.0)(score, small.odd, goal="odd") is small.odd


def test_curves_begin_at_the_clean_figure_and_fall(small):
    score, _ = lesson_16.linear(small)
    found = lesson_16.curves({"linear": score}, small, (0.0, 0.05, 0.1), "FGSM")
    clean = metrics.bootstrap(aurocs(score, small.normal, small.odd))
    for lines in found.values():
        values = [i.value for i in lines["linear"]]
        assert values[0] == pytest.approx(clean.value)
        assert values[0] > values[1] > values[2]


@pytest.mark.parametrize("first", [None, "denoising", "masking", "rotation"])
def test_every_variant_of_a_net_trains_and_lets_go_of_its_weights(small, first):
    how = {"seed": 0, "passes": 40, "hidden": (8,), "batch_size": 10}
    rows = small.rows[..., :9]
    wide = rows.repeat(1, 1, 16)[..., :144]  # a square image, as masks and turns need
    score = robust_nets.exposed(
        wide, torch.rand(30, 144, dtype=torch.float64), epsilon=0.1, first=first, **how
    )
    values = score(wide)
    assert values.shape == (2, 60) and not values.requires_grad


@pytest.mark.parametrize("epsilon", [0.0, 0.1])
def test_an_autoencoder_learns_to_rebuild_better_than_the_mean_row(epsilon):
    rng = np.random.default_rng(0)
    place = rng.uniform(-0.4, 0.4, (1, 200, 1))
    rows = torch.tensor(0.5 + place * np.where(np.arange(9) % 2, 1.0, -1.0))
    how = {"seed": 0, "passes": 400, "hidden": (6,), "code_size": 1}
    score = robust_nets.rebuilding(rows, epsilon=epsilon, learning_rate=1e-2, **how)
    assert score(rows).mean() < 0.2 * rows.var(dim=1).mean()


# --- the experiment


def test_a_net_is_attacked_in_every_way_and_the_strongest_is_the_lowest(small):
    score = robust_nets.exposed(
        small.rows, small.doodles, seed=0, passes=60, hidden=(8,), batch_size=10
    )
    test = (small.normal, small.odd)
    source = robustness.attack_both_ways(score, *test, partial(fgsm, epsilon=0.1))
    found = robustness.one_net(score, test, {"from x": source}, 0, curve=True)
    attacks = ("FGSM", "PGD-10", "PGD-50", "from x")
    for case in ("anomalies", "both"):
        lowest = np.min([found[a][case] for a in attacks], axis=0)
        assert (np.array(found["strongest"][case]) <= lowest).all()
    assert {"PGD-50 0.05", "FGSM 0.15", "length 1.5"} <= set(found)
    assert len(found["clean"]) == 2


def test_a_front_of_grey_levels_hides_the_slope_of_the_net_behind_it(small):
    score, _ = lesson_16.linear(small)
    front = robustness.hidden(score)
    rows = (small.normal * 7).round() / 7
    torch.testing.assert_close(front(rows), score(rows))
    torch.testing.assert_close(fgsm(front, small.normal, 0.1, goal="odd"), small.normal)


def test_means_and_gains_are_taken_over_classes_and_seeds():
    def seed(shift):
        value = {"strongest": {"both": [0.5 + shift, 0.7 + shift, 0.6 + shift]}}
        lower = {"strongest": {"both": [0.1 + shift, 0.3 + shift, 0.2 + shift]}}
        only = {"length": {"both": [0.2, 0.4, 0.6]}} if shift == 0 else {}
        return {"auroc": {"adversarial": value | only, "plain": lower}, "seconds": {}}

    found = [seed(0.0), seed(0.2)]
    table = robustness.means({"mnist": found})["mnist"]
    assert table["adversarial"]["strongest"]["both"] == pytest.approx(0.7)
    assert table["adversarial"]["length"]["both"] == pytest.approx(0.4)
    gain = robustness.gains(found)["plain"]
    assert gain.value == pytest.approx(-0.4) and gain.n == 3
