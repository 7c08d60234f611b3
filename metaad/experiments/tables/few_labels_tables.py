"""Synthetic tables with anomalies of known kinds, for the few-labels experiment."""

import numpy as np

from metaad.tasks.tables import LabelledTable

KINDS = ("local", "global", "clustered", "dependency", "class")


class Mixture:
    """A mixture of m Gaussians in d columns, and one more component for anomalies.

    rng : numpy Generator, drawn from at once."""

    def __init__(self, d, m, rng):
        self.d, self.m, self.rng = d, m, rng
        self.q = q = int(rng.integers(2, d + 1))  # width of the components
        self.means = rng.normal(0, rng.uniform(0.5, 3), (m + 1, d))
        self.maps = [self._map(q, d) for _ in range(m + 1)]
        self.noise = rng.uniform(0.05, 0.6)
        self.share = rng.dirichlet(np.ones(m) * 2)

    def _map(self, q, d):
        scaled = self.rng.normal(0, 1, (q, d)) / np.sqrt(q)
        return scaled * self.rng.uniform(0.5, 1.5)

    def around(self, c, size):
        """Return deviations from the mean of component c: array (size, d)."""
        drawn = self.rng.normal(size=(size, self.q)) @ self.maps[c]
        return drawn + self.noise * self.rng.normal(size=(size, self.d))

    def component(self, c, size, wide=1.0):
        """Return rows of component c, deviations times `wide`: array (size, d)."""
        return self.means[c] + wide * self.around(c, size)

    def normal(self, size):
        """Return normal rows, array (size, d), component by component."""
        which = self.rng.choice(self.m, size, p=self.share)
        counts = [int((which == c).sum()) for c in range(self.m)]
        return np.concatenate([self.component(c, n) for c, n in enumerate(counts)])

    def anomalies(self, kind, size, X):
        """Return anomalies of one of KINDS among the normal rows X: array (size, d).

        local: a component's own shape, wider; global: anywhere in the box; clustered:
        one tight cluster; dependency: every column from another row; class: one more
        component."""
        rng, d, m = self.rng, self.d, self.m
        if kind == "local":
            return self.component(int(rng.integers(m)), size, rng.uniform(1.5, 3))
        if kind == "global":
            low, high = X.min(0), X.max(0)
            edge = 0.1 * (high - low)
            return rng.uniform(low - edge, high + edge, (size, d))
        if kind == "clustered":
            c = int(rng.integers(m))
            centre = self.means[c] + rng.normal(0, 1, d) * rng.uniform(1, 3)
            return centre + rng.uniform(0.1, 0.6) * self.around(c, size)
        if kind == "dependency":
            return X[rng.integers(len(X), size=(size, d)), np.arange(d)]
        moved = rng.normal(0, 1, d) * (rng.random(d) < rng.uniform(0.1, 0.6))
        near = self.means[int(rng.integers(m))]
        self.means[m] = near + moved * rng.uniform(0.5, 2.5)
        return self.component(m, size)


def bent(X, rng):
    """Return X with half of its columns exponentiated, squared or rounded."""
    bend = rng.choice(4, X.shape[1], p=[0.5, 0.2, 0.15, 0.15])
    X = np.where(bend == 1, np.exp(np.clip(X / X.std(0), -6, 6)), X)
    X = np.where(bend == 2, np.sign(X) * X**2, X)
    return np.where(bend == 3, np.round(X), X)


def made_up_table(seed):
    """Return a synthetic LabelledTable: a mixture of Gaussians with bent columns, and
    anomalies of one or two kinds, see `Mixture.anomalies`.
    """
    rng = np.random.default_rng([seed, 77])
    d, n = int(rng.integers(4, 31)), int(rng.integers(400, 1201))
    rate = float(np.exp(rng.uniform(np.log(0.02), np.log(0.3))))
    m, a = int(rng.integers(1, 6)), max(12, int(n * rate))
    mixture = Mixture(d, m, rng)
    X = mixture.normal(n - a)
    kinds = rng.choice(KINDS, size=int(rng.integers(1, 3)), replace=False)
    parts = np.array_split(np.arange(a), len(kinds))
    made = [
        mixture.anomalies(kind, len(part), X)
        for kind, part in zip(kinds, parts, strict=True)
    ]
    X, y = bent(np.concatenate([X, *made]), rng), np.repeat([0, 1], [n - a, a])
    extra = int(rng.integers(0, d // 2 + 1))
    X = np.concatenate([X, rng.normal(size=(n, extra))], axis=1) if extra else X
    rows = rng.permutation(n)
    X = X[rows][:, X.max(0) > X.min(0)]
    X = (X - X.mean(0)) / X.std(0)
    return LabelledTable(X, y[rows], f"made-{seed:03d}", "made up")
