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

KINDS = ("warp", "splice", "overlay", "turn", "doodle")
NO_DIGIT = -1  # the source of a doodle


class Recipes(NamedTuple):
    """Say how the images of c classes are made from real ones, one row per class.

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
    drawn = np.array(kinds)[rng.integers(len(kinds), size=n)]
    first = rng.integers(n_digits, size=n)
    second = (first + rng.integers(1, n_digits, size=n)) % n_digits
    two = np.isin(drawn, ("splice", "overlay"))
    sources = np.stack([first, np.where(two, second, first)], axis=1)
    sources[drawn == "doodle"] = NO_DIGIT
    masks = _masks(drawn, two, points, rng)
    warp = (drawn == "warp")[:, None, None]
    maps = linear_maps(n, rng, turn=0.7, stretch=0.35, slant=0.5)
    linear = np.where(warp, maps, np.eye(2))
    turn = (drawn == "turn")[:, None, None]
    linear = np.where(turn, symmetries(n, rng), linear)
    noise = smooth_noise(n, 4, len(points), rng)
    bend = noise * np.where(warp, 0.2, 0.0)[..., None]
    doodles = invent(n, rng) if "doodle" in kinds else None
    return Recipes(sources, masks, linear, bend, doodles)


def _masks(drawn, two, points, rng):
    """Draw how much of each of two digits shows: array (n, 2, side, side)."""
    angle = rng.uniform(0, 2 * np.pi, (len(drawn), 1, 1))
    across = np.cos(angle) * points[..., 0] + np.sin(angle) * points[..., 1]
    side = (across > 0).astype(float)
    splice = (drawn == "splice")[:, None, None]
    both = two[:, None, None]
    first = np.where(splice, side, 1.0)
    second = np.where(splice, 1 - side, np.where(both, 1.0, 0.0))
    return np.stack([first, second], axis=1)


def symmetries(n, rng):
    """Draw from the seven of a square's eight symmetries that change something:
    array (n, 2, 2).
    """
    symmetry = rng.integers(1, 8, size=n)
    turned = rotations(symmetry % 4 * np.pi / 2)
    mirrored = (symmetry > 3)[:, None, None]
    return np.where(mirrored, turned * np.array([1.0, -1.0]), turned)


def rotations(angles):
    """Compute rotation matrices: angles (n,) in radians -> array (n, 2, 2)."""
    c, s = np.cos(angles), np.sin(angles)
    return np.stack([np.stack([c, -s], axis=-1), np.stack([s, c], axis=-1)], axis=-2)


def linear_maps(n, rng, *, turn, stretch, slant):
    """Draw random maps (n, 2, 2): a rotation up to `turn` radians, axes stretched by up
    to e^±stretch, slanted by ±slant.
    """
    maps = np.zeros((n, 2, 2))
    maps[:, 0, 0], maps[:, 1, 1] = np.exp(rng.uniform(-stretch, stretch, (2, n)))
    maps[:, 0, 1] = rng.uniform(-slant, slant, n)
    return rotations(rng.uniform(-turn, turn, n)) @ maps


def smooth_noise(n, knots, side, rng):
    """Draw smooth random fields, array (n, 2, side, side): normal at knots × knots
    points, interpolated linearly.
    """
    place = np.linspace(0, knots - 1, side)
    # (side, knots)
    weights = np.maximum(0, 1 - np.abs(place[:, None] - np.arange(knots)))
    return weights @ rng.standard_normal((n, 2, knots, knots)) @ weights.T
