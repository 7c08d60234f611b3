"""The shared trunk and its four uses: what differs between them is only the
support's way in.
"""

import numpy as np
import pytest
import torch
from torch import nn

from metaad import data
from metaad.meta import MAML, PLDA, ProtoNet, evaluate
from metaad.meta.few_shot import METHODS, few_shot, fold_batch_norm, trunk, unfreeze
from metaad.tasks import OneClassTasks
from metaad.tasks.made_up import MadeUpTasks


@pytest.fixture(scope="module")
def tasks():
    table = data.load("digits")  # 8 × 8
    return {
        part: OneClassTasks(
            table.X, table.y, k=5, n_query=5, normal=classes, dtype=torch.float64
        )
        for part, classes in (("train", range(8)), ("test", (8, 9)))
    }


def quick(method, **options):
    return few_shot(method, iterations=3, n_tasks=4, side=8, device="cpu", **options)


def test_folding_batch_norm_leaves_the_function_as_it_is():
    torch.manual_seed(0)
    net = trunk(side=8).double()
    x = torch.rand(50, 64, dtype=torch.float64)
    net(x)  # moves the running statistics away from 0 and 1
    net.eval()
    folded = fold_batch_norm(net)
    assert not any(isinstance(layer, nn.BatchNorm2d) for layer in folded)
    torch.testing.assert_close(folded(x), net(x), rtol=1e-12, atol=1e-12)
    assert all(p.requires_grad for p in folded.parameters())
    assert any(isinstance(layer, nn.BatchNorm2d) for layer in net)


def test_the_methods_share_the_trunk_s_first_weights():
    nets = [quick(m, random_state=3).estimator for m in METHODS[:3]]
    for net in nets[1:]:
        # the last layers differ
        for a, b in zip(
            list(nets[0].parameters())[:-2], net.parameters(), strict=False
        ):
            assert torch.equal(a, b)
    other = quick("PLDA", random_state=4).estimator
    assert not torch.equal(other[1].weight, nets[0][1].weight)


def test_a_recipe_neither_reads_nor_moves_the_global_generator():
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    first = quick("PLDA").estimator[1].weight
    assert torch.equal(torch.rand(3), expected)
    assert torch.equal(quick("PLDA").estimator[1].weight, first)


@pytest.mark.parametrize(
    ("method", "kind"), [("ProtoNet", ProtoNet), ("PLDA", PLDA), ("OC-ANIL", MAML)]
)
def test_every_method_trains_on_made_up_classes_and_scores(tasks, method, kind):
    learner = quick(method).fit(MadeUpTasks(tasks["train"]))
    assert isinstance(learner, kind)
    episodes = evaluate(learner, tasks["test"], 4)
    assert np.isfinite(episodes.auroc).all() and set(episodes.normal) == {8, 9}


def test_oc_maml_starts_as_the_function_that_oc_anil_learned(tasks):
    anil = quick("OC-ANIL").fit(tasks["train"])
    maml = unfreeze(anil, iterations=1, n_tasks=2, learning_rate=0.0)
    maml.set_params(rate_learning_rate=0.0).fit(tasks["train"])
    # every layer adapts, not only the last
    assert len(maml.names_) > len(anil.names_) == 2
    task = tasks["test"].sample(2, 0)
    assert not np.allclose(maml.scores(task), anil.scores(task))
    for learner in (anil, maml):
        learner.steps = 0
    np.testing.assert_allclose(
        maml.scores(task), anil.scores(task), rtol=1e-8, atol=1e-10
    )


def test_an_unknown_method_is_named():
    with pytest.raises(
        ValueError,
        match="few_shot makes ProtoNet, Mahalanobis, PLDA, OC-ANIL.*got 'OC-MAML'",
    ):
        few_shot("OC-MAML")
