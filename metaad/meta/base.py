"""What every meta-learner shares: what is learnable in a detector, the outer loop,
the way to a fitted detector.
"""

import copy
import importlib
import numbers
from collections.abc import Callable
from dataclasses import dataclass
from functools import singledispatch

import numpy as np
import torch
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits

from metaad.meta.few_shot_detector import FewShotDetector, evaluation
from metaad.progress import progress as show_progress
from metaad.tasks import ResampledTasks
from metaad.train import resolve_device, seeded


def normality_loss(out, x, y=None):
    """Cross-entropy of one logit a row, log(1 + e^z) for a normal row: tensor
    (n_tasks,).

    out : tensor (n_tasks, n, 1), the logit z of "this is an anomaly". y : (n_tasks, n),
    or None if all are normal."""
    z = out.squeeze(-1)
    y = torch.zeros_like(z) if y is None else y
    return binary_cross_entropy_with_logits(z, y, reduction="none").mean(dim=1)


def squared_error(out, x, y):
    """Mean squared error of regression outputs, both (n_tasks, n, ...): tensor
    (n_tasks,).
    """
    return (out - y).square().flatten(1).mean(dim=1)


@dataclass
class Learnable:
    """What a meta-learner may change in an estimator, and how it is told good from bad.

    module : network from rows (n, d) to outputs (n, ...); its weights are the start
        that is learned.
    inner_loss, outer_loss : functions (outputs, x, y) -> tensor (n_tasks,). The inner
        one is minimised on the support, the outer one on the query after adaptation.
    anomaly : function (outputs, x) -> tensor (n_tasks, n), larger = more anomalous; an
        anomaly where positive.
    prepare : function of rows (n_tasks, n, d), applied before the module and the losses
        see them (scaling).
    finish : function (learner, support, y) -> fitted detector, what `adapt` returns;
        None makes a FewShotDetector.
    tasks : tasks to learn from in place of those given to `fit`; None takes those.
    unlabelled : True if `adapt` may be given labels of -1, for rows that nobody has
    looked at."""

    module: nn.Module
    inner_loss: Callable = normality_loss
    outer_loss: Callable = normality_loss
    anomaly: Callable = lambda out, x: out.squeeze(-1)
    prepare: Callable = lambda x: x
    finish: Callable | None = None
    tasks: object = None
    unlabelled: bool = False


# Modules that say what is learnable in an estimator; imported when an estimator is met
# that nobody knows yet.
PROVIDERS = ["metaad.meta.autoencoder", "metaad.search.tuning.surrogate"]


@singledispatch
def learnable(estimator, tasks):
    """The Learnable of an estimator, for tasks whose rows have tasks.n_features
    numbers.

    A function for every type of estimator is registered beside that type's
    meta-learning: `@learnable.register` makes MAML(x) and its relatives work on a new
    kind of x.

    Raises
    ------
    TypeError
        for a type that nobody has registered.
    """
    for name in PROVIDERS:
        importlib.import_module(name)
    if learnable.dispatch(type(estimator)) is not learnable.dispatch(object):
        return learnable(estimator, tasks)
    known = ", ".join(sorted(t.__name__ for t in learnable.registry if t is not object))
    raise TypeError(
        f"nothing learnable is known about {type(estimator).__name__}; expected one "
        f"of {known}, or a type registered "
        "with metaad.meta.learnable.register."
    )


@learnable.register
def _(estimator: nn.Module, tasks):
    """A network with one output, the logit of "this is an anomaly" (one-class MAML).
    A copy of it is trained.
    """
    return Learnable(copy.deepcopy(estimator))


@learnable.register
def _(estimator: Learnable, tasks):
    return copy.deepcopy(estimator)


