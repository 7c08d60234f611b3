"""REINFORCE and TRPO on policies that are small enough to know everything about."""

import copy
import itertools

import numpy as np
import pytest
import torch
from torch.nn.utils import parameters_to_vector

from metaad.search import (
    CategoricalPolicy,
    conjugate_gradient,
    hessian_vector_product,
    reinforce_gradient,
    reinforce_step,
    trpo_step,
)
from metaad.search.policies.policy import search
from metaad.search.policies.reinforce import advantages
from metaad.search.policies.trpo import TRPOReport

DOUBLE = torch.float64
OPTIONS = (3, 2, 4)
# (24, 3), all there are
ACTIONS = torch.tensor(list(itertools.product(*map(range, OPTIONS))))
# (24,)
REWARD = (
    torch.sin(2.3 * ACTIONS.to(DOUBLE) @ torch.tensor([1.0, 3.0, 0.7], dtype=DOUBLE))
    + 5.0
)


def index(actions):
    """Which row of ACTIONS each action is."""
    return actions @ torch.tensor([8, 4, 1])


def random_policy(seed=0, n_context=0, scale=0.7, options=OPTIONS):
    policy = CategoricalPolicy(options, n_context)
    generator = torch.Generator().manual_seed(seed)
    for p in policy.parameters():
        p.data = scale * torch.randn(p.shape, generator=generator, dtype=DOUBLE)
    return policy


def expected_reward(policy, context=None):
    return (policy.log_prob(ACTIONS, context).exp() * REWARD).sum()


def flat(tensors):
    return torch.cat([t.flatten() for t in tensors])


def exact_gradient(policy, context=None):
    """∇ Σ_a π(a) r(a), every action enumerated."""
    return flat(
        torch.autograd.grad(expected_reward(policy, context), list(policy.parameters()))
    )


def each_gradient(policy, actions, weights, context=None):
    """Gradients w_i ∇ log π(a_i), one per row: (n, p)."""
    log_p = policy.log_prob(actions, context)
    rows = [
        torch.autograd.grad(l, list(policy.parameters()), retain_graph=True)
        for l in log_p
    ]
    return weights[:, None] * torch.stack([flat(r) for r in rows])


def test_probabilities_of_all_actions_sum_to_one_and_hand_values():
    policy = random_policy()
    assert float(policy.log_prob(ACTIONS).exp().sum().detach()) == pytest.approx(
        1.0, abs=1e-12
    )
    uniform = CategoricalPolicy((4, 2))
    assert float(uniform.entropy().detach()) == pytest.approx(np.log(8))
    assert float(uniform.log_prob(torch.tensor([[3, 1]])).detach()[0]) == pytest.approx(
        -np.log(8)
    )
    uneven = CategoricalPolicy((2,))
    uneven.bias.data = torch.log(torch.tensor([0.75, 0.25], dtype=DOUBLE))
    assert float(uniform.kl(uniform)) == 0.0
    assert float(uneven.kl(CategoricalPolicy((2,)))) == pytest.approx(
        0.75 * np.log(1.5) + 0.25 * np.log(0.5)
    )
    assert uneven.mode().tolist() == [0]


def test_entropy_and_kl_are_the_sums_over_all_actions():
    p, q = random_policy(1), random_policy(2)
    a, b = p.log_prob(ACTIONS), q.log_prob(ACTIONS)
    assert float(p.entropy()) == pytest.approx(float(-(a.exp() * a).sum()), abs=1e-12)
    assert float(p.kl(q)) == pytest.approx(float((a.exp() * (a - b)).sum()), abs=1e-12)


def test_context_shifts_the_logits_and_each_row_has_its_own():
    policy = random_policy(3, n_context=2)
    contexts = torch.randn(
        24, 2, generator=torch.Generator().manual_seed(4), dtype=DOUBLE
    )
    together = policy.log_prob(ACTIONS, contexts)
    alone = torch.stack(
        [policy.log_prob(a[None], c)[0] for a, c in zip(ACTIONS, contexts, strict=True)]
    )
    torch.testing.assert_close(together, alone, rtol=0, atol=1e-13)
    by_hand = (policy.bias + policy.weight @ contexts[0])[:3].log_softmax(0)
    torch.testing.assert_close(
        policy.log_probs(contexts[0])[0], by_hand, rtol=0, atol=1e-14
    )


