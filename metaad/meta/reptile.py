"""Reptile: move the start towards where gradient descent on each task ends."""

from torch import nn, optim

from metaad.meta.base import MetaLearner
from metaad.meta.inner_loop import inner_loop


class Reptile(MetaLearner):
    """Reptile [1]: θ ← θ + ε (mean over tasks of θ_K - θ), with θ_K after K inner
    steps. No second derivative.

    This is a step of rate ε down the gradient of ½ ‖θ - mean θ_K‖² with θ_K held fixed,
    and `history_` holds that loss. While it meta-learns, a task's support and query are
    one labelled training set: Reptile has no query loss, so an inner loss that needs
    anomalies must see them there. `adapt` sees the support alone.

    Parameters
    ----------
    estimator : as for MAML.
    steps, inner_rate : K and α of the inner loop; K of 3 to 10.
    learning_rate : ε, in (0, 1].
    iterations, n_tasks, schedule, average, clip, device, random_state, progress : see
        MetaLearner.

    References
    ----------
    [1] Nichol, Achiam and Schulman, On First-Order Meta-Learning Algorithms, 2018.
    """

    def __init__(
        self,
        estimator,
        steps=5,
        inner_rate=0.02,
        iterations=300,
        n_tasks=8,
        learning_rate=0.5,
        schedule="constant",
        average=0.0,
        clip=10.0,
        device="auto",
        random_state=None,
        progress=False,
    ):
        super().__init__(
            estimator,
            iterations,
            n_tasks,
            learning_rate,
            schedule,
            average,
            clip,
            device,
            random_state,
            progress,
        )
        self.steps = steps
        self.inner_rate = inner_rate

    def _build(self, net, tasks):
        return nn.ModuleDict({"net": net})

    def _optimizer(self):
        return optim.SGD(self.module_.parameters(), self.learning_rate)

    def adapted(self, support, y=None):
        """The networks adapted to prepared supports (n_tasks, k, d): see
        `inner_loop`.
        """
        return inner_loop(
            self.module_["net"],
            self.learnable_.inner_loss,
            support,
            y,
            steps=self.steps,
            rate=self.inner_rate,
            first_order=True,
        )

    def _loss(self, task):
        rows, y = task.pooled()
        ends = self.adapted(rows, y).parameters()  # θ_K, dict of (n_tasks, ...)
        starts = self.module_["net"].named_parameters()
        return sum(
            0.5 * (p - ends[n].detach().mean(dim=0)).square().sum() for n, p in starts
        )

    def _scorer(self, support, y):
        adapted = self.adapted(support, y)
        return lambda query: self.learnable_.anomaly(adapted(query), query)
