"""Reptile: move the start towards where gradient descent on each task ends."""

from torch import optim

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
    iterations, n_tasks, schedule, average, clip, device, random_state, progress,
        checkpoint, dtype : see MetaLearner.

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
        checkpoint=None,
        dtype=None,
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
            checkpoint,
            dtype,
        )
        self.steps = steps
        self.inner_rate = inner_rate

    def loss(self, task):
        """Compute ½ ‖θ - mean θ_K‖² over a batch of prepared tasks, θ_K held fixed."""
        rows, y = task.pooled()
        net, inner_loss = self.module_["net"], self.learnable_.inner_loss
        adapted = inner_loop(net, inner_loss, rows, y, **self.inner())
        ends = adapted.parameters()  # θ_K, dict of (n_tasks, ...)
        moves = [p - ends[n].detach().mean(dim=0) for n, p in net.named_parameters()]
        return sum(0.5 * move.square().sum() for move in moves)

    def adapted(self, support, y=None):
        """Adapt to prepared supports (n_tasks, k, d): the networks of `inner_loop`."""
        net, loss = self.module_["net"], self.learnable_.inner_loss
        return inner_loop(net, loss, support, y, **self.inner())

    def inner(self):
        """Return the settings of `inner_loop`: a dict."""
        return {"steps": self.steps, "rate": self.inner_rate, "first_order": True}

    def _optimizer(self):
        return optim.SGD(self.module_.parameters(), self.learning_rate)
