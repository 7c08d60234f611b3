"""The rivals of adversarial meta-learning: detectors of ten rows that learned nothing
before, on pixels or on the features of a plain classifier.
"""

import numpy as np
import torch
from torch import nn
from torch.nn.functional import cross_entropy

from metaad.meta.metric import embed
from metaad.nets import MLP
from metaad.train import seeded


def knn(support, query, k):
    """Compute the mean distance to the k nearest support rows.

    support : array (s, d). query : array (q, d). Returns an array (q,), large for an
    anomaly.
    """
    gaps = np.linalg.norm(query[:, None] - support, axis=-1)  # (q, s)
    return np.sort(gaps, axis=1)[:, :k].mean(axis=1)


def pca(support, query, components):
    """Compute the squared distance to the support's first principal components: (q,)."""
    mean = support.mean(axis=0)
    axes = np.linalg.svd(support - mean, full_matrices=False)[2][:components]
    away = query - mean
    return (away**2).sum(axis=1) - ((away @ axes.T) ** 2).sum(axis=1)


def mahalanobis(support, query, ridge):
    """Compute the squared Mahalanobis distance, array (q,), with a covariance to which
    `ridge` times the mean variance of a column is added.
    """
    away = support - support.mean(axis=0)
    covariance = away.T @ away / (len(support) - 1)
    level = ridge * max(np.trace(covariance) / len(covariance), 1e-9)
    inverse = np.linalg.inv(covariance + level * np.eye(len(covariance)))
    far = query - support.mean(axis=0)
    return np.einsum("qd,de,qe->q", far, inverse, far)


class SupportOnly:
    """Score queries from the support alone, on pixels or on the features of a network.

    function : (support, query, knob) -> (q,). knob : its setting. net : nn.Module from
    rows to features, None for the rows as they are.
    """

    def __init__(self, function, knob, net=None):
        self.function, self.knob, self.net = function, knob, net

    def scores(self, task):
        """Score the queries of a Task: float64 array (n_tasks, q)."""
        support, query = task.support, task.query
        if self.net is not None:
            with torch.no_grad():
                support, query = embed(self.net, support), embed(self.net, query)
        pairs = zip(support.numpy(), query.numpy(), strict=True)
        return np.stack([self.function(s, q, self.knob) for s, q in pairs])


def classifier(tasks, sizes, seed, *, iterations, learning_rate):
    """Train a plain classifier of the tasks' normal classes; return the network without
    its last layer: features after the ReLU.

    tasks : OneClassTasks; a step sees the normal rows that a step of the meta-learners
        sees. sizes : of the features' MLP. iterations : steps of Adam, cosine schedule.
    """
    where, rng = torch.device("cpu"), np.random.default_rng(seed)
    with seeded(seed, where):
        net = MLP((*sizes, len(tasks.normal)), dtype=tasks.X.dtype)
        optimizer = torch.optim.Adam(net.parameters(), learning_rate)
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, iterations)
        for _ in range(iterations):
            task = tasks.sample(len(tasks.normal), rng)
            rows = torch.cat([task.support, task.query[:, : tasks.n_query]], dim=1)
            y = torch.as_tensor([tasks.normal.index(c) for c in task.normal])
            loss = cross_entropy(
                net(rows.flatten(0, 1)), y.repeat_interleave(rows.shape[1])
            )
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
    return nn.Sequential(*list(net)[:-1]).requires_grad_(False)
