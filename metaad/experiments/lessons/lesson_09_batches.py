"""Batches of lesson 09: the same for every learner, made-up classes from a bank that a
classifier can name; and images to look at.
"""

import numpy as np

from metaad.tasks import AllPairs, MadeUpTasks
from metaad.tasks.all_pairs import together
from metaad.tasks.made_up import KINDS

BENDING = {"strange": 0.3, "affine": 0.6, "elastic": 0.6}


def gallery(tasks, rng, n_classes=2, n=4):
    """Draw images of real digits and of each kind of made-up class: {kind: array
    (n_classes, n, side, side)}, "real" first.

    tasks : OneClassTasks over square images; its classes give the ink.
    """
    found = {}
    for kind in ("real", *KINDS):
        images = some_images(tasks, kind, n_classes, n, rng)
        found[kind] = images
    return found


def some_images(tasks, kind, n_classes, n, rng):
    """Draw n images of each of n_classes classes of one kind, "real" or one of KINDS:
    array (n_classes, n, side, side).
    """
    kinds = KINDS if kind == "real" else (kind,)
    made = MadeUpTasks(tasks, kinds=kinds, **BENDING)
    recipes, digits = made.recipes(n_classes, rng), len(made.digits)
    which = digits + np.arange(n_classes)
    if kind == "real":
        which = rng.choice(digits, n_classes)
    return _drawn(made, recipes, which, n, rng)


def at_strength(tasks, strength, seed, n_classes=2, n=4):
    """Draw images of warped classes, the recipe weakened or strengthened: array
    (n_classes, n, side, side). The same seed gives the same recipes and the same ink.
    """
    rng = np.random.default_rng(seed)
    made = MadeUpTasks(tasks, kinds=("warp",), **BENDING)
    recipes = strengthened(made.recipes(n_classes, rng), strength)
    which = len(made.digits) + np.arange(n_classes)
    return _drawn(made, recipes, which, n, rng)


def _drawn(made, recipes, which, n, rng):
    images = made.draw(recipes, np.repeat(which[:, None], n, axis=1), rng)
    return images.unflatten(-1, (made.side, made.side)).cpu().numpy()


class Replay:
    """Give the batches of a list again, in their order, to each learner anew."""

    def __init__(self, batches):
        self.batches, self.at = batches, 0
        self.n_features = batches[0].support.shape[-1]

    def sample(self, n_tasks, random_state=None):
        """Return the next batch; one task alone is a look that takes none away."""
        found = self.batches[self.at % len(self.batches)]
        self.at += n_tasks > 1
        return found


def batches(tasks, share, plan, seed):
    """Draw the batches of one training: a list of Tasks, as AllPairs gives them.

    The made-up classes come from a bank of `plan.bank` recipes, so that they can be
    named: `normal` numbers the class of each task, first the digits of `tasks`, then
    the recipes.
    """
    rng = np.random.default_rng(seed)
    made = MadeUpTasks(tasks, share=share, **BENDING)
    bank = made.recipes(plan.bank, rng)
    return [_batch(made, bank, plan, rng) for _ in range(plan.iterations)]


def _batch(made, bank, plan, rng):
    k, q, first = plan.k, made.tasks.n_query, len(made.digits)
    n_made = round(made.share * plan.classes)
    rounds = -(-(plan.classes - n_made) // first)
    real = np.concatenate([rng.permutation(first) for _ in range(rounds)])
    real = real[: plan.classes - n_made]
    which = rng.choice(plan.bank, n_made, replace=n_made > plan.bank)
    own = np.concatenate([real, first + np.arange(n_made)])
    recipes = take(bank, which)
    images = made.draw(recipes, np.repeat(own[:, None], k + q, axis=1), rng)
    number = np.concatenate([real, first + which])
    return together(images, k, own, number, AllPairs(made).weights(own, recipes))


def take(recipes, which):
    """Take those recipes whose numbers are in `which`."""
    doodles = None if recipes.doodles is None else recipes.doodles.take(which)
    return type(recipes)(*(part[which] for part in recipes[:4]), doodles)


def strengthened(recipes, strength):
    """Change how far warped and turned classes are moved: 0 leaves the digit as it is,
    1 is the recipe itself.
    """
    linear = np.eye(2) + strength * (recipes.linear - np.eye(2))
    return recipes._replace(linear=linear, bend=strength * recipes.bend)
