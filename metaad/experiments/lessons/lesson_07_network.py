"""What lesson 07 computes on small networks: outer gradients by other means, the first
terms of their series, one step on one layer.
"""

import copy

import numpy as np
import torch

from metaad.meta import MAML, Learnable, squared_error
from metaad.meta.inner_loop import inner_loop
from metaad.nets import MLP
from metaad.tasks import SinusoidTasks

DOUBLE = torch.float64


class Small:
    """A small smooth network on three waves, to take gradients of by other means.

    outer(...) : the outer gradient as one vector (53,). nudged(...) : the same by finite
    differences.
    """

    def __init__(self, seed, n_tasks=3):
        torch.manual_seed(seed)
        self.net = MLP((1, 6, 5, 1), activation=torch.nn.Tanh, dtype=DOUBLE)
        waves = SinusoidTasks(k=5, n_query=8, dtype=DOUBLE)
        self.task = waves.sample(n_tasks, seed)
        self.start = torch.nn.utils.parameters_to_vector(self.net.parameters())
        self.start = self.start.detach()

    def loss(self, loop, **how):
        """Compute the summed query loss after the inner steps of `loop`."""
        t = self.task
        adapted = loop(self.net, squared_error, t.support, t.support_y, **how)
        return squared_error(adapted(t.query), t.query, t.y).sum()

    def outer(self, loop=inner_loop, **how):
        """Compute the outer gradient, tensor (53,)."""
        return self.gradient(self.loss(loop, **how))

    def gradient(self, value):
        """Differentiate a scalar by the start, tensor (53,)."""
        weights = list(self.net.parameters())
        found = torch.autograd.grad(value, weights, allow_unused=True)
        pairs = zip(found, weights, strict=True)
        return torch.cat(
            [(torch.zeros_like(p) if g is None else g).flatten() for g, p in pairs]
        )

    def nudged(self, loop, size=1e-5, **how):
        """Compute the outer gradient by central differences, tensor (53,)."""

        def moved(by):
            self._put(self.start + by)
            return float(self.loss(loop, **how).detach())

        nudges = size * torch.eye(len(self.start), dtype=DOUBLE)
        slopes = [(moved(e) - moved(-e)) / (2 * size) for e in nudges]
        self._put(self.start)
        return torch.tensor(slopes, dtype=DOUBLE)

    def ends_like_the_package(self, loop, seed, iterations=20):
        """Train copies of the network on the same waves by an outer loop and by `MAML`:
        True if both end at the same weights.
        """
        tasks, net = SinusoidTasks(k=5, dtype=DOUBLE), copy.deepcopy(self.net)
        about = Learnable(net, inner_loss=squared_error, outer_loss=squared_error)
        same = {"learning_rate": 0.01, "iterations": iterations, "n_tasks": 4}
        maml = MAML(about, steps=1, inner_rate=0.05, random_state=seed, **same)
        wanted = maml.set_params(device="cpu").fit(tasks).module_["net"].parameters()
        rng = np.random.default_rng(seed)
        rng.integers(2**31)  # MAML first draws a seed for what is random in a network
        batches = (tasks.sample(4, rng) for _ in range(iterations))
        adam = torch.optim.Adam(net.parameters(), 0.01)
        loop(net, squared_error, batches, adam, steps=1, rate=0.05)
        pairs = zip(net.parameters(), wanted, strict=True)
        return all(torch.allclose(a, b, rtol=0, atol=1e-10) for a, b in pairs)

    def _put(self, vector):
        torch.nn.utils.vector_to_parameters(vector, self.net.parameters())


def apart(a, b):
    """Compute the distance of tensor a from b, relative to the length of b: float."""
    return float((a - b).norm() / b.norm())


def first_terms(small, steps, rate=1e-5):
    """Measure the coefficient of α in each outer gradient of a small network, and compare
    it with the Taylor series.

    With s and q, the gradients of support and query at the start, and their Hessians S
    and Q, the series are q - α K (Q s + S q) for MAML and q - α K Q s for FOMAML; for
    Reptile, with support and query as one set of gradient t and Hessian T, (θ - θ_K) /
    (α K) = t - α (K - 1)/2 T t.

    Returns
    -------
    dict method -> relative distance of the measured coefficient from the series, float.
    """
    t, net = small.task, small.net
    rows, targets = t.pooled()
    q = small.outer(steps=0)
    qs, sq, tt = (
        _products(small, *pair)
        for pair in (
            ((t.query, t.y), (t.support, t.support_y)),
            ((t.support, t.support_y), (t.query, t.y)),
            ((rows, targets), (rows, targets)),
        )
    )
    found = {}
    for name, first, series in (
        ("MAML", False, -steps * (qs + sq)),
        ("FOMAML", True, -steps * qs),
    ):
        how = {"steps": steps, "rate": rate, "first_order": first}
        found[name] = apart((small.outer(**how) - q) / rate, series)
    ends = inner_loop(net, squared_error, rows, targets, steps=steps, rate=rate)
    ends = torch.cat([p.detach().flatten(1) for p in ends.parameters().values()], dim=1)
    pull = (small.start - ends).sum(dim=0) / (rate * steps)
    at_start = squared_error(_outputs(net, rows), rows, targets).sum()
    slope = (pull - small.gradient(at_start)) / rate
    found["Reptile"] = apart(slope, -(steps - 1) / 2 * tt)
    return found


def _outputs(net, rows):
    """Outputs (n_tasks, n, 1) of the network as it stands."""
    return net(rows.flatten(0, 1)).unflatten(0, rows.shape[:2])


def _products(small, curved, along):
    """Sum over tasks the Hessian of one loss times the gradient of another: (53,).

    curved, along : pairs (rows, targets).
    """
    total = 0
    for i in range(len(small.task.support)):
        first, second = (
            squared_error(_outputs(small.net, x[i : i + 1]), x, y[i : i + 1]).sum()
            for x, y in (along, curved)
        )
        weights = list(small.net.parameters())
        direction = torch.autograd.grad(first, weights)
        slopes = torch.autograd.grad(second, weights, create_graph=True)
        inner = sum((g * d).sum() for g, d in zip(slopes, direction, strict=True))
        total = total + small.gradient(inner)
    return total


def one_wave(seed, k=8):
    """Prepare a random network and one wave for a step on its last layer.

    Returns
    -------
    dict of net, body (its lower layers), last, support and heights (k, 1) in increasing
    order, grid (161, 1).
    """
    torch.manual_seed(seed)
    net = MLP((1, 40, 40, 1), dtype=DOUBLE)
    *below, last = net
    wave = SinusoidTasks(k=k, n_query=1, dtype=DOUBLE).sample(1, seed + 5)
    order = wave.support[0, :, 0].argsort()
    grid = torch.linspace(-5, 5, 161, dtype=DOUBLE)[:, None]
    return {
        "net": net,
        "body": torch.nn.Sequential(*below),
        "last": last,
        "support": wave.support[0][order],
        "heights": wave.support_y[0][order],
        "grid": grid,
    }


def wave_through(x, y, grid):
    """Fit the wave b₁ sin x + b₂ cos x through points (x, y), (k, 1), and draw it on a
    grid (q, 1): array (q, 1).
    """
    b = np.linalg.lstsq(np.c_[np.sin(x), np.cos(x)], y, rcond=None)[0]
    return np.c_[np.sin(grid), np.cos(grid)] @ b
