"""Attacks reach what a closed form says is the most there is, and stay where they must."""

import math

import numpy as np
import pytest
import torch

from metaad.attacks import fgsm, pgd, project, worst_of
from metaad.attacks.gradient import scattered, steepest

INF = math.inf
NORMS = pytest.mark.parametrize("norm", [INF, 2])
GOALS = pytest.mark.parametrize(("goal", "sign"), [("odd", 1), ("normal", -1)])
double = {"dtype": torch.float64}


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.fixture
def linear():
    """A score w · x, its weights, and rows in the middle of the box."""
    w = torch.tensor([0.5, -2.0, 0.0, 3.0, -0.25], **double)
    rows = 0.4 + 0.2 * torch.rand(3, 7, 5, generator=seeded(), **double)
    return lambda x: x @ w, w, rows


def bent(d=6, seed=1):
    """A score with several hills and valleys."""
    g = seeded(seed)
    a = torch.randn(4, d, generator=g, **double)
    return lambda x: torch.sin(6 * x @ a.T).sum(-1) + (x @ a.T).square().sum(-1)


# --- a linear score has a closed form


@GOALS
@NORMS
def test_on_a_linear_score_an_attack_moves_it_by_epsilon_times_the_dual_norm(
    linear, norm, goal, sign
):
    score, w, rows = linear
    most = 0.05 * (w.abs().sum() if norm == INF else w.norm())
    for attack in (fgsm, pgd):
        moved = attack(score, rows, 0.05, goal=goal, norm=norm, box=None)
        gained = sign * (score(moved) - score(rows))
        torch.testing.assert_close(gained, most.expand_as(gained))


@GOALS
def test_at_the_edge_of_the_box_the_closed_form_is_that_of_the_box_cut_with_the_ball(
    linear, goal, sign
):
    score, w, _ = linear
    rows = torch.rand(40, 5, generator=seeded(3), **double).round()  # all at the edge
    rows[::2] = torch.rand(20, 5, generator=seeded(4), **double)
    low, high = (rows - 0.2).clamp_min(0), (rows + 0.2).clamp_max(1)
    best = torch.where(sign * w > 0, high, low) @ w
    for attack in (fgsm, pgd):
        found = score(attack(score, rows, 0.2, goal=goal))
        torch.testing.assert_close(found, best)


def test_no_point_of_the_ball_beats_the_closed_form(linear):
    score, w, rows = linear
    for norm, dual in ((INF, w.abs().sum()), (2, w.norm())):
        for seed in range(50):
            at = scattered(rows, 0.1, norm, None, seeded(seed))
            assert (score(at) - score(rows) <= 0.1 * dual + 1e-12).all()


# --- the ball and the box


def test_projection_for_the_largest_norm_by_hand():
    rows = torch.tensor([0.05, 0.5, 0.95])
    moved = torch.tensor([-0.3, 0.55, 2.0])
    found = project(moved, rows, 0.1)
    torch.testing.assert_close(found, torch.tensor([0.0, 0.55, 1.0]))
    free = project(moved, rows, 0.1, box=None)
    torch.testing.assert_close(free, torch.tensor([-0.05, 0.55, 1.05]))


def test_projection_for_the_length_by_hand():
    rows = torch.tensor([[0.5, 0.5], [0.5, 0.5], [1.0, 0.0]])
    moved = rows + torch.tensor([[3.0, 4.0], [0.03, 0.04], [0.6, 0.8]])
    found = project(moved, rows, 0.1, 2)
    expected = torch.tensor([[0.56, 0.58], [0.53, 0.54], [1.0, 0.08]])
    torch.testing.assert_close(found, expected)


@NORMS
def test_projection_is_the_nearest_point_of_the_ball_and_leaves_points_inside_alone(
    norm,
):
    rows = torch.full((1, 2), 0.5, **double)
    moved = rows + torch.randn(30, 2, generator=seeded(), **double)
    found = project(moved, rows, 0.2, norm, None)
    torch.testing.assert_close(project(found, rows, 0.2, norm, None), found)
    inside = scattered(rows.expand(4000, 2), 0.2, norm, None, seeded(1))
    nearest = torch.cdist(moved, inside).amin(dim=1)
    assert ((moved - found).norm(dim=1) <= nearest + 1e-12).all()


@NORMS
def test_random_starts_fill_the_ball(norm):
    rows = torch.full((20000, 2), 0.5, **double)
    step = scattered(rows, 0.2, norm, None, seeded()) - rows
    length = torch.linalg.vector_norm(step, norm, dim=1)
    assert length.max() <= 0.2 + 1e-12
    # evenly: half of the radius holds a quarter of the area
    assert (length < 0.1).double().mean().item() == pytest.approx(0.25, abs=0.02)
    assert step.mean(dim=0).abs().max() < 0.005


@GOALS
@NORMS
@pytest.mark.parametrize("epsilon", [0.0, 0.03, 0.3, 2.0])
def test_what_is_returned_lies_in_the_ball_and_in_the_box(norm, goal, sign, epsilon):
    rows = torch.rand(2, 9, 6, generator=seeded(), **double)
    rows[0] = rows[0].round()
    options = {"goal": goal, "norm": norm}
    climbs = {"steps": 5, "restarts": 3, "generator": seeded()}
    for moved in (
        fgsm(bent(), rows, epsilon, **options),
        pgd(bent(), rows, epsilon, **options, **climbs),
    ):
        far = torch.linalg.vector_norm(moved - rows, norm, dim=-1)
        assert far.max() <= epsilon + 1e-12
        assert moved.min() >= 0 and moved.max() <= 1
        assert not moved.requires_grad


