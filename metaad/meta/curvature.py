"""How sharp the support's loss is where the inner loop walks, and what the first-order
shortcut makes of it.

One inner step goes from θ to θ' = θ - α g_S(θ), with g_S and H_S gradient and Hessian of
the support's loss, g_Q the gradient of the query's. The outer gradient is

    (I - α H_S(θ)) g_Q(θ')

and the first-order one leaves α H_S out. What it leaves out is small only where α times
the largest eigenvalue of H_S is. Seen the other way: to first order in α the full
gradient is that of L_Q - α g_S · g_Q, so that it looks for a start at which the two
gradients point the same way [1], [2].

References
----------
[1] Nichol, Achiam and Schulman, On First-Order Meta-Learning Algorithms, 2018.
[2] Frikha, Krompaß, Köpken and Tresp, Few-Shot One-Class Classification via
    Meta-Learning, AAAI 2021.
"""

import torch
from torch.func import functional_call

from metaad.meta.few_shot_detector import evaluation


def largest_curvature(loss, parameters, scale=None, iterations=40, seed=0):
    """Find the eigenvalue of largest size of a loss's Hessian, by power iteration with
    Hessian-vector products: no Hessian is ever formed.

    Parameters
    ----------
    loss : scalar tensor, twice differentiable. parameters : list of the tensors that it
        depends on.
    scale : list of numbers or tensors, one for each parameter; the eigenvalue is then
        that of D^½ H D^½, D the diagonal of the scales. With inner rates as scale it
        says how far a step overshoots: beyond 2 a step leads uphill on a quadratic.
    iterations : how often to multiply. seed : of the first vector.

    Returns
    -------
    float, negative where the largest curvature is downwards.
    """
    gradients = torch.autograd.grad(loss, parameters, create_graph=True)
    scale = [1.0] * len(parameters) if scale is None else scale
    pairs = zip(scale, parameters, strict=True)
    roots = [torch.as_tensor(s, dtype=p.dtype).detach().sqrt() for s, p in pairs]
    draw = torch.Generator().manual_seed(seed)
    v = [torch.randn(p.shape, generator=draw).to(p) for p in parameters]
    found = 0.0
    for _ in range(iterations):
        size = torch.sqrt(sum(x.square().sum() for x in v))
        if size == 0:
            return 0.0
        v = [x / size for x in v]
        inner = [r * x for r, x in zip(roots, v, strict=True)]
        product = torch.autograd.grad(
            gradients, parameters, inner, retain_graph=True, materialize_grads=True
        )
        product = [r * x for r, x in zip(roots, product, strict=True)]
        found = float(sum((a * b).sum() for a, b in zip(v, product, strict=True)))
        v = product
    return found


def along_inner_steps(learner, task):
    """Measure inner rate times largest curvature of the support's loss before each inner
    step.

    learner : fitted MAML whose network is in `module_`. task : Task without weights.

    Returns
    -------
    list (n_tasks) of lists (steps) of floats.
    """
    task = learner.prepared(task)
    net, found = learner.module_["net"], []
    rates = [torch.as_tensor(r).detach() for r in learner.inner_rates().values()]
    fixed = dict(net.named_parameters()) | dict(net.named_buffers())
    with evaluation(learner.module_):
        for support in task.support:
            w = {n: fixed[n].detach().requires_grad_() for n in learner.names_}
            steps = []
            for _ in range(learner.steps):
                tensors = list(w.values())
                out = functional_call(net, fixed | w, (support,))[None]
                loss = learner.learnable_.inner_loss(out, support[None], None).sum()
                steps.append(largest_curvature(loss, tensors, rates))
                slopes = torch.autograd.grad(loss, tensors)
                moved = zip(w.items(), rates, slopes, strict=True)
                w = {n: (p - r * g).detach().requires_grad_() for (n, p), r, g in moved}
            found.append(steps)
    return found


def outer_gradients(learner, task):
    """Compute the outer gradient of the start, in full and to first order.

    Returns
    -------
    two tensors (p,), p the number of the network's parameters.
    """
    task, net = learner.prepared(task), learner.module_["net"]
    tensors, found = list(net.parameters()), []
    with evaluation(learner.module_):
        for first_order in (False, True):
            adapted = learner.adapted(task.support, None, first_order)
            loss = learner.outer_loss(adapted(task.query), task)
            slopes = torch.autograd.grad(loss, tensors, allow_unused=True)
            slopes = [
                torch.zeros_like(p) if g is None else g
                for p, g in zip(tensors, slopes, strict=True)
            ]
            found.append(torch.cat([g.flatten() for g in slopes]))
    return found


def cosine(a, b):
    """Cosine of the angle between two tensors (p,): float, 1 where they point the same
    way.
    """
    return float(a @ b / (a.norm() * b.norm()).clamp_min(1e-30))
