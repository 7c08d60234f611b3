"""Made-up classes: new kinds of image out of known ones, so that a meta-learner sees
more than a handful of classes.

Eight digits are eight classes, and a learner that has seen each of them thousands of
times has memorised them: what it then says about a ninth is a guess. A made-up class
is a recipe, drawn once for the whole class, that every image of the class goes through
with its own ink:

- *warp*: one digit, stretched, slanted and bent in the same way each time;
- *turn*: one digit, turned by 90, 180 or 270 degrees or mirrored [1];
- *splice*: one side of a digit with the other side of another;
- *overlay*: two digits on top of each other;
- *doodle*: a few random curves, and no digit at all (`metaad.tasks.doodles`).

On top of it each image, real or made up, may be bent a little on its own (affine and
elastic [2]): that is variation within a class, which must not count as anomalous.

References: see `metaad.tasks.recipes`.
"""

import numpy as np
import torch
from torch.nn.functional import grid_sample

from metaad.tasks import Task
from metaad.tasks.doodles import ink, vary
from metaad.tasks.draws import Draws, functions, generator, kept, namespace
from metaad.tasks.made_up_on_device import draw_images, draw_others
from metaad.tasks.recipes import (
    KINDS,
    NO_DIGIT,
    draw_recipes,
    linear_maps,
    smooth_noise,
)


