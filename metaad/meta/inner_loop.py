"""The inner loop: a few gradient steps on the support, for a whole batch of tasks at
once, differentiable throughout.

Two forms of the same computation, equal to rounding:

- The *explicit* form gives every task its own copy W' = W - α G of the adapted tensors.
- The *dual* form never forms W'. The gradient of a linear layer z = a Wᵀ + b on k
  support rows is G = Dᵀ A, with the inputs A (k, d_in) of the layer and the gradients D
  (k, d_out) of the loss at its outputs z. Hence for a new row x

      x W'ᵀ = x Wᵀ - α (x Aᵀ) D,

  the layer as it was, plus a look at the support: x is compared with the k rows kept in
  A, and the rows of -α D are summed with those weights. This is linear attention with
  keys A and values V = -α D [1]. All tasks share the product with W. Steps are
  concatenated: the memory of s steps holds s·k rows.

References
----------
[1] Irie, Csordás and Schmidhuber, The Dual Form of Neural Networks Revisited, ICML
2022."""

import torch
from torch import nn
from torch.func import functional_call, vmap

from metaad.nets import Autoencoder


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
        scalar rate a tensor.

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
    known = [n for n, _ in module.named_parameters()]
    names = known if names is None else list(names)
    if not set(names) <= set(known):
        raise ValueError(
            f"the module has no parameter {sorted(set(names) - set(known))}; it has {known}."
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
            "of a sequence of layers and to "
            'have one scalar rate; use form="explicit", which works for any module.'
        )
    adapted = (Dual if dual else Explicit)(module, rates, len(x))
    adapted.adapt(loss, x, y, steps, first_order)
    return adapted


class Dual:
    """A batch of adapted networks, kept as one network and a memory of the support
    for each adapted linear layer.
    """

    def __init__(self, module, rates, n_tasks):
        self.layers = list(flat(module))
        self.n_tasks = n_tasks
        # layer number: (rate of its weight, rate of its bias), None for what does not
        # adapt
        self.rates = {}
        # layer number: inputs A (n_tasks, s k, d_in), values V = -α D (n_tasks, s k,
        # d_out)
        self.memory = {}
        for i, (name, _) in enumerate(self.layers):
            weight, bias = f"{name}.weight", f"{name}.bias"
            if weight in rates or bias in rates:
                self.rates[i] = rates.get(weight), rates.get(bias)
        # the layers before are the same for all tasks
        self.first = min(self.rates, default=len(self.layers))

    def __call__(self, x):
        # rows that all tasks share go through the lower layers once
        h = self._bottom(x).unflatten(0, x.shape[:2])
        return self._top(
            h.expand(self.n_tasks, *h.shape[1:]).flatten(0, 1), self.n_tasks, x.shape[1]
        )[0]

    def _bottom(self, x):
        """The layers before the first that adapts, on all rows as one batch:
        (n_tasks n, ...).
        """
        h = x.flatten(0, 1)
        for _, layer in self.layers[: self.first]:
            h = layer(h)
        return h

    def _top(self, h, n_tasks, n):
        """Outputs (n_tasks, n, ...), and for each adapted layer its inputs (n_tasks,
        n, d_in) and outputs.
        """
        seen = {}
        for i, (_, layer) in enumerate(self.layers[self.first :], self.first):
            if i not in self.rates:
                h = layer(h)
                continue
            a = h.unflatten(0, (n_tasks, n))  # (n_tasks, n, d_in)
            # (n_tasks, n, d_out), one product with W for all tasks
            z = layer(h).unflatten(0, (n_tasks, n))
            if i in self.memory:
                A, V = self.memory[i]
                z = torch.baddbmm(z, self._kernel(i, a, A), V)
            seen[i] = a, z
            h = z.flatten(0, 1)
        return h.unflatten(0, (n_tasks, n)), seen

    def _kernel(self, i, a, A):
        """How much each kept row counts for each new row, (n_tasks, n, s k): a Aᵀ for
        the weight, 1 for the bias.

        The values V carry the rate of the weight, so that 1 becomes the ratio of the
        two rates."""
        weight, bias = self.rates[i]
        shape = *a.shape[:2], A.shape[1]
        if weight is None:
            return a.new_ones(shape)
        if bias is None:
            return torch.bmm(a, A.mT)
        return torch.baddbmm(
            torch.as_tensor(bias / weight, dtype=a.dtype, device=a.device).expand(
                shape
            ),
            a,
            A.mT,
        )

    def adapt(self, loss, x, y, steps, first_order):
        """Gradient steps: each appends the support's inputs and output gradients to
        the memories.
        """
        bottom = self._bottom(x)
        for _ in range(steps):
            out, seen = self._top(bottom, *x.shape[:2])
            gradients = torch.autograd.grad(
                loss(out, x, y).sum(),
                [z for _, z in seen.values()],
                create_graph=not first_order,
            )
            for (i, (a, _)), d in zip(seen.items(), gradients, strict=True):
                self._remember(
                    i, *((a.detach(), d.detach()) if first_order else (a, d))
                )

    def _remember(self, i, a, d):
        """Append keys a (n_tasks, k, d_in) and values -α d (n_tasks, k, d_out) to
        the memory of layer i.
        """
        weight, bias = self.rates[i]
        values = d * -(bias if weight is None else weight)
        if i not in self.memory:
            self.memory[i] = a, values
        # its inputs are the same in every step: one key, the values add up
        elif i == self.first:
            self.memory[i] = a, self.memory[i][1] + values
        else:
            self.memory[i] = tuple(
                torch.cat(pair, dim=1)
                for pair in zip(self.memory[i], (a, values), strict=True)
            )

    def parameters(self):
        """The adapted tensors in full, dict of (n_tasks, *shape): W + Vᵀ A and b +
        (α_b / α_W) Σ V.
        """
        found = {}
        for i, (weight, bias) in self.rates.items():
            name, layer = self.layers[i]
            A, V = self.memory.get(i, (None, None))
            if weight is not None:
                start = layer.weight.expand(self.n_tasks, -1, -1)
                found[f"{name}.weight"] = start if A is None else start + V.mT @ A
            if bias is not None:
                start = layer.bias.expand(self.n_tasks, -1)
                found[f"{name}.bias"] = (
                    start
                    if A is None
                    else start + V.sum(dim=1) * (bias / (weight or bias))
                )
        return found


