"""Adversarial meta-learning: who goes up and who goes down, what proposals may be, and
the controls that differ in one place.
"""

import copy

import numpy as np
import pytest
import torch
from torch import nn

from metaad.meta import Adversarial, ProtoNet, evaluate
from metaad.meta.adversarial import SOURCES, normal_rows
from metaad.meta.proposals import (
    AT_RANDOM,
    Mixer,
    Proposer,
    Reversal,
    box,
    keep_off,
    mixup,
    noise,
    spacing,
)
from metaad.nets import MLP
from metaad.tasks import OneClassTasks, ResampledTasks, Task

LEARNED = ("generator", "mixer")
OPTIONS = {"n_tasks": 4, "device": "cpu", "random_state": 0, "width": 8, "noise": 3}


def blobs(classes=6, per_class=30, d=4):
    rng = np.random.default_rng(0)
    y = np.repeat(np.arange(classes), per_class)
    X = 0.3 * rng.normal(size=(len(y), d)) + 2 * rng.normal(size=(classes, d))[y]
    return X, y


def one_class(**options):
    options = {"k": 5, "n_query": 6, "dtype": torch.float64} | options
    return OneClassTasks(*blobs(), **options)


def learner(anomalies="generator", net=None, **options):
    torch.manual_seed(1)
    net = net or MLP((4, 8, 3), dtype=torch.float64)
    return Adversarial(net, anomalies, **{"iterations": 4, **OPTIONS, **options})


def started(anomalies="generator", **options):
    """A learner as it starts, and a batch of its tasks."""
    made = learner(anomalies, iterations=1, learning_rate=0.0, generator_rate=0.0)
    made.set_params(**options).fit(one_class())
    made.module_.zero_grad()
    return made, made.prepared(one_class().sample(4, 0))


def at(made, task):
    """The loss with the same random numbers each time."""
    torch.manual_seed(0)
    return made.loss(task)


@pytest.mark.parametrize("kind", LEARNED)
def test_the_generators_gradient_is_minus_the_slope_of_the_loss_and_the_detectors_plus(
    kind,
):
    made, task = started(kind, margin=0.0)
    at(made, task).backward()
    for part, sign in (("generator", -1), ("net", 1), ("head", 1)):
        for p in made.module_[part].parameters():
            place = tuple(0 for _ in p.shape)
            found, h = p.grad[place].item(), 1e-6
            with torch.no_grad():
                p[place] += h
                up = at(made, task).item()
                p[place] -= 2 * h
                slope = (up - at(made, task).item()) / (2 * h)
                p[place] += h
            assert found == pytest.approx(sign * slope, rel=1e-4, abs=1e-8)


@pytest.mark.parametrize("kind", LEARNED)
@pytest.mark.parametrize("margin", [0.0, 0.5, 1.0])
def test_a_step_of_the_generator_alone_raises_the_detectors_loss(kind, margin):
    made, task = started(kind, margin=margin)
    before = at(made, task)
    before.backward()
    with torch.no_grad():
        for p in made.module_["generator"].parameters():
            p -= 0.02 * p.grad / (1e-12 + p.grad.norm())
    assert at(made, task) > before


def test_a_step_of_the_detector_alone_lowers_the_loss():
    made, task = started()
    before = at(made, task)
    before.backward()
    with torch.no_grad():
        for part in ("net", "head"):
            for p in made.module_[part].parameters():
                p -= 1e-3 * p.grad
    assert at(made, task) < before


def test_on_a_line_the_generator_walks_to_where_the_detector_is_unsure():
    # normal rows lie at -1 and 1, and the detector scores x² - 1: 0 at both, and
    # lowest, "surely normal", at 0
    start = torch.tensor([[[3.0]]], dtype=torch.float64, requires_grad=True)
    score = Reversal.apply(start).square() - 1
    nn.functional.softplus(-score).sum().backward()
    # the reversed slope of softplus(1 - x²) is 2 x σ(1 - x²) = 6 σ(-8)
    assert start.grad.item() == pytest.approx(6 / (1 + np.exp(8)))
    assert (start - 0.1 * start.grad).abs().item() < 3.0


def test_spacing_is_the_median_distance_to_the_nearest_other_row():
    rows = torch.tensor([[[0.0, 0.0], [3.0, 4.0], [3.0, 5.0], [13.0, 5.0]]])
    # nearest: 5, 1, 1, 10; torch's median takes the lower of the two in the middle
    assert spacing(rows).item() == 1.0
    rows = torch.tensor([[[0.0], [1.0], [3.0]]])
    assert spacing(rows).shape == (1, 1, 1) and spacing(rows).item() == 1.0


