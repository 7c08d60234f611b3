"""Doodles: made-up characters of one to three strokes, drawn without any image to start
from.

A class is a few curves; each of its images draws them anew, a little displaced, slanted
and stretched, with a pen of its own width. They owe nothing to the digits at hand, so
there is no end of them, and no digit that they must be kept apart from. The idea of
learning from characters made of random strokes is that of Lake et al. [1]; these are
plain Bézier curves [2].

References
----------
[1] Lake, Salakhutdinov and Tenenbaum, Human-level concept learning through
    probabilistic program induction, Science 350, 2015.
[2] Farin, Curves and Surfaces for CAGD, 5th ed., 2002, chapter 4.
"""

from typing import NamedTuple

import numpy as np
import torch

from metaad.tasks.draws import functions, namespace

STROKES = 3  # at most, of a doodle
PIECES = 8  # straight pieces that a curve is drawn with
BLOCK = 8  # doodles drawn at once on a CPU


class Doodles(NamedTuple):
    """Hold the curves of n doodles: arrays, or tensors where a device draws them.

    points : float array (n, STROKES, 4, 2), control points (x, y) of cubic Bézier
        curves; the image spans -1 to 1.
    drawn : bool array (n, STROKES), which of the strokes there are.
    """

    points: np.ndarray
    drawn: np.ndarray

    def take(self, which):
        """Take those of the given numbers or mask."""
        return Doodles(self.points[which], self.drawn[which])


def invent(n, rng):
    """Draw n doodles at random: most strokes go on where the last one ended, a third
    of them close to a loop.
    """
    xp = namespace(rng)
    drawn = xp.arange(STROKES) < rng.integers(1, STROKES + 1, size=n)[:, None]
    strokes = []
    end = rng.uniform(-0.6, 0.6, (n, 2))
    for _ in range(STROKES):
        start = xp.where(rng.random((n, 1)) < 0.6, end, rng.uniform(-0.6, 0.6, (n, 2)))
        loop = rng.random((n, 1)) < 0.3
        end = xp.where(
            loop, start + rng.normal(0, 0.05, (n, 2)), rng.uniform(-0.65, 0.65, (n, 2))
        )
        bulge = xp.where(loop, 0.75, 0.5)
        bends = [near + bulge * rng.standard_normal((n, 2)) for near in (start, end)]
        strokes.append(xp.stack([start, bends[0], bends[1], end], axis=1))
    points = xp.stack(strokes, axis=1)
    # characters are narrower than high
    points = xp.stack([points[..., 0] * 0.8, points[..., 1]], axis=-1)
    return Doodles(xp.clip(points, -1.1, 1.1), drawn)


def vary(doodles, maps, rng):
    """Draw one image's own version of each doodle: every control point a little
    displaced, the whole mapped and moved.

    maps : float array (n, 2, 2), linear maps of (x, y).
    """
    n = len(doodles.points)
    points = doodles.points + rng.normal(0, 0.05, doodles.points.shape)
    mapped = namespace(rng).einsum("nij,nskj->nski", maps, points)
    return doodles._replace(points=mapped + rng.uniform(-0.08, 0.08, (n, 1, 1, 2)))


def curves(points):
    """Compute points on cubic Bézier curves: array (..., PIECES + 1, 2).

    points : control points, array (..., 4, 2).
    """
    if functions(points) is torch:
        as_points = {"dtype": points.dtype, "device": points.device}
        u = torch.linspace(0, 1, PIECES + 1, **as_points)[:, None]
    else:
        u = np.linspace(0, 1, PIECES + 1)[:, None]
    weights = functions(u).concatenate(
        [(1 - u) ** 3, 3 * u * (1 - u) ** 2, 3 * u**2 * (1 - u), u**3], axis=1
    )
    return weights @ points


def distance(pixels, start, end):
    """Compute the distance of each pixel to the nearest of m straight pieces: tensor (n, p).

    pixels : (p, 2). start, end : (n, m, 2), ends of the pieces.
    """
    if pixels.device.type != "cpu":
        return _nearest(pixels, start, end)
    # a few at a time stay in the processor's cache
    pairs = zip(start.split(BLOCK), end.split(BLOCK), strict=True)
    found = [_nearest(pixels, *pair) for pair in pairs]
    return torch.cat(found) if found else _nearest(pixels, start, end)


def _nearest(pixels, start, end):
    along = end - start
    length = along.square().sum(dim=-1)[:, None].clamp_min(1e-12)  # (n, 1, m), squared
    to_start = pixels.square().sum(dim=-1)[:, None] - 2 * pixels @ start.mT
    to_start += start.square().sum(dim=-1)[:, None]
    # (n, p, m), of pixel - start with the piece
    dot = (pixels @ along.mT).sub_((start * along).sum(dim=-1)[:, None])
    # of the piece, up to the foot of the perpendicular
    share = (dot / length).clamp_(0, 1)
    to_start -= dot.mul_(2 * share)
    to_start += share.square_().mul_(length)
    return to_start.clamp_min_(0).amin(dim=-1).sqrt()


def ink(doodles, pixels, width):
    """Draw images of doodles: tensor (n, p) in [0, 1], about 1 within a pen's radius
    of a curve and 0 beyond.

    pixels : tensor (p, 2), the centers of the pixels. width : tensor (n, 1), radius of
    the pen.
    """
    on = curves(doodles.points)  # (n, STROKES, PIECES + 1, 2)
    # strokes that are not there lie far away
    far = functions(on).where(doodles.drawn[..., None, None], on, 9.0)
    start, end = (
        torch.as_tensor(
            a.reshape(len(on), -1, 2), dtype=pixels.dtype, device=pixels.device
        )
        for a in (far[:, :, :-1], far[:, :, 1:])
    )
    return torch.sigmoid((width - distance(pixels, start, end)) / 0.025)
