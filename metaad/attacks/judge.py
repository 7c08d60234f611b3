"""AUROC when rows are attacked: anomalies alone, or normal rows too."""

import numpy as np
import torch

from metaad import metrics
from metaad.attacks.gradient import worst_of


def aurocs(score, normal, odd):
    """Return the AUROC of each net: array (m,), or a float for one net without that axis.

    score : function of rows (m, n, d) -> (m, n). normal (m, n, d), odd (m, k, d).
    """
    with torch.no_grad():
        low, high = (score(r).double().cpu().numpy() for r in (normal, odd))
    scores = np.concatenate([low, high], axis=-1)
    y = np.repeat([0, 1], [low.shape[-1], high.shape[-1]])
    return metrics.auroc(np.broadcast_to(y, scores.shape), scores)


def attack_both_ways(score, normal, odd, *attacks, aim=None):
    """Attack normal rows upwards and anomalies downwards with each attack, and keep the
    worst row of all, the row itself included.

    Parameters
    ----------
    score : what judges which row is worst. normal (m, n, d), odd (m, k, d).
    attacks : functions (score, rows, goal=...) -> rows, such as
        `partial(pgd, epsilon=0.1)`.
    aim : the score that the attacks see; another one than `score` makes it a transfer
        attack. None takes `score`.

    Returns
    -------
    (normal, odd) moved: tensors of the same shapes.
    """
    aim = score if aim is None else aim
    moved = []
    for rows, goal in ((normal, "odd"), (odd, "normal")):
        tried = [attack(aim, rows, goal=goal) for attack in attacks]
        moved.append(worst_of(score, [rows, *tried], goal))
    return tuple(moved)


def attacked_auroc(score, normal, odd, *attacks, aim=None):
    """Return {"clean", "anomalies", "both"}: AUROC of each net, (m,), with nothing
    attacked, with the anomalies made to look normal, with the normal rows made to look
    odd as well. Arguments as for `attack_both_ways`.

    "both" is the worst case: no one attacker needs both. Where hiding is all that an
    attacker wants, "anomalies" is the figure to read.
    """
    up, down = attack_both_ways(score, normal, odd, *attacks, aim=aim)
    pairs = {"clean": (normal, odd), "anomalies": (normal, down), "both": (up, down)}
    return {name: aurocs(score, *pair) for name, pair in pairs.items()}
