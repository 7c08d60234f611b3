"""Made-up classes: new kinds of image out of known ones, so that a meta-learner sees
more than a handful of classes.

Eight digits are eight classes, and a learner that has seen each of them thousands of
times knows them by heart: what it then says about a ninth is a guess. A made-up class
is a recipe, drawn once for the whole class, that every image of the class goes through
with its own ink:

- *warp*: one digit, stretched, slanted and bent in the same way each time;
- *turn*: one digit, turned by 90, 180 or 270 degrees or mirrored [1];
- *splice*: one side of a digit with the other side of another;
- *overlay*: two digits on top of each other;
- *doodle*: a few random curves, and no digit at all (`metaad.tasks.doodles`).

On top of it each image, real or made up, may be bent a little on its own (affine and
elastic [2]): that is variation within a class, which must not count as anomalous.

References
----------
[1] Santoro, Bartunov, Botvinick, Wierstra and Lillicrap, Meta-Learning with
    Memory-Augmented Neural Networks, ICML 2016, section 4.1 (classes made by turning
    characters).
[2] Simard, Steinkraus and Platt, Best Practices for Convolutional Neural Networks,
ICDAR 2003."""

from typing import NamedTuple

import numpy as np
import torch
from torch.nn.functional import grid_sample

from metaad.tasks import Task
from metaad.tasks.doodles import Doodles, ink, invent, vary

KINDS = ("warp", "splice", "overlay", "turn", "doodle")
NO_DIGIT = -1  # the source of a doodle


class Recipes(NamedTuple):
    """How the images of c classes are made from real ones, one row a class.

    sources : int64 array (c, 2), the two digits that give the ink; the same digit twice
        where one is enough, NO_DIGIT twice for a doodle.
    masks : float array (c, 2, side, side), how much of each of the two shows; the
        brighter pixel wins.
    linear : float array (c, 2, 2), where a point of the new image lies in the old one,
        in coordinates from -1 to 1.
    bend : float array (c, 2, side, side), what is added to that, in the same units; (x,
        y) first.
    doodles : Doodles, c of them, used where the sources say so; None where no class is
    one."""

    sources: np.ndarray
    masks: np.ndarray
    linear: np.ndarray
    bend: np.ndarray
    doodles: Doodles | None = None