def test_samples_come_at_the_rates_that_the_policy_says():
    policy = random_policy(5)
    n = 40_000
    drawn = policy.sample(n, torch.Generator().manual_seed(0))
    p = policy.log_prob(ACTIONS).exp().detach()
    counts = torch.bincount(index(drawn), minlength=24)
    z = (counts / n - p) / (p * (1 - p) / n).sqrt()
    assert float(z.abs().max()) < 4


@pytest.mark.parametrize("n_context", [0, 2])
def test_the_estimators_expectation_is_the_exact_gradient(n_context):
    policy = random_policy(6, n_context)
    context = torch.tensor([0.4, -1.1], dtype=DOUBLE) if n_context else None
    p = policy.log_prob(ACTIONS, context).exp().detach()
    exact = exact_gradient(policy, context)
    for constant in (0.0, 3.7):  # any constant baseline
        # Σ_a π(a) ĝ(a), with ĝ the package's estimate from the single action a
        found = sum(
            w * flat(reinforce_gradient(policy, a[None], r[None], constant, context))
            for w, a, r in zip(p, ACTIONS, REWARD, strict=True)
        )
        torch.testing.assert_close(found, exact, rtol=1e-10, atol=1e-12)


def test_leave_one_out_is_unbiased_over_all_pairs_of_actions():
    policy = random_policy(7, options=(3, 2))
    actions = torch.tensor(list(itertools.product(range(3), range(2))))
    reward = torch.tensor([1.0, 4.0, -2.0, 0.5, 3.0, 9.0], dtype=DOUBLE)
    log_p = policy.log_prob(actions)
    exact = flat(
        torch.autograd.grad(
            (log_p.exp() * reward).sum(), list(policy.parameters()), retain_graph=True
        )
    )
    p = log_p.exp().detach()
    found = sum(
        p[i]
        * p[j]
        * flat(
            reinforce_gradient(policy, actions[[i, j]], reward[[i, j]], "leave-one-out")
        )
        for i in range(6)
        for j in range(6)
    )
    torch.testing.assert_close(found, exact, rtol=1e-10, atol=1e-12)


def test_monte_carlo_estimate_lies_within_its_standard_error_and_a_baseline_lowers_the_variance():
    policy = random_policy(8)
    n = 4000
    drawn = policy.sample(n, torch.Generator().manual_seed(1))
    rewards = REWARD[index(drawn)]
    exact = exact_gradient(policy)
    # ∇ log π of every action there is, then of those drawn: (24, p) -> (n, p)
    slopes = each_gradient(policy, ACTIONS, torch.ones(len(ACTIONS)))[index(drawn)]
    variance = {}
    for baseline in ("none", "leave-one-out", float(expected_reward(policy).detach())):
        rows = advantages(rewards, baseline)[:, None] * slopes  # (n, p)
        error = rows.std(dim=0) / n**0.5
        assert float(((rows.mean(dim=0) - exact) / error).abs().max()) < 4
        variance[baseline] = float(rows.var(dim=0).sum())
        torch.testing.assert_close(
            flat(reinforce_gradient(policy, drawn, rewards, baseline)),
            rows.mean(dim=0),
            rtol=1e-10,
            atol=1e-12,
        )
    plain = variance.pop("none")
    # rewards near 5, differing by about 1
    assert all(v < 0.1 * plain for v in variance.values()), variance


def test_leave_one_out_by_hand():
    found = advantages(torch.tensor([1.0, 2.0, 6.0]), "leave-one-out")
    torch.testing.assert_close(found, torch.tensor([-3.0, -1.5, 4.5], dtype=DOUBLE))


def test_entropy_bonus_alone_climbs_to_the_uniform_policy():
    policy = random_policy(9)
    optimizer = torch.optim.SGD(policy.parameters(), 1.0)
    before = float(policy.entropy())
    for _ in range(300):
        reinforce_step(policy, optimizer, ACTIONS, torch.zeros(24), "none", entropy=1.0)
    assert before < float(policy.entropy()) == pytest.approx(np.log(24), abs=1e-6)


def test_a_step_of_plain_gradient_ascent_by_hand():
    policy = CategoricalPolicy((2,))
    optimizer = torch.optim.SGD(policy.parameters(), 0.5)
    # ∇ log π(0) = (½, -½); mean of 2·(½, -½) and 4·(-½, ½) is (-½, ½)
    reinforce_step(
        policy, optimizer, torch.tensor([[0], [1]]), torch.tensor([2.0, 4.0]), "none"
    )
    torch.testing.assert_close(
        policy.bias.data, torch.tensor([-0.25, 0.25], dtype=DOUBLE)
    )


