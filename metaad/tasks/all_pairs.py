"""All pairs: every class of a batch is judged on the images of all the others."""

import numpy as np
import torch

from metaad.tasks import Task
from metaad.tasks.draws import functions, generator


class AllPairs:
    """Draw tasks that share their query: many judgements out of few images.

    Tasks drawn one by one bring their own anomalies: C tasks with k + q normal
    images and q anomalies each embed C (k + 2 q) images, and learn from C · 2 q
    judgements. But what is normal in one task can be an anomaly in every other one.
    Here C classes bring k + q images each, C (k + q) in all. Every image is embedded
    once, and every support is judged on the q images of its own class and the
    (C - 1) q of the others: C · C q judgements.

    Two corrections keep the loss what it was:

    - a made-up class and the digits that it is made of are not told apart: those
      judgements weigh nothing;
    - in every task the normal images together weigh as much as the anomalies, and
      `strange` is the share of made-up classes in the anomalies' weight, as it is in
      MadeUpTasks.

    Parameters
    ----------
    tasks : MadeUpTasks. Its `share`, `strange`, `kinds`, `shots` and bending hold;
        its tasks' `k` and `n_query` say how many images of each class are drawn.
    """

    draws_on_device = True

    def __init__(self, tasks):
        self.tasks = tasks

    @property
    def n_features(self):
        """Count the pixels d of a flattened image."""
        return self.tasks.n_features

    def sample(self, n_tasks, random_state=None):
        """Draw one batch: n_tasks classes and one query of all of them.

        With 16 tasks, half of them about made-up classes, each of eight digits comes
        once.

        Returns
        -------
        Task, with support (n_tasks, k, d), one query (1, n_tasks q, d) for all, y and
        weight (n_tasks, n_tasks q). The weights of a task have mean 1, or are all 0
        if no class is left that it could be told from.
        """
        made_up = self.tasks
        rng = generator(random_state, made_up.tasks.X)
        own, recipes = made_up.classes(n_tasks, rng)
        k, q = made_up.draw_shots(rng), made_up.tasks.n_query
        classes = functions(own).broadcast_to(own[:, None], (n_tasks, k + q))
        images = made_up.draw(recipes, classes, rng)  # (n_tasks, k + q, d)
        return together(images, k, own, made_up.digit(own), self.weights(own, recipes))

    def weights(self, own, recipes):
        """Compute how much class j counts in the task about class i.

        Returns an array (c, c), each row with mean 1, or 0 where nothing may be told
        from the class.

        own : int array (c,), numbers of classes as MadeUpTasks.classes draws them.
        """
        xp, strange = functions(own), self.tasks.strange
        made = own >= len(self.tasks.digits)
        apart, same = self.tasks.apart(own, recipes), own[:, None] == own  # (c, c)
        groups = (apart & ~made, 1 - strange), (apart & made, strange)
        counts = [g.sum(axis=1)[:, None] for g, _ in groups]  # (c, 1)
        shares = [share * (n > 0) for (_, share), n in zip(groups, counts, strict=True)]
        total = shares[0] + shares[1]
        weight = (total > 0) / same.sum(axis=1)[:, None] * same
        for (g, _), n, share in zip(groups, counts, shares, strict=True):
            part = share / (total + (total == 0)) / xp.clip(n, 1, None)
            weight = weight + g * part
        return weight * len(own) / 2


def together(images, k, own, normal, weights=None):
    """Make one batch of images (c, k + q, d): the first k of each class are its support,
    the others are everybody's query.

    own : int array (c,), equal where two tasks are about the same class. normal : the
    class that each task reports. weights : array (c, c), see AllPairs.weights, or None.
    """
    q = images.shape[1] - k

    def each(a):  # (c, c) -> (c, c q)
        a = _each(a, q)
        return torch.as_tensor(a, dtype=images.dtype, device=images.device)

    query = images[:, k:].flatten(0, 1)[None]  # (1, c q, d)
    weight = None if weights is None else each(weights)
    return Task(images[:, :k], query, each(own[:, None] != own), None, normal, weight)


def _each(a, q):
    """Repeat each column q times: (m, c) -> (m, c q)."""
    if functions(a) is torch:
        return a[..., None].expand(*a.shape, q).flatten(1)
    return np.repeat(a, q, axis=1)
