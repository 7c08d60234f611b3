"""A training step on a device, without one: under fake tensors, on the meta device, and
by counting what crosses between device and host.
"""

import numpy as np
import pytest
import torch
from sklearn.base import clone
from torch import nn
from torch._subclasses import FakeTensorMode
from torch.utils._python_dispatch import TorchDispatchMode

from metaad import data
from metaad.detectors import AutoencoderDetector
from metaad.detectors.batched_autoencoders import train_modules
from metaad.meta import MAML, Adversarial, Classifier, Mahalanobis, Subspace, subspace
from metaad.meta.adversarial import SOURCES, _first, normal_rows
from metaad.meta.autoencoder import (
    _separation_by_weights,
    log_error,
    separation_loss,
)
from metaad.meta.few_shot import few_shot, trunk
from metaad.meta.inner_loop import both_through, inner_loop
from metaad.meta.learnables import Learnable, normality_loss
from metaad.meta.training import Training, source
from metaad.nets import Autoencoder, ConvNet
from metaad.tasks import AllPairs, MadeUpTasks, OneClassTasks
from metaad.tasks.class_pool import ClassPool
from metaad.tasks.draws import Draws

SIDE = 8
META, CUDA = torch.device("meta"), torch.device("cuda")


def one_class(**options):
    rng = np.random.default_rng(0)
    X, y = rng.random((80, SIDE**2)), np.arange(80) % 5
    options = {"k": 3, "n_query": 4, "dtype": torch.float32} | options
    return OneClassTasks(X, y, **options)


def all_pairs():
    return AllPairs(MadeUpTasks(one_class(), shots=(2, 3)))


def class_pool():
    tasks = MadeUpTasks(one_class(), share=0.5, kinds=("warp", "doodle"))
    return ClassPool(tasks, pool=4)


def draws(device):
    # a generator of the CPU stands for the device's: the draws are made there
    return Draws(torch.Generator().manual_seed(0), torch.float32, device)


class Crossings(TorchDispatchMode):
    """Count what makes a program wait for a device (down), and what a host sends (up).

    Down: a number asked for, a copy to the CPU, a result whose shape depends on
    numbers. Up: a copy from the CPU.
    """

    ASKING = ("_local_scalar_dense", "nonzero", "is_nonzero", "equal", "masked_select")

    def __init__(self):
        super().__init__()
        self.down, self.up = [], []

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        given = [t for t in torch.utils._pytree.tree_leaves((args, kwargs))]
        given = [t for t in given if isinstance(t, torch.Tensor)]
        there = [t for t in given if t.device.type != "cpu"]
        name = function._schema.name.removeprefix("aten::")
        if there and name in self.ASKING:
            self.down.append(name)
        out = function(*args, **(kwargs or {}))
        made = [t for t in torch.utils._pytree.tree_leaves(out)]
        made = [t for t in made if isinstance(t, torch.Tensor)]
        for t in made:
            if t.device.type == "cpu" and there:
                self.down.append(name)
            elif t.device.type != "cpu" and any(
                g.device.type == "cpu" and g.ndim for g in given
            ):
                self.up.append(name)
        return out


def learners():
    quick = {"iterations": 3, "n_tasks": 6, "device": "meta", "random_state": 0}
    images = {m: few_shot(m, side=SIDE, **quick) for m in ("OC-ANIL", "Mahalanobis")}
    weights = MAML(AutoencoderDetector(hidden=(6,), code_size=2), steps=2, **quick)
    return {
        "OC-ANIL, all pairs": (images["OC-ANIL"], all_pairs()),
        "OC-ANIL, one by one": (images["OC-ANIL"], MadeUpTasks(one_class())),
        "Mahalanobis": (images["Mahalanobis"].set_params(shots=(2,)), all_pairs()),
        "autoencoder": (weights, one_class()),
        "classifier": (Classifier(trunk(1, SIDE), **quick), class_pool()),
        "subspace": (Subspace(trunk(8, SIDE), classify=1.0, **quick), all_pairs()),
    } | {
        f"adversarial, {source}": (
            Adversarial(trunk(8, SIDE), source, **quick),
            one_class(),
        )
        for source in SOURCES
    }


@pytest.mark.parametrize("name", learners())
def test_a_training_step_asks_a_device_for_nothing_and_sends_it_nothing(name):
    learner, tasks = learners()[name]
    learner.device_ = META
    tasks = learner._start(tasks, 0)
    training = Training(learner, tasks, np.random.default_rng(0))
    batches = iter(training.batches())
    training.descend(learner.loss(next(batches)))  # the rows go over, once
    with Crossings() as crossings:
        for task in batches:
            training.descend(learner.loss(task))
    assert training.done == 3 and len(training.waiting) == 3
    assert crossings.down == [] and crossings.up == []
    for p in learner.module_.parameters():
        assert p.device.type == "meta"


