"""Tasks that are made: out of one table without labels, and sine waves."""

import numpy as np
import torch

from metaad.tasks.base import Task, check_rows


class ResampledTasks:
    """Tasks out of one table without labels: random rows as support, other rows and
    made-up anomalies as query.

    A made-up anomaly takes each feature from a different row, chosen at random: every
    feature looks ordinary by itself, only the way they go together is wrong.

    Parameters
    ----------
    X : array (n, d).
    k, n_query : rows of the support; normal rows of the query, and as many made-up
    anomalies."""

    def __init__(self, X, *, k=10, n_query=15, dtype=None, device=None):
        X = np.asarray(X)
        check_rows(X)
        if len(X) < 4:
            raise ValueError(
                f"drawing tasks from one table needs at least 4 rows; got {len(X)}."
            )
        self.k = min(k, len(X) // 2)
        self.n_query = min(n_query, len(X) - self.k)
        self.X = torch.as_tensor(
            X, dtype=dtype or torch.get_default_dtype(), device=device
        )

    @property
    def n_features(self):
        """Number of features d."""
        return self.X.shape[1]

    def sample(self, n_tasks, random_state=None):
        """Draw a batch of tasks: Task with support (n_tasks, k, d) and query
        (n_tasks, 2 n_query, d).
        """
        rng = np.random.default_rng(random_state)
        n, d = self.X.shape
        rows = np.stack(
            [
                rng.choice(n, self.k + self.n_query, replace=False)
                for _ in range(n_tasks)
            ]
        )
        mixed = torch.as_tensor(
            rng.integers(0, n, (n_tasks, self.n_query, d)), device=self.X.device
        )
        # (n_tasks, n_query, d)
        made_up = self.X[mixed, torch.arange(d, device=self.X.device)]
        # (n_tasks, k + n_query, d)
        drawn = self.X[torch.as_tensor(rows, device=self.X.device)]
        query = torch.cat([drawn[:, self.k :], made_up], dim=1)
        y = torch.zeros(query.shape[:2], dtype=self.X.dtype, device=self.X.device)
        y[:, self.n_query :] = 1.0
        return Task(drawn[:, : self.k], query, y)


class SinusoidTasks:
    """Finn's regression tasks [1]: y = a sin(x - p), with a in [0.1, 5], p in [0, π]
    and x in [-5, 5].

    k : number of support points; n_query : number of query points.

    References
    ----------
    [1] Finn, Abbeel and Levine, Model-Agnostic Meta-Learning, ICML 2017, section 5.1.
    """

    n_features = 1

    def __init__(self, *, k=10, n_query=10, dtype=None, device=None):
        self.k, self.n_query = k, n_query
        self.dtype, self.device = dtype or torch.get_default_dtype(), device

    def sample(self, n_tasks, random_state=None):
        """Draw a batch of tasks: support (n_tasks, k, 1), query (n_tasks, n_query,
        1), targets of the same shapes.
        """
        rng = np.random.default_rng(random_state)
        amplitude = rng.uniform(0.1, 5.0, (n_tasks, 1, 1))
        phase = rng.uniform(0.0, np.pi, (n_tasks, 1, 1))
        x = rng.uniform(-5.0, 5.0, (n_tasks, self.k + self.n_query, 1))
        x, y = (
            torch.as_tensor(a, dtype=self.dtype, device=self.device)
            for a in (x, amplitude * np.sin(x - phase))
        )
        return Task(x[:, : self.k], x[:, self.k :], y[:, self.k :], y[:, : self.k])
