"""The inner loop against closed forms, finite differences and an explicit reference
written out task by task.
"""

import copy
import importlib.util
from pathlib import Path

import pytest
import torch
from torch import nn
from torch.func import functional_call

from metaad.meta import normality_loss
from metaad.meta.autoencoder import rebuild_loss
from metaad.meta.inner_loop import inner_loop
from metaad.nets import MLP, Autoencoder, ConvNet

ALPHA = 0.3


class Point(nn.Module):
    """θ itself as a network: the output is θ for every row, and ½‖θ - c‖² is the
    loss.
    """

    def __init__(self, theta):
        super().__init__()
        self.theta = nn.Parameter(theta.clone())

    def forward(self, x):
        return self.theta.expand(len(x), -1)


def half_squared_distance(out, x, y=None):
    return 0.5 * (out - x).square().sum(dim=-1).mean(dim=1)


@pytest.fixture
def quadratic():
    generator = torch.Generator().manual_seed(0)
    theta, c, q = (
        torch.randn(n, 4, dtype=torch.float64, generator=generator) for n in (1, 3, 3)
    )
    # three tasks with the centres c (3, 4) and the targets q (3, 4)
    return theta[0], c, q


@pytest.mark.parametrize("steps", [0, 1, 3, 7])
@pytest.mark.parametrize("first_order", [False, True])
def test_on_the_quadratic_the_end_point_and_the_meta_gradient_have_their_closed_forms(
    quadratic, steps, first_order
):
    theta, c, q = quadratic
    point = Point(theta)
    adapted = inner_loop(
        point,
        half_squared_distance,
        c[:, None],
        steps=steps,
        rate=ALPHA,
        first_order=first_order,
    )
    end = c + (1 - ALPHA) ** steps * (theta - c)  # θ_K, (3, 4)
    torch.testing.assert_close(
        adapted.parameters()["theta"], end, rtol=1e-12, atol=1e-12
    )
    half_squared_distance(adapted(q[:, None]), q[:, None]).sum().backward()
    shrink = 1.0 if first_order else (1 - ALPHA) ** steps
    torch.testing.assert_close(
        point.theta.grad, (shrink * (end - q)).sum(dim=0), rtol=1e-12, atol=1e-12
    )


def smooth_autoencoder():
    torch.manual_seed(1)
    return Autoencoder(6, (5,), 3, activation=nn.Tanh, dtype=torch.float64)


def smooth_classifier():
    torch.manual_seed(1)
    return MLP((6, 5, 4, 1), activation=nn.Tanh, dtype=torch.float64)


def smooth_convolution():
    torch.manual_seed(1)
    net = ConvNet((2, 3), side=6, dtype=torch.float64)
    return nn.Sequential(
        *(nn.Softplus() if isinstance(layer, nn.ReLU) else layer for layer in net)
    )


NETS = {
    "autoencoder": (smooth_autoencoder, rebuild_loss, 6),
    "classifier": (smooth_classifier, normality_loss, 6),
    "convolution": (smooth_convolution, normality_loss, 36),
}


def batch(d, n_tasks=3, k=4, q=5):
    generator = torch.Generator().manual_seed(2)
    x = torch.randn(n_tasks, k + q, d, dtype=torch.float64, generator=generator)
    return x[:, :k], x[:, k:]


def outer_value(net, loss, x, query, **options):
    return loss(inner_loop(net, loss, x, **options)(query), query, None).sum()


@pytest.mark.parametrize("steps", [1, 3])
@pytest.mark.parametrize(
    "form, name",
    [("dual", "autoencoder"), ("dual", "classifier"), ("explicit", "convolution")],
)
def test_every_entry_of_the_meta_gradient_agrees_with_finite_differences(
    name, form, steps
):
    make, loss, d = NETS[name]
    net, (x, query) = make(), batch(d)
    options = {"steps": steps, "rate": 0.1, "form": form}
    outer_value(net, loss, x, query, **options).backward()
    analytic = torch.cat([p.grad.flatten() for p in net.parameters()])
    numeric, h = [], 1e-5
    for p in net.parameters():
        for i in range(p.numel()):
            values = []
            for sign in (1, -1):
                shifted = copy.deepcopy(net)
                entry = dict(zip(net.parameters(), shifted.parameters(), strict=True))[
                    p
                ].data.view(-1)
                entry[i] += sign * h
                values.append(
                    float(outer_value(shifted, loss, x, query, **options).detach())
                )
            numeric.append((values[0] - values[1]) / (2 * h))
    torch.testing.assert_close(
        analytic, torch.tensor(numeric, dtype=torch.float64), rtol=1e-6, atol=1e-8
    )


def relative(a, b):
    return float(((a - b).norm() / b.norm()).detach())


def meta_gradients(make, loss, d, **options):
    net, (x, query) = make(), batch(d)
    adapted = inner_loop(net, loss, x, **options)
    out = adapted(query)
    loss(out, query, None).sum().backward()
    return (
        out,
        adapted.parameters(),
        {n: p.grad for n, p in net.named_parameters() if p.grad is not None},
    )