# --- the search


@GOALS
@NORMS
def test_more_steps_and_more_restarts_never_serve_the_attacker_worse(norm, goal, sign):
    rows, score = torch.rand(40, 6, generator=seeded(), **double), bent()
    options = {"goal": goal, "norm": norm, "step_size": 0.05}
    found = [
        sign * score(pgd(score, rows, 0.2, steps=s, **options)) for s in (1, 2, 5, 20)
    ]
    again = [
        sign
        * score(
            pgd(score, rows, 0.2, steps=9, restarts=r, generator=seeded(), **options)
        )
        for r in (1, 2, 6)
    ]
    for values in (found, again):
        for less, more in zip(values, values[1:], strict=False):
            assert (more >= less).all()
    assert (found[0] >= sign * score(rows)).all()
    assert (found[-1] > found[0]).any() and (again[-1] > again[0]).any()


def test_with_many_restarts_the_highest_point_of_a_bent_score_is_found():
    score = bent(2)
    row = torch.tensor([[0.5, 0.5]], **double)
    grid = torch.linspace(0.3, 0.7, 161, **double)
    best = score(torch.cartesian_prod(grid, grid)).max()
    climbs = {"steps": 60, "restarts": 40, "generator": seeded()}
    moved = pgd(score, row, 0.2, goal="odd", **climbs)
    assert score(moved).item() >= best.item() - 1e-3


def test_one_step_of_full_size_is_fgsm_unless_the_row_itself_is_better():
    rows, score = torch.rand(40, 6, generator=seeded(), **double), bent()
    one = fgsm(score, rows, 0.2, goal="odd")
    same = pgd(score, rows, 0.2, goal="odd", steps=1, step_size=0.2)
    better = score(one) > score(rows)
    assert 0 < better.sum() < 40
    torch.testing.assert_close(same, torch.where(better[:, None], one, rows))


def test_each_row_is_attacked_by_itself():
    rows, score = torch.rand(5, 6, generator=seeded(), **double), bent()
    together = pgd(score, rows, 0.1, goal="normal", steps=7)
    alone = [pgd(score, row[None], 0.1, goal="normal", steps=7) for row in rows]
    torch.testing.assert_close(together, torch.cat(alone))


def test_the_steepest_step_has_size_one_and_a_flat_place_none():
    slope = torch.tensor([[3.0, -4.0], [0.0, 0.0]])
    assert steepest(slope).tolist() == [[1, -1], [0, 0]]
    torch.testing.assert_close(
        steepest(slope, 2), torch.tensor([[0.6, -0.8], [0.0, 0.0]])
    )


def test_weights_get_no_gradient_and_the_global_generator_is_left_alone():
    net = torch.nn.Linear(4, 1)
    rows, state = torch.rand(3, 4, generator=seeded()), torch.get_rng_state()
    pgd(lambda x: net(x)[:, 0], rows, 0.1, goal="odd", restarts=3, generator=seeded())
    assert net.weight.grad is None and torch.equal(state, torch.get_rng_state())


def test_the_worst_of_several_attacks_is_taken_row_by_row():
    candidates = [torch.tensor([[1.0], [5.0]]), torch.tensor([[2.0], [3.0]])]
    up = worst_of(lambda x: x[:, 0], candidates, "odd")
    down = worst_of(lambda x: x[:, 0], candidates, "normal")
    assert up.tolist() == [[2], [5]] and down.tolist() == [[1], [3]]


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"goal": "up"}, "goal must be 'odd' or 'normal', got 'up'"),
        ({"norm": 1}, "norm must be math.inf or 2, got 1"),
        ({"epsilon": -0.1}, "epsilon must be a number ≥ 0, got -0.1"),
        ({"steps": 0}, "steps must be a whole number ≥ 1, got 0"),
        ({"step_size": 0.0}, "step_size must be a number > 0, got 0.0"),
        ({"restarts": 2}, "a random start needs a generator"),
        ({"rows": torch.full((2, 3), 2.0)}, "rows must lie in the box .* from 2 to 2"),
        ({"rows": torch.ones(2, 3, dtype=torch.int64)}, "floating-point type, got"),
    ],
)
def test_an_attack_that_makes_no_sense_is_refused(changed, says):
    asked = {"rows": torch.zeros(2, 3), "epsilon": 0.1, "goal": "odd", **changed}
    with pytest.raises(ValueError, match=says):
        pgd(lambda x: x.sum(-1), **asked)


def test_numpy_would_find_the_same_on_a_quadratic_score():
    """s(x) = |x - c|²: the furthest corner, and the nearest point of the ball."""
    c, rows = torch.tensor([0.2, 0.9, 0.4], **double), torch.full((1, 3), 0.5, **double)
    score = lambda x: (x - c).square().sum(-1)  # noqa: E731
    up = pgd(score, rows, 0.1, goal="odd", steps=20).numpy()[0]
    np.testing.assert_allclose(up, [0.6, 0.4, 0.6], atol=1e-9)
    down = pgd(score, rows, 0.1, goal="normal", norm=2, steps=200, step_size=0.01)
    way = c.numpy() - 0.5
    nearest = 0.5 + 0.1 * way / np.linalg.norm(way)
    np.testing.assert_allclose(down.numpy()[0], nearest, atol=1e-3)
