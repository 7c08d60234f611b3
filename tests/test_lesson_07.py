"""What lesson 07 computes: its series, its starts, its outer loop, and what it reports."""

import numpy as np
import pytest
import torch

from metaad import metrics
from metaad.exercises.outer_steps import Valley, inner_step, judge_inner, outer_step
from metaad.experiments.lessons import lesson_07 as plane
from metaad.experiments.lessons import lesson_07_network as network
from metaad.experiments.lessons import lesson_07_report as report
from metaad.experiments.lessons import lesson_07_waves as waves
from metaad.meta import MAML, Learnable, squared_error
from metaad.meta.inner_loop import inner_loop
from metaad.meta.maml import outer_loop
from metaad.nets import MLP
from metaad.tasks import SinusoidTasks

DOUBLE = torch.float64


@pytest.mark.parametrize("steps", [1, 2, 5])
def test_the_first_terms_of_all_three_gradients_are_those_of_the_taylor_series(steps):
    found = network.first_terms(network.Small(steps), steps)
    if steps == 1:  # Reptile's coefficient is zero: nothing to divide by
        found.pop("Reptile")
    assert max(found.values()) < 2e-3, found


def test_weights_on_a_line_begin_with_the_series_of_their_gradients():
    u = np.array([1e-5, 2e-5])
    for steps in (1, 3, 5):
        found = plane.weights(u, steps)
        slopes = {n: (1 - w / w[0] * u[0] / u)[1] / u[0] for n, w in found.items()}
        wanted = {
            "ERM": 0,
            "MAML": 2 * steps,
            "FOMAML": steps,
            "Reptile": (steps - 1) / 2,
        }
        for name, c in wanted.items():
            assert slopes[name] == pytest.approx(c, abs=1e-3), name


def test_weights_on_a_line_are_the_pulls_that_the_package_finds():
    h, theta, c, rate = 7.0, 1.3, 0.4, 0.1
    one = [np.array([[v]]) for v in (c, c, h)]
    for steps in (1, 2, 5):
        w = {n: v / rate for n, v in plane.weights(rate * h, steps).items()}
        for name, first in (("MAML", False), ("FOMAML", True)):
            args = (np.array([theta]), *one, steps, rate, first)
            end, pull = plane.outer_gradient(*args)
            assert pull[0] == pytest.approx(w[name] * (theta - c)), name
        moved = (theta - end[0, 0]) / rate
        assert moved == pytest.approx(w["Reptile"] * (theta - c))


def test_a_random_draw_holds_equation_4():
    assert plane.algebra_holds(np.random.default_rng(3))


@pytest.mark.parametrize("seed", range(3))
def test_start_b_is_worse_before_and_better_after_five_steps(seed):
    H, c = plane.valleys(np.random.default_rng(seed))
    np.testing.assert_allclose(np.linalg.eigvalsh(H), [[0.5, 6.0]] * 3)
    A = plane.meeting_point(H, c)
    B = plane.meeting_point(plane.after(H, 0.1, 5), c)
    (_, a), (_, b) = (plane.descend(H, c, s, 0.1, 5) for s in (A, B))
    assert a[0] < b[0] and b[-1] < a[-1]
    # the mean loss after five steps is lowest at B
    for nudge in 0.05 * np.array([[1, 0], [0, 1], [-1, 0], [0, -1]]):
        assert plane.descend(H, c, B + nudge, 0.1, 5)[1][-1] > b[-1]
        assert plane.descend(H, c, A + nudge, 0.1, 5)[1][0] > a[0]


def test_the_exercises_outer_step_leads_to_start_b():
    H, c = plane.valleys(np.random.default_rng(0))

    def valley(c, H):
        c, H = torch.tensor(c), torch.tensor(H)
        return lambda theta: 0.5 * (theta - c) @ H @ (theta - c)

    tasks = [(valley(*pair),) * 2 for pair in zip(c, H, strict=True)]
    theta = torch.tensor(plane.meeting_point(H, c))
    for _ in range(200):
        theta = outer_step(theta, tasks, 0.1, 1.0, 5)
    B = plane.meeting_point(plane.after(H, 0.1, 5), c)
    np.testing.assert_allclose(theta, B, atol=1e-8)


@pytest.mark.parametrize(
    ("h", "held"), [((1, 3), True), ((5, 12), True), ((1, 15), False)]
)
def test_fomamls_start_is_held_or_runs_away_as_the_sum_of_weights_says(h, held):
    sum_of_weights = sum(v * (1 - 0.1 * v) for v in h)
    assert (sum_of_weights > 0) == held
    path = plane.starts_on_a_line(h, first_order=True, outer_steps=4000)
    mean = (h[1] * (1 - 0.1 * h[1]) - h[0] * (1 - 0.1 * h[0])) / sum_of_weights
    gap = np.abs(path - mean)
    assert (gap[-1] < 1e-3 * gap[0]) if held else (gap[-1] > 100 * gap[0])
    maml = plane.starts_on_a_line(h, first_order=False, outer_steps=400)
    assert abs(maml[-1]) <= 1


