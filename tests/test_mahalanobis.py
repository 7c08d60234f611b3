"""Mahalanobis against loops over coordinates, its limits, and the loss at several
numbers of shots.
"""

import numpy as np
import pytest
import torch
from torch import nn

from metaad.meta import Mahalanobis, ProtoNet
from metaad.tasks import OneClassTasks, Task

M = 3  # width of the embedding, which is the row itself here


def tasks(k=4):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, M)) + np.repeat(np.arange(3), 20)[:, None]
    return OneClassTasks(
        X, np.repeat(np.arange(3), 20), k=k, n_query=5, dtype=torch.float64
    )


def learner(cls=Mahalanobis, shots=None, **head):
    """On rows as they are, with these parameters in its head."""
    made = cls(
        nn.Identity(), shots=shots, iterations=1, random_state=0, device="cpu"
    ).fit(tasks())
    with torch.no_grad():
        for name, value in head.items():
            made.module_["head"][name].copy_(
                torch.as_tensor(value, dtype=torch.float64)
            )
    return made


HEAD = {
    "log_scale": 0.3,
    "threshold": 1.7,
    "log_prior_rows": 1.1,
    "log_guess": -0.4,
    "spread": 0.6,
    "log_variance": [0.2, -0.5, 1.0],
}


def score(made, support, x, y=None):
    y = None if y is None else torch.as_tensor(y)[None]
    return (
        made.adapted(torch.as_tensor(support)[None], y)(torch.as_tensor(x)[None])
        .detach()[0, :, 0]
        .numpy()
    )


@pytest.mark.parametrize("k", [2, 5])
def test_score_is_the_formula_coordinate_by_coordinate(k):
    rng = np.random.default_rng(k)
    support, x = rng.normal(size=(k, M)), rng.normal(size=(6, M))
    rows, expected = np.exp(HEAD["log_prior_rows"]), np.zeros(6)
    for j in range(M):
        c = support[:, j].mean()
        v = (
            rows * np.exp(HEAD["log_variance"][j]) + ((support[:, j] - c) ** 2).sum()
        ) / (rows + k - 1)
        v *= 1 + np.exp(HEAD["log_guess"]) / k
        expected += (
            np.exp(HEAD["log_scale"]) * (x[:, j] - c) ** 2 / v / M
            + HEAD["spread"] * np.log(v) / M
        )
    expected -= np.exp(HEAD["log_scale"]) * HEAD["threshold"]
    np.testing.assert_allclose(score(learner(**HEAD), support, x), expected, rtol=1e-12)


def test_without_shared_variance_it_is_the_sample_variance_and_units_do_not_matter():
    rng = np.random.default_rng(1)
    support = rng.normal(size=(6, M))
    made = learner(**HEAD | {"log_prior_rows": -60.0, "log_guess": -60.0})
    found = made.variances(torch.as_tensor(support)[None])[0].detach().numpy()
    np.testing.assert_allclose(found, support.var(axis=0, ddof=1), rtol=1e-12)
    x, unit = rng.normal(size=(8, M)), np.array([0.1, 1.0, 50.0])
    made = learner(
        **HEAD | {"log_prior_rows": -60.0, "log_guess": -60.0, "spread": 0.0}
    )
    np.testing.assert_allclose(
        score(made, support * unit, x * unit), score(made, support, x), rtol=1e-9
    )


def test_with_the_shared_variance_alone_it_is_a_prototypical_network():
    rng = np.random.default_rng(2)
    support, x = rng.normal(size=(5, M)), rng.normal(size=(7, M))
    shared = {"log_scale": 0.4, "threshold": 1.3}
    alone = {
        "log_prior_rows": 60.0,
        "log_guess": -60.0,
        "spread": 0.0,
        "log_variance": np.zeros(M),
    }
    expected = score(learner(ProtoNet, **shared), support, x)
    np.testing.assert_allclose(
        score(learner(**shared | alone), support, x), expected, rtol=1e-12
    )


def test_a_class_that_varies_more_is_given_more_room():
    rng = np.random.default_rng(3)
    narrow, x = rng.normal(size=(8, M)), 3 * np.ones((1, M))
    wide = narrow.mean(axis=0) + 3 * (narrow - narrow.mean(axis=0))
    made = learner(**HEAD | {"spread": 0.0})
    assert score(made, wide, x) < score(made, narrow, x)


def test_anomalies_in_the_support_count_for_nothing():
    rng = np.random.default_rng(4)
    support, x = rng.normal(size=(5, M)), rng.normal(size=(7, M))
    mixed = np.concatenate([support, rng.normal(size=(2, M)) + 9])
    found = score(learner(**HEAD), mixed, x, np.array([0.0] * 5 + [1.0] * 2))
    np.testing.assert_allclose(found, score(learner(**HEAD), support, x), rtol=1e-12)


@pytest.mark.parametrize("cls", [Mahalanobis, ProtoNet])
def test_the_loss_at_several_shots_is_the_mean_over_shortened_supports(cls):
    task = tasks().sample(6, 5)
    made = learner(cls)
    short = [Task(task.support[:, :k], task.query, task.y) for k in (2, 3, 4)]
    one_by_one = [float(made.loss(t).detach()) for t in short]
    made.shots = (2, 3, 4)
    assert float(made.loss(task).detach()) == pytest.approx(
        np.mean(one_by_one), rel=1e-12
    )
    assert len({round(v, 6) for v in one_by_one}) == 3


def test_gradients_agree_with_finite_differences():
    made, task = learner(shots=(2, 4), **HEAD), tasks().sample(3, 6)
    parameters = list(made.module_["head"].parameters())

    def loss(*values):
        made.module_["head"] = nn.ParameterDict(
            dict(
                zip(made.module_["head"].keys(), map(nn.Parameter, values), strict=True)
            )
        )
        return made.loss(task)

    gradients = torch.autograd.grad(made.loss(task), parameters)
    for i, (p, g) in enumerate(zip(parameters, gradients, strict=True)):
        for at in range(p.numel()):
            step = torch.zeros_like(p).flatten()
            step[at] = 1e-6
            ends = [
                loss(
                    *[
                        q.detach() + (sign * step.view_as(p) if j == i else 0)
                        for j, q in enumerate(parameters)
                    ]
                ).item()
                for sign in (1, -1)
            ]
            assert float(g.flatten()[at]) == pytest.approx(
                (ends[0] - ends[1]) / 2e-6, rel=1e-5, abs=1e-9
            )


def test_shots_that_make_no_sense_are_refused():
    for shots in ((), (0, 2), (2, 5)):
        with pytest.raises(ValueError, match="between 1 and the tasks' own k = 4"):
            learner(ProtoNet, shots=shots)
