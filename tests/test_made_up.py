"""Made-up classes, on images that say by themselves where they come from."""

import numpy as np
import pytest
import torch

from metaad.tasks import OneClassTasks
from metaad.tasks.made_up import MadeUpTasks
from metaad.tasks.recipes import (
    KINDS,
    NO_DIGIT,
    Recipes,
    linear_maps,
    rotations,
    smooth_noise,
)

SIDE = 8


def plain(classes=range(5), n=12, **options):
    """Every pixel of an image of class c is (c + 1) / 10: the ink tells the class."""
    y = np.repeat(np.arange(6), n)
    X = np.repeat((y[:, None] + 1) / 10, SIDE * SIDE, axis=1)
    return OneClassTasks(
        X,
        y,
        k=3,
        n_query=4,
        normal=classes,
        anomalous=classes,
        dtype=torch.float64,
        **options,
    )


def noisy(n=12):
    """Random images, each unlike any other."""
    rng = np.random.default_rng(0)
    X, y = rng.random((4 * n, SIDE * SIDE)), np.repeat(np.arange(4), n)
    return OneClassTasks(X, y, k=3, n_query=4, dtype=torch.float64)


def still(tasks, **options):
    """No bending of single images."""
    return MadeUpTasks(tasks, affine=0.0, elastic=0.0, **options)


def values(images):
    """Ink values that occur in an image, rounded; 0 where the grid reached beyond
    the border is left out.
    """
    return set(np.round(images.numpy(), 6).ravel()) - {0.0}


def one_recipe(linear=None, bend=None, masks=None, sources=(0, 0)):
    masks = (
        np.stack([np.ones((SIDE, SIDE)), np.zeros((SIDE, SIDE))])
        if masks is None
        else masks
    )
    linear = np.eye(2) if linear is None else linear
    bend = np.zeros((2, SIDE, SIDE)) if bend is None else bend
    return Recipes(
        np.array([sources]),
        masks[None],
        np.asarray(linear)[None],
        np.asarray(bend)[None],
    )


def test_without_bending_real_classes_are_the_images_themselves():
    tasks = noisy()
    drawn = still(tasks, share=0.0).sample(8, 0)
    for t in range(8):
        own = tasks.X[tasks.rows[int(drawn.normal[t])]]
        normal = torch.cat([drawn.support[t], drawn.query[t][drawn.y[t] == 0]])
        assert torch.cdist(normal, own).amin(dim=1).max() < 1e-6
        anomalies = drawn.query[t][drawn.y[t] == 1]
        assert torch.cdist(anomalies, own).amin() > 0.1
        assert torch.cdist(anomalies, tasks.X).amin(dim=1).max() < 1e-6


@pytest.mark.parametrize("quarters", [1, 2, 3])
def test_a_turned_class_is_the_image_turned(quarters):
    tasks = noisy()
    recipe = one_recipe(
        linear=rotations(np.array([quarters * np.pi / 2]))[0], sources=(2, 2)
    )
    image = (
        still(tasks)
        .draw(recipe, np.array([[4]]), np.random.default_rng(0))
        .view(SIDE, SIDE)
    )
    turned = torch.rot90(tasks.X[tasks.rows[2]].view(-1, SIDE, SIDE), quarters, (1, 2))
    assert (turned - image).abs().amax(dim=(1, 2)).min() < 1e-9


def test_a_constant_bend_shifts_the_image_by_whole_pixels():
    tasks = noisy()
    bend = np.zeros((2, SIDE, SIDE))
    # x grows by two pixels: the new image shows what stood two pixels to the right
    bend[0] = 2 * 2 / SIDE
    image = (
        still(tasks)
        .draw(one_recipe(bend=bend), np.array([[4]]), np.random.default_rng(0))
        .view(SIDE, SIDE)
    )
    old = tasks.X[tasks.rows[0]].view(-1, SIDE, SIDE)
    assert (old[:, :, 2:] - image[:, :-2]).abs().amax(dim=(1, 2)).min() < 1e-9
    assert (image[:, -2:] == 0).all()


def test_each_kind_shows_the_ink_it_should():
    tasks = plain()
    for kind in KINDS:
        made = still(tasks, kinds=(kind,))
        rng = np.random.default_rng(1)
        recipes = made.recipes(20, rng)
        images = made.draw(recipes, 5 + np.arange(20)[:, None], rng).view(
            20, SIDE, SIDE
        )
        for image, (first, second) in zip(images, recipes.sources, strict=True):
            if kind == "doodle":
                assert (first, second) == (NO_DIGIT, NO_DIGIT) and 0 < image.max() <= 1
                continue
            inks = {round((c + 1) / 10, 6) for c in (first, second)}
            if kind == "splice":
                assert first != second and values(image) == inks
            elif kind == "overlay":
                assert first != second and values(image) == {max(inks)}
            elif kind == "turn":
                assert values(image) == inks and len(inks) == 1
            else:
                assert first == second and image.max() <= max(inks) + 1e-9


