"""Judge episodes of few_shot_control: features once, then formulas on inner products."""

import copy

import numpy as np
import torch

from metaad import metrics
from metaad.experiments.images.mt_mnist_judge import embedded
from metaad.meta.classifier import without_last
from metaad.meta.support_heads import HEADS, gram, unit, whitening
from metaad.tasks import OneClassTasks, Task

SHOTS = (2, 10)
QUERY = 100  # normal rows of a query, and as many anomalies
LAYERS = {"embedding": 1, "convolutions": 2}  # name: layers left out at the end
PART = 20  # episodes at once
PER_CLASS = 300  # training images for the variance within classes
PLAIN = {"residual", "nearest", "mean"}
WHITENED = "embedding"  # of the wide layer a whitened space ranked at chance
RIDGES = {"white": 0.1, "half white": 0.5}  # of the whitening, see `whitening`


def draws(fold, classes, rows, n_episodes):
    """Yield (where, class, support, query): row numbers (n, 10) and (n, 200), the normal
    rows first.

    classes : the two that are normal in turn. rows : bool (n,), those to draw from.
    Anomalies come from all classes ("others") or from the other one ("held-out")."""
    at = np.flatnonzero(rows)
    for where in ("others", "held-out"):
        for c in classes:
            tasks = OneClassTasks(
                at[:, None].astype(float),
                fold.y[at],
                k=max(SHOTS),
                n_query=QUERY,
                normal=(c,),
                anomalous=None if where == "others" else classes,
                dtype=torch.float64,
            )
            task = tasks.sample(n_episodes, 0)
            yield where, c, *(t[..., 0].long() for t in (task.support, task.query))


def scores_of(Z, support, query):
    """Score episodes with every plain head: {(head, K): array (n, 200)}.

    Z : {name of a space: tensor (n, m)}; heads of a whitened space are "shrunk" alone."""
    found = {}
    for first in range(0, len(support), PART):
        part = slice(first, first + PART)
        for name, z in Z.items():
            products = gram(z[support[part]], z[query[part]])
            for k in SHOTS:
                few = products[0][..., :k], products[1][:, :k, :k], products[2]
                for head in ("shrunk",) if "white" in name else sorted(PLAIN):
                    key = f"{head}, {name}", k
                    found.setdefault(key, []).append(HEADS[head](*few).numpy())
    return {key: np.concatenate(values) for key, values in found.items()}


def summary(scores, threshold=None):
    """Return mean AUROC, and accuracy at a threshold where there is one."""
    y = np.repeat([0, 1], QUERY)[None].repeat(len(scores), axis=0)
    found = {"auroc": float(metrics.auroc(y, scores).mean())}
    if threshold is not None:
        called = np.where(scores > threshold, -1, 1)
        found["accuracy"] = float(metrics.balanced_accuracy(y, called).mean())
    return found


@torch.no_grad()
def directions(net, X, below):
    """Return features of length one of rows X (n, d), a hundredth of them at a time:
    what the network makes of them without its last layers, `below` of them."""
    lower = without_last(net, below)
    parts = np.array_split(X, 100)
    return unit(torch.cat([lower(torch.as_tensor(p)) for p in parts]))


@torch.no_grad()
def spaces(learner, fold, known, layers=LAYERS):
    """Return the features of all rows in each space: {name: tensor (n, m)}."""
    net, found = learner.module_["net"].eval(), {}
    fitting = np.flatnonzero(fold.fitting & np.isin(fold.y, known))
    for name, below in layers.items():
        z = found[name] = directions(net, fold.X, below)
        if name != WHITENED:
            continue
        labels = torch.as_tensor(fold.y[fitting])
        for white, ridge in RIDGES.items():
            matrix = whitening(z[fitting], labels, ridge).to(z.dtype)
            found[f"{name}, {white}"] = z @ matrix
    return found


def heads(learner, fold, classes, known, rows, n_episodes, chosen=None, layers=LAYERS):
    """Judge all heads on the features of a network.

    Returns {"where-K": {head: {class: {"auroc", "threshold" or "accuracy"}}}}."""
    # features of the rows in question alone
    part = copy.copy(fold)
    keep = rows.copy()
    for c in known:
        keep[np.flatnonzero(fold.fitting & (fold.y == c))[:PER_CLASS]] = True
    part.X, part.y = fold.X[keep], fold.y[keep]
    part.fitting = fold.fitting[keep]
    Z = spaces(learner, part, known, layers)
    found = {}
    for where, c, support, query in draws(part, classes, rows[keep], n_episodes):
        for (head, k), scores in scores_of(Z, support, query).items():
            at = (chosen or {}).get(str(k), {}).get("thresholds", {}).get(head)
            of = summary(scores, at)
            if chosen is None:
                of["threshold"] = best_threshold(scores)
            found.setdefault(f"{where}-{k}", {}).setdefault(head, {})[str(c)] = of
    return found


def best_threshold(scores):
    """Return the threshold of the best mean balanced accuracy over episodes."""
    at = np.quantile(scores, np.linspace(0.05, 0.95, 91))
    normal, odd = scores[:, :QUERY].ravel(), scores[:, QUERY:].ravel()
    right = [(normal <= t).mean() + (odd > t).mean() for t in at]
    return float(at[int(np.argmax(right))])


def choice(found):
    """Choose the head of the best mean AUROC over both wheres and classes, for each K:
    {K: {"head", "auroc": {head: mean}, "thresholds": {head: mean}}}."""
    made = {}
    for k in map(str, SHOTS):
        both = [found[f"{where}-{k}"] for where in ("others", "held-out")]
        mean = {
            head: float(np.mean([v["auroc"] for of in both for v in of[head].values()]))
            for head in both[0]
        }
        # "others" is what a threshold is for: most anomalies are of all kinds
        at = {
            head: float(np.mean([v["threshold"] for v in both[0][head].values()]))
            for head in both[0]
        }
        best = max(mean, key=mean.get)
        made[k] = {"head": best, "auroc": mean, "thresholds": at}
    return made


def pixels(fold, n_episodes):
    """Judge the heads on the images themselves: as `heads`, AUROC alone."""
    X, found = torch.as_tensor(fold.X), {}
    for where, c, support, query in draws(fold, fold.held_out, ~fold.train, n_episodes):
        for (head, k), scores in scores_of({"pixels": X}, support, query).items():
            place = found.setdefault(f"{where}-{k}", {}).setdefault(head, {})
            place[str(c)] = summary(scores)
    return found


def learner(learner, fold, n_episodes):
    """Judge an episodic learner: {"where-K": {class: {"auroc", "accuracy"}}}."""
    part = copy.copy(fold)
    part.X, part.y = fold.X[~fold.train], fold.y[~fold.train]
    rest, Z = embedded(learner, part.X)
    Z, found = torch.as_tensor(Z), {}
    every = np.ones(len(part.y), bool)
    for where, c, support, query in draws(part, fold.held_out, every, n_episodes):
        for k in SHOTS:
            scores = []
            for first in range(0, n_episodes, PART):
                few = slice(first, first + PART)
                y = torch.zeros(query[few].shape)
                task = Task(Z[support[few, :k]], Z[query[few]], y)
                scores.append(rest.scores(task))
            of = summary(np.concatenate(scores), 0.0)
            found.setdefault(f"{where}-{k}", {})[str(c)] = of
    return found
