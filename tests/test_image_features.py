"""Deskew and HOG: a slow loop and hand-made images as oracles."""

import numpy as np
import pytest
from scipy.ndimage import map_coordinates
from sklearn.pipeline import make_pipeline

from metaad.detectors import HOG, Deskew, MahalanobisDetector
from metaad.detectors.image_features import interpolated, slants


def images(n=5, side=12, seed=0):
    return np.random.default_rng(seed).random((n, side, side))


def stroke(slant, side=28, width=2.0):
    """A soft stroke through the middle that leans to the right by `slant` per line
    downwards.
    """
    y, x = np.mgrid[:side, :side] - (side - 1) / 2
    ink = np.exp(-(((x - slant * y) / width) ** 2)) * (np.abs(y) < 9)
    return ink.reshape(1, -1)


def slow_hog(image, cell, orientations, block, signed):
    """HOG of one image, pixel by pixel."""
    side = len(image)
    n = side // cell
    cells = np.zeros((n, n, orientations))
    whole = 360.0 if signed else 180.0
    for i in range(side):
        for j in range(side):
            down = (image[i + 1, j] - image[i - 1, j]) / 2 if 0 < i < side - 1 else 0.0
            right = (image[i, j + 1] - image[i, j - 1]) / 2 if 0 < j < side - 1 else 0.0
            angle = np.degrees(np.arctan2(down, right)) % whole
            place = angle / whole * orientations
            first = int(np.floor(place))
            share = place - first
            length = np.hypot(down, right)
            cells[i // cell, j // cell, first % orientations] += length * (1 - share)
            cells[i // cell, j // cell, (first + 1) % orientations] += length * share
    found = []
    for i in range(n - block + 1):
        for j in range(n - block + 1):
            part = cells[i : i + block, j : j + block]
            part = part.transpose(2, 0, 1).ravel()
            found.append(part / np.sqrt((part**2).sum() + 1e-6))
    return np.concatenate(found)


@pytest.mark.parametrize(
    ("cell", "orientations", "block", "signed"),
    [(4, 9, 2, False), (3, 8, 1, True), (6, 5, 2, True), (12, 2, 1, False)],
)
def test_hog_is_what_a_slow_loop_computes(cell, orientations, block, signed):
    X = images()
    hog = HOG(cell, orientations, block, signed)
    found = hog.fit_transform(X.reshape(len(X), -1))
    expected = [slow_hog(x, cell, orientations, block, signed) for x in X]
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-12)


def test_hog_of_a_ramp_has_one_direction():
    """Ink that grows to the right by 0.1 a pixel: every gradient is (0.1, 0)."""
    ramp = np.tile(np.arange(8) * 0.1, (8, 1)).reshape(1, -1)
    found = HOG(4, 4, 1, signed=False).fit_transform(ramp).reshape(4, 4)
    np.testing.assert_allclose(found[:, 0], 1.0, atol=1e-5)
    np.testing.assert_allclose(found[:, 1:], 0.0, atol=1e-12)
    down = ramp.reshape(8, 8).T.reshape(1, -1)
    found = HOG(4, 4, 1, signed=False).fit_transform(down).reshape(4, 4)
    np.testing.assert_allclose(found[:, 2], 1.0, atol=1e-5)  # 90 of 180 degrees


def test_signed_hog_tells_dark_to_light_from_light_to_dark():
    ramp = np.tile(np.arange(8) * 0.1, (8, 1)).reshape(1, -1)
    both = np.concatenate([ramp, 0.7 - ramp])
    unsigned = HOG(4, block=1, signed=False).fit_transform(both)
    signed = HOG(4, block=1).fit_transform(both)
    np.testing.assert_allclose(unsigned[0], unsigned[1], atol=1e-9)
    assert np.abs(signed[0] - signed[1]).max() > 0.9


def test_hog_does_not_depend_on_how_dark_the_ink_is_and_is_zero_on_paper():
    X = images().reshape(5, -1)
    np.testing.assert_allclose(
        HOG(4).fit_transform(X), HOG(4).fit_transform(X * 0.5), atol=1e-4
    )
    assert not HOG(4).fit_transform(np.zeros((2, 144))).any()


def test_slants_are_moments_by_hand():
    image = np.zeros((1, 5, 5))
    image[0, 1, 1] = image[0, 3, 3] = 1.0  # one to the right for one down
    image[0, 2, 2] = 2.0
    assert [a.item() for a in slants(image)] == pytest.approx([1.0, 2.0, 2.0])
    assert [a.item() for a in slants(np.zeros((1, 5, 5)))] == [0.0, 2.0, 2.0]
    line = np.zeros((1, 5, 5))
    line[0, 4, :2] = 1.0  # all in one line: no slant
    assert [a.item() for a in slants(line)] == pytest.approx([0.0, 0.5, 4.0])


@pytest.mark.parametrize("slant", [-0.6, 0.0, 0.3, 0.8])
def test_a_slanted_stroke_stands_upright_afterwards(slant):
    upright = Deskew().fit_transform(stroke(slant)).reshape(1, 28, 28)
    a, x, y = slants(upright)
    assert abs(a.item()) < 0.02
    assert (x.item(), y.item()) == pytest.approx((13.5, 13.5), abs=0.05)
    np.testing.assert_allclose(upright.ravel(), stroke(0.0).ravel(), atol=0.12)


def test_an_upright_image_in_the_middle_stays_as_it_is():
    X = stroke(0.0)
    np.testing.assert_allclose(Deskew().fit_transform(X), X, atol=1e-12)


def test_interpolated_pixels_in_float32_are_no_brighter_than_those_they_come_from():
    rng = np.random.default_rng(0)
    X = (rng.random((200, 28 * 28)) > 0.4).astype(np.float32)
    upright = Deskew().fit_transform(X)
    assert upright.dtype == np.float32 and upright.min() >= 0 and upright.max() <= 1


def test_no_slant_above_the_most_is_corrected():
    leaning = Deskew(most=0.2).fit_transform(stroke(0.6)).reshape(1, 28, 28)
    assert slants(leaning)[0].item() == pytest.approx(0.4, abs=0.03)
    moved = Deskew(most=0).fit_transform(stroke(0.6))
    np.testing.assert_allclose(moved, stroke(0.6), atol=1e-12)


def test_interpolation_is_scipys_with_zeros_around():
    X, rng = images(), np.random.default_rng(1)
    rows, columns = rng.uniform(-3, 15, size=(2, 5, 12, 12))
    # SciPy's "grid-constant" lets the border fade over one pixel, as ours
    expected = [
        map_coordinates(x, [r, c], order=1, mode="grid-constant")
        for x, r, c in zip(X, rows, columns, strict=True)
    ]
    np.testing.assert_allclose(interpolated(X, rows, columns), expected, atol=1e-12)


@pytest.mark.parametrize("transformer", [Deskew(), HOG(4)])
def test_each_image_is_treated_alone_and_keeps_its_type(transformer):
    X = images(40).reshape(40, -1)
    whole = transformer.fit_transform(X)
    for i in (0, 17):
        alone = transformer.transform(X[i : i + 1])[0]
        np.testing.assert_allclose(alone, whole[i], rtol=0, atol=1e-12)
    single = transformer.fit_transform(X.astype(np.float32))
    assert single.dtype == np.float32 and whole.dtype == np.float64
    np.testing.assert_allclose(single, whole, atol=1e-4)


def test_they_stand_in_a_pipeline_with_a_detector():
    X = np.concatenate([stroke(a) for a in np.linspace(-0.5, 0.5, 40)])
    cross = stroke(0.2).reshape(28, 28) + stroke(0.2).reshape(28, 28).T
    normal = make_pipeline(Deskew(), HOG(), MahalanobisDetector(ridge=0.1))
    normal.fit(X)
    assert normal.score_samples(cross.reshape(1, -1)) < normal.score_samples(X).min()


def test_what_is_no_image_and_cells_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="flattened square images.*got 5"):
        Deskew().fit(np.zeros((3, 5)))
    with pytest.raises(
        ValueError, match="cell must divide the image's side, 12; got 5"
    ):
        HOG(cell=5).fit(images().reshape(5, -1))
    with pytest.raises(ValueError, match="between 1 and 3 cells, got 4"):
        HOG(4, block=4).fit(images().reshape(5, -1))
    with pytest.raises(ValueError, match="orientations must be ≥ 2"):
        HOG(4, orientations=1).fit(images().reshape(5, -1))
    with pytest.raises(ValueError, match="most must be a number ≥ 0, got -1"):
        Deskew(most=-1).fit(images().reshape(5, -1))
