"""What every meta-learner shares: the outer loop, and the way to a fitted detector.

A new meta-learner in five lines. It says how the network changes with the support:
`adapted` returns a function from the query (n_tasks, q, d) to logits (n_tasks, q, 1).

    class Center(MetaLearner):
        def adapted(self, support, y=None):
            net = self.module_["net"]
            center = net(support).mean(dim=1, keepdim=True)  # (n_tasks, 1, m)
            return lambda x: (net(x) - center).square().sum(-1, keepdim=True) - 1

`Center(net).fit(tasks).adapt(rows)` is then a fitted detector. What else it learns goes
into `_build`, another outer loss into `loss`, another optimiser into `_optimizer`.
"""

import copy

import numpy as np
import torch
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits

from metaad.meta.few_shot_detector import FewShotDetector, evaluation
from metaad.meta.inputs import (
    as_tasks,
    check_parameters,
    check_same_type,
    check_savable,
    check_support,
    is_table,
    working_type,
)
from metaad.meta.learnables import Learnable, learnable, normality_loss, squared_error
from metaad.meta.one_table import LABELS_ALONE, named, unlabelled
from metaad.meta.training import Training
from metaad.train import resolve_device, seeded

__all__ = [
    "Learnable",
    "MetaLearner",
    "learnable",
    "normality_loss",
    "squared_error",
]


