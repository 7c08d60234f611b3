"""One-class subspace network: its formula, its two losses, a class it never saw."""

import numpy as np
import pytest
import torch
from torch.nn.functional import cross_entropy

from metaad import saving
from metaad.meta import Subspace, evaluate
from metaad.meta.subspace import known_classes
from metaad.nets import MLP
from metaad.tasks import AllPairs, MadeUpTasks, OneClassTasks


def blobs():
    rng = np.random.default_rng(0)
    y = np.repeat(np.arange(6), 60)
    centers = np.pad(np.kron(np.eye(6), np.ones(2)), ((0, 0), (0, 4)))
    return 0.6 * centers[y] + 0.2 * rng.random((360, 16)), y


def pairs(share=0.0):
    X, y = blobs()
    known = {"k": 4, "n_query": 3, "dtype": torch.float64}
    known = OneClassTasks(X[y < 4], y[y < 4], **known)
    return AllPairs(MadeUpTasks(known, share=share, affine=0.0, elastic=0.0))


def fitted(share=0.0, **options):
    torch.manual_seed(0)
    net = MLP((16, 12), dtype=torch.float64)
    common = {"iterations": 5, "n_tasks": 8, "learning_rate": 1e-2, "device": "cpu"}
    return Subspace(net, random_state=0, **(common | options)).fit(pairs(share))


def test_the_score_is_the_distance_that_the_shrunk_flat_leaves_over():
    learner, task = fitted(), pairs().sample(8, 1)
    head = {n: float(v.detach()) for n, v in learner.module_["head"].items()}
    net = learner.module_["net"]
    with torch.no_grad():
        s, q = (net(t[0]).numpy() for t in (task.support, task.query))
    s, q = (z / np.linalg.norm(z, axis=1, keepdims=True) for z in (s, q))
    R, u = s - s.mean(axis=0), q - s.mean(axis=0)
    inner = R @ R.T + np.exp(head["log_prior_rows"]) * np.eye(4)
    left = (u**2).sum(axis=1) - ((u @ R.T) * np.linalg.solve(inner, R @ u.T).T).sum(1)
    expected = np.exp(head["log_scale"]) * (left - head["threshold"])
    np.testing.assert_allclose(learner.scores(task)[0], expected, atol=1e-10)


def test_naming_adds_the_cross_entropy_of_known_classes_alone():
    both, task = fitted(0.5, classify=2.0), pairs(0.5).sample(8, 3)
    assert both.classes_ == [0, 1, 2, 3] and (task.normal == -1).any()
    episodes = super(Subspace, both).loss(task).item()
    real = torch.as_tensor(task.normal >= 0)
    images = torch.cat(
        [
            task.support[real].flatten(0, 1),
            task.query[0].view(8, 3, -1)[real].flatten(0, 1),
        ]
    )
    names = torch.as_tensor(task.normal)[real]
    names = torch.cat([names.repeat_interleave(4), names.repeat_interleave(3)])
    logits = both.module_["names"](both.module_["net"](images))
    naming = cross_entropy(logits, names).item()
    assert both.loss(task).item() == pytest.approx(episodes + 2 * naming, rel=1e-8)


def test_without_naming_it_is_a_metric_learner_and_has_no_names():
    plain = fitted()
    assert "names" not in plain.module_
    task = pairs().sample(8, 3)
    expected = super(Subspace, plain).loss(task).item()
    assert plain.loss(task).item() == pytest.approx(expected)


@pytest.mark.parametrize("classify", [0.0, 1.0])
def test_it_tells_classes_that_it_never_saw_and_comes_back_from_a_file(
    classify, tmp_path
):
    learner = fitted(iterations=60, classify=classify, shots=(2, 4))
    X, y = blobs()
    new = OneClassTasks(X, y, k=4, n_query=20, normal=(4, 5), dtype=torch.float64)
    assert evaluate(learner, new, 20, 0).auroc.mean() > 0.9
    saving.save(tmp_path / "s", learner)
    back = saving.load(tmp_path / "s")
    one, two = (m.adapt(X[:5]).score_samples(X[200:]) for m in (learner, back))
    assert one.tobytes() == two.tobytes()


def test_anomalies_in_the_support_are_refused():
    with pytest.raises(ValueError, match="leave the anomalies out"):
        fitted().adapt(blobs()[0][:4], np.array([0, 0, 1, 0]))


def test_known_classes_leave_made_up_ones_out():
    assert known_classes(pairs(0.5)) == [0, 1, 2, 3]
