"""The control without meta-learning: heads against their formulas, the pool of classes,
the classifier itself.
"""

import numpy as np
import pytest
import torch
from scipy.spatial.distance import cdist
from torch.nn.functional import cross_entropy

from metaad import saving
from metaad.meta import evaluate
from metaad.meta.classifier import Classifier
from metaad.meta.support_heads import HEADS, gram, shrunk, unit, whitening
from metaad.nets import MLP
from metaad.tasks import MadeUpTasks, OneClassTasks
from metaad.tasks.class_pool import ClassPool


def rows(k, m=12, q=7, seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(3, k, m)), rng.normal(size=(3, q, m))


def score(head, support, query, **options):
    support, query = torch.as_tensor(support), torch.as_tensor(query)
    return HEADS[head](*gram(support, query), **options).numpy()


@pytest.mark.parametrize("k", [1, 2, 10])
def test_heads_from_inner_products_are_distances(k):
    support, query = rows(k)
    for i, (s, q) in enumerate(zip(support, query, strict=True)):
        center = s.mean(axis=0)
        flat = np.linalg.svd(s - center, full_matrices=False)[2][: k - 1]
        left = q - center - (q - center) @ flat.T @ flat
        expected = {
            "mean": ((q - center) ** 2).sum(axis=1),
            "nearest": cdist(q, s, "sqeuclidean").min(axis=1),
            "residual": (left**2).sum(axis=1),
        }
        for head, values in expected.items():
            np.testing.assert_allclose(
                score(head, support, query)[i], values, rtol=1e-6, err_msg=head
            )


@pytest.mark.parametrize("k", [2, 10])
def test_the_shrunk_head_is_a_mahalanobis_distance(k):
    support, query = rows(k)
    kappa, m = 3.0, support.shape[2]
    for i, (s, q) in enumerate(zip(support, query, strict=True)):
        R, u = s - s.mean(axis=0), q - s.mean(axis=0)
        covariance = (kappa * np.eye(m) + R.T @ R) / (kappa + k - 1)
        squared = np.einsum("qi,ij,qj->q", u, np.linalg.inv(covariance), u)
        np.testing.assert_allclose(
            score("shrunk", support, query, prior=kappa)[i],
            kappa / (kappa + k - 1) * squared,
            rtol=1e-9,
        )


def test_the_shrunk_head_runs_from_the_residual_to_the_mean():
    products = gram(*map(torch.as_tensor, rows(4)))
    for prior, end in ((1e-9, "residual"), (1e9, "mean")):
        np.testing.assert_allclose(
            shrunk(*products, prior=prior), HEADS[end](*products), rtol=1e-6
        )


def test_a_query_that_all_tasks_share_counts_for_each():
    support, query = rows(3)
    shared = score("residual", support, query[:1])
    np.testing.assert_allclose(shared[1], score("residual", support[1:2], query[:1])[0])


def test_after_whitening_the_variance_within_classes_is_one_in_every_direction():
    rng = np.random.default_rng(0)
    labels = torch.as_tensor(np.repeat(np.arange(4), 50))
    spread = rng.normal(size=(5, 5))
    z = torch.as_tensor(rng.normal(size=(200, 5)) @ spread)
    z = z + 9 * torch.as_tensor(rng.normal(size=(4, 5)))[labels]
    white = z @ whitening(z, labels, ridge=0.0)
    centred = torch.cat([w - w.mean(0) for w in white.split(50)])
    np.testing.assert_allclose(centred.T @ centred / 200, np.eye(5), atol=1e-9)


def one_class(n_classes=3, **sizes):
    """Images whose ten times largest pixel says which class they are of."""
    y = np.repeat(np.arange(n_classes) * 2, 30)  # the classes 0, 2, 4
    X = np.full((len(y), 16), 0.1) + (y / 10)[:, None]
    sizes = {"k": 4, "n_query": 3} | sizes
    return OneClassTasks(X, y, dtype=torch.float64, **sizes)


def plain(**options):
    options = {"share": 0.0, "affine": 0.0, "elastic": 0.0} | options
    return MadeUpTasks(one_class(), **options)


def test_a_batch_of_classes_holds_images_of_the_classes_that_it_names():
    task = ClassPool(plain()).sample(6, 0)
    assert sorted(task.normal) == [0, 0, 2, 2, 4, 4]
    wanted = torch.as_tensor(0.1 + task.normal / 10)
    assert torch.allclose(task.support.amax(-1), wanted[:, None].expand(6, 4))
    assert torch.allclose(task.query.amax(-1).view(6, 3), wanted[:, None].expand(6, 3))
    same = torch.as_tensor(task.normal[:, None] == np.repeat(task.normal, 3))
    assert torch.equal(task.y == 0, same)