def explicit_hessian(policy, context=None):
    """Hessian of θ -> KL(old ‖ π_θ) at θ = old, by torch.autograd.functional: (p,
    p).
    """
    names, shapes = zip(
        *((n, p.shape) for n, p in policy.named_parameters()), strict=True
    )
    old = copy.deepcopy(policy).requires_grad_(False)

    def divergence(theta):
        parts = theta.split([s.numel() for s in shapes])
        named = {
            n: part.view(s) for n, part, s in zip(names, parts, shapes, strict=True)
        }
        new = copy.deepcopy(old)
        for name in names:
            delattr(new, name)
            setattr(new, name, named[name])
        return old.kl(new, context)

    theta = parameters_to_vector(policy.parameters()).detach()
    return torch.autograd.functional.hessian(divergence, theta)


@pytest.mark.parametrize("n_context", [0, 2])
def test_hessian_vector_products_are_those_of_the_explicit_hessian_and_of_the_fisher_matrix(
    n_context,
):
    policy = random_policy(10, n_context)
    generator = torch.Generator().manual_seed(2)
    context = (
        torch.randn(5, 2, generator=generator, dtype=DOUBLE) if n_context else None
    )
    parameters = list(policy.parameters())
    old = copy.deepcopy(policy).requires_grad_(False)
    slope = parameters_to_vector(
        torch.autograd.grad(old.kl(policy, context), parameters, create_graph=True)
    )
    # KL is lowest where nothing moved
    torch.testing.assert_close(slope, torch.zeros_like(slope), rtol=0, atol=1e-12)
    hessian = explicit_hessian(policy, context)
    found = torch.stack(
        [
            hessian_vector_product(slope, parameters, e)
            for e in torch.eye(len(slope), dtype=DOUBLE)
        ]
    )
    torch.testing.assert_close(found, hessian, rtol=1e-9, atol=1e-12)
    scores = []  # F = mean over contexts of Σ_a π(a) ∇log π(a) ∇log π(a)ᵀ
    for c in [None] if context is None else context:
        p = policy.log_prob(ACTIONS, c).exp().detach()
        rows = each_gradient(policy, ACTIONS, torch.ones(24, dtype=DOUBLE), c)
        scores.append(rows.T @ (p[:, None] * rows))
    torch.testing.assert_close(
        torch.stack(scores).mean(dim=0), hessian, rtol=1e-8, atol=1e-10
    )


def test_conjugate_gradient_solves_a_known_system_in_as_many_products_as_unknowns():
    generator = torch.Generator().manual_seed(3)
    half = torch.randn(6, 6, generator=generator, dtype=DOUBLE)
    matrix, truth = (
        half @ half.T + torch.eye(6, dtype=DOUBLE),
        torch.randn(6, generator=generator, dtype=DOUBLE),
    )
    calls = []

    def product(v):
        calls.append(1)
        return matrix @ v

    found = conjugate_gradient(product, matrix @ truth, iterations=6, tolerance=0.0)
    torch.testing.assert_close(found, truth, rtol=1e-8, atol=1e-9)
    assert len(calls) == 6
    # by hand: A = diag(1, 4), b = (1, 4): one step from 0 has length 17 / 65
    one = conjugate_gradient(
        lambda v: torch.tensor([1.0, 4.0]) * v, torch.tensor([1.0, 4.0]), iterations=1
    )
    torch.testing.assert_close(one, torch.tensor([17 / 65, 68 / 65]))
    assert not conjugate_gradient(product, torch.zeros(6, dtype=DOUBLE)).any()


def whole(policy, context=None):
    """Advantages with which the mean over ACTIONS is the expectation: the surrogate
    is then exact.
    """
    p = policy.log_prob(ACTIONS, context).exp().detach()
    return len(ACTIONS) * p * (REWARD - (p * REWARD).sum())


@pytest.mark.parametrize("max_kl", [0.001, 0.03, 0.5])
def test_with_all_actions_known_every_step_raises_the_expected_reward_and_keeps_to_the_bound(
    max_kl,
):
    policy, accepted = random_policy(11), 0
    for _ in range(40):
        old, before = copy.deepcopy(policy), float(expected_reward(policy).detach())
        slope = float(exact_gradient(policy).norm())
        report = trpo_step(policy, ACTIONS, whole(policy), max_kl)
        p, q = old.log_prob(ACTIONS), policy.log_prob(ACTIONS)
        # over all 24 actions, not the package's formula
        kl = float((p.exp() * (p - q)).sum())
        assert kl <= max_kl * (1 + 1e-9)
        assert report.kl == pytest.approx(kl, abs=1e-12)
        gain = float(expected_reward(policy).detach()) - before
        assert gain > -1e-14 if report.accepted else gain == 0
        assert gain > 0 or slope < 1e-8  # on a top, a local one too, rounding decides
        # one state: the surrogate is the truth
        assert report.improvement == pytest.approx(gain, abs=1e-10)
        accepted += report.accepted
    assert accepted >= 30


