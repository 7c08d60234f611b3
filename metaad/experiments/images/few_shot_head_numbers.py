"""The numbers that few_shot_head learns from and is judged on: trained networks and what
they say of episodes, kept on the disk."""

from itertools import islice

import numpy as np
import torch

from metaad.experiments.images import few_shot_control_judge as judging
from metaad.experiments.images.few_shot_control import Fold, classifier
from metaad.meta import support_numbers
from metaad.meta.few_shot import BENDING
from metaad.repro import cache
from metaad.tasks import MadeUpTasks, OneClassTasks

ITERATIONS, SHORT = 800, 4  # steps of the classifier; the short ones take a quarter
EPISODES, FEW = 200, 40  # a class and kind of anomaly: in the test, to learn from
KNOWN_EPISODES = 20  # a known class: what a number's unit is counted on
INVENTED = 48  # made-up classes of each network, an episode each
WHERES = ("others", "held-out")
SHOTS = judging.SHOTS
PART = 10  # episodes at once


class Rows:
    """Some rows of a fold: X (n, d), y (n,)."""

    def __init__(self, fold, kept):
        self.X, self.y = fold.X[kept], fold.y[kept]


def pairs(known):
    """Split eight known classes into four pairs: each is left out once."""
    return [known[i : i + 2] for i in range(0, len(known), 2)]


def told(views, support, query):
    """Compute the numbers of episodes: {K: float32 (n, q, 17)}.

    views : of the network. support : int64 (n, 10). query : int64 (n, q)."""
    found = {}
    for k in SHOTS:
        parts = zip(support[:, :k].split(PART), query.split(PART), strict=True)
        made = [support_numbers.support_numbers(*views, *p) for p in parts]
        found[k] = torch.cat(made).float()
    return found


def real(net, rows, classes, n_episodes, wheres=WHERES):
    """Compute what a network says of episodes of real images: {(where, class, K):
    numbers}.

    rows : Rows. classes : those that are normal in turn; anomalies come from all classes
    of the rows, or from `classes` alone ("held-out")."""
    seen, found = support_numbers.views(net, rows.X), {}
    every = np.ones(len(rows.y), bool)
    episodes = judging.draws(rows, classes, every, n_episodes)
    for where, c, support, query in islice(episodes, len(classes) * len(wheres)):
        for k, of in told(seen, support, query).items():
            found[where, c, k] = of
    return found


def invented(net, fold, known, seed):
    """Compute what a network says of episodes about made-up classes, each image bent a
    little: {K: numbers (INVENTED, 200, 17)}."""
    rows = fold.choosing
    of = {"normal": known, "anomalous": known, "dtype": torch.float32}
    of |= {"k": max(SHOTS), "n_query": judging.QUERY}
    tasks = MadeUpTasks(
        OneClassTasks(fold.X[rows], fold.y[rows], **of), **(BENDING | {"share": 1.0})
    )
    task = tasks.sample(INVENTED, np.random.default_rng(seed))
    n, k, q = *task.support.shape[:2], task.query.shape[1]
    seen = support_numbers.views(
        net, torch.cat([task.support, task.query], 1).flatten(0, 1)
    )
    at = torch.arange(n * (k + q)).view(n, k + q)
    return told(seen, at[:, :k], at[:, k:])


def units(net, fold, known):
    """Count a network's units on episodes of its own known classes: {K: (17,)}."""
    rows = Rows(fold, fold.choosing & np.isin(fold.y, known))
    found = real(net, rows, known, KNOWN_EPISODES, ("others",))
    each = {k: [of for key, of in found.items() if key[-1] == k] for k in SHOTS}
    return {k: support_numbers.reference(torch.cat(of)) for k, of in each.items()}


def everything(net, fold, known, rows, classes, n_episodes, seed):
    """Compute all that is kept of one network, in its units: {name: array}."""
    unit = units(net, fold, known)
    found = real(net, rows, classes, n_episodes)
    made_up = invented(net, fold, known, seed)
    found |= {("invented", 0, k): v for k, v in made_up.items()}
    return {
        f"{where}-{c}-{k}": (numbers / unit[k]).float().numpy()
        for (where, c, k), numbers in found.items()
    }


def network(fold, known, rows, iterations, seed):
    """Train a classifier of known classes: its network."""
    learner, _ = classifier(fold, known, rows, "bent", iterations, seed)
    return learner.module_["net"]


def short(fold, iterations, seed):
    """Train four short classifiers, each without two of the eight known classes:
    {"short-i-...": array}."""
    made, rows = {}, Rows(fold, fold.choosing & np.isin(fold.y, fold.known))
    for i, out in enumerate(pairs(fold.known)):
        six = tuple(c for c in fold.known if c not in out)
        own = 10 * seed + 1 + i
        net = network(fold, six, fold.fitting, iterations // SHORT, own)
        found = everything(net, fold, six, rows, out, FEW, own)
        made |= {f"short-{i}-{name}": a for name, a in found.items()}
    return made


def tested(fold, iterations, seed, n_episodes):
    """Train the classifier of all known classes and ask it about the held-out ones, on
    test images: {"test-...": array}."""
    net = network(fold, fold.known, fold.train, iterations, seed)
    of = fold, fold.known, Rows(fold, ~fold.train), fold.held_out, n_episodes, seed
    return {f"test-{name}": a for name, a in everything(net, *of).items()}


def of_fold(folder, family, split, seed, iterations=ITERATIONS, n_episodes=EPISODES):
    """Return the numbers of one fold, made if they are not there: {name: array}."""
    of = family, split, seed, iterations, n_episodes
    return _kept(folder, "whole", *of)


def longer(folder, family, split, iterations=ITERATIONS, n_episodes=EPISODES):
    """Return the numbers of a classifier trained as long as all five, seed 0."""
    return _kept(folder, "longer", family, split, 0, iterations, n_episodes)


def _kept(folder, what, family, split, seed, iterations, n_episodes):
    fold = Fold(family, split)
    about = {"family": family, "split": split, "seed": seed, "steps": iterations}
    about |= {"episodes": n_episodes, "what": what}
    key = cache.key(code=[of_fold], X=fold.X, **about)
    path = cache.path(folder, family, split, seed, iterations, n_episodes, what)
    found = cache.stored(path, key)
    if found is not None:
        return found
    if what == "longer":
        found = tested(fold, iterations + 4 * (iterations // SHORT), seed, n_episodes)
    else:
        found = short(fold, iterations, seed)
        found |= tested(fold, iterations, seed, n_episodes)
    cache.keep(path, key, **found)
    return found