@pytest.mark.parametrize("first_order", [False, True])
def test_starts_followed_at_once_are_those_followed_alone(first_order):
    pairs = ((1, 3), (5, 12), (1, 15))
    found = plane.starts_on_lines(pairs, first_order=first_order, outer_steps=20)
    assert found.shape == (3, 21)
    for path, h in zip(found, pairs, strict=True):
        alone = plane.starts_on_a_line(h, first_order=first_order, outer_steps=20)
        np.testing.assert_allclose(path, alone, rtol=1e-12)


def test_a_start_held_by_the_sum_still_runs_away_if_the_outer_rate_is_too_large():
    total = 1 * 0.9 + 3 * 0.7
    for factor, held in ((1.9, True), (2.1, False)):
        rate = factor / total
        path = plane.starts_on_a_line((1, 3), first_order=True, outer_rate=rate)
        mean = (3 * 0.7 - 0.9) / total
        assert (abs(path[-1] - mean) < abs(path[0] - mean)) == held


@pytest.mark.parametrize("first_order", [False, True])
def test_the_bare_outer_loop_gives_mamls_start(first_order):
    torch.manual_seed(0)
    net, tasks = MLP((1, 8, 1), dtype=DOUBLE), SinusoidTasks(k=5, dtype=DOUBLE)
    about = Learnable(net, inner_loss=squared_error, outer_loss=squared_error)
    inner = {"steps": 2, "first_order": first_order}
    how = {"inner_rate": 0.05, "iterations": 15, "n_tasks": 4, "random_state": 3}
    maml = MAML(about, learning_rate=0.01, device="cpu", **inner, **how).fit(tasks)
    rng = np.random.default_rng(3)
    rng.integers(2**31)  # MAML draws the seed of what is random in a network first
    batches = (tasks.sample(4, rng) for _ in range(15))
    adam = torch.optim.Adam(net.parameters(), 0.01)
    history = outer_loop(net, squared_error, batches, adam, rate=0.05, **inner)
    np.testing.assert_allclose(history, maml.history_, rtol=1e-12)
    pairs = zip(net.parameters(), maml.module_["net"].parameters(), strict=True)
    for ours, theirs in pairs:
        torch.testing.assert_close(ours, theirs, rtol=1e-12, atol=1e-14)


def test_an_inner_step_whose_graph_is_cut_is_told_apart_from_one_that_is_whole():
    theta = torch.tensor([0.3, -1.0], dtype=DOUBLE, requires_grad=True)
    args = theta, Valley(np.zeros(2), np.diag([1.0, 4.0])), 0.1
    rng = np.random.default_rng(0)
    whole = inner_step(*args)
    assert judge_inner(whole, args, rng) is None
    (slope,) = torch.autograd.grad(args[1](theta), theta)
    for cut in (whole.detach(), theta - 0.1 * slope, theta.detach() - 0.1 * slope):
        assert "create_graph" in judge_inner(cut, args, rng)
    assert "off" in judge_inner(whole + 1e-3, args, rng)
    assert "shape" in judge_inner(whole[:1], args, rng)
    assert "tensor" in judge_inner(whole.detach().numpy(), args, rng)


def test_a_learner_is_judged_by_the_inner_loop_at_its_own_rates():
    made = waves.learners(0, 3)
    test, validation = waves.held_out_waves(0, 6, 5)
    for name in ("MAML, rate per tensor", "ANIL", "Reptile"):
        learner = made[name].set_params(device="cpu").fit(SinusoidTasks(k=6))
        task = test.to("cpu", torch.get_default_dtype())
        got = waves.errors(learner, test, (0, 2, 5))  # one adaptation, looked at twice
        for steps in (0, 2, 5):
            learner.set_params(steps=steps)
            adapted = learner.adapted(task.support, task.support_y)
            with torch.no_grad():
                out = adapted(task.query).double()
            wanted = squared_error(out, test.query, test.y)
            np.testing.assert_allclose(got[steps], wanted.numpy(), rtol=1e-4)
    rates = [
        waves.chosen(n, made["Reptile"], validation, (0, 1))
        for n in ("MAML", "Reptile")
    ]
    assert rates[0] == {0: None, 1: None}
    assert rates[1][0] is None and rates[1][1] in waves.RATES


