"""One-class tasks over labelled rows, and the named ways of dividing ten classes."""

from typing import NamedTuple

import numpy as np
import torch

from metaad.tasks.base import Task, check_rows
from metaad.tasks.draws import Draws, generator, kept
from metaad.tasks.layout import Layout, draw_tasks


class OneClassTasks:
    """Draw one-class tasks over rows that have a class: a task calls one class normal
    and the others anomalous.

    Parameters
    ----------
    X : array (n, ...), one image or row each; flattened to (n, d).
    y : int array (n,), the class of each row.
    k : number of support rows, all of the normal class.
    n_query : number of normal rows in the query, none of them in the support.
    n_anomalies : number of anomalous rows in the query; None takes `n_query` (a
        balanced query).
    normal : classes that a task may call normal; None takes all.
    anomalous : classes that anomalies come from, the task's own normal class left out;
        None takes all.
    dtype, device : where the rows are kept; None takes torch's defaults.

    Raises
    ------
    ValueError
        for NaN, for rows and classes that differ in number, and for classes with too
        few rows.
    """

    draws_on_device = True

    def __init__(
        self,
        X,
        y,
        *,
        k=10,
        n_query=15,
        n_anomalies=None,
        normal=None,
        anomalous=None,
        dtype=None,
        device=None,
    ):
        X, y = np.asarray(X), np.asarray(y)
        X = X.reshape(len(X), -1) if X.ndim != 1 else X
        check_rows(X)
        if y.shape != (len(X),):
            raise ValueError(
                f"y must hold one class for each of the {len(X)} rows of X; got shape "
                f"{y.shape}."
            )
        if k < 1 or n_query < 1:
            raise ValueError(
                f"a task needs k >= 1 support rows and n_query >= 1 query rows; got "
                f"{k} and {n_query}."
            )
        self.k, self.n_query = k, n_query
        self.n_anomalies = n_query if n_anomalies is None else n_anomalies
        known = np.unique(y)
        self.normal = _classes("normal", normal, known)
        self.anomalous = _classes("anomalous", anomalous, known)
        self.rows = {int(c): np.flatnonzero(y == c) for c in known}
        for c in self.normal:
            if len(self.rows[c]) < k + n_query:
                raise ValueError(
                    f"class {c} has {len(self.rows[c])} rows; a task needs k + "
                    f"n_query = {k + n_query} of them. Lower k or n_query, or leave "
                    "the class out of `normal`."
                )
            if len(self._pool(c)) < self.n_anomalies:
                raise ValueError(
                    f"a task with class {c} as normal needs {self.n_anomalies} "
                    f"anomalies, and the classes {self.anomalous} without {c} hold "
                    f"{len(self._pool(c))} rows. Name more classes in `anomalous`."
                )
        # (n, d)
        self.X = torch.as_tensor(
            X, dtype=dtype or torch.get_default_dtype(), device=device
        )

    @property
    def n_features(self):
        """Count the features d of a flattened row."""
        return self.X.shape[1]

    def _pool(self, normal):
        """List the row numbers that may serve as anomalies when class `normal` is normal."""
        others = [self.rows[c] for c in self.anomalous if c != normal]
        return np.concatenate(others) if others else np.empty(0, dtype=np.int64)

    def sample(self, n_tasks, random_state=None):
        """Draw a batch of tasks; every class of `normal` comes up equally often, give
        or take one.

        random_state : int or numpy Generator; the same int gives the same tasks. A
            torch.Generator draws all of it on its own device, see metaad.tasks.draws:
            other tasks, of the same distribution.

        Returns
        -------
        Task, with support (n_tasks, k, d), query (n_tasks, n_query + n_anomalies, d),
        the normal rows first.
        """
        rng = generator(random_state, self.X)
        if isinstance(rng, Draws):
            return draw_tasks(self, n_tasks, rng)
        rounds = -(-n_tasks // len(self.normal))
        # (n_tasks,)
        normal = np.concatenate([rng.permutation(self.normal) for _ in range(rounds)])[
            :n_tasks
        ]
        inliers = np.stack(
            [
                rng.choice(self.rows[c], self.k + self.n_query, replace=False)
                for c in normal
            ]
        )
        anomalies = np.stack(
            [rng.choice(self._pool(c), self.n_anomalies, replace=False) for c in normal]
        )
        support = inliers[:, : self.k]  # (n_tasks, k)
        # (n_tasks, n_query + n_anomalies)
        query = np.concatenate([inliers[:, self.k :], anomalies], axis=1)
        y = torch.zeros(query.shape, dtype=self.X.dtype, device=self.X.device)
        y[:, self.n_query :] = 1.0
        return Task(self._take(support), self._take(query), y, None, normal)

    def layout(self, device):
        """Return the rows and where each class has its own, on a device: Layout."""
        about = device, id(self.X), self.X._version
        return kept(self, about, lambda: Layout.of(self, device))

    def _take(self, rows):
        rows = torch.as_tensor(rows, device=self.X.device)
        return self.X[rows.flatten()].unflatten(0, rows.shape)


class Protocol(NamedTuple):
    """Say who learns from what and is judged on what.

    train : tasks to meta-learn from.
    validation : tasks to choose settings on, or None.
    test : tasks with a held-out class as normal and anomalies of all other classes.
    test_held_out : the same with anomalies of the other held-out classes only, or None
        where there is only one.
    held_out : the classes that never occur in `train`.
    """

    train: OneClassTasks
    validation: OneClassTasks | None
    test: OneClassTasks
    test_held_out: OneClassTasks | None
    held_out: tuple


PROTOCOLS = {"five-folds": 5, "mt-mnist": 9}  # name: number of splits


def protocol(
    name, X, y, split=0, *, train=None, k=10, n_query=15, n_test=100, **options
):
    """Divide ten classes into those to learn from and those to be tested on.

    "five-folds": split i holds out the classes 2i and 2i + 1. Training tasks are made
    of the other eight. Test tasks take a held-out class as normal; anomalies come from
    all nine others, or only from the other held-out class.

    "mt-mnist" [1]: split i (0 to 8) tests on class i as normal against all others and
    validates on class 9 as normal against the training classes; training tasks are made
    of the other eight alone.

    Parameters
    ----------
    X : array (n, ...); y : int array (n,), classes 0 to 9.
    split : which split, from 0.
    train : bool array (n,), rows that training may use; test and validation tasks take
        only the others. None puts the first 80 % of each class into training, in the
        order of the rows.
    k, n_query : support rows and normal query rows of a training task.
    n_test : normal query rows of a test task, and as many anomalies (or as many as a
        class has rows for).
    options : dtype and device, passed on to OneClassTasks.

    Returns
    -------
    Protocol

    References
    ----------
    [1] Frikha, Krompaß, Köpken and Tresp, Few-Shot One-Class Classification via
        Meta-Learning, AAAI 2021.
    """
    if name not in PROTOCOLS:
        raise ValueError(
            f"unknown protocol {name!r}; there are {', '.join(map(repr, PROTOCOLS))}."
        )
    if not 0 <= split < PROTOCOLS[name]:
        raise ValueError(
            f"{name!r} has the splits 0 to {PROTOCOLS[name] - 1}; got {split}."
        )
    X, y = np.asarray(X), np.asarray(y)
    train = first_share(y) if train is None else np.asarray(train, dtype=bool)
    held_out = (2 * split, 2 * split + 1) if name == "five-folds" else (split, 9)
    seen = tuple(c for c in range(10) if c not in held_out)
    rows = min(int((y[~train] == c).sum()) for c in held_out)
    n_test = min(n_test, rows - k)

    def tasks(part, normal, anomalous, n_query):
        return OneClassTasks(
            X[part],
            y[part],
            k=k,
            n_query=n_query,
            normal=normal,
            anomalous=anomalous,
            **options,
        )

    training = tasks(train, seen, seen, n_query)
    if name == "five-folds":
        test = tasks(~train, held_out, None, n_test)
        return Protocol(
            training, None, test, tasks(~train, held_out, held_out, n_test), held_out
        )
    return Protocol(
        training,
        tasks(~train, (9,), seen, n_test),
        tasks(~train, (split,), None, n_test),
        None,
        held_out,
    )


def first_share(y, share=0.8):
    """Mark the first `share` of the rows of each class: bool array (n,)."""
    chosen = np.zeros(len(y), dtype=bool)
    for c in np.unique(y):
        rows = np.flatnonzero(y == c)
        chosen[rows[: int(round(share * len(rows)))]] = True
    return chosen


def _classes(name, asked, known):
    if asked is None:
        return [int(c) for c in known]
    missing = sorted(set(asked) - set(known.tolist()))
    if missing or not len(asked):
        raise ValueError(
            f"{name} must name classes that occur in y ({known.tolist()}); got "
            f"{list(asked)}."
        )
    return [int(c) for c in asked]
