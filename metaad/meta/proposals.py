"""Anomalies that nobody has seen: proposed by a generator, or drawn at random.

All proposals of a task are kept off its normal rows in the same way, see `keep_off`, so
that the sources can be compared.
"""

import torch
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits

from metaad.nets import MLP


class Proposer(nn.Module):
    """Propose one anomaly for each normal row: the row, plus a change that a small
    network makes of the row and of noise.

    Parameters
    ----------
    n_features : int, d. width : int, of its hidden layer. noise : int, how many random
        numbers it is given.

    Input (..., d), output (..., d).
    """

    def __init__(self, n_features, width=128, noise=16):
        super().__init__()
        self.change = MLP((n_features + noise, width, n_features))

    def forward(self, rows):
        """Propose an anomaly beside each row (..., d): same shape."""
        return rows + self.change(filled(self.change, rows))


class Mixer(nn.Module):
    """Propose one anomaly for each normal row: the row mixed with a normal row of the
    next task, feature by feature, in shares that a small network chooses.

    With all shares equal this is mixup, with shares of 0 and 1 a splice.

    Parameters
    ----------
    n_features : int, d. width : int, of its hidden layer. noise : int, how many random
        numbers it is given.

    Input (n_tasks, q, d), output (n_tasks, q, d).
    """

    def __init__(self, n_features, width=128, noise=16):
        super().__init__()
        self.share = MLP((2 * n_features + noise, width, n_features))

    def forward(self, rows):
        """Propose an anomaly beside each row (n_tasks, q, d): same shape."""
        other = rows.roll(1, dims=0)
        share = self.share(filled(self.share, rows, other)).sigmoid()
        return rows + share * (other - rows)


def filled(net, *rows):
    """Join rows (..., d) and as much noise as a network's first layer still has room
    for: (..., inputs).
    """
    known = torch.cat(rows, dim=-1)
    room = net[0].in_features - known.shape[-1]
    z = known.new_empty(*known.shape[:-1], room).normal_()
    return torch.cat([known, z], dim=-1)


class Reversal(torch.autograd.Function):
    """Pass values on as they are, and their gradient with the other sign [1].

    What lies before it climbs the loss that what lies behind it descends.

    References
    ----------
    [1] Ganin and Lempitsky, Unsupervised Domain Adaptation by Backpropagation, ICML
        2015.
    """

    @staticmethod
    def forward(ctx, x):
        """Return x."""
        return x.view_as(x)

    @staticmethod
    def backward(ctx, gradient):
        """Return the gradient with the other sign."""
        return -gradient


def versus(score, normal, proposed, far):
    """Compute the cross-entropy of telling normal rows from proposed anomalies: a
    detector that descends it learns to, a generator behind `proposed` learns to prevent
    it.

    Parameters
    ----------
    score : function from rows (n_tasks, n, d) to logits of "anomaly" (n_tasks, n).
    normal : tensor (n_tasks, q, d). proposed : tensor (n_tasks, p, d).
    far : tensor (n_tasks, p), 1 for a proposal that counts, 0 for one that does not.

    Returns
    -------
    scalar tensor, 0 or more; log 2 = 0.69 is what guessing gives.
    """
    logits = score(torch.cat([normal, Reversal.apply(proposed)], dim=1))
    is_normal, is_odd = torch.ones_like(normal[..., 0]), torch.ones_like(far)
    y = torch.cat([0 * is_normal, is_odd], dim=1)  # (n_tasks, q + p)
    weight = torch.cat([is_normal, far], dim=1)
    return binary_cross_entropy_with_logits(logits, y, weight)


def spacing(normal):
    """Compute how far apart a task's normal rows lie: the median distance of a row to
    the nearest other one, tensor (n_tasks, 1, 1).

    normal : tensor (n_tasks, n, d), n >= 2.
    """
    mode = "donot_use_mm_for_euclid_dist"
    gaps = torch.cdist(normal, normal, compute_mode=mode)
    own = torch.eye(normal.shape[1], dtype=torch.bool, device=normal.device)
    nearest = gaps.masked_fill(own, torch.inf).amin(dim=-1)  # (n_tasks, n)
    return nearest.median(dim=1).values[:, None, None]


def keep_off(proposed, normal, radius, rounds=2):
    """Move proposals away from the normal rows until none is nearer than `radius`.

    A proposal that is too near moves straight away from its nearest normal row; that
    may bring it near another one, so it is looked at `rounds` times.

    Parameters
    ----------
    proposed : tensor (n_tasks, p, d). normal : tensor (n_tasks, n, d). radius : tensor
        (n_tasks, 1, 1), in the units of the rows.

    Returns
    -------
    (moved, far) : tensor (n_tasks, p, d), and a bool tensor (n_tasks, p): False for
    those that are still too near, and must not count.
    """
    for _ in range(rounds):
        nearest = _nearest(proposed, normal)  # (n_tasks, p, d)
        away = proposed - nearest
        gap = away.norm(dim=-1, keepdim=True)
        # a hair more than the radius, for what rounding takes
        moved = nearest + away * (radius * (1 + 1e-5) / gap.clamp_min(1e-12))
        proposed = torch.where(gap < radius, moved, proposed)
    with torch.no_grad():
        gap = (proposed - _nearest(proposed, normal)).norm(dim=-1)
        return proposed, gap >= radius[..., 0]


def _nearest(rows, normal):
    """Return the nearest normal row of each row: tensor (n_tasks, p, d)."""
    mode = "use_mm_for_euclid_dist"  # fast; its rounding decides only between equals
    at = torch.cdist(rows.detach(), normal, compute_mode=mode).argmin(dim=-1)
    return normal.gather(1, at[..., None].expand(-1, -1, normal.shape[-1]))


def box(normal):
    """Draw rows uniformly from the box around all normal rows of a batch of tasks.

    normal : tensor (n_tasks, n, d). Returns as many rows.
    """
    low, high = normal.amin(dim=(0, 1)), normal.amax(dim=(0, 1))
    return low + (high - low) * torch.rand_like(normal)


def noise(normal):
    """Draw rows in random directions from the normal rows, as far from them as they are
    from each other.

    normal : tensor (n_tasks, n, d). Returns as many rows.
    """
    away = torch.randn_like(normal)
    return normal + spacing(normal) * away / away.norm(dim=-1, keepdim=True)


def mixup(normal):
    """Mix the rows of each task with those of the next one, in random shares [1].

    normal : tensor (n_tasks, n, d). Returns as many rows.

    References
    ----------
    [1] Zhang, Cisse, Dauphin and Lopez-Paz, mixup: Beyond Empirical Risk Minimization,
        ICLR 2018.
    """
    share = torch.rand_like(normal[..., :1])
    return normal + share * (normal.roll(1, dims=0) - normal)


AT_RANDOM = {"box": box, "noise": noise, "mixup": mixup}
