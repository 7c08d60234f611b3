"""Tasks that need no labels: from one table without labels, and sine waves."""

import numpy as np
import torch

from metaad.tasks.base import Task, check_rows
from metaad.tasks.draws import Draws, generator, kept, namespace
from metaad.tasks.mixed import mixed_rows


class ResampledTasks:
    """Draw tasks from one table without labels: random rows as support, other rows and
    made-up anomalies as query.

    A made-up anomaly takes each feature from a different row, see `mixed_rows`.

    Parameters
    ----------
    X : array (n, d), n >= 4.
    k, n_query : rows of the support; normal rows of the query, and as many made-up
        anomalies.
    dtype, device : where the rows are kept; None takes torch's defaults.

    Raises
    ------
    ValueError
        for fewer than 4 rows, and for NaN or infinity.
    """

    draws_on_device = True

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
        """Count the features d."""
        return self.X.shape[1]

    def sample(self, n_tasks, random_state=None):
        """Draw a batch of tasks: Task with support (n_tasks, k, d) and query
        (n_tasks, 2 n_query, d). A torch.Generator draws them on its own device.
        """
        rng = generator(random_state, self.X)
        X, n, wanted = self.X, len(self.X), self.k + self.n_query
        if isinstance(rng, Draws):
            X = self._rows_on(rng.device)
            every = torch.ones(n_tasks, n, dtype=torch.bool, device=X.device)
            rows = rng.distinct(every, wanted)
        else:
            rows = [rng.choice(n, wanted, replace=False) for _ in range(n_tasks)]
            rows = torch.as_tensor(np.stack(rows), device=X.device)
        # both (n_tasks, ..., d)
        made_up = mixed_rows(X, (n_tasks, self.n_query), rng)
        drawn = X[rows]
        query = torch.cat([drawn[:, self.k :], made_up], dim=1)
        y = torch.zeros(query.shape[:2], dtype=X.dtype, device=X.device)
        y[:, self.n_query :] = 1.0
        return Task(drawn[:, : self.k], query, y)

    def _rows_on(self, device):
        about = device, id(self.X), self.X._version
        return kept(self, about, lambda: self.X.detach().to(device))


class SinusoidTasks:
    """Draw Finn's regression tasks [1]: y = a sin(x - p), with a in [0.1, 5], p in [0, π]
    and x in [-5, 5].

    k : number of support points; n_query : number of query points.

    References
    ----------
    [1] Finn, Abbeel and Levine, Model-Agnostic Meta-Learning, ICML 2017, section 5.1.
    """

    n_features = 1
    draws_on_device = True

    def __init__(self, *, k=10, n_query=10, dtype=None, device=None):
        self.k, self.n_query = k, n_query
        self.dtype, self.device = dtype or torch.get_default_dtype(), device

    def sample(self, n_tasks, random_state=None):
        """Draw a batch of tasks: support (n_tasks, k, 1), query (n_tasks, n_query,
        1), targets of the same shapes. A torch.Generator draws them on its own device.
        """
        rng = generator(random_state)
        if isinstance(rng, Draws):
            rng = rng.typed(self.dtype)
        amplitude = rng.uniform(0.1, 5.0, (n_tasks, 1, 1))
        phase = rng.uniform(0.0, np.pi, (n_tasks, 1, 1))
        x = rng.uniform(-5.0, 5.0, (n_tasks, self.k + self.n_query, 1))
        y = amplitude * namespace(rng).sin(x - phase)
        device = rng.device if isinstance(rng, Draws) else self.device
        x, y = (torch.as_tensor(a, dtype=self.dtype, device=device) for a in (x, y))
        return Task(x[:, : self.k], x[:, self.k :], y[:, self.k :], y[:, : self.k])