def test_the_chosen_rate_is_the_best_on_the_validation_waves():
    learner = waves.untrained(0)
    _, validation = waves.held_out_waves(1, 10, 2)
    best = waves.chosen("untrained", learner, validation, (1, 5))
    for k, rate in best.items():
        found = {
            r: waves.errors(learner, validation, (k,), r)[k].mean() for r in waves.RATES
        }
        assert found[rate] == pytest.approx(np.nanmin(list(found.values())))


def test_each_number_of_steps_is_judged_at_the_rate_chosen_for_it():
    learner = waves.untrained(0)
    test, validation = waves.held_out_waves(1, 10, 3)
    judged = waves.judge("untrained", learner, test, validation)
    assert tuple(judged) == waves.STEPS
    rates = waves.chosen("untrained", learner, validation, waves.STEPS)
    for k, rate in rates.items():
        alone = waves.errors(learner, test, (k,), rate)[k]
        np.testing.assert_allclose(judged[k], alone, rtol=1e-5)


def test_kernel_regression_is_the_textbook_s():
    test, validation = waves.held_out_waves(0, 7, 3)
    x, y = test.support[1].numpy(), test.support_y[1].numpy()
    K = np.exp(-((x - x.T) ** 2) / 2)
    out = np.exp(-((test.query[1].numpy() - x.T) ** 2) / 2) @ np.linalg.solve(
        K + 1e-3 * np.eye(7), y
    )
    error = ((out - test.y[1].numpy()) ** 2).mean()
    assert waves.kernel_regression(test, 1.0)[1] == pytest.approx(error)
    plain = waves.rival(test, validation)
    widths = [waves.kernel_regression(validation, w).mean() for w in waves.WIDTHS]
    best = waves.WIDTHS[int(np.argmin(widths))]
    np.testing.assert_array_equal(plain, waves.kernel_regression(test, best))


def test_the_mean_wave_scores_the_floor_over_many_waves():
    test, _ = waves.held_out_waves(0, 2, 6000)
    found = metrics.bootstrap(waves.mean_wave(test))
    assert found.low < waves.floor_of() < found.high


def test_looks_begin_at_one_and_end_at_the_last_iteration():
    assert waves.looks(600)[0] == 1 and waves.looks(600)[-1] == 600
    assert waves.looks(10) == sorted(set(waves.looks(10)))


def made_up_trials():
    rng = np.random.default_rng(0)
    trial = {
        n: {k: rng.exponential(s, 40) for k in waves.STEPS}
        for n, s in (("MAML", 1.0), ("Meta-SGD", 0.5), ("ERM", 2.0))
    }
    trial["Meta-SGD"][10][3] = np.inf
    trial["Meta-SGD"][5][3] = 1e6
    return trial, rng.exponential(0.8, 40)


def test_a_record_holds_means_medians_and_the_share_of_waves_won():
    trial, plain = made_up_trials()
    kept = report.record([trial, trial], plain, plain, 7)
    assert kept["errors"]["MAML"]["1"].value == pytest.approx(trial["MAML"][1].mean())
    assert kept["errors"]["Meta-SGD"]["5"] is None
    assert kept["medians"]["Meta-SGD"]["10"] == np.median(trial["Meta-SGD"][10])
    assert kept["minus_kernel"]["Meta-SGD"]["10"] is None
    gap = kept["minus_kernel"]["MAML"]["2"]
    assert gap.value == pytest.approx((trial["MAML"][2] - plain).mean())
    alone = metrics.paired(trial["MAML"][2], plain)
    assert gap.low < alone.low and gap.high > alone.high, "corrected for their number"
    share = kept["better_than_kernel"]["ERM"]["1"]
    assert share == (trial["ERM"][1] < plain).mean()


def test_the_table_of_errors_shows_all_step_counts_medians_and_what_ran_away():
    trial, plain = made_up_trials()
    means, medians, rivals = report.summary(trial, plain)
    table = report.errors_table(means, medians, rivals, below=plain.mean())
    row = next(r for r in table.splitlines() if "Meta-SGD" in r)
    cells = [c.strip() for c in row.strip("|").split("|")]
    assert len(cells) == 1 + len(waves.STEPS)
    assert cells[-1] == f"over 100 ({np.median(trial['Meta-SGD'][10]):.2f})"
    assert cells[-2].startswith("over 100 (")
    bold = [c.startswith("**") for c in cells[1:-2]]
    assert bold == [trial["Meta-SGD"][k].mean() < plain.mean() for k in (0, 1, 2)]
    last = table.splitlines()[-1]
    assert f"{plain.mean():.2f} ({np.median(plain):.2f})" in last


def test_by_hand_and_by_nudges_the_small_networks_gradient_is_one():
    small = network.Small(2)
    how = {"steps": 2, "rate": 0.05}
    nudged = small.nudged(inner_loop, **how)
    assert network.apart(small.outer(**how), nudged) < 1e-7
    assert network.apart(small.outer(first_order=True, **how), nudged) > 1e-2
