"""Adversarial meta-learning: who goes up and who goes down, what proposals may be, and
the controls that differ in one place.
"""

import copy

import numpy as np
import pytest
import torch
from matplotlib import pyplot as plt
from sklearn.decomposition import PCA
from sklearn.neighbors import NearestNeighbors
from torch import nn

from metaad import repro
from metaad.exercises import push_off
from metaad.experiments.images import adversarial_meta as experiment
from metaad.experiments.images import adversarial_meta_quick as quick
from metaad.experiments.images import adversarial_meta_rivals as rivals
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
    versus,
)
from metaad.nets import MLP
from metaad.plots import adversarial
from metaad.tasks import OneClassTasks, ResampledTasks, Task, protocol

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


def test_a_detector_that_guesses_pays_log_2_and_what_does_not_count_pays_nothing():
    rows, odd = torch.zeros(2, 3, 4), torch.ones(2, 3, 4)
    guess = versus(lambda x: x[..., 0] * 0, rows, odd, torch.ones(2, 3))
    assert guess.item() == pytest.approx(np.log(2))
    # by hand: logits -1 for normal rows, 2 for odd ones, of which one of three counts
    far = torch.tensor([[1.0, 0.0, 0.0]]).expand(2, 3)
    found = versus(lambda x: 3 * x[..., 0] - 1, rows, odd, far)
    by_hand = (3 * np.log1p(np.exp(-1)) + np.log1p(np.exp(-2))) / 6
    assert found.item() == pytest.approx(by_hand, rel=1e-6)


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
    made, _ = started("none")
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
        ({"width": 0}, "width must be a whole number ≥ 1, got 0"),
        ({"noise": 1.5}, "noise must be a whole number ≥ 1, got 1.5"),
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


def test_the_exercise_takes_its_solution_and_answers_every_wrong_function():
    asked = push_off.exercise("06.9")
    assert asked.answer(push_off.push_off) == (True, f"Correct. {asked.praise}")
    right, text = asked.answer(lambda row, normal, radius: None)
    assert not right and text.startswith("Not yet.")
    assert len(asked.wrong) >= 5
    for wrong in asked.wrong:
        assert asked.answer(wrong.function) == (False, f"Not yet. {wrong.reply}")


def test_the_exercises_push_is_one_round_of_keep_off():
    rng = np.random.default_rng(0)
    for _ in range(20):
        row, normal, radius = push_off.crowds(rng)
        tensors = (torch.as_tensor(a)[None] for a in (row[None], normal, [[radius]]))
        moved, _ = keep_off(*tensors, rounds=1)
        ours = push_off.push_off(row, normal, radius)
        np.testing.assert_allclose(moved[0, 0].numpy(), ours, rtol=1e-4, atol=1e-4)


def test_the_figure_writes_a_score_under_every_proposal_and_none_under_a_normal_row():
    images = np.linspace(-0.5, 1.5, 8).reshape(2, 2, 2)
    sources = {"a": (images, np.array([0.25, np.nan])), "b": (images, np.ones(2))}
    figure = adversarial.proposals(images, sources)
    assert [a.get_xlabel() for a in figure.axes] == [
        "",
        "",
        "0.25",
        "–",
        "1.00",
        "1.00",
    ]
    drawn = np.array([a.images[0].get_array() for a in figure.axes])
    assert drawn.shape == (6, 2, 2) and drawn.min() == 0 and drawn.max() == 1
    assert [a.get_ylabel() for a in figure.axes[::2]] == ["normal", "a", "b"]
    plt.close(figure)


@pytest.mark.parametrize("function", [rivals.knn, rivals.pca, rivals.mahalanobis])
def test_a_rival_finds_a_row_far_from_its_support_the_most_anomalous(function):
    rng = np.random.default_rng(0)
    support = rng.normal(size=(10, 3))
    query = np.concatenate([support[:4], [[20.0, -30.0, 10.0]]])
    assert function(support, query, 2).argmax() == 4


def test_rivals_agree_with_scikit_learn():
    rng = np.random.default_rng(0)
    support, query = rng.normal(size=(10, 3)), rng.normal(size=(6, 3))
    gaps = NearestNeighbors(n_neighbors=2).fit(support).kneighbors(query)[0]
    np.testing.assert_allclose(rivals.knn(support, query, 2), gaps.mean(axis=1))
    pca = PCA(2).fit(support)
    left = query - pca.inverse_transform(pca.transform(query))
    np.testing.assert_allclose(rivals.pca(support, query, 2), (left**2).sum(axis=1))
    covariance = np.cov(support.T)
    level = 0.3 * np.trace(covariance) / 3 * np.eye(3)
    away = query - support.mean(axis=0)
    expected = (away @ np.linalg.inv(covariance + level) * away).sum(axis=1)
    np.testing.assert_allclose(rivals.mahalanobis(support, query, 0.3), expected)


def test_settings_are_chosen_without_the_held_out_digits_and_without_test_rows():
    X, y = blobs(classes=10, per_class=400)
    p = protocol("five-folds", X, y, 1, n_test=10)
    now, later = experiment.validation(p, 1)
    assert later.normal == [4, 5] and now.normal == [0, 1, 6, 7, 8, 9]
    assert set(later.anomalous) == {0, 1, 4, 5, 6, 7, 8, 9}
    mine, others, train, test = (
        {r.tobytes() for r in tasks.X.float().numpy()}
        for tasks in (now, later, p.train, p.test)
    )
    assert mine | others <= train and not mine & others and not train & test


def test_every_method_has_as_many_settings_as_the_others():
    knobs = experiment.PIXELS | experiment.FEATURES
    counts = [len(k) for k in experiment.LEARNED.values()]
    assert set(counts) | {len(k) for _, k in knobs.values()} == {4}
    reached = {"a": [0.1, 0.4, 0.4, 0.2], "b": [0.9, 0.1, 0.1, 0.1]}
    assert experiment.best(reached) == {"a": 1, "b": 0}


def test_seeds_are_averaged_before_differences_are_taken_over_classes():
    still = {"others": [0, 0], "held_out": [0, 0]}
    runs = [[{"a": still | {"others": [s, s + 1]}, "b": still}] for s in (1.0, 3.0)]
    table = experiment.table_of(runs)
    assert table["a"]["others"] == [2.0, 3.0]
    value, low, high, n = experiment.differences(table, "a", ["b"])["b"]["others"]
    assert (value, n) == (2.5, 2) and low <= 2.5 <= high


def test_the_lesson_uses_the_settings_that_the_record_chose():
    kept = repro.recorded("adversarial_meta")
    for source, settings in quick.SETTINGS.items():
        assert kept["settings"][source][kept["chosen_overall"][source]] == settings
    knobs = kept["knobs"]["PCA, pixels"]
    assert knobs[kept["chosen_overall"]["PCA, pixels"]] == quick.COMPONENTS
    assert kept["settings"] == experiment.LEARNED


def test_the_records_means_and_differences_follow_from_its_classes():
    kept = repro.recorded("adversarial_meta")
    for name, table in kept["auroc"].items():
        for method, values in table.items():
            mean = kept["mean"][name][method][0]
            assert mean == pytest.approx(np.mean(values["others"])) and 0 <= mean <= 1
        for ours, others in kept["minus"][name].items():
            for method, found in others.items():
                for where, interval in found.items():
                    gap = np.subtract(table[ours][where], table[method][where])
                    assert interval[0] == pytest.approx(gap.mean(), abs=1e-12)
