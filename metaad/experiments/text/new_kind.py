"""A new kind of name from ten mentions: learned over the other kinds in episodes, by a
plain classifier of them, or from the ten alone.

All methods get the same: the description of tokens, sentences of train in which the new
kind does not come, tagged with the other kinds, and ten mentions of the new one with the
sentences around them. All of them judge every token of the test sentences."""

import warnings
from typing import NamedTuple

import numpy as np
import torch
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier

from metaad.detectors import anomaly_score
from metaad.experiments.text.rare_tokens import classifier
from metaad.meta import MAML, ProtoNet
from metaad.metrics import ranks
from metaad.nets import MLP
from metaad.scores import by_sentence as by
from metaad.tasks.entities import MentionTasks, some_mentions
from metaad.tasks.one_class import OneClassTasks

HIDDEN = (64, 32)  # of every network here
STEPS, BATCH = 200, 8  # outer steps, tasks per step
MENTIONS = 10
CHANCE = "no skill"
EPISODES = ("episodes: ProtoNet", "episodes: MAML")
PLAIN = (
    "regression: the ten alone",
    "regression: ten against all",
    "classifier's features: regression",
    "classifier's features: distance",
)
AS_IT_IS = "finder of the other kinds"
BOTH = "finder and ten against all"


class Study(NamedTuple):
    """What is known before the new kind comes: tokens X (n, d) of sentences without it,
    and their classes (n,), 0 for no name.
    """

    X: np.ndarray
    classes: np.ndarray


def kinds_of(part):
    """Return the kinds of names of a Part, sorted."""
    return sorted({t[2:] for tags in part.tags for t in tags if t != "O"})


def study_without(part, kind):
    """Return the Study that sentences without a kind allow."""
    kinds = kinds_of(part)
    flat = [t for tags in part.tags for t in tags]
    classes = np.array([0 if t == "O" else 1 + kinds.index(t[2:]) for t in flat])
    with_it = np.unique(part.sentence[classes == 1 + kinds.index(kind)])
    rows = ~np.isin(part.sentence, with_it)
    return Study(part.X[rows], classes[rows])


def balanced(study, seed):
    """Keep all names and as many other tokens, drawn at random: Study."""
    rng = np.random.default_rng(seed)
    names, rest = (
        np.flatnonzero((study.classes > 0) == is_name) for is_name in (True, False)
    )
    rest = rng.choice(rest, min(len(names), len(rest)), replace=False)
    rows = np.sort(np.concatenate([names, rest]))
    return Study(study.X[rows], study.classes[rows])


class Learned(NamedTuple):
    """What a study leaves: two meta-learners, a classifier of the kinds, a finder of
    names of any of them.
    """

    protonet: ProtoNet
    maml: MAML
    kinds: MLPClassifier
    names: object


def learned(study, seed=0, steps=STEPS):
    """Learn from a Study in four ways, networks of the same size: Learned."""
    some = balanced(study, seed)
    d, options = some.X.shape[1], {"dtype": torch.float64}
    common = {
        "n_tasks": BATCH,
        "iterations": steps,
        "random_state": seed,
        "device": "cpu",
    }
    torch.manual_seed(seed)
    embedding = MLP((d, *HIDDEN), dtype=torch.float64)
    logit = MLP((d, *HIDDEN, 1), dtype=torch.float64)
    counts = np.bincount(some.classes)
    often = [c for c in range(1, len(counts)) if counts[c] >= 25]
    one_class = OneClassTasks(
        some.X, some.classes, n_query=15, n_anomalies=60, normal=often, **options
    )
    both = MentionTasks(some.X, some.classes, **options)
    protonet = ProtoNet(embedding, **common).fit(one_class)
    maml = MAML(logit, steps=5, inner_rate=0.1, rates="tensor", **common).fit(both)
    kinds = MLPClassifier(HIDDEN, random_state=seed, max_iter=30, early_stopping=False)
    return Learned(protonet, maml, _quietly(kinds, some), _names(study))


def _quietly(network, study):
    """Fit a fixed number of epochs; that it could go on is no news."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return network.fit(study.X, study.classes)


def _names(study):
    return classifier(study.X, (study.classes > 0).astype(int))


def inside(network, X):
    """Return what the last layer of a fitted MLPClassifier sees: float64 (n, width)."""
    for W, b in zip(network.coefs_[:-1], network.intercepts_[:-1], strict=True):
        X = np.maximum(X @ W + b, 0.0)
    return X


def typeness(found, study, support, y, X):
    """Score tokens X (n, d) by how much they are of the new kind: {method: (n,)}.

    found : Learned. support (k, d), y (k,) : tokens of the sentences with the ten
    mentions, 1 for the kind."""
    ten = support[y == 1]
    alone = classifier(support, y)
    every = np.concatenate([support, study.X])
    marks = np.r_[y, np.zeros(len(study.X), dtype=int)]
    against = classifier(every, marks)
    here, there = inside(found.kinds, support), inside(found.kinds, X)
    scale = here.std() or 1.0
    features = classifier(here / scale, y).decision_function(there / scale)
    mean = here[y == 1].mean(axis=0)
    finder, new = found.names.decision_function(X), against.decision_function(X)
    return {
        EPISODES[0]: -anomaly_score(found.protonet.adapt(ten), X),
        EPISODES[1]: anomaly_score(found.maml.adapt(support, y), X),
        PLAIN[0]: alone.decision_function(X),
        PLAIN[1]: new,
        PLAIN[2]: features,
        PLAIN[3]: -np.square(there - mean).sum(axis=1),
        AS_IT_IS: finder,
        BOTH: ranks(finder) + ranks(new),
    }


def over_kinds(corpus, kinds=None, draws=3, seed=0, steps=STEPS, count=MENTIONS):
    """Take each kind for new in turn.

    Returns {kind: list over draws of {method: scores of the test tokens (n,)}}."""
    train, test = corpus.train, corpus.test
    found = {}
    for i, kind in enumerate(kinds or kinds_of(train)):
        study = study_without(train, kind)
        ways = learned(study, seed, steps)
        found[kind] = []
        for draw in range(draws):
            ten = some_mentions(train.sentences, kind, count, [seed, i, draw])
            scores = typeness(ways, study, train.X[ten.rows], ten.y, test.X)
            found[kind].append(scores)
    return found


def of_kind(part, kind):
    """Return y (n,), 1 for the tokens of names of a kind."""
    return np.array([int(t[2:] == kind) for tags in part.tags for t in tags])


def precisions(part, found, counts, figure=by.precision_redrawn):
    """Return the mean over kinds and draws of a figure, and of its resamples: {method:
    float64 (1 + resamples,)}, and {kind: the same for that kind}.

    figure : `by.precision_redrawn` or `by.auroc_redrawn`."""
    each = {}
    for kind, draws in found.items():
        y = of_kind(part, kind)
        each[kind] = {
            method: np.mean(
                [figure(y, scores[method], part.sentence, counts) for scores in draws],
                axis=0,
            )
            for method in draws[0]
        }
        each[kind][CHANCE] = _chance(y, part, counts, figure)
    methods = next(iter(each.values()))
    mean = {
        m: np.mean([values[m] for values in each.values()], axis=0) for m in methods
    }
    return mean, each


def _chance(y, part, counts, figure):
    """A constant score: the share of the kind, or one half."""
    return figure(y, np.zeros(len(y)), part.sentence, counts)
