"""One-class tasks where no number may leave the device: rows sorted by class, once."""

from typing import NamedTuple

import numpy as np
import torch

from metaad.tasks.base import Task


class Layout(NamedTuple):
    """Hold the rows of OneClassTasks on a device, and how they are sorted by class.

    X : tensor (n, d). order : int64 (n,), row numbers, class by class. start, count :
    int64 (c,), where a class begins in that order and how many rows it has. classes :
    int64 (c,), the classes by name. normal : int64, positions of those that may be
    normal. pool, pool_class : int64 (m,), rows that may be anomalies, and the position
    of their class. largest : int, rows of the largest class.
    """

    X: torch.Tensor
    order: torch.Tensor
    start: torch.Tensor
    count: torch.Tensor
    classes: torch.Tensor
    normal: torch.Tensor
    pool: torch.Tensor
    pool_class: torch.Tensor
    largest: int

    @classmethod
    def of(cls, tasks, device):
        """Copy the rows of OneClassTasks to a device, once."""
        names = list(tasks.rows)
        count = np.array([len(r) for r in tasks.rows.values()])
        at = {c: i for i, c in enumerate(names)}
        pool = [tasks.rows[c] for c in tasks.anomalous]
        pool_class = np.repeat([at[c] for c in tasks.anomalous], [*map(len, pool)])
        arrays = (
            np.concatenate([*tasks.rows.values()]),
            np.cumsum(count) - count,
            count,
            names,
            [at[c] for c in tasks.normal],
            np.concatenate(pool),
            pool_class,
        )
        tensors = [torch.as_tensor(np.asarray(a)).to(device) for a in arrays]
        return cls(tasks.X.detach().to(device), *tensors, int(count.max()))


def draw_tasks(tasks, n_tasks, draws):
    """Draw a batch of OneClassTasks on a device: Task, see OneClassTasks.sample."""
    here, n = tasks.layout(draws.device), len(tasks.normal)
    rounds = -(-n_tasks // n)
    order = draws.random((rounds, n)).argsort(dim=1).flatten()[:n_tasks]
    own = here.normal[order]  # (n_tasks,), positions of classes
    within = draws.arange(here.largest) < here.count[own][:, None]
    drawn = draws.distinct(within, tasks.k + tasks.n_query)
    inliers = here.order[here.start[own][:, None] + drawn]
    other = here.pool_class != own[:, None]
    anomalies = here.pool[draws.distinct(other, tasks.n_anomalies)]
    query = torch.cat([inliers[:, tasks.k :], anomalies], dim=1)
    y = here.X.new_zeros(query.shape)
    y[:, tasks.n_query :] = 1.0
    support, query = here.X[inliers[:, : tasks.k]], here.X[query]
    return Task(support, query, y, None, here.classes[own])
