"""What an image looks like once it stands upright, and which way its edges run:
features that nobody has to learn.

    normal = make_pipeline(Deskew(), HOG(), MahalanobisDetector())

Both are scikit-learn transformers of flattened square grey images, ink 1 on paper 0.
"""

from math import isqrt

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted, validate_data

BLOCK = 4096  # images worked on at a time


class ImageTransformer(TransformerMixin, BaseEstimator):
    """Base: a subclass writes `_image_features`, from images (n, s, s) to an array
    (n, ...), and, if it has something to learn, `_learn`.
    """

    def fit(self, X, y=None):
        """Note the size of the images X (n, s²), and learn from them what there is to
        learn; y is ignored. Returns the transformer.

        Raises
        ------
        ValueError
            if s² is no square number, or a parameter does not suit it.
        """
        X = validate_data(self, X, dtype=(np.float64, np.float32))
        self.side_ = isqrt(X.shape[1])
        if self.side_**2 != X.shape[1]:
            raise ValueError(
                f"rows must be flattened square images, with 4, 9, 16, … columns; got "
                f"{X.shape[1]}. Cut or pad the images first."
            )
        self._check_parameters()
        self._learn(X.reshape(-1, self.side_, self.side_))
        return self

    def transform(self, X):
        """Return the features of the images X (n, s²): array (n, m) of X's type, float32
        or float64.
        """
        check_is_fitted(self)
        X = validate_data(self, X, dtype=(np.float64, np.float32), reset=False)
        images = X.reshape(len(X), self.side_, self.side_)
        blocks = [images[i : i + BLOCK] for i in range(0, len(X), BLOCK)]
        found = [self._image_features(b).astype(X.dtype, copy=False) for b in blocks]
        return np.concatenate(found).reshape(len(X), -1)

    def _learn(self, images):
        """Learn from images (n, s, s)."""

    def _check_parameters(self):
        """Raise ValueError for a parameter that means nothing. Here: cells and blocks,
        where the subclass has them.
        """
        cell, block = getattr(self, "cell", 1), getattr(self, "block", 1)
        side = self.side_
        if not 1 <= cell <= side or side % cell:
            raise ValueError(
                f"cell must divide the image's side, {side}; got {cell!r}."
            )
        if not 1 <= block <= side // cell:
            raise ValueError(
                f"block must lie between 1 and {side // cell} cells, got {block!r}."
            )

    def _summed(self, images):
        """Sums over cells: images (n, s, s, o) -> (n, c, c, o)."""
        n, side, _, channels = images.shape
        cells = side // self.cell
        shape = n, cells, self.cell, cells, self.cell, channels
        return images.reshape(shape).sum(axis=(2, 4))


class Deskew(ImageTransformer):
    """Bring images upright and to the middle, by their moments.

    Ink at (x, y), y counted downwards, has the mean (mx, my) and the moments cxy and
    cyy. A slanted stroke has cxy ≠ 0: its ink moves sideways with the height, by
    a = cxy / cyy per line. Each line is moved back by a (y - my), and the whole image
    so that the mean lies in the middle; between pixels values are interpolated, and
    paper lies around the image. Afterwards cxy is 0, to the accuracy of the
    interpolation [1]. An image without ink, or with all ink in one line, is only moved.

    Parameters
    ----------
    most : float ≥ 0, the largest slant |a| that is corrected; 1 is 45 degrees.

    Attributes
    ----------
    side_ : int, height and width of the images.

    References
    ----------
    [1] LeCun, Bottou, Bengio, Haffner: Gradient-based learning applied to document
        recognition. Proceedings of the IEEE 86, 1998, section III ("deslanted").
    """

    def __init__(self, most=1.0):
        self.most = most

    def _check_parameters(self):
        if not self.most >= 0:
            raise ValueError(f"most must be a number ≥ 0, got {self.most!r}.")

    def _image_features(self, images):
        side = images.shape[1]
        slant, x, y = slants(images)
        slant = np.clip(slant, -self.most, self.most)[:, None, None]
        at, middle = np.arange(side), (side - 1) / 2
        # where the ink of each new pixel lies in the old image: arrays (n, s, s)
        rows = at[:, None] + (y - middle)[:, None, None] + np.zeros((1, 1, side))
        columns = at + (x - middle)[:, None, None]
        columns = columns + slant * (at[:, None] - middle)
        return interpolated(images, rows, columns)


