"""The performance matrix: how well each of many configurations does on each of many
tables.

It is what every strategy of `metaad.search.tuning.hold_out` learns from. A detector is
fitted on a table's rows without labels and scores the same rows (the unsupervised
setting); the labels only judge the scores. Each detector with something random in it is
fitted again with other seeds: a configuration that came out best with one seed may have
been lucky."""

from typing import NamedTuple

import numpy as np

from metaad import metrics
from metaad.search.space import configured
from metaad.search.tuning.matrix_cache import (
    compute,
    is_random,
    own_scores,
    reader,
    stored,
)

__all__ = [
    "Matrix",
    "compute",
    "configured",
    "is_random",
    "matrix",
    "own_scores",
    "reader",
]


class Matrix(NamedTuple):
    """What the candidates got on the tables.

    auroc, ap : float64 (n_tables, n_candidates, n_seeds). labels, kinds, configs : of
        the candidates.
    names, families : of the tables. seconds : float64 (n_tables, n_candidates), of one
    fit and its scores."""

    auroc: np.ndarray
    ap: np.ndarray
    labels: list
    kinds: list
    configs: list
    names: list
    families: list
    seconds: np.ndarray

    def of(self, *kinds):
        """Return the matrix of some detectors alone."""
        unknown = set(kinds) - set(self.kinds)
        if unknown or not kinds:
            raise ValueError(
                f"the matrix has {', '.join(dict.fromkeys(self.kinds))}; got {', '.join(unknown)}."
            )
        at = np.flatnonzero(np.isin(self.kinds, kinds))
        columns = {
            n: [getattr(self, n)[i] for i in at] for n in ("labels", "kinds", "configs")
        }
        return self._replace(
            auroc=self.auroc[:, at],
            ap=self.ap[:, at],
            seconds=self.seconds[:, at],
            **columns,
        )

    def default(self, kind):
        """Return column of the first configuration of a detector, its library's
        default.
        """
        return self.kinds.index(kind)

    def compact(self, digits=5):
        """Return the matrix as JSON takes it, values rounded."""
        rounded = {
            n: np.round(getattr(self, n), digits).tolist() for n in ("auroc", "ap")
        }
        return {
            **self._asdict(),
            **rounded,
            "seconds": np.round(self.seconds, 2).tolist(),
        }

    @classmethod
    def restored(cls, stored):
        """Return a matrix from what `compact` made."""
        arrays = {
            n: np.array(stored[n], dtype=np.float64) for n in ("auroc", "ap", "seconds")
        }
        return cls(**{**{n: stored[n] for n in cls._fields}, **arrays})


def matrix(tasks, found, folder, n_seeds=3, n_jobs=1):
    """Compute what is missing in the folder, and judge the scores: Matrix."""
    compute(tasks, found, folder, n_seeds, n_jobs)
    kept = [
        [stored(table, found, folder, seed) for seed in range(n_seeds)]
        for table in tasks
    ]
    auroc, ap = (
        np.array(
            [
                [[metric(s["y"], row) for row in s["scores"]] for s in table]
                for table in kept
            ]
        ).swapaxes(1, 2)
        for metric in (metrics.auroc, metrics.average_precision)
    )
    seconds = np.array([table[0]["seconds"] for table in kept])
    labels, kinds, configs = (
        [getattr(c, n) for c in found] for n in ("label", "kind", "config")
    )
    return Matrix(
        auroc, ap, labels, kinds, configs, tasks.names, tasks.families, seconds
    )
