"""What lessons 05 and 07 state as algebra holds: for random cases, and by the package."""

import numpy as np
import pytest
import torch
from scipy.integrate import dblquad

from metaad import metrics
from metaad.exercises.lesson_07 import floor_of, maml_start, runs_away
from metaad.meta.inner_loop import inner_loop


class Point(torch.nn.Module):
    """θ as a network: the output is θ for every row."""

    def __init__(self, theta):
        super().__init__()
        self.theta = torch.nn.Parameter(
            torch.tensor([float(theta)], dtype=torch.float64)
        )

    def forward(self, x):
        return self.theta.expand(len(x), -1)


def parabola(out, x, y):
    """½ h (θ - c)², c as row x and h as its target y."""
    return 0.5 * (y * (out - x) ** 2).sum(dim=-1).mean(dim=1)


def outer_gradient(theta, h, c, alpha, steps, first_order):
    """Gradient of the summed losses after the steps, by the package's inner loop."""
    point, (h, c) = Point(theta), (torch.as_tensor(a)[:, None, None] for a in (h, c))
    how = {"steps": steps, "rate": alpha, "first_order": first_order}
    adapted = inner_loop(point, parabola, c, h, **how)
    parabola(adapted(c), c, h).sum().backward()
    return float(point.theta.grad[0])


def test_one_ranking_for_all_classes_averages_one_half():
    rng = np.random.default_rng(0)
    y, scores = np.repeat(np.arange(10), 30), rng.integers(0, 40, 300) / 7
    every = [metrics.auroc(y == c, scores) for c in range(10)]
    assert np.ptp(every) > 0.05
    np.testing.assert_allclose(np.mean(every), 0.5, atol=1e-12)


@pytest.mark.parametrize("seed", range(5))
def test_mamls_gradient_vanishes_at_its_weighted_mean(seed):
    rng = np.random.default_rng(seed)
    h, c, steps = rng.uniform(0.5, 15, 6), rng.normal(size=6), int(rng.integers(1, 6))
    best = maml_start(h, c, 0.1, steps)
    assert abs(outer_gradient(best, h, c, 0.1, steps, False)) < 1e-10
    assert abs(outer_gradient(best + 0.1, h, c, 0.1, steps, False)) > 1e-6


def test_tasks_of_one_curvature_have_the_plain_mean_as_start():
    c = np.array([0.0, 1.0, 5.0])
    assert maml_start(np.full(3, 2.5), c, 0.1, 4) == pytest.approx(2.0)


def distance_grows(h, c, alpha, steps):
    """Whether outer descent by FOMAML leaves the weighted mean, at a tiny rate."""
    w = h * (1 - alpha * h) ** steps
    centre, rate = (w * c).sum() / w.sum(), 0.02
    theta = start = centre + 1.0
    for _ in range(20):
        theta -= rate * outer_gradient(theta, h, c, alpha, steps, True)
    return abs(theta - centre) > abs(start - centre)


def test_fomaml_runs_away_exactly_where_its_weights_add_up_to_less_than_zero():
    rng = np.random.default_rng(1)
    seen = set()
    for _ in range(40):
        h, c = rng.uniform(0.5, 18, 2), np.array([-1.0, 1.0])
        steps = int(rng.integers(1, 4))
        if abs((h * (1 - 0.1 * h) ** steps).sum()) < 0.05:
            continue
        expected = runs_away(h, 0.1, steps)
        assert distance_grows(h, c, 0.1, steps) == expected, (h, steps)
        seen.add((expected, bool((h * (1 - 0.1 * h) ** steps).min() < 0)))
    assert seen == {(True, True), (False, True), (False, False)}


def test_one_negative_weight_is_not_enough():
    h, c = np.array([5.0, 12.0]), np.array([-1.0, 1.0])
    assert not runs_away(h, 0.1, 1) and not distance_grows(h, c, 0.1, 1)
    assert runs_away(np.array([1.0, 15.0]), 0.1, 1)


def test_the_floor_of_waves_is_the_variance_left_by_the_mean_wave():
    low, high = 0.1, 5.0
    mean_a, square_a = (low + high) / 2, (high**3 - low**3) / (3 * (high - low))

    def left(phase, x):
        wave, mean = np.sin(x - phase), -2 / np.pi * mean_a * np.cos(x)
        error = square_a * wave**2 - 2 * mean_a * wave * mean + mean**2
        return error / (10 * np.pi)

    by_integral, _ = dblquad(left, -5, 5, 0, np.pi)
    assert floor_of(low, high) == pytest.approx(by_integral, rel=1e-6)
