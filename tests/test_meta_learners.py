"""Meta-learners: they learn what they claim, the same seed gives the same bytes, and
bad input gets an answer.
"""

import copy
import math

import numpy as np
import pytest
import torch
from sklearn.base import clone
from sklearn.metrics import roc_auc_score
from torch import nn

from metaad.detectors import AutoencoderDetector, KMeansDetector, anomaly_score
from metaad.meta import (
    MAML,
    PLDA,
    FewShotDetector,
    Learnable,
    ProtoNet,
    Reptile,
    evaluate,
    learnable,
    normality_loss,
    squared_error,
)
from metaad.meta.autoencoder import separation_loss
from metaad.meta.evaluation import auroc_of_tasks
from metaad.nets import MLP, ConvNet
from metaad.tasks import OneClassTasks, SinusoidTasks

pytestmark = pytest.mark.filterwarnings("error")


def blobs(classes=8, per_class=60, d=6, seed=0):
    """Classes that differ in the first half of the features only; the second half is
    louder noise.
    """
    rng = np.random.default_rng(seed)
    y = np.repeat(np.arange(classes), per_class)
    X = rng.normal(size=(len(y), d))
    X[:, : d // 2] = 2.0 * rng.normal(size=(classes, d // 2))[y] + 0.4 * X[:, : d // 2]
    X[:, d // 2 :] *= 2.0
    return X, y


@pytest.fixture(scope="module")
def tasks():
    X, y = blobs()
    options = {"k": 5, "n_query": 10, "dtype": torch.float64}
    return OneClassTasks(
        X, y, normal=range(6), anomalous=range(6), **options
    ), OneClassTasks(X, y, normal=(6, 7), **options)


def net(out=1, seed=0, d=6):
    torch.manual_seed(seed)
    return MLP((d, 32, out), dtype=torch.float64)


def small(kind, **options):
    options = {
        "iterations": 20,
        "n_tasks": 4,
        "device": "cpu",
        "random_state": 0,
        **options,
    }
    if kind in ("maml", "reptile"):
        return {"maml": MAML, "reptile": Reptile}[kind](net(), **options)
    return {"proto": ProtoNet, "plda": PLDA}[kind](net(out=8), **options)


KINDS = ["maml", "reptile", "proto", "plda"]


@pytest.mark.parametrize(
    "learner",
    [
        MAML(
            net(),
            steps=3,
            inner_rate=0.1,
            rates="tensor",
            iterations=150,
            random_state=0,
            device="cpu",
        ),
        MAML(
            net(),
            steps=1,
            inner_rate=0.1,
            rates="entry",
            iterations=150,
            random_state=0,
            device="cpu",
        ),
        MAML(
            net(),
            steps=3,
            inner_rate=0.1,
            first_order=True,
            iterations=150,
            random_state=0,
            device="cpu",
        ),
        ProtoNet(net(out=8), iterations=150, random_state=0, device="cpu"),
        PLDA(net(out=8), iterations=150, random_state=0, device="cpu"),
    ],
    ids=["maml", "meta-sgd", "fomaml", "protonet", "plda"],
)
def test_meta_learning_finds_what_matters_where_the_support_alone_cannot_know(
    learner, tasks
):
    train, test = tasks
    before = evaluate(
        clone(learner).set_params(iterations=1).fit(train), test, 40
    ).auroc.mean()
    after = evaluate(learner.fit(train), test, 40).auroc.mean()
    alone = evaluate(
        KMeansDetector(n_clusters=1, random_state=0), test, 40
    ).auroc.mean()
    # half of the gradient, half of the gain
    margin = 0.0 if getattr(learner, "first_order", False) else 0.05
    assert after > before + 0.05 and after > alone + margin, (before, after, alone)
    assert np.mean(learner.history_[-20:]) < np.mean(learner.history_[:20])


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_seed_gives_the_same_weights_and_another_seed_others(kind, tasks):
    first, again, other = (small(kind, random_state=s).fit(tasks[0]) for s in (0, 0, 1))
    weights = [
        torch.cat([p.detach().flatten() for p in m.module_.parameters()])
        for m in (first, again, other)
    ]
    assert torch.equal(weights[0], weights[1]) and first.history_ == again.history_
    assert not torch.equal(weights[0], weights[2])


@pytest.mark.parametrize("kind", KINDS)
def test_fit_leaves_the_estimator_and_the_global_generator_alone(kind, tasks):
    learner = small(kind, iterations=3)
    before, state = copy.deepcopy(learner.estimator.state_dict()), torch.get_rng_state()
    learner.fit(tasks[0])
    assert all(
        torch.equal(before[n], p) for n, p in learner.estimator.state_dict().items()
    )
    assert torch.equal(state, torch.get_rng_state())


@pytest.mark.parametrize("kind", KINDS)
def test_adapt_returns_a_fitted_detector_that_agrees_with_the_batch_of_tasks(
    kind, tasks
):
    learner = small(kind).fit(tasks[0])
    task = tasks[1].sample(3, 0)
    scores = learner.scores(task)
    for i in range(3):
        detector = learner.adapt(task.support[i].numpy())
        assert isinstance(detector, FewShotDetector)
        query = task.query[i].numpy()
        np.testing.assert_allclose(
            anomaly_score(detector, query), scores[i], rtol=1e-10, atol=1e-12
        )
        assert np.array_equal(detector.predict(query), np.where(scores[i] > 0, -1, 1))
        refitted = clone(detector).fit(task.support[i].numpy())
        np.testing.assert_array_equal(
            anomaly_score(refitted, query), anomaly_score(detector, query)
        )


def test_an_adapted_detector_does_not_change_when_its_learner_goes_on(tasks):
    learner = small("maml").fit(tasks[0])
    task = tasks[1].sample(1, 0)
    detector = learner.adapt(task.support[0].numpy())
    before = anomaly_score(detector, task.query[0].numpy())
    learner.set_params(iterations=40).fit(tasks[0])
    np.testing.assert_array_equal(
        before, anomaly_score(detector, task.query[0].numpy())
    )


def test_adaptation_is_the_inner_loop_that_was_differentiated(tasks):
    learner = small("maml", steps=2, inner_rate=0.3).fit(tasks[0])
    task = tasks[1].sample(4, 0)
    by_hand = (
        learner.adapted(task.support, first_order=False)(task.query)
        .squeeze(-1)
        .detach()
        .numpy()
    )
    np.testing.assert_allclose(learner.scores(task), by_hand, rtol=1e-12)


def test_anil_changes_the_last_layer_alone_and_zero_steps_nothing(tasks):
    anil = small("maml", layers="last").fit(tasks[0])
    assert anil.names_ == ["2.weight", "2.bias"]
    task = tasks[1].sample(2, 0)
    assert set(anil.adapted(task.support).parameters()) == {"2.weight", "2.bias"}
    control = small("maml", steps=0).fit(tasks[0])
    plain = control.module_["net"](task.query).squeeze(-1).detach().numpy()
    np.testing.assert_allclose(control.scores(task), plain, rtol=1e-12)


def test_rates_are_learned_where_asked(tasks):
    fixed, tensor, entry = (
        small("maml", rates=r).fit(tasks[0]) for r in ("fixed", "tensor", "entry")
    )
    assert set(fixed.inner_rates().values()) == {0.02}
    assert all(
        r.ndim == 0 and r > 0 and r.item() != 0.02
        for r in tensor.inner_rates().values()
    )
    shapes = {n: p.shape for n, p in entry.module_["net"].named_parameters()}
    assert {n: r.shape for n, r in entry.inner_rates().items()} == shapes


def test_one_step_of_reptile_moves_to_the_mean_of_the_adapted_weights(tasks):
    learner = small(
        "reptile",
        iterations=1,
        learning_rate=0.25,
        steps=4,
        inner_rate=0.1,
        clip=math.inf,
    )
    start = {n: p.detach().clone() for n, p in learner.estimator.named_parameters()}
    learner.fit(tasks[0])
    rng = np.random.default_rng(0)
    rng.integers(2**31)  # the draw that seeds the module
    rows, y = tasks[0].sample(4, rng).pooled()
    ends = {n: [] for n in start}
    for i in range(4):  # written out: four steps of gradient descent on each task
        fast = {n: p.clone().requires_grad_() for n, p in start.items()}
        for _ in range(4):
            out = torch.func.functional_call(learner.estimator, fast, (rows[i],))
            gradients = torch.autograd.grad(
                normality_loss(out[None], rows[i][None], y[i][None]).sum(),
                fast.values(),
            )
            moved = {
                n: p - 0.1 * g
                for (n, p), g in zip(fast.items(), gradients, strict=True)
            }
            fast = {n: p.detach().requires_grad_() for n, p in moved.items()}
        for n, p in fast.items():
            ends[n].append(p.detach())
    for n, p in learner.module_["net"].named_parameters():
        torch.testing.assert_close(
            p.detach(), start[n] + 0.25 * (torch.stack(ends[n]).mean(0) - start[n])
        )


def test_protonet_scores_by_the_distance_to_the_mean_of_the_support(tasks):
    learner = ProtoNet(
        nn.Identity(), iterations=1, learning_rate=0.0, device="cpu"
    ).fit(tasks[0])
    task = tasks[1].sample(1, 0)
    center = task.support[0].numpy().mean(axis=0)
    # scale e^0, threshold 1
    expected = ((task.query[0].numpy() - center) ** 2).mean(axis=1) - 1.0
    np.testing.assert_allclose(learner.scores(task)[0], expected, rtol=1e-12)


def test_plda_is_the_ratio_of_the_predictive_densities_found_by_conditioning_a_joint_gaussian(
    tasks,
):
    learner = PLDA(nn.Identity(), iterations=1, learning_rate=0.0, device="cpu").fit(
        tasks[0]
    )
    generator = torch.Generator().manual_seed(0)
    head = learner.module_["head"]
    for name in ("mean", "between", "within"):
        head[name].data = torch.randn(6, dtype=torch.float64, generator=generator)
    mu, B, W = (
        head["mean"].detach(),
        nn.functional.softplus(head["between"]).detach(),
        nn.functional.softplus(head["within"]).detach(),
    )
    task = tasks[1].sample(1, 0)
    expected = []
    for x in task.query[0]:
        ratio = 0.0
        for j in range(6):
            # k support rows and the new one
            rows = torch.cat([task.support[0, :, j], x[j, None]])
            n = len(rows)
            joint = B[j] * torch.ones(n, n, dtype=torch.float64) + W[j] * torch.eye(
                n, dtype=torch.float64
            )

            def log_density(values, covariance, mean=mu[j]):
                gaussian = torch.distributions.MultivariateNormal(
                    mean.expand(len(values)), covariance
                )
                return gaussian.log_prob(values)

            given = log_density(rows, joint) - log_density(rows[:-1], joint[:-1, :-1])
            ratio += float(log_density(rows[-1:], joint[-1:, -1:]) - given)
        expected.append(ratio / 6)  # the scale starts at one sixth
    np.testing.assert_allclose(learner.scores(task)[0], expected, rtol=1e-9)


def test_labelled_anomalies_in_the_support_are_left_out_of_the_prototype(tasks):
    learner = small("proto").fit(tasks[0])
    task = tasks[1].sample(1, 0)
    support, odd, query = (
        task.support[0].numpy(),
        task.query[0, -2:].numpy(),
        task.query[0].numpy(),
    )
    alone = anomaly_score(learner.adapt(support), query)
    labelled = learner.adapt(np.concatenate([support, odd]), [0] * 5 + [1] * 2)
    np.testing.assert_allclose(anomaly_score(labelled, query), alone, rtol=1e-10)


def test_maml_learns_sinusoids_and_zero_steps_do_not():
    torch.manual_seed(0)
    start = Learnable(
        MLP((1, 40, 40, 1), dtype=torch.float64), squared_error, squared_error
    )
    waves = SinusoidTasks(k=10, dtype=torch.float64)
    test = waves.sample(100, 1)
    options = {
        "iterations": 400,
        "learning_rate": 5e-3,
        "random_state": 0,
        "device": "cpu",
    }
    errors = {}
    for steps in (0, 3):
        learner = MAML(
            start, steps=steps, inner_rate=0.02, rates="tensor", **options
        ).fit(waves)
        out = learner.adapted(test.support, test.support_y)(test.query).detach()
        errors[steps] = float(squared_error(out, test.query, test.y).mean())
    assert errors[3] < 0.6 * errors[0], errors


def autoencoder():
    return AutoencoderDetector(hidden=(8,), code_size=2, device="cpu", dtype="float64")


@pytest.mark.parametrize("method", [MAML, Reptile])
def test_a_learner_about_the_autoencoder_adapts_to_an_autoencoder(method, tasks):
    learner = method(autoencoder(), iterations=10, device="cpu", random_state=0).fit(
        tasks[0]
    )
    task = tasks[1].sample(1, 0)
    detector = learner.adapt(task.support[0].numpy())
    assert (
        type(detector) is AutoencoderDetector
        and detector.get_params() == learner.estimator.get_params()
    )
    query = task.query[0].numpy()
    error = np.log(anomaly_score(detector, query))
    np.testing.assert_allclose(error, learner.scores(task)[0], rtol=1e-6)
    below = (detector.decision_function(task.support[0].numpy()) < 0).mean()
    assert below <= 0.2  # contamination 0.1 of five rows


def test_separation_loss_is_zero_when_ranks_are_clear_and_log_2_when_errors_are_equal():
    x = torch.zeros(1, 4, 1, dtype=torch.float64)
    y = torch.tensor([[0.0, 0.0, 1.0, 1.0]], dtype=torch.float64)
    even = torch.ones_like(x)
    clear = torch.tensor([1e-3, 1e-3, 1e3, 1e3], dtype=torch.float64)[None, :, None]
    assert float(separation_loss(even, x, y)) == pytest.approx(math.log(2))
    assert float(separation_loss(clear, x, y)) < 1e-10
    # errors 1 and 4
    ratio = torch.tensor([1.0, 1.0, 2.0, 2.0], dtype=torch.float64)[None, :, None]
    assert float(separation_loss(ratio, x, y)) == pytest.approx(math.log(1 + 1 / 4))


def test_the_framework_listing_runs_on_one_plain_array():
    X, _ = blobs(classes=1, per_class=80)
    clf = autoencoder()
    meta = MAML(clf, iterations=30, random_state=0, device="cpu")
    meta.fit(X)
    tuned = meta.optimize(clf, X)
    gross = np.full((1, 6), 40.0)
    assert anomaly_score(tuned, gross) > anomaly_score(tuned, X).max()
    assert set(tuned.predict(X)) <= {-1, 1} and not hasattr(clf, "module_")
    with pytest.raises(
        TypeError,
        match="learned about AutoencoderDetector, and was asked to optimize KMeansDetector",
    ):
        meta.optimize(KMeansDetector(), X)


def test_auroc_of_tasks_against_scikit_learn():
    rng = np.random.default_rng(0)
    y = np.tile([0, 0, 0, 1, 1], (7, 1))
    scores = rng.integers(0, 4, (7, 5)).astype(float)  # many ties
    expected = [roc_auc_score(a, b) for a, b in zip(y, scores, strict=True)]
    np.testing.assert_allclose(auroc_of_tasks(y, scores), expected)


def test_the_same_episodes_are_drawn_for_every_learner_and_classes_are_told_apart(
    tasks,
):
    seen = []

    class Spy:
        def scores(self, task):
            seen.append(task.query)
            return task.query[..., 0].numpy()

    a, b = evaluate(Spy(), tasks[1], 30, 5), evaluate(Spy(), tasks[1], 30, 5)
    assert (
        torch.equal(seen[0], seen[2])
        and np.array_equal(a.auroc, b.auroc)
        and len(a.auroc) == 30
    )
    means = a.by_class()
    assert set(means) == {6, 7} and means[6] == pytest.approx(
        a.auroc[a.normal == 6].mean()
    )


def test_weight_averaging_and_the_cosine_schedule_end_near_the_plain_run(tasks):
    learner = small("maml", average=0.9, schedule="cosine", iterations=60).fit(tasks[0])
    assert np.isfinite(evaluate(learner, tasks[1], 20).auroc).all()
    assert all(p.requires_grad for p in learner.module_.parameters())


def test_batch_norm_sees_running_statistics_once_meta_learned():
    X, y = np.random.default_rng(0).random((80, 64)), np.repeat([0, 1, 2, 3], 20)
    tasks = OneClassTasks(X, y, k=4, n_query=5, dtype=torch.float64)
    torch.manual_seed(0)
    learner = ProtoNet(
        ConvNet((4, 4), out=3, side=8, batch_norm=True),
        iterations=5,
        device="cpu",
        average=0.5,
    )
    learner.fit(tasks)
    task = tasks.sample(2, 0)
    together = learner.scores(task)
    alone = learner.scores(
        task._replace(support=task.support[:1], query=task.query[:1], y=task.y[:1])
    )
    np.testing.assert_allclose(together[:1], alone, rtol=1e-10)
    before = copy.deepcopy(learner.module_.state_dict())
    learner.adapt(task.support[0].numpy()).score_samples(task.query[0].numpy())
    assert all(
        torch.equal(before[n], p) for n, p in learner.module_.state_dict().items()
    )


def test_bad_input_is_told_what_was_expected_what_came_and_what_to_do(tasks):
    learner = small("maml", iterations=1).fit(tasks[0])
    rows = np.zeros((4, 6))
    for call, error, message in [
        (
            lambda: learner.adapt(rows[:1]),
            ValueError,
            "at least 2 rows.*got shape \\(1, 6\\)",
        ),
        (lambda: learner.adapt(rows[0]), ValueError, "at least 2 rows"),
        (lambda: learner.adapt(rows[:, :5]), ValueError, "must have 6 features.*got 5"),
        (
            lambda: learner.adapt(np.where(np.eye(4, 6), np.nan, 0)),
            ValueError,
            "NaN or infinity",
        ),
        (lambda: learner.adapt(rows, [1, 1, 1, 1]), ValueError, "one 0 at least"),
        (lambda: learner.adapt(rows, [0, 1]), ValueError, "each of the 4 support rows"),
        (lambda: MAML(net(), rates="many").fit(tasks[0]), ValueError, "rates must be"),
        (
            lambda: MAML(net(), layers=["7.weight"]).fit(tasks[0]),
            ValueError,
            "layers must be",
        ),
        (
            lambda: MAML(net(), iterations=0).fit(tasks[0]),
            ValueError,
            "iterations must be",
        ),
        (
            lambda: MAML(net(), average=1.0).fit(tasks[0]),
            ValueError,
            "average must lie",
        ),
        (
            lambda: MAML(net(), schedule="linear").fit(tasks[0]),
            ValueError,
            "schedule must be",
        ),
        (
            lambda: MAML(object()).fit(tasks[0]),
            TypeError,
            "nothing learnable is known about object",
        ),
        (lambda: learnable(3, tasks[0]), TypeError, "expected one of"),
        (
            lambda: MAML(net(), inner_rate=1e200, device="cpu").fit(tasks[0]),
            FloatingPointError,
            "must stay finite",
        ),
    ]:
        with pytest.raises(error, match=message):
            call()