@pytest.mark.parametrize("name", ["autoencoder", "classifier"])
@pytest.mark.parametrize("steps", [1, 2, 5])
@pytest.mark.parametrize("first_order", [False, True])
def test_dual_and_explicit_forms_are_the_same_computation(name, steps, first_order):
    options = {"steps": steps, "rate": 0.2, "first_order": first_order}
    dual, explicit = (
        meta_gradients(*NETS[name], form=form, **options)
        for form in ("dual", "explicit")
    )
    assert relative(dual[0], explicit[0]) < 1e-12
    for n, p in explicit[1].items():
        assert relative(dual[1][n], p) < 1e-12, n
        assert relative(dual[2][n], explicit[2][n]) < 1e-10, n


def test_dual_equals_explicit_with_a_rate_for_each_tensor_and_gives_the_gradient_of_the_rates():
    make, loss, d = NETS["classifier"]
    net, (x, query) = make(), batch(d)
    found = {}
    for form in ("dual", "explicit"):
        rates = {
            n: torch.tensor(0.05 * (i + 1), dtype=torch.float64, requires_grad=True)
            for i, (n, _) in enumerate(net.named_parameters())
        }
        out = inner_loop(net, loss, x, steps=3, rate=rates, form=form)(query)
        found[form] = torch.stack(
            torch.autograd.grad(loss(out, query, None).sum(), list(rates.values()))
        )
    torch.testing.assert_close(found["dual"], found["explicit"], rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(
    "names", [["4.weight", "4.bias"], ["2.weight"], ["0.bias", "4.weight"], ["2.bias"]]
)
def test_only_the_named_tensors_adapt_in_both_forms(names):
    make, loss, d = NETS["classifier"]
    options = {"steps": 2, "rate": 0.2, "names": names}
    dual, explicit = (
        meta_gradients(make, loss, d, form=form, **options)
        for form in ("dual", "explicit")
    )
    assert set(dual[1]) == set(explicit[1]) == set(names)
    assert relative(dual[0], explicit[0]) < 1e-12
    for n in explicit[2]:
        assert relative(dual[2][n], explicit[2][n]) < 1e-10, n


def test_the_last_layer_of_a_convolutional_net_adapts_in_the_dual_form():
    make, loss, d = NETS["convolution"]
    names = ["6.weight", "6.bias"]
    found = [
        meta_gradients(make, loss, d, steps=3, rate=0.2, names=names, form=f)
        for f in ("auto", "explicit")
    ]
    net, (x, _) = make(), batch(d)
    assert type(inner_loop(net, loss, x, names=names)).__name__ == "Dual"
    assert relative(found[0][0], found[1][0]) < 1e-12
    for n in found[1][2]:
        assert relative(found[0][2][n], found[1][2][n]) < 1e-10, n


def one_task_at_a_time(net, loss, x, query, steps, rate, first_order):
    """Clone and adapt, written out: the sum of the query losses and the
    meta-gradient of every tensor.
    """
    start = dict(net.named_parameters())
    total = 0.0
    for support, rows in zip(x, query, strict=True):
        fast = {n: p.clone() for n, p in start.items()}
        for _ in range(steps):
            value = loss(
                functional_call(net, fast, (support,))[None], support[None], None
            ).sum()
            gradients = torch.autograd.grad(
                value, list(fast.values()), create_graph=not first_order
            )
            fast = {
                n: p - rate * g
                for (n, p), g in zip(fast.items(), gradients, strict=True)
            }
        total = (
            total
            + loss(functional_call(net, fast, (rows,))[None], rows[None], None).sum()
        )
    return total, torch.autograd.grad(total, list(start.values()))


@pytest.mark.parametrize("name", list(NETS))
@pytest.mark.parametrize("first_order", [False, True])
def test_batches_of_tasks_equal_a_loop_over_tasks_and_fomaml_its_reference(
    name, first_order
):
    make, loss, d = NETS[name]
    net, (x, query) = make(), batch(d)
    expected, gradients = one_task_at_a_time(net, loss, x, query, 3, 0.1, first_order)
    got = outer_value(net, loss, x, query, steps=3, rate=0.1, first_order=first_order)
    got.backward()
    torch.testing.assert_close(got, expected, rtol=1e-12, atol=1e-12)
    for p, g in zip(net.parameters(), gradients, strict=True):
        assert relative(p.grad, g) < 1e-10


def benchmark():
    path = Path(__file__).with_name("benchmarks") / "inner_loop.py"
    spec = importlib.util.spec_from_file_location("benchmark_of_the_inner_loop", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("steps", [1, 2])
@pytest.mark.parametrize("name", ["autoencoder of a table", "waves", "head"])
def test_all_ways_of_the_benchmark_compute_one_meta_gradient(name, steps):
    bench = benchmark()
    torch.manual_seed(0)
    case = bench.cases()[name]
    case.net.double()
    task = [None if t is None else t.double() for t in case.task(3)]
    contestants = bench.ways(case, task, steps, with_compiled=False)
    assert {"clone-and-adapt", "explicit", "dual"} <= set(contestants)
    contestants["traced"] = bench.traced(case, task, steps)
    del contestants["clone-and-adapt"]
    expected = bench.meta_gradient(bench.clone_and_adapt, case, *task, steps)
    for n, way in contestants.items():
        assert (
            relative(bench.meta_gradient(way, case, *task, steps), expected) < 1e-9
        ), n


def test_fomaml_drops_the_second_derivative_and_so_differs_from_maml():
    make, loss, d = NETS["classifier"]
    full, first = (
        meta_gradients(make, loss, d, steps=3, rate=0.5, first_order=f)
        for f in (False, True)
    )
    assert relative(full[0], first[0]) < 1e-12  # adaptation itself is the same
    assert max(relative(first[2][n], g) for n, g in full[2].items()) > 1e-2


def test_dual_in_float32_stays_close_to_float64():
    torch.manual_seed(0)
    net = Autoencoder(784, dtype=torch.float64)
    x, query = (
        torch.rand(4, 10, 784, dtype=torch.float64),
        torch.rand(4, 30, 784, dtype=torch.float64),
    )
    exact = inner_loop(net, rebuild_loss, x, steps=3, rate=0.1)(query)
    rough = inner_loop(net.float(), rebuild_loss, x.float(), steps=3, rate=0.1)(
        query.float()
    )
    assert relative(rough.double(), exact) < 1e-5


def test_no_steps_is_the_network_itself_and_a_task_does_not_see_the_others():
    make, loss, d = NETS["autoencoder"]
    net, (x, query) = make(), batch(d)
    torch.testing.assert_close(inner_loop(net, loss, x, steps=0)(query), net(query))
    together = inner_loop(net, loss, x, steps=2, rate=0.2)(query)
    alone = inner_loop(net, loss, x[1:2], steps=2, rate=0.2)(query[1:2])
    torch.testing.assert_close(together[1:2], alone, rtol=1e-12, atol=1e-12)


def test_the_form_is_dual_only_where_it_is_exact():
    net, (x, _) = smooth_classifier(), batch(6)
    per_entry = {n: torch.full_like(p, 0.1) for n, p in net.named_parameters()}
    assert type(inner_loop(net, normality_loss, x)).__name__ == "Dual"
    assert (
        type(inner_loop(net, normality_loss, x, rate=per_entry)).__name__ == "Explicit"
    )
    assert type(inner_loop(net, normality_loss, x, rate=0.0)).__name__ == "Explicit"
    conv, (images, _) = smooth_convolution(), batch(36)
    assert type(inner_loop(conv, normality_loss, images)).__name__ == "Explicit"
    with pytest.raises(ValueError, match="explicit"):
        inner_loop(conv, normality_loss, images, form="dual")
    with pytest.raises(ValueError, match="no parameter"):
        inner_loop(net, normality_loss, x, names=["9.weight"])
    twice = nn.Linear(6, 6, dtype=torch.float64)
    with pytest.raises(ValueError, match="in two places"):
        inner_loop(nn.Sequential(twice, nn.Tanh(), twice), rebuild_loss, x)


@pytest.mark.parametrize("steps", [1, 3])
@pytest.mark.parametrize("alpha", [(0.2, 0.05), (0.2, None), (None, 0.05)])
def test_adapted_tensors_of_the_dual_form_with_another_rate_for_weight_and_bias(
    alpha, steps
):
    net, (x, _) = smooth_classifier(), batch(6)
    rates = dict(zip(("weight", "bias"), alpha, strict=True))
    rate = {
        n: rates[n.rpartition(".")[2]]
        for n, _ in net.named_parameters()
        if rates[n.rpartition(".")[2]]
    }
    options = {"steps": steps, "rate": rate, "names": list(rate)}
    dual, explicit = (
        inner_loop(net, normality_loss, x, form=f, **options).parameters()
        for f in ("dual", "explicit")
    )
    assert set(dual) == set(explicit) == set(rate)
    start = dict(net.named_parameters())
    for n in rate:
        torch.testing.assert_close(dual[n], explicit[n], rtol=1e-10, atol=1e-12)
        assert (dual[n] - start[n]).abs().max() > 1e-4


def test_one_step_moves_a_bias_by_its_own_rate_times_the_mean_gradient():
    net, (x, _) = nn.Sequential(nn.Linear(6, 1, dtype=torch.float64)), batch(6)
    start = net[0].bias.detach().clone()
    found = inner_loop(
        net, normality_loss, x, rate={"0.weight": 0.5, "0.bias": 0.03}, form="dual"
    ).parameters()["0.bias"]
    # d/db mean log(1 + e^z) = mean of 1 / (1 + e^-z)
    slope = torch.sigmoid(net(x)).mean(dim=1)
    torch.testing.assert_close(found, start - 0.03 * slope, rtol=1e-12, atol=1e-14)
