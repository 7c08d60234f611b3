"""Doodles against curves and distances worked out point by point."""

import numpy as np
import torch

from metaad.tasks.doodles import STROKES, Doodles, curves, distance, ink, invent, vary

SIDE = 28
AXIS = (np.arange(SIDE) + 0.5) * 2 / SIDE - 1
PIXELS = torch.as_tensor(np.stack(np.meshgrid(AXIS, AXIS), axis=-1).reshape(-1, 2))


def line(start, end):
    """One straight stroke with even control points."""
    points = np.zeros((1, STROKES, 4, 2))
    points[0, 0] = np.linspace(start, end, 4)
    return Doodles(points, np.array([[True] + [False] * (STROKES - 1)]))


def test_a_curve_follows_de_casteljau():
    control = np.random.default_rng(0).normal(size=(5, 4, 2))
    found = curves(control)
    for at, u in enumerate(np.linspace(0, 1, found.shape[1])):
        points = control
        while points.shape[1] > 1:
            points = (1 - u) * points[:, :-1] + u * points[:, 1:]
        np.testing.assert_allclose(found[:, at], points[:, 0], atol=1e-12)


def test_distance_to_pieces_is_that_to_their_nearest_point():
    rng = np.random.default_rng(1)
    start, end, pixels = (
        rng.normal(size=(2, 3, 2)),
        rng.normal(size=(2, 3, 2)),
        rng.normal(size=(50, 2)),
    )
    found = distance(*(torch.as_tensor(a) for a in (pixels, start, end)))
    u = np.linspace(0, 1, 2001)[:, None]
    for i in range(2):
        on = np.concatenate(
            [a + u * (b - a) for a, b in zip(start[i], end[i], strict=True)]
        )
        nearest = np.sqrt(((pixels[:, None] - on) ** 2).sum(axis=2)).min(axis=1)
        np.testing.assert_allclose(found[i].numpy(), nearest, atol=2e-3)
    # a piece without length is a point
    point = torch.zeros(1, 1, 2, dtype=torch.float64)
    found = distance(torch.as_tensor(pixels), point, point)[0].numpy()
    np.testing.assert_allclose(found, np.linalg.norm(pixels, axis=1))


def test_ink_lies_within_the_pen_of_the_strokes_that_are_there():
    image = ink(
        line((-0.6, 0.0), (0.6, 0.0)),
        PIXELS,
        torch.full((1, 1), 0.1, dtype=torch.float64),
    )[0].numpy()
    x, y = PIXELS.numpy().T
    away = np.where(np.abs(x) <= 0.6, np.abs(y), np.hypot(np.abs(x) - 0.6, y))
    np.testing.assert_allclose(image, 1 / (1 + np.exp((away - 0.1) / 0.025)), atol=1e-6)
    assert ((image > 0.5) == (away < 0.1)).all()


def test_images_of_a_doodle_differ_less_than_doodles_do():
    rng = np.random.default_rng(2)
    doodles, n = invent(40, rng), 6
    assert (doodles.drawn[:, 0]).all() and np.abs(doodles.points).max() <= 1.1
    assert set(doodles.drawn.sum(axis=1)) == {1, 2, 3}
    own = vary(
        doodles.take(np.repeat(np.arange(40), n)),
        np.repeat(np.eye(2)[None], 40 * n, axis=0),
        rng,
    )
    images = ink(own, PIXELS, torch.full((40 * n, 1), 0.1, dtype=torch.float64)).view(
        40, n, -1
    )
    means = images.mean(dim=1)
    within = (images - means[:, None]).square().sum(dim=2).mean()
    between = torch.cdist(means, means).square().sum() / (40 * 39)
    assert within > 1.0  # of the some 100 pixels that a doodle fills
    assert between > 2 * within


def test_a_doodle_is_mapped_and_moved_as_a_whole():
    rng = np.random.default_rng(3)
    doodles = invent(200, rng)
    maps = np.repeat(np.array([[[0.0, -2.0], [2.0, 0.0]]]), 200, axis=0)
    moved = vary(doodles, maps, rng).points - np.einsum(
        "ij,nskj->nski", maps[0], doodles.points
    )
    assert np.abs(moved.mean(axis=(0, 1, 2))).max() < 0.02
    centers = moved.mean(axis=(1, 2))
    # the move, and the mean of twelve displacements
    assert np.abs(centers).max() < 0.08 + 0.2
    # .05, doubled by the map
    assert abs((moved - centers[:, None, None]).std() - 0.1) < 0.01
