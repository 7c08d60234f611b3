"""The experiment's shortcuts change no number: features computed once, judgements paired over variants."""

import numpy as np
import pytest
import torch
from mt_mnist import KEPT_OUT, embedded, judge, judgements, summarise

from metaad import data
from metaad.meta.all_pairs import AllPairs
from metaad.meta.made_up import MadeUpTasks
from metaad.meta.recipes import few_shot, unfreeze
from metaad.tasks import OneClassTasks


@pytest.fixture(scope="module")
def digits():
    table = data.load("digits")  # 8 × 8
    return table.X.reshape(len(table.X), -1).astype(np.float32), table.y


@pytest.fixture(scope="module")
def learners(digits):
    tasks = MadeUpTasks(OneClassTasks(*digits, k=3, n_query=2, normal=range(8), anomalous=range(8)))
    quick = {"iterations": 3, "n_tasks": 6, "side": 8, "device": "cpu"}
    found = {m: few_shot(m, **quick).fit(AllPairs(tasks)) for m in ("ProtoNet", "Mahalanobis", "PLDA", "OC-ANIL")}
    return found | {"OC-MAML": unfreeze(found["OC-ANIL"], iterations=1, n_tasks=2).fit(tasks)}


@pytest.mark.parametrize("method", ["ProtoNet", "Mahalanobis", "PLDA", "OC-ANIL", "OC-MAML"])
def test_features_computed_once_give_the_same_scores(learners, digits, method):
    X, y = digits
    rest, Z = embedded(learners[method], X)
    raw, once = (OneClassTasks(rows, y, k=5, n_query=20, normal=(8,)).sample(3, 0) for rows in (X, Z))
    torch.testing.assert_close(rest.scores(once), learners[method].scores(raw), rtol=1e-4, atol=1e-5)
    assert (Z is X) == (method == "OC-MAML")


def test_support_and_query_of_all_pairs_pass_batch_normalisation_as_one_batch(learners, digits):
    tasks = AllPairs(MadeUpTasks(OneClassTasks(*digits, k=3, n_query=2, normal=range(8), anomalous=range(8))))
    learner, batch = learners["ProtoNet"], tasks.sample(6, 0)
    learner.module_.train()
    with torch.no_grad():
        loss = learner._loss(batch)
        z = learner.module_["net"](torch.cat([batch.support.flatten(0, 1), batch.query[0]]))
        support, query = z[:18].view(6, 3, -1), z[18:]
        distance = (query[None] - support.mean(dim=1, keepdim=True)).square().mean(dim=-1)
        scale, threshold = (learner.module_["head"][n] for n in ("log_scale", "threshold"))
        scores = scale.exp() * (distance - threshold)
        by_hand = torch.where(batch.y == 1, -torch.sigmoid(scores).log(), -torch.sigmoid(-scores).log())
    learner.module_.eval()
    torch.testing.assert_close(loss, (batch.weight * by_hand).mean(), rtol=1e-4, atol=1e-5)


def test_a_judge_sees_the_digits_that_it_says(digits):
    class Reader:
        """Calls normal what carries the support's number."""

        def scores(self, task):
            return (task.query[..., 0] - task.support[:, :1, 0]).abs().numpy() - 0.5

    y = digits[1]
    found, (scores, labels, shown) = judge(Reader(), y[:, None].astype(float), y, 2, 3, (3, 5, 7), 10)
    assert found["accuracy"] == found["auroc"] == 1.0
    assert set(shown[labels == 0]) == {3} and set(shown[labels == 1]) == {5, 7}
    assert [found["called_normal"][d] for d in (3, 5, 7, 0)] == [1.0, 0.0, 0.0, None]
    assert summarise(-scores, labels, shown)[0]["auroc"] == 0.0


def test_no_split_is_judged_on_what_it_trains_on():
    for split in range(9):
        assert judgements("mt-mnist", split)[0] == ("test", split, None)
        what, digit, anomalies = judgements("mt-mnist", split)[1]
        assert (what, digit) == ("validation", 9) and split not in anomalies and 9 not in anomalies
    for split, out in enumerate(KEPT_OUT):
        found = judgements("pairs", split)
        assert [f[1] for f in found] == list(out) and all(9 in f[2] and not set(out) & set(f[2]) for f in found)
    assert judgements("five-folds", 2) == [
        ("others", 4, None), ("others", 5, None), ("held-out", 4, (5,)), ("held-out", 5, (4,))
    ]  # fmt: skip
