"""REINFORCE: raise the probability of what paid more than expected."""

import torch

BASELINES = ("none", "running mean", "leave-one-out")


def reinforce_gradient(
    policy, actions, rewards, baseline="leave-one-out", context=None
):
    """Return an unbiased estimate of the gradient of the expected reward, from n
    sampled actions [1].

        ∇ E[r(a)] = E[(r(a) - b) ∇ log π(a)]  ≈  1/n Σ_i A_i ∇ log π(a_i),   A_i = r_i - b_i

    Parameters
    ----------
    policy : CategoricalPolicy, or any module with `log_prob(actions, context)`.
    actions : int64 tensor (n, m), drawn from the policy as it is now. rewards : tensor
        (n,), larger = better.
    baseline : b, see `advantages`.
    context : tensor (c,) or (n, c), what the policy saw; None for a policy without
        context.

    Returns
    -------
    list of tensors shaped like the policy's parameters; they point uphill.

    References
    ----------
    [1] Williams, Simple Statistical Gradient-Following Algorithms for Connectionist
    Reinforcement Learning, 1992."""
    objective = (
        advantages(rewards, baseline) * policy.log_prob(actions, context)
    ).mean()
    return list(torch.autograd.grad(objective, list(policy.parameters())))


def reinforce_step(
    policy,
    optimizer,
    actions,
    rewards,
    baseline="leave-one-out",
    context=None,
    entropy=0.0,
):
    """Take one step of `optimizer` uphill on the expected reward, plus `entropy` times
    the policy's entropy.

    entropy : weight of the bonus for staying undecided, in units of reward per nat; 0
    to 0.05. It biases the optimum. The other parameters are those of
    `reinforce_gradient`. Changes the policy in place."""
    gradient = reinforce_gradient(policy, actions, rewards, baseline, context)
    if entropy:
        bonus = torch.autograd.grad(policy.entropy(context), list(policy.parameters()))
        gradient = [g + entropy * h for g, h in zip(gradient, bonus, strict=True)]
    for parameter, g in zip(policy.parameters(), gradient, strict=True):
        parameter.grad = -g  # optimisers go downhill
    optimizer.step()


def advantages(rewards, baseline="leave-one-out"):
    """Return rewards minus what was to be expected without looking at the action:
    tensor (n,) -> tensor (n,).

    A baseline that does not depend on the action leaves the gradient's expectation
    alone, for E[∇ log π] = 0, and takes away most of its variance.

    Parameters
    ----------
    rewards : tensor (n,), of n actions drawn independently in one context.
    baseline : "none"; "leave-one-out", for each action the mean reward of the n - 1
        others [1]; or a number known before these actions were drawn, such as a running
        mean of earlier rewards.

    Raises
    ------
    ValueError
        for rewards that are not finite or not flat, for "leave-one-out" of one action,
        for another baseline.

    References
    ----------
    [1] Kool, van Hoof and Welling, Buy 4 REINFORCE Samples, Get a Baseline for Free!,
    ICLR workshop 2019."""
    rewards = torch.as_tensor(rewards, dtype=torch.float64)
    if rewards.ndim != 1 or not torch.isfinite(rewards).all():
        raise ValueError(
            f"rewards must be finite numbers in a flat array, one for each action; "
            f"got {rewards!r:.90}."
        )
    if isinstance(baseline, (int, float)) and not isinstance(baseline, bool):
        return rewards - baseline
    if baseline == "none":
        return rewards
    if baseline != "leave-one-out":
        raise ValueError(
            f'baseline must be "none", "leave-one-out" or a number; got {baseline!r}.'
        )
    n = len(rewards)
    if n < 2:
        raise ValueError(
            "a leave-one-out baseline needs at least 2 actions; got 1. Draw more or "
            "use a running mean."
        )
    return (rewards - rewards.mean()) * (n / (n - 1))  # = r_i - Σ_{j≠i} r_j / (n - 1)
