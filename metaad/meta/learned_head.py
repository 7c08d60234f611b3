"""A head that is learned in episodes: one weight for each number of `support_numbers`.

    head = LearnedHead().fit(episodes, y)   # of classes that their networks never saw
    score = head.score(numbers / reference(known))

The networks behind the episodes of the fit are not the one that the head is for: each
was trained without the classes that its episodes are about, as the last one was trained
without the class that it will meet.
"""

import torch
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted
from torch.nn.functional import softplus


class LearnedHead(BaseEstimator):
    """Learn one weight for each number, so that anomalies come after normal rows.

    With x and x' the numbers of a normal row and of an anomaly of the same episode, the
    weights w minimise the mean over all such pairs of log(1 + exp(w·x - w·x')), the
    smooth form of 1 - AUROC [1], plus λ ‖w‖². The problem is convex: L-BFGS finds the
    one solution, and no seed has a say.

    Parameters
    ----------
    penalty : λ ≥ 0.
    iterations : at most so many of L-BFGS.

    Attributes
    ----------
    weights_ : float64 tensor (f,).

    References
    ----------
    [1] Burges, Shaked, Renshaw, Lazier, Deeds, Hamilton and Hullender, Learning to Rank
        using Gradient Descent, ICML 2005.
    """

    def __init__(self, penalty=1e-2, iterations=100):
        self.penalty = penalty
        self.iterations = iterations

    def fit(self, episodes, y, weight=None):
        """Learn from episodes (n, q, f) whose rows have labels y (q,): 0 normal, 1 odd.

        Numbers come in units of `support_numbers.reference`. weight : (n,), how much each
        episode counts; None for all alike. Raises ValueError if a class is missing."""
        episodes = torch.as_tensor(episodes, dtype=torch.float64)
        y = torch.as_tensor(y)
        normal, odd = episodes[:, y == 0], episodes[:, y == 1]
        if not normal.numel() or not odd.numel():
            raise ValueError(
                "a head learns from pairs of a normal row and an anomaly; y must hold 0 "
                f"and 1, and there must be an episode; got {len(episodes)} episodes and "
                f"the labels {sorted(set(y.tolist()))}."
            )
        if weight is not None:
            weight = torch.as_tensor(weight, dtype=torch.float64)
        w = torch.zeros(episodes.shape[-1], dtype=torch.float64, requires_grad=True)
        optimizer = torch.optim.LBFGS(
            [w],
            max_iter=self.iterations,
            history_size=20,
            line_search_fn="strong_wolfe",
        )

        def loss():
            optimizer.zero_grad()
            value = self.loss(w, normal, odd, weight)
            value.backward()
            return value

        optimizer.step(loss)
        self.weights_ = w.detach()
        return self

    def loss(self, w, normal, odd, weight=None):
        """Compute what `fit` minimises: a scalar tensor.

        w : (f,). normal : (n, p, f). odd : (n, r, f). weight : (n,) or None."""
        margins = (normal @ w)[:, :, None] - (odd @ w)[:, None]
        losses = softplus(margins).mean((1, 2))  # (n,)
        if weight is not None:
            losses = losses * weight / weight.mean()
        return losses.mean() + self.penalty * w.square().sum()

    def score(self, numbers):
        """Score rows by their numbers (..., f): large is odd, tensor (...)."""
        check_is_fitted(self, "weights_")
        return numbers.to(self.weights_) @ self.weights_