def test_a_proposal_that_is_too_near_moves_straight_away_and_no_other_moves():
    normal = torch.tensor([[[0.0, 0.0], [10.0, 0.0]]], dtype=torch.float64)
    near = torch.tensor([[[0.3, 0.4], [9.0, 5.0]]], dtype=torch.float64)
    moved, far = keep_off(near, normal, torch.tensor([[[2.0]]]))
    torch.testing.assert_close(
        moved[0, 0], torch.tensor([1.2, 1.6]).double(), rtol=1e-4, atol=0
    )
    assert torch.equal(moved[0, 1], near[0, 1]) and far.all()


def test_a_proposal_on_a_normal_row_or_between_two_is_marked_as_too_near():
    normal = torch.tensor([[[-1.0], [1.0]]], dtype=torch.float64)
    rows = torch.tensor([[[1.0], [0.2], [1.5]]], dtype=torch.float64)
    moved, far = keep_off(rows, normal, torch.tensor([[[1.2]]]))
    # on a row there is no way to go; between the two each way is barred
    assert far.tolist() == [[False, False, True]]
    assert moved[0, 2].item() == pytest.approx(2.2, rel=1e-4)


@pytest.mark.parametrize("kind", [*LEARNED, *AT_RANDOM])
@pytest.mark.parametrize("margin", [0.5, 1.0, 2.0])
def test_proposals_that_count_keep_the_distance_before_and_after_training(kind, margin):
    made, task = started(kind, margin=margin)
    for _ in range(2):
        rows, far = made.proposals(task)
        known = torch.cat([task.support, normal_rows(task)], dim=1)
        gap = (rows[:, :, None] - known[:, None]).norm(dim=-1).amin(dim=-1)
        least = margin * spacing(known)[:, 0]  # (n_tasks, 1)
        assert ((gap >= least) | (far == 0)).all()
        assert far.mean() > 0.5 and rows.shape == normal_rows(task).shape
        made = learner(kind, iterations=10, margin=margin).fit(one_class())


def test_proposals_that_do_not_count_change_no_loss():
    made, task = started()
    rows, far = made.proposals(task)
    far[0, 0] = 0
    losses = []
    for change in (0.0, 7.0):
        moved = rows.detach().clone()
        moved[0, 0] += change
        made.proposals = lambda task, moved=moved: (moved, far)
        losses.append(made.loss(task).item())
    assert losses[0] == losses[1]


def test_a_mixer_stays_between_a_row_and_one_of_the_next_task_in_every_feature():
    rows = torch.rand(3, 5, 4)
    other = rows.roll(1, dims=0)
    mixed = Mixer(4, 8, 2)(rows)
    low, high = torch.minimum(rows, other), torch.maximum(rows, other)
    assert ((low - 1e-6 <= mixed) & (mixed <= high + 1e-6)).all()
    flat = Mixer(4, 8, 2)
    for p in flat.parameters():
        nn.init.zeros_(p)
    torch.testing.assert_close(flat(rows), (rows + other) / 2)


def test_a_generator_adds_a_change_that_depends_on_the_row_and_on_noise():
    rows = torch.zeros(2, 3, 4)
    made = Proposer(4, 8, 2)
    assert len(made(rows).flatten(0, 1).unique(dim=0)) == 6
    for p in made.parameters():
        nn.init.zeros_(p)
    assert torch.equal(made(rows), rows)


def test_random_sources_draw_what_they_say():
    torch.manual_seed(0)
    normal = torch.randn(4, 50, 3, dtype=torch.float64)
    low, high = normal.amin((0, 1)), normal.amax((0, 1))
    drawn = box(normal)
    assert ((low <= drawn) & (drawn <= high)).all()
    torch.testing.assert_close(drawn.mean((0, 1)), (low + high) / 2, atol=0.5, rtol=0)
    away = (noise(normal) - normal).norm(dim=-1)
    torch.testing.assert_close(away, spacing(normal)[..., 0].expand_as(away))
    mixed, other = mixup(normal), normal.roll(1, dims=0)
    share = (mixed - normal) / (other - normal)  # the same in all three features
    torch.testing.assert_close(share, share[..., :1].expand_as(share))
    assert share.min() >= 0 and share.max() <= 1 and 0.4 < share.mean() < 0.6


def test_the_head_is_that_of_a_prototypical_network():
    net = MLP((4, 8, 3), dtype=torch.float64)
    options = {"iterations": 1, "learning_rate": 0.0, "device": "cpu"}
    ours = Adversarial(net, **options).fit(one_class())
    theirs = ProtoNet(net, **options).fit(one_class())
    task = one_class().sample(3, 1)
    np.testing.assert_allclose(ours.scores(task), theirs.scores(task), rtol=1e-12)


