"""Curvature by power iteration against numpy, and the two outer gradients by hand."""

import numpy as np
import pytest
import torch

from metaad.meta import MAML
from metaad.meta.curvature import (
    along_inner_steps,
    cosine,
    largest_curvature,
    outer_gradients,
)
from metaad.tasks import OneClassTasks


def quadratic(eigenvalues, seed=0):
    """Return a symmetric matrix of given eigenvalues, tensor (n, n)."""
    rng = np.random.default_rng(seed)
    n = len(eigenvalues)
    turn = np.linalg.qr(rng.normal(size=(n, n)))[0]
    return torch.as_tensor(turn * np.array(eigenvalues) @ turn.T)


@pytest.mark.parametrize("eigenvalues", [(5.0, 2.0, 1.0, 0.1), (-6.0, 3.0, 1.0, 0.0)])
def test_the_curvature_of_a_quadratic_is_its_eigenvalue_of_largest_size(eigenvalues):
    A = quadratic(eigenvalues)
    w = [torch.randn(4, dtype=torch.float64, requires_grad=True)]
    found = largest_curvature(0.5 * w[0] @ A @ w[0], w, iterations=200)
    expected = max(np.linalg.eigvalsh(A.numpy()), key=abs)
    assert found == pytest.approx(expected, rel=1e-8) == eigenvalues[0]


def test_scales_multiply_the_hessian_from_both_sides_and_parts_count_together():
    A = quadratic((4.0, 3.0, 1.5, 0.5, 0.2))
    parts = [torch.randn(n, dtype=torch.float64, requires_grad=True) for n in (2, 3)]
    w = torch.cat(parts)
    found = largest_curvature(0.5 * w @ A @ w, parts, [0.1, 2.0], iterations=400)
    roots = np.sqrt([0.1, 0.1, 2.0, 2.0, 2.0])
    expected = np.linalg.eigvalsh(roots[:, None] * A.numpy() * roots)[-1]
    assert found == pytest.approx(expected, rel=1e-8)


def test_a_loss_without_curvature_has_none():
    w = torch.ones(3, requires_grad=True)
    assert largest_curvature((w * torch.arange(3.0)).sum() + 0 * w @ w, [w]) == 0.0


def test_the_curvatures_of_many_tasks_at_once_are_those_of_each_alone():
    spectra = [(5.0, 2.0, 1.0), (-6.0, 3.0, 1.0), (0.0, 0.0, 0.0)]
    A = torch.stack([quadratic(s, i) for i, s in enumerate(spectra)])
    parts = [torch.ones(3, n, dtype=torch.float64, requires_grad=True) for n in (1, 2)]
    w = torch.cat(parts, dim=1)
    losses = 0.5 * torch.einsum("ni,nij,nj->n", w, A, w)
    found = largest_curvature(losses, parts, iterations=200)
    assert found == pytest.approx([5.0, -6.0, 0.0], rel=1e-8)


def tasks():
    rng = np.random.default_rng(0)
    y = np.repeat(np.arange(3), 20)
    X = rng.normal(size=(60, 4)) + y[:, None]
    return OneClassTasks(X, y, k=5, n_query=6, dtype=torch.float64)


def fitted(steps, rate, **options):
    torch.manual_seed(0)
    net = torch.nn.Sequential(torch.nn.Linear(4, 1, dtype=torch.float64))
    learner = MAML(net, steps=steps, inner_rate=rate, device="cpu", **options)
    learner.set_params(iterations=3, random_state=0)
    return learner.fit(tasks())


def logistic(w, X):
    """Gradient (5,) and Hessian (5, 5) of the mean of log(1 + e^z), z = X w."""
    p = 1 / (1 + np.exp(-X @ w))
    return p @ X / len(X), (X.T * (p * (1 - p))) @ X / len(X)


def test_along_the_inner_steps_it_is_rate_times_the_hessians_largest_eigenvalue():
    learner, task = fitted(3, 0.7), tasks().sample(2, 1)
    found = along_inner_steps(learner, task)
    assert np.shape(found) == (2, 3)
    layer = learner.module_["net"][0]
    for rows, steps in zip(task.support.numpy(), found, strict=True):
        X = np.c_[rows, np.ones(5)]
        w = np.r_[layer.weight[0].detach(), layer.bias.detach()]
        for step in steps:
            slope, hessian = logistic(w, X)
            expected = 0.7 * np.linalg.eigvalsh(hessian)[-1]
            assert step == pytest.approx(expected, rel=1e-6)
            w = w - 0.7 * slope


def test_the_first_order_gradient_leaves_out_rate_times_hessian():
    learner, task = fitted(1, 0.7), tasks().sample(1, 1)
    full, first = (g.numpy() for g in outer_gradients(learner, task))
    layer = learner.module_["net"][0]
    w = np.r_[layer.weight[0].detach(), layer.bias.detach()]
    X, Q = (np.c_[t[0], np.ones(t.shape[1])] for t in (task.support, task.query))
    slope, hessian = logistic(w, X)
    p = 1 / (1 + np.exp(-Q @ (w - 0.7 * slope)))
    outer = (p - task.y[0].numpy()) @ Q / len(Q)
    np.testing.assert_allclose(first, outer, atol=1e-12)
    np.testing.assert_allclose(full, outer - 0.7 * hessian @ outer, atol=1e-12)
    # to first order in the rate: the gradient of L_Q - rate * g_S · g_Q
    small, step = fitted(1, 1e-3), 1e-3
    small.module_.load_state_dict(learner.module_.state_dict())

    def surrogate(w):
        q = 1 / (1 + np.exp(-Q @ w))
        y = task.y[0].numpy()
        loss = -np.mean(y * np.log(q) + (1 - y) * np.log(1 - q))
        return loss - step * logistic(w, X)[0] @ ((q - y) @ Q / len(Q))

    eye = 1e-5 * np.eye(5)
    slopes = [(surrogate(w + e) - surrogate(w - e)) / 2e-5 for e in eye]
    np.testing.assert_allclose(outer_gradients(small, task)[0], slopes, atol=1e-5)


def test_cosine():
    a, b = torch.tensor([1.0, 0.0]), torch.tensor([1.0, 1.0])
    assert cosine(a, b) == pytest.approx(0.5**0.5) and cosine(a, -a) == -1.0
