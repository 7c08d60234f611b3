"""What lesson 07 computes where losses are quadratic: valleys in the plane, and tasks on
a line.
"""

import numpy as np
import torch

from metaad.meta.inner_loop import inner_loop
from metaad.meta.maml import outer_loop
from metaad.tasks.base import Task

DOUBLE = torch.float64


def valleys(rng):
    """Draw three narrow valleys ½ (θ - c)ᵀ H (θ - c) in the plane.

    Each is steep across (6) and gentle along (0.5). The point (-1.5, 0) lies on every
    floor, and c is where (1.5, 0) lies straight across from: arrays H (3, 2, 2) and
    c (3, 2).
    """
    angle = np.deg2rad([15, 75, 135]) + rng.uniform(-0.15, 0.15, 3)
    along = np.c_[np.cos(angle), np.sin(angle)]  # (3, 2), where each valley runs
    across = along[:, ::-1] * [-1, 1]
    H = 6 * across[:, :, None] * across[:, None]
    H = H + 0.5 * along[:, :, None] * along[:, None]
    P, Q = np.array([-1.5, 0.0]), np.array([1.5, 0.0])
    return H, P + along * (along @ (Q - P))[:, None]


def meeting_point(weights, c):
    """Minimise Σ ½ (θ - c)ᵀ M (θ - c) over θ for weights M (n, d, d): array (d,)."""
    return np.linalg.solve(weights.sum(axis=0), np.einsum("nij,nj->i", weights, c))


def after(H, rate, steps):
    """Return the curvature (n, d, d) of each loss after so many steps, seen from the
    start: S H S with S = (I - α H)^K.
    """
    shrink = np.linalg.matrix_power(np.eye(H.shape[-1]) - rate * H, steps)
    return shrink @ H @ shrink


def descend(H, c, start, rate, steps):
    """Follow gradient descent from one start: points (n, steps + 1, d) in each valley,
    and the mean loss after each step, (steps + 1,).
    """
    path = [np.tile(start, (len(c), 1))]
    for _ in range(steps):
        path.append(path[-1] - rate * np.einsum("nij,nj->ni", H, path[-1] - c))
    gap = np.stack(path, axis=1) - c[:, None]
    loss = 0.5 * np.einsum("nki,nij,nkj->nk", gap, H, gap).mean(axis=0)
    return gap + c[:, None], loss


def weights(u, steps):
    """Compute what a task weighs in each method's start, times α, against u = α h.

    Returns dict method -> array like u.
    """
    return {
        "ERM": u,
        "MAML": u * (1 - u) ** (2 * steps),
        "FOMAML": u * (1 - u) ** steps,
        "Reptile": 1 - (1 - u) ** steps,
    }


class Point(torch.nn.Module):
    """θ as a network: the output is θ (d,) for every row."""

    def __init__(self, theta):
        super().__init__()
        self.theta = torch.nn.Parameter(torch.as_tensor(theta, dtype=DOUBLE))

    def forward(self, x):
        return self.theta.expand(len(x), -1)


def parabola(out, x, y):
    """Compute ½ h (θ - c)² with the optimum c as row x and the curvature h as its
    target y: tensor (n_tasks,).
    """
    return 0.5 * (y * (out - x) ** 2).sum(dim=-1).mean(dim=1)


def outer_gradient(theta, c, q, h, steps, rate, first_order=False):
    """Adapt to parabolas about c (n, d) by the package's inner loop, and judge by those
    about q: end points θ_K (n, d) and the gradient (d,) of the summed query losses.
    """
    point = Point(theta)
    c, q, h = (torch.as_tensor(a, dtype=DOUBLE)[:, None] for a in (c, q, h))
    how = {"steps": steps, "rate": rate, "first_order": first_order}
    adapted = inner_loop(point, parabola, c, h, **how)
    parabola(adapted(q), q, h).sum().backward()
    return adapted.parameters()["theta"].detach().numpy(), point.theta.grad.numpy()


def algebra_holds(rng, rate=0.1, steps=5, tolerance=1e-12):
    """Compare equation (4) with the package: end points and both outer gradients on
    four round bowls in three dimensions agree. Returns True or False.
    """
    theta, (c, q) = rng.normal(size=3), rng.normal(size=(2, 4, 3))
    end = c + (1 - rate) ** steps * (theta - c)
    cheap = (end - q).sum(axis=0)
    how = (theta, c, q, np.ones((4, 3)), steps, rate)
    ends, full = outer_gradient(*how)
    pairs = ((ends, end), (full, (1 - rate) ** steps * cheap))
    pairs = (*pairs, (outer_gradient(*how, first_order=True)[1], cheap))
    return all(np.allclose(a, b, rtol=0, atol=tolerance) for a, b in pairs)


def starts_on_a_line(h, *, clip=1e9, **how):
    """Follow the start of two tasks on a line, optima -1 and 1 and curvatures h, one
    inner step: array (outer_steps + 1,), from 0. how : see `starts_on_lines`.
    """
    return starts_on_lines([h], clip=clip, **how)[0]


def starts_on_lines(
    pairs, *, first_order, outer_steps=250, outer_rate=0.2, rate=0.1, clip=np.inf
):
    """Follow the start of each pair of curvatures as `starts_on_a_line` does, each on a
    line of its own: array (pairs, outer_steps + 1).

    No line enters the loss of another, so all are followed at once. clip : largest norm
    of the outer gradient of all lines together.
    """
    c = torch.tensor([-1.0, 1.0], dtype=DOUBLE).view(2, 1, 1).expand(2, 1, len(pairs))
    h = torch.tensor(pairs, dtype=DOUBLE).T[:, None]  # (2, 1, pairs)
    point = Point([0.0] * len(pairs))
    task, visited = Task(c, c, h, h), [np.zeros(len(pairs))]

    def batches():
        for _ in range(outer_steps):
            yield task
            visited.append(point.theta.detach().numpy().copy())

    # the mean over two tasks: rate 2 makes it the sum of (7)
    sgd = torch.optim.SGD(point.parameters(), 2 * outer_rate)
    how = {"steps": 1, "rate": rate, "first_order": first_order}
    outer_loop(point, parabola, batches(), sgd, clip=clip, **how)
    return np.transpose(visited)
