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
from torch.func import functional_call, vmap

from metaad.meta.few_shot_detector import evaluation


def largest_curvature(loss, parameters, scale=None, iterations=40, seed=0):
    """Find the eigenvalue of largest size of a loss's Hessian, by power iteration with
    Hessian-vector products: no Hessian is ever formed.

    Parameters
    ----------
    loss : scalar tensor, twice differentiable; or losses (n,) of n tasks, all at once.
    parameters : list of the tensors that it depends on; of n tasks, (n, *shape) each,
        of which loss i depends on slice i alone.
    scale : list of numbers or tensors, one for each parameter; the eigenvalue is then
        that of D^½ H D^½, D the diagonal of the scales. With inner rates as scale it
        says how far a step overshoots: beyond 2 a step leads uphill on a quadratic.
    iterations : how often to multiply. seed : of the first vector, one for all tasks.

    Returns
    -------
    float, or a list of n floats; negative where the largest curvature is downwards.
    """
    gradients = torch.autograd.grad(loss.sum(), parameters, create_graph=True)
    scale = [1.0] * len(parameters) if scale is None else scale
    pairs = zip(scale, parameters, strict=True)
    roots = [torch.as_tensor(s, dtype=p.dtype).detach().sqrt() for s, p in pairs]
    draw, lead = torch.Generator().manual_seed(seed), loss.shape
    shapes = [p.shape[len(lead) :] for p in parameters]
    v = [torch.randn(s, generator=draw).expand(lead + s) for s in shapes]
    v, found = [x.to(p) for x, p in zip(v, parameters, strict=True)], None
    for _ in range(iterations):
        size = _products(v, v, lead).sqrt()
        size = size.clamp_min(torch.finfo(size.dtype).tiny)  # a vector of 0 stays 0
        v = [
            x / size.view(lead + (1,) * len(s)) for x, s in zip(v, shapes, strict=True)
        ]
        inner = [r * x for r, x in zip(roots, v, strict=True)]
        product = torch.autograd.grad(
            gradients, parameters, inner, retain_graph=True, materialize_grads=True
        )
        product = [r * x for r, x in zip(roots, product, strict=True)]
        found, v = _products(v, product, lead), product
    return found.tolist()


def _products(a, b, lead):
    """Inner products of two lists of tensors (*lead, ...): (*lead)."""
    pairs = zip(a, b, strict=True)
    return sum((x * y).reshape(*lead, -1).sum(dim=-1) for x, y in pairs)


def along_inner_steps(learner, task, iterations=40):
    """Measure inner rate times largest curvature of the support's loss before each inner
    step.

    learner : fitted MAML whose network is in `module_`. task : Task without weights.
    iterations : of `largest_curvature`.

    Returns
    -------
    list (n_tasks) of lists (steps) of floats.
    """
    task = learner.prepared(task)
    support, n = task.support, len(task.support)
    net, starts = learner.module_["net"], []
    rates = [torch.as_tensor(r).detach() for r in learner.inner_rates().values()]
    fixed = dict(net.named_parameters()) | dict(net.named_buffers())
    fixed = {name: p.detach() for name, p in fixed.items()}
    w = {name: fixed[name].expand(n, *fixed[name].shape) for name in learner.names_}

    def one_task(adapted, rows):
        return functional_call(net, fixed | adapted, (rows,))

    def losses(w, rows):
        return learner.learnable_.inner_loss(vmap(one_task)(w, rows), rows, None)

    with evaluation(learner.module_):
        for _ in range(learner.steps):
            w = {name: p.detach().requires_grad_() for name, p in w.items()}
            starts.append(w)
            slopes = torch.autograd.grad(losses(w, support).sum(), list(w.values()))
            moved = zip(w.items(), rates, slopes, strict=True)
            w = {name: p - r * g for (name, p), r, g in moved}
        # every step of every task is a loss of its own: all of them at once
        rows = torch.cat([support] * len(starts))  # (steps n_tasks, k, d)
        w = {name: torch.cat([of[name] for of in starts]) for name in learner.names_}
        w = {name: p.detach().requires_grad_() for name, p in w.items()}
        loss = losses(w, rows)  # (steps n_tasks,)
        found = largest_curvature(loss, list(w.values()), rates, iterations)
    return [found[i::n] for i in range(n)]


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