class MetaLearner(BaseEstimator):
    """Base of the meta-learners: `fit` on tasks, `adapt` to a few rows.

    Parameters
    ----------
    estimator : nn.Module, Learnable, or a detector that `learnable` knows.
    iterations : outer steps.
    n_tasks : tasks per outer step.
    learning_rate : of the outer Adam.
    schedule : "constant" or "cosine" (down to zero at the end).
    average : decay of the running average of the weights that is kept in the end, e.g.
        0.99; 0 keeps the last weights.
    clip : largest norm of an outer gradient.
    device : "auto", "cpu", "cuda" or "mps".
    random_state : seed of the tasks drawn; None draws other tasks each time.
    progress : show a bar.
    checkpoint : path of a file that keeps the state of training. A run that was stopped
        goes on from it and ends with the same bytes.
    dtype : "float32", "float64", or "bfloat16", which trains float32 weights and takes
        matrix products in bfloat16, for hardware that has it. None: as the tasks.

    Attributes
    ----------
    module_ : nn.Module, all that was learned; `module_["net"]` is the network.
    history_ : list of float, the outer loss of each iteration.
    n_features_ : width of the tasks' rows, None if they differ; device_, torch's.
    learnable_ : Learnable of the estimator; known_, what its functions know, or None.
    """

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
        checkpoint=None,
        dtype=None,
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
        self.checkpoint = checkpoint
        self.dtype = dtype

    def fit(self, tasks, y=None, *, watch=None):
        """Meta-learn: draw tasks, adapt to each, step downhill on the outer loss.

        Parameters
        ----------
        tasks : anything with `n_features` and `sample(n_tasks, generator) -> Task`,
            see metaad.tasks; or one array or DataFrame (n, d), whose rows are
            resampled into tasks; or a list of LabelledTables.
        y : ignored.
        watch : function of the number of iterations done, called after each.

        A GPU draws tasks itself, by a generator that random_state seeds: other tasks
        than on the CPU, of the same distribution. Losses are fetched every 50 steps.

        Returns the meta-learner.

        Raises
        ------
        TypeError, ValueError
            for other tasks, and for a checkpoint of another training.
        FloatingPointError
            if the outer loss is not finite; on a GPU at most 50 steps later.
        """
        self.one_table_, tasks = is_table(tasks), as_tasks(tasks)
        check_parameters(self)
        self.device_ = resolve_device(self.device)
        rng = np.random.default_rng(self.random_state)
        seed = int(rng.integers(2**31))
        with seeded(seed, self.device_):
            tasks = self._start(tasks, seed)
            if self.learnable_.idle:
                self.history_ = []
                self.module_.eval()
                return self
            training = Training(self, tasks, rng)
            for task in training.batches():
                with training.precision():
                    loss = self.loss(task)
                training.descend(loss)
                if watch:
                    watch(training.done)
            training.finish()
        return self

    def loss(self, task):
        """Compute the outer loss of a batch of prepared tasks: a scalar tensor."""
        adapted = self.adapted(task.support, task.support_y)
        return self.outer_loss(adapted(task.query), task)

    def outer_loss(self, out, task):
        """Judge the outputs (n_tasks, q, ...) of adapted networks on the queries.

        Where the tasks have weights, it is the weighted cross-entropy of the scores.
        """
        about = self.learnable_
        if task.weight is None:
            return about.outer_loss(out, task.query, task.y).mean()
        scores = about.anomaly(out, task.query)  # (n_tasks, q)
        return binary_cross_entropy_with_logits(scores, task.y, task.weight)

    def adapted(self, support, y=None):
        """Adapt to prepared supports (n_tasks, k, d), y (n_tasks, k) or None.

        Returns a function from queries (n_tasks, q, d) to outputs (n_tasks, q, ...).
        """
        raise NotImplementedError(f"{type(self).__name__} must define `adapted`.")

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
        rows, y = self.check_support(support, y)
        if self.learnable_.finish:
            return named(self.learnable_.finish(self, rows, y), support)
        learner = copy.deepcopy(self)  # the detector stays if this one learns on
        with evaluation(learner.module_):
            adapted = learner.adapted(learner.rows(rows), learner.batch(y))
        return named(FewShotDetector(learner).keep(adapted, rows, y), support)

    def optimize(self, detector, X, y=None):
        """Apply what was meta-learned to new data X (n, d): a fitted detector.

        `detector` stays as it is. Without labels a copy of it comes back as it is set,
        unless something better was learned from labelled tasks: what was made up from
        rows without labels never decides. `reason_` says in a sentence what came back.

        y : array (n,), 1 for an anomaly, 0 for a normal row and, where hyperparameters
            are learned, -1 for a row without a label. None, or -1 everywhere: no label.

        Raises TypeError if `detector` is of another type than the one meta-learned
        about.
        """
        check_same_type(self, detector)
        check_is_fitted(self, "module_")
        choose, self.reason_ = self.learnable_.without_labels, self._how(y)
        if choose is not None and unlabelled(y):
            self.check_support(X)
            found = choose(self, detector, X)
            if found is not None:
                detector, self.reason_ = found
                return detector
        return self.adapt(X, y)

    def _how(self, y):
        """Say what `adapt` does, in a sentence."""
        if self.learnable_.idle:
            return LABELS_ALONE
        source = "anomalies made up from one table" if self.one_table_ else "the tasks"
        target = "rows taken as normal" if y is None else "the labels"
        name = type(self).__name__
        return f"{name} adapted a start learned from {source} to {target}."

    def scores(self, task):
        """Compute anomaly scores of the queries of a whole batch: float64 (n_tasks, q).

        Each task's queries are scored after adaptation to its support; a score above 0
        is an anomaly.
        """
        check_is_fitted(self, "module_")
        task = self.prepared(task)
        with evaluation(self.module_):
            adapted = self.adapted(task.support, task.support_y)
            return self.anomaly(adapted, task.query)

    def anomaly(self, adapted, query):
        """Score prepared queries with adapted networks: float64 array (n_tasks, q)."""
        with torch.no_grad():
            scores = self.learnable_.anomaly(adapted(query), query)
        return scores.double().cpu().numpy()

    def check_support(self, support, y=None):
        """Return a checked support (k, d) and its labels (k,) or None, see `adapt`."""
        return check_support(self, support, y)

    def batch(self, a):
        """Make an array (n, ...) a tensor (1, n, ...) for the module; None stays."""
        if a is None:
            return None
        weight = next(self.module_.parameters())
        return torch.as_tensor(a, dtype=weight.dtype, device=weight.device)[None]

    def rows(self, X):
        """Make rows (n, d) one prepared batch, tensor (1, n, d)."""
        return self.learnable_.prepare(self.batch(X))

    def prepared(self, task):
        """Bring a Task to the device, in the module's type, its rows scaled."""
        task = task.to(self.device_, next(self.module_.parameters()).dtype)
        prepare = self.learnable_.prepare
        return task._replace(support=prepare(task.support), query=prepare(task.query))

    def _restored(self):
        """Make what a file does not hold: how the estimator is prepared and judged."""
        self._savable()
        check_parameters(self)
        known = vars(self).setdefault("known_", None)
        if known is None:
            self.learnable_ = learnable(self.estimator, None)
            return
        known.check(self)
        self.learnable_ = known.learnable(self.module_["net"])

    def _savable(self):
        check_savable(self)

    def _start(self, tasks, seed):
        """Build `module_`; return the tasks that it learns from."""
        self.n_features_ = tasks.n_features
        self.learnable_ = learnable(self.estimator, tasks)
        self.known_ = self.learnable_.known
        tasks = self.learnable_.tasks or tasks
        dtype = working_type(self.dtype, tasks.sample(1, seed).support.dtype)
        module = self._build(self.learnable_.module.to(dtype), tasks)
        self.module_ = module.to(self.device_, dtype)
        return tasks

    def _build(self, net, tasks):
        """Return an nn.Module of all that is learned, `net` and what goes with it."""
        return nn.ModuleDict({"net": net})

    def _optimizer(self):
        """Make the outer optimiser."""
        return torch.optim.Adam(self.module_.parameters(), self.learning_rate)