def test_the_sides_of_a_splice_are_parted_by_a_line_through_the_middle():
    recipes = still(plain(), kinds=("splice",)).recipes(50, np.random.default_rng(2))
    first, second = recipes.masks[:, 0], recipes.masks[:, 1]
    np.testing.assert_array_equal(first + second, 1.0)
    # what is on one side of it is opposite the other
    np.testing.assert_array_equal(first[:, ::-1, ::-1], second)


def test_held_out_classes_are_never_looked_at():
    made = still(plain(classes=(0, 2, 3)), strange=0.5)
    task = made.sample(64, 3)
    assert values(task.support) | values(task.query) >= {0.1, 0.3, 0.4}
    turned_or_spliced = MadeUpTasks(
        made.tasks, kinds=("turn", "splice"), affine=0.0, elastic=0.0
    ).sample(64, 3)
    assert values(turned_or_spliced.support) | values(turned_or_spliced.query) == {
        0.1,
        0.3,
        0.4,
    }


def test_anomalies_come_neither_from_the_task_s_class_nor_from_what_it_is_made_of():
    made = still(plain(), strange=0.5)
    rng = np.random.default_rng(4)
    recipes = made.recipes(6, rng)
    own = np.arange(5 + 6)
    others = made._others(own, recipes, 200, rng)
    for c, chosen in zip(own, others, strict=True):
        assert c not in chosen
        if c < 5:
            assert all(c not in recipes.sources[i - 5] for i in set(chosen) if i >= 5)
        else:
            assert not set(recipes.sources[c - 5]) & set(chosen)
        assert 0.3 < (chosen >= 5).mean() < 0.7  # the share asked for


def test_shares_and_seeds():
    made = MadeUpTasks(noisy(), share=0.25)
    a, b, c = made.sample(16, 5), made.sample(16, 5), made.sample(16, 6)
    assert (a.normal == -1).sum() == 4
    assert np.unique(a.normal[a.normal >= 0], return_counts=True)[1].tolist() == [
        3,
        3,
        3,
        3,
    ]
    assert torch.equal(a.support, b.support) and torch.equal(a.query, b.query)
    assert not torch.equal(a.support, c.support)
    assert a.support.shape == (16, 3, SIDE**2) and a.query.shape == (16, 8, SIDE**2)
    assert a.y.sum(dim=1).tolist() == [4.0] * 16
    assert (MadeUpTasks(noisy(), share=1.0).sample(7, 0).normal == -1).all()


def test_each_batch_has_one_of_the_numbers_of_shots():
    made = MadeUpTasks(noisy(), shots=(2, 5))
    shapes = [made.sample(4, seed) for seed in range(20)]
    assert {t.support.shape[1] for t in shapes} == {2, 5}
    assert {t.query.shape[1] for t in shapes} == {8}


def test_random_maps_keep_to_their_bounds():
    rng = np.random.default_rng(7)
    maps = linear_maps(500, rng, turn=0.5, stretch=0.2, slant=0.0)
    singular = np.linalg.svd(maps, compute_uv=False)
    assert np.exp(-0.2) <= singular.min() and singular.max() <= np.exp(0.2)
    angles = np.arctan2(maps[:, 1, 0], maps[:, 0, 0])
    assert np.abs(angles).max() <= 0.5 and np.abs(angles).max() > 0.45
    np.testing.assert_allclose(
        linear_maps(3, rng, turn=0.0, stretch=0.0, slant=0.0),
        np.eye(2)[None].repeat(3, 0),
    )
    np.testing.assert_allclose(
        rotations(np.array([np.pi / 2]))[0], [[0, -1], [1, 0]], atol=1e-15
    )


def test_smooth_noise_is_normal_at_its_knots_and_linear_between():
    # knots at pixels 0, 2 and 4
    field = smooth_noise(2000, 3, 5, np.random.default_rng(8))
    assert abs(field[..., ::2, ::2].std() - 1) < 0.02
    np.testing.assert_allclose(
        field[..., 1, 0], (field[..., 0, 0] + field[..., 2, 0]) / 2
    )
    np.testing.assert_allclose(
        field[..., 4, 3], (field[..., 4, 2] + field[..., 4, 4]) / 2
    )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"kinds": ("mirror",)}, "kinds must be some of"),
        ({"kinds": ()}, "kinds must be some of"),
        ({"share": 1.5}, "between 0 and 1"),
        ({"strange": -0.1}, "between 0 and 1"),
        ({"shots": (0, 5)}, "1 or more"),
    ],
)
def test_bad_options_are_named(options, message):
    with pytest.raises(ValueError, match=message):
        MadeUpTasks(plain(), **options)


def test_rows_that_are_no_square_images_are_refused():
    tasks = OneClassTasks(np.zeros((60, 7)), np.repeat([0, 1, 2], 20), k=3, n_query=4)
    with pytest.raises(ValueError, match="square images; got rows of 7"):
        MadeUpTasks(tasks)
