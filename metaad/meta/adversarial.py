"""Adversarial meta-learning: a detector and a generator of hard anomalies learn against
each other, over many tasks.
"""

import numbers

import torch
from torch import nn

from metaad.meta.base import MetaLearner
from metaad.meta.inner_loop import both_through
from metaad.meta.metric import embed, normal_mean
from metaad.meta.proposals import (
    AT_RANDOM,
    Mixer,
    Proposer,
    keep_off,
    spacing,
    versus,
)

LEARNED = {"generator": Proposer, "mixer": Mixer}
SOURCES = (*LEARNED, *AT_RANDOM, "real", "none")


class Adversarial(MetaLearner):
    """One-way prototypical network that is meta-trained on normal rows alone, against a
    generator that proposes anomalies.

    A task has a support S and further normal rows Q. The detector adapts to S,

        score(x) = e^s (‖f(x) - c‖² / m - b),   c the mean of f over S,

    and the generator g proposes an anomaly g(x, z) beside each x in Q, z random. Both
    share one loss, the cross-entropy of telling Q from the proposals [1]:

        min over f, s, b   max over g   Σ_tasks L(Q is normal, g(Q, z) is not)

    What stops the generator from proposing normal rows is a distance: no proposal lies
    nearer to a normal row of its task than `margin` times the task's own spacing, the
    median distance of its normal rows to their nearest neighbour (`keep_off`). It does
    not stop proposals that are normal and lie further off: only labels could.

    Parameters
    ----------
    estimator : nn.Module from rows (n, d) to embeddings (n, m). A copy is trained.
    anomalies : where they come from. "generator" changes a normal row freely, "mixer"
        mixes it with a row of another task, feature by feature. Or a control with the
        same detector, loss, distance and number of steps: "box", "noise" and "mixup"
        draw at random (see metaad.meta.proposals), "real" takes the anomalies of the
        tasks, "none" has none: it makes normal rows compact, the batch spread [2].
    margin : least distance of proposals, in spacings; 0 to 2, 0 for no distance.
    width, noise : of the generator, see Proposer.
    generator_rate : outer learning rate of the generator.
    iterations, n_tasks, learning_rate, schedule, average, clip, device, random_state,
        progress, checkpoint, dtype : see MetaLearner.

    Raises ValueError, on `fit`, for another source, a negative margin, and a width or
    noise that is no whole number ≥ 1.

    `fit` takes tasks drawn one by one (OneClassTasks, or one table). The anomalies of
    their queries are not looked at, except for "real".

    References
    ----------
    [1] Goodfellow et al., Generative Adversarial Nets, NeurIPS 2014 (the game); Lee,
        Lee, Lee and Shin, Training Confidence-calibrated Classifiers for Detecting
        Out-of-Distribution Samples, ICLR 2018 (proposals near the normal rows).
    [2] Ruff et al., Deep One-Class Classification, ICML 2018 (compactness); Bardes,
        Ponce and LeCun, VICReg, ICLR 2022 (the spread, without which f is constant).
    """

    def __init__(
        self,
        estimator,
        anomalies="generator",
        margin=1.0,
        width=128,
        noise=16,
        generator_rate=3e-3,
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
        super().__init__(
            estimator,
            iterations,
            n_tasks,
            learning_rate,
            schedule,
            average,
            clip,
            device,
            random_state,
            progress,
            checkpoint,
            dtype,
        )
        self.anomalies = anomalies
        self.margin = margin
        self.width = width
        self.noise = noise
        self.generator_rate = generator_rate

    def loss(self, task):
        """Compute the loss that the detector descends and the generator climbs."""
        if self.anomalies == "none":
            return self._compact(task.support, self._normal(task))

        def score(query):
            support, query = both_through(self.module_["net"], task.support, query)
            return self._score(support, None, query)

        return versus(score, self._normal(task), *self.proposals(task))

    def proposals(self, task):
        """Return anomalies beside the normal rows of prepared tasks, and which count.

        Returns tensors (n_tasks, p, d), and (n_tasks, p): 1, or 0 for a proposal that
        could not be kept off the normal rows.
        """
        normal = self._normal(task)
        if self.anomalies == "real":
            n = task.y.shape[1] - normal.shape[1]
            rows = _labelled(task, 1, n)
            return rows, torch.ones_like(rows[..., 0])
        make = AT_RANDOM.get(self.anomalies)
        rows = (make or self.module_["generator"])(normal)
        known = torch.cat([task.support, normal], dim=1)
        rows, far = keep_off(rows, known, self.margin * spacing(known))
        return rows, far.to(rows)

    def adapted(self, support, y=None):
        """Embed supports (n_tasks, k, d): a function from queries to logits."""
        net = self.module_["net"]
        z = embed(net, support)
        return lambda query: self._score(z, y, embed(net, query))[..., None]

    def _score(self, support, y, query):
        """Compute logits of "anomaly" (n_tasks, q) from embedded rows."""
        head = self.module_["head"]
        center = normal_mean(support, y)[:, None]  # (n_tasks, 1, m)
        squared = (query - center).square().mean(dim=-1)
        return head["log_scale"].exp() * (squared - head["threshold"])

    def _compact(self, support, normal):
        """Compute the loss without anomalies: normal rows lie near their center, and
        each coordinate of the embedding keeps a standard deviation of 1 in the batch.
        """
        support, query = both_through(self.module_["net"], support, normal)
        near = (query - normal_mean(support, None)[:, None]).square().mean()
        spread = query.flatten(0, 1).var(dim=0).add(1e-6).sqrt()
        return near + (1 - spread).relu().mean()

    def _normal(self, task):
        """Take the normal rows of the queries; on a device as many as at the start."""
        known = None if task.y.device.type == "cpu" else self._n_normal
        return normal_rows(task, known)

    def _build(self, net, tasks):
        if self.anomalies not in SOURCES:
            raise ValueError(
                f"anomalies must be one of {', '.join(map(repr, SOURCES))}; got "
                f"{self.anomalies!r}."
            )
        for name in ("width", "noise"):
            value = getattr(self, name)
            if not isinstance(value, numbers.Integral) or value < 1:
                raise ValueError(f"{name} must be a whole number ≥ 1, got {value!r}.")
        if not self.margin >= 0:
            raise ValueError(f"margin must be 0 or more, got {self.margin!r}.")
        self._n_normal = normal_rows(tasks.sample(self.n_tasks, 0)).shape[1]
        zero, one = (torch.tensor(v, dtype=torch.float64) for v in (0.0, 1.0))
        head = nn.ParameterDict({"log_scale": zero, "threshold": one})
        parts = {"net": net, "head": head}
        if self.anomalies in LEARNED:
            make = LEARNED[self.anomalies]
            parts["generator"] = make(tasks.n_features, self.width, self.noise)
        return nn.ModuleDict(parts)

    def _optimizer(self):
        of = {n: list(part.parameters()) for n, part in self.module_.items()}
        groups = [{"params": of["net"] + of["head"]}]
        if "generator" in of:
            groups += [{"params": of["generator"], "lr": self.generator_rate}]
        return torch.optim.Adam(groups, self.learning_rate)


def normal_rows(task, n=None):
    """Return the normal rows of the queries, tensor (n_tasks, q, d).

    n : int, q where it is known. None counts them, and waits for a device to do so.
    With n nobody waits, and a task with another number of normal rows gets NaN, which
    the outer loop does not let pass.

    Raises
    ------
    ValueError
        if the tasks share a query or, where they are counted, differ in how many of
        its rows are normal.
    """
    shared = len(task.query) != len(task.y) or task.y.ndim != 2
    if n is None and not shared:
        counts = (task.y == 0).sum(dim=1).unique()
        n = int(counts[0]) if len(counts) == 1 else None
    if shared or n is None:
        raise ValueError(
            "adversarial training needs one-class tasks drawn one by one, each with as "
            "many normal rows in its query as the others: OneClassTasks, or one table."
        )
    return _labelled(task, 0, n)


def _labelled(task, label, n):
    """Take the n rows of each query with a label, in their order: (n_tasks, n, d)."""
    here = task.y == label
    if task.y.device.type == "cpu":
        return task.query[here].unflatten(0, (len(here), n))
    return _first(task.query, here, n)


def _first(rows, here, n):
    """Take n of rows (n_tasks, q, d), those where `here` (n_tasks, q) is true, without
    a question to the device; NaN for a task that has another number of them.
    """
    order = (~here).long().argsort(dim=1, stable=True)[:, :n, None]
    found = rows.gather(1, order.expand(-1, -1, rows.shape[2]))
    return found.where((here.sum(dim=1) == n)[:, None, None], torch.nan)