class Explicit:
    """A batch of adapted networks, each with its own copy of the tensors that adapt;
    works for any module.
    """

    def __init__(self, module, rates, n_tasks):
        self.module, self.rates, self.n_tasks = module, rates, n_tasks
        start = dict(module.named_parameters())
        self.adapted = {n: start[n].expand(n_tasks, *start[n].shape) for n in rates}
        self.shared = {n: p for n, p in start.items() if n not in rates} | dict(
            module.named_buffers()
        )

    def __call__(self, x):
        def one_task(adapted, rows):
            return functional_call(self.module, adapted | self.shared, (rows,))

        return vmap(one_task, randomness="different")(
            self.adapted, x.expand(self.n_tasks, *x.shape[1:])
        )

    def adapt(self, loss, x, y, steps, first_order):
        """Gradient steps: W' = W - α G for every adapted tensor."""
        for _ in range(steps):
            gradients = torch.autograd.grad(
                loss(self(x), x, y).sum(),
                list(self.adapted.values()),
                create_graph=not first_order,
            )
            self.adapted = {
                n: p - self.rates[n] * (g.detach() if first_order else g)
                for (n, p), g in zip(self.adapted.items(), gradients, strict=True)
            }

    def parameters(self):
        """The adapted tensors, dict of (n_tasks, *shape)."""
        return dict(self.adapted)


def flat(module, prefix=""):
    """Names and layers of a module whose children run one after the other, in that
    order; nested ones too.
    """
    if not (
        type(module).forward is nn.Sequential.forward or isinstance(module, Autoencoder)
    ):
        yield prefix, module
        return
    for name, child in module.named_children():
        yield from flat(child, f"{prefix}.{name}" if prefix else name)


def dual_applies(module, rates):
    """Whether all adapted tensors belong to nn.Linear layers that run in a row and
    have one rate each, not 0.
    """
    linear = {
        f"{n}.{p}"
        for n, layer in flat(module)
        if type(layer) is nn.Linear
        for p in ("weight", "bias")
    }
    return set(rates) <= linear and all(
        r.ndim == 0 if torch.is_tensor(r) else r != 0 for r in rates.values()
    )


def both_through(net, support, query):
    """Support (n, k, d) and query (n or 1, q, d) through a network as one batch:
    both (..., outputs).
    """
    out = net(torch.cat([support.flatten(0, 1), query.flatten(0, 1)]))
    rows = support.shape[0] * support.shape[1]
    return out[:rows].unflatten(0, support.shape[:2]), out[rows:].unflatten(
        0, query.shape[:2]
    )
