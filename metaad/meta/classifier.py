"""The control without meta-learning: a plain classifier's features."""

import torch
from torch import nn
from torch.nn.functional import cross_entropy

from metaad.meta.base import MetaLearner
from metaad.meta.inner_loop import both_through
from metaad.meta.metric import embed, embedding_width
from metaad.meta.support_heads import HEADS, gram, refuse_anomalies, unit, whitening
from metaad.tasks.draws import kept

BATCHES = 20  # of training images, for the variance within classes


class Classifier(MetaLearner):
    """Learn to tell known classes apart, by cross-entropy and without any episode; then
    judge a new class by a fixed formula in the features.

    This is what every gain of meta-learning has to be measured against: it has seen the
    same labelled images, through the same network, for as many steps.

    Parameters
    ----------
    estimator : nn.Sequential that ends with a linear layer. Its copy gets one output per
        class.
    head : "residual", "nearest", "mean" or "shrunk", see `support_heads`; how features
        become a score.
    below : how many layers at the end are left out for the features: 1 takes what the
        last layer sees.
    cosine : classify by the angle alone: features and weights of length one times a
        learned scale.
    iterations, n_tasks, learning_rate, schedule, average, clip, device, random_state,
        progress, checkpoint, dtype : see MetaLearner.

    Its tasks are all-pairs batches whose `normal` is the class, and whose `classes` lists
    all of them: ClassPool. A score has no natural threshold; 0 calls everything
    anomalous.

    References
    ----------
    [1] Chen, Liu, Kira, Wang and Huang, A Closer Look at Few-shot Classification, ICLR
        2019 (a plain classifier as the baseline of meta-learning).
    [2] Tian, Wang, Krishnan, Tenenbaum and Isola, Rethinking Few-Shot Image
        Classification: a Good Embedding Is All You Need?, ECCV 2020.
    """

    def __init__(
        self,
        estimator,
        head="residual",
        below=1,
        cosine=False,
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
        self.head = head
        self.below = below
        self.cosine = cosine

    def fit(self, tasks, y=None, *, watch=None):
        """Learn to classify, then measure the variance within classes; see MetaLearner."""
        if self.head not in HEADS:
            known = ", ".join(HEADS)
            raise ValueError(f"head must be one of {known}; got {self.head!r}.")
        super().fit(tasks, watch=watch)
        if self.head == "shrunk":
            with torch.no_grad():
                self.module_["whiten"]["matrix"].copy_(self._whitening(tasks))
        return self

    def loss(self, task):
        """Compute the cross-entropy of all images of a batch: a scalar tensor."""
        net = self.module_["net"]
        support, query = both_through(without_last(net), task.support, task.query)
        z = torch.cat([support.flatten(0, 1), query.flatten(0, 1)])
        return cross_entropy(self._logits(z), self._labels(task))

    def adapted(self, support, y=None):
        """Read supports (n_tasks, k, d): a function from queries to scores."""
        refuse_anomalies(y, "the features of a classifier are judged by")
        z = self._seen(support)
        head = HEADS[self.head]
        return lambda query: head(*gram(z, self._seen(query)))[..., None]

    def features(self, x):
        """Compute features of length one: tensor (..., d) -> (..., m)."""
        return unit(without_last(self.module_["net"], self.below)(x))

    def _seen(self, x):
        """Features (n_tasks, n, m), whitened where the head asks for it."""
        z = embed(self.features, x)
        return z if self.head != "shrunk" else z @ self.module_["whiten"]["matrix"]

    def _logits(self, z):
        last = self.module_["net"][-1]
        if not self.cosine:
            return last(z)
        return self.module_["scale"]["log"].exp() * unit(z) @ unit(last.weight).T

    def _labels(self, task):
        """Number the classes of a batch's images, support first: int64 tensor (n,)."""
        known = numbers_of(self, self.device_)
        return torch.searchsorted(known, classes_of(task, self.device_))

    def _build(self, net, tasks):
        self.classes_ = sorted(int(c) for c in tasks.classes)
        last = net[-1]
        net[-1] = nn.Linear(last.in_features, len(self.classes_))
        below = without_last(net, self.below)
        parts = {"net": net}
        if self.cosine:
            log = torch.tensor(10.0).log()
            parts["scale"] = nn.ParameterDict({"log": nn.Parameter(log)})
        if self.head == "shrunk":
            eye = torch.eye(embedding_width(below, tasks))
            eye = nn.Parameter(eye, requires_grad=False)
            parts["whiten"] = nn.ParameterDict({"matrix": eye})
        return nn.ModuleDict(parts)

    @torch.no_grad()
    def _whitening(self, tasks):
        """Whiten what the training images vary within their classes: tensor (m, m)."""
        z, labels = [], []
        for i in range(BATCHES):
            task = self.prepared(tasks.sample(len(self.classes_), i))
            rows = torch.cat([task.support.flatten(0, 1), task.query.flatten(0, 1)])
            z.append(self.features(rows))
            labels.append(self._labels(task))
        return whitening(torch.cat(z), torch.cat(labels))


def classes_of(task, device=None):
    """Return the class of every image of an all-pairs batch, support first: int64 tensor
    (n,).
    """
    k, q = task.support.shape[1], task.query.shape[1] // len(task.support)
    normal = torch.as_tensor(task.normal, device=device)
    return torch.cat([normal.repeat_interleave(k), normal.repeat_interleave(q)])


def numbers_of(learner, device):
    """Return `learner.classes_` on a device, int64 tensor (c,), copied there once."""
    known = tuple(learner.classes_)
    about = known, torch.device(device)
    return kept(learner, about, lambda: torch.as_tensor(known, device=device))


def without_last(net, n=1):
    """Return the layers of an nn.Sequential without the last n; they stay shared."""
    return nn.Sequential(*list(net)[: len(net) - n])
