"""What lesson 07's first two exercises are made of: one inner step, one outer step."""

import numpy as np
import torch

from metaad.exercises.core import Exercise, Wrong


class Valley:
    """A loss of θ (d,): ½ (θ - c)ᵀ H (θ - c) + ¼ |θ - c|⁴."""

    def __init__(self, c, H):
        self.c, self.H = torch.as_tensor(c), torch.as_tensor(H)

    def __call__(self, theta):
        gap = theta - self.c
        return 0.5 * gap @ self.H @ gap + 0.25 * gap.square().sum() ** 2


def inner_step(theta, loss, alpha):
    """Return the parameters after one step down a loss, as a function of θ."""
    (gradient,) = torch.autograd.grad(loss(theta), theta, create_graph=True)
    return theta - alpha * gradient


def outer_step(theta, tasks, alpha, beta, steps):
    """Return the start after one step down the mean query loss after adapting."""
    return _outer(theta, tasks, alpha, beta, steps)


def _outer(
    theta, tasks, alpha, beta, steps, *, adapt=0, judge=1, cut=False, total=False
):
    """The outer step; adapt, judge : which loss of a task adapts, and which judges."""
    theta = theta.detach().clone().requires_grad_()
    ends = [_adapted(theta, pair[adapt], alpha, steps, cut) for pair in tasks]
    value = sum(pair[judge](end) for pair, end in zip(tasks, ends, strict=True))
    (gradient,) = torch.autograd.grad(value if total else value / len(tasks), theta)
    return (theta - beta * gradient).detach()


def _adapted(theta, loss, alpha, steps, cut=False):
    for _ in range(steps):
        (gradient,) = torch.autograd.grad(loss(theta), theta, create_graph=not cut)
        theta = theta - alpha * gradient
    return theta


def _valley(rng, d):
    half = rng.normal(size=(d, d))
    H = np.round(half @ half.T / d + 0.3 * np.eye(d), 2)
    return Valley(np.round(rng.normal(size=d), 2), H)


def one_loss(rng):
    """Draw a start (d,), a loss and an inner rate."""
    d = int(rng.integers(2, 4))
    theta = torch.tensor(np.round(rng.normal(size=d), 2), requires_grad=True)
    return theta, _valley(rng, d), round(float(rng.uniform(0.05, 0.3)), 2)


def some_tasks(rng):
    """Draw a start (2,), tasks as pairs (support loss, query loss), both rates and the
    number of inner steps.
    """
    theta = torch.tensor(np.round(rng.normal(size=2), 2))
    tasks = [(_valley(rng, 2), _valley(rng, 2)) for _ in range(int(rng.integers(2, 4)))]
    alpha, beta = (round(float(v), 2) for v in rng.uniform((0.05, 0.2), (0.12, 0.6)))
    return theta, tasks, alpha, beta, int(rng.integers(2, 4))


CUT = (
    "The new point is right, but it no longer depends on θ as in (3): a second derivative "
    "is lost. Ask `grad` for `create_graph=True`, and detach nothing."
)


def judge_inner(answer, args, rng):
    """Return None for a step that PyTorch can differentiate through, else a sentence."""
    theta, loss, alpha = args
    if not isinstance(answer, torch.Tensor):
        kind = type(answer).__name__
        return f"Return a tensor, the new point; yours is of type {kind}."
    wanted = inner_step(theta, loss, alpha)
    if answer.shape != wanted.shape:
        shape = tuple(answer.shape)
        return f"The new point has the shape of θ, (d,); yours has the shape {shape}."
    if not torch.allclose(answer.detach().to(wanted), wanted.detach(), atol=1e-9):
        return "The new point is off: θ minus α times the gradient of the loss at θ."
    found = _leaf(answer)
    if found is None:
        return CUT
    same = torch.allclose(_jacobian(answer, found), _jacobian(wanted, theta), atol=1e-9)
    return None if same else CUT


def _leaf(value):
    """The tensor that a value was computed from, None if there is none."""
    stack, seen = [value.grad_fn], set()
    while stack:
        node = stack.pop()
        if node is None or node in seen:
            continue
        seen.add(node)
        if hasattr(node, "variable"):
            return node.variable
        stack += [following for following, _ in node.next_functions]
    return None


def _jacobian(value, theta):
    """Derivatives of every entry of a value (d,) by θ (d,): (d, d)."""
    rows = [
        torch.autograd.grad(v, theta, retain_graph=True, allow_unused=True)[0]
        for v in value
    ]
    return torch.stack([torch.zeros_like(theta) if r is None else r for r in rows])


def _step(move):
    """A wrong inner step: move(theta, gradient, alpha)."""

    def wrong(theta, loss, alpha):
        (gradient,) = torch.autograd.grad(loss(theta), theta, create_graph=True)
        return move(theta, gradient, alpha)

    return wrong


