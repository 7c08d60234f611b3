"""The inner loop: a few gradient steps on the support, for a whole batch of tasks at
once, differentiable throughout.

Two forms of the same computation, equal to rounding: the *explicit* form gives every
task its own copy W' = W - α G of the adapted tensors; the *dual* form never forms W',
see `metaad.meta.dual`.
"""

import torch
from torch.func import functional_call, vmap

from metaad.meta.dual import Dual, dual_applies


def inner_loop(
    module,
    loss,
    x,
    y=None,
    *,
    steps=1,
    rate=0.01,
    names=None,
    first_order=False,
    form="auto",
):
    """Adapt `module` to each task of a batch by `steps` steps of gradient descent;
    return the adapted networks.

    Parameters
    ----------
    module : nn.Module from rows (n, d) to outputs (n, ...).
    loss : function (outputs, x, y) -> tensor (n_tasks,), the inner loss of every task;
        outputs (n_tasks, k, ...).
    x : tensor (n_tasks, k, d), the support. y : its labels or targets, or None.
    steps : number of gradient steps, 0 or more.
    rate : α, a number for all tensors, or a dict from a tensor's name to a scalar or to
        a tensor of its shape.
    names : names of the tensors that adapt; None adapts all parameters.
    first_order : leave out the derivative of the inner gradient (FOMAML).
    form : "dual", "explicit", or "auto": dual where it applies, which is where only
        nn.Linear layers of an nn.Sequential or of an Autoencoder adapt, each with one
        scalar rate per tensor.

    Returns
    -------
    Dual or Explicit: call it with a tensor (n_tasks, q, d), or (1, q, d) for rows that
    all tasks share, to get the outputs (n_tasks, q, ...) of the adapted networks;
    `parameters()` gives their tensors, (n_tasks, *shape). Gradients flow through both.

    Raises
    ------
    ValueError
        for a name that the module lacks, a tensor used in two places, or form="dual"
        where it does not apply.
    """
    networks = _networks(module, x, rate, names, form)
    for _ in range(steps):
        out, tensors = networks.on_support()
        gradients = torch.autograd.grad(
            loss(out, x, y).sum(), tensors, create_graph=not first_order
        )
        networks.step(gradients, first_order)  # W' = W - α G
    return networks


class Explicit:
    """A batch of adapted networks, each with its own copy of the tensors that adapt;
    works for any module.

    module, rates : as `inner_loop` checked them. x : the support (n_tasks, k, d).
    """

    def __init__(self, module, rates, x):
        self.module, self.rates, self.x = module, rates, x
        self.n_tasks = len(x)
        start = dict(module.named_parameters())
        self.adapted = {
            n: start[n].expand(self.n_tasks, *start[n].shape) for n in rates
        }
        self.shared = {n: p for n, p in start.items() if n not in rates}
        self.shared |= dict(module.named_buffers())

    def __call__(self, x):
        def one_task(adapted, rows):
            return functional_call(self.module, adapted | self.shared, (rows,))

        rows = x.expand(self.n_tasks, *x.shape[1:])
        return vmap(one_task, randomness="different")(self.adapted, rows)

    def on_support(self):
        """Return the support's outputs, and the tensors W whose gradients G a step
        needs.
        """
        return self(self.x), list(self.adapted.values())

    def step(self, gradients, first_order):
        """Set W' = W - α G for every adapted tensor."""
        moved = zip(self.adapted.items(), gradients, strict=True)
        self.adapted = {n: W - self.rates[n] * G for (n, W), G in moved}

    def parameters(self):
        """Return the adapted tensors, dict of (n_tasks, *shape)."""
        return dict(self.adapted)


def both_through(net, support, query):
    """Pass support (n, k, d) and query (n or 1, q, d) through a network as one batch:
    both (..., outputs).
    """
    out = net(torch.cat([support.flatten(0, 1), query.flatten(0, 1)]))
    n, k = support.shape[:2]
    return (
        out[: n * k].unflatten(0, (n, k)),
        out[n * k :].unflatten(0, query.shape[:2]),
    )


def _networks(module, x, rate, names, form):
    """Check what is asked for, and make the networks before the first step."""
    known = [n for n, _ in module.named_parameters()]
    names = known if names is None else list(names)
    if not set(names) <= set(known):
        raise ValueError(
            f"the module has no parameter {sorted(set(names) - set(known))}; it has "
            f"{known}."
        )
    if len(dict(module.named_parameters(remove_duplicate=False))) != len(known):
        raise ValueError(
            "the module uses a tensor in two places; give each place its own, so that "
            "each can adapt."
        )
    rates = {n: rate[n] if isinstance(rate, dict) else rate for n in names}
    dual = form != "explicit" and dual_applies(module, rates)
    if form == "dual" and not dual:
        raise ValueError(
            'form="dual" needs every adapting tensor to belong to an nn.Linear layer '
            "of a sequence of layers and to have one scalar rate; use "
            'form="explicit", which works for any module.'
        )
    return (Dual if dual else Explicit)(module, rates, x)