def test_a_small_step_uses_the_whole_trust_region_and_points_along_the_natural_gradient():
    policy = random_policy(12)
    start, uphill = (
        parameters_to_vector(policy.parameters()).detach().clone(),
        exact_gradient(policy),
    )
    fisher = explicit_hessian(policy)
    report = trpo_step(
        policy, ACTIONS, whole(policy), 1e-6, iterations=40, damping=1e-8
    )
    assert report.halvings <= 1 and report.kl > 0.2e-6
    moved = parameters_to_vector(policy.parameters()).detach() - start
    natural = torch.linalg.pinv(fisher, rcond=1e-10) @ uphill
    cosine = torch.dot(moved, natural) / moved.norm() / natural.norm()
    assert float(cosine) == pytest.approx(1.0, abs=1e-6)


def test_the_first_length_tried_touches_the_boundary_of_the_trust_region():
    """½ (βx)ᵀ F (βx) = max_kl, so β = √(2 max_kl / xᵀ F x); without the 2 half of the
    region is left unused.
    """
    used = []
    for seed in range(8):
        policy = random_policy(seed)
        start = parameters_to_vector(policy.parameters()).detach().clone()
        fisher, uphill = explicit_hessian(policy), exact_gradient(policy)
        fisher = fisher + 1e-8 * torch.eye(len(fisher), dtype=DOUBLE)
        x = torch.linalg.solve(fisher, uphill)
        report = trpo_step(
            policy, ACTIONS, whole(policy), 1e-7, iterations=60, damping=1e-8
        )
        moved = parameters_to_vector(policy.parameters()).detach() - start
        length = (2e-7 / (x @ fisher @ x)).sqrt() * x
        torch.testing.assert_close(
            moved, 0.5**report.halvings * length, rtol=1e-3, atol=1e-9
        )
        used.append(report.kl / 1e-7)
    # to second order the full length uses the whole region; third order decides
    # whether it lies just inside or has to be halved (a quarter of the KL)
    for share in used:
        assert share == pytest.approx(1.0, abs=0.01) or share == pytest.approx(
            0.25, abs=0.01
        )
    assert max(used) == pytest.approx(1.0, abs=0.01)


class Crooked(CategoricalPolicy):
    """A policy whose log-probability falls again a little way up the gradient: the
    surrogate gains at short lengths only.
    """

    def log_prob(self, actions, context=None):
        return super().log_prob(actions, context) - 40.0 * (self.bias**2).sum()


def test_a_length_that_gains_nothing_is_not_accepted_however_small_its_kl():
    """The trust region alone would accept the first length; the surrogate falls
    there, so it is halved until it has risen.
    """
    policy = Crooked((2,))
    actions = torch.tensor([[0], [1]])
    advantage = torch.tensor([1.5, -0.5], dtype=DOUBLE)
    policy.bias.data = torch.tensor([0.002, -0.002], dtype=DOUBLE)
    old = copy.deepcopy(policy)
    report = trpo_step(policy, actions, advantage, max_kl=0.5)
    assert report.accepted and report.halvings >= 1 and report.improvement > 0
    # as the surrogate is defined, by hand
    ratio = (policy.log_prob(actions) - old.log_prob(actions)).exp()
    gain = float((ratio * advantage).mean() - advantage.mean())
    assert gain == pytest.approx(report.improvement, abs=1e-12) and gain > 0


def test_a_step_without_information_or_with_a_wrong_bound_leaves_the_policy_alone():
    policy = random_policy(13)
    before = parameters_to_vector(policy.parameters()).detach().clone()
    report = trpo_step(policy, ACTIONS, torch.zeros(24, dtype=DOUBLE))
    assert not report.accepted and report.kl == 0.0
    torch.testing.assert_close(
        parameters_to_vector(policy.parameters()).detach(), before, rtol=0, atol=0
    )
    with pytest.raises(ValueError, match="positive number of nats"):
        trpo_step(policy, ACTIONS, torch.zeros(24, dtype=DOUBLE), 0.0)