def _last_end(theta, tasks, alpha, beta, steps):
    """Move the fast weights of each task, and average them."""
    moved = []
    for support, query in tasks:
        end = _adapted(theta.clone().requires_grad_(), support, alpha, steps)
        (gradient,) = torch.autograd.grad(query(end), end)
        moved.append((end - beta * gradient).detach())
    return sum(moved) / len(moved)


def _mean_end(theta, tasks, alpha, beta, steps):
    start = theta.clone().requires_grad_()
    ends = [_adapted(start, s, alpha, steps, True).detach() for s, _ in tasks]
    return sum(ends) / len(ends)


def _reptile(theta, tasks, alpha, beta, steps):
    return theta + beta * (_mean_end(theta, tasks, alpha, beta, steps) - theta)


def _carried(theta, tasks, alpha, beta, steps):
    """Adapt to each task from where the task before ended."""
    start = theta.clone().requires_grad_()
    value, now = 0.0, start
    for support, query in tasks:
        now = _adapted(now, support, alpha, steps)
        value = value + query(now)
    (gradient,) = torch.autograd.grad(value / len(tasks), start)
    return (start - beta * gradient).detach()


INNER = Exercise(
    "07.1",
    inner_step,
    one_loss,
    wrong=(
        Wrong(lambda theta, loss, alpha: inner_step(theta, loss, alpha).detach(), CUT),
        Wrong(
            _step(lambda theta, g, alpha: theta + alpha * g),
            "That climbs: descent goes against the gradient, with a minus.",
        ),
        Wrong(
            _step(lambda theta, g, alpha: theta - g),
            "The rate is missing: the step is α times the gradient.",
        ),
        Wrong(
            _step(lambda theta, g, alpha: -alpha * g),
            "That is the step alone. Return where it leads to: θ plus the step.",
        ),
        Wrong(
            _step(lambda theta, g, alpha: theta - alpha * g / g.norm()),
            "You made the gradient's length 1. In (2) a steep loss takes a long step.",
        ),
        Wrong(
            _step(lambda theta, g, alpha: g),
            "That is the gradient. Return θ minus α times it.",
        ),
        Wrong(
            lambda theta, loss, alpha: theta - alpha * loss(theta),
            "You subtract the loss itself, one number. The step follows its gradient.",
        ),
    ),
    praise=(
        "The result is a function of θ, gradient included: that is what the outer loop "
        "differentiates."
    ),
    hint="θ minus α times the gradient of the loss at θ.",
    judge=judge_inner,
)

OUTER = Exercise(
    "07.2",
    outer_step,
    some_tasks,
    wrong=(
        Wrong(
            lambda *args: _outer(*args, cut=True),
            "The fast weights are detached from θ: that is FOMAML's step. Keep the graph "
            "in the inner step (`create_graph=True`), and differentiate by θ.",
        ),
        Wrong(
            lambda *args: _outer(*args, judge=0),
            "The outer loss is taken on the support. What counts is the query: the second "
            "loss of each pair.",
        ),
        Wrong(
            lambda *args: _outer(*args, adapt=1),
            "You adapt to the query, which nobody has yet at that time. Adapt to the "
            "support, the first loss of each pair.",
        ),
        Wrong(
            lambda theta, tasks, alpha, beta, steps: _outer(
                theta, tasks, alpha, -beta, steps
            ),
            "That climbs the outer loss: subtract β times its gradient.",
        ),
        Wrong(
            lambda *args: _outer(*args, total=True),
            "You add up the query losses. Take their mean, so that a step does not grow "
            "with the number of tasks.",
        ),
        Wrong(
            lambda theta, tasks, alpha, beta, steps: _outer(
                theta, tasks, alpha, beta, 0
            ),
            "Nothing adapts in it: that is a step of ERM on the queries.",
        ),
        Wrong(
            lambda theta, tasks, alpha, beta, steps: _outer(
                theta, tasks, alpha, beta, 1
            ),
            "You take one inner step; the argument `steps` says how many.",
        ),
        Wrong(
            _last_end,
            "You move the fast weights θ_K and average them. The step moves the start θ.",
        ),
        Wrong(
            _mean_end,
            "That is the mean of the adapted weights; the queries have no say in it. Take "
            "the gradient of their loss by θ.",
        ),
        Wrong(
            _reptile,
            "That is Reptile's step. MAML's goes down the query loss.",
        ),
        Wrong(
            _carried,
            "Each task starts where the task before ended. All start at θ.",
        ),
    ),
    praise=(
        "Adapt each task from θ, add up the query losses, and take one gradient through "
        "everything: that is MAML."
    ),
    hint="All tasks adapt from the same θ; one gradient of the mean query loss, by θ.",
    draws=5,
)