def test_a_number_that_is_asked_for_is_counted():
    rows = torch.zeros(3, device="meta")
    with Crossings() as crossings:
        for ask in (lambda: float(rows.sum()), rows.nonzero, rows.cpu):
            with pytest.raises((RuntimeError, NotImplementedError)):
                ask()
        torch.ones(2).to("meta")
    assert crossings.down[:2] == ["_local_scalar_dense", "nonzero"]
    assert crossings.up == ["_to_copy"]


def test_ten_autoencoders_as_one_ask_the_device_for_their_losses_alone(monkeypatch):
    # the fused Adam of a GPU is not made for the meta device
    plain = torch.optim.Adam
    monkeypatch.setattr(torch.optim, "Adam", lambda p, lr, fused: plain(p, lr))
    asked = []
    monkeypatch.setattr(
        "metaad.detectors.batched_autoencoders._histories",
        lambda losses, *_: asked.append(losses.shape),
    )
    nets = [Autoencoder(6, (5,), 2, device=META) for _ in range(4)]
    rows = [torch.zeros(n, 6, device=META) for n in (9, 12, 7, 12)]
    shuffles = [torch.Generator() for _ in nets]
    settings = {"epochs": 2, "batch_size": 4, "learning_rate": 1e-3}
    with Crossings() as crossings:
        train_modules(nets, rows, shuffles=shuffles, **settings)
    assert crossings.down == [] and asked == [(6, 4)]
    # an order of the rows goes over for each network and pass
    assert crossings.up == ["_to_copy"] * 2 * len(nets)


def test_without_a_question_the_same_normal_rows_are_taken():
    task = one_class().sample(6, 0)
    mixed = torch.randperm(task.y.shape[1], generator=torch.Generator().manual_seed(0))
    query, normal = task.query[:, mixed], task.y[:, mixed] == 0
    picked = normal_rows(task._replace(query=query, y=task.y[:, mixed]))
    assert torch.equal(_first(query, normal, 4), picked)
    # a number that does not hold is not passed over
    normal[0, normal[0].nonzero()[0]] = False
    found = _first(query, normal, 4)
    assert found[0].isnan().all() and torch.equal(found[1:], picked[1:])


def test_unnamed_classes_are_left_out_with_and_without_picking_rows(monkeypatch):
    learner, tasks = learners()["subspace"]
    learner.set_params(device="cpu", iterations=1).fit(tasks)
    task = tasks.sample(6, 1)
    assert (task.normal == -1).any() and (task.normal >= 0).any()
    with torch.no_grad():
        both = both_through(learner.module_["net"], task.support, task.query)
    found = []
    for picks in (True, False):
        monkeypatch.setattr(subspace, "_picks", lambda rows, picks=picks: picks)
        leaves = [z.clone().requires_grad_() for z in both]
        loss = learner._naming(*leaves, task)
        found.append([loss.detach(), *torch.autograd.grad(loss, leaves)])
    torch.testing.assert_close(*found)


def test_a_class_pool_draws_the_same_classes_on_a_device():
    pool = class_pool()
    by = Draws(torch.Generator().manual_seed(0), torch.float32)
    task = pool.sample(8, by)
    assert task.query.shape == (1, 8 * 4, SIDE**2) and task.support.shape[:2] == (8, 3)
    assert set(task.normal.tolist()) <= set(pool.classes.tolist())
    made = (task.normal > max(pool.tasks.digits)).sum()
    assert made == 4, "half of a batch, as on the CPU"
    same = task.normal[:, None] == task.normal.repeat_interleave(4)
    assert torch.equal(task.y == 0, same)
    recipes, classes = pool._known(by)
    assert recipes is pool._known(by)[0], "they go over once"
    np.testing.assert_allclose(recipes.bend, pool.recipes.bend, rtol=1e-6)
    assert np.array_equal(classes, pool.classes)


def trunk_there(out):
    """The trunk of the recipe, made on the device."""
    return ConvNet((32, 64, 64), out=out, side=SIDE, batch_norm=True, device=CUDA)


def metric_loss(task):
    learner = Mahalanobis(trunk_there(8))
    learner.learnable_ = Learnable(learner.estimator)
    numbers = {n: torch.as_tensor(v) for n, v in learner._head(8).items()}
    head = {n: torch.ones(v.shape, device=CUDA) for n, v in numbers.items()}
    head = nn.ParameterDict(head)
    learner.module_ = nn.ModuleDict({"net": learner.estimator, "head": head})
    return learner.loss(task)


def anil_loss(task):
    *lower, last = trunk_there(1)
    lower = nn.Sequential(*lower)
    support, query = both_through(lower, task.support, task.query)
    adapted = inner_loop(nn.Sequential(last), normality_loss, support, steps=0)
    return normality_loss(adapted(query), query, task.y).mean()


def rebuilding_loss(task):
    net = Autoencoder(SIDE**2, (6,), 2, device=CUDA)
    # as in MAML: the separation of errors, with no row picked out
    y = task.y if task.weight is None else task.y[:, : task.query.shape[1]]
    query = task.query.expand(len(y), -1, -1)
    return separation_loss(net(query), query, y).mean()