@pytest.mark.parametrize("method", ["reinforce", "trpo"])
@pytest.mark.parametrize("baseline", ["running mean", "leave-one-out"])
def test_both_controllers_find_the_optimum_of_a_bandit(method, baseline):
    policy = CategoricalPolicy(OPTIONS)
    records = list(
        search(
            policy, lambda a: REWARD[index(a)], 150, 16, method, 0, baseline=baseline
        )
    )
    best = ACTIONS[int(REWARD.argmax())]
    assert policy.mode().tolist() == best.tolist()
    assert float(policy.log_prob(best[None]).exp()) > 0.9
    assert (
        records[-1].best == float(REWARD.max())
        and records[-1].action.tolist() == best.tolist()
    )
    assert np.mean([r.mean for r in records[-10:]]) > records[0].mean
    if method == "trpo":
        assert all(r.kl <= 0.05 * (1 + 1e-9) for r in records)


@pytest.mark.parametrize("method", ["reinforce", "trpo"])
def test_a_context_tells_two_bandits_apart(method):
    table = torch.tensor(
        [[1.0, 0.0, 0.2], [0.0, 0.3, 1.0]], dtype=DOUBLE
    ) + torch.tensor([[0.0], [50.0]])
    rewards = [lambda a, row=row: row[a[:, 0]] for row in table]
    contexts = torch.tensor([[1.0, -1.0], [1.0, 1.0]], dtype=DOUBLE)
    policy = CategoricalPolicy((3,), n_context=2)
    for _ in search(policy, rewards, 120, 12, method, 0, context=contexts, n_tasks=1):
        pass
    assert [int(policy.mode(c)) for c in contexts] == [0, 2]


def test_a_search_is_the_same_again_and_other_with_another_seed():
    def run(seed):
        policy = CategoricalPolicy(OPTIONS)
        records = [
            r[:3]
            for r in search(policy, lambda a: REWARD[index(a)], 5, 4, random_state=seed)
        ]
        return records, parameters_to_vector(policy.parameters()).tolist()

    torch.manual_seed(5)
    first = run(1)
    torch.manual_seed(6)
    assert run(1) == first and run(2) != first


def test_wrong_input_is_named():
    with pytest.raises(ValueError, match="each ≥ 1"):
        CategoricalPolicy((3, 0))
    with pytest.raises(ValueError, match="needs a context of 2 numbers"):
        CategoricalPolicy((3,), 2).mode()
    with pytest.raises(ValueError, match="has no context"):
        CategoricalPolicy((3,)).mode(torch.zeros(2))
    with pytest.raises(ValueError, match="at least 2 actions"):
        advantages(torch.tensor([1.0]))
    with pytest.raises(ValueError, match="finite"):
        advantages(torch.tensor([1.0, float("nan")]), "none")
    with pytest.raises(ValueError, match="leave-one-out"):
        advantages(torch.tensor([1.0, 2.0]), "median")
    with pytest.raises(ValueError, match="method must be"):
        next(search(CategoricalPolicy((2,)), lambda a: a[:, 0], 1, 2, "ppo"))
    with pytest.raises(ValueError, match="one row for each of the 1 tasks"):
        next(
            search(
                CategoricalPolicy((2,), 2),
                lambda a: a[:, 0],
                1,
                2,
                context=torch.zeros(3, 2),
            )
        )


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_trpo_does_not_stretch_rounding_to_a_step(dtype):
    """All actions drawn are the same: their advantages add up to 0, but for rounding, and
    so does the gradient. However short, its direction would be noise.
    """
    found = []
    for seed in range(20):
        torch.manual_seed(seed)
        policy = CategoricalPolicy((4, 3)).to(dtype)
        with torch.no_grad():
            for p in policy.parameters():
                p.copy_(torch.randn_like(p))
        before = [p.clone() for p in policy.parameters()]
        paid = torch.rand(8, dtype=dtype)
        same = torch.zeros(8, 2, dtype=torch.int64)
        report = trpo_step(policy, same, paid - paid.mean(), max_kl=0.1)
        after = list(policy.parameters())
        still = all(torch.equal(a, b) for a, b in zip(after, before, strict=True))
        found.append(still and report == TRPOReport(0.0, 0.0, False, 0))
    assert all(found)


def test_trpo_still_steps_along_a_gradient_that_is_small_but_real():
    policy = CategoricalPolicy((2,))
    actions = torch.tensor([[0], [1]])
    report = trpo_step(policy, actions, torch.tensor([1e-9, -1e-9]), max_kl=0.1)
    assert report.accepted and policy.mode().tolist() == [0]
