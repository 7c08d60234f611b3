"""The meta room is short on hops, follows its own recipe, and says what it takes."""

import ast
import inspect
import textwrap

import numpy as np
import pandas as pd
import pytest
import torch

import metaad
from metaad import data
from metaad.meta import MAML, Adversarial, ProtoNet, Reptile, base, evaluate
from metaad.meta.inner_loop import inner_loop
from metaad.meta.mahalanobis import Mahalanobis
from metaad.meta.plda import PLDA
from metaad.nets import MLP
from metaad.tasks import OneClassTasks

OPTIONS = {"iterations": 3, "n_tasks": 4, "device": "cpu", "random_state": 0}


def called(function):
    """Names that a function calls: f(...), self.f(...) and learner.f(...)."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        function = node.func
        if isinstance(function, ast.Name):
            yield function.id
        owner = getattr(function, "value", None)
        if isinstance(owner, ast.Name) and owner.id in ("self", "learner"):
            yield function.attr


def hops(kind, start, wanted):
    """Fewest calls from a method to a function: each call is one hop."""
    reached, level = {start}, [start]
    for n in range(1, 8):
        level = [
            name
            for caller in level
            for name in called(inspect.getattr_static(kind, caller))
            if name not in reached
        ]
        if wanted in level:
            return n
        reached |= set(level)
        level = [f for f in level if inspect.isfunction(getattr(kind, f, None))]
    return None


@pytest.mark.parametrize(
    ("kind", "formula"),
    [
        (MAML, "inner_loop"),
        (Reptile, "inner_loop"),
        (ProtoNet, "_score"),
        (Mahalanobis, "_score"),
        (PLDA, "_score"),
        (Adversarial, "_score"),
    ],
)
@pytest.mark.parametrize("call", ["fit", "adapt"])
def test_from_the_public_call_to_the_formula_it_is_two_hops_at_most(
    kind, formula, call
):
    assert hops(kind, call, formula) <= 2


def test_the_outer_loss_of_maml_is_one_hop_away_and_the_inner_step_is_in_the_loop():
    assert hops(MAML, "fit", "loss") == 1 and "outer_loss" in called(MAML.loss)
    assert "torch.autograd.grad" in inspect.getsource(inner_loop)


def blobs():
    """Six classes; the first two of six columns tell them apart."""
    rng = np.random.default_rng(0)
    y = np.repeat(np.arange(6), 40)
    X = rng.normal(size=(240, 6))
    X[:, :2] = 0.3 * X[:, :2] + 3 * rng.normal(size=(6, 2))[y]
    return X, y


def one_class(normal):
    X, y = blobs()
    return OneClassTasks(X, y, k=5, n_query=8, normal=normal, dtype=torch.float64)


def test_a_new_meta_learner_by_the_recipe_of_five_lines_learns_and_adapts():
    lines = base.__doc__.splitlines()
    first = next(i for i, line in enumerate(lines) if "class Center" in line)
    recipe = [line for line in lines[first : first + 20] if line.startswith("    ")]
    assert len(recipe) == 5
    names = {"MetaLearner": base.MetaLearner}
    exec(textwrap.dedent("\n".join(recipe)), names)
    torch.manual_seed(0)
    net = MLP((6, 16, 4), dtype=torch.float64)
    options = OPTIONS | {"iterations": 80}
    learner = names["Center"](net, **options).fit(one_class((0, 1, 2, 3)))
    test = one_class((4, 5))
    assert evaluate(learner, test, 20).auroc.mean() > 0.8
    task = test.sample(1, 0)
    detector = learner.adapt(task.support[0].numpy())
    score = -detector.score_samples(task.query[0].numpy())
    np.testing.assert_allclose(score, learner.scores(task)[0], rtol=1e-10)


@pytest.mark.parametrize(
    "kind", [MAML, Reptile, ProtoNet, Mahalanobis, PLDA, Adversarial, metaad.FewShot]
)
def test_every_meta_learner_has_the_same_three_verbs(kind):
    for verb in ("fit", "adapt", "optimize"):
        assert callable(getattr(kind, verb))


@pytest.mark.parametrize("kind", [MAML, ProtoNet, Adversarial])
def test_an_array_a_tensor_and_a_dataframe_are_the_same_to_fit(kind):
    X = blobs()[0].astype(np.float32)
    names = ["sample", "n_features", "a", "b", "c", "d"]  # columns named like methods
    weights = []
    for rows in (X, torch.as_tensor(X), pd.DataFrame(X, columns=names), X.tolist()):
        torch.manual_seed(0)
        learner = kind(MLP((6, 8, 1)), **OPTIONS).fit(rows)
        weights.append(torch.cat([p.flatten() for p in learner.module_.parameters()]))
    assert all(torch.equal(weights[0], w) for w in weights[1:])


@pytest.mark.parametrize(
    "kind", [MAML, Reptile, ProtoNet, Mahalanobis, PLDA, Adversarial]
)
@pytest.mark.parametrize(
    ("tasks", "error", "message"),
    [
        ("table.csv", TypeError, "got 'table.csv'. Read the file first: metaad.load"),
        (None, TypeError, "tasks, an array .* or a DataFrame, got NoneType"),
        (3, TypeError, "got int"),
        (data, TypeError, "got module"),
        (
            pd.DataFrame({"a": ["x", "y"] * 9}),
            ValueError,
            "expected columns of numbers; a hold",
        ),
        ([[1.0, 2.0], [3.0]], ValueError, "rows of different lengths"),
        (np.full((9, 2), np.nan), ValueError, "NaN or infinity"),
        (np.zeros(9), ValueError, r"array \(n, \.\.\.\); got shape \(9,\)"),
    ],
)
def test_what_is_no_tasks_is_refused_in_one_sentence(kind, tasks, error, message):
    with pytest.raises(error, match=message):
        kind(MLP((2, 1))).fit(tasks)


@pytest.mark.parametrize(
    "kind", [MAML, Reptile, ProtoNet, Mahalanobis, PLDA, Adversarial]
)
def test_without_a_seed_other_tasks_are_drawn_each_time(kind):
    torch.manual_seed(0)
    net = MLP((6, 8, 1), dtype=torch.float64)
    options = OPTIONS | {"random_state": None}
    first, second = (
        kind(net, **options).fit(one_class((0, 1, 2))).history_ for _ in range(2)
    )
    assert first != second


def test_without_a_seed_other_rows_of_a_table_stay_each_time():
    from metaad.tasks import LabelledTable, TableTasks, class_tables

    X = np.arange(400.0).reshape(200, 2)
    table = LabelledTable(X, (np.arange(200) < 40).astype(int), "t", "f")
    a, b = (
        TableTasks([table], max_rows=50, random_state=None, scale=None)[0].X
        for _ in range(2)
    )
    assert not np.array_equal(a, b)
    a, b = (class_tables("digits", random_state=None)[0].X for _ in range(2))
    assert not np.array_equal(a, b)