def test_with_real_anomalies_the_loss_is_the_cross_entropy_of_the_query():
    made, task = started("real")
    theirs = ProtoNet(made.estimator, iterations=1, learning_rate=0.0, device="cpu")
    theirs.fit(one_class())
    torch.testing.assert_close(made.loss(task), theirs.loss(task))


@pytest.mark.parametrize("kind", [s for s in SOURCES if s != "real"])
def test_no_other_source_looks_at_the_anomalies_of_the_tasks(kind):
    made, task = started(kind)
    other = task.query.clone()
    other[task.y == 1] = torch.nan
    assert torch.equal(at(made, task), at(made, task._replace(query=other)))


def test_without_anomalies_the_loss_is_small_for_compact_tasks_far_apart_and_not_for_one_point():
    made, task = started("none", estimator=nn.Identity())
    made.module_["net"] = nn.Identity()

    def loss(rows):
        y = torch.zeros(rows.shape[:2])
        return made.loss(Task(rows, rows, y)).item()

    apart = torch.tensor([-1.0, 1.0]).double()[:, None, None].expand(2, 6, 4)
    assert loss(apart) == pytest.approx(0.0, abs=1e-5)
    assert loss(torch.zeros(2, 6, 4).double()) == pytest.approx(1.0, abs=2e-3)


@pytest.mark.parametrize("kind", SOURCES)
def test_the_same_seed_gives_the_same_bytes_and_another_one_others(kind):
    a, b, c = (learner(kind, random_state=s).fit(one_class()) for s in (0, 0, 1))
    flat = [torch.cat([p.flatten() for p in m.module_.parameters()]) for m in (a, b, c)]
    assert torch.equal(flat[0], flat[1]) and a.history_ == b.history_
    assert not torch.equal(flat[0], flat[2])


@pytest.mark.parametrize("kind", ["generator", "mixer", "mixup"])
def test_it_learns_where_classes_differ_from_each_other_in_a_few_features(kind):
    rng = np.random.default_rng(0)
    y = np.repeat(np.arange(8), 40)
    X = rng.normal(size=(320, 6))
    X[:, :2] = 0.2 * X[:, :2] + 2 * rng.normal(size=(8, 2))[y]
    options = {"k": 5, "n_query": 10, "dtype": torch.float64}
    train = OneClassTasks(X, y, normal=range(6), anomalous=range(6), **options)
    test = OneClassTasks(X, y, normal=(6, 7), **options)
    net = MLP((6, 16, 4), dtype=torch.float64)
    before, after = (
        evaluate(learner(kind, net, iterations=n).fit(train), test, 20).auroc.mean()
        for n in (1, 100)
    )
    assert after > before


def test_one_table_and_images_of_tables_work_as_for_the_other_meta_learners():
    X, _ = blobs()
    fitted = learner().fit(X.astype(np.float32))
    detector = fitted.adapt(X[:10])
    assert set(detector.predict(X)) <= {-1, 1}
    same = fitted.optimize(fitted.estimator, X[:10])
    np.testing.assert_array_equal(same.score_samples(X), detector.score_samples(X))
    assert "Adversarial adapted a start learned from anomalies" in fitted.reason_


def test_fit_leaves_the_network_and_the_random_state_as_they_were():
    made = learner()
    before, state = copy.deepcopy(made.estimator.state_dict()), torch.get_rng_state()
    made.fit(ResampledTasks(blobs()[0]))
    now = made.estimator.state_dict()
    assert all(torch.equal(before[n], now[n]) for n in before)
    assert torch.equal(state, torch.get_rng_state())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"anomalies": "gan"}, "one of 'generator', 'mixer'.*got 'gan'"),
        ({"margin": -1.0}, "margin must be 0 or more, got -1.0"),
        ({"margin": float("nan")}, "margin must be 0 or more, got nan"),
    ],
)
def test_a_parameter_that_means_nothing_is_refused(options, message):
    with pytest.raises(ValueError, match=message):
        learner().set_params(**options).fit(one_class())


def test_tasks_with_a_shared_query_or_different_numbers_of_normal_rows_are_refused():
    task = one_class().sample(3, 0)
    uneven = task.y.clone()
    uneven[0, 0] = 1
    for bad in (task._replace(query=task.query[:1]), task._replace(y=uneven)):
        with pytest.raises(ValueError, match="tasks drawn one by one"):
            normal_rows(bad)