class MadeUpTasks:
    """One-class tasks of which a share is about made-up classes, and whose images are
    all bent a little.

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
                f"made-up classes need square images; got rows of {tasks.n_features} pixels."
            )
        if not set(kinds) <= set(KINDS) or not kinds:
            raise ValueError(f"kinds must be some of {KINDS}; got {kinds!r}.")
        if not (0 <= share <= 1 and 0 <= strange <= 1):
            raise ValueError(
                f"share and strange must lie between 0 and 1; got {share} and {strange}."
            )
        if not self.shots or min(self.shots) < 1:
            raise ValueError(
                f"shots must hold numbers of support rows, 1 or more; got {shots!r}."
            )
        self.digits = np.array(tasks.normal)
        axis = (np.arange(self.side) + 0.5) * 2 / self.side - 1
        # (side, side, 2), (x, y) of every pixel's centre
        self.points = np.stack(np.meshgrid(axis, axis), axis=-1)

    @property
    def n_features(self):
        """Number of pixels d of a flattened image."""
        return self.tasks.n_features

    def sample(self, n_tasks, random_state=None):
        """Draw a batch of tasks: see OneClassTasks.sample. `normal` is -1 for a
        made-up class.
        """
        rng = np.random.default_rng(random_state)
        own, recipes = self.classes(n_tasks, rng)
        k, q, a = self.draw_shots(rng), self.tasks.n_query, self.tasks.n_anomalies
        others = self._others(own, recipes, a, rng)  # (n_tasks, a)
        # (n_tasks, k + q + a)
        classes = np.concatenate(
            [np.repeat(own[:, None], k + q, axis=1), others], axis=1
        )
        images = self.draw(recipes, classes, rng)
        y = images.new_zeros(n_tasks, q + a)
        y[:, q:] = 1.0
        return Task(images[:, :k], images[:, k:], y, None, self.digit(own))

    def classes(self, n_tasks, rng):
        """Draw the classes that n_tasks tasks are about.

        Returns their numbers (n_tasks,), below len(digits) for a real class and from
        there on for a row of the Recipes, which come second. Every real class comes up
        equally often, give or take one."""
        n_made, n_real = int(round(self.share * n_tasks)), len(self.digits)
        recipes = self.recipes(n_made, rng)
        rounds = -(-(n_tasks - n_made) // n_real)
        real = np.concatenate(
            [rng.permutation(n_real) for _ in range(rounds)] or [np.empty(0, int)]
        )
        return np.concatenate(
            [real[: n_tasks - n_made], n_real + np.arange(n_made)]
        ), recipes

    def draw_shots(self, rng):
        """The number k of support rows of the next batch."""
        return int(rng.choice(self.shots))

    def digit(self, own):
        """The digit of each class number, -1 for a made-up class: int array, as
        `own`.
        """
        return np.where(
            own < len(self.digits),
            self.digits[np.minimum(own, len(self.digits) - 1)],
            -1,
        )

    def apart(self, own, recipes):
        """Which classes may be anomalies of which: bool array (c, c), symmetric.

        False for a class and itself, and for a made-up class and the digits that it is
        made of."""
        # (c, 2), a real class is made of itself
        made_of = np.repeat(own[:, None], 2, axis=1)
        made = own >= len(self.digits)
        made_of[made] = recipes.sources[own[made] - len(self.digits)]
        # (c, c), [i, j]: class i is made of class j
        contains = (made_of[:, None] == own[:, None]).any(axis=2)
        return (own[:, None] != own) & ~contains & ~contains.T

    def _others(self, own, recipes, n, rng):
        """Classes (n_tasks, n) that anomalies come from: another one than the
        task's, and none that it is made of.
        """
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
        kinds = np.array(self.kinds)[rng.integers(len(self.kinds), size=n)]
        first = rng.integers(len(self.digits), size=n)
        second = (first + rng.integers(1, len(self.digits), size=n)) % len(self.digits)
        two = np.isin(kinds, ("splice", "overlay"))
        sources = np.stack([first, np.where(two, second, first)], axis=1)
        sources[kinds == "doodle"] = NO_DIGIT
        angle = rng.uniform(0, 2 * np.pi, (n, 1, 1))
        side = (
            np.cos(angle) * self.points[..., 0] + np.sin(angle) * self.points[..., 1]
            > 0
        ).astype(float)
        splice, plain = (kinds == "splice")[:, None, None], (~two)[:, None, None]
        masks = np.stack(
            [
                np.where(splice, side, 1.0),
                np.where(splice, 1 - side, np.where(plain, 0.0, 1.0)),
            ],
            axis=1,
        )
        warp = (kinds == "warp")[:, None, None]
        linear = np.where(
            warp, linear_maps(n, rng, turn=0.7, stretch=0.35, slant=0.5), np.eye(2)
        )
        # the seven of a square's eight symmetries that change something
        symmetry = rng.integers(1, 8, size=n)
        turned = rotations(symmetry % 4 * np.pi / 2)
        turned = np.where(
            (symmetry > 3)[:, None, None], turned * np.array([1.0, -1.0]), turned
        )
        linear = np.where((kinds == "turn")[:, None, None], turned, linear)
        bend = smooth_noise(n, 4, self.side, rng) * np.where(warp, 0.2, 0.0)[..., None]
        return Recipes(
            sources,
            masks,
            linear,
            bend,
            invent(n, rng) if "doodle" in self.kinds else None,
        )

    def draw(self, recipes, classes, rng):
        """Images of given classes, each with fresh ink and its own small bending.

        classes : int array (n_tasks, n); below len(digits) a real class, from there on
            a row of `recipes`.

        Returns a tensor (n_tasks, n, d) with values in [0, 1] where the ink has them.
        """
        flat = classes.ravel()
        n, n_real, side = flat.size, len(self.digits), self.side
        made = (
            np.maximum(flat - n_real, 0)
            if len(recipes.sources)
            else np.zeros(n, dtype=np.int64)
        )
        is_made = flat >= n_real
        rows = np.zeros((n, 2), dtype=np.int64)
        sources = np.repeat(flat[:, None], 2, axis=1)
        sources[is_made] = recipes.sources[made[is_made]]
        for c, digit in enumerate(self.digits):
            here = sources == c
            rows[here] = rng.choice(self.tasks.rows[int(digit)], here.sum())
        linear = linear_maps(
            n,
            rng,
            turn=0.15 * self.affine,
            stretch=0.1 * self.affine,
            slant=0.1 * self.affine,
        )
        bend = self.elastic * 0.05 * smooth_noise(n, 5, side, rng)
        bend += self.affine * rng.uniform(-0.08, 0.08, (n, 2, 1, 1))
        linear[is_made] = recipes.linear[made[is_made]] @ linear[is_made]
        bend[is_made] += recipes.bend[made[is_made]]
        X = self.tasks.X

        def tensor(a):
            return torch.as_tensor(a, dtype=X.dtype, device=X.device)

        digits = (
            X[torch.as_tensor(rows[:, 0], device=X.device)].view(n, side, side).clone()
        )
        at = torch.as_tensor(np.flatnonzero(is_made), device=X.device)
        if len(at):
            pair = X[torch.as_tensor(rows[is_made], device=X.device)].view(
                -1, 2, side, side
            )
            digits[at] = (pair * tensor(recipes.masks[made[is_made]])).amax(dim=1)
        grid = torch.einsum(
            "hwj,nij->nhwi", tensor(self.points), tensor(linear)
        ) + tensor(bend).permute(0, 2, 3, 1)
        # (n, d)
        images = grid_sample(digits[:, None], grid, align_corners=False).flatten(1)
        doodle = np.flatnonzero(sources[:, 0] == NO_DIGIT)
        if len(doodle):
            maps = linear_maps(len(doodle), rng, turn=0.12, stretch=0.12, slant=0.15)
            own = vary(recipes.doodles.take(made[doodle]), maps, rng)
            pen = tensor(rng.uniform(0.05, 0.13, (len(doodle), 1)))
            images[torch.as_tensor(doodle, device=X.device)] = ink(
                own, tensor(self.points.reshape(-1, 2)), pen
            )
        return images.view(*classes.shape, -1)


def rotations(angles):
    """Rotation matrices: angles (n,) in radians -> array (n, 2, 2)."""
    c, s = np.cos(angles), np.sin(angles)
    return np.stack([np.stack([c, -s], axis=-1), np.stack([s, c], axis=-1)], axis=-2)


def linear_maps(n, rng, *, turn, stretch, slant):
    """Random maps (n, 2, 2): a rotation up to `turn` radians, axes stretched by up
    to e^±stretch, slanted by ±slant.
    """
    maps = np.zeros((n, 2, 2))
    maps[:, 0, 0], maps[:, 1, 1] = np.exp(rng.uniform(-stretch, stretch, (2, n)))
    maps[:, 0, 1] = rng.uniform(-slant, slant, n)
    return rotations(rng.uniform(-turn, turn, n)) @ maps


def smooth_noise(n, knots, side, rng):
    """Smooth random fields, array (n, 2, side, side): normal at knots × knots
    points, interpolated linearly.
    """
    place = np.linspace(0, knots - 1, side)
    # (side, knots)
    weights = np.maximum(0, 1 - np.abs(place[:, None] - np.arange(knots)))
    return weights @ rng.standard_normal((n, 2, knots, knots)) @ weights.T
