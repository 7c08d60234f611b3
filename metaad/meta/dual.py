"""The dual form of gradient descent: adapted linear layers without their weights.

The gradient of a linear layer z = a Wᵀ + b on k support rows is G = Dᵀ A, with the
inputs A (k, d_in) of the layer and the gradients D (k, d_out) of the loss at its
outputs z. After the step W' = W - α G, a new row x gives

    x W'ᵀ = x Wᵀ - α (x Aᵀ) D,

the layer as it was, plus a look at the support: x is compared with the k rows kept in
A, and the rows of -α D are summed with those weights. This is linear attention with
keys A and values V = -α D [1]. All tasks share the product with W. Steps are
concatenated: the memory of s steps holds s·k rows.

References
----------
[1] Irie, Csordás and Schmidhuber, The Dual Form of Neural Networks Revisited, ICML
    2022.
"""

import torch
from torch import nn

from metaad.nets import Autoencoder


class Dual:
    """A batch of adapted networks, kept as one network and a memory of the support for
    each adapted linear layer.

    module, rates : as `inner_loop` checked them. x : the support (n_tasks, k, d).
    """

    def __init__(self, module, rates, x):
        self.layers = list(flat(module))
        self.n_tasks = len(x)
        # layer number: (rate of its weight, rate of its bias), None for what does not
        # adapt
        self.rates = {}
        # layer number: inputs A (n_tasks, s k, d_in), values V (n_tasks, s k, d_out)
        self.memory = {}
        for i, (name, _) in enumerate(self.layers):
            weight, bias = f"{name}.weight", f"{name}.bias"
            if weight in rates or bias in rates:
                self.rates[i] = rates.get(weight), rates.get(bias)
        # the layers before are the same for all tasks
        self.first = min(self.rates, default=len(self.layers))
        self.support = self._bottom(x), *x.shape[:2]

    def __call__(self, x):
        # rows that all tasks share stay one copy until the first memory is read
        return self._top(self._bottom(x), *x.shape[:2])[0]

    def on_support(self):
        """Return the support's outputs, and the tensors whose gradients a step needs.

        Those are D's tensors: the outputs z of the adapted layers.
        """
        out, self.seen = self._top(*self.support)
        return out, [z for _, z in self.seen.values()]

    def step(self, gradients, first_order):
        """Append the support's inputs A and values -α D to the memories."""
        for (i, (a, _)), d in zip(self.seen.items(), gradients, strict=True):
            weight, bias = self.rates[i]
            values = d * -(bias if weight is None else weight)
            self._remember(i, a.detach() if first_order else a, values)

    def parameters(self):
        """Compute the adapted tensors in full: dict of (n_tasks, *shape).

        They are W + Vᵀ A and b + (α_b / α_W) Σ V.
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
                ratio = 1.0 if weight is None else bias / weight
                moved = start if A is None else start + V.sum(dim=1) * ratio
                found[f"{name}.bias"] = moved
        return found

    def _bottom(self, x):
        """Pass all rows through the layers before the first that adapts, as one batch:
        (n_tasks n, ...).
        """
        h = x.flatten(0, 1)
        for _, layer in self.layers[: self.first]:
            h = layer(h)
        return h

    def _top(self, h, copies, n):
        """Pass rows (copies n, ...) through the other layers; copies is n_tasks, or 1
        for rows that all tasks share.

        Returns outputs (n_tasks, n, ...), and for each adapted layer its inputs
        (copies, n, d_in) and outputs.
        """
        seen = {}
        for i, (_, layer) in enumerate(self.layers[self.first :], self.first):
            if i not in self.rates:
                h = layer(h)
                continue
            a = h.unflatten(0, (copies, n))  # (copies, n, d_in)
            # (copies, n, d_out), one product with W for all tasks
            z = layer(h).unflatten(0, (copies, n))
            if i in self.memory:
                A, V = self.memory[i]
                z = torch.baddbmm(z, self._kernel(i, a, A), V)
                copies = self.n_tasks
            seen[i] = a, z
            h = z.flatten(0, 1)
        h = h.unflatten(0, (copies, n))
        return h.expand(self.n_tasks, *h.shape[1:]), seen

    def _kernel(self, i, a, A):
        """Compute how much each kept row counts for each new row: (n_tasks, n, s k).

        It is a Aᵀ for the weight, plus 1 for the bias. The values V carry the rate of
        the weight, so that 1 becomes the ratio of the two rates.
        """
        weight, bias = self.rates[i]
        shape = self.n_tasks, a.shape[1], A.shape[1]
        if weight is None:
            return a.new_ones(shape)
        ratio = None if bias is None else _number(bias / weight, a)
        if len(a) < self.n_tasks:
            # shared rows: one product with the keys of all tasks
            looks = (A.flatten(0, 1) @ a[0].mT).unflatten(0, A.shape[:2]).mT
            return looks if ratio is None else looks + ratio
        if ratio is None:
            return torch.bmm(a, A.mT)
        return torch.baddbmm(ratio.expand(shape), a, A.mT)

    def _remember(self, i, a, values):
        """Append keys a (n_tasks, k, d_in) and values (n_tasks, k, d_out)."""
        if i not in self.memory:
            self.memory[i] = a, values
            return
        A, V = self.memory[i]
        if i == self.first:
            # its inputs are the same in every step: one key, the values add up
            self.memory[i] = a, V + values
        else:
            self.memory[i] = torch.cat([A, a], dim=1), torch.cat([V, values], dim=1)


def _number(value, like):
    """Return a number, or a scalar tensor as it is, as a scalar tensor like `like`."""
    if torch.is_tensor(value):
        return value.to(like)
    return torch.full((), value, dtype=like.dtype, device=like.device)


def flat(module, prefix=""):
    """Yield names and layers of a module whose children run one after the other, in
    that order; nested ones too.
    """
    in_sequence = type(module).forward is nn.Sequential.forward
    if not (in_sequence or isinstance(module, Autoencoder)):
        yield prefix, module
        return
    for name, child in module.named_children():
        yield from flat(child, f"{prefix}.{name}" if prefix else name)


def dual_applies(module, rates):
    """Tell whether all adapted tensors belong to nn.Linear layers that run in a row
    and have one rate each, not 0.
    """
    linear = {
        f"{name}.{tensor}"
        for name, layer in flat(module)
        if type(layer) is nn.Linear
        for tensor in ("weight", "bias")
    }
    if not set(rates) <= linear:
        return False
    return all(r.ndim == 0 if torch.is_tensor(r) else r != 0 for r in rates.values())
