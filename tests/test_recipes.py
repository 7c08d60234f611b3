"""The shared trunk and its four uses: what differs between them is only the
support's way in.
"""

import numpy as np
import pytest
import torch
from torch import nn

from metaad import FewShot, auroc, data
from metaad.meta import MAML, PLDA, ProtoNet, evaluate
from metaad.meta.few_shot import (
    METHODS,
    few_shot,
    fold_batch_norm,
    trunk,
    unfreeze,
)
from metaad.tasks import AllPairs, OneClassTasks
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
    options = {"random_state": 0, **options}
    return few_shot(method, iterations=3, n_tasks=4, side=8, device="cpu", **options)


def test_folding_batch_norm_leaves_the_function_as_it_is():
    torch.manual_seed(0)
    net = trunk(side=8).double()
    x = torch.rand(50, 64, dtype=torch.float64)
    net(x)  # moves the running statistics away from 0 and 1
    net.train()
    folded = fold_batch_norm(net)
    assert all(layer.training for layer in net), "the one given stays as it is"
    assert not {*map(id, folded.parameters())} & {*map(id, net.parameters())}
    net.eval()
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


def test_the_recipe_in_one_line_tells_a_digit_that_it_never_saw_from_the_others():
    table = data.load("mnist-5k")
    train = (table.y != 8) & (np.arange(len(table.y)) % 2 == 0)
    recipe = FewShot(iterations=25, n_tasks=12, device="cpu", random_state=0)
    detector = recipe.fit(table.X[train], table.y[train]).adapt(
        table.X[table.y == 8][:10]
    )
    rng = np.random.default_rng(0)
    own = np.flatnonzero(table.y == 8)[10:]
    others = rng.permutation(np.flatnonzero((table.y != 8) & ~train))[:490]
    rows = np.concatenate([own, others])
    flat = table.X[rows].reshape(len(rows), -1)
    scores = -detector.score_samples(flat)
    assert auroc((table.y[rows] != 8).astype(int), scores) > 0.8
    again = recipe.optimize(recipe.learner_.estimator, table.X[table.y == 8][:10])
    np.testing.assert_array_equal(again.predict(flat), detector.predict(flat))


def test_the_recipe_draws_all_pairs_of_made_up_and_real_classes():
    table = data.load("digits")
    tasks = FewShot(shots=(2, 5)).tasks(table.X, table.y)
    assert isinstance(tasks, AllPairs) and tasks.tasks.share == 5 / 6
    assert tasks.sample(12, 0).support.shape == (12, 5, 64)
    assert FewShot(made_up=False).tasks(table.X, table.y).tasks.share == 0.0
    several = FewShot("OC-ANIL", shots=(2, 5)).tasks(table.X, table.y)
    assert {several.sample(12, s).support.shape[1] for s in range(9)} == {2, 5}


def test_images_in_grey_values_of_a_byte_are_refused():
    with pytest.raises(ValueError, match=r"in \[0, 1\], got 0 to 255; divide"):
        FewShot().fit(255 * np.eye(4)[None].repeat(9, 0), np.arange(9) % 2)
