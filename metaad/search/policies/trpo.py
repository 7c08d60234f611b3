"""TRPO: the longest step uphill whose change of the policy, measured in nats, stays
within a trust region.
"""

import copy
from typing import NamedTuple

import torch
from torch.nn.utils import parameters_to_vector, vector_to_parameters


class TRPOReport(NamedTuple):
    """What one step did.

    kl : KL(old ‖ new) in nats, exact, at most max_kl; 0 if no step was taken.
    improvement : gain of the surrogate (2), in units of reward.
    accepted : False if no length on the line passed both tests, or if the gradient is
        zero but for rounding: all actions drawn were the same; the policy is then as it
        was.
    halvings : how often the step was halved before it was accepted.
    """

    kl: float
    improvement: float
    accepted: bool
    halvings: int


def conjugate_gradient(product, b, iterations=10, tolerance=1e-10):
    """Solve A x = b for a symmetric positive definite A that is known only by its
    products with vectors [1].

    product : function (p,) -> (p,), v -> A v. b : tensor (p,).
    iterations : at most so many products; p of them are exact but for rounding, 10 are
        usual.
    tolerance : stop when ‖b - A x‖² falls below this share of ‖b‖².

    Returns
    -------
    x : tensor (p,)

    References
    ----------
    [1] Hestenes and Stiefel, Methods of Conjugate Gradients for Solving Linear Systems,
    1952."""
    x = torch.zeros_like(b)
    residual, direction = b.clone(), b.clone()  # b - A x, and where to go next
    size = residual @ residual
    for _ in range(iterations):
        if size <= tolerance * (b @ b):
            break
        image = product(direction)
        step = size / (direction @ image)
        x = x + step * direction
        residual = residual - step * image
        before, size = size, residual @ residual
        # A-orthogonal to all earlier directions
        direction = residual + (size / before) * direction
    return x


def hessian_vector_product(gradient, parameters, vector):
    """Return H v for the Hessian H of a scalar, without ever forming H: H v = ∇ (∇f ·
    v) [1].

    gradient : tensor (p,), ∇f, with its graph (`create_graph=True`). parameters : list
        of tensors, p numbers in all.
    vector : tensor (p,). Returns a tensor (p,).

    References
    ----------
    [1] Pearlmutter, Fast Exact Multiplication by the Hessian, Neural Computation 6,
    1994."""
    product = torch.autograd.grad(gradient @ vector, parameters, retain_graph=True)
    return parameters_to_vector(product)


def trpo_step(
    policy,
    actions,
    advantages,
    max_kl=0.01,
    context=None,
    *,
    iterations=10,
    damping=1e-3,
    backtracks=12,
):
    """Take one step of trust-region policy optimisation [1]; changes the policy in
    place.

        maximise    L(π) = 1/n Σ_i π(a_i) / π_old(a_i) · A_i     (2)
        subject to  KL(π_old ‖ π) ≤ max_kl                       (3)

    To second order the KL is ½ xᵀ F x, with F its Hessian at π_old (the Fisher
    information). So the best direction is x = F⁻¹ ∇L, and β x with β = √(2 max_kl / xᵀ
    F x) touches the boundary. From there the step is halved until (2) has risen and (3)
    holds exactly, not only to second order.

    Parameters
    ----------
    policy : CategoricalPolicy, or any module with `log_prob(actions, context)` and
        `kl(other, context)`.
    actions : int64 tensor (n, m), drawn from the policy as it is now. advantages :
        tensor (n,).
    max_kl : largest change in nats, averaged over the contexts; 0.01 is usual, 0.001 to
        0.1.
    context : tensor (c,) or (n, c), what the policy saw; None for a policy without
        context.
    iterations : of the conjugate gradient.
    damping : added to F's diagonal: F is singular, as adding a constant to all logits
        changes nothing. 1e-4 to 0.1.
    backtracks : how many lengths to try, each half of the one before.

    Returns
    -------
    TRPOReport

    References
    ----------
    [1] Schulman, Levine, Moritz, Jordan and Abbeel, Trust Region Policy Optimization,
    ICML 2015."""
    if not max_kl > 0:
        raise ValueError(
            f"max_kl must be a positive number of nats, got {max_kl!r}; 0.01 is usual."
        )
    parameters = list(policy.parameters())
    old = copy.deepcopy(policy).requires_grad_(False)
    log_old = old.log_prob(actions, context)

    def surrogate():
        return ((policy.log_prob(actions, context) - log_old).exp() * advantages).mean()

    # ∇L, (p,)
    uphill = parameters_to_vector(torch.autograd.grad(surrogate(), parameters))
    slope = parameters_to_vector(
        torch.autograd.grad(old.kl(policy, context), parameters, create_graph=True)
    )

    def fisher(v):
        return hessian_vector_product(slope, parameters, v) + damping * v

    tiny = 1e4 * torch.finfo(uphill.dtype).eps * advantages.abs().mean()
    if uphill.norm() <= tiny:  # rounding alone: it would be stretched to the boundary
        return TRPOReport(0.0, 0.0, False, 0)
    x = conjugate_gradient(fisher, uphill, iterations)
    curvature = x @ fisher(x)
    start = parameters_to_vector(parameters).detach()
    if curvature > 0:
        with torch.no_grad():
            before, longest = surrogate(), (2 * max_kl / curvature).sqrt() * x
            for halvings in range(backtracks):
                vector_to_parameters(start + 0.5**halvings * longest, parameters)
                kl, improvement = (
                    float(old.kl(policy, context)),
                    float(surrogate() - before),
                )
                if kl <= max_kl and improvement > 0:
                    return TRPOReport(kl, improvement, True, halvings)
            vector_to_parameters(start, parameters)
    return TRPOReport(0.0, 0.0, False, backtracks)
