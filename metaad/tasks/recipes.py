"""Recipes of made-up classes: drawn once per class, applied to every image of it.

References
----------
[1] Santoro, Bartunov, Botvinick, Wierstra and Lillicrap, Meta-Learning with
    Memory-Augmented Neural Networks, ICML 2016, section 4.1 (classes made by turning
    characters).
[2] Simard, Steinkraus and Platt, Best Practices for Convolutional Neural Networks,
    ICDAR 2003 (elastic bending).
"""

from typing import NamedTuple

import numpy as np

from metaad.tasks.doodles import Doodles, invent
from metaad.tasks.draws import functions, namespace

KINDS = ("warp", "splice", "overlay", "turn", "doodle")
NO_DIGIT = -1  # the source of a doodle


class Recipes(NamedTuple):
    """Say how the images of c classes are made from real ones, one row per class:
    arrays, or tensors where a device draws them.

    sources : int64 array (c, 2), the two digits that give the ink; the same digit twice
        where one is enough, NO_DIGIT twice for a doodle.
    masks : float array (c, 2, side, side), how much of each of the two shows; the
        brighter pixel wins.
    linear : float array (c, 2, 2), where a point of the new image lies in the old one,
        in coordinates from -1 to 1.
    bend : float array (c, 2, side, side), what is added to that, in the same units; (x,
        y) first.
    doodles : Doodles, c of them, used where the sources say so; None where no
        class is one.
    """

    sources: np.ndarray
    masks: np.ndarray
    linear: np.ndarray
    bend: np.ndarray
    doodles: Doodles | None = None


def draw_recipes(n, kinds, n_digits, points, rng):
    """Draw n made-up classes of the given kinds: Recipes with n rows.

    n_digits : number of digits that give the ink; `sources` are below it.
    points : array (side, side, 2), (x, y) of every pixel's center.
    """
    xp = namespace(rng)
    drawn = rng.integers(len(kinds), size=n)
    of = {kind: drawn < 0 for kind in KINDS}
    for number, kind in enumerate(kinds):
        of[kind] = of[kind] | (drawn == number)
    first = rng.integers(n_digits, size=n)
    second = (first + rng.integers(1, n_digits, size=n)) % n_digits
    two = of["splice"] | of["overlay"]
    sources = xp.stack([first, xp.where(two, second, first)], axis=1)
    sources = xp.where(of["doodle"][:, None], NO_DIGIT, sources)
    masks = _masks(of["splice"], two, points, rng)
    warp, turn = (of[kind][:, None, None] for kind in ("warp", "turn"))
    maps = linear_maps(n, rng, turn=0.7, stretch=0.35, slant=0.5)
    linear = xp.where(warp, maps, xp.eye(2))
    linear = xp.where(turn, symmetries(n, rng), linear)
    noise = smooth_noise(n, 4, len(points), rng)
    bend = noise * xp.where(warp, 0.2 * xp.ones(()), 0.0)[..., None]
    doodles = invent(n, rng) if "doodle" in kinds else None
    return Recipes(sources, masks, linear, bend, doodles)


def _masks(splice, two, points, rng):
    """Draw how much of each of two digits shows: array (n, 2, side, side)."""
    xp = namespace(rng)
    angle = rng.uniform(0, 2 * np.pi, (len(splice), 1, 1))
    across = xp.cos(angle) * points[..., 0] + xp.sin(angle) * points[..., 1]
    one = xp.ones(())
    side = xp.where(across > 0, one, 0.0)
    splice, both = splice[:, None, None], two[:, None, None]
    first = xp.where(splice, side, one)
    second = xp.where(splice, 1 - side, xp.where(both, one, 0.0))
    return xp.stack([first, second], axis=1)


def symmetries(n, rng):
    """Draw from the seven of a square's eight symmetries that change something:
    array (n, 2, 2).
    """
    xp = namespace(rng)
    symmetry = rng.integers(1, 8, size=n)
    turned = rotations(symmetry % 4 * (np.pi / 2 * xp.ones(())))
    mirrored = xp.stack([turned[..., 0], -turned[..., 1]], axis=-1)
    return xp.where((symmetry > 3)[:, None, None], mirrored, turned)


def rotations(angles):
    """Compute rotation matrices: angles (n,) in radians -> array (n, 2, 2)."""
    xp = functions(angles)
    c, s = xp.cos(angles), xp.sin(angles)
    return xp.stack([xp.stack([c, -s], axis=-1), xp.stack([s, c], axis=-1)], axis=-2)


def linear_maps(n, rng, *, turn, stretch, slant):
    """Draw random maps (n, 2, 2): a rotation up to `turn` radians, axes stretched by up
    to e^±stretch, slanted by ±slant.
    """
    xp = namespace(rng)
    maps = xp.zeros((n, 2, 2))
    maps[:, 0, 0], maps[:, 1, 1] = xp.exp(rng.uniform(-stretch, stretch, (2, n)))
    maps[:, 0, 1] = rng.uniform(-slant, slant, n)
    return rotations(rng.uniform(-turn, turn, n)) @ maps


def smooth_noise(n, knots, side, rng):
    """Draw smooth random fields, array (n, 2, side, side): normal at knots × knots
    points, interpolated linearly.
    """
    xp = namespace(rng)
    place = xp.linspace(0, knots - 1, side)
    # (side, knots)
    weights = xp.clip(1 - xp.abs(place[:, None] - xp.arange(knots)), 0, None)
    return weights @ rng.standard_normal((n, 2, knots, knots)) @ weights.T
