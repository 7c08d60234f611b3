"""A task: a few normal rows to adapt to, and a query to be judged on."""

from typing import NamedTuple

import numpy as np
import torch


class Task(NamedTuple):
    """Hold a batch of tasks; one task is a batch of one.

    k support rows, q query rows, d features.

    support : tensor (n_tasks, k, d), rows to adapt to; in one-class tasks all of them
        are normal.
    query : tensor (n_tasks, q, d), rows to be judged; or (1, q, d), the same rows for
        all tasks.
    y : tensor (n_tasks, q), 1 for an anomaly and 0 for a normal row; in regression the
        targets, (n_tasks, q, out).
    support_y : tensor (n_tasks, k) or (n_tasks, k, out), labels or targets of the
        support; None in one-class tasks.
    normal : int64 array (n_tasks,), the class that counts as normal, a tensor where a
        torch.Generator drew the tasks; None where there are no classes.
    weight : tensor (n_tasks, q), how much each judgement counts in the outer loss, 1
        on average; None counts all alike.
    """

    support: torch.Tensor
    query: torch.Tensor
    y: torch.Tensor
    support_y: torch.Tensor | None = None
    normal: np.ndarray | None = None
    weight: torch.Tensor | None = None

    def to(self, device=None, dtype=None):
        """Move the tasks to another device or floating-point type."""

        def moved(t):
            if not isinstance(t, torch.Tensor):
                return t
            return t.to(device, dtype if t.is_floating_point() else t.dtype)

        return Task(*map(moved, self))

    def pooled(self):
        """Join support and query to one labelled set.

        Returns rows (n_tasks, k + q, d) and labels (n_tasks, k + q, ...).
        """
        if self.weight is not None:
            raise ValueError(
                "tasks that share a weighted query can't be pooled; draw tasks one by "
                "one (MadeUpTasks)."
            )
        support_y = self.support_y
        if support_y is None:
            support_y = self.y.new_zeros(self.support.shape[:2])
        rows = torch.cat([self.support, self.query], dim=1)
        return rows, torch.cat([support_y, self.y], dim=1)


def check_rows(X):
    """Raise ValueError unless X is an array (n, d) of finite numbers."""
    if X.ndim != 2 or 0 in X.shape:
        raise ValueError(
            f"X must hold rows and features, array (n, ...); got shape {X.shape}."
        )
    if not np.isfinite(X).all():
        raise ValueError("X holds NaN or infinity; drop or fill those rows first.")
