"""Batches for a plain classifier: the same images as AllPairs draws, each with its class."""

import numpy as np
import torch

from metaad.tasks.all_pairs import AllPairs, together
from metaad.tasks.draws import Draws, functions, generator, kept, namespace


class ClassPool(AllPairs):
    """Draw images of known classes, and of a fixed pool of made-up ones.

    A classifier has an output for every class, so its classes must be known before it
    learns: where AllPairs makes up new ones for every batch, this draws `pool` recipes
    once. As many images, bent alike, come in a batch of each.

    Parameters
    ----------
    tasks : MadeUpTasks. Its `share` of each batch comes from the pool.
    pool : int, how many made-up classes there are; 0 leaves the real ones alone.
    random_state : seed of the recipes.

    Attributes
    ----------
    classes : int array, the number of every class: those of the real ones, then one more
        for each recipe.
    """

    def __init__(self, tasks, pool=0, random_state=0):
        super().__init__(tasks)
        if pool < 0:
            raise ValueError(f"pool must be 0 or more made-up classes; got {pool!r}.")
        self.pool = pool
        self.recipes = tasks.recipes(pool, np.random.default_rng(random_state))
        first = max(tasks.digits) + 1
        self.classes = np.r_[tasks.digits, first + np.arange(pool)]

    def sample(self, n_tasks, random_state=None):
        """Draw one batch: k + q images of each of n_tasks classes.

        Returns
        -------
        Task, with support (n_tasks, k, d), query (1, n_tasks q, d), y (n_tasks,
        n_tasks q), 1 where the query's class is another one, and `normal`, the class.
        A torch.Generator draws all of it on its own device.
        """
        made_up = self.tasks
        rng = generator(random_state, made_up.tasks.X)
        own = self._draw(n_tasks, rng)
        k, q = made_up.tasks.k, made_up.tasks.n_query
        every = functions(own).broadcast_to(own[:, None], (n_tasks, k + q))
        recipes, classes = self._known(rng)
        images = made_up.draw(recipes, every, rng)  # (n_tasks, k + q, d)
        return together(images, k, own, classes[own])

    def _known(self, rng):
        """Return the recipes and the classes: as they are, or on the device of Draws."""
        known = self.recipes, self.classes
        if not isinstance(rng, Draws):
            return known
        return kept(self, (rng.device, rng.dtype), lambda: _on_device(known, rng))

    def _draw(self, n, rng):
        """Draw which classes a batch holds: positions in `classes`, int64 (n,)."""
        n_real = len(self.tasks.digits)
        n_made = int(round(self.tasks.share * n)) if self.pool else 0
        real = _in_turn(n_real, n - n_made, rng)
        made = n_real + _in_turn(self.pool, n_made, rng)
        return namespace(rng).concatenate([real, made])


def _in_turn(n_classes, n, rng):
    """Draw n of n_classes, each equally often, give or take one: int64 (n,)."""
    rounds = -(-n // max(n_classes, 1))
    orders = [rng.permutation(n_classes) for _ in range(rounds)]
    xp = namespace(rng)
    return xp.concatenate([xp.arange(0), *orders])[:n]


def _on_device(part, draws):
    """Make the arrays of nested tuples tensors, floating-point ones in the type of Draws."""
    if part is None:
        return None
    if isinstance(part, tuple):
        parts = [_on_device(p, draws) for p in part]
        return type(part)(*parts) if hasattr(part, "_fields") else tuple(parts)
    part = torch.as_tensor(part)
    return part.to(draws.device, draws.dtype if part.is_floating_point() else None)
