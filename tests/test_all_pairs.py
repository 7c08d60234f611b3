"""All pairs: the batch's loss is the mean of what its tasks, taken one at a time,
would have lost.
"""

import numpy as np
import pytest
import torch
from torch.nn.functional import binary_cross_entropy_with_logits

from metaad.meta import MAML, PLDA, ProtoNet
from metaad.meta.inner_loop import inner_loop
from metaad.nets import MLP
from metaad.tasks import OneClassTasks, Task
from metaad.tasks.all_pairs import AllPairs
from metaad.tasks.made_up import MadeUpTasks
from metaad.tasks.recipes import Recipes

SIDE = 6


def all_pairs(n_digits=4, **options):
    """All pairs over random images, each unlike any other."""
    rng = np.random.default_rng(0)
    X, y = rng.random((12 * n_digits, SIDE**2)), np.repeat(np.arange(n_digits), 12)
    return AllPairs(
        MadeUpTasks(OneClassTasks(X, y, k=3, n_query=2, dtype=torch.float64), **options)
    )


def one_at_a_time(learner, batch):
    """Mean over tasks of ½ mean loss on normal rows + ½ Σ w loss on anomalies, rows
    of weight 0 never looked at.
    """
    total = 0.0
    for i in range(len(batch.support)):
        used = batch.weight[i] > 0
        task = Task(
            batch.support[i : i + 1], batch.query[:, used], batch.y[i : i + 1, used]
        )
        scores = learner.adapted(task.support)(task.query)[..., 0]
        loss = binary_cross_entropy_with_logits(scores, task.y, reduction="none")[0]
        normal = task.y[0] == 0
        w = batch.weight[i, used][~normal]
        total = (
            total
            + 0.5 * loss[normal].mean()
            + 0.5 * (w / w.sum() * loss[~normal]).sum()
        )
    return total / len(batch.support)


@pytest.mark.parametrize("kind", ["ProtoNet", "PLDA", "OC-ANIL", "OC-MAML"])
def test_the_loss_and_its_gradient_are_those_of_one_task_at_a_time(kind):
    tasks = all_pairs(strange=0.3)
    torch.manual_seed(0)
    net = MLP((SIDE**2, 8, 1 if kind.startswith("OC") else 5))
    options = {
        "iterations": 1,
        "n_tasks": 8,
        "learning_rate": 0.0,
        "device": "cpu",
        "random_state": 0,
    }
    learner = {
        "ProtoNet": lambda: ProtoNet(net, **options),
        "PLDA": lambda: PLDA(net, **options),
        "OC-ANIL": lambda: MAML(net, layers="last", inner_rate=0.3, **options),
        "OC-MAML": lambda: MAML(net, layers="all", inner_rate=0.3, **options),
    }[kind]().fit(tasks)
    batch = tasks.sample(8, 3)
    assert (batch.weight == 0).any()
    parameters = [p for p in learner.module_.parameters() if p.requires_grad]
    together = learner.loss(batch)
    apart = one_at_a_time(learner, batch)
    torch.testing.assert_close(together, apart, rtol=1e-10, atol=1e-12)
    for a, b in zip(
        *(
            torch.autograd.grad(v, parameters, allow_unused=True)
            for v in (together, apart)
        ),
        strict=True,
    ):
        # the scorer of MAML is first order: its values are the same, its slope is not
        if kind in ("ProtoNet", "PLDA"):
            torch.testing.assert_close(a, b, rtol=1e-8, atol=1e-12)


@pytest.mark.parametrize("form", ["dual", "explicit"])
def test_a_shared_query_is_the_same_as_one_copy_for_each_task(form):
    torch.manual_seed(1)
    net = MLP((4, 6, 1)).double()
    support, query = (
        torch.randn(5, 3, 4, dtype=torch.float64),
        torch.randn(1, 7, 4, dtype=torch.float64),
    )

    def loss(out, x, y):
        return out.square().mean(dim=(1, 2))

    for names in (None, ["2.weight", "2.bias"]):
        adapted = inner_loop(
            net, loss, support, steps=2, rate=0.1, names=names, form=form
        )
        torch.testing.assert_close(
            adapted(query), adapted(query.expand(5, -1, -1)), rtol=1e-12, atol=1e-14
        )


def test_weights_by_hand():
    tasks = all_pairs(n_digits=3, strange=0.25)
    # classes 0, 1, 2 are real; 3 is made of 0 and 1, class 4 of 2 alone
    plain = np.zeros((2, 2, SIDE, SIDE))
    recipes = Recipes(np.array([[0, 1], [2, 2]]), plain, np.zeros((2, 2, 2)), plain)
    by_hand = np.array(
        # each row: ½ on its own class; of the other ½ three quarters on real and one on
        # made-up classes it may meet
        [
            [1 / 2, 3 / 16, 3 / 16, 0, 1 / 8],
            [3 / 16, 1 / 2, 3 / 16, 0, 1 / 8],
            [3 / 16, 3 / 16, 1 / 2, 1 / 8, 0],
            [0, 0, 3 / 8, 1 / 2, 1 / 8],
            [3 / 16, 3 / 16, 0, 1 / 8, 1 / 2],
        ]
    )
    np.testing.assert_allclose(tasks.weights(np.arange(5), recipes), 5 * by_hand)


def test_a_class_that_comes_twice_is_normal_in_both_its_tasks():
    tasks = all_pairs(n_digits=2, share=0.0)
    batch = tasks.sample(4, 0)
    same = torch.as_tensor(batch.normal[:, None] == batch.normal).repeat_interleave(
        2, dim=1
    )
    assert torch.equal(batch.y == 0, same)
    # two classes, twice each: all balanced
    torch.testing.assert_close(batch.weight, torch.ones_like(batch.weight))


def test_shapes_seeds_and_that_every_image_is_drawn_once():
    tasks = all_pairs(share=0.5)
    a, b, c = tasks.sample(8, 5), tasks.sample(8, 5), tasks.sample(8, 6)
    assert a.support.shape == (8, 3, SIDE**2) and a.query.shape == (1, 16, SIDE**2)
    assert a.y.shape == a.weight.shape == (8, 16) and sorted(a.normal) == [
        -1,
        -1,
        -1,
        -1,
        0,
        1,
        2,
        3,
    ]
    assert (
        torch.equal(a.support, b.support)
        and torch.equal(a.query, b.query)
        and torch.equal(a.weight, b.weight)
    )
    assert not torch.equal(a.query, c.query)
    torch.testing.assert_close(a.weight.mean(dim=1), torch.ones(8, dtype=torch.float64))
    for t in range(8):
        assert (a.y[t] == 0).nonzero().flatten().tolist() == [2 * t, 2 * t + 1]


def test_tasks_with_a_shared_query_are_not_pooled():
    with pytest.raises(ValueError, match="can't be pooled; draw tasks one by one"):
        all_pairs().sample(4, 0).pooled()
