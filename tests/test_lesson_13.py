"""What lesson 13 measures: known odds, exact means, chance in closed form."""

import itertools

import numpy as np
import pytest
import torch

from metaad.experiments.lessons import lesson_13
from metaad.experiments.lessons import lesson_13_report as report
from metaad.search.architecture import expected_best
from metaad.search.policies.policy import CategoricalPolicy
from metaad.search.policies.trpo import trpo_step


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def test_settings_that_fit_pay_from_one_down_and_all_others_nothing():
    odds = lesson_13.matching(3, k=4)
    paid = np.sort(odds[odds > 0])[::-1]
    np.testing.assert_allclose(paid, [1, 11 / 15, 7 / 15, 0.2])
    assert ((odds > 0).sum(axis=0) == 1).all() and ((odds > 0).sum(axis=1) == 1).all()
    # no sum of parts: what an option is worth depends on the other
    centred = odds - odds.mean(axis=0) - odds.mean(axis=1, keepdims=True) + odds.mean()
    assert np.abs(centred).max() > 0.5


def test_the_mean_reward_is_the_sum_over_all_actions():
    policy, odds = CategoricalPolicy((3, 2)), np.arange(6.0).reshape(3, 2)
    policy.bias.data = torch.linspace(-1, 1, 5, dtype=torch.float64)
    actions = torch.tensor(list(itertools.product(range(3), range(2))))
    by_sum = (policy.log_prob(actions).exp().detach().numpy() * odds.ravel()).sum()
    assert float(lesson_13.mean_reward(policy, odds).detach()) == pytest.approx(by_sum)


def test_true_advantages_never_lose_on_the_lesson_s_bandit():
    """An identity, so no finding: in a bandit the surrogate is the gain itself."""
    odds = torch.as_tensor(lesson_13.matching(0))
    actions = torch.tensor(list(itertools.product(range(4), range(4))))
    policy = CategoricalPolicy((4, 4))
    for _ in range(30):
        p = policy.log_prob(actions).exp().detach()
        before = float(lesson_13.mean_reward(policy, odds).detach())
        advantages = 16 * p * (odds.ravel() - before)
        report = trpo_step(policy, actions, advantages, 0.1)
        gain = float(lesson_13.mean_reward(policy, odds).detach()) - before
        assert report.kl <= 0.1
        assert gain == pytest.approx(report.improvement, abs=1e-12)
        assert gain >= 0


def test_climbs_count_what_went_down_among_the_steps_taken():
    gain = np.array([[0.0, 1.0, 0.5, 0.5], [1.0, 0.0, 1.0, 0.5]])
    accepted = np.array([[True, True, False], [True, True, True]])
    found = lesson_13.Climbs(gain, np.array([[0.1, 0.2, 0], [0.3, 0.1, 0.1]]), accepted)
    np.testing.assert_allclose(found.down, [1 / 2, 2 / 3])
    counts = report.counted(found)
    assert (counts["steps down"], counts["steps taken"]) == (3, 5)
    np.testing.assert_allclose(counts["deepest fall"], [0.5, 1.0])
    assert "3 of 5" in report.bandit_table({"a": found}, 2)


def test_a_climb_is_the_same_whatever_other_bandits_are_climbed():
    one, two = (lesson_13.climbs(n, 0.5, 1, steps=4) for n in (1, 2))
    np.testing.assert_array_equal(one.gain[0], two.gain[0])
    assert one.gain.shape == (1, 5) and one.accepted.all()


def test_chance_finds_what_the_mean_over_all_draws_says():
    values = np.random.default_rng(0).random((2, 7))
    found = lesson_13.by_chance(values, 7)
    for row, of in zip(found, values, strict=True):
        every = [expected_best(of, n) for n in range(1, 8)]
        np.testing.assert_allclose(row, every, rtol=1e-12)


