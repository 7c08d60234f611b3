"""Say what is learnable in an estimator: one function, with a method for each type."""

import copy
import importlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import singledispatch

import torch
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits


def normality_loss(out, x, y=None):
    """Compute the cross-entropy of one logit per row: tensor (n_tasks,).

    For a normal row it is log(1 + e^z), for an anomaly log(1 + e^-z).

    out : tensor (n_tasks, n, 1), the logit z of "this is an anomaly".
    y : tensor (n_tasks, n), 1 for an anomaly; None if all rows are normal.
    """
    z = out.squeeze(-1)
    y = torch.zeros_like(z) if y is None else y
    return binary_cross_entropy_with_logits(z, y, reduction="none").mean(dim=1)


def squared_error(out, x, y):
    """Compute the mean squared error of regression outputs: tensor (n_tasks,).

    out, y : tensors (n_tasks, n, ...) of one shape.
    """
    return (out - y).square().flatten(1).mean(dim=1)


def logit(out, x):
    """Return the outputs (n_tasks, n, 1) as anomaly scores: tensor (n_tasks, n)."""
    return out.squeeze(-1)


def unchanged(x):
    """Return rows as they are."""
    return x


@dataclass
class Learnable:
    """Name what a meta-learner may change in an estimator, and how it is judged.

    module : network from rows (n, d) to outputs (n, ...); its weights are the start
        that is learned.
    inner_loss, outer_loss : functions (outputs, x, y) -> tensor (n_tasks,). The inner
        one is minimised on the support, the outer one on the query after adaptation.
    anomaly : function (outputs, x) -> tensor (n_tasks, n), larger = more anomalous; an
        anomaly where positive.
    prepare : function of rows (n_tasks, n, d), applied before the module and the
        losses see them (scaling).
    finish : function (learner, support, y) -> fitted detector, what `adapt` returns;
        None makes a FewShotDetector.
    tasks : tasks to learn from in place of those given to `fit`; None takes those.
    unlabelled : True if `adapt` may get labels of -1, for rows of unknown label.
    without_labels : function (learner, detector, X) -> (fitted detector, reason), what
        `optimize` returns where no row has a label; it may answer None, and None itself
        stands for `adapt`.
    idle : True if the tasks hold nothing to learn from; the outer loop is left out.
    known : what the functions above know besides the module: an object of numbers,
        arrays and names that `metaad.saving` keeps. `known.learnable(module)` makes the
        Learnable again, `known.check(learner)` raises ValueError where it does not fit
        the module. None where there is nothing more to know than the estimator.
    """

    module: nn.Module
    inner_loss: Callable = normality_loss
    outer_loss: Callable = normality_loss
    anomaly: Callable = logit
    prepare: Callable = unchanged
    finish: Callable | None = None
    tasks: object = None
    unlabelled: bool = False
    without_labels: Callable | None = None
    idle: bool = False
    known: object = None


# modules that register types; imported when an estimator of an unknown type comes
PROVIDERS = ["metaad.search.tuning.surrogate"]


@singledispatch
def learnable(estimator, tasks):
    """Make the Learnable of an estimator, for tasks with tasks.n_features columns.

    Each type's function is registered beside that type's meta-learning:
    `@learnable.register` makes MAML(x) and its relatives work on a new kind of x.

    Raises
    ------
    TypeError
        for a type that is not registered.
    """
    for name in PROVIDERS:
        importlib.import_module(name)
    if learnable.dispatch(type(estimator)) is not learnable.dispatch(object):
        return learnable(estimator, tasks)
    known = sorted(t.__name__ for t in learnable.registry if t is not object)
    raise TypeError(
        f"nothing learnable is known about {type(estimator).__name__}; expected one "
        f"of {', '.join(known)}, or a type registered with "
        "metaad.meta.learnable.register."
    )


@learnable.register
def _(estimator: nn.Module, tasks):
    """Take a copy of a network with one output, the logit of "this is an anomaly"."""
    return Learnable(copy.deepcopy(estimator))


@learnable.register
def _(estimator: Learnable, tasks):
    return copy.deepcopy(estimator)