@pytest.mark.usefixtures("cuda_build")
@pytest.mark.parametrize("loss", [metric_loss, anil_loss, rebuilding_loss])
@pytest.mark.parametrize("pairs", [False, True], ids=["one by one", "all pairs"])
def test_what_is_drawn_on_cuda_and_what_is_computed_of_it_stays_there(loss, pairs):
    """Forward only: PyTorch's backward pass asks the driver for the device, which a
    fake tensor does not have.
    """
    tasks = AllPairs(MadeUpTasks(one_class())) if pairs else one_class()
    with FakeTensorMode(allow_non_fake_inputs=True):
        drawn = tasks.sample(6, draws(CUDA))
        for part in (drawn.support, drawn.query, drawn.y, drawn.normal):
            assert part.device.type == "cuda"
        assert loss(drawn).device.type == "cuda"


def test_the_cpu_draws_with_numpy_and_a_device_with_its_own_generator():
    rng = np.random.default_rng(0)
    assert source(one_class(), rng, torch.device("cpu")) is rng
    assert source(object(), rng, META) is rng, "tasks of others draw as they can"
    a, b = (source(one_class(), np.random.default_rng(s), META) for s in (1, 2))
    assert a.device == META and a.generator.initial_seed() != b.generator.initial_seed()
    again = source(one_class(), np.random.default_rng(1), META)
    assert again.generator.initial_seed() == a.generator.initial_seed()


def test_errors_are_separated_alike_with_and_without_picking_rows_out(monkeypatch):
    rng = torch.Generator().manual_seed(0)
    x, out = (torch.randn(3, 8, 5, generator=rng).double() for _ in range(2))
    y = torch.stack([torch.randperm(8, generator=rng) < 4 for _ in range(3)]).double()
    out.requires_grad_()
    logs = log_error(out, x)
    picked, weighted = separation_loss(out, x, y), _separation_by_weights(logs, y)
    torch.testing.assert_close(picked, weighted, rtol=1e-12, atol=0)
    slopes = [torch.autograd.grad(loss.sum(), out)[0] for loss in (picked, weighted)]
    torch.testing.assert_close(*slopes, rtol=1e-10, atol=1e-14)


@pytest.mark.parametrize("method", ["OC-ANIL", "Mahalanobis", "classifier", "subspace"])
def test_bfloat16_trains_float32_weights_close_to_those_without(method):
    quick = {"iterations": 8, "n_tasks": 6, "device": "cpu", "random_state": 0}
    made = learners().get(
        method,
        (few_shot(method, side=SIDE), all_pairs())
        if method in ("OC-ANIL", "Mahalanobis")
        else None,
    )
    found = {}
    for dtype in (None, "bfloat16"):
        learner = clone(made[0]).set_params(dtype=dtype, **quick)
        found[dtype] = learner.fit(made[1])
        weights = learner.module_.state_dict().values()
        assert {w.dtype for w in weights} <= {torch.float32, torch.int64}
    plain, halved = (np.array(f.history_) for f in found.values())
    assert not np.array_equal(plain, halved)
    np.testing.assert_allclose(plain, halved, rtol=0.1)


def test_a_type_that_is_asked_for_is_that_of_the_weights():
    quick = {"iterations": 1, "n_tasks": 6, "side": SIDE, "device": "cpu"}
    learner = few_shot("PLDA", dtype="float64", **quick).fit(one_class())
    assert next(learner.module_.parameters()).dtype == torch.float64
    for name in ("classifier", "subspace"):
        learner, tasks = learners()[name]
        learner.set_params(dtype="float64", device="cpu", iterations=1).fit(tasks)
        assert {p.dtype for p in learner.module_.parameters()} == {torch.float64}
    with pytest.raises(ValueError, match="float32, float64, bfloat16; got 'float16'"):
        few_shot("PLDA", dtype="float16", **quick).fit(one_class())


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device here")
@pytest.mark.parametrize("method", ["OC-ANIL", "Mahalanobis"])
@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_cuda_learns_draws_there_and_resumes(method, dtype, tmp_path):
    settings = {"iterations": 60, "n_tasks": 12, "side": SIDE, "random_state": 0}
    settings |= {"device": "cuda", "dtype": dtype}
    table = data.load("digits")
    one = OneClassTasks(table.X, table.y, k=5, n_query=4, dtype=torch.float32)
    tasks = AllPairs(MadeUpTasks(one))
    learner = few_shot(method, **settings).fit(tasks)
    assert len(learner.history_) == 60 and np.isfinite(learner.history_).all()
    assert np.mean(learner.history_[-10:]) < np.mean(learner.history_[:10])
    again = few_shot(method, checkpoint=tmp_path / "c", **settings).fit(tasks)
    resumed = few_shot(method, checkpoint=tmp_path / "c", **settings).fit(tasks)
    np.testing.assert_allclose(learner.history_, again.history_, rtol=1e-2)
    assert resumed.history_ == again.history_
    drawn = tasks.sample(12, torch.Generator("cuda").manual_seed(0))
    assert drawn.query.device.type == drawn.normal.device.type == "cuda"