class MadeUpTasks:
    """Draw one-class tasks of which a share is about made-up classes, and whose images
    are all bent a little.

    Parameters
    ----------
    tasks : OneClassTasks over square images. Its classes give the ink; no other class
        is ever looked at.
    share : share of the tasks whose normal class is made up, 0 to 1. With 0 only the
        small bending is left.
    strange : share of the anomalies that come from made-up classes, 0 to 1; not used
        where share is 0.
    kinds : kinds of made-up class to draw from. Leave out "turn" where a turned class
        may be a held-out one: a 6 turned by 180 degrees looks like a 9.
    affine, elastic : size of each image's own bending, 1 for the usual one and 0 for
        none.
    shots : numbers of support rows, one of which is drawn for each batch; None always
        takes tasks.k.

    Raises
    ------
    ValueError
        for images that are not square, an unknown kind, a share outside [0, 1], a
        number of shots below 1.
    """

    draws_on_device = True

    def __init__(
        self,
        tasks,
        *,
        share=0.5,
        strange=0.25,
        kinds=KINDS,
        affine=1.0,
        elastic=1.0,
        shots=None,
    ):
        self.tasks, self.share, self.strange = tasks, share, strange
        self.kinds, self.affine, self.elastic = tuple(kinds), affine, elastic
        self.shots = (tasks.k,) if shots is None else tuple(shots)
        self.side = round(tasks.n_features**0.5)
        if self.side**2 != tasks.n_features:
            raise ValueError(
                "made-up classes need square images; got rows of "
                f"{tasks.n_features} pixels."
            )
        if not set(kinds) <= set(KINDS) or not kinds:
            raise ValueError(f"kinds must be some of {KINDS}; got {kinds!r}.")
        if not (0 <= share <= 1 and 0 <= strange <= 1):
            raise ValueError(
                "share and strange must lie between 0 and 1; got "
                f"{share} and {strange}."
            )
        if not self.shots or min(self.shots) < 1:
            raise ValueError(
                f"shots must hold numbers of support rows, 1 or more; got {shots!r}."
            )
        self.digits = np.array(tasks.normal)
        axis = (np.arange(self.side) + 0.5) * 2 / self.side - 1
        # (side, side, 2), (x, y) of every pixel's center
        self.points = np.stack(np.meshgrid(axis, axis), axis=-1)

    @property
    def n_features(self):
        """Count the pixels d of a flattened image."""
        return self.tasks.n_features

    def sample(self, n_tasks, random_state=None):
        """Draw a batch of tasks: see OneClassTasks.sample. `normal` is -1 for a
        made-up class. A torch.Generator draws and bends the images on its device.
        """
        rng = generator(random_state, self.tasks.X)
        own, recipes = self.classes(n_tasks, rng)
        k, q, a = self.draw_shots(rng), self.tasks.n_query, self.tasks.n_anomalies
        others = self._others(own, recipes, a, rng)  # (n_tasks, a)
        xp = functions(own)
        normal = xp.broadcast_to(own[:, None], (n_tasks, k + q))
        # (n_tasks, k + q + a)
        classes = xp.concatenate([normal, others], axis=1)
        images = self.draw(recipes, classes, rng)
        y = images.new_zeros(n_tasks, q + a)
        y[:, q:] = 1.0
        return Task(images[:, :k], images[:, k:], y, None, self.digit(own))

    def classes(self, n_tasks, rng):
        """Draw the classes that n_tasks tasks are about.

        Returns their numbers (n_tasks,), below len(digits) for a real class and from
        there on for a row of the Recipes, which come second. Every real class comes up
        equally often, give or take one."""
        xp = namespace(rng)
        n_made, n_real = int(round(self.share * n_tasks)), len(self.digits)
        recipes = self.recipes(n_made, rng)
        rounds = -(-(n_tasks - n_made) // n_real)
        orders = [rng.permutation(n_real) for _ in range(rounds)]
        real = xp.concatenate([xp.arange(0), *orders])[: n_tasks - n_made]
        made = n_real + xp.arange(n_made)
        return xp.concatenate([real, made]), recipes

    def draw_shots(self, rng):
        """Draw the number k of support rows of the next batch."""
        if isinstance(rng, Draws):
            return int(rng.host(self.shots))
        return int(rng.choice(self.shots))

    def digit(self, own):
        """Return the digit of each class number, -1 for a made-up class."""
        xp = functions(own)
        digits = self.digits
        if xp is torch:
            here = self.tasks.layout(own.device)
            digits = here.classes[here.normal]
        known = xp.clip(own, None, len(digits) - 1)
        return xp.where(own < len(digits), digits[known], -1)

    def made_of(self, recipes):
        """Return the two digits that each class is made of: int array (c, 2), real
        classes first, which are made of themselves.
        """
        sources = recipes.sources
        if functions(sources) is torch:
            real = torch.arange(len(self.digits), device=sources.device)
        else:
            real = np.arange(len(self.digits))
        xp = functions(real)
        return xp.concatenate([xp.stack([real, real], axis=1), sources])

    def apart(self, own, recipes):
        """Tell which classes may be anomalies of which: bool array (c, c), symmetric.

        False for a class and itself, and for a made-up class and the digits that it is
        made of."""
        made_of = self.made_of(recipes)[own]
        # (c, c), [i, j]: class i is made of class j
        contains = (made_of[:, None] == own[:, None]).any(axis=2)
        return (own[:, None] != own) & ~contains & ~contains.T

    def _others(self, own, recipes, n, rng):
        """Draw the classes (n_tasks, n) that anomalies come from: another one than the
        task's, and none that it is made of.
        """
        if isinstance(rng, Draws):
            return draw_others(self, own, recipes, n, rng)
        n_real, n_made = len(self.digits), len(recipes.sources)
        chosen = np.empty((len(own), n), dtype=np.int64)
        for t, c in enumerate(own):
            made_of = {c} if c < n_real else set(recipes.sources[c - n_real])
            plain = [i for i in range(n_real) if i not in made_of]
            strange = [
                n_real + i
                for i in range(n_made)
                if n_real + i != c and c not in recipes.sources[i]
            ]
            share = self.strange if strange else 0.0
            chosen[t] = np.where(
                rng.random(n) < share,
                rng.choice(strange or plain, n),
                rng.choice(plain or strange, n),
            )
        return chosen

    def recipes(self, n, rng):
        """Draw n made-up classes: Recipes with n rows. `sources` are positions in
        `digits`.
        """
        points = self.points_on(rng) if isinstance(rng, Draws) else self.points
        return draw_recipes(n, self.kinds, len(self.digits), points, rng)

    def points_on(self, draws):
        """Return `points` on the device of some Draws, in their type."""
        as_draws = {"dtype": draws.dtype, "device": draws.device}
        about = draws.dtype, draws.device
        return kept(self, about, lambda: torch.as_tensor(self.points).to(**as_draws))

    def draw(self, recipes, classes, rng):
        """Draw images of given classes, each with fresh ink and its own small bending.

        classes : int array (n_tasks, n); below len(digits) a real class, from there on
            a row of `recipes`.

        Returns a tensor (n_tasks, n, d) with values in [0, 1] where the ink has them.
        """
        if isinstance(rng, Draws):
            return draw_images(self, recipes, classes, rng)
        flat = classes.ravel()
        made = flat >= len(self.digits)
        # row of the recipes, 0 where there is none
        recipe = np.where(made, flat - len(self.digits), 0)
        sources = np.repeat(flat[:, None], 2, axis=1)
        sources[made] = recipes.sources[recipe[made]]
        rows = self._rows(sources, rng)
        grid = self._grid(recipes, recipe, made, rng)
        digits = self._digits(recipes, recipe, made, rows)
        # (n, d)
        images = grid_sample(digits[:, None], grid, align_corners=False).flatten(1)
        at = np.flatnonzero(sources[:, 0] == NO_DIGIT)
        if len(at):
            doodles = self._doodles(recipes.doodles.take(recipe[at]), rng)
            images[torch.as_tensor(at, device=images.device)] = doodles
        return images.view(*classes.shape, -1)

    def _rows(self, sources, rng):
        """Draw an image of each source: row numbers, int array (n, 2)."""
        rows = np.zeros(sources.shape, dtype=np.int64)
        for c, digit in enumerate(self.digits):
            here = sources == c
            rows[here] = rng.choice(self.tasks.rows[int(digit)], here.sum())
        return rows

    def _grid(self, recipes, recipe, made, rng):
        """Say where each pixel lies in the old image: tensor (n, side, side, 2)."""
        n, a = len(made), self.affine
        linear = linear_maps(n, rng, turn=0.15 * a, stretch=0.1 * a, slant=0.1 * a)
        bend = smooth_noise(n, 5, self.side, rng)
        bend *= self.elastic * 0.05
        bend += a * rng.uniform(-0.08, 0.08, (n, 2, 1, 1))
        linear[made] = recipes.linear[recipe[made]] @ linear[made]
        bend[made] += recipes.bend[recipe[made]]
        points, linear, bend = map(self._tensor, (self.points, linear, bend))
        moved = torch.einsum("hwj,nij->nhwi", points, linear)
        return moved + bend.permute(0, 2, 3, 1)

    def _digits(self, recipes, recipe, made, rows):
        """Take the ink, of two digits where the recipe asks: (n, side, side)."""
        X = self.tasks.X
        rows = torch.as_tensor(rows, device=X.device)
        shape = self.side, self.side
        digits = X[rows[:, 0]].view(-1, *shape)
        at = torch.as_tensor(np.flatnonzero(made), device=X.device)
        if len(at):
            pair = X[rows[at]].view(-1, 2, *shape)
            masks = self._tensor(recipes.masks[recipe[made]])
            digits[at] = (pair * masks).amax(dim=1)
        return digits

    def _doodles(self, doodles, rng):
        """Draw an image of each doodle: tensor (n, d)."""
        n = len(doodles.points)
        maps = linear_maps(n, rng, turn=0.12, stretch=0.12, slant=0.15)
        own = vary(doodles, maps, rng)
        pen = self._tensor(rng.uniform(0.05, 0.13, (n, 1)))
        return ink(own, self._tensor(self.points.reshape(-1, 2)), pen)

    def _tensor(self, a):
        X = self.tasks.X
        return torch.as_tensor(a, dtype=X.dtype, device=X.device)