def slants(images):
    """Return the slant and the middle of the ink of images (n, s, s): three arrays
    (n,), a = cxy / cyy, mx and my; 0 and the middle of the image where there is no ink.
    """
    side = images.shape[1]
    at = np.arange(side, dtype=np.float64)
    ink = np.clip(images, 0, None).astype(np.float64)
    lines = ink.sum(axis=2)  # (n, s), ink of each line
    total = lines.sum(axis=1)
    whole = np.where(total > 0, total, 1.0)
    middle = np.where(total > 0, 0.0, (side - 1) / 2)
    x = ink.sum(axis=1) @ at / whole + middle
    y = lines @ at / whole + middle
    down = at - y[:, None]  # (n, s)
    # ink times its distance to the right of the mean, for each line
    right = ink @ at - lines * x[:, None]
    cxy, cyy = (right * down).sum(axis=1), (lines * down**2).sum(axis=1)
    flat = cyy <= 1e-9 * whole
    return np.where(flat, 0.0, cxy / np.where(flat, 1.0, cyy)), x, y


def interpolated(images, rows, columns):
    """Return images (n, s, s) read between their pixels, at rows and columns (n, s, s):
    bilinear, and 0 outside.
    """
    n, side, _ = images.shape
    padded = np.pad(images, ((0, 0), (1, 1), (1, 1))).reshape(n, -1)
    # the border of zeros answers for everything outside
    rows, columns = (np.clip(a + 1.0, 0.0, side + 1.0) for a in (rows, columns))
    top, left = (np.minimum(a.astype(np.int64), side) for a in (rows, columns))
    down, right = rows - top, columns - left  # shares, 0 to 1
    found = np.zeros(rows.shape, dtype=images.dtype)
    for i, vertical in ((0, 1 - down), (1, down)):
        for j, horizontal in ((0, 1 - right), (1, right)):
            pixel = (top + i) * (side + 2) + left + j
            value = np.take_along_axis(padded, pixel.reshape(n, -1), axis=1)
            found += vertical * horizontal * value.reshape(rows.shape)
    # a mean of pixels is no brighter than they are, in spite of rounding
    return np.clip(found, padded.min(), padded.max())


class HOG(ImageTransformer):
    """Histograms of oriented gradients [1]: in each cell of the image, how much edge
    there is of each direction.

    The gradient of a pixel is half the difference of its neighbours, 0 beyond the
    border. Its length is shared between the two nearest of the `orientations` bins of
    its direction, and summed over cells of `cell` × `cell` pixels. Each block of
    `block` × `block` cells, one at every place where it fits, is divided by its own
    length: what is left says which edges there are, not how dark they are.

    Parameters
    ----------
    cell : int ≥ 1, pixels along a side of a cell; it divides the image's side. The
        default suits digits of 28 × 28 pixels.
    orientations : int ≥ 2, bins of the direction.
    block : int ≥ 1, cells along a side of a block, at most those of the image.
    signed : bool. False takes an edge from dark to light and one from light to dark
        for the same (180 degrees); True tells them apart (360 degrees), which says
        more where ink is always darker than paper.

    Attributes
    ----------
    side_ : int, height and width of the images.

    Notes
    -----
    Features lie in [0, 1]; there are (s / cell - block + 1)² · block² · orientations.

    References
    ----------
    [1] Dalal, Triggs: Histograms of oriented gradients for human detection. CVPR 2005.
    """

    def __init__(self, cell=7, orientations=9, block=2, signed=True):
        self.cell = cell
        self.orientations = orientations
        self.block = block
        self.signed = signed

    def _check_parameters(self):
        super()._check_parameters()
        if self.orientations < 2:
            raise ValueError(f"orientations must be ≥ 2, got {self.orientations!r}.")

    def _image_features(self, images):
        return pooled(self._cells(images), self.block)

    def _cells(self, images):
        down, right = np.zeros_like(images), np.zeros_like(images)
        down[:, 1:-1] = (images[:, 2:] - images[:, :-2]) / 2
        right[:, :, 1:-1] = (images[:, :, 2:] - images[:, :, :-2]) / 2
        length = np.sqrt(down**2 + right**2)
        round_ = 2 * np.pi if self.signed else np.pi
        bins = np.arctan2(down, right) % round_ * (self.orientations / round_)
        lower = np.floor(bins)
        share = bins - lower  # of the next bin
        found = []
        for o in range(self.orientations):
            weight = (lower % self.orientations == o) * (1 - share)
            weight += ((lower + 1) % self.orientations == o) * share
            found.append(self._summed((length * weight)[..., None]))
        return np.concatenate(found, axis=-1)


def pooled(cells, block):
    """Return every block of block × block cells (n, c, c, o), divided by its length:
    array (n, p, p, o block²), p = c - block + 1.
    """
    windows = np.lib.stride_tricks.sliding_window_view(
        cells, (block, block), axis=(1, 2)
    )  # (n, p, p, o, b, b)
    blocks = windows.reshape(*windows.shape[:3], -1)
    return blocks / np.sqrt((blocks**2).sum(axis=-1, keepdims=True) + 1e-6)