class MetaLearner(BaseEstimator):
    """Base of the meta-learners. A subclass has the parameters below and writes
    `_build` and `_scorer`.

    Parameters that every one has: estimator; iterations, outer steps; n_tasks, tasks an
    outer step; learning_rate, of the outer Adam; schedule, "constant" or "cosine" (down
    to zero at the end); average, decay of the running average of the weights that is
    kept in the end, e.g. 0.99, or 0 for the last weights; clip, largest norm of an
    outer gradient; device; random_state, seed of the tasks drawn; progress, show a bar;
    shots, of metric learners alone: numbers of support rows, see
    `metaad.meta.metric.loss_embedded_at_once`.

    - `_build(net, tasks)` returns the nn.Module that holds everything that is learned:
      net, from the Learnable of the estimator (`learnable_`), and whatever the method
      adds.
    - `_scorer(support, y)` returns the adapted network as a function: query (n_tasks,
      q, d) -> anomaly score (n_tasks, q), an anomaly where positive.
    - `_loss(task)` returns the outer loss, a scalar; by default the (weighted)
    cross-entropy of the scores."""

    def __init__(
        self,
        estimator,
        iterations=300,
        n_tasks=8,
        learning_rate=3e-3,
        schedule="constant",
        average=0.0,
        clip=10.0,
        device="auto",
        random_state=None,
        progress=False,
        shots=None,
    ):
        self.estimator = estimator
        self.iterations = iterations
        self.n_tasks = n_tasks
        self.learning_rate = learning_rate
        self.schedule = schedule
        self.average = average
        self.clip = clip
        self.device = device
        self.random_state = random_state
        self.progress = progress
        self.shots = shots

    def fit(self, tasks, y=None):
        """Meta-learn.

        tasks : anything with `n_features` and `sample(n_tasks, generator) -> Task`, see
            metaad.tasks; or one array (n, d), from which tasks are then drawn by
            resampling.

        Returns the meta-learner, with `module_` (what was learned), `history_` (outer
        loss of each iteration) and `n_features_`."""
        iterations = self.iterate(tasks)
        for _ in (
            show_progress(iterations, total=self.iterations, label="iterations")
            if self.progress
            else iterations
        ):
            pass
        return self

    def iterate(self, tasks):
        """`fit` as a generator: yields the outer loss, a float, after each of the
        `iterations`.
        """
        if not hasattr(tasks, "sample"):
            tasks = ResampledTasks(
                np.asarray(tasks).reshape(len(tasks), -1),
                dtype=torch.get_default_dtype(),
            )
        self._check_parameters()
        self.device_ = resolve_device(self.device)
        self.n_features_ = tasks.n_features
        rng = np.random.default_rng(self.random_state)
        seed = int(rng.integers(2**31))
        with seeded(seed, self.device_):
            self.learnable_ = learnable(self.estimator, tasks)
            tasks = self.learnable_.tasks or tasks
            dtype = tasks.sample(1, seed).support.dtype
            self.module_ = self._build(self.learnable_.module.to(dtype), tasks).to(
                self.device_, dtype
            )
        yield from self._outer_loop(tasks, rng)

    def _outer_loop(self, tasks, rng):
        """Sample tasks, adapt, step downhill on the outer loss, over and over."""
        optimizer = self._optimizer()
        cosine = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, self.iterations)
        averaged = (
            copy.deepcopy(self.module_).requires_grad_(False) if self.average else None
        )
        parameters = [p for group in optimizer.param_groups for p in group["params"]]
        self.history_ = []
        self.module_.train()
        for i in range(self.iterations):
            optimizer.zero_grad()
            loss = self._loss(self._prepared(tasks.sample(self.n_tasks, rng)))
            loss.backward()
            nn.utils.clip_grad_norm_(parameters, self.clip, error_if_nonfinite=False)
            optimizer.step()
            if self.schedule == "cosine":
                cosine.step()
            if averaged is not None:
                # short memory at first, while the weights move fast
                decay = min(self.average, (1 + i) / (10 + i))
                _average(averaged, self.module_, decay)
            self.history_.append(float(loss.detach()))
            if not np.isfinite(self.history_[-1]):
                raise FloatingPointError(
                    f"the outer loss must stay finite, got {self.history_[-1]} at "
                    f"iteration {i + 1}. Lower the inner "
                    "rate or the learning rate (a tenth is a good next try)."
                )
            yield self.history_[-1]
        self.module_.eval()
        if averaged is not None:
            self.module_.load_state_dict(averaged.state_dict())

    def _optimizer(self):
        """The outer optimiser."""
        return torch.optim.Adam(self.module_.parameters(), self.learning_rate)

    def _prepared(self, task):
        """The task on the device, in the module's floating-point type, its rows
        scaled as the estimator wants them.
        """
        task = task.to(self.device_, next(self.module_.parameters()).dtype)
        prepare = self.learnable_.prepare
        return task._replace(support=prepare(task.support), query=prepare(task.query))

    def _loss(self, task):
        scores = self._scorer(task.support, task.support_y)(task.query)  # (n_tasks, q)
        return binary_cross_entropy_with_logits(scores, task.y, task.weight)

    def scores(self, task):
        """Anomaly scores of the queries after adaptation to the supports: array
        (n_tasks, q), a whole batch at once.
        """
        check_is_fitted(self, "module_")
        task = self._prepared(task)
        with evaluation(self.module_):
            scorer = self._scorer(task.support, task.support_y)
            with torch.no_grad():
                return scorer(task.query).double().cpu().numpy()

    def adapt(self, support, y=None):
        """Adapt to one task: a fitted detector.

        Parameters
        ----------
        support : array (k, d) or images (k, height, width), k >= 2.
        y : array (k,), 1 for an anomaly; None if all rows are normal.

        Raises
        ------
        ValueError
            for fewer than two rows, NaN or infinity, or another width than the tasks
            had.
        """
        check_is_fitted(self, "module_")
        support, y = self._checked(support, y)
        finish = self.learnable_.finish
        return (
            finish(self, support, y)
            if finish
            else FewShotDetector(copy.deepcopy(self)).fit(support, y)
        )

    def _batch_of_one(self, a):
        """An array (n, ...) as a tensor (1, n, ...) on the device, in the module's
        floating-point type; None stays.
        """
        parameter = next(self.module_.parameters())
        return (
            None
            if a is None
            else torch.as_tensor(a, dtype=parameter.dtype, device=parameter.device)[
                None
            ]
        )

    def _rows(self, X):
        """Rows (n, d) as one prepared batch (1, n, d)."""
        return self.learnable_.prepare(self._batch_of_one(X))

    def optimize(self, detector, X, y=None):
        """The framework's last step: what was meta-learned, applied to new data X (n,
        d); `detector` stays as it is.

        Returns a fitted detector. Raises TypeError if `detector` is of another type
        than the one meta-learned about."""
        if type(detector) is not type(self.estimator):
            raise TypeError(
                f"this {type(self).__name__} has learned about "
                f"{type(self.estimator).__name__}, and was asked to "
                f"optimize {type(detector).__name__}; make one for it: "
                f"{type(self).__name__}(detector).fit(tasks)."
            )
        return self.adapt(X, y)

    def _check_parameters(self):
        for name in ("iterations", "n_tasks"):
            if (
                not isinstance(getattr(self, name), numbers.Integral)
                or getattr(self, name) < 1
            ):
                raise ValueError(
                    f"{name} must be a whole number ≥ 1, got {getattr(self, name)!r}."
                )
        if self.schedule not in ("constant", "cosine"):
            raise ValueError(
                f'schedule must be "constant" or "cosine", got {self.schedule!r}.'
            )
        if not 0 <= self.average < 1:
            raise ValueError(
                f"average must lie in [0, 1), got {self.average!r}; 0.99 is usual, 0 turns it off."
            )

    def _checked(self, support, y):
        support = np.asarray(support, dtype=np.float64)
        support = support.reshape(len(support), -1) if support.ndim > 1 else support
        if support.ndim != 2 or len(support) < 2:
            raise ValueError(
                f"adapt needs a support of at least 2 rows, array (k, d); got shape "
                f"{support.shape}. One row says "
                "nothing about how normal rows differ."
            )
        # None: the tasks were tables of different widths
        if self.n_features_ not in (None, support.shape[1]):
            raise ValueError(
                f"the support must have {self.n_features_} features, as the tasks of "
                f"fit had; got {support.shape[1]}."
            )
        if not np.isfinite(support).all():
            raise ValueError(
                "the support holds NaN or infinity; drop or fill those rows first."
            )
        if y is None:
            return support, None
        y = np.asarray(y, dtype=np.float64)
        unknown = ", -1 (not known)" if self.learnable_.unlabelled else ""
        allowed = (0, 1, -1) if unknown else (0, 1)
        if y.shape != (len(support),) or not np.isin(y, allowed).all() or y.all():
            raise ValueError(
                f"y must hold 0 (normal), 1 (anomaly){unknown} for each of the "
                f"{len(support)} support rows, and one 0 "
                f"at least; got {y!r:.80}."
            )
        return support, y


def _average(averaged, module, decay):
    """Move the running average a little towards the module: a ← decay a + (1 -
    decay) w; counts are copied.
    """
    with torch.no_grad():
        for a, w in zip(
            averaged.state_dict().values(), module.state_dict().values(), strict=True
        ):
            a.lerp_(w, 1 - decay) if a.is_floating_point() else a.copy_(w)
