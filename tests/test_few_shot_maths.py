"""What lessons 08 and 09 say in formulas is what their learners compute."""

import numpy as np
import pytest
import torch

from metaad import metrics
from metaad.exercises.lesson_08 import one_step
from metaad.exercises.lesson_09 import leaked, shrunken
from metaad.meta import MAML, Mahalanobis
from metaad.nets import MLP
from metaad.tasks import OneClassTasks


def tasks():
    rng = np.random.default_rng(0)
    y = np.repeat(np.arange(3), 20)
    X = rng.normal(size=(60, 4)) + y[:, None]
    return OneClassTasks(X, y, k=5, n_query=6, dtype=torch.float64)


def anil(steps):
    """A fitted MAML whose last layer alone adapts, and its features of one task."""
    torch.manual_seed(0)
    net = MLP((4, 6, 1), dtype=torch.float64)
    options = {"steps": steps, "rates": "tensor", "layers": "last", "device": "cpu"}
    learner = MAML(net, iterations=3, random_state=0, **options).fit(tasks())
    task = tasks().sample(1, 1)
    layers = list(learner.module_["net"])
    trunk, last = torch.nn.Sequential(*layers[:-1]), layers[-1]
    with torch.no_grad():
        support, query = (trunk(t[0]).numpy() for t in (task.support, task.query))
    w, b = last.weight[0].detach().numpy(), float(last.bias[0].detach())
    rates = [float(r.detach()) for r in learner.inner_rates().values()]
    return learner.scores(task)[0], query, support, w, b, *rates


@pytest.mark.parametrize("steps", [1, 3])
def test_steps_on_a_last_layer_are_a_sum_of_similarities(steps):
    scores, query, support, w, b, rate_w, rate_b = anil(steps)
    first, beta, (v, a) = query @ w + b, np.zeros(len(support)), (w, b)
    for _ in range(steps):
        slopes = 1 / (1 + np.exp(-(support @ v + a))) / len(support)
        v, a, beta = (
            v - rate_w * slopes @ support,
            a - rate_b * slopes.sum(),
            beta + slopes,
        )
    kernel = rate_w * query @ support.T + rate_b
    np.testing.assert_allclose(query @ v + a, scores, atol=1e-12)
    np.testing.assert_allclose(first - kernel @ beta, scores, atol=1e-12)


def test_the_exercise_on_one_step_is_the_learners_own_step():
    scores, *given = anil(1)
    np.testing.assert_allclose(one_step(*given), scores, atol=1e-12)


def test_the_exercise_on_variances_is_the_learners_own_variance():
    learner = Mahalanobis(
        torch.nn.Identity(), iterations=1, device="cpu", random_state=0
    )
    learner.fit(tasks())
    support = np.random.default_rng(1).normal(size=(5, 4))
    head = {n: p.detach().exp().numpy() for n, p in learner.module_["head"].items()}
    wanted = learner.variances(torch.as_tensor(support)[None])[0].detach().numpy()
    given = (
        head["log_variance"],
        float(head["log_prior_rows"]),
        float(head["log_guess"]),
    )
    np.testing.assert_allclose(shrunken(support, *given), wanted, rtol=1e-12)


def test_a_fixed_score_has_a_mean_auroc_of_one_half_where_two_classes_change_places():
    scores = np.random.default_rng(2).normal(size=40)
    y = np.repeat([0, 1], 20)
    both = metrics.auroc(y, scores), metrics.auroc(1 - y, scores)
    assert np.isclose(np.mean(both), 0.5)


def test_a_copy_of_a_held_out_image_leaks_and_a_copy_of_another_does_not():
    known = np.random.default_rng(3).normal(size=(10, 5))
    assert leaked(known[[8, 9, 0, 1]] + 1e-6, known, np.arange(10), (8, 9)) == 0.5
