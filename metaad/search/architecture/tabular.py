"""A tabular benchmark: every network of a space trained once, so that a search costs
nothing to repeat [1].

References
----------
[1] Ying, Klein, Christiansen, Real, Murphy, Hutter: NAS-Bench-101: towards reproducible
    neural architecture search. ICML 2019."""

from typing import NamedTuple

import numpy as np

from metaad.search.architecture import (
    Trials,
    architectures,
    controlled,
    distinct,
    halving,
    random_search,
)

STEPS = 65535  # a share in [0, 1] is kept as four hexadecimal digits


def pack(shares):
    """Return shares in [0, 1], array (n,), as text: four hexadecimal digits each, right
    to 1 / 131070.
    """
    return "".join(f"{round(v * STEPS):04x}" for v in np.ravel(shares).tolist())


def unpack(text):
    """Return what `pack` wrote: float64 array (n,)."""
    return np.array([int(text[i : i + 4], 16) for i in range(0, len(text), 4)]) / STEPS


class Benchmark(NamedTuple):
    """What became of A architectures with S seeds on c classes, each class normal once.

    names : list of A (hidden, code_size).
    validation : (A, S, c, c), AUROC of validation rows: the network of class i, rows of
        i against rows of j; the diagonal means nothing.
    test : (A, S, c), AUROC of test rows: the network of class i, rows of i against
        those of all other classes.
    error : (A, S, c), mean squared error of validation rows of the network's own class.
    seconds : (A, S), CPU seconds of training the c networks.
    """

    names: list
    validation: np.ndarray
    test: np.ndarray
    error: np.ndarray
    seconds: np.ndarray

    def rewards(self, seen, seed=0):
        """Return the reward of every architecture on every class a search may see: (A,
        len(seen)).

        The mean of the AUROC against each of the other seen classes is the AUROC
        against all of them, as many rows of each: an AUROC is linear in where the
        anomalies come from."""
        seen = list(seen)
        pairs = self.validation[:, seed][:, seen][:, :, seen]  # (A, c', c')
        return np.where(np.eye(len(seen), dtype=bool), 0.0, pairs).sum(axis=2) / (
            len(seen) - 1
        )

    def trials(self, seen, seed, budget, space=None):
        """Return Trials that look rewards up; the budget counts networks, one for each
        architecture and class seen.
        """
        index, table = (
            {n: i for i, n in enumerate(self.names)},
            self.rewards(seen, seed),
        )
        space = architectures() if space is None else space
        return Trials(
            lambda name, task: float(table[index[name], task]), len(seen), budget, space
        )

    def record(self):
        """Return the benchmark as JSON can hold it."""
        off = ~np.eye(self.test.shape[2], dtype=bool)
        return {
            "names": [[list(hidden), code_size] for hidden, code_size in self.names],
            "validation": [[pack(v[off]) for v in row] for row in self.validation],
            "test": [[pack(v) for v in row] for row in self.test],
            "error": [
                [" ".join(f"{v:.3g}" for v in e) for e in row] for row in self.error
            ],
            "seconds": [[round(float(s), 2) for s in row] for row in self.seconds],
        }

    @classmethod
    def recorded(cls, record):
        """Return the benchmark that `record` wrote."""
        names = [(tuple(hidden), code_size) for hidden, code_size in record["names"]]
        test = np.array([[unpack(v) for v in row] for row in record["test"]])
        a, s, c = test.shape
        validation = np.zeros((a, s, c, c))
        off = ~np.eye(c, dtype=bool)
        validation[:, :, off] = [
            [unpack(v) for v in row] for row in record["validation"]
        ]
        error = np.array(
            [
                [np.array(e.split(), dtype=np.float64) for e in row]
                for row in record["error"]
            ]
        )
        return cls(names, validation, test, error, np.array(record["seconds"]))


def replay(
    benchmark,
    controller,
    seen,
    seed=0,
    budget=20,
    random_state=None,
    space=None,
    **options,
):
    """Run a search on the table: Trials that have spent what `budget` architectures
    cost on all classes seen.

    controller : "random", "halving", "reinforce", "trpo", or "frozen": a policy that
        draws and never learns.
    options : of `metaad.search.architecture.controlled`.
    """
    trials = benchmark.trials(seen, seed, budget * len(seen), space)
    if controller in ("random", "halving"):
        names = distinct(architectures() if space is None else space)
        {"random": random_search, "halving": halving}[controller](
            trials, names, random_state
        )
    elif controller == "frozen":
        controlled(trials, "reinforce", random_state, patience=100, learning_rate=0.0)
    else:
        controlled(trials, controller, random_state, **options)
    return trials


def incumbents(trials):
    """Return the best network after each that was judged on all tasks, in the order of
    the search: list of names.
    """
    best, found = (None, -np.inf), []
    for name, scores in trials.scores.items():
        if len(scores) == trials.n_tasks:
            reward = float(np.mean(list(scores.values())))
            best = (name, reward) if reward > best[1] else best
            found.append(best[0])
    return found
