"""One-class subspace network: the distance to the flat through the support, in features
trained for it, in episodes and by classification at once.
"""

import torch
from torch import nn
from torch.nn.functional import cross_entropy

from metaad.meta.classifier import classes_of, numbers_of
from metaad.meta.inner_loop import both_through
from metaad.meta.metric import MetricLearner, embedding_width
from metaad.meta.support_heads import gram, refuse_anomalies, shrunk, unit

UNNAMED = -1  # a label that the cross-entropy leaves out


class Subspace(MetricLearner):
    """One-class subspace network [1]: how far a query lies from the support's flat.

    Features f(x) have length one. With μ the mean of the support's k rows, u = f(x) - μ
    and R the centred rows, the score is the logit of "anomaly",

        score(x) = γ (‖u‖² - (R u)ᵀ (κ I + R Rᵀ)⁻¹ (R u) - τ)

    with f, γ, κ and τ learned; κ → 0 is the PCA residual of the support, κ → ∞ the
    squared distance to its mean. This is the head that a plain classifier's features are
    judged with (`metaad.meta.classifier`), here trained through, in episodes.

    Parameters
    ----------
    estimator : nn.Module from rows (n, d) to features (n, m). A copy is trained.
    iterations, n_tasks, learning_rate, schedule, average, clip, device, random_state,
        progress, shots, checkpoint, dtype : see MetricLearner.
    classify : weight of the cross-entropy of a linear layer that names the known
        classes; 0 leaves it out. Made-up classes, whose `normal` is -1, have no name.

    References
    ----------
    [1] Simon, Koniusz, Nock and Harandi, Adaptive Subspaces for Few-Shot Learning, CVPR
        2020.
    [2] Chen, Liu, Xu, Darrell and Wang, Meta-Baseline, ICCV 2021 (a classifier's
        training and episodes, one after the other).
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
        shots=None,
        checkpoint=None,
        classify=0.0,
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
            shots,
            checkpoint,
            dtype,
        )
        self.classify = classify

    def loss(self, task):
        """Compute the episodes' loss plus `classify` times the cross-entropy."""
        embedded = both_through(self.module_["net"], task.support, task.query)
        loss = super().loss(task, embedded)
        if not self.classify:
            return loss
        return loss + self.classify * self._naming(*embedded, task)

    def adapted(self, support, y=None):
        """Lay the flat through supports (n_tasks, k, d): see MetricLearner.

        Raises ValueError if y calls a row of the support anomalous."""
        refuse_anomalies(y, "the flat is laid through")
        return super().adapted(support, y)

    def _naming(self, support, query, task):
        """Compute the cross-entropy of the images of known classes."""
        named = classes_of(task, query.device)
        rows = torch.cat([support.flatten(0, 1), query.flatten(0, 1)])
        if _picks(rows):
            rows, named = rows[named >= 0], named[named >= 0]
        at = torch.searchsorted(numbers_of(self, query.device), named)
        at = at.masked_fill(named < 0, UNNAMED)
        return cross_entropy(self.module_["names"](rows), at, ignore_index=UNNAMED)

    def _head(self, width):
        return {"log_scale": 2.0, "threshold": 0.5, "log_prior_rows": -2.0}

    def _score(self, support, y, query):
        head = self.module_["head"]
        products = gram(unit(support), unit(query))
        left = shrunk(*products, prior=head["log_prior_rows"].exp())
        return head["log_scale"].exp() * (left.to(query.dtype) - head["threshold"])

    def _build(self, net, tasks):
        module = super()._build(net, tasks)
        if self.classify:
            self.classes_ = known_classes(tasks)
            width = embedding_width(net, tasks)
            module["names"] = nn.Linear(width, len(self.classes_))
        return module


def _picks(rows):
    """Whether rows with a name are picked out; how many they are, only a device knows."""
    return rows.device.type == "cpu"


def known_classes(tasks, look=64):
    """List the classes that a large batch of tasks calls normal, those without a name
    (-1) left out."""
    return sorted({int(c) for c in tasks.sample(look, 0).normal if c >= 0})
