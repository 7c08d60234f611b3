"""All pairs: every class of a batch is judged on the images of all the others."""

import numpy as np
import torch

from metaad.tasks import Task


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
        made_up, rng = self.tasks, np.random.default_rng(random_state)
        own, recipes = made_up.classes(n_tasks, rng)
        k, q = made_up.draw_shots(rng), made_up.tasks.n_query
        classes = np.repeat(own[:, None], k + q, axis=1)
        images = made_up.draw(recipes, classes, rng)  # (n_tasks, k + q, d)
        query = images[:, k:].flatten(0, 1)[None]  # (1, n_tasks q, d)
        # both (n_tasks, n_tasks q)
        weight = np.repeat(self.weights(own, recipes), q, axis=1)
        y = np.repeat(own[:, None] != own, q, axis=1)
        y, weight = (
            torch.as_tensor(a, dtype=images.dtype, device=images.device)
            for a in (y, weight)
        )
        normal = made_up.digit(own)
        return Task(images[:, :k], query, y, None, normal, weight)

    def weights(self, own, recipes):
        """Compute how much class j counts in the task about class i.

        Returns an array (c, c), each row with mean 1.

        own : int array (c,), numbers of classes as MadeUpTasks.classes draws them.
        """
        n, strange = len(own), self.tasks.strange
        made = own >= len(self.tasks.digits)
        apart = self.tasks.apart(own, recipes)  # (c, c)
        weight = np.zeros((n, n))
        for i in range(n):
            groups = [(apart[i] & ~made, 1 - strange), (apart[i] & made, strange)]
            groups = [(g, share) for g, share in groups if g.any() and share > 0]
            total = sum(share for _, share in groups)
            for g, share in groups:
                weight[i, g] = share / total / g.sum()
            if groups:
                same = own == own[i]
                weight[i, same] = 1 / same.sum()
        return weight * n / 2
