"""How lesson 08 judges: every detector on the same episodes, which are drawn and scored
once, for ranking and for decisions alike; every image passes through a network once.
"""

import copy
from collections import OrderedDict
from typing import NamedTuple

import numpy as np
import torch
from torch import nn

from metaad import metrics
from metaad.meta.few_shot_detector import evaluation
from metaad.meta.metric import embed
from metaad.meta.support_heads import HEADS, gram


def with_heads(classifier, heads):
    """Return the same classifier with other heads: {head: detector}. The features of a
    batch are computed once for all of them.
    """
    features = _Features(classifier)
    return {head: _Headed(features, HEADS[head]) for head in heads}


class _Features:
    """Inner products of a classifier's features; those of the last batch are kept."""

    def __init__(self, classifier):
        self.classifier, self.task, self.products = classifier, None, None

    def __call__(self, task):
        if task is not self.task:
            learner = self.classifier
            ready = learner.prepared(task)
            with evaluation(learner.module_), torch.no_grad():
                seen = [
                    embed(learner.features, x) for x in (ready.support, ready.query)
                ]
            self.task, self.products = task, gram(*seen)
        return self.products


class _Headed:
    def __init__(self, features, head):
        self.features, self.head = features, head

    def scores(self, task):
        """Score the queries: array (n_tasks, q)."""
        return self.head(*self.features(task)).double().cpu().numpy()


class _Seen(nn.Module):
    """Layers that have seen every row: a row's number (n, 1) -> what they gave for it."""

    def __init__(self, given):
        super().__init__()
        self.register_buffer("given", given)

    def forward(self, numbers):
        return self.given[numbers[:, 0].long()]


class _Rows:
    """A detector that is told a row's number, and looks the row up."""

    def __init__(self, detector, X):
        self.detector, self.X = detector, X

    def scores(self, task):
        support, query = (self.X[n[..., 0].long()] for n in (task.support, task.query))
        rows = task._replace(support=support, query=query)
        return self.detector.scores(rows)


def numbered(tasks):
    """Return the same tasks with the number of each row in the row's place: (n, 1)."""
    ours = copy.copy(tasks)
    ours.X = torch.arange(len(tasks.X)).to(tasks.X)[:, None]
    return ours


def by_number(named, X):
    """Return the detectors for tasks that are `numbered`, with the scores that they have
    on the rows X (n, d) themselves: {name: detector}.

    The layers below those that adapt see each row once, and not once per episode.
    """
    made = {}  # id of what is shared: its replacement

    def once(key, make):
        if id(key) not in made:
            made[id(key)] = make()
        return made[id(key)]

    def looked_up(learner):
        ours = copy.copy(learner)
        ours.module_ = once(learner.module_, lambda: _seen(learner, X))
        return ours

    def ours(detector):
        if isinstance(detector, _Headed):
            of = detector.features
            new = once(of, lambda: _Features(looked_up(of.classifier)))
            return _Headed(new, detector.head)
        if hasattr(detector, "module_") and _cut(detector):
            return looked_up(detector)
        return _Rows(detector, X)

    return {name: ours(detector) for name, detector in named.items()}


def _cut(learner):
    """Count the layers below those that adapt, and below a linear one at the end."""
    adapting = {name.partition(".")[0] for name in getattr(learner, "names_", ())}
    layers = list(learner.module_["net"].named_children())
    low = [i for i, (name, _) in enumerate(layers) if name in adapting]
    return min([*low, len(layers) - isinstance(layers[-1][1], nn.Linear)])


def _seen(learner, X):
    """A learner's module, with what the lower layers of its network gave for the rows X."""
    layers, cut = list(learner.module_["net"].named_children()), _cut(learner)
    lower = nn.Sequential(OrderedDict(layers[:cut]))
    with evaluation(learner.module_), torch.no_grad():
        given = [lower(learner.rows(rows)[0]) for rows in X.split(1000)]
    net = nn.Sequential(OrderedDict([("seen", _Seen(torch.cat(given))), *layers[cut:]]))
    return nn.ModuleDict({**learner.module_, "net": net})


class Judged(NamedTuple):
    """What a detector said in many episodes of one fold: scores and y (n, q), the class
    that was normal (n,), the classes held out.
    """

    scores: np.ndarray
    y: np.ndarray
    normal: np.ndarray
    held_out: tuple

    def by_class(self, values):
        """Average values (n,) over the episodes of each class held out: a list."""
        return [values[self.normal == c].mean() for c in self.held_out]


def judge(folds, detectors, episodes, seed):
    """Score the two tests of every fold by detectors that all see the same episodes:
    {where: {name: list of Judged, one per fold}}.

    folds : list of (protocol, what was learned). detectors : function from what was
        learned to {name: detector}."""
    found = {"others": {}, "held_out": {}}
    for protocol, learned in folds:
        named, X = detectors(learned), None
        for where, tasks in zip(found, protocol[2:4], strict=True):
            if X is None or not torch.equal(X, tasks.X):
                X = tasks.X
                seen = by_number(named, X)
            scores, y, normal = _scored(seen, numbered(tasks), episodes, seed)
            for name, s in scores.items():
                judged = Judged(np.concatenate(s), y, normal, protocol.held_out)
                found[where].setdefault(name, []).append(judged)
    return found


def _scored(named, tasks, episodes, seed):
    """Scores of each detector, a list of batches; labels and normal classes of all."""
    rng, scores, batches = np.random.default_rng(seed), {n: [] for n in named}, []
    for start in range(0, episodes, 20):  # the episodes that `evaluate` draws
        task = tasks.sample(min(20, episodes - start), rng)
        batches.append((task.y.cpu().numpy(), task.normal))
        for name, detector in named.items():
            scores[name].append(detector.scores(task))
    return scores, *map(np.concatenate, zip(*batches, strict=True))


def measure(judged):
    """Return the mean AUROC of each class: {where: {name: array (10,)}}.

    judged : of `judge`."""
    return {
        where: {
            name: _each(of, lambda j: metrics.auroc(j.y, j.scores))
            for name, of in named.items()
        }
        for where, named in judged.items()
    }


def _each(of, values):
    """Values of every class, all folds in a row: array (10,)."""
    return np.concatenate([j.by_class(values(j)) for j in of])


def accuracies(judged, names, control):
    """Return the mean balanced accuracy of each class at a logit of 0: {name: array
    (10,)}.

    judged : of one test, {name: list of Judged}. control : name of the one without a
        threshold of its own. It gets the one number, for all classes alike, that decides
        best on these very tests: more than it could know."""

    def at_zero(j):
        return metrics.balanced_accuracy(j.y, np.where(j.scores > 0, -1, 1))

    found = {name: _each(judged[name], at_zero) for name in names}
    scores, normal = (
        np.concatenate([getattr(j, part) for j in judged[control]])
        for part in ("scores", "normal")
    )
    half = scores.shape[1] // 2
    best = _best_of_one_threshold(scores[:, :half], scores[:, half:], normal)
    return found | {control: np.array(best)}


def _best_of_one_threshold(inliers, odd, normal):
    """Return the accuracy of each class at the threshold of the best mean."""
    every = np.concatenate([inliers, odd], axis=1)
    best = None
    for at in np.quantile(every, np.linspace(0.2, 0.8, 121)):
        right = ((inliers <= at).mean(axis=1) + (odd > at).mean(axis=1)) / 2
        if best is None or right.mean() > best.mean():
            best = right
    return [best[normal == c].mean() for c in np.unique(normal)]
