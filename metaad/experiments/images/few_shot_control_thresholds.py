"""A threshold for the classifier's features, as good as validation classes can make it.

A score in features has no natural zero, so one number is chosen on classes kept out of
training: of the score itself, or of the score in units of what the support's own rows
get when each is judged by the others. The classifier that chooses it trains as long as
the one that is judged, but knows only six of the eight classes.
"""

import copy

import numpy as np
import torch

from metaad.experiments.images import few_shot_control_judge as judging
from metaad.meta.support_heads import HEADS, gram

KINDS = ("as it is", "in the support's own units")


def own_scores(head, own):
    """Judge each support row by the others: own (n_tasks, k, k) -> (n_tasks, k)."""
    k, found = own.shape[-1], []
    for i in range(k):
        others = [j for j in range(k) if j != i]
        cross = own[:, [i]][..., others]  # (n_tasks, 1, k - 1)
        inner = own[:, others][..., others]
        found.append(HEADS[head](cross, inner, own[:, i, [i]])[:, 0])
    return torch.stack(found, dim=1)


def both_kinds(z, support, query):
    """Score episodes in features z (n, m), both kinds: {(head, kind, K): (n, 200)}."""
    found = {}
    for first in range(0, len(support), judging.PART):
        part = slice(first, first + judging.PART)
        cross, own, squares = gram(z[support[part]], z[query[part]])
        for k in judging.SHOTS:
            few = cross[..., :k], own[:, :k, :k], squares
            for head in sorted(judging.PLAIN):
                scores = HEADS[head](*few)
                scale = own_scores(head, few[1]).mean(-1, keepdim=True)
                kinds = scores, scores / scale.clamp_min(1e-12)
                for kind, values in zip(KINDS, kinds, strict=True):
                    place = found.setdefault((head, kind, k), [])
                    place.append(values.numpy())
    return {key: np.concatenate(values) for key, values in found.items()}


@torch.no_grad()
def episodes_of(learner, fold, classes, rows, n_episodes):
    """Yield (where, class, {(head, kind, K): scores}) in the convolutions' features."""
    part = copy.copy(fold)
    part.X, part.y = fold.X[rows], fold.y[rows]
    net = learner.module_["net"].eval()
    z = judging.directions(net, part.X, judging.LAYERS["convolutions"])
    every = np.ones(len(part.y), bool)
    for where, c, support, query in judging.draws(part, classes, every, n_episodes):
        yield where, c, both_kinds(z, support, query)


def chosen(episodes):
    """Choose head, kind and threshold for each K by the accuracy on `others`.

    episodes : as `episodes_of` yields them. Returns {K: {"head", "kind", "threshold",
    "accuracy"}}."""
    every, made = {}, {}
    for where, _, found in episodes:
        if where == "others":
            for key, scores in found.items():
                every.setdefault(key, []).append(scores)
    for (head, kind, k), several in every.items():
        scores = np.concatenate(several)
        at = judging.best_threshold(scores)
        accuracy = judging.summary(scores, at)["accuracy"]
        if accuracy > made.get(str(k), {}).get("accuracy", -1.0):
            of = {"head": head, "kind": kind, "threshold": at, "accuracy": accuracy}
            made[str(k)] = of
    return made


def judged(episodes, choice):
    """Judge the choice: {where-K: {class: {"auroc", "accuracy"}}}."""
    found = {}
    for where, c, by_key in episodes:
        for k, of in choice.items():
            scores = by_key[of["head"], of["kind"], int(k)]
            place = found.setdefault(f"{where}-{k}", {})
            place[str(c)] = judging.summary(scores, of["threshold"])
    return found
