"""PLDA against brute force: multivariate normals over support and query together,
limits, gradients, recovery.
"""

import numpy as np
import pytest
import torch
from scipy.stats import multivariate_normal
from torch import nn

from metaad.meta import PLDA
from metaad.tasks import Task

M = 3  # width of the embedding, which is the row itself here


class GaussianClasses:
    """Tasks from the model itself: class means N(mean, B), rows N(class mean, W),
    anomalies from fresh classes.
    """

    n_features = M

    def __init__(self, mean, between, within, k=4, n_query=10):
        self.mean, self.between, self.within = (
            np.asarray(a, dtype=float) for a in (mean, between, within)
        )
        self.k, self.n_query = k, n_query

    def rows(self, centers, n, rng):
        return (
            centers[:, None]
            + rng.standard_normal((len(centers), n, M)) * self.within**0.5
        )

    def sample(self, n_tasks, random_state=None):
        rng = np.random.default_rng(random_state)
        own, other = (
            self.mean
            + rng.standard_normal((2, n_tasks, self.n_query, M)) * self.between**0.5
        )
        inliers = self.rows(own[:, 0], self.k + self.n_query, rng)
        anomalies = self.rows(other.reshape(-1, M), 1, rng).reshape(n_tasks, -1, M)
        query = np.concatenate([inliers[:, self.k :], anomalies], axis=1)
        y = np.repeat([[0.0] * self.n_query + [1.0] * self.n_query], n_tasks, axis=0)
        return Task(*(torch.as_tensor(a) for a in (inliers[:, : self.k], query, y)))


def inverse_softplus(x):
    return torch.as_tensor(x, dtype=torch.float64).expm1().log()


def plda(mean, between, within):
    """A PLDA on rows as they are, with these parameters; its score is the plain
    log-likelihood ratio.
    """
    learner = PLDA(nn.Identity(), iterations=1, random_state=0, device="cpu")
    learner.fit(GaussianClasses(mean, between, within))
    head = learner.module_["head"]
    with torch.no_grad():
        for name, value in (("between", between), ("within", within)):
            head[name].copy_(inverse_softplus(value))
        head["mean"].copy_(torch.as_tensor(mean))
        head["log_scale"].zero_()
        head["threshold"].zero_()
    return learner


def score(learner, support, x, y=None):
    y = None if y is None else torch.as_tensor(y)[None]
    adapted = learner.adapted(torch.as_tensor(support)[None], y)
    return adapted(torch.as_tensor(x)[None])[0, :, 0]


@pytest.fixture
def parameters():
    rng = np.random.default_rng(0)
    return rng.normal(size=M), rng.uniform(0.5, 3.0, M), rng.uniform(0.2, 1.5, M)


def log_density(rows, mean, between, within):
    """log p of rows (n, M) of one class whose mean is integrated out: covariance W I
    + B 1 1ᵀ in every coordinate.
    """
    n = len(rows)
    return sum(
        multivariate_normal(
            np.full(n, mean[j]), within[j] * np.eye(n) + between[j]
        ).logpdf(rows[:, j])
        for j in range(M)
    )


@pytest.mark.parametrize("k", [1, 2, 7])
def test_score_is_the_log_likelihood_ratio_by_brute_force(parameters, k):
    mean, between, within = parameters
    rng = np.random.default_rng(k)
    support, x = rng.normal(size=(k, M)), rng.normal(size=(5, M)) * 2
    expected = [
        log_density(x[i : i + 1], *parameters)
        + log_density(support, *parameters)
        - log_density(np.vstack([support, x[i]]), *parameters)
        for i in range(len(x))
    ]
    np.testing.assert_allclose(
        score(plda(*parameters), support, x).detach(), expected, rtol=1e-10, atol=1e-12
    )


def test_rows_of_the_support_labelled_as_anomalies_are_left_out(parameters):
    rng = np.random.default_rng(3)
    support, x = rng.normal(size=(5, M)), rng.normal(size=(4, M))
    learner = plda(*parameters)
    with_labels = score(learner, support, x, np.array([0.0, 1.0, 0.0, 1.0, 0.0]))
    torch.testing.assert_close(with_labels, score(learner, support[::2], x))


def test_with_very_many_rows_the_normal_class_is_known(parameters):
    mean, between, within = parameters
    x = np.random.default_rng(4).normal(size=(4, M))
    center = np.array([0.3, -1.0, 2.0])
    support = np.repeat(center[None], 1_000_000, axis=0)
    expected = multivariate_normal(mean, np.diag(between + within)).logpdf(x)
    expected -= multivariate_normal(center, np.diag(within)).logpdf(x)
    np.testing.assert_allclose(
        score(plda(*parameters), support, x).detach(), expected, rtol=1e-4, atol=1e-4
    )


def test_classes_that_do_not_differ_tell_nothing(parameters):
    mean, _, within = parameters
    rng = np.random.default_rng(5)
    scores = score(
        plda(mean, np.full(M, 1e-9), within),
        rng.normal(size=(3, M)),
        rng.normal(size=(6, M)),
    )
    np.testing.assert_allclose(scores.detach(), 0.0, atol=1e-6)


def test_one_row_at_the_background_mean_against_a_far_one_by_hand():
    # B = 3, W = 1, k = 1 and z̄ = μ = 0: g = 3/4, the normal variance is 1 + 3/4 = 7/4,
    # the background's 4. log background - log normal = ½ x² (4/7 - 1/4) - ½ log(16/7) a
    # coordinate.
    learner = plda(np.zeros(M), np.full(M, 3.0), np.ones(M))
    x = np.array([[0.0] * M, [2.0] * M])
    by_hand = M * (0.5 * np.array([0.0, 4.0]) * (4 / 7 - 1 / 4) - 0.5 * np.log(16 / 7))
    scores = score(learner, np.zeros((1, M)), x).detach().numpy()
    np.testing.assert_allclose(scores, by_hand, rtol=1e-12)
    assert scores[0] < 0 < scores[1]  # the far row is the anomaly


def test_gradients_match_finite_differences(parameters):
    learner = plda(*parameters)
    start = dict(learner.module_["head"])
    rng = np.random.default_rng(6)
    support, query = (
        torch.as_tensor(rng.normal(size=(2, n, M))).requires_grad_() for n in (3, 4)
    )

    def scores(support, query, *values):
        learner.module_ = {
            "net": nn.Identity(),
            "head": dict(zip(start, values, strict=True)),
        }
        return learner.adapted(support)(query)

    values = [v.detach().clone().requires_grad_() for v in start.values()]
    assert torch.autograd.gradcheck(scores, (support, query, *values))


def test_learning_comes_close_to_the_true_parameters(parameters):
    mean, between, within = parameters
    tasks = GaussianClasses(mean, 4 * between, within)
    learner = PLDA(
        nn.Identity(),
        iterations=150,
        n_tasks=64,
        learning_rate=0.05,
        schedule="cosine",
        random_state=0,
        device="cpu",
    ).fit(tasks)
    fresh = tasks.sample(400, 1)
    truth = plda(mean, 4 * between, within)
    right = {
        name: ((one.scores(fresh) > 0) == (fresh.y.numpy() == 1)).mean()
        for name, one in {"learned": learner, "true": truth}.items()
    }
    assert right["true"] > 0.8
    assert right["learned"] > right["true"] - 0.01
