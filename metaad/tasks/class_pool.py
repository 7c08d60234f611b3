"""Batches for a plain classifier: the same images as AllPairs draws, each with its class."""

import numpy as np

from metaad.tasks.all_pairs import AllPairs, together


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
        """
        made_up, rng = self.tasks, np.random.default_rng(random_state)
        own = self._draw(n_tasks, rng)
        k, q = made_up.tasks.k, made_up.tasks.n_query
        images = made_up.draw(self.recipes, np.repeat(own[:, None], k + q, axis=1), rng)
        return together(images, k, own, self.classes[own])

    def _draw(self, n, rng):
        """Draw which classes a batch holds: positions in `classes`, int array (n,)."""
        n_real = len(self.tasks.digits)
        n_made = int(round(self.tasks.share * n)) if self.pool else 0
        real = _in_turn(n_real, n - n_made, rng)
        return np.concatenate([real, n_real + _in_turn(self.pool, n_made, rng)])


def _in_turn(n_classes, n, rng):
    """Draw n of n_classes, each equally often, give or take one: int array (n,)."""
    rounds = -(-n // max(n_classes, 1))
    orders = [rng.permutation(n_classes) for _ in range(rounds)]
    return np.concatenate([np.empty(0, int), *orders])[:n]