def test_a_search_is_charged_for_different_settings_alone_and_keeps_its_best():
    values = np.array([0.1, 0.9, 0.3, 0.2])
    found = lesson_13.best_found(values, (2, 2), 4, seed=0)
    assert (np.diff(found) >= 0).all() and found[-1] == 0.9 and len(found) == 4
    assert found[0] in values


def test_parts_add_up_from_zero_to_one():
    values, shape = lesson_13.parts_that_add(0, decisions=3, options=4)
    grid = values.reshape(shape)
    assert shape == (4, 4, 4) and grid.min() == 0 and grid.max() == pytest.approx(1)
    mixed = grid[1, 1, 1] - grid[0, 1, 1] - grid[1, 0, 1] + grid[0, 0, 1]
    assert mixed == pytest.approx(0)


def test_exact_means_under_a_policy_that_learns_start_at_the_plain_mean():
    values = np.linspace(0, 1, 21)
    noted = lesson_13.follow(values, (values, -values), 5, 4, 0)
    np.testing.assert_allclose(noted[0], [0.5, -0.5])
    assert noted.shape == (6, 2) and noted[-1, 0] > 0.5


def test_the_fourth_moment_by_hand():
    scores = [np.array([[0.0, 0.0, 0.0, 4.0], [1.0, -1.0, 1.0, -1.0]])]
    # z = (-1, -1, -1, 3) / √3: mean z⁴ = (3 + 81) / 4 / 9
    found = lesson_13.fourth_moments(scores)
    np.testing.assert_allclose(found, [[np.log10(84 / 36), 0.0]], atol=1e-12)


def test_the_estimates_have_the_exact_gradient_as_their_mean():
    odds = np.add.outer([5.0, 5.4], [0.1, 0.0, -0.2])
    found, exact = lesson_13.estimates(odds, 0, count=200)
    for name in ("running mean", "leave-one-out"):
        of = found[name]
        error = of.std(axis=0) / len(of) ** 0.5
        assert (np.abs(of.mean(axis=0) - exact) < 4 * error).all()


WORLD = {
    "families": ["a", "b", "c"],
    "spearman": {
        kind: {name: [0.1, 0.2, 0.4] for name in report.SHORT} for kind in ("x", "y")
    },
    "chosen": {
        kind: {
            **{way: [0.5, 0.6, 0.8] for way in (*report.SHORT, report.ELSEWHERE)},
            "default": [0.5, 0.5, 0.5],
            "random": [0.4, 0.4, 0.4],
            "best there is": [0.9, 0.9, 0.9],
            report.AVERAGE: [0.7, 0.7, 0.7],
        }
        for kind in ("x", "y")
    },
}
RECORD = {
    "families": ["a", "b", "b"],
    "spearman": {
        "x": {
            **dict.fromkeys(list(report.SHORT)[:3], [0.0, 0.0, 0.3]),
            "made-up anomalies": [0.4, 0.0, 0.3],
        }
    },
    "budget": {
        "x": {
            "AUROC on half of the labels": {
                "random search": [0.5, 0.6, 0.7],
                "trpo": [0.6, 0.7, 0.8],
                "no search: mean of all": [0.1, 0.1, 0.1],
            }
        }
    },
}


def test_reports_read_a_record():
    assert len(report.agreements(WORLD)) == 12
    assert report.by_reward(WORLD)["consensus"].value == pytest.approx(0.7 / 3)
    gained = report.gains(WORLD)
    assert gained[report.AVERAGE].value == pytest.approx(0.2)
    assert gained["consensus"].value == pytest.approx(0.4 / 3)
    searched = report.searches(RECORD)
    assert list(searched) == ["trpo"] and searched["trpo"].n == 2
    assert searched["trpo"].value == pytest.approx(0.1)
    np.testing.assert_allclose(report.blind(RECORD), [0.1, 0.0, 0.3])
    table = report.cost_table(WORLD)
    assert "| library's default | 0.500 | 0.500 | 0 |" in table
    assert table.count("\n") == 1 + 3 + len(gained)
