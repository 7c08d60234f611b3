"""One stream of batches, drawn once and learned from by several methods."""

import numpy as np
import torch

LEVELS = 255  # grey values that a kept pixel can have


class Replayed:
    """Draw batches of a task source once and keep them; every method gets the same ones.

    Pixels are kept in 256 grey values, as the images came.

    Parameters
    ----------
    tasks : AllPairs. n_batches, n_tasks : how many to keep, and of how many classes.
    seed : of the drawing.
    """

    def __init__(self, tasks, n_batches, n_tasks, seed):
        self.tasks, self.n_batches, self.n_tasks = tasks, n_batches, n_tasks
        self.rng, self.kept = np.random.default_rng(seed), []

    def again(self, shots=None):
        """Return a task source that starts with the first batch.

        shots : numbers of support rows, one of which each batch is cut to; None keeps
            all."""
        return _Reader(self, shots)

    def batch(self, i):
        """Return batch i, a Task."""
        while len(self.kept) <= i:
            task = self.tasks.sample(self.n_tasks, self.rng)
            self.kept.append(task._replace(**{n: _few(t) for n, t in _images(task)}))
        task = self.kept[i]
        dtype = task.y.dtype
        return task._replace(**{n: t.to(dtype) / LEVELS for n, t in _images(task)})


class _Reader:
    """Give the batches in their order; anything else is drawn afresh."""

    def __init__(self, replayed, shots):
        self.of, self.shots, self.next = replayed, shots, 0
        self.rng = np.random.default_rng(0)

    @property
    def n_features(self):
        return self.of.tasks.n_features

    def sample(self, n_tasks, random_state=None):
        """Return the next batch if it is one of n_tasks, else draw one."""
        if n_tasks != self.of.n_tasks:
            return self.of.tasks.sample(n_tasks, random_state)
        self.next += 1
        task = self.of.batch(self.next - 1)
        if self.shots is None:
            return task
        k = int(self.rng.choice(self.shots))
        return task._replace(support=task.support[:, :k])


def _images(task):
    return [("support", task.support), ("query", task.query)]


def _few(images):
    return (images.clamp(0, 1) * LEVELS).round().to(torch.uint8)