def test_the_pool_is_drawn_once_and_its_classes_come_equally_often():
    pool = ClassPool(plain(share=0.5, kinds=("warp", "splice")), pool=4, random_state=1)
    assert pool.classes.tolist() == [0, 2, 4, 5, 6, 7, 8]
    again = ClassPool(
        plain(share=0.5, kinds=("warp", "splice")), pool=4, random_state=1
    )
    assert np.array_equal(pool.recipes.sources, again.recipes.sources)
    before = pool.recipes.bend.copy()
    normal = np.concatenate([pool.sample(8, i).normal for i in range(5)])
    assert np.array_equal(pool.recipes.bend, before)
    found = dict(zip(*np.unique(normal, return_counts=True), strict=True))
    assert [found[c] for c in (5, 6, 7, 8)] == [5] * 4
    assert sum(found[c] for c in (0, 2, 4)) == 20
    # a batch of one does not ask for a class that is not there
    assert pool.sample(1, 0).normal.shape == (1,)
    with pytest.raises(ValueError, match="pool must be 0 or more"):
        ClassPool(plain(), pool=-1)


def blobs():
    """Six classes of images of 4 x 4 pixels; the last two are never learned from."""
    rng = np.random.default_rng(0)
    y = np.repeat(np.arange(6), 60)
    centers = np.kron(np.eye(6)[:, :6], np.ones(2))  # two pixels of each class glow
    X = 0.6 * np.pad(centers, ((0, 0), (0, 4)))[y] + 0.2 * rng.random((360, 16))
    return X, y


def classifier(head="residual", order=(0, 1, 2, 3), **options):
    X, y = blobs()
    known = {"k": 4, "n_query": 3, "normal": order, "dtype": torch.float64}
    known = OneClassTasks(X[y < 4], y[y < 4], **known)
    tasks = MadeUpTasks(known, share=0.0, affine=0.0, elastic=0.0)
    torch.manual_seed(0)
    net = MLP((16, 16, 1), dtype=torch.float64)
    common = {"iterations": 60, "n_tasks": 8, "learning_rate": 1e-2, "device": "cpu"}
    learner = Classifier(net, head, random_state=0, **(common | options))
    return learner.fit(ClassPool(tasks))


def test_the_order_in_which_the_classes_are_named_is_of_no_matter():
    learner = classifier(order=(2, 3, 0, 1), iterations=150)
    X, y = blobs()
    found = learner.module_["net"](torch.as_tensor(X[y < 4])).argmax(1)
    assert (found.numpy() == y[y < 4]).mean() > 0.95


@pytest.mark.parametrize("cosine", [False, True])
def test_the_loss_is_the_cross_entropy_of_every_image_of_the_batch(cosine):
    X, y = blobs()
    learner = classifier(cosine=cosine, iterations=3)
    task = ClassPool(plain()).sample(4, 0)  # its images are of no matter here
    task = task._replace(normal=np.array([0, 2, 2, 3]))
    images = torch.cat([task.support.flatten(0, 1), task.query[0]])
    labels = torch.tensor([0] * 4 + [2] * 8 + [3] * 4 + [0] * 3 + [2] * 6 + [3] * 3)
    net = learner.module_["net"]
    logits = net(images)
    if cosine:
        z, w = learner.features(images), unit(net[-1].weight)
        logits = learner.module_["scale"]["log"].exp() * z @ w.T
    assert learner.loss(task).item() == pytest.approx(
        float(cross_entropy(logits, labels)), rel=1e-10
    )


@pytest.mark.parametrize("head", HEADS)
def test_a_class_that_it_never_saw_is_told_from_others_by_a_few_images(head):
    X, y = blobs()
    learner = classifier(head)
    assert learner.history_[-1] < 0.5 * learner.history_[0]
    assert learner.module_["net"][-1].out_features == 4
    tasks = OneClassTasks(X, y, k=5, n_query=20, normal=(4, 5), dtype=torch.float64)
    assert evaluate(learner, tasks, 20, 0).auroc.mean() > 0.9
    task = tasks.sample(1, 0)
    detector = learner.adapt(task.support[0].numpy())
    np.testing.assert_allclose(
        -detector.score_samples(task.query[0].numpy()), learner.scores(task)[0]
    )


def test_features_have_length_one_and_come_from_the_layer_that_was_asked_for():
    learner, X = classifier(below=2, iterations=2), torch.as_tensor(blobs()[0])
    z = learner.features(X)
    net = learner.module_["net"]
    assert torch.allclose(z.norm(dim=1), torch.ones(len(X), dtype=torch.float64))
    assert torch.allclose(z, unit(net[0](X)))


@pytest.mark.parametrize("head", ["residual", "shrunk"])
def test_it_comes_back_from_a_file_and_adapts_to_the_same_scores(head, tmp_path):
    learner, X = classifier(head, iterations=2), blobs()[0]
    saving.save(tmp_path / "c", learner)
    back = saving.load(tmp_path / "c")
    one, two = (m.adapt(X[:5]).score_samples(X[200:]) for m in (learner, back))
    assert one.tobytes() == two.tobytes() and back.classes_ == [0, 1, 2, 3]


def test_what_it_cannot_do_is_said():
    with pytest.raises(ValueError, match="head must be one of residual.*got 'best'"):
        classifier("best")
    with pytest.raises(ValueError, match="leave the anomalies out"):
        classifier(iterations=2).adapt(blobs()[0][:4], np.array([0, 0, 1, 0]))
